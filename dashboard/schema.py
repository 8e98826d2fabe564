"""The dashboard's database: its tables, as SQLAlchemy Core knows them. SQLite and PostgreSQL alike.

Changes go through Alembic (`dashboard/migrations`), from the first table on. Counts are read through
`dashboard/disclosure.py` only. No row here is about a single tap, and none has the time of one.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _counts() -> list[Column[int]]:
    """Four counts, indexed by `Score`. Fresh columns for each table."""
    return [Column(name, BigInteger, nullable=False) for name in ("very_unhappy", "unhappy", "happy", "very_happy")]


_NOT_NEGATIVE = "very_unhappy >= 0 AND unhappy >= 0 AND happy >= 0 AND very_happy >= 0"

site = Table(
    "site",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    # What is set of all its terminals (ratings/remote.py, as JSON); NULL where nothing ever was.
    Column("settings", Text),
)

terminal = Table(
    "terminal",
    metadata,
    # The id is the terminal's part of its topics; the name is what people call it.
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("site_id", ForeignKey("site.id"), nullable=False, index=True),
    Column("timezone", String(64), nullable=False),
    # What the terminal's own file says: `live` promises no anonymity, and every page says so.
    Column("release", String(6), nullable=False, server_default="closed"),
    # Simulated history is labelled wherever it is shown.
    Column("simulated", Boolean, nullable=False, server_default="0"),
    # The day (UTC) since which nothing of it is taken in; what was counted before stays.
    Column("revoked", Date),
    # How many messages could not be read since it was looked into (`fjes dashboard refused forget`).
    Column("undecodable", BigInteger, nullable=False, server_default="0"),
    # What is set of this one alone.
    Column("settings", Text),
    CheckConstraint("release IN ('closed', 'live')", name="release"),
)

epoch = Table(
    "epoch",
    metadata,
    # One life of one store of ratings: a card, or an import.
    Column("terminal_id", ForeignKey("terminal.id"), primary_key=True),
    Column("epoch", String(36), primary_key=True),
    # All tables of the epoch up to this revision are in this database; what acknowledgements say.
    Column("upto", BigInteger, nullable=False),
    # The last batch merged in order.
    Column("batch", String(36)),
    # How many refused tables were not kept, for want of room: the card still has them.
    Column("unkept", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("upto >= 0", name="upto"),
)

released = Table(
    "released",
    metadata,
    Column("terminal_id", String(64), primary_key=True),
    Column("epoch", String(36), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("slice", String(8), primary_key=True),
    Column("period", String(21), primary_key=True),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    # The `upto` of the batch that brought it: at a tie, the higher one wins.
    Column("revision", BigInteger, nullable=False),
    # From key to four counts, as JSON with keys in order.
    Column("cells", Text, nullable=False),
    # All ratings, repeats too: what a merge compares.
    Column("n", BigInteger, nullable=False),
    # The sum over all keys but `repeat`.
    *_counts(),
    CheckConstraint(_NOT_NEGATIVE, name="counts"),
    CheckConstraint("n >= very_unhappy + unhappy + happy + very_happy", name="n"),
    CheckConstraint("first_day <= last_day", name="days"),
    CheckConstraint("slice IN ('total', 'trend', 'language', 'hour', 'reason')", name="slice"),
    Index("ix_released_days", "slice", "question", "terminal_id", "first_day"),
)

refused = Table(
    "refused",
    metadata,
    # Quarantine: tables that did not pass the checks, word for word, for IT to look at and try again.
    Column("id", Integer, primary_key=True),
    Column("terminal_id", String(64), nullable=False, index=True),
    Column("epoch", String(36), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    # SHA-256 of the payload, in hex: PostgreSQL cannot index texts as long as a payload may be.
    Column("fingerprint", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("day", Date, nullable=False),
    # Of the payload, in bytes.
    Column("size", Integer, nullable=False, server_default="0"),
    UniqueConstraint("terminal_id", "epoch", "fingerprint", name="uq_refused_fingerprint"),
)

undecodable = Table(
    "undecodable",
    metadata,
    # Messages that are not of the protocol, a few of each terminal, byte for byte. They were not acknowledged.
    Column("id", Integer, primary_key=True),
    Column("terminal_id", ForeignKey("terminal.id"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    # As it came: of a payload that is longer than any may be, only the beginning is kept.
    Column("size", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("day", Date, nullable=False),
    UniqueConstraint("terminal_id", "fingerprint", name="uq_undecodable_fingerprint"),
)

status = Table(
    "status",
    metadata,
    Column("terminal_id", ForeignKey("terminal.id"), primary_key=True),
    # When the last status came.
    Column("received", DateTime(timezone=True), nullable=False),
    # The last one that the terminal sent itself: a last will is older than that.
    Column("payload", Text, nullable=False),
    # What the last one says: `online`, `offline`, or `retired`.
    Column("state", String(8), nullable=False, server_default="offline"),
    # By how many hours the terminal's clock was ahead of ours; none where that could not be compared.
    Column("hours_ahead", Integer),
)

listening = Table(
    "listening",
    metadata,
    # When ingest was at the broker last: a terminal can be called silent only while somebody listens.
    Column("id", Integer, primary_key=True),
    Column("seen", DateTime(timezone=True), nullable=False),
    CheckConstraint("id = 1", name="one"),
)

imported = Table(
    "imported",
    metadata,
    # What an import remembers: the days it covers and the file it came from.
    Column("epoch", String(36), primary_key=True),
    Column("terminal_id", ForeignKey("terminal.id"), nullable=False, index=True),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("file_hash", String(64), nullable=False),
    CheckConstraint("first_day <= last_day", name="days"),
)

block = Table(
    "block",
    metadata,
    # Closed months of a site that were published together, for good: their bounds never change.
    Column("id", Integer, primary_key=True),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("question", String(64), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    UniqueConstraint("site_id", "question", "first_day", name="uq_block_first_day"),
    CheckConstraint("first_day <= last_day", name="days"),
)

block_group = Table(
    "block_group",
    metadata,
    # Inside a block: terminals that are shown together, with the counts that were published.
    Column("block_id", ForeignKey("block.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    *_counts(),
    CheckConstraint(_NOT_NEGATIVE, name="counts"),
)

block_member = Table(
    "block_member",
    metadata,
    Column("block_id", ForeignKey("block.id", ondelete="CASCADE"), primary_key=True),
    Column("terminal_id", ForeignKey("terminal.id"), primary_key=True),
    Column("number", Integer, nullable=False),
)

earlier_group = Table(
    "earlier_group",
    metadata,
    # What a group showed before it changed, the oldest first: whoever reads every page remembers it, and so do we.
    Column("block_id", ForeignKey("block.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("change", Integer, primary_key=True),
    *_counts(),
    CheckConstraint(_NOT_NEGATIVE, name="counts"),
)

trend_piece = Table(
    "trend_piece",
    metadata,
    # A piece of a site's trend that was shown. It never changes.
    Column("site_id", ForeignKey("site.id"), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("first_day", Date, primary_key=True),
    Column("last_day", Date, nullable=False),
    # The terminals that are in it, as a JSON list.
    Column("terminals", Text, nullable=False),
    *_counts(),
    CheckConstraint(_NOT_NEGATIVE, name="counts"),
    CheckConstraint("first_day <= last_day", name="days"),
)

slice_table = Table(
    "slice_table",
    metadata,
    # A site's ratings by language, hour or reason, published for whole blocks and whole stored periods.
    Column("id", Integer, primary_key=True),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("question", String(64), nullable=False),
    Column("slice", String(8), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    UniqueConstraint("site_id", "question", "slice", "first_day", name="uq_slice_table_first_day"),
    CheckConstraint("first_day <= last_day", name="days"),
    CheckConstraint("slice IN ('language', 'hour', 'reason')", name="slice"),
)

slice_unit = Table(
    "slice_unit",
    metadata,
    # Inside such a table: terminals that are shown together. The highest `change` is what is shown, others were.
    Column("table_id", ForeignKey("slice_table.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("change", Integer, primary_key=True),
    # A JSON list.
    Column("terminals", Text, nullable=False),
    # From key to four counts, as JSON; empty where it was withdrawn.
    Column("cells", Text, nullable=False),
)

looked = Table(
    "looked",
    metadata,
    # What publication last looked at: while it is the same, nothing new is due, and a page need not plan anew.
    Column("site_id", ForeignKey("site.id"), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("state", String(200), nullable=False),
)
