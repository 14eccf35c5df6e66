"""The type metadata of an SD-JWT VC, made from the catalogue: what a document is called, and each of its claims.

Spec: SD-JWT VC (`DRAFT`) §5 (type metadata), §6 (integrity), W3C Subresource Integrity §3 (the form of the digest).

The type is a URN: it says the same on every host, and no verifier needs a network to know it. Who serves the document
by HTTP serves the bytes of `document_bytes`, whose digest every credential carries in `vct#integrity`.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from certs.catalogue import CATALOGUE, DocumentType, Field, Kind, Text
from certs.encoding import json_decode, json_encode
from certs.errors import BadSignature, Malformed, Unsupported

DRAFT = "draft-ietf-oauth-sd-jwt-vc-19"
TYPE_PREFIX = "urn:vneid-reference:document:"
VERSION = 1  # a change of what a claim means is a new version, hence a new type (§2.2.2.1)
DOCUMENT_LIMIT = 256 * 1024  # bytes

# §2.2.2.3, and `iat`, as the right to issue is that of the day of issue: never in a disclosure.
NEVER_HIDDEN = ("vct", "vct#integrity", "aka_vcts", "iss", "iat", "nbf", "exp", "cnf", "status")
_ALWAYS_THERE = ("vct", "vct#integrity", "iss", "iat", "exp", "cnf", "status")


def type_of(document: DocumentType) -> str:
    """The `vct` of a document type."""
    return f"{TYPE_PREFIX}{document.name}:{VERSION}"


def document_of(vct: object) -> DocumentType:
    """The document type of a `vct`. Raises Malformed for one that is not ours; nothing is ever fetched to learn it."""
    known = _DOCUMENTS.get(vct) if isinstance(vct, str) else None
    if known is None:
        raise Malformed("type_mismatch", "vct")
    return known


_DOCUMENTS: Mapping[str, DocumentType] = {type_of(document): document for document in CATALOGUE.values()}


def type_metadata(document: DocumentType) -> dict[str, Any]:
    """§5.2: the type metadata document."""
    never = [{"path": [name], "mandatory": name in _ALWAYS_THERE, "sd": "never"} for name in NEVER_HIDDEN]
    return {
        "vct": type_of(document),
        "name": document.title.en,
        "display": [
            {
                "locale": language,
                "name": document.title.of(language),
                "rendering": {"simple": {"background_color": document.colour, "text_color": "#ffffff"}},
            }
            for language in ("vi", "en")
        ],
        "claims": [*never, *(claim for field in document.fields for claim in _claims(field))],
    }


def _claims(field: Field) -> list[dict[str, Any]]:
    """§5.6: the claim, and what lies below it; each may be withheld alone."""
    claims = [_claim([field.name], field.label, mandatory=field.required)]
    if field.kind in (Kind.ROWS, Kind.TEXTS):
        claims.append(_claim([field.name, None], field.label))
    # Of a list that is too long for disclosures of their own, columns are told or withheld with their row.
    return claims + [_claim([field.name, None, column.name], column.label, sd="allowed") for column in field.columns]


def _claim(path: list[str | None], label: Text, *, mandatory: bool = False, sd: str = "always") -> dict[str, Any]:
    display = [{"locale": language, "label": label.of(language)} for language in ("vi", "en")]
    return {"path": path, "display": display, "mandatory": mandatory, "sd": sd}


@cache
def document_bytes(document: DocumentType) -> bytes:
    """The one spelling of the type metadata document, which its digest is about."""
    return json_encode(type_metadata(document))


@cache
def integrity(document: DocumentType) -> str:
    """§6: the `vct#integrity` of the document type."""
    return "sha256-" + base64.b64encode(hashlib.sha256(document_bytes(document)).digest()).decode()


def read(data: bytes, *, vct: str, integrity: str) -> dict[str, Any]:
    """A type metadata document that was fetched or kept, if it is the one that a credential means. Raises CertsError.

    Only SHA-256 is admitted, and a document without a digest is not read at all.
    """
    algorithm, _, expected = integrity.partition("-")
    if algorithm != "sha256":
        raise Unsupported("alg_not_allowed", "integrity metadata")
    try:
        wanted = base64.b64decode(expected, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("malformed", "integrity metadata") from None
    if len(data) > DOCUMENT_LIMIT:
        raise Malformed("oversize", "type metadata")
    if hashlib.sha256(data).digest() != wanted:
        raise BadSignature("digest_mismatch", "type metadata")
    metadata = json_decode(data)
    if not isinstance(metadata, dict) or metadata.get("vct") != vct:
        raise Malformed("type_mismatch", "type metadata of another type")
    return metadata
