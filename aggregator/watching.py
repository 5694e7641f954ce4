"""The identity watch: after each document, whether the feed is still the one that was subscribed to.

A stranger in its place is held: it is polled on, what it brings is stored and kept out of every output, and what the feed said of itself
stays. The hold ends when somebody confirms it (`Store.confirm`) or when the feed is itself again.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from aggregator.model import Entry, FeedState, ReadFeed, Stranger
from aggregator.ports import Store
from aggregator.refine import watch

log = logging.getLogger(__name__)

COMPARED: Final = 200
"""So many of a feed's latest entries are compared with a document that looks like somebody else's, besides those with the same ids."""


def watched(before: FeedState, fresh: FeedState, read: ReadFeed, store: Store, now: datetime) -> FeedState:
    """The state after a poll that read a document. `fresh` is that state if nothing is wrong.

    A document without entries says nothing. The store is asked only when one looks strange.
    """
    seen = watch.identity(read.head, read.entries)

    def own() -> list[Entry]:
        found = store.own_entries(before.key, [entry.raw_key for entry in read.entries], COMPARED)
        return [one.entry for one in found]

    if read.standing and before.identity and not before.hold:
        # Most of it stands there as it stood, and so does what it says of itself: nobody else has come, unless many others are let in.
        signs = watch.intrusion(before.identity, seen, read.entries, own)
        joined = replace(fresh, identity=watch.joined(before.identity, seen, read.entries))
        return _stopped(before, fresh, signs, Stranger(identity=seen, head=read.head), now) if signs else joined
    if not read.entries:
        return _held(before, fresh, before.hold, before.stranger) if before.hold else fresh
    if before.identity is None:
        return replace(fresh, identity=seen)
    known = before.identity
    if before.hold:
        if watch.is_back(known, seen, read.entries, own):
            log.info("%s is itself again: the hold %s is lifted. What came meanwhile stays unpublished", before.id, before.hold)
            return replace(fresh, identity=watch.grown(known, seen, read.entries), hold=None, stranger=None)
        return _held(before, fresh, before.hold, Stranger(identity=seen, head=read.head))
    signs = watch.strangeness(known, seen, read.entries, own, now - (before.first_success_at or now))
    if not signs:
        return replace(fresh, identity=watch.grown(known, seen, read.entries))
    return _stopped(before, fresh, signs, Stranger(identity=seen, head=read.head), now)


def _stopped(before: FeedState, fresh: FeedState, signs: Sequence[str], stranger: Stranger, now: datetime) -> FeedState:
    hold = f"since {now:%Y-%m-%d %H:%M} UTC: {'; '.join(signs)}"
    log.warning(
        "%s is held %s. Nothing new of it is published until `aggregator confirm %s`, or until it is itself again",
        before.id,
        hold,
        before.id,
    )
    return _held(before, fresh, hold, stranger)


def _held(before: FeedState, fresh: FeedState, hold: str, stranger: Stranger | None) -> FeedState:
    """What the feed said of itself, and what is known of it, stays."""
    return replace(fresh, head=before.head, printed=before.printed, identity=before.identity, hold=hold, stranger=stranger)
