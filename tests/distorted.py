"""1,216 distorted pictures of codes, the same in every run: 4 sizes of code × 4 of module × 4 samples × 19 distortions.

What a lens, a hand, a screen and a messenger do to a picture: blur, turn, perspective, JPEG, noise, contrast, glare, several at once.
Pillow alone makes them; all chance comes from a seed made of the picture's name.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from statistics import NormalDist

from PIL import Image, ImageChops, ImageFilter

from certs import qr
from tests.pictures import opened, saved

SIZES = {10: 300, 15: 590, 20: 960, 25: 1440}  # version at level M -> characters, just below what it holds
MODULES = (2, 3, 4, 6)  # pixels
SAMPLES = 4
DISTORTIONS: tuple[tuple[str, float], ...] = (
    ("clean", 0),
    *(("blur", pixels) for pixels in (0.8, 1.5, 2.5)),
    *(("turn", degrees) for degrees in (5, 15, 45)),
    *(("jpeg", quality) for quality in (60, 25)),
    *(("perspective", share) for share in (0.05, 0.12)),
    *(("noise", sigma) for sigma in (20, 50)),
    *(("contrast", share) for share in (0.4, 0.15)),
    *(("glare", share) for share in (0.3, 0.6)),
    *(("camera", times) for times in (1, 2)),
)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_MARGIN = 40  # pixels of white around the quiet zone
_NORMAL = [NormalDist().inv_cdf((byte + 0.5) / 256) for byte in range(256)]


@dataclass(frozen=True, slots=True)
class Case:
    version: int
    module: int
    sample: int
    kind: str
    amount: float

    @property
    def name(self) -> str:
        return f"v{self.version}-{self.module}px-{self.sample}-{self.kind}-{self.amount:g}"

    @property
    def text(self) -> str:
        chance = Random(f"{self.version}/{self.sample}")
        return "VN1:" + "".join(chance.choices(_ALPHABET, k=SIZES[self.version] - 4))

    def picture(self) -> bytes:
        """As a grey PNG."""
        code = opened(qr.draw_png(self.text, module=self.module))
        sheet = Image.new("L", (code.width + 2 * _MARGIN, code.height + 2 * _MARGIN), 255)
        sheet.paste(code, (_MARGIN, _MARGIN))
        return saved(distorted(sheet, self.kind, self.amount, Random(self.name)))


def cases() -> Iterator[Case]:
    for version in SIZES:
        for module in MODULES:
            for sample in range(SAMPLES):
                for kind, amount in DISTORTIONS:
                    yield Case(version, module, sample, kind, amount)


def distorted(picture: Image.Image, kind: str, amount: float, chance: Random) -> Image.Image:
    match kind:
        case "blur":
            return picture.filter(ImageFilter.GaussianBlur(amount))
        case "turn":
            return picture.rotate(amount, Image.Resampling.BILINEAR, expand=True, fillcolor=255)
        case "jpeg":
            return Image.open(io.BytesIO(saved(picture, "JPEG", quality=round(amount)))).convert("L")
        case "perspective":
            return _tilted(picture, amount)
        case "noise":
            return _noisy(picture, amount, chance)
        case "contrast":
            return picture.point(lambda value: 128 + (value - 128) * amount)
        case "glare":
            return _glaring(picture, amount)
        case "camera":  # a telephone held in a hand before a screen
            for each, much in (
                ("perspective", 0.05 * amount),
                ("turn", 4 * amount),
                ("blur", 0.5 * amount),
                ("contrast", 0.7),
                ("noise", 6 * amount),
                ("jpeg", 75),
            ):
                picture = distorted(picture, each, much, chance)
    return picture


def _tilted(picture: Image.Image, share: float) -> Image.Image:
    """The upper corners pushed inwards, the left ones towards the middle."""
    width, height = picture.size
    push = share * width
    corners = ((0, 0), (width, 0), (width, height), (0, height))
    pushed = ((push, push * 0.4), (width - push, 0), (width, height), (0, height - push * 0.4))
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(
        pushed, corners, strict=True
    ):  # from where in the old picture each point of the new one comes
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    coefficients = _solved(rows)
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR, fillcolor=255
    )


def _solved(rows: list[list[float]]) -> list[float]:
    """Linear equations, by Gauss and Jordan: each row its coefficients and what they add up to."""
    size = len(rows)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for row in range(size):
            if row != column:
                factor = rows[row][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [row[-1] for row in rows]


def _noisy(picture: Image.Image, sigma: float, chance: Random) -> Image.Image:
    grain = Image.frombytes("L", picture.size, chance.randbytes(picture.width * picture.height))
    table = [min(255, max(0, round(128 + sigma * value))) for value in _NORMAL]
    return ImageChops.add(picture, grain.point(table), offset=-128)


def _glaring(picture: Image.Image, share: float) -> Image.Image:
    """A lamp mirrored in the glass, right of the middle."""
    width, height = picture.size
    spread = 2.5  # of what a bell curve spans, to where it has faded
    table = [round(255 * share * math.exp(-((spread * value / 255) ** 2))) for value in range(256)]
    spot = Image.radial_gradient("L").point(table).resize((round(0.7 * spread * width), round(0.7 * spread * height)))
    light = Image.new("L", picture.size, 0)
    light.paste(spot, (round(0.6 * width - spot.width / 2), round(0.4 * height - spot.height / 2)))
    return ImageChops.add(picture, light)
