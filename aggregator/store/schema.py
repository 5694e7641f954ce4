"""The tables: what is remembered, and by what it is found again. `migrations` bring an older store to this shape.

Instants are integer microseconds since 1970 UTC. Surrogate keys are counted in `meta`, so that they never come back, not even after a
deletion: what was judged by its key a moment ago is never another row. Values that are only read whole (`head`, `body`) are JSON.

Which rows an index is of is said to SQLite here: to say it to another database as well would load that one's dialect at each start, which
takes a tenth of a second. The migrations say it to both.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from aggregator.store.columns import KEY, Instant
from aggregator.store.columns import instant as instant
from aggregator.store.columns import metadata as metadata
from aggregator.store.columns import microseconds as microseconds
from aggregator.store.output_tables import archive_page as archive_page
from aggregator.store.output_tables import output as output
from aggregator.store.output_tables import publication as publication
from aggregator.store.tally_tables import seen_after as seen_after
from aggregator.store.tally_tables import tally_day as tally_day
from aggregator.store.tally_tables import tally_hour as tally_hour

REVISIONS: Final = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0012",
    "0013",
    "0014",
    "0011",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
)
"""Every revision this program knows, oldest first; the last one is the shape below. A store at any other one is newer than we are."""

revision = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Which revision the tables are at. Alembic's own, hence apart from ours; a new store is made without it."""

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
COUNTERS: Final = ("checked", "checked_under", "entry", "feed", "forgotten", "generation", "lease", "output", "stops", "story")
"""What a new store has in `meta`, all at 0.

Counters, which only grow: `generation` of changes to stories, `lease`, and the surrogate keys `feed`, `entry`, `story`, `output`.

And two sizes: `stops`, the rows of `stop_key`; `forgotten`, the bytes of the file beside the store that are taken up in it.
"""

feed = Table(
    "feed",
    metadata,
    Column("pk", KEY, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    Column("id", Text, nullable=False, unique=True),
    Column("shown_url", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("operator", Text),
    # The operator to whose server a redirect led at the last poll, where that is another one.
    Column("leads_to", Text),
    Column("head", Text, nullable=False),
    Column("next_poll_at", Instant, nullable=False),
    Column("why", Text, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", Text),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    Column("last_error", Text),
    Column("last_error_kind", Text),
    Column("last_poll_at", Instant),
    Column("last_success_at", Instant),
    Column("last_change_at", Instant),
    Column("first_success_at", Instant),
    Column("gone_count", Integer, nullable=False),
    Column("hold", Text),
    # What it is known by, and who answers in its place while it is held, as JSON.
    Column("identity", Text),
    Column("stranger", Text),
    Column("discovered", Text),
    Column("redirect_target", Text),
    Column("redirect_since", Instant),
    Column("redirect_count", Integer, nullable=False),
    Column("refined_by", Text),
    # Marks of what it prints around its entries, as JSON.
    Column("printed", Text, nullable=False, server_default="[]"),
    Column("rhythm", Text),
    # Where its pushes can be had, as JSON, if its server says so rather than its document.
    Column("hub_links", Text),
    # The digest of the last body as it was sent, in its codings.
    Column("sent_hash", Text),
    # When a document was last read: an entry seen then stands in the feed for as long as polls say "unchanged".
    Column("document_at", Instant),
    # What the last document took on the way: what a 304 saves.
    Column("document_bytes", BigInteger),
    # Until then its server is left alone, whatever a hub says.
    Column("not_before", Instant),
    Column("lease_token", Text),
    Column("lease_until", Instant),
    Index("feed_due", "active", "next_poll_at"),
)
Index("feed_leased", feed.c.lease_until, sqlite_where=feed.c.lease_until.is_not(None))

feed_url = Table(
    "feed_url",
    metadata,
    Column("address_key", Text, primary_key=True),
    Column("feed", KEY, ForeignKey("feed.pk"), nullable=False),
    Column("shown_url", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Index("feed_url_feed", "feed"),
)
"""Every address that a feed ever had, under `web.url.feed_address_key`."""

subscription = Table(
    "subscription",
    metadata,
    # The end of the address where its pushes arrive, which nobody can guess.
    Column("path", Text, primary_key=True),
    Column("feed", KEY, ForeignKey("feed.pk"), nullable=False),
    Column("body", Text, nullable=False),
    Index("subscription_feed", "feed"),
)
"""What was subscribed to at the hubs of feeds: a `model.HubSubscription` as JSON."""

last_document = Table(
    "last_document",
    metadata,
    Column("feed", KEY, ForeignKey("feed.pk"), primary_key=True),
    Column("seen", LargeBinary, nullable=False),
)
"""Of each feed whose last document could be told apart by its entries, what is remembered of it, as MessagePack. It is no part of the
ledger: without it all of the next document is read."""

operator_hold = Table(
    "operator_hold",
    metadata,
    Column("operator", Text, primary_key=True),
    Column("until", Instant),
    Column("why", Text, nullable=False),
    Column("next_start", Instant),
)
"""What the people who run a server asked for (Retry-After), and when its next feed may start."""

feed_list = Table(
    "feed_list",
    metadata,
    Column("address", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)
"""Lists of feeds on the web, by their address as shown, as JSON (`model.ListState`). `revision` counts when members were others."""

entry = Table(
    "entry",
    metadata,
    Column("pk", KEY, primary_key=True, autoincrement=False),
    Column("feed", KEY, ForeignKey("feed.pk"), nullable=False),
    Column("raw_key", Text, nullable=False),
    # Only where it differs from `published_id`: most ids are published as they are, and one index entry finds them.
    Column("raw_id", Text),
    Column("published_id", Text, nullable=False),
    Column("link", Text),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("sort_key", Instant, nullable=False),
    Column("public_updated", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("raw_hash", LargeBinary, nullable=False),
    Column("refined_by", Text, nullable=False),
    Column("versions", Integer, nullable=False),
    Column("backlog", Boolean, nullable=False),
    Column("pruned", Boolean, nullable=False),
    Column("withdrawn", Text),
    # When its feed, known by then, brought it among many other old ones.
    Column("burst", Instant),
    # The hold of its feed (`feed.hold`) under which it came.
    Column("hold", Text),
    # Since when its feed had not been read when it came, if that was long.
    Column("unread_since", Instant),
    # Last, so that the columns before it are read without its pages.
    Column("body", Text, nullable=False),
    UniqueConstraint("feed", "raw_key", name="entry_identity"),
    Index("entry_published_id", "published_id"),
    # Asked for the latest of one feed, of which there may be very many.
    Index("entry_of_feed", "feed", "sort_key"),
)
Index("entry_hold", entry.c.feed, sqlite_where=entry.c.hold.is_not(None))
Index("entry_raw_id", entry.c.raw_id, sqlite_where=entry.c.raw_id.is_not(None))

raw = Table(
    "raw",
    metadata,
    Column("entry", KEY, ForeignKey("entry.pk", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("refined_by", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""The latest raw form of an entry: zlib over MessagePack."""

version = Table(
    "version",
    metadata,
    Column("entry", KEY, ForeignKey("entry.pk", ondelete="CASCADE"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("entry", "n"),
)
"""What an entry said before it changed: zlib over JSON. `seen_at` is when that version was first seen."""

sighting = Table(
    "sighting",
    metadata,
    Column("entry", KEY, ForeignKey("entry.pk", ondelete="CASCADE"), nullable=False),
    Column("address", Text, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    PrimaryKeyConstraint("entry", "address"),
    Index("sighting_address", "address"),
    sqlite_with_rowid=False,
)
"""Every page address under which an entry was seen."""

claim = Table(
    "claim",
    metadata,
    Column("entry", KEY, ForeignKey("entry.pk", ondelete="CASCADE"), nullable=False),
    # A digest of what it says and where (`values.claim_mark`): said again later, it is the same claim.
    Column("mark", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("hop", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("page", Text),
    Column("site", Text),
    Column("where", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("standing", Text, nullable=False),
    Column("checked", Text, nullable=False),
    Column("first_seen", Instant, nullable=False),
    # When the entry had stopped to say so.
    Column("gone", Instant),
    PrimaryKeyConstraint("entry", "mark"),
    sqlite_with_rowid=False,
)
"""What an entry claims of its origin, and has claimed; `standing`, `confidence` and `checked` as they were at the last publish."""

source_name = Table(
    "source_name",
    metadata,
    # As names are compared (`web.text.folded_name`).
    Column("name_key", Text, nullable=False),
    Column("site", Text, nullable=False),
    # The publisher whose entry said so.
    Column("teller", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("home", Text),
    PrimaryKeyConstraint("name_key", "site", "teller"),
    Index("source_name_teller", "teller"),
    sqlite_with_rowid=False,
)
"""Whom names mean, learnt from claims that had a link."""

story = Table(
    "story",
    metadata,
    Column("pk", KEY, primary_key=True, autoincrement=False),
    Column("generation", BigInteger, nullable=False),
    Column("created", Instant, nullable=False),
    # A story that was found to be the same as another one has no members any more; its publications keep what subscribers were given.
    Column("joined", KEY, ForeignKey("story.pk")),
    Index("story_generation", "generation"),
)
Index("story_joined", story.c.joined, sqlite_where=story.c.joined.is_not(None))

story_key = Table(
    "story_key",
    metadata,
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("entry", KEY, ForeignKey("entry.pk", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("kind", "value", "entry"),
    Index("story_key_entry", "entry"),
    sqlite_with_rowid=False,
)

story_member = Table(
    "story_member",
    metadata,
    Column("entry", KEY, ForeignKey("entry.pk", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("story", KEY, ForeignKey("story.pk"), nullable=False),
    Index("story_member_story", "story"),
)

stop_key = Table(
    "stop_key",
    metadata,
    Column("secret", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("since", Instant, nullable=False),
    PrimaryKeyConstraint("secret", "hash"),
    sqlite_with_rowid=False,
)
"""What was forgotten and must never be taken up again, as keyed hashes (`store.stops`)."""

feed_pair = Table(
    "feed_pair",
    metadata,
    Column("feed", KEY, ForeignKey("feed.pk"), nullable=False),
    Column("other", KEY, ForeignKey("feed.pk"), nullable=False),
    PrimaryKeyConstraint("feed", "other"),
    sqlite_with_rowid=False,
)
"""Which feeds had an entry of one story, both ways: who tells stories of many others is hardly their origin."""

ruling = Table(
    "ruling",
    metadata,
    Column("one", KEY, ForeignKey("entry.pk", ondelete="CASCADE"), nullable=False),
    Column("other", KEY, ForeignKey("entry.pk", ondelete="CASCADE"), nullable=False),
    Column("same", Boolean, nullable=False),
    Column("since", Instant, nullable=False),
    PrimaryKeyConstraint("one", "other"),
    sqlite_with_rowid=False,
)
"""What somebody said of two entries (`one` < `other`): that they are one story, or that they are not. It goes before every key."""
