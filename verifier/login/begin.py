"""The request that a person's browser is sent to the provider with, and what we keep for that browser until it comes back.

Spec: OpenID Connect Core 1.0 §3.1.2.1; RFC 7636 (S256); RFC 9126 (pushed); RFC 9101 §4 (signed); RFC 9449 §10 (`dpop_jkt`)
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from certs import jose
from certs.encoding import json_encode
from certs.keys import MemorySigner, Signer
from verifier.login.client import BANK, Client
from verifier.login.exchange import Exchange
from verifier.login.provider import DPOP, Provider
from verifier.login.step_up import Need

PENDING_FOR = 600  # seconds that a person may take at the provider
OBJECT_FOR = 60  # seconds that a signed request is good for
OBJECT = "oauth-authz-req+jwt"


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in under way in one browser; it is used once, and only there."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    started: int
    anew: bool = field(default=False, repr=False)  # the person had to authenticate for this very sign-in
    need: Need = field(default=Need(), repr=False)
    key: MemorySigner | None = field(default=None, repr=False)  # what the tokens will be bound to


def draw(client: Client, *, need: Need | None, anew: bool, now: int) -> Pending:
    state, nonce, code_verifier = (secrets.token_urlsafe(size) for size in (32, 32, 48))
    key = MemorySigner.generate(DPOP) if client.profile == BANK else None
    return Pending(state, nonce, code_verifier, now, anew, need or Need(), key)


def parameters(pending: Pending, exchange: Exchange, wishes: Mapping[str, str | None]) -> dict[str, str]:
    """Of the authorization request. A level that is needed is demanded, not wished for: nobody comes back with less."""
    levels, within = pending.need.levels, pending.need.within
    claims = json_encode({"id_token": {"acr": {"essential": True, "values": list(levels)}}}).decode()
    more = {
        **wishes,
        "claims": claims if levels else None,
        "max_age": None if within is None else str(within),
        "dpop_jkt": pending.key.public.thumbprint() if pending.key else None,
    }
    query = exchange.address(
        state=pending.state,
        nonce=pending.nonce,
        code_verifier=pending.code_verifier,
        **{name: value for name, value in more.items() if value},
    )
    return dict(parse_qsl(query.removeprefix("?")))


def way(asked: Mapping[str, str], client: Client, provider: Provider, exchange: Exchange, *, now: int) -> str:
    """Where the browser goes: with a signed request where one is wanted, pushed wherever the provider takes that."""
    if client.key is not None and (provider.must_sign or client.signs_requests):
        asked = _signed(asked, client, client.key, provider, now=now)
    if provider.pushed is not None:
        # Never another way: who keeps the provider busy would have what we ask for sent in the clear, open to be changed.
        name = exchange.push(provider, asked, now=now)
        asked = {"client_id": client.client_id, "request_uri": name}  # RFC 9126 §4
    return f"{provider.authorization}{'&' if '?' in provider.authorization else '?'}{urlencode(asked)}"


def _signed(asked: Mapping[str, str], client: Client, key: Signer, provider: Provider, *, now: int) -> dict[str, str]:
    ours = {"iss": client.client_id, "aud": provider.issuer, "iat": now, "nbf": now, "exp": now + OBJECT_FOR}
    claims = {**asked, **ours, "jti": secrets.token_urlsafe(16)}
    return {"client_id": client.client_id, "request": jose.sign(claims, key, typ=OBJECT)}
