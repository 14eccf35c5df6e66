"""Whom this wallet believes: the signed bundle of the nation, fetched, checked against the pinned root, never rolled back.

Spec: `certs/bundle.py` (update rules); the first bundle counts only with the root's pinned fingerprint.
"""

import logging
import os
import secrets
import threading
from pathlib import Path

from certs import bundle
from certs.bundle import Bundle
from certs.errors import CertsError
from certs.fetch import BUNDLE_LIMIT, FetchError
from certs.log import event
from wallet.errors import WalletError
from wallet.ports import Web

REFRESH_SECONDS = 30  # how old the answer to "is there a newer bundle?" may be
log = logging.getLogger(__name__)


class TrustKeeper:
    """Holds the newest bundle, in memory and on disk. A failing network changes nothing until the bundle expires."""

    def __init__(self, *, web: Web, url: str, path: Path, root_sha256: str) -> None:
        self._web, self._url, self._path, self._root = web, url, path, root_sha256
        self._held: Bundle | None = None
        self._asked_at = self._heard_at = 0
        self._lock = threading.Lock()

    def current(self, *, now: int) -> Bundle:
        """Raises WalletError when there is none that is valid now."""
        with self._lock:
            held = self._held or self._from_disk(now)
            if held is None or now - self._asked_at >= REFRESH_SECONDS:
                held = self._refresh(held, now)
            if held is None or held.expires <= now:
                raise WalletError("trust_unavailable", "no bundle" if held is None else "bundle expired")
            if bundle.clock_is_behind(held, now=now):
                raise WalletError("clock_wrong", "behind what was signed already")
            self._held = held
            return held

    def as_of(self, *, now: int) -> int:
        """When it was last heard that nothing newer is published; where nobody answered yet, when what is held was signed."""
        with self._lock:
            return self._heard_at or (self._held.issued if self._held else now)

    def _refresh(self, held: Bundle | None, now: int) -> Bundle | None:
        try:
            response = self._web.get(self._url, accept="application/cose", size_limit=BUNDLE_LIMIT)
            if response.status != 200:
                raise WalletError("trust_unavailable", f"HTTP {response.status}")
            self._asked_at = now
            if held is not None and response.body == held.raw:
                self._heard_at = now
                return held
            fresh = bundle.update(held, response.body, now=now) if held else self._first(response.body, now)
            self._heard_at = now
        except (CertsError, FetchError, WalletError) as error:
            event(log, logging.WARNING, "trust_not_refreshed", cause=str(error))
            if held is None and error.code == "issued_in_future":
                raise WalletError("clock_wrong", str(error)) from error
            return held
        self._to_disk(fresh.raw)
        return fresh

    def _first(self, data: bytes, now: int) -> Bundle:
        return bundle.read(data, now=now, root_sha256=self._root)

    def _from_disk(self, now: int) -> Bundle | None:
        try:
            return bundle.kept(self._path.read_bytes(), now=now, root_sha256=self._root)
        except FileNotFoundError:
            return None
        except CertsError as error:
            # Another root is pinned now, or the file is damaged.
            event(log, logging.WARNING, "trust_set_aside", cause=str(error))
            return None

    def _to_disk(self, data: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        draft.write_bytes(data)
        os.replace(draft, self._path)
