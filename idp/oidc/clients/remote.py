"""What clients keep at addresses of their own: keys, request objects, lists of redirect URIs. Fetched outside of transactions.

Spec: OpenID Connect Core 1.0 §10.1.1 (a new `kid` means new keys), §6.2; OpenID Connect Registration 1.0 §5; RFC 7517 §5;
attacks SS-01 to SS-10, CA-17

A rule that needs such a thing and has it not raises `Needed`. That leaves the transaction, which so ends without effect; then
`meet` fetches, and the endpoint begins anew. A request without such a client costs nothing; and no fetch is made twice for one
request, since the context says what was tried.

    a key set    is kept for ten minutes; asked for again at a `kid` that it has not, but never twice within a minute, whether
                 the last try went well or not. When a try fails, what was there stays, for a day; a set without keys
                 is no failure: so an owner takes back all that it had
    others       are fetched for the one request that needs them, so many at once from one host: it may answer slowly, and
                 strangers make us ask it
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from certs.encoding import json_decode
from certs.errors import CertsError
from certs.fetch import FetchError, Response

FRESH = 600.0  # seconds that keys are believed unasked
PAUSE = 60.0  # between two fetches from one address, at least
STALE = 86_400.0  # that keys are good for while their address does not answer
MOST = 1_000  # addresses that are remembered
MAX_KEYS = 20
MAX_SET = 64 * 1024  # bytes of them
AT_ONCE = 8  # of the twenty connections that there are

JSON = ("application/json", "application/jwk-set+json")

Key = Mapping[str, Any]


class Get(Protocol):
    def get(self, url: str, *, accept: str = ...) -> Response: ...


class Needed(Exception):
    """What stands at this address has to be fetched before the request can be answered. `keys`: into the cache of keys."""

    def __init__(self, url: str, *, keys: bool = False) -> None:
        super().__init__("something of a client has to be fetched")
        self.url = url
        self.keys = keys


@dataclass(slots=True)
class _Known:
    keys: tuple[Key, ...] = ()
    fetched_at: float | None = None
    tried_at: float | None = None
    busy: threading.Lock = field(default_factory=threading.Lock)


class Remote:
    """`clock` need not be the time of day, only rise."""

    def __init__(self, web: Get, clock: Callable[[], float]) -> None:
        self._web = web
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._reading: Counter[str] = Counter()  # by host
        self._lock = threading.Lock()

    def keys(self, url: str, *, kid: str | None) -> tuple[tuple[Key, ...], bool]:
        """Those that are known, and whether it is time to ask again for a key of this id, or for any."""
        known, now = self._of(url), self._clock()
        old = known.fetched_at is None or now >= known.fetched_at + FRESH
        missed = kid is not None and all(key.get("kid") != kid for key in known.keys)
        rested = known.tried_at is None or now >= known.tried_at + PAUSE
        usable = known.fetched_at is not None and now < known.fetched_at + STALE
        return (known.keys if usable else ()), (old or missed) and rested

    def refresh(self, url: str) -> None:
        """Of several at once one fetches; the others go on with what there is, or wait where there is nothing."""
        known = self._of(url)
        if not known.busy.acquire(blocking=not known.keys):
            return
        try:
            now = self._clock()
            if known.tried_at is not None and now < known.tried_at + PAUSE:
                return
            known.tried_at = now
            found = self._fetched(url)
            if found is not None:
                known.keys, known.fetched_at = found, now
        finally:
            known.busy.release()

    def read(self, url: str) -> bytes | None:
        """What stands there now; None where nobody answers as one should, or too many wait for that already."""
        host = urlsplit(url).netloc
        with self._lock:
            if self._reading[host] >= AT_ONCE:
                return None
            self._reading[host] += 1
        try:
            answer = self._answer(url, "*/*")
        finally:
            with self._lock:
                self._reading -= Counter([host])  # one that nobody waits for is gone from it
        return None if answer is None else answer.body

    def read_json(self, url: str) -> Any:
        answer = self._answer(url, ", ".join(JSON))
        if answer is None or answer.headers.get("content-type", "").partition(";")[0].strip().lower() not in JSON:
            return None
        try:
            return json_decode(answer.body, limit=MAX_SET)
        except CertsError:
            return None

    def _fetched(self, url: str) -> tuple[Key, ...] | None:
        found = self.read_json(url)
        keys = found.get("keys") if isinstance(found, dict) else None
        if not isinstance(keys, list) or len(keys) > MAX_KEYS:
            return None
        return tuple(key for key in keys if isinstance(key, dict))

    def _answer(self, url: str, accept: str) -> Response | None:
        try:
            answer = self._web.get(url.partition("#")[0], accept=accept)
        except FetchError:
            return None
        return answer if answer.status == 200 else None

    def _of(self, url: str) -> _Known:
        with self._lock:
            known = self._known.setdefault(url, _Known())
            self._known.move_to_end(url)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
            return known


class _Nobody:
    def get(self, url: str, *, accept: str = "") -> Response:
        raise FetchError("url_refused", "nothing is fetched here")


NOWHERE = Remote(_Nobody(), lambda: 0.0)
