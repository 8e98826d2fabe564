"""What was published is remembered: earlier counts of blocks, pieces of trend, tables by language, hour and reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NOT_NEGATIVE = "very_unhappy >= 0 AND unhappy >= 0 AND happy >= 0 AND very_happy >= 0"


def _counts() -> list[sa.Column[int]]:
    return [
        sa.Column(name, sa.BigInteger(), nullable=False) for name in ("very_unhappy", "unhappy", "happy", "very_happy")
    ]


def upgrade() -> None:
    """Make the tables. Blocks that were published before keep their counts; nothing of them was changed yet."""
    op.create_table(
        "earlier_group",
        sa.Column("block_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        *_counts(),
        sa.CheckConstraint(_NOT_NEGATIVE, name=op.f("ck_earlier_group_counts")),
        sa.ForeignKeyConstraint(["block_id"], ["block.id"], name=op.f("fk_earlier_group_block_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("block_id", "number", "change", name=op.f("pk_earlier_group")),
    )
    op.create_table(
        "trend_piece",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("terminals", sa.Text(), nullable=False),
        *_counts(),
        sa.CheckConstraint(_NOT_NEGATIVE, name=op.f("ck_trend_piece_counts")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_trend_piece_days")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_trend_piece_site_id")),
        sa.PrimaryKeyConstraint("site_id", "question", "first_day", name=op.f("pk_trend_piece")),
    )
    op.create_table(
        "slice_table",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("slice", sa.String(length=8), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_slice_table_days")),
        sa.CheckConstraint("slice IN ('language', 'hour', 'reason')", name=op.f("ck_slice_table_slice")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_slice_table_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slice_table")),
        sa.UniqueConstraint("site_id", "question", "slice", "first_day", name="uq_slice_table_first_day"),
    )
    op.create_table(
        "slice_unit",
        sa.Column("table_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("terminals", sa.Text(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["table_id"], ["slice_table.id"], name=op.f("fk_slice_unit_table_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("table_id", "number", "change", name=op.f("pk_slice_unit")),
    )
    op.create_table(
        "looked",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_looked_site_id")),
        sa.PrimaryKeyConstraint("site_id", "question", name=op.f("pk_looked")),
    )


def downgrade() -> None:
    """Forget it: what is published from then on may be compared with what was published before."""
    for table in ("looked", "slice_unit", "slice_table", "trend_piece", "earlier_group"):
        op.drop_table(table)
