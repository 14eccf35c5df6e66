"""Who of the state's staff may do what in the pages of administration, and what these pages ask of clients and journal."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OF_CLIENTS = sa.text("kind IN ('client_added', 'client_changed', 'client_removed')")


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.String(128), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_staff_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "role", name=op.f("pk_staff")),
    )
    op.create_index(op.f("ix_clients_name_vi_client_id"), "clients", ["name_vi", "client_id"])
    op.create_index(
        "ix_events_of_clients",
        "events",
        ["client_id", "event_id"],
        sqlite_where=OF_CLIENTS,
        postgresql_where=OF_CLIENTS,
    )


def downgrade() -> None:
    op.drop_index("ix_events_of_clients", "events")
    op.drop_index(op.f("ix_clients_name_vi_client_id"), "clients")
    op.drop_table("staff")
