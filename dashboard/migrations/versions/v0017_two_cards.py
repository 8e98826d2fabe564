"""Whether two cards send under one name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: nothing is known of the time before."""
    op.add_column("status", sa.Column("earlier", sa.String(36)))
    op.add_column("status", sa.Column("two_cards", sa.Date()))


def downgrade() -> None:
    """Take the columns away."""
    op.drop_column("status", "two_cards")
    op.drop_column("status", "earlier")
