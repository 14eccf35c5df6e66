"""Document types as data: claims, labels in Vietnamese and English, named views, who may issue, how long it lives.

Spec: Law on Identification 26/2023/QH15 Art. 22 (what is integrated); the claim keys are the registry of `certs/qr.md`.

A *record* is a plain mapping from field name to a JSON value; the `kind` of a field fixes both its JSON form and its
compact CBOR form (see `certs/formats/compact.py`). Adding a kind of document means adding one file to `certs/documents/`
and no code.
"""

from collections.abc import Mapping
from pathlib import Path

from certs.documents.faults import Fault, faults
from certs.documents.model import Authority, DocumentType, Field, Issuer, Kind, Text, View
from certs.documents.reading import load
from certs.documents.shared import AUTHORITIES
from certs.documents.tables import NotAKind

__all__ = [
    "AUTHORITIES",
    "CATALOGUE",
    "Authority",
    "DocumentType",
    "Fault",
    "Field",
    "Issuer",
    "Kind",
    "NotAKind",
    "Text",
    "View",
    "document_type",
    "faults",
    "load",
]

CATALOGUE: Mapping[str, DocumentType] = load(Path(__file__).parent / "documents")


def document_type(name: str) -> DocumentType:
    """Raises KeyError for a name that is not in the catalogue."""
    return CATALOGUE[name]
