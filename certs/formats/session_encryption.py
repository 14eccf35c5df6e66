"""The encrypted session of two devices face to face: messages of either side, each once and in its order, or the end.

Spec: ISO/IEC 18013-5:2021 §9.1.1.5 (session keys, AES-256-GCM), §9.1.1.4 table 20 (status of a session).

A direction is a value: sealing and opening give the next one. A message that does not open ends the session: the caller
answers `ended(ENCRYPTION_ERROR)` and forgets both directions.
"""

from dataclasses import dataclass, field, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from certs import cbor
from certs.errors import BadSignature, Malformed
from certs.formats.device_auth import shared_key
from certs.formats.session_transcript import SessionTranscript
from certs.keys import PublicKey

ENCRYPTION_ERROR, DECODING_ERROR, TERMINATION = 10, 11, 20
_READER, _DEVICE = bytes(8), bytes(7) + b"\x01"  # the first eight bytes of every nonce of a side
_COUNTER_LIMIT = 1 << 32  # a nonce never comes again: the session ends first
_TAG = 16


@dataclass(frozen=True, slots=True)
class Direction:
    """The key of one side's messages, and the number of the next one."""

    key: bytes = field(repr=False)
    side: bytes
    counter: int = 1

    def nonce(self) -> bytes:
        if self.counter >= _COUNTER_LIMIT:
            raise Malformed("limit_exceeded", "messages of a session")
        return self.side + self.counter.to_bytes(4, "big")


def of_reader(private: ec.EllipticCurvePrivateKey, public: PublicKey, transcript: SessionTranscript) -> Direction:
    """What the reader says: either side computes it from its own ephemeral key and the other's."""
    return Direction(shared_key(private, public, transcript, b"SKReader"), _READER)


def of_device(private: ec.EllipticCurvePrivateKey, public: PublicKey, transcript: SessionTranscript) -> Direction:
    return Direction(shared_key(private, public, transcript, b"SKDevice"), _DEVICE)


def sealed(direction: Direction, message: bytes) -> tuple[bytes, Direction]:
    data = AESGCM(direction.key).encrypt(direction.nonce(), message, None)
    return data, replace(direction, counter=direction.counter + 1)


def opened(direction: Direction, data: bytes) -> tuple[bytes, Direction]:
    """The next message of this direction. Raises BadSignature for any other one: an older, a later, a changed one."""
    if len(data) < _TAG:
        raise BadSignature("signature_invalid", "message of a session is cut off")
    try:
        message = AESGCM(direction.key).decrypt(direction.nonce(), data, None)
    except InvalidTag:
        raise BadSignature("signature_invalid", "message of a session") from None
    return message, replace(direction, counter=direction.counter + 1)


def ended(status: int) -> bytes:
    """SessionData that ends the session."""
    return cbor.encode({"status": status})
