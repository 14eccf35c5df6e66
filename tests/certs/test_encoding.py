"""One spelling for each value: base64url, base45, zlib, JSON, and text that a person reads.

Source: RFC 4648 §10, RFC 9285 §4, RFC 8259 §2, RFC 7493 §2.
"""

import base64
import json
import unicodedata
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.encoding import (
    _LATIN_TEXT,
    b64url_decode,
    b64url_encode,
    base45_decode,
    base45_encode,
    inflate,
    json_decode,
    json_encode,
    safe_text,
)
from certs.errors import Malformed
from tests.certs.refusals import refused

# --- base64url --------------------------------------------------------------------------------------------------------

RFC4648 = [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE")]


@pytest.mark.parametrize(("plain", "text"), RFC4648)
def test_base64url_examples_of_the_rfc(plain: str, text: str) -> None:
    assert b64url_encode(plain.encode()) == text
    assert b64url_decode(text) == plain.encode()
    assert b64url_decode(text.encode()) == plain.encode()


@given(st.binary(max_size=300))
def test_base64url_round_trip_and_agreement(data: bytes) -> None:
    text = b64url_encode(data)
    assert b64url_decode(text) == data
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")


@given(st.text(alphabet="AQgwZz09-_+/=\n \t.~é", max_size=12))
def test_base64url_accepts_one_spelling_only(text: str) -> None:
    try:
        data = b64url_decode(text)
    except Malformed as error:
        assert error.code == "encoding_invalid"
    else:
        assert b64url_encode(data) == text


@pytest.mark.parametrize(
    "text", ["A", "AAAAA", "Zg==", "Zh", "Zm9", "+A", "/A", "Zm 9v", "Zm9v\n", "Zm?9v", "Zm９v", "=", "ÀA"]
)
def test_base64url_refuses_padding_foreign_letters_and_stray_bits(text: str) -> None:
    with refused("encoding_invalid"):
        b64url_decode(text)


# --- base45 -----------------------------------------------------------------------------------------------------------

RFC9285 = [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")]


@pytest.mark.parametrize(("plain", "text"), RFC9285)
def test_base45_examples_of_the_rfc(plain: str, text: str) -> None:
    assert base45_encode(plain.encode()) == text
    assert base45_decode(text) == plain.encode()


def base45_by_the_book(data: bytes) -> str:
    """RFC 9285 §4 word for word, slow: an independent encoder."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
    text = ""
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        value, digits = int.from_bytes(pair, "big"), 3 if len(pair) == 2 else 2
        for _ in range(digits):
            value, digit = divmod(value, 45)
            text += letters[digit]
    return text


@given(st.binary(max_size=600))
def test_base45_round_trip_and_agreement(data: bytes) -> None:
    text = base45_encode(data)
    assert text == base45_by_the_book(data)
    assert base45_decode(text) == data


@given(st.text(alphabet="0GWZ:AF _a%é", max_size=9))
def test_base45_accepts_one_spelling_only(text: str) -> None:
    try:
        data = base45_decode(text)
    except Malformed as error:
        assert error.code == "encoding_invalid"
    else:
        assert base45_encode(data) == text


@pytest.mark.parametrize("text", ["GGW", ":::", "0", "0000", "V5", "::", "bb8", "BB8\n", "B B", "BÀ8", "BB8_0", "_00"])
def test_base45_refuses_what_no_bytes_give(text: str) -> None:
    if text == "B B":  # a blank is a letter of this alphabet
        assert base45_encode(base45_decode(text)) == text
        return
    with refused("encoding_invalid"):
        base45_decode(text)


# --- zlib -------------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=2000), st.integers(0, 9))
def test_inflate_round_trip_at_the_very_limit(data: bytes, level: int) -> None:
    assert inflate(zlib.compress(data, level), limit=len(data)) == data


def test_inflate_stops_at_its_limit() -> None:
    bomb = zlib.compress(b"\0" * (64 * 1024 * 1024), 9)
    with refused("limit_exceeded"):
        inflate(bomb, limit=1024 * 1024)
    with refused("limit_exceeded"):
        inflate(zlib.compress(b"12345"), limit=4)


def test_raw_deflate_is_another_format() -> None:
    """SMART Health Cards: no zlib header, no checksum."""
    made = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = made.compress(b"12345" * 9) + made.flush()
    assert inflate(raw, limit=45, raw=True) == b"12345" * 9
    for data, is_raw in ((raw, False), (zlib.compress(b"12345" * 9), True)):
        with refused("malformed"):
            inflate(data, limit=45, raw=is_raw)
    for data, code in ((raw[:-2], "malformed"), (raw + b"\0", "trailing_data"), (raw * 2, "trailing_data")):
        with refused(code):
            inflate(data, limit=45, raw=True)
    with refused("limit_exceeded"):
        inflate(raw, limit=44, raw=True)


def test_inflate_wants_one_whole_stream_and_nothing_else() -> None:
    good = zlib.compress(b"status list" * 20)
    raw = zlib.compressobj(wbits=-15)
    gzip = zlib.compressobj(wbits=31)
    dictionary = zlib.compressobj(zdict=b"status")
    for bad in (
        b"",
        b"\x78",
        good[:-1],
        good[:-5],
        good[:-4] + b"\0\0\0\0",
        b"plain text",
        raw.compress(b"x") + raw.flush(),
        gzip.compress(b"x") + gzip.flush(),
        dictionary.compress(b"status") + dictionary.flush(),
    ):
        with refused("malformed"):
            inflate(bad, limit=10_000)
    for more in (b"\0", good):
        with refused("trailing_data"):
            inflate(good + more, limit=10_000)


# --- JSON -------------------------------------------------------------------------------------------------------------

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), values, max_size=5))
def test_json_round_trip(value: dict[str, object]) -> None:
    assert json_decode(json_encode(value)) == value
    assert json_decode(json.dumps(value)) == value  # with \u escapes, and blanks


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "{",
            '{"a":1}x',
            '{"a":1}{"a":1}',
            "{'a':1}",
            '{"a":01}',
            '{"a":1,}',
            "[1,]",
            "\ufeff{}",
            "nul",
            "// x\n1",
        ),
        *('{"a":NaN}', '{"a":Infinity}', '{"a":-Infinity}', '{"a":1e999}', '{"a":-1e999}', '{"a":' + "9" * 4300 + "}"),
        *(
            '{"a":"\\ud800"}',
            '{"\\udfff":1}',
            '{"a":"\ud800"}',
            '{"a":"\x00"}',
            '{"a":"\n"}',
            '{"a":18446744073709551616}',
        ),
    ],
)
def test_json_refuses_what_is_not_i_json(text: str) -> None:
    with refused("malformed"):
        json_decode(text)


@pytest.mark.parametrize(
    "data", [b"\xff", b'{"a":"\xc0\xaf"}', b'{"a":"\xed\xa0\x80"}', b"\xef\xbb\xbf{}", b"\xff\xfe{\0}\0"]
)
def test_json_refuses_bytes_that_are_not_utf8(data: bytes) -> None:
    with refused("malformed"):
        json_decode(data)


@pytest.mark.parametrize("text", ['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '[{"x":{"b":1,"b":null}}]'])
def test_json_refuses_a_member_given_twice(text: str) -> None:
    with refused("duplicate_key"):
        json_decode(text)


def test_json_is_bounded_in_size_and_depth() -> None:
    assert json_decode("[" * 32 + "]" * 32)
    with refused("limit_exceeded"):
        json_decode("[" * 33 + "]" * 33)
    with refused("limit_exceeded"):
        json_decode('{"a":' * 100_000, limit=1_000_000)
    assert json_decode(b'"' + b"x" * 98 + b'"', limit=100)
    with refused("oversize"):
        json_decode(b'"' + b"x" * 99 + b'"', limit=100)


def test_brackets_inside_strings_neither_add_to_the_depth_nor_hide_it() -> None:
    assert json_decode(json.dumps(["[" * 100, '{"\\' * 50, "]" * 100]))
    hidden = '["' + "]" * 1000 + '",' + "[" * 900 + "]" * 900 + "]"
    with refused("limit_exceeded"):
        json_decode(hidden)
    quoted = '["\\"' + "]" * 50 + '\\\\",' + "[" * 40 + "]" * 40 + "]"
    with refused("limit_exceeded"):
        json_decode(quoted)


# --- text that a person reads -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "Nguyễn Thị Hồng Đào", "H'Hen Niê", "O+", "Krông Búk", "Ñandú ²", "ʼA", "x" * 1024, "Đỗ – «Hà» … 12/5 (₫)"],
)
def test_honest_text_passes_unchanged(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a\0",
            "a\n",
            "\x7f",
            "à\x85",
            "à\u202e",
            "à\u2066",
            "à\u200d",
            "à\u00ad",
            "à\ufe0f",
            "à\ue000",
            "à\U000e0041",
        ),
        *("Nguye\u0302\u0303n", "Nguyễn А", "Αnh", "Ａnh", "Ð", "Ɖ", "à\u2028", "à\u034f", "à\u115f", "ב", "à\ud800"),
        *("a\u0331\u0332\u0333", "ă" + "\u20dd" * 3, "à\u3000", "à\u00a0", "à\u2003", "à\u0661", "à\uff10"),
    ],
)
def test_text_that_could_deceive_is_refused(text: str) -> None:
    with refused("text_unsafe"):
        safe_text(text)


def test_a_text_that_is_seen_to_be_safe_at_once_is_in_normal_form() -> None:
    """No letter of that class is a mark, or written otherwise in form C, or joins with one before it."""
    known = [chr(code) for code in range(0x110000) if _LATIN_TEXT.fullmatch(chr(code))]
    made_of = [unicodedata.decomposition(chr(code)).split() for code in range(0x110000)]
    joins = {parts[1] for parts in made_of if len(parts) == 2 and not parts[0].startswith("<")}
    assert "ế" in known and len(known) > 700
    for letter in known:
        assert not unicodedata.combining(letter) and unicodedata.is_normalized("NFC", letter), letter
        assert f"{ord(letter):04X}" not in joins, letter


def test_text_is_bounded() -> None:
    with refused("oversize"):
        safe_text("x" * 1025)
    with refused("oversize"):
        safe_text("ắ" * 11, limit=10)
