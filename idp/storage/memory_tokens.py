"""What lives briefly, in memory: single-use values, grants with their tokens, sessions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from idp.model import Ended, Grant, Reached, Session, Taken, Token
from idp.ports import SWEPT_AT_ONCE
from idp.storage.memory_accounts import MemoryAccounts
from idp.storage.memory_logouts import MemoryLogouts
from idp.storage.memory_rows import Rows, Undo, as_stored, require


@dataclass(frozen=True, slots=True)
class _Single:
    payload: Mapping[str, Any]
    expires: int
    taken: bool


class MemoryEphemeral:
    def __init__(self, undo: Undo) -> None:
        self._rows: Rows[bytes, _Single] = Rows(undo)

    @staticmethod
    def _key(purpose: str, value: str) -> bytes:
        return sha256(purpose.encode() + b"\0" + value.encode()).digest()

    def _living(self, key: bytes, now: int) -> _Single | None:
        row = self._rows.get(key)
        return row if row is not None and row.expires > now else None

    def put(self, purpose: str, value: str, payload: Mapping[str, Any], *, expires: int) -> None:
        self._rows.add(self._key(purpose, value), _Single(as_stored(payload), expires, taken=False))

    def read(self, purpose: str, value: str, *, now: int) -> Mapping[str, Any] | None:
        row = self._living(self._key(purpose, value), now)
        return None if row is None or row.taken else as_stored(row.payload)

    def take(self, purpose: str, value: str, *, now: int) -> Taken | None:
        key = self._key(purpose, value)
        row = self._living(key, now)
        if row is None:
            return None
        self._rows.put(key, replace(row, taken=True))
        return Taken(as_stored(row.payload), again=row.taken, expires=row.expires)

    def once(self, purpose: str, value: str, *, expires: int) -> bool:
        key = self._key(purpose, value)
        if key in self._rows:
            return False
        self._rows.add(key, _Single({}, expires, taken=True))
        return True

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        expired = [key for key, row in self._rows.items() if row.expires <= now]
        return sum(self._rows.remove(key) for key in expired[:limit])

    def void(self, *, limit: int = SWEPT_AT_ONCE) -> int:
        unused = [key for key, row in self._rows.items() if not row.taken]
        return sum(self._rows.remove(key) for key in unused[:limit])


@dataclass(frozen=True, slots=True)
class _Family:
    grant: Grant
    closed_at: int | None = None

    def open_at(self, now: int) -> bool:
        return self.closed_at is None and self.grant.expires > now


@dataclass(frozen=True, slots=True)
class _Token:
    token: Token
    rotated_at: int | None = None


class MemoryGrants:
    def __init__(self, undo: Undo, accounts: MemoryAccounts) -> None:
        self._accounts = accounts
        self._families: Rows[str, _Family] = Rows(undo)
        self._tokens: Rows[str, _Token] = Rows(undo)

    def open(self, grant: Grant, tokens: Iterable[Token]) -> None:
        require(self._accounts.get(grant.account_id) is not None, "a grant of no account")
        self._families.add(grant.grant_id, _Family(replace(grant, details=as_stored(grant.details))))
        self.add(grant.grant_id, tokens)

    def add(self, grant_id: str, tokens: Iterable[Token]) -> None:
        for token in tokens:
            require(token.grant_id == grant_id, "a token of another grant")
            require(token.kind in ("access", "refresh"), "a token of no known kind")
            self._tokens.add(token.token_hash, _Token(token))

    def live(self, token_hash: str, kind: str, *, now: int) -> tuple[Grant, Token] | None:
        row = self._tokens.get(token_hash)
        if row is None or row.token.kind != kind or row.token.expires <= now:
            return None
        family = self._families.get(row.token.grant_id)
        token = replace(row.token, replaced=row.rotated_at is not None)
        return (family.grant, token) if family is not None and family.open_at(now) else None

    def of_account(self, account_id: str, purpose: str, *, now: int) -> tuple[Grant, ...]:
        families = [family for family in self._families.values() if family.open_at(now)]
        grants = [one.grant for one in families if (one.grant.account_id, one.grant.purpose) == (account_id, purpose)]
        return tuple(sorted(grants, key=lambda grant: (grant.opened_at, grant.grant_id)))

    def rotate(self, refresh_hash: str, successors: Iterable[Token], *, now: int, spares: bool = False) -> Grant | None:
        row = self._tokens.get(refresh_hash)
        if row is None or row.token.kind != "refresh":
            return None
        if row.rotated_at is not None:
            # RFC 9700 §4.14.2: a replaced token that comes back is in two hands; which is the thief's cannot be told.
            if not spares:
                self.close_family(row.token.grant_id, now=now)
            return None
        live = self.live(refresh_hash, "refresh", now=now)
        if live is None:
            return None
        self._tokens.put(refresh_hash, replace(row, rotated_at=now))
        self.add(row.token.grant_id, successors)
        return live[0]

    def close_family(self, grant_id: str, *, now: int) -> bool:
        family = self._families.get(grant_id)
        if family is None or family.closed_at is not None:
            return False
        self._families.put(grant_id, replace(family, closed_at=now))
        return True

    def close_account(self, account_id: str, *, now: int, client_id: str | None = None) -> int:
        return sum(
            self.close_family(grant_id, now=now)
            for grant_id, family in self._families.items()
            if family.grant.account_id == account_id and client_id in (None, family.grant.client_id)
        )

    def close_some(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        still = [grant_id for grant_id, family in self._families.items() if family.closed_at is None]
        return sum(self.close_family(grant_id, now=now) for grant_id in still[:limit])

    def forget_client(self, client_id: str) -> None:
        for grant_id, family in self._families.items():
            if family.grant.client_id == client_id:
                self.close_family(grant_id, now=0)

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        over = {key for key, family in self._families.items() if family.grant.expires <= now}
        tokens = [
            key
            for key, row in self._tokens.items()
            if row.token.expires <= now and (row.token.kind == "access" or row.token.grant_id in over)
        ][:limit]
        swept = sum(map(self._tokens.remove, tokens))
        held = {row.token.grant_id for row in self._tokens.values()}
        return swept + sum(map(self._families.remove, sorted(over - held)[: limit - swept]))


class MemorySessions:
    def __init__(self, undo: Undo, accounts: MemoryAccounts, logouts: MemoryLogouts) -> None:
        self._accounts = accounts
        self._logouts = logouts
        self._rows: Rows[str, Session] = Rows(undo)
        self._reached: Rows[tuple[str, str], Reached] = Rows(undo)  # by sid and client

    def add(self, session: Session) -> None:
        require(self._accounts.get(session.account_id) is not None, "a session of no account")
        require(all(other.sid != session.sid for other in self._rows.values()), "a session id used before")
        self._rows.add(session.session_hash, session)

    def find(self, session_hash: str, *, now: int) -> Session | None:
        session = self._rows.get(session_hash)
        return session if session is not None and _lives(session, now) else None

    def of_account(self, account_id: str, *, now: int) -> tuple[Session, ...]:
        theirs = [session for session in self._rows.values() if session.account_id == account_id]
        living = [session for session in theirs if _lives(session, now)]
        return tuple(sorted(living, key=lambda session: -session.seen_at))

    def touch(self, session_hash: str, *, seen_at: int, idle_until: int) -> bool:
        session = self._rows.get(session_hash)
        if session is not None:
            self._rows.put(session_hash, replace(session, seen_at=seen_at, idle_until=idle_until))
        return session is not None

    def replace(self, session_hash: str, session: Session) -> bool:
        if not self._rows.remove(session_hash):
            return False
        self.add(session)
        return True

    def reach(self, sid: str, client_id: str, *, subject: str) -> bool:
        lives = any(session.sid == sid for session in self._rows.values())
        if lives:
            self._reached.put((sid, client_id), Reached(client_id, subject))
        return lives

    def end(self, session_hash: str) -> Ended | None:
        ended = self._end(lambda session: session.session_hash == session_hash)
        return ended[0] if ended else None

    def end_sid(self, account_id: str, sid: str) -> bool:
        return bool(self._end(lambda session: session.account_id == account_id and session.sid == sid))

    def end_account(self, account_id: str, *, but: str | None = None) -> int:
        return len(self._end(lambda session: session.account_id == account_id and session.session_hash != but))

    def end_some(self, *, limit: int = SWEPT_AT_ONCE) -> int:
        some = {session.sid for session in list(self._rows.values())[:limit]}
        return len(self._end(lambda session: session.sid in some))

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        over = [session for session in self._rows.values() if not _lives(session, now)][:limit]
        for session in over:
            self._take(session)
        return len(over)

    def forget_client(self, client_id: str) -> None:
        for key in [key for key, _ in self._reached.items() if key[1] == client_id]:
            self._reached.remove(key)

    def _end(self, which: Callable[[Session], bool]) -> list[Ended]:
        ended = [self._take(session) for session in self._rows.values() if which(session)]
        self._logouts.leave(ended)
        return ended

    def _take(self, session: Session) -> Ended:
        self._rows.remove(session.session_hash)
        keys = [key for key, _ in self._reached.items() if key[0] == session.sid]
        reached = [one for key, one in self._reached.items() if key[0] == session.sid]
        for key in keys:
            self._reached.remove(key)
        return Ended(session.sid, session.account_id, tuple(reached))


def _lives(session: Session, now: int) -> bool:
    return session.expires > now and session.idle_until > now
