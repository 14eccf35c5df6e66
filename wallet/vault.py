"""The vault: documents at rest, sealed with a key that lies in a file of its own.

Spec: NIST SP 800-38D (AES-256-GCM); RFC 5869 (HKDF). The associated data binds each sealed value to its owner and its
name, so that rows cannot be exchanged between people or documents without being noticed.
"""

import hashlib
import hmac
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from certs.keys import write_once
from wallet.errors import WalletError

KEY_BYTES = 32
NONCE_BYTES = 12  # SP 800-38D §8.2.2: random, and far fewer than 2^32 values under one key
VERSION = b"\x01"


class Vault:
    """Seals and opens. It does not know what it holds, and it cannot open a value under another owner or name."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise WalletError("vault_key_unsafe", f"the vault's key has {len(key)} bytes")
        self._cipher = AESGCM(_derive(key, b"vneid-wallet seal"))
        self._owners = _derive(key, b"vneid-wallet owners")

    def __repr__(self) -> str:
        return "Vault(…)"

    def owner_of(self, pid: str) -> str:
        """The pseudonym under which storage files this person: without the vault's key nobody can compute it."""
        return hmac.digest(self._owners, pid.encode(), hashlib.sha256).hex()

    def seal(self, data: bytes, *, owner: str, name: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, data, _bind(owner, name))

    def open(self, sealed: bytes, *, owner: str, name: str) -> bytes:
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] != VERSION or len(nonce) != NONCE_BYTES:
            raise WalletError("vault_unreadable", "not a sealed value of a version that we know")
        try:
            return self._cipher.decrypt(nonce, body, _bind(owner, name))
        except InvalidTag as error:
            raise WalletError("vault_unreadable", "other key, owner or name, or altered bytes") from error


def load_or_create_key(path: Path) -> bytes:
    """The key in `path`, made at the first start. Two processes that start together end with the same key."""
    if not path.exists():
        write_once(path, secrets.token_bytes(KEY_BYTES))
    if path.stat().st_mode & 0o077:
        raise WalletError("vault_key_unsafe", f"{path.name} can be read by others")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise WalletError("vault_key_unsafe", f"{path.name} holds {len(key)} bytes")
    return key


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key)


def _bind(owner: str, name: str) -> bytes:
    parts = [b"vneid-wallet", owner.encode(), name.encode()]
    return b"".join(len(part).to_bytes(4) + part for part in parts)  # lengths keep the parts from running together
