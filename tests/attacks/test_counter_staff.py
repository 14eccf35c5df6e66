"""Attacks on those who work at the counter: guessed passwords, planted and stolen sessions, sideways steps, a damaged list.

Spec: attacks 4.9 (sessions), 4.10 (brute force); OWASP ASVS 5.0 §6, §7, §8. Who may open what: tests/verifier/test_gate.py.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from tests.verifier import staffed
from tests.verifier.staffed import PASSWORD, form_token, sign_in, signed_in
from tests.verifier.test_counter import check
from tests.world import World
from verifier.staff import change, password
from verifier.staff.file import StaffFile
from verifier.staff.sign_in import PER_BROWSER, PER_NAME, WINDOW

COOKIE = "verifier_session"
NEW = "một câu khác hẳn, cũng dài"


@pytest.fixture
def world() -> World:
    return World(now=int(time.time()))


@pytest.fixture
def client(world: World, tmp_path: Path) -> Iterator[FlaskClient]:
    made = staffed.counter(world, tmp_path)
    yield made
    made.application.extensions["counter"].keeper._fetcher.close()


def another(client: FlaskClient) -> FlaskClient:
    """A browser of somebody else, at the same counter."""
    return client.application.test_client()


def file(client: FlaskClient) -> StaffFile:
    return StaffFile(client.application.extensions["counter"].config.staff)


def cookie(client: FlaskClient, name: str = COOKIE) -> str:
    found = client.get_cookie(name)
    assert found is not None
    return found.value


def is_in(client: FlaskClient) -> bool:
    answer = client.get("/check")
    assert answer.status_code == 200 or answer.headers["Location"].startswith("/staff/sign-in")
    return answer.status_code == 200


def test_bf_01_guesses_end_and_who_works_here_is_not_shut_out(client: FlaskClient) -> None:
    """BF-10 too: strangers who try the name do not keep its owner from the counter where they work."""
    signed_in(client, "mai")
    client.post("/staff/sign-out", data={"form_token": form_token(client, "/check")})
    stranger = another(client)
    assert [sign_in(stranger, "mai", "wrong").status_code for _ in range(PER_NAME + 2)] == [422] * PER_NAME + [429] * 2
    shut = sign_in(stranger, "mai")
    assert shut.status_code == 429 and 0 < int(shut.headers["Retry-After"]) <= WINDOW
    assert sign_in(another(client), "MAI ").status_code == 429  # the same name, in another browser
    signed_in(client, "mai")


def test_bf_10_the_mark_of_a_known_browser_is_of_its_names_alone_and_cannot_be_made(client: FlaskClient) -> None:
    signed_in(client, "tuan")
    thief = another(client)
    thief.set_cookie("verifier_known", cookie(client, "verifier_known"))
    for _ in range(PER_NAME):
        sign_in(thief, "mai", "wrong")
    assert sign_in(thief, "mai").status_code == 429  # it was never hers
    forged = URLSafeTimedSerializer(b"x" * 32, salt="known browser").dumps({"id": "a", "names": ["mai"]})
    for value in (forged, "", "x" * 3_900, cookie(client, "verifier_known")[:-1] + "!"):
        thief.set_cookie("verifier_known", value)
        assert sign_in(thief, "mai").status_code == 429


def test_bf_01_a_colleague_at_the_same_screen_does_not_begin_the_count_anew(client: FlaskClient) -> None:
    for name in ("tuan", "mai"):
        signed_in(client, name)
    answers = []
    for _ in range(2):
        client.post("/staff/sign-out", data={"form_token": form_token(client, "/trust")})
        answers += [sign_in(client, "tuan", "wrong").status_code for _ in range(PER_BROWSER - 1)]
        signed_in(client, "mai")
    assert answers.count(422) == PER_BROWSER and answers[-1] == 429


def test_bf_03_unknown_disabled_and_known_names_are_answered_alike_at_one_cost(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file(client).change(change.disabled("lan", off=True))
    hashes: list[str] = []
    verified = password._verified

    def counted(known: str, typed: bytes) -> bool:
        hashes.append(known)
        return verified(known, typed)

    monkeypatch.setattr(password, "_verified", counted)
    answers = []
    caplog.clear()
    for name, typed in (
        ("mai", "wrong"),
        ("nobody", "wrong"),
        ("lan", PASSWORD),
        ("x" * 5_000, PASSWORD),
        ("mai", "\0"),
    ):
        answer = sign_in(another(client), name, typed)
        answers.append((answer.status_code, re.sub(r'value="[\w-]{20,}"', "", answer.text)))
    assert len(hashes) == 5 and len({known.rpartition("$")[0].rpartition("$")[0] for known in hashes}) == 1
    assert len(set(answers)) == 1 and answers[0][0] == 422
    assert "nobody" not in caplog.text and "wrong\n" in caplog.text and PASSWORD not in caplog.text


def test_se_01_a_planted_session_is_nobodys_after_sign_in(client: FlaskClient) -> None:
    attacker = another(client)
    token = form_token(attacker)
    client.set_cookie(COOKIE, cookie(attacker))  # the victim carries what the attacker knows
    data = {"form_token": token, "name": "mai", "password": PASSWORD}
    assert client.post("/staff/sign-in", data=data).status_code == 303
    assert is_in(client) and not is_in(attacker)
    assert token not in client.get("/check").text  # nor does the attacker know the token of its forms
    assert client.post("/staff/sign-out", data={"form_token": token}).status_code == 400


def test_se_04_the_next_teller_in_the_same_browser_sees_nothing_of_the_one_before(
    world: World, client: FlaskClient
) -> None:
    signed_in(client, "mai")
    before = cookie(client)
    page = check(client, text=world.present()).request.path
    signed_in(client, "tuan")
    assert client.get(page).headers["Location"] == "/check"
    stolen = another(client)
    stolen.set_cookie(
        COOKIE, before
    )  # kept from before the sign-out: it ended at the counter, not in the browser alone
    assert not is_in(stolen) and stolen.get(page).status_code == 303


def test_se_04_signing_in_over_a_session_ends_it(client: FlaskClient) -> None:
    signed_in(client, "mai")
    first, token = cookie(client), form_token(client, "/check")
    again = client.post("/staff/sign-in", data={"form_token": token, "name": "tuan", "password": PASSWORD})
    assert again.status_code == 303 and "tuan" in client.get("/staff").text
    stolen = another(client)
    stolen.set_cookie(COOKIE, first)
    assert not is_in(stolen)


@pytest.mark.parametrize("value", ["", "x", "eyJzdGFmZiI6ICJ4In0.x.y", "a" * 3_900, "{}.{}.{}"])
def test_se_09_a_damaged_cookie_is_nobodys(client: FlaskClient, value: str) -> None:
    client.set_cookie(COOKIE, value)
    assert not is_in(client)


def test_se_07_a_changed_cookie_is_nobodys(client: FlaskClient) -> None:
    signed_in(client, "mai")
    good = cookie(client)
    for bad in (good[:-1] + ("A" if good[-1] != "A" else "B"), "x" + good, good.swapcase()):
        client.set_cookie(COOKIE, bad)
        assert not is_in(client)
    client.set_cookie(COOKIE, good)
    assert is_in(client)


def test_se_03_nobody_is_signed_in_by_another_site(client: FlaskClient) -> None:
    right = {"name": "mai", "password": PASSWORD}
    assert client.post("/staff/sign-in", data=right).status_code == 400
    of_another = form_token(another(client))
    form_token(client)
    assert client.post("/staff/sign-in", data={**right, "form_token": of_another}).status_code == 400
    for site in ("cross-site", "same-site"):  # another port of this machine is the same site
        data = {**right, "form_token": form_token(client)}
        assert client.post("/staff/sign-in", data=data, headers={"Sec-Fetch-Site": site}).status_code == 400
    assert not is_in(client)
    signed_in(client, "mai")
    for path in ("/staff/sign-out", "/staff/password", "/refresh"):
        assert client.post(path, data={"form_token": "x"}).status_code in (400, 403)
    assert is_in(client)


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("/trust", "/trust"),
        ("/book/2026-01-01", "/book/2026-01-01"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("/\tevil.example", "/"),
        ("", "/"),
    ],
)
def test_ru_a_sign_in_leads_nowhere_else(client: FlaskClient, wanted: str, place: str) -> None:
    page = client.get("/staff/sign-in", query_string={"next": wanted})
    assert f'name="next" value="{place}"' in page.text
    assert sign_in(client, "tuan", next=wanted).headers["Location"] == place


def test_bf_06_a_disabled_account_ends_in_mid_session(world: World, client: FlaskClient) -> None:
    signed_in(client, "mai")
    page = check(client, text=world.present()).request.path
    file(client).change(change.disabled("mai", off=True))
    assert client.get(page).status_code == 303 and not is_in(client)
    file(client).change(change.disabled("mai", off=False))
    assert not is_in(client) and client.get(page).status_code == 303  # what ended stays ended
    signed_in(client, "mai")


def test_bf_06_a_role_that_was_taken_is_gone_at_once(client: FlaskClient) -> None:
    signed_in(client, "tuan")
    assert client.get("/staff").status_code == 200
    file(client).change(change.given_roles("tuan", ["teller"]))
    assert not is_in(client)
    signed_in(client, "tuan")
    assert client.get("/staff").status_code == 403 and client.get("/book").status_code == 403


def test_bf_11_a_password_of_somebody_else_opens_its_own_change_alone(client: FlaskClient) -> None:
    once = password.one_time()
    file(client).change(change.given_password("mai", password.hashed(once), must_change=True))
    answer = sign_in(client, "mai", once, next="/check")
    assert answer.headers["Location"] == "/staff/password"
    for path in ("/", "/check", "/trust", "/customer", "/online", "/book", "/staff"):
        assert client.get(path).headers["Location"] == "/staff/password", path
    assert client.post("/scan").headers["Location"] == "/staff/password"
    assert changed(client, once, once) == 422  # the one that was handed over is not kept
    assert changed(client, once, NEW) == 303 and is_in(client)
    assert sign_in(another(client), "mai", once).status_code == 422


def changed(client: FlaskClient, old: str, new: str, again: str | None = None) -> int:
    data = {"form_token": form_token(client, "/staff/password"), "old": old, "new": new, "again": again or new}
    return client.post("/staff/password", data=data).status_code


def test_se_01_a_new_password_ends_every_other_session(client: FlaskClient) -> None:
    signed_in(client, "mai")
    thief = signed_in(another(client), "mai")
    assert (
        changed(client, "wrong", NEW)
        == changed(client, PASSWORD, "short")
        == changed(client, PASSWORD, NEW, "x")
        == 422
    )
    assert is_in(thief) and file(client).accounts()["mai"].version == 1  # type: ignore[index]
    before = cookie(client)
    assert changed(client, PASSWORD, NEW) == 303
    assert is_in(client) and not is_in(thief) and cookie(client) != before
    assert (
        sign_in(another(client), "mai").status_code == 422 and sign_in(another(client), "mai", NEW).status_code == 303
    )


def test_bf_01_the_old_password_is_not_guessed_in_a_session_that_was_left_open(client: FlaskClient) -> None:
    signed_in(client, "mai")
    assert [changed(client, "wrong", NEW) for _ in range(12)] == [422] * 10 + [429] * 2


def test_se_01_of_two_changes_at_once_one_counts_and_a_file_that_cannot_be_written_is_no_fault_of_its_person(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(client, "mai")
    hashed = password.hashed

    def meanwhile(typed: str) -> str:
        file(client).change(change.given_roles("mai", ["teller"]))
        return hashed(typed)

    monkeypatch.setattr(password, "hashed", meanwhile)
    assert changed(client, PASSWORD, NEW) == 422 and not is_in(client)
    monkeypatch.setattr(password, "hashed", hashed)
    signed_in(client, "mai")
    lock = client.application.extensions["counter"].config.staff.with_name("staff.json.lock")
    lock.unlink()
    lock.mkdir()  # nobody opens it for writing, not even root
    assert changed(client, PASSWORD, NEW) == 500 and is_in(client)
    lock.rmdir()
    assert changed(client, PASSWORD, NEW) == 303


@pytest.mark.parametrize("damage", ["chmod", "half", "gone"])
def test_op_a_damaged_list_of_staff_admits_nobody_and_says_nothing(
    client: FlaskClient, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    signed_in(client, "mai")
    path = client.application.extensions["counter"].config.staff
    whole = path.read_bytes()
    if damage == "chmod":
        path.chmod(0o644)
    elif damage == "half":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        path.unlink()
    for page in ("/check", "/staff/sign-in"):
        answer = client.get(page)
        assert answer.status_code == 500 and "staff.json" not in answer.text and 'id="error-id"' in answer.text
    assert client.get("/standing").status_code == 500  # it brings a session; without one it answers
    assert another(client).get("/standing").status_code == 200
    assert "staff_file_unusable" in caplog.text and "$argon2id$" not in caplog.text
    path.write_bytes(whole)
    path.chmod(0o600)
    assert is_in(client)
