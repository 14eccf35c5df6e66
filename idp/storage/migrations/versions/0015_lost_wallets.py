"""Which wallet each signed copy went into, and which of them its person locked because the phone is lost."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of what was issued so far nobody knows where it is: one wallet of the name `earlier`, which can be locked as a whole.
    with op.batch_alter_table("issued_credentials") as table:
        table.add_column(sa.Column("client_id", sa.String(255)))
        table.add_column(sa.Column("wallet", sa.String(64), nullable=False, server_default="earlier"))
        table.add_column(sa.Column("device", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("locked", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("issued_credentials") as table:
        for name in ("locked", "device", "wallet", "client_id"):
            table.drop_column(name)
