"""What dynamic registration keeps: initial access tokens and the tokens by which a client reads and changes itself."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clients", sa.Column("secret_sealed", sa.Text()))
    op.create_table(
        "initial_tokens",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("profile", sa.String(32), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("entitled_to_pid", sa.Boolean(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_initial_tokens")),
    )
    op.create_index(op.f("ix_initial_tokens_expires"), "initial_tokens", ["expires"])
    op.create_table(
        "registrations",
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("previous_hash", sa.String(64)),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], name=op.f("fk_registrations_client_id_clients")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_registrations_token_hash")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_registrations_previous_hash")),
    )


def downgrade() -> None:
    op.drop_table("registrations")
    op.drop_table("initial_tokens")
    op.drop_column("clients", "secret_sealed")
