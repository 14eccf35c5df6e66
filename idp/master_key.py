"""The one secret of the provider's data folder, and the keys for each purpose that are derived from it.

Spec: NIST SP 800-108 rev. 1 §4 (one key, one purpose); RFC 2104
"""

import hmac
import os
import secrets
from pathlib import Path

from idp.config import UnsafeConfiguration

NAME = "master.key"
BYTES = 32


def load_or_create(folder: Path) -> bytes:
    """256 random bits, made at the first start. The file appears whole; of two processes the first one's stays."""
    path = folder / NAME
    if not path.exists():
        partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")  # never the name of one that was cut off
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
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
