"""Rows that log-in looks among and counts in: of each account a session, an authenticator and a count of tries.

They stand beside the register of people, who have an account each (`tests.bench.register`).
"""

import json
import random
from collections.abc import Callable, Mapping
from hashlib import sha256
from itertools import count, cycle
from typing import Any

from sqlalchemy import Engine, Table

from idp.login.attempts import PERSON
from idp.ports import Ports
from idp.storage.engine import WRITES
from idp.storage.sql_authentication import attempts_key
from idp.storage.statements import Work
from idp.storage.tables import attempts, authenticators, sessions
from tests.bench.timing import Operation

NOW, LATER, DAY = 1_000, 10**10, 86_400
ASKED, BATCH = 1_000, 50_000
CACHE_KIB, USUAL_CACHE = 400_000, -2_000
AMR, DATA = json.dumps(["pwd"]), json.dumps({"id": "x" * 43, "public_key": "x" * 103, "backup_eligible": True})


def fill(engine: Engine, accounts: int) -> None:
    """Not what is measured: SQLite keeps the pages of the indexes at hand meanwhile, which come in random order."""
    writing = engine.execution_options(**{WRITES: True})
    lite = engine.dialect.name == "sqlite"
    for start in range(0, accounts, BATCH):
        places = range(start, min(start + BATCH, accounts))
        with writing.begin() as connection:
            if lite:
                connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KIB}")
            for rows, row in _ROWS:
                Work(connection.connection, connection.dialect).load(rows, [row(place) for place in places])
            if lite:
                connection.exec_driver_sql(f"PRAGMA cache_size = {USUAL_CACHE}")
    with writing.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def operations(ports: Ports, accounts: int) -> Mapping[str, Operation]:
    """Each call is about the next of many accounts, who are spread over all. The transaction must be one that writes.

    From one count to the next a day goes by: nobody waits, so that it is always the statement that counts.
    """
    places = random.Random(7).sample(range(accounts), ASKED)
    counted, waited, found, held = (cycle(places) for _ in range(4))
    days = count(1)
    return {
        "attempts.count": lambda: ports.attempts.count(PERSON, _account(next(counted)), now=NOW + next(days) * DAY),
        "attempts.waiting": lambda: ports.attempts.waiting(PERSON, _account(next(waited)), now=NOW),
        "sessions.find": lambda: ports.sessions.find(_hash("session", next(found)), now=NOW),
        "authenticators.of_account": lambda: ports.authenticators.of_account(_account(next(held))),
    }


def _account(place: int) -> str:
    return f"account-{place:07}"


def _hash(what: str, place: int) -> str:
    """As random as what stands there in life: each meets another page of its index."""
    return sha256(f"{what} {place}".encode()).hexdigest()


def _session(place: int) -> Mapping[str, Any]:
    return {
        "session_hash": _hash("session", place),
        "account_id": _account(place),
        "sid": _hash("sid", place)[:22],
        "authenticated_at": 0,
        "acr": "LoA1",
        "amr": AMR,
        "expires": LATER,
        "idle_until": LATER,
        "seen_at": 0,
        "device": "Chrome, Windows",
        "place": "203.0.113.0/24",
    }


def _authenticator(place: int) -> Mapping[str, Any]:
    return {
        "authenticator_id": _hash("authenticator", place)[:43],
        "account_id": _account(place),
        "kind": "passkey",
        "name": "Điện thoại",
        "created_at": 0,
        "key": _hash("key", place),
        "data": DATA,
        "counter": 0,
    }


def _tries(place: int) -> Mapping[str, Any]:
    return {"key": attempts_key(PERSON, _account(place)), "tries": 1, "blocked_until": 0, "expires": LATER}


_ROWS: tuple[tuple[Table, Callable[[int], Mapping[str, Any]]], ...] = (
    (sessions, _session),
    (authenticators, _authenticator),
    (attempts, _tries),
)
