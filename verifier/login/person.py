"""Who signed in, how they proved it, and what we may ask for in their name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from certs.keys import MemorySigner


@dataclass(frozen=True, slots=True)
class Tokens:
    """What we were given; worth nothing to others where it is bound to `key` (RFC 9449)."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires: int | None = None
    key: MemorySigner | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who signed in: their subject, how they proved it, and the claims that they agreed to share."""

    subject: str
    acr: str | None
    amr: tuple[str, ...]
    auth_time: int | None
    claims: Mapping[str, Any] = field(repr=False)
    sid: str | None = None  # the session, as the provider names it to us
    id_token: str = field(default="", repr=False)  # the hint with which they sign out there
    tokens: Tokens | None = field(default=None, repr=False)
