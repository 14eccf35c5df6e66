"""Copies of a document, signed and recorded: what the credential endpoint and the deferred one do alike, inside a transaction.

Spec: OpenID for Verifiable Credential Issuance 1.0 §8.3, §15.4.1 (copies that cannot be linked)
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from certs.errors import CertsError
from certs.keys import PublicKey
from idp.issuance import notification, signing, status, wallets
from idp.issuance.configurations import Configuration
from idp.issuance.credential_request import DENIED, Refused, denied
from idp.issuance.entitlement import as_of, refusal
from idp.issuance.offer import choose
from idp.issuance.signers import Signers, SigningUnavailable
from idp.issuance.signing import Terms
from idp.login.standing import Holder, holder, today
from idp.model import Document, Event, Grant, IssuedCredential, Token
from idp.oidc.errors import BearerError
from idp.ports import Ports


def entitled(ports: Ports, grant: Grant, configuration: Configuration, now: int) -> Document:
    """By the registers as they are now, not as they were when it was asked for, and as they stay until we are done. Raises
    Refused."""
    kind = configuration.document
    who = holder(ports, grant.account_id, now=now, hold=True)
    document = _document(ports, grant, who, kind.name)
    refused = refusal(who=who, document=document, kind=kind, now=now)
    if refused is not None or document is None or who is None:
        raise denied(refused.code if refused else "no_document")
    told = {field.name for field in configuration.fields}
    record = as_of(document, kind, who.person, day=today(now), fields=told)
    if not configuration.fits(record):
        raise denied("nothing_in_it")
    return replace(document, record=record)


def _document(ports: Ports, grant: Grant, who: Holder | None, kind: str) -> Document | None:
    """The one that was offered; where the wallet asked by itself, the person's document of that type that is valid now."""
    if "document_id" in grant.details:
        return ports.documents.hold(str(grant.details["document_id"]))
    held = ports.documents.of_person(who.person.person_id) if who else ()
    chosen = choose(held, kind)
    return ports.documents.hold(chosen.document_id) if chosen else None


def check_open(ports: Ports, token: Token, *, now: int) -> None:
    """Asked again once the person is held, for whom we may have waited: they may have locked this very wallet. Raises BearerError."""
    if ports.grants.live(token.token_hash, "access", now=now) is None:
        raise BearerError("invalid_token", "the access token is unknown, expired or revoked", detail="ended meanwhile")


def give(
    ports: Ports,
    grant: Grant,
    configuration: Configuration,
    document: Document,
    keys: Sequence[PublicKey],
    *,
    issuer: str,
    signers: Signers,
    now: int,
) -> dict[str, Any]:
    """The body of the answer: for each key an index allocated, a copy signed and the issue recorded, with the intent journaled
    first. Raises Refused; SigningUnavailable when the key is away."""
    try:
        ids, copies = _sign(ports, grant, configuration, document, keys, issuer, signers, now)
    except OSError as error:  # the key's module or its host is away
        raise SigningUnavailable(type(error).__name__) from error
    except (
        ValueError,
        CertsError,
    ):  # the register's record does not fit the catalogue; the indexes stay unused for good
        raise denied("record_unfit") from None
    return {
        "credentials": [{"credential": copy} for copy in copies],
        "notification_id": notification.open_for(ports, grant, document.document_id, ids),
    }


def _sign(
    ports: Ports,
    grant: Grant,
    configuration: Configuration,
    document: Document,
    keys: Sequence[PublicKey],
    issuer: str,
    signers: Signers,
    now: int,
) -> tuple[list[str], list[str]]:
    authority = configuration.document.issuer_on(today(now))
    if authority is None:
        raise Refused(DENIED, "Nobody issues this today.", "no_authority")
    ids = [secrets.token_hex(16) for _ in keys]
    what = {"credential_ids": ids, "document_id": document.document_id, "view": configuration.id, "copies": len(ids)}
    ports.journal.append(Event(now, "credential_intended", grant.account_id, grant.client_id, what))
    copies = signing.terms(configuration, document, authority=authority, by=signers.of(authority), now=now)
    signed = [
        _copy(ports, grant, copies, credential_id, document.document_id, key, issuer, now)
        for credential_id, key in zip(ids, keys, strict=True)
    ]
    basis = "offer" if "document_id" in grant.details else "consent"
    told = {**what, "issuer": authority, "claims": copies.claims, "basis": basis}
    ports.journal.append(Event(now, "credential_issued", grant.account_id, grant.client_id, told))
    return ids, signed


def _copy(
    ports: Ports,
    grant: Grant,
    copies: Terms,
    credential_id: str,
    document_id: str,
    key: PublicKey,
    issuer: str,
    now: int,
) -> str:
    configuration = copies.configuration
    number, index = status.allocate(ports.statuses, configuration.document.code)
    signed = signing.sign(copies, holder=key, status=(status.uri(issuer, number), index))
    held_by = (document_id, configuration.id.partition(".")[2], key.thumbprint())
    wallet, device = wallets.of(grant)
    ports.documents.record_issue(
        IssuedCredential(credential_id, *held_by, number, index, now, copies.expires, grant.client_id, wallet, device)
    )
    return signed
