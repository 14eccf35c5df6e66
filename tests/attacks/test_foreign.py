"""Groups QR and CB on the formats of other frameworks: EU Digital COVID Certificate, SMART Health Card."""

import gzip
import hashlib
import hmac
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from certs import cbor
from certs.encoding import base45_encode
from tests.verifier.foreign.abroad import Clinic, Country, at, code, deflated, digits_of, door, json_of, of, text_of
from tests.world import World

AUSTRIA, CLINIC = Country(), Clinic()
FOREIGN = door(of(AUSTRIA), at(CLINIC))
CERTIFICATE, CARD = AUSTRIA.certify(), CLINIC.card()
PAYLOAD = cbor.encode(AUSTRIA.claims())
EXPIRY = AUSTRIA.claims()[4].to_bytes(4, "big")
MESSAGE = AUSTRIA.sign(PAYLOAD)
JSON = json_of(CLINIC.claims())
MEBIBYTE = 1024 * 1024


def refused(text: str) -> str | None:
    return code(FOREIGN, text)


def compressed(data: bytes) -> str:
    """As the body of a DCC, whatever it is."""
    return "HC1:" + base45_encode(data)


def bomb() -> bytes:
    """64 MiB of zeros in 65 KB."""
    made = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join([made.compress(bytes(MEBIBYTE)) for _ in range(64)]) + made.flush()


def test_the_tests_own_documents_are_good() -> None:
    assert refused(CERTIFICATE) is None and refused(CARD) is None


@pytest.mark.parametrize(
    "prefix", ["HC2:", "HC1", "hc1:", "LT1:", "VN1:", "", " HC1:", "shc:", "SHC:/", "shc:/ "[:4], "HL0:"]
)
def test_QR_01_other_prefixes_of_foreign_formats(prefix: str) -> None:
    assert refused(prefix + CERTIFICATE.removeprefix("HC1:")) == "prefix_unknown"
    assert refused(prefix + CARD.removeprefix("shc:/")) in ("prefix_unknown", "encoding_invalid", "malformed")


def test_QR_01_doubled_foreign_prefixes() -> None:
    assert refused("HC1:" + CERTIFICATE) in ("encoding_invalid", "malformed")
    assert refused("shc:/" + CARD) == "encoding_invalid"


@pytest.mark.parametrize("body", ["ab", "A!0", "GGW", "::::::", "A", "AAAA", "GG", "ĐĐĐ"])
def test_QR_02_bad_base45_under_a_foreign_prefix(body: str) -> None:
    assert refused("HC1:" + body) == "encoding_invalid"


@pytest.mark.parametrize("body", ["5", "78", "9900", "5a", "５６", "56-56", "0x00"])
def test_QR_02_bad_digits_of_a_health_card(body: str) -> None:
    assert refused("shc:/" + body) == "encoding_invalid"


def test_QR_03_lower_case_under_a_foreign_prefix() -> None:
    assert refused("HC1:" + CERTIFICATE.removeprefix("HC1:").lower()) == "encoding_invalid"


@pytest.mark.parametrize("end", ["\n", "\x00", "\ufeff", "AAA", "00", "000", " ", "#"])
def test_QR_04_something_after_a_foreign_text(end: str) -> None:
    assert refused(CERTIFICATE + end) in ("encoding_invalid", "trailing_data", "malformed")  # all of it is one stream
    assert refused(CARD + end) in ("encoding_invalid", "signature_invalid")


@pytest.mark.parametrize("start", [" ", "\n", "\ufeff"])
def test_QR_04_something_before_a_foreign_text(start: str) -> None:
    assert refused(start + CERTIFICATE) == refused(start + CARD) == "prefix_unknown"


STREAMS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "truncated": (lambda data: zlib.compress(data)[:-9], "malformed"),
    "without its checksum": (lambda data: zlib.compress(data)[:-4], "malformed"),
    "wrong checksum": (lambda data: zlib.compress(data)[:-1] + bytes([zlib.compress(data)[-1] ^ 1]), "malformed"),
    "preset dictionary": (lambda data: _with_dictionary(data), "malformed"),
    "two streams": (lambda data: zlib.compress(data) * 2, "trailing_data"),
    "a byte behind": (lambda data: zlib.compress(data) + b"\0", "trailing_data"),
    "raw deflate": (deflated, "malformed"),
    "gzip": (gzip.compress, "malformed"),
    "compressed twice": (lambda data: zlib.compress(zlib.compress(data)), "malformed"),
}


def _with_dictionary(data: bytes) -> bytes:
    made = zlib.compressobj(9, zdict=b"vaccination")
    return made.compress(data) + made.flush()


@pytest.mark.parametrize("name", STREAMS)
def test_QR_05_a_broken_zlib_stream(name: str) -> None:
    change, expected = STREAMS[name]
    assert refused(compressed(change(MESSAGE))) in (expected, "oversize", "type_mismatch")


RAW_STREAMS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "truncated": (lambda data: deflated(data)[:-9], "malformed"),
    "two streams": (lambda data: deflated(data) * 2, "trailing_data"),
    "a byte behind": (lambda data: deflated(data) + b"\0", "trailing_data"),
    "zlib": (zlib.compress, "malformed"),
    "gzip": (gzip.compress, "malformed"),
    "compressed twice": (lambda data: deflated(deflated(data)), "malformed"),
    "empty": (lambda _: b"", "malformed"),
}


@pytest.mark.parametrize("name", RAW_STREAMS)
def test_QR_05_a_broken_deflate_stream_that_its_issuer_signed(name: str) -> None:
    change, expected = RAW_STREAMS[name]
    assert refused(CLINIC.sign(change(JSON))) == expected


def test_QR_05_bombs_cost_no_more_than_they_may() -> None:
    """What fits a code, inflating to 2.8 MiB; and 64 MiB signed by the clinic itself, in a token that no code could hold."""
    small = zlib.compress(bytes(2_800_000), 9)
    texts = [compressed(small), CLINIC.sign(bomb()[:2400]), compressed(bomb()), CLINIC.sign(bomb())]
    tracemalloc.start()
    try:
        found = [refused(text) for text in texts]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == ["limit_exceeded", "limit_exceeded", "oversize", "oversize"]
    assert peak < 2 * MEBIBYTE


def test_QR_06_a_foreign_document_that_must_be_compressed_and_is_not() -> None:
    assert refused(compressed(MESSAGE)) == "malformed"
    assert refused(CLINIC.sign(JSON)) == "malformed"
    header = {"alg": "ES256", "kid": CLINIC.signer.public.kid}
    assert refused(CLINIC.sign(JSON, header=header)) == "malformed"
    assert refused(CLINIC.sign(deflated(JSON), header=header)) == "malformed"  # it does not say that it is
    assert refused(compressed(zlib.compress(MESSAGE, 0))) is None  # stored blocks are a zlib stream


@pytest.mark.parametrize(("prefix", "most"), [("HC1:", 4296), ("shc:/", 7094)])
def test_QR_07_length_of_foreign_texts(prefix: str, most: int) -> None:
    assert refused(prefix + "0" * (most - len(prefix))) != "oversize"
    for length in (most + 1, 65_536, MEBIBYTE):
        assert refused(prefix + "0" * (length - len(prefix))) == "oversize"


@pytest.mark.parametrize("chunk", ["1/2/", "2/2/", "1/1/", "0/0/", "99999999999/3/"])
def test_QR_08_a_health_card_in_several_codes(chunk: str) -> None:
    digits = CARD.removeprefix("shc:/")
    assert refused(f"shc:/{chunk}{digits[: len(digits) // 4 * 2]}") == "malformed"


def test_QR_12_a_foreign_document_is_bound_to_nobody_and_says_so() -> None:
    for text in (CERTIFICATE, CARD):
        report = FOREIGN.inspect(text, accept=("eu_dcc", "shc"))
        assert report.verified is not None and report.verified.holder_bound is False


# --- CBOR and COSE of the DCC -----------------------------------------------------------------------------------------------


def claims_of(raw: bytes) -> str:
    """A certificate whose claims are these bytes, signed by the country."""
    return text_of(AUSTRIA.sign(raw))


CLAIMS: dict[str, tuple[bytes, str]] = {
    "CB-01 a key twice": (b"\xa5" + PAYLOAD[1:] + b"\x01\x62DE", "duplicate_key"),
    "CB-01 a key in two spellings": (b"\xa5" + PAYLOAD[1:] + b"\x18\x01\x62DE", "duplicate_key"),
    "CB-01 a key that is a float": (b"\xa5" + PAYLOAD[1:] + b"\xf9\x3c\x00\x62DE", "malformed"),
    "CB-02 a byte behind": (PAYLOAD + b"\0", "trailing_data"),
    "CB-02 an item behind": (PAYLOAD + PAYLOAD, "trailing_data"),
    "CB-03 arrays": (b"\x81" * 1000 + b"\0", "limit_exceeded"),
    "CB-03 maps": (b"\xa1\0" * 1000 + b"\0", "limit_exceeded"),
    "CB-03 tags": (b"\xc1" * 1000 + b"\0", "limit_exceeded"),
    "CB-04 2^32 bytes": (b"\x5a\xff\xff\xff\xff\0", "malformed"),
    "CB-04 2^64 entries": (b"\xbb" + b"\xff" * 8 + b"\0\0", "malformed"),
    "CB-06 half NaN": (PAYLOAD.replace(b"\x04\x1a" + EXPIRY, b"\x04\xf9\x7e\x00"), "malformed"),
    "CB-08 shared value": (b"\xd8\x1c" + PAYLOAD, "malformed"),
    "CB-08 string reference": (b"\xd9\x01\x00" + PAYLOAD, "malformed"),
    "CB-09 big number": (b"\xa1\x04\xc2\x49\x01" + bytes(8), "malformed"),
    "CB-09 decimal": (b"\xa1\x04\xc4\x82\x1a\x3b\x9a\xca\x00\x01", "malformed"),
    "CB-10 a day that is none": (b"\xa1\x04\xc0\x61x", "type_mismatch"),
    "CB-11 no UTF-8": (b"\xa1\x01\x62\xc3\x28", "malformed"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_CB_01_CB_02_CB_03_CB_04_CB_06_CB_08_CB_09_CB_10_CB_11_claims_that_a_country_signed(name: str) -> None:
    raw, expected = CLAIMS[name]
    assert refused(claims_of(raw)) == expected


def test_CB_07_more_keys_than_a_certificate_has() -> None:
    """Among them the few of 64 bits that collide."""
    numbers = [number * (2**61 - 1) for number in range(1, 8)] + [1 << 32 | number for number in range(2_000)]
    keys = b"".join(b"\x1b" + number.to_bytes(8, "big") + b"\0" for number in numbers)
    assert refused(claims_of(b"\xb9" + len(numbers).to_bytes(2, "big") + keys)) in ("oversize", "limit_exceeded")
    few = b"".join(b"\x1b" + number.to_bytes(8, "big") + b"\0" for number in numbers[:400])
    assert refused(claims_of(b"\xb9\x01\x90" + few)) == "limit_exceeded"


@pytest.mark.parametrize("tag", [98, 17, 16, 96, 97, 998])
def test_CB_12_another_kind_of_message_under_HC1(tag: int) -> None:
    assert refused(text_of(AUSTRIA.sign(PAYLOAD, tags=(tag,)))) == "malformed"


def test_CB_12_shapes_that_are_no_Sign1() -> None:
    protected, unprotected, payload, signature = cbor.decode(MESSAGE, cbor.BUNDLE).value
    for item in (
        [],
        [protected, unprotected, payload],
        {},
        b"x",
        [protected, [], payload, signature],
        [1, {}, b"", b""],
    ):
        assert refused(text_of(cbor.encode(item))) in ("type_mismatch", "malformed")


def test_CB_13_the_algorithm_of_a_certificate_outside_its_signature() -> None:
    kid = AUSTRIA.anchor.kid
    assert refused(text_of(AUSTRIA.sign(PAYLOAD, protected={4: kid}, unprotected={1: -7}))) == "malformed"
    both = AUSTRIA.sign(PAYLOAD, protected={1: -7, 4: kid}, unprotected={1: -257})
    assert refused(text_of(both)) is None  # what stands outside was never looked at


@pytest.mark.parametrize("alg", [5, -35, -36, -257, -8, -37, 0, "ES256", None, b"", True])
def test_CB_14_another_algorithm_of_a_certificate(alg: Any) -> None:
    assert refused(text_of(AUSTRIA.sign(PAYLOAD, protected={1: alg, 4: AUSTRIA.anchor.kid}))) == "alg_not_allowed"


def test_CB_14_an_hmac_under_the_countrys_public_key() -> None:
    protected = cbor.encode({1: 5, 4: AUSTRIA.anchor.kid})
    secret = AUSTRIA.signer.public.thumbprint().encode()
    tag = hmac.new(secret, cbor.encode(["Signature1", protected, b"", PAYLOAD]), hashlib.sha256).digest()
    assert refused(text_of(cbor.encode(cbor.Tag(18, [protected, {}, PAYLOAD, tag])))) == "alg_not_allowed"


@pytest.mark.parametrize("where", ["protected", "unprotected"])
def test_CB_16_a_critical_header_of_a_certificate(where: str) -> None:
    protected: dict[int, Any] = {1: -7, 4: AUSTRIA.anchor.kid}
    unprotected: dict[int, Any] = {}
    (protected if where == "protected" else unprotected)[2] = [99]
    assert refused(text_of(AUSTRIA.sign(PAYLOAD, protected=protected, unprotected=unprotected))) == "crit_unknown"


def test_CB_17_a_certificate_whose_payload_is_elsewhere() -> None:
    protected, unprotected, _, signature = cbor.decode(MESSAGE, cbor.BUNDLE).value
    assert refused(text_of(cbor.encode(cbor.Tag(18, [protected, unprotected, None, signature])))) == "malformed"


def test_CB_18_a_certificates_signature_of_another_shape() -> None:
    protected, unprotected, payload, signature = cbor.decode(MESSAGE, cbor.BUNDLE).value
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    shapes = (signature[:-1], signature + b"\0", encode_dss_signature(r, s), b"", bytes(64), signature[::-1])
    for shape in shapes:
        item = cbor.Tag(18, [protected, unprotected, payload, shape])
        assert refused(text_of(cbor.encode(item))) == "signature_invalid"


def test_CB_19_the_right_kid_where_nothing_is_signed() -> None:
    """Case CO22 of the European test data. Where the protected header has none, the other one counts (CO19)."""
    right, wrong = AUSTRIA.anchor.kid, b"\0" * 8
    beside = AUSTRIA.sign(PAYLOAD, protected={1: -7, 4: wrong}, unprotected={4: right})
    assert refused(text_of(beside)) == "key_not_found"
    assert refused(text_of(AUSTRIA.sign(PAYLOAD, protected={1: -7}, unprotected={4: right}))) is None
    assert refused(text_of(AUSTRIA.sign(PAYLOAD, protected={1: -7, 4: right}, unprotected={4: wrong}))) is None
    for kid in (wrong, "x", 1, None, b"", b"x" * 65):
        assert refused(text_of(AUSTRIA.sign(PAYLOAD, protected={1: -7}, unprotected={4: kid}))) == "key_not_found"


@pytest.mark.parametrize("value", ["1", b"1", True, None, -1, 1 << 40, [1], 1e300])
@pytest.mark.parametrize("claim", [4, 6])
def test_CB_20_times_of_a_certificate_that_are_none(claim: int, value: Any) -> None:
    assert refused(claims_of(cbor2.dumps({**AUSTRIA.claims(), claim: value}))) == "malformed"


def test_CB_22_a_refusal_leaves_nothing_behind_in_the_door() -> None:
    for text in (compressed(b"\xff"), digits_of("a.b.c"), "HC1:", "shc:/"):
        assert refused(text) is not None
        assert refused(CERTIFICATE) is None and refused(CARD) is None


def test_our_own_documents_are_not_taken_under_a_foreign_prefix() -> None:
    """A VN1 credential is a COSE_Sign1 too: compressed under `HC1:` its signer is nobody there."""
    world = World()
    assert refused(text_of(world.issue())) == "key_not_found"
