"""People who sign in by OpenID Connect: who they are at the provider, without a password, by their groups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; all who are there have a password, and what they may was arranged here."""
    if op.get_bind().dialect.name == "sqlite":
        # Not made anew and copied, as Alembic would: other tables point to this one, and that must not be dropped.
        op.execute("ALTER TABLE person RENAME COLUMN password TO was")
        op.execute("ALTER TABLE person ADD COLUMN password TEXT")
        op.execute("UPDATE person SET password = was")
        op.execute("ALTER TABLE person DROP COLUMN was")
    else:
        op.alter_column("person", "password", nullable=True)
    for table, name in (("person", "by_group"), ("session", "by_provider")):
        op.add_column(table, sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "identity",
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identity_person_id")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identity")),
        sa.UniqueConstraint("person_id", "issuer", name=op.f("uq_identity_person_id")),
    )
    op.create_table(
        "departure",
        sa.Column("word", sa.String(64), nullable=False),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False),
        sa.Column("onward", sa.Text(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_departure")),
    )


def downgrade() -> None:
    """Forget them; whoever has no password cannot sign in until somebody gives them one."""
    op.drop_table("departure")
    op.drop_table("identity")
    op.drop_column("session", "by_provider")
    op.drop_column("person", "by_group")
    op.execute("UPDATE person SET password = '' WHERE password IS NULL")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE person RENAME COLUMN password TO was")
        op.execute("ALTER TABLE person ADD COLUMN password TEXT NOT NULL DEFAULT ''")
        op.execute("UPDATE person SET password = was")
        op.execute("ALTER TABLE person DROP COLUMN was")
    else:
        op.alter_column("person", "password", nullable=False)
