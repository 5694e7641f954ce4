"""What people said of stories: `join` and `split`, kept for ever, before every key."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import combinations
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from aggregator.store.engine import Counters, chunks, upsert
from aggregator.store.parting import Kin, Told, leaving, part
from aggregator.store.publications import give_back
from aggregator.store.schema import entry, publication, ruling, story, story_key, story_member
from aggregator.web.url import link_key

_ALL: Final = select(ruling.c.one, ruling.c.other, ruling.c.same)
_write = upsert(ruling)
_SAY: Final = _write.on_conflict_do_update(
    index_elements=["one", "other"], set_={"same": _write.excluded.same, "since": _write.excluded.since}
)
_STORY_OF: Final = select(story_member.c.story).where(story_member.c.entry == bindparam("pk"))
_MOVE: Final = update(story_member).where(story_member.c.entry == bindparam("pk")).values(story=bindparam("into"))
_NAMES: Final = (
    select(entry.c.pk, entry.c.feed, entry.c.published_id, entry.c.link)
    .join(story_member, story_member.c.entry == entry.c.pk)
    .where(story_member.c.story == bindparam("of"))
    .order_by(entry.c.pk)
)
# What was listed first comes first.
_GIVEN: Final = (
    select(story.c.pk, publication.c.published_id, publication.c.lead)
    .join(publication, publication.c.story == story.c.pk)
    .where((story.c.pk == bindparam("of")) | (story.c.joined == bindparam("of")), publication.c.sequence.is_not(None))
    .order_by(publication.c.first_listed, publication.c.sort_key, publication.c.published_id)
)
_KEYS: Final = select(story_key).where(story_key.c.entry.in_(bindparam("pks", expanding=True)))
_FOLLOW: Final = update(story).where(story.c.pk.in_(bindparam("pks", expanding=True))).values(joined=bindparam("into"))
_REVIVE: Final = update(story).where(story.c.pk == bindparam("of")).values(joined=None, generation=bindparam("now"))
_TOUCH: Final = update(story).where(story.c.pk == bindparam("of")).values(generation=bindparam("now"))


def all_rulings(conn: Connection) -> dict[tuple[int, int], bool]:
    """Every pair of entries (the lower pk first) of which somebody said something: whether it is one story."""
    return {(one, other): same for one, other, same in conn.execute(_ALL)}


def say_same(conn: Connection, pks: Sequence[int], now: datetime) -> None:
    """These entries are one story, whatever was said of any two of them before."""
    conn.execute(_SAY, [{"one": one, "other": other, "same": True, "since": now} for one, other in combinations(sorted(set(pks)), 2)])


def split(conn: Connection, counters: Counters, pk: int, now: datetime) -> int | None:
    """Give an entry, with what is the same by id and page, a story of its own, for ever apart from its story's other members; None where it
    is alone already."""
    of: int = conn.execute(_STORY_OF, {"pk": pk}).scalar_one()
    members = _members(conn, of)
    if len(members) < 2:
        return None
    rows = conn.execute(_GIVEN, {"of": of}).all()
    given = _by_story((row.pk, row.published_id) for row in rows)
    gone = leaving(pk, members, {row.published_id for row in rows}, {row.lead for row in rows})
    names = {one.pk: one.name for one in members}
    apart = [(min(one, other), max(one, other)) for one in sorted(gone) for other in names if other not in gone]
    conn.execute(_SAY, [{"one": one, "other": other, "same": False, "since": now} for one, other in apart])
    told = Told(of=of, names=names, own=given.pop(of, []), joined=given)
    parting = part(gone, told)
    generation = counters.take("generation")
    into = counters.take("story") if parting.into is None else parting.into
    if parting.into is None:
        conn.execute(insert(story), [{"pk": into, "generation": generation, "created": now}])
    else:
        conn.execute(_REVIVE, {"of": into, "now": generation})
    if parting.follow:
        conn.execute(_FOLLOW, {"pks": sorted(parting.follow), "into": into})
    conn.execute(_MOVE, [{"pk": one, "into": into} for one in sorted(parting.moved)])
    conn.execute(_TOUCH, {"of": of, "now": generation})
    give_back(conn, told, parting, into)
    return into if pk in parting.moved else of


def _members(conn: Connection, of: int) -> list[Kin]:
    rows = conn.execute(_NAMES, {"of": of}).all()
    keys: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    for piece in chunks([row.pk for row in rows]):
        for row in conn.execute(_KEYS, {"pks": piece}):
            keys[row.entry].add((row.kind, row.value))
    return [Kin(pk=row.pk, feed=row.feed, name=row.published_id, link=link_key(row.link or ""), keys=keys[row.pk]) for row in rows]


def _by_story(given: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    """The ids under which a story, and those that were joined with it, were given by any output."""
    found: dict[int, list[str]] = {}
    for story_pk, name in given:
        found.setdefault(story_pk, []).append(name)
    return found
