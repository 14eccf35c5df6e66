"""Tokens bound to a key of their holder (RFC 9449 §6)."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("jkt", sa.String(43)))


def downgrade() -> None:
    with op.batch_alter_table("tokens") as table:
        table.drop_column("jkt")
