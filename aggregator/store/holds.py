"""Feeds in whose place somebody else answers: which are held, and what happens when somebody says that it is right."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from aggregator.judges import SameStory, Successors
from aggregator.model import FeedState, Validators
from aggregator.store import entries, feeds, stories, turnover
from aggregator.store.engine import Counters, chunks
from aggregator.store.joining import Turnover
from aggregator.store.schema import entry, feed

_HOLDS: Final = select(feed.c.id, feed.c.hold).where(feed.c.active, feed.c.hold.is_not(None)).order_by(feed.c.id)
_OF: Final = select(*feeds.STATE, feed.c.pk).where(feed.c.key == bindparam("of"), feed.c.hold.is_not(None))
_WRITE: Final = update(feed).where(feed.c.pk == bindparam("feed_pk"))
_CAME: Final = select(entry.c.pk).where(entry.c.feed == bindparam("of"), entry.c.hold == bindparam("under")).order_by(entry.c.pk)
# Old by now: not all of it at once stands at the top.
_RELEASE: Final = update(entry).where(entry.c.pk.in_(bindparam("pks", expanding=True))).values(hold=None, burst=bindparam("at"))


def all_holds(conn: Connection) -> dict[str, str]:
    return {row.id: row.hold for row in conn.execute(_HOLDS)}


def confirm(
    conn: Connection, counters: Counters, feed_key: str, now: datetime, same_story: SameStory, successors: Successors
) -> int | None:
    row = conn.execute(_OF, {"of": feed_key}).first()
    if row is None:
        return None
    *columns, feed_pk = row
    state = feeds.state_of(columns)
    conn.execute(_WRITE, [{"feed_pk": feed_pk} | feeds.written(confirmed(state, now))])
    came = list(conn.execute(_CAME, {"of": feed_pk, "under": state.hold}).scalars())
    _release(conn, counters, came, now, same_story, turnover.among(conn, feed_pk, came), successors)
    return len(came)


def confirmed(state: FeedState, now: datetime) -> FeedState:
    """A held feed, taken for the stranger in its place: what was kept out of its known entries, too, is read at the next poll."""
    known = replace(state, identity=state.stranger.identity, head=state.stranger.head) if state.stranger else replace(state, identity=None)
    fresh = replace(known, hold=None, stranger=None, validators=Validators(), body_hash=None, sent_hash=None)
    return replace(fresh, next_poll_at=min(state.next_poll_at, now), why="confirmed: it is read anew")


def _release(
    conn: Connection,
    counters: Counters,
    pks: Sequence[int],
    now: datetime,
    same_story: SameStory,
    turned: Turnover,
    successors: Successors,
) -> None:
    for piece in chunks(pks):
        conn.execute(_RELEASE, {"pks": piece, "at": now})
    found = entries.by_pk(conn, pks)
    keys = {pk: tuple(dict.fromkeys(one.entry.keys)) for pk, one in found.items()}
    stories.assign(conn, counters, found, keys, now, same_story, [turned], successors)
