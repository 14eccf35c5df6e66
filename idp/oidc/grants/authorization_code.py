"""Exchange an authorization code, once, for tokens.

Spec: RFC 6749 §4.1.3, §4.1.4; RFC 7636 §4.6; RFC 9449 §10; OpenID Connect Core 1.0 §3.1.3; RFC 9700 §2.1.1, §4.5; RFC 8707 §2.2

 1. the parameters are there and well formed                          invalid_request
 2. the code is taken: from here on it is used up, whatever follows
 3. it was not taken before; if it was, its tokens end                invalid_grant, journal `code_reuse`
 4. it is of this issuer and client, and not too old                  invalid_grant
 5. the redirect URI is the one of the request                        invalid_grant
 6. the verifier fits the challenge, none where none was sent; the
    key is the one that the request named, if it named one           invalid_grant
 7. the resources are among those of the request                      invalid_target
 8. the account still stands, the consent still holds; where it is
    for documents, the session too                                    invalid_grant
"""

from idp.login.standing import Holder, holder
from idp.model import Client, Event, Grant
from idp.oidc import code, dpop, family, pkce, resources
from idp.oidc.claims import covered
from idp.oidc.context import Context
from idp.oidc.errors import ClientError, TokenError
from idp.oidc.request import Request, Response
from idp.oidc.scopes import for_documents
from idp.ports import Ports

GRANT_TYPE = "authorization_code"


def redeem(request: Request, client: Client | None, ports: Ports, context: Context, now: int, /) -> Response:
    if client is None:
        raise ClientError("client authentication is required")  # RFC 6749 §3.2.1
    value, redirect_uri, verifier = _parameters(request)  # (1)
    taken = ports.ephemeral.take(code.PURPOSE, value, now=now)  # (2)
    if taken is None:
        raise TokenError("invalid_grant", "the code is unknown or expired")
    given = code.Code.of(taken.payload)
    if taken.again:  # (3) RFC 6749 §4.1.2
        ports.grants.close_family(given.grant_id, now=now)
        ports.journal.append(Event(now, "code_reuse", given.account_id, given.client_id))
        raise TokenError("invalid_grant", "the code was used before")
    _check(given, client, redirect_uri, verifier, context, now=now)  # (4) (5) (6)
    dpop.check_code(given.dpop_jkt, request)  # (6)
    audience = resources.audience(request.form, given.resources, client, context)  # (7)
    who = still_holds(given, ports, now=now)  # (8)
    return tokens(given, client, who, ports, context, audience=audience, jkt=request.jkt, now=now)


def _parameters(request: Request) -> tuple[str, str | None, str | None]:
    value, verifier = request.form.get("code"), request.form.get("code_verifier")
    if value is None:
        raise TokenError("invalid_request", "code is missing")  # RFC 6749 §4.1.3
    if verifier is not None and not pkce.is_verifier(verifier):
        raise TokenError("invalid_request", "code_verifier is malformed")  # RFC 7636 §4.1
    return value, request.form.get("redirect_uri"), verifier


def _check(
    given: code.Code, client: Client, redirect_uri: str | None, verifier: str | None, context: Context, *, now: int
) -> None:
    if given.client_id != client.client_id or given.issuer != context.issuer:
        raise TokenError("invalid_grant", "the code was given to another client")  # RFC 6749 §4.1.3
    if given.expires <= now:
        raise TokenError("invalid_grant", "the code is unknown or expired", detail="expired code")  # RFC 6749 §4.1.2
    if redirect_uri != given.redirect_uri:
        raise TokenError("invalid_grant", "redirect_uri differs from the request")  # RFC 6749 §4.1.3
    if (verifier is None) != (given.challenge is None):
        raise TokenError("invalid_grant", "code_verifier does not go with the request")  # RFC 9700 §4.8.2
    if given.challenge is not None and not pkce.matches(verifier=verifier or "", challenge=given.challenge):
        raise TokenError("invalid_grant", "code_verifier does not fit")  # RFC 7636 §4.6


def still_holds(given: code.Code, ports: Ports, *, now: int) -> Holder:
    """Who it is about, if the account stands and the consent holds; and, for documents, the session in which the code was
    given: who locks a lost phone ends what is on its way to it, and holds the person as this does. Raises TokenError."""
    documents = for_documents(given.scopes)
    who = holder(ports, given.account_id, now=now, hold=documents)
    if who is None:
        raise TokenError("invalid_grant", "the code is no longer good", detail="the account was locked meanwhile")
    if documents and all(one.sid != given.sid for one in ports.sessions.of_account(given.account_id, now=now)):
        raise TokenError("invalid_grant", "the code is no longer good", detail="the session was ended meanwhile")
    consent = ports.consents.hold(
        given.account_id, given.client_id
    )  # a withdrawal meanwhile finds the grant and ends it
    if consent is None or not covered(given.scopes, consent.scopes):
        raise TokenError("invalid_grant", "the code is no longer good", detail="the consent was withdrawn meanwhile")
    return who


def tokens(
    given: code.Code,
    client: Client,
    who: Holder,
    ports: Ports,
    context: Context,
    *,
    audience: tuple[str, ...] | None,
    jkt: str | None,
    now: int,
) -> Response:
    """The first ones of a family."""
    details = {"acr": given.acr, "amr": list(given.amr), "auth_time": given.auth_time, "sid": given.sid}
    details |= {"id_token_claims": list(given.id_token_claims), "resources": list(given.resources)}
    if for_documents(given.scopes):
        details |= {"browser": given.browser}  # for the person to know again where their documents went
    purpose, ends = family.purpose_of(given.scopes), now + family.lifetime(client, given.scopes)
    grant = Grant(given.grant_id, given.account_id, client.client_id, given.scopes, purpose, now, ends, details)
    begun = family.generation(
        grant, client, who, scopes=given.scopes, audience=audience, number=0, jkt=jkt, context=context, now=now
    )
    ports.grants.open(grant, begun.rows)
    told = family.released(grant, given.scopes)
    ports.journal.append(Event(now, "tokens_given", given.account_id, client.client_id, told))
    return family.answer(begun, grant, client, who, nonce=given.nonce, context=context, now=now)
