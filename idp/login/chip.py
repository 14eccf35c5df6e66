"""The chip of an identity card as a factor: what a reader would have to prove. A port alone; nothing implements it yet.

Level 4 of Decree 69/2024/NĐ-CP Art. 20 asks for what one is, has and knows together: the face, the card's chip read by the
telephone, the passcode. The chip says who its holder is in data groups that its issuer signed, and proves by a key that
never leaves it that it is the chip itself and no copy.
Spec: ICAO Doc 9303-10 (data groups), 9303-11 §5 passive, §6 active and chip authentication; ISO/IEC 18013-5 (licences on mdoc)
"""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ChipProof:
    """What the telephone sends of a chip, raw: nothing of it is believed before it is verified."""

    security_object: bytes = field(repr=False)  # SOD: the issuer's signature over the hashes of the data groups
    data_groups: dict[int, bytes] = field(repr=False)  # DG1 name and number, DG2 portrait, DG14 or DG15 the chip's key
    answer: bytes = field(repr=False)  # the chip's own signature or key agreement over our challenge


@dataclass(frozen=True, slots=True)
class ChipHolder:
    """Whom a genuine chip names."""

    pid: str = field(repr=False)
    document_number: str = field(repr=False)
    portrait: bytes = field(repr=False)  # the reference for a comparison of faces
    valid_until: str  # YYYY-MM-DD


class NotGenuine(Exception):
    """`code`: malformed, hash_mismatch, signature_invalid, untrusted, cloned, expired."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ChipReader(Protocol):
    def verify(self, proof: ChipProof, *, challenge: bytes, now: int) -> ChipHolder:
        """The issuer's signature under a trusted root first, then each group's hash, then the chip's answer to this very
        challenge, which is used once. Raises NotGenuine."""
