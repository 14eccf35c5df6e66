"""Secrets at rest that must be read again: sealed under a key that is not in the database.

Spec: NIST SP 800-38D (AES-256-GCM). The owner and the purpose are bound in: a row moved to another account does not open.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from certs.encoding import b64url_decode, b64url_encode

NONCE_BYTES = 12  # SP 800-38D §8.2.2: random, and far fewer than 2^32 values under one key


class Unreadable(Exception):
    """Sealed under another key, for another owner or purpose, or altered."""


class Sealer:
    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        return "Sealer(…)"

    def seal(self, secret: bytes, *, owner: str, purpose: str) -> str:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return b64url_encode(nonce + self._cipher.encrypt(nonce, secret, _bound(owner, purpose)))

    def open(self, sealed: str, *, owner: str, purpose: str) -> bytes:
        raw = b64url_decode(sealed)
        try:
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(owner, purpose))
        except (InvalidTag, ValueError) as error:
            raise Unreadable(purpose) from error


def _bound(owner: str, purpose: str) -> bytes:
    return f"{purpose}\0{owner}".encode()
