"""What a document of another framework says once its signature held; and the shape that each framework's anchors have.

Texts are other nations': any script, so that one letter may pass for another there. What is refused is what cannot be seen.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from certs.errors import Malformed, Unavailable
from certs.formats import Trail

SEAL = object()  # known to this folder only; see tests/test_architecture.py
TEXT_LIMIT = 1024
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Framework(StrEnum):
    EU_DCC = "eu_dcc"
    SMART_HEALTH_CARD = "shc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A foreign document that its issuer signed and that is in date. Times are Unix seconds.

    It is what the issuer said, whole and unweighed: whether a vaccination is enough, or a test negative, is for the caller.
    Nothing ties it to whoever shows it (`holder_bound` is never true): compare `full_name` and `birth_date`, which are as its
    issuer writes them, with a document that is. There is no personal identification number in it.

    kinds          `eu_dcc.vaccination`, `eu_dcc.test`, `eu_dcc.recovery`; of a SMART Health Card what follows `#` in its types
    claims         the health certificate (EU DCC), or the FHIR bundle (SMART Health Card), as JSON values
    issuer         country of the signing certificate (ISO 3166-1 alpha-2), or the issuer's URL
    signer         key id: hex (EU DCC), or the thumbprint of its JWK
    expires        None: it names no end
    status_as_of   None: nobody was asked whether it was withdrawn, since the framework or its issuer publishes no list of that
    trust_as_of    when the anchors were obtained, as whoever gave them said; None: nobody said
    """

    framework: Framework
    kinds: tuple[str, ...]
    claims: Mapping[str, Any] = field(repr=False)
    full_name: str | None = field(repr=False)
    birth_date: str | None = field(repr=False)
    issuer: str
    signer: str
    issued: int
    expires: int | None
    status_as_of: int | None
    trust_as_of: int | None
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not SEAL:
            raise TypeError("only a framework's check makes Verified")

    @property
    def holder_bound(self) -> bool:
        return False


class Anchors(Protocol):
    """Whom of one framework we believe."""

    @property
    def framework(self) -> Framework: ...

    @property
    def prefix(self) -> str:
        """What each of its texts begins with."""

    def check(self, text: str, *, now: int, trail: Trail) -> Verified:
        """Raises CertsError."""


def check_age(until: int | None, now: int) -> None:
    """Anchors that are past the end that their giver set say neither yes nor no."""
    if until is not None and now >= until:
        raise Unavailable("status_stale", "anchors are past their end")


def check_texts(value: object) -> None:
    """No text of it, name of a member or value, is overlong or holds what a person cannot see. Bounded by its parser."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _check_text(text: str) -> None:
    if len(text) > TEXT_LIMIT:
        raise Malformed("oversize", f"text longer than {TEXT_LIMIT}")
    if text.isascii() and text.isprintable():
        return
    for character in text:
        if unicodedata.category(character) in _UNSAFE_CATEGORIES:
            raise Malformed("text_unsafe", f"U+{ord(character):04X}")


def seconds(value: object) -> int:
    """A NumericDate (RFC 7519 §2, RFC 8392 §2), which may have a fraction there. Raises Malformed."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1 << 37:
        raise Malformed("malformed", "not a time")
    return int(value)
