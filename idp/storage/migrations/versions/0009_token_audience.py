"""An access token may be for other resources than our own (RFC 8707 §2.2)."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("audience", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    with op.batch_alter_table("tokens") as table:
        table.drop_column("audience")
