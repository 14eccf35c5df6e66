"""A token may carry fewer scopes than its grant."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("scopes", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    with op.batch_alter_table("tokens") as table:
        table.drop_column("scopes")
