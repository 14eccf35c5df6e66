"""Strict deterministic CBOR: what RFC 8949 gives as examples, and what an independent encoder makes of the same values.

Source: RFC 8949 Appendix A (the hexadecimal examples), cbor2 as the second implementation.
"""

import io
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import cbor
from certs.cbor import BUNDLE, CREDENTIAL, Limits, Tag
from certs.errors import Malformed
from tests.certs.refusals import refused

ADMITTED: list[tuple[Any, str]] = [
    *((0, "00"), (1, "01"), (10, "0a"), (23, "17"), (24, "1818"), (25, "1819"), (100, "1864"), (1000, "1903e8")),
    *((1000000, "1a000f4240"), (1000000000000, "1b000000e8d4a51000"), (18446744073709551615, "1bffffffffffffffff")),
    *((-18446744073709551616, "3bffffffffffffffff"), (-1, "20"), (-10, "29"), (-100, "3863"), (-1000, "3903e7")),
    *((False, "f4"), (True, "f5"), (None, "f6"), (b"", "40"), (b"\x01\x02\x03\x04", "4401020304")),
    *(("", "60"), ("a", "6161"), ("IETF", "6449455446"), ('"\\', "62225c"), ("ü", "62c3bc"), ("水", "63e6b0b4")),
    *(("\U00010151", "64f0908591"), ([], "80"), ([1, 2, 3], "83010203"), ([1, [2, 3], [4, 5]], "8301820203820405")),
    ([*range(1, 26)], "98190102030405060708090a0b0c0d0e0f101112131415161718181819"),
    *(({}, "a0"), ({1: 2, 3: 4}, "a201020304"), ({"a": 1, "b": [2, 3]}, "a26161016162820203")),
    *((["a", {"b": "c"}], "826161a161626163"),),
    ({"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"}, "a56161614161626142616361436164614461656145"),
]

OUTSIDE = [
    *("c249010000000000000000", "c349010000000000000000"),  # big numbers
    *("f90000", "f98000", "f93c00", "fb3ff199999999999a", "f93e00", "f97bff", "fa47c35000", "fa7f7fffff"),  # floats
    *("fb7e37e43c8800759c", "f90001", "f90400", "f9c400", "fbc010666666666666", "f97c00", "f97e00", "f9fc00"),
    *("fa7f800000", "fa7fc00000", "faff800000", "fb7ff0000000000000", "fb7ff8000000000000", "fbfff0000000000000"),
    *("f7", "f0", "f8ff"),  # undefined and unassigned simple values
    *("c074323031332d30332d32315432303a30343a30305a", "c11a514b67b0", "c1fb41d452d9ec200000", "d74401020304"),  # tags
    *("d818456449455446", "d82076687474703a2f2f7777772e6578616d706c652e636f6d"),
    *("5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "9f018202039f0405ffff", "9f01820203820405ff"),
    *("83018202039f0405ff", "83019f0203ff820405", "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff"),
    *("bf61610161629f0203ffff", "826161bf61626163ff", "bf6346756ef563416d7421ff"),  # indefinite lengths
]


@pytest.mark.parametrize(("value", "encoded"), ADMITTED)
def test_examples_of_the_rfc_that_our_profile_has(value: Any, encoded: str) -> None:
    assert cbor.encode(value).hex() == encoded
    assert cbor.decode(bytes.fromhex(encoded)) == value
    assert type(cbor.decode(bytes.fromhex(encoded))) is type(value)


@pytest.mark.parametrize("encoded", OUTSIDE)
def test_examples_of_the_rfc_that_our_profile_refuses(encoded: str) -> None:
    cbor2.loads(bytes.fromhex(encoded))  # well formed, and yet:
    with refused("malformed"):
        cbor.decode(bytes.fromhex(encoded))


@pytest.mark.parametrize(
    "encoded",
    # RFC 8949 Appendix F: not well formed at all.
    [
        *(
            "",
            "18",
            "19",
            "1a",
            "1b",
            "1901",
            "1a0102",
            "1b01020304050607",
            "38",
            "58",
            "78",
            "98",
            "9a01ff00",
            "b8",
            "d8",
        ),
        *("f8", "f900", "fa0000", "fb000000", "41", "61", "5affffffff00", "5bffffffffffffffff010203", "7affffffff00"),
        *(
            "81",
            "818181818181",
            "8200",
            "a1",
            "a20102",
            "a100",
            "a2000000",
            "c0",
            "1c",
            "1d",
            "1e",
            "3c",
            "5c",
            "7d",
            "9e",
        ),
        *(
            "bc",
            "dd",
            "fc",
            "fd",
            "fe",
            "f800",
            "f818",
            "f81f",
            "ff",
            "81ff",
            "8200ff",
            "a1ff",
            "1f",
            "3f",
            "df",
            "9f",
            "bf",
        ),
    ],
)
def test_what_is_not_cbor_is_refused(encoded: str) -> None:
    with pytest.raises(Malformed) as caught:
        cbor.decode(bytes.fromhex(encoded))
    assert caught.value.code in {
        "malformed",
        "limit_exceeded",
        "duplicate_key",
    }  # of a container, its announced size comes first


# --- against an independent implementation ----------------------------------------------------------------------------

keys = st.integers(-(2**63), 2**63) | st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=300)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=300),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=12,
)
ROOMY = Limits(size=1 << 20, depth=40, entries=64, tags=frozenset({18}))


@given(values)
def test_our_bytes_are_those_of_cbor2_in_canonical_form(value: Any) -> None:
    # cbor2's "canonical" sorts map keys by RFC 7049 (shorter first); ours by RFC 8949 §4.2.1 (bytewise). On integers and
    # short texts they agree; where they do not, the bytewise order must be ours.
    ours = cbor.encode(value)
    assert ours == encode_by_the_book(value)
    assert cbor2.loads(ours) == value


def encode_by_the_book(value: Any) -> bytes:
    """cbor2 for every single value, the order of map keys by RFC 8949 §4.2.1."""
    if isinstance(value, dict):
        entries = sorted((cbor2.dumps(key, canonical=True), encode_by_the_book(item)) for key, item in value.items())
        head = cbor2.dumps({number: 0 for number in range(len(value))}, canonical=True)
        length = 1 if len(value) < 24 else 2
        return head[:length] + b"".join(key + item for key, item in entries)
    if isinstance(value, list):
        return cbor2.dumps([0] * len(value), canonical=True)[: 1 if len(value) < 24 else 2] + b"".join(
            map(encode_by_the_book, value)
        )
    return cbor2.dumps(value, canonical=True)


@given(st.dictionaries(st.integers(-65600, 65600), st.integers(0, 9), max_size=30))
def test_maps_with_integer_keys_agree_with_cbor2_as_they_are(value: dict[int, int]) -> None:
    if all(key >= 0 for key in value) or all(key < 0 for key in value):  # one major type: both orders are the same
        assert cbor.encode(value) == cbor2.dumps(value, canonical=True)


@given(values)
def test_what_we_encode_we_decode(value: Any) -> None:
    assert cbor.decode(cbor.encode(value), ROOMY) == value


@given(
    st.binary(max_size=60)
    | values.map(cbor.encode).flatmap(lambda data: st.sampled_from([data, data[:-1], data + b"\0"]))
)
def test_whatever_we_accept_has_exactly_these_bytes(data: bytes) -> None:
    """One value, one spelling: decoding and encoding again gives the input, or the input was refused."""
    try:
        value = cbor.decode(data, ROOMY)
    except Malformed:
        return
    assert cbor.encode(value) == data
    assert cbor2.load(io.BytesIO(data)) == plain(value)


def plain(value: Any) -> Any:
    """As cbor2 shows it."""
    if isinstance(value, Tag):
        return cbor2.CBORTag(value.number, plain(value.value))
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


@given(values, st.data())
def test_one_changed_byte_is_another_value_or_a_refusal(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(cbor.encode(value))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    try:
        again = cbor.decode(bytes(encoded), ROOMY)
    except Malformed:
        return
    assert cbor.encode(again) == bytes(encoded)


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_tags_are_those_of_the_limits() -> None:
    assert cbor.decode(bytes.fromhex("d280")) == Tag(18, [])
    with refused("malformed"):
        cbor.decode(bytes.fromhex("d180"))
    with refused("malformed"):
        cbor.decode(bytes.fromhex("d280"), CREDENTIAL._replace(tags=frozenset()))


def test_size_depth_and_entries_at_their_limits() -> None:
    cbor.decode(cbor.encode(b"x" * (CREDENTIAL.size - 3)))
    with refused("oversize"):
        cbor.decode(cbor.encode(b"x" * (CREDENTIAL.size - 2)))
    cbor.decode(b"\x81" * CREDENTIAL.depth + b"\0")
    with refused("limit_exceeded"):
        cbor.decode(b"\x81" * (CREDENTIAL.depth + 1) + b"\0")
    cbor.decode(cbor.encode([0] * CREDENTIAL.entries))
    cbor.decode(cbor.encode(dict.fromkeys(range(CREDENTIAL.entries))))
    for value in ([0] * (CREDENTIAL.entries + 1), dict.fromkeys(range(CREDENTIAL.entries + 1))):
        with refused("limit_exceeded"):
            cbor.decode(cbor.encode(value))


def test_bytes_that_decode_returns_are_bytes() -> None:
    assert type(cbor.decode(memoryview(b"\x41x").tobytes(), BUNDLE)) is bytes


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), {1, 2}, object(), bytearray(b"x"), range(3), {b"k": 1}, {True: 1}, {None: 1}]
)
def test_what_the_profile_lacks_is_not_encoded(value: Any) -> None:
    with pytest.raises(TypeError):
        cbor.encode(value)


def test_integers_beyond_64_bits_are_not_encoded() -> None:
    for value in (1 << 64, -(1 << 64) - 1):
        with pytest.raises(OverflowError):
            cbor.encode(value)
    with pytest.raises(UnicodeEncodeError):
        cbor.encode("\ud800")
