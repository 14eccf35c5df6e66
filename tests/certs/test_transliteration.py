"""Names in A to Z: one table, every letter that a name may have, and lines read strictly."""

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.encoding import safe_text
from certs.errors import CertsError, Malformed
from certs.transliteration import NAME_LENGTH, may_be, mrz_name, plain, read_name

VIETNAMESE = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")


def safe_letters() -> list[str]:
    """Every single letter beyond ASCII that a signed name may hold."""
    found = []
    for code in (*range(0x80, 0x250), *range(0x1E00, 0x1F00)):
        try:
            found.append(safe_text(chr(code)))
        except CertsError:
            continue
    return [letter for letter in found if unicodedata.category(letter) in ("Lu", "Ll")]


def test_vietnamese_letters_lose_their_marks_and_nothing_else() -> None:
    for letter in VIETNAMESE + VIETNAMESE.upper():
        base = {"đ": "d", "Đ": "D"}.get(letter) or unicodedata.normalize("NFD", letter)[0]
        for tone in TONES if base.lower() in "aeiouy" else ("",):
            assert plain(unicodedata.normalize("NFC", letter + tone)) == base


def test_letters_of_europe_are_those_of_icao() -> None:
    assert (
        plain("Ä Å Æ Ð Ñ Ö Ø Ü Þ ß Đ Ħ ı Ĳ Ł Ŋ Œ Ŧ ä ß ø ǿ")
        == "AE AA AE D N OE OE UE TH ss D H i IJ L N OE T ae ss oe oe"
    )
    assert plain("12 Ngõ Huế, Phường Cửa Nam") == "12 Ngo Hue, Phuong Cua Nam"


def test_the_table_is_one_and_does_not_move() -> None:
    """Whoever changes a letter changes names on documents that others hold: then this digest changes with intent."""
    letters = safe_letters()
    table = "".join(f"{letter}={plain(letter)}\n" for letter in letters)
    assert len(letters) == 644
    without = [letter for letter in letters if not plain(letter)]
    assert len(without) == 40 and all(ord(letter) > 0x17F for letter in without if letter != "µ")
    assert hashlib.sha256(table.encode()).hexdigest()[:16] == "d59e3a5c424cb6af"


@pytest.mark.parametrize("line", ["", "<NGUYEN", "nguyen<<an", "NGUYEN<<AN<<BINH", "NGUYEN 1", "Ạ<<", "A" * 40])
def test_a_line_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(Malformed):
        read_name(line)
    with pytest.raises(Malformed):
        may_be(line, "Nguyễn An")


names = st.lists(st.text(VIETNAMESE + VIETNAMESE.upper() + "'-", min_size=1, max_size=12), min_size=1, max_size=9)


@given(names)
def test_any_name_has_a_line_that_reads_back_or_none(words: list[str]) -> None:
    try:
        line = mrz_name(" ".join(words))
    except Malformed:
        assert not any(letter.isalpha() for word in words for letter in word)
        return
    assert len(line) == NAME_LENGTH
    assert may_be(line, " ".join(words).lower())
    assert line.isascii()
