"""EU Digital COVID Certificates: signed by a document signer whose certificate was given, in date, of a kind that it may sign."""

from typing import Any

import cbor2
import pytest

from certs import cbor
from certs.errors import CertsError
from certs.keys import MemorySigner
from tests.verifier.foreign.abroad import ENTRIES, Country, certificate, code, door, of, text_of
from tests.world import DAY, NOW
from verifier.foreign import Framework, dcc
from verifier.result import CheckOutcome, Outcome, Step

AUSTRIA = Country()


@pytest.mark.parametrize("member", ENTRIES)
@pytest.mark.parametrize("alg", ["ES256", "PS256"])
def test_a_certificate(member: str, alg: str) -> None:
    country = Country(alg=alg)
    report = door(of(country)).inspect(country.certify(member), accept=("eu_dcc",))
    verified = report.verified
    assert report.outcome is Outcome.ACCEPTED and verified is not None
    assert verified.framework is report.framework is Framework.EU_DCC
    assert verified.kinds == (f"eu_dcc.{ {'v': 'vaccination', 't': 'test', 'r': 'recovery'}[member] }",)
    assert (verified.full_name, verified.birth_date, verified.issuer) == ("Müller Zoë", "1998-02-26", "AT")
    assert (verified.issued, verified.expires, verified.status_as_of) == (NOW - DAY, NOW + 90 * DAY, None)
    assert verified.claims[member] == [ENTRIES[member]]
    assert verified.holder_bound is False and report.to_json()["verified"]["holder_bound"] is False
    skipped = [check.step for check in report.checks if check.outcome is CheckOutcome.SKIPPED]
    assert skipped == [Step.STATUS, Step.HOLDER_PROOF]


@pytest.mark.parametrize("tags", [(), (18,), (18, 61)], ids=["bare", "Sign1", "CWT"])
def test_with_and_without_its_tags(tags: tuple[int, ...]) -> None:
    message = AUSTRIA.sign(cbor.encode(AUSTRIA.claims()), tags=tags)
    assert code(door(of(AUSTRIA)), text_of(message)) is None


def test_as_other_issuers_write_cbor() -> None:
    """Keys in any order, indefinite lengths, an expiry with a fraction, times as tags."""
    health = AUSTRIA.claims()[-260]
    claims = {6: cbor2.CBORTag(1, NOW - 5), -260: health, 4: float(NOW + DAY) + 0.5, 1: "AT"}
    plain = cbor2.dumps(claims)
    assert code(door(of(AUSTRIA)), text_of(AUSTRIA.sign(plain))) is None
    assert plain[:1] == b"\xa4"
    assert code(door(of(AUSTRIA)), text_of(AUSTRIA.sign(b"\xbf" + plain[1:] + b"\xff"))) is None


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({4: NOW}, "expired"),
        ({4: None}, "malformed"),
        ({4: "soon"}, "malformed"),
        ({4: True}, "malformed"),
        ({6: NOW + 301}, "issued_in_future"),
        ({6: NOW + 299}, None),
        ({6: None}, "malformed"),
        ({1: "DE"}, "issuer_untrusted"),
        ({1: None}, None),  # it may be left out
        ({-260: None}, "type_mismatch"),
        ({-260: {2: {}}}, "malformed"),
        ({-260: {1: []}}, "malformed"),
        ({-260: {1: {"ver": "1.3.0", "nam": {}, "dob": ""}}}, "claims_missing"),
        ({-260: {1: {"ver": "1.3.0", "nam": {}, "dob": "", "v": "x"}}}, "malformed"),
        ({-260: {1: {"ver": "1.3.0", "nam": {}, "dob": "", "v": [{}], "t": [{}]}}}, "malformed"),
        ({-260: {1: {"ver": "1.3.0", "nam": {}, "v": [{"is": "a\u202eb"}]}}}, "text_unsafe"),
        ({-260: {1: {"ver": "1.3.0", "nam": {"fn": "n" * 1025}, "v": [{}]}}}, "oversize"),
    ],
)
def test_claims(changes: dict[int, Any], refused: str | None) -> None:
    claims = {key: value for key, value in {**AUSTRIA.claims(), **changes}.items() if value is not None}
    assert code(door(of(AUSTRIA)), text_of(AUSTRIA.sign(cbor.encode(claims)))) == refused


def test_names_of_every_script() -> None:
    greek = AUSTRIA.certify(nam={"fn": "Παπαδοπούλου", "fnt": "PAPADOPOULOU", "gnt": "ELENI"})
    assert door(of(AUSTRIA)).verify(greek, accept=("eu_dcc",)).full_name == "Παπαδοπούλου ELENI"


def test_whose_certificate_was_not_given() -> None:
    foreign = door(of(AUSTRIA))
    assert code(foreign, Country().certify()) == "key_not_found"
    other = Country()
    forged = text_of(other.sign(cbor.encode(other.claims()), protected={1: -7, 4: AUSTRIA.anchor.kid}))
    assert code(foreign, forged) == "signature_invalid"


def test_key_ids_that_collide_are_all_tried() -> None:
    first, second, rsa = Country(), Country(), Country(alg="PS256")
    anchors = [country.anchor for country in (rsa, first, second)]
    for anchor in anchors:
        object.__setattr__(anchor, "kid", b"the same")
    text = text_of(second.sign(cbor.encode(second.claims()), protected={1: -7, 4: b"the same"}))
    foreign = door(dcc.Anchors(tuple(anchors)))
    assert code(foreign, text) is None
    forger = Country()
    forged = text_of(forger.sign(cbor.encode(forger.claims()), protected={1: -7, 4: b"the same"}))
    assert code(foreign, forged) == "signature_invalid"


@pytest.mark.parametrize("arc", ["1.3.6.1.4.1.1847.2021.1", "1.3.6.1.4.1.0.1847.2021.1"])
def test_a_signer_of_one_kind(arc: str) -> None:
    country = Country(uses=(f"{arc}.1",))
    foreign = door(of(country))
    assert code(foreign, country.certify("t")) is None
    assert code(foreign, country.certify("v")) == "cert_usage"
    assert code(foreign, country.certify("r")) == "cert_usage"


def test_a_signer_of_unknown_uses_may_sign_all() -> None:
    country = Country(uses=("1.3.6.1.5.5.7.3.1",))
    assert code(door(of(country)), country.certify("r")) is None


def test_the_time_of_the_signers_certificate() -> None:
    country = Country(days=31)
    text = country.certify()
    assert code(door(of(country)), text) is None
    assert code(door(of(country), now=NOW + DAY + 1), text) == "cert_expired"
    assert code(door(of(country), now=NOW - 31 * DAY), text) == "cert_not_yet_valid"


def test_a_signer_that_is_none() -> None:
    with pytest.raises(CertsError):
        dcc.Signer(certificate(MemorySigner.generate("ES384"), "AT"))
    with pytest.raises(CertsError):
        dcc.Signer(AUSTRIA.certificate, country="Austria")


def test_anchors_past_their_end_say_neither_yes_nor_no() -> None:
    anchors = dcc.Anchors((AUSTRIA.anchor,), as_of=NOW - 9 * DAY, until=NOW)
    report = door(anchors).inspect(AUSTRIA.certify(), accept=("eu_dcc",))
    assert (report.outcome, report.code) == (Outcome.UNDETERMINED, "status_stale")
    before = door(anchors, now=NOW - 1).verify(AUSTRIA.certify(), accept=("eu_dcc",))
    assert before.trust_as_of == NOW - 9 * DAY
    forged = Country().certify()
    assert code(door(anchors), forged) == "key_not_found"  # a no stays a no
