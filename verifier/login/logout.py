"""Where a browser signs its person out at the provider.

Spec: OpenID Connect RP-Initiated Logout 1.0 §2
"""

from urllib.parse import urlencode


def address(end_session: str, *, client_id: str, id_token: str, after: str) -> str:
    """It comes back to `after`."""
    sent = {"id_token_hint": id_token, "client_id": client_id, "post_logout_redirect_uri": after}
    return f"{end_session}{'&' if '?' in end_session else '?'}{urlencode(sent)}"
