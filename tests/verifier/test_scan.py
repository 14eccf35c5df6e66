"""From pictures, files and texts to QR texts: all of them told, none chosen silently, nothing opened beyond the limits."""

from pathlib import Path

import pytest

from tests.pictures import picture_of, png_claiming
from tests.world import World
from verifier import scan
from verifier.scan import NothingToCheck


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture(world: World, kind: str, tmp_path: Path) -> None:
    text = world.present()
    path = tmp_path / "code"  # the bytes tell what it is, not the name
    path.write_bytes(picture_of(text, kind=kind))
    assert scan.only(path) == scan.only(path.read_bytes()) == text


def test_a_text_is_itself(world: World) -> None:
    assert scan.only("VN1:ABC ") == "VN1:ABC "


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_text_file_may_end_its_line(tmp_path: Path, end: str) -> None:
    path = tmp_path / "code.txt"
    path.write_bytes(("VN1:ABC " + end).encode())
    assert scan.only(path) == "VN1:ABC "


def test_several_codes_are_all_told_and_none_is_chosen(world: World) -> None:
    texts = (world.present(), world.present())
    data = picture_of(*texts)
    with pytest.raises(NothingToCheck) as caught:
        scan.only(data)
    assert set(caught.value.texts) == set(texts)
    assert {scan.only(data, choose=1), scan.only(data, choose=2)} == set(texts)
    for wrong in (0, 3, -1):
        with pytest.raises(NothingToCheck):
            scan.only(data, choose=wrong)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (png_claiming(30_000, 30_000), scan.TOO_LARGE),
        (png_claiming(10_000, 10_000), scan.TOO_LARGE),
        (png_claiming(5_001, 5_000), scan.TOO_LARGE),
        (png_claiming(64, 64), scan.NOT_A_PICTURE),
        (scan.PNG, scan.NOT_A_PICTURE),
        (scan.JPEG * 100, scan.NOT_A_PICTURE),
        (b"GIF89a" + bytes(100), scan.NOT_A_PICTURE),
        (b"\xff\xfe\x00\x01", scan.NOT_A_PICTURE),
        (b"\xe1\x80", scan.NOT_A_PICTURE),
        (bytes(scan.FILE_LIMIT + 1), scan.TOO_LARGE),
    ],
    ids=lambda value: value.en[:20] if hasattr(value, "en") else f"{len(value)} bytes",
)
def test_what_is_no_picture_or_too_large(data: bytes, reason: object) -> None:
    with pytest.raises(NothingToCheck) as caught:
        scan.only(data)
    assert caught.value.reason is reason


def test_a_picture_without_a_code() -> None:
    with pytest.raises(NothingToCheck) as caught:
        scan.only(png_claiming(8, 8, b"\x00\xff" * 8))
    assert caught.value.reason is scan.NO_CODE
