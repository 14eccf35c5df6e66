"""The ID token: who signed in, when, how strongly, for whom.

Spec: OpenID Connect Core 1.0 §2, §3.1.3.6 (`at_hash`), §12.2 (refreshed); RFC 8176 (`amr`); OpenID Connect Registration 1.0 §2 (algorithm)
"""

import hashlib
from typing import Any

from certs.encoding import b64url_encode
from certs.jose import sign
from idp.login.standing import Holder
from idp.model import Client, Grant
from idp.oidc.claims import of_scopes, subject
from idp.oidc.context import Context

LIFETIME = 600  # seconds; it tells of one event and is read at once

CLAIMS = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "jti")


def id_token(
    grant: Grant, *, client: Client, who: Holder, access_token: str, nonce: str | None, context: Context, now: int
) -> str:
    """`auth_time`, `acr`, `amr` are of the log-in that the grant rests on, also when it is refreshed (§12.2)."""
    event = grant.details
    sub = subject(client, who.person, key=context.subject_key)
    asked = of_scopes(grant.scopes, client=client, holder=who, acr=event["acr"], sub=sub)
    claims: dict[str, Any] = {
        **{name: asked[name] for name in event.get("id_token_claims", ()) if name in asked},  # §5.5: by name
        "iss": context.issuer,
        "sub": sub,
        "aud": client.client_id,
        "exp": now + LIFETIME,
        "iat": now,
        "auth_time": event["auth_time"],
        **({"nonce": nonce} if nonce is not None else {}),
        "acr": event["acr"],
        "amr": list(event["amr"]),
        "sid": event["sid"],
        "at_hash": _left_half(access_token),
        "jti": context.new_secret(),
    }
    return sign(claims, context.signers[client.id_token_signed_response_alg], typ="JWT")


def _left_half(token: str) -> str:
    """For ES256 and RS256 alike: both hash with SHA-256."""
    return b64url_encode(hashlib.sha256(token.encode("ascii")).digest()[:16])
