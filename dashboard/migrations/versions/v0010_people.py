"""People who may sign in, what they may, and what administrators arranged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("new_password", sa.Boolean(), nullable=False),
        sa.Column("role", sa.String(16)),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'administrator')", name=op.f("ck_person_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("key", name=op.f("uq_person_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "person_site",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'editor')", name=op.f("ck_person_site_role")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_site_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_person_site_site_id")),
        sa.PrimaryKeyConstraint("person_id", "site_id", name=op.f("pk_person_site")),
    )
    op.create_table(
        "session",
        sa.Column("word", sa.String(64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_session_person_id")),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_person_id"), "session", ["person_id"])
    op.create_table(
        "deed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("about", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deed")),
    )


def downgrade() -> None:
    """Forget them."""
    for table in ("deed", "session", "person_site", "person"):
        op.drop_table(table)
