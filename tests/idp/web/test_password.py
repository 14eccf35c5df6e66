"""Changing one's password, and what a person hears of sign-ins from browsers they never used."""

import re

import pytest
from werkzeug.test import TestResponse

from idp.login.password import verify_password
from tests.attacks import answers
from tests.idp.web import codes
from tests.world_idp import PASSWORD, Browser, State

PATH = "/account/password"
NEW = "một câu dài mà tôi nhớ"


def change(browser: Browser, current: str = PASSWORD, new: str = NEW, again: str | None = None) -> TestResponse:
    page = browser.get(PATH)
    assert page.status_code == 200, page.headers.get("Location")
    return browser.submit(page, current=current, new=new, again=new if again is None else again)


def stored(state: State) -> str:
    with state.storage.reading() as ports:
        found = ports.accounts.get("a-duong")
        assert found is not None
        return found.password_hash


def sign_in(browser: Browser, password: str = PASSWORD) -> TestResponse:
    return browser.sign_in(browser.get("/sign-in"), password=password)


def test_changed(state: State) -> None:
    elsewhere, mine = state.browser(), codes.signed_in(state)
    sign_in(elsewhere)
    done = change(mine)
    assert done.headers["Location"] == f"{PATH}/changed"
    assert "Đã đặt mật khẩu mới" in mine.get(done.headers["Location"]).text
    assert verify_password(stored(state), NEW)
    assert mine.get("/documents").status_code == 200
    assert elsewhere.get("/documents").status_code == 303
    answers.one_event(state, "password_changed")
    with state.storage.reading() as ports:
        assert "đổi" in ports.messages.recent(now=state.clock[0])[0].text.vi


def test_it_asks_for_the_level_that_the_password_helps_to_reach(state: State) -> None:
    browser = state.browser()
    sign_in(browser)
    assert browser.get(PATH).headers["Location"].endswith("/more")
    assert state.browser().get(PATH).headers["Location"].startswith("/login/")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"current": ""}, "current"),
        ({"current": "sai"}, "current"),
        ({"new": ""}, "new"),
        ({"new": "ngắn"}, "new"),
        ({"new": "12345678"}, "new"),
        ({"new": "Nguyễn Thị Thuỳ Dương"}, "new"),
        ({"new": "0912345678"}, "new"),
        ({"again": "khác hẳn với câu trên"}, "again"),
    ],
)
def test_refused(state: State, fields: dict[str, str], field: str) -> None:
    answer = change(codes.signed_in(state), **fields)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text and f'id="{field}-error"' in answer.text
    assert verify_password(stored(state), PASSWORD)
    for value in fields.values():
        assert not value or f'value="{value}"' not in answer.text


def test_the_present_password_is_counted_as_at_log_in(state: State) -> None:
    browser = codes.signed_in(state)
    answers_given = [change(browser, current="sai").status_code for _ in range(7)]
    assert answers_given == [422] * 6 + [429]
    assert verify_password(stored(state), PASSWORD)


def test_a_form_from_elsewhere_changes_nothing(state: State) -> None:
    browser = codes.signed_in(state)
    sent = {"form_token": "0" * 64, "current": PASSWORD, "new": NEW, "again": NEW}
    answers.page(browser.client.post(PATH, data=sent), 403)
    assert verify_password(stored(state), PASSWORD)


# --- browsers that were never used ------------------------------------------------------------------------------------

PHONE = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
)


def notices(state: State) -> int:
    return len(state.journal("new_device_signed_in"))


def test_a_new_browser_is_told_of_once(state: State) -> None:
    browser = state.browser()
    browser.client.environ_base.update(HTTP_USER_AGENT=PHONE, REMOTE_ADDR="203.0.113.77")
    sign_in(browser)
    answers.one_event(state, "new_device_signed_in", device="Chrome, Android", place="203.0.113.0/24")
    with state.storage.reading() as ports:
        (message,) = ports.messages.recent(now=state.clock[0])
        (session,) = ports.sessions.of_account("a-duong", now=state.clock[0])
    assert "Chrome, Android" in message.text.vi and "203.0.113.0/24" in message.text.en
    assert (session.device, session.place) == ("Chrome, Android", "203.0.113.0/24")
    browser.submit(browser.get("/sign-out"))
    sign_in(browser)
    assert notices(state) == 1
    sign_in(state.browser())
    assert notices(state) == 2


def test_a_family_s_browser_knows_each_of_them(state: State) -> None:
    browser = state.browser()
    for identifier in ("999203001234", "999090000111") * 3:
        browser.sign_in(browser.get("/sign-in"), identifier=identifier)
        browser.submit(browser.get("/sign-out"))
    assert notices(state) == 2


def test_the_browser_that_changed_the_password_stays_known(state: State) -> None:
    former, browser = state.browser(), codes.signed_in(state)
    sign_in(former)
    change(browser)
    browser.submit(browser.get("/sign-out"))
    before = notices(state)
    sign_in(browser, NEW)
    assert notices(state) == before
    former.client.delete_cookie("idp_session")
    sign_in(former, NEW)
    assert notices(state) == before + 1


def test_the_cookie_of_a_known_browser(state: State) -> None:
    answer = sign_in(state.browser())
    (header,) = [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("idp_device=")]
    assert re.search(r"Max-Age=15552000;.*HttpOnly;.*Path=/;.*SameSite=Lax", header), header
    assert "a-duong" not in header


def test_the_links_beside_the_password(state: State) -> None:
    browser = state.browser()
    asked = browser.get("/sign-in").headers["Location"]
    page = browser.get(asked)
    for part in ("passkey", "code"):
        assert browser.get(f"{asked}/{part}").status_code == 200
        assert f'href="{asked}/{part}"' in page.text
    recover = re.search(r'href="(/recover\?back=[^"]+)"', page.text)
    assert recover is not None
    begun = browser.submit(browser.get(recover[1]), identifier="999203001234")
    assert begun.status_code == 303
    assert f'href="{asked}"' in browser.get(recover[1]).text
