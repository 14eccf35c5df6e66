"""The history as a chain per owner; documents that a backup names and that wait to be issued anew."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LABEL = b"vneid-wallet history 1"


def upgrade() -> None:
    op.create_table(
        "history_heads",
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("link", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_history_heads"),
    )
    op.create_table(
        "awaited",
        sa.Column("document_id", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name="pk_awaited"),
    )
    op.create_index("ix_awaited_owner", "awaited", ["owner"])
    op.add_column("history", sa.Column("place", sa.Integer()))
    op.add_column("history", sa.Column("link", sa.LargeBinary(32)))
    _chain(op.get_bind())
    with op.batch_alter_table("history", table_kwargs={"sqlite_autoincrement": True}) as history:
        history.alter_column("place", existing_type=sa.Integer(), nullable=False)
        history.alter_column("link", existing_type=sa.LargeBinary(32), nullable=False)
        history.create_unique_constraint("uq_history_owner_place", ["owner", "place"])


def _chain(connection: sa.Connection) -> None:
    """The lines that are there already, in their order; as `wallet.chain` computes it when this was written."""
    history = sa.table(
        "history",
        *map(sa.column, ("number", "owner", "at", "kind")),
        sa.column("details", sa.JSON()),
        *map(sa.column, ("place", "link")),
    )
    heads = sa.table("history_heads", *map(sa.column, ("owner", "place", "link")))
    ends: dict[str, tuple[int, bytes]] = {}
    rows = connection.execute(
        sa.select(history.c.number, history.c.owner, history.c.at, history.c.kind, history.c.details).order_by(
            history.c.number
        )
    ).all()
    for row in rows:
        place, previous = ends.get(row.owner, (0, bytes(32)))
        line = {"at": row.at, "details": row.details, "kind": row.kind, "place": place + 1}
        text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        ends[row.owner] = place + 1, hashlib.sha256(_LABEL + previous + text.encode("utf-8")).digest()
        linked = {"place": place + 1, "link": ends[row.owner][1]}
        connection.execute(sa.update(history).where(history.c.number == row.number).values(**linked))
    for owner, (place, end) in ends.items():
        connection.execute(sa.insert(heads).values(owner=owner, place=place, link=end))


def downgrade() -> None:
    with op.batch_alter_table("history", table_kwargs={"sqlite_autoincrement": True}) as history:
        history.drop_constraint("uq_history_owner_place", type_="unique")
        history.drop_column("link")
        history.drop_column("place")
    op.drop_index("ix_awaited_owner", "awaited")
    op.drop_table("awaited")
    op.drop_table("history_heads")
