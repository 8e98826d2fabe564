"""Tokens: what programs show in place of a password, and the sites that they see."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("word", sa.String(64), nullable=False),
        sa.Column("use", sa.String(8), nullable=False),
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("used", sa.Date()),
        sa.CheckConstraint("use IN ('figures', 'metrics')", name=op.f("ck_token_use")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("key", name=op.f("uq_token_key")),
        sa.UniqueConstraint("word", name=op.f("uq_token_word")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "token_site",
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["token.id"], name=op.f("fk_token_site_token_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_token_site_site_id")),
        sa.PrimaryKeyConstraint("token_id", "site_id", name=op.f("pk_token_site")),
    )


def downgrade() -> None:
    """Forget them."""
    for table in ("token_site", "token"):
        op.drop_table(table)
