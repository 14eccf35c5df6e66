"""The pages of one-time codes, as the first step and as the second."""

import re

import pytest

from idp.login.session import hashed
from tests.idp.web.codes import DUONG, first_step, inbox, now_code, send, signed_in, with_app, wrong
from tests.world_idp import PASSWORD, Browser, State

REFUSED = "Mã này không dùng được"


def acr(state: State, browser: Browser) -> tuple[str, tuple[str, ...]]:
    cookie = browser.client.get_cookie("idp_session")
    assert cookie is not None
    with state.storage.reading() as ports:
        found = ports.sessions.find(hashed(cookie.value), now=state.clock[0])
    assert found is not None
    return found.acr, found.amr


def test_a_message_alone_is_level_1(state: State) -> None:
    browser = state.browser()
    path = first_step(browser, browser.get("/sign-in"))
    sent = send(browser, path, identifier="0912 345 678")
    answer = browser.submit(browser.get(sent.headers["Location"]), code=inbox(state)[0])
    assert answer.headers["Location"] == "/account"
    assert acr(state, browser) == ("LoA1", ("sms",))


def test_password_and_message_are_level_2(state: State) -> None:
    browser = signed_in(state)
    assert acr(state, browser) == ("LoA2", ("pwd", "sms", "mfa"))


def test_password_and_app_are_level_2(state: State) -> None:
    secret = with_app(state, signed_in(state))
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"))
    path = browser.get("/account/security").headers["Location"].removesuffix("/more") + "/code"
    page = browser.get(path)
    assert 'autocomplete="one-time-code"' in page.text and 'inputmode="numeric"' in page.text
    code = now_code(state, secret)
    answer = browser.submit(page, code=f"{code[:3]} {code[3:]}")
    assert answer.headers["Location"] == "/account/security"
    assert acr(state, browser) == ("LoA2", ("otp", "pwd", "mfa"))


def test_the_app_alone_is_level_1(state: State) -> None:
    secret = with_app(state, signed_in(state))
    browser = state.browser()
    page = browser.get(first_step(browser, browser.get("/sign-in")) + "/app")
    assert browser.submit(page, identifier=DUONG, code=now_code(state, secret)).headers["Location"] == "/account"
    assert acr(state, browser) == ("LoA1", ("otp",))


def test_recovery_codes(state: State) -> None:
    owner = signed_in(state)
    made = owner.submit(owner.get("/account/security/recovery"))
    codes = re.findall(r'<li class="number">([0-9A-Z-]{14})</li>', made.text)
    assert len(set(codes)) == 10
    assert not any(code in owner.get("/account/security/recovery").text for code in codes)
    assert 'id="codes-left" class="number">10<' in owner.get("/account/security").text

    def use(typed: str) -> int:
        browser = state.browser()
        browser.sign_in(browser.get("/sign-in"))
        path = browser.get("/account/security").headers["Location"].removesuffix("/more") + "/code/recovery"
        return browser.submit(browser.get(path), code=typed).status_code

    assert use(codes[0].lower().replace("-", " ")) == 303
    assert use(codes[0]) == 422
    assert 'id="codes-left" class="number">9<' in owner.get("/account/security").text
    owner.submit(owner.get("/account/security/recovery"))
    assert use(codes[1]) == 422
    stranger = state.browser()
    assert stranger.get(first_step(stranger, stranger.get("/sign-in")) + "/recovery").status_code == 404


@pytest.mark.parametrize("identifier", ["999203009999", "0900000000", "nobody", "999090000222", "999040000333"])
def test_who_cannot_sign_in_is_told_nothing(state: State, identifier: str) -> None:
    browser = state.browser()
    path = first_step(browser, browser.get("/sign-in"))
    sent = send(browser, path, identifier=identifier)
    page = browser.get(sent.headers["Location"])
    refused = browser.submit(page, code="123456")
    known = state.browser()
    known_path = first_step(known, known.get("/sign-in"))
    known_page = known.get(send(known, known_path, identifier=DUONG).headers["Location"])
    known_refused = known.submit(known_page, code=wrong(inbox(state)[0]))
    assert len(inbox(state)) == 1
    assert (refused.status_code, known_refused.status_code) == (422, 422)
    assert REFUSED in refused.text
    assert alike(page.text) == alike(known_page.text)
    assert alike(refused.text) == alike(known_refused.text)
    assert list(refused.headers.keys()) == list(known_refused.headers.keys())


def alike(html: str) -> str:
    """Without what differs between any two visits."""
    html = re.sub(r"/login/[A-Za-z0-9_/-]+", "/login/…", html)
    return re.sub(r'value="[^"]*"', 'value="…"', html)


def test_what_is_missing_is_named(state: State) -> None:
    browser = state.browser()
    path = first_step(browser, browser.get("/sign-in"))
    assert 'href="#identifier"' in send(browser, path, identifier=" ").text
    both = browser.submit(browser.get(f"{path}/app"), identifier="", code="")
    assert both.status_code == 422
    assert 'href="#identifier"' in both.text and 'href="#code"' in both.text
    asking = send(browser, path, identifier=DUONG).headers["Location"]
    assert 'href="#code"' in browser.submit(browser.get(asking), code=" ").text
    assert not state.journal("sign_in_refused")


def test_a_new_code_replaces_the_old_one(state: State) -> None:
    browser = state.browser()
    path = first_step(browser, browser.get("/sign-in"))
    asking = send(browser, path, identifier=DUONG).headers["Location"]
    old, page = inbox(state)[0], browser.get(asking)
    again = re.search(r'action="([^"]+)">\s*(<input.*?name="replaces".*?)</p>', page.text, re.DOTALL)
    assert again is not None
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', again[2]))
    newer = browser.client.post(again[1], data=fields).headers["Location"]
    assert browser.submit(page, code=old).status_code == 422
    assert browser.submit(browser.get(newer), code=inbox(state)[0]).status_code == 303


def test_the_first_page_shows_who_asks_and_keeps_the_hint(state: State) -> None:
    browser = state.browser()
    page = browser.get(first_step(browser, browser.ask(login_hint=DUONG)))
    assert "Ngân hàng Sen" in page.text
    assert f'value="{DUONG}"' in page.text
    assert page.headers["Content-Security-Policy"].endswith("https://bank.example.vn")


def test_anothers_browser_and_a_session_that_has_ended(state: State) -> None:
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"))
    path = browser.get("/account/security").headers["Location"].removesuffix("/more") + "/code"
    assert state.browser().get(path).status_code == 400
    browser.submit(browser.get("/sign-out"), action="/sign-out")
    assert browser.get(path).status_code == 400


def test_neither_log_nor_journal_has_a_code(state: State, caplog: pytest.LogCaptureFixture) -> None:
    browser = signed_in(state)
    secret = with_app(state, browser)
    codes = [*inbox(state), now_code(state, secret, steps=-1)]
    browser.submit(browser.get("/account/security/recovery"))
    other = state.browser()
    page = other.get(first_step(other, other.get("/sign-in")) + "/app")
    other.submit(page, identifier=DUONG, code="654321")
    told = caplog.text + repr(state.journal())
    for each in (*codes, "654321", DUONG, PASSWORD, "+84912345678", secret.hex()):
        assert each not in told
