"""One signed copy of a document in the format that was asked for, as it stands in the credential response.

Spec: OpenID for Verifiable Credential Issuance 1.0 §15.4.1 (times are coarse), Appendix A.2.4, A.3.4 (encodings); HAIP 1.0
(x5c without the trust anchor)

What all copies of one request share must be shared with many: a second of issue that only they have would link them, and
two views of one person too. So a copy says that it was signed when the day began, in UTC, or later where the certificate of
its signer or the authority's right began later; and it runs out at the end of a day. The register keeps the true time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from types import MappingProxyType
from typing import Any

from certs.catalogue import DocumentType
from certs.encoding import b64url_encode
from certs.formats import cwt, mdoc, sd_jwt
from certs.keys import PublicKey
from certs.x509 import key_id
from idp.issuance.configurations import Configuration, Format
from idp.issuance.entitlement import VIETNAM, end_of_day
from idp.issuance.signers import CertifiedSigner
from idp.login.standing import today
from idp.model import Document

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Terms:
    """What all copies of one request share."""

    configuration: Configuration
    record: Mapping[str, Any] = field(repr=False)
    authority: str
    by: CertifiedSigner
    issued: int
    expires: int

    @property
    def claims(self) -> list[str]:
        """Names of what the copies tell, for the journal."""
        return sorted(each.name for each in self.configuration.fields if self.record.get(each.name) is not None)


def terms(configuration: Configuration, document: Document, *, authority: str, by: CertifiedSigner, now: int) -> Terms:
    began, kind = now - now % DAY, configuration.document
    issued = max(began, int(by.certificate.not_valid_before_utc.timestamp()), _entitled_since(kind, authority, now))
    expires = _expiry(kind, document, began)
    return Terms(configuration, document.record, authority, by, issued, expires)


def _entitled_since(kind: DocumentType, authority: str, now: int) -> int:
    """The midnight in Vietnam, which is in the middle of a day in UTC, from which this authority issues this type."""
    since = max(each.since for each in kind.issuers if each.authority == authority and each.since <= today(now))
    return int(datetime.combine(since, time.min, VIETNAM).timestamp())


def _expiry(kind: DocumentType, document: Document, began: int) -> int:
    """A credential never outlives its document."""
    expires = began + kind.credential_days * DAY
    return expires if document.valid_until is None else min(expires, end_of_day(document.valid_until))


def sign(copies: Terms, *, holder: PublicKey, status: tuple[str, int]) -> str:
    """For one holder key, with its own entry (uri, index) of a status list. Raises ValueError or CertsError for a record that
    does not fit, OSError when the key is away: nothing was signed then."""
    return _SIGN[copies.configuration.format](copies, holder, status)


def _qr(copies: Terms, holder: PublicKey, status: tuple[str, int]) -> str:
    view = copies.configuration.view
    if view is None:
        raise ValueError("a QR tells one view")
    credential = cwt.issue(
        view=view.name, kid=key_id(copies.by.certificate), holder=holder, **_stated(copies), **_placed(status)
    )
    return b64url_encode(credential)


def _sd_jwt(copies: Terms, holder: PublicKey, status: tuple[str, int]) -> str:
    return sd_jwt.issue(certificate=copies.by.certificate, holder=holder, **_stated(copies), **_placed(status))


def _mdoc(copies: Terms, holder: PublicKey, status: tuple[str, int]) -> str:
    issued = mdoc.issue(chain=(copies.by.certificate,), holder=holder, **_stated(copies), **_placed(status))
    return b64url_encode(issued)


def _stated(copies: Terms) -> dict[str, Any]:
    return {
        "document": copies.configuration.document,
        "record": copies.record,
        "issuer": copies.authority,
        "signer": copies.by.signer,
        "now": copies.issued,
        "expires": copies.expires,
    }


def _placed(status: tuple[str, int]) -> dict[str, Any]:
    return {"status_uri": status[0], "status_index": status[1]}


_SIGN: Mapping[Format, Callable[[Terms, PublicKey, tuple[str, int]], str]] = MappingProxyType(
    {Format.QR: _qr, Format.SD_JWT: _sd_jwt, Format.MDOC: _mdoc}
)
