"""Pictures of codes, good ones and hostile ones, made when they are needed."""

import io
import math
import struct
import zlib

from PIL import Image, ImageFilter

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


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG with one more chunk before its pixels."""
    place = png.index(b"IDAT") - 4
    return png[:place] + _chunk(kind, data) + png[place:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def video_of(*texts: str, frames: int = 12, width: int = 1280, height: int = 720) -> bytes:
    """What a camera sees of codes on a telephone held in a hand: drifting, tilting, slightly out of focus. Motion JPEG."""
    codes = opened(picture_of(*texts, module=5)) if texts else Image.new("L", (400, 400), 255)
    codes.thumbnail((width - 120, height - 120))
    film = b""
    for number in range(frames):
        turn = 2 * math.pi * number / frames
        frame = Image.new("L", (width, height), 96)
        held = codes.rotate(4 * math.sin(turn), Image.Resampling.BICUBIC, expand=True, fillcolor=96)
        left = (width - held.width) // 2 + round(14 * math.sin(turn))
        frame.paste(held, (left, (height - held.height) // 2 + round(10 * math.cos(turn))))
        film += saved(frame.filter(ImageFilter.GaussianBlur(0.8)).convert("RGB"), "JPEG", quality=85)
    return film
