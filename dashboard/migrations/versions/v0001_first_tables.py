"""The first tables: sites, terminals, released counts, quarantine, imports, published blocks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
    )
    op.create_table(
        "terminal",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("release", sa.String(length=6), server_default="closed", nullable=False),
        sa.Column("simulated", sa.Boolean(), server_default="0", nullable=False),
        sa.CheckConstraint("release IN ('closed', 'live')", name=op.f("ck_terminal_release")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_terminal_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terminal")),
        sa.UniqueConstraint("name", name=op.f("uq_terminal_name")),
    )
    op.create_index(op.f("ix_terminal_site_id"), "terminal", ["site_id"], unique=False)
    op.create_table(
        "epoch",
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.String(length=36), nullable=True),
        sa.CheckConstraint("upto >= 0", name=op.f("ck_epoch_upto")),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_epoch_terminal_id")),
        sa.PrimaryKeyConstraint("terminal_id", "epoch", name=op.f("pk_epoch")),
    )
    op.create_table(
        "released",
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("slice", sa.String(length=8), nullable=False),
        sa.Column("period", sa.String(length=21), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("very_unhappy", sa.BigInteger(), nullable=False),
        sa.Column("unhappy", sa.BigInteger(), nullable=False),
        sa.Column("happy", sa.BigInteger(), nullable=False),
        sa.Column("very_happy", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("slice IN ('total', 'trend', 'language', 'hour', 'reason')", name=op.f("ck_released_slice")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_released_days")),
        sa.CheckConstraint("n >= very_unhappy + unhappy + happy + very_happy", name=op.f("ck_released_n")),
        sa.CheckConstraint(
            "very_unhappy >= 0 AND unhappy >= 0 AND happy >= 0 AND very_happy >= 0", name=op.f("ck_released_counts")
        ),
        sa.PrimaryKeyConstraint("terminal_id", "epoch", "question", "slice", "period", name=op.f("pk_released")),
    )
    op.create_index("ix_released_days", "released", ["slice", "question", "terminal_id", "first_day"], unique=False)
    op.create_table(
        "refused",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused")),
        sa.UniqueConstraint("terminal_id", "epoch", "fingerprint", name="uq_refused_fingerprint"),
    )
    op.create_index(op.f("ix_refused_terminal_id"), "refused", ["terminal_id"], unique=False)
    op.create_table(
        "status",
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_status_terminal_id")),
        sa.PrimaryKeyConstraint("terminal_id", name=op.f("pk_status")),
    )
    op.create_table(
        "imported",
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_imported_days")),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_imported_terminal_id")),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_imported")),
    )
    op.create_index(op.f("ix_imported_terminal_id"), "imported", ["terminal_id"], unique=False)
    op.create_table(
        "block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_block_days")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_block_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
        sa.UniqueConstraint("site_id", "question", "first_day", name="uq_block_first_day"),
    )
    op.create_table(
        "block_group",
        sa.Column("block_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("very_unhappy", sa.BigInteger(), nullable=False),
        sa.Column("unhappy", sa.BigInteger(), nullable=False),
        sa.Column("happy", sa.BigInteger(), nullable=False),
        sa.Column("very_happy", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "very_unhappy >= 0 AND unhappy >= 0 AND happy >= 0 AND very_happy >= 0", name=op.f("ck_block_group_counts")
        ),
        sa.ForeignKeyConstraint(["block_id"], ["block.id"], name=op.f("fk_block_group_block_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("block_id", "number", name=op.f("pk_block_group")),
    )
    op.create_table(
        "block_member",
        sa.Column("block_id", sa.Integer(), nullable=False),
        sa.Column("terminal_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["block_id"], ["block.id"], name=op.f("fk_block_member_block_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.id"], name=op.f("fk_block_member_terminal_id")),
        sa.PrimaryKeyConstraint("block_id", "terminal_id", name=op.f("pk_block_member")),
    )


def downgrade() -> None:
    """Take the tables away, and all that is in them."""
    for table in (
        "block_member",
        "block_group",
        "block",
        "imported",
        "status",
        "refused",
        "released",
        "epoch",
        "terminal",
        "site",
    ):
        op.drop_table(table)
