"""The ID token: who signed in, when, how strongly, for whom.

Spec: OpenID Connect Core 1.0 §2, §3.1.3.6 (`at_hash`), §12.2 (refreshed); RFC 8176 (`amr`); OpenID Connect Registration 1.0 §2 (algorithms)

`aud` is the client alone, as one text: so there is no `azp`, which is for extensions that name somebody else (Core errata 2, §2).
"""

from typing import Any

from idp.login.standing import Holder
from idp.model import Client, Grant
from idp.oidc.claims import of_scopes, subject
from idp.oidc.context import Context
from idp.oidc.token_forms import ID_TOKEN, TYP, encrypted, half_hash, signed

LIFETIME = 600  # seconds; it tells of one event and is read at once

CLAIMS = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "jti")


def id_token(
    grant: Grant, *, client: Client, who: Holder, access_token: str, nonce: str | None, context: Context, now: int
) -> str:
    """`auth_time`, `acr`, `amr` are of the log-in that the grant rests on, also when it is refreshed (§12.2).

    Raises NoEncryptionKey."""
    event, alg = grant.details, client.id_token_signed_response_alg
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
        "at_hash": half_hash(access_token, alg),
        "jti": context.new_secret(),
    }
    return encrypted(signed(claims, context.signers, alg=alg, typ=TYP), client, ID_TOKEN)
