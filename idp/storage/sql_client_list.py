"""The register of clients in pages: each page begins behind the last row of the one before, by the same order."""

from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Integer, Select, String, and_, bindparam, or_, select

from idp.model import ClientOrder, ClientQuestion
from idp.storage.tables import clients as c

# A closed list: what is asked for chooses one of these columns, and is never part of a statement.
_COLUMNS: dict[ClientOrder, Column[Any]] = {
    ClientOrder.NAME: c.c.name_vi,
    ClientOrder.CLIENT_ID: c.c.client_id,
    ClientOrder.PROFILE: c.c.profile,
}


# What a list may be narrowed to: the name of the value in the question, and of the parameter.
_FILTERS: dict[str, Column[Any]] = {
    "profile": c.c.profile,
    "application_type": c.c.application_type,
    "client_id": c.c.client_id,
}


@cache
def _statement(order: ClientOrder, *, descending: bool, filters: tuple[str, ...], begun: bool) -> Select[Any]:
    column, last = _COLUMNS[order], bindparam("last", type_=String)
    wanted: list[ColumnElement[bool]] = [_FILTERS[name] == bindparam(f"{name}_is", type_=String) for name in filters]
    if begun:
        beyond = column < last if descending else column > last
        wanted.append(or_(beyond, and_(column == last, c.c.client_id > bindparam("last_id", type_=String))))
    sorted_by = column.desc() if descending else column
    return select(c).where(*wanted).order_by(sorted_by, c.c.client_id).limit(bindparam("most", type_=Integer))


def statement(asked: ClientQuestion, limit: int) -> tuple[Select[Any], dict[str, Any]]:
    """What to run, and with which values."""
    filters = tuple(name for name in _FILTERS if getattr(asked, name) is not None)
    values: dict[str, Any] = {"most": limit, **{f"{name}_is": getattr(asked, name) for name in filters}}
    if asked.after is not None:
        values |= {"last": asked.after[0], "last_id": asked.after[1]}
    begun = asked.after is not None
    return _statement(asked.order, descending=asked.descending, filters=filters, begun=begun), values
