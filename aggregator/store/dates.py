"""The dates that we give an entry (pure). The publisher's own are kept in the entry as they are."""

from datetime import datetime, timedelta
from typing import Final

from aggregator.model import Entry

_TICK: Final = timedelta(microseconds=1)


def first_sort_key(entry: Entry, first_seen: datetime, index: int) -> datetime:
    """Where an entry stands in time: its date, but never later than we saw it. Fixed at first sight.

    `index` is its place in its document: of entries without a date, or dated in the future, the upper ones count as newer.
    """
    ceiling = first_seen - index * _TICK
    return min(entry.published or ceiling, ceiling)


def first_updated(entry: Entry, first_seen: datetime) -> datetime:
    """What `updated` says of a new entry: the publisher's date, but never later than we saw it."""
    return min(entry.updated or entry.published or first_seen, first_seen)


def next_updated(entry: Entry, before: datetime, polled_at: datetime) -> datetime:
    """What `updated` says after a real change: later than before, in the publisher's words where they can be true."""
    return max(min(entry.updated or polled_at, polled_at), before + _TICK)
