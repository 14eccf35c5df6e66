"""`Once` in Redis, for all machines of a relying party. The one file here that needs the extra `redis`.

Spec: Redis `SET key value NX EX seconds`, one atomic command; the verb is `verifier.once.Once`.

What Redis forgets could be used again. So a server that throws keys out when it is full is refused at the start; one that loses its
last seconds when it falls over (no `appendfsync always`, a replica that was behind) can let a code through twice in that minute.
How long a key stays is told in seconds by our clock: the server's own may be wrong.
"""

import time
from collections.abc import Callable

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from verifier.once import check_key

TIMEOUT_SECONDS = 1.0  # then it raises: a counter waits no longer for a server that hangs
PREFIX = b"vneid:once:"


class UnsafeRedis(RuntimeError):
    """This server may forget what was used up; the text says what to set."""


def refuse_forgetful(server: Redis) -> None:
    """Raises UnsafeRedis."""
    memory = server.info("memory")
    if memory.get("maxmemory") and memory.get("maxmemory_policy") != "noeviction":
        raise UnsafeRedis("Redis drops keys when it is full. Set: maxmemory-policy noeviction")


class RedisOnce:
    """`url` as redis-py reads it: `redis://host:6379/0`, `rediss://` with TLS."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._url = url
        self._clock = clock
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=Retry(NoBackoff(), 0)
        )
        refuse_forgetful(self._redis)

    def once(self, key: bytes, *, expires: int) -> bool:
        check_key(key)
        seconds = max(1, expires - int(self._clock()))
        return self._redis.set(PREFIX + key, b"1", nx=True, ex=seconds) is True

    def __reduce__(self) -> tuple[type["RedisOnce"], tuple[str]]:
        """Another process opens its own."""
        return type(self), (str(self._url),)

    def close(self) -> None:
        self._redis.close()
