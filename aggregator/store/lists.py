"""Lists of feeds on the web: when each is asked, and which feeds it named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, select

from aggregator.model import ListState
from aggregator.store import lease
from aggregator.store.engine import Database, upsert
from aggregator.store.schema import feed_list

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ListState).decode

_ALL: Final = select(feed_list.c.address, feed_list.c.body).order_by(feed_list.c.address)
_MARKS: Final = select(feed_list.c.address, feed_list.c.revision, feed_list.c.next_at)
_AT: Final = select(feed_list.c.revision, feed_list.c.body).where(feed_list.c.address == bindparam("at"))
_write = upsert(feed_list)
_WRITE: Final = _write.on_conflict_do_update(
    index_elements=["address"], set_={name: _write.excluded[name] for name in ("revision", "next_at", "body")}
)


class Lists:
    """`ledgers.Lists` over a database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def states(self) -> dict[str, ListState]:
        with self._db.read() as conn:
            return {address: _decode(body) for address, body in conn.execute(_ALL)}

    def marks(self) -> dict[str, tuple[int, datetime]]:
        with self._db.read() as conn:
            return {address: (revision, next_at) for address, revision, next_at in conn.execute(_MARKS)}

    def take(self, start: ListState, now: datetime, hold: timedelta) -> ListState | None:
        with self._db.write() as (conn, _):
            revision, known = _at(conn, start.asked.shown_url)
            state = known or start
            if not is_due(state, now) or not lease.start(conn, start.asked.shown_url, now):
                return None
            _put(conn, revision, due_at(state, now + hold))
            return state

    def revise(self, address: str, change: Callable[[ListState], ListState]) -> ListState | None:
        with self._db.write() as (conn, _):
            revision, before = _at(conn, address)
            if before is None:
                return None
            after = change(before)
            if after != before:
                _put(conn, revision + (after.members != before.members), after)
            return after

    def bring_forward(self, address: str, now: datetime) -> None:
        with self._db.write() as (conn, _):
            revision, known = _at(conn, address)
            if known and known.asked.last_poll_at:
                _put(conn, revision, due_at(known, min(now, known.asked.next_poll_at)))

    def note_wish(self, address: str, until: datetime, why: str) -> None:
        with self._db.write() as (conn, _):
            lease.note_wish(conn, address, until, why)


def is_due(state: ListState, now: datetime) -> bool:
    """Is it time to ask a list? What lies too far ahead was written under a wrong clock."""
    at = state.asked.next_poll_at
    return at <= now or at > now + lease.CLOCK_SLACK


def due_at(state: ListState, at: datetime) -> ListState:
    """The list, asked next at that time."""
    return replace(state, asked=replace(state.asked, next_poll_at=at))


def _at(conn: Connection, address: str) -> tuple[int, ListState | None]:
    row = conn.execute(_AT, {"at": address}).first()
    return (row.revision, _decode(row.body)) if row else (0, None)


def _put(conn: Connection, revision: int, state: ListState) -> None:
    values = {"revision": revision, "next_at": state.asked.next_poll_at, "body": _encode(state).decode()}
    conn.execute(_WRITE, {"address": state.asked.shown_url, **values})
