"""What a synthetic person looks like: some forty numbers and words from the person's identifier, as data for the drawing."""

import colorsys
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from idp.model import Person

Colour = tuple[int, int, int]

SKINS: tuple[Colour, ...] = (
    (255, 224, 196),
    (247, 208, 172),
    (240, 193, 150),
    (228, 176, 130),
    (214, 158, 112),
    (196, 138, 95),
    (172, 116, 78),
    (146, 96, 64),
    (118, 76, 52),
)
HAIRS: tuple[Colour, ...] = ((24, 20, 22), (38, 28, 26), (58, 38, 28), (82, 52, 34), (116, 74, 44), (96, 40, 30))
GREYS: tuple[Colour, ...] = ((120, 118, 120), (165, 163, 165), (206, 204, 204), (232, 230, 228))
IRISES: tuple[Colour, ...] = ((46, 28, 20), (70, 42, 26), (98, 62, 34), (60, 74, 50), (72, 92, 112))
FRAMES: tuple[Colour, ...] = ((20, 20, 24), (92, 44, 28), (150, 30, 40), (40, 60, 110), (150, 120, 60), (90, 95, 100))
GREY_BEFORE = 1967  # born earlier: mostly grey
CLOTHES = tuple(step / 12 for step in range(12))  # hues

STYLES = {
    "female": ("long", "long", "long_fringe", "bob", "bob", "bun", "curly", "fringe", "side"),
    "male": ("short", "short", "side", "side", "fringe", "curly", "bald"),
}
BEARDS = {"female": ("none",), "male": ("none", "none", "none", "moustache", "chin", "full")}


@dataclass(frozen=True, slots=True)
class Face:
    """Lengths are pixels of the small picture; shares are of the head's half width or half height."""

    x: float
    y: float
    wide: float
    high: float
    jaw: float
    square: float
    ears: float
    shoulders: float
    skin: Colour
    cheeks: float
    mole: tuple[float, float] | None
    eyes_at: float
    eyes_apart: float
    eye_wide: float
    eye_high: float
    slant: float
    iris: Colour
    brow: Colour
    brow_above: float
    brow_arch: float
    brow_tilt: float
    brow_thick: float
    nose_long: float
    nose_wide: float
    mouth_below: float
    mouth_wide: float
    smile: float
    lips: float
    lip: Colour
    beard: str
    style: str
    hair: Colour
    hairline: float
    parting: float
    glasses: str
    frame: Colour
    frame_thick: float
    wall: Colour
    cloth: Colour
    collar: str


def of(person: Person) -> Face:
    """Always the same for the same person."""
    dice = Random(f"{person.person_id}/face")  # noqa: S311 - no secret is made of it
    wide, high = dice.uniform(50, 68), dice.uniform(70, 88)
    y = dice.uniform(142, 154)
    skin = _near(dice.choice(SKINS), dice, 8)
    hair = _near(_hair(dice, person), dice, 10)
    eyes_at = y - high * dice.uniform(-0.02, 0.14)
    return Face(
        x=120,
        y=y,
        wide=wide,
        high=high,
        jaw=dice.uniform(0.04, 0.34),
        square=dice.uniform(0.0, 0.3),
        ears=dice.uniform(0.75, 1.25),
        shoulders=dice.uniform(78, 108),
        skin=skin,
        cheeks=dice.uniform(0.02, 0.2),
        mole=(dice.uniform(-0.6, 0.6), dice.uniform(0.1, 0.7)) if dice.random() < 0.2 else None,
        eyes_at=eyes_at,
        eyes_apart=wide * dice.uniform(0.38, 0.5),
        eye_wide=dice.uniform(8, 13),
        eye_high=dice.uniform(4, 8),
        slant=dice.uniform(-2, 2),
        iris=dice.choice(IRISES),
        **_features(dice, high, skin, hair),
        beard=dice.choice(BEARDS[person.sex]),
        style=dice.choice(STYLES[person.sex]),
        hair=hair,
        hairline=dice.uniform(0.5, 0.82),
        parting=dice.uniform(-0.6, 0.6),
        glasses=dice.choice(("none", "none", "none", "round", "square")),
        frame=dice.choice(FRAMES),
        frame_thick=dice.uniform(2, 4.5),
        wall=_wall(dice),
        cloth=_cloth(dice),
        collar=dice.choice(("round", "v", "shirt")),
    )


def _features(dice: Random, high: float, skin: Colour, hair: Colour) -> dict[str, Any]:
    """Brows, nose and mouth."""
    return {
        "brow": darker(hair, 0.8),
        "brow_above": dice.uniform(4, 11),
        "brow_arch": dice.uniform(0, 6),
        "brow_tilt": dice.uniform(-3, 4),
        "brow_thick": dice.uniform(2, 6),
        "nose_long": high * dice.uniform(0.28, 0.42),
        "nose_wide": dice.uniform(6, 13),
        "mouth_below": dice.uniform(14, 22),
        "mouth_wide": dice.uniform(14, 27),
        "smile": dice.uniform(1, 9),
        "lips": dice.uniform(2, 6.5),
        "lip": _lip(skin, dice),
    }


def dressed_anew(face: Face, dice: Random) -> Face:
    """The same face on another day."""
    return replace(face, wall=_wall(dice), cloth=_cloth(dice), collar=dice.choice(("round", "v", "shirt")))


def darker(colour: Colour, share: float = 0.7) -> Colour:
    red, green, blue = (max(0, min(255, round(part * share))) for part in colour)
    return red, green, blue


def blush(skin: Colour, share: float) -> Colour:
    return _mixed(skin, (226, 80, 80), share)


def _hair(dice: Random, person: Person) -> Colour:
    old = int(person.birth_date[:4]) < GREY_BEFORE
    return dice.choice(GREYS if old and dice.random() < 0.7 else HAIRS)


def _lip(skin: Colour, dice: Random) -> Colour:
    return _mixed(skin, dice.choice(((190, 50, 60), (150, 60, 60), (205, 90, 100))), dice.uniform(0.45, 0.85))


def _wall(dice: Random) -> Colour:
    return _hue(dice.random(), dice.uniform(0.08, 0.3), dice.uniform(0.75, 0.95))


def _cloth(dice: Random) -> Colour:
    return _hue(dice.choice(CLOTHES), dice.uniform(0.2, 0.7), dice.uniform(0.3, 0.85))


def _hue(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue


def _near(colour: Colour, dice: Random, by: int) -> Colour:
    shift = dice.randint(-by, by)
    red, green, blue = (max(0, min(255, part + shift + dice.randint(-3, 3))) for part in colour)
    return red, green, blue


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
