"""The one place of a running counter where trust data lives: the current verifier, and its renewal in the background."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from certs.bundle import Bundle
from certs.errors import CertsError
from certs.fetch import Fetcher
from certs.log import event
from verifier import snapshot
from verifier.snapshot import Outcome, Refresh
from verifier.verifier import Verifier

log = logging.getLogger(__name__)

FIRST_RETRY = 1.0  # seconds; at start the provider may be a moment behind us, and the pause then doubles


@dataclass(frozen=True, slots=True)
class Source:
    """Where trust data is kept, where it comes from (None: somebody else renews the file), and the root it must stand on."""

    path: Path
    url: str | None
    root_sha256: str | None


class Keeper:
    """Holds the verifier that is in use. Readers take it whole; a refresh replaces it whole."""

    def __init__(self, source: Source, fetcher: Fetcher, clock: Callable[[], float] = time.time) -> None:
        self._source = source
        self._fetcher = fetcher
        self._clock = clock
        self._verifier = self._from_disk()
        self._lock = threading.Lock()  # one refresh at a time
        self._stop = threading.Event()

    @property
    def verifier(self) -> Verifier | None:
        """None as long as no trust data was ever received."""
        return self._verifier

    def refresh(self) -> Refresh:
        """Ask for newer trust data now. Never raises; what is in hand stays in hand when it fails."""
        with self._lock:
            now = int(self._clock())
            held = self._verifier.bundle if self._verifier else None
            result = self._ask(held, now)
            if result.outcome is Outcome.UPDATED and result.bundle is not None:
                self._verifier = Verifier(result.bundle, self._clock)
            if result.outcome is Outcome.REFUSED:
                event(log, logging.ERROR, "trust_refused", code=result.code, cause=result.detail)
            else:
                event(log, logging.INFO, f"trust_{result.outcome.value}", cause=result.detail or None)
            return result

    def start(self, every: int) -> threading.Thread:
        """Refresh at once and then every so many seconds, in a thread that ends with the process."""
        thread = threading.Thread(target=self._loop, args=(every,), name="trust-refresh", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        self._stop.set()

    def _loop(self, every: int) -> None:
        retry = FIRST_RETRY
        while True:
            reached = self.refresh().outcome is not Outcome.UNREACHABLE
            pause = float(every) if reached else min(retry, every)
            retry = FIRST_RETRY if reached else retry * 2
            if self._stop.wait(pause):
                return

    def _ask(self, held: Bundle | None, now: int) -> Refresh:
        source = self._source
        try:
            if source.url is None:
                return self._read_again(held, now)
            if held is not None:
                return snapshot.refresh(self._fetcher, source.url, source.path, held, now=now)
            if source.root_sha256 is None:
                return Refresh(Outcome.REFUSED, None, "issuer_untrusted", "no root fingerprint to begin from")
            return snapshot.fetch(self._fetcher, source.url, source.path, root_sha256=source.root_sha256, now=now)
        except OSError as error:
            event(log, logging.ERROR, "trust_file", cause=error.strerror)
            return Refresh(Outcome.REFUSED, held, "internal", "the file of trust data cannot be used")
        except Exception as error:  # noqa: BLE001 — whatever came, the next attempt must still be made
            event(log, logging.ERROR, "trust_failed", error=error)
            return Refresh(Outcome.REFUSED, held, "internal", type(error).__name__)

    def _read_again(self, held: Bundle | None, now: int) -> Refresh:
        if held is not None:
            return snapshot.read_again(self._source.path, held, now=now)
        found = self._from_disk()
        return Refresh(Outcome.UPDATED, found.bundle) if found else Refresh(Outcome.UNREACHABLE, None)

    def _from_disk(self) -> Verifier | None:
        try:
            return Verifier.from_bundle(self._source.path, root_sha256=self._source.root_sha256, clock=self._clock)
        except FileNotFoundError:
            return None
        except (OSError, CertsError) as error:
            event(log, logging.ERROR, "trust_unusable", cause=str(error))
            return None
