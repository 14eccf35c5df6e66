"""What must be remembered between a question and its answer, and the port that keeps it: fetched once, answered once, taken once.

Spec: OpenID4VP 1.0 §13.3 (reference design: request id, transaction id, response code), §14.1 (replay), §14.2 (session fixation).

Each verb is one atomic step, so that of two who come at once one is told no; no rule reads first and then writes.
`MemoryTransactions` serves one process, `verifier.storage.transactions.SqliteTransactions` all processes of a machine.
"""

import hmac
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from certs.encoding import json_decode, json_encode

AT_MOST = 10_000  # in memory, some 30 MB
ANSWER_SECONDS = 600  # how long an answer waits for the page that asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One question to one wallet. Times are Unix seconds.

    id             known to the page that asked alone: who has it, and the response code, gets the answer
    request_id     stands in the addresses that the wallet is given
    state, nonce   stand in the signed request alone
    about          the name of the question, by which its policies are found again
    query          the query as it is sent
    redirect_uri   where the person goes on afterwards; None: nowhere
    same_device    the answer is given out for the code that came with the redirect alone (§14.2)
    key            PEM of the key to which the answer is encrypted; None: it is not
    data           transaction data as it is sent (§8.4)
    """

    id: str = field(repr=False)
    request_id: str
    state: str = field(repr=False)
    nonce: str
    about: str
    query: Mapping[str, Any]
    client_id: str
    response_uri: str
    redirect_uri: str | None
    same_device: bool
    key: str | None = field(repr=False)
    data: tuple[str, ...] = ()
    begun: int
    expires: int

    def to_json(self) -> bytes:
        return json_encode(asdict(self))

    @classmethod
    def from_json(cls, data: bytes) -> "Transaction":
        value: Any = json_decode(data, limit=len(data))
        return cls(**{**value, "data": tuple(value["data"])})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Of an answer that did not hold: for which credential query, in which format, and how far the checks came."""

    query: str
    form: str | None
    checks: tuple[tuple[int, str, str | None], ...]  # step, outcome, code

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Refusal":
        return cls(value["query"], value["form"], tuple((step, how, code) for step, how, code in value["checks"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came for a transaction: presentations by the id of their query; or that they were refused, and nothing of what they
    told; or the wallet's own `error`. `code` is the response code, empty where the answer is given out without."""

    at: int
    code: str = field(repr=False)
    token: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    refusal: Refusal | None = None
    error: str | None = None

    def to_json(self) -> bytes:
        return json_encode(asdict(self))

    @classmethod
    def from_json(cls, data: bytes) -> "Answer":
        value: Any = json_decode(data, limit=len(data))
        refusal = None if value["refusal"] is None else Refusal.from_json(value["refusal"])
        return cls(**{**value, "token": {id_: tuple(made) for id_, made in value["token"].items()}, "refusal": refusal})


class Phase(StrEnum):
    """How far a transaction is, for the page that waits."""

    WAITING = "waiting"  # for a wallet to fetch the question
    FETCHED = "fetched"  # by a wallet, whose holder reads it
    ANSWERED = "answered"


class TransactionsFull(RuntimeError):
    """More questions are open than may be. None of them is given up for a new one: whoever may ask could end all others."""


class Transactions(Protocol):
    """Implemented in memory, in SQLite and in Redis. What is past its end is not there."""

    def add(self, transaction: Transaction) -> None:
        """Raises TransactionsFull where no room is left."""

    def fetch(self, request_id: str, wallet: str, *, now: int) -> Transaction | None:
        """For the wallet that comes first, and for that one again; `wallet` is what it calls itself (VP-03). None otherwise,
        and where it is answered."""

    def open(self, request_id: str, *, now: int) -> Transaction | None:
        """What is not answered yet."""

    def answer(self, request_id: str, answer: Answer, *, now: int) -> bool:
        """True for the first answer; it then waits for `take`."""

    def phase(self, id_: str, *, now: int) -> Phase | None: ...

    def take(self, id_: str, code: str, *, now: int) -> tuple[Transaction, Answer] | None:
        """An answer, once, for whoever has the code that it was given. A wrong code takes nothing, and spoils nothing."""


@dataclass(frozen=True, slots=True)
class _Row:
    transaction: Transaction
    expires: int
    wallet: str | None = None
    answer: Answer | None = None


class MemoryTransactions:
    """`Transactions` in one process."""

    def __init__(self, *, at_most: int = AT_MOST) -> None:
        self._at_most = at_most
        self._lock = threading.Lock()
        self._rows: dict[str, _Row] = {}  # by id
        self._ids: dict[str, str] = {}  # request id → id

    def add(self, transaction: Transaction) -> None:
        with self._lock:
            for id_ in [id_ for id_, row in self._rows.items() if row.expires <= transaction.begun]:
                self._drop(id_)
            if len(self._rows) >= self._at_most:
                raise TransactionsFull(f"{self._at_most} questions are open")
            self._rows[transaction.id] = _Row(transaction, transaction.expires)
            self._ids[transaction.request_id] = transaction.id

    def fetch(self, request_id: str, wallet: str, *, now: int) -> Transaction | None:
        with self._lock:
            row = self._open(request_id, now)
            if row is None or row.wallet not in (None, wallet) or (row.wallet == "" and wallet == ""):
                return None
            self._rows[row.transaction.id] = replace(row, wallet=wallet)
            return row.transaction

    def open(self, request_id: str, *, now: int) -> Transaction | None:
        with self._lock:
            row = self._open(request_id, now)
            return row.transaction if row else None

    def answer(self, request_id: str, answer: Answer, *, now: int) -> bool:
        with self._lock:
            row = self._open(request_id, now)
            if row is None:
                return False
            self._rows[row.transaction.id] = replace(row, answer=answer, expires=now + ANSWER_SECONDS)
            return True

    def phase(self, id_: str, *, now: int) -> Phase | None:
        with self._lock:
            row = self._rows.get(id_)
            if row is None or row.expires <= now:
                return None
            if row.answer is not None:
                return Phase.ANSWERED
            return Phase.WAITING if row.wallet is None else Phase.FETCHED

    def take(self, id_: str, code: str, *, now: int) -> tuple[Transaction, Answer] | None:
        with self._lock:
            row = self._rows.get(id_)
            if row is None or row.answer is None or row.expires <= now:
                return None
            if not hmac.compare_digest(row.answer.code.encode(), code.encode()):
                return None
            self._drop(id_)
            return row.transaction, row.answer

    def _open(self, request_id: str, now: int) -> _Row | None:
        row = self._rows.get(self._ids.get(request_id, ""))
        return row if row is not None and row.answer is None and now < row.expires else None

    def _drop(self, id_: str) -> None:
        row = self._rows.pop(id_)
        self._ids.pop(row.transaction.request_id, None)
