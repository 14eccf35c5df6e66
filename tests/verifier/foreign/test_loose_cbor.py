"""CBOR as others write it: everything well formed is read as an independent decoder reads it, and nothing costs more than its size."""

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs.errors import Malformed
from verifier.foreign import loose_cbor

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 64), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.binary(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.integers(-99, 99) | st.text(max_size=6), inner, max_size=6)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(VALUES, st.booleans())
def test_reads_what_another_writes(value: object, indefinite: bool) -> None:
    data = cbor2.dumps(value, indefinite_containers=indefinite)
    assert loose_cbor.decode(data) == value


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        ("", "malformed"),
        ("ff", "malformed"),
        ("81ff", "malformed"),
        ("a1ff", "malformed"),
        ("a100ff", "malformed"),
        ("bf00ff", "malformed"),
        ("9f", "malformed"),
        ("5f00ff", "malformed"),
        ("5f5f00ffff", "malformed"),
        ("5f6161ff", "malformed"),
        ("7f61c361a9ff", "malformed"),  # each chunk is text by itself
        ("1f", "malformed"),
        ("df", "malformed"),
        ("1c", "malformed"),
        ("f7", "malformed"),
        ("f8ff", "malformed"),
        ("f97e00", "malformed"),  # not a number
        ("f97c00", "malformed"),  # infinity
        ("fb", "malformed"),
        ("61ff", "malformed"),
        ("c2410f", "malformed"),
        ("d81c80", "malformed"),
        ("d81d00", "malformed"),
        ("a1f500", "malformed"),
        ("a1410000", "malformed"),
        ("a200010002", "duplicate_key"),
        ("bf00010001ff", "duplicate_key"),
        ("a2000118000 1".replace(" ", ""), "duplicate_key"),  # 0 in two spellings
        ("0000", "trailing_data"),
        ("5b7fffffffffffffff00", "malformed"),
        ("9b7fffffffffffffff00", "malformed"),
        ("bb7fffffffffffffff00", "malformed"),
        ("81" * 16 + "00", "limit_exceeded"),
        ("9f" * 100_000, "oversize"),
        ("9f" * 1_000, "limit_exceeded"),
        ("c0" * 1_000, "limit_exceeded"),
        ("99ffff" + "00" * 20_000, "limit_exceeded"),
        ("9f" + "00" * 20_000 + "ff", "limit_exceeded"),
        ("5f" + "4100" * 300 + "ff", "malformed"),
    ],
)
def test_refused(data: str, refused: str) -> None:
    with pytest.raises(Malformed) as caught:
        loose_cbor.decode(bytes.fromhex(data))
    assert caught.value.code == refused


def test_dates_are_their_values_and_other_tags_must_be_admitted() -> None:
    assert loose_cbor.decode(cbor2.dumps([cbor2.CBORTag(0, "2026-01-01T00:00:00Z"), cbor2.CBORTag(1, 5)])) == [
        "2026-01-01T00:00:00Z",
        5,
    ]
    with pytest.raises(Malformed):
        loose_cbor.decode(b"\xd2\x00")
    assert loose_cbor.decode(b"\xd2\x00", tags=frozenset({18})).number == 18
