"""Credential ⇄ QR text (`certs/qr_text.py`) ⇄ picture, bounded both ways.

Spec: ISO/IEC 18004 (QR code), RFC 9285 (base45 fits the QR's alphanumeric mode); `certs/qr.md`.
"""

import io
import re
from typing import Any

import qrcode
import zxingcpp
from PIL import Image, ImageFilter
from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError
from qrcode.image.svg import SvgPathFillImage

from certs.errors import Malformed
from certs.qr_text import BYTES_LIMIT, PREFIX, TEXT_LIMIT, from_text, to_text

__all__ = [
    "BYTES_LIMIT",
    "PREFIX",
    "TEXT_LIMIT",
    "draw_blocks",
    "draw_png",
    "draw_svg",
    "from_text",
    "read_picture",
    "to_text",
    "version",
]

PICTURE_BYTES = 12 * 1024 * 1024
PICTURE_PIXELS = 25_000_000
_WORKING_PIXELS = 6_000_000  # above this a picture is first read at half size: faster, and a QR in it is large anyway
_ENLARGED_PIXELS = (
    1_000_000  # up to here a picture in which nothing is found is enlarged: a frame of a camera, a screenshot
)
_SCANS_LIMIT = 64  # passes; what cameras and messengers write has one, or some ten
_SEGMENTS_LIMIT = 4096  # parts of a JPEG; the largest profiles and previews take some hundred
_MARKER = re.compile(
    rb"\xff([^\x00\x01\xd0-\xd8\xff])", re.DOTALL
)  # with a length behind it; in a scan 0xFF is none by itself
_SHARPEN = ImageFilter.UnsharpMask(radius=4, percent=500, threshold=0)
# Any mask is read. To try all eight costs most of the time of drawing, and signatures look random under each of them.
_MASK = 0
_QR_ONLY = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_PICTURE_KINDS = ("PNG", "JPEG")
_BLOCKS = {(True, True): " ", (True, False): "▄", (False, True): "▀", (False, False): "█"}  # upper, lower: is it dark?


def version(text: str) -> int:
    """The QR version (1 to 40) that the text needs at error correction level M."""
    return int(_make(text).version)


def draw_png(text: str, *, module: int = 6) -> bytes:
    """A PNG at level M with the quiet zone of four modules; `module` in pixels."""
    code = _make(text)
    code.box_size = module
    out = io.BytesIO()
    code.make_image().get_image().convert("1").save(out, "PNG", optimize=True)
    return out.getvalue()


def draw_svg(text: str) -> str:
    """The same as SVG of one path, scalable, black on white."""
    out = io.BytesIO()
    _make(text).make_image(image_factory=SvgPathFillImage).save(out)
    return out.getvalue().decode("utf-8")


def draw_blocks(text: str) -> str:
    """The same for a terminal: two modules to a character, by half blocks. A space is dark, since what surrounds it on a dark
    terminal is too: the quiet zone is drawn, and has to be light."""
    rows = [[*row] for row in _make(text).get_matrix()]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(_BLOCKS[two] for two in zip(*pair, strict=True)) for pair in pairs)


def read_picture(data: bytes) -> tuple[str, ...]:
    """The texts of all QR codes in a PNG or JPEG. Raises Malformed before decoding what is too large or another kind."""
    if len(data) > PICTURE_BYTES:
        raise Malformed("oversize", f"picture of {len(data)} bytes")
    if _scans(data) > _SCANS_LIMIT:
        raise Malformed("limit_exceeded", "JPEG of very many parts")
    try:
        with Image.open(io.BytesIO(data), formats=_PICTURE_KINDS) as picture:
            width, height = picture.size
            if width * height > PICTURE_PIXELS:
                raise Malformed("oversize", f"picture of {width} × {height} pixels")
            # A JPEG may bring a depth map as its second frame, which nobody looks at.
            if picture.format == "PNG" and getattr(picture, "n_frames", 1) != 1:
                raise Malformed("malformed", "animated picture")
            if width * height > _WORKING_PIXELS:
                picture.draft("L", (width // 2, height // 2))  # JPEG only: decodes at half size
            grey = _grey(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Malformed("oversize", "picture of far too many pixels") from error
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        raise Malformed("malformed", "not a PNG or JPEG picture") from error
    if grey.width * grey.height > _WORKING_PIXELS:
        small = _codes(grey.reduce(2))
        return small or _codes(grey)
    return _codes(grey)


def _scans(data: bytes) -> int:
    """How often a JPEG goes over its picture (ITU-T T.81 Annex B): 42 bytes may ask for a pass over 25 megapixels, and a file has
    room for 280,000 of them. Looks no further than the end of the image, or than what is allowed."""
    if not data.startswith(b"\xff\xd8"):
        return 0
    at, scans = 2, 0
    for _ in range(_SEGMENTS_LIMIT):
        found = _MARKER.search(data, at)
        if found is None or found[1] == b"\xd9" or scans > _SCANS_LIMIT:
            return scans
        scans += found[1] == b"\xda"
        at = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    return _SEGMENTS_LIMIT


def _grey(picture: Image.Image) -> Image.Image:
    """In grey, on white where it is transparent: a black QR on nothing would else become black on black."""
    if not picture.mode.endswith("A") and "transparency" not in picture.info:
        return picture.convert("L")
    shades, opacity = picture.convert("LA").split()
    ground = Image.new("L", picture.size, 255)
    ground.paste(shades, mask=opacity)
    return ground


def _codes(picture: Image.Image) -> tuple[str, ...]:
    """A small picture in which nothing is found is looked at again, twice as large, sharpened and then not: of 1,216 distorted
    ones that reads 94.2 % where 90.2 % were read before (`tests/distorted.py`), and costs what is read at once nothing."""
    found = _found(picture)
    if found or picture.width * picture.height > _ENLARGED_PIXELS:
        return found
    larger = picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC)
    return _found(larger.filter(_SHARPEN)) or _found(larger)


def _found(picture: Image.Image) -> tuple[str, ...]:
    found = zxingcpp.read_barcodes(picture, formats=_QR_ONLY, text_mode=zxingcpp.TextMode.Plain)
    return tuple(dict.fromkeys(code.text for code in found if code.valid))


def _make(text: str) -> Any:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4, mask_pattern=_MASK)
    code.add_data(text, optimize=0)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise Malformed("oversize", "does not fit a QR") from error
    return code
