"""The face as a factor: a reference from the register, a sample from the citizen's camera, and whether they are one person.

Only the door stands here: who compares is handed in. The reference brings one comparer, which is simulated and says so
(`idp/login/simulated_face.py`). Outside of a simulation there is none, and the factor is not offered.
Spec: Decree 69/2024/NĐ-CP Art. 20 (levels 3 and 4 ask for a biometric); RFC 8176 §2 (`face`); NIST SP 800-63B-4 §3.2.3
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from idp.model import Address, Person
from idp.ports import Ports

PICTURE_BYTES = 4 * 1024 * 1024  # what a phone's camera sends, several times over
PICTURE_PIXELS = 12_000_000
SMALLEST_SIDE = 96  # below this there is no face to speak of
_KINDS = ("PNG", "JPEG", "WEBP")


class NotAPicture(Exception):
    """`code`: oversize, undersize, malformed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Comparison:
    """`score` is how alike the two are, 1 at most. A `replay` is no new picture: it is the reference itself."""

    score: float
    threshold: float
    replay: bool = False

    @property
    def accepted(self) -> bool:
        return not self.replay and self.score >= self.threshold


class FaceComparer(Protocol):
    def compare(self, reference: bytes, sample: bytes) -> Comparison:
        """Raises NotAPicture. Reads pictures of strangers: bounded before they are decoded."""


@dataclass(frozen=True, slots=True)
class Faces:
    """Who compares, and the portrait that the register has of a person: the reference."""

    comparer: FaceComparer
    portrait: Callable[[Person], bytes]

    def check(self, person: Person, sample: bytes) -> Comparison:
        """Raises NotAPicture. Costs as much as some ten hashes of a password: bounded by the caller, like these."""
        return self.comparer.compare(self.portrait(person), sample)


def person_of(ports: Ports, account_id: str) -> Person:
    """Whose portrait is the reference. For an account that does not exist somebody who does not either: the same work."""
    account = ports.accounts.get(account_id)
    person = ports.population.get(account.person_id) if account else None
    nowhere = Address("", "", "")
    return person or Person(account_id, "", "", "1990-01-01", "female", "", nowhere, "")


def read_picture(data: bytes) -> Image.Image:
    """A still PNG, JPEG or WebP in RGB. Raises NotAPicture before it decodes what is too large or of another kind."""
    if len(data) > PICTURE_BYTES:
        raise NotAPicture("oversize")
    try:
        with Image.open(io.BytesIO(data), formats=_KINDS) as picture:
            if picture.width * picture.height > PICTURE_PIXELS:
                raise NotAPicture("oversize")
            if min(picture.size) < SMALLEST_SIDE:
                raise NotAPicture("undersize")
            # A JPEG may bring a depth map as its second frame, which nobody looks at.
            if picture.format != "JPEG" and getattr(picture, "n_frames", 1) != 1:
                raise NotAPicture("malformed")
            return picture.convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotAPicture("oversize") from error
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        raise NotAPicture("malformed") from error
