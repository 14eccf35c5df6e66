"""The service as a stranger's program finds it: by its own description, with schemathesis, and by hand where that cannot know."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.checks import negative_data_rejection

from tests.databases import free_port
from tests.pictures import picture_of, png_claiming, saved
from tests.verifier.foreign.abroad import Clinic, Country, folder_of
from tests.world import World
from verifier import Policy
from verifier.__main__ import main
from verifier.app import create_service
from verifier.config import ConfigError, ServiceConfig
from verifier.config import service_from_environment as from_environment
from verifier.openapi import BODY_LIMIT
from verifier.policy import text as policy_text
from verifier.policy.composed import AllOf
from verifier.reasons import REASONS
from verifier.snapshot import Outcome

TOKEN = "a-token-of-a-test-that-is-long-enough-0001"
OURS = {"Authorization": f"Bearer {TOKEN}"}
AUSTRIA, CLINIC = Country(), Clinic()
BOTH = AllOf((Policy(documents=("driving_licence",)), Policy(documents=("health_insurance_card",))))


def config(folder: Path, world: World, **changes: Any) -> ServiceConfig:
    (folder / "tokens").write_text(TOKEN + "\n")
    (folder / "tokens").chmod(0o600)
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "house.both.toml").write_text(policy_text.dumps(BOTH))
    named = {
        "url": "http://localhost:5003",
        "bundle": world.write_bundle(folder / "bundle.cbor"),
        "tokens": folder / "tokens",
        "once": folder / "once.sqlite",
        "policies": folder / "policies",
        "foreign": folder_of(folder / "abroad", signers=(AUSTRIA,), clinics=(CLINIC,)),
        "refresh_seconds": 0,
    }
    return ServiceConfig(**{**named, **changes})


@pytest.fixture(scope="module")
def nation() -> World:
    return World()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, nation: World) -> Flask:
    return create_service(config(tmp_path_factory.mktemp("service"), nation), clock=lambda: nation.now)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        client.environ_base["HTTP_AUTHORIZATION"] = OURS["Authorization"]
        yield client


GETS = ("GET /health", "GET /v1/trust", "GET /v1/reasons")
POSTS = ("POST /v1/check", "POST /v1/check-together", "POST /v1/check-foreign", "POST /v1/check-picture")
# Any bytes are a picture as far as a schema can tell; that they are none is an answer, with what to do.
EXCLUDED = {"POST /v1/check-picture": [negative_data_rejection]}


def operations(app: Flask) -> dict[str, Any]:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    return {each.label: each for each in (found.ok() for found in schema.get_all_operations())}


@pytest.mark.parametrize(
    ("label", "mode"),
    [
        *((label, GenerationMode.POSITIVE) for label in (*GETS, *POSTS)),
        *((label, GenerationMode.NEGATIVE) for label in POSTS),
    ],
    ids=str,
)
def test_it_is_as_it_describes_itself(app: Flask, label: str, mode: GenerationMode) -> None:
    """schemathesis asks whatever the description admits, and whatever it does not, and holds each answer against it."""

    @settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(operations(app)[label].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(headers=OURS, excluded_checks=EXCLUDED.get(label, []))

    ask()


def test_all_of_it_is_described(app: Flask) -> None:
    described = {f"{method} {rule.rule}" for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    assert (
        set(operations(app))
        == {*GETS, *POSTS}
        == {each for each in described if not each.startswith(("HEAD", "OPTIONS"))} - {"GET /openapi.json"}
    )


# --- who may ask ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shown", [None, "Bearer ", "Bearer " + TOKEN[:-1], "Bearer " + TOKEN + "x", "Basic " + TOKEN, TOKEN, "Bearer \xff"]
)
@pytest.mark.parametrize("path", ["/v1/trust", "/v1/check", "/nowhere", "/V1/check"])
def test_a_stranger_learns_nothing(app: Flask, path: str, shown: str | None) -> None:
    answer = app.test_client().get(path, headers={} if shown is None else {"Authorization": shown})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="verifier"'
    assert answer.mimetype == "application/problem+json"
    assert set(answer.json or {}) == {"type", "title", "status", "request_id"}


def test_what_is_open_needs_no_token(app: Flask) -> None:
    asking = app.test_client()
    assert asking.get("/health").json == {"status": "ready", "bundle_sequence": 1}
    assert "simulation" in (asking.get("/openapi.json").json or {})["info"]["title"]


# --- verdicts ---------------------------------------------------------------------------------------------------------


def test_a_document_is_judged(client: FlaskClient, nation: World) -> None:
    answer = client.post("/v1/check", json={"credential": nation.present_text(), "policy": "traffic.stop"})
    assert answer.status_code == 200
    report = answer.json or {}
    assert (report["outcome"], report["verified"]["document"]) == ("accepted", "driving_licence")
    assert report["trust"]["ages"].keys() == {"bundle", "trust_list", "status_list"}


def test_a_refusal_is_an_answer_without_data(client: FlaskClient, nation: World) -> None:
    """MD-14."""
    text = nation.present_text()
    for credential, policy, code in (
        (text[:-3] + "000", "traffic.stop", "holder_binding_invalid"),
        (text, "clinic.reception", "policy_refused"),
        ("VN1:", "traffic.stop", "malformed"),
        (nation.paper(), "traffic.stop", "holder_binding_missing"),
    ):
        answer = client.post("/v1/check", json={"credential": credential, "policy": policy})
        report = answer.json or {}
        assert (answer.status_code, report["outcome"], report["code"]) == (200, "rejected", code)
        assert report["verified"] is None
        assert report["advice"]["vi"] == REASONS[code].advice.vi


def test_audience_and_challenge_must_be_ours(client: FlaskClient, nation: World) -> None:
    text = nation.present(audience="bank", challenge=b"\x01\x02")
    asked = {"credential": text, "audience": "bank", "challenge": "0102"}
    for changes, code in (
        ({}, None),
        ({"audience": "shop"}, "audience_mismatch"),
        ({"challenge": "0103"}, "nonce_mismatch"),
    ):
        assert (client.post("/v1/check", json={**asked, **changes}).json or {})["code"] == code


def test_what_is_for_one_time_is_used_up_for_all_processes(client: FlaskClient, nation: World, app: Flask) -> None:
    """QR-13: the guard is a file."""
    body = {"credential": nation.present_text("citizen_identity", "identity"), "policy": "bank.open_account"}
    first, second = (client.post("/v1/check", json=body).json or {} for _ in range(2))
    assert (first["outcome"], second["code"]) == ("accepted", "presentation_replayed")
    other = create_service(app.extensions["service"].config, clock=lambda: nation.now)
    assert (other.test_client().post("/v1/check", json=body, headers=OURS).json or {})[
        "code"
    ] == "presentation_replayed"


def test_several_documents_of_one_person(client: FlaskClient, nation: World) -> None:
    texts = [nation.present_text(), nation.present_text("health_insurance_card")]
    report = client.post("/v1/check-together", json={"credentials": texts, "policy": "house.both"}).json or {}
    assert [each["outcome"] for each in report["documents"]] == ["accepted", "accepted"]
    alone = client.post("/v1/check-together", json={"credentials": texts[:1], "policy": "house.both"}).json or {}
    assert (alone["outcome"], alone["documents"][0]["verified"]) == ("rejected", None)


def test_a_foreign_document_has_a_door_of_its_own(client: FlaskClient, nation: World, tmp_path: Path) -> None:
    dose, card = AUSTRIA.certify(), CLINIC.card()
    for text, accept, outcome, code in (
        (dose, ["eu_dcc"], "accepted", None),
        (card, ["eu_dcc", "shc"], "accepted", None),
        (dose, ["shc"], "rejected", "policy_refused"),
        (card.replace("shc:/", "shc:/1/2/"), ["shc"], "rejected", "malformed"),
        (Country().certify(), ["eu_dcc"], "rejected", "key_not_found"),
        (nation.present_text(), ["eu_dcc"], "rejected", "prefix_unknown"),
    ):
        report = client.post("/v1/check-foreign", json={"credential": text, "accept": accept}).json or {}
        assert (report["outcome"], report["code"]) == (outcome, code)
        assert (report["verified"] is None) == (outcome != "accepted")
    assert (client.post("/v1/check", json={"credential": dose}).json or {})["code"] == "prefix_unknown"
    for accept in ([], ["driving_licence"], "eu_dcc", [{}]):
        assert client.post("/v1/check-foreign", json={"credential": dose, "accept": accept}).status_code == 422
    none = create_service(config(tmp_path, nation, foreign=None), clock=lambda: nation.now).test_client()
    told = none.post("/v1/check-foreign", json={"credential": dose, "accept": ["eu_dcc"]}, headers=OURS)
    assert (told.status_code, "no anchors" in told.text) == (422, True)
    assert "/v1/check-foreign" not in none.get("/openapi.json").text


def test_a_picture_is_judged_and_of_two_codes_none(client: FlaskClient, nation: World) -> None:
    """QR-09 to QR-11."""
    one, two = nation.present_text(), nation.present_text()

    def judged(data: bytes, kind: str = "image/png") -> dict[str, Any]:
        answer = client.post("/v1/check-picture?policy=traffic.stop", data=data, content_type=kind)
        assert answer.status_code == 200
        return dict(answer.json or {})

    for kind in ("PNG", "JPEG"):
        found = judged(picture_of(one, kind=kind), f"image/{kind.lower()}")
        assert (found["credentials"], found["report"]["code"]) == ([one], None)
    both = judged(picture_of(one, two))
    assert (sorted(both["credentials"]), both["report"]) == (sorted((one, two)), None)
    for nothing in (b"", b"GIF89a", one.encode(), saved(Image.new("L", (200, 200), 255)), png_claiming(30_000, 30_000)):
        assert (judged(nothing)["credentials"], judged(nothing)["report"]) == ([], None)


# --- what cannot be judged --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"{", ""),
        (b'{"credential":"a","credential":"b"}', ""),
        (b'{"credential":"\\ud800"}', ""),
        (b"[" * 100_000, ""),
        (b'{"credential":NaN}', ""),
        (b"{}", "/credential"),
        (b'{"credential":""}', "/credential"),
        (b'{"credential":1}', "/credential"),
        (b'{"credential":"a","polciy":"age.18"}', "/polciy"),
        (b'{"credential":"a","policy":"nobody.asks"}', "/policy"),
        (b'{"credential":"a","policy":"house.both"}', "/policy"),
        (b'{"credential":"a","policy":["age.18"]}', "/policy"),
        (b'{"credential":"a","challenge":"0G"}', "/challenge"),
        (b'{"credential":"a","challenge":"012"}', "/challenge"),
        (b'{"credential":"a","audience":""}', "/audience"),
    ],
)
def test_what_is_not_as_described_is_named(client: FlaskClient, body: bytes, pointer: str) -> None:
    answer = client.post("/v1/check", data=body, content_type="application/json")
    problem = answer.json or {}
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert [each["pointer"] for each in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/nowhere", {}, 404),
        ("GET", "/v1/check", {}, 405),
        ("POST", "/v1/check", {"data": "credential=a", "content_type": "application/x-www-form-urlencoded"}, 415),
        ("POST", "/v1/check-picture", {"data": b"<svg/>", "content_type": "image/svg+xml"}, 415),
        ("POST", "/v1/check", {"data": b" " * (BODY_LIMIT + 1), "content_type": "application/json"}, 413),
        ("POST", "/v1/check", {"data": b"{}", "headers": {"Transfer-Encoding": "chunked", **OURS}}, 411),
        (
            "POST",
            "/v1/check",
            {"data": b"{}", "headers": {"Content-Length": "9", **OURS}, "content_type": "application/json"},
            422,
        ),
    ],
)
def test_problems_are_all_of_one_form(
    client: FlaskClient, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    answer = client.open(path, method=method, **more)
    problem = answer.json or {}
    assert (answer.status_code, answer.mimetype, problem["status"]) == (status, "application/problem+json", status)
    assert problem["request_id"]
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_failure_of_ours_says_no_more_than_its_id(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("079203001234")

    monkeypatch.setattr("verifier.verifier.Verifier.inspect", fails)
    answer = client.post("/v1/check", json={"credential": "VN1:"})
    assert (answer.status_code, set(answer.json or {})) == (500, {"type", "title", "status", "request_id"})


def test_without_trust_data_nothing_is_judged_until_it_comes(tmp_path: Path, nation: World) -> None:
    made = create_service(config(tmp_path, nation, bundle=tmp_path / "later.cbor"), clock=lambda: nation.now)
    asking, keeper = made.test_client(), made.extensions["service"].keeper
    answer = asking.post("/v1/check", json={"credential": "VN1:"}, headers=OURS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert asking.get("/health").status_code == 503
    assert keeper.refresh().outcome is Outcome.UNREACHABLE
    nation.write_bundle(tmp_path / "later.cbor", sequence=8)
    assert keeper.refresh().outcome is Outcome.UPDATED
    assert (asking.get("/health").json or {})["bundle_sequence"] == 8
    nation.write_bundle(tmp_path / "later.cbor", sequence=7)  # somebody puts an older one there
    assert keeper.refresh().outcome is Outcome.REFUSED
    assert (asking.get("/health").json or {})["bundle_sequence"] == 8


# --- settings and the command -----------------------------------------------------------------------------------------


def test_it_does_not_start_with_half_of_what_was_asked(tmp_path: Path, nation: World) -> None:
    good = config(tmp_path, nation)
    good.tokens.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        create_service(good)
    good.tokens.chmod(0o600)
    for text in ("", "short\n", TOKEN + "\nshort\n"):
        good.tokens.write_text(text)
        with pytest.raises(ConfigError, match="one a line"):
            create_service(good)
    good.tokens.write_text(TOKEN)
    (tmp_path / "policies" / "mine.toml").write_text("documents = ['driving_licence']\nask = ['full_name']\n")
    with pytest.raises(ConfigError, match=r"mine\.toml: line 2"):
        create_service(good)
    (tmp_path / "policies" / "mine.toml").rename(tmp_path / "policies" / "age.18.toml")
    with pytest.raises(ConfigError, match="name of a ready policy"):  # nobody is asked for less under a known name
        create_service(good)


@pytest.mark.parametrize("url", ["http://bank.example", "http://10.0.0.1:5003", "ftp://localhost"])
def test_beyond_this_machine_it_is_https(url: str) -> None:
    with pytest.raises(ConfigError, match="https"):
        from_environment({"VERIFIER_URL": url})


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--host", "0.0.0.0"), "--certificate and --key are needed"),
        (("--key", "key.pem"), "belong together"),
        (("--tokens", "/dev/null/tokens"), "/dev/null/tokens"),
    ],
)
def test_serve_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, more: tuple[str, ...], says: str
) -> None:
    assert main(["serve", "--bundle", str(tmp_path / "bundle.cbor"), *more]) == 64
    assert says in capsys.readouterr().err


def test_serve_is_a_server(tmp_path: Path, nation: World) -> None:
    """A process of its own, asked as any program asks; its first token it makes itself."""
    bundle, port = nation.write_bundle(tmp_path / "bundle.cbor"), free_port()
    command = [sys.executable, "-m", "verifier", "serve", "--bundle", str(bundle), "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            answer = until_answered(f"http://127.0.0.1:{port}/health", process)
            assert answer == {"status": "ready", "bundle_sequence": 1}
            token = (tmp_path / "tokens").read_text().strip()
            assert (tmp_path / "tokens").stat().st_mode & 0o777 == 0o600
            asked = {"credential": "VN1:"}
            told = httpx.post(
                f"http://127.0.0.1:{port}/v1/check", json=asked, headers={"Authorization": f"Bearer {token}"}
            )
            assert told.json()["code"] == "malformed"
        finally:
            process.terminate()
    assert token not in (process.stderr.read() if process.stderr and not process.stderr.closed else "")


def until_answered(url: str, process: "subprocess.Popen[str]") -> Any:
    for _ in range(300):
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        try:
            return httpx.get(url).json()
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("it never answered")
