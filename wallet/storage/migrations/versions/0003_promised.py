"""Documents that an issuer has promised and not given yet."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "promised",
        sa.Column("document_id", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name="pk_promised"),
    )
    op.create_index("ix_promised_owner", "promised", ["owner"])


def downgrade() -> None:
    op.drop_index("ix_promised_owner", "promised")
    op.drop_table("promised")
