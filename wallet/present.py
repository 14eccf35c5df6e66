"""Show a document: which view, what it tells and keeps to itself, and what goes out, by a key that signs here.

Spec: `certs/qr.md`; RFC 9901 §4.3 (SD-JWT+KB); ISO/IEC 18013-5 §8.3.2.1.2.2 (DeviceResponse); the words come from `certs/catalogue.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from certs import qr
from certs.catalogue import CATALOGUE, DocumentType, Field, View
from certs.errors import CertsError
from certs.formats import mdoc, sd_jwt
from certs.formats.disclosures import Path
from certs.formats.elements import namespace
from certs.formats.session_transcript import SessionTranscript, redirect
from certs.keys import PublicKey, Signer
from wallet.errors import WalletError
from wallet.formats import MDOC, QR
from wallet.model import Copy, Document
from wallet.ports import HolderSigner

BIRTH_DATE, ADULT = "birth_date", ("age_over_18",)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What a view tells and what it does not, as fields of the catalogue, in its order."""

    view: View
    tells: tuple[Field, ...]
    withholds: tuple[Field, ...]

    @property
    def sensitive(self) -> bool:
        return any(field.sensitive for field in self.tells)


def choose(document: Document, view: str | None = None) -> Copy:
    """The first copy of this view for a QR; without a name, of the default view. Raises WalletError."""
    for copy in for_qr(document):
        if view is None or copy.view == view:
            return copy
    raise WalletError("view_unknown", f"{document.type}.{view}")


def for_qr(document: Document) -> tuple[Copy, ...]:
    """All copies of all views, the default view's first, in the order in which they are used."""
    return tuple(copy for copy in document.copies if copy.format == QR)


def views_of(document: Document) -> tuple[str, ...]:
    """The names of the views that a QR can show, each once, the default first."""
    return tuple(dict.fromkeys(copy.view for copy in for_qr(document)))


def each_once(document: Document) -> tuple[Copy, ...]:
    """One copy of each format and view: the others tell the same."""
    first: dict[tuple[str, str], Copy] = {}
    for copy in document.copies:
        first.setdefault((copy.format, copy.view), copy)
    return tuple(first.values())


def lead(document: Document) -> Copy:
    """The copy that stands for the document: by the QR's default view, or whatever there is."""
    return document.copies[0]


def type_of(document: Document) -> DocumentType:
    return CATALOGUE[document.type]


def disclosure(type_: DocumentType, view: str) -> Disclosure:
    """What follows from a fact that is told is not withheld: who tells the birth date tells the age with it."""
    named = type_.view(view)
    known = {*named.fields, *(ADULT if BIRTH_DATE in named.fields else ())}
    return Disclosure(
        view=named,
        tells=tuple(type_.field(name) for name in named.fields),
        withholds=tuple(field for field in type_.fields if field.name not in known),
    )


def qr_text(
    copy: Copy, key: HolderSigner, *, now: int, audience: str | None = None, challenge: bytes | None = None
) -> str:
    """A fresh QR text. Raises WalletError when the key is of another copy, or does not sign here."""
    _check_key(copy, key.public)
    return qr.to_text(key.holder_proof(copy.credential, now=now, audience=audience, challenge=challenge))


def sd_jwt_text(
    copy: Copy, signer: Signer, *, disclose: Iterable[str | Path], audience: str, nonce: str, now: int
) -> str:
    """An SD-JWT VC that tells these claims and no others, bound to this verifier's question."""
    _check_key(copy, signer.public)
    credential = copy.credential.decode("ascii")
    return sd_jwt.present(credential, disclose=disclose, signer=signer, audience=audience, nonce=nonce, now=now)


def mdoc_response(
    copy: Copy, signer: Signer, *, elements: Mapping[str, Iterable[str]], transcript: SessionTranscript
) -> bytes:
    """A DeviceResponse that tells these elements (namespace → names) and no others, for this conversation."""
    _check_key(copy, signer.public)
    return mdoc.present(copy.credential, elements, signer=signer, transcript=transcript)


def presentation(
    type_: DocumentType,
    copy: Copy,
    signer: Signer,
    claims: Iterable[str],
    *,
    audience: str,
    nonce: str,
    response_uri: str,
    now: int,
) -> bytes:
    """A whole copy in its format, which tells these claims of the catalogue to this verifier. Raises WalletError."""
    try:
        if copy.format == MDOC:
            transcript = redirect(client_id=audience, nonce=nonce, response_uri=response_uri, thumbprint=None)
            return mdoc_response(copy, signer, elements={namespace(type_): claims}, transcript=transcript)
        return sd_jwt_text(copy, signer, disclose=claims, audience=audience, nonce=nonce, now=now).encode()
    except (CertsError, ValueError) as error:
        raise WalletError("claims_unknown", str(error)) from error


def _check_key(copy: Copy, key: PublicKey) -> None:
    if key.thumbprint() != copy.thumbprint:
        raise WalletError("key_elsewhere", "key of another copy")
