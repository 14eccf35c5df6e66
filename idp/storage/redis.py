"""Redis beside the database: it remembers which single-use values are spent, and spares the database who asks for them again.

Only what can never become untrue is kept there: that a value was taken, or was seen once, in a transaction that is committed.
Such a fact is asked before the database; everything else, above all that a value is still good, is the database's to say.
So Redis may be stopped, emptied, frozen, read-only or evict what it likes: the database is asked instead. A wrong fact could
only refuse a value, never let one pass twice.

A copy of the living values would serve more reads, and is wrong: while Redis does not answer, one process takes a value and
cannot remove the copy, which another process then reads as good.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from idp.model import Taken
from idp.ports import SWEPT_AT_ONCE, Ephemeral, Ports, Storage
from idp.storage.errors import UnsafeDatabase
from idp.storage.sql_tokens import ephemeral_key

if TYPE_CHECKING:
    from redis import Redis

TIMEOUT_SECONDS = 0.02  # what an answer may cost when Redis hangs; a healthy one answers in a tenth of a millisecond
PAUSE_SECONDS = 1.0  # after a failure nobody asks: a hanging Redis costs its timeout once a second, not at each request
KEPT_SECONDS = (
    3_600  # longer than a code, a nonce or an interaction lives; what is gone earlier is asked of the database
)
PREFIX = b"vneid:spent:"


def connect(url: str) -> "Redis":
    """The door to an optional extra: the provider runs without it."""
    try:
        from redis import Redis  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415
    except ImportError as error:
        raise UnsafeDatabase(
            "REDIS_URL is set and the extra is not installed: pip install vneid-reference[redis]"
        ) from error
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class Spent:
    """Values known to be used up, by the hash of purpose and value, each with the time at which it would have ended."""

    def __init__(self, client: "Redis", clock: Callable[[], float]) -> None:
        self._client = client
        self._clock = clock  # any that rises steadily
        self._asks_from = 0.0

    def knows(self, key: bytes) -> int | None:
        """When the spent value ends; None when nothing is known, which says nothing."""
        found = self._try(lambda: self._client.get(PREFIX + key))
        return int(found) if isinstance(found, bytes) and found.isdigit() else None

    def remember(self, facts: Mapping[bytes, int]) -> None:
        if not facts:
            return
        with self._client.pipeline(transaction=False) as pipeline:
            for key, expires in facts.items():
                pipeline.set(PREFIX + key, expires, ex=KEPT_SECONDS)
            self._try(pipeline.execute)

    def _try(self, ask: Callable[[], object]) -> object:
        if self._clock() < self._asks_from:
            return None
        try:
            return ask()
        except Exception:  # noqa: BLE001 - whatever it is, it must not cost more than its answer
            self._asks_from = self._clock() + PAUSE_SECONDS
            return None


class RememberingEphemeral:
    """The database's adapter, asked only where nothing is known. What it says is noted, to be told after the commit."""

    def __init__(self, kept: Ephemeral, spent: Spent) -> None:
        self._kept = kept
        self._spent = spent
        self.noted: dict[bytes, int] = {}

    def put(self, purpose: str, value: str, payload: Mapping[str, Any], *, expires: int) -> None:
        self._kept.put(purpose, value, payload, expires=expires)

    def read(self, purpose: str, value: str, *, now: int) -> Mapping[str, Any] | None:
        ends = self._spent.knows(ephemeral_key(purpose, value))
        if ends is not None and ends > now:
            return None
        return self._kept.read(purpose, value, now=now)

    def take(self, purpose: str, value: str, *, now: int) -> Taken | None:
        # Whoever takes again is told what it was, and that only the database knows: Redis is not asked.
        taken = self._kept.take(purpose, value, now=now)
        if taken is not None:
            self.noted[ephemeral_key(purpose, value)] = taken.expires
        return taken

    def once(self, purpose: str, value: str, *, expires: int) -> bool:
        key = ephemeral_key(purpose, value)
        if self._spent.knows(key) is not None:
            return False
        first = self._kept.once(purpose, value, expires=expires)
        if first:  # of another's value we do not know the end
            self.noted[key] = expires
        return first

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        return self._kept.sweep(now=now, limit=limit)

    def void(self, *, limit: int = SWEPT_AT_ONCE) -> int:
        return self._kept.void(limit=limit)


class RedisStorage:
    """Any storage, with its single-use values remembered in Redis once they are spent for good."""

    def __init__(self, storage: Storage, spent: Spent) -> None:
        self._storage = storage
        self._spent = spent

    @contextmanager
    def transaction(self) -> Iterator[Ports]:
        with self._storage.transaction() as ports:
            ephemeral = RememberingEphemeral(ports.ephemeral, self._spent)
            yield replace(ports, ephemeral=ephemeral)
        self._spent.remember(ephemeral.noted)  # committed: now it can never become untrue

    @contextmanager
    def reading(self) -> Iterator[Ports]:
        with self._storage.reading() as ports:
            yield replace(ports, ephemeral=RememberingEphemeral(ports.ephemeral, self._spent))
