"""What was put before us, by its form: the text of a QR code, an SD-JWT VC, an mdoc; and how each is verified.

Spec: certs/qr.md; RFC 9901 §4 (compact form); ISO/IEC 18013-5:2021 §8.3.2.1.2.2, OpenID4VP 1.0 Annex B.2.6 (mdoc as base64url).

What came online was asked for in a conversation. Who checks it later, or for somebody else, has to be told what was asked:
`Policy.audience` and `challenge` for an SD-JWT, a `Conversation` for an mdoc. Without it nothing says that the holder answered
*us*: such a document is refused where the policy wants a proof of its holder, and told as *not bound to its holder* where not.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric import ec

from certs import qr_text
from certs.catalogue import DocumentType, View
from certs.encoding import b64url_decode, b64url_encode
from certs.errors import Malformed
from certs.formats import Step, Trail, Verified, cwt, mdoc, sd_jwt
from certs.formats.elements import view_of
from certs.formats.session_transcript import SessionTranscript
from certs.status import StatusLists
from certs.trust import TrustStore
from verifier.policy.single import Policy, expected, expected_online

MDOC_LIMIT = 256 * 1024  # characters; twice what its format reads
# An mdoc is a CBOR map of two to four members: a2, a3 or a4 as its first byte, `o` or `p` as the first letter of base64url.
_MDOC_TEXT = re.compile(r"[op][A-Za-z0-9_-]+", re.ASCII)
_MDOC_FIRST = (0xA2, 0xA3, 0xA4)
_SD_JWT_START = "ey"  # base64url of `{"`


class Form(StrEnum):
    """The three forms, by their names in OpenID4VCI and OpenID4VP."""

    QR = cwt.NAME
    SD_JWT = sd_jwt.NAME
    MDOC = mdoc.NAME


@dataclass(frozen=True, slots=True)
class Conversation:
    """In which an mdoc was asked for: what its device signed over, and the reader's own key where it admits a MAC.

    With `only` (namespace → names, what was asked for) an element beyond it is refused.
    """

    transcript: SessionTranscript
    reader_key: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)
    only: Mapping[str, Iterable[str]] | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """What something says of itself, UNVERIFIED. `view` is None where what is shown makes no view of the catalogue."""

    document: DocumentType
    view: View | None
    printed: bool


def form_of(text: str) -> Form:
    """By its first letters alone; what is none of the others is taken for the text of a QR code, and told as such."""
    if text.startswith(qr_text.PREFIX):
        return Form.QR
    if text.startswith(_SD_JWT_START) and "~" in text:
        return Form.SD_JWT
    return Form.MDOC if _MDOC_TEXT.fullmatch(text) else Form.QR


def is_mdoc(data: bytes) -> bool:
    """Whether the bytes of a file begin as an mdoc does."""
    return data[:1] != b"" and data[0] in _MDOC_FIRST


def mdoc_text(data: bytes) -> str:
    return b64url_encode(data)


def peek(text: str) -> Guess:
    """Raises CertsError."""
    form = form_of(text)
    if form is Form.QR:
        shown = cwt.peek(qr_text.from_text(text))
        return Guess(shown.document, shown.view, shown.printed)
    if form is Form.SD_JWT:
        contents = sd_jwt.peek(text)
        return _guess(contents.document, view_of(contents.document, contents.claims))
    opened = mdoc.peek(_mdoc_bytes(text))
    return _guess(opened.document, opened.view)


def verify(
    text: str,
    *,
    trust: TrustStore,
    statuses: StatusLists,
    now: int,
    policy: Policy,
    conversation: Conversation | None,
    trail: Trail,
) -> Verified:
    """Steps 1 to 8 of `certs.formats.Step`. Raises CertsError."""
    trail.begin(Step.BOUNDS)  # 1
    form = form_of(text)
    if form is Form.QR:
        data = qr_text.from_text(text)
        return cwt.verify(data, trust=trust, statuses=statuses, now=now, expected=expected(policy), trail=trail)
    asked = expected_online(policy)
    if form is Form.SD_JWT:
        if not (asked.holder_proof or asked.audience or asked.challenge):
            text = text[
                : text.rindex("~") + 1
            ]  # a key binding for whom, and when, nobody told us: no proof, and no fault
        return sd_jwt.verify(text, trust=trust, statuses=statuses, now=now, expected=asked, trail=trail)
    if conversation is None:
        asked = asked._replace(audience=None, challenge=None)
    return mdoc.verify(
        _mdoc_bytes(text),
        transcript=conversation.transcript if conversation else None,
        reader_key=conversation.reader_key if conversation else None,
        only=conversation.only if conversation else None,
        trust=trust,
        statuses=statuses,
        now=now,
        expected=asked,
        trail=trail,
    )


def _guess(document: DocumentType, view: str) -> Guess:
    return Guess(document, next((each for each in document.views if each.name == view), None), printed=False)


def _mdoc_bytes(text: str) -> bytes:
    if len(text) > MDOC_LIMIT:
        raise Malformed("oversize", f"{len(text)} characters")
    return b64url_decode(text)
