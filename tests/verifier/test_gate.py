"""Who may open what: every address of the counter, by every role, as the one table says."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.verifier import staffed
from tests.verifier.staffed import counter, signed_in
from tests.verifier.test_counter import check, verdict
from tests.world import World
from verifier.config import ConfigError
from verifier.staff.model import Role
from verifier.staff.ports import Entry
from verifier.staff.sign_in import IDLE
from verifier.web import gate

JSON = {"Accept": "application/json"}
ROLES = {"mai": Role.TELLER, "tuan": Role.SUPERVISOR, "lan": Role.AUDITOR}


@pytest.fixture
def world() -> World:
    return World(now=int(time.time()))


@pytest.fixture
def client(world: World, tmp_path: Path) -> Iterator[FlaskClient]:
    made = counter(world, tmp_path)
    yield made
    made.application.extensions["counter"].keeper._fetcher.close()


def rules(client: FlaskClient) -> list[Rule]:
    return list(client.application.url_map.iter_rules())


def asked(client: FlaskClient, rule: Rule) -> list[tuple[str, int, str]]:
    """By each of its methods, with something in each place of its address: method, status and where it leads."""
    path = re.sub(r"<(?:\w+:)?\w+>", "x", rule.rule)
    answers = [(method, client.open(path, method=method)) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}]
    return [(method, answer.status_code, answer.headers.get("Location", "")) for method, answer in answers]


def test_the_table_names_every_address_and_no_other(client: FlaskClient) -> None:
    assert {rule.endpoint for rule in rules(client)} == set(gate.TABLE)


def test_nobody_opens_what_is_not_open_to_all(client: FlaskClient) -> None:
    for rule in rules(client):
        if gate.TABLE[rule.endpoint] == gate.EVERYBODY:
            assert all("/staff/sign-in" not in place and status != 403 for _, status, place in asked(client, rule))
        else:
            assert all(
                (status, place.partition("?")[0]) == (303, "/staff/sign-in") for _, status, place in asked(client, rule)
            ), rule


@pytest.mark.parametrize("name", ROLES)
def test_a_role_opens_what_the_table_says_by_its_very_address(client: FlaskClient, name: str) -> None:
    signed_in(client, name)
    for rule in rules(client):
        if rule.endpoint == "staff.sign_out":
            continue
        admitted = gate.TABLE[rule.endpoint]
        for method, status, _ in asked(client, rule):
            refused = admitted != gate.EVERYBODY and ROLES[name] not in admitted
            assert (status == 403) is refused, (method, rule, status)


def test_an_address_that_the_table_does_not_name_is_refused_for_all(client: FlaskClient) -> None:
    client.application.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    for name in ("", *ROLES):
        if name:
            signed_in(client, name)
        answer = client.get("/forgotten")
        assert answer.status_code == 403 and "secret" not in answer.text


@pytest.mark.parametrize(("name", "home"), [("mai", "go-check"), ("tuan", "go-check"), ("lan", "go-book")])
def test_pages_lead_only_where_their_reader_may_go(client: FlaskClient, name: str, home: str) -> None:
    signed_in(client, name)
    for page in ("/", "/trust"):
        text = client.get(page).text
        for kind, path in set(re.findall(r'(href|action)="(/[^"?]*)"', text)):
            if path not in ("/sign-in", "/staff/sign-out") and not path.startswith("/static/"):
                answer = client.open(path, method="POST" if kind == "action" and path != "/book" else "GET")
                assert answer.status_code != 403, (page, path)
    assert f'id="{home}"' in client.get("/").text


def test_a_counter_without_accounts_is_open_and_says_so(world: World, tmp_path: Path) -> None:
    open_ = counter(world, tmp_path, staff=tmp_path / "none.json")
    page = open_.get("/check")
    assert page.status_code == 200 and 'id="open-counter"' in page.text and "staff-sign-out" not in page.text
    assert verdict(check(open_, text=world.present())) == ("accepted", "")
    assert world.now and 'data-count="accepted">1<' in open_.get("/book", follow_redirects=True).text
    assert open_.get("/staff/sign-in").headers["Location"] == "/"
    assert open_.get("/staff/password").status_code == 404
    staffed.staff_file(tmp_path).rename(tmp_path / "none.json")  # the first account counts at once
    assert open_.get("/check").headers["Location"].startswith("/staff/sign-in")


@pytest.mark.parametrize("address", ["192.168.1.9", "::ffff:192.168.1.9", "2001:db8::1", "", "x"])
def test_an_open_counter_serves_its_own_machine_alone(world: World, tmp_path: Path, address: str) -> None:
    """Whoever reaches a server that listens to a whole network writes this machine's name into the request."""
    open_ = counter(world, tmp_path, staff=tmp_path / "none.json")
    for path in ("/", "/check", "/book", "/staff", "/none"):
        assert open_.get(path, environ_overrides={"REMOTE_ADDR": address}).status_code == 421, path
    form = {"text": world.present()}
    assert open_.post("/check", data=form, headers=JSON, environ_overrides={"REMOTE_ADDR": address}).status_code == 421
    for own in ("127.0.0.2", "::1", "::ffff:127.0.0.1"):
        assert open_.get("/check", environ_overrides={"REMOTE_ADDR": own}).status_code == 200
    staffed.staff_file(tmp_path).rename(tmp_path / "none.json")  # with accounts it is they who are let in
    answer = open_.get("/check", environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == 303


def test_a_form_of_a_stranger_that_is_too_long_is_a_page_as_others(client: FlaskClient) -> None:
    answer = client.post("/staff/sign-in", data={"next": "a" * 600_000})
    assert answer.status_code == 413 and 'id="error-id"' in answer.text and "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    ("changes", "file"),
    [
        ({"url": "https://counter.bank.example"}, None),
        ({"url": "https://counter.bank.example", "simulation": False}, None),
        ({"url": "https://localhost:5002", "simulation": False}, None),
        ({}, '{"version": 1, "staff": []}'),
        ({"url": "https://counter.bank.example"}, '{"version": 1, "staff": []}'),
        ({}, '{"version": 1, "sta'),
    ],
)
def test_it_does_not_start_where_strangers_could_use_it(
    world: World, tmp_path: Path, changes: dict[str, Any], file: str | None
) -> None:
    path = tmp_path / "other.json"
    if file is not None:
        path.write_text(file)
        path.chmod(0o600)
    with pytest.raises(ConfigError, match="VERIFIER_STAFF"):
        counter(world, tmp_path, staff=path, **changes)


def test_it_starts_beyond_this_machine_with_an_account(world: World, tmp_path: Path) -> None:
    safe = counter(world, tmp_path, url="https://counter.bank.example", simulation=False)
    answer = safe.get("/check")
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/staff/sign-in")


def test_machines_are_told_of_the_service(world: World, client: FlaskClient) -> None:
    for name in ("", "tuan"):
        if name:
            signed_in(client, name)
        for path in ("/check", "/refresh"):
            answer = client.post(path, data=json.dumps({"text": world.present()}), headers=JSON)
            assert answer.status_code == 401 and "WWW-Authenticate" in answer.headers
            assert "verifier serve" in answer.json["reason"]["en"] and "location" not in answer.json


def test_a_script_is_told_where_its_clerk_signs_in(client: FlaskClient) -> None:
    answer = client.post("/scan", headers=JSON)
    assert (answer.status_code, answer.json["location"]) == (401, "/staff/sign-in?next=/check")
    answer = client.post("/ask/of-before/scan", headers=JSON)
    assert answer.json["location"] == "/staff/sign-in?next=/ask"
    assert client.get("/standing", headers=JSON).status_code == 200


@pytest.mark.parametrize(
    ("asked", "next_"),
    [
        ("/trust", "/trust"),
        ("/check?documents=x", "/check"),
        ("/verdict/of-before", "/check"),
        ("/online/of-before", "/online"),
        ("/callback?state=s&code=c", "/customer"),  # the answer to what a session before this one asked
        ("/sign-in", "/customer"),
        ("/book/2026-01-01.csv", "/book"),
    ],
)
def test_a_page_comes_back_after_sign_in_where_it_can(client: FlaskClient, asked: str, next_: str) -> None:
    assert client.get(asked).headers["Location"] == f"/staff/sign-in?next={next_}"
    other = client.get(f"/staff/sign-in?next={next_}").text
    assert f'href="/staff/sign-in?next={next_.replace("/", "%2F")}&amp;lang=en"' in other


def test_acts_keep_a_session_and_looking_on_does_not(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(client, "mai")
    began = time.time()

    def at(seconds: int) -> None:
        monkeypatch.setattr(gate.time, "time", lambda: began + seconds)  # type: ignore[attr-defined]

    at(IDLE - 60)
    assert client.get("/check").status_code == 200
    at(2 * IDLE - 180)
    assert client.get("/online/x/phase").status_code == 404 and client.get("/standing").status_code == 200
    assert client.post("/scan").status_code == 400  # a frame of a camera that was left on
    at(2 * IDLE)
    assert client.get("/check").status_code == 303


def test_the_book_says_how_and_by_whom_and_nothing_of_the_customer(world: World, client: FlaskClient) -> None:
    signed_in(client, "mai")
    accepted = check(client, text=world.present())
    number = re.search(
        r"\d{8}-[0-9A-F]{4}-[0-9A-F]{4}", client.get(f"{accepted.request.path}".replace("verdict", "receipt")).text
    )
    check(client, text=world.printed())
    signed_in(client, "lan")
    page = client.get("/book", follow_redirects=True)
    assert [verdict for verdict in re.findall(r'data-outcome="(\w+)"', page.text)] == ["rejected", "accepted"]
    assert number and number[0] in page.text and "Giấy phép lái xe" in page.text and " · mai" in page.text
    day = page.request.path
    saved = client.get(day + ".csv")
    lines = saved.text.splitlines()
    assert len(lines) == 3 and ",mai,driving_licence," in lines[2] and "holder_binding_missing" in lines[1]
    assert f"book-{day[-10:]}.csv" in saved.headers["Content-Disposition"]
    stored = (client.application.extensions["counter"].config.staff.with_suffix(".sqlite")).read_bytes()
    for told in (page.text, saved.text, stored.decode("latin-1")):
        assert "Nguyễn Thị Thuỳ Dương" not in told and "999203001234" not in told
    assert client.get("/book?day=2020-01-01", follow_redirects=True).text.count('id="nothing"') == 1
    for wrong in ("x", "20200101", "2020-13-01", "1999-01-01", "2020-W01-1"):
        assert client.get(f"/book/{wrong}").status_code == 404
        assert client.get(f"/book?day={wrong}").status_code == 404


def test_a_cell_of_the_book_is_no_formula(client: FlaskClient) -> None:
    record = client.application.extensions["counter"].team.book
    record.write(Entry(int(time.time()), "mai", "abroad", "", "hcert", "accepted", "", "=cmd|' /C calc'!A0", "r"))
    signed_in(client, "lan")
    day = client.get("/book").headers["Location"]
    assert ",'=cmd|" in client.get(day + ".csv").text
