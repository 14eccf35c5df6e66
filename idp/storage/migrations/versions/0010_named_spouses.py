"""Whom a marriage certificate names beside its holder, so that what changes about one is found in the other's."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("spouse_pid", sa.String(12)))
    postgresql = op.get_bind().dialect.name == "postgresql"
    named = "record ->> '{0}'" if postgresql else "json_extract(record, '$.{0}')"
    value = named.format("spouse_identification_number")
    op.execute(f"UPDATE documents SET spouse_pid = {value} WHERE type = 'marriage_certificate'")  # noqa: S608
    op.create_index(op.f("ix_documents_spouse_pid"), "documents", ["spouse_pid"])


def downgrade() -> None:
    op.drop_index(op.f("ix_documents_spouse_pid"), "documents")
    op.drop_column("documents", "spouse_pid")
