"""Portraits of synthetic people: drawn, flat, friendly, the same for the same person; and snapshots of them by a simulated camera.

No photograph and nobody's likeness: each face is a few numbers that the person's identifier gives, put down by `ImageDraw`.
Spec: ISO/IEC 19794-5 (proportions of a portrait on a document: head in the middle, eyes above it), as far as a drawing can.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw, ImageEnhance

from idp.model import Person
from idp.registries import faces
from idp.registries.faces import Colour, Face

WIDTH, HEIGHT = 240, 320
FINE = 2  # drawn so many times larger, then made small: smooth edges
# The picture in a QR code: the head alone, in grey, as good as it gets in so few bytes. At 32 × 40 and at quality 0 people look
# alike; above 48 × 60 the bytes go into the collar.
SMALL, SMALL_BYTES = (48, 60), 320
_HEAD = (44, 46, 196, 236)
_QUALITIES = (50, 40, 30, 25, 20, 15, 10, 5, 0)

Point = tuple[float, float]


def portrait(person: Person) -> bytes:
    """A WebP of 240 × 320, marked as a simulation."""
    picture = _draw(faces.of(person))
    ImageDraw.Draw(picture).text((WIDTH / 2, HEIGHT - 7), "SIMULATION", fill=(255, 255, 255), anchor="mm", font_size=9)
    return _webp(picture)


def small(person: Person) -> bytes:
    """The head as a grey WebP of 48 × 60 and at most `SMALL_BYTES`: a code that a phone reads has no room for more."""
    head = _draw(faces.of(person)).crop(_HEAD).convert("L").resize(SMALL, Image.Resampling.LANCZOS)
    tries = [_webp(head, quality=quality, method=6) for quality in _QUALITIES]
    return next(data for data in tries if len(data) <= SMALL_BYTES)


def snapshot(person: Person, variation: int) -> bytes:
    """Another picture of the same person: other light, clothes and wall, the head turned, moved, nearer; and noise."""
    dice = Random(f"{person.person_id}/snapshot/{variation}")  # noqa: S311 - no secret is made of it
    face = faces.dressed_anew(faces.of(person), dice)
    picture = _draw(face)
    picture = picture.rotate(
        dice.uniform(-5, 5),
        Image.Resampling.BICUBIC,
        translate=(dice.randint(-7, 7), dice.randint(-7, 7)),
        fillcolor=face.wall,
    )
    nearer = dice.uniform(0.9, 1.0)
    wide, high = WIDTH * nearer, HEIGHT * nearer
    left, top = (WIDTH - wide) * dice.uniform(0.3, 0.7), (HEIGHT - high) * dice.uniform(0.3, 0.7)
    picture = picture.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC, (left, top, left + wide, top + high))
    picture = ImageEnhance.Brightness(picture).enhance(dice.uniform(0.85, 1.15))
    picture = ImageEnhance.Contrast(picture).enhance(dice.uniform(0.85, 1.15))
    picture = ImageEnhance.Color(picture).enhance(dice.uniform(0.85, 1.15))
    return _webp(_with_noise(picture, dice))


def _with_noise(picture: Image.Image, dice: Random) -> Image.Image:
    """Grain from our own dice: Pillow's noise cannot be repeated."""
    grain = Image.frombytes("RGB", picture.size, dice.randbytes(3 * WIDTH * HEIGHT))
    return Image.blend(picture, grain, dice.uniform(0.02, 0.05))


def _webp(picture: Image.Image, *, quality: int = 85, method: int = 4) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=method)
    return out.getvalue()


# --- the drawing: coordinates are those of the small picture ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pen:
    canvas: ImageDraw.ImageDraw

    def oval(self, x: float, y: float, wide: float, high: float, fill: Colour, line: Colour | None = None) -> None:
        box = [(x - wide) * FINE, (y - high) * FINE, (x + wide) * FINE, (y + high) * FINE]
        self.canvas.ellipse(box, fill=fill, outline=line, width=FINE if line else 0)

    def area(self, points: Sequence[Point], fill: Colour, line: Colour | None = None) -> None:
        scaled = [(x * FINE, y * FINE) for x, y in points]
        self.canvas.polygon(scaled, fill=fill)
        if line:
            self.canvas.line([*scaled, scaled[0]], fill=line, width=FINE, joint="curve")

    def stroke(self, points: Sequence[Point], colour: Colour, wide: float) -> None:
        scaled = [(x * FINE, y * FINE) for x, y in points]
        self.canvas.line(scaled, fill=colour, width=max(1, round(wide * FINE)), joint="curve")


def _draw(face: Face) -> Image.Image:
    picture = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), face.wall)
    pen = _Pen(ImageDraw.Draw(picture))
    _hair_behind(pen, face)
    _body(pen, face)
    _head(pen, face)
    _eyes(pen, face)
    _nose_and_mouth(pen, face)
    _beard(pen, face)
    _hair_before(pen, face)
    _glasses(pen, face)
    return picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _outline(face: Face, grow: float = 1.0) -> list[Point]:
    """The head: an oval whose lower half narrows towards the chin."""
    points = []
    for step in range(72):
        turn = math.tau * step / 72
        across, down = math.cos(turn), math.sin(turn)
        narrow = 1 - face.jaw * max(0.0, down) ** 1.5
        squared = 1 + face.square * (across * down) ** 2
        points.append(
            (face.x + face.wide * grow * across * narrow * squared, face.y + face.high * grow * down * squared)
        )
    return points


def _body(pen: _Pen, face: Face) -> None:
    chin = face.y + face.high
    neck = face.wide * 0.48
    left, right = face.x - face.shoulders, face.x + face.shoulders
    top = chin + 26
    cloth = [(left, HEIGHT), (left + 4, top + 26), (face.x - neck, top - 6), (face.x + neck, top - 6)]
    pen.area([*cloth, (right - 4, top + 26), (right, HEIGHT)], face.cloth, faces.darker(face.cloth))
    pen.area(
        [(face.x - neck, chin - 30), (face.x + neck, chin - 30), (face.x + neck, top), (face.x - neck, top)],
        faces.darker(face.skin, 0.92),
    )
    if face.collar == "v":
        pen.area(
            [(face.x - neck, top - 6), (face.x + neck, top - 6), (face.x, top + 30)], faces.darker(face.skin, 0.92)
        )
    elif face.collar == "shirt":
        for side in (-1, 1):
            tip = (face.x + side * 22, top + 24)
            pen.area([(face.x + side * neck, top - 10), (face.x, top + 10), tip], (245, 245, 242), (190, 190, 190))
    else:
        pen.oval(face.x, top - 2, neck, 8, faces.darker(face.skin, 0.92))
        pen.stroke([(face.x - neck, top - 3), (face.x, top + 7), (face.x + neck, top - 3)], faces.darker(face.cloth), 4)


def _head(pen: _Pen, face: Face) -> None:
    edge = faces.darker(face.skin, 0.75)
    for side in (-1, 1):
        pen.oval(face.x + side * face.wide * 0.99, face.y + 6, 9 * face.ears, 16 * face.ears, face.skin, edge)
    pen.area(_outline(face), face.skin, edge)
    for side in (-1, 1):
        pen.oval(
            face.x + side * face.wide * 0.58, face.y + face.high * 0.36, 13, 8, faces.blush(face.skin, face.cheeks)
        )
    if face.mole:
        across, down = face.mole
        pen.oval(face.x + across * face.wide, face.y + down * face.high, 2.4, 2.4, (70, 45, 35))


def _eyes(pen: _Pen, face: Face) -> None:
    for side in (-1, 1):
        x, y = face.x + side * face.eyes_apart, face.eyes_at
        wide, high = face.eye_wide, face.eye_high
        pen.oval(x, y, wide, high, (252, 252, 250), (60, 45, 40))
        pen.oval(x, y, min(high, wide * 0.62), high * 0.92, face.iris)
        pen.oval(x, y, high * 0.45, high * 0.45, (20, 16, 14))
        pen.oval(x + 1.5, y - 1.5, 1.3, 1.3, (255, 255, 255))
        pen.stroke([(x - wide, y - 1), (x, y - high - 0.5), (x + wide, y - 1 + side * face.slant)], (45, 32, 28), 2)
        brow = y - high - face.brow_above
        inner, outer = x - side * wide * 1.1, x + side * wide * 1.3
        arch = (x + side * 2, brow - face.brow_arch)
        pen.stroke([(inner, brow + face.brow_tilt), arch, (outer, brow + 2)], face.brow, face.brow_thick)


def _nose_and_mouth(pen: _Pen, face: Face) -> None:
    shade = faces.darker(face.skin, 0.72)
    tip = face.eyes_at + face.nose_long
    pen.stroke(
        [(face.x - 2, tip - face.nose_long * 0.6), (face.x - face.nose_wide, tip), (face.x, tip + 4)], shade, 2.2
    )
    pen.stroke([(face.x, tip + 4), (face.x + face.nose_wide, tip)], shade, 2.2)
    y, wide = tip + face.mouth_below, face.mouth_wide
    arc = [(face.x + wide * step / 6, y + face.smile * (1 - (step / 6) ** 2)) for step in range(-6, 7)]
    upper = [(x, at - face.lips * (1 - ((x - face.x) / wide) ** 2)) for x, at in reversed(arc)]
    lower = [(x, at + face.lips * 1.3 * (1 - ((x - face.x) / wide) ** 2)) for x, at in reversed(arc)]
    pen.area([*arc, *upper], face.lip)
    pen.area([*arc, *lower], faces.darker(face.lip, 1.1))
    pen.stroke(arc, faces.darker(face.lip, 0.6), 1.6)


def _beard(pen: _Pen, face: Face) -> None:
    tip = face.eyes_at + face.nose_long
    if face.beard in ("moustache", "full"):
        y = tip + face.mouth_below * 0.55
        ends = ((face.x - face.mouth_wide, y + 5), (face.x, y - 2), (face.x + face.mouth_wide, y + 5))
        pen.stroke(ends, face.hair, 5.5)
    if face.beard in ("chin", "full"):
        low = tip + face.mouth_below + face.lips + 4
        half = 0.45 if face.beard == "chin" else 0.9
        edge = [point for point in _outline(face) if point[1] > low and abs(point[0] - face.x) < face.wide * half]
        if len(edge) > 2:
            pen.area(edge, face.hair)


def _hair_behind(pen: _Pen, face: Face) -> None:
    if face.style in ("long", "long_fringe", "bob"):
        end = face.y + (face.high * 1.65 if face.style != "bob" else face.high * 0.85)
        wide = face.wide * 1.2
        pen.oval(face.x, face.y - 14, wide, face.high * 1.04, face.hair)
        pen.area(
            [(face.x - wide, face.y - 14), (face.x + wide, face.y - 14), (face.x + wide, end), (face.x - wide, end)],
            face.hair,
        )
    elif face.style == "bun":
        pen.oval(face.x, face.y - face.high * 1.12, 24, 22, face.hair, faces.darker(face.hair))
    elif face.style == "curly":
        for step in range(14):
            turn = math.pi + math.pi * step / 13
            pen.oval(face.x + face.wide * 1.05 * math.cos(turn), face.y + face.high * math.sin(turn), 19, 19, face.hair)


def _hair_before(pen: _Pen, face: Face) -> None:
    if face.style == "bald":
        return
    line = face.y - face.high * face.hairline
    cap = [point for point in _outline(face, 1.07) if point[1] < line + 14]
    cap.sort(key=lambda point: point[0])
    part = face.x + face.parting * face.wide
    lowest = face.y - face.high * 0.2
    if face.style in ("fringe", "long_fringe"):
        low = [
            (face.x + face.wide * 0.98, lowest),
            (face.x + face.wide * 0.8, line + 12),
            (face.x - face.wide * 0.8, line + 12),
        ]
    elif face.style == "short":
        low = [
            (face.x + face.wide, line + 16),
            (face.x + face.wide * 0.7, line - 4),
            (face.x - face.wide * 0.7, line - 4),
        ]
    else:
        low = [(face.x + face.wide * 1.02, lowest), (part + 18, line + 4), (part, line - 10), (part - 18, line + 4)]
    pen.area([*cap, *low, (face.x - face.wide * 1.02, lowest)], face.hair)


def _glasses(pen: _Pen, face: Face) -> None:
    if face.glasses == "none":
        return
    colour, half = face.frame, face.eyes_apart * 0.82
    for side in (-1, 1):
        x, y = face.x + side * face.eyes_apart, face.eyes_at + 1
        high = half if face.glasses == "round" else half * 0.72
        corners = [(math.cos(math.tau * step / 40), math.sin(math.tau * step / 40)) for step in range(41)]
        power = 1.0 if face.glasses == "round" else 0.45
        rim = [
            (x + half * math.copysign(abs(c) ** power, c), y + high * math.copysign(abs(s) ** power, s))
            for c, s in corners
        ]
        pen.stroke(rim, colour, face.frame_thick)
        pen.stroke([(x + side * half, y - 3), (face.x + side * face.wide, y - 4)], colour, face.frame_thick)
    pen.stroke(
        [(face.x - face.eyes_apart + half, face.eyes_at), (face.x + face.eyes_apart - half, face.eyes_at)], colour, 2.5
    )
