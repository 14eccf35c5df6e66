"""Pictures of codes, good ones and hostile ones, made when they are needed."""

import io
import struct
import zlib

from PIL import Image

from certs import qr

PNG = b"\x89PNG\r\n\x1a\n"


def picture_of(*texts: str, kind: str = "PNG", module: int = 4) -> bytes:
    """One picture with a code for each text, side by side."""
    codes = [Image.open(io.BytesIO(qr.draw_png(text, module=module))).convert("L") for text in texts]
    sheet = Image.new("L", (sum(code.width for code in codes), max(code.height for code in codes)), 255)
    left = 0
    for code in codes:
        sheet.paste(code, (left, 0))
        left += code.width
    return saved(sheet, kind)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("L")


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def png_claiming(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG of a few bytes that claims a size; `rows` is what its compressed part holds."""
    return PNG + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)) + end_of_png(rows)


def end_of_png(rows: bytes) -> bytes:
    return _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
