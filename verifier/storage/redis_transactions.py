"""`Transactions` in Redis, for all machines of a relying party. Needs the extra `redis`.

Spec: OpenID4VP 1.0 §13.3, §14.2; the verbs are those of `verifier.transactions`, each one script, which Redis runs alone.

A server that throws keys out when it is full would give up open questions for new ones, so it is refused at the start; one that is
full refuses the new.
It holds keys, and answers for some minutes: it belongs on a network of our own, with TLS (`rediss://`).
"""

from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import OutOfMemoryError
from redis.retry import Retry

from verifier.storage.redis import refuse_forgetful
from verifier.transactions import ANSWER_SECONDS, Answer, Phase, Transaction, TransactionsFull

TIMEOUT_SECONDS = 1.0
BY_ID, BY_REQUEST = "vneid:asked:", "vneid:asked-request:"
_OPEN = """
local row = redis.call('GET', KEYS[1])
if not row then return false end
row = ARGV[1] .. row
local found = redis.call('HMGET', row, 'expires', 'answer', 'wallet', 'content')
if not found[1] or found[2] or tonumber(found[1]) <= tonumber(ARGV[2]) then return false end
"""
_FETCH = (
    _OPEN
    + """
if found[3] and (found[3] ~= ARGV[3] or ARGV[3] == '') then return false end
redis.call('HSET', row, 'wallet', ARGV[3])
return found[4]
"""
)
_READ = _OPEN + "return found[4]"
_ANSWER = (
    _OPEN
    + """
redis.call('HSET', row, 'answer', ARGV[3], 'code', ARGV[4], 'expires', ARGV[2] + ARGV[5])
redis.call('EXPIRE', row, ARGV[5])
return 1
"""
)
_TAKE = """
local found = redis.call('HMGET', KEYS[1], 'expires', 'answer', 'code', 'content')
if not found[2] or tonumber(found[1]) <= tonumber(ARGV[1]) or found[3] ~= ARGV[2] then return false end
redis.call('DEL', KEYS[1])
return {found[4], found[2]}
"""


class RedisTransactions:
    """`url` as redis-py reads it: `redis://host:6379/0`, `rediss://` with TLS. Raises UnsafeRedis."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=Retry(NoBackoff(), 0)
        )
        refuse_forgetful(self._redis)
        scripts = (_FETCH, _READ, _ANSWER, _TAKE)
        self._fetch, self._read, self._answer, self._take = (self._script(text) for text in scripts)

    def add(self, transaction: Transaction) -> None:
        seconds = max(1, transaction.expires - transaction.begun)
        with self._redis.pipeline(transaction=True) as together:
            together.hset(
                BY_ID + transaction.id,
                mapping={"expires": transaction.expires, "content": transaction.to_json()},
            )
            together.expire(BY_ID + transaction.id, seconds)
            together.set(BY_REQUEST + transaction.request_id, transaction.id, ex=seconds)
            try:
                together.execute()
            except OutOfMemoryError as error:
                raise TransactionsFull(str(error)) from error

    def fetch(self, request_id: str, wallet: str, *, now: int) -> Transaction | None:
        return _transaction(self._fetch([BY_REQUEST + request_id], [BY_ID, now, wallet]))

    def open(self, request_id: str, *, now: int) -> Transaction | None:
        return _transaction(self._read([BY_REQUEST + request_id], [BY_ID, now]))

    def answer(self, request_id: str, answer: Answer, *, now: int) -> bool:
        given = [BY_ID, now, answer.to_json(), answer.code, ANSWER_SECONDS]
        return bool(self._answer([BY_REQUEST + request_id], given))

    def phase(self, id_: str, *, now: int) -> Phase | None:
        found: list[Any] = self._redis.hmget(BY_ID + id_, ["expires", "answer", "wallet"])
        if found[0] is None or int(found[0]) <= now:
            return None
        return Phase.ANSWERED if found[1] is not None else Phase.WAITING if found[2] is None else Phase.FETCHED

    def take(self, id_: str, code: str, *, now: int) -> tuple[Transaction, Answer] | None:
        found = self._take([BY_ID + id_], [now, code])
        return None if found is None else (Transaction.from_json(found[0]), Answer.from_json(found[1]))

    def close(self) -> None:
        self._redis.close()

    def _script(self, text: str) -> Callable[[list[str], list[Any]], Any]:
        registered = self._redis.register_script(text)
        return lambda keys, given: registered(keys=keys, args=given)


def _transaction(content: bytes | None) -> Transaction | None:
    return None if content is None else Transaction.from_json(content)
