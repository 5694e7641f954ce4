"""Who polls which feed, and when the next one may be: leases, and what the operators of servers asked for."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, bindparam, cast, or_, select, union_all, update
from sqlalchemy.sql.dml import ReturningUpdate

from aggregator.model import FeedState
from aggregator.store.engine import Counters, chunks, upsert
from aggregator.store.feeds import STATE, state_of
from aggregator.store.matching import operator_of
from aggregator.store.schema import feed, operator_hold

CLOCK_SLACK: Final = timedelta(days=31)
"""What is due, or held, beyond this was written under a wrong clock: no plan reaches so far."""

SPACING: Final = timedelta(seconds=2)
"""Between two starts at one operator."""


def _within(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Is the instant ahead, and not so far that a clock was wrong?"""
    return and_(column > bindparam("now"), column <= bindparam("horizon"))


_FREE: Final = or_(feed.c.lease_until.is_(None), feed.c.lease_until <= bindparam("now"), feed.c.lease_until > bindparam("horizon"))
_CANDIDATES: Final = (
    select(feed.c.pk, feed.c.operator, feed.c.leads_to).where(feed.c.active, _FREE).order_by(feed.c.next_poll_at, feed.c.id)
)
# What lies beyond the horizon sorts last by itself, so a wrong clock gives nobody precedence.
_DUE: Final = _CANDIDATES.where(or_(feed.c.next_poll_at <= bindparam("now"), feed.c.next_poll_at > bindparam("horizon")))
_NAMED: Final = _CANDIDATES.where(feed.c.id.in_(bindparam("ids", expanding=True)))
_ONE: Final = _CANDIDATES.where(feed.c.key == bindparam("of"))
_FORWARD: Final = (
    update(feed)
    .where(feed.c.key == bindparam("of"), feed.c.next_poll_at > bindparam("at"), feed.c.lease_token.is_(None))
    .values(next_poll_at=bindparam("at"), why=bindparam("why"))
)

_GIVE_BACK: Final = (
    update(feed).where(feed.c.lease_token == bindparam("token")).values(lease_until=None, lease_token=None, next_poll_at=bindparam("at"))
)

_BUSY: Final = union_all(
    *(
        select(column, feed.c.lease_until).where(column.is_not(None), _within(feed.c.lease_until))
        for column in (feed.c.operator, feed.c.leads_to)
    )
)
_ASKED: Final = select(operator_hold.c.operator, operator_hold.c.until).where(_within(operator_hold.c.until))
_SPACED: Final = select(operator_hold.c.operator, operator_hold.c.next_start).where(
    operator_hold.c.next_start > bindparam("now"), operator_hold.c.next_start <= bindparam("spaced")
)

_HOLD: Final = (
    update(feed)
    .where(feed.c.pk.in_(bindparam("pks", expanding=True)))
    .values(lease_until=bindparam("until"), lease_token=bindparam("prefix", type_=Text).concat(cast(feed.c.pk, Text)))
    .returning(feed.c.pk, feed.c.lease_token, *STATE)
)
_TAKE: Final = _HOLD.values(next_poll_at=bindparam("until"))
_hold = upsert(operator_hold)
_START: Final = _hold.on_conflict_do_update(index_elements=["operator"], set_={"next_start": _hold.excluded.next_start})
_WISH: Final = _hold.on_conflict_do_update(index_elements=["operator"], set_={"until": _hold.excluded.until, "why": _hold.excluded.why})

_UPCOMING: Final = select(feed.c.next_poll_at, feed.c.operator, feed.c.leads_to).where(feed.c.active).order_by(feed.c.next_poll_at)

_PAUSES: Final = (
    select(feed.c.key, operator_hold.c.until, operator_hold.c.why)
    .join_from(feed, operator_hold, operator_hold.c.operator.in_([feed.c.operator, feed.c.leads_to]))
    .where(feed.c.active, _within(operator_hold.c.until))
    .order_by(operator_hold.c.until)
)


def lease(
    conn: Connection,
    counters: Counters,
    now: datetime,
    hold: timedelta,
    limit: int,
    *,
    feeds: Sequence[str] | None,
    ignore_holds: bool,
) -> list[tuple[FeedState, str]]:
    blocked = set(_waits(conn, now, wishes=not ignore_holds))
    taken: dict[int, set[str]] = {}
    for pk, *operators in _candidates(conn, now, feeds):
        if len(taken) >= limit:
            break
        asked = {operator for operator in operators if operator}
        if blocked.isdisjoint(asked):
            taken[pk] = asked
            blocked |= asked
    if not taken:
        return []
    starts = [{"operator": operator, "why": "", "next_start": now + SPACING} for asked in taken.values() for operator in sorted(asked)]
    if starts:
        conn.execute(_START, starts)
    return _taken(conn, _TAKE, list(taken), now + hold, f"{counters.take('lease')}.")


def _candidates(conn: Connection, now: datetime, feeds: Sequence[str] | None) -> Iterator[tuple[int, str | None, str | None]]:
    if feeds is None:
        yield from _rows(conn, _DUE, _instants(now))
        return
    for ids in chunks(dict.fromkeys(feeds)):
        yield from _rows(conn, _NAMED, {**_instants(now), "ids": ids})


def _taken(conn: Connection, take: ReturningUpdate[Any], pks: Sequence[int], until: datetime, prefix: str) -> list[tuple[FeedState, str]]:
    # The lease's number is never given twice, the feed's key makes it one feed's own.
    found: dict[int, tuple[FeedState, str]] = {}
    for piece in chunks(pks):
        for pk, token, *state in conn.execute(take, {"pks": piece, "until": until, "prefix": prefix}):
            found[pk] = (state_of(state), token)
    return [found[pk] for pk in pks]


def _waits(conn: Connection, now: datetime, *, wishes: bool) -> dict[str, datetime]:
    """Until when each operator is to be left alone: it asked for it, or is being polled, or was a moment ago."""
    waits: dict[str, datetime] = {}
    for query in (_BUSY, _SPACED, _ASKED) if wishes else (_BUSY, _SPACED):
        for operator, until in conn.execute(query, _instants(now)):
            waits[operator] = max(until, waits.get(operator, until))
    return waits


def start(conn: Connection, shown_url: str, now: datetime) -> bool:
    """Let something be asked at an address beside its operator's feeds; False where the operator is to be left alone now."""
    operator = operator_of(shown_url)
    if operator is None:
        return True
    if operator in _waits(conn, now, wishes=True):
        return False
    conn.execute(_START, [{"operator": operator, "why": "", "next_start": now + SPACING}])
    return True


def note_wish(conn: Connection, shown_url: str, until: datetime, why: str) -> None:
    """Note that the operator of an address wants to be left alone."""
    operator = operator_of(shown_url)
    write_wishes(conn, [{"operator": operator, "until": until, "why": why}] if operator else [])


def take(conn: Connection, counters: Counters, feed_key: str, now: datetime, hold: timedelta) -> tuple[FeedState, str] | None:
    pks = [row.pk for row in _rows(conn, _ONE, {**_instants(now), "of": feed_key})]
    # When it is polled next stays: somebody else's word is no reason to ask it sooner, nor is a crash meanwhile.
    return next(iter(_taken(conn, _HOLD, pks, now + hold, f"{counters.take('lease')}.")), None)


def give_back(conn: Connection, tokens: Sequence[str], now: datetime) -> None:
    if tokens:
        conn.execute(_GIVE_BACK, [{"token": token, "at": now} for token in tokens])


def bring_forward(conn: Connection, feed_key: str, at: datetime, why: str) -> None:
    conn.execute(_FORWARD, {"of": feed_key, "at": at, "why": why})


def next_due(conn: Connection, now: datetime) -> datetime | None:
    waits = _waits(conn, now, wishes=True)
    late = _earliest(_rows(conn, _UPCOMING.where(feed.c.next_poll_at > bindparam("horizon")), _instants(now)), waits, cap=now)
    soon = _earliest(_rows(conn, _UPCOMING.where(feed.c.next_poll_at <= bindparam("horizon")), _instants(now)), waits)
    return min((moment for moment in (late, soon) if moment), default=None)


def pauses(conn: Connection, now: datetime) -> dict[str, tuple[datetime, str]]:
    return {key: (until, why) for key, until, why in conn.execute(_PAUSES, _instants(now))}


def _earliest(
    upcoming: Iterator[tuple[datetime, str | None, str | None]], waits: Mapping[str, datetime], cap: datetime | None = None
) -> datetime | None:
    """The first instant at which one of these feeds, ordered by when they are due, can be leased."""
    best: datetime | None = None
    for planned, *operators in upcoming:
        due = min(planned, cap) if cap else planned
        if best and due >= best:
            break
        ready = max(due, *(waits.get(operator, due) for operator in operators if operator), due)
        best = min(best, ready) if best else ready
    return best


def write_wishes(conn: Connection, wishes: Sequence[Mapping[str, object]]) -> None:
    """Write rows of (operator, until, why): the latest wish of an operator stands."""
    if wishes:
        conn.execute(_WISH, wishes)


def _instants(now: datetime) -> dict[str, datetime]:
    return {"now": now, "horizon": now + CLOCK_SLACK, "spaced": now + SPACING}


def _rows(conn: Connection, query: Select[Any], values: Mapping[str, object]) -> Iterator[Any]:
    """Read no more rows than are asked for."""
    with conn.execute(query, {**values}) as result:
        yield from result
