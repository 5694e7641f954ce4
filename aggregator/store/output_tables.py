"""The tables of what is published: the outputs, their archive pages, and what each output lists, held back or took away again."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from aggregator.store.columns import KEY, Instant, metadata

output = Table(
    "output",
    metadata,
    Column("pk", KEY, primary_key=True, autoincrement=False),
    Column("path", Text, nullable=False, unique=True),
    Column("mark", Text),
    Column("judged_generation", BigInteger, nullable=False),
    Column("first_published", Instant),
    Column("written", Text),
    Column("places", LargeBinary),
    Column("archived_generation", BigInteger, nullable=False, server_default="0"),
    Column("archived_mark", Text),
    Column("left_out", BigInteger, nullable=False, server_default="0"),
    Column("told", Text),
    Column("told_at", Instant),
    Column("tell_at", Instant),
    Column("tell_failures", Integer, nullable=False, server_default="0"),
    Column("tell_error", Text),
)
"""An output and how far it is judged. `mark` is empty while a judgement under other rules is under way. `written` is the digest of what we
wrote into its file last (`web.text.fingerprint`), empty once that file is gone; `places` tells where in it each entry stands.
`archived_generation` and `archived_mark` say up to which change, and by which rules, its archive is kept; no story gets a number up to
`left_out` any more, since the page that it would have stood on was closed before it was full. `told` is the digest that the hub
was told of last. A page that stands beside an output has a row, too: its `mark` begins with `page:` and names what it was made from."""

archive_page = Table(
    "archive_page",
    metadata,
    Column("path", Text, primary_key=True),
    Column("output", KEY, ForeignKey("output.pk"), nullable=False),
    Column("number", Integer, nullable=False),
    # Nothing is added to it any more: its bytes stay.
    Column("closed", Boolean, nullable=False),
    # A digest of the ids in it, in their order.
    Column("shows", Text, nullable=False),
    Column("written", Text, nullable=False),
    Column("places", LargeBinary, nullable=False),
    UniqueConstraint("output", "number", name="archive_page_number"),
)
"""The archive pages of the outputs that keep them, as they were written last; `written` and `places` as in `output`."""

publication = Table(
    "publication",
    metadata,
    Column("output", KEY, ForeignKey("output.pk"), nullable=False),
    Column("story", KEY, ForeignKey("story.pk"), nullable=False),
    Column("sequence", BigInteger),
    Column("published_id", Text, nullable=False),
    Column("sort_key", Instant, nullable=False),
    Column("first_listed", Instant),
    Column("public_updated", Instant, nullable=False),
    Column("listed", Boolean, nullable=False),
    # Would be listed; whether it is, is settled when the whole output is judged (limits, newcomers, ids).
    Column("pending", Boolean, nullable=False),
    # Would be listed, but is of a backlog of which enough is shown.
    Column("held", Boolean, nullable=False, server_default=false()),
    # Up to when its entries were seen when the rules kept it out last; and since when others let it in, if nothing of it came since.
    Column("passed_over", Instant),
    Column("let_in", Instant),
    Column("per_day", Integer),
    Column("rule", Text, nullable=False),
    Column("lead", KEY),
    Column("feed_key", Text),
    # The entry that is credited where the lead is a copy that names nobody, and its feed is none that the output asks for.
    Column("original", KEY),
    # Why it was taken back from those whom it was given to, and since when.
    Column("withdrawn", Text),
    Column("withdrawn_at", Instant),
    # The story first: asked by output, a row is found through one of the indexes below, never by reading the whole output.
    PrimaryKeyConstraint("story", "output"),
    sqlite_with_rowid=False,
)
# SQLite has no booleans: a query says `listed = 1`, and its index must say the same to be used.
_given = publication.c.sequence.is_not(None)
Index("publication_sequence", publication.c.output, publication.c.sequence, unique=True, sqlite_where=_given)
Index("publication_id", publication.c.output, publication.c.published_id, unique=True, sqlite_where=_given)
Index(
    "publication_listing",
    publication.c.output,
    publication.c.first_listed,
    publication.c.sort_key,
    sqlite_where=text("listed = 1"),
)
Index(
    "publication_withdrawn",
    publication.c.output,
    publication.c.withdrawn_at,
    sqlite_where=publication.c.withdrawn_at.is_not(None),
)
Index(
    "publication_pending",
    publication.c.output,
    publication.c.pending,
    sqlite_where=text("pending = 1"),
)
Index("publication_held", publication.c.feed_key, sqlite_where=text("held = 1"))
