"""Proof keys that are missing, wrong or somebody else's: attacks PK-01 to PK-09."""

import pytest

from tests.attacks import answers
from tests.world_idp import PASSWORD, SECRET, VERIFIER, State, answer_of, challenge

SHOP: dict[str, str | None] = {"client_id": "shop", "redirect_uri": "https://shop.example.vn/cb"}
NONE: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}


@pytest.mark.parametrize(
    ("client_id", "uri"), [("bank", "https://bank.example.vn/callback"), ("phone", "http://127.0.0.1/cb")]
)
def test_pk_01_no_challenge(state: State, client_id: str, uri: str) -> None:
    answers.redirect(state.browser().ask(client_id=client_id, redirect_uri=uri, **NONE), "invalid_request", to=uri)
    answers.one_event(state, "authorization_refused", reason="code_challenge is required")


def test_pk_01_a_confidential_baseline_client_may_go_without(state: State) -> None:
    assert redeem_shop(state, state.browser().code(**SHOP, **NONE), code_verifier=None) == 200


@pytest.mark.parametrize("method", ["plain", None, "s256", "S512"])
def test_pk_02_method_is_not_s256(state: State, method: str | None) -> None:
    answers.redirect(state.browser().ask(code_challenge_method=method), "invalid_request")
    answers.one_event(state, "authorization_refused", reason="code_challenge_method must be S256")


def test_pk_03_verifier_left_out(state: State) -> None:
    code = state.browser().code()
    answers.token(state.redeem(code, code_verifier=None), "invalid_grant")
    answers.one_event(state, "token_refused", error="invalid_grant")
    answers.token(state.redeem(code), "invalid_grant")  # used up


@pytest.mark.parametrize("at", [0, 21, 42])
def test_pk_04_verifier_wrong_by_one_character(state: State, at: int) -> None:
    code = state.browser().code()
    wrong = VERIFIER[:at] + "w" + VERIFIER[at + 1 :]
    answers.token(state.redeem(code, code_verifier=wrong), "invalid_grant")
    answers.one_event(state, "token_refused", reason="code_verifier does not fit")
    answers.token(state.redeem(code), "invalid_grant")  # used up


def test_pk_05_verifier_without_challenge(state: State) -> None:
    code = state.browser().code(**SHOP, **NONE)
    assert redeem_shop(state, code, code_verifier=VERIFIER) == 400
    answers.one_event(state, "token_refused", error="invalid_grant")


@pytest.mark.parametrize(
    "verifier", ["v" * 42, "v" * 129, "v" * 42 + " ", "v" * 42 + "ạ", "v" * 42 + "\n", "v" * 42 + "+"]
)
def test_pk_06_malformed_verifier(state: State, verifier: str) -> None:
    answers.token(state.redeem(state.browser().code(), code_verifier=verifier), "invalid_request")
    answers.one_event(state, "token_refused", reason="code_verifier is malformed")


@pytest.mark.parametrize(
    "value",
    [
        challenge()[:-1],
        challenge() + "=",
        challenge() + "A",
        "!" * 43,
        "ạ" * 43,
        challenge()[:-1] + "\n",
        "A" * 42 + "B",
    ],
)
def test_pk_07_malformed_challenge(state: State, value: str) -> None:
    answers.redirect(state.browser().ask(code_challenge=value), "invalid_request")
    answers.one_event(state, "authorization_refused", error="invalid_request")


def test_pk_08_code_of_another_session(state: State) -> None:
    theirs, ours = "t" * 43, "o" * 43
    code = state.browser().code(code_challenge=challenge(theirs))
    answers.token(state.redeem(code, code_verifier=ours), "invalid_grant")


def test_pk_09_challenge_altered_in_the_forms(state: State) -> None:
    browser = state.browser()
    evil = {"code_challenge": challenge("e" * 43), "code_challenge_method": "S256"}
    login = browser.get(browser.ask().headers["Location"])
    consent = browser.get(
        browser.submit(login, identifier="999203001234", password=PASSWORD, **evil).headers["Location"]
    )
    code = answer_of(browser.submit(consent, decision="share", **evil))["code"]
    assert state.redeem(code).status_code == 200


def redeem_shop(state: State, code: str, **changed: str | None) -> int:
    form = {"client_id": "shop", "client_secret": SECRET, "redirect_uri": SHOP["redirect_uri"], **changed}
    return state.redeem(code, headers={}, **form).status_code
