"""Devices without a browser: guessed codes, hurried polls, accounts locked meanwhile: attacks QL-05, QL-09, BF-06."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.model import AccountState
from idp.oidc.device_flow import ALPHABET, CODE_LENGTH, FROM_ADDRESS
from tests.attacks import answers
from tests.idp.devices import allow, begin, poll, signed_in, television, type_code
from tests.world_idp import State

WRONG = "ZZZZ-ZZZZ"


@pytest.fixture(autouse=True)
def televisions(state: State) -> None:
    state.put(clients=(television(),))


def test_ql_05_five_user_codes_and_a_wait(state: State) -> None:
    assert (CODE_LENGTH, len(set(ALPHABET))) == (8, 20)
    right, browser = begin(state).get_json()["user_code"], signed_in(state)
    for _ in range(5):
        assert type_code(browser, WRONG).status_code == 422
    refused = type_code(browser, right)
    answers.page(refused, 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    assert (
        type_code(signed_in(state), right).status_code == 429
    )  # in another browser too: it is the person who is counted
    assert type_code(signed_in(state, identifier="999090000111"), right).status_code == 200  # and nobody else
    state.wait(600)
    later = begin(state).get_json()["user_code"]
    assert type_code(browser, later).status_code == 200


def test_ql_05_an_own_right_code_does_not_clear_the_count(state: State) -> None:
    right, browser = begin(state).get_json()["user_code"], signed_in(state)
    for _ in range(4):
        assert type_code(browser, WRONG).status_code == 422
    for _ in range(3):
        assert type_code(browser, right).status_code == 200
    assert type_code(browser, WRONG).status_code == 422
    assert type_code(browser, right).status_code == 429


def test_ql_05_the_second_page_is_no_way_around(state: State) -> None:
    browser = signed_in(state)
    page = type_code(browser, begin(state).get_json()["user_code"])
    for _ in range(5):
        assert browser.submit(page, decision="continue", user_code=WRONG).status_code == 422
    assert browser.submit(page, decision="continue").status_code == 429


def test_ql_05_guesses_at_once(state: State) -> None:
    browsers = [signed_in(state) for _ in range(8)]
    pages = [browser.get("/device") for browser in browsers]
    with ThreadPoolExecutor(8) as pool:
        tried = list(pool.map(lambda pair: pair[0].submit(pair[1], user_code=WRONG), zip(browsers, pages, strict=True)))
    assert [one.status_code for one in tried].count(422) <= 5


def test_ql_05_many_people_of_one_address(state: State) -> None:
    browser = signed_in(state)
    with state.storage.transaction() as ports:
        while not ports.attempts.count(FROM_ADDRESS, "127.0.0.1", now=state.clock[0]):
            pass
    assert type_code(browser, WRONG).status_code == 429


def test_ql_05_nobody_guesses_without_signing_in(state: State) -> None:
    code = begin(state).get_json()["user_code"]
    assert state.browser().get(f"/device/{code}").headers["Location"].startswith("/login/")
    posted = state.app.test_client().post("/device", data={"user_code": code})
    assert posted.status_code == 303 and posted.headers["Location"].startswith("/login/")


def test_ql_05_forms_are_ours_alone(state: State) -> None:
    code, browser = begin(state).get_json()["user_code"], signed_in(state)
    for path in ("/device", "/device/confirm"):
        forged = browser.client.post(path, data={"user_code": code, "decision": "continue"})
        assert forged.status_code == 403


def test_ql_09_polling_too_fast(state: State) -> None:
    device_code = begin(state).get_json()["device_code"]
    answers.token(poll(state, device_code), "authorization_pending")
    state.wait(4)
    answers.token(poll(state, device_code), "slow_down")
    state.wait(1)  # five seconds after the first
    answers.token(poll(state, device_code), "authorization_pending")
    state.wait(9)  # from now on it is ten
    answers.token(poll(state, device_code), "slow_down")
    state.wait(1)
    answers.token(poll(state, device_code), "authorization_pending")
    state.wait(15)
    answers.token(poll(state, device_code), "authorization_pending")


@pytest.mark.parametrize("change", ["account", "identity", "consent"])
def test_bf_06_locked_or_withdrawn_before_the_device_comes(state: State, change: str) -> None:
    begun = begin(state).get_json()
    allow(signed_in(state), begun["user_code"])
    with state.storage.transaction() as ports:
        if change == "account":
            ports.accounts.set_state("a-duong", AccountState.LOCKED)
        elif change == "consent":
            assert ports.consents.withdraw("a-duong", "tv")
        else:
            person = ports.population.get("p-duong")
            assert person is not None
            ports.population.update(dataclasses.replace(person, locked=True))
    answers.token(poll(state, begun["device_code"]), "invalid_grant")
    answers.token(poll(state, begun["device_code"]), "invalid_grant")


def test_bf_06_locked_before_the_decision(state: State) -> None:
    begun, browser = begin(state).get_json(), signed_in(state)
    confirm = type_code(browser, begun["user_code"])
    with state.storage.transaction() as ports:
        ports.accounts.set_state("a-duong", AccountState.LOCKED)
    assert browser.submit(confirm, decision="continue").headers["Location"].startswith("/login/")
    answers.token(poll(state, begun["device_code"]), "authorization_pending")
