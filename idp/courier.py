"""Carries the messages that sessions are over to the relying parties, within a second, beside the requests.

One runs in each of the provider's processes and one in its housekeeping; each looks by itself, and the claim of a message has
one winner. A receiver that hangs holds one of the carriers and nobody else's message.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from certs.log import event
from idp.oidc import backchannel
from idp.oidc.backchannel import Batch, Desk, Outcome, Post
from idp.ports import Storage

EVERY = 0.25  # seconds between two looks
CARRIERS = 8

log = logging.getLogger("idp.courier")


class Courier:
    def __init__(self, storage: Storage, web: Post, desk: Desk, clock: Callable[[], int]) -> None:
        self._storage, self._web, self._desk, self._clock = storage, web, desk, clock
        self._carriers = ThreadPoolExecutor(CARRIERS, thread_name_prefix="logout")
        self._busy: list[Future[Outcome]] = []

    def start(self, stop: threading.Event) -> threading.Thread:
        thread = threading.Thread(target=self._run, args=(stop,), name="courier", daemon=True)
        thread.start()
        return thread

    def look(self) -> list["Future[Outcome]"]:
        """Hand out what is due, and do not wait for it."""
        self._busy = [one for one in self._busy if not one.done()]
        if len(self._busy) >= CARRIERS:
            return []
        begun = [
            self._carriers.submit(self._carry, batch) for batch in backchannel.claim(self._storage, now=self._clock())
        ]
        self._busy += begun
        return begun

    def close(self) -> None:
        """After what is under way."""
        self._carriers.shutdown()
        self._web.close()

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(EVERY):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - a database that is away is asked again; nothing is lost
                event(log, logging.ERROR, "logouts_failed", error=error)

    def _carry(self, batch: Batch) -> Outcome:
        try:
            outcome = backchannel.deliver(batch, self._storage, self._web, self._desk, self._clock)
        except Exception as error:  # noqa: BLE001 - claimed again when its time is up
            event(log, logging.ERROR, "logouts_failed", error=error)
            return Outcome(batch.client_id, 0, type(error).__name__)
        if outcome.problem is not None:
            event(log, logging.WARNING, "logout_not_told", client=outcome.client_id, cause=outcome.problem)
        return outcome
