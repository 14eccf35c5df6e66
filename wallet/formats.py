"""The formats in which this wallet keeps documents: what each is called, how it comes, what is checked before it is kept.

Spec: OpenID4VCI 1.0 Appendix A.2 (mso_mdoc), A.3 (dc+sd-jwt); `certs/qr.md` (vn1_cwt). The checks are those of `certs.formats`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from certs.catalogue import CATALOGUE, DocumentType, Text
from certs.encoding import b64url_decode
from certs.errors import CertsError, Malformed
from certs.formats import Verified, cwt, mdoc, sd_jwt
from certs.formats.elements import BY_DOC_TYPE
from certs.formats.type_metadata import document_of
from certs.trust import TrustStore

QR, SD_JWT, MDOC = cwt.NAME, sd_jwt.NAME, mdoc.NAME


@dataclass(frozen=True, slots=True)
class Glance:
    """What a kept credential says. It was verified when it was kept, and the vault noticed no change."""

    claims: Mapping[str, Any]
    status: tuple[str, int] | None


class _Verify(Protocol):
    def __call__(self, credential: bytes, *, trust: TrustStore, now: int) -> Verified: ...


@dataclass(frozen=True, slots=True)
class Format:
    """`arrived` takes the credential out of the response's text, `offered` reads the type and view of a configuration."""

    name: str
    title: Text
    arrived: Callable[[str], bytes]
    offered: Callable[[str, Mapping[str, Any]], tuple[DocumentType, str]]
    verify: _Verify
    peek: Callable[[bytes], Glance]


def glance(name: str, credential: bytes) -> Glance:
    return FORMATS[name].peek(credential)


# --- the QR's -----------------------------------------------------------------------------------------------------------


def _view(configuration: str, metadata: Mapping[str, Any]) -> tuple[DocumentType, str]:
    """Type and view stand in the name; where the metadata tells them too, it must agree."""
    type_, _, view = configuration.partition(".")
    document = CATALOGUE[type_]
    if metadata.get("document_type", type_) != type_ or metadata.get("view", view) != view:
        raise KeyError(configuration)
    return document, document.view(view).name


def _peek_view(credential: bytes) -> Glance:
    contents = cwt.peek(credential)
    return Glance(contents.claims, (contents.status_uri, contents.status_index))


# --- SD-JWT VC ----------------------------------------------------------------------------------------------------------


def _characters(text: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise Malformed("malformed", "not an SD-JWT") from None


def _of_vct(configuration: str, metadata: Mapping[str, Any]) -> tuple[DocumentType, str]:
    return document_of(metadata.get("vct")), ""


def _verify_sd_jwt(credential: bytes, *, trust: TrustStore, now: int) -> Verified:
    return sd_jwt.verify_issued(credential.decode("ascii"), trust=trust, now=now)


def _peek_sd_jwt(credential: bytes) -> Glance:
    contents = sd_jwt.peek(credential.decode("ascii"))
    return Glance(contents.claims, (contents.status_uri, contents.status_index))


# --- mdoc ---------------------------------------------------------------------------------------------------------------


def _of_doctype(configuration: str, metadata: Mapping[str, Any]) -> tuple[DocumentType, str]:
    return BY_DOC_TYPE[str(metadata.get("doctype"))], ""


def _verify_mdoc(credential: bytes, *, trust: TrustStore, now: int) -> Verified:
    """No element may be missing either, nor the entry by which others learn that it was revoked."""
    verified = mdoc.verify_issued(credential, trust=trust, now=now)
    required = {field.name for field in CATALOGUE[verified.document].fields if field.required}
    if not required <= verified.claims.keys() or _peek_mdoc(credential).status is None:
        raise Malformed("claims_missing", "the issuer kept elements back")
    return verified


def _peek_mdoc(credential: bytes) -> Glance:
    contents = mdoc.peek(credential)
    return Glance(contents.claims, contents.status)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format(QR, Text("Mã QR", "QR"), b64url_decode, _view, cwt.verify_issued, _peek_view),
            Format(SD_JWT, Text("SD-JWT VC", "SD-JWT VC"), _characters, _of_vct, _verify_sd_jwt, _peek_sd_jwt),
            Format(MDOC, Text("mdoc", "mdoc"), b64url_decode, _of_doctype, _verify_mdoc, _peek_mdoc),
        )
    }
)


def read_configuration(name: str, metadata: Mapping[str, Any]) -> tuple[Format, DocumentType, str] | None:
    """Format, type and view of a credential configuration; None for what this wallet does not know."""
    format_ = FORMATS.get(str(metadata.get("format")))
    if format_ is None:
        return None
    try:
        return (format_, *format_.offered(name, metadata))
    except (KeyError, CertsError):
        return None
