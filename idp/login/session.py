"""Signed-in browsers: a new random id at every log-in and every rise of level, only its hash kept; two ends.

Spec: NIST SP 800-63B-4 §2.1.3, §2.2.3, §2.3.3 (ends), §5.1; OpenID Connect Back-Channel Logout 1.0 §2.1 (`sid`)
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from idp.login.acr import Factor, acr, amr, authentication_level, factors_of, level_of
from idp.login.standing import Holder, holder
from idp.model import Ended, Event, Session
from idp.ports import Ports

HOUR = 3600
# Seconds by authentication level: at the latest, and when nothing is heard. The first level may last for 30 days; an
# identity that opens a bank account gets the second one's ends.
ENDS = {1: (24 * HOUR, HOUR), 2: (24 * HOUR, HOUR), 3: (12 * HOUR, HOUR // 4), 4: (12 * HOUR, HOUR // 4)}
TOUCH_SECONDS = 60  # a session is noted as seen no more often: a page costs no write each time
_SECRET_LENGTH = 43  # 256 bits, base64url
MAX_DEVICE, MAX_PLACE = 128, 64


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a log-in comes from, for the person to know it again."""

    device: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    session: Session
    holder: Holder

    @property
    def level(self) -> int:
        return level_of(self.session.acr)


def hashed(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def begin(
    ports: Ports,
    account_id: str,
    *,
    factors: frozenset[Factor],
    replaces: str | None,
    new_secret: Callable[[], str],
    now: int,
    origin: Origin = Origin(),
) -> tuple[str, Session]:
    """The cookie's value and the session. The browser's former session ends: its id never survives a log-in.

    Where it was the same person's, `sid` stays: to the relying parties it is one session, and none is told of an end.
    """
    before = None if replaces is None else _living(ports, replaces, now=now)
    if before is not None and before.account_id != account_id:
        _end(ports, before, now=now, details={"reason": "replaced"})
        before = None
    cookie = new_secret()
    level = authentication_level(factors)
    absolute, idle = ENDS[level]
    session = Session(
        session_hash=hashed(cookie),
        account_id=account_id,
        sid=before.sid if before else _sid(new_secret),
        authenticated_at=now,
        acr=acr(level),
        amr=amr(factors),
        expires=now + absolute,
        idle_until=now + idle,
        seen_at=now,
        device=origin.device[:MAX_DEVICE],
        place=origin.place[:MAX_PLACE],
    )
    if before is not None and ports.sessions.replace(before.session_hash, session):
        ports.journal.append(Event(now, "signed_out", account_id, details={"reason": "replaced"}))
    else:  # none there, or it ended meanwhile: then who was told so must not hear of it again
        session = replace(session, sid=_sid(new_secret))
        ports.sessions.add(session)
    ports.journal.append(Event(now, "signed_in", account_id, details={"acr": session.acr, "amr": list(session.amr)}))
    return cookie, session


def _sid(new_secret: Callable[[], str]) -> str:
    """132 bits: it only has to be told apart, it opens nothing."""
    return new_secret()[:22]


def add_factors(
    ports: Ports, before: Session, factors: frozenset[Factor], *, new_secret: Callable[[], str], now: int
) -> tuple[str, Session] | None:
    """The same session with more proven, under a new id; None when it has ended meanwhile.

    `sid` stays: it is one session to the relying parties. So does `authenticated_at`: the oldest proof is as old as it was,
    and carries no level whose sessions end sooner than that (`is_too_old`).
    """
    cookie, together = new_secret(), factors_of(before.amr) | factors
    reached = authentication_level(together)
    level = max(each for each in ENDS if each <= reached and (each == 1 or not is_too_old(before, each, now=now)))
    absolute, idle = ENDS[level]
    session = replace(
        before,
        session_hash=hashed(cookie),
        acr=acr(level),
        amr=amr(together),
        expires=min(before.expires, before.authenticated_at + absolute),
        idle_until=now + idle,
        seen_at=now,
    )
    if not ports.sessions.replace(before.session_hash, session):
        return None
    details = {"acr": session.acr, "amr": list(session.amr)}
    ports.journal.append(Event(now, "level_raised", before.account_id, details=details))
    return cookie, session


def is_too_old(session: Session, level: int, *, now: int) -> bool:
    """At this level it would be over: nothing raises it there any more, only a new log-in does."""
    absolute, _ = ENDS[level]
    return now - session.authenticated_at >= absolute


def current(ports: Ports, cookie: str | None, *, now: int) -> SignedIn | None:
    """Who is signed in with this cookie; nobody when it is malformed, ended, too old, or the account is locked."""
    if cookie is None or len(cookie) != _SECRET_LENGTH:
        return None
    session = ports.sessions.find(hashed(cookie), now=now)
    who = holder(ports, session.account_id, now=now) if session else None
    return SignedIn(session, who) if session and who else None


def is_due(session: Session, *, now: int) -> bool:
    """Is it time to note that something was heard?"""
    return now - session.seen_at >= TOUCH_SECONDS


def touch(ports: Ports, session: Session, *, now: int) -> None:
    _, idle = ENDS[level_of(session.acr)]
    ports.sessions.touch(session.session_hash, seen_at=now, idle_until=now + idle)


def end(ports: Ports, cookie: str, *, now: int, reason: str, client_id: str | None = None) -> Ended | None:
    """What ended, with those who have to hear of it. `client_id`: the relying party that asked for it."""
    session = _living(ports, cookie, now=now)
    return None if session is None else _end(ports, session, now=now, details={"reason": reason}, client_id=client_id)


def _end(
    ports: Ports, session: Session, *, now: int, details: dict[str, str], client_id: str | None = None
) -> Ended | None:
    ended = ports.sessions.end(session.session_hash)
    if ended is not None:
        ports.journal.append(Event(now, "signed_out", session.account_id, client_id, details))
    return ended


def _living(ports: Ports, cookie: str, *, now: int) -> Session | None:
    return ports.sessions.find(hashed(cookie), now=now) if len(cookie) == _SECRET_LENGTH else None


def end_one(ports: Ports, account_id: str, sid: str, *, now: int) -> bool:
    """One of the account's own, chosen by its person; False when it has ended already, or is nobody's or another's."""
    if not ports.sessions.end_sid(account_id, sid):
        return False
    ports.journal.append(Event(now, "session_ended", account_id, details={"reason": "asked", "sessions": 1}))
    return True


def end_others(ports: Ports, session: Session, *, now: int) -> int:
    """All of the account but this one."""
    ports.authenticators.hold(session.account_id)
    ended = ports.sessions.end_account(session.account_id, but=session.session_hash)
    if ended:
        details = {"reason": "asked", "sessions": ended}
        ports.journal.append(Event(now, "session_ended", session.account_id, details=details))
    return ended
