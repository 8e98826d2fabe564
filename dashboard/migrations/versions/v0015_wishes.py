"""Who asked for what by mail, and where they get it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "addressee",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_addressee_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_addressee")),
    )
    op.create_table(
        "wish",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.CheckConstraint("kind IN ('report', 'alerts')", name=op.f("ck_wish_kind")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_wish_person_id")),
        sa.PrimaryKeyConstraint("person_id", "place", "kind", name=op.f("pk_wish")),
    )


def downgrade() -> None:
    """Forget them."""
    for table in ("wish", "addressee"):
        op.drop_table(table)
