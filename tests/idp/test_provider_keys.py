"""The provider's keys at a start: an earlier version's files, several first starts at once, and processes that are killed.

Spec: attacks OP-01 (killed at any moment)
"""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from certs.jose import parse
from certs.keys import FileSigner, MemorySigner
from idp import master_key, provider_keys
from idp.config import UnsafeConfiguration
from idp.model import SigningKey
from idp.oidc.keys import key_changes, signing_keys
from idp.oidc.keys.key_safe import SealedSafe, Unusable
from idp.oidc.keys.key_view import KeyView
from idp.oidc.keys.signing_keys import ALGORITHMS, DAY, State
from idp.ports import Ports, Storage
from idp.storage import place
from tests.databases import Postgres, fresh_name
from tests.world_idp import NOW, build, first_key, reopen

SECONDS = 60.0
STARTS = 4


def generate(alg: str) -> MemorySigner:
    """RSA keys of other names alone: making one costs a quarter of a second."""
    if alg in ("RS256", "PS256"):
        return MemorySigner(first_key(alg).crypto(), alg, kid=MemorySigner.generate().public.kid)
    return MemorySigner.generate(alg)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'idp.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    name = fresh_name()
    server.migrated(name)
    return server.url(name)


def safe_in(folder: Path) -> SealedSafe:
    return provider_keys.safe(master_key.load_or_create(folder), generate)


def opened(storage: Storage, folder: Path) -> KeyView:
    return provider_keys.opened(storage, safe_in(folder), folder, clock=lambda: NOW, steady=lambda: 0.0)


def held(storage: Storage) -> tuple[SigningKey, ...]:
    with storage.reading() as ports:
        return ports.signing_keys.all()


def test_an_earlier_versions_files_come_along(tmp_path: Path) -> None:
    """The upgrade changes no key's id: what relying parties hold goes on verifying, and the files are gone."""
    files = {alg: tmp_path / f"oidc-{alg.lower()}.pem" for alg in provider_keys.FORMER}
    former = {alg: FileSigner.load_or_create(path, alg) for alg, path in files.items()}
    for path in files.values():
        os.utime(path, (NOW - 50 * DAY, NOW - 50 * DAY))
    state = build(tmp_path)
    assert {alg: state.web.keys[alg].public for alg in former} == {alg: key.public for alg, key in former.items()}
    assert set(state.web.keys) == set(ALGORITHMS)
    assert not [path for path in files.values() if path.exists()]
    signs = signing_keys.signing(held(state.storage))
    assert signs["ES256"].active_from == NOW - 50 * DAY  # by the schedule it is due in 40 days
    token = state.redeem(state.browser().code(scope="openid profile")).get_json()["id_token"]
    assert parse(token).header["kid"] == former["ES256"].public.kid
    state.close()
    again = reopen(tmp_path)
    assert again.web.keys["RS256"].public == former["RS256"].public
    again.close()


def test_a_file_that_others_may_read_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "oidc-es256.pem"
    FileSigner.load_or_create(path, "ES256")
    path.chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        build(tmp_path)
    assert path.exists()


def test_another_master_key_is_told_at_the_start(tmp_path: Path) -> None:
    build(tmp_path).close()
    (tmp_path / master_key.NAME).write_bytes(b"x" * master_key.BYTES)
    with pytest.raises(Unusable, match=r"master\.key"):
        reopen(tmp_path)
    (tmp_path / master_key.NAME).write_bytes(b"")
    with pytest.raises(UnsafeConfiguration, match="damaged"):
        reopen(tmp_path)


def test_nothing_in_the_database_is_a_private_key(tmp_path: Path) -> None:
    state = build(tmp_path)
    for key in held(state.storage):
        assert not {"d", "p", "q", "dp", "dq", "qi"} & set(key.jwk)
        assert key.private is not None
        assert "PRIVATE" not in key.private
        assert key.private not in repr(key)
    state.close()
    rows = b"".join(path.read_bytes() for path in tmp_path.glob("idp.sqlite*"))
    assert b"PRIVATE KEY" not in rows
    assert first_key("ES256").pem()[40:80] not in rows


def test_processes_that_start_at_once_sign_with_the_same_keys(database: str, tmp_path: Path) -> None:
    spawn = get_context("fork")
    start, answers = spawn.Barrier(STARTS), spawn.Queue()

    def one() -> None:
        with place.opened(database) as storage:
            start.wait()
            view = opened(storage, tmp_path)
            answers.put({alg: view[alg].public.kid for alg in view})

    started = [spawn.Process(target=one) for _ in range(STARTS)]
    for process in started:
        process.start()
    told = [answers.get(timeout=SECONDS) for _ in started]
    for process in started:
        process.join(SECONDS)
    assert set(told[0]) == set(ALGORITHMS)
    assert told == [told[0]] * STARTS
    with place.opened(database) as storage:
        assert len(held(storage)) == len(ALGORITHMS)


# --- killed -----------------------------------------------------------------------------------------------------------


@dataclass
class _Deadly:
    """A storage whose process is killed before the n-th verb of the keys, of the journal, or before or after the commit."""

    storage: Storage
    moment: str
    left: int

    def comes(self, moment: str) -> None:
        if moment == self.moment:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def reading(self) -> Any:
        return self.storage.reading()

    @contextmanager
    def transaction(self) -> Iterator[Ports]:
        with self.storage.transaction() as ports:
            yield replace(
                ports,
                signing_keys=_Port(ports.signing_keys, "keys", self),
                journal=_Port(ports.journal, "journal", self),
            )
            self.comes("commit")
        self.comes("answer")


@dataclass
class _Port:
    held: Any
    name: str
    deadly: _Deadly

    def __getattr__(self, verb: str) -> Any:
        self.deadly.comes(f"{self.name}.{verb}")
        return getattr(self.held, verb)


Change = Callable[[Storage, SealedSafe, str], object]
CHANGES: dict[str, Change] = {
    "start": lambda storage, safe, _: key_changes.ensure(storage, safe, now=NOW),
    "schedule": lambda storage, safe, _: key_changes.on_schedule(storage, safe, now=NOW + 200 * DAY),
    "rotation": lambda storage, _, __: key_changes.rotate(storage, ALGORITHMS, now=NOW + DAY, by="x"),
    "emergency": lambda storage, safe, kid: key_changes.remove(
        storage, safe, kid, now=NOW + DAY, by="x", emergency=True
    ),
}
MOMENTS = (("keys.hold", 1), ("keys.put", 1), ("keys.put", 2), ("journal.append", 2), ("commit", 1), ("answer", 1))


@pytest.mark.parametrize("change", CHANGES)
def test_killed_in_the_middle_of_a_change(database: str, tmp_path: Path, change: str) -> None:
    """Whenever it was, one key signs for each algorithm, opens, and is published; and the change can be made again."""
    safe, kid = safe_in(tmp_path), ""
    fork = get_context("fork")
    if change != "start":
        with place.opened(database) as storage:
            opened(storage, tmp_path)
            key_changes.prepare(storage, safe, ALGORITHMS, now=NOW, by="x")
            kid = signing_keys.signing(held(storage))["ES256"].kid
    for moment, count in MOMENTS:

        def dies(moment: str = moment, count: int = count) -> None:
            with place.opened(database) as storage:
                CHANGES[change](_Deadly(storage, moment, count), safe, kid)

        process = fork.Process(target=dies)
        process.start()
        process.join(SECONDS)
        assert process.exitcode == -signal.SIGKILL, (moment, count)
        with place.opened(database) as storage:
            before = {key.kid: key for key in held(storage)}
            if change == "start" and moment != "answer":
                assert not before
                continue
            _working(storage, tmp_path)
            done = {signing_keys.state(key, now=NOW + DAY) for key in before.values()}
            changed = {"rotation": State.RETIRED, "emergency": State.REMOVED, "schedule": State.RETIRED}
            assert (changed.get(change, State.ACTIVE) in done) == (moment == "answer"), (moment, count)


def _working(storage: Storage, folder: Path) -> None:
    view = opened(storage, folder)
    assert set(view) == set(ALGORITHMS)
    for alg in ALGORITHMS:
        public = view.published().find({"kid": view[alg].public.kid})
        public.verify(view[alg].sign(b"x"), b"x")


def test_a_start_that_was_cut_off_before_the_file_went(tmp_path: Path) -> None:
    path, kept = tmp_path / "oidc-es256.pem", tmp_path / "kept"
    FileSigner.load_or_create(path, "ES256")
    shutil.copy(path, kept)
    build(tmp_path).close()
    kept.rename(path)
    state = reopen(tmp_path)
    assert len(held(state.storage)) == len(ALGORITHMS)
    assert not path.exists()
    state.close()
