"""What a client may register about logging out: where people go afterwards, and where it wants to hear of it.

Spec: OpenID Connect RP-Initiated Logout 1.0 §3.1; Back-Channel Logout 1.0 §2.2; Front-Channel Logout 1.0 §2
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from idp.oidc.logout import BACK, FRONT, POST_LOGOUT, SESSION_REQUIRED

SCHEMA: Mapping[str, tuple[type, bool]] = {
    POST_LOGOUT: (list, False),
    BACK: (str, False),
    "backchannel_logout_session_required": (bool, False),
    FRONT: (str, False),
    SESSION_REQUIRED: (bool, False),
}
KEPT = tuple(SCHEMA)
MAX_URIS = 20


def problem(metadata: Mapping[str, Any], *, check: Callable[..., None], simulation: bool) -> str | None:
    """`check` raises for an address that has no one meaning (the registration's own); the text is why it is not enough.

    1. `post_logout_redirect_uris`: as strict as redirect URIs, and of the same kinds
    2. where we send to ourselves: https at the usual port, http to this machine in a simulation (`certs.fetch` holds to it)
    3. what is shown in a frame is of a site that a redirect URI is of (Front-Channel Logout §2)
    """
    after, kind = metadata.get(POST_LOGOUT, []), metadata.get("application_type", "web")
    if len(after) > MAX_URIS or any(type(uri) is not str for uri in after):
        return f"{POST_LOGOUT} holds at most 20 addresses"
    for uri in after:  # 1
        check(uri, application_type=kind, simulation=simulation)
    for name in (BACK, FRONT):
        if name in metadata:
            check(metadata[name], application_type="web", simulation=simulation)
    if BACK in metadata and urlsplit(metadata[BACK]).port not in (None, 443) and not simulation:  # 2
        return f"{BACK} is at a port that we do not call"
    sites = {_site(uri) for uri in metadata["redirect_uris"]}
    if FRONT in metadata and _site(metadata[FRONT]) not in sites:  # 3
        return f"{FRONT} is not of the site of a redirect URI"
    return None


def _site(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.scheme, parts.netloc
