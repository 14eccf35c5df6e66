"""Show a document: which view, what it tells and keeps to itself, and the QR text by a key that signs here.

Spec: `certs/qr.md`; the words come from `certs/catalogue.py`.
"""

from dataclasses import dataclass

from certs import qr
from certs.catalogue import CATALOGUE, DocumentType, Field, View
from wallet.errors import WalletError
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
    """The copy of this view; without a name, of the default view. Raises WalletError."""
    for copy in document.copies:
        if view is None or copy.view == view:
            return copy
    raise WalletError("view_unknown", f"{document.type}.{view}")


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
    if key.public.thumbprint() != copy.thumbprint:
        raise WalletError("key_elsewhere", "key of another copy")
    return qr.to_text(key.holder_proof(copy.credential, now=now, audience=audience, challenge=challenge))
