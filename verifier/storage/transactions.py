"""`Transactions` in one SQLite file, for all processes of a machine.

Spec: OpenID4VP 1.0 §13.3, §14.2; the verbs are those of `verifier.transactions`.

The file holds keys, and answers until they are taken or end: it is readable by its owner only, and what is deleted is
overwritten (`secure_delete`).
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from verifier.transactions import ANSWER_SECONDS, AT_MOST, Answer, Phase, Transaction, TransactionsFull

BUSY_SECONDS = 5.0
_TABLE = """
CREATE TABLE IF NOT EXISTS transactions (
    id TEXT PRIMARY KEY, request_id TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL, content BLOB NOT NULL,
    wallet TEXT, code TEXT, answer BLOB
) STRICT
"""
_ADD = """
INSERT INTO transactions (id, request_id, expires, content)
SELECT ?, ?, ?, ? WHERE (SELECT count(*) FROM transactions) < ?
"""


class SqliteTransactions:
    """A connection of its own for each call, so that threads and processes may share the object or the file."""

    def __init__(self, path: Path, *, at_most: int = AT_MOST) -> None:
        self._path, self._at_most = path, at_most
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._connected() as database:
            database.execute(_TABLE)
            database.execute("CREATE INDEX IF NOT EXISTS transactions_expires ON transactions (expires)")

    def add(self, transaction: Transaction) -> None:
        with self._connected() as database:
            database.execute("DELETE FROM transactions WHERE expires <= ?", (transaction.begun,))
            row = (transaction.id, transaction.request_id, transaction.expires, transaction.to_json(), self._at_most)
            if database.execute(_ADD, row).rowcount != 1:
                raise TransactionsFull(f"{self._at_most} questions are open")

    def fetch(self, request_id: str, wallet: str, *, now: int) -> Transaction | None:
        return self._transaction(
            "UPDATE transactions SET wallet = :wallet WHERE request_id = :request_id AND answer IS NULL "
            "AND expires > :now AND (wallet IS NULL OR (wallet = :wallet AND wallet <> '')) RETURNING content",
            {"wallet": wallet, "request_id": request_id, "now": now},
        )

    def open(self, request_id: str, *, now: int) -> Transaction | None:
        return self._transaction(
            "SELECT content FROM transactions WHERE request_id = :request_id AND answer IS NULL AND expires > :now",
            {"request_id": request_id, "now": now},
        )

    def answer(self, request_id: str, answer: Answer, *, now: int) -> bool:
        with self._connected() as database:
            done = database.execute(
                "UPDATE transactions SET answer = ?, code = ?, expires = ? "
                "WHERE request_id = ? AND answer IS NULL AND expires > ?",
                (answer.to_json(), answer.code, now + ANSWER_SECONDS, request_id, now),
            )
            return done.rowcount == 1

    def phase(self, id_: str, *, now: int) -> Phase | None:
        with self._connected() as database:
            row = database.execute(
                "SELECT answer IS NOT NULL, wallet IS NOT NULL FROM transactions WHERE id = ? AND expires > ?",
                (id_, now),
            ).fetchone()
        if row is None:
            return None
        return Phase.ANSWERED if row[0] else Phase.FETCHED if row[1] else Phase.WAITING

    def take(self, id_: str, code: str, *, now: int) -> tuple[Transaction, Answer] | None:
        with self._connected() as database:
            row = database.execute(
                "DELETE FROM transactions WHERE id = ? AND code = ? AND answer IS NOT NULL AND expires > ? "
                "RETURNING content, answer",
                (id_, code, now),
            ).fetchone()
        return None if row is None else (Transaction.from_json(row[0]), Answer.from_json(row[1]))

    def _transaction(self, statement: str, values: dict[str, str | int]) -> Transaction | None:
        with self._connected() as database:
            row = database.execute(statement, values).fetchone()
        return None if row is None else Transaction.from_json(row[0])

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=BUSY_SECONDS)
        try:
            database.execute("PRAGMA secure_delete = ON")
            with database:
                yield database
        finally:
            database.close()
