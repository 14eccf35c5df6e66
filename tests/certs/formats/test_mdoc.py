"""The mdoc from issue to verdict, for every type of the catalogue; what it hides; each check in its turn."""

import hashlib
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certs import cbor
from certs.authority import Authority
from certs.catalogue import CATALOGUE, DocumentType, Text, View
from certs.cbor import Tag
from certs.errors import CertsError
from certs.formats import Expected, Step, device_auth, elements, mdoc, mso
from certs.formats.elements import ISO_NAMESPACE, doc_type, namespace
from certs.formats.mso import LIMITS
from certs.formats.session_transcript import proximity
from certs.keys import MemorySigner, PublicKey
from certs.status import Status
from certs.x509 import Usage
from tests.certs.formats.mdocs import (
    LICENCE,
    NAME_AND_AGE,
    OURS,
    TRANSCRIPT,
    edited,
    issued,
    presented,
    refusal,
    resigned,
    verified,
    whole,
    with_elements,
)
from tests.certs.records import records
from tests.certs.refusals import refused
from tests.certs.samples import for_view
from tests.world import DAY, NOW, RECORDS, URI, World

STANDING = World()
DOCUMENTS = pytest.mark.parametrize("document", CATALOGUE.values(), ids=list(CATALOGUE))
SHOWN = presented(STANDING)


def everything(document: DocumentType) -> View:
    return View("all", 0, Text("", ""), Text("", ""), tuple(field.name for field in document.fields))


# --- whole way --------------------------------------------------------------------------------------------------------


@DOCUMENTS
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_record_survives_issue_present_verify(document: DocumentType, data: st.DataObject) -> None:
    record = data.draw(records(document, everything(document)))
    credential = issued(STANDING, document.name, record, index=7)
    result = verified(STANDING, presented(STANDING, credential, whole(document, record)))
    assert result.claims == {name: value for name, value in record.items() if value is not None}
    assert (result.document, result.holder_bound, result.status_as_of) == (document.name, True, NOW)
    assert (result.issuer, result.issued, result.expires) == (
        document.issuers[-1].authority,
        NOW - 60,
        NOW + 30 * DAY - 60,
    )
    assert (result.audience, result.challenge) == ("x509_san_dns:bank.example", TRANSCRIPT.nonce.encode())  # type: ignore[union-attr]
    assert (result.presented_at, result.trust_as_of) == (None, NOW)
    assert result.holder == STANDING.holder.public
    peeked = mdoc.peek(credential)
    assert (peeked.claims, peeked.status, peeked.holder) == (result.claims, (URI, 7), result.holder)


@DOCUMENTS
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_not_shown_is_not_there(document: DocumentType, data: st.DataObject) -> None:
    record = RECORDS[document.name]
    names = whole(document, record)[namespace(document)]
    shown = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    credential = issued(STANDING, document.name)
    response = presented(STANDING, credential, {namespace(document): shown})
    items = [item.value for listed in cbor.decode(credential, LIMITS)["nameSpaces"].values() for item in listed]
    hidden = [item for item in items if mso.parse_item(item).name not in shown]
    for item in hidden:
        assert cbor.decode(item, LIMITS)["random"] not in response
        assert item not in response
    result = verified(STANDING, response)
    assert set(result.claims) == set(shown)
    assert result.elements.keys() == {namespace(document)}
    for name in set(names) - set(shown):
        text = str(record[name])
        if len(text) > 4 and not any(text in str(record[other]) for other in shown):
            assert text.encode() not in response


def test_every_flipped_byte_is_refused() -> None:
    held = STANDING.open_bundle()
    expected = Expected()
    for place in range(len(SHOWN)):
        for bit in (0x01, 0x20):
            bad = bytearray(SHOWN)
            bad[place] ^= bit
            with pytest.raises(CertsError):
                mdoc.verify(
                    bytes(bad),
                    transcript=TRANSCRIPT,
                    trust=held.trust,
                    statuses=held.statuses,
                    now=NOW,
                    expected=expected,
                )


@settings(max_examples=300)
@given(st.data())
def test_whatever_comes_is_refused_with_a_code(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SHOWN)))
    end = data.draw(st.integers(start, len(SHOWN)))
    bad = SHOWN[:start] + data.draw(st.binary(max_size=12)) + SHOWN[end:]
    if bad == SHOWN:
        return
    with pytest.raises(CertsError):
        verified(STANDING, bad)
    with suppress(CertsError):
        mdoc.peek(bad)  # may be read, for it proves nothing; or refused, but never otherwise


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-10, 10)
        | st.text(max_size=3)
        | st.binary(max_size=3)
        | st.builds(Tag, st.sampled_from((0, 24, 1004)), st.text(max_size=10) | st.binary(max_size=4)),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3) | st.integers(0, 3), inner, max_size=3)
        ),
    ),
    st.sampled_from(["nameSpaces", "issuerAuth", "deviceSigned", "docType", "documents", "version", "status"]),
)
def test_any_member_in_any_shape(value: Any, member: str) -> None:
    def change(response: Any) -> None:
        document = response["documents"][0]
        for part in (response, document, document["issuerSigned"]):
            if member in part:
                part[member] = value
                return

    bad = edited(SHOWN, change)
    if bad != SHOWN:
        with pytest.raises(CertsError):
            verified(STANDING, bad)


# --- the driving licence in ISO's words -------------------------------------------------------------------------------


def test_the_licence_tells_the_same_in_the_words_of_iso() -> None:
    contents = mdoc.peek(issued(STANDING, portrait=b"\xff\xd8portrait"))
    assert contents.elements[ISO_NAMESPACE] == {
        "family_name": "Nguyen",
        "given_name": "Thi Thuy Duong",
        "family_name_national_character": "Nguyễn",
        "given_name_national_character": "Thị Thuỳ Dương",
        "birth_date": "2003-05-09",
        "issue_date": "2025-03-10",
        "expiry_date": "2035-03-10",
        "nationality": "VN",
        "issuing_country": "VN",
        "un_distinguishing_sign": "VN",
        "issuing_authority": "Public security authority (simulated)",
        "document_number": "012345678901",
        "driving_privileges": [
            {"vehicle_category_code": "A1", "issue_date": "2021-06-01"},
            {"vehicle_category_code": "B", "issue_date": "2025-03-10", "expiry_date": "2035-03-10"},
        ],
        "age_over_18": True,
        "portrait": b"\xff\xd8portrait",
        "resident_address": "12 Ngo Hue, Phuong Cua Nam, Thanh pho Ha Noi",
    }
    assert contents.claims == RECORDS["driving_licence"]
    assert contents.document is LICENCE and contents.view == "full"


@pytest.mark.parametrize(
    ("change", "element", "value"),
    [
        ({"full_name": "Đặng"}, "family_name", "Dang"),
        ({"full_name": "Đặng"}, "given_name", None),
        ({"full_name": ""}, "family_name", None),
        ({"birth_date": "2003"}, "birth_date", None),  # ISO has full dates only
        ({"nationality": "Lào"}, "nationality", None),  # a country that the list does not have is not guessed
        ({"classes": []}, "driving_privileges", []),
        ({"classes": [{"class": "A2", "issued": "2001-01-01", "expires": None}]}, "driving_privileges", []),
        ({"classes": [{"class": "B", "issued": "2001", "expires": "2002-03"}]}, "driving_privileges", [{"vehicle_category_code": "B"}]),
        ({"classes": [{"class": "B", "issued": "2001", "expires": "2002-03"}]}, "expiry_date", None),
    ],
)  # fmt: skip
def test_what_iso_has_no_word_for_is_left_to_our_namespace(change: dict[str, Any], element: str, value: Any) -> None:
    record = {**RECORDS["driving_licence"], **change}
    contents = mdoc.peek(issued(STANDING, record=record))
    assert contents.elements[ISO_NAMESPACE].get(element) == value
    assert contents.claims == record


def test_a_field_told_in_the_words_of_iso_is_a_claim_too() -> None:
    shown = presented(STANDING, elements={ISO_NAMESPACE: ["age_over_18", "document_number", "family_name"]})
    result = verified(STANDING, shown)
    assert result.claims == {"age_over_18": True, "licence_number": "012345678901"}
    assert result.elements == {
        ISO_NAMESPACE: {"age_over_18": True, "document_number": "012345678901", "family_name": "Nguyen"}
    }
    assert result.view == "age_over_18"


def test_two_words_for_a_field_that_differ_are_refused() -> None:
    credential = with_elements(STANDING, {ISO_NAMESPACE: {"age_over_18": True}, OURS: {"age_over_18": False}})
    with refused("claim_conflict"):
        verified(STANDING, presented(STANDING, credential, {ISO_NAMESPACE: ["age_over_18"], OURS: ["age_over_18"]}))


def test_the_view_is_the_largest_that_was_shown_whole() -> None:
    for view in LICENCE.views:
        credential = issued(STANDING, record=for_view(RECORDS["driving_licence"], view))
        assert verified(STANDING, presented(STANDING, credential, {OURS: view.fields})).view == view.name
    assert verified(STANDING, presented(STANDING, elements={OURS: ["full_name", "points"]})).view == ""


@DOCUMENTS
def test_document_types_and_namespaces(document: DocumentType) -> None:
    if document is LICENCE:
        assert (doc_type(document), OURS) == ("org.iso.18013.5.1.mDL", "org.iso.18013.5.1.VN")
    else:
        assert doc_type(document) == namespace(document) == f"vn.vneid-reference.{document.name}.1"
    assert elements.BY_DOC_TYPE[doc_type(document)] is document


def test_a_portrait_travels_as_bytes() -> None:
    portrait = hashlib.shake_256(b"face").digest(20_000)
    for kind, space in (
        ("driving_licence", ISO_NAMESPACE),
        ("citizen_identity", "vn.vneid-reference.citizen_identity.1"),
    ):
        credential = issued(STANDING, kind, portrait=portrait)
        result = verified(STANDING, presented(STANDING, credential, {space: ["portrait"]}))
        assert result.elements[space]["portrait"] == portrait
        assert result.claims == {}
    for size in (0, mdoc.PORTRAIT_LIMIT + 1):
        with pytest.raises(ValueError, match="portrait"):
            issued(STANDING, portrait=bytes(size))


def test_how_large_a_licence_is() -> None:
    """Online a few kilobytes do not matter; it is told here because in a QR they would (see `certs/qr.md`)."""
    credential = issued(STANDING, index=1 << 20, uri="https://idp.vneid-reference.example/status-lists/12")
    assert len(credential) <= 5200
    assert len(presented(STANDING, credential, {ISO_NAMESPACE: ["age_over_18"]})) <= 2400
    assert len(presented(STANDING, credential, {OURS: LICENCE.view("licence").fields})) <= 3100


# --- issuing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [{"full_name": "A\u202e"}, {"full_name": None}, {"points": -1}, {"birth_date": "2003-02-30"}, {"birth_date": "20030509"},
     {"licence_number": "1"}, {"classes": [{"class": "Z", "issued": "2020-01-01", "expires": None}]}],
)  # fmt: skip
def test_a_record_that_does_not_fit_is_not_issued(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, CertsError)):
        issued(STANDING, record={**RECORDS["driving_licence"], **change})


def test_salts_are_long_and_numbers_say_nothing() -> None:
    order: set[tuple[int, ...]] = set()
    salts: list[bytes] = []
    for _ in range(4):
        listed = cbor.decode(issued(STANDING), LIMITS)["nameSpaces"][OURS]
        items = [cbor.decode(item.value, LIMITS) for item in listed]
        assert sorted(item["digestID"] for item in items) == list(range(len(items)))
        order.add(tuple(item["digestID"] for item in items))
        salts += [item["random"] for item in items]
    assert len(order) == 4
    assert {len(salt) for salt in salts} == {32} and len(set(salts)) == len(salts)
    with pytest.raises(ValueError, match="salt"):
        issued(STANDING, random=lambda size: bytes(min(size, 16)))


def test_two_copies_have_nothing_in_common_but_what_they_say() -> None:
    first, second = (
        {
            digest
            for listed in mso.security_object(mso.from_value(cbor.decode(issued(STANDING), LIMITS))).digests.values()
            for digest in listed.values()
        }
        for _ in range(2)
    )
    assert len(first) == 25 and not first & second


def test_the_security_object_as_iso_has_it() -> None:
    credential = cbor.decode(issued(STANDING, index=9), LIMITS)
    protected, unprotected, payload, signature = credential["issuerAuth"]
    assert (protected, len(signature)) == (bytes.fromhex("a10126"), 64)
    assert unprotected == {33: STANDING.issuers["public-security"].certificate.public_bytes(Encoding.DER)}
    assert payload[:2] == b"\xd8\x18"
    security = cbor.decode(cbor.decode(payload, LIMITS).value, LIMITS)
    assert security["validityInfo"] == {
        "signed": Tag(0, "2026-03-02T07:59:00Z"),
        "validFrom": Tag(0, "2026-03-02T07:59:00Z"),
        "validUntil": Tag(0, "2026-04-01T07:59:00Z"),
    }
    key = security["deviceKeyInfo"]["deviceKey"]
    assert (key.keys(), len(key[-2]), len(key[-3])) == ({1, -1, -2, -3}, 32, 32)
    assert security["status"] == {"status_list": {"idx": 9, "uri": URI}}
    assert (security["version"], security["digestAlgorithm"]) == ("1.0", "SHA-256")


# --- presenting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", [{OURS: ["shoe_size"]}, {OURS: []}, {"elsewhere": ["full_name"]}])
def test_only_what_there_is_can_be_shown(chosen: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match="has not all"):
        presented(STANDING, elements=chosen)


def test_nothing_shown_proves_nothing() -> None:
    with refused("claims_missing"):
        verified(STANDING, presented(STANDING, elements={}))


def test_an_element_asked_for_twice_is_shown_once() -> None:
    assert verified(STANDING, presented(STANDING, elements={OURS: ["points", "points"]})).claims == {"points": 12}


def test_by_mac_for_one_reader() -> None:
    reader = ec.generate_private_key(ec.SECP256R1())
    public = PublicKey.from_crypto(reader.public_key())
    holder = STANDING.holder.crypto()
    assert isinstance(holder, ec.EllipticCurvePrivateKey)
    transcript = proximity(engagement=b"\xf6", reader_key=cbor.embedded(b"\xa0"), handover=b"\xf6")
    key = device_auth.mac_key(holder, public, transcript)
    assert key == device_auth.mac_key(reader, STANDING.holder.public, transcript)
    shown = mdoc.present_by_mac(issued(STANDING), NAME_AND_AGE, mac_key=key, transcript=transcript)
    result = verified(STANDING, shown, transcript=transcript, reader_key=reader)
    assert (result.holder_bound, result.audience, result.challenge) == (True, None, None)

    other = ec.generate_private_key(ec.SECP256R1())
    for how, code in (
        ({"transcript": transcript, "reader_key": other}, "holder_binding_invalid"),
        ({"transcript": TRANSCRIPT, "reader_key": reader}, "holder_binding_invalid"),
        ({"transcript": transcript}, "alg_not_allowed"),  # a reader that asked for no MAC takes none
    ):
        with refused(code):
            verified(STANDING, shown, **how)
    with refused("alg_not_allowed"):
        device_auth.mac_key(reader, MemorySigner.generate("EdDSA").public, transcript)
    with refused("alg_not_allowed"):
        device_auth.mac_key(reader, MemorySigner.generate("ES384").public, transcript)


# --- verifying --------------------------------------------------------------------------------------------------------


def test_the_first_thing_wrong_is_what_is_told(world: World) -> None:
    assert refusal(world, b"\xff") == ("malformed", Step.FORMAT)
    forged = resigned(world, issued(world), {}, desk=world.desk("forger", Usage.DOCUMENT_SIGNER))
    assert refusal(world, presented(world, forged)) == ("signature_invalid", Step.ISSUER_SIGNATURE)
    abroad = Authority.create("Another root", now=NOW - DAY)
    foreign = issued(world, desk=world.desk("public-security", Usage.DOCUMENT_SIGNER, root=abroad, starts=-1))
    assert refusal(world, presented(world, foreign)) == ("issuer_untrusted", Step.CERTIFICATE_PATH)
    unlisted = issued(world, desk=world.desk("public-security", Usage.DOCUMENT_SIGNER))
    assert refusal(world, presented(world, unlisted)) == ("issuer_untrusted", Step.TRUST_LIST)
    wrong = issued(world, "health_record", authority="tax")
    space = "vn.vneid-reference.health_record.1"
    assert refusal(world, presented(world, wrong, {space: ["full_name"]})) == ("issuer_untrusted", Step.TRUST_LIST)
    assert refusal(world, presented(world, issued(world, at=NOW + 61))) == ("issued_in_future", Step.VALIDITY)
    assert refusal(world, presented(world, issued(world, at=NOW - 30 * DAY))) == ("expired", Step.VALIDITY)
    world.set_state(5, Status.SUSPENDED)
    assert refusal(world, presented(world, issued(world, index=5))) == ("suspended", Step.STATUS)
    assert refusal(world, presented(world, issued(world, uri=URI + "9"))) == ("status_unavailable", Step.STATUS)
    none = resigned(world, issued(world), lambda security: security.pop("status") and None)
    assert refusal(world, presented(world, none)) == ("claims_missing", Step.STATUS)
    assert refusal(world, presented(world, signer=MemorySigner.generate())) == (
        "holder_binding_invalid",
        Step.HOLDER_PROOF,
    )


def test_who_is_named_is_who_the_transcript_names() -> None:
    nonce = str(TRANSCRIPT.nonce).encode()
    assert verified(STANDING, SHOWN, audience=TRANSCRIPT.audience, challenge=nonce).audience == TRANSCRIPT.audience
    for expected, code in (({"audience": "other"}, "audience_mismatch"), ({"challenge": b"other"}, "nonce_mismatch")):
        with refused(code):
            verified(STANDING, SHOWN, **expected)


def test_without_the_holder_it_is_a_weaker_kind_that_says_so() -> None:
    alone = edited(SHOWN, lambda value: value["documents"][0].pop("deviceSigned") and None)
    result = verified(STANDING, alone, holder_proof=False)
    assert (result.holder_bound, result.audience, result.challenge) == (False, None, None)
    with refused("holder_binding_invalid"):  # a proof that is there is checked all the same
        verified(STANDING, presented(STANDING, signer=MemorySigner.generate()), holder_proof=False)


def test_a_wallet_checks_all_but_status_and_holder_proof() -> None:
    held, credential = STANDING.open_bundle(), issued(STANDING)
    kept = mdoc.verify_issued(credential, trust=held.trust, now=NOW)
    assert (kept.holder_bound, kept.status_as_of, kept.view) == (False, None, "full")
    assert kept.claims == RECORDS["driving_licence"]
    for now, code in ((NOW - 121, "issued_in_future"), (NOW + 31 * DAY, "expired")):
        with refused(code):
            mdoc.verify_issued(credential, trust=held.trust, now=now)
    with refused("malformed"):  # a presentation is no credential
        mdoc.verify_issued(SHOWN, trust=held.trust, now=NOW)
    with refused("malformed"):  # nor the other way round
        verified(STANDING, credential)


def test_a_certificate_under_two_authorities(world: World) -> None:
    """An mdoc names its authority by the certificate alone: it is the one that may issue this."""
    world.issuers["tax"] = world.issuers["public-security"]
    assert verified(world, presented(world)).issuer == "public-security"


def test_an_intermediate_that_is_none_is_refused() -> None:
    desk = STANDING.issuers["public-security"]
    both = [each.public_bytes(Encoding.DER) for each in (desk.certificate, STANDING.issuers["tax"].certificate)]
    with refused("chain_invalid"):
        verified(STANDING, presented(STANDING, resigned(STANDING, issued(STANDING), {}, unprotected={33: both})))


def test_a_key_id_beside_the_certificate_is_not_read() -> None:
    """Other issuers put one there; no signature covers it."""
    certificate = STANDING.issuers["public-security"].certificate.public_bytes(Encoding.DER)
    credential = resigned(STANDING, issued(STANDING), {}, unprotected={33: certificate, 4: b"anything"})
    shown = presented(STANDING, credential)
    assert verified(STANDING, shown).claims["age_over_18"] is True

    def beside(value: Any) -> None:
        value["documents"][0]["deviceSigned"]["deviceAuth"]["deviceSignature"][1] = {4: b"anything"}

    assert verified(STANDING, edited(shown, beside)).claims["age_over_18"] is True


@pytest.mark.parametrize(
    ("data", "code"),
    [("a262626201616100", None), ("a2616100616100", "duplicate_key"), ("a3616100616201616100", "duplicate_key"), ("a201000100", "duplicate_key"),
     ("bf616100ff", "malformed"), ("a1616118 17".replace(" ", ""), "malformed"), ("c11a00000000", "malformed"), ("d2f6", "malformed")],
)  # fmt: skip
def test_keys_may_stand_in_any_order_but_once(data: str, code: str | None) -> None:
    if code is None:
        assert cbor.decode(bytes.fromhex(data), LIMITS) == {"bb": 1, "a": 0}
        with refused("malformed"):
            cbor.decode(bytes.fromhex(data))
        return
    with refused(code):
        cbor.decode(bytes.fromhex(data), LIMITS)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": "1.1"}, "malformed"),
        ({"status": {"status_list": {"idx": -1, "uri": URI}}}, "malformed"),
        ({"status": {"status_list": {"idx": 0}}}, "malformed"),
        ({"status": {"identifier_list": {}}}, "malformed"),
        ({"more": 1}, "malformed"),
        ({"deviceKeyInfo": {}}, "malformed"),
        ({"deviceKeyInfo": {"deviceKey": []}}, "malformed"),
        ({"deviceKeyInfo": {"deviceKey": {1: 2, -1: 2, -2: bytes(32), -3: bytes(32)}}}, "malformed"),
        ({"valueDigests": []}, "malformed"),
        ({"valueDigests": {OURS: {0: bytes(31)}}}, "malformed"),
        ({"valueDigests": {OURS: {-1: bytes(32)}}}, "malformed"),
        ({"valueDigests": {OURS: {"0": bytes(32)}}}, "malformed"),
        ({"docType": ""}, "malformed"),
        ({"docType": "a b"}, "malformed"),
        ({"docType": "org.example.unknown"}, "type_mismatch"),
        *(
            ({"validityInfo": {"signed": time, "validFrom": time, "validUntil": Tag(0, "2027-01-01T00:00:00Z")}}, "malformed")
            for time in (
                "2026-03-02T07:59:00Z", 1772438340, Tag(1004, "2026-03-02"), Tag(0, 5), Tag(0, "2026-03-02"), Tag(0, "2026-03-02T07:59:00"),
                Tag(0, "2026-03-02T07:59:00+00:00"), Tag(0, "2026-03-02T07:59:00.0Z"), Tag(0, "2026-02-30T07:59:00Z"), Tag(0, "2026-03-02T24:59:00Z"),
                Tag(0, "2026-03-02t07:59:00z"), Tag(0, "２026-03-02T07:59:00Z"), Tag(0, "2028-01-01T00:00:00Z"), Tag(0, "0000-01-01T00:00:00Z"),
            )
        ),
    ],
)  # fmt: skip
def test_a_security_object_out_of_form(change: dict[str, Any], code: str) -> None:
    with refused(code):
        mdoc.peek(resigned(STANDING, issued(STANDING), change))


@pytest.mark.parametrize(
    ("space", "name", "value", "code"),
    [
        (OURS, "full_name", 5, "malformed"),
        (OURS, "full_name", "A\u202e", "text_unsafe"),
        (OURS, "full_name", "A" * 1025, "oversize"),
        (OURS, "birth_date", "2003-05-09", "malformed"),  # a full date is tagged
        (OURS, "birth_date", Tag(1004, "2003-02-30"), "malformed"),
        (OURS, "birth_date", Tag(1004, "20030509"), "malformed"),
        (OURS, "birth_date", Tag(1004, "1849-12-31"), "malformed"),
        (OURS, "birth_date", Tag(0, "2003-05-09T00:00:00Z"), "malformed"),
        (OURS, "points", True, "malformed"),
        (OURS, "points", -1, "malformed"),
        (OURS, "age_over_18", 1, "malformed"),
        (OURS, "classes", {}, "malformed"),
        (OURS, "classes", [{"class": "B"}], "malformed"),
        (OURS, "classes", [{"class": "B", "issued": Tag(1004, "2020-01-01"), "expires": None, "x": 1}], "malformed"),
        (OURS, "classes", [[1]], "malformed"),
        (OURS, "shoe_size", 42, "malformed"),
        (ISO_NAMESPACE, "age_over_18", "yes", "malformed"),
        (ISO_NAMESPACE, "family_name", "A\u202e", "text_unsafe"),
        (ISO_NAMESPACE, "driving_privileges", [{5: 1}], "malformed"),
        (ISO_NAMESPACE, "given_name", Tag(24, b"\xa0"), "malformed"),
        ("a b", "x", 1, "malformed"),
        (OURS, "", 1, "malformed"),
    ],
)
def test_elements_out_of_form_although_signed(space: str, name: str, value: Any, code: str) -> None:
    credential = with_elements(STANDING, {space: {name: value}})
    with refused(code):
        mdoc.verify_issued(credential, trust=STANDING.open_bundle().trust, now=NOW)


@DOCUMENTS
def test_nothing_is_told_by_a_null(document: DocumentType) -> None:
    """What has no end is left out. Taken for a date, a null would be one that never comes: a card in force for ever."""
    for field in document.fields:
        shown = {namespace(document): {field.name: None}}
        try:
            claims = elements.to_claims(document, shown, shown)
        except CertsError:
            continue
        assert claims == {} and field.name == "portrait"  # a picture that is none is an element, and no claim
