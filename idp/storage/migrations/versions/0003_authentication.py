"""Authenticators beside the password, counted tries, simulated messages; sessions that end when nothing is heard of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM sessions")  # nothing is known of their devices; people sign in again
    for column in (
        sa.Column("idle_until", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("device", sa.String(128), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
    ):
        with op.batch_alter_table("sessions") as table:
            table.add_column(column)
    _attempts()
    _messages()
    _authenticators()


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("blocked_until", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_expires"), "attempts", ["expires"])


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("phone", sa.String(16), nullable=False),
        sa.Column("text_vi", sa.Text, nullable=False),
        sa.Column("text_en", sa.Text, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_expires"), "messages", ["expires"])
    op.create_index(op.f("ix_messages_phone"), "messages", ["phone"])


def _authenticators() -> None:
    op.create_table(
        "authenticators",
        sa.Column("authenticator_id", sa.String(128), nullable=False),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("key", sa.String(64)),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("counter", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("authenticator_id", name=op.f("pk_authenticators")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_authenticators_account_id_accounts")
        ),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_authenticators_kind_key")),
    )
    op.create_index(op.f("ix_authenticators_account_id"), "authenticators", ["account_id"])


def downgrade() -> None:
    for table in ("authenticators", "messages", "attempts"):
        op.drop_table(table)
    with op.batch_alter_table("sessions") as sessions:
        for column in ("idle_until", "seen_at", "device", "place"):
            sessions.drop_column(column)
