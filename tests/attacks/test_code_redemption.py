"""Codes used twice, late, by others, or that are no codes: attacks CO-01 to CO-14, and the client's part (CA)."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.model import AccountState, Document, DocumentState
from tests.attacks import answers
from tests.world_idp import CALLBACK, ISSUER, SECRET, State, answer_of, basic, client, query


def test_co_01_second_redemption_ends_the_tokens_of_the_first(state: State) -> None:
    code = state.browser().code()
    access = state.redeem(code).get_json()["access_token"]
    assert state.userinfo(access).status_code == 200
    answers.token(state.redeem(code), "invalid_grant")
    answers.one_event(state, "code_reuse")
    after = state.userinfo(access)
    assert after.status_code == 401
    assert 'error="invalid_token"' in after.headers["WWW-Authenticate"]


def test_co_01_even_minutes_later(state: State) -> None:
    code = state.browser().code()
    access = state.redeem(code).get_json()["access_token"]
    state.wait(500)
    answers.token(state.redeem(code), "invalid_grant")
    assert state.userinfo(access).status_code == 401


def test_co_02_parallel_redemptions(state: State) -> None:
    code = state.browser().code()
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: state.redeem(code), range(24)))
    won = [response for response in responses if response.status_code == 200]
    assert len(won) == 1
    assert all(response.get_json()["error"] == "invalid_grant" for response in responses if response not in won)
    assert state.userinfo(won[0].get_json()["access_token"]).status_code == 401  # the winner's tokens end revoked


def test_co_03_another_clients_code(state: State) -> None:
    state.put(clients=(client("other"),))
    code = state.browser().code()
    answers.token(state.redeem(code, headers=basic("other")), "invalid_grant")
    answers.one_event(state, "token_refused", reason="the code was given to another client")
    answers.token(state.redeem(code), "invalid_grant")  # used up


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (60, 400), (61, 400)])
def test_co_04_sixty_seconds(state: State, seconds: int, status: int) -> None:
    code = state.browser().code()
    state.wait(seconds)
    assert state.redeem(code).status_code == status


def test_co_05_mangled_codes(state: State) -> None:
    code = state.browser().code()
    for wrong in (code[:-1], code + "A", code.swapcase(), f"{code}\0", "x" * 65_536, code[::-1]):
        answers.token(state.redeem(wrong), "invalid_grant")
    assert state.redeem(code).status_code == 200
    assert len(state.journal("token_refused")) == 6


@pytest.mark.parametrize(
    ("grant_type", "error"),
    [
        (None, "invalid_request"),
        ("password", "unsupported_grant_type"),
        ("implicit", "unsupported_grant_type"),
        ("refresh_token", "invalid_request"),  # a code is no refresh token
        ("AUTHORIZATION_CODE", "unsupported_grant_type"),
    ],
)
def test_co_06_grant_type(state: State, grant_type: str | None, error: str) -> None:
    answers.token(state.redeem(state.browser().code(), grant_type=grant_type), error)
    answers.one_event(state, "token_refused", error=error)


def test_co_07_parameters_in_the_address(state: State) -> None:
    code = state.browser().code()
    response = state.app.test_client().post(
        f"/token?code={code}",
        data={"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": "v" * 43},
        headers=basic(),
    )
    answers.token(response, "invalid_request")
    answers.one_event(state, "token_refused", reason="parameters belong in the body")
    assert state.redeem(code).status_code == 200  # it was not touched


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_co_08_body_is_no_form(state: State, kind: str) -> None:
    body = json.dumps({"grant_type": "authorization_code", "code": "x"})
    response = state.app.test_client().post("/token", data=body, content_type=kind, headers=basic())
    answers.token(response, "invalid_request", 415)


@pytest.mark.parametrize("change", ["account", "identity", "deceased", "card"])
def test_co_09_locked_between_consent_and_redemption(state: State, change: str) -> None:
    code = state.browser().code()
    lock(state, change)
    answers.token(state.redeem(code), "invalid_grant")
    answers.one_event(state, "token_refused", reason="the account was locked meanwhile")


@pytest.mark.parametrize("change", ["account", "identity", "deceased", "card"])
def test_co_09_locked_after_redemption(state: State, change: str) -> None:
    access = state.redeem(state.browser().code()).get_json()["access_token"]
    lock(state, change)
    assert state.userinfo(access).status_code == 401


def test_co_10_other_secrets_are_no_codes(state: State) -> None:
    browser = state.browser()
    asked = browser.ask()
    pending = asked.headers["Location"].removeprefix("/login/")
    answers.token(state.redeem(pending), "invalid_grant")
    cookie = browser.client.get_cookie("idp_browser")
    assert cookie is not None
    answers.token(state.redeem(cookie.value), "invalid_grant")
    nonce = state.app.test_client().post("/nonce").get_json()["c_nonce"]
    answers.token(state.redeem(nonce), "invalid_grant")
    assert browser.sign_in(asked).status_code == 303  # the log-in was not used up by it


def test_co_10_an_access_token_is_no_code(state: State) -> None:
    access = state.redeem(state.browser().code()).get_json()["access_token"]
    answers.token(state.redeem(access), "invalid_grant")
    assert state.userinfo(access).status_code == 200


def test_co_11_code_of_another_issuer_on_the_same_storage(state: State) -> None:
    code = state.browser().code()
    with state.storage.transaction() as ports:
        taken = ports.ephemeral.take("authorization_code", code, now=state.clock[0])
        assert taken is not None
        ports.ephemeral.put(
            "authorization_code", "foreign", {**taken.payload, "issuer": f"{ISSUER}1"}, expires=state.clock[0] + 60
        )
    answers.token(state.redeem("foreign"), "invalid_grant")


def test_co_12_retry_after_a_lost_answer_leaves_no_token(state: State) -> None:
    code = state.browser().code()
    lost = state.redeem(code).get_json()["access_token"]
    answers.token(state.redeem(code), "invalid_grant")
    assert state.userinfo(lost).status_code == 401


def test_co_14_consent_withdrawn_before_redemption(state: State) -> None:
    browser = state.browser()
    code = browser.code()
    withdrawn = browser.submit(browser.get("/consents"))
    assert withdrawn.status_code == 303
    answers.token(state.redeem(code), "invalid_grant")
    answers.one_event(state, "token_refused", reason="the consent was withdrawn meanwhile")


# --- the client's own proof -------------------------------------------------------------------------------------------


def form(**changed: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": "x",
        "redirect_uri": CALLBACK,
        "code_verifier": "v" * 43,
        **changed,
    }


def test_ca_14_two_methods_at_once(state: State) -> None:
    answers.token(state.token(form(client_id="bank", client_secret=SECRET)), "invalid_request")


def test_ca_14_two_client_ids(state: State) -> None:
    answers.token(state.token(form(client_id="shop")), "invalid_request")


def test_ca_15_another_method_than_registered(state: State) -> None:
    answers.token(state.token(form(), basic("shop")), "invalid_client")
    answers.token(state.token(form(client_id="bank", client_secret=SECRET), {}), "invalid_client")
    answers.token(state.token(form(client_id="bank"), {}), "invalid_client")


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Basic " + base64.b64encode(b"a\0b:x").decode(),
        "Basic " + base64.b64encode(b"%ff:x").decode(),
        "Basic " + base64.b64encode(b"bank:" + b"x" * 5000).decode(),
        "Bearer abc",
        "Basic ạ",
    ],
)
def test_ca_16_malformed_basic(state: State, header: str) -> None:
    answers.token(state.token(form(), {"Authorization": header.encode().decode("latin-1")}), "invalid_client")
    answers.one_event(state, "token_refused", error="invalid_client")


def test_ca_16_form_encoded_basic(state: State) -> None:
    """A colon, a plus, a percent sign in the id: both halves are form-encoded before they are joined."""
    state.put(clients=(client("bank:one+two 100%"),))
    answers.token(state.token(form(), basic("bank:one+two 100%")), "invalid_grant")


@pytest.mark.parametrize("secret", ["", "b", SECRET[:-1], SECRET + "b", "0" * 64])
def test_ca_wrong_secret_and_unknown_client_answer_alike(state: State, secret: str) -> None:
    known = state.token(form(), basic("bank", secret))
    unknown = state.token(form(), basic("nobody", secret))
    answers.token(known, "invalid_client")
    assert (known.data, known.headers["WWW-Authenticate"]) == (unknown.data, unknown.headers["WWW-Authenticate"])


def test_ca_no_client_at_all(state: State) -> None:
    answers.token(state.token(form(), {}), "invalid_client")


def test_repeated_token_parameter(state: State) -> None:
    answers.token(state.token([*form().items(), ("code", "y")]), "invalid_request")


def test_public_client_redeems_with_its_proof_key_alone(state: State) -> None:
    uri = "http://127.0.0.1:49152/cb"
    browser = state.browser()
    code = answer_of(
        browser.decide(browser.sign_in(browser.ask(**{**query(), "client_id": "phone", "redirect_uri": uri})))
    )
    got = state.redeem(code["code"], headers={}, client_id="phone", redirect_uri=uri)
    assert got.status_code == 200


def lock(state: State, change: str) -> None:
    with state.storage.transaction() as ports:
        if change == "account":
            assert ports.accounts.set_state("a-duong", AccountState.LOCKED)
            return
        if change == "card":  # the account follows the card (Decree 69/2024/NĐ-CP Art. 15)
            card = Document("d-card", "p-duong", "citizen_identity", {}, DocumentState.REVOKED)
            assert ports.documents.add([card]) == 1
            return
        known = ports.population.get("p-duong")
        assert known is not None
        changed = {"locked": True} if change == "identity" else {"deceased_on": "2026-03-01"}
        assert ports.population.update(type(known)(**{**{n: getattr(known, n) for n in known.__slots__}, **changed}))
