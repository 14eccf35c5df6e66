"""A person with one-time codes: enrols an app, reads the inbox, and types codes, as the tests of several pages need it."""

import base64
import re

from werkzeug.test import TestResponse

from idp.login import totp
from tests.world_idp import PASSWORD, Browser, State

DUONG = "999203001234"
CODE_IN_MESSAGE = re.compile(r"@localhost #([0-9]{6})")


def inbox(state: State) -> list[str]:
    """The codes in the inbox, the newest first."""
    return CODE_IN_MESSAGE.findall(state.browser().get("/simulation/messages").text)


def first_step(browser: Browser, asked: TestResponse) -> str:
    """The address of the one-time codes of a log-in that has just begun."""
    return f"{asked.headers['Location']}/code"


def send(browser: Browser, path: str, **fields: str) -> TestResponse:
    """Ask for a message on the page of codes at `path`."""
    return browser.submit(browser.get(f"{path}/message"), **fields)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def signed_in(state: State, identifier: str = DUONG) -> Browser:
    """At level 2: by password and message."""
    browser = state.browser()
    answer = browser.sign_in(browser.get("/sign-in"), identifier=identifier, password=PASSWORD)
    assert answer.status_code == 303, answer.text
    to_more = browser.get("/account/security")
    path = to_more.headers["Location"].removesuffix("/more") + "/code"
    answer = browser.submit(browser.get(send(browser, path).headers["Location"]), code=inbox(state)[0])
    assert answer.headers["Location"] == "/account/security", answer.text
    return browser


def secret_on(page: TestResponse) -> bytes:
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page.text)
    assert found is not None, page.text
    text = found[1].replace(" ", "")
    return base64.b32decode(text + "=" * (-len(text) % 8))


def with_app(state: State, browser: Browser) -> bytes:
    """Adds an authenticator app; its secret. Its first code is spent, so the clock moves on by a step."""
    page = browser.get("/account/security/totp")
    secret = secret_on(page)
    answer = browser.submit(page, code=now_code(state, secret), name="Điện thoại")
    assert answer.status_code == 303, answer.text
    state.wait(totp.STEP_SECONDS)
    return secret


def now_code(state: State, secret: bytes, *, steps: int = 0) -> str:
    return totp.code(secret, state.clock[0] // totp.STEP_SECONDS + steps)
