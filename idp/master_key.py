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
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(BYTES))
        try:
            os.link(partial, path)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    key = path.read_bytes()
    if len(key) != BYTES:
        raise UnsafeConfiguration(f"{path} is damaged; restore it, or the pairwise subjects change")
    return key


def derive(master: bytes, purpose: str) -> bytes:
    return hmac.digest(master, purpose.encode(), "sha256")
