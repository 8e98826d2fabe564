"""Terminals that went on at another site as another one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; nothing was moved yet."""
    op.create_table(
        "moved",
        sa.Column("terminal_id", sa.String(64), nullable=False),
        sa.Column("before", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_moved_terminal_id")),
        sa.ForeignKeyConstraint(["before"], ["terminal.id"], name=op.f("fk_moved_before")),
        sa.PrimaryKeyConstraint("terminal_id", name=op.f("pk_moved")),
        sa.UniqueConstraint("before", name=op.f("uq_moved_before")),
    )


def downgrade() -> None:
    """Forget it: what such a card sends of its time elsewhere would be taken for the new site's."""
    op.drop_table("moved")
