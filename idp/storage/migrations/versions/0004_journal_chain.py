"""Seals over the journal; events and seals that the database refuses to change; an index by account and kind."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEPT = ("events", "blocks")


def upgrade() -> None:
    op.create_table(
        "blocks",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("last_event_id", sa.BigInteger, nullable=False),
        sa.Column("sealed_at", sa.BigInteger, nullable=False),
        sa.Column("leaves", sa.LargeBinary, nullable=False),
        sa.Column("previous", sa.LargeBinary(32), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_blocks")),
        sa.UniqueConstraint("hash", name=op.f("uq_blocks_hash")),
    )
    op.create_index(op.f("ix_events_account_id_kind_event_id"), "events", ["account_id", "kind", "event_id"])
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in KEPT:
        for statement in _on_sqlite(table) if sqlite else _on_postgresql(table):
            op.execute(statement)


def _on_sqlite(table: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    )


def _on_postgresql(table: str) -> tuple[str, ...]:
    refuse = f"BEGIN RAISE EXCEPTION '{table} is append-only'; END"
    return (
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {refuse} $$",
        f"CREATE TRIGGER {table}_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} EXECUTE FUNCTION {table}_refuse()",
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER events_refuse_{verb}")
    else:
        for table in KEPT:
            op.execute(f"DROP TRIGGER {table}_refuse ON {table}")
            op.execute(f"DROP FUNCTION {table}_refuse()")
    op.drop_index(op.f("ix_events_account_id_kind_event_id"), "events")
    op.drop_table("blocks")
