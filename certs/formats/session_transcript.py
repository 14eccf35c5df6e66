"""What ties an mdoc's presentation to one conversation: the session transcript, which the device signs and never sends.

Spec: OpenID4VP 1.0 Annex B.2.6.1 (redirect), B.2.6.2 (Digital Credentials API); ISO/IEC 18013-5:2021 §9.1.5.1.

Both sides compute it from what they know themselves. A verifier uses its own nonce, client id and addresses, never what came
with the answer: that is all that keeps a presentation made for somebody else from being taken here.
"""

import hashlib
from dataclasses import dataclass

from certs import cbor
from certs.cbor import Value

_THUMBPRINT = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class SessionTranscript:
    """The encoded transcript, and whom and what it names: a verdict repeats these and nothing else."""

    encoded: bytes
    audience: str | None = None
    nonce: str | None = None


def redirect(*, client_id: str, nonce: str, response_uri: str, thumbprint: bytes | None) -> SessionTranscript:
    """Invocation by redirect (B.2.6.1). `client_id` with its prefix; `response_uri` is the `redirect_uri` where that is used;
    `thumbprint` (RFC 7638, SHA-256) of the key to which the response is encrypted, None where it is not."""
    info = [client_id, nonce, _checked(thumbprint), response_uri]
    return SessionTranscript(_online("OpenID4VPHandover", info), client_id, nonce)


def digital_credentials(*, origin: str, nonce: str, thumbprint: bytes | None) -> SessionTranscript:
    """Invocation by the Digital Credentials API (B.2.6.2); the origin as the browser tells it, without `origin:`."""
    if origin.startswith("origin:"):
        raise ValueError("the origin stands in the transcript without its prefix")
    return SessionTranscript(
        _online("OpenID4VPDCAPIHandover", [origin, nonce, _checked(thumbprint)]), f"origin:{origin}", nonce
    )


def proximity(*, engagement: bytes, reader_key: bytes, handover: bytes) -> SessionTranscript:
    """Face to face (§9.1.5.1): the encoded items DeviceEngagementBytes, EReaderKeyBytes and Handover. It names nobody."""
    return SessionTranscript(b"\x83" + engagement + reader_key + handover)


def _online(identifier: str, info: list[Value]) -> bytes:
    """No engagement and no reader key: null twice, then what the request said, as its digest."""
    return cbor.encode([None, None, [identifier, hashlib.sha256(cbor.encode(info)).digest()]])


def _checked(thumbprint: bytes | None) -> bytes | None:
    if thumbprint is not None and len(thumbprint) != _THUMBPRINT:
        raise ValueError("a thumbprint is a SHA-256 digest")
    return thumbprint
