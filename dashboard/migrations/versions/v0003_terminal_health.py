"""How terminals are, what could not be read of theirs, and how much is kept of what was refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; of what was refused before, the size is reckoned, and the next status says the rest."""
    op.add_column("terminal", sa.Column("undecodable", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("epoch", sa.Column("unkept", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("refused", sa.Column("size", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE refused SET size = length(payload)")
    op.add_column("status", sa.Column("state", sa.String(length=8), server_default="offline", nullable=False))
    op.add_column("status", sa.Column("hours_ahead", sa.Integer(), nullable=True))
    op.create_table(
        "undecodable",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_undecodable_terminal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undecodable")),
        sa.UniqueConstraint("terminal_id", "fingerprint", name="uq_undecodable_fingerprint"),
    )
    op.create_table(
        "listening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_listening_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listening")),
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_table("listening")
    op.drop_table("undecodable")
    op.drop_column("status", "hours_ahead")
    op.drop_column("status", "state")
    op.drop_column("refused", "size")
    op.drop_column("epoch", "unkept")
    op.drop_column("terminal", "undecodable")
