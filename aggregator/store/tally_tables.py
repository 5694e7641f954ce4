"""The tables of what polls cost and brought. Small for ever: a row an hour, a row a feed and day, a dozen rows a day."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, PrimaryKeyConstraint, Table

from aggregator.model.tally import COUNTS
from aggregator.store.columns import KEY, metadata


def _counts() -> list[Column[int]]:
    """A column for each count of a `Tally`."""
    return [Column(name, BigInteger, nullable=False, server_default="0") for name in COUNTS]


tally_hour = Table(
    "tally_hour",
    metadata,
    # Hours since 1970 UTC; what is older than what is kept by the hour is added up in hour 0.
    Column("hour", Integer, primary_key=True, autoincrement=False),
    *_counts(),
)
"""What all polls cost and brought, by the hour."""

tally_day = Table(
    "tally_day",
    metadata,
    # Days since 1970 UTC. The day first: what is asked is always the latest days, of all feeds or of some.
    Column("day", Integer, nullable=False),
    Column("feed", KEY, ForeignKey("feed.pk"), nullable=False),
    *_counts(),
    PrimaryKeyConstraint("day", "feed"),
    sqlite_with_rowid=False,
)
"""What the polls of each feed cost and brought, by the day (UTC)."""

seen_after = Table(
    "seen_after",
    metadata,
    Column("day", Integer, nullable=False),
    Column("within_s", Integer, nullable=False),
    Column("entries", BigInteger, nullable=False),
    PrimaryKeyConstraint("day", "within_s"),
    sqlite_with_rowid=False,
)
"""How many new entries were seen how long after they were published, by the day of sighting (`store.tallies.BOUNDS_S`)."""
