"""Alerts, what staff say of them, and from which share on they are told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("terminal", sa.String(64)),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("raised", sa.Date(), nullable=False),
        sa.Column("ended", sa.Date()),
        sa.Column("answered", sa.DateTime(timezone=True)),
        sa.Column("answered_by", sa.String(200), nullable=False),
        sa.CheckConstraint(
            "kind IN ('level', 'fall', 'few', 'pounding', 'silent', 'stuck')", name=op.f("ck_alert_kind")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_alert_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("key", name=op.f("uq_alert_key")),
    )
    op.create_index(op.f("ix_alert_site_id"), "alert", ["site_id"])
    op.create_table(
        "alert_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_note_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_note")),
    )
    op.create_index(op.f("ix_alert_note_alert_id"), "alert_note", ["alert_id"])
    op.create_table(
        "alert_level",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name=op.f("ck_alert_level_percent")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_alert_level_site_id")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_alert_level")),
    )


def downgrade() -> None:
    """Forget them."""
    for table in ("alert_level", "alert_note", "alert"):
        op.drop_table(table)
