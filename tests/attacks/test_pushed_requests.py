"""Requests that are pushed, and requests that are signed: attacks PA-01 to PA-10, RO-01 to RO-09, AR-08."""

import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from certs.encoding import b64url_encode
from certs.jose import sign
from certs.keys import MemorySigner
from idp.oidc.assertion import TYPE
from idp.oidc.par import FLOOD
from idp.oidc.profiles import PROFILES
from idp.oidc.pushed import URN
from tests.attacks import answers
from tests.world_idp import CALLBACK, ISSUER, STATE, State, answer_of, basic, client, query

KEY = MemorySigner.generate("ES256", kid="one")
OBJECT = "oauth-authz-req+jwt"


@pytest.fixture(autouse=True)
def signs(state: State) -> None:
    shape: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "secret_hash": None}
    for name, profile in (("signer", "agency"), ("basic-signer", "baseline"), ("bank-signer", "bank")):
        state.put(clients=(client(name, profile=profile, **shape, metadata={"jwks": {"keys": [KEY.public.jwk()]}}),))


def push(
    state: State, headers: dict[str, str] | None = None, *, source: str = "", **changed: str | None
) -> TestResponse:
    more = {"environ_overrides": {"REMOTE_ADDR": source}} if source else {}
    return state.token(query(**changed), basic() if headers is None else headers, path="/par", **more)


def pushed(state: State, **changed: str | None) -> str:
    answer = push(state, **changed)
    assert answer.status_code == 201, answer.text
    assert answer.get_json()["expires_in"] == PROFILES["bank"].lifetimes.request_uri
    assert answer.headers["Cache-Control"] == "no-store"
    return str(answer.get_json()["request_uri"])


def come(state: State, uri: str, **more: str) -> TestResponse:
    return state.browser().get("/authorize", query_string={"client_id": "bank", "request_uri": uri, **more})


def signed_push(state: State, name: str, jti: str, **changed: str) -> TestResponse:
    now = state.clock[0]
    claims = {"iss": name, "sub": name, "aud": ISSUER, "jti": jti, "exp": now + 60}
    by = {"client_assertion": sign(claims, KEY, typ="JWT"), "client_assertion_type": TYPE}
    return state.token({**query(client_id=name), **changed, **by}, {}, path="/par")


def push_object(state: State, signed: str, jti: str) -> TestResponse:
    return signed_push(state, "bank-signer", jti, request=signed)


def test_a_pushed_walk(state: State) -> None:
    uri = pushed(state, scope="openid profile email")
    assert uri.startswith(URN)
    browser = state.browser()
    asked = browser.get("/authorize", query_string={"client_id": "bank", "request_uri": uri})
    answer = answer_of(browser.decide(browser.sign_in(asked)))
    assert answer["state"] == STATE
    assert state.redeem(answer["code"]).get_json()["scope"] == "openid profile email"


def test_ar_08_a_client_that_must_push_asks_in_the_address(state: State) -> None:
    answers.redirect(state.browser().ask(client_id="bank-signer"), "invalid_request")
    answers.one_event(state, "authorization_refused", reason="this client pushes its requests")
    wants = client("pushes", metadata={"require_pushed_authorization_requests": True})
    state.put(clients=(wants,))
    answers.redirect(state.browser().ask(client_id="pushes"), "invalid_request")
    uri = signed_push(state, "bank-signer", "j").get_json()["request_uri"]
    asked = state.browser().get("/authorize", query_string={"client_id": "bank-signer", "request_uri": uri})
    assert asked.headers["Location"].startswith("/login/")


def test_pa_01_again_after_a_code_was_given(state: State) -> None:
    uri = pushed(state)
    browser = state.browser()
    asked = browser.get("/authorize", query_string={"client_id": "bank", "request_uri": uri})
    assert "code" in answer_of(browser.decide(browser.sign_in(asked)))
    answers.page(browser.get("/authorize", query_string={"client_id": "bank", "request_uri": uri}), reflected=(uri,))


def test_pa_01_two_tabs_of_one_request_get_one_code(state: State) -> None:
    browser = state.browser()
    browser.code()
    uris = [pushed(state, nonce=f"n{number}") for number in range(4)]
    for uri in uris:
        with ThreadPoolExecutor(4) as threads:
            cookies = {cookie.key: cookie.value for cookie in browser.client._cookies.values()}

            def open_tab(_: int, uri: str = uri, cookies: dict[str, str] = cookies) -> int:
                tab = state.browser()
                for name, value in cookies.items():
                    tab.client.set_cookie(name, value, domain="localhost")
                asked = tab.get("/authorize", query_string={"client_id": "bank", "request_uri": uri})
                return "code=" in asked.headers.get("Location", "")

            assert sum(threads.map(open_tab, range(4))) == 1


def test_pa_02_after_its_minute(state: State) -> None:
    uri = pushed(state)
    state.wait(PROFILES["bank"].lifetimes.request_uri)
    answers.page(come(state, uri), reflected=(uri,))
    answers.one_event(state, "authorization_refused", error="invalid_request_uri")


def test_pa_03_of_another_client(state: State) -> None:
    answers.page(come(state, pushed(state), client_id="shop"))


def test_pa_04_a_page_loaded_anew_before_the_log_in(state: State) -> None:
    uri = pushed(state)
    for _ in range(3):
        assert come(state, uri).headers["Location"].startswith("/login/")


def test_pa_04_a_log_in_that_takes_longer_than_the_minute(state: State) -> None:
    uri = pushed(state)
    browser = state.browser()
    asked = browser.get("/authorize", query_string={"client_id": "bank", "request_uri": uri})
    state.wait(20 * 60)
    after = browser.sign_in(asked)
    state.wait(20 * 60)
    assert "code" in answer_of(browser.decide(after))


def test_pa_05_a_reference_inside(state: State) -> None:
    answers.token(push(state, request_uri=pushed(state)), "invalid_request")


def test_pa_06_by_get(state: State) -> None:
    assert state.browser().get("/par", query_string=query()).status_code == 405


@pytest.mark.parametrize("headers", [{}, basic("bank", "wrong")])
def test_pa_07_without_proof_of_the_client(state: State, headers: dict[str, str]) -> None:
    answers.token(push(state, headers), "invalid_client")


def test_pa_08_what_is_sent_beside_does_not_count(state: State) -> None:
    uri = pushed(state, scope="openid")
    browser = state.browser()
    more = {"scope": "openid email", "redirect_uri": "https://evil.example/", "state": "other", "prompt": "none"}
    asked = browser.get("/authorize", query_string={"client_id": "bank", "request_uri": uri, **more})
    answer = answer_of(browser.decide(browser.sign_in(asked)))
    assert answer["state"] == STATE
    assert state.redeem(answer["code"]).get_json()["scope"] == "openid"


def test_pa_09_flood(state: State) -> None:
    with state.storage.transaction() as ports:
        for _ in range(FLOOD.steps[0][0]):
            assert not ports.attempts.count(FLOOD, "bank", now=state.clock[0])
    assert push(state).status_code == 201
    assert push(state).status_code == 429
    assert push(state, basic("shop"), client_id="shop").status_code != 429
    state.wait(61)
    assert push(state).status_code == 201


def test_pa_09_a_stranger_uses_up_nobody_s_requests_of_a_public_client(state: State) -> None:
    """Anybody may say that it is one: the bound of all would shut all its people out."""
    public = {"client_id": "phone", "redirect_uri": "http://127.0.0.1/cb"}
    with state.storage.transaction() as ports:
        for _ in range(FLOOD.steps[0][0]):
            assert not ports.attempts.count(FLOOD, "phone\n203.0.113.77", now=state.clock[0])
    statuses = [
        push(state, {}, **public, source=source).status_code
        for source in ("203.0.113.77", "203.0.113.77", "198.51.100.9")
    ]
    assert statuses == [201, 429, 201]


@pytest.mark.parametrize("name", ["", "A" * 43, "x" * 5_000, "../" * 10, "\x00", "é"])
def test_pa_10_guessed_names(state: State, name: str) -> None:
    answers.page(come(state, URN + name))


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"scope": "openid offline_access"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"client_id": "shop"}, "invalid_request"),
    ],
)
def test_what_the_address_would_refuse_is_refused_at_once(state: State, changed: dict[str, Any], error: str) -> None:
    answers.token(push(state, **changed), error)


# --- signed requests --------------------------------------------------------------------------------------------------


def request_object(
    state: State, name: str = "signer", /, *, key: MemorySigner = KEY, typ: str | None = OBJECT, **changed: Any
) -> str:
    now = state.clock[0]
    right: dict[str, Any] = {**query(client_id=name), "iss": name, "aud": ISSUER, "exp": now + 300, "nbf": now}
    claims = {member: value for member, value in {**right, **changed}.items() if value is not None}
    return sign(claims, key, typ=typ or "", headers={"typ": typ} if typ is None else None)


def ask(state: State, signed: str, name: str = "signer", **more: str) -> TestResponse:
    sent = {"client_id": name, "redirect_uri": CALLBACK, "response_type": "code", "state": STATE, "scope": "openid"}
    return state.browser().get("/authorize", query_string={**sent, "request": signed, **more})


def accepted(answer: TestResponse) -> None:
    assert answer.headers["Location"].startswith("/login/"), answer.headers["Location"]


def refused(answer: TestResponse) -> None:
    answers.redirect(answer, "invalid_request_object")


def test_signed_requests_are_taken(state: State) -> None:
    accepted(ask(state, request_object(state)))
    browser = state.browser()
    sent = {"client_id": "signer", "request": request_object(state, max_age=60, claims={"userinfo": {"name": None}})}
    answer = answer_of(browser.decide(browser.sign_in(browser.get("/authorize", query_string=sent))))
    assert (answer["state"], answer["iss"]) == (STATE, ISSUER)
    uri = signed_push(state, "bank-signer", "jti", request=request_object(state, "bank-signer")).get_json()
    assert uri["request_uri"].startswith(URN)


def test_the_old_form_of_openid_connect_is_taken_from_baseline_alone(state: State) -> None:
    rsa = MemorySigner.generate("RS256", kid="rsa")
    metadata = {"jwks": {"keys": [rsa.public.jwk()]}, "request_object_signing_alg": "RS256"}
    for name, profile in (("old", "baseline"), ("newer", "bank")):
        state.put(clients=(client(name, profile=profile, metadata=metadata),))
    bare: dict[str, Any] = {"iss": None, "aud": None, "exp": None, "nbf": None}
    accepted(ask(state, request_object(state, "old", key=rsa, typ=None, **bare), "old"))
    refused(ask(state, request_object(state, "newer", key=rsa, typ=None, **bare), "newer"))


def test_ro_01_unsigned_symmetric_or_weak(state: State) -> None:
    payload = b64url_encode(json.dumps(query(client_id="signer")).encode())
    for alg, secret in (("none", None), ("HS256", b"b" * 43), ("HS256", json.dumps(KEY.public.jwk()).encode())):
        head = b64url_encode(json.dumps({"alg": alg, "typ": OBJECT, "kid": "one"}).encode()) + "." + payload
        signature = b64url_encode(hmac.new(secret, head.encode(), "sha256").digest()) if secret else ""
        for name in ("signer", "basic-signer"):
            refused(ask(state, f"{head}.{signature}", name))
    refused(ask(state, request_object(state, key=MemorySigner.generate("ES256", kid="one"))))


@pytest.mark.parametrize(
    "changed", [{"aud": "https://other.example"}, {"aud": []}, {"iss": "bank"}, {"iss": 5}, {"aud": 5}]
)
def test_ro_02_other_parties(state: State, changed: dict[str, Any]) -> None:
    for name in ("signer", "basic-signer"):
        refused(ask(state, request_object(state, name, **changed), name))


@pytest.mark.parametrize("missing", ["iss", "aud", "exp", "nbf", "client_id"])
def test_ro_02_ro_03_what_a_bank_may_not_leave_out(state: State, missing: str) -> None:
    refused(ask(state, request_object(state, "bank-signer", **{missing: None}), "bank-signer"))


@pytest.mark.parametrize(("nbf", "exp"), [(0, 3_601), (-3_601, 10), (11, 300), (0, 0), (-400, -1)])
def test_ro_03_times(state: State, nbf: int, exp: int) -> None:
    now = state.clock[0]
    refused(ask(state, request_object(state, "bank-signer", nbf=now + nbf, exp=now + exp), "bank-signer"))


def test_ro_04_another_client_inside(state: State) -> None:
    refused(ask(state, request_object(state, client_id="bank")))
    refused(ask(state, request_object(state, "basic-signer", client_id="bank"), "basic-signer"))


def test_ro_05_state_outside_does_not_count(state: State) -> None:
    answer = ask(state, request_object(state, state=None, scope="openid unheard", prompt="none"), prompt="login")
    answers.redirect(answer, "login_required", state=None)


def test_ro_06_both_at_once(state: State) -> None:
    answers.redirect(ask(state, request_object(state), request_uri="https://bank.example.vn/r.jwt"), "invalid_request")


@pytest.mark.parametrize("inside", [{"request": "x"}, {"request_uri": "x"}])
def test_ro_07_a_request_inside(state: State, inside: dict[str, str]) -> None:
    refused(ask(state, request_object(state, **inside)))


@pytest.mark.parametrize("typ", ["JWT", None, "client-authentication+jwt", "dc+sd-jwt"])
def test_ro_08_type(state: State, typ: str | None) -> None:
    refused(ask(state, request_object(state, "bank-signer", typ=typ), "bank-signer"))


def test_ro_09_an_object_is_good_for_one_request_of_a_bank(state: State) -> None:
    once = request_object(state, "bank-signer", jti="of-its-own")
    assert push_object(state, once, "j-1").status_code == 201
    answers.token(push_object(state, once, "j-2"), "invalid_request_object")
    other = request_object(state, "bank-signer", jti="of-its-own", nonce="another")
    answers.token(push_object(state, other, "j-3"), "invalid_request_object")
    for n, jti in enumerate(("", "x" * 257, 5, "a\nb")):
        malformed = request_object(state, "bank-signer", jti=jti)
        answers.token(push_object(state, malformed, f"k-{n}"), "invalid_request_object")
    without = request_object(state, "bank-signer")  # FAPI 2.0 Message Signing asks for none
    assert [push_object(state, without, f"l-{n}").status_code for n in range(2)] == [201, 201]


@pytest.mark.parametrize("value", [["openid"], {"a": 1}, 1.5, True])
def test_members_that_are_no_parameters(state: State, value: object) -> None:
    refused(ask(state, request_object(state, scope=value)))


@pytest.mark.parametrize("signed", ["x", "a.b.c", "." * 4, "e" * 20_000])
def test_no_object_at_all(state: State, signed: str) -> None:
    refused(ask(state, signed))


def test_nothing_goes_where_only_an_object_that_does_not_hold_says(state: State) -> None:
    bad = request_object(state, key=MemorySigner.generate("ES256", kid="one"))
    answers.page(state.browser().get("/authorize", query_string={"client_id": "signer", "request": bad}))
