"""Settle what an output may list: newcomers, limits, ids; hold back what is more of a backlog than subscribers want, and let it go."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, case, func, select, update

from aggregator.ports import BACKLOG
from aggregator.store.engine import AnyRow, Counters, chunks
from aggregator.store.schema import entry, feed, output, publication, story, story_member
from aggregator.store.standing import EARLY, Candidate, Outlook, Settled, first_listed, is_newcomer, settle

CHANGE: Final = update(publication).where(publication.c.output == bindparam("of"), publication.c.story == bindparam("judged"))
_IN_STORIES: Final = story_member.c.story.in_(bindparam("stories", expanding=True))
_OF_STORIES: Final = publication.c.story.in_(bindparam("stories", expanding=True))
_PENDING: Final = select(publication).where(publication.c.output == bindparam("of"), publication.c.pending)
_FEEDS: Final = select(feed.c.key, feed.c.added_at, feed.c.first_success_at).where(feed.c.key.in_(bindparam("keys", expanding=True)))
# Feed by feed: an entry that took the place of one that is backlog, under another id, is no news.
_BACKLOG: Final = (
    select(
        story_member.c.story,
        func.max(case((entry.c.backlog | entry.c.burst.is_not(None), 1), else_=0)).label("has_backlog"),
        func.max(entry.c.burst).label("burst"),
        func.min(entry.c.first_seen).label("first_seen"),
    )
    .join(entry, entry.c.pk == story_member.c.entry)
    .where(_IN_STORIES)
    .group_by(story_member.c.story, entry.c.feed)
)
_WITH_TEXT: Final = select(story_member.c.story).join(entry, entry.c.pk == story_member.c.entry).where(_IN_STORIES, ~entry.c.pruned)
# By way of the feed's entries: what an output gave is found by story, and reading all of it grows with the store.
_GIVEN_OF_FEED: Final = (
    select(publication.c.story, publication.c.feed_key)
    .distinct()
    .join_from(feed, entry, entry.c.feed == feed.c.pk)
    .join(story_member, story_member.c.entry == entry.c.pk)
    .join(publication, (publication.c.story == story_member.c.story) & (publication.c.output == bindparam("of")))
    .where(feed.c.key.in_(bindparam("keys", expanding=True)), publication.c.feed_key == feed.c.key, publication.c.sequence.is_not(None))
    .where(publication.c.let_in.is_(None))
)
_LISTED_DAYS: Final = select(publication.c.feed_key, publication.c.sort_key).where(
    publication.c.output == bindparam("of"),
    publication.c.listed,
    # This is what the index finds.
    publication.c.first_listed >= bindparam("listed_after"),
    publication.c.sort_key >= bindparam("after"),
    publication.c.feed_key.in_(bindparam("keys", expanding=True)),
)
_IDS: Final = select(publication.c.published_id).where(
    publication.c.output == bindparam("of"),
    publication.c.sequence.is_not(None),
    publication.c.published_id.in_(bindparam("ids", expanding=True)),
)
_HELD: Final = (
    select(publication.c.feed_key, func.count(publication.c.story.distinct()))
    .where(publication.c.held, publication.c.feed_key.is_not(None))
    .group_by(publication.c.feed_key)
)
_HELD_OF: Final = select(publication.c.story).where(publication.c.held, publication.c.feed_key == bindparam("of")).distinct()
_RELEASE: Final = (
    update(entry)
    .where(entry.c.pk.in_(select(story_member.c.entry).where(_IN_STORIES)), entry.c.backlog | entry.c.burst.is_not(None))
    .values(backlog=False, burst=None)
)
_LET_GO: Final = update(publication).where(publication.c.held, _OF_STORIES).values(passed_over=None, let_in=None)
_TOUCH: Final = update(story).where(story.c.pk.in_(bindparam("stories", expanding=True))).values(generation=bindparam("now"))
_LAST: Final = (
    select(publication.c.sequence)
    .where(publication.c.output == bindparam("of"), publication.c.sequence.is_not(None))
    .order_by(publication.c.sequence.desc())
    .limit(1)
)


class _Backlog(NamedTuple):
    """When the latest of it came as a burst (None: all stood in first documents), and when the first of it was seen."""

    burst: datetime | None
    first_seen: datetime


def finish(conn: Connection, row: AnyRow, mark: str, generation: int, now: datetime, newcomer_entries: int) -> None:
    """Settle what is pending and mark the output as judged up to `generation`."""
    pending = {one.story: one for one in conn.execute(_PENDING, {"of": row.pk})}
    if pending:
        candidates = _candidates(conn, row, list(pending.values()), now)
        settled = settle(candidates, _outlook(conn, row, candidates), newcomer_entries)
        since = {one.story: first_listed(one, now, row.first_published) for one in candidates}
        let_in = {one.story: one.let_in for one in candidates}
        changes = [_settled(row.pk, one, pending[one.story], since[one.story]) | {"let_in": let_in[one.story]} for one in settled]
        conn.execute(CHANGE, changes)
    # Nobody is flooded by what an output begins with: it begins when there is something to list.
    begun = row.first_published or (now if pending else None)
    values = {"mark": mark, "judged_generation": generation, "first_published": begun}
    conn.execute(update(output).where(output.c.pk == row.pk).values(values))


def _settled(of: int, one: Settled, row: AnyRow, since: datetime) -> dict[str, object]:
    is_listed = one.held is None
    return {
        "of": of,
        "judged": one.story,
        "pending": False,
        "held": one.held is not None and one.held.startswith(BACKLOG),
        "listed": is_listed,
        "sequence": one.sequence,
        "published_id": one.published_id,
        "first_listed": since if is_listed else None,
        "rule": one.held or row.rule,
    }


def _candidates(conn: Connection, row: AnyRow, pending: Sequence[AnyRow], now: datetime) -> list[Candidate]:
    feeds = _new_feeds(conn, row, {one.feed_key for one in pending if one.feed_key})
    backlog = _backlog(conn, [one.story for one in pending])
    newcomers = {one.story for one in pending if _is_newcomer(one, backlog, feeds, row.first_published)}
    with_text = _among(conn, _WITH_TEXT, [one.story for one in pending])
    return [
        Candidate(
            story=one.story,
            feed_key=one.feed_key,
            published_id=one.published_id,
            sort_key=one.sort_key,
            per_day=one.per_day,
            is_newcomer=one.let_in is not None or one.story in newcomers,
            burst=backlog[one.story].burst if one.story in backlog else None,
            let_in=None if one.story in newcomers else one.let_in,
            was_held=one.story not in newcomers and one.let_in is not None and one.let_in < now,
            is_pruned=one.story not in with_text,
            backlog_seen=backlog[one.story].first_seen if one.story in backlog else None,
        )
        for one in pending
    ]


def _backlog(conn: Connection, stories: Sequence[int]) -> dict[int, _Backlog]:
    """Those of the stories of which all is backlog."""
    found: defaultdict[int, list[AnyRow]] = defaultdict(list)
    for piece in chunks(stories):
        for row in conn.execute(_BACKLOG, {"stories": piece}):
            found[row.story].append(row)
    return {
        story: _Backlog(max((row.burst for row in rows if row.burst), default=None), min(row.first_seen for row in rows))
        for story, rows in found.items()
        if all(row.has_backlog for row in rows)
    }


def _is_newcomer(one: AnyRow, backlog: Mapping[int, _Backlog], feeds: Container[str], first_published: datetime | None) -> bool:
    if one.story not in backlog:
        return False
    burst = backlog[one.story].burst
    return one.feed_key in feeds or (burst is not None and first_published is not None and burst > first_published)


def _new_feeds(conn: Connection, row: AnyRow, keys: Iterable[str]) -> set[str]:
    """Those of the feeds that came to the output after its subscribers did."""
    if row.first_published is None:
        return set()
    return {
        one.key
        for piece in chunks(sorted(keys))
        for one in conn.execute(_FEEDS, {"keys": piece})
        if is_newcomer(one.added_at, one.first_success_at, row.first_published)
    }


def _among(conn: Connection, query: Any, stories: Sequence[int]) -> set[int]:
    return {pk for piece in chunks(stories) for pk in conn.execute(query, {"stories": piece}).scalars()}


class _GivenIds(Container[str]):
    """The ids that an output ever gave: what is likely to be asked is read at once, what else comes up one by one."""

    def __init__(self, conn: Connection, of: int, likely: Iterable[str]) -> None:
        self._conn, self._of = conn, of
        self._asked = set(likely)
        self._found = self._read(self._asked)

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str) and name not in self._asked:
            self._asked.add(name)
            self._found |= self._read([name])
        return name in self._found

    def _read(self, names: Iterable[str]) -> set[str]:
        return {name for piece in chunks(names) for name in self._conn.execute(_IDS, {"of": self._of, "ids": piece}).scalars()}


def _outlook(conn: Connection, row: AnyRow, candidates: Sequence[Candidate]) -> Outlook:
    limited = [one for one in candidates if one.per_day is not None]
    return Outlook(
        newcomers=_newcomers(conn, row.pk, {one.feed_key for one in candidates if one.is_newcomer and one.feed_key}),
        per_day=_days(conn, row.pk, limited) if limited else {},
        ids=_GivenIds(conn, row.pk, {one.published_id for one in candidates}),
        last_sequence=max(conn.execute(_LAST, {"of": row.pk}).scalar() or 0, row.left_out),
    )


def _newcomers(conn: Connection, of: int, keys: Iterable[str]) -> Counter[tuple[str | None, datetime | None]]:
    """How much of each feed's backlog was listed before, by the burst it came in."""
    given = [row for piece in chunks(keys) for row in conn.execute(_GIVEN_OF_FEED, {"of": of, "keys": piece})]
    backlog = _backlog(conn, [row.story for row in given])
    return Counter((row.feed_key, backlog[row.story].burst) for row in given if row.story in backlog)


def held_back(conn: Connection) -> dict[str, int]:
    """How many stories of each feed (by key) some output holds back as backlog."""
    return {row[0]: row[1] for row in conn.execute(_HELD)}


def release(conn: Connection, counters: Counters, feed_key: str) -> int:
    """Let what is held back of a feed be no backlog any more; how many stories that are."""
    found = sorted(conn.execute(_HELD_OF, {"of": feed_key}).scalars())
    if found:
        generation = counters.take("generation")
        for piece in chunks(found):
            conn.execute(_RELEASE, {"stories": piece})
            conn.execute(_LET_GO, {"stories": piece})
            conn.execute(_TOUCH, {"stories": piece, "now": generation})
    return len(found)


def _days(conn: Connection, of: int, limited: Sequence[Candidate]) -> Counter[Any]:
    """How much of each limited feed is listed, by UTC day."""
    after = min(one.sort_key for one in limited).replace(hour=0, minute=0, second=0, microsecond=0)
    return Counter(
        (row.feed_key, row.sort_key.astimezone(UTC).date())
        for piece in chunks({one.feed_key for one in limited if one.feed_key})
        for row in conn.execute(_LISTED_DAYS, {"of": of, "after": after, "listed_after": after - EARLY, "keys": piece})
    )
