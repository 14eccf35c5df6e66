"""One-time codes guessed, used again, moved to another transaction, and asked for without end: BF-05, BF-07, BF-08, BF-13."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from idp.login import recovery_codes, totp
from idp.login.attempts import STEPS
from tests.attacks import answers
from tests.idp.web.codes import DUONG, first_step, inbox, now_code, send, signed_in, with_app, wrong
from tests.world_idp import Browser, State

FREE = STEPS[0][0] + 1  # tries until the first wait
ADDRESSES = (f"198.51.100.{number}" for number in range(1, 255))


def stranger(state: State, *, password: bool = False) -> tuple[Browser, str]:
    """A browser that nobody knows, from an address of its own, and its page of codes; with the password a second step."""
    browser = state.browser()
    browser.client.environ_base["REMOTE_ADDR"] = next(ADDRESSES)
    if not password:
        return browser, first_step(browser, browser.get("/sign-in"))
    browser.sign_in(browser.get("/sign-in"))
    return browser, browser.get("/account/security").headers["Location"].removesuffix("/more") + "/code"


def by_app(browser: Browser, path: str, code: str) -> TestResponse:
    return browser.submit(browser.get(f"{path}/app"), identifier=DUONG, code=code)


def asked(browser: Browser, path: str) -> str:
    sent = send(browser, path, identifier=DUONG)
    assert sent.status_code == 303, sent.text
    return sent.headers["Location"]


def test_bf_05_five_tries_of_a_code_and_it_is_void(state: State) -> None:
    browser, path = stranger(state)
    page = browser.get(asked(browser, path))
    (code,) = inbox(state)
    for _ in range(5):
        assert browser.submit(page, code=wrong(code)).status_code == 422
    refused = browser.submit(page, code=code)
    assert refused.status_code == 422
    assert "Set-Cookie" not in refused.headers
    answers.headers(refused)
    state.wait(31)
    assert browser.submit(page, code=code).status_code == 422  # void, not paused
    assert not state.journal("signed_in")
    assert code not in repr(state.journal())


def test_bf_05_five_of_many_at_once(state: State) -> None:
    """On each database: the try is counted before the code is compared, so no more than five are."""
    browser, path = stranger(state)
    asking = asked(browser, path)
    (code,) = inbox(state)
    page = browser.get(asking)
    hidden = re.findall(r'name="form_token" value="([0-9a-f]+)"', page.text)[0]
    cookie = browser.client.get_cookie("idp_browser")
    assert cookie is not None

    def guess(number: int) -> int:
        client = state.app.test_client()
        client.set_cookie("idp_browser", cookie.value)
        typed = f"{(int(code) + 1 + number) % 1_000_000:06d}"
        environ = {"REMOTE_ADDR": f"203.0.113.{number + 1}"}
        return client.post(asking, data={"form_token": hidden, "code": typed}, environ_base=environ).status_code

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(guess, range(24)))
    assert set(outcomes) <= {422, 429}
    assert browser.submit(page, code=code).status_code in (422, 429)
    assert not state.journal("signed_in")


def test_bf_05_one_count_for_every_route(state: State) -> None:
    """Strangers, each from an address of its own: app and message are the same person's codes."""
    owner = signed_in(state)
    secret = with_app(state, owner)
    routes = []
    for number in range(FREE):
        browser, path = stranger(state)
        if number % 2:
            page = browser.get(asked(browser, path)) if number == 1 else None
            routes.append(browser.submit(page, code="000000") if page else by_app(browser, path, "000001"))
        else:
            routes.append(by_app(browser, path, "000000"))
    assert {answer.status_code for answer in routes} == {422}
    browser, path = stranger(state)
    limited = by_app(browser, path, now_code(state, secret))
    assert limited.status_code == 429
    assert int(limited.headers["Retry-After"]) > 0
    answers.headers(limited)


def test_bf_05_who_knows_the_password_gets_no_more_guesses_by_new_browsers(state: State) -> None:
    """Each sign-in with the password makes the browser a known one: all of them share one count of codes."""
    secret = with_app(state, signed_in(state))
    statuses = []
    for _ in range(FREE + 2):
        browser, path = stranger(state, password=True)
        statuses.append(by_app(browser, path, wrong(now_code(state, secret))).status_code)
    assert statuses == [422] * FREE + [429] * 2
    browser, path = stranger(state, password=True)
    assert browser.submit(browser.get(f"{path}/recovery"), code="0000-0000-0000").status_code == 429


def test_bf_05_strangers_do_not_lock_the_owner_out(state: State) -> None:
    owner = signed_in(state)
    secret = with_app(state, owner)
    for _ in range(FREE + 1):
        browser, path = stranger(state)
        last = by_app(browser, path, "000000")
    assert last.status_code == 429
    owner.submit(owner.get("/sign-out"), action="/sign-out")
    owner.sign_in(owner.get("/sign-in"))
    path = owner.get("/account/security").headers["Location"].removesuffix("/more") + "/code"
    assert by_app(owner, path, now_code(state, secret)).status_code == 303


def test_bf_05_recovery_codes_are_counted_too(state: State) -> None:
    owner = signed_in(state)
    made = owner.submit(owner.get("/account/security/recovery"))
    code = re.findall(r'<li class="number">([0-9A-Z-]{14})</li>', made.text)[0]
    browser, path = stranger(state, password=True)
    for _ in range(FREE):
        assert browser.submit(browser.get(f"{path}/recovery"), code="0000-0000-0000").status_code == 422
    assert browser.submit(browser.get(f"{path}/recovery"), code=code).status_code == 429
    with state.storage.reading() as ports:
        assert recovery_codes.left(ports.authenticators.of_account("a-duong")) == 10


def recovering(state: State, identifier: str) -> tuple[Browser, str]:
    browser = state.browser()
    browser.client.environ_base["REMOTE_ADDR"] = next(ADDRESSES)
    gathering = browser.submit(browser.get("/recover"), identifier=identifier).headers["Location"]
    return browser, f"/login/{gathering.rpartition('/')[2]}/code"


@pytest.mark.parametrize("way", ["app", "recovery", "message"])
def test_bf_05_in_a_recovery_the_same_and_for_nobody_alike(state: State, way: str) -> None:
    """What is wrong is counted with the person's other codes; a number that nobody has is answered no differently."""
    answered: dict[str, list[int]] = {}
    for identifier in (DUONG, "999203009999"):
        browser, path = recovering(state, identifier)
        page = browser.get(send(browser, path).headers["Location"] if way == "message" else f"{path}/{way}")
        answered[identifier] = [browser.submit(page, code="0000-0000-0000").status_code for _ in range(FREE + 1)]
    assert answered[DUONG] == answered["999203009999"] == [422] * FREE + [429]
    browser, path = stranger(state)
    assert by_app(browser, path, "000000").status_code == 429  # the same name, in the sibling flow
    other = browser.submit(browser.get(f"{path}/app"), identifier="0912 345 678", code="000000")
    assert other.status_code == 422  # hidden: this name was not typed so often
    refused = state.journal("sign_in_refused")[0]
    assert (refused.account_id, refused.details["reason"]) == ("a-duong", "limit")


def test_bf_07_a_code_used_again(state: State) -> None:
    browser, path = stranger(state)
    asking = asked(browser, path)
    page, (code,) = browser.get(asking), inbox(state)
    assert browser.submit(page, code=code).status_code == 303
    answers.page(browser.submit(page, code=code), 403)  # the step itself is over
    assert len(state.journal("signed_in")) == 1
    other, other_path = stranger(state)
    assert other.submit(other.get(asked(other, other_path)), code=code).status_code == 422


def test_bf_07_a_code_of_another_transaction(state: State) -> None:
    victim, victim_path = stranger(state)
    asked(victim, victim_path)
    (code,) = inbox(state)
    thief, path = stranger(state)
    own = asked(thief, path)
    page = thief.get(own)
    assert thief.submit(page, code=code).status_code == 422
    # the other transaction's code under this one's address, and this browser in the other's
    foreign = re.sub(r"/message/.*", "/message/", own) + "x" * 43
    assert thief.get(foreign).status_code == 303
    second, second_path = stranger(state)
    theirs = asked(second, second_path).rpartition("/")[2]
    moved = f"{path}/message/{theirs}"
    assert thief.get(moved).headers["Location"] == path
    token = re.findall(r'name="form_token" value="([0-9a-f]+)"', page.text)[0]
    answers.page(thief.client.post(moved, data={"form_token": token, "code": code}), 403)
    assert not state.journal("signed_in")


@pytest.mark.parametrize(("seconds", "status"), [(599, 303), (600, 422), (601, 422)])
def test_bf_07_a_code_after_ten_minutes(state: State, seconds: int, status: int) -> None:
    browser, path = stranger(state)
    page, (code,) = browser.get(asked(browser, path)), inbox(state)
    state.wait(seconds)
    assert browser.submit(page, code=code).status_code == status


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_bf_08_a_step_of_the_window_used_twice(state: State, steps: int) -> None:
    secret = with_app(state, signed_in(state))
    state.wait(2 * totp.STEP_SECONDS)
    code = now_code(state, secret, steps=steps)
    first, path = stranger(state)
    assert by_app(first, path, code).status_code == 303
    second, path = stranger(state)
    refused = by_app(second, path, code)
    assert refused.status_code == 422
    answers.headers(refused)


def test_bf_08_a_step_before_the_last_used_one(state: State) -> None:
    secret = with_app(state, signed_in(state))
    state.wait(2 * totp.STEP_SECONDS)
    older, newer = (now_code(state, secret, steps=steps) for steps in (-1, 0))
    for code, status in ((newer, 303), (older, 422)):
        browser, path = stranger(state)
        assert by_app(browser, path, code).status_code == status


def test_bf_08_the_code_that_confirmed_the_app(state: State) -> None:
    owner = signed_in(state)
    secret = with_app(state, owner)
    confirming = now_code(state, secret, steps=-1)
    browser, path = stranger(state)
    assert by_app(browser, path, confirming).status_code == 422


def test_bf_08_one_code_in_many_browsers_at_once(state: State) -> None:
    secret = with_app(state, signed_in(state))
    state.wait(totp.STEP_SECONDS)
    code, before = now_code(state, secret), len(state.journal("signed_in"))
    waiting = [stranger(state) for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        statuses = sorted(pool.map(lambda each: by_app(*each, code).status_code, waiting))
    assert statuses == [303, 422, 422, 422, 422]
    assert len(state.journal("signed_in")) == before + 1


@pytest.mark.parametrize("identifier", [DUONG, "999203009999", "0912345678", "0900000000"])
def test_bf_13_three_messages_in_ten_minutes(state: State, identifier: str) -> None:
    """From any number of browsers; whoever it is, and the same answer for nobody."""
    answered = []
    for _ in range(5):
        browser, path = stranger(state)
        answered.append(send(browser, path, identifier=identifier))
    assert [answer.status_code for answer in answered] == [303] * 3 + [429] * 2
    limited = answered[-1]
    assert int(limited.headers["Retry-After"]) == 600
    assert 'href="#send"' in limited.text and "10 phút" in limited.text
    assert len(inbox(state)) <= 3
    answers.headers(limited)
    state.wait(600)
    browser, path = stranger(state)
    assert send(browser, path, identifier=identifier).status_code == 303


def test_bf_13_under_all_names_of_a_person(state: State) -> None:
    for identifier in (DUONG, "0912345678", "+84 912 345 678", "999 203 001 234"):
        for _ in range(4):
            browser, path = stranger(state)
            send(browser, path, identifier=identifier)
    assert len(inbox(state)) == 3


def test_bf_13_the_second_step_sends_no_more(state: State) -> None:
    for _ in range(3):
        browser, path = stranger(state, password=True)
        asked(browser, path)
    browser, path = stranger(state, password=True)
    assert send(browser, path).status_code == 429
    assert len(inbox(state)) == 3


def test_bf_13_what_one_address_costs(state: State) -> None:
    browser = state.browser()
    path = first_step(browser, browser.get("/sign-in"))
    page = browser.get(f"{path}/message")
    statuses = [browser.submit(page, identifier=f"09{number:08d}").status_code for number in range(101)]
    assert statuses == [303] * 100 + [429]
    elsewhere, path = stranger(state)
    assert send(elsewhere, path, identifier=DUONG).status_code == 303


def test_bf_13_messages_asked_under_one_name_do_not_show_under_another(state: State) -> None:
    """Nor does the answer say that a number and a telephone are one person's; what is sent is spared all the same."""
    for name in (DUONG, DUONG, DUONG, "0912 345 678"):
        browser, path = stranger(state)
        assert send(browser, path, identifier=name).status_code == 303
    assert len(inbox(state)) == 3
