"""The door for pictures of strangers: bounded before they are decoded; and what a comparison decides."""

import io
import struct
import zlib

import pytest
from PIL import Image

from idp.login.face import PICTURE_BYTES, PICTURE_PIXELS, SMALLEST_SIDE, Comparison, NotAPicture, read_picture


def _encoded(picture: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def _announced(wide: int, high: int) -> bytes:
    """A PNG that announces this size and brings nothing of it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def _animated() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (120, 120), shade) for shade in ("red", "blue")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_pictures_are_read(kind: str, mode: str) -> None:
    picture = read_picture(_encoded(Image.new(mode, (120, 160)), kind))
    assert (picture.size, picture.mode) == ((120, 160), "RGB")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "malformed"),
        (b"hello", "malformed"),
        (b"\0" * (PICTURE_BYTES + 1), "oversize"),
        (_announced(4_000, PICTURE_PIXELS // 4_000 + 1), "oversize"),
        (_announced(65_535, 65_535), "oversize"),
        (_announced(2_000, 2_000), "malformed"),
        (_encoded(Image.new("RGB", (SMALLEST_SIDE - 1, 400)), "PNG"), "undersize"),
        (_encoded(Image.new("RGB", (120, 160)), "GIF"), "malformed"),
        (_encoded(Image.new("RGB", (120, 160)), "TIFF"), "malformed"),
        (_encoded(Image.new("RGB", (120, 160), "red"), "JPEG")[:-60], "malformed"),
        (_encoded(Image.effect_noise((120, 160), 50), "PNG")[:5_000], "malformed"),
        (_animated(), "malformed"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_is_no_picture_of_a_face_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(NotAPicture) as refused:
        read_picture(data)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("comparison", "accepted"),
    [
        (Comparison(0.76, 0.76), True),
        (Comparison(0.7599, 0.76), False),
        (Comparison(1.0, 0.76, replay=True), False),
        (Comparison(float("nan"), 0.76), False),
    ],
)
def test_a_score_is_accepted_from_its_threshold_on(comparison: Comparison, accepted: bool) -> None:
    assert comparison.accepted is accepted
