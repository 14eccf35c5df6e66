"""Killed between intent, signing and storing: nothing is half done, and the citizen gets the document or fetches it again.

The provider's own code runs in a process of its own on a real database and is killed (SIGKILL) at a chosen point of one
request: at a write, at a signature, right before or right after the commit. Then another process does what the wallet does.

Spec: attacks OP-01, OP-03, IS-06
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from certs.keys import MemorySigner, PublicKey, Signer
from idp.issuance.signers import CertifiedSigner, Signers
from idp.ports import Ports, Storage
from idp.storage import place
from tests.databases import Postgres, fresh_name
from tests.idp.issuance.office import Office, body, build, placed

CONFIGURATIONS = ("driving_licence.licence", "driving_licence.sd_jwt", "driving_licence.mdoc")
COPIES = 3
# Where: at which port's verb (before it), at which signature, or around the commit.
MOMENTS = (
    ("journal.append", 1),  # the intent is not written yet
    ("statuses.draw", 1),
    ("signature", 1),
    ("documents.record_issue", 1),  # signed, not recorded
    ("signature", 2),  # one copy is recorded, the next is not
    ("documents.record_issue", COPIES),
    ("journal.append", 2),  # all signed and recorded
    ("commit", 1),
    ("answer", 1),  # committed, and the wallet hears nothing
)
COMMITTED = {"answer"}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Countdown:
    """Kills this process at the n-th time that the moment comes."""

    moment: str
    left: int

    def comes(self, moment: str) -> None:
        if moment == self.moment:
            self.left -= 1
            if self.left == 0:
                _die()


@dataclass
class _Port:
    """A port whose verbs are counted."""

    held: Any
    name: str
    countdown: Countdown

    def __getattr__(self, verb: str) -> Any:
        self.countdown.comes(f"{self.name}.{verb}")
        return getattr(self.held, verb)


@dataclass
class _Deadly:
    storage: Storage
    countdown: Countdown

    @contextmanager
    def transaction(self) -> Iterator[Ports]:
        with self.storage.transaction() as ports:
            watched = {
                name: _Port(getattr(ports, name), name, self.countdown) for name in ("journal", "statuses", "documents")
            }
            yield replace(ports, **watched)
            self.countdown.comes("commit")

    def reading(self) -> Any:
        return self.storage.reading()


@dataclass
class _Signing:
    held: Signer
    countdown: Countdown

    @property
    def public(self) -> PublicKey:
        return self.held.public

    def sign(self, message: bytes) -> bytes:
        signature = self.held.sign(message)
        self.countdown.comes("signature")
        return signature


def _provider(
    url: str, office: Office, token: str, content: dict[str, Any], moment: str, at: int, says: Connection
) -> None:
    """The body of the process that dies."""
    countdown = Countdown(moment, at)
    signers = Signers(
        {
            name: CertifiedSigner(_Signing(each.signer, countdown), each.certificate)
            for name, each in office.signers.held.items()
        }
    )
    with place.opened(url) as storage:
        answer = replace(office, storage=_Deadly(storage, countdown)).ask(token, content, signers=signers)
        countdown.comes("answer")
        says.send(answer.status)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/killed.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create(fresh_name())


def _request(office: Office, configuration: str) -> dict[str, Any]:
    value = office.nonce()
    proofs = [office.proof(key=MemorySigner.generate(), value=value) for _ in range(COPIES)]
    return office.request(*proofs, configuration=configuration)


def _killed(url: str, office: Office, token: str, content: dict[str, Any], moment: str, at: int) -> None:
    hears, says = _FORKS.Pipe(duplex=False)
    run: Callable[[], None] = partial(_provider, url, replace(office, storage=None), token, content, moment, at, says)  # type: ignore[arg-type]
    process = _FORKS.Process(target=run)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, (moment, process.exitcode)
    assert not hears.poll(), "it had answered"


_FORKS = get_context("fork")


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_op_01_killed_while_issuing(database: str, tmp_path: Path, configuration: str) -> None:
    with place.opened(database) as storage:
        office = build(tmp_path, storage)
    recorded: set[tuple[int, int]] = set()
    for moment, at in MOMENTS:
        with place.opened(database) as storage:
            office = replace(office, storage=storage)
            token, content = office.token(), None
            content = _request(office, configuration)
        _killed(database, office, token, content, moment, at)
        with place.opened(database) as storage:
            office = replace(office, storage=storage)
            with storage.reading() as ports:
                issued = ports.documents.issued("licence-1")
                intents, issues = (
                    len(ports.journal.read(kind=f"credential_{kind}")) for kind in ("intended", "issued")
                )
            places = {(each.status_list, each.status_index) for each in issued}
            assert len(places) == len(issued)  # no index twice
            assert places >= recorded and len(places - recorded) == (COPIES if moment in COMMITTED else 0), moment
            assert intents == issues == len(issued) // COPIES  # an issue never stands without its intent, nor half
            again = office.ask(token, content)
            if moment in COMMITTED:  # the very same request is over, its nonce is used; the wallet asks anew
                assert body(again)["error"] == "invalid_nonce"
                again = office.ask(token, _request(office, configuration))
            assert again.status == 200, (moment, again.body)
            copies = {placed(configuration, each["credential"]) for each in body(again)["credentials"]}
            assert len(copies) == COPIES and not copies & places
            recorded = places | copies
