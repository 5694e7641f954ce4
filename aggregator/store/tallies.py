"""What polls cost and brought: counted as they are recorded, so that nobody ever counts entries to draw a picture."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, exists, func, select

from aggregator.model import PollResult, StoredEntry, Tally
from aggregator.model.tally import COUNTS
from aggregator.store.engine import Database, chunks, upsert
from aggregator.store.schema import entry, feed, seen_after, story_member, tally_day, tally_hour

LONGER: Final = 1_000_000_000
"""Within so many seconds everything was seen."""

BOUNDS_S: Final = (60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 604_800, LONGER)
"""The spans by which delays between publication and sighting are told apart."""

KEPT_BY_HOUR: Final = timedelta(days=90)
KEPT_BY_FEED: Final = timedelta(days=400)

_HOUR_S: Final = 3600
_OLDEST: Final = date(1970, 1, 1).toordinal()
_SUMS: Final = tuple(func.coalesce(func.sum(tally_hour.c[name]), 0) for name in COUNTS)


def _adding(table: Table, key: Sequence[str], counts: Sequence[str]) -> Any:
    """An upsert that adds to the counts that stand there."""
    made = upsert(table)
    return made.on_conflict_do_update(index_elements=list(key), set_={name: table.c[name] + made.excluded[name] for name in counts})


_ADD_HOUR: Final = _adding(tally_hour, ["hour"], COUNTS)
_ADD_DAY: Final = _adding(tally_day, ["day", "feed"], COUNTS)
_ADD_SEEN: Final = _adding(seen_after, ["day", "within_s"], ["entries"])

_earlier = story_member.alias("earlier")
_CAME: Final = select(
    entry.c.pk,
    entry.c.burst,
    exists().where(_earlier.c.story == story_member.c.story, _earlier.c.entry < story_member.c.entry).label("joined"),
).join_from(entry, story_member, story_member.c.entry == entry.c.pk)
_CAME_OF: Final = _CAME.where(entry.c.pk.in_(bindparam("pks", expanding=True)))

# Added up first: a look at the feed for each day of each feed takes longer than all else.
_sums = (
    select(tally_day.c.feed, *(func.sum(tally_day.c[name]).label(name) for name in COUNTS))
    .where(tally_day.c.day >= bindparam("since"))
    .group_by(tally_day.c.feed)
    .subquery("sums")
)
_SPENT: Final = select(feed.c.key, *(_sums.c[name] for name in COUNTS)).join_from(_sums, feed, feed.c.pk == _sums.c.feed)
_HOURS: Final = select(tally_hour).where(tally_hour.c.hour >= bindparam("since"), tally_hour.c.hour > 0).order_by(tally_hour.c.hour)
# The days by name: of each, the few feeds are looked up.
_DAYS_OF: Final = (
    select(tally_day.c.day, feed.c.key, *(tally_day.c[name] for name in COUNTS))
    .join_from(tally_day, feed, feed.c.pk == tally_day.c.feed)
    .where(tally_day.c.day.in_(bindparam("days", expanding=True)), tally_day.c.feed.in_(bindparam("feeds", expanding=True)))
    .order_by(tally_day.c.day)
)
_PKS: Final = select(feed.c.pk).where(feed.c.key.in_(bindparam("keys", expanding=True)))
_SEEN: Final = select(seen_after).where(seen_after.c.day >= bindparam("since")).order_by(seen_after.c.day, seen_after.c.within_s)
_TOTALS: Final = select(*_SUMS)
_OLD_HOURS: Final = select(*_SUMS).where(tally_hour.c.hour < bindparam("before"))


class Tallies:
    """`ledgers.Tallies` over a database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def spent(self, since: date) -> dict[str, Tally]:
        with self._db.read() as conn:
            return {key: _tally(counts) for key, *counts in conn.execute(_SPENT, {"since": day_number(since)})}

    def hours(self, since: datetime) -> list[tuple[datetime, Tally]]:
        with self._db.read() as conn:
            return [(_hour(hour), _tally(counts)) for hour, *counts in conn.execute(_HOURS, {"since": hour_number(since)})]

    def days_of(self, feed_keys: Sequence[str], days: Sequence[date]) -> list[tuple[date, str, Tally]]:
        with self._db.read() as conn:
            pks = list(conn.execute(_PKS, {"keys": list(feed_keys)}).scalars())
            found = conn.execute(_DAYS_OF, {"days": [day_number(day) for day in days], "feeds": pks})
            return [(_day(day), key, _tally(counts)) for day, key, *counts in found]

    def seen_after(self, since: date) -> list[tuple[date, timedelta, int]]:
        with self._db.read() as conn:
            found = conn.execute(_SEEN, {"since": day_number(since)})
            return [(_day(day), timedelta(seconds=within_s), count) for day, within_s, count in found]

    def totals(self) -> Tally:
        with self._db.read() as conn:
            return _tally(conn.execute(_TOTALS).one())


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - _OLDEST


def hour_number(moment: datetime) -> int:
    """Hours since 1970 UTC."""
    return int(moment.timestamp()) // _HOUR_S


def bound_s(delay: timedelta) -> int:
    """The span within which something was seen.

    >>> bound_s(timedelta(seconds=60)), bound_s(timedelta(seconds=61))
    (60, 300)
    """
    return next(bound for bound in BOUNDS_S if delay.total_seconds() <= bound)


def delay_of(one: StoredEntry) -> timedelta | None:
    """How long an entry was out before we saw it; None where its publisher gives no date, or one ahead."""
    published = one.entry.published
    return one.first_seen - published if published and published <= one.first_seen else None


def note(conn: Connection, results: Mapping[int, PollResult], feed_pks: Mapping[int, int], added: Mapping[int, StoredEntry]) -> None:
    """Count polls (by position in their batch, with the feed of each) and the entries that they added, which have their stories by now."""
    if not results:
        return
    days: list[dict[str, int]] = []
    hours: defaultdict[int, list[Tally]] = defaultdict(list)
    keys = {result.state.key: (position, feed_pks[position]) for position, result in results.items()}
    came = _came(conn, added, keys)
    for position, result in results.items():
        tally, hour = result.tally + came[position] if position in came else result.tally, hour_number(result.polled_at)
        days.append({"day": hour // 24, "feed": feed_pks[position]} | _counts(tally))
        hours[hour].append(tally)
    # In one order for all: two writers never wait for one another.
    conn.execute(_ADD_DAY, sorted(days, key=lambda one: (one["day"], one["feed"])))
    sums = [{name: sum(getattr(one, name) for one in some) for name in COUNTS} for some in hours.values()]
    conn.execute(_ADD_HOUR, [{"hour": hour} | counts for hour, counts in zip(hours, sums, strict=True)])


def _came(conn: Connection, added: Mapping[int, StoredEntry], keys: Mapping[str, tuple[int, int]]) -> dict[int, Tally]:
    """What each poll added; notes how long after their publication new entries were seen."""
    found: defaultdict[int, Tally] = defaultdict(Tally)
    seen: Counter[tuple[int, int]] = Counter()
    for pks in chunks(sorted(added)):
        for pk, burst, is_joined in conn.execute(_CAME_OF, {"pks": pks}):
            one = added[pk]
            is_old = one.is_backlog or burst is not None
            position, _ = keys[one.feed_key]
            found[position] += Tally(entries=int(not is_old), backlog=int(is_old), joined=int(is_joined))
            if not is_old and (delay := delay_of(one)) is not None:
                seen[day_number(one.first_seen.astimezone(UTC).date()), bound_s(delay)] += 1
    if seen:
        conn.execute(_ADD_SEEN, [{"day": day, "within_s": bound, "entries": count} for (day, bound), count in sorted(seen.items())])
    return found


def fold(conn: Connection, now: datetime) -> None:
    """Let old days of single feeds go; hours long past are added up in one row, so that the totals stay."""
    before = hour_number(now - KEPT_BY_HOUR)
    old = _tally(conn.execute(_OLD_HOURS, {"before": before}).one())
    conn.execute(delete(tally_hour).where(tally_hour.c.hour < before))
    if old != Tally():
        conn.execute(_ADD_HOUR, [{"hour": 0} | _counts(old)])
    conn.execute(delete(tally_day).where(tally_day.c.day < day_number((now - KEPT_BY_FEED).date())))


def _counts(tally: Tally) -> dict[str, int]:
    return {name: getattr(tally, name) for name in COUNTS}


def _tally(counts: Iterable[int]) -> Tally:
    return Tally(**dict(zip(COUNTS, map(int, counts), strict=True)))


def _day(number: int) -> date:
    return date.fromordinal(number + _OLDEST)


def _hour(number: int) -> datetime:
    return datetime.fromtimestamp(number * _HOUR_S, UTC)
