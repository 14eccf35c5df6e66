"""Text encodings and JSON, strict: each value has exactly one accepted spelling.

Spec: RFC 4648 §5 (base64url without padding), RFC 9285 (base45), RFC 1950 (zlib), RFC 1951 (DEFLATE), RFC 8259 and RFC 7493 (JSON, I-JSON).
"""

import binascii
import json
import math
import re
import string
import struct
import unicodedata
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn

from certs.errors import Malformed

JSON_LIMIT = 256 * 1024
JSON_DEPTH = 32
TIME_LIMIT = 1 << 37  # seconds, the year 6325: what a calendar can still say, in each zone
TEXT_LIMIT = 1024  # the longest single text that any claim of ours may hold


def b64url_encode(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URLSAFE).decode("ascii")


def b64url_decode(text: str | bytes) -> bytes:
    """Decode, refusing padding, foreign characters and non-zero trailing bits (RFC 4648 §3.3, §3.5)."""
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        over = len(raw) % 4
        data = binascii.a2b_base64(raw.translate(_TO_STANDARD) + _PADDING[over], strict_mode=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Malformed("encoding_invalid", "not base64url") from error
    if raw[-1:] not in _LAST[over]:  # a2b looks at no bits beyond the last byte
        raise Malformed("encoding_invalid", "base64url is not canonical")
    return data


_TO_URLSAFE = bytes.maketrans(b"+/", b"-_")
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")  # what is standard base64 alone becomes what is none at all
_PADDING = (b"", b"===", b"==", b"=")
_LETTERS64 = string.ascii_uppercase.encode() + string.ascii_lowercase.encode() + string.digits.encode() + b"-_"
_LAST = (_LETTERS64, b"", _LETTERS64[::16], _LETTERS64[::4])  # by the number of characters over: which may be the last

# --- base45 -----------------------------------------------------------------------------------------------------------

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_PAIRS = [a + b for b in _ALPHABET for a in _ALPHABET]  # value -> two characters, least significant first
_TRIPLES_OUT = [_PAIRS[n % 2025] + _ALPHABET[n // 2025] for n in range(65536)]
_FOREIGN = 0xFF  # as a digit: none of the 45
_DIGITS = bytes(_ALPHABET.find(chr(code)) & _FOREIGN for code in range(256))
_PAIRS_IN = {_PAIRS[n].encode(): bytes([n]) for n in range(256)}


def base45_encode(data: bytes) -> str:
    """RFC 9285 §4: two bytes become three characters, a last single byte two."""
    count, odd = divmod(len(data), 2)
    text = "".join(map(_TRIPLES_OUT.__getitem__, struct.unpack(f">{count}H", data[: 2 * count])))
    return text + _PAIRS[data[-1]] if odd else text


def base45_decode(text: str) -> bytes:
    """RFC 9285 §4; refuses foreign characters, values above 65535 (255 at the end) and a length of 3n + 1.

    All triples are computed at once, each in its own three bytes of one large number: 17 µs become 4 for a licence.
    """
    try:
        raw = text.encode("ascii")
    except UnicodeEncodeError as error:
        raise Malformed("encoding_invalid", "not base45") from error
    count, rest = divmod(len(raw), 3)
    last = _PAIRS_IN.get(raw[3 * count :]) if rest else b""
    symbols = raw[: 3 * count].translate(_DIGITS)
    if last is None or _FOREIGN in symbols:
        raise Malformed("encoding_invalid", "not base45")
    digits, lowest = int.from_bytes(symbols, "little"), _lowest(count)
    values = (digits & lowest) + (digits >> 8 & lowest) * 45 + (digits >> 16 & lowest) * 2025
    lanes = values.to_bytes(3 * count, "little")  # a triple is at most 91124: no lane runs over into the next
    if lanes[2::3].count(0) != count:
        raise Malformed("encoding_invalid", "not base45")
    data = bytearray(2 * count)
    data[0::2], data[1::2] = lanes[1::3], lanes[0::3]
    return bytes(data) + last


@lru_cache(maxsize=64)
def _lowest(count: int) -> int:
    """The first byte of each of so many lanes."""
    return int.from_bytes(b"\xff\0\0" * count, "little")


# --- zlib -------------------------------------------------------------------------------------------------------------


def inflate(data: bytes, *, limit: int, raw: bool = False) -> bytes:
    """One whole zlib stream, or `raw` DEFLATE, of at most `limit` bytes when inflated; nothing before or after it."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
    try:
        out = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise Malformed("malformed", "not a zlib stream") from error
    if len(out) > limit:
        raise Malformed("limit_exceeded", f"inflates to more than {limit} bytes")
    if not stream.eof:
        raise Malformed("malformed", "zlib stream is cut off")
    if stream.unused_data:
        raise Malformed("trailing_data", "bytes after the zlib stream")
    return out


# --- JSON -------------------------------------------------------------------------------------------------------------


def json_decode(text: str | bytes, *, limit: int = JSON_LIMIT, depth: int = JSON_DEPTH) -> Any:
    """Parse I-JSON (RFC 7493): no duplicate members, no NaN, no lone surrogates, bounded in size and depth."""
    if len(text) > limit:
        raise Malformed("oversize", f"JSON longer than {limit}")
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        if _deepest(decoded, depth) > depth:
            raise Malformed("limit_exceeded", f"JSON deeper than {depth}")
        trimmed = decoded.strip(" \t\n\r")
        value, end = _JSON.raw_decode(trimmed)
        if end != len(trimmed):
            raise ValueError("more than one JSON value")
        if "\\u" in decoded or isinstance(text, str):
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate cannot be encoded
        return value
    except (UnicodeError, ValueError, RecursionError) as error:
        raise Malformed("malformed", "not JSON") from error


def json_encode(value: Mapping[str, Any] | list[Any]) -> bytes:
    """Compact UTF-8 JSON, in the order given."""
    return _TO_JSON.encode(value).encode("utf-8")


_TO_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _deepest(text: str, enough: int) -> int:
    """The nesting of brackets outside strings, in one pass that no text can make slow."""
    if text.count("{") + text.count("[") <= enough:
        return 0
    level = deepest = 0
    inside = False
    for sign in _JSON_SIGNS.findall(text):
        if sign == '"':
            inside = not inside
        elif not inside and sign[0] != "\\":
            level += 1 if sign in "{[" else -1
            deepest = max(deepest, level)
    return deepest


_JSON_SIGNS = re.compile(r'\\.|["{}\[\]]', re.DOTALL)  # a backslash takes the character behind it along


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("duplicate_key", "JSON member given twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _parse_int(digits: str) -> int:
    value = int(digits) if len(digits) <= 20 else 1 << 64  # the length first: conversion is quadratic
    if not -(1 << 63) <= value < 1 << 64:
        raise ValueError("integer beyond 64 bits")
    return value


def _parse_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):  # RFC 7493 §2.2
        raise ValueError("number beyond double precision")
    return value


_JSON = json.JSONDecoder(  # made once: an SD-JWT is a dozen small texts
    object_pairs_hook=_unique,
    parse_constant=_refuse_constant,
    parse_int=_parse_int,
    parse_float=_parse_float,
)


# --- human text -------------------------------------------------------------------------------------------------------


def safe_text(text: str, *, limit: int = TEXT_LIMIT) -> str:
    """The same text, if a person can read it without being deceived: NFC, no controls, no invisible or bidi characters,
    not one word of two scripts (attacks UN-03 to UN-05)."""
    if len(text) > limit:
        raise Malformed("oversize", f"text longer than {limit}")
    if text.isascii():
        if text.isprintable() or not any(c < " " or c == "\x7f" for c in text):
            return text
        raise Malformed("text_unsafe", "control character")
    if _LATIN_TEXT.fullmatch(text):  # nearly every name; what follows looks at each character
        return text
    if not unicodedata.is_normalized("NFC", text):
        raise Malformed("text_unsafe", "not in normal form C")
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in _UNSAFE_CATEGORIES or character in _UNSAFE_CHARACTERS:
            raise Malformed("text_unsafe", f"U+{ord(character):04X}")
        if category in _ASCII_ONLY_CATEGORIES and not character.isascii():
            raise Malformed("text_unsafe", f"U+{ord(character):04X}")
        marks = marks + 1 if category[0] == "M" else 0
        if marks > 2:
            raise Malformed("text_unsafe", "more than two combining marks on one letter")
        if category[0] == "L" and not _is_latin(character):
            raise Malformed("text_unsafe", f"U+{ord(character):04X} is not a Latin letter")
    return text


# Letters, digits and signs that are safe whatever stands beside them: no marks, no controls, none of the letters refused. Each
# is whole, so that a text of them alone is in normal form C.
_LATIN_TEXT = re.compile(r"[ -~À-ÏÑ-ƈƊ-ɏḀ-ỿ]*")

# Controls, formats (bidi, zero width, tags, soft hyphen), surrogates, private use, unassigned, line separators; and, of
# what is not ASCII: digits of other scripts and full-width ones (UN-11), blanks that are none or too many.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_ASCII_ONLY_CATEGORIES = frozenset({"Nd", "Zs"})
# Variation selectors, the combining grapheme joiner, Hangul fillers, Eth and African D that pass for Đ (UN-06).
_UNSAFE_CHARACTERS = frozenset([*map(chr, range(0xFE00, 0xFE10)), "\u034f", "\u115f", "\u3164", "\u00d0", "\u0189"])


def _is_latin(character: str) -> bool:
    code = ord(character)
    # Basic Latin to Latin Extended-B, and Latin Extended Additional, where Vietnamese lives. Full-width letters lie outside.
    return code < 0x0250 or 0x1E00 <= code < 0x1F00 or character in "\u02bc"
