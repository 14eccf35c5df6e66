"""Small changes to valid bytes: what a stranger tries first. All chance comes from the random source that is handed in."""

import string
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from certs import cbor
from certs.cbor import Tag
from certs.encoding import b64url_decode, b64url_encode
from certs.errors import CertsError

_LENGTHS = (0, 1, 23, 24, 0x7F, 0x80, 0xFF)
_NUMBERS = (0, 1, -1, 23, 24, 255, 256, 65_535, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, -(1 << 64))
_TEXTS = (
    "",
    "a",
    "\x00",
    "é",
    "e\u0301",
    "\u202e",
    "\ufeff",
    "Ａ",
    "а",
    "x" * 1025,
    "999203001234",
    "2026-02-30",
    "none",
)
# What the formats write between their parts, and initial bytes of CBOR and DER that promise much.
_TOKENS = (
    *(bytes([first]) for first in (0x5F, 0x7F, 0x9F, 0xBF, 0xFF, 0xF6, 0xF7, 0xFB, 0xC0, 0xD2, 0x80, 0xA0)),
    b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xbb\x00\x00\x00\x01\x00\x00\x00\x00",
    b"\xd8\x18",
    b"\x30\x84\xff\xff\xff\xff",
    b"\x30\x80",
    b"~",
    b".",
    b"..",
    b"=",
    b"|",
    b"\x00",
    b"\n",
    b'{"a":1,"a":2}',
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"\\ud800",
    b"NaN",
    b"1e999",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
)
_BASE64 = (string.ascii_letters + string.digits + "-_").encode()


def changed(data: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    """The same bytes after one to four small changes."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        chance.choice(_CHANGES)(made, chance, others)
    return bytes(made)


def _flip(data: bytearray, chance: Random, _others: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(data: bytearray, chance: Random, _others: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.choice((*_LENGTHS, chance.randrange(256)))


def _letter(data: bytearray, chance: Random, _others: Sequence[bytes]) -> None:
    """One letter for another: what stays within the alphabet of a text gets further in."""
    if data:
        data[chance.randrange(len(data))] = chance.choice(_BASE64)


def _delete(data: bytearray, chance: Random, _others: Sequence[bytes]) -> None:
    start = chance.randrange(len(data) + 1)
    del data[start : start + chance.choice((1, 1, 2, 3, 4, 16, 64))]


def _cut(data: bytearray, chance: Random, _others: Sequence[bytes]) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _repeat(data: bytearray, chance: Random, _others: Sequence[bytes]) -> None:
    start, place = chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)
    data[place:place] = data[start : start + chance.choice((1, 2, 4, 32, 256))] * chance.choice((1, 1, 1, 40))


def _insert(data: bytearray, chance: Random, _others: Sequence[bytes]) -> None:
    place = chance.randrange(len(data) + 1)
    data[place:place] = chance.choice(_TOKENS)


def _overwrite(data: bytearray, chance: Random, _others: Sequence[bytes]) -> None:
    place, token = chance.randrange(len(data) + 1), chance.choice(_TOKENS)
    data[place : place + len(token)] = token


def _splice(data: bytearray, chance: Random, others: Sequence[bytes]) -> None:
    """The head of this one and the tail of another: what an attacker has is many good documents."""
    other = chance.choice(others)
    data[chance.randrange(len(data) + 1) :] = other[chance.randrange(len(other) + 1) :]


def _exchange(data: bytearray, chance: Random, others: Sequence[bytes]) -> None:
    """A stretch of another in the same place."""
    other, start = chance.choice(others), chance.randrange(len(data) + 1)
    end = start + chance.choice((1, 8, 32, 64, 256))
    data[start:end] = other[start:end]


_CHANGES: tuple[Callable[[bytearray, Random, Sequence[bytes]], None], ...] = (
    _flip,
    _set,
    _letter,
    _delete,
    _cut,
    _repeat,
    _insert,
    _overwrite,
    _splice,
    _exchange,
)


# --- inside a form ----------------------------------------------------------------------------------------------------


def changed_parts(text: bytes, chance: Random, others: Sequence[bytes], separators: str = ".~") -> bytes:
    """A compact form whose one part, base64url inside, is another; or parts left out, given twice, in another order."""
    separator = chance.choice(separators).encode()
    parts = text.split(separator)
    place = chance.randrange(len(parts))
    way = chance.randrange(6)
    if way == 0:
        del parts[place]
    elif way == 1:
        parts.insert(place, chance.choice(parts))
    elif way == 2:
        chance.shuffle(parts)
    elif way == 3:
        parts[place] = chance.choice(chance.choice(others).split(separator))
    else:
        smaller = parts[place].split(b".")
        inner = chance.randrange(len(smaller))
        try:
            raw = b64url_decode(smaller[inner])
        except CertsError:
            raw = smaller[inner]
        smaller[inner] = b64url_encode(changed(raw, chance, [raw])).encode()
        parts[place] = b".".join(smaller)
    return separator.join(parts)


def changed_value(value: Any, chance: Random) -> Any:
    """A CBOR or JSON value with one part that is another: of another kind, missing, given to a neighbour, wrapped."""
    kind = type(value)
    if isinstance(value, dict) and value and chance.random() < 0.85:
        return _changed_map(dict(value), chance)
    if isinstance(value, list) and value and chance.random() < 0.85:
        return _changed_list(list(value), chance)
    if isinstance(value, Tag) and chance.random() < 0.9:
        return Tag(value.number, _inside(value.value, chance))
    if kind is bytes and chance.random() < 0.7:
        return _inside(value, chance)
    if kind is str and chance.random() < 0.5:
        return (
            value[: chance.randrange(len(value) + 1)]
            + chance.choice(_TEXTS)
            + value[chance.randrange(len(value) + 1) :]
        )
    if kind is int and chance.random() < 0.5:
        return max(-(1 << 64), min((1 << 64) - 1, value + chance.choice((-1, 1, 1 << 16, -(1 << 16)))))
    return chance.choice((*_NUMBERS, *_TEXTS, b"", b"\x00", b"x" * 40, None, True, False, [], {}, [value], {1: value}))


def _changed_map(value: dict[Any, Any], chance: Random) -> dict[Any, Any]:
    key = chance.choice(list(value))
    way = chance.randrange(8)
    if way == 0:
        del value[key]
    elif way == 1:
        value[chance.choice((0, -1, 2, 99, "x", "crit", -65537))] = value[key]
    elif way == 2:
        value[key] = value[chance.choice(list(value))]
    else:
        value[key] = changed_value(value[key], chance)
    return value


def _changed_list(value: list[Any], chance: Random) -> list[Any]:
    place = chance.randrange(len(value))
    way = chance.randrange(8)
    if way == 0:
        del value[place]
    elif way == 1:
        value.insert(place, chance.choice(value))
    elif way == 2:
        chance.shuffle(value)
    else:
        value[place] = changed_value(value[place], chance)
    return value


def _inside(raw: Any, chance: Random) -> Any:
    """Bytes that are CBOR themselves are changed as such, half the time."""
    if not isinstance(raw, bytes):
        return changed_value(raw, chance)
    if raw and chance.random() < 0.5:
        try:
            return cbor.encode(changed_value(cbor.decode(raw, _ANY), chance))
        except (CertsError, TypeError, OverflowError, UnicodeEncodeError):
            pass
    return changed(raw, chance, [raw])


_ANY = cbor.Limits(size=1 << 24, depth=32, entries=1 << 16, tags=frozenset({0, 18, 24, 61, 1004}), any_order=True)


def changed_cbor(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """A CBOR item of which one part is another, written anew. Where that has no CBOR form, the same bytes."""
    try:
        return cbor.encode(changed_value(cbor.decode(data, _ANY), chance))
    except (CertsError, TypeError, OverflowError, UnicodeEncodeError):
        return data
