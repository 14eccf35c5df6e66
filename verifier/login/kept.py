"""What a site keeps between two requests of a browser: sign-ins under way, sessions, and which logout tokens were used.

Keys are hashes, so that whoever reads the store can act as nobody. Each verb is one step: of two callers one alone takes a thing.
"""

import threading
from collections import OrderedDict
from typing import NamedTuple, Protocol

AT_MOST = 100_000  # of each kind: strangers fill sign-ins under way, never sessions
KINDS = ("pending", "session", "used")


class KeptFull(RuntimeError):
    """More is kept than there is room for. Nothing makes room: whoever comes last would push out who came first."""


class Kept(Protocol):
    """Shared by every process of a site; `kind` is one of KINDS. Raises KeptFull where no room is left."""

    def put(
        self, kind: str, key: str, text: str, *, until: int, now: int, sid: str | None = None, subject: str = ""
    ) -> None: ...

    def get(self, kind: str, key: str, *, now: int) -> str | None: ...

    def take(self, kind: str, key: str, *, now: int) -> str | None:
        """It is there no longer afterwards."""

    def renew(self, kind: str, key: str, text: str, *, now: int) -> None:
        """Another text in its place, until the same end; nothing where it is there no longer."""

    def once(self, key: str, *, until: int, now: int) -> bool:
        """True for the first who says this."""

    def end(self, *, sid: str | None, subject: str | None) -> int:
        """Forget the sessions of this name, of this person, or of both where both are given; how many there were."""


class _Entry(NamedTuple):
    text: str
    until: int
    sid: str | None
    subject: str


class Memory:
    """For one process: a restart signs everybody out. Safe to share between threads."""

    def __init__(self, *, at_most: int = AT_MOST) -> None:
        self._at_most = at_most
        self._lock = threading.Lock()
        self._kinds: dict[str, OrderedDict[str, _Entry]] = {kind: OrderedDict() for kind in KINDS}

    def put(
        self, kind: str, key: str, text: str, *, until: int, now: int, sid: str | None = None, subject: str = ""
    ) -> None:
        with self._lock:
            self._put(kind, key, _Entry(text, until, sid, subject), now)

    def get(self, kind: str, key: str, *, now: int) -> str | None:
        with self._lock:
            return _good(self._kinds[kind].get(key), now)

    def take(self, kind: str, key: str, *, now: int) -> str | None:
        with self._lock:
            return _good(self._kinds[kind].pop(key, None), now)

    def renew(self, kind: str, key: str, text: str, *, now: int) -> None:
        with self._lock:
            entry = self._kinds[kind].get(key)
            if entry is not None and entry.until > now:
                self._kinds[kind][key] = entry._replace(text=text)

    def once(self, key: str, *, until: int, now: int) -> bool:
        with self._lock:
            if _good(self._kinds["used"].get(key), now) is not None:
                return False
            self._put("used", key, _Entry("", until, None, ""), now)
            return True

    def end(self, *, sid: str | None, subject: str | None) -> int:
        with self._lock:
            sessions = self._kinds["session"]
            meant = [
                key
                for key, entry in sessions.items()
                if (sid is not None or subject is not None)
                and sid in (None, entry.sid)
                and subject in (None, entry.subject)
            ]
            for key in meant:
                del sessions[key]
            return len(meant)

    def _put(self, kind: str, key: str, entry: _Entry, now: int) -> None:
        entries = self._kinds[kind]
        entries.pop(key, None)
        while entries and next(iter(entries.values())).until <= now:
            entries.popitem(last=False)
        if len(entries) >= self._at_most:
            for over in [name for name, each in entries.items() if each.until <= now]:  # not the oldest, and over
                del entries[over]
        if len(entries) >= self._at_most:
            raise KeptFull(f"{self._at_most} of {kind}")
        entries[key] = entry


def _good(entry: _Entry | None, now: int) -> str | None:
    return None if entry is None or entry.until <= now else entry.text
