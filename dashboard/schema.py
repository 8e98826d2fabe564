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
    false,
    text,
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

area = Table(
    "area",
    metadata,
    # A branch of the tree of sites, such as a town or a department. `parent` is NULL of those at its root.
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("parent", ForeignKey("area.id")),
    UniqueConstraint("parent", "name", name="uq_area_name"),
    # To a unique constraint, two NULLs are two parents.
    Index(
        "uq_area_root",
        "name",
        unique=True,
        sqlite_where=text("parent IS NULL"),
        postgresql_where=text("parent IS NULL"),
    ),
    # An address has the number: that of one that was removed is never given to another.
    sqlite_autoincrement=True,
)

site = Table(
    "site",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    # What is set of all its terminals (ratings/remote.py, as JSON); NULL where nothing ever was.
    Column("settings", Text),
)

placed = Table(
    "placed",
    metadata,
    # Which area a site is in. Sites without a row are at the root of the tree.
    Column("site_id", ForeignKey("site.id"), primary_key=True),
    Column("area_id", ForeignKey("area.id"), nullable=False, index=True),
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

moved = Table(
    "moved",
    metadata,
    # A terminal that goes on at another site, and what it was `before`: what comes of that one's epochs is that one's.
    Column("terminal_id", ForeignKey("terminal.id"), primary_key=True),
    Column("before", ForeignKey("terminal.id"), nullable=False, unique=True),
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
    # The epoch before that of the last status, and the last day on which it came back: two cards are at it.
    Column("earlier", String(36)),
    Column("two_cards", Date),
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
    # How many presses were set aside as repeats by then; told in bands only, and written anew with the counts only.
    Column("repeats", BigInteger, nullable=False, server_default="0"),
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

slice_sum = Table(
    "slice_sum",
    metadata,
    # Such a table's units together, so that pages need not add them up. Where it is missing, or the threshold was
    # raised, they do.
    Column("table_id", ForeignKey("slice_table.id", ondelete="CASCADE"), primary_key=True),
    # As of a unit; and of how many ratings the smallest key of any unit is.
    Column("terminals", Text, nullable=False),
    Column("cells", Text, nullable=False),
    Column("least", Integer, nullable=False),
)

change = Table(
    "change",
    metadata,
    # How often anything that is told of a site came, went or was set: what was made of it is then made anew.
    Column("site_id", ForeignKey("site.id"), primary_key=True),
    Column("number", BigInteger, nullable=False),
    # The last day that any table of it was ever about: one that is not over yet is looked at again when it is.
    Column("last_day", Date, nullable=False),
)

looked = Table(
    "looked",
    metadata,
    # What publication last looked at: while it is the same, nothing new is due, and a page need not plan anew.
    Column("site_id", ForeignKey("site.id"), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("state", String(200), nullable=False),
)

visits = Table(
    "visits",
    metadata,
    # How many visits a month had, as staff entered it: beside the ratings it gives the response rate.
    Column("site_id", ForeignKey("site.id"), primary_key=True),
    # Its first day.
    Column("month", Date, primary_key=True),
    Column("number", Integer, nullable=False),
    CheckConstraint("number BETWEEN 0 AND 1000000", name="number"),
)

person = Table(
    "person",
    metadata,
    # Somebody of the staff who may sign in. `key`: the name without regard to the case of its letters.
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("key", String(200), nullable=False, unique=True),
    # Hashed (Argon2). NULL: signs in only by the provider.
    Column("password", Text),
    # The one that was handed over is for once.
    Column("new_password", Boolean, nullable=False),
    # At all sites; NULL: only what `person_site` has.
    Column("role", String(16)),
    # What this one may is what the groups at the provider say, at each time of signing in.
    Column("by_group", Boolean, nullable=False, server_default=false()),
    CheckConstraint("role IN ('viewer', 'editor', 'administrator')", name="role"),
    # A session must never be somebody else's who got the number of one that was removed.
    sqlite_autoincrement=True,
)

person_site = Table(
    "person_site",
    metadata,
    # What somebody may at one site.
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("site_id", ForeignKey("site.id"), primary_key=True),
    Column("role", String(16), nullable=False),
    CheckConstraint("role IN ('viewer', 'editor')", name="role"),
)

session = Table(
    "session",
    metadata,
    # Somebody is signed in: the hash of the word that the browser has (SHA-256, hexadecimal).
    Column("word", String(64), primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("began", DateTime(timezone=True), nullable=False),
    Column("seen", DateTime(timezone=True), nullable=False),
    # By OpenID Connect, and not with a password.
    Column("by_provider", Boolean, nullable=False, server_default=false()),
)

identity = Table(
    "identity",
    metadata,
    # Who somebody is at a provider: what it never gives to anybody else, unlike a name.
    Column("issuer", String(500), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    UniqueConstraint("person_id", "issuer"),
)

departure = Table(
    "departure",
    metadata,
    # Somebody went to the provider to sign in, and has not come back: the hash of the word that the browser has.
    Column("word", String(64), primary_key=True),
    Column("began", DateTime(timezone=True), nullable=False),
    # Where to go on to then, and in which language.
    Column("onward", Text, nullable=False),
    Column("language", String(8), nullable=False),
)

deed = Table(
    "deed",
    metadata,
    # What an administrator arranged, for the next one to see.
    Column("id", Integer, primary_key=True),
    Column("moment", DateTime(timezone=True), nullable=False),
    Column("who", String(200), nullable=False),
    Column("what", String(16), nullable=False),
    Column("about", String(200), nullable=False),
)

token = Table(
    "token",
    metadata,
    # What a program shows in place of a password: the hash (SHA-256, hexadecimal) of 256 random bits.
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("key", String(200), nullable=False, unique=True),
    Column("word", String(64), nullable=False, unique=True),
    Column("use", String(8), nullable=False),
    # It sees all sites, later ones too; else those of `token_site`.
    Column("everywhere", Boolean, nullable=False),
    # Its last day (UTC), and the last one on which it was used.
    Column("expires", Date, nullable=False),
    Column("used", Date),
    CheckConstraint("use IN ('figures', 'metrics')", name="use"),
    sqlite_autoincrement=True,
)

token_site = Table(
    "token_site",
    metadata,
    Column("token_id", ForeignKey("token.id"), primary_key=True),
    Column("site_id", ForeignKey("site.id"), primary_key=True),
)

mail = Table(
    "mail",
    metadata,
    # A mail that waits, was sent, was refused for good, or is not to be sent any more. `key`: what it is.
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    # Who gets it because they may see what place; not a reference: that a key was used is known longer than a person.
    Column("person_id", Integer),
    Column("place", String(80), nullable=False),
    # Both are empty once it was sent.
    Column("recipient", String(254), nullable=False),
    Column("message", Text, nullable=False),
    Column("state", String(8), nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    # When it was put in, and when it is tried (again).
    Column("made", DateTime(timezone=True), nullable=False),
    Column("due", DateTime(timezone=True), nullable=False),
    # Why it is not sent, where it was tried.
    Column("answer", Text, nullable=False),
    CheckConstraint("state IN ('waits', 'sent', 'refused', 'dropped')", name="state"),
)

addressee = Table(
    "addressee",
    metadata,
    # Where somebody gets mail, and in which language.
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("address", String(254), nullable=False),
    Column("language", String(8), nullable=False),
)

wish = Table(
    "wish",
    metadata,
    # What somebody asked to be sent about a place, which is written as addresses write it: `all`, `area-1`, `site-3`.
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("place", String(80), primary_key=True),
    Column("kind", String(8), primary_key=True),
    CheckConstraint("kind IN ('report', 'alerts')", name="kind"),
)

alert = Table(
    "alert",
    metadata,
    # Something that staff are told of. `key`: what and when; it is raised once.
    Column("id", Integer, primary_key=True),
    Column("key", String(250), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),
    Column("site_id", ForeignKey("site.id"), nullable=False, index=True),
    # The id of the terminal that it is about, where it is about one.
    Column("terminal", String(64)),
    # What its sentences say, as it could be shown then (JSON).
    Column("about", Text, nullable=False),
    Column("raised", Date, nullable=False),
    # Since when its cause is over, of those that end.
    Column("ended", Date),
    # When somebody of the staff acknowledged it, and who.
    Column("answered", DateTime(timezone=True)),
    Column("answered_by", String(200), nullable=False),
    CheckConstraint("kind IN ('level', 'fall', 'few', 'pounding', 'silent', 'stuck')", name="kind"),
)

alert_note = Table(
    "alert_note",
    metadata,
    # What somebody of the staff said about it.
    Column("id", Integer, primary_key=True),
    Column("alert_id", ForeignKey("alert.id"), nullable=False, index=True),
    Column("moment", DateTime(timezone=True), nullable=False),
    Column("who", String(200), nullable=False),
    Column("text", Text, nullable=False),
)

alert_level = Table(
    "alert_level",
    metadata,
    # From which share of dissatisfied on a site's staff are told; 0: never.
    Column("site_id", ForeignKey("site.id"), primary_key=True),
    Column("percent", Integer, nullable=False),
    CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
)
