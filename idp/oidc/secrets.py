"""Secrets that open something: 256 random bits for those who hold them, a hash for those who keep them.

Spec: RFC 6749 §10.10 (not to be guessed), §10.3; RFC 6819 §5.1.4.1.3 (stored as hashes)
"""

import hashlib
import secrets

BYTES = 32


def new_secret() -> str:
    """43 characters of base64url. Rules get this as an argument; only `app.py` names it."""
    return secrets.token_urlsafe(BYTES)


def token_hash(value: str) -> str:
    """A fast hash will do, since the values are random and not words."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
