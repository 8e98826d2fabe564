"""Staff may enter how many visits a month had, for the response rate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "visits",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint("number BETWEEN 0 AND 1000000", name=op.f("ck_visits_number")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_visits_site_id")),
        sa.PrimaryKeyConstraint("site_id", "month", name=op.f("pk_visits")),
    )


def downgrade() -> None:
    """Forget the numbers."""
    op.drop_table("visits")
