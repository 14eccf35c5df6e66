"""`python -m idp keys`: what the operator sees and does, and is told when a key has leaked."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from idp import master_key
from idp.__main__ import main
from idp.commands.terminal import CONFIGURATION, DONE, REFUSED, USAGE
from idp.login.sealed import Sealer
from idp.model import SigningKey
from idp.oidc.keys import key_changes, signing_keys
from idp.oidc.keys.key_safe import SealedSafe, Unusable
from idp.oidc.keys.signing_keys import ALGORITHMS, SEEN_BY_ALL, State
from tests.idp.test_housekeeping import settings
from tests.world_idp import State as World

Said = tuple[int, Any, str]
Ask = Callable[..., Said]


@pytest.fixture
def ask(state: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs a command with `--json`: exit code, its value, the error stream."""
    for name, value in settings(state).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Said:
        code = main(["keys", *arguments, "--json"])
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else None, said.err

    return run


def keys(state: World) -> tuple[SigningKey, ...]:
    with state.storage.reading() as ports:
        return ports.signing_keys.all()


def prepared_long_ago(state: World, *algs: str) -> None:
    safe = SealedSafe(state.web.keys._safe.sealer)  # type: ignore[attr-defined]
    key_changes.prepare(state.storage, safe, algs, now=int(time.time()) - 2 * SEEN_BY_ALL, by="x")


def test_list(ask: Ask, state: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, rows, _ = ask("list")
    assert code == DONE
    assert {(row["alg"], row["state"]) for row in rows} == {(alg, "active") for alg in ALGORITHMS}
    assert {row["kid"] for row in rows} == {key.kid for key in keys(state)}
    assert not {"private", "d"} & {name for row in rows for name in (*row, *row["jwk"])}
    assert main(["keys", "list"]) == DONE
    shown = capsys.readouterr().out
    assert shown.count("retires by schedule 31/05/2026 15:00:00") == len(ALGORITHMS)  # 90 days after the state's clock


def test_prepare_then_rotate(ask: Ask, state: World) -> None:
    code, rows, _ = ask("prepare", "--alg", "ES256")
    assert (code, [(row["alg"], row["state"]) for row in rows]) == (DONE, [("ES256", "prepared")])
    code, _, said = ask("prepare", "--alg", "ES256")
    assert (code, "prepared already" in said) == (REFUSED, True)
    code, _, said = ask("rotate", "--alg", "ES256")
    assert (code, "24 hours after it was prepared. Nothing was changed." in said) == (REFUSED, True)
    code, _, said = ask("rotate", "--alg", "PS256")
    assert (code, "keys prepare --alg PS256" in said) == (REFUSED, True)
    assert {signing_keys.state(key, now=0) for key in keys(state)} == {State.ACTIVE, State.PREPARED}


def test_rotate_all_or_none(ask: Ask, state: World) -> None:
    before = signing_keys.signing(keys(state))
    prepared_long_ago(state, "ES256", "Ed25519")
    assert ask("rotate")[0] == REFUSED  # none is prepared for RSA
    assert signing_keys.signing(keys(state)) == before
    code, rows, _ = ask("rotate", "--alg", "Ed25519")
    assert (code, [row["state"] for row in rows]) == (DONE, ["retired", "active"])
    assert rows[0]["kid"] == before["Ed25519"].kid
    assert [event.details["by"] for event in state.journal("signing_key_retired")] == ["command line"]


def test_remove_what_never_signed(ask: Ask, state: World) -> None:
    prepared_long_ago(state, "ES256")
    kid = signing_keys.prepared(keys(state))["ES256"].kid
    code, rows, said = ask("remove", kid)
    assert (code, rows[0]["state"], said) == (DONE, "removed", "")
    assert ask("remove", kid)[0] == REFUSED
    assert ask("remove", "unknown")[0] == REFUSED


@pytest.mark.parametrize("next_is_prepared", [True, False])
def test_an_emergency(ask: Ask, state: World, next_is_prepared: bool) -> None:
    if next_is_prepared:
        prepared_long_ago(state, "ES256")
    held = keys(state)
    leaked, following = signing_keys.signing(held)["ES256"].kid, signing_keys.prepared(held).get("ES256")
    code, _, said = ask("remove", leaked)
    assert (code, "Rotate first" in said, keys(state)) == (REFUSED, True, held)
    code, rows, said = ask("remove", leaked, "--emergency")
    assert (code, [(row["state"], row["alg"]) for row in rows]) == (DONE, [("removed", "ES256"), ("active", "ES256")])
    assert following is None or rows[1]["kid"] == following.kid
    for told in (leaked, "Forget the key", "/jwks", "Refuse", "End the sessions", "within 5 seconds", "master.key"):
        assert told in said
    state.web.keys._due = 0
    published = state.app.test_client().get("/jwks").get_json()["keys"]
    assert leaked not in {key["kid"] for key in published}
    assert state.web.keys["ES256"].public.kid == rows[1]["kid"]
    (event,) = state.journal("signing_key_removed")
    assert event.details == {"kid": leaked, "alg": "ES256", "by": "command line"}


def test_wrong_usage(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["keys"], ["keys", "remove"], ["keys", "rotate", "--alg", "none"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == USAGE
    assert "--help" in capsys.readouterr().err


def test_without_the_master_key_nothing_is_made(
    ask: Ask, state: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that no server could open would sign nothing from its turn on."""
    (empty := tmp_path / "empty").mkdir()
    monkeypatch.setenv("IDP_DATA", str(empty))
    monkeypatch.setenv("IDP_DATABASE_URL", state.web.config.database_url)
    code, _, said = ask("prepare")
    assert (code, "master.key" in said, list(empty.iterdir())) == (CONFIGURATION, True, [])
    assert len(keys(state)) == len(ALGORITHMS)
    assert ask("list")[0] == DONE  # what it shows is public


def test_by_another_master_key_nothing_is_made(
    ask: Ask, state: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schedule would let it sign a week later, and nobody could sign in from then on."""
    (other := tmp_path / "other").mkdir()
    master_key.load_or_create(other)
    monkeypatch.setenv("IDP_DATA", str(other))
    monkeypatch.setenv("IDP_DATABASE_URL", state.web.config.database_url)
    held = keys(state)
    code, _, said = ask("prepare")
    assert (code, "master.key" in said, keys(state)) == (CONFIGURATION, True, held)
    safe = SealedSafe(Sealer(b"x" * 32))
    soon = signing_keys.rotates_at(held[0])
    for change in (
        lambda: key_changes.on_schedule(state.storage, safe, now=soon),
        lambda: key_changes.prepare(state.storage, safe, ALGORITHMS, now=soon, by="x"),
    ):
        with pytest.raises(Unusable, match=r"master\.key"):
            change()
    assert keys(state) == held
    with state.storage.transaction() as ports:  # an algorithm was added, and a server of another folder starts
        ports.signing_keys.put(signing_keys.removed(signing_keys.signing(held)["PS256"], now=soon))
    held = keys(state)
    with pytest.raises(Unusable, match=r"master\.key"):
        key_changes.ensure(state.storage, safe, now=soon)
    assert keys(state) == held
