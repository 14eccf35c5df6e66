"""The authority's commands: columns, JSON, exit codes, and the next step in every error."""

import json
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from certs.bundle import read
from idp import demo
from idp.config import database_url
from idp.demo import Options
from idp.oidc.secrets import token_hash
from idp.progress import Progress
from idp.registries.personas import persona
from tests.idp.commands.asked import alike
from tests.idp.commands.asked import idp as _idp

NOW = 1_790_000_000
LICENCE = "person-0000000.driving_licence"
PID = "999196000346"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("command") / "nation"
    demo.prepare(Options(folder, 5800, 5801, 5802), now=NOW, progress=Progress(StringIO(), 8))
    return folder


def test_a_documents_life(data: Path) -> None:
    for verb, state in (("suspend", "suspended"), ("reinstate", "valid"), ("revoke", "revoked")):
        done = _idp("document", verb, LICENCE, data=data)
        assert done.returncode == 0 and state in done.stdout, done.stderr
        (row,) = [
            row
            for row in json.loads(_idp("document", "list", PID, "--json", data=data).stdout)
            if row["type"] == "driving_licence"
        ]
        assert row["state"] == state
    refused = _idp("document", "reinstate", LICENCE, data=data)
    assert refused.returncode == 1 and refused.stdout == ""
    assert "final" in refused.stderr and "document list" in refused.stderr
    kinds = [event["kind"] for event in json.loads(_idp("journal", "--json", data=data).stdout)]
    assert kinds == ["document_change_refused", "document_revoked", "document_reinstated", "document_suspended"]


def test_columns_are_aligned(data: Path) -> None:
    lines = _idp("document", "list", PID, data=data).stdout.splitlines()
    assert lines[0].split() == ["id", "type", "state", "valid", "until", "issued"]
    at = lines[0].index("type")
    assert len(lines) == 1 + len(persona("minh-anh").holds)
    assert all(line[at - 2 : at] == "  " and line[at] != " " for line in lines)


def test_people(data: Path) -> None:
    done = _idp("people", "--find", "minh anh", "--json", data=data)
    assert json.loads(done.stdout)[0] == {"pid": PID, "name": "Nguyễn Thị Minh Anh", "born": "1996-04-12", "note": "–"}
    assert _idp("people", "--find", "nobody at all", data=data).stdout.startswith("Nobody is found.")


def test_offer(data: Path) -> None:
    (row,) = json.loads(_idp("offer", PID, "health_record", "--json", data=data).stdout)
    assert row["link"].startswith("openid-credential-offer://?credential_offer_uri=http%3A%2F%2Flocalhost%3A5800")
    assert len(row["transaction code"]) == 6
    refused = _idp("offer", "999201000906", "health_record", data=data)  # an account of level 1
    assert refused.returncode == 1 and "level 2" in refused.stderr


def test_migrate_says_where_it_stands(data: Path) -> None:
    (row,) = json.loads(_idp("migrate", "--json", data=data).stdout)
    assert row["before"] == row["now"]


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (["dance"], 64, "--help"),
        (["document"], 64, "--help"),
        (["offer", PID, "passport"], 64, "--help"),
        (["document", "list", "abc"], 64, "12 digits"),
        (["client", "add", "A shop"], 64, "--help"),
        (["client", "add", "A shop", "--redirect-uri", "http://shop.example/cb"], 1, "https"),
        (["client", "add", "A shop", "--redirect-uri", "https://shop.example/#f"], 1, "no fragment"),
        (["client", "add", "A shop", "--redirect-uri", "https://shop.example/cb", "--scope", "all"], 1, "scope"),
        (["client", "add", "A \u202epohs", "--redirect-uri", "https://shop.example/cb"], 1, "deceive"),
        (["client", "add", "", "--redirect-uri", "https://shop.example/cb"], 1, "client_name"),
        (["client", "add", "x" * 100_000, "--redirect-uri", "https://shop.example/cb"], 1, "client_name"),
        (["document", "list", "999999999999"], 1, "people --find"),
        (["document", "suspend", "nothing"], 1, "document list"),
    ],
)
def test_errors_name_the_next_step(data: Path, arguments: list[str], code: int, hint: str) -> None:
    done = _idp(*arguments, data=data)
    assert (done.returncode, done.stdout) == (code, "")
    assert hint in done.stderr and "Traceback" not in done.stderr


def test_a_client_without_people(data: Path) -> None:
    """It has no browser to come back to, and says what its tokens are for."""
    api = "https://api.example.vn"
    machine = ("client", "add", "Máy", "--grant-type", "client_credentials", "--own-scope", "prices.read")
    done = _idp(*machine, "--resource", api, "--access-token-format", "jwt", "--json", data=data)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    guard = _idp("client", "add", "Kho", "--grant-type", "client_credentials", "--guards", api, "--json", data=data)
    assert guard.returncode == 0, guard.stderr
    with create_engine(database_url(data / "idp")).connect() as connection:
        kept = connection.execute(
            text("SELECT metadata FROM clients WHERE client_id = :c"), {"c": row["client_id"]}
        ).scalar_one()
    found = json.loads(kept) if isinstance(kept, str) else kept
    assert found["client_credentials_scope"] == "prices.read" and found["resources"] == [api]
    refused = _idp(*machine, "--own-scope", "openid", data=data)
    assert refused.returncode == 1 and "client_credentials_scope" in refused.stderr


def test_without_a_nation(tmp_path: Path) -> None:
    done = _idp("journal", data=tmp_path)
    assert done.returncode == 78 and "make demo" in done.stderr


def test_commands_leave_the_bundle_to_the_provider(data: Path) -> None:
    """A command changes the register; what is published follows when somebody asks the running provider."""
    assert read((data / "verifier" / "bundle.cbor").read_bytes(), now=NOW).sequence == 1


def test_a_person_is_locked_and_unlocked(data: Path) -> None:
    for verb, state in (("lock", "locked"), ("unlock", "not locked")):
        done = _idp("person", verb, PID, "--json", data=data)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)[0]["state"] == state
        again = _idp("person", verb, PID, data=data)
        assert again.returncode == 1 and again.stderr
    kinds = [event["kind"] for event in json.loads(_idp("journal", "--json", "--limit", "4", data=data).stdout)]
    assert kinds == ["documents_unlocked", "person_unlocked", "documents_locked", "person_locked"]
    assert _idp("person", "lock", "999000000000", data=data).returncode == 1


def test_an_application_is_registered(data: Path) -> None:
    shop = ("client", "add", "Cửa hàng", "--redirect-uri", "http://localhost:9000/callback", "--scope", "profile")
    done = _idp(*shop, "--redirect-uri", "http://localhost:9000/another", "--json", data=data)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert row["scope"] == "openid profile" and len(row["client_secret"]) == 43
    with create_engine(database_url(data / "idp")).connect() as connection:
        (stored,) = connection.execute(
            text("SELECT * FROM clients WHERE client_id = :c"), {"c": row["client_id"]}
        ).all()
    assert row["client_secret"] not in str(stored) and token_hash(row["client_secret"]) in str(stored)
    listed = _idp("client", "list", "--json", data=data).stdout
    assert {"wallet", "bank", row["client_id"]} <= {client["client_id"] for client in json.loads(listed)}
    assert row["client_secret"] not in listed
    events = json.loads(_idp("journal", "--kind", "client_added", "--json", data=data).stdout)
    assert [event["client_id"] for event in events].count(row["client_id"]) == 1  # others of this file add theirs
    again = _idp(*shop, data=data)
    assert "shown once" in again.stderr and "client_secret  " in again.stdout


@pytest.mark.parametrize(
    ("flag", "uri", "kind"),
    [
        ("--public", "https://shop.example/cb", "web, public"),
        ("--native", "com.example.shop:/cb", "native, public"),
    ],
)
def test_a_public_application_has_no_secret(data: Path, flag: str, uri: str, kind: str) -> None:
    done = _idp("client", "add", "Shop", "--redirect-uri", uri, flag, "--json", data=data)
    (row,) = json.loads(done.stdout)
    assert (row["kind"], row["client_secret"]) == (kind, "–") and "once" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("document", "list", PID),
        ("document", "suspend", "nothing"),
        ("people", "--find", "minh anh", "--json"),
        ("offer", "999201000906", "health_record"),
        ("client", "list", "--json"),
        ("client", "add", "A shop", "--redirect-uri", "http://shop.example/cb"),
        ("person", "lock", "999000000000"),
        ("journal", "--json"),
        ("migrate", "--json"),
        ("dance",),
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_as_a_process(data: Path, arguments: tuple[str, ...]) -> None:
    done = alike(*arguments, data=data)
    assert "Traceback" not in done.stderr
