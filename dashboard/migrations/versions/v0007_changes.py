"""How often anything of a site changed: pages that were made of it are made anew only then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. Nothing is in it, so that publication looks at every site once."""
    op.create_table(
        "change",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_change_site_id")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_change")),
    )


def downgrade() -> None:
    """Forget it; publication then looks for itself."""
    op.drop_table("change")
