"""Receive documents: begin with an offer or what the issuer granted, prove keys, complete; nothing is kept that was not
verified, by `wallet.checks`. What the issuer cannot give yet is kept as a promise, in `wallet.waiting`.

Spec: OpenID4VCI 1.0 §3.4 (authorization code flow), §3.5 (pre-authorised code flow), §8, §11, Appendix F.1.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from certs.catalogue import CATALOGUE
from certs.trust import TrustStore
from wallet import credential
from wallet import issuer as issuers
from wallet.checks import Received, check_all
from wallet.credential import Arrived, Happened, tell
from wallet.errors import WalletError
from wallet.formats import FORMATS, glance
from wallet.issuer import Access, Issuer, Place
from wallet.keys import BrowserKey, from_browser
from wallet.model import Copy, Document, Person, ToProve
from wallet.offer import Offer
from wallet.ports import Web
from wallet.waiting import Part, Waiting

RECEIPT_SECONDS = 300  # from begin to complete: a browser needs seconds, a slow phone a minute
COPIES = 4  # of each view and of the whole: one each for those who shall not learn that they saw the same person


@dataclass(frozen=True, slots=True)
class Receipt:
    """The state between begin and complete. It holds an access token: kept sealed, used once."""

    audience: str  # the credential issuer, which the proofs must name
    place: Place
    access: Access = field(repr=False)
    to_prove: tuple[ToProve, ...]
    expires: int
    renewal: str | None = field(default=None, repr=False)  # a refresh token, kept with the document

    @property
    def proofs(self) -> tuple[ToProve, ...]:
        """One for each proof that is wanted."""
        return tuple(each for each in self.to_prove for _ in range(each.copies))


@dataclass(frozen=True, slots=True)
class Completed:
    """What is to be kept: documents, and promises of documents."""

    documents: tuple[Document, ...]
    waiting: tuple[Waiting, ...] = ()


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
            min(COPIES, issuer.batch),
        )
        for each in issuer.configurations
    )
    return Receipt(issuer.id, issuer.place, access, to_prove, now + RECEIPT_SECONDS, access.renewal)


def complete(
    receipt: Receipt,
    proofs: Mapping[str, Sequence[str]],
    *,
    person: Person | None,
    trust: TrustStore,
    web: Web,
    now: int,
) -> Completed:
    """Fetch, verify, and return the documents, one for each type. `proofs` has those of each configuration. `person` is None
    only where nobody has signed in: then the credentials must at least agree with one another. A document of which a part
    is only promised waits as a whole."""
    keys = _proven(receipt, proofs, now=now)  # all of them before the first request: a bad proof costs no credential
    parts: list[Part] = []
    try:
        for each in receipt.to_prove:
            part = _fetch(receipt, each, keys[each.configuration], web=web, now=now)
            parts.extend([part] if part else [])
        if not parts:
            raise WalletError("issuer_denied", "nothing of all that was asked for")
        received = check_all(
            [(each.wanted, each.thumbprints, each.credentials) for each in parts], person=person, trust=trust, now=now
        )
    except WalletError:
        tell_of(receipt, parts, Happened.FAILED, web=web, now=now)
        raise
    return _sorted(receipt, parts, received, person, now=now)


def tell_of(receipt: Receipt, parts: Sequence[Part], what: Happened, *, web: Web, now: int) -> None:
    """What became of what these answers gave (§11). A batch of which one part failed has failed."""
    names = [each.notification for each in parts if each.notification is not None]
    tell(receipt.place, receipt.access, names, what, web=web, now=now)


def _sorted(
    receipt: Receipt, parts: Sequence[Part], received: Sequence[Received], person: Person | None, *, now: int
) -> Completed:
    types = tuple(dict.fromkeys(each.wanted.type for each in parts))
    # A refresh token is used once and replaced: two documents cannot share one.
    renewal = receipt.renewal if len(types) == 1 else None
    documents: list[Document] = []
    waiting: list[Waiting] = []
    for type_ in types:
        of_type = tuple(each for each in parts if each.wanted.type == type_)
        if any(each.transaction is not None for each in of_type):
            access = replace(receipt.access, renewal=renewal)
            again_at, pid = now + max(each.interval for each in of_type), person.pid if person else None
            waiting.append(Waiting(new_id(), type_, receipt.audience, now, again_at, of_type, access, pid))
        else:
            documents.append(document_of(type_, receipt.audience, of_type, received, renewal, now=now))
    return Completed(tuple(documents), tuple(waiting))


def document_of(
    type_: str, issuer: str, parts: Sequence[Part], received: Sequence[Received], renewal: str | None, *, now: int
) -> Document:
    names = tuple(each.notification for each in parts if each.notification is not None)
    return Document(new_id(), type_, issuer, now, _copies_of(type_, received), renewal, names)


def _fetch(receipt: Receipt, wanted: ToProve, keys: Sequence[BrowserKey], *, web: Web, now: int) -> Part | None:
    """Nothing where the issuer says that it cannot issue this: a view may need what this person's document does not have, such
    as a portrait, and the others are as good without it."""
    name, proofs = wanted.configuration, [key.proven for key in keys]
    thumbprints = tuple(key.public.thumbprint() for key in keys)
    try:
        answer = credential.request(receipt.place, receipt.access, name, wanted.format, proofs, web=web, now=now)
    except WalletError as error:
        if error.code == "issuer_denied":
            return None
        raise
    if isinstance(answer, Arrived):
        return Part(wanted, thumbprints, answer.credentials, notification=answer.notification)
    return Part(wanted, thumbprints, transaction=answer.transaction, interval=answer.interval)


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


def _copies_of(type_: str, kept: Sequence[Received]) -> tuple[Copy, ...]:
    """In the order of the formats and, for the QR, of the catalogue, whose first view is the default."""
    formats, views = list(FORMATS), [view.name for view in CATALOGUE[type_].views]
    mine = [_copy(each) for each in kept if each.verified.document == type_]
    return tuple(
        sorted(mine, key=lambda copy: (formats.index(copy.format), views.index(copy.view) if copy.view else 0))
    )


def _copy(each: Received) -> Copy:
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


def new_id() -> str:
    return secrets.token_urlsafe(16)
