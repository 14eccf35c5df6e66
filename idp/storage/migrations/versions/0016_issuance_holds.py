"""What is waited for before copies of a document are signed: an officer's look, a register that is away."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issuance_holds",
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("ground", sa.String(16), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("held_by", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_issuance_holds")),
    )


def downgrade() -> None:
    op.drop_table("issuance_holds")
