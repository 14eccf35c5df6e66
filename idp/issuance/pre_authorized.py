"""The pre-authorized code grant at the token endpoint: a code and six digits against a short-lived access token.

Steps of `open_grant`, each an effect in this order:

1 the code is known and unused; 2 the transaction code is there and one of the few attempts is reserved, before anything is
compared, so that parallel guesses cannot outnumber them; 3 it matches; 4 the code is taken, and the session that offered it
lives; 5 the grant opens.

Spec: OpenID for Verifiable Credential Issuance 1.0 §6, §13.6, §13.10 (tokens that live longer are bound to a key)
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from certs.catalogue import CATALOGUE
from idp.issuance import deferred
from idp.issuance.holds import waits_for
from idp.issuance.offer import PURPOSE, tx_digest
from idp.login.standing import holder
from idp.model import Client, Event, Grant, Token
from idp.oidc import dpop
from idp.oidc.context import Context
from idp.oidc.family import ISSUANCE_PURPOSE
from idp.oidc.profiles import PROFILES
from idp.oidc.request import Request, Response, json_response
from idp.oidc.secrets import token_hash
from idp.ports import Ports

ATTEMPTS = 5  # wrong transaction codes until the code is void: a guess succeeds with 5 in 1,000,000
TOKEN_LIFETIME = min(each.lifetimes.issuance_token for each in PROFILES.values())  # its client need not be known
ANONYMOUS = "anonymous-wallet"  # the client of grants that anyone may redeem (§6.1: client authentication is optional)


@dataclass(frozen=True, slots=True)
class NotRedeemed:
    """A token error (§6.3): `error` and a description in ASCII. A value, so that what was counted is kept."""

    error: str
    description: str


@dataclass(frozen=True, slots=True)
class Opened:
    token: str = field(repr=False)
    lifetime: int


_UNUSABLE = NotRedeemed("invalid_grant", "The code or the transaction code is wrong, expired or used.")


def redeem(request: Request, client: Client | None, ports: Ports, context: Context, now: int, /) -> Response:
    """The grant's line in the token endpoint's table."""
    form = request.form
    answer = open_grant(
        ports,
        code=form.get("pre-authorized_code"),
        tx_code=form.get("tx_code"),
        client_id=client.client_id if client else ANONYMOUS,
        access_token=context.new_secret(),
        jkt=request.jkt,
        now=now,
    )
    if isinstance(answer, NotRedeemed):
        return json_response({"error": answer.error, "error_description": answer.description}, status=400)
    kind = dpop.token_type(request.jkt)
    return json_response({"access_token": answer.token, "token_type": kind, "expires_in": answer.lifetime})


def open_grant(
    ports: Ports,
    *,
    code: str | None,
    tx_code: str | None,
    client_id: str,
    access_token: str,
    now: int,
    jkt: str | None = None,
) -> Opened | NotRedeemed:
    """The access token, now alive, or the error."""
    if not code:
        return _refused(
            ports, NotRedeemed("invalid_request", "pre-authorized_code is missing."), "code_missing", None, now
        )
    payload = ports.ephemeral.read(PURPOSE, code, now=now)  # (1)
    if payload is None:
        return _refused(ports, _UNUSABLE, _replayed(ports, code, tx_code, now), None, now)
    account_id = str(payload["account_id"])
    if not tx_code:  # (2) §6.3: expected, not given
        return _refused(
            ports, NotRedeemed("invalid_request", "tx_code is missing."), "tx_code_missing", account_id, now
        )
    wrong = _try(ports, code, tx_code, payload, now)  # (2), (3)
    if wrong is not None:
        return _refused(ports, _UNUSABLE, wrong, account_id, now)
    taken = ports.ephemeral.take(PURPOSE, code, now=now)  # (4)
    if taken is None or taken.again or holder(ports, account_id, now=now, hold=True) is None:
        return _refused(ports, _UNUSABLE, "taken_or_locked", account_id, now)
    if not _made_by_living(ports, payload, now):  # with the person held, as by who locks a lost phone
        return _refused(ports, _UNUSABLE, "session_ended", account_id, now)
    lifetime = _lifetime(ports, str(payload["document_id"]), jkt)
    grant = _grant(payload, client_id, now, lifetime)  # (5)
    ports.grants.open(grant, (Token(token_hash(access_token), grant.grant_id, "access", grant.expires, jkt=jkt),))
    ports.journal.append(Event(now, "offer_redeemed", account_id, client_id, {"document_id": payload["document_id"]}))
    return Opened(access_token, lifetime)


def _made_by_living(ports: Ports, payload: Mapping[str, Any], now: int) -> bool:
    """The page that showed code and digits is of a session that still lives; an officer's offer has none."""
    sid, account_id = payload.get("sid"), str(payload["account_id"])
    return sid is None or any(one.sid == sid for one in ports.sessions.of_account(account_id, now=now))


def _lifetime(ports: Ports, document_id: str, jkt: str | None) -> int:
    """A few minutes; where the document cannot be signed yet, and no one else can use the token, until it can (§9, §13.10)."""
    document = ports.documents.get(document_id)
    if jkt is None or document is None or waits_for(ports, CATALOGUE[document.type], document_id) is None:
        return TOKEN_LIFETIME
    return deferred.LIFETIME


def _grant(payload: Mapping[str, Any], client_id: str, now: int, lifetime: int) -> Grant:
    return Grant(
        grant_id=str(payload["grant_id"]),
        account_id=str(payload["account_id"]),
        client_id=client_id,
        scopes=(),
        purpose=ISSUANCE_PURPOSE,
        opened_at=now,
        expires=now + lifetime,
        details={"document_id": payload["document_id"], "configuration_ids": list(payload["configuration_ids"])},
    )


def _try(ports: Ports, code: str, tx_code: str, payload: Mapping[str, Any], now: int) -> str | None:
    """None when the transaction code is right. The last attempt that is wrong makes the code void."""
    expires = int(payload["expires"])
    attempts = (n for n in range(ATTEMPTS) if ports.ephemeral.once("tx_code_attempt", f"{code}:{n}", expires=expires))
    attempt = next(attempts, None)
    if attempt is None:
        return "tx_code_attempts"
    if hmac.compare_digest(tx_digest(code, tx_code), str(payload["tx_digest"])):
        return None
    if attempt == ATTEMPTS - 1:
        ports.ephemeral.take(PURPOSE, code, now=now)
    return "tx_code_wrong"


def _replayed(ports: Ports, code: str, tx_code: str | None, now: int) -> str:
    """A used code shown again with the right digits was copied: what it opened is closed (RFC 6749 §4.1.2, by analogy)."""
    taken = ports.ephemeral.take(PURPOSE, code, now=now)
    if taken is None:
        return "code_unknown"
    if tx_code and hmac.compare_digest(tx_digest(code, tx_code), str(taken.payload["tx_digest"])):
        ports.grants.close_family(str(taken.payload["grant_id"]), now=now)
    return "code_reused"


def _refused(ports: Ports, refusal: NotRedeemed, reason: str, account_id: str | None, now: int) -> NotRedeemed:
    ports.journal.append(Event(now, "token_refused", account_id, ANONYMOUS, {"error": refusal.error, "code": reason}))
    return refusal
