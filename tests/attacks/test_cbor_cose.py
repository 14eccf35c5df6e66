"""Group CB: CBOR and COSE that a decoder could be talked into trouble with. CB-04 and CB-07 bound work by refusing first."""

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from certs import cbor, cose
from certs.cbor import BUNDLE, CREDENTIAL, Tag
from certs.cose import KID, TYP
from certs.errors import Malformed
from certs.formats import Expected, cwt
from certs.keys import MemorySigner, PublicKey
from certs.x509 import key_id
from tests.certs.refusals import refused
from tests.world import NOW, World

WORLD = World()
HELD = WORLD.open_bundle()
DESK = WORLD.issuers["public-security"]
GOOD = cose.parse(WORLD.issue(index=1))
CLAIMS = cbor.decode(GOOD.payload)
LIMITS = pytest.mark.parametrize("limits", [CREDENTIAL, BUNDLE], ids=["credential", "bundle"])


def decode(data: str | bytes, limits: cbor.Limits = CREDENTIAL) -> Any:
    return cbor.decode(bytes.fromhex(data) if isinstance(data, str) else data, limits)


def verify(data: bytes) -> None:
    """As a verifier takes it, without holder proof: what these attacks are about stands before it."""
    cwt.verify(data, trust=HELD.trust, statuses=HELD.statuses, now=NOW, expected=Expected(holder_proof=False))


def sign1(*parts: Any, tag: int | None = 18) -> bytes:
    return cbor.encode(Tag(tag, list(parts)) if tag is not None else list(parts))


def credential(claims: Any = None, *, alg: Any = None, signer: MemorySigner | None = None, **header: Any) -> bytes:
    """Signed by the real authority, whatever it says; `alg` overrides what the header names."""
    protected: dict[int, Any] = {1: -7, KID: key_id(DESK.certificate), TYP: cwt.TYP}
    if alg is not None:
        protected[1] = alg
    protected.update({int(name[1:]): value for name, value in header.items()})
    raw, payload = cbor.encode(protected), cbor.encode(CLAIMS if claims is None else claims)
    signature = (signer or DESK.signer).sign(cbor.encode(["Signature1", raw, b"", payload]))
    return sign1(raw, {}, payload, signature)


def test_the_tests_own_credential_is_good() -> None:
    verify(credential())


@pytest.mark.parametrize("data", ["a201000100", "a2010001f6", "a3010002000200", "a2616100616100", "a3000001000000"])
@LIMITS
def test_cb_01_a_key_given_twice(data: str, limits: cbor.Limits) -> None:
    with refused("duplicate_key"):
        decode(data, limits)


def test_cb_01_twins_of_a_key() -> None:
    # 1.0 beside 1, and 1 in a longer spelling: neither is a spelling that we know.
    for data in ("a20100f93c0000", "a2010018010a", "a2f93c000001", "a201003b000000000000000000"):
        with refused("malformed"):
            decode(data)
    # é composed and decomposed are two keys; no map of ours with text keys has room for a stranger.
    twins = cbor.encode({"\u00e9": 1, "e\u0301": 2})
    assert len(decode(twins)) == 2
    reference = {"status_list": {"idx": 1, "uri": "x", "ur\u0069\u0307": "y"}}
    with refused("malformed"):
        verify(credential({**CLAIMS, 65535: reference}))


@pytest.mark.parametrize("more", [b"\0", b"\xf6", b"\xa0", b"\xff", b"\xd2"])
@LIMITS
def test_cb_02_something_behind_the_item(more: bytes, limits: cbor.Limits) -> None:
    with refused("trailing_data"):
        decode(cbor.encode(GOOD.item()) + more, limits)
    with refused("trailing_data"):
        verify(sign1(GOOD.protected + more, {}, GOOD.payload, GOOD.signature))


@pytest.mark.parametrize("deep", [17, 1000, 100_000])
@pytest.mark.parametrize("head", [b"\x81", b"\xa1\x00", b"\xd2"], ids=["arrays", "maps", "tags"])
def test_cb_03_nesting(head: bytes, deep: int) -> None:
    with refused("limit_exceeded"):
        decode(head * deep + b"\x00", BUNDLE)
    # A credential is so small that the deepest of these is refused for its size, before its first byte is read.
    with refused("limit_exceeded" if deep <= 1000 else "oversize"):
        decode(head * deep + b"\x00")


@pytest.mark.parametrize(
    "length", ["1affffffff", "1b0000000100000000", "1bffffffffffffffff", "1b8000000000000000", "1b7fffffffffffffff"]
)
@LIMITS
def test_cb_04_an_announced_length_that_is_not_there(length: str, limits: cbor.Limits) -> None:
    for major in (2, 3):
        head = bytes.fromhex(length)
        with refused("malformed"):
            decode(bytes([head[0] & 31 | major << 5]) + head[1:] + b"12345", limits)
    for major in (4, 5):  # of a container the count is looked at first: it is beyond any of ours
        head = bytes.fromhex(length)
        with refused("limit_exceeded"):
            decode(bytes([head[0] & 31 | major << 5]) + head[1:] + b"12345", limits)


@pytest.mark.parametrize(
    "data",
    [
        "9fff",
        "9f01ff",
        "bfff",
        "bf0100ff",
        "5fff",
        "5f4101ff",
        "7fff",
        "7f6161ff",
        "819fff",
        "a1009fff",
        "ff",
        "d29fff",
    ],
)
@LIMITS
def test_cb_05_indefinite_lengths(data: str, limits: cbor.Limits) -> None:
    with refused("malformed"):
        decode(data, limits)


@pytest.mark.parametrize(
    "data",
    [
        *("1800", "1817", "190000", "1900ff", "1a00000000", "1a0000ffff", "1b0000000000000000", "1b00000000ffffffff"),
        *("3800", "3900ff", "5800", "580161", "7800", "9800", "b800", "d81240", "f814", "f815"),
        *("f93c00", "fa3f800000", "fb3ff0000000000000", "f97e00", "a1f97e0000", "a1f93c0000", "81f90000"),
    ],
)
@LIMITS
def test_cb_06_longer_spellings_and_floats(data: str, limits: cbor.Limits) -> None:
    with refused("malformed"):
        decode(data, limits)


def test_cb_07_keys_made_to_collide() -> None:
    """Multiples of 2^61 − 1 fall into one bucket of Python's dict: twenty thousand of them took 5.5 s."""
    keys = [number * ((1 << 61) - 1) for number in range(-8, 9)]
    within = {key: 0 for key in keys if -(1 << 64) <= key < 1 << 64}
    assert len({hash(key) % (1 << 16) for key in within}) < len(within)
    assert decode(cbor.encode(within)) == within  # all that 64 bits have
    many = b"\xb9\x4e\x20" + b"".join(b"\xc2\x4a" + number.to_bytes(10, "big") + b"\x00" for number in range(20_000))
    with refused("limit_exceeded"):
        decode(many, BUNDLE)
    with refused("oversize"):
        decode(many)
    with refused("malformed"):  # a key beyond 64 bits is a tag, and a tag is no key
        decode(b"\xa1\xc2\x4a" + bytes(10) + b"\x00")


@pytest.mark.parametrize(
    "data", ["d81900", "d9010081d81900", "d81c80", "d81d00", "82d81c80d81d00", "d81c81d81d00", "d90100818161f6"]
)
@LIMITS
def test_cb_08_shared_and_string_references(data: str, limits: cbor.Limits) -> None:
    with refused("malformed"):
        decode(data, limits)


@pytest.mark.parametrize(
    "data",
    [
        *("c240", "c249010000000000000000", "c340", "c4821a3b9aca0001", "c482200a", "c5820a01", "d81e820102"),
        *(
            "d8236128",
            "d823695e28612b292b2424",
            "d82468546f3a20780a0a",
            "d8206161",
            "d8255000000000000000000000000000000000",
        ),
        *("d9d9f700", "d83d80", "d81841f6", "dbffffffffffffffff00"),
    ],
)
@LIMITS
def test_cb_09_tags_that_make_work(data: str, limits: cbor.Limits) -> None:
    with refused("malformed"):
        decode(data, limits)


@pytest.mark.parametrize(
    "data",
    [
        "c074393939392d31322d33315432333a35393a35395a",
        "c06161",
        "c000",
        "c11b7fffffffffffffff",
        "c1fb7e37e43c8800759c",
        "c13b7fffffffffffffff",
        "c1f6",
    ],
)
@LIMITS
def test_cb_10_dates_as_tags(data: str, limits: cbor.Limits) -> None:
    with refused("malformed"):
        decode(data, limits)


@pytest.mark.parametrize("raw", ["ff", "c0af", "c3", "eda080", "f4908080", "e28e", "fe", "80"])
@LIMITS
def test_cb_11_text_that_is_not_utf8(raw: str, limits: cbor.Limits) -> None:
    data = bytes.fromhex(raw)
    with refused("malformed"):
        decode(bytes([0x60 | len(data)]) + data, limits)
    with refused("malformed"):
        decode(b"\xa1" + bytes([0x60 | len(data)]) + data + b"\0", limits)


@pytest.mark.parametrize("tag", [98, 17, 16, 96, 97, 998, 61])
def test_cb_12_another_kind_of_cose_message(tag: int) -> None:
    data = sign1(GOOD.protected, {}, GOOD.payload, GOOD.signature, tag=tag)
    with refused("malformed"):  # the decoder's own list of tags has only 18, so it ends one step before its type
        verify(data)


def test_cb_12_no_tag_at_all() -> None:
    with refused("type_mismatch"):
        verify(sign1(GOOD.protected, {}, GOOD.payload, GOOD.signature, tag=None))
    with refused("malformed"):  # a CWT tag around it
        verify(cbor.encode(Tag(61, GOOD.item())))
    with refused("malformed"):  # itself inside itself
        verify(cbor.encode(Tag(18, GOOD.item())))


def test_cb_13_the_algorithm_outside_the_signature() -> None:
    without = cbor.encode({KID: key_id(DESK.certificate), TYP: cwt.TYP})
    for protected in (without, GOOD.protected):
        with refused("malformed"):
            verify(sign1(protected, {1: -7}, GOOD.payload, GOOD.signature))


@pytest.mark.parametrize(
    "alg", [5, 4, -36, -35, -8, -37, -257, -47, 0, 1, 99, -65535, "ES256", "HS256", b"\x26", True, None, [-7]]
)
def test_cb_14_another_algorithm(alg: Any) -> None:
    protected = {KID: key_id(DESK.certificate), TYP: cwt.TYP, 1: alg}
    raw = cbor.encode(protected)
    signature = DESK.signer.sign(cbor.encode(["Signature1", raw, b"", GOOD.payload]))
    with refused("alg_not_allowed"):
        verify(sign1(raw, {}, GOOD.payload, signature))


def test_cb_14_an_hmac_under_the_public_key() -> None:
    raw = cbor.encode({1: 5, KID: key_id(DESK.certificate), TYP: cwt.TYP})
    secret = cbor.encode(DESK.signer.public.cose())
    mac = hmac.digest(secret, cbor.encode(["Signature1", raw, b"", GOOD.payload]), hashlib.sha256)
    with refused("alg_not_allowed"):
        verify(sign1(raw, {}, GOOD.payload, mac))


@pytest.mark.parametrize("empty", [b"", b"\xa0"])
def test_cb_15_an_empty_protected_header(empty: bytes) -> None:
    """RFC 9052 §3: both spellings are an empty map; without an algorithm in it nothing is ever verified."""
    message = cose.parse(sign1(empty, {}, b"payload", bytes(64)))
    assert message.header == {}
    with refused("alg_not_allowed"):
        cose.verify(message, DESK.signer.public)


def test_cb_15_the_input_of_the_signature_is_exact() -> None:
    protected = cbor.encode({1: -7})
    structure = bytes.fromhex("846a5369676e61747572653143a10126404568656c6c6f")
    assert structure == cbor.encode(["Signature1", protected, b"", b"hello"])
    cose.verify(cose.parse(sign1(protected, {}, b"hello", DESK.signer.sign(structure))), DESK.signer.public)
    for other in (
        ["Signature1", b"", b"", b"hello"],
        ["Signature", protected, b"", b"hello"],
        ["Signature1", protected, b"x", b"hello"],
        ["Signature1", protected, b"hello"],
        ["Signature1", protected, protected, b"", b"hello"],
    ):
        signature = DESK.signer.sign(cbor.encode(other))
        with refused("signature_invalid"):
            cose.verify(cose.parse(sign1(protected, {}, b"hello", signature)), DESK.signer.public)


@pytest.mark.parametrize("crit", [[99], [1], [], [4], "x", 2, None])
def test_cb_16_a_critical_header(crit: Any) -> None:
    with refused("crit_unknown"):
        verify(credential(_2=crit))
    with refused("crit_unknown"):
        verify(credential(_2=crit, _99=1))


def test_cb_17_a_payload_that_is_elsewhere() -> None:
    for payload in (None, [], {}, "", 0):
        with refused("malformed"):
            verify(sign1(GOOD.protected, {}, payload, GOOD.signature))


def test_cb_18_a_signature_of_another_shape() -> None:
    signature = GOOD.signature
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for bad in (
        signature[:63],
        signature + b"\0",
        b"\0" + signature,
        encode_dss_signature(r, s),
        b"",
        bytes(64),
        bytes(32) + signature[32:],
        signature[:32] + bytes(32),
        order.to_bytes(32, "big") + signature[32:],
        signature[:32] + order.to_bytes(32, "big"),
        signature[32:] + signature[:32],
        b"\xff" * 64,
    ):
        with refused("signature_invalid"):
            verify(sign1(GOOD.protected, {}, GOOD.payload, bad))


def test_cb_19_the_right_kid_where_nothing_is_signed() -> None:
    wrong = credential(_4=b"\0" * 8)
    with refused("key_not_found"):
        verify(wrong)
    message = cose.parse(wrong)
    with refused("malformed"):  # stricter than to ignore it: our unprotected header is empty
        verify(sign1(message.protected, {4: key_id(DESK.certificate)}, message.payload, message.signature))


@pytest.mark.parametrize(
    "change",
    [
        *({4: value} for value in ("2027", b"", None, True, -1, [NOW])),
        *({6: value} for value in ("2026", None, True, -1)),
        *({1: value} for value in (None, 5, b"public-security", ["public-security"])),
        {6: NOW, 4: NOW - 1},
        {6: NOW, 4: NOW},
    ],
)
def test_cb_20_claims_of_another_kind(change: dict[int, Any]) -> None:
    with refused("malformed"):
        verify(credential({**CLAIMS, **change}))


@pytest.mark.parametrize("missing", [1, 4, 6, 8, 65535, -65537])
def test_cb_20_a_claim_that_is_missing(missing: int) -> None:
    with refused("malformed"):
        verify(credential({key: value for key, value in CLAIMS.items() if key != missing}))


@pytest.mark.parametrize("expiry", ["fb41d9c0000000000000", "fa4e000000", "c11a77359400", "c0743230"])
def test_cb_20_an_expiry_as_float_or_tag(expiry: str) -> None:
    payload = cbor.encode(CLAIMS).replace(b"\x04" + cbor.encode(CLAIMS[4]), b"\x04" + bytes.fromhex(expiry), 1)
    signature = DESK.signer.sign(cbor.encode(["Signature1", GOOD.protected, b"", payload]))
    with refused("malformed"):
        verify(sign1(GOOD.protected, {}, payload, signature))


HOLDER = CLAIMS[8][1]


@pytest.mark.parametrize(
    "key",
    [
        {**HOLDER, -4: b"\1" * 32},  # the private part
        {**HOLDER, -1: 2},  # P-384
        {**HOLDER, -1: 8},  # secp256k1
        {**HOLDER, 1: 1},
        {**HOLDER, 1: 4, -1: b"secret"},
        {**HOLDER, -2: b"\xff" * 32},  # beyond the field
        {**HOLDER, -2: bytes(32), -3: bytes(32)},  # what some write for infinity
        {**HOLDER, -2: b"", -3: b""},
        {**HOLDER, -3: bytes(32)},  # not on the curve
        {**HOLDER, -2: HOLDER[-2][1:]},
        {1: 1, -1: 6, -2: bytes(32)},  # a small-order point on Ed25519
        {},
    ],
)
def test_cb_21_a_holder_key_that_is_none(key: dict[int, Any]) -> None:
    with refused("malformed"):
        PublicKey.from_cose(key)
    with refused("malformed"):
        verify(credential({**CLAIMS, 8: {1: key}}))


def test_cb_22_a_refusal_leaves_nothing_behind() -> None:
    """The decoder has no state to spoil: after any refusal the next message is read as if it were the first."""
    good = cbor.encode(GOOD.item())
    first = decode(good)
    for bad in ("a201000100", "81" * 20 + "00", "5bffffffffffffffff", "d81c81d81d00", "ff", "", "6161" + "00"):
        with pytest.raises(Malformed):
            decode(bad)
        assert decode(good) == first
        verify(good)
