"""Since when a terminal is revoked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the day; nobody is revoked yet."""
    op.add_column("terminal", sa.Column("revoked", sa.Date(), nullable=True))


def downgrade() -> None:
    """Forget it: whoever was revoked may send again, where the broker lets it in."""
    op.drop_column("terminal", "revoked")
