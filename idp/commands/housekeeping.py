"""`housekeeping`: runs beside the provider's servers; seals the journal, removes what is over, rotates our keys on schedule."""

import argparse
import logging
import os
import signal
import threading
import time
from collections.abc import Callable

from certs import log as lines
from certs.fetch import Fetcher
from certs.log import event
from idp import housekeeping, master_key, provider_keys
from idp.commands.opening import opened, settings
from idp.commands.terminal import CONFIGURATION, DONE, Failed, Words, command, show_one
from idp.config import Config
from idp.courier import Courier
from idp.housekeeping import SEAL_EVERY, SWEEP_EVERY
from idp.oidc.backchannel import Desk
from idp.oidc.clients import client_keys
from idp.oidc.clients.remote import Remote
from idp.oidc.keys import key_changes, signing_keys
from idp.oidc.keys.key_safe import Safe, SealedSafe, Unusable
from idp.oidc.secrets import new_secret
from idp.ports import Storage
from idp.storage.errors import StorageError

log = logging.getLogger("idp.housekeeping")


def add(words: Words) -> None:
    kept = command(
        words, "housekeeping", _housekeeping, "seal the journal, remove what is over, rotate keys when they are due"
    )
    kept.add_argument("--once", action="store_true", help="do it all once, say what was done, and end")


def _housekeeping(options: argparse.Namespace) -> int:
    with opened(options) as storage:
        if options.once:
            return _once(storage, options)
        lines.install("idp")
        stop, config = _stop_on_signal(), settings(options)
        safe = _safe(config)
        carrying = courier(storage, config, safe)
        carrying.start(stop)
        keep(storage, safe, stop)
        stop.set()
        carrying.close()
    return DONE


def _safe(config: Config) -> SealedSafe:
    return provider_keys.safe(master_key.load_or_create(config.data))


def courier(storage: Storage, config: Config, safe: SealedSafe) -> Courier:
    """Beside those of the servers, so that what they left when they ended goes out."""

    def clock() -> int:
        return int(time.time())

    keys = provider_keys.opened(storage, safe, config.data, clock=clock, steady=time.monotonic)
    web = Fetcher(simulation=config.simulation, ca_bundle=config.ca_bundle)
    remote = Remote(web, time.monotonic)
    desk = Desk(
        issuer=config.issuer,
        signers=keys.refreshed,
        new_secret=new_secret,
        ready=lambda client: client_keys.refreshed(client, remote),
    )
    return Courier(storage, web, desk, clock)


def _once(storage: Storage, options: argparse.Namespace) -> int:
    now = int(time.time())
    removed = housekeeping.sweep(storage, now=now)
    try:
        keys = len(key_changes.on_schedule(storage, _safe(settings(options)), now=now))
    except Unusable as error:
        raise Failed(f"{error} No key was made.", CONFIGURATION) from error
    sealed = housekeeping.seal(storage, now=now, sleep=time.sleep)
    hashed = {"newest block": sealed[-1].number, "hash": sealed[-1].hash.hex()} if sealed else {}
    return show_one({**removed, "keys changed": keys, "blocks sealed": len(sealed), **hashed}, options)


def keep(storage: Storage, safe: Safe, stop: threading.Event) -> None:
    """Until `stop`, or until the process that started us is gone. A database that is away is asked again later."""
    parent, swept = os.getppid(), 0.0
    while not stop.is_set() and os.getppid() == parent:
        _guarded("seal", lambda: _seal(storage, stop))
        if time.monotonic() - swept >= SWEEP_EVERY:
            swept = time.monotonic()
            _guarded("sweep", lambda: _sweep(storage, stop))
            _guarded("keys", lambda: _rotate(storage, safe))
        stop.wait(SEAL_EVERY)


def _seal(storage: Storage, stop: threading.Event) -> None:
    def sleep(seconds: float) -> None:
        stop.wait(seconds)

    sealed = housekeeping.seal(storage, now=int(time.time()), sleep=sleep)
    if sealed:  # the log is another place than the database: a chain that was cut off later is found by this line
        # In groups: twelve digits in a row would be masked as somebody's number.
        event(log, logging.INFO, "journal_sealed", block=sealed[-1].number, hash=sealed[-1].hash.hex(":", 4))


def _sweep(storage: Storage, stop: threading.Event) -> None:
    removed = housekeeping.sweep(storage, now=int(time.time()), stop=stop.is_set)
    if any(removed.values()):
        told = ", ".join(f"{name}: {count}" for name, count in removed.items() if count)
        event(log, logging.INFO, "swept", removed=told)


def _rotate(storage: Storage, safe: Safe) -> None:
    now = int(time.time())
    for key in key_changes.on_schedule(storage, safe, now=now):
        event(log, logging.INFO, "signing_key", key=key.kid, alg=key.alg, state=signing_keys.state(key, now=now))


def _guarded(what: str, do: Callable[[], None]) -> None:
    try:
        do()
    except (StorageError, Unusable) as error:
        event(log, logging.ERROR, "housekeeping_failed", error=error, step=what)


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
