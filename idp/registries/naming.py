"""What a register calls a document: by its person and kind, and where a person may have several, by what tells them apart.

The id stands in the journal and in addresses, where a number plate must not: of it a short hash is enough.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from certs.catalogue import DocumentType

_TOLD = 10  # hex digits: a thousand documents of one person and one kind collide once in two million registers


def document_id(person_id: str, kind: DocumentType, record: Mapping[str, Any]) -> str:
    if not kind.identified_by:
        return f"{person_id}.{kind.name}"
    told = hashlib.sha256(f"{person_id}\0{kind.name}\0{distinguished(kind, record)}".encode()).hexdigest()
    return f"{person_id}.{kind.name}.{told[:_TOLD]}"


def distinguished(kind: DocumentType, record: Mapping[str, Any]) -> str:
    """What tells this one from the person's others of its kind; empty where there are none."""
    return str(record.get(kind.identified_by, "")) if kind.identified_by else ""
