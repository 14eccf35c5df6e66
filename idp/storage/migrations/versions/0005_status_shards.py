"""Status lists: several of a kind, of which some are full; what was published last, and of which parts bundles were made."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Until now each kind had one list, which had the kind's number; those behind it are there where we come back to 0005.
    op.add_column("status_lists", sa.Column("kind", sa.Integer))
    op.add_column("status_lists", sa.Column("closed", sa.Boolean))
    op.execute("UPDATE status_lists SET kind = number % 1000, closed = false")
    with op.batch_alter_table("status_lists") as table:
        table.alter_column("kind", existing_type=sa.Integer, nullable=False)
        table.alter_column("closed", existing_type=sa.Boolean, nullable=False)
        table.create_index(op.f("ix_status_lists_kind"), ["kind"])
    op.create_table(
        "signed_lists",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("signer", sa.LargeBinary(32), nullable=False),
        sa.Column("token", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["status_lists.number"], name=op.f("fk_signed_lists_number_status_lists")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_signed_lists")),
    )
    op.create_table(
        "bundles",
        sa.Column("sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("content", sa.String(128), nullable=False),
        sa.Column("manifest", sa.LargeBinary, nullable=False),
        sa.Column("raw", sa.LargeBinary),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_bundles")),
    )
    op.create_index(op.f("ix_bundles_issued"), "bundles", ["issued"])


def downgrade() -> None:
    op.drop_table("bundles")
    op.drop_table("signed_lists")
    with op.batch_alter_table("status_lists") as table:
        table.drop_index(op.f("ix_status_lists_kind"))
        table.drop_column("closed")
        table.drop_column("kind")
