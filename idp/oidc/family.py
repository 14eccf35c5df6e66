"""The tokens of one family: how long they live, how they begin, how they are answered.

Spec: RFC 6749 §5.1, §6; OpenID Connect Core 1.0 §11, §12.2; RFC 9700 §4.14; OpenID4VCI 1.0 §6.2, §13.10 (short access tokens)

    purpose     access token          with `offline_access`
    openid      10 minutes, bank 5    refreshed for 90 days after the consent, bank 30, however often it is used
    issuance     5 minutes            the same; longer ones would have to be bound to their sender

By the client's profile: `profiles.Lifetimes`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from idp.login.standing import Holder
from idp.model import Client, Grant, Token
from idp.oidc import access_token, dpop
from idp.oidc.context import Context
from idp.oidc.id_token import id_token
from idp.oidc.profiles import PROFILES, PUBLIC
from idp.oidc.request import Response, json_response
from idp.oidc.scopes import OFFLINE, OPENID, for_documents, known
from idp.oidc.secrets import token_hash

OPENID_PURPOSE, ISSUANCE_PURPOSE = "openid", "issuance"


def purpose_of(scopes: Iterable[str]) -> str:
    return ISSUANCE_PURPOSE if for_documents(scopes) else OPENID_PURPOSE


def access_lifetime(client: Client, purpose: str) -> int:
    row = PROFILES[client.profile].lifetimes
    return row.issuance_token if purpose == ISSUANCE_PURPOSE else row.access_token


def lifetime(client: Client, scopes: tuple[str, ...]) -> int:
    """Of the whole family. Absolute: after it the person is asked again."""
    if OFFLINE in scopes:
        return PROFILES[client.profile].lifetimes.offline
    return access_lifetime(client, purpose_of(scopes))


@dataclass(frozen=True, slots=True)
class Generation:
    """What one exchange gives: the two secrets, and the rows by which they are known."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    scopes: tuple[str, ...]
    expires_in: int
    rows: tuple[Token, ...]
    jkt: str | None


def generation(
    grant: Grant,
    client: Client,
    who: Holder,
    *,
    scopes: tuple[str, ...],
    audience: tuple[str, ...] | None,
    number: int,
    jkt: str | None,
    context: Context,
    now: int,
    refresh: str | None = None,
) -> Generation:
    """`scopes` and `audience` are those of the access token; a refresh token stands for the whole grant (RFC 6749 §6). `jkt`: the
    key that they are bound to; the refresh token of a client that proves who it is is bound to the client by that (RFC 9449 §5).
    `refresh`: the one that stays."""
    ends = min(now + access_lifetime(client, grant.purpose), grant.expires)
    access = access_token.made(
        client,
        sub=access_token.sub(client, who, context),
        scopes=known(scopes),
        audience=audience,
        more={**{name: grant.details[name] for name in ("acr", "amr", "auth_time")}, **dpop.confirmation(jkt)},
        context=context,
        now=now,
        expires=ends,
    )
    narrowed = None if scopes == grant.scopes else scopes
    rows = [Token(token_hash(access), grant.grant_id, "access", ends, number, narrowed, audience, jkt=jkt)]
    if refresh is None and OFFLINE in grant.scopes:
        refresh = context.new_secret()
        to = jkt if client.token_endpoint_auth_method == PUBLIC else None
        rows.append(Token(token_hash(refresh), grant.grant_id, "refresh", grant.expires, number, jkt=to))
    return Generation(access, refresh, scopes, ends - now, tuple(rows), jkt)


def released(grant: Grant, scopes: tuple[str, ...]) -> dict[str, Any]:
    """For the journal: what the answer tells the client about the person, and on what basis. Names, never values."""
    told = ["acr", "amr", "auth_time", "sub", *grant.details.get("id_token_claims", ())] if OPENID in scopes else []
    return {"scopes": list(scopes), "claims": sorted(told), "basis": "consent"}


def answer(
    given: Generation, grant: Grant, client: Client, who: Holder, *, nonce: str | None, context: Context, now: int
) -> Response:
    content: dict[str, Any] = {
        "access_token": given.access,
        "token_type": dpop.token_type(given.jkt),
        "expires_in": given.expires_in,
        "scope": " ".join(known(given.scopes)),
    }
    if given.refresh is not None:
        content["refresh_token"] = given.refresh
    if OPENID in given.scopes:
        content["id_token"] = id_token(
            grant, client=client, who=who, access_token=given.access, nonce=nonce, context=context, now=now
        )
    return json_response(content)
