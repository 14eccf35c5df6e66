"""Receive documents: begin with an offer or what the issuer granted, prove keys, complete; nothing is kept that was not
verified.

Spec: OpenID4VCI 1.0 §3.4 (authorization code flow), §3.5 (pre-authorised code flow), §8, Appendix F.1.

Before a credential is kept, each refusal ending the whole receipt:
 1. signature, certificate path, trust list, validity, by the floor                       (credential_refused)
 2. it is bound to the very key whose proof was sent for it                               (not_my_key)
 3. it is the type and view that were offered                                             (not_as_offered)
 4. it is about the person who signed in, as far as the view tells about whom it is       (not_about_me)
"""

import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from certs.catalogue import CATALOGUE
from certs.errors import CertsError
from certs.formats import Verified, cwt
from certs.trust import TrustStore
from wallet import issuer as issuers
from wallet.errors import WalletError
from wallet.issuer import Access, Issuer
from wallet.keys import from_browser
from wallet.model import Copy, Document, Person
from wallet.offer import Offer
from wallet.ports import Web

RECEIPT_SECONDS = 300  # from begin to complete: a browser needs seconds, a slow phone a minute


@dataclass(frozen=True, slots=True)
class ToProve:
    """One credential to come: a key of its own must sign this nonce."""

    configuration: str
    type: str
    view: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The state between begin and complete. It holds an access token: kept sealed, used once."""

    audience: str  # the credential issuer, which the proofs must name
    credential_endpoint: str
    access: Access = field(repr=False)
    to_prove: tuple[ToProve, ...]
    expires: int
    renewal: str | None = field(default=None, repr=False)  # a refresh token, kept with the document


def begin(offer: Offer, issuer: Issuer, *, transaction_code: str | None, web: Web, now: int) -> Receipt:
    """Redeem the offer and fetch a nonce for each credential. After this the offer is used up."""
    return prepare(issuer, issuers.redeem(offer, issuer, transaction_code=transaction_code, web=web), web=web, now=now)


def prepare(issuer: Issuer, access: Access, *, web: Web, now: int) -> Receipt:
    """What has to be proven for the credentials that were granted."""
    to_prove = tuple(
        ToProve(each.id, each.type.name, each.view.name, issuers.nonce(issuer, web=web))
        for each in issuer.configurations
    )
    return Receipt(issuer.id, issuer.credential_endpoint, access, to_prove, now + RECEIPT_SECONDS, access.renewal)


def complete(
    receipt: Receipt, proofs: Mapping[str, str], *, person: Person | None, trust: TrustStore, web: Web, now: int
) -> tuple[Document, ...]:
    """Fetch, verify, and return the documents, one for each type. `person` is None only where nobody has signed in:
    then the credentials must at least agree with one another."""
    if set(proofs) != {each.configuration for each in receipt.to_prove}:
        raise WalletError("proof_invalid", "not one proof for each configuration")
    keys = {  # all of them before the first request, so that a bad proof costs no credential
        each.configuration: from_browser(
            proofs[each.configuration], audience=receipt.audience, nonce=each.nonce, now=now
        )
        for each in receipt.to_prove
    }
    if len({key.public.thumbprint() for key in keys.values()}) != len(keys):
        raise WalletError("proof_invalid", "one key for two credentials would make them linkable")
    verified: list[Verified] = []
    copies: list[Copy] = []
    for each in receipt.to_prove:
        proof = keys[each.configuration].proven
        raw = issuers.request(receipt.credential_endpoint, receipt.access, each.configuration, proof, web=web)
        verified.append(accept(raw, each, keys[each.configuration].public.thumbprint(), trust=trust, now=now))
        copies.append(_copy(verified[-1], raw))
    check_about(verified, person)
    types = tuple(dict.fromkeys(each.document for each in verified))
    # A refresh token is used once and replaced: two documents cannot share one.
    renewal = receipt.renewal if len(types) == 1 else None
    return tuple(
        Document(_new_id(), type_, receipt.audience, now, _copies_of(type_, verified, copies), renewal)
        for type_ in types
    )


def accept(raw: bytes, wanted: ToProve, thumbprint: str, *, trust: TrustStore, now: int) -> Verified:
    """Checks 1 to 3 of the module's list."""
    try:
        verified = cwt.verify_issued(raw, trust=trust, now=now)  # 1
    except CertsError as error:
        raise WalletError("credential_refused", f"{wanted.configuration}: {error}") from error
    if verified.holder_thumbprint != thumbprint:  # 2
        raise WalletError("not_my_key", wanted.configuration)
    if (verified.document, verified.view) != (wanted.type, wanted.view):  # 3
        raise WalletError("not_as_offered", f"{verified.document}.{verified.view} for {wanted.configuration}")
    return verified


def check_about(verified: list[Verified], person: Person | None) -> None:
    """Check 4: number, name and date of birth, each where both sides know it; and the same person in all of them."""
    known: dict[str, str] = {}
    if person is not None:
        told = {"personal_identification_number": person.pid, "full_name": person.name, "birth_date": person.birth_date}
        known = {name: value for name, value in told.items() if value}
    for each in verified:
        for name, agree in _ABOUT.items():
            value = each.claims.get(name)
            if value is not None and not agree(known.setdefault(name, str(value)), str(value)):
                raise WalletError("not_about_me", f"{each.document}.{each.view}: {name}")


def _same(a: str, b: str) -> bool:
    return a == b


def _same_date(a: str, b: str) -> bool:
    """Registers know dates of unequal precision: `2003` does not contradict `2003-05-09`."""
    return a.startswith(b) or b.startswith(a)


def _same_name(a: str, b: str) -> bool:
    """Registers spell one name in several ways (Thuỳ, Thùy), so letters count and marks do not: it tells people apart
    where a view has no number, and is no proof of identity."""
    return _letters(a) == _letters(b)


def _letters(name: str) -> str:
    bare = (each for each in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(each))
    return " ".join("".join(bare).replace("đ", "d").split())


_ABOUT: Mapping[str, Callable[[str, str], bool]] = {
    "personal_identification_number": _same,
    "full_name": _same_name,
    "birth_date": _same_date,
}


def superseded(held: tuple[Document, ...], new: Document) -> tuple[Document, ...]:
    """Earlier documents that the new one replaces: of its type and issuer, with no view that it lacks."""
    views = {copy.view for copy in new.copies}
    return tuple(
        old
        for old in held
        if (old.type, old.credential_issuer) == (new.type, new.credential_issuer)
        and {copy.view for copy in old.copies} <= views
    )


def _copy(verified: Verified, raw: bytes) -> Copy:
    thumbprint = verified.holder_thumbprint or ""
    return Copy(verified.view, thumbprint, verified.issued, verified.expires, verified.issuer, raw)


def _copies_of(type_: str, verified: list[Verified], copies: list[Copy]) -> tuple[Copy, ...]:
    """In the order of the catalogue, whose first view is the default."""
    order = [view.name for view in CATALOGUE[type_].views]
    mine = [copy for each, copy in zip(verified, copies, strict=True) if each.document == type_]
    return tuple(sorted(mine, key=lambda copy: order.index(copy.view)))


def _new_id() -> str:
    return secrets.token_urlsafe(16)
