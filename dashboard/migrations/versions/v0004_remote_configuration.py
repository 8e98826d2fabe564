"""What the dashboard sets of its terminals: of all of a site, and of one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the settings; nothing is set yet."""
    for table in ("site", "terminal"):
        op.add_column(table, sa.Column("settings", sa.Text(), nullable=True))


def downgrade() -> None:
    """Forget them; terminals go on by the last that they were sent."""
    for table in ("site", "terminal"):
        op.drop_column(table, "settings")
