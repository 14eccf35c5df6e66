"""Clients that prove who they are by signing: attacks CA-01 to CA-18, those that need no address of keys."""

import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from certs.encoding import b64url_encode
from certs.jose import sign
from certs.keys import MemorySigner
from idp.oidc.assertion import LIFETIME, TYPE
from idp.oidc.clients.registration import RegistrationError
from idp.oidc.clients.registration import client as registered
from tests.attacks import answers
from tests.world_idp import CALLBACK, ISSUER, SECRET, State, basic, client

KEY = MemorySigner.generate("ES256", kid="one")
TOKEN = f"{ISSUER}/token"


@pytest.fixture(autouse=True)
def signs(state: State) -> None:
    jwks = {"keys": [KEY.public.jwk()]}
    for name, profile in (("signer", "agency"), ("basic-signer", "baseline"), ("bank-signer", "bank")):
        method = "private_key_jwt"
        shape = {"profile": profile, "token_endpoint_auth_method": method, "secret_hash": None}
        state.put(clients=(client(name, **shape, metadata={"jwks": jwks}),))


def claims(state: State, name: str = "signer", **changed: Any) -> dict[str, Any]:
    now = state.clock[0]
    right = {"iss": name, "sub": name, "aud": ISSUER, "jti": "j" * 22, "exp": now + 60, "iat": now}
    return {key: value for key, value in {**right, **changed}.items() if value is not None}


def assertion(state: State, name: str = "signer", *, key: MemorySigner = KEY, typ: str = "JWT", **changed: Any) -> str:
    return sign(claims(state, name, **changed), key, typ=typ)


def send(state: State, signed: str, **more: str) -> TestResponse:
    """A right caller gets as far as its code, which is no code: `invalid_grant`."""
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK, "client_assertion": signed}
    return state.token({**form, "client_assertion_type": TYPE, **more}, {})


def taken(response: TestResponse) -> None:
    answers.token(response, "invalid_grant")


def refused(response: TestResponse) -> None:
    answers.token(response, "invalid_client")


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA", "RS256"])
def test_right_assertions_are_taken(state: State, alg: str) -> None:
    key = MemorySigner.generate(alg, kid="of-its-own")
    jwk = {name: value for name, value in key.public.jwk().items() if name != "alg"}  # the header names it
    shape = {"token_endpoint_auth_method": "private_key_jwt", "secret_hash": None}
    state.put(clients=(client("other", **shape, metadata={"jwks": {"keys": [jwk]}}),))
    taken(send(state, assertion(state, "other", key=key)))
    taken(send(state, assertion(state, "other", key=key, jti="another", typ="client-authentication+jwt")))
    taken(send(state, assertion(state, "other", key=key, jti="a-third"), client_id="other"))


def test_a_signed_walk(state: State) -> None:
    code = state.browser().code(client_id="signer")
    form = {"client_assertion": assertion(state), "client_assertion_type": TYPE}
    tokens = state.redeem(code, {}, **form).get_json()
    assert state.id_token(tokens["id_token"], "signer")["sub"] == "999203001234"
    more = {"client_assertion": assertion(state, jti="for-revoking"), "client_assertion_type": TYPE}
    assert state.token({"token": tokens["access_token"], **more}, {}, path="/revoke").status_code == 200
    assert state.userinfo(tokens["access_token"]).status_code == 401


def test_ca_01_the_same_assertion_twice(state: State) -> None:
    once = assertion(state)
    taken(send(state, once))
    refused(send(state, once))


def test_ca_02_the_same_assertion_at_two_endpoints_and_many_times_at_once(state: State) -> None:
    once = assertion(state)
    taken(send(state, once))
    again = {"token": "x", "client_assertion": once, "client_assertion_type": TYPE}
    refused(state.token(again, {}, path="/revoke"))
    other = assertion(state, jti="at-once")
    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(answer.status_code for answer in threads.map(lambda _: send(state, other), range(8)))
    assert statuses == [400] + [401] * 7


def test_ca_03_replayed_until_it_has_ended_for_everybody(state: State) -> None:
    once = assertion(state)
    taken(send(state, once))
    for _ in range(15):
        state.wait(5)
        refused(send(state, once))


@pytest.mark.parametrize("jti", [None, "", "j" * 10_240, 7, ["j"], "a\nb"])
def test_ca_04_jti_missing_or_malformed(state: State, jti: object) -> None:
    refused(send(state, assertion(state, jti=jti)))


def test_ca_05_token_endpoint_as_audience(state: State) -> None:
    for aud in (TOKEN, [TOKEN]):  # a list of one says the same (RFC 7519 §4.1.3)
        taken(send(state, assertion(state, "basic-signer", aud=aud, jti=f"for-{len(aud)}")))
        refused(send(state, assertion(state, "signer", aud=aud)))
        refused(send(state, assertion(state, "bank-signer", aud=aud)))


@pytest.mark.parametrize(
    "aud",
    [[ISSUER], [ISSUER, "https://other.example"], [TOKEN, "https://other.example"], [TOKEN, TOKEN], [[TOKEN]], []],
)
def test_ca_06_audience_as_a_list(state: State, aud: list[str]) -> None:
    for name in ("signer", "basic-signer"):
        refused(send(state, assertion(state, name, aud=aud)))


@pytest.mark.parametrize("aud", [f"{ISSUER}/", ISSUER.upper(), f"{ISSUER}/authorize", "", None, 5])
def test_ca_07_audience_nearly_ours(state: State, aud: object) -> None:
    refused(send(state, assertion(state, aud=aud)))


def test_ca_08_audience_of_another_server(state: State) -> None:
    refused(send(state, assertion(state, "basic-signer", aud="https://other.example/token")))


def test_ca_09_public_key_as_a_shared_secret(state: State) -> None:
    header = b64url_encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "one"}).encode())
    signed = f"{header}.{b64url_encode(json.dumps(claims(state)).encode())}"
    secret = json.dumps(KEY.public.jwk()).encode()
    signature = b64url_encode(hmac.new(secret, signed.encode(), "sha256").digest())
    refused(send(state, f"{signed}.{signature}"))


def test_ca_10_unsigned_assertion(state: State) -> None:
    header = b64url_encode(b'{"alg":"none","typ":"JWT"}')
    unsigned = f"{header}.{b64url_encode(json.dumps(claims(state)).encode())}."
    refused(send(state, unsigned))
    answers.token(send(state, unsigned, client_secret=SECRET), "invalid_request")


def test_ca_10_by_the_key_of_another(state: State) -> None:
    refused(send(state, assertion(state, key=MemorySigner.generate("ES256", kid="one"))))


@pytest.mark.parametrize("changed", [{"iss": "bank"}, {"sub": "bank"}, {"sub": None}, {"iss": None}, {"iss": 5}])
def test_ca_11_issuer_and_subject_differ(state: State, changed: dict[str, Any]) -> None:
    refused(send(state, assertion(state, **changed)))


def test_ca_11_client_id_beside_differs(state: State) -> None:
    refused(send(state, assertion(state), client_id="basic-signer"))


@pytest.mark.parametrize("exp", [None, -1, 0, "text", True, LIFETIME + 1, "now"])
def test_ca_12_expiry(state: State, exp: object) -> None:
    now = state.clock[0]
    sent = {"now": now, LIFETIME + 1: now + LIFETIME + 1, -1: -5}.get(exp, exp)  # type: ignore[call-overload]
    refused(send(state, assertion(state, exp=sent)))


@pytest.mark.parametrize("number", ["1e999", "NaN", "Infinity", f"{2**70}"])
def test_ca_12_expiry_that_is_no_number(state: State, number: str) -> None:
    payload = json.dumps(claims(state, exp=0)).replace('"exp": 0', f'"exp": {number}')
    refused(send(state, sign(payload.encode(), KEY, typ="JWT")))


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_ca_13_clock_ahead(state: State, name: str) -> None:
    taken(send(state, assertion(state, jti="eight", **{name: state.clock[0] + 8})))
    refused(send(state, assertion(state, jti="sixty-one", **{name: state.clock[0] + 61})))


def test_ca_14_assertion_beside_a_secret(state: State) -> None:
    form = {"grant_type": "authorization_code", "code": "x", "client_assertion": assertion(state)}
    answers.token(state.token({**form, "client_assertion_type": TYPE}, basic("signer")), "invalid_request")


def test_ca_15_registered_for_signing_sends_a_secret(state: State) -> None:
    refused(state.token({"grant_type": "authorization_code", "code": "x"}, basic("signer")))
    refused(send(state, assertion(state, "bank")))  # registered for a secret, signs


def key_set(*keys: dict[str, str]) -> dict[str, Any]:
    return {"client_name": "A", "purpose": "B", "redirect_uris": [CALLBACK], "jwks": {"keys": list(keys)}}


@pytest.mark.parametrize(
    "keys",
    [
        [KEY.public.jwk(), KEY.public.jwk()],
        [KEY.public.jwk() | {"use": "enc"}],
        [KEY.public.jwk() | {"d": "AAAA"}],
        [{"kty": "RSA", "kid": "weak", "e": "AQAB", "n": b64url_encode(b"\xc5" + b"\x01" * 127)}],
        [{name: value for name, value in KEY.public.jwk().items() if name != "kid"}],
        [{"kty": "oct", "k": "AAAA", "kid": "x"}],
        [],
    ],
    ids=["same kid", "enc", "private", "weak", "no kid", "symmetric", "none"],
)
def test_ca_18_keys_that_are_not_registered(keys: list[dict[str, str]]) -> None:
    asked = key_set(*keys) | {"token_endpoint_auth_method": "private_key_jwt"}
    with pytest.raises(RegistrationError, match="invalid_client_metadata"):
        registered(asked, client_id="x", secret_hash=None, profile="agency", entitled_to_pid=False, simulation=False)


@pytest.mark.parametrize("sent", ["urn:other", "", TYPE + " "])
def test_ca_21_another_type_of_assertion(state: State, sent: str) -> None:
    form = {"grant_type": "authorization_code", "code": "x", "client_assertion": assertion(state)}
    answers.token(state.token({**form, "client_assertion_type": sent}, {}), "invalid_request")


@pytest.mark.parametrize("signed", ["", "x", "a.b.c", "." * 4, "é", "e" * 20_000])
def test_no_assertion_at_all(state: State, signed: str) -> None:
    refused(send(state, signed))


def test_a_profile_takes_its_algorithms_alone(state: State) -> None:
    key = MemorySigner.generate("RS256", kid="rsa")
    shape = {"profile": "bank", "token_endpoint_auth_method": "private_key_jwt", "secret_hash": None}
    state.put(clients=(client("strict", **shape, metadata={"jwks": {"keys": [key.public.jwk()]}}),))
    refused(send(state, assertion(state, "strict", key=key)))
