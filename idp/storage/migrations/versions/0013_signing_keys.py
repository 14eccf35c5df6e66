"""The provider's signing keys with their times: prepared, active, retired."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ONE_OF_EACH = {
    "prepared": "active_from IS NULL AND removed_at IS NULL",
    "active": "active_from IS NOT NULL AND retired_at IS NULL AND removed_at IS NULL",
}


def upgrade() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(128), nullable=False),
        sa.Column("alg", sa.String(16), nullable=False),
        sa.Column("jwk", sa.JSON(), nullable=False),
        sa.Column("prepared_at", sa.BigInteger(), nullable=False),
        sa.Column("active_from", sa.BigInteger()),
        sa.Column("retired_at", sa.BigInteger()),
        sa.Column("removed_at", sa.BigInteger()),
        sa.Column("private", sa.Text()),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
    )
    for name, condition in ONE_OF_EACH.items():
        where = sa.text(condition)
        op.create_index(
            f"uq_signing_keys_{name}", "signing_keys", ["alg"], unique=True, sqlite_where=where, postgresql_where=where
        )


def downgrade() -> None:
    op.drop_table("signing_keys")
