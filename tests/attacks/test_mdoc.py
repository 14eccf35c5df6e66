"""Group MD: mdocs whose parts were changed, swapped, withheld or shown to somebody else."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certs import cbor
from certs.authority import Authority
from certs.cbor import Tag
from certs.formats import Step, device_auth, mdoc, reader_auth, session_encryption
from certs.formats.elements import FULL_DATE, ISO_NAMESPACE
from certs.formats.mso import LIMITS
from certs.formats.session_transcript import digital_credentials, proximity, redirect
from certs.keys import MemorySigner, PublicKey
from certs.x509 import Usage
from tests.certs.formats import readers
from tests.certs.formats.mdocs import (
    GONE,
    NAME_AND_AGE,
    OURS,
    TRANSCRIPT,
    changed,
    document_of,
    edited,
    issued,
    presented,
    refusal,
    resigned,
    verified,
    with_item,
    with_items,
)
from tests.certs.refusals import refused
from tests.world import DAY, NOW, World

WORLD = World()
GOOD = presented(WORLD)
DESK = WORLD.issuers["public-security"]
DER = DESK.certificate.public_bytes(Encoding.DER)


def told(data: bytes, **how: Any) -> str:
    return refusal(WORLD, data, **how)[0]


def by_hand(credential: bytes, doc_type: str = "org.iso.18013.5.1.mDL") -> bytes:
    """A presentation of all of a credential, made without the wallet that would refuse it first."""
    document = {
        "docType": doc_type,
        "issuerSigned": cbor.decode(credential, LIMITS),
        "deviceSigned": device_auth.signed(doc_type, TRANSCRIPT, WORLD.holder),
    }
    return cbor.encode({"version": "1.0", "documents": [document], "status": 0})


def shown(change: Any, **headers: Any) -> bytes:
    """A presentation of a document that its authority signed with another security object or other headers."""
    return by_hand(resigned(WORLD, issued(WORLD), change, **headers))


def of_items(*items: bytes) -> bytes:
    """A presentation of these encoded elements, each under its place as digest id."""
    return by_hand(with_items(WORLD, {OURS: list(items)}))


def item(number: int, name: str, value: Any, salt: bytes = bytes(32)) -> dict[str, Any]:
    return {"digestID": number, "random": salt, "elementIdentifier": name, "elementValue": value}


def test_the_tests_own_document_is_good() -> None:
    assert verified(WORLD, GOOD).claims == {"full_name": "Nguyễn Thị Thuỳ Dương", "age_over_18": True}
    assert verified(WORLD, of_items(cbor.encode(item(0, "points", 12)))).claims == {"points": 12}


@pytest.mark.parametrize(
    "change", [{"elementValue": "Nguyễn Văn A"}, {"elementIdentifier": "residence"}, {"random": bytes(32)}]
)
def test_md_01_another_value(change: dict[str, Any]) -> None:
    assert told(with_item(GOOD, lambda held: changed(held, change))) == "digest_mismatch"


def test_md_02_another_digest() -> None:
    assert told(with_item(GOOD, lambda held: changed(held, {"digestID": held["digestID"] ^ 1}))) == "digest_mismatch"
    assert told(with_item(GOOD, lambda held: changed(held, {"digestID": GONE}))) == "digest_mismatch"

    def twice(value: Any) -> None:
        items = document_of(value)["issuerSigned"]["nameSpaces"][OURS]
        items.append(items[0])

    def elsewhere(value: Any) -> None:
        spaces = document_of(value)["issuerSigned"]["nameSpaces"]
        spaces[OURS], spaces[ISO_NAMESPACE] = spaces[ISO_NAMESPACE], spaces[OURS]

    assert told(edited(GOOD, twice)) == "digest_mismatch"
    assert told(edited(GOOD, elsewhere)) == "digest_mismatch"

    # Signed so by the issuer itself: an element that names another one's digest, and one that names none.
    assert told(of_items(cbor.encode(item(1, "points", 12)), cbor.encode(item(0, "points", 11)))) == "digest_mismatch"
    assert told(of_items(cbor.encode(item(9, "points", 12)))) == "digest_mismatch"
    assert told(of_items(cbor.encode(item(0, "points", 12)), cbor.encode(item(1, "points", 11)))) == "claim_conflict"
    assert told(shown(lambda security: security["valueDigests"].pop(OURS) and None)) == "digest_mismatch"


def test_md_03_the_same_element_in_other_bytes() -> None:
    """What is hashed are the bytes that came: no other spelling of an element is the element."""
    original = document_of(cbor.decode(GOOD, LIMITS))["issuerSigned"]["nameSpaces"][OURS][0].value
    assert original[0] == 0xA4
    pairs = [cbor.encode(key) + cbor.encode(value) for key, value in cbor.decode(original, LIMITS).items()]
    for spelling in (
        b"\xa4" + b"".join(reversed(pairs)),  # another order of the map
        b"\xbf" + b"".join(pairs) + b"\xff",  # indefinite length
        b"\xb8\x04" + b"".join(pairs),  # a longer head
        original + b"\x00",
    ):
        assert spelling != original

        def respell(value: Any, spelling: bytes = spelling) -> None:
            document_of(value)["issuerSigned"]["nameSpaces"][OURS][0] = Tag(24, spelling)

        assert told(edited(GOOD, respell)) == "digest_mismatch"


def test_md_03_an_order_of_its_own_that_the_issuer_chose() -> None:
    """And an issuer that does not sort its maps is understood: ISO asks it of nobody."""
    pairs = [cbor.encode(key) + cbor.encode(value) for key, value in item(0, "points", 12).items()]
    assert verified(WORLD, of_items(b"\xa4" + b"".join(pairs))).claims == {"points": 12}
    with refused("malformed"):  # but not one that leaves a length open
        verified(WORLD, of_items(b"\xbf" + b"".join(pairs) + b"\xff"))


def test_md_04_another_type_of_document() -> None:
    other = edited(GOOD, lambda value: document_of(value).update(docType="vn.vneid-reference.citizen_identity.1"))
    assert told(other) == "type_mismatch"
    # Signed as a type whose elements these are not, by an authority that may issue both.
    assert told(shown({"docType": "org.example.card"})) == "type_mismatch"
    assert (
        told(by_hand(resigned(WORLD, issued(WORLD), {"docType": "org.example.card"}), "org.example.card"))
        == "type_mismatch"
    )


@pytest.mark.parametrize("algorithm", ["SHA-1", "SHA-512", "sha-256", "MD5", "", 5, None])
def test_md_05_another_digest_algorithm(algorithm: Any) -> None:
    assert told(shown({"digestAlgorithm": algorithm})) == "alg_not_allowed"


def test_md_06_times() -> None:
    def between(signed: str, start: str, end: str) -> str:
        times = {"signed": Tag(0, signed), "validFrom": Tag(0, start), "validUntil": Tag(0, end)}
        return told(shown({"validityInfo": times}))

    before, ahead, after = "2026-03-01T08:00:00Z", "2026-03-02T08:02:00Z", "2026-04-01T08:00:00Z"
    assert between(before, ahead, after) == "not_yet_valid"
    assert between(ahead, ahead, after) == "issued_in_future"
    assert between("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", before) == "expired"
    assert between(before, after, ahead) == "malformed"  # ends before it begins
    assert between(ahead, before, after) == "malformed"  # valid before it was signed
    assert between("2025-01-01T00:00:00Z", before, after) == "cert_not_yet_valid"  # signed before its certificate was
    expired = told(GOOD, now=NOW + 400 * DAY)
    assert expired == "cert_expired"


def test_md_06_signed_after_the_certificate_had_ended() -> None:
    world = World()
    short = world.desk("public-security", Usage.DOCUMENT_SIGNER, starts=-10, days=20)
    world.issuers["public-security"] = short
    ahead = Tag(0, "2026-03-20T00:00:00Z")
    times = {"signed": ahead, "validFrom": ahead, "validUntil": Tag(0, "2026-04-20T00:00:00Z")}
    assert refusal(world, presented(world, resigned(world, issued(world), {"validityInfo": times}))) == (
        "cert_expired",
        Step.CERTIFICATE_PATH,
    )


def test_md_07_certificates() -> None:
    for protected, unprotected in (
        ({1: -7}, {}),
        ({1: -7}, {4: b"kid"}),
        ({1: -7, 33: DER}, {}),
        ({1: -7, 33: DER}, {33: DER}),
        ({1: -7}, {33: []}),
        ({1: -7}, {33: [DER] * 5}),
        ({1: -7}, {33: "x"}),
        ({1: -7}, {33: [1]}),
        ({1: -7}, {33: [DER, DER]}),
    ):
        assert told(shown({}, protected=protected, unprotected=unprotected)) == "chain_invalid"
    for unprotected in ({33: b"\x30\x00"}, {33: DER, 5: b"x"}, {33: DER, "x5chain": DER}):
        assert told(shown({}, unprotected=unprotected)) == "malformed"
    assert told(shown({}, protected={1: -7, 2: [33]})) == "crit_unknown"
    assert told(shown({}, protected={1: -7, 4: b"kid"})) == "malformed"
    assert told(shown({}, protected={})) == "malformed"
    for alg in (-35, -8, 5, "ES256", None):
        assert told(shown({}, protected={1: alg})) == "alg_not_allowed"


def test_md_07_a_certificate_made_for_something_else() -> None:
    root = WORLD.root
    as_signer = MemorySigner(root.key.crypto(), "ES256")
    credential = issued(WORLD, desk=type(DESK)(as_signer, root.certificate))
    assert told(presented(WORLD, credential)) == "cert_usage"  # the leaf is a CA
    for usage in (Usage.READER, Usage.STATUS_SIGNER, Usage.TRUST_LIST_SIGNER):
        assert told(presented(WORLD, issued(WORLD, desk=WORLD.desk("public-security", usage)))) == "cert_usage"
    other = Authority.create("Test root", now=NOW - DAY)  # of the same name
    forged = WORLD.desk("public-security", Usage.DOCUMENT_SIGNER, root=other, starts=-1)
    assert told(presented(WORLD, issued(WORLD, desk=forged))) == "chain_invalid"
    late = WORLD.desk("public-security", Usage.DOCUMENT_SIGNER, starts=-20, days=10)
    assert told(presented(WORLD, issued(WORLD, desk=late))) == "cert_expired"


def test_md_08_device_authentication() -> None:
    def auth(make: Any) -> bytes:
        return edited(GOOD, lambda value: document_of(value)["deviceSigned"].update(deviceAuth=make()))

    protected, unprotected, payload, signature = document_of(cbor.decode(GOOD, LIMITS))["deviceSigned"]["deviceAuth"][
        "deviceSignature"
    ]
    good = [protected, unprotected, payload, signature]
    mac = [cbor.encode({1: 5}), {}, None, bytes(32)]
    assert told(edited(GOOD, lambda value: document_of(value).pop("deviceSigned") and None)) == "holder_binding_missing"
    for wrong in ({}, {"deviceSignature": good, "deviceMac": mac}, {"other": good}, {"deviceSignature": good[:3]}, []):
        assert told(auth(lambda wrong=wrong: wrong)) == "malformed"
    for parts, code in (
        ([protected, {}, None, bytes(64)], "holder_binding_invalid"),  # a peer takes these zeros
        ([protected, {}, None, b""], "holder_binding_invalid"),
        ([protected, {}, b"", signature], "malformed"),  # the payload is never sent
        ([protected, {1: -7}, None, signature], "malformed"),
        ([b"", {}, None, signature], "malformed"),
        ([b"\x00", {}, None, signature], "malformed"),
        ([cbor.encode({1: -7, 2: [1]}), {}, None, signature], "crit_unknown"),
        ([cbor.encode({1: -35}), {}, None, signature], "alg_not_allowed"),
        ([cbor.encode({1: 5}), {}, None, bytes(32)], "alg_not_allowed"),
    ):
        assert told(auth(lambda parts=parts: {"deviceSignature": parts})) == code
    assert told(auth(lambda: {"deviceMac": mac})) == "alg_not_allowed"  # no reader key: nobody asked for a MAC
    assert told(presented(WORLD, signer=MemorySigner.generate())) == "holder_binding_invalid"


def test_md_08_a_mac_of_the_wrong_kind() -> None:
    reader = MemorySigner.generate().crypto()
    for header in ({1: -7}, {1: 4}, {1: "HMAC 256/256"}):
        parts = [cbor.encode(header), {}, None, bytes(32)]
        wrong = edited(
            GOOD, lambda value, parts=parts: document_of(value)["deviceSigned"].update(deviceAuth={"deviceMac": parts})
        )
        assert told(wrong, reader_key=reader) == "alg_not_allowed"
    parts = [cbor.encode({1: 5}), {}, None, bytes(32)]
    wrong = edited(GOOD, lambda value: document_of(value)["deviceSigned"].update(deviceAuth={"deviceMac": parts}))
    assert told(wrong, reader_key=reader) == "holder_binding_invalid"


@pytest.mark.parametrize(
    "other",
    [
        {"client_id": "x509_san_dns:bank.example.evil"},
        {"nonce": "another"},
        {"response_uri": "https://evil.example/response"},
        {"thumbprint": bytes(32)},
    ],
)
def test_md_09_another_session(other: dict[str, Any]) -> None:
    own = {
        "client_id": "x509_san_dns:bank.example",
        "nonce": TRANSCRIPT.nonce,
        "response_uri": "https://bank.example/response",
        "thumbprint": None,
    }
    assert redirect(**own) == TRANSCRIPT  # type: ignore[arg-type]
    assert told(GOOD, transcript=redirect(**{**own, **other})) == "holder_binding_invalid"  # type: ignore[arg-type]


def test_md_09_another_origin() -> None:
    made_for = digital_credentials(origin="https://bank.example", nonce="n", thumbprint=None)
    data = presented(WORLD, transcript=made_for)
    assert verified(WORLD, data, transcript=made_for).audience == "origin:https://bank.example"
    for origin, nonce in (("https://evil.example", "n"), ("https://bank.example", "m")):
        other = digital_credentials(origin=origin, nonce=nonce, thumbprint=None)
        assert told(data, transcript=other) == "holder_binding_invalid"
    assert told(data) == "holder_binding_invalid"  # nor by redirect


def by_device(elements: dict[str, Any], rights: dict[str, Any] | None) -> bytes:
    """The holder's device signs elements of its own; `rights` are what the issuer allowed it."""

    def allow(security: dict[str, Any]) -> None:
        if rights is not None:
            security["deviceKeyInfo"]["keyAuthorizations"] = rights

    credential = cbor.decode(shown(allow), LIMITS)
    raw = cbor.encode(elements)
    payload = device_auth._device_authentication("org.iso.18013.5.1.mDL", TRANSCRIPT, raw)
    protected = cbor.encode({1: -7})
    signature = WORLD.holder.sign(cbor.encode(["Signature1", protected, b"", payload]))
    document_of(credential)["deviceSigned"] = {
        "nameSpaces": Tag(24, raw),
        "deviceAuth": {"deviceSignature": [protected, {}, None, signature]},
    }
    return cbor.encode(credential)


def test_md_10_elements_that_the_device_may_not_sign() -> None:
    own = {OURS: {"points": 99}}
    for rights in (
        None,
        {},
        {"nameSpaces": ["org.example"]},
        {"dataElements": {OURS: ["full_name"]}},
        {"dataElements": {"org.example": ["points"]}},
    ):
        assert refusal(WORLD, by_device(own, rights)) == ("policy_refused", Step.HOLDER_PROOF)
    for rights in ({"nameSpaces": [OURS]}, {"dataElements": {OURS: ["points", "full_name"]}}):
        result = verified(WORLD, by_device(own, rights))
        assert (
            result.claims["points"] == result.elements[OURS]["points"] == 12
        )  # allowed, and yet not what the state says
    for rights in ({"nameSpaces": "x"}, {"dataElements": []}, {"dataElements": {OURS: []}}, {"more": 1}):
        assert told(by_device(own, rights)) == "malformed"
    for wrong in ([], {OURS: []}, {5: {}}):
        assert told(by_device(wrong, None)) == "malformed"  # type: ignore[arg-type]


def test_md_11_a_salt_that_can_be_guessed() -> None:
    for salt in (b"", bytes(15), "0123456789abcdef", 5):
        assert told(of_items(cbor.encode(item(0, "points", 12, salt)))) == "malformed"  # type: ignore[arg-type]
    assert verified(WORLD, of_items(cbor.encode(item(0, "points", 12, bytes(16))))).claims == {"points": 12}


def test_md_12_more_than_was_asked_for() -> None:
    result = verified(WORLD, GOOD)
    assert {space: set(named) for space, named in result.elements.items()} == {
        OURS: {"full_name"},
        ISO_NAMESPACE: {"age_over_18"},
    }  # told, so that whoever asked for less sees it
    assert verified(WORLD, GOOD, only=NAME_AND_AGE).claims == result.claims
    assert verified(WORLD, GOOD, only={**NAME_AND_AGE, "elsewhere": ["x"]}).claims == result.claims
    for only in (
        {},
        {OURS: ["full_name"]},
        {OURS: ["full_name", "age_over_18"]},
        {ISO_NAMESPACE: ["age_over_18"], OURS: []},
    ):
        assert refusal(WORLD, GOOD, only=only) == ("policy_refused", Step.POLICY)


def test_md_12_a_namespace_that_nobody_signed() -> None:
    """A peer reports its elements as disclosed."""

    def add(value: Any) -> None:
        spaces = document_of(value)["issuerSigned"]["nameSpaces"]
        spaces["org.example"] = [Tag(24, cbor.encode(item(0, "admin", True)))]

    assert told(edited(GOOD, add)) == "digest_mismatch"
    stranger = resigned(WORLD, with_items(WORLD, {"org.example": [cbor.encode(item(0, "admin", True))]}), {})
    data = presented(WORLD, stranger, {"org.example": ["admin"]})
    result = verified(WORLD, data)  # one that is signed, and that we do not know
    assert (result.claims, result.elements) == ({}, {"org.example": {"admin": True}})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": "2.0"}, "malformed"),
        ({"version": 1}, "malformed"),
        ({"version": GONE}, "malformed"),
        ({"status": 10}, "malformed"),
        ({"status": False}, "malformed"),
        ({"status": "0"}, "malformed"),
        ({"status": GONE}, "malformed"),
        ({"more": 0}, "malformed"),
        ({"documents": []}, "claims_missing"),
        ({"documents": GONE}, "claims_missing"),
        ({"documents": None}, "claims_missing"),
        ({"documents": {}}, "claims_missing"),
        ({"documents": {0: 1}}, "malformed"),
        ({"documents": [1]}, "malformed"),
        ({"documentErrors": [{"org.iso.18013.5.1.mDL": 0}]}, "claims_missing"),
        ({"documents": GONE, "documentErrors": [{"org.iso.18013.5.1.mDL": 0}]}, "claims_missing"),
    ],
)
def test_md_13_no_answer_or_another_one(change: dict[str, Any], code: str) -> None:
    assert refusal(WORLD, edited(GOOD, lambda value: changed(value, change))) == (code, Step.FORMAT)


def test_md_13_two_documents_in_one_answer() -> None:
    """Each is verified apart, against its own key: two people make no third."""
    two = edited(GOOD, lambda value: value["documents"].append(value["documents"][0]))
    assert told(two) == "limit_exceeded"


def test_md_15_a_country_that_is_not_the_signers() -> None:
    for country in ("LA", "vn", "", 5):
        encoded = cbor.encode(item(0, "issuing_country", country))
        credential = with_items(WORLD, {ISO_NAMESPACE: [encoded]})
        data = presented(WORLD, credential, {ISO_NAMESPACE: ["issuing_country"]})
        assert refusal(WORLD, data) == ("claim_conflict", Step.TRUST_LIST)
    data = presented(WORLD, elements={ISO_NAMESPACE: ["issuing_country"]})
    assert verified(WORLD, data).elements == {ISO_NAMESPACE: {"issuing_country": "VN"}}


def test_md_16_a_portrait_of_five_mebibytes() -> None:
    big = cbor.encode(item(0, "portrait", bytes(5 * 1024 * 1024)))

    def put(value: Any) -> None:
        document_of(value)["issuerSigned"]["nameSpaces"][OURS] = [Tag(24, big)]

    assert refusal(WORLD, edited(GOOD, put)) == ("oversize", Step.FORMAT)
    with refused("oversize"):
        mdoc.peek(edited(GOOD, put))
    with pytest.raises(ValueError, match="portrait"):
        issued(WORLD, portrait=bytes(5 * 1024 * 1024))
    most = issued(WORLD, portrait=bytes(mdoc.PORTRAIT_LIMIT))
    assert verified(WORLD, presented(WORLD, most, {ISO_NAMESPACE: ["portrait"]})).claims == {}


def test_md_17_an_encrypted_session() -> None:
    """Each message opens once, in its place, on its side; anything else ends the session with status 10."""
    reader, device = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    own, other = (PublicKey.from_crypto(key.public_key()) for key in (reader, device))
    transcript = proximity(engagement=b"\xf6", reader_key=b"\xf6", handover=b"\xf6")
    sending = session_encryption.of_reader(reader, other, transcript)
    receiving = session_encryption.of_reader(device, own, transcript)
    assert sending == receiving and sending.key.hex() not in repr(sending)
    first, sending = session_encryption.sealed(sending, b"what is your name?")
    second, _ = session_encryption.sealed(sending, b"what is your name?")
    assert first != second
    message, following = session_encryption.opened(receiving, first)
    assert message == b"what is your name?"
    assert session_encryption.opened(following, second)[0] == message

    stranger = ec.generate_private_key(ec.SECP256R1())
    another = proximity(engagement=b"\xf6", reader_key=b"\xf6", handover=b"\xf5")
    for direction, data in (
        (following, first),  # replayed
        (receiving, second),  # one was lost on the way
        (following, second[:-1]),
        (following, second[:15]),
        (following, b""),
        (following, bytes([second[0] ^ 1]) + second[1:]),
        (session_encryption.of_reader(stranger, own, transcript), first),
        (session_encryption.of_device(device, own, transcript), first),  # the other side's own words
        (session_encryption.of_reader(device, own, another), first),
    ):
        with refused("signature_invalid"):
            session_encryption.opened(direction, data)
    assert cbor.decode(session_encryption.ended(session_encryption.ENCRYPTION_ERROR)) == {"status": 10}
    with refused("limit_exceeded"):  # a nonce never comes twice
        session_encryption.sealed(replace(sending, counter=1 << 32), b"")


def test_bounds_of_an_answer() -> None:
    """More elements, or deeper ones, than any document of ours has."""
    many = [cbor.encode(item(number, f"e{number}", 0)) for number in range(257)]
    with refused("limit_exceeded"):
        verified(WORLD, of_items(*many))
    deep: Any = 0
    for _ in range(9):
        deep = [deep]
    assert told(of_items(cbor.encode(item(0, "x", deep)))) == "limit_exceeded"
    assert told(of_items(cbor.encode(item(0, "x", Tag(FULL_DATE, "2020-01-32"))))) == "malformed"


# --- face to face: who asks -------------------------------------------------------------------------------------------


def other(change: Any) -> reader_auth.Asked:
    return readers.one(readers.edited(readers.request(readers.WANTED), change))


def flipped(auth: list[Any]) -> None:
    auth[3] = auth[3][:-1] + bytes([auth[3][-1] ^ 1])


STRANGER = World().desk("reader", Usage.READER)
UNLISTED = readers.WORLD.desk("another bank", Usage.READER)
ISSUER = readers.WORLD.issuers["public-security"]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (lambda: other(flipped), "signature_invalid"),
        (lambda: other(lambda auth: auth.__setitem__(0, cbor.encode({1: -35}))), "alg_not_allowed"),
        (lambda: other(lambda auth: auth.__setitem__(2, b"")), "malformed"),
        (lambda: other(lambda auth: auth[1].clear()), "chain_invalid"),
        (lambda: other(lambda auth: auth[1].update({33: b"no certificate"})), "malformed"),
        (
            lambda: other(lambda auth: auth[1].update({33: UNLISTED.certificate.public_bytes(Encoding.DER)})),
            "signature_invalid",
        ),
        (lambda: readers.one(readers.request(readers.WANTED, desk=STRANGER)), "issuer_untrusted"),
        (lambda: readers.one(readers.request(readers.WANTED, desk=UNLISTED)), "issuer_untrusted"),
        (lambda: readers.one(readers.request(readers.WANTED, desk=ISSUER)), "issuer_untrusted"),
        (lambda: readers.one(readers.request(readers.WANTED, transcript=TRANSCRIPT)), "signature_invalid"),
        (lambda: readers.one(readers.request(readers.WANTED), now=NOW - 300 * DAY), "issuer_untrusted"),
        (lambda: readers.one(readers.request(readers.WANTED), now=NOW + 500 * DAY), "cert_expired"),
    ],
)
def test_md_18_a_reader_that_is_not_proven_gets_nothing_sensitive(told: Any, code: str) -> None:
    """It may ask, as anybody may; the person sees that it is unverified and why, and the portrait is refused."""
    asked = told()
    assert (asked.verified, asked.purposes, asked.code) == (False, (), code)
    assert "portrait" in asked.elements[OURS]
    assert reader_auth.allowed(asked) == {OURS: ("full_name",), ISO_NAMESPACE: ("birth_date",)}


def test_md_18_other_items_under_the_same_signature() -> None:
    """A stranger in the middle adds an element to what a listed reader signed."""
    value = cbor.decode(readers.request({OURS: {"full_name": False}}), LIMITS)
    document = value["docRequests"][0]
    items = cbor.decode(document["itemsRequest"].value, LIMITS)
    items["nameSpaces"][OURS]["portrait"] = True
    document["itemsRequest"] = Tag(24, cbor.encode(items))
    asked = readers.one(cbor.encode(value))
    assert asked.code == "signature_invalid" and reader_auth.allowed(asked) == {OURS: ("full_name",)}


def test_md_18_a_reader_that_is_proven_gets_what_it_may_ask_for() -> None:
    asked = readers.one(readers.request(readers.WANTED))
    assert asked.verified and "portrait" in reader_auth.allowed(asked)[OURS]
