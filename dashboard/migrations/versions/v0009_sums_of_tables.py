"""The sum of each published table by language, hour or reason is kept beside it: pages need not add it up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. Of what was published before, pages add up the units, as long as it does not change."""
    op.create_table(
        "slice_sum",
        sa.Column("table_id", sa.Integer(), nullable=False),
        sa.Column("terminals", sa.Text(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["table_id"], ["slice_table.id"], name=op.f("fk_slice_sum_table_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("table_id", name=op.f("pk_slice_sum")),
    )


def downgrade() -> None:
    """Add up again."""
    op.drop_table("slice_sum")
