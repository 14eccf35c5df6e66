"""The one secret of the provider's data folder, and the keys for each purpose that are derived from it.

Spec: NIST SP 800-108 rev. 1 §4 (one key, one purpose); RFC 2104
"""

import hmac
import os
import secrets
from pathlib import Path

from certs.keys import write_once
from idp.config import UnsafeConfiguration

NAME = "master.key"
BYTES = 32


def load_or_create(folder: Path) -> bytes:
    """256 random bits, made at the first start. The file appears whole; of two processes the first one's stays."""
    path = folder / NAME
    if not path.exists():
        write_once(path, secrets.token_bytes(BYTES))
    _keep_name(folder)
    if path.stat().st_mode & 0o077:  # a copy on another server, or out of a backup
        raise UnsafeConfiguration(f"{path} may be read by others; chmod 600 it")
    key = path.read_bytes()
    if len(key) != BYTES:
        raise UnsafeConfiguration(f"{path} is damaged; restore it, or the pairwise subjects change")
    return key


def _keep_name(folder: Path) -> None:
    """On the disk before anything that it seals: after a loss of power the database would hold what nobody can open."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def derive(master: bytes, purpose: str) -> bytes:
    return hmac.digest(master, purpose.encode(), "sha256")
