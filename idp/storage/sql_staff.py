"""The state's staff in SQL."""

from sqlalchemy import String, bindparam, delete, select

from idp.model import Member, Role
from idp.storage.statements import Upsert, Work
from idp.storage.tables import staff as s

_WHO = (s.c.account_id == bindparam("account_is", type_=String), s.c.role == bindparam("role_is", type_=String))
_GRANT = Upsert(lambda insert: insert(s).on_conflict_do_nothing().returning(s.c.account_id))
_WITHDRAW = delete(s).where(*_WHO)
_HOLDS = select(s.c.since).where(*_WHO)
_HOLDS_TO_THE_END = _HOLDS.with_for_update(read=True)
_ALL = select(s).order_by(s.c.since, s.c.account_id, s.c.role)


class SqlStaff:
    def __init__(self, work: Work) -> None:
        self._work = work

    def grant(self, member: Member) -> bool:
        row = {
            "account_id": member.account_id,
            "role": member.role.value,
            "since": member.since,
            "granted_by": member.granted_by,
        }
        return self._work.run(_GRANT, row).first() is not None

    def withdraw(self, account_id: str, role: Role) -> bool:
        return self._work.run(_WITHDRAW, account_is=account_id, role_is=role.value).rowcount == 1

    def holds(self, account_id: str, role: Role, *, to_the_end: bool = False) -> bool:
        asked = _HOLDS_TO_THE_END if to_the_end else _HOLDS
        return self._work.run(asked, account_is=account_id, role_is=role.value).first() is not None

    def all(self) -> tuple[Member, ...]:
        rows = self._work.run(_ALL)
        return tuple(Member(row.account_id, Role(row.role), row.since, row.granted_by) for row in rows)
