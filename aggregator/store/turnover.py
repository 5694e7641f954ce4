"""Documents of which much is new at once: what else their feeds had, among which may be what they replaced."""

from collections.abc import Container
from typing import Final

from sqlalchemy import Connection, bindparam, select

from aggregator.store import entries
from aggregator.store.joining import Turnover
from aggregator.store.schema import entry
from aggregator.store.wording import Arrived

MANY: Final = 5
"""So many new entries in one document, or half of it, are looked at. A feed whose ids flip brings nearly all of its document anew, a planet
with one moved blog some of it; an ordinary poll brings one or two, and costs nothing here."""

_SPARE: Final = 20
_LATEST: Final = select(entry.c.pk).where(entry.c.feed == bindparam("of")).order_by(entry.c.sort_key.desc()).limit(bindparam("most"))


def turnovers(conn: Connection, arrived: Arrived, known: Container[int]) -> list[Turnover]:
    """The documents of `known` feeds (by pk) of which much is new, each with the latest others of its feed: twice as many as it holds."""
    found = []
    for of, added in sorted(arrived.added.items()):
        standing = arrived.standing.get(of, [])
        size = len(added) + len(standing)
        if of not in known or (len(added) < MANY and 2 * len(added) < size):
            continue
        latest = conn.execute(_LATEST, {"of": of, "most": 3 * size + _SPARE}).scalars()
        gone = entries.by_pk(conn, set(latest) - {*added, *standing})
        if gone:
            found.append(Turnover(added, standing, list(gone.values())))
    return found
