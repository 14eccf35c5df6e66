"""The one place of a running program where trust data lives: the current verifier, and its renewal in the background.

Spec: none but our own (`docs/offline.md`); what may take the place of what is in hand: certs/bundle.py `update`.

    source = Source(Path("trust/bundle.cbor"), "https://idp.example/bundle", root_sha256)
    keeper = Keeper(source, Fetcher())
    keeper.start(every=3600)
    verifier = keeper.verifier  # ask anew for each document; None until the first bundle came

With several processes one of them fetches (or `python -m verifier bundle refresh --every 3600` does), and the others follow
its file: `Source(path, None, root_sha256)`.
"""

import logging
import random
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
DOUBLINGS = 16  # more than a day of seconds
# By how much of itself a pause may be shorter, so that counters that began together drift apart.
SPREAD, RETRY_SPREAD = 0.2, 0.5


@dataclass(frozen=True, slots=True)
class Source:
    """Where trust data is kept, where it comes from (None: somebody else renews the file), and the root it must stand on."""

    path: Path
    url: str | None
    root_sha256: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """When newer trust data was last asked for, and how that ended."""

    at: int
    outcome: Outcome

    @property
    def failed(self) -> bool:
        return self.outcome in (Outcome.REFUSED, Outcome.UNREACHABLE)


def pause(every: float, *, failures: int, draw: float) -> float:
    """Seconds until the next attempt, never more than `every`; `failures` in a row came before, `draw` is from [0, 1).

    After a success between 80 and 100 % of `every`; after failures half to the whole of 1, 2, 4 … seconds.
    """
    if not failures:
        return every * (1 - SPREAD * draw)
    return min(every, FIRST_RETRY * (1 << min(failures - 1, DOUBLINGS))) * (1 - RETRY_SPREAD * draw)


class Keeper:
    """Holds the verifier that is in use. Readers take it whole; a refresh replaces it whole.

    The file is read at once, and a file that cannot be used is as none: then `verifier` is None until a refresh brought one.
    `clock` gives Unix seconds, `draw` numbers from [0, 1) by which the pauses differ.
    """

    def __init__(
        self,
        source: Source,
        fetcher: Fetcher,
        clock: Callable[[], float] = time.time,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._source = source
        self._fetcher = fetcher
        self._clock = clock
        self._draw = draw
        self._verifier = self._from_disk()
        self._attempt: Attempt | None = None
        self._lock = threading.Lock()  # one refresh at a time
        self._stop = threading.Event()

    @property
    def verifier(self) -> Verifier | None:
        """None as long as no trust data was ever received."""
        return self._verifier

    @property
    def attempt(self) -> Attempt | None:
        """The last refresh; None before the first."""
        return self._attempt

    def refresh(self) -> Refresh:
        """Ask for newer trust data now. Never raises; what is in hand stays in hand when it fails."""
        with self._lock:
            now = int(self._clock())
            held = self._verifier.bundle if self._verifier else None
            result = self._ask(held, now)
            self._attempt = Attempt(now, result.outcome)
            if result.bundle is not None and result.bundle is not held:
                self._verifier = Verifier(result.bundle, self._clock)
            if result.outcome is Outcome.REFUSED:
                event(log, logging.ERROR, "trust_refused", code=result.code, cause=result.detail)
            else:
                event(log, logging.INFO, f"trust_{result.outcome.value}", cause=result.detail or None)
            return result

    def start(self, every: int) -> threading.Thread:
        """`run` in a thread that ends with the process, or after `stop`."""
        thread = threading.Thread(target=self.run, args=(every,), name="trust-refresh", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """No attempt begins any more. A keeper that was stopped is not started again."""
        self._stop.set()

    def run(self, every: int, told: Callable[[Refresh], None] | None = None) -> None:
        """Refresh at once and then every so many seconds at the latest, until `stop`; `told` hears how each attempt ended."""
        if every < 1:
            raise ValueError("every: at least a second")
        failures = 0
        while not self._stop.is_set():
            result = self.refresh()
            if told is not None:
                told(result)
            failures = failures + 1 if result.outcome is Outcome.UNREACHABLE else 0
            if self._stop.wait(pause(every, failures=failures, draw=self._draw())):
                return

    def _ask(self, held: Bundle | None, now: int) -> Refresh:
        source = self._source
        try:
            if source.url is None:
                return self._read_again(held, now)
            if held is not None:
                held = self._brought(held, now)
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

    def _brought(self, held: Bundle, now: int) -> Bundle:
        """What another process or a stick put there since, where it follows: what is fetched must follow on that, too."""
        try:
            return snapshot.read_again(self._source.path, held, now=now).bundle or held
        except OSError:
            return held

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
