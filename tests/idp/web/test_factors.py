"""The page of the ways to sign in: what it shows, and what managing asks for and does."""

import re

import pytest
from werkzeug.test import TestResponse

from idp.login import attempts
from idp.login.attempts import PERSON, Secret, Try
from idp.model import Authenticator, AuthenticatorKind, Event, Grant, Token
from tests.idp.web.codes import inbox, now_code, secret_on, signed_in, with_app
from tests.world_idp import NOW, Browser, State

HOME = "/account/security"


def link(page: TestResponse, css_class: str) -> str:
    found = re.search(rf'<a class="{css_class} back" href="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def press(browser: Browser, page: TestResponse, **fields: str) -> TestResponse:
    return browser.submit(page, **fields)


def device(account_id: str = "a-duong", authenticator_id: str = "d-1") -> Authenticator:
    return Authenticator(authenticator_id, account_id, AuthenticatorKind.DEVICE, "Ví cũ", NOW, key=authenticator_id)


def details(events: tuple[Event, ...]) -> list[dict[str, object]]:
    return [dict(event.details) for event in events]


def test_managing_asks_for_level_2(state: State) -> None:
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"))
    for path in ("", "/totp", "/recovery", "/passcode"):
        assert browser.get(HOME + path).headers["Location"].endswith("/more"), path
    assert state.browser().get(HOME).headers["Location"].startswith("/login/")


def test_what_there_is(state: State) -> None:
    browser = signed_in(state)
    page = browser.get(HOME)
    assert 'id="only-password"' in page.text
    assert 'id="add-totp"' in page.text and "678" in page.text
    assert "912345678" not in page.text
    with_app(state, browser)
    page = browser.get(HOME)
    assert 'id="only-password"' not in page.text
    assert "Điện thoại</h3>" in page.text
    assert "02/03/2026" in page.text


def test_an_app_counts_once_it_is_confirmed(state: State) -> None:
    browser = signed_in(state)
    page = browser.get(f"{HOME}/totp")
    assert "<svg" in page.text
    assert "999203001234" not in page.text and "912345678" not in page.text
    secret = secret_on(page)
    refused = browser.submit(page, code="000000", name="Máy")
    assert refused.status_code == 422
    assert secret_on(refused) == secret
    assert not state.journal("authenticator_added")
    code = now_code(state, secret)
    assert browser.submit(refused, code=code, name="Máy").headers["Location"] == HOME
    assert details(state.journal("authenticator_added")) == [{"kind": "totp", "name": "Máy"}]
    assert browser.submit(refused, code=code, name="Hai").status_code == 422  # the same form again
    assert len(state.journal("authenticator_added")) == 1
    assert "vừa có thêm" in browser.get("/simulation/messages").text


def test_an_enrolment_is_of_one_account_and_does_not_wait_for_ever(state: State) -> None:
    mine, theirs = signed_in(state), signed_in(state, identifier="999090000111")
    page = mine.get(f"{HOME}/totp")
    sealed = re.findall(r'name="sealed" value="([^"]+)"', page.text)[0]
    secret = secret_on(page)
    for stolen in (sealed, "x", "", "A" * 100):
        answer = theirs.submit(theirs.get(f"{HOME}/totp"), sealed=stolen, code=now_code(state, secret), name="Máy")
        assert answer.status_code == 422
    state.wait(31 * 60)
    answer = mine.submit(page, code=now_code(state, secret), name="Máy")
    assert answer.status_code == 422
    assert secret_on(answer) != secret
    assert not state.journal("authenticator_added")


def test_no_more_apps_than_three(state: State) -> None:
    browser = signed_in(state)
    first = browser.get(f"{HOME}/totp")
    for _ in range(3):
        with_app(state, browser)
    assert 'id="totp-qr"' not in browser.get(f"{HOME}/totp").text
    code = now_code(state, secret_on(first))
    assert browser.submit(first, code=code, name="Bốn").status_code == 422
    assert len(state.journal("authenticator_added")) == 3


def test_renamed(state: State) -> None:
    browser = signed_in(state)
    with_app(state, browser)
    page = browser.get(link(browser.get(HOME), "rename"))
    for bad in ("", " ", "x" * 41, "a\u202eb", "\u0007"):
        assert browser.submit(page, name=bad).status_code == 422, repr(bad)
    assert browser.submit(page, name="  Máy   của mẹ ").headers["Location"] == HOME
    assert "Máy của mẹ</h3>" in browser.get(HOME).text
    assert details(state.journal("authenticator_renamed")) == [{"kind": "totp", "name": "Máy của mẹ"}]


def test_removed(state: State) -> None:
    browser = signed_in(state)
    secret = with_app(state, browser)
    asked = browser.get(link(browser.get(HOME), "remove"))
    assert 'id="last"' in asked.text
    assert browser.submit(asked).headers["Location"] == HOME
    assert "Điện thoại</h3>" not in browser.get(HOME).text
    assert browser.submit(asked).status_code == 404  # once
    assert [event.details["reason"] for event in state.journal("authenticator_removed")] == ["asked"]
    assert "Vừa bị xóa" in browser.get("/simulation/messages").text
    other = state.browser()
    page = other.get(other.get("/sign-in").headers["Location"] + "/code/app")
    assert other.submit(page, identifier="999203001234", code=now_code(state, secret)).status_code == 422


def test_the_last_second_way_is_the_last_of_its_account(state: State) -> None:
    browser = signed_in(state)
    with_app(state, browser)
    browser.submit(browser.get(f"{HOME}/recovery"))
    page = browser.get(HOME)
    removals = re.findall(r'<a class="remove back" href="([^"]+)"', page.text)
    assert len(removals) == 2
    assert not any('id="last"' in browser.get(each).text for each in removals)
    codes = browser.get(removals[1])
    assert "10" in codes.text
    browser.submit(codes)
    assert 'id="codes-left"' not in browser.get(HOME).text
    assert 'id="last"' in browser.get(removals[0]).text


@pytest.mark.parametrize("lost", [True, False])
def test_a_lost_device_ends_what_was_begun_with_it(state: State, lost: bool) -> None:
    here, elsewhere, stranger = signed_in(state), signed_in(state), signed_in(state, identifier="999090000111")
    grant = Grant("g", "a-duong", "bank", ("openid",), "openid", NOW, NOW + 9999)
    with state.storage.transaction() as ports:
        ports.authenticators.add(device())
        ports.grants.open(grant, [Token("t" * 64, "g", "access", NOW + 9999)])
    asked = here.get(f"{HOME}/factors/d-1/remove")
    assert here.submit(asked, **({"lost": "yes"} if lost else {})).headers["Location"] == HOME
    assert here.get(HOME).status_code == 200
    assert stranger.get(HOME).status_code == 200
    assert (elsewhere.get(HOME).status_code == 200) is not lost
    with state.storage.reading() as ports:
        assert (ports.grants.live("t" * 64, "access", now=NOW) is None) is lost
        assert not ports.authenticators.of_account("a-duong")


def test_anothers_are_unknown(state: State) -> None:
    with state.storage.transaction() as ports:
        ports.authenticators.add(device("a-lam"))
    browser = signed_in(state)
    own = browser.get(f"{HOME}/passcode")
    token = re.findall(r'name="form_token" value="([0-9a-f]+)"', own.text)[-1]
    for path in (f"{HOME}/factors/d-1/remove", f"{HOME}/factors/d-1/name"):
        assert browser.get(path).status_code == 404
        assert browser.client.post(path, data={"form_token": token}).status_code == 403  # a form of another page
    with state.storage.reading() as ports:
        assert ports.authenticators.of_account("a-lam")


def test_a_new_passcode_ends_the_count_of_tries_at_the_former(state: State) -> None:
    """A thief of the phone guessed until it was locked: its owner sets another one, and need not wait."""
    tried = Try(subject="a-duong", address="198.51.100.7", secret=Secret.PASSCODE)
    for _ in range(PERSON.steps[0][0] + 1):
        attempts.begin(state.storage, tried, now=state.clock[0])
    with pytest.raises(attempts.TooMany):
        attempts.begin(state.storage, tried, now=state.clock[0])
    browser = signed_in(state)
    assert browser.submit(browser.get(f"{HOME}/passcode"), passcode="482913", again="482913").status_code == 303
    attempts.begin(state.storage, tried, now=state.clock[0])


def test_the_passcode_page(state: State) -> None:
    browser = signed_in(state)
    page = browser.get(f"{HOME}/passcode")
    for first, second in (
        ("123456", "123456"),
        ("090503", "090503"),
        ("12345", "12345"),
        ("482913", "482914"),
        ("", ""),
    ):
        answer = browser.submit(page, passcode=first, again=second)
        assert answer.status_code == 422, first
        assert not first or first not in answer.text
    for code in ("482913", "731942"):  # set, and changed
        assert browser.submit(browser.get(f"{HOME}/passcode"), passcode=code, again=code).headers["Location"] == HOME
    assert browser.get(HOME).text.count('class="remove back"') == 1
    assert len(inbox(state)) == 1
    assert browser.get("/simulation/messages").text.count("Mật mã 6 số") == 2
    told = repr(state.journal())
    assert "482913" not in told and "731942" not in told
