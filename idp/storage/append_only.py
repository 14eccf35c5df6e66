"""Tables whose rows are written once: the database itself refuses to change or remove them.

Whoever owns the database can take the refusal away first; then the chain over the journal tells (`idp.journal`).
"""

from sqlalchemy import DDL, Table, event

_VERBS = ("UPDATE", "DELETE")


def on_sqlite(table: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in _VERBS
    )


def on_postgresql(table: str) -> tuple[str, ...]:
    """One trigger for each table, by statement: TRUNCATE knows no rows."""
    refuse = f"BEGIN RAISE EXCEPTION '{table} is append-only'; END"
    return (
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {refuse} $$",
        f"CREATE TRIGGER {table}_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} EXECUTE FUNCTION {table}_refuse()",
    )


def append_only(table: Table) -> None:
    """Also where tables are made without the migrations."""
    for dialect, statements in (("sqlite", on_sqlite(table.name)), ("postgresql", on_postgresql(table.name))):
        for statement in statements:
            event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]
