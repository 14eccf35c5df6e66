"""The scopes that exist here. An unknown scope is ignored, not refused (OpenID Connect Core 1.0 §3.1.2.1).

Spec: OpenID Connect Core 1.0 §5.4; RFC 6749 §3.3
"""

OPENID = "openid"
SCOPES = (OPENID, "profile", "email", "phone", "address", "vneid")


def split(value: str | None) -> tuple[str, ...]:
    """Space-separated, each once, in the order sent."""
    return tuple(dict.fromkeys(part for part in (value or "").split(" ") if part))


def known(asked: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(scope for scope in asked if scope in SCOPES)
