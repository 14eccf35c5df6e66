"""A share of the 1,216 distorted pictures: nine in ten are read, and none as something else. The whole of them in `make soak`."""

from tests.distorted import DISTORTIONS, MODULES, SAMPLES, SIZES, Case, cases
from verifier import scan

EVERY = 29  # prime to 19 and 4: each distortion, size and sample is among them


def test_there_are_1216() -> None:
    assert len(list(cases())) == len({each.name for each in cases()}) == 1216
    assert len(SIZES) * len(MODULES) * SAMPLES * len(DISTORTIONS) == 1216


def test_nine_in_ten_are_read_and_none_wrongly() -> None:
    chosen = list(cases())[::EVERY]
    assert {(each.kind, each.amount) for each in chosen} == set(DISTORTIONS)
    read = 0
    for each in chosen:
        found = scan.texts(each.picture())
        assert found in ((), (each.text,)), each.name
        read += bool(found)
    assert read / len(chosen) >= 0.9, f"{read} of {len(chosen)}"


def test_one_picture_is_the_same_in_every_run() -> None:
    """As pixels do not depend on anything but the case, a picture that was not read can be looked at again."""
    case = Case(10, 2, 1, "camera", 1)
    assert case.picture() == case.picture() and case.text == Case(10, 2, 1, "noise", 20).text
