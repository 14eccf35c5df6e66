"""The provider's keys to which clients encrypt their requests: new ones each quarter, without anything being kept.

Spec: OpenID Connect Core 1.0 §6.1 (encrypted request objects), §10.2, §10.2.1 (rotation); RFC 7518 §4.6

    this quarter's    published; to one of them a client encrypts
    the last one's    still opened, for who has an older copy of our keys
    all before        gone: what was encrypted to them is not opened

They follow from the secret that the provider has, so that each process makes the same, and none is written down.
"""

import hashlib
import hmac
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec

from certs.jwe import AGREEMENTS, DecryptionKey, EncryptionKey

QUARTER = 90 * 24 * 3600  # seconds
ALGORITHMS = AGREEMENTS
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SEC 2 §2.4.2)


def published(secret: bytes, *, now: int) -> tuple[EncryptionKey, ...]:
    return tuple(key.public for key in _of(secret, now // QUARTER))


def opening(secret: bytes, *, now: int) -> tuple[DecryptionKey, ...]:
    return (*_of(secret, now // QUARTER), *_of(secret, now // QUARTER - 1))


@lru_cache(maxsize=8)
def _of(secret: bytes, quarter: int) -> tuple[DecryptionKey, ...]:
    """One of each algorithm: a key is never without its own."""
    return tuple(_key(secret, quarter, alg) for alg in ALGORITHMS)


def _key(secret: bytes, quarter: int, alg: str) -> DecryptionKey:
    """512 bits reduced to 256 are as good as evenly spread (NIST SP 800-56A rev. 3 §5.6.1.2.1)."""
    digest = hmac.new(secret, f"{alg}\n{quarter}".encode(), hashlib.sha512).digest()
    key = ec.derive_private_key(int.from_bytes(digest, "big") % (_ORDER - 1) + 1, ec.SECP256R1())
    name = hmac.new(secret, f"kid\n{alg}\n{quarter}".encode(), hashlib.sha256).hexdigest()[:16]
    return DecryptionKey.of(key, alg, f"enc-{name}")
