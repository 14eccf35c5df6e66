"""What dynamic registration keeps: initial access tokens and the tokens by which a client reads and changes itself."""

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
