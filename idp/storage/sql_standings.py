"""Whether an account stands, in one statement: it is asked at every step, and each statement costs as much as a page."""

from typing import Any

from sqlalchemy import String, Table, and_, bindparam, select
from sqlalchemy.sql.elements import Label

from idp.model import Standing
from idp.storage.sql_accounts import account_of
from idp.storage.sql_documents import document_of
from idp.storage.sql_registers import person_of
from idp.storage.statements import Work
from idp.storage.tables import IN_FORCE
from idp.storage.tables import accounts as a
from idp.storage.tables import documents as d
from idp.storage.tables import people as p
from idp.storage.tables import personal_ids as n


def _part(name: str, table: Table) -> list[Label[Any]]:
    return [column.label(f"{name}_{column.name}") for column in table.c]


_STANDING = (
    select(*_part("account", a), *_part("person", p), n.c.pid.label("person_pid"), *_part("card", d))
    .select_from(a)
    .outerjoin(p, p.c.person_id == a.c.person_id)
    .outerjoin(n, and_(n.c.person_id == p.c.person_id, IN_FORCE))
    .outerjoin(d, and_(d.c.person_id == p.c.person_id, d.c.type == bindparam("card_is", type_=String)))
    .where(a.c.account_id == bindparam("id_is", type_=String))
    .order_by(d.c.document_id)
)


class _Part:
    """One table's columns of a joined row, under their own names."""

    def __init__(self, row: Any, name: str) -> None:
        self._row = row._asdict()
        self._name = name

    def __getattr__(self, column: str) -> Any:
        return self._row[f"{self._name}_{column}"]


class SqlStandings:
    def __init__(self, work: Work) -> None:
        self._work = work

    def read(self, account_id: str, *, card: str) -> Standing | None:
        rows = self._work.run(_STANDING, id_is=account_id, card_is=card).all()
        if not rows:
            return None
        account = account_of(_Part(rows[0], "account"))
        person = person_of(_Part(rows[0], "person")) if rows[0].person_pid is not None else None
        cards = tuple(document_of(_Part(row, "card")) for row in rows if row.card_document_id is not None)
        return Standing(account, person, cards)
