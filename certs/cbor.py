"""Strict deterministic CBOR over hostile input: one spelling for each value, bounded, no side effects.

Spec: RFC 8949 §3, §4.2.1 (core deterministic encoding), §5.6 (duplicate keys). Only what our formats need is admitted:
integers of 64 bits, byte and text strings, arrays, maps, false, true, null and the allow-listed tags. Floats, undefined,
indefinite lengths, big numbers and all other tags are refused, so a decoder can never be talked into work (attacks CB-*).
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from certs.errors import Malformed

# A value is int, bytes, str, bool, None, list, dict or Tag. Typed `Any` here, and narrowed by each format's parser.
Value = Any


class Limits(NamedTuple):
    """size in bytes of the whole item, nesting depth, entries of one array or map, tags admitted; `any_order` of map keys
    for formats of others, whose issuers need not sort them. Each key still stands once."""

    size: int
    depth: int
    entries: int
    tags: frozenset[int]
    any_order: bool = False


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
    except (IndexError, struct.error):
        raise Malformed("malformed", "CBOR is cut off") from None
    except UnicodeDecodeError:
        raise Malformed("malformed", "CBOR text is not UTF-8") from None
    if end > len(data):
        raise Malformed("malformed", "CBOR string is cut off")
    if end < len(data):
        raise Malformed("trailing_data", f"{len(data) - end} bytes after the CBOR item")
    return value


def _item(data: bytes, at: int, limits: Limits, depth: int) -> tuple[Value, int]:
    """The item that begins at `at`, and where it ends. Containers do the same in their loops: a call costs as much."""
    read, argument = _JUMP[data[at]]
    return (argument, at + 1) if read is None else read(data, at + 1, argument, limits, depth)


# One reader for each major type: the data, where the content begins, the argument, the limits, how deep one may still go.
# A string that is cut off ends beyond the data, where there is nothing more to read: `decode` sees it at the end of all.
_Reader = Callable[[bytes, int, int, Limits, int], tuple[Value, int]]


def _unsigned(_data: bytes, at: int, argument: int, _limits: Limits, _depth: int) -> tuple[Value, int]:
    return argument, at


def _negative(_data: bytes, at: int, argument: int, _limits: Limits, _depth: int) -> tuple[Value, int]:
    return -1 - argument, at


def _bytes(data: bytes, at: int, size: int, _limits: Limits, _depth: int) -> tuple[Value, int]:
    end = at + size
    return data[at:end], end


def _text(data: bytes, at: int, size: int, _limits: Limits, _depth: int) -> tuple[Value, int]:
    end = at + size
    return data[at:end].decode(), end


def _array(data: bytes, at: int, entries: int, limits: Limits, depth: int) -> tuple[Value, int]:
    if not depth or entries > limits.entries:
        raise _too_much(entries, depth)
    items = []
    depth -= 1
    for _ in range(entries):
        read, value = _JUMP[data[at]]
        at += 1
        if read is not None:
            value, at = read(data, at, value, limits, depth)
        items.append(value)
    return items, at


def _map(data: bytes, at: int, entries: int, limits: Limits, depth: int) -> tuple[Value, int]:
    """Keys are integers or text, in strictly rising bytewise order: that alone excludes duplicates (§4.2.1)."""
    if not depth or entries > limits.entries:
        raise _too_much(entries, depth)
    result: dict[int | str, Value] = {}
    depth -= 1
    any_order = limits.any_order
    last = before = end = 0  # the first byte of the key before, where it began and where it ended
    for _ in range(entries):
        start = at
        first = data[at]
        read, key = _KEYS[first]
        at += 1
        if read is not None:
            key, at = read(data, at, key, limits, depth)
        if any_order:
            if key in result:
                raise Malformed("duplicate_key", "CBOR map key given twice")
        elif first <= last and data[start:at] <= data[before:end]:
            code = "duplicate_key" if key in result else "malformed"
            raise Malformed(code, "CBOR map keys not in strictly rising order")
        last, before, end = first, start, at
        read, value = _JUMP[data[at]]
        at += 1
        if read is not None:
            value, at = read(data, at, value, limits, depth)
        result[key] = value
    return result, at


def _tag(data: bytes, at: int, number: int, limits: Limits, depth: int) -> tuple[Value, int]:
    if not depth:
        raise _too_much(0, depth)
    if number not in limits.tags:
        raise Malformed("malformed", f"CBOR tag {number}")
    value, at = _item(data, at, limits, depth - 1)
    return Tag(number, value), at


def _too_much(entries: int, depth: int) -> Malformed:
    if not depth:
        return Malformed("limit_exceeded", "CBOR nested too deep")
    return Malformed("limit_exceeded", f"CBOR container of {entries} entries")


def _refused(_data: bytes, _at: int, first: int, _limits: Limits, _depth: int) -> tuple[Value, int]:
    raise Malformed("malformed", f"CBOR initial byte {first:#04x}")


def _longer(read: _Reader, form: str, smallest: int) -> _Reader:
    """The reader for an argument in the bytes that follow, which must not have fitted into fewer."""
    unpack, width = struct.Struct(form).unpack_from, struct.calcsize(form)

    def reader(data: bytes, at: int, _argument: int, limits: Limits, depth: int) -> tuple[Value, int]:
        (argument,) = unpack(data, at)
        if argument < smallest:
            raise Malformed("malformed", "CBOR argument is not in its shortest form")
        return read(data, at + width, argument, limits, depth)

    def reader_of_byte(data: bytes, at: int, _argument: int, limits: Limits, depth: int) -> tuple[Value, int]:
        argument = data[at]
        if argument < smallest:
            raise Malformed("malformed", "CBOR argument is not in its shortest form")
        return read(data, at + 1, argument, limits, depth)

    return reader_of_byte if width == 1 else reader


def _jump_table() -> Iterator[tuple[_Reader | None, Value]]:
    """For each initial byte (RFC 8949 Appendix B) its reader and argument; or, of an item of one byte, None and its value.

    What is not admitted has `_refused`: floats, one-byte simple values, reserved values, indefinite lengths.
    """
    one_byte = {**{n: n for n in range(24)}, **{32 + n: -1 - n for n in range(24)}, 0xF4: False, 0xF5: True, 0xF6: None}
    readers = (_unsigned, _negative, _bytes, _text, _array, _map, _tag)
    forms = ((">B", 24), (">H", 1 << 8), (">I", 1 << 16), (">Q", 1 << 32))
    for first in range(256):
        major, info = first >> 5, first & 31
        if first in one_byte:
            yield None, one_byte[first]
        elif major == 7 or info > 27:
            yield _refused, first
        elif info < 24:
            yield readers[major], info
        else:
            yield _longer(readers[major], *forms[info - 24]), 0


def _refused_key(_data: bytes, _at: int, _first: int, _limits: Limits, _depth: int) -> tuple[Value, int]:
    raise Malformed("malformed", "CBOR map key is neither integer nor text")


_JUMP = tuple(_jump_table())
_KEYS = tuple(entry if first >> 5 in (0, 1, 3) else (_refused_key, first) for first, entry in enumerate(_JUMP))


# --- encoding ---------------------------------------------------------------------------------------------------------


def encode(value: Value) -> bytes:
    """Core deterministic encoding (§4.2.1). Raises TypeError or OverflowError for what the profile does not admit."""
    if isinstance(value, str):
        raw = value.encode("utf-8")
        return head(3, len(raw)) + raw
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if value is None:
        return b"\xf6"
    if isinstance(value, (list, tuple)):  # a union would be made anew each time
        return head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, Tag):
        return head(6, value.number) + encode(value.value)
    if isinstance(value, Mapping):
        entries = sorted([(_key(key), encode(item)) for key, item in value.items()])
        return head(5, len(entries)) + b"".join([part for entry in entries for part in entry])
    raise TypeError(f"no CBOR form for {type(value).__name__}")


@lru_cache(maxsize=1024, typed=True)  # the same names and numbers in each document
def _key(key: int | str) -> bytes:
    if type(key) not in (int, str):
        raise TypeError("CBOR map keys are integers or text")
    return encode(key)


def embedded(data: bytes) -> bytes:
    """An encoded item carried as its own bytes, tag 24 (§3.4.5.1): what is hashed or signed later is what came."""
    return b"\xd8\x18" + head(2, len(data)) + data


_ONE_BYTE = tuple(bytes([byte]) for byte in range(256))


def head(major: int, argument: int) -> bytes:
    """The first bytes of an item: its major type and its argument, in the shortest form."""
    if argument < 24:
        return _ONE_BYTE[major << 5 | argument]
    for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << (8 * width):
            return bytes([major << 5 | info]) + argument.to_bytes(width, "big")
    raise OverflowError("integer beyond 64 bits")
