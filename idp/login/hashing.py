"""Argon2id in a bounded pool: a flood of log-ins costs log-ins, and nothing else.

Spec: RFC 9106 §4; OWASP Password Storage (m = 19 MiB, t = 2, p = 1); attacks.md BF-15

A hash takes a core for some 20 ms. Few run at once, on threads of low priority (Argon2 works outside of the interpreter's
lock); few callers are let in, fewer than there are threads that serve, so that `/token` and `/jwks` always find one. All
others are told at once to come again, and nobody waits without an end. The pool's threads begin with its first work, in the
process that asks, and end with it.
"""

import base64
import os
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

MEMORY_KIB, ROUNDS, LANES = 19_456, 2, 1
PLACES = 3  # callers inside, hashing or waiting: fewer than `idp.processes.THREADS`
WAIT_SECONDS = 5.0  # for a worker: many times what those before us take, even where others keep every core busy
RETRY_SECONDS = 2  # what they are told who found no place
NICENESS = 10  # a tenth of what a serving thread is given, where both want the same core

Result = TypeVar("Result")

_HASHER = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)


class HashingBusy(Exception):
    """As many hash as can. Nothing was computed and nothing changed; to be asked again after RETRY_SECONDS."""


class Pool:
    """`workers` hash at once; `places` callers are inside at most, those who are hashed for among them."""

    def __init__(self, *, workers: int, places: int, wait: float) -> None:
        self._places = threading.BoundedSemaphore(places)
        self._workers = ThreadPoolExecutor(workers, "hashing", _step_back)
        self._wait = wait
        self._own = threading.local()

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for all that this thread hashes within; raises HashingBusy at once. Who has one keeps it."""
        if getattr(self._own, "inside", False):
            yield
            return
        if not self._places.acquire(blocking=False):
            raise HashingBusy
        self._own.inside = True
        try:
            yield
        finally:
            self._own.inside = False
            self._places.release()

    def run(self, work: Callable[[], Result]) -> Result:
        with self.place():
            promised = self._workers.submit(work)
            with suppress(TimeoutError):
                return promised.result(self._wait)
            if promised.cancel():  # what nobody waits for is not computed
                raise HashingBusy
            return promised.result()  # it has begun, and ends by itself

    def close(self) -> None:
        self._workers.shutdown()


def place() -> AbstractContextManager[None]:
    """Ask for a place before anything is counted or read: who finds none was not let in, and has tried nothing."""
    return _pool.place()


def hash_bytes(value: bytes) -> str:
    """The encoded hash, with a salt of its own. Raises HashingBusy."""
    return _pool.run(lambda: _HASHER.hash(value))


def matches(known: str | None, value: bytes) -> bool:
    """True if `known` is a hash of `value`. With None the same work is done, and the answer is False. Raises HashingBusy."""
    return _pool.run(lambda: _matches(_of_nothing() if known is None else known, value))


def is_outdated(known: str) -> bool:
    """Made with another cost than today's. Says nothing about what is no hash at all."""
    try:
        return _HASHER.check_needs_rehash(known)
    except InvalidHashError:
        return False


def _matches(known: str, value: bytes) -> bool:
    try:
        return _HASHER.verify(known, value)
    except (VerificationError, InvalidHashError):
        return False


def _of_nothing() -> str:
    """What looks like a hash of today's cost, and of which nobody knows a value."""
    salt, tag = (base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=") for length in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={ROUNDS},p={LANES}${salt}${tag}"


def _step_back() -> None:
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _made() -> Pool:
    """One core is left to those who do not hash, where there are two."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return Pool(workers=min(PLACES, max(1, cores - 1)), places=PLACES, wait=WAIT_SECONDS)


def _renew() -> None:
    """A forked child has the pool's memory and none of its threads."""
    global _pool
    _pool = _made()


_pool = _made()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
