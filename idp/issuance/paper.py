"""A printed code on paper: a card of A6 that is cut out of an A4 page or printed alone, as PDF; the same card as PNG.

The code alone counts; what stands around it tells a person what it is, how it is checked and how it is taken back. Nothing
of it looks like a real document, and it says that it is a simulation.

Spec: ISO 216 (A4, A6); ISO/IEC 18004 (quiet zone of four modules)
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import ttf_opensans
from PIL import Image, ImageDraw, ImageFont

from certs import qr
from certs.catalogue import Text
from idp.issuance.entitlement import VIETNAM
from idp.issuance.printing import Print

A4, A6 = (210.0, 297.0), (105.0, 148.0)  # mm
CODE = 94.0  # mm with its quiet zone: a module of the largest code has 0.75 mm, twice what a phone needs
MARGIN = 7.0
DOTS = 12  # pixels a millimetre: 305 dots an inch
REGULAR, BOLD = ttf_opensans.opensans(400).path, ttf_opensans.opensans(700).path
GREY, BLACK, RED = (90, 90, 90), (20, 20, 20), (150, 20, 30)
_POINT = 0.3528  # mm

SIMULATION = Text("MÔ PHỎNG – không phải giấy tờ thật", "SIMULATION – not a real document")
PRINTED = Text("Mã in: ai cũng có thể giữ bản sao", "Printed code: anyone may hold a copy")
ABOUT = (
    Text(
        "Mã này do cơ quan cấp ký điện tử. Người kiểm tra quét mã bằng phần mềm kiểm tra, có hoặc không có mạng.",
        "The issuing authority signed this code. Whoever checks it scans it with the checking software, online or offline.",
    ),
    Text(
        "Chỉ mã là bằng chứng; chữ in quanh mã thì không. Người kiểm tra so bạn với ảnh hoặc với một giấy tờ có ảnh.",
        "The code alone is proof; the writing around it is not. You are compared with the portrait, or with a document "
        "that has one.",
    ),
    Text(
        "Ai có bản sao đều đưa ra được. Nếu mất, hãy hủy bản in này ở trang tài khoản của bạn (mục Bản in) hoặc tại cơ "
        "quan cấp: mã hết hiệu lực trong vài phút ở nơi kiểm tra có mạng.",
        "Whoever has a copy can show it. If you lose it, take this print back on your account page (Prints) or at the "
        "authority: checkers that are online refuse it within minutes.",
    ),
)


class Paper(StrEnum):
    A4 = "a4"
    A6 = "a6"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the card: where its baseline box begins, in millimetres of the card; its size in points."""

    text: str
    y: float
    size: float
    bold: bool = False
    colour: tuple[int, int, int] = BLACK


def lines(made: Print) -> Iterator[Line]:
    """Above the code who and what; below it, until when and by which number it is taken back."""
    whole = made.view.title == made.kind.title
    yield Line(SIMULATION.vi, 3.5, 8, True, RED)
    yield Line(SIMULATION.en, 7.2, 7, False, RED)
    yield Line(made.kind.title.vi if whole else f"{made.kind.title.vi} – {made.view.title.vi}", 12, 12.5, True)
    yield Line(made.kind.title.en if whole else f"{made.kind.title.en} – {made.view.title.en}", 17.8, 8, False, GREY)
    if made.name:
        yield Line(made.name, 22.2, 12.5, True)
    below = 28.5 + CODE
    yield Line(f"{PRINTED.vi} · {PRINTED.en}", below + 1.2, 7.2, True)
    yield Line(f"{made.issuer.vi} · {made.issuer.en}", below + 5.6, 6.4, False, GREY)
    until = f"In ngày / printed {_day(made.issued)} · Có giá trị đến / valid until {_day(made.expires)}"
    yield Line(until, below + 9.8, 7.2)
    yield Line(f"Bản in số / print number {number(made.number)}", below + 14, 7.2)


def number(credential_id: str) -> str:
    """The number as people compare it: enough of it to tell one person's prints apart."""
    return f"{credential_id[:4]} {credential_id[4:8]}".upper()


def png(made: Print) -> bytes:
    """The card as a picture of one bit a pixel but for its red line, at the size in which it is printed."""
    width, height = (round(side * DOTS) for side in A6)
    card = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(card)
    for line in lines(made):
        font = _fitting(line, width - 2 * round(MARGIN * DOTS))
        pen.text((width / 2, line.y * DOTS), line.text, fill=line.colour, font=font, anchor="ma")
    code, left = _code(made.text), round((A6[0] - CODE) / 2 * DOTS)
    side = round(CODE * DOTS)
    modules = code.width
    scale = side // modules  # whole pixels a module: nothing is blurred
    drawn = code.resize((modules * scale, modules * scale), Image.Resampling.NEAREST)
    inset = (side - drawn.width) // 2
    card.paste(drawn, (left + inset, round(28 * DOTS) + inset))
    out = io.BytesIO()
    card.save(out, "PNG", optimize=True, dpi=(DOTS * 25.4, DOTS * 25.4))
    return out.getvalue()


def pdf(made: Print, paper: Paper = Paper.A4) -> bytes:
    """One page. On A4 the card stands within a line to cut along, with what to know about it underneath."""
    from fpdf import FPDF  # noqa: PLC0415 - 300 ms of start-up, for those alone who print

    page = FPDF(unit="mm", format=A6 if paper is Paper.A6 else A4)
    page.set_auto_page_break(False)
    page.add_font("sans", "", REGULAR)
    page.add_font("sans", "B", BOLD)
    page.set_title(f"{made.kind.title.vi} – {SIMULATION.vi}")
    page.set_lang("vi")
    page.set_creation_date(datetime.fromtimestamp(made.issued, VIETNAM))
    page.add_page()
    left, top = (0.0, 0.0) if paper is Paper.A6 else ((A4[0] - A6[0]) / 2, 18.0)
    _card(page, made, left, top)
    if paper is Paper.A4:
        page.set_draw_color(*GREY)
        page.set_dash_pattern(dash=2, gap=1.5)
        page.rect(left, top, *A6)
        page.set_dash_pattern()
        _notes(page, top + A6[1] + 10)
    return bytes(page.output())


def _card(page: Any, made: Print, left: float, top: float) -> None:
    for line in lines(made):
        size, room = line.size, A6[0] - 2 * MARGIN
        page.set_font("sans", "B" if line.bold else "", size)
        while page.get_string_width(line.text) > room:
            size -= 0.2
            page.set_font_size(size)
        page.set_text_color(*line.colour)
        page.set_xy(left + MARGIN, top + line.y)
        page.cell(room, line.size * _POINT * 1.2, line.text, align="C")
    page.set_fill_color(0, 0, 0)
    code = _code(made.text)
    module = CODE / code.width
    dark = code.load()
    for row in range(code.height):
        for first, last in _runs(dark, row, code.width):
            across = left + (A6[0] - CODE) / 2 + first * module
            page.rect(across, top + 28 + row * module, (last - first) * module, module * 1.01, style="F")


def _notes(page: Any, top: float) -> None:
    page.set_xy(25, top)
    for text in ABOUT:
        for words, size, colour in ((text.vi, 10.5, BLACK), (text.en, 9, GREY)):
            page.set_x(25)
            page.set_font("sans", "", size)
            page.set_text_color(*colour)
            page.multi_cell(A4[0] - 50, size * _POINT * 1.5, words, align="L", new_x="LMARGIN", new_y="NEXT")
        page.ln(2.5)


def _code(text: str) -> Image.Image:
    """One pixel a module, with the quiet zone."""
    return Image.open(io.BytesIO(qr.draw_png(text, module=1))).convert("L")


def _runs(dark: Any, row: int, width: int) -> Iterator[tuple[int, int]]:
    """Dark modules of a row that touch, as one bar: no hairline between them."""
    first: int | None = None
    for column in range(width + 1):
        black = column < width and dark[column, row] == 0
        if black and first is None:
            first = column
        elif not black and first is not None:
            yield first, column
            first = None


def _fitting(line: Line, room: int) -> ImageFont.FreeTypeFont:
    size = line.size * _POINT * DOTS
    font = ImageFont.truetype(str(BOLD if line.bold else REGULAR), size)
    while font.getlength(line.text) > room:
        size -= 0.5
        font = ImageFont.truetype(str(BOLD if line.bold else REGULAR), size)
    return font


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, VIETNAM).strftime("%d/%m/%Y")
