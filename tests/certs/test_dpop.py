"""DPoP proofs: RFC 9449's own examples, each check of its section 4.3, and every spelling of an address."""

import json
from typing import Any

import pytest

from certs import dpop, jose
from certs.encoding import b64url_encode
from certs.keys import MemorySigner
from tests.certs.refusals import refused

NOW = 1_790_000_000
HTU = "https://idp.example/token"
SIGNERS = {alg: MemorySigner.generate(alg) for alg in ("ES256", "PS256", "EdDSA")}
HOLDER = SIGNERS["ES256"]

# RFC 9449 §4.1, §7.1: what is sent to the token endpoint, and to a resource.
_HEADER = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
)
AT_TOKEN = (
    f"{_HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2"
    "VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
AT_RESOURCE = (
    f"{_HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm"
    "90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9"
    ".2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"  # §6.1


def made(signer: MemorySigner = HOLDER, claims: dict[str, Any] | None = None, **headers: Any) -> str:
    base = {"jti": "j-1", "htm": "POST", "htu": HTU, "iat": NOW}
    kept = {name: value for name, value in {**base, **(claims or {})}.items() if value is not None}
    header = {"kid": None, "jwk": signer.public.bare_jwk(), "typ": dpop.TYP, **headers}
    return jose.sign(kept, signer, typ="", headers=header)


def verify(proof: str, **changed: Any) -> dpop.Proof:
    return dpop.verify(proof, **{"htm": "POST", "htu": HTU, "now": NOW, **changed})


def test_the_examples_of_the_rfc_hold() -> None:
    at_token = dpop.verify(AT_TOKEN, htm="POST", htu="https://server.example.com/token", now=1562262616)
    assert (at_token.jkt, at_token.jti, at_token.nonce) == (JKT, "-BwC3ESc6acc2lTc", None)
    resource = {"htm": "GET", "htu": "https://resource.example.org/protectedresource", "now": 1562262618}
    assert dpop.verify(AT_RESOURCE, **resource, access_token=TOKEN).jkt == JKT  # type: ignore[arg-type]
    with refused("digest_mismatch"):
        dpop.verify(AT_RESOURCE, **resource, access_token=TOKEN + "x")  # type: ignore[arg-type]


@pytest.mark.parametrize("alg", SIGNERS)
def test_what_is_made_holds(alg: str) -> None:
    signer = SIGNERS[alg]
    sent = dpop.make(
        signer, htm="GET", htu=f"{HTU}?a=b#c", jti="j", now=NOW, access_token="the-token", nonce="the-nonce"
    )
    assert set(jose.parse(sent).header) == {"typ", "alg", "jwk"}
    assert len(sent) <= dpop.PROOF_LIMIT
    held = verify(sent, htm="GET", access_token="the-token")
    assert (held.key, held.jkt, held.jti, held.nonce) == (signer.public, signer.public.thumbprint(), "j", "the-nonce")
    assert held.until == NOW + dpop.AGE + 1


def test_ed25519_by_either_name() -> None:
    for alg in ("Ed25519", "EdDSA"):
        assert verify(made(SIGNERS["EdDSA"], alg=alg)).jkt == SIGNERS["EdDSA"].public.thumbprint()


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"jti": None}, "claims_missing"),
        ({"htm": None}, "claims_missing"),
        ({"htu": None}, "claims_missing"),
        ({"iat": None}, "claims_missing"),
        ({"jti": ""}, "malformed"),
        ({"jti": 5}, "malformed"),
        ({"jti": "j" * 257}, "malformed"),
        ({"jti": "a\nb"}, "malformed"),
        ({"nonce": 5}, "malformed"),
        ({"nonce": "n" * 257}, "malformed"),
        ({"iat": str(NOW)}, "malformed"),
        ({"iat": NOW + 0.5}, "malformed"),
        ({"iat": True}, "malformed"),
        ({"htm": "post"}, "audience_mismatch"),
        ({"htm": "GET"}, "audience_mismatch"),
        ({"htm": ["POST"]}, "audience_mismatch"),
        ({"htu": HTU + "2"}, "audience_mismatch"),
        ({"htu": 5}, "malformed"),
        ({"iat": NOW - 61}, "presentation_stale"),
        ({"iat": NOW + 11}, "issued_in_future"),
    ],
)
def test_other_claims_are_refused(claims: dict[str, Any], code: str) -> None:
    with refused(code):
        verify(made(claims=claims))


@pytest.mark.parametrize("iat", [NOW - 60, NOW + 10])
def test_at_its_limits_of_time_it_holds(iat: int) -> None:
    assert verify(made(claims={"iat": iat})).until == iat + 61


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"typ": None}, "type_mismatch"),
        ({"typ": "JWT"}, "type_mismatch"),
        ({"typ": "DPOP+JWT"}, "type_mismatch"),
        ({"typ": ["dpop+jwt"]}, "type_mismatch"),
        ({"alg": "none"}, "alg_not_allowed"),
        ({"alg": "HS256"}, "alg_not_allowed"),
        ({"alg": "RS256"}, "alg_not_allowed"),
        ({"alg": "ES384"}, "alg_not_allowed"),
        ({"alg": ["ES256"]}, "alg_not_allowed"),
        ({"alg": "PS256"}, "alg_not_allowed"),
        ({"jwk": None}, "malformed"),
        ({"jwk": "x"}, "malformed"),
        ({"jwk": {"kty": "oct", "k": "c2VjcmV0"}}, "malformed"),
        ({"jwk": {"kty": "oct"}}, "alg_not_allowed"),
        ({"jwk": {**HOLDER.public.bare_jwk(), "d": "AA"}}, "malformed"),
        ({"jwk": {**HOLDER.public.bare_jwk(), "dp": "AA"}}, "malformed"),
        ({"jwk": MemorySigner.generate().public.bare_jwk()}, "signature_invalid"),
        ({"crit": ["exp"]}, "crit_unknown"),
    ],
)
def test_other_headers_are_refused(headers: dict[str, Any], code: str) -> None:
    with refused(code):
        verify(made(**headers))


def test_nothing_is_decoded_of_what_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("looked inside")

    monkeypatch.setattr(jose, "parse", never)
    with refused("oversize"):
        verify("a" * (dpop.PROOF_LIMIT + 1))
    with refused("malformed"):
        verify(f"{made()},{made()}")


@pytest.mark.parametrize("broken", ["", "x", "a.b", "a.b.c", "a.b.c.d.e", made() + ".", made()[:-2], "é.é.é"])
def test_what_is_no_jwt_is_refused(broken: str) -> None:
    with pytest.raises(Exception, match=r"malformed|encoding_invalid|type_mismatch|signature_invalid"):
        verify(broken)


def test_claims_that_are_no_object_are_refused() -> None:
    header = {"kid": None, "jwk": HOLDER.public.bare_jwk()}
    with refused("malformed"):
        verify(jose.sign(json.dumps([1]).encode(), HOLDER, typ=dpop.TYP, headers=header))


@pytest.mark.parametrize("ath", [None, "", "x", dpop.hash_of("another"), b64url_encode(b"the-token"), 5])
def test_a_token_s_hash_must_be_there(ath: object) -> None:
    with refused("claims_missing" if ath is None else "digest_mismatch"):
        verify(made(claims={"ath": ath}), access_token="the-token")


@pytest.mark.parametrize(
    ("address", "spelt"),
    [
        (HTU, "HTTPS://idp.example/token"),
        (HTU, "https://IDP.EXAMPLE/token"),
        (HTU, "https://idp.example:443/token"),
        (HTU, "https://idp.example/./a/../token"),
        (HTU, "https://idp.example/%74oken"),
        ("http://localhost/a%2fb/~x", "http://LOCALHOST:80/a%2Fb/%7ex"),
        ("https://idp.example", "https://idp.example/"),
        ("https://idp.example:8443/token", "https://idp.example:08443/token"),
        ("https://[::1]:8443/token", "https://[::1]:8443/token"),
        ("https://idp.example/a/", "https://idp.example/a/b/.."),
    ],
)
def test_one_address_in_other_spellings(address: str, spelt: str) -> None:
    assert verify(made(claims={"htu": spelt}), htu=address)


@pytest.mark.parametrize(
    ("spelt", "code"),
    [
        ("http://idp.example/token", "audience_mismatch"),
        ("https://idp.example:8443/token", "audience_mismatch"),
        ("https://idp.example/Token", "audience_mismatch"),
        ("https://idp.example/token/", "audience_mismatch"),
        ("https://idp.example//token", "audience_mismatch"),
        ("https://idp.example/%2Ftoken", "audience_mismatch"),
        ("https://idp.example.evil.example/token", "audience_mismatch"),
        (f"{HTU}?", "malformed"),
        (f"{HTU}?a=b", "malformed"),
        (f"{HTU}#a", "malformed"),
        ("https://idp.example/tok%2", "malformed"),
        ("https://user@idp.example/token", "malformed"),
        ("https://idp.example:x/token", "malformed"),
        ("https://[::1/token", "malformed"),
        ("https:///token", "malformed"),
        ("/token", "malformed"),
        ("ftp://idp.example/token", "malformed"),
        ("https://idp.example/to ken", "malformed"),
        ("https://idp.example/" + "a" * 2048, "malformed"),
    ],
)
def test_another_address_is_refused(spelt: str, code: str) -> None:
    with refused(code):
        verify(made(claims={"htu": spelt}))
