"""Credential ⇄ QR text, bounded both ways. The picture of it is `certs/qr.py`, which needs libraries that take time to load.

Spec: RFC 9285 (base45 fits the QR's alphanumeric mode); `certs/qr.md` §1.
"""

from certs.encoding import base45_decode, base45_encode
from certs.errors import Malformed

PREFIX = "VN1:"
TEXT_LIMIT = 4296  # characters of alphanumeric mode in version 40-L: no longer text ever came from one QR
BYTES_LIMIT = TEXT_LIMIT * 2 // 3


def to_text(presentation: bytes) -> str:
    if len(presentation) > BYTES_LIMIT:
        raise Malformed("oversize", f"{len(presentation)} bytes do not fit a QR")
    return PREFIX + base45_encode(presentation)


def from_text(text: str) -> bytes:
    """The bytes of a QR text. Raises Malformed: oversize, prefix_unknown, encoding_invalid."""
    if len(text) > TEXT_LIMIT:
        raise Malformed("oversize", f"{len(text)} characters")
    if not text.startswith(PREFIX):
        raise Malformed("prefix_unknown", "not VN1:")
    return base45_decode(text[len(PREFIX) :])
