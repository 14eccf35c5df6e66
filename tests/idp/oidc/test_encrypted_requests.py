"""Request objects that are encrypted to us: by joserfc and npm `jose`, to the keys that /jwks publishes and discovery promises."""

import json
from typing import Any

import pytest
from joserfc import jwe as joserfc_jwe
from joserfc.jwk import import_key

from certs import jwe
from certs.jose import sign
from certs.jwe import EncryptionKey
from certs.keys import MemorySigner
from idp.oidc import discovery
from idp.oidc.keys import encryption_keys
from idp.oidc.keys.encryption_keys import QUARTER
from tests import peers
from tests.attacks import answers
from tests.world_idp import CALLBACK, ISSUER, STATE, State, answer_of, client, query

KEY = MemorySigner.generate("ES256", kid="one")

# How a request is encrypted has nothing to do with where rows are kept.
pytestmark = pytest.mark.parametrize("state", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def signs(state: State) -> None:
    state.put(clients=(client("signer", metadata={"jwks": {"keys": [KEY.public.jwk()]}}),))


def request_object(state: State, **changed: Any) -> str:
    now = state.clock[0]
    claims = {**query(client_id="signer"), "iss": "signer", "aud": ISSUER, "exp": now + 300, "nbf": now, **changed}
    return sign(claims, KEY, typ="oauth-authz-req+jwt")


def ask(state: State, encrypted: str) -> Any:
    sent = {"client_id": "signer", "redirect_uri": CALLBACK, "response_type": "code", "state": STATE, "scope": "openid"}
    return state.browser().get("/authorize", query_string={**sent, "request": encrypted})


def taken(state: State, encrypted: str) -> bool:
    return str(ask(state, encrypted).headers["Location"]).startswith("/login/")


def keys(state: State) -> list[dict[str, str]]:
    published: list[dict[str, str]] = state.app.test_client().get("/jwks").get_json()["keys"]
    return [key for key in published if key["use"] == "enc"]


def test_an_encrypted_walk(state: State) -> None:
    told = state.app.test_client().get("/.well-known/openid-configuration").get_json()
    assert [key["alg"] for key in keys(state)] == told["request_object_encryption_alg_values_supported"]
    browser = state.browser()
    encrypted = jwe.encrypt(request_object(state), EncryptionKey.from_jwk(keys(state)[0]), enc="A256GCM", cty="JWT")
    asked = browser.get("/authorize", query_string={"client_id": "signer", "request": encrypted})
    answer = answer_of(browser.decide(browser.sign_in(asked)))
    assert (answer["state"], answer["iss"]) == (STATE, ISSUER)


def test_each_promised_combination_as_two_libraries_make_it(state: State) -> None:
    told = state.app.test_client().get("/.well-known/openid-configuration").get_json()
    encs, signed = told["request_object_encryption_enc_values_supported"], request_object(state)
    asked = [{"public": key, "enc": enc, "content": signed} for key in keys(state) for enc in encs]
    made = peers.ask("encrypt.mjs", asked)
    assert len(made) == 6
    for each in asked:
        alg, enc = each["public"]["alg"], each["enc"]
        header = {"alg": alg, "enc": enc, "kid": each["public"]["kid"], "cty": "oauth-authz-req+jwt"}
        made.append(joserfc_jwe.encrypt_compact(header, signed, import_key(each["public"]), algorithms=[alg, enc]))
    assert all(taken(state, encrypted) for encrypted in made)


def test_what_is_encrypted_is_judged_as_what_is_not(state: State) -> None:
    key = EncryptionKey.from_jwk(keys(state)[0])
    for inside in (
        request_object(state, aud="https://other.example"),
        request_object(state, exp=1),
        request_object(state)[:-4] + "AAAA",
        "eyJhbGciOiJub25lIn0.e30.",
        json.dumps(query(client_id="signer")),  # encrypted, and signed by nobody
        jwe.encrypt(request_object(state), key, enc="A128GCM", cty="JWT"),  # twice
    ):
        answers.redirect(ask(state, jwe.encrypt(inside, key, enc="A128GCM", cty="JWT")), "invalid_request_object")


def test_jw_20_nobody_learns_why_it_could_not_be_opened(state: State) -> None:
    """RSA1_5, another's key, wrong tag, a point off the curve, a part too few of five: one answer, to the letter."""
    key = EncryptionKey.from_jwk(keys(state)[0])
    good = jwe.encrypt(request_object(state), key, enc="A128CBC-HS256", cty="JWT").split(".")
    tag = "A" * len(good[4]) if not good[4].startswith("A") else "E" + "A" * (len(good[4]) - 1)
    other = jwe.DecryptionKey.generate(key.alg, str(key.kid)).public
    header = {"alg": "RSA1_5", "enc": "A128CBC-HS256", "kid": key.kid}
    point = {**header, "alg": key.alg, "epk": {**key.public, "y": key.public["x"]}}
    wrong = [
        [*good[:4], tag],
        jwe.encrypt(request_object(state), other, enc="A128GCM", cty="JWT").split("."),
        [jwe.b64url_encode(json.dumps(header).encode()), "AAAA", *good[2:]],
        [jwe.b64url_encode(json.dumps(point).encode()), *good[1:]],
        [*good[:2], "", *good[3:]],
        ["", *good[1:]],
        [good[0], "", "", "", ""],
        [jwe.b64url_encode(json.dumps({**header, "kid": "none"}).encode()), *good[1:]],
    ]
    told = {ask(state, ".".join(parts)).headers["Location"] for parts in wrong}
    assert len(told) == 1
    assert "invalid_request_object" in told.pop()


def test_keys_of_the_last_quarter_still_open_those_before_no_more(state: State) -> None:
    first = keys(state)
    state.wait(QUARTER)
    # Not the page itself: it stands ready for some seconds.
    later = {key["kid"] for key in discovery.jwks(state.web.oidc)["keys"]}
    assert not later & {key["kid"] for key in first}

    def encrypted() -> str:
        return jwe.encrypt(request_object(state), EncryptionKey.from_jwk(first[0]), enc="A128GCM", cty="JWT")

    assert taken(state, encrypted())
    state.wait(QUARTER)
    answers.redirect(ask(state, encrypted()), "invalid_request_object")


def test_each_process_makes_the_same_keys_and_another_secret_others(state: State) -> None:
    once = encryption_keys.published(b"s" * 32, now=QUARTER)
    encryption_keys._of.cache_clear()
    assert encryption_keys.published(b"s" * 32, now=2 * QUARTER - 1) == once
    others = (*encryption_keys.published(b"t" * 32, now=QUARTER), *encryption_keys.published(b"s" * 32, now=0))
    made = [*once, *others]
    assert len({key.public["x"] for key in made}) == len({key.kid for key in made}) == 6
