"""Compact JWS and JWT, against two other libraries in both directions.

Source: RFC 7515 Appendix A.3, RFC 7519 §4.1; PyJWT and joserfc as the other implementations.
"""

from typing import Any

import jwt as pyjwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from certs import jose
from certs.encoding import json_decode, json_encode
from certs.errors import CertsError
from certs.jose import KeySet
from certs.keys import ALGORITHMS, MemorySigner, PublicKey
from tests.certs.refusals import refused

NOW = 1_790_000_000
SIGNERS = {alg: MemorySigner.generate(alg, kid=f"{alg}-1") for alg in ALGORITHMS}
ES256 = SIGNERS["ES256"]
KEYS = KeySet((ES256.public,))
JOSERFC = {"ES256": ECKey, "ES384": ECKey, "RS256": RSAKey, "PS256": RSAKey, "EdDSA": OKPKey}
CLAIMS = {"iss": "https://idp.example", "aud": "bank", "iat": NOW, "exp": NOW + 60, "tên": "Đỗ Hà"}


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_pyjwt_and_joserfc_accept_what_we_sign(alg: str) -> None:
    signer = SIGNERS[alg]
    token = jose.sign(CLAIMS, signer, typ="at+jwt")
    read = pyjwt.decode(
        token,
        signer.public.crypto(),
        algorithms=[alg],
        audience="bank",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert read == CLAIMS
    theirs = joserfc_jws.deserialize_compact(token, JOSERFC[alg].import_key(signer.pem()), algorithms=[alg])
    assert json_decode(theirs.payload) == CLAIMS
    assert theirs.headers() == {"alg": alg, "kid": f"{alg}-1", "typ": "at+jwt"}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_we_accept_what_pyjwt_and_joserfc_sign(alg: str) -> None:
    signer = SIGNERS[alg]
    keys = KeySet((signer.public,))
    one = pyjwt.encode(CLAIMS, signer.crypto(), algorithm=alg, headers={"kid": f"{alg}-1"})
    key = JOSERFC[alg].import_key(signer.pem())
    name = "Ed25519" if alg == "EdDSA" else alg  # RFC 9864 §2.2: the name that they sign with, and that we read as well
    other = joserfc_jws.serialize_compact({"alg": name, "typ": "JWT"}, json_encode(CLAIMS), key, algorithms=[name])
    for token in (one, other):
        assert json_decode(jose.verify(token, keys, typ="jwt").payload) == CLAIMS


def test_the_example_of_rfc_7515_a3() -> None:
    key = PublicKey.from_jwk(
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }
    )
    token = (
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )
    jws = jose.verify(token, KeySet((key,)), typ="")
    assert json_decode(jws.payload) == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}
    with refused("type_mismatch"):
        jose.verify(token, KeySet((key,)), typ="jwt")


@given(st.binary(max_size=200), st.text(st.characters(exclude_categories=("Cs",)), max_size=20))
def test_any_payload_and_any_header_value_survive(payload: bytes, value: str) -> None:
    jws = jose.verify(jose.sign(payload, ES256, typ="x", headers={"v": value}), KEYS, typ="x")
    assert (jws.payload, jws.header["v"], jws.key) == (payload, value, ES256.public)


@given(st.data())
def test_one_changed_letter_is_a_refusal(data: st.DataObject) -> None:
    token = _TOKEN
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCwxyz0189-_.=+/ é"))
    changed = token[:at] + letter + token[at + 1 :]
    if changed != token:
        with pytest.raises(CertsError):
            jose.verify(changed, KEYS, typ="jwt")


_TOKEN = jose.sign(CLAIMS, ES256, typ="jwt")


def test_headers_may_be_added_and_dropped() -> None:
    token = jose.sign(CLAIMS, ES256, typ="jwt", headers={"kid": None, "x": 1})
    assert jose.parse(token).header == {"alg": "ES256", "typ": "jwt", "x": 1}


@pytest.mark.parametrize(
    ("typ", "expected"),
    [("at+jwt", "at+jwt"), ("AT+JWT", "at+jwt"), ("application/at+jwt", "at+jwt"), ("jwt", ("jwt", "at+jwt"))],
)
def test_the_type_is_a_media_type(typ: str, expected: str | tuple[str, ...]) -> None:
    jose.verify(jose.sign(CLAIMS, ES256, typ=typ), KEYS, typ=expected)


@pytest.mark.parametrize(
    ("typ", "code"),
    [
        ("jwt", "type_mismatch"),
        ("", "type_mismatch"),
        ("at+jwt ", "type_mismatch"),
        (None, "type_mismatch"),
        (5, "malformed"),
        (["at+jwt"], "malformed"),
    ],
)
def test_another_type_is_refused(typ: Any, code: str) -> None:
    with refused(code):
        jose.verify(jose.sign(CLAIMS, ES256, typ="x", headers={"typ": typ}), KEYS, typ="at+jwt")


# --- key sets ---------------------------------------------------------------------------------------------------------


def test_a_key_set_survives_its_jwks() -> None:
    keys = KeySet(tuple(signer.public for signer in SIGNERS.values()))
    assert KeySet.from_jwks(keys.jwks()) == keys


def test_keys_that_we_cannot_use_are_passed_over() -> None:
    jwks = {
        "keys": [{"kty": "oct", "k": "AA"}, {"kty": "XX"}, ES256.public.jwk(), {**ES256.public.jwk(), "use": "enc"}, 5]
    }
    assert KeySet.from_jwks(jwks).keys == (ES256.public,)


@pytest.mark.parametrize("jwks", [None, [], {}, {"keys": {}}, {"keys": "x"}, {"keys": [{}] * 101}, "keys"])
def test_what_is_no_key_set_is_refused(jwks: Any) -> None:
    with refused("malformed"):
        KeySet.from_jwks(jwks)


def test_two_keys_of_one_id_are_refused() -> None:
    with refused("duplicate_key"):
        KeySet.from_jwks({"keys": [ES256.public.jwk(), {**MemorySigner.generate().public.jwk(), "kid": "ES256-1"}]})


def test_a_key_is_found_by_its_id_or_by_being_the_only_one() -> None:
    two = KeySet((ES256.public, SIGNERS["RS256"].public))
    anonymous = jose.sign(CLAIMS, ES256, typ="jwt", headers={"kid": None})
    jose.verify(anonymous, KEYS, typ="jwt")
    with refused("key_not_found"):
        jose.verify(anonymous, two, typ="jwt")
    with refused("key_not_found"):
        jose.verify(_TOKEN, KeySet(()), typ="jwt")
    with refused("key_not_found"):
        jose.verify(jose.sign(CLAIMS, ES256, typ="jwt", headers={"kid": "k" * 257}), two, typ="jwt")
    jose.verify(_TOKEN, two, typ="jwt")


# --- claims -----------------------------------------------------------------------------------------------------------


def checked(claims: Any, **changes: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {"issuer": "https://idp.example", "audience": "bank", "now": NOW, **changes}
    return jose.verify_jwt(jose.sign(json_encode(claims), ES256, typ="jwt"), KEYS, typ="jwt", **wanted)


def test_claims_that_hold_are_returned() -> None:
    assert checked(CLAIMS) == CLAIMS
    assert checked({**CLAIMS, "iss": "x", "aud": ["y"]}, issuer=None, audience=None)["iss"] == "x"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"iss": "https://idp.example/"}, "issuer_untrusted"),
        ({"iss": None}, "issuer_untrusted"),
        ({"aud": "bank2"}, "audience_mismatch"),
        ({"aud": ["bank"]}, "audience_mismatch"),  # one audience, as a string
        ({"exp": NOW}, "expired"),
        ({"nbf": NOW + 1}, "not_yet_valid"),
        ({"iat": NOW + 1}, "issued_in_future"),
        ({"exp": -1}, "malformed"),
        ({"exp": str(NOW)}, "malformed"),
        ({"nbf": 1.5}, "malformed"),
        ({"nbf": None}, "malformed"),
        ({"exp": None}, "malformed"),
        ({"iat": None}, "malformed"),
        ({"iat": True}, "malformed"),
    ],
)
def test_claims_that_do_not_hold_are_refused(change: dict[str, Any], code: str) -> None:
    with refused(code):
        checked({**CLAIMS, **change})


@pytest.mark.parametrize("missing", ["iss", "exp", "iat"])
def test_required_claims_must_be_there(missing: str) -> None:
    with refused("claims_missing"):
        checked({name: value for name, value in CLAIMS.items() if name != missing})


def test_leeway_moves_every_time_limit_and_no_other() -> None:
    checked({**CLAIMS, "exp": NOW - 4, "nbf": NOW + 5, "iat": NOW + 5}, leeway=5)
    for change, code in (
        ({"exp": NOW - 5}, "expired"),
        ({"nbf": NOW + 6}, "not_yet_valid"),
        ({"iat": NOW + 6}, "issued_in_future"),
    ):
        with refused(code):
            checked({**CLAIMS, **change}, leeway=5)


@pytest.mark.parametrize("claims", [[], [1], 5, "x", None])
def test_claims_are_an_object(claims: Any) -> None:
    with refused("malformed"):
        checked(claims)


def test_a_token_that_is_no_text_is_refused() -> None:
    for token in (None, 5, b"a.b.c", "", ".", ".."):
        with refused("malformed"):
            jose.parse(token)  # type: ignore[arg-type]


def test_a_header_is_read_once_and_never_changed() -> None:
    """What two tokens have in common may be the same object: nobody can change it under the other."""
    signer = MemorySigner.generate()
    first, second = (jose.parse(jose.sign({"n": n}, signer, typ="t")) for n in (1, 2))
    assert first.header == second.header and first.payload != second.payload
    with pytest.raises(TypeError):
        first.header["alg"] = "none"  # type: ignore[index]
