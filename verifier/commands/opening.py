"""What commands begin with: the trust bundle that is in hand, and the client that fetches another one."""

import time
from pathlib import Path
from urllib.parse import urlsplit

from certs.bundle import Bundle
from certs.errors import CertsError
from certs.fetch import Fetcher
from verifier import snapshot
from verifier.commands.terminal import UsageError


def load(path: Path, root_sha256: str | None = None) -> Bundle:
    try:
        return snapshot.load(path, now=int(time.time()), root_sha256=root_sha256)
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}. Fetch one: python -m verifier bundle fetch URL --root SHA256 -o {path}"
        ) from error
    except CertsError as error:
        raise UsageError(f"{path}: not a bundle that can be used ({error})") from error


def fetcher(url: str, ca_bundle: str | None) -> Fetcher:
    """Plain http is for this very machine only; an address out there must be https (the fetcher sees to it)."""
    try:
        return Fetcher(simulation=urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1"), ca_bundle=ca_bundle)
    except OSError as error:  # ssl.SSLError is one
        raise UsageError(f"--ca-bundle {ca_bundle} cannot be used: {error.strerror or error}") from error
