"""What a person must prove before we let them do something: is it proven already, and if not, what to ask the provider for.

Spec: RFC 9470 §3 to §5; OpenID Connect Core 1.0 §5.5.1.1 (an essential `acr`), §3.1.2.1 (`max_age`); Decree 69/2024/NĐ-CP Art. 20

    need = need_level(person, "LoA2", within=300, now=now)     # None: they may
    url, pending = sign_in.begin(now=now, need=need)           # `complete` takes nobody else, nothing weaker, nothing older
"""

import re
from dataclasses import dataclass

from verifier.login.person import SignedIn

LEVELS = ("LoA1", "LoA2", "LoA3", "LoA4")  # of the event; each holds what is below it
LEEWAY = 30  # seconds by which the provider's clock may differ from ours

_CHALLENGE = re.compile(r'(?:DPoP|Bearer)\s[^\r\n]*?error="insufficient_user_authentication"', re.IGNORECASE)
_PART = re.compile(r'\b(acr_values|max_age)="([^"\\]{1,256})"')


@dataclass(frozen=True, slots=True)
class Need:
    """One of these levels, if any are named; an authentication at most so many seconds old; this person, if one is named."""

    levels: tuple[str, ...] = ()
    within: int | None = None
    subject: str | None = None


def need_level(person: SignedIn | None, level: str, *, within: int | None = None, now: int) -> Need | None:
    """None where the person has proven enough, and recently enough; else what to begin with. Raises ValueError: no such level."""
    need = Need(LEVELS[LEVELS.index(level) :], within, person.subject if person else None)
    if person is None or person.acr not in need.levels or not recent(person.auth_time, within, now=now):
        return need
    return None


def need_of(challenge: str, person: SignedIn) -> Need | None:
    """What a resource asked for that refused our token: its `WWW-Authenticate` header. None where it is no such challenge."""
    if len(challenge) > 2048 or not _CHALLENGE.search(challenge):  # RFC 9470 §3
        return None
    parts = dict(_PART.findall(challenge))
    levels = tuple(level for level in parts.get("acr_values", "").split() if level in LEVELS)
    within = parts.get("max_age", "")
    # An `acr_values` is a wish, best first; what is weaker than each of them would be refused again.
    accepted = LEVELS[min(map(LEVELS.index, levels)) :] if levels else ()
    return Need(accepted, int(within) if within.isdecimal() and within.isascii() else None, person.subject)


def recent(auth_time: int | None, within: int | None, *, now: int) -> bool:
    return within is None or (auth_time is not None and now - auth_time <= within + LEEWAY)
