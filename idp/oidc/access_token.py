"""The two forms of an access token: a secret that says nothing, or a JWT that says what it is good for. Either is known by its hash.

Spec: RFC 9068 §2, §3, §6 (privacy: no facts about the person); RFC 8707 §2; RFC 6750 §2.1

Our own resources look every token up, so that a revoked one is refused at once whatever it says. Others may verify a JWT by
our keys and live with its few minutes, or ask the introspection endpoint.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from certs.encoding import json_decode
from certs.errors import CertsError
from certs.jose import parse
from idp.login.standing import Holder
from idp.model import Client
from idp.oidc.claims import subject
from idp.oidc.clients.token_metadata import JWT, OPAQUE
from idp.oidc.context import Context
from idp.oidc.secrets import token_hash
from idp.oidc.token_forms import signed

TYP = "at+jwt"  # RFC 9068 §2.1


def made(
    client: Client,
    *,
    sub: str,
    scopes: Iterable[str],
    audience: tuple[str, ...] | None,
    more: Mapping[str, Any],
    context: Context,
    now: int,
    expires: int,
) -> str:
    """A new one, in the form that its client registered. `more`: of the log-in behind it (RFC 9068 §2.2.1)."""
    secret = context.new_secret()
    if client.metadata.get("access_token_format", OPAQUE) != JWT:
        return secret
    scope = " ".join(scopes)
    claims = {
        "iss": context.issuer,
        "sub": sub,
        "aud": aud(audience, context),
        "client_id": client.client_id,
        "exp": expires,
        "iat": now,
        "jti": secret,
        **({"scope": scope} if scope else {}),
        **more,
    }
    return signed(claims, context.signers, alg=client.id_token_signed_response_alg, typ=TYP)


def sub(client: Client, who: Holder, context: Context) -> str:
    """Whoever the token is brought to can read it: never the personal number, but the name that this client's site has for
    the person. The introspection endpoint tells a resource server the one that it has itself (RFC 9068 §6)."""
    return subject(replace(client, entitled_to_pid=False), who.person, key=context.subject_key)


def aud(audience: tuple[str, ...] | None, context: Context) -> str | list[str]:
    """One resource as a text, several as a list; without any it is for ours (RFC 9068 §3)."""
    several = audience or (context.issuer,)
    return several[0] if len(several) == 1 else list(several)


def counts(value: str, context: Context) -> bool:
    """Not what a removed key signed, though it was we who gave it. That it was, is known by its hash: the key's id is enough."""
    if "." not in value:
        return True
    try:
        context.published().find(parse(value).header)
    except CertsError:
        return False
    return True


def jti(value: str) -> str:
    """What names a token that was found, and opens nothing: what its JWT says, or a hash of what it is kept by."""
    if "." in value:
        try:
            return str(json_decode(parse(value).payload)["jti"])
        except (CertsError, KeyError, TypeError):
            pass
    return token_hash(token_hash(value))
