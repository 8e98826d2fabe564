"""Sites in a tree of areas; and how many presses were set aside as repeats, with the counts that were published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# CROSS JOIN: SQLite then goes by the order written, from a group to its tables, whatever it guesses of their sizes.
_REPEATS = """
UPDATE block_group SET repeats = (
    SELECT COALESCE(SUM(r.n - r.very_unhappy - r.unhappy - r.happy - r.very_happy), 0)
    FROM block b CROSS JOIN block_member m CROSS JOIN released r
    WHERE b.id = block_group.block_id AND m.block_id = b.id AND m.number = block_group.number
        AND r.terminal_id = m.terminal_id AND r.question = b.question AND r.slice = 'total'
        AND r.first_day >= b.first_day AND r.last_day <= b.last_day
)
"""


def upgrade() -> None:
    """Make the tables, with all sites at the root; and take the repeats of what was published as they are today."""
    op.create_table(
        "area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["parent"], ["area.id"], name=op.f("fk_area_parent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("parent", "name", name="uq_area_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_area_root",
        "area",
        ["name"],
        unique=True,
        sqlite_where=sa.text("parent IS NULL"),
        postgresql_where=sa.text("parent IS NULL"),
    )
    op.create_table(
        "placed",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_placed_area_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_placed_site_id")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_placed")),
    )
    op.create_index(op.f("ix_placed_area_id"), "placed", ["area_id"])
    op.add_column("block_group", sa.Column("repeats", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(_REPEATS)


def downgrade() -> None:
    """Forget both."""
    op.drop_column("block_group", "repeats")
    op.drop_table("placed")
    op.drop_table("area")
