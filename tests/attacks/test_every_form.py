"""Groups KB, CB, X5, JW and UN where only one form of document was attacked so far: the same in every form that it applies to."""

from collections.abc import Callable
from typing import Any

import pytest

from certs import cbor, cose, qr
from certs.cbor import Tag
from certs.encoding import b64url_decode, b64url_encode
from certs.formats import cwt
from certs.formats.mso import LIMITS
from certs.keys import MemorySigner
from certs.proof import HOLDER_PROOF_AGE, HOLDER_PROOF_SKEW, HOLDER_PROOF_TYP
from certs.x509 import key_id
from tests.attacks.test_cbor_cose import HOLDER
from tests.certs.formats import mdocs, sd_jwts
from tests.shown import CONVERSATION, FORMS, Shown, show
from tests.world import DAY, RECORDS, World
from verifier import AllOf, Policy, Verifier

EACH = pytest.mark.parametrize("form", FORMS)
US, QUESTION = "bank.example", b"question"
KCWT, TYP = cose.KCWT, cose.TYP


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def verifier(world: World) -> Verifier:
    return Verifier(world.open_bundle(), clock=lambda: world.now)


def code(verifier: Verifier, text: str, **wanted: Any) -> str | None:
    report = verifier.inspect(text, policy=Policy(**wanted), conversation=CONVERSATION)
    assert report.accepted == (report.verified is not None) == (report.code is None)
    return report.code


# --- KB: the holder's proof of a code ---------------------------------------------------------------------------------


def proven(world: World, claims: Any, *, signer: MemorySigner | None = None, **header: Any) -> str:
    """A code whose proof says exactly this, under the holder's own signature; `_16=…` changes its header, None leaves out."""
    protected: dict[int, Any] = {1: -7, KCWT: cose.parse(world.issue()).item(), TYP: HOLDER_PROOF_TYP}
    protected |= {int(name[1:]): value for name, value in header.items()}
    raw = cbor.encode({name: value for name, value in protected.items() if value is not None})
    payload = cbor.encode(claims)
    signature = (signer or world.holder).sign(cbor.encode(["Signature1", raw, b"", payload]))
    return qr.to_text(cbor.encode(Tag(cose.SIGN1, [raw, {}, payload, signature])))


def test_the_tests_own_proof_is_good(world: World, verifier: Verifier) -> None:
    assert code(verifier, proven(world, {6: world.now})) is None
    asked = {"audience": US, "challenge": QUESTION}
    assert code(verifier, proven(world, {6: world.now, 3: US, 39: QUESTION}), **asked) is None


def test_kb_02_the_proof_of_a_code_by_another_key(world: World, verifier: Verifier) -> None:
    assert code(verifier, proven(world, {6: world.now}, signer=MemorySigner.generate())) == "holder_binding_invalid"


@pytest.mark.parametrize(
    ("told", "code_"),
    [
        ({3: "shop.example", 39: QUESTION}, "audience_mismatch"),
        ({3: f"{US}.evil", 39: QUESTION}, "audience_mismatch"),
        ({3: US.upper(), 39: QUESTION}, "audience_mismatch"),
        ({39: QUESTION}, "audience_mismatch"),
        ({3: [US], 39: QUESTION}, "malformed"),
        ({3: US.encode(), 39: QUESTION}, "malformed"),
        ({3: "", 39: QUESTION}, "audience_mismatch"),
        ({3: US, 39: b"another"}, "nonce_mismatch"),
        ({3: US, 39: b""}, "nonce_mismatch"),
        ({3: US}, "nonce_mismatch"),
        ({3: US, 39: QUESTION.decode()}, "malformed"),
        ({3: US, 39: bytes(65)}, "malformed"),
        ({3: US, 39: QUESTION, 7: b"more"}, "malformed"),
    ],
)
def test_kb_03_kb_04_the_proof_of_a_code_for_somebody_else(
    world: World, verifier: Verifier, told: dict[int, Any], code_: str
) -> None:
    assert code(verifier, proven(world, {6: world.now, **told}), audience=US, challenge=QUESTION) == code_


def test_kb_03_a_code_made_for_somebody_is_not_for_everybody(world: World, verifier: Verifier) -> None:
    assert code(verifier, proven(world, {6: world.now, 3: US})) == "audience_mismatch"
    assert code(verifier, proven(world, {6: world.now, 39: QUESTION})) == "nonce_mismatch"


@pytest.mark.parametrize(
    ("ahead", "code_"),
    [
        (-HOLDER_PROOF_AGE - HOLDER_PROOF_SKEW - 1, "presentation_stale"),
        (-HOLDER_PROOF_AGE - HOLDER_PROOF_SKEW, None),
        (HOLDER_PROOF_SKEW, None),
        (HOLDER_PROOF_SKEW + 1, "issued_in_future"),
        (10**18, "issued_in_future"),
    ],
)
def test_kb_05_the_time_of_a_code(world: World, verifier: Verifier, ahead: int, code_: str | None) -> None:
    assert code(verifier, proven(world, {6: world.now + ahead})) == code_


@pytest.mark.parametrize("time", ["2026", None, True, -1, [0], b"", Tag(1, 5)])
def test_kb_05_a_time_of_a_code_that_is_none(world: World, verifier: Verifier, time: Any) -> None:
    assert code(verifier, proven(world, {6: time})) == "malformed"


def test_kb_06_a_proof_around_another_credential(world: World, verifier: Verifier) -> None:
    """Of the same holder and key: what was signed for the age is not good for the whole licence."""
    age = cose.parse(qr.from_text(world.present(world.issue("driving_licence", "age_over_18"))))
    header = {**age.header, KCWT: cose.parse(world.issue("driving_licence", "full")).item()}
    parts = [cbor.encode(header), {}, age.payload, age.signature]
    assert code(verifier, qr.to_text(cbor.encode(Tag(cose.SIGN1, parts)))) == "holder_binding_invalid"


@pytest.mark.parametrize(
    ("header", "code_"),
    [
        ({f"_{TYP}": "kb+jwt"}, "type_mismatch"),
        ({f"_{TYP}": cwt.TYP}, "malformed"),
        ({f"_{TYP}": None}, "type_mismatch"),
        ({"_1": 0}, "alg_not_allowed"),
        ({"_1": 5}, "alg_not_allowed"),
        ({"_1": -257}, "alg_not_allowed"),
        ({"_1": None}, "malformed"),
        ({"_4": b"a key id"}, "malformed"),
    ],
)
def test_kb_08_a_proof_of_another_kind(world: World, verifier: Verifier, header: dict[str, Any], code_: str) -> None:
    assert code(verifier, proven(world, {6: world.now}, **header)) == code_


@pytest.mark.parametrize(
    "confirmation",
    [None, {}, {3: b"kid"}, {1: HOLDER, 3: b"kid"}, {1: {**HOLDER, -4: bytes(32)}}, [HOLDER], HOLDER, b""],
)
def test_kb_09_a_code_bound_to_no_key_that_can_be_used(world: World, verifier: Verifier, confirmation: Any) -> None:
    """Its authority signed it so: it is no printed code for that, which has a type of its own."""
    claims = cbor.decode(cose.parse(world.issue()).payload)
    claims = {name: value for name, value in claims.items() if name != 8 or confirmation is not None}
    if confirmation is not None:
        claims[8] = confirmation
    desk = world.issuers["public-security"]
    made = cose.sign(cbor.encode(claims), desk.signer, header={cose.KID: key_id(desk.certificate), TYP: cwt.TYP})
    for text in (qr.to_text(made), world.present(made)):
        assert code(verifier, text) == "malformed"
        assert code(verifier, text, require_holder_proof=False) == "malformed"
    assert code(verifier, qr.to_text(made), accept_printed=True) == "malformed"


def test_kb_10_one_print_does_not_pass_for_two(world: World, verifier: Verifier) -> None:
    """Nobody signs a print anew, and its text may be made anew by its authority: it is one document each time."""
    print_ = Policy(accept_printed=True)
    for texts in ([world.paper()] * 2, [world.paper(), world.paper()], [world.paper(), world.present()]):
        assert verifier.inspect_all(texts, policy=AllOf((print_, print_))).code == "presentation_replayed"


# --- CB: the security object and the device's key of an mdoc ----------------------------------------------------------


def mdoc_of(world: World, changes: Any) -> str:
    """Shown under a security object that its authority signed so; no wallet of ours would keep it, so it is put in afterwards."""
    credential = mdocs.issued(world)
    object_ = cbor.decode(mdocs.resigned(world, credential, changes), LIMITS)["issuerAuth"]

    def change(value: Any) -> None:
        mdocs.document_of(value)["issuerSigned"]["issuerAuth"] = object_

    return b64url_encode(mdocs.edited(mdocs.presented(world, credential), change))


def _device_key(key: Any) -> Callable[[dict[str, Any]], None]:
    def change(security: dict[str, Any]) -> None:
        security["deviceKeyInfo"]["deviceKey"] = key

    return change


ASKED = Shown("mso_mdoc", "").asked


def test_the_tests_own_security_object_is_good(world: World, verifier: Verifier) -> None:
    assert code(verifier, mdoc_of(world, {}), **ASKED) is None


@pytest.mark.parametrize(
    "key",
    [
        {**HOLDER, -4: b"\1" * 32},  # the private part
        {**HOLDER, -1: 2},
        {**HOLDER, -1: 8},
        {**HOLDER, 1: 1},
        {**HOLDER, 1: 4, -1: b"secret"},
        {**HOLDER, -2: b"\xff" * 32},
        {**HOLDER, -2: bytes(32), -3: bytes(32)},
        {**HOLDER, -3: bytes(32)},
        {**HOLDER, -2: HOLDER[-2][1:]},
        {},
        None,
        b"key",
    ],
)
def test_cb_21_a_device_key_that_is_none(world: World, verifier: Verifier, key: Any) -> None:
    text = mdoc_of(world, _device_key(key))
    assert code(verifier, text, **ASKED) == "malformed"
    assert code(verifier, text, require_holder_proof=False) == "malformed"


@pytest.mark.parametrize("name", ["signed", "validFrom", "validUntil"])
@pytest.mark.parametrize(
    "value", [None, 1772438340, [1772438340], "2026-03-02T07:59:00Z", Tag(1, 1772438340), Tag(0, ""), b"", True]
)
def test_cb_20_times_of_an_mdoc_of_another_kind(world: World, verifier: Verifier, name: str, value: Any) -> None:
    def change(security: dict[str, Any]) -> None:
        security["validityInfo"][name] = value

    assert code(verifier, mdoc_of(world, change), **ASKED) == "malformed"


@pytest.mark.parametrize("name", ["signed", "validFrom", "validUntil"])
def test_cb_20_a_time_of_an_mdoc_that_is_missing(world: World, verifier: Verifier, name: str) -> None:
    def change(security: dict[str, Any]) -> None:
        del security["validityInfo"][name]

    assert code(verifier, mdoc_of(world, change), **ASKED) == "malformed"


@pytest.mark.parametrize("raw", [b"", b"\xa0"])
@pytest.mark.parametrize("place", ["issuerAuth", "deviceSignature"])
def test_cb_15_an_empty_header_says_no_algorithm(world: World, verifier: Verifier, place: str, raw: bytes) -> None:
    def change(value: Any) -> None:
        document = mdocs.document_of(value)
        where = (
            document["issuerSigned"]["issuerAuth"]
            if place == "issuerAuth"
            else document["deviceSigned"]["deviceAuth"]["deviceSignature"]
        )
        where[0] = raw

    shown = show(world, "mso_mdoc")
    text = b64url_encode(mdocs.edited(b64url_decode(shown.text), change))
    assert code(verifier, text, **ASKED) == "malformed"


# --- X5, JW: who signed, and for whom it claims to -------------------------------------------------------------------


def _signed_for(world: World, form: str, authority: str, by: str) -> str:
    """A licence that names one authority and is signed by another, who is on the list for documents of its own."""
    desk, issuers = world.issuers[by], dict(world.issuers)
    world.issuers = {**issuers, authority: desk}
    try:
        if form == "printed":
            return world.paper()
        if form == "vn1_cwt":
            return world.present(world.issue(authority=authority, desk=desk))
        if form == "mso_mdoc":
            return b64url_encode(mdocs.presented(world, mdocs.issued(world, authority=authority, desk=desk)))
        asked = {"audience": str(mdocs.TRANSCRIPT.audience), "nonce": str(mdocs.TRANSCRIPT.nonce)}
        issued = sd_jwts.issue(world=world, authority=authority, issued=world.now - 60, expires=world.now + DAY)
        return sd_jwts.present(issued, signer=world.holder, at=world.now, **asked)
    finally:
        world.issuers = issuers


@pytest.mark.parametrize("form", ["printed", *FORMS])
def test_x5_07_jw_11_the_signer_of_one_authority_speaks_for_no_other(
    world: World, verifier: Verifier, form: str
) -> None:
    asked = {"accept_printed": True} if form == "printed" else {} if form == "vn1_cwt" else ASKED
    text = _signed_for(world, form, "public-security", "tax")
    assert code(verifier, text, **asked) == "issuer_untrusted"
    assert code(verifier, text, **asked, issuers=("public-security",)) == "issuer_untrusted"


@pytest.mark.parametrize(
    "name", ["public-security/", "PUBLIC-SECURITY", "public", "public-security.evil", "tax", "cоngan"]
)
@pytest.mark.parametrize("form", ["vn1_cwt", "dc+sd-jwt"])  # an mdoc names nobody: its certificate does
def test_jw_12_a_name_that_is_nearly_the_authoritys(world: World, verifier: Verifier, form: str, name: str) -> None:
    text = _signed_for(world, form, name, "public-security")
    found = code(verifier, text, **({} if form == "vn1_cwt" else ASKED))
    assert found in {"issuer_untrusted", "text_unsafe", "malformed"}


# --- UN ---------------------------------------------------------------------------------------------------------------


@EACH
def test_un_02_each_way_to_place_a_tone_is_told_as_it_was_signed(world: World, verifier: Verifier, form: str) -> None:
    for name in ("Nguyễn Thị Hoà", "Nguyễn Thị Hòa"):
        record = {**RECORDS["driving_licence"], "full_name": name}
        assert show(world, form, record=record).verify(verifier).claims["full_name"] == name
