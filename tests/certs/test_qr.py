"""Credential ⇄ text ⇄ picture. Hostile pictures in full: `tests/attacks/test_qr.py`."""

import random
import re

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from certs import qr
from certs.errors import Malformed
from certs.formats import Expected, cwt
from certs.vectors.examples import accepted
from certs.vectors.nation import Nation
from tests.certs.refusals import refused
from tests.pictures import opened, picture_of, png_claiming, saved
from tests.world import NOW, World

STANDING = World()
TEXT = next(accepted(Nation())).text  # the same in every run: which damage a code survives hangs on its modules
PICTURE = opened(qr.draw_png(TEXT, module=4))


# --- text -------------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=1500))
def test_text_round_trip(data: bytes) -> None:
    text = qr.to_text(data)
    assert text.startswith("VN1:")
    assert re.fullmatch(r"[0-9A-Z $%*+\-./:]*", text)  # the alphanumeric mode of ISO/IEC 18004
    assert qr.from_text(text) == data


def test_text_is_bounded_both_ways() -> None:
    assert len(qr.from_text("VN1:" + "0" * (qr.TEXT_LIMIT - 6))) > 2800
    for length in (qr.TEXT_LIMIT + 1, 1 << 20):
        with refused("oversize"):
            qr.from_text("VN1:" + "0" * (length - 4))
    with refused("oversize"):
        qr.to_text(bytes(qr.BYTES_LIMIT + 1))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "prefix_unknown"),
        ("VN1", "prefix_unknown"),
        ("vn1:", "prefix_unknown"),
        ("HC1:00", "prefix_unknown"),
        (" VN1:", "prefix_unknown"),
        ("VN1:0", "encoding_invalid"),
        ("VN1:GGW", "encoding_invalid"),
        ("VN1:bb8", "encoding_invalid"),
    ],
)
def test_what_is_no_text_of_ours_is_refused(text: str, code: str) -> None:
    with refused(code):
        qr.from_text(text)


def test_an_empty_body_is_no_credential() -> None:
    assert qr.from_text("VN1:") == b""
    with refused("malformed"):
        cwt.peek(b"")


# --- drawing ----------------------------------------------------------------------------------------------------------


def test_a_png_is_read_back_at_level_m_with_its_quiet_zone() -> None:
    (code,) = zxingcpp.read_barcodes(PICTURE)
    assert (code.text, code.format, code.ec_level) == (TEXT, zxingcpp.BarcodeFormat.QRCode, "M")
    side = 17 + 4 * qr.version(TEXT)
    assert PICTURE.size == ((side + 8) * 4,) * 2
    for band in ((0, 0, PICTURE.width, 16), (0, 0, 16, PICTURE.height)):
        assert PICTURE.crop(band).getextrema() == (255, 255)


def test_an_svg_scales_and_holds_no_script() -> None:
    svg = qr.draw_svg("VN1:ABC")
    assert svg.startswith("<?xml") and "<path" in svg and "viewBox" in svg
    assert not re.search(r"script|href|onload|<image|url\(", svg, re.IGNORECASE)


@pytest.mark.parametrize(("length", "version"), [(1, 1), (20, 1), (21, 2), (3391, 40)])
def test_the_version_is_the_smallest_that_holds_the_text(length: int, version: int) -> None:
    assert qr.version("A" * length) == version


def test_what_fits_no_code_is_refused() -> None:
    for draw in (qr.version, qr.draw_png, qr.draw_svg):
        with refused("oversize"):
            draw("A" * 3392)


# --- reading ----------------------------------------------------------------------------------------------------------


def jpeg(picture: Image.Image, quality: int = 60) -> bytes:
    return saved(picture, "JPEG", quality=quality)


def damaged(picture: Image.Image, share: float) -> Image.Image:
    """A corner's worth of modules painted over; level M repairs 15 per cent of the code words."""
    copy, rng = picture.copy(), random.Random(5)
    modules = (picture.width // 4 - 8) ** 2
    for _ in range(int(modules * share)):
        x, y = (rng.randrange(12, picture.width // 4 - 4) * 4 for _ in "xy")
        copy.paste(rng.choice((0, 255)), (x, y, x + 4, y + 4))
    return copy


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("png", saved(PICTURE)),
        ("png, one bit", saved(PICTURE.convert("1"))),
        ("png, palette", saved(PICTURE.convert("P"))),
        ("png, colour", saved(PICTURE.convert("RGB"))),
        ("jpeg", jpeg(PICTURE)),
        ("jpeg, poor", jpeg(PICTURE, 25)),
        ("jpeg, colour", jpeg(PICTURE.convert("RGB"))),
        ("upside down", saved(PICTURE.rotate(180))),
        ("a quarter turn", saved(PICTURE.rotate(90))),
        ("askew", saved(PICTURE.rotate(17, expand=True, fillcolor=255, resample=Image.Resampling.BILINEAR))),
        ("mirrored", saved(ImageOps.mirror(PICTURE))),
        ("inverted", saved(ImageOps.invert(PICTURE))),
        ("grey", saved(PICTURE.point(lambda value: 90 + value // 4))),
        ("larger", saved(PICTURE.resize((PICTURE.width * 2, PICTURE.height * 2)))),
        ("small in a large one", saved(ImageOps.expand(PICTURE, 1200, 200))),
        ("damaged", saved(damaged(PICTURE, 0.015))),
    ],
)
def test_a_picture_as_people_take_them(name: str, data: bytes) -> None:
    assert qr.read_picture(data) == (TEXT,), name


def test_a_picture_above_six_megapixels_is_read_at_half_size() -> None:
    for side in (2600, 4900):
        large = Image.new("L", (side, side), 230)
        large.paste(PICTURE.resize((PICTURE.width * 3, PICTURE.height * 3)), (200, 300))
        assert qr.read_picture(jpeg(large)) == (TEXT,)


def test_a_small_code_in_a_large_png_is_found_at_full_size() -> None:
    large = Image.new("L", (2600, 2600), 255)
    large.paste(opened(qr.draw_png("VN1:ABC", module=2)), (1000, 900))
    assert qr.read_picture(saved(large)) == ("VN1:ABC",)


def test_a_transparent_ground_is_white() -> None:
    clear = Image.new("RGBA", PICTURE.size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), mask=ImageOps.invert(PICTURE))
    assert qr.read_picture(saved(clear)) == (TEXT,)
    assert qr.read_picture(saved(clear.convert("LA"))) == (TEXT,)
    palette = PICTURE.convert("P")
    assert qr.read_picture(saved(palette, transparency=255)) == (TEXT,)


def test_a_phone_s_picture_with_a_second_frame_is_a_picture() -> None:
    """JPEG with a multi-picture extension, as phones make for depth and brightness: the first frame is what one sees."""
    data = saved(PICTURE.convert("RGB"), "MPO", save_all=True, append_images=[Image.new("RGB", (40, 40))])
    assert qr.read_picture(data) == (TEXT,)


def test_every_code_in_a_picture_is_told_once() -> None:
    other = "VN1:SOMETHING ELSE"
    assert set(qr.read_picture(picture_of(TEXT, other))) == {TEXT, other}
    assert qr.read_picture(picture_of(other, other)) == (other,)


def test_a_picture_without_a_code_says_nothing() -> None:
    assert qr.read_picture(saved(Image.new("L", (300, 300), 128))) == ()
    assert qr.read_picture(saved(damaged(PICTURE, 0.9))) == ()


@pytest.mark.parametrize("side", [5001, 9500, 13_400, 30_000, 65_000])
def test_more_pixels_than_a_camera_has_are_refused_before_decoding(side: int) -> None:
    with refused("oversize"):
        qr.read_picture(png_claiming(side, side, bytes(1000)))


def test_more_bytes_than_a_picture_has_are_refused() -> None:
    with refused("oversize"):
        qr.read_picture(saved(PICTURE) + bytes(qr.PICTURE_BYTES))


def test_another_kind_of_file_is_refused() -> None:
    moving = saved(PICTURE, "PNG", save_all=True, append_images=[ImageOps.invert(PICTURE)])
    others = [saved(PICTURE.convert("L"), kind) for kind in ("GIF", "BMP", "TIFF", "WEBP", "PPM", "ICO")]
    for data in (moving, *others, qr.draw_svg("VN1:A").encode(), b"", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", TEXT.encode()):
        with refused("malformed"):
            qr.read_picture(data)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow grumbles about broken EXIF, and goes on
def test_a_broken_picture_is_refused_and_nothing_else_happens() -> None:
    """Hundreds of broken pictures of each kind that the door lets in: a text, none, or a refusal; never another error."""
    info = PngInfo()
    info.add_text("a", "b" * 50, zip=True)
    small = opened(qr.draw_png("VN1:" + "A" * 60, module=3))
    sources = [
        saved(small),
        saved(small.convert("P"), pnginfo=info, transparency=0),
        saved(small, save_all=True, append_images=[small.rotate(90)]),
        jpeg(small),
        saved(small, "JPEG", progressive=True, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"),
        saved(small, "MPO", save_all=True, append_images=[small.rotate(90)]),
    ]
    rng = random.Random(7)
    for number in range(4500):
        broken = bytearray(sources[number % len(sources)])
        for _ in range(rng.choice([1, 1, 2, 4, 30])):
            broken[rng.randrange(min(len(broken), rng.choice([60, 300, 10_000])))] = rng.randrange(256)
        if rng.random() < 0.2:
            del broken[rng.randrange(len(broken)) :]
        try:
            found = qr.read_picture(bytes(broken))
        except Malformed:
            continue
        assert set(found) <= {"VN1:" + "A" * 60}


def test_what_is_drawn_is_what_is_checked() -> None:
    held = STANDING.open_bundle()
    (text,) = qr.read_picture(qr.draw_png(STANDING.present()))
    assert (
        cwt.verify(qr.from_text(text), trust=held.trust, statuses=held.statuses, now=NOW, expected=Expected()).view
        == "licence"
    )
