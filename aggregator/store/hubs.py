"""What hubs know of us and we of them: which output ours was told of last, and what is subscribed to at those of feeds."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Select, bindparam, delete, select, update

from aggregator.model import FeedState, HubSubscription, Notice, PollResult
from aggregator.store import lease
from aggregator.store.engine import Database, upsert
from aggregator.store.publications import IS_PAGE
from aggregator.store.schema import feed, output, subscription

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(HubSubscription).decode

_NOTICES: Final = select(
    output.c.path, output.c.written, output.c.told, output.c.told_at, output.c.tell_at, output.c.tell_failures, output.c.tell_error
).where(output.c.written.is_not(None), ~IS_PAGE)
_TELL: Final = update(output).where(output.c.path == bindparam("at"))

_ALL: Final = select(subscription.c.body).order_by(subscription.c.path)
_OF_FEED: Final = _ALL.join(feed, feed.c.pk == subscription.c.feed).where(feed.c.key == bindparam("of"))
_OF_ROW: Final = _ALL.where(subscription.c.feed == bindparam("of"))
_AT: Final = _ALL.where(subscription.c.path == bindparam("at"))
_FEED: Final = select(feed.c.pk).where(feed.c.key == bindparam("of"))
_REMOVE: Final = delete(subscription).where(subscription.c.path == bindparam("at"))
_write = upsert(subscription)
_WRITE: Final = _write.on_conflict_do_update(index_elements=["path"], set_={"body": _write.excluded.body})


class Hubs:
    """`ledgers.Hubs` over a database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def notices(self) -> list[Notice]:
        with self._db.read() as conn:
            return [
                Notice(path=path, written=written, told=told, told_at=told_at, next_at=next_at, failures=failures, error=error)
                for path, written, told, told_at, next_at, failures, error in conn.execute(_NOTICES.order_by(output.c.path))
            ]

    def note_told(self, notice: Notice) -> None:
        values = {"told": notice.told, "told_at": notice.told_at, "tell_at": notice.next_at}
        with self._db.write() as (conn, _):
            conn.execute(_TELL, {"at": notice.path, **values, "tell_failures": notice.failures, "tell_error": notice.error})

    def subscriptions(self, feed_key: str | None = None) -> list[HubSubscription]:
        with self._db.read() as conn:
            return _read(conn, _ALL, {}) if feed_key is None else _read(conn, _OF_FEED, {"of": feed_key})

    def subscription(self, path: str) -> HubSubscription | None:
        with self._db.read() as conn:
            return _at_path(conn, path)

    def revise(self, path: str, change: Callable[[HubSubscription | None], HubSubscription | None]) -> HubSubscription | None:
        with self._db.write() as (conn, _):
            before = _at_path(conn, path)
            after = change(before)
            if after is None:
                conn.execute(_REMOVE, {"at": path})
            elif after != before:
                _put(conn, conn.execute(_FEED, {"of": after.feed_key}).scalar_one(), after)
            return after

    def take(self, feed_key: str, now: datetime, hold: timedelta) -> tuple[FeedState, str] | None:
        with self._db.write() as (conn, counters):
            return lease.take(conn, counters, feed_key, now, hold)

    def bring_forward(self, feed_key: str, at: datetime, why: str) -> None:
        with self._db.write() as (conn, _):
            lease.bring_forward(conn, feed_key, at, why)


def note_pushes(conn: Connection, results: Sequence[tuple[PollResult, int]]) -> None:
    """What results, each with its feed's row, say of hubs: that a document was pushed, or that a poll found what was not."""
    for result, feed_pk in results:
        if result.came_by is None and not result.is_missed:
            continue
        for one in _read(conn, _OF_ROW, {"of": feed_pk}):
            if result.is_missed:
                _put(conn, feed_pk, one.after_miss())
            elif result.came_by and one.path == result.came_by[0]:
                _put(conn, feed_pk, one.after_push(result.came_by[1], result.polled_at))


def _at_path(conn: Connection, path: str) -> HubSubscription | None:
    return next(iter(_read(conn, _AT, {"at": path})), None)


def _put(conn: Connection, feed_pk: int, one: HubSubscription) -> None:
    conn.execute(_WRITE, {"path": one.path, "feed": feed_pk, "body": _encode(one).decode()})


def _read(conn: Connection, query: Select[Any], values: dict[str, str | int]) -> list[HubSubscription]:
    return [_decode(body) for body in conn.execute(query, values).scalars()]
