"""The simulated comparer compares: measured over two hundred people, and on what is no new picture of a face."""

import io
from datetime import date

import pytest
from PIL import Image, ImageEnhance

from idp.login.face import FaceComparer
from idp.login.simulated_face import THRESHOLD, SimulatedFaceComparer
from idp.registries.portraits import portrait, snapshot
from idp.registries.synthetic import current_people

PEOPLE = tuple(current_people(11, 200, date(2026, 11, 21)))  # none of those whom the threshold was chosen with
COMPARER: FaceComparer = SimulatedFaceComparer()


def _encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB")


def test_two_hundred_people() -> None:
    """The same person is accepted 97 times of 100 at least; another one is, at most once of 100."""
    portraits = [portrait(person) for person in PEOPLE]
    snapshots = [snapshot(person, 5) for person in PEOPLE]
    own = [COMPARER.compare(one, other) for one, other in zip(portraits, snapshots, strict=True)]
    # The neighbour forty places on: another person for each.
    foreign = [COMPARER.compare(one, snapshots[place - 40]) for place, one in enumerate(portraits)]
    assert sum(found.accepted for found in own) >= 0.97 * len(PEOPLE)
    assert sum(found.accepted for found in foreign) <= 0.01 * len(PEOPLE)
    assert len({round(found.score, 6) for found in (*own, *foreign)}) > 1.9 * len(PEOPLE)  # never a constant
    assert all(found.threshold == THRESHOLD and found.score <= 1 for found in (*own, *foreign))


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("JPEG", {"quality": 60}), ("WEBP", {"quality": 50})])
def test_the_portrait_itself_is_no_sample(kind: str, options: dict[str, int]) -> None:
    """Who holds the reference, from a document's chip or a stolen database, holds no face."""
    reference = portrait(PEOPLE[20])
    assert COMPARER.compare(reference, reference).replay
    again = COMPARER.compare(reference, _encoded(_opened(reference), kind, **options))
    assert again.replay and not again.accepted
    brighter = ImageEnhance.Brightness(_opened(reference)).enhance(1.02)
    assert not COMPARER.compare(reference, _encoded(brighter, "PNG")).accepted


def test_a_snapshot_of_another_size_and_shape_is_read() -> None:
    person = PEOPLE[21]
    own = _opened(snapshot(person, 1)).resize((960, 1280))
    assert COMPARER.compare(portrait(person), _encoded(own, "JPEG", quality=80)).accepted


@pytest.mark.parametrize("shade", [(0, 0, 0), (255, 255, 255), (228, 176, 130)])
def test_a_covered_camera_is_nobody(shade: tuple[int, int, int]) -> None:
    found = COMPARER.compare(portrait(PEOPLE[22]), _encoded(Image.new("RGB", (240, 320), shade), "PNG"))
    assert not found.accepted and found.score < 0.5


def test_half_a_face_upside_down_or_mirrored_features_fall() -> None:
    person = PEOPLE[23]
    own = _opened(snapshot(person, 2))
    straight = COMPARER.compare(portrait(person), _encoded(own, "PNG"))
    turned = COMPARER.compare(portrait(person), _encoded(own.rotate(180), "PNG"))
    assert straight.accepted and not turned.accepted and turned.score < straight.score
