"""Whom a session was used at, and the messages to them that it is over."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_clients",
        sa.Column("sid", sa.String(128), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("sid", "client_id", name=op.f("pk_session_clients")),
    )
    op.create_table(
        "logouts",
        sa.Column("logout_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sid", sa.String(128), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger()),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("logout_id", name=op.f("pk_logouts")),
    )
    op.create_index(op.f("ix_logouts_since"), "logouts", ["since"])
    op.create_index(op.f("ix_logouts_due"), "logouts", ["due"])
    op.create_index(op.f("ix_logouts_client_id_due"), "logouts", ["client_id", "due"])


def downgrade() -> None:
    op.drop_table("logouts")
    op.drop_table("session_clients")
