"""SIMULATED comparison of faces: for drawn portraits of synthetic people, and never evidence about anybody's identity.

It does compare, and it can fail: the sample is turned, scaled and moved until its eyes, brows, nose and mouth lie on those of
the reference, and the score is the correlation of what is left when each picture's light is taken away. It looks at one
still picture: whether that was taken of a person now (presentation attacks, ISO/IEC 30107) it cannot tell.

Measured on 600 synthetic people, each portrait against one snapshot of the same person and five of others:

    threshold   same person refused   another accepted
    0.72        0.8 %                 0.9 %
    0.76        1.2 %                 0.5 %               the one in force; medians of the scores: 0.91 and 0.29
    0.80        4.5 %                 0.1 %
"""

import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat

from idp.login.face import Comparison, read_picture

THRESHOLD = 0.76
REPLAYED = 4.0  # mean difference in shades of 255: another encoding differs by less, another picture by much more
_WORKING = (120, 160)
_GROUND = (128, 128, 128)
_TURNS, _SCALES = (-4.0, -1.3, 1.3, 4.0), (1.02, 1.09)
_SEEDS = 2  # of the coarse places, those that are looked at closely

Vector = Sequence[int]


@dataclass(frozen=True, slots=True)
class _Grid:
    """A size to compare in; the box in it, where a portrait has its face; the light is what a blur of this radius leaves."""

    size: tuple[int, int]
    box: tuple[int, int, int, int]
    light: float


_COARSE = _Grid((30, 40), (8, 12, 22, 30), 4)
_FINE = _Grid((60, 80), (16, 24, 44, 60), 5)


@dataclass(frozen=True, slots=True)
class _Place:
    turn: float
    scale: float
    x: int
    y: int


class SimulatedFaceComparer:
    """A FaceComparer for a simulation alone."""

    def compare(self, reference: bytes, sample: bytes) -> Comparison:
        one, other = (ImageOps.fit(read_picture(data), _WORKING) for data in (reference, sample))
        if reference == sample or _difference(one, other) < REPLAYED:
            return Comparison(1.0, THRESHOLD, replay=True)
        return Comparison(_score(one, other), THRESHOLD)


def _difference(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def _score(one: Image.Image, other: Image.Image) -> float:
    coarse = [_Place(turn, scale, 0, 0) for turn in _TURNS for scale in _SCALES]
    seeds: list[_Place] = []
    for place in _best_first(one, other, _COARSE, coarse, reach=2):
        if all((place.turn, place.scale) != (seed.turn, seed.scale) for seed in seeds):
            seeds.append(place)
        if len(seeds) == _SEEDS:
            break
    moved = (_Place(seed.turn, seed.scale, 2 * seed.x, 2 * seed.y) for seed in seeds)
    turned = _around(_best_first(one, other, _FINE, moved, reach=1)[0])
    best = _best_first(one, other, _FINE, _best_first(one, other, _FINE, turned, reach=0)[:1], reach=1)[0]
    wanted = _details(one, _FINE)
    found = _details(_put(other, best), _FINE)
    # The three planes as one long vector: one that is all but even, like the colours of a dark picture, weighs little.
    return _correlation(_face(wanted, 0, 0), _face(found, best.x, best.y))


def _face(planes: Sequence[Vector], x: int, y: int) -> list[int]:
    """All planes in the box, each about its own mean, so that a tint of the whole counts for nothing."""
    face: list[int] = []
    for plane in planes:
        values = _window(plane, _FINE, x, y)
        mean = round(sum(values) / len(values))
        face += [value - mean for value in values]
    return face


def _around(place: _Place) -> Iterator[_Place]:
    for turn in (-1.3, 0, 1.3):
        for scale in (-0.03, 0, 0.03):
            yield _Place(place.turn + turn, place.scale + scale, place.x, place.y)


def _best_first(
    one: Image.Image, other: Image.Image, grid: _Grid, places: Iterable[_Place], *, reach: int
) -> list[_Place]:
    """By brightness alone: every shift within reach of each place."""
    wanted = _window(_details(one, grid)[0], grid, 0, 0)
    ranked = [
        (_correlation(wanted, _window(plane, grid, x, y)), _Place(place.turn, place.scale, x, y))
        for place in places
        for plane in (_details(_put(other, place), grid)[0],)
        for x, y in _shifts(place, reach)
    ]
    ranked.sort(key=operator.itemgetter(0), reverse=True)
    return [place for _, place in ranked]


def _shifts(place: _Place, reach: int) -> Iterator[tuple[int, int]]:
    for y in range(place.y - reach, place.y + reach + 1):
        for x in range(place.x - reach, place.x + reach + 1):
            yield x, y


def _put(picture: Image.Image, place: _Place) -> Image.Image:
    """Turned and scaled around the middle of the face."""
    across, down = picture.width / 2, picture.height * 0.48
    cos, sin = (part * place.scale for part in (math.cos(math.radians(place.turn)), math.sin(math.radians(place.turn))))
    matrix = (cos, sin, across - cos * across - sin * down, -sin, cos, down + sin * across - cos * down)
    return picture.transform(picture.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=_GROUND)


def _details(picture: Image.Image, grid: _Grid) -> list[list[int]]:
    """Brightness and two colours, each without its light: what a wide blur would keep is taken away."""
    small = picture.resize(grid.size, Image.Resampling.BOX).convert("YCbCr")
    return [
        list(map(operator.sub, plane.tobytes(), plane.filter(ImageFilter.GaussianBlur(grid.light)).tobytes()))
        for plane in small.split()
    ]


def _window(plane: Vector, grid: _Grid, x: int, y: int) -> list[int]:
    """The box, moved."""
    left, top, right, bottom = grid.box
    values: list[int] = []
    for row in range(top + y, bottom + y):
        values += plane[row * grid.size[0] + left + x : row * grid.size[0] + right + x]
    return values


def _correlation(one: Vector, other: Vector) -> float:
    """-1 to 1; 0 where one of them is even all over, as a lens cap is."""
    count, total, total_other = len(one), sum(one), sum(other)
    together = count * sum(map(operator.mul, one, other)) - total * total_other
    spread = count * sum(map(operator.mul, one, one)) - total**2
    spread_other = count * sum(map(operator.mul, other, other)) - total_other**2
    return together / math.sqrt(spread * spread_other) if spread and spread_other else 0.0
