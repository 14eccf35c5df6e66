"""Log-in by a phone beside the screen, and by an app on the same device: attacks QL-01 to QL-11, the provider's half."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from certs.device import new_id
from idp.login.approval import CODE_LIFETIME, INTERVAL, LIFETIME, SLOWER, TURN
from idp.model import AuthenticatorKind
from tests.attacks import answers
from tests.phone import PASSCODE, Phone, Screen, waiting
from tests.world_idp import ISSUER, Browser, State, answer_of

SESSION = "idp_session"


@pytest.fixture
def phone(state: State) -> Phone:
    return Phone(state).enrolled()


def signed_in(browser: Browser) -> bool:
    return browser.client.get_cookie(SESSION) is not None


def opened(screen: Screen, phone: Phone) -> str:
    """A code that the phone has scanned."""
    code = screen.code
    assert phone.look(code).status_code == 200
    return code


def wrong(screen: Screen, phone: Phone, code: str) -> str:
    return next(str(one) for one in phone.look(code).get_json()["numbers"] if one != screen.number)


def not_found(response: TestResponse) -> None:
    assert (response.status_code, response.get_json()["error"]) == (404, "not_found")


def refused(response: TestResponse, status: int, error: str) -> None:
    assert (response.status_code, response.get_json()["error"]) == (status, error)


def test_the_phone_beside_the_screen(state: State, phone: Phone) -> None:
    screen = waiting(state)
    code = opened(screen, phone)
    assert phone.approve(code, screen.number).get_json() == {"outcome": "approved", "redirect_to": None}
    assert not signed_in(screen.browser)  # until the asking browser takes it
    consent = screen.go_on()
    assert consent.headers["Location"].startswith("/consent/")
    code = answer_of(screen.browser.decide(consent))["code"]
    token = state.id_token(state.redeem(code).get_json()["id_token"])
    assert (token["sub"], token["acr"], token["amr"]) == ("999203001234", "LoA2", ["pin", "swk", "mfa"])


# --- QL-01 ------------------------------------------------------------------------------------------------------------


def test_ql_01_the_phone_is_told_who_asks_from_where_and_by_which_number(state: State, phone: Phone) -> None:
    attacker = state.browser()
    chrome = "Mozilla/5.0 (Windows NT 10.0) <b>Your bank</b> Chrome/150.0"
    attacker.client.environ_base.update(REMOTE_ADDR="203.0.113.77", HTTP_USER_AGENT=chrome)
    screen = waiting(state, attacker)
    seen = phone.look(screen.code).get_json()
    assert seen["client"] == {"vi": "Ngân hàng Sen", "en": "Lotus Bank"}
    assert (seen["host"], seen["place"], seen["device"]) == ("bank.example.vn", "203.0.113.0/24", "Chrome, Windows")
    assert {"vi": "Họ, chữ đệm và tên", "en": "Full name"} in seen["asks_for"]
    assert seen["asked_at"] == state.clock[0]
    assert len(set(seen["numbers"])) == 3
    assert screen.number in seen["numbers"]
    assert seen["numbers"] == phone.look(screen.code).get_json()["numbers"]  # asking again tells no more
    assert "number" not in seen


@pytest.mark.parametrize("number", ["wrong", None])
def test_ql_01_approval_without_the_number_on_the_screen(state: State, phone: Phone, number: str | None) -> None:
    screen = waiting(state)
    code = opened(screen, phone)
    refused(phone.approve(code, wrong(screen, phone, code) if number else None), 403, "number_mismatch")
    not_found(phone.approve(code, screen.number))  # one chance: the asking is void
    assert "Số đã chọn không đúng" in screen.refresh().text
    assert not signed_in(screen.browser)
    answers.one_event(state, "approval_denied", reason="number_mismatch")


def test_ql_01_numbers_are_drawn_anew_and_the_right_one_has_no_place_of_its_own(state: State, phone: Phone) -> None:
    places, numbers = set(), set()
    for _ in range(40):
        screen = waiting(state)
        places.add(phone.look(screen.code).get_json()["numbers"].index(screen.number))
        numbers.add(screen.number)
    assert places == {0, 1, 2}
    assert len(numbers) > 10


def test_ql_01_a_recovery_says_so(state: State, phone: Phone) -> None:
    browser = state.browser()
    page = browser.get("/recover")
    begun = browser.submit(page, identifier="999203001234")
    screen = waiting(state, browser, at=begun.headers["Location"].replace("/recover/", "/login/"))
    seen = phone.look(screen.code).get_json()
    assert seen["purpose"]["en"] == "Setting a new password for the account"
    assert seen["host"] == "localhost:5000"


# --- QL-02 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "decide", [lambda phone, code, number: phone.approve(code, number), lambda phone, code, _: phone.deny(code)]
)
def test_ql_02_code_used_again_after_a_decision(
    state: State, phone: Phone, decide: Callable[[Phone, str, str], TestResponse]
) -> None:
    screen = waiting(state)
    code = opened(screen, phone)
    number = screen.number
    assert decide(phone, code, number).status_code == 200
    not_found(phone.look(code))
    not_found(phone.approve(code, number))
    not_found(phone.deny(code))


def test_ql_02_code_after_its_minute(state: State, phone: Phone) -> None:
    screen = waiting(state)
    early, late = screen.code, waiting(state).code
    state.wait(CODE_LIFETIME - 1)
    assert phone.look(early).status_code == 200
    state.wait(1)
    not_found(phone.look(late))
    assert phone.approve(early, screen.number).status_code == 200  # who opened it in time may read in peace


def test_ql_02_code_rotates_and_the_number_stays(state: State, phone: Phone) -> None:
    screen = waiting(state)
    number, codes = screen.number, [screen.code]
    assert screen.code == codes[0]  # a reload shows what was shown
    for _ in range(3):
        state.wait(TURN)
        codes.append(screen.code)
    assert TURN + INTERVAL <= 30
    assert len(set(codes)) == 4
    assert screen.number == number
    not_found(phone.look(codes[0]))
    assert phone.look(codes[2]).status_code == 200
    assert phone.approve(codes[2], number).status_code == 200
    not_found(phone.look(codes[3]))


def test_ql_02_the_asking_ends(state: State, phone: Phone) -> None:
    screen = waiting(state)
    state.wait(LIFETIME - 10)
    code = opened(screen, phone)
    number = screen.number
    state.wait(10)
    not_found(phone.approve(code, number))
    assert "hết hạn" in screen.refresh().text
    assert screen.poll().status_code == 404


def test_ql_02_code_that_another_account_opened_first(state: State, phone: Phone) -> None:
    stranger = Phone(state, "a-lam").enrolled()
    screen = waiting(state)
    code = opened(screen, stranger)
    not_found(phone.look(code))
    not_found(phone.approve(code, screen.number))
    state.wait(TURN)
    assert phone.look(screen.code).status_code == 200  # the screen goes on with another code


# --- QL-03, QL-09, QL-10: the asking browser ----------------------------------------------------------------------------


def test_ql_03_result_asked_for_by_another_browser(state: State, phone: Phone) -> None:
    screen, other = waiting(state), state.browser()
    code = opened(screen, phone)
    phone.approve(code, screen.number)
    waiting(state, other)  # it has a cookie and an asking of its own
    for browser in (other, state.browser()):
        polled = screen.poll(browser)
        assert (polled.status_code, polled.get_json()) == (404, {"error": "not_found"})
        answers.page(browser.get(screen.path), 404)
        assert not signed_in(browser)
    assert other.client.post(screen.path, data={"form_token": "0" * 64}).status_code == 403
    assert screen.go_on().status_code == 303
    assert signed_in(screen.browser)


def test_ql_03_asking_of_another_interaction_of_the_same_browser(state: State, phone: Phone) -> None:
    browser = state.browser()
    first, second = waiting(state, browser), waiting(state, browser)
    phone.approve(opened(first, phone), first.number)
    mixed = second.path.rpartition("/")[0] + "/" + first.path.rpartition("/")[2]
    assert browser.get(f"{mixed}/state").status_code == 404
    assert "hết hạn" in browser.get(mixed).text


def test_ql_09_polling_too_fast(state: State) -> None:
    screen = waiting(state)
    assert screen.poll().status_code == 200
    state.wait(INTERVAL - 1)
    for slower in (INTERVAL + SLOWER, INTERVAL + 2 * SLOWER):
        polled = screen.poll()
        assert (polled.status_code, polled.get_json()) == (400, {"error": "slow_down", "interval": slower})
    state.wait(1)
    assert screen.poll().status_code == 200
    state.wait(INTERVAL + 2 * SLOWER - 1)
    assert screen.poll().status_code == 400  # the slower pace stays
    state.wait(1)
    assert screen.poll().status_code == 200


def test_ql_09_polling_in_time_is_never_slowed(state: State) -> None:
    screen = waiting(state)
    turns: set[str] = set()
    for _ in range(20):
        polled = screen.poll(turn=max(turns, default=""))
        assert polled.status_code == 200
        turns.add(str(polled.get_json()["turn"]))
        state.wait(INTERVAL)
    assert turns == {"0", "1"}


def test_ql_10_result_taken_twice(state: State, phone: Phone) -> None:
    screen = waiting(state)
    phone.approve(opened(screen, phone), screen.number)
    page = screen.refresh()
    assert screen.browser.submit(page).status_code == 303
    assert screen.poll().status_code == 404
    answers.page(screen.browser.submit(page), 404)
    answers.page(screen.browser.get(screen.path), 404)
    assert len(state.journal("signed_in")) == 1


def test_ql_10_result_taken_by_two_at_once(state: State, phone: Phone) -> None:
    screen = waiting(state)
    phone.approve(opened(screen, phone), screen.number)
    page, cookie = screen.refresh(), screen.browser.client.get_cookie("idp_browser")
    assert cookie is not None
    start = Barrier(2)

    def take(_: int) -> int:
        browser = state.browser()
        browser.client.set_cookie("idp_browser", cookie.value)
        start.wait()
        return browser.submit(page).status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(take, range(2)))
    assert statuses[0] == 303
    assert statuses[1] in (403, 404)
    assert len(state.journal("signed_in")) == 1


# --- QL-04, QL-08, QL-11: the decision ----------------------------------------------------------------------------------


def test_ql_04_approval_raced_with_denial(state: State, phone: Phone) -> None:
    for rounds in range(1, 6):
        screen = waiting(state)
        code = opened(screen, phone)
        bodies = [phone.decision(code, screen.number), phone.decision(code, None, approve=False)] * 2
        bodies[2] = phone.decision(code, screen.number)
        start = Barrier(len(bodies))

        def send(body: dict[str, Any], start: Barrier = start) -> TestResponse:
            start.wait()
            return phone.post("/approvals/decision", body)

        with ThreadPoolExecutor(len(bodies)) as pool:
            sent = list(pool.map(send, bodies))
        won = [answer.get_json()["outcome"] for answer in sent if answer.status_code == 200]
        assert {answer.status_code for answer in sent} <= {200, 404, 503}
        # The two denials are one proof sent twice: both may be told of the one effect.
        assert len(set(won)) == 1
        assert won in (["approved"], ["denied"], ["denied", "denied"])
        assert len(state.journal("approval_given")) + len(state.journal("approval_denied")) == rounds
        if won == ["approved"]:
            screen.go_on()
        else:
            assert "đã từ chối" in screen.refresh().text
        assert signed_in(screen.browser) == (won == ["approved"])


def test_ql_08_approval_delivered_again(state: State, phone: Phone) -> None:
    screen = waiting(state)
    body = phone.decision(opened(screen, phone), screen.number)
    first = phone.post("/approvals/decision", body)
    screen.go_on()
    again = phone.post("/approvals/decision", body)
    assert (again.status_code, again.get_json()) == (first.status_code, first.get_json()) == (200, first.get_json())
    assert len(state.journal("approval_given")) == len(state.journal("signed_in")) == 1
    other = waiting(state)  # and it opens nothing else
    opened(other, phone)
    phone.post("/approvals/decision", body)
    other.go_on()
    assert not signed_in(other.browser)


def test_ql_08_approval_delivered_twice_at_once(state: State, phone: Phone) -> None:
    screen = waiting(state)
    body = phone.decision(opened(screen, phone), screen.number)
    start = Barrier(2)

    def send(_: int) -> tuple[int, Any]:
        start.wait()
        answer = phone.post("/approvals/decision", body)
        return answer.status_code, answer.get_json()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(send, range(2))
    assert first == second == (200, {"outcome": "approved", "redirect_to": None})
    assert len(state.journal("approval_given")) == 1


def test_ql_08_look_replayed(state: State, phone: Phone) -> None:
    body = {"request": (code := waiting(state).code), "proof": phone.look_proof(code)}
    assert phone.post("/approvals/view", body).status_code == 200
    refused(phone.post("/approvals/view", body), 400, "invalid_proof")


def test_ql_11_approval_signed_for_another_request(state: State, phone: Phone) -> None:
    theirs, mine = waiting(state), waiting(state)
    ours, other = opened(mine, phone), opened(theirs, phone)
    body = phone.decision(ours, mine.number)
    refused(phone.post("/approvals/decision", {**body, "request": other}), 400, "invalid_proof")
    refused(phone.post("/approvals/view", {"request": other, "proof": phone.look_proof(ours)}), 400, "invalid_proof")
    for changed in ({"audience": "https://other.example"}, {"now": state.clock[0] - 61}, {"now": state.clock[0] + 61}):
        refused(phone.approve(ours, mine.number, **changed), 400, "invalid_proof")
    refused(phone.post("/approvals/decision", {**body, "proof": phone.look_proof(ours)}), 400, "invalid_proof")
    stranger = Phone(state)
    forged = stranger.decision(ours, mine.number)
    refused(phone.post("/approvals/decision", forged), 403, "unknown_device")
    assert phone.approve(ours, mine.number).status_code == 200  # none of them ended it


# --- QL-05 ------------------------------------------------------------------------------------------------------------


def test_ql_05_ids_are_long_and_guesses_tell_nothing(state: State, phone: Phone) -> None:
    screen = waiting(state)
    assert len(screen.code) == len(new_id()) == 22  # 128 bits
    told = {(answer.status_code, answer.text) for answer in (phone.look(new_id()) for _ in range(20))}
    assert len(told) == 1
    unknown, known = state.browser().get(f"/phone/{new_id()}"), state.browser().get(f"/phone/{screen.code}")
    assert unknown.status_code == known.status_code == 200
    assert unknown.text.replace(unknown.request.path, "") == known.text.replace(known.request.path, "")


def test_ql_05_passcode_tried_by_a_thief_of_the_phone(state: State, phone: Phone) -> None:
    tried, left = 0, []
    for _ in range(2):
        screen = waiting(state)
        code = opened(screen, phone)
        for _ in range(3):
            answer = phone.approve(code, screen.number, passcode="904162")
            tried += answer.status_code == 403
            left.append(answer.get_json().get("tries_left"))
    assert left == [2, 1, 0, 2, 1, 0]
    assert tried == 6
    screen = waiting(state)
    limited = phone.approve(opened(screen, phone), screen.number)  # the next one waits, although it is right
    refused(limited, 429, "too_many_tries")
    assert 0 < int(limited.headers["Retry-After"]) <= 30
    assert not state.journal("approval_given")


def test_ql_05_three_wrong_passcodes_end_the_asking(state: State, phone: Phone) -> None:
    screen = waiting(state)
    code = opened(screen, phone)
    for _ in range(3):
        phone.approve(code, screen.number, passcode="904162")
    not_found(phone.approve(code, screen.number))
    assert "Mật mã bị nhập sai" in screen.refresh().text
    answers.one_event(state, "approval_denied", reason="tried_out")


# --- QL-06 ------------------------------------------------------------------------------------------------------------


def here(screen: Screen) -> str:
    """The request that the link for the app on this device carries."""
    link = urlsplit(screen.browser.get(screen.path.rpartition("/")[0] + "/here").headers["Location"])
    assert (link.scheme, link.netloc, link.path) == ("http", "localhost:5001", "/approve")
    return parse_qs(link.query)["request"][0]


def back(answer: TestResponse) -> str:
    address = answer.get_json()["redirect_to"]
    assert address.startswith(ISSUER + "/login/")
    return str(address.removeprefix(ISSUER))


def test_ql_06_link_of_the_qr_opened_in_the_asking_browser(state: State, phone: Phone) -> None:
    screen = waiting(state)
    code = screen.code
    moved = urlsplit(screen.browser.get(f"/phone/{code}").headers["Location"])
    request = parse_qs(moved.query)["request"][0]
    assert (moved.netloc, moved.path) == ("localhost:5001", "/approve")
    assert request != code
    not_found(phone.look(code))  # the flow of two screens is over
    assert phone.look(request).get_json()["same_device"] is True


def test_ql_06_same_device(state: State, phone: Phone) -> None:
    screen = waiting(state)
    request = here(screen)
    seen = phone.look(request).get_json()
    assert seen["same_device"] is True
    assert "numbers" not in seen
    answer = phone.approve(request, None)
    assert answer.get_json()["outcome"] == "approved"
    taken = screen.browser.get(back(answer))
    assert taken.headers["Location"].startswith("/consent/")
    assert signed_in(screen.browser)
    answers.page(screen.browser.get(back(answer)), 404)


def test_ql_06_link_of_an_attacker_approved_on_the_victims_device(state: State, phone: Phone) -> None:
    attacker, victim = waiting(state), state.browser()
    request = here(attacker)
    phone.look(request)
    answer = phone.approve(request, None)  # the victim was talked into it
    waiting(state, victim)
    answers.page(victim.get(back(answer)), 404)
    assert not signed_in(victim)
    assert attacker.poll().get_json()["state"] == "waiting"  # and the poll gets nothing
    attacker.go_on()
    answers.page(attacker.browser.get(re.sub(r"result=.*", f"result={'x' * 43}", back(answer))), 404)
    assert not signed_in(attacker.browser)


def test_ql_06_link_of_two_screens_opened_elsewhere_leads_nowhere(state: State) -> None:
    page = state.browser().get(f"/phone/{waiting(state).code}")
    assert page.status_code == 200
    assert "5001" not in page.text
    assert "Hãy dừng lại" in page.text


# --- whose device -------------------------------------------------------------------------------------------------------


def test_only_the_signed_in_persons_device_adds_to_a_session(state: State, phone: Phone) -> None:
    stranger = Phone(state, "a-lam").enrolled()
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"))
    asked = browser.ask(acr_values="LoA2")
    at = asked.headers["Location"].removesuffix("/more")
    assert at != asked.headers["Location"]
    screen = waiting(state, browser, at=at)
    code = screen.code
    not_found(stranger.look(code))
    assert phone.look(code).status_code == 200
    phone.approve(code, screen.number)
    assert screen.go_on().headers["Location"].startswith("/consent/")
    (raised,) = state.journal("level_raised")
    assert raised.details == {"acr": "LoA2", "amr": ["pin", "pwd", "swk", "mfa"]}


def test_device_that_was_removed(state: State, phone: Phone) -> None:
    screen = waiting(state)
    phone.approve(opened(screen, phone), screen.number)
    with state.storage.transaction() as ports:
        ports.authenticators.remove_kind(phone.account_id, AuthenticatorKind.DEVICE)
    assert screen.go_on().status_code == 403
    assert not signed_in(screen.browser)
    refused(phone.look(waiting(state).code), 403, "unknown_device")


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"request": "x"},
        {"request": 5, "proof": "x"},
        {"request": "x", "proof": "a.b.c", "passcode": PASSCODE, "more": "x"},
        {"request": "x", "proof": ["a"]},
    ],
)
def test_malformed_messages(state: State, content: dict[str, Any]) -> None:
    for path in ("/approvals/view", "/approvals/decision", "/devices"):
        answer = state.app.test_client().post(path, json=content)
        assert answer.status_code in (400, 401)
        assert answer.get_json()["error"] in ("invalid_request", "invalid_proof", "invalid_token")
    answer = state.app.test_client().post("/approvals/view", data="x" * 9000, content_type="application/json")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


def test_passcode_goes_with_an_approval_alone(state: State, phone: Phone) -> None:
    screen = waiting(state)
    code = opened(screen, phone)
    body = phone.decision(code, screen.number)
    del body["passcode"]
    refused(phone.post("/approvals/decision", body), 400, "invalid_request")
    denial = phone.decision(code, None, approve=False)
    refused(phone.post("/approvals/decision", {**denial, "passcode": PASSCODE}), 400, "invalid_request")


def test_ql_02_one_code_opened_by_two_accounts_at_once(state: State, phone: Phone) -> None:
    stranger = Phone(state, "a-lam").enrolled()
    for _ in range(5):
        code = waiting(state).code
        start = Barrier(4)

        def look(who: Phone, start: Barrier = start, code: str = code) -> int:
            start.wait()
            return who.look(code).status_code

        with ThreadPoolExecutor(4) as pool:
            first, again, theirs, theirs_again = pool.map(look, (phone, phone, stranger, stranger))
        assert sorted([(first, again), (theirs, theirs_again)]) == [(200, 200), (404, 404)]
