"""Documents of which much is new at once: what else their feeds had, among which may be what they replaced."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, select

from aggregator.model import StoredEntry
from aggregator.store import entries
from aggregator.store.joining import Turnover
from aggregator.store.schema import entry
from aggregator.store.wording import Arrived

MANY: Final = 5
"""So many new entries in one document, or half of it, are looked at. A feed whose ids flip brings nearly all of its document anew, a planet
with one moved blog some of it; an ordinary poll brings one or two, and costs nothing here."""

_SPARE: Final = 20
BURST: Final = 10
"""So many old entries that nobody has seen, in one document of a known feed, are backlog: an archive that was opened, a blog that a planet
took up. Fewer flood nobody, and who writes has often a few to hand in later."""

BACKLOG_AGE: Final = timedelta(days=2)
"""So much older than the latest that the feed had brought before is old: what is newer may have been written or let through late."""

_OWN: Final = select(entry.c.pk, entry.c.sort_key).where(entry.c.feed == bindparam("of"), entry.c.hold.is_(None))
_LATEST: Final = _OWN.order_by(entry.c.sort_key.desc()).limit(bindparam("most"))


def turnovers(conn: Connection, arrived: Arrived, known: Container[int]) -> list[Turnover]:
    """The documents of `known` feeds (by pk) of which much is new, each with the latest others of its feed: twice as many as it holds.

    What was added is in the table already.
    """
    found = []
    for of, added in sorted(arrived.added.items()):
        standing = arrived.standing.get(of, [])
        size = len(added) + len(standing)
        if of not in known or (len(added) < MANY and 2 * len(added) < size):
            continue
        news = set(added)
        latest = [row for row in conn.execute(_LATEST, {"of": of, "most": 3 * size + _SPARE}) if row.pk not in news]
        gone = entries.by_pk(conn, {row.pk for row in latest}.difference(standing))
        found.append(Turnover(added, standing, list(gone.values()), newest=latest[0].sort_key if latest else None))
    return found


def among(conn: Connection, of: int, added: Sequence[int]) -> Turnover:
    """Entries of a feed (by pk) that were stored before and are let in only now, with the latest others of it."""
    latest = {row.pk for row in conn.execute(_LATEST, {"of": of, "most": 3 * len(added) + _SPARE})}
    return Turnover(added, [], list(entries.by_pk(conn, latest.difference(added)).values()))


def bursts(turned: Sequence[Turnover], fresh: Mapping[int, StoredEntry], alone: Container[int]) -> dict[int, datetime]:
    """Which of the entries that found no story (by pk) came among many old ones at once, and when."""
    found: dict[int, datetime] = {}
    for turnover in turned:
        old = [fresh[pk] for pk in turnover.added if pk in alone and _is_old(fresh[pk], turnover.newest)]
        if len(old) >= BURST:
            found |= {one.pk: one.first_seen for one in old}
    return found


def _is_old(one: StoredEntry, newest: datetime | None) -> bool:
    return one.entry.published is not None and one.entry.published < (newest or one.first_seen) - BACKLOG_AGE
