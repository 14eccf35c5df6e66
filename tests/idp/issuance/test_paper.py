"""What is printed: read back from the paper, in letters that are there, the same for the same print."""

import io
from datetime import UTC, datetime

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from certs import qr
from certs.catalogue import AUTHORITIES, CATALOGUE
from certs.vectors.nation import LICENCE, NOW, Nation
from idp.issuance import paper
from idp.issuance.paper import A6, DOTS, Paper
from idp.issuance.printing import Print

KIND = CATALOGUE["driving_licence"]
TEXT = qr.to_text(Nation().issue_printed())
LONGEST = "Nguyễn Phúc Hồng Vĩnh Trường Bảo Quỳnh Đặng Thị Thuỳ Dương Ngọc Ánh Nguyệt"


def made(name: str | None = LICENCE["full_name"], text: str = TEXT) -> Print:
    issuer = AUTHORITIES["public-security"].name
    return Print("0a1b2c3d" + "0" * 24, KIND, KIND.view("licence"), name, issuer, NOW, NOW + 365 * 86_400, text)


@pytest.mark.parametrize("name", [LICENCE["full_name"], LONGEST, None])
def test_the_picture_is_read_back(name: str | None) -> None:
    data = paper.png(made(name))
    assert qr.read_picture(data) == (TEXT,)
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (round(A6[0] * DOTS), round(A6[1] * DOTS))
        edge = picture.convert("L").crop((0, 0, round(2 * DOTS), picture.height))
        assert edge.getextrema() == (255, 255)  # nothing runs over the side


def test_the_largest_code_still_has_modules_that_a_phone_sees() -> None:
    large = "VN1:" + "A" * 1447  # version 25 at level M
    assert qr.version(large) == 25
    assert qr.read_picture(paper.png(made(text=large))) == (large,)
    modules = 17 + 4 * 25 + 8
    assert paper.CODE / modules >= 0.5  # mm


@pytest.mark.parametrize("size", Paper)
def test_a_page(size: Paper) -> None:
    data = paper.pdf(made(), size)
    assert data.startswith(b"%PDF-1.") and data.count(b"/Type /Page\n") == 1
    assert data == paper.pdf(made(), size)  # the same print, the same page
    assert b"JavaScript" not in data and b"/URI" not in data
    width, height = paper.A6 if size is Paper.A6 else paper.A4
    assert f"/MediaBox [0 0 {width * 72 / 25.4:.2f} {height * 72 / 25.4:.2f}]".encode() in data


def test_every_letter_of_vietnamese_is_in_the_font() -> None:
    letters = [*range(0x1EA0, 0x1EFA), *map(ord, "ĂÂĐÊÔƠƯăâđêôơưÁÀÃÉÈÍÌĨÓÒÕÚÙŨÝáàãéèíìĩóòõúùũý–·“”")]
    for path in (paper.REGULAR, paper.BOLD):
        with TTFont(path) as font:
            assert not [chr(letter) for letter in letters if letter not in font.getBestCmap()]


def test_what_stands_around_the_code() -> None:
    words = " ".join(line.text for line in paper.lines(made()))
    for each in ("MÔ PHỎNG", "SIMULATION", "Mã in", "Printed code", "Giấy phép lái xe", "Driving licence", "0A1B 2C3D"):
        assert each in words
    assert datetime.fromtimestamp(NOW, UTC).strftime("%d/%m/%Y") in words and "21/09/2027" in words
    assert LICENCE["full_name"] not in " ".join(line.text for line in paper.lines(made(None)))
    assert LICENCE["licence_number"] not in words
