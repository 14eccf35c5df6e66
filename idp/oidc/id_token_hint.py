"""An ID token of ours that comes back as a hint of who is meant. It may have expired; it may not be another's.

Spec: OpenID Connect Core 1.0 §3.1.2.1 (`id_token_hint`), §2
"""

from collections.abc import Mapping
from typing import Any

from certs.encoding import json_decode
from certs.errors import CertsError
from certs.jose import verify
from idp.model import Client
from idp.oidc.context import Context
from idp.oidc.errors import AuthorizationError

MAX_HINT = 8 * 1024  # characters; our ID tokens have one


def subject(hint: str, client: Client, context: Context) -> str:
    """The subject as this client knows it. Raises AuthorizationError."""
    claims = read(hint, context)
    if claims is None or claims.get("aud") != client.client_id:
        raise _refused()
    return str(claims["sub"])


def read(hint: str, context: Context) -> Mapping[str, Any] | None:
    """The claims of an ID token that we gave to anybody; None when it is something else."""
    try:
        claims = json_decode(verify(hint[: MAX_HINT + 1], context.published(), typ="JWT").payload)
    except CertsError:
        return None
    # A signed answer of userinfo has the same type, and no end: it is no hint.
    return claims if isinstance(claims, dict) and claims.get("iss") == context.issuer and "exp" in claims else None


def _refused() -> AuthorizationError:
    return AuthorizationError("invalid_request", "id_token_hint is no ID token that we gave to this client")
