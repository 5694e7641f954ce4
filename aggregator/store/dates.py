"""The dates that we give an entry (pure). The publisher's own are kept in the entry as they are."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.model import Entry

UNREAD: Final = timedelta(hours=36)
"""A feed is read once a day at least, give or take some hours: one that was not read for longer was away."""

_TICK: Final = timedelta(microseconds=1)


def first_sort_key(entry: Entry, first_seen: datetime, index: int) -> datetime:
    """Where an entry stands in time: its date, but never later than we saw it. Fixed at first sight.

    `index` is its place in its document: of entries without a date, or dated in the future, the upper ones count as newer.
    """
    ceiling = first_seen - index * _TICK
    return min(entry.published or ceiling, ceiling)


def unread_since(last_read: datetime | None, at: datetime) -> datetime | None:
    """Since when a feed that is read `at` a time was away; None where it was not."""
    return last_read if last_read is not None and at - last_read > UNREAD else None


def first_updated(entry: Entry, first_seen: datetime) -> datetime:
    """What `updated` says of a new entry: the publisher's date, but never later than we saw it."""
    return min(entry.updated or entry.published or first_seen, first_seen)


def next_updated(entry: Entry, before: datetime, at: datetime) -> datetime:
    """What `updated` says after a real change, found `at` a time: later than before, in the publisher's words where they can be true.

    A publisher's date that was told before, or an older one, is not that of this change: readers would take it for none.
    """
    said = entry.updated if entry.updated and entry.updated > before else at
    return max(min(said, at), before + _TICK)


def without_source_dates(entry: Entry) -> Entry:
    """The entry without the dates at which its sources were updated.

    A source is updated with each of its other entries: by itself that is no news of this one, and would change every file.
    """
    if not any(claim.updated for claim in entry.claims):
        return entry
    chain = tuple(replace(hop, updated=None) for hop in entry.origin.chain)
    return replace(entry, claims=tuple(replace(claim, updated=None) for claim in entry.claims), origin=replace(entry.origin, chain=chain))
