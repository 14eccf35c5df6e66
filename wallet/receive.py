"""Receive documents: begin with an offer or what the issuer granted, prove keys, complete; nothing is kept that was not
verified.

Spec: OpenID4VCI 1.0 §3.4 (authorization code flow), §3.5 (pre-authorised code flow), §8, Appendix F.1.

Before a credential is kept, each refusal ending the whole receipt:
 1. signature, certificate path, trust list, validity, completeness, by the floor         (credential_refused)
 2. it is bound to a key whose proof was sent for it, and to which no other copy is       (not_my_key)
 3. it is the format, type and view that were offered                                     (not_as_offered)
 4. it is about the person who signed in, as far as it tells about whom it is             (not_about_me)
 5. no two copies have one entry in a status list, by which they could be linked          (not_as_offered)
 6. what two copies of a document both tell is the same                                   (not_as_offered)
"""

import secrets
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from certs.catalogue import CATALOGUE
from certs.errors import CertsError
from certs.formats import Verified
from certs.trust import TrustStore
from wallet import issuer as issuers
from wallet.errors import WalletError
from wallet.formats import FORMATS, QR, glance
from wallet.issuer import Access, Configuration, Issuer
from wallet.keys import BrowserKey, from_browser
from wallet.model import Copy, Document, Person
from wallet.offer import Offer
from wallet.ports import Web

RECEIPT_SECONDS = 300  # from begin to complete: a browser needs seconds, a slow phone a minute
COPIES = 4  # of a whole document: one each for those who shall not learn that they saw the same person


@dataclass(frozen=True, slots=True)
class ToProve:
    """Copies to come: for each of them a key of its own must sign this nonce."""

    configuration: str
    type: str
    view: str
    nonce: str
    format: str = QR
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """The state between begin and complete. It holds an access token: kept sealed, used once."""

    audience: str  # the credential issuer, which the proofs must name
    credential_endpoint: str
    access: Access = field(repr=False)
    to_prove: tuple[ToProve, ...]
    expires: int
    renewal: str | None = field(default=None, repr=False)  # a refresh token, kept with the document

    @property
    def proofs(self) -> tuple[ToProve, ...]:
        """One for each proof that is wanted."""
        return tuple(each for each in self.to_prove for _ in range(each.copies))


def begin(offer: Offer, issuer: Issuer, *, transaction_code: str | None, web: Web, now: int) -> Receipt:
    """Redeem the offer and fetch a nonce for each credential. After this the offer is used up."""
    access = issuers.redeem(offer, issuer, transaction_code=transaction_code, web=web, now=now)
    return prepare(issuer, access, web=web, now=now)


def prepare(issuer: Issuer, access: Access, *, web: Web, now: int) -> Receipt:
    """What has to be proven for the credentials that were granted."""
    to_prove = tuple(
        ToProve(
            each.id,
            each.type.name,
            each.view.name if each.view else "",
            issuers.nonce(issuer, web=web),
            each.format,
            _wanted_copies(each, issuer),
        )
        for each in issuer.configurations
    )
    return Receipt(issuer.id, issuer.credential_endpoint, access, to_prove, now + RECEIPT_SECONDS, access.renewal)


def _wanted_copies(configuration: Configuration, issuer: Issuer) -> int:
    return 1 if configuration.format == QR else min(COPIES, issuer.batch)


def complete(
    receipt: Receipt,
    proofs: Mapping[str, Sequence[str]],
    *,
    person: Person | None,
    trust: TrustStore,
    web: Web,
    now: int,
) -> tuple[Document, ...]:
    """Fetch, verify, and return the documents, one for each type. `proofs` has those of each configuration. `person` is None
    only where nobody has signed in: then the credentials must at least agree with one another."""
    keys = _proven(receipt, proofs, now=now)  # all of them before the first request: a bad proof costs no credential
    kept: list[_Received] = []
    for each in receipt.to_prove:
        raws = _fetch(receipt, each, [key.proven for key in keys[each.configuration]], web=web, now=now)
        mine = {key.public.thumbprint() for key in keys[each.configuration]}
        for raw in raws:
            verified = accept(raw, each, mine, trust=trust, now=now)
            mine.discard(verified.holder_thumbprint or "")
            kept.append(_Received(each, verified, raw))
    if not kept:
        raise WalletError("issuer_denied", "nothing of all that was asked for")
    check_about([each.verified for each in kept], person)
    _check_together(kept)
    types = tuple(dict.fromkeys(each.verified.document for each in kept))
    # A refresh token is used once and replaced: two documents cannot share one.
    renewal = receipt.renewal if len(types) == 1 else None
    return tuple(Document(_new_id(), type_, receipt.audience, now, _copies_of(type_, kept), renewal) for type_ in types)


def _fetch(receipt: Receipt, wanted: ToProve, proofs: Sequence[str], *, web: Web, now: int) -> tuple[bytes, ...]:
    """Nothing where the issuer says that it cannot issue this: a view may need what this person's document does not have, such
    as a portrait, and the others are as good without it."""
    endpoint, name = receipt.credential_endpoint, wanted.configuration
    try:
        return issuers.request(endpoint, receipt.access, name, wanted.format, proofs, web=web, now=now)
    except WalletError as error:
        if error.code == "issuer_denied":
            return ()
        raise


def _proven(receipt: Receipt, proofs: Mapping[str, Sequence[str]], *, now: int) -> Mapping[str, tuple[BrowserKey, ...]]:
    if {name: len(sent) for name, sent in proofs.items()} != {
        each.configuration: each.copies for each in receipt.to_prove
    }:
        raise WalletError("proof_invalid", "not the proofs that were asked for")
    keys = {
        each.configuration: tuple(
            from_browser(proof, audience=receipt.audience, nonce=each.nonce, now=now)
            for proof in proofs[each.configuration]
        )
        for each in receipt.to_prove
    }
    prints = [key.public.thumbprint() for some in keys.values() for key in some]
    if len(set(prints)) != len(prints):
        raise WalletError("proof_invalid", "one key for two credentials would make them linkable")
    return keys


@dataclass(frozen=True, slots=True)
class _Received:
    wanted: ToProve
    verified: Verified
    raw: bytes


def accept(raw: bytes, wanted: ToProve, thumbprints: Iterable[str], *, trust: TrustStore, now: int) -> Verified:
    """Checks 1 to 3 of the module's list; `thumbprints` are of the keys that are still without a copy."""
    try:
        verified = FORMATS[wanted.format].verify(raw, trust=trust, now=now)  # 1
    except CertsError as error:
        raise WalletError("credential_refused", f"{wanted.configuration}: {error}") from error
    if verified.holder_thumbprint not in set(thumbprints):  # 2
        raise WalletError("not_my_key", wanted.configuration)
    if verified.document != wanted.type or (wanted.view and verified.view != wanted.view):  # 3
        raise WalletError("not_as_offered", f"{verified.document}.{verified.view} for {wanted.configuration}")
    return verified


def _check_together(kept: Sequence[_Received]) -> None:
    """Checks 5 and 6."""
    told: dict[tuple[str, str], object] = {}
    places = [glance(each.wanted.format, each.raw).status for each in kept]
    if len(set(places)) != len(places):
        raise WalletError("not_as_offered", "two copies with one entry in a status list")
    for each in kept:
        for name, value in each.verified.claims.items():
            if told.setdefault((each.verified.document, name), value) != value:
                raise WalletError("not_as_offered", f"copies of {each.verified.document} differ in {name}")


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
    """Earlier documents that the new one replaces: of its type and issuer, about the same thing where a person may have
    several of a kind, and with nothing that the new one lacks."""
    told = distinguished(new)
    has = {(copy.format, copy.view) for copy in new.copies}
    return tuple(
        old
        for old in held
        if (old.type, old.credential_issuer) == (new.type, new.credential_issuer)
        and distinguished(old) == told
        and {(copy.format, copy.view) for copy in old.copies} <= has
    )


def distinguished(document: Document) -> str:
    """What tells it from the person's other documents of its kind, as far as its copies tell; empty for a kind of which there is
    one."""
    name = CATALOGUE[document.type].identified_by
    told = (glance(copy.format, copy.credential).claims.get(name) for copy in document.copies if name)
    return str(next((value for value in told if value is not None), ""))


def _copies_of(type_: str, kept: Sequence[_Received]) -> tuple[Copy, ...]:
    """In the order of the formats and, for the QR, of the catalogue, whose first view is the default."""
    formats, views = list(FORMATS), [view.name for view in CATALOGUE[type_].views]
    mine = [_copy(each) for each in kept if each.verified.document == type_]
    return tuple(
        sorted(mine, key=lambda copy: (formats.index(copy.format), views.index(copy.view) if copy.view else 0))
    )


def _copy(each: _Received) -> Copy:
    verified = each.verified
    return Copy(
        view=each.wanted.view,
        thumbprint=verified.holder_thumbprint or "",
        issued=verified.issued,
        expires=verified.expires,
        issuer=verified.issuer,
        credential=each.raw,
        format=each.wanted.format,
        configuration=each.wanted.configuration,
    )


def _new_id() -> str:
    return secrets.token_urlsafe(16)
