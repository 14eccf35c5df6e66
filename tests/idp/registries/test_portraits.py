"""Drawn faces: the same for the same person, another for another, and snapshots that are new pictures of one face."""

import io
from dataclasses import fields, replace
from datetime import date

import pytest
from PIL import Image, ImageChops, ImageStat

from idp.model import Person
from idp.registries import faces
from idp.registries.portraits import HEIGHT, WIDTH, portrait, snapshot
from idp.registries.synthetic import current_people

PEOPLE = tuple(current_people(7, 60, date(2026, 11, 21)))


def _opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=["WEBP"]) as picture:
        return picture.convert("RGB")


def test_a_person_always_looks_the_same() -> None:
    person = PEOPLE[20]
    assert portrait(person) == portrait(replace(person, name="Một Tên Khác", pid="999000000000"))
    assert snapshot(person, 3) == snapshot(person, 3)


def test_it_is_a_small_picture_for_a_document() -> None:
    data = portrait(PEOPLE[0])
    assert _opened(data).size == (WIDTH, HEIGHT) == (240, 320) and len(data) < 12_000


@pytest.mark.parametrize("person", PEOPLE[:12], ids=lambda person: person.person_id)
def test_it_is_a_drawing(person: Person) -> None:
    """Flat areas: a photograph has no large parts of one colour only."""
    picture = _opened(portrait(person)).quantize(24).convert("RGB")
    counts = sorted((count for count, _ in picture.getcolors(WIDTH * HEIGHT) or []), reverse=True)
    assert sum(counts[:6]) > 0.7 * WIDTH * HEIGHT


def test_nobody_looks_like_another() -> None:
    assert len({portrait(person) for person in PEOPLE}) == len(PEOPLE)
    looks = [faces.of(person) for person in PEOPLE]
    for name in ("skin", "style", "glasses", "iris", "hair", "collar", "beard"):
        assert len({getattr(face, name) for face in looks}) > 2, name
    alike = {field.name for field in fields(faces.Face) if len({getattr(face, field.name) for face in looks}) == 1}
    assert alike == {"x"}


def test_a_snapshot_is_a_new_picture() -> None:
    person = PEOPLE[30]
    pictures = [_opened(data) for data in (portrait(person), snapshot(person, 1), snapshot(person, 2))]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert sum(ImageStat.Stat(ImageChops.difference(pictures[one], pictures[other])).mean) / 3 > 8
