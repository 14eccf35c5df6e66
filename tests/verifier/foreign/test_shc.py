"""SMART Health Cards: signed by an issuer whose keys were given, not revoked by the list that its key announces."""

from typing import Any

import pytest

from certs.errors import Malformed
from certs.keys import MemorySigner
from tests.verifier.foreign.abroad import URL, Clinic, at, code, deflated, digits_of, door, json_of
from tests.world import DAY, NOW
from verifier.foreign import Framework, shc
from verifier.result import Outcome, Undetermined

CLINIC = Clinic()


def test_a_card() -> None:
    report = door(at(CLINIC)).inspect(CLINIC.card(), accept=("shc.immunization",))
    verified = report.verified
    assert report.outcome is Outcome.ACCEPTED and verified is not None
    assert verified.framework is report.framework is Framework.SMART_HEALTH_CARD
    assert verified.kinds == ("shc.health-card", "shc.immunization")
    assert (verified.full_name, verified.birth_date) == ("Anyperson Zoë B.", "1951-01-20")
    assert (verified.issuer, verified.issued, verified.expires) == (URL, NOW - DAY, None)
    assert verified.status_as_of is None and verified.holder_bound is False
    assert verified.claims["entry"][1]["resource"]["status"] == "completed"
    assert report.to_json()["verified"]["framework"] == "shc"


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"nbf": NOW + 1}, "not_yet_valid"),
        ({"nbf": NOW - 0.5}, None),
        ({"nbf": None}, "malformed"),
        ({"nbf": "1"}, "malformed"),
        ({"exp": NOW}, "expired"),
        ({"exp": NOW + 1}, None),
        ({"exp": -1}, "malformed"),
        ({"iss": "https://other.example/cards"}, "issuer_untrusted"),
        ({"iss": URL + "/"}, "issuer_untrusted"),
        ({"iss": None}, "issuer_untrusted"),
        ({"vc": {"type": ["https://smarthealth.cards#immunization"]}}, "type_mismatch"),
        ({"vc": {"type": "https://smarthealth.cards#health-card"}}, "type_mismatch"),
        ({"vc": {"credentialSubject": {}}}, "malformed"),
        ({"vc": {"credentialSubject": {"fhirBundle": []}}}, "malformed"),
        ({"vc": {"rid": "much too long for a rid, and with blanks"}}, "malformed"),
        ({"vc": {"note": "zero\u200bwidth"}}, "text_unsafe"),
        ({"vc": {"note": "n" * 1025}}, "oversize"),
    ],
)
def test_claims(changes: dict[str, Any], refused: str | None) -> None:
    assert code(door(at(CLINIC)), CLINIC.card(**changes)) == refused


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{}", b'{"iss":1,"iss":1}', b"null", b"\xff", b"[" * 100, b'{"a":NaN}']
)
def test_a_payload_that_is_none(payload: bytes) -> None:
    assert code(door(at(CLINIC)), CLINIC.sign(deflated(payload))) in (
        "malformed",
        "duplicate_key",
        "type_mismatch",
        "limit_exceeded",
    )


@pytest.mark.parametrize(
    ("header", "refused"),
    [
        ({"kid": "another"}, "key_not_found"),
        ({"kid": None}, "key_not_found"),
        ({"kid": 1}, "key_not_found"),
        ({"alg": "none"}, "alg_not_allowed"),
        ({"alg": "ES384"}, "alg_not_allowed"),
        ({"zip": None}, "malformed"),
        ({"zip": "GZIP"}, "malformed"),
        ({"crit": ["x"]}, "crit_unknown"),
        ({"typ": "JWT"}, None),
        ({"typ": "vc+sd-jwt"}, "type_mismatch"),
        ({"jwk": {}}, None),  # never looked at
    ],
)
def test_headers(header: dict[str, Any], refused: str | None) -> None:
    named = {"zip": "DEF", "alg": "ES256", "kid": CLINIC.signer.public.kid, **header}
    kept = {name: value for name, value in named.items() if value is not None}
    assert code(door(at(CLINIC)), CLINIC.sign(deflated(json_of(CLINIC.claims())), header=kept)) == refused


def test_a_key_of_somebody_else() -> None:
    forger = Clinic()
    assert code(door(at(CLINIC)), forger.card()) == "key_not_found"
    header = {"zip": "DEF", "alg": "ES256", "kid": CLINIC.signer.public.kid}
    forged = forger.sign(deflated(json_of(forger.claims())), header=header)
    assert code(door(at(CLINIC)), forged) == "signature_invalid"


def test_one_trusted_issuer_does_not_speak_for_another() -> None:
    other = Clinic("https://other.example/cards")
    assert code(door(at(CLINIC, other)), other.card(iss=CLINIC.url)) == "issuer_untrusted"


def test_two_issuers_of_one_key() -> None:
    other = Clinic("https://other.example/cards")
    other.signer, other.jwks = CLINIC.signer, CLINIC.jwks
    foreign = door(at(CLINIC, other))
    for clinic in (CLINIC, other):
        assert foreign.verify(clinic.card(), accept=("shc",)).issuer == clinic.url


@pytest.mark.parametrize(
    ("rids", "rid", "refused"),
    [
        ((), "abc", None),
        (("abd",), "abc", None),
        (("abc",), "abc", "revoked"),
        (("abc",), None, None),
        ((f"abc.{NOW}",), "abc", "revoked"),
        ((f"abc.{NOW - DAY}",), "abc", None),  # it became valid then, not before
        ((f"abc.{NOW}", f"abc.{NOW - 9 * DAY}"), "abc", "revoked"),
        (("abc", f"abc.{NOW - 9 * DAY}"), "abc", "revoked"),
    ],
)
def test_revocation(rids: tuple[str, ...], rid: str | None, refused: str | None) -> None:
    clinic = Clinic(crl_version=1)
    foreign = door(shc.Anchors((clinic.issuer(clinic.revocations(*rids)),), as_of=NOW - 60))
    text = clinic.card(vc={} if rid is None else {"rid": rid})
    assert code(foreign, text) == refused
    if refused is None:
        assert foreign.verify(text, accept=("shc",)).status_as_of == NOW - 60


def test_a_list_that_a_key_announces_and_nobody_gave() -> None:
    clinic = Clinic(crl_version=2)
    text = clinic.card(vc={"rid": "abc"})
    with pytest.raises(Undetermined, match="status_unavailable"):
        door(at(clinic)).verify(text, accept=("shc",))
    older = shc.Anchors((clinic.issuer(clinic.revocations(version=1)),))
    with pytest.raises(Undetermined, match="status_stale"):
        door(older).verify(text, accept=("shc",))
    known = shc.Anchors((clinic.issuer(clinic.revocations("abc", version=1)),))
    assert code(door(known), text) == "revoked"  # a no that is known waits for nothing


def test_anchors_past_their_end() -> None:
    anchors = shc.Anchors((CLINIC.issuer(),), until=NOW)
    assert door(anchors).inspect(CLINIC.card(), accept=("shc",)).outcome is Outcome.UNDETERMINED


@pytest.mark.parametrize("url", ["http://clinic.example", "https://clinic.example/", "clinic.example", "https://"])
def test_an_issuer_that_no_card_can_name(url: str) -> None:
    with pytest.raises(ValueError):
        shc.Issuer(url, CLINIC.jwks)


def test_key_sets_and_lists_that_are_none() -> None:
    renamed = MemorySigner.generate(kid="not its thumbprint").public.jwk()
    private = {**CLINIC.jwks["keys"][0], "d": "AAAA"}
    for jwks in ({}, {"keys": {}}, {"keys": [renamed]}, {"keys": [private]}, {"keys": [{}] * 101}):
        with pytest.raises(Malformed):
            shc.Issuer(URL, jwks)
    for wrong in ({}, CLINIC.revocations("a b"), CLINIC.revocations("abc.x"), CLINIC.revocations(""), {"kid": 1}):
        with pytest.raises(Malformed):
            CLINIC.issuer(wrong)
    foreign_keys = {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, *CLINIC.jwks["keys"] * 2]}
    assert list(shc.Issuer(URL, foreign_keys).keys) == [CLINIC.signer.public.kid]


def test_a_bundle_about_two_people_names_nobody() -> None:
    claims = CLINIC.claims()
    entries = claims["vc"]["credentialSubject"]["fhirBundle"]["entry"]
    entries.append(entries[0])
    verified = door(at(CLINIC)).verify(CLINIC.sign(deflated(json_of(claims))), accept=("shc",))
    assert (verified.full_name, verified.birth_date) == (None, None)


@pytest.mark.parametrize("digits", ["", "5", "567", "99", "78", "56a6", "56 76", "５６７６", "56\n", "-1"])
def test_digits_that_are_none(digits: str) -> None:
    assert code(door(at(CLINIC)), "shc:/" + digits) in ("encoding_invalid", "malformed")


def test_a_token_of_another_shape() -> None:
    for token in ("a.b", "a.b.c.d.e", "..", "x"):
        assert code(door(at(CLINIC)), digits_of(token)) in ("malformed", "type_mismatch", "encoding_invalid")


def test_of_two_lists_of_a_key_the_newer_counts() -> None:
    clinic = Clinic()
    newer, older = clinic.revocations("abc", version=2), clinic.revocations(version=1)
    text = clinic.card(vc={"rid": "abc"})
    for lists in ((newer, older), (older, newer)):
        assert code(door(shc.Anchors((clinic.issuer(*lists),))), text) == "revoked"
