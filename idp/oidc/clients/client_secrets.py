"""A client's secret: drawn by us, told once. Kept as a hash where it is only compared, sealed where it is a key.

Spec: OpenID Connect Core 1.0 §10.1, §16.19 (entropy); RFC 7518 §3.2 (a key as long as its hash); RFC 7591 §3.2.1
"""

import hmac
from dataclasses import dataclass, field

from idp.login.sealed import Unreadable
from idp.model import Client
from idp.oidc.context import Context
from idp.oidc.errors import ClientError
from idp.oidc.profiles import BASIC, POST, SECRET_JWT
from idp.oidc.secrets import token_hash

HASHED = (BASIC, POST)
_PURPOSE = "client secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """`told`: to the client, this once; None where it has the one that it had, or none."""

    told: str | None = field(default=None, repr=False)
    hash: str | None = field(default=None, repr=False)
    sealed: str | None = field(default=None, repr=False)


def drawn(method: str, client_id: str, context: Context) -> Secret:
    """A new one, as the method of authentication asks for it."""
    if method in HASHED:
        secret = context.new_secret()
        return Secret(told=secret, hash=token_hash(secret))
    if method == SECRET_JWT and context.sealer is not None:
        secret = context.new_secret() + context.new_secret()  # 512 bits, for the longest hash
        return Secret(told=secret, sealed=context.sealer.seal(secret.encode(), owner=client_id, purpose=_PURPOSE))
    return Secret()


def kept(client: Client, method: str, context: Context) -> Secret:
    """What it had, where that will do for the method that it changes to; otherwise a new one."""
    if method in HASHED and client.secret_hash is not None:
        return Secret(hash=client.secret_hash)
    if method == SECRET_JWT and client.secret_sealed is not None:
        return Secret(sealed=client.secret_sealed)
    return drawn(method, client.client_id, context)


def opened(client: Client, context: Context) -> bytes:
    """The secret that is a key. Raises ClientError."""
    try:
        if context.sealer is not None and client.secret_sealed is not None:
            return context.sealer.open(client.secret_sealed, owner=client.client_id, purpose=_PURPOSE)
    except Unreadable:
        pass
    raise ClientError("client authentication failed", detail="the secret cannot be opened")


def is_own(client: Client, secret: str, context: Context) -> bool:
    if client.secret_hash is not None:
        return hmac.compare_digest(token_hash(secret), client.secret_hash)
    if client.secret_sealed is not None:
        return hmac.compare_digest(secret.encode("utf-8", "surrogatepass"), opened(client, context))
    return False
