"""Documents of which much is new at once, or something has the date of what is gone: what else their feeds had, and may have replaced."""

from bisect import bisect_right
from collections.abc import Container, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, select

from aggregator.model import StoredEntry
from aggregator.store import entries
from aggregator.store.joining import Turnover
from aggregator.store.schema import entry
from aggregator.store.wording import Arrived

MANY: Final = 5
"""So many new entries in one document, or half of it, are looked at. A feed whose ids flip brings nearly all of its document anew, a planet
with one moved blog some of it; an ordinary poll brings one or two, and costs one look at an index here."""

_FEW: Final = 3
"""So few of one second are asked for whether one took another's place: of an import, all have one date."""

_SPARE: Final = 20
BURST: Final = 10
"""So many entries that nobody has seen and that are old, or all became now, in one document of a known feed, are backlog: an archive that
was opened, a blog that a planet took up. Fewer flood nobody, and who writes has often a few to hand in later."""

BACKLOG_AGE: Final = timedelta(days=2)
"""So much older than the latest that the feed had brought before is old: what is newer may have been written or let through late."""

AT_ONCE: Final = timedelta(minutes=5)
"""What is dated within so long of one another in one document was dated by a program, if it is far more than its feed ever had of a day.
Who reports of an election or a storm as it goes on writes every few minutes at most."""

_TIMES: Final = 3
_DAY: Final = timedelta(days=1)

_OWN: Final = select(entry.c.pk, entry.c.sort_key).where(entry.c.feed == bindparam("of"), entry.c.hold.is_(None))
_NEW: Final = entry.alias("fresh")
_DATED: Final = _OWN.where(entry.c.sort_key.in_(select(_NEW.c.sort_key).where(_NEW.c.pk.in_(bindparam("pks", expanding=True)))))
_LATEST: Final = _OWN.order_by(entry.c.sort_key.desc()).limit(bindparam("most"))


def turnovers(conn: Connection, arrived: Arrived, known: Container[int]) -> list[Turnover]:
    """The documents of `known` feeds (by pk) of which much is new, each with the latest others of its feed: twice as many as it holds; and
    those of which little is, with what has the very second of one of these.

    What was added is in the table already.
    """
    found = []
    for of, added in sorted(arrived.added.items()):
        standing = arrived.standing.get(of, [])
        size = len(added) + len(standing)
        if of not in known:
            continue
        if len(added) < MANY and 2 * len(added) < size:
            found += _redone(conn, of, added, standing)
            continue
        news = set(added)
        latest = [row for row in conn.execute(_LATEST, {"of": of, "most": 3 * size + _SPARE}) if row.pk not in news]
        gone = entries.by_pk(conn, {row.pk for row in latest}.difference(standing))
        found.append(Turnover(added, standing, list(gone.values()), past=[row.sort_key for row in latest]))
    return found


def _redone(conn: Connection, of: int, added: Sequence[int], standing: Sequence[int]) -> list[Turnover]:
    """Of a document of which little is new, what has the second of an entry that stands there no longer: whoever rewrites a headline of
    which the page and the id are made writes all three anew.
    """
    news = set(added)
    dated = [row for row in conn.execute(_DATED, {"of": of, "pks": list(added)}) if row.sort_key.time() != time.min]
    gone = {row.pk for row in dated}.difference(news, standing)
    if not gone or len(dated) > _FEW * len(news):
        return []
    return [Turnover(added, standing, list(entries.by_pk(conn, gone).values()))]


def among(conn: Connection, of: int, added: Sequence[int]) -> Turnover:
    """Entries of a feed (by pk) that were stored before and are let in only now, with the latest others of it."""
    latest = {row.pk for row in conn.execute(_LATEST, {"of": of, "most": 3 * len(added) + _SPARE})}
    return Turnover(added, [], list(entries.by_pk(conn, latest.difference(added)).values()))


def bursts(turned: Sequence[Turnover], fresh: Mapping[int, StoredEntry], alone: Container[int]) -> dict[int, datetime]:
    """Which of the entries that found no story (by pk) came among many old ones at once, and when."""
    found: dict[int, datetime] = {}
    for turnover in turned:
        if turnover.past is not None:
            news = [fresh[pk] for pk in turnover.added if pk in alone]
            found |= {one.pk: one.first_seen for one in _backlog(news, turnover.past)}
    return found


def _backlog(news: Sequence[StoredEntry], past: Sequence[datetime]) -> list[StoredEntry]:
    """Those of a document's new entries that are backlog, if they are so many.

    Where they are, it is what is older than the latest that the feed had brought before; of a feed that had brought nothing yet, all.
    """
    at_once = _at_once(news, past)
    if sum(one.pk in at_once or _is_older(one, past, BACKLOG_AGE) for one in news) < BURST:
        return []
    return [one for one in news if one.pk in at_once or _is_older(one, past, timedelta(0))]


def _is_older(one: StoredEntry, past: Sequence[datetime], by: timedelta) -> bool:
    at = one.entry.published
    return at is not None and at < (past[0] if past else one.first_seen) - by


def _at_once(news: Sequence[StoredEntry], past: Sequence[datetime]) -> frozenset[int]:
    """Those (by pk) that have no date, or that of an import: many more within minutes than the feed ever had of a day."""
    dated = sorted((one.entry.published or one.first_seen, one.pk) for one in news)
    first, last = _most_within(AT_ONCE, [at for at, _ in dated])
    begin, end = _most_within(_DAY, sorted(past))
    return frozenset(pk for _, pk in dated[first:last]) if last - first > _TIMES * (end - begin) else frozenset()


def _most_within(span: timedelta, dates: Sequence[datetime]) -> tuple[int, int]:
    """Where most of these dates, the earliest first, stand that lie within a span: from the one place to before the other."""
    spans = ((at, bisect_right(dates, date + span)) for at, date in enumerate(dates))
    return max(spans, key=lambda found: found[1] - found[0], default=(0, 0))
