"""That a session is over, as the provider tells it to relying parties: the logout token, believed after the checks below.

Spec: OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6; RFC 8725 §3.11 (typ)

1. It is signed by the provider with an algorithm that we take, and is of this type: no ID token passes for it.
2. It comes from the provider that we know, for us, and not long ago.
3. It says that a session is over, and has no nonce.
4. It names a session, a person, or both.
5. It has a name of its own, by which the caller takes it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPE = "logout+jwt"
TYPES = (TYPE, f"application/{TYPE}")
LONGEST = 300  # seconds that a token may be good for
MOST = 8 * 1024  # characters of a token that anybody may send


class LogoutRefused(Exception):
    """`invalid_request` to the provider; the text is for the log."""


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Whose session is over, by its name (`sid`), its person or both; `jti` is the token's own name, to be taken once."""

    sid: str | None
    subject: str | None = field(repr=False)
    jti: str
    issued: int  # by the provider's clock, as in its ID tokens

    def means(self, sid: str | None, subject: str) -> bool:
        """Is it this session? By its own name where it has one, else everything of the person."""
        if self.subject not in (None, subject):
            return False
        return self.sid == sid if self.sid is not None else self.subject is not None


def read(
    header: Mapping[str, Any], claims: Mapping[str, Any], *, issuer: str, audience: str, leeway: int, now: int
) -> LoggedOut:
    """Of a token whose signature holds (1). Raises LogoutRefused."""
    if str(header.get("typ", "")).lower() not in TYPES:
        raise LogoutRefused("typ")
    if claims.get("iss") != issuer or claims.get("aud") not in (audience, [audience]):  # 2
        raise LogoutRefused("iss or aud")
    issued, expires = claims.get("iat"), claims.get("exp")
    if type(issued) is not int or type(expires) is not int or not issued < expires <= issued + LONGEST:
        raise LogoutRefused("iat or exp")
    if issued > now + leeway or expires <= now - leeway:
        raise LogoutRefused("not good now")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict) or "nonce" in claims:  # 3
        raise LogoutRefused("events or nonce")
    sid, subject, jti = claims.get("sid"), claims.get("sub"), claims.get("jti")
    if not all(value is None or (isinstance(value, str) and value) for value in (sid, subject)):  # 4
        raise LogoutRefused("sid or sub")
    if sid is None and subject is None:
        raise LogoutRefused("neither sid nor sub")
    if not isinstance(jti, str) or not 0 < len(jti) <= 256:  # 5
        raise LogoutRefused("jti")
    return LoggedOut(sid, subject, jti, issued)
