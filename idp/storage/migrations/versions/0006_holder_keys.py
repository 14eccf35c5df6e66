"""Whose each holder key is: one that was ever proven by somebody is refused from everybody else."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holder_keys",
        sa.Column("thumbprint", sa.String(128), nullable=False),
        sa.Column("person_id", sa.String(128), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name=op.f("fk_holder_keys_person_id_people")),
        sa.PrimaryKeyConstraint("thumbprint", name=op.f("pk_holder_keys")),
    )
    # What was issued so far. Had two people shown one key, it would be the first one's by name: both are refused nothing old.
    op.execute(
        "INSERT INTO holder_keys (thumbprint, person_id) "
        "SELECT issued_credentials.holder_thumbprint, min(documents.person_id) FROM issued_credentials "
        "JOIN documents ON documents.document_id = issued_credentials.document_id "
        "GROUP BY issued_credentials.holder_thumbprint"
    )


def downgrade() -> None:
    op.drop_table("holder_keys")
