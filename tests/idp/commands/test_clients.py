"""The register of clients and its staff by command: what is shown, changed and ended; a secret appears once."""

import json
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from idp import demo, master_key
from idp.__main__ import main
from idp.config import database_url
from idp.demo import Options
from idp.model import Event
from idp.oidc.secrets import token_hash
from idp.progress import Progress
from idp.storage.place import opened
from tests.certs.servers import serving
from tests.idp.oidc.registering import Site, at

NOW = 1_790_000_000
MINH_ANH, LEVEL_1 = "999196000346", "999201000906"
URI = "https://library.example.vn/cb"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clients") / "nation"
    demo.prepare(Options(folder, 5800, 5801, 5802), now=NOW, progress=Progress(StringIO(), 8))
    return folder


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def idp(data: Path, *arguments: str, told: str = "") -> Done:
    """The command itself, in this process: forty of its own would take the time of a whole journey."""
    out, err = StringIO(), StringIO()
    typed, sys.stdin = sys.stdin, StringIO(told)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = main([*arguments, "--data", str(data)])
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdin = typed
    return Done(code, out.getvalue(), err.getvalue())


def row(data: Path, *arguments: str) -> dict[str, Any]:
    done = idp(data, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    return dict(found)


def journal(data: Path, kind: str) -> tuple[Event, ...]:
    with opened(database_url(data / "idp")) as storage, storage.reading() as ports:
        return ports.journal.read(kind=kind)


def hash_of(data: Path, client_id: str) -> str | None:
    with opened(database_url(data / "idp")) as storage, storage.reading() as ports:
        client = ports.clients.get(client_id)
    return client.secret_hash if client else None


def test_a_clients_life(data: Path) -> None:
    added = row(data, "client", "add", "Thư viện", "--redirect-uri", URI, "--scope", "profile", "--name-en", "Library")
    client_id, secret = str(added["client_id"]), str(added["client_secret"])
    assert hash_of(data, client_id) == token_hash(secret)
    changed = row(
        data, "client", "update", client_id, "--purpose", "Mượn sách", "--backchannel-logout-uri", f"{URI}/out"
    )
    assert changed["changed"] == "backchannel_logout_uri purpose"
    shown = row(data, "client", "show", client_id)
    assert (shown["client_name"], shown["client_name#en"], shown["purpose"]) == ("Thư viện", "Library", "Mượn sách")
    assert (shown["redirect_uris"], shown["scope"], shown["profile"]) == ([URI], "openid profile", "agency")
    assert secret not in repr(shown) and token_hash(secret) not in repr(shown)
    assert hash_of(data, client_id) == token_hash(secret)  # what was not named stays
    without = row(data, "client", "update", client_id, "--without", "backchannel_logout_uri", "--pid")
    assert without["changed"] == "backchannel_logout_uri entitled_to_pid"
    told = [event.details for event in journal(data, "client_changed") if event.client_id == client_id]
    assert told[0] == {"members": ["backchannel_logout_uri", "entitled_to_pid"], "by": "command line"}
    renewed = idp(data, "client", "secret", client_id)
    assert renewed.returncode == 0 and "shown once" in renewed.stderr
    new = renewed.stdout.split("client_secret")[1].strip()
    assert new != secret and hash_of(data, client_id) == token_hash(new)
    assert new not in repr(journal(data, "client_changed"))
    for answer in ("", "no\n"):
        kept = idp(data, "client", "remove", client_id, told=answer)
        assert kept.returncode == 1 and "consent of 0 people" in kept.stderr and "nothing was removed" in kept.stderr
    assert idp(data, "client", "remove", client_id, told="yes\n").returncode == 0
    assert [event.details for event in journal(data, "client_removed")] == [{"by": "command line"}]
    for verb in ("show", "secret", "remove"):
        gone = idp(data, "client", verb, client_id)
        assert gone.returncode == 1 and "client list" in gone.stderr


def test_who_has_no_secret_gets_none(data: Path) -> None:
    added = row(data, "client", "add", "Trang", "--redirect-uri", URI, "--public")
    done = idp(data, "client", "secret", str(added["client_id"]))
    assert done.returncode == 1 and "client show" in done.stderr
    assert not any(event.client_id == added["client_id"] for event in journal(data, "client_changed"))


def test_without_a_question(data: Path) -> None:
    added = row(data, "client", "add", "Kho", "--redirect-uri", URI, "--public")
    assert row(data, "client", "remove", str(added["client_id"]), "--yes")["consents ended"] == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("--redirect-uri", "http://library.example.vn/cb"), 1),
        (("--scope", "everything"), 1),
        (("--profile", "bank"), 1),
        (("--without", "client_name"), 1),
        (("--name", "a\u202eb"), 1),
        (("--frontchannel-logout-uri", "https://elsewhere.example.vn/"), 1),
        ((), 64),
    ],
)
def test_an_update_is_judged_as_a_whole(data: Path, change: tuple[str, ...], code: int) -> None:
    before = row(data, "client", "show", "bank")
    done = idp(data, "client", "update", "bank", *change)
    assert done.returncode == code and done.stderr
    assert row(data, "client", "show", "bank") == before


def test_staff(data: Path) -> None:
    assert "Nobody has a role" in idp(data, "staff", "list").stdout
    granted = row(data, "staff", "grant", MINH_ANH, "clients")
    assert idp(data, "staff", "grant", MINH_ANH, "clients").returncode == 1
    assert row(data, "staff", "list") == granted
    assert row(data, "staff", "withdraw", str(granted["account"]), "clients")["role"] == "clients"
    assert idp(data, "staff", "withdraw", MINH_ANH, "clients").returncode == 1
    (event,) = journal(data, "staff_granted")
    assert (event.account_id, event.details) == (granted["account"], {"role": "clients", "by": "command line"})
    assert len(journal(data, "staff_withdrawn")) == 1


@pytest.mark.parametrize(
    ("who", "role", "code"),
    [(LEVEL_1, "clients", 1), ("999000000000", "clients", 1), ("nobody", "clients", 1), (MINH_ANH, "everything", 64)],
)
def test_staff_are_known_people_with_known_roles(data: Path, who: str, role: str, code: int) -> None:
    done = idp(data, "staff", "grant", who, role)
    assert done.returncode == code and done.stderr


def test_a_tokens_life(data: Path) -> None:
    made = row(data, "client", "token", "Thư viện", "--scope", "profile email", "--uses", "2", "--profile", "baseline")
    value = str(made["initial_access_token"])
    with opened(database_url(data / "idp")) as storage, storage.transaction() as ports:
        taken = ports.registrations.take(token_hash(value), now=int(time.time()))
    assert taken is not None and (taken.profile, taken.entitled_to_pid, taken.uses) == ("baseline", False, 1)
    assert taken.scopes == ("openid", "profile", "email")
    listed = idp(data, "client", "tokens")
    assert "Thư viện" in listed.stdout and str(made["id"]) in listed.stdout
    for name in (value, token_hash(value)):
        assert name not in listed.stdout and all(name not in str(one) for one in journal(data, "initial_token_made"))
    assert row(data, "client", "recall", str(made["id"])) == {"recalled": made["id"]}
    assert idp(data, "client", "recall", str(made["id"])).returncode == 1
    assert "No token can be used" in idp(data, "client", "tokens").stdout
    assert [len(journal(data, f"initial_token_{kind}")) for kind in ("made", "recalled")] == [1, 1]


def test_only_agencies_and_banks_are_told_the_personal_number(data: Path) -> None:
    add = ("client", "add", "Cửa hàng", "--redirect-uri", URI)
    for words in (
        (*add, "--profile", "baseline", "--pid"),
        ("client", "token", "Thư viện", "--profile", "baseline", "--pid"),
    ):
        refused = idp(data, *words)
        assert refused.returncode in (1, 64) and "not told the personal number" in refused.stderr
    client_id = str(row(data, *add, "--pid")["client_id"])
    refused = idp(data, "client", "update", client_id, "--profile", "baseline")
    assert refused.returncode == 1 and "not told the personal number" in refused.stderr
    done = row(data, "client", "update", client_id, "--profile", "baseline", "--no-pid")
    assert done["changed"] == "entitled_to_pid profile"
    assert idp(data, "client", "update", client_id, "--pid").returncode == 1


def test_the_file_of_a_sector_is_fetched_and_must_list_all(data: Path) -> None:
    """As for an application that registers itself (OpenID Connect Registration 1.0 §5)."""
    page, uris = Site(), ["https://a.sen.example/cb", "https://b.sen.example/cb"]
    words = [word for uri in uris for word in ("--redirect-uri", uri)]
    with serving(page.talk) as server:
        add = ("client", "add", "Sen", *words, "--sector-identifier-uri", at(server))
        for wrong in (uris[:1], {"redirect_uris": uris}, "x"):
            page.say(wrong)
            refused = idp(data, *add)
            assert refused.returncode == 1 and "does not list all redirect_uris" in refused.stderr
        page.say(uris)
        client_id = str(row(data, *add)["client_id"])
        served = page.served
        more = ("client", "update", client_id, *words, "--redirect-uri", "https://c.sen.example/cb")
        assert idp(data, *more).returncode == 1  # the new one is not in it
        page.say([*uris, "https://c.sen.example/cb"])
        assert row(data, *more)["changed"] == "redirect_uris"
        assert page.served == served + 2
        assert row(data, "client", "update", client_id, "--purpose", "Mượn sách")["changed"] == "purpose"
        assert page.served == served + 2  # for nothing else does its site have to be awake
    gone = idp(data, *more[:-2])
    assert gone.returncode == 1 and "does not list all redirect_uris" in gone.stderr


def test_an_unsafe_master_key_stops_the_demonstration_with_a_word(data: Path) -> None:
    key = data / "idp" / master_key.NAME
    master_key.load_or_create(key.parent)
    key.chmod(0o644)
    done = idp(data, "demo", "--idp-port", "5800", "--wallet-port", "5801", "--verifier-port", "5802")
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.splitlines()[-1] == f"idp: {key} may be read by others; chmod 600 it"
    key.chmod(0o600)


@pytest.mark.parametrize("more", [("--uses", "0"), ("--days", "91"), ("--scope", "unheard"), ("--profile", "x")])
def test_tokens_that_are_not_made(data: Path, more: tuple[str, ...]) -> None:
    assert idp(data, "client", "token", "x", *more).returncode == 64
