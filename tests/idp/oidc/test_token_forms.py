"""ID tokens and userinfo in each form that a client can register, over the real endpoints, read by three libraries.

PyJWT verifies, joserfc opens, npm `jose` does both. The client's own keys are made here; ours are what /jwks publishes.
"""

import hashlib
import json
from typing import Any

import jwt as pyjwt
import pytest
from joserfc import jwe as joserfc_jwe
from joserfc.jwk import import_key

from certs import jwe
from certs.encoding import b64url_decode, b64url_encode, json_decode
from certs.jwe import ALGORITHMS, CONTENT, DecryptionKey
from certs.keys import MemorySigner
from idp.app import courier
from idp.model import Logout
from idp.oidc import backchannel
from idp.oidc.token_forms import DEFAULT_ENC
from tests.attacks import answers
from tests.certs.servers import serving
from tests.idp.oidc.registering import Site, at
from tests.peers import ask
from tests.world_idp import ISSUER, NOW, State, client

SIGNATURES = ("ES256", "PS256", "RS256", "Ed25519", "EdDSA")
KEYS = {
    "ECDH-ES": DecryptionKey.generate("ECDH-ES", "agreed", curve="X25519"),
    "ECDH-ES+A256KW": DecryptionKey.generate("ECDH-ES+A256KW", "wrapped"),
    "RSA-OAEP-256": DecryptionKey.generate("RSA-OAEP-256", "rsa"),
}
JWKS = {
    "keys": [MemorySigner.generate("ES256", "for-signatures").public.jwk(), *(k.public.jwk() for k in KEYS.values())]
}
ENCRYPTIONS = [(alg, enc) for alg in ALGORITHMS for enc in CONTENT]

# What a token looks like has nothing to do with where rows are kept.
pytestmark = pytest.mark.parametrize("state", ["sqlite"], indirect=True)


def forms(form: str, signed: str | None = None, alg: str | None = None, enc: str | None = None) -> dict[str, str]:
    known = {"signed_response_alg": signed, "encrypted_response_alg": alg, "encrypted_response_enc": enc}
    return {f"{form}_{name}": value for name, value in known.items() if value is not None}


def registered(state: State, signed: str = "ES256", **metadata: Any) -> None:
    """The bank, from now on with these forms."""
    scopes = ("openid", "profile", "offline_access")
    bank = client(id_token_signed_response_alg=signed, scopes=scopes, metadata={"jwks": JWKS, **metadata})
    with state.storage.transaction() as ports:
        assert ports.clients.replace(bank)


def got(state: State, browser: Any) -> tuple[dict[str, Any], Any]:
    """What the token endpoint and userinfo answer."""
    tokens = state.redeem(browser.code())
    assert tokens.status_code == 200, tokens.text
    told = state.userinfo(tokens.get_json()["access_token"])
    answers.headers(told)
    return dict(tokens.get_json()), told


def opened(token: str, alg: str | None, enc: str | None = None, *, cty: str | None = "JWT") -> str:
    """By joserfc; and what its header says is what was registered."""
    if alg is None:
        assert token.count(".") == 2
        return token
    key = import_key(dict(KEYS[alg]._key.as_dict(private=True)))
    read = joserfc_jwe.decrypt_compact(token, key, algorithms=[alg, enc or DEFAULT_ENC])
    header = read.headers()
    assert (header["alg"], header["enc"], header["kid"]) == (alg, enc or DEFAULT_ENC, KEYS[alg].public.kid)
    assert header.get("cty") == cty
    assert read.plaintext is not None
    return read.plaintext.decode()


def verified(state: State, token: str, alg: str) -> dict[str, Any]:
    """By PyJWT, with the published key that the header names."""
    header = pyjwt.get_unverified_header(token)
    assert header["alg"] == alg
    published = state.app.test_client().get("/jwks").get_json()["keys"]
    (jwk,) = [each for each in published if each["kid"] == header["kid"]]
    assert jwk.get("alg", alg) == alg  # by which a client looks for it
    # PyJWT knows one of the two names: the same signature under the other is verified by the bytes
    known = "EdDSA" if alg == "Ed25519" else alg
    key = pyjwt.PyJWK.from_dict(jwk, algorithm=known)
    signed, _, signature = token.rpartition(".")
    assert key.Algorithm.verify(signed.encode(), key.key, b64url_decode(signature))
    claims: dict[str, Any] = json_decode(b64url_decode(token.split(".")[1]))
    assert (claims["iss"], claims["aud"]) == (ISSUER, "bank")
    return claims


@pytest.mark.parametrize("signed", SIGNATURES)
def test_every_signature_with_every_encryption(state: State, signed: str) -> None:
    browser, hashed = state.browser(), hashlib.sha512 if signed.startswith("Ed") else hashlib.sha256
    for alg, enc in [(None, None), *ENCRYPTIONS]:
        both = {**forms("id_token", None, alg, enc), **forms("userinfo", signed, alg, enc)}
        registered(state, signed, **both)
        tokens, told = got(state, browser)
        claims = verified(state, opened(tokens["id_token"], alg, enc), signed)
        digest = hashed(tokens["access_token"].encode()).digest()
        assert claims["at_hash"] == b64url_encode(digest[: len(digest) // 2])
        assert "azp" not in claims  # aud is the client alone
        assert told.content_type == "application/jwt"
        facts = verified(state, opened(told.text, alg, enc), signed)
        assert facts["sub"] == claims["sub"] == "999203001234"
        assert facts["name"] == "Nguyễn Thị Thuỳ Dương"
        assert "exp" not in facts


def test_userinfo_that_is_encrypted_alone(state: State) -> None:
    browser = state.browser()
    for alg, enc in [*ENCRYPTIONS, ("ECDH-ES", None)]:
        registered(state, **forms("userinfo", None, alg, enc))
        tokens, told = got(state, browser)
        assert told.content_type == "application/jwt"
        facts = json.loads(opened(told.text, alg, enc, cty=None))
        assert (facts["sub"], facts["iss"], facts["aud"]) == ("999203001234", ISSUER, "bank")
        assert state.id_token(tokens["id_token"])["sub"] == facts["sub"]  # the two are chosen apart


def test_plain_json_where_nothing_was_registered(state: State) -> None:
    registered(state)
    _, told = got(state, state.browser())
    assert told.content_type == "application/json"
    assert not {"iss", "aud"} & set(told.get_json())


def test_npm_jose_reads_them_all(state: State) -> None:
    """One process for the whole matrix, with the keys as /jwks publishes them."""
    browser, asked = state.browser(), []
    for signed in SIGNATURES:
        for alg, enc in [(None, None), *ENCRYPTIONS]:
            registered(state, signed, **forms("id_token", None, alg, enc), **forms("userinfo", signed, alg, enc))
            tokens, told = got(state, browser)
            key = dict(KEYS[alg]._key.as_dict(private=True)) if alg else None
            each = {"alg": alg, "enc": enc, "key": key, "signed": signed, "audience": "bank"}
            asked += [{**each, "token": tokens["id_token"]}, {**each, "token": told.text}]
    published = state.app.test_client().get("/jwks").get_json()
    sent = {"jwks": published, "issuer": ISSUER, "now": NOW, "tokens": asked}
    read = ask("tokens.mjs", sent)
    assert len(read) == len(asked) == 100
    for each, answer in zip(asked, read, strict=True):
        assert answer["header"]["alg"] == each["signed"]
        assert answer["claims"]["sub"] == "999203001234"
        assert (answer["outer"] or {}).get("cty") == ("JWT" if each["alg"] else None)


def test_a_refreshed_id_token_has_the_same_form(state: State) -> None:
    registered(state, **forms("id_token", None, "ECDH-ES", "A256GCM"))
    tokens = state.redeem(state.browser().code(scope="openid offline_access", prompt="consent")).get_json()
    again = state.token({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}).get_json()
    assert verified(state, opened(again["id_token"], "ECDH-ES", "A256GCM"), "ES256")["sub"] == "999203001234"


def test_a_key_that_is_gone_uses_nothing_up(state: State) -> None:
    """The client left its key out of what it publishes: it is told so, and its code and refresh token are good for later."""
    registered(state, **forms("id_token", None, "ECDH-ES"))
    browser = state.browser()
    code = browser.code(scope="openid offline_access", prompt="consent")
    without = {"jwks": {"keys": JWKS["keys"][:1]}}
    registered(state, **{**forms("id_token", None, "ECDH-ES"), **without})
    answers.token(state.redeem(code), "invalid_request")
    assert "no key" in state.redeem(code).get_json()["error_description"]
    registered(state, **forms("id_token", None, "ECDH-ES"))
    tokens = state.redeem(code).get_json()
    registered(state, **{**forms("id_token", None, "ECDH-ES"), **forms("userinfo", None, "ECDH-ES"), **without})
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answers.token(state.token(refresh), "invalid_request")
    told = state.userinfo(tokens["access_token"])
    assert (told.status_code, told.get_json()["error"]) == (400, "invalid_request")
    registered(state, **forms("id_token", None, "ECDH-ES"))
    assert state.token(refresh).status_code == 200


def test_keys_at_an_address(state: State) -> None:
    """Fetched when the first token is encrypted to one of them; kept for the next."""
    page = Site()
    page.say(JWKS)
    with serving(page.talk) as server:
        uri = at(server, "/jwks.json")
        metadata = {**forms("id_token", None, "ECDH-ES", "A256GCM"), **forms("userinfo", None, "RSA-OAEP-256")}
        bank = client(scopes=("openid", "profile"), metadata={"jwks_uri": uri, **metadata})
        with state.storage.transaction() as ports:
            assert ports.clients.replace(bank)
        browser = state.browser()
        for _ in range(2):
            tokens, told = got(state, browser)
            assert verified(state, opened(tokens["id_token"], "ECDH-ES", "A256GCM"), "ES256")["sub"]
            assert json.loads(opened(told.text, "RSA-OAEP-256", cty=None))["sub"] == "999203001234"
        desk = courier(state.web)._desk
        logout = Logout(1, "s", "bank", "a-duong", "999203001234", 1)
        token = backchannel.logout_token(logout, desk.ready(bank), desk, now=NOW)
        assert verified(state, opened(token, "ECDH-ES", "A256GCM"), "ES256")["sid"] == "s"
        assert page.served == 1


def test_logout_tokens_are_encrypted_as_id_tokens_are(state: State) -> None:
    """Back-Channel Logout 1.0 §2.4, §2.6 (1): a relying party refuses one that is not."""
    bank = client(metadata={"jwks": JWKS, **forms("id_token", None, "RSA-OAEP-256", "A128GCM")})
    desk = backchannel.Desk(issuer=ISSUER, signers=lambda: state.web.oidc.signers, new_secret=state.web.oidc.new_secret)
    token = backchannel.logout_token(Logout(1, "s", "bank", "a-duong", "999203001234", 1), bank, desk, now=NOW)
    inner = opened(token, "RSA-OAEP-256", "A128GCM")
    assert pyjwt.get_unverified_header(inner)["typ"] == "logout+jwt"
    assert verified(state, inner, "ES256")["sid"] == "s"


def test_of_several_keys_the_one_that_says_so_is_taken(state: State) -> None:
    """A key for signatures is never encrypted to, also where it is of the right kind and comes first."""
    said, silent = DecryptionKey.generate("ECDH-ES", "said"), DecryptionKey.generate("ECDH-ES", "silent")
    bare = {name: value for name, value in silent.public.jwk().items() if name not in ("use", "alg")}
    signs = MemorySigner.generate("ES256", "signs").public.jwk()
    for keys, wanted in (([signs, bare, said.public.jwk()], "said"), ([signs, bare], "silent")):
        registered(state, **{**forms("id_token", None, "ECDH-ES"), "jwks": {"keys": keys}})
        token = got(state, state.browser())[0]["id_token"]
        assert jwe.decrypt(token, [said, silent]).header["kid"] == wanted


def test_a_signed_answer_of_userinfo_is_no_hint(state: State) -> None:
    registered(state, **forms("userinfo", "ES256"))
    browser = state.browser()
    tokens, told = got(state, browser)
    answer = browser.ask(prompt="none", id_token_hint=told.text)
    assert "error=invalid_request" in answer.headers["Location"]
    assert "code=" in browser.ask(prompt="none", id_token_hint=tokens["id_token"]).headers["Location"]


def test_a_jwt_access_token_is_signed_as_registered(state: State) -> None:
    registered(state, "Ed25519", access_token_format="jwt")
    tokens, _ = got(state, state.browser())
    header = pyjwt.get_unverified_header(tokens["access_token"])
    assert (header["alg"], header["typ"]) == ("Ed25519", "at+jwt")
