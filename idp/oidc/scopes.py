"""The scopes that exist here. An unknown scope is ignored, not refused (OpenID Connect Core 1.0 §3.1.2.1).

Spec: OpenID Connect Core 1.0 §5.4, §11 (`offline_access`); RFC 6749 §3.3; OpenID4VCI 1.0 §5.1.2 (one for each credential)

A request is either about the person (`openid`) or for documents, never both: each has a consent of its own.
"""

from collections.abc import Iterable

from idp.issuance.configurations import CREDENTIAL_SCOPES

OPENID = "openid"
OFFLINE = "offline_access"
DEVICE = "device"  # to enrol a phone that approves log-ins; it releases no claim
SCOPES = (OPENID, "profile", "email", "phone", "address", "vneid", OFFLINE, DEVICE, *CREDENTIAL_SCOPES)


def split(value: str | None) -> tuple[str, ...]:
    """Space-separated, each once, in the order sent."""
    return tuple(dict.fromkeys(part for part in (value or "").split(" ") if part))


def known(asked: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(scope for scope in asked if scope in SCOPES)


def for_documents(scopes: Iterable[str]) -> bool:
    return not CREDENTIAL_SCOPES.keys().isdisjoint(scopes)
