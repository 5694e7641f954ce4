"""Give each entry its story, through the indexed keys that it shares with others; join stories that turn out to be one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from aggregator.judges import SameStory, Successors, no_successors
from aggregator.model import StoredEntry, StoryKey
from aggregator.store import entries, rulings
from aggregator.store.candidates import Candidates
from aggregator.store.engine import Counters, chunks, insert_plain, upsert
from aggregator.store.joining import PLACES, Group, Joined, Pairs, Turnover, closest_first, compared, in_turn, join, join_anew, near
from aggregator.store.publications import hand_over
from aggregator.store.schema import entry, feed, feed_pair, publication, story, story_key, story_member
from aggregator.store.turnover import bursts

TEXT_WINDOW: Final = 50_000
"""Words are compared with those of the latest so many entries: some stand in every thousandth text, and cost must not grow."""

_BURST: Final = update(entry).where(entry.c.pk == bindparam("entry_pk")).values(burst=bindparam("at"))
_TOUCH: Final = update(story).where(story.c.pk.in_(bindparam("pks", expanding=True))).values(generation=bindparam("now"))
_MOVE: Final = update(story_member).where(story_member.c.story.in_(bindparam("gone", expanding=True))).values(story=bindparam("into"))
_JOIN: Final = update(story).where(story.c.pk.in_(bindparam("gone", expanding=True))).values(joined=bindparam("into"))
_REJOIN: Final = update(story).where(story.c.joined.in_(bindparam("gone", expanding=True))).values(joined=bindparam("into"))
_theirs, _members = entry.alias("theirs"), story_member.alias("members")
_MEET: Final = (
    upsert(feed_pair)
    .from_select(
        ["feed", "other"],
        select(entry.c.feed, _theirs.c.feed)
        .distinct()
        .join_from(story_member, entry, entry.c.pk == story_member.c.entry)
        .join(_members, _members.c.story == story_member.c.story)
        .join(_theirs, _theirs.c.pk == _members.c.entry)
        .where(story_member.c.story.in_(bindparam("pks", expanding=True)), entry.c.feed != _theirs.c.feed),
    )
    .on_conflict_do_nothing()
)
_LEAVE: Final = delete(story_member).where(story_member.c.entry.in_(bindparam("pks", expanding=True)))
_UNJUDGED: Final = select(story_member.c.entry, story_member.c.story).where(
    story_member.c.story.in_(bindparam("pks", expanding=True)), ~exists().where(publication.c.story == story_member.c.story)
)
_ours, _beside = entry.alias("ours"), story_member.alias("beside")
_LOOSE_FEEDS: Final = select(entry.c.feed).distinct().where(entry.c.pk.in_(bindparam("pks", expanding=True)))
_PART: Final = delete(feed_pair).where(
    feed_pair.c.feed.in_(bindparam("feeds", expanding=True)),
    feed_pair.c.other.in_(bindparam("feeds", expanding=True)),
    ~exists(
        select(1)
        .join_from(_ours, story_member, story_member.c.entry == _ours.c.pk)
        .join(_beside, _beside.c.story == story_member.c.story)
        .join(_theirs, _theirs.c.pk == _beside.c.entry)
        .where(_ours.c.feed == feed_pair.c.feed, _theirs.c.feed == feed_pair.c.other)
    ),
)
_ALIVE: Final = select(story.c.pk).where(story.c.pk.in_(bindparam("pks", expanding=True)), story.c.joined.is_(None))
_PARTNERS: Final = select(feed.c.key, func.count()).join_from(feed_pair, feed, feed.c.pk == feed_pair.c.feed).group_by(feed.c.key)
_FIRST_LISTED: Final = (
    select(publication.c.story, func.min(publication.c.first_listed))
    .where(publication.c.story.in_(bindparam("pks", expanding=True)), publication.c.first_listed.is_not(None))
    .group_by(publication.c.story)
)
_ELDEST: Final = (
    select(story_member.c.story, entry.c.sort_key, entry.c.published_id, entry.c.raw_key)
    .join(entry, entry.c.pk == story_member.c.entry)
    .where(story_member.c.story.in_(bindparam("pks", expanding=True)))
)


def assign(
    conn: Connection,
    counters: Counters,
    fresh: Mapping[int, StoredEntry],
    keys: Mapping[int, Sequence[StoryKey]],
    now: datetime,
    same_story: SameStory,
    turned: Sequence[Turnover] = (),
    successors: Successors = no_successors,
) -> None:
    """Find the stories of `fresh` entries, new or changed, and mark every story that changed. `keys` are those that they gained.

    A changed entry is compared under all its keys, not only under those it gained: a copy that came before the change must find the
    same story as one that comes after it.
    """
    if not fresh:
        return
    generation = counters.take("generation")
    _write_keys(conn, keys)
    candidates = Candidates(conn, after=counters.now("entry") - TEXT_WINDOW)
    ruled = rulings.all_rulings(conn)

    def joined(loose: Mapping[int, int], pairs: Pairs = closest_first) -> Joined:
        return _joined(candidates, fresh, loose, ruled, same_story, turned, successors, pairs)

    def unjudged(stories: frozenset[int]) -> dict[int, int]:
        return {row.entry: row.story for pks in chunks(sorted(stories)) for row in conn.execute(_UNJUDGED, {"pks": pks})}

    found, loose = join_anew(joined({}, in_turn), joined, unjudged)
    for pks in chunks(sorted(loose)):
        conn.execute(_LEAVE, {"pks": pks})
    placing = _Placing(conn, counters, loose, now)
    for group in found.groups:
        placing.place(group)
    placing.write(generation)
    if turned and (burst := bursts(turned, fresh, placing.alone)):
        conn.execute(_BURST, [{"entry_pk": pk, "at": at} for pk, at in sorted(burst.items())])


class _Placing:
    """Gives each group of entries its story. `loose` are entries that were taken out of stories, which stand empty until they are taken."""

    def __init__(self, conn: Connection, counters: Counters, loose: Mapping[int, int], now: datetime) -> None:
        self.alone: set[int] = set()
        """Entries that begin a new story."""
        self._conn, self._counters, self._loose, self._now = conn, counters, loose, now
        self._empty = set(loose.values())
        self._created: list[int] = []
        self._changed: set[int] = set()
        self._met: list[int] = []
        self._story_of: dict[int, int] = {}

    def place(self, group: Group) -> None:
        pk = _story(self._conn, group, self._now)
        if pk is None:
            pk = self._left_empty(group)
        if pk is None:
            pk = self._begun(group)
        else:
            self._changed.add(pk)
        self._story_of |= dict.fromkeys(sorted(group.entries), pk)
        if group.stories or len(group.entries) > 1:
            self._met.append(pk)

    def write(self, generation: int) -> None:
        """Write what was found; stories that nobody has taken lead to the one that their first entry is in now."""
        created = [{"pk": pk, "generation": generation, "created": self._now} for pk in self._created]
        members = [{"entry": entry_pk, "story": pk} for entry_pk, pk in self._story_of.items()]
        for table, values in ((story, created), (story_member, members)):
            if values:
                self._conn.execute(insert(table), values)
        for gone in sorted(self._empty):
            into = self._story_of[min(pk for pk, of in self._loose.items() if of == gone)]
            for statement in (_JOIN, _REJOIN):
                self._conn.execute(statement, {"gone": [gone], "into": into})
        for pks in chunks(sorted(self._changed)):
            self._conn.execute(_TOUCH, {"pks": pks, "now": generation})
        for pks in chunks(self._met):
            self._conn.execute(_MEET, {"pks": pks})
        for pks in chunks(sorted(self._loose)):
            self._conn.execute(_PART, {"feeds": list(self._conn.execute(_LOOSE_FEEDS, {"pks": pks}).scalars())})

    def _left_empty(self, group: Group) -> int | None:
        """The story that an entry of the group was taken out of, if no other group has it."""
        found = min(self._empty.intersection(self._loose[pk] for pk in group.entries & self._loose.keys()), default=None)
        self._empty -= {found}
        return found

    def _begun(self, group: Group) -> int:
        if group.entries.isdisjoint(self._loose):
            self.alone |= group.entries
        pk = self._counters.take("story")
        self._created.append(pk)
        return pk


def _joined(
    candidates: Candidates,
    fresh: Mapping[int, StoredEntry],
    loose: Mapping[int, int],
    ruled: Mapping[tuple[int, int], bool],
    same_story: SameStory,
    turned: Sequence[Turnover],
    successors: Successors,
    pairs: Pairs,
) -> Joined:
    """Join the fresh entries, and those that are `loose` from their stories, with what shares a key with any of them."""
    known = {**candidates.entries(loose.keys() - fresh.keys()), **fresh}
    fresh = dict(known)
    story_of = candidates.stories_of(fresh)
    carriers = candidates.carriers(fresh.keys(), story_of)
    texts = {value: carriers.pop((kind, value)) for kind, value in list(carriers) if kind == "text"}
    carriers |= near(texts, fresh)
    known |= candidates.entries({pk for pks in carriers.values() if len(pks) > 1 for pk in compared(pks, fresh)} - known.keys())
    known |= {one.pk: one for turnover in turned for one in turnover.gone}
    story_of |= candidates.stories_of([pk for turnover in turned for pk in (*turnover.standing, *(one.pk for one in turnover.gone))])
    story_of |= candidates.stories_of(sorted({pk for pair in ruled for pk in pair} - story_of.keys()))
    story_of = {pk: of for pk, of in story_of.items() if pk not in loose}
    given = _given(candidates.conn, carriers, story_of)
    beside = {story_of[pk] for pk in known if pk in story_of}

    def told(story: int) -> Sequence[StoredEntry]:
        return candidates.told(story, beside)

    return join(list(fresh), story_of, carriers, known.__getitem__, same_story, told, ruled, turned, successors, given, pairs)


def set_apart(conn: Connection, counters: Counters, pks: Sequence[int], polled_at: Sequence[datetime]) -> None:
    """Give each of these entries a story of its own, without keys: they meet nobody else's."""
    if pks:
        generation, now = counters.take("generation"), max(polled_at)
        made = [(pk, counters.take("story")) for pk in pks]
        conn.execute(insert(story), [{"pk": of, "generation": generation, "created": now} for _, of in made])
        conn.execute(insert(story_member), [{"entry": pk, "story": of} for pk, of in made])


def unite(conn: Connection, counters: Counters, pks: Sequence[int], now: datetime) -> None:
    """Make one story of several, for ever, because somebody said so."""
    found = frozenset(conn.execute(_ALIVE, {"pks": list(pks)}).scalars())
    if len(found) < 2:
        return
    members = [one.pk for _, told in entries.of_stories(conn, sorted(found)) for one in told]
    rulings.say_same(conn, members, now)
    generation = counters.take("generation")
    survivor = _story(conn, Group(found, frozenset()), now)
    conn.execute(_TOUCH, {"pks": [survivor], "now": generation})
    conn.execute(_MEET, {"pks": [survivor]})


def partners(conn: Connection) -> dict[str, int]:
    """With how many other feeds each feed (by key) ever shared a story; without those that share none."""
    return {row[0]: row[1] for row in conn.execute(_PARTNERS)}


def _given(conn: Connection, carriers: Mapping[tuple[str, str], Sequence[int]], story_of: Mapping[int, int]) -> set[int]:
    """Those that subscribers were given of the stories that may have to give way to one another."""
    rivals = [{story_of[pk] for pk in pks if pk in story_of} for (kind, _), pks in carriers.items() if kind in PLACES]
    asked = {pk for stories in rivals if len(stories) > 1 for pk in stories}
    return {row[0] for pks in chunks(sorted(asked)) for row in conn.execute(_FIRST_LISTED, {"pks": pks})}


def _write_keys(conn: Connection, keys: Mapping[int, Sequence[StoryKey]]) -> None:
    insert_plain(conn, story_key, ("kind", "value", "entry"), [(key.kind, key.value, pk) for pk, found in keys.items() for key in found])


def _story(conn: Connection, group: Group, now: datetime) -> int | None:
    """The story of a group: the one it has, or of several the one that all become. None: it needs a new one."""
    if len(group.stories) < 2:
        return next(iter(group.stories), None)
    survivor = _survivor(conn, sorted(group.stories))
    gone = sorted(group.stories - {survivor})
    for statement in (_MOVE, _JOIN, _REJOIN):
        conn.execute(statement, {"gone": gone, "into": survivor})
    hand_over(conn, gone, survivor)
    return survivor


def _survivor(conn: Connection, pks: Sequence[int]) -> int:
    """Of stories that are one: what subscribers were given first, else the earliest; never what came into the store first."""
    listed: dict[int, datetime] = {row[0]: row[1] for row in conn.execute(_FIRST_LISTED, {"pks": pks})}
    eldest: dict[int, tuple[Any, ...]] = {}
    for pk, *rank in conn.execute(_ELDEST, {"pks": pks}):
        eldest[pk] = min(eldest.get(pk, tuple(rank)), tuple(rank))
    return min(pks, key=lambda pk: (pk not in listed, listed.get(pk, eldest[pk][0]), eldest[pk]))
