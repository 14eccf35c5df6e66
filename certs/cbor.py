"""Strict deterministic CBOR over hostile input: one spelling for each value, bounded, no side effects.

Spec: RFC 8949 §3, §4.2.1 (core deterministic encoding), §5.6 (duplicate keys). Only what our formats need is admitted:
integers of 64 bits, byte and text strings, arrays, maps, false, true, null and the allow-listed tags. Floats, undefined,
indefinite lengths, big numbers and all other tags are refused, so a decoder can never be talked into work (attacks CB-*).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from certs.errors import Malformed

# A value is int, bytes, str, bool, None, list, dict or Tag. Typed `Any` here, and narrowed by each format's parser.
Value = Any


class Limits(NamedTuple):
    """size in bytes of the whole item, nesting depth, entries of one array or map, tags admitted."""

    size: int
    depth: int
    entries: int
    tags: frozenset[int]


CREDENTIAL = Limits(size=8 * 1024, depth=8, entries=64, tags=frozenset({18}))  # a QR holds less than 3 KiB
BUNDLE = Limits(size=64 * 1024 * 1024, depth=8, entries=4096, tags=frozenset({18}))


@dataclass(frozen=True, slots=True)
class Tag:
    number: int
    value: Value


def decode(data: bytes, limits: Limits = CREDENTIAL) -> Value:
    """The one item that `data` is; raises Malformed (malformed, oversize, limit_exceeded, duplicate_key, trailing_data)."""
    if len(data) > limits.size:
        raise Malformed("oversize", f"{len(data)} bytes of CBOR")
    try:
        value, end = _item(data, 0, limits, limits.depth)
    except IndexError:
        raise Malformed("malformed", "CBOR is cut off") from None
    if end != len(data):
        raise Malformed("trailing_data", f"{len(data) - end} bytes after the CBOR item")
    return value


def _item(data: bytes, at: int, limits: Limits, depth: int) -> tuple[Value, int]:
    first = data[at]
    major, info = first >> 5, first & 31
    at += 1
    if info < 24:
        argument = info
    elif major == 7 or info > 27:  # floats, one-byte simple values, reserved values, indefinite lengths
        raise Malformed("malformed", f"CBOR initial byte {first:#04x}")
    else:
        argument, at = _long_argument(data, at, info)
    if major == 0:
        return argument, at
    if major == 1:
        return -1 - argument, at
    if major <= 3:
        end = at + argument
        if end > len(data):
            raise Malformed("malformed", "CBOR string is cut off")
        return (data[at:end] if major == 2 else _text(data[at:end])), end
    if major == 7:
        return _simple(argument), at
    if depth == 0:
        raise Malformed("limit_exceeded", "CBOR nested too deep")
    if major == 6:
        if argument not in limits.tags:
            raise Malformed("malformed", f"CBOR tag {argument}")
        value, at = _item(data, at, limits, depth - 1)
        return Tag(argument, value), at
    if argument > limits.entries:
        raise Malformed("limit_exceeded", f"CBOR container of {argument} entries")
    if major == 4:
        items = []
        for _ in range(argument):
            value, at = _item(data, at, limits, depth - 1)
            items.append(value)
        return items, at
    return _map(data, at, argument, limits, depth - 1)


def _map(data: bytes, at: int, entries: int, limits: Limits, depth: int) -> tuple[dict[int | str, Value], int]:
    """Keys are integers or text, in strictly rising bytewise order: that alone excludes duplicates (§4.2.1)."""
    result: dict[int | str, Value] = {}
    before = b""
    for _ in range(entries):
        start = at
        if data[at] >> 5 not in (0, 1, 3):
            raise Malformed("malformed", "CBOR map key is neither integer nor text")
        key, at = _item(data, at, limits, depth)
        encoded = data[start:at]
        if encoded <= before:
            code = "duplicate_key" if encoded == before or key in result else "malformed"
            raise Malformed(code, "CBOR map keys not in strictly rising order")
        before = encoded
        result[key], at = _item(data, at, limits, depth)
    return result, at


def _long_argument(data: bytes, at: int, info: int) -> tuple[int, int]:
    width = 1 << (info - 24)
    if at + width > len(data):
        raise Malformed("malformed", "CBOR is cut off")
    argument = int.from_bytes(data[at : at + width], "big")
    if argument < _SHORTEST[info]:
        raise Malformed("malformed", "CBOR argument is not in its shortest form")
    return argument, at + width


_SHORTEST = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("malformed", "CBOR text is not UTF-8") from None


def _simple(value: int) -> bool | None:
    if value == 20:
        return False
    if value == 21:
        return True
    if value == 22:
        return None
    raise Malformed("malformed", f"CBOR simple value {value}")


# --- encoding ---------------------------------------------------------------------------------------------------------


def encode(value: Value) -> bytes:
    """Core deterministic encoding (§4.2.1). Raises TypeError or OverflowError for what the profile does not admit."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        raw = value.encode("utf-8")
        return _head(3, len(raw)) + raw
    if value is None:
        return b"\xf6"
    if isinstance(value, Mapping):
        if not all(type(key) in (int, str) for key in value):
            raise TypeError("CBOR map keys are integers or text")
        entries = sorted((encode(key), encode(item)) for key, item in value.items())
        return _head(5, len(entries)) + b"".join(key + item for key, item in entries)
    if isinstance(value, list | tuple):
        return _head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, Tag):
        return _head(6, value.number) + encode(value.value)
    raise TypeError(f"no CBOR form for {type(value).__name__}")


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << (8 * width):
            return bytes([major << 5 | info]) + argument.to_bytes(width, "big")
    raise OverflowError("integer beyond 64 bits")
