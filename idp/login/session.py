"""Signed-in browsers: a new random id at every log-in, only its hash kept, an absolute end.

Spec: NIST SP 800-63B-4 §5.1, §2.2.3 (24 hours at most); OpenID Connect Back-Channel Logout 1.0 §2.1 (`sid`)
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from idp.login.acr import Factor, acr, amr, authentication_level
from idp.login.standing import Holder, holder
from idp.model import Event, Session
from idp.ports import Ports

ABSOLUTE_SECONDS = 24 * 3600
_SECRET_LENGTH = 43  # 256 bits, base64url


@dataclass(frozen=True, slots=True)
class SignedIn:
    session: Session
    holder: Holder


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
) -> tuple[str, Session]:
    """The cookie's value and the session. The browser's former session ends: its id never survives a log-in."""
    if replaces is not None:
        end(ports, replaces, now=now, reason="replaced")
    cookie = new_secret()
    session = Session(
        session_hash=hashed(cookie),
        account_id=account_id,
        sid=new_secret()[:22],  # 132 bits: it only has to be told apart, it opens nothing
        authenticated_at=now,
        acr=acr(authentication_level(factors)),
        amr=amr(factors),
        expires=now + ABSOLUTE_SECONDS,
    )
    ports.sessions.add(session)
    ports.journal.append(Event(now, "signed_in", account_id, details={"acr": session.acr, "amr": list(session.amr)}))
    return cookie, session


def current(ports: Ports, cookie: str | None, *, now: int) -> SignedIn | None:
    """Who is signed in with this cookie; nobody when it is malformed, ended, too old, or the account is locked."""
    if cookie is None or len(cookie) != _SECRET_LENGTH:
        return None
    session = ports.sessions.find(hashed(cookie), now=now)
    who = holder(ports, session.account_id, now=now) if session else None
    return SignedIn(session, who) if session and who else None


def end(ports: Ports, cookie: str, *, now: int, reason: str) -> bool:
    session = ports.sessions.find(hashed(cookie), now=now) if len(cookie) == _SECRET_LENGTH else None
    if session is None or not ports.sessions.end(session.session_hash):
        return False
    ports.journal.append(Event(now, "signed_out", session.account_id, details={"reason": reason}))
    return True
