"""Read entries back: by key, by story, by any address or id they had."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, bindparam, func, or_, select, union

from aggregator.model import Entry, RawEntry, StoredEntry
from aggregator.store import schema
from aggregator.store.engine import chunks
from aggregator.store.schema import entry, feed, publication, raw, sighting, story, story_key, story_member, version
from aggregator.store.values import edges_of, entry_of, member_order, raw_of, stored_entry, version_of
from aggregator.web.forms import beginnings, written_forms
from aggregator.web.url import link_key

STORED: Final = (
    entry.c.pk,
    feed.c.key,
    feed.c.id,
    entry.c.first_seen,
    entry.c.last_seen,
    entry.c.sort_key,
    entry.c.public_updated,
    entry.c.backlog,
    entry.c.withdrawn,
    entry.c.hold,
    entry.c.unread_since,
    entry.c.body,
)
"""The columns that `values.stored_entry` reads."""

_JOINED: Final = entry.join(feed, feed.c.pk == entry.c.feed)
_BY_PK: Final = select(*STORED).select_from(_JOINED).where(entry.c.pk.in_(bindparam("pks", expanding=True)))
_BY_STORY: Final = (
    select(story_member.c.story, *STORED)
    .select_from(story_member.join(entry, entry.c.pk == story_member.c.entry).join(feed, feed.c.pk == entry.c.feed))
    .where(story_member.c.story.in_(bindparam("stories", expanding=True)))
)
_RAW: Final = (
    select(*STORED, raw.c.body.label("raw_body"))
    .select_from(_JOINED.join(raw, raw.c.entry == entry.c.pk))
    .where(entry.c.pk.in_(bindparam("pks", expanding=True)))
)
_REFINED: Final = (
    select(entry.c.pk, entry.c.refined_by)
    .select_from(_JOINED)
    .where(feed.c.key == bindparam("feed_key"), ~entry.c.pruned, entry.c.hold.is_(None))
    .order_by(entry.c.sort_key, entry.c.raw_key)
)
# By date, of which there is an index: a feed may have very many.
_LATEST: Final = (
    select(entry.c.pk)
    .join(feed, feed.c.pk == entry.c.feed)
    .where(feed.c.key == bindparam("feed_key"), entry.c.hold.is_(None))
    .order_by(entry.c.sort_key.desc(), entry.c.pk.desc())
    .limit(bindparam("most"))
)
_NAMED: Final = (
    select(entry.c.pk)
    .join(feed, feed.c.pk == entry.c.feed)
    .where(feed.c.key == bindparam("feed_key"), entry.c.raw_key.in_(bindparam("raw_keys", expanding=True)), entry.c.hold.is_(None))
)
_BODY: Final = select(entry.c.raw_key, entry.c.body).where(entry.c.pk.in_(bindparam("pks", expanding=True)))
_STORIES_OF: Final = (
    select(story_member.c.story)
    .join(entry, entry.c.pk == story_member.c.entry)
    .join(feed, feed.c.pk == entry.c.feed)
    .where(feed.c.key == bindparam("feed_key"))
)
_SIGHTINGS: Final = (
    select(sighting.c.address, sighting.c.first_seen, sighting.c.last_seen)
    .where(sighting.c.entry == bindparam("pk"))
    .order_by(sighting.c.first_seen, sighting.c.address)
)
_VERSIONS: Final = select(version.c.seen_at, version.c.body).where(version.c.entry == bindparam("pk")).order_by(version.c.n)
_NOW: Final = select(entry.c.changed_at, entry.c.body).where(entry.c.pk == bindparam("pk"))
_FOUND: Final = select(story_member.c.story).where(
    story_member.c.entry.in_(
        union(
            select(sighting.c.entry).where(sighting.c.address.in_(bindparam("queries", expanding=True))),
            select(story_key.c.entry).where(story_key.c.kind == "link", story_key.c.value.in_(bindparam("keys", expanding=True))),
            select(entry.c.pk).where(entry.c.published_id.in_(bindparam("queries", expanding=True))),
            select(entry.c.pk).where(entry.c.raw_id.in_(bindparam("queries", expanding=True))),
        )
    )
)
# An output may have given a story another id than its entry has.
_FOUND_PUBLISHED: Final = (
    select(func.coalesce(story.c.joined, story.c.pk))
    .join(publication, publication.c.story == story.c.pk)
    .where(
        # Each output by itself, for that is what the index begins with.
        publication.c.output.in_(select(schema.output.c.pk)),
        publication.c.published_id == bindparam("query"),
        publication.c.sequence.is_not(None),
    )
)
_STARTING: Final = (
    select(story_member.c.story)
    .join(entry, entry.c.pk == story_member.c.entry)
    .where(
        or_(
            and_(entry.c.published_id >= bindparam("start"), entry.c.published_id < bindparam("end")),
            and_(entry.c.raw_id >= bindparam("start"), entry.c.raw_id < bindparam("end")),
        )
    )
    .distinct()
    .order_by(story_member.c.story)
    .limit(bindparam("most"))
)
_BELOW: Final = (
    select(feed.c.key, func.count())
    .select_from(sighting.join(entry, entry.c.pk == sighting.c.entry).join(feed, feed.c.pk == entry.c.feed))
    .where(sighting.c.address >= bindparam("start"), sighting.c.address < bindparam("end"))
    .group_by(feed.c.key)
)
# Behind everything that begins with a text comes that text with the last character there is.
_LAST: Final = chr(0x10FFFF)
_GENERATION: Final = select(schema.meta.c.value).where(schema.meta.c.key == "generation")


def by_pk(conn: Connection, pks: Iterable[int]) -> dict[int, StoredEntry]:
    return {row[0]: stored_entry(row) for piece in chunks(pks) for row in conn.execute(_BY_PK, {"pks": piece})}


def of_stories(conn: Connection, stories: Sequence[int]) -> list[tuple[int, tuple[StoredEntry, ...]]]:
    """The members of each story that has any, the stories as given."""
    members: defaultdict[int, list[StoredEntry]] = defaultdict(list)
    for piece in chunks(stories):
        for story_pk, *row in conn.execute(_BY_STORY, {"stories": piece}):
            members[story_pk].append(stored_entry(row))
    return [(pk, tuple(sorted(members[pk], key=member_order))) for pk in stories if pk in members]


def recent_edges(conn: Connection, feed_key: str, limit: int) -> list[tuple[str, tuple[str, ...]]]:
    pks = list(conn.execute(_LATEST, {"feed_key": feed_key, "most": limit}).scalars())
    found = [(raw_key, edges_of(body)) for raw_key, body in conn.execute(_BODY, {"pks": pks})]
    return sorted((raw_key, edges) for raw_key, edges in found if edges is not None)


def own(conn: Connection, feed_key: str, raw_keys: Iterable[str], limit: int) -> list[StoredEntry]:
    found = set(conn.execute(_LATEST, {"feed_key": feed_key, "most": limit}).scalars())
    for piece in chunks(raw_keys):
        found |= set(conn.execute(_NAMED, {"feed_key": feed_key, "raw_keys": piece}).scalars())
    return sorted(by_pk(conn, found).values(), key=member_order)


def stories_of(conn: Connection, feed_key: str) -> list[int]:
    """The stories of which some member came in a feed."""
    return sorted(set(conn.execute(_STORIES_OF, {"feed_key": feed_key}).scalars()))


def find(conn: Connection, query: str) -> list[tuple[int, tuple[StoredEntry, ...]]]:
    asked = {"queries": written_forms(query), "keys": list({query, link_key(query)})}
    found = set(conn.execute(_FOUND, asked).scalars()) | set(conn.execute(_FOUND_PUBLISHED, {"query": query}).scalars())
    return of_stories(conn, sorted(found))


def starting_with(conn: Connection, prefix: str, limit: int) -> list[tuple[int, tuple[StoredEntry, ...]]]:
    asked = {"start": prefix, "end": prefix + _LAST, "most": limit}
    return of_stories(conn, list(conn.execute(_STARTING, asked).scalars()))


def neighbours(conn: Connection, address: str) -> tuple[str, list[tuple[str, int]]]:
    for start in beginnings(address):
        counts: Counter[str] = Counter()
        for form in written_forms(start):
            if form.endswith("/"):
                counts.update({row[0]: row[1] for row in conn.execute(_BELOW, {"start": form, "end": form + _LAST})})
        if counts:
            return start, sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return "", []


def refined(conn: Connection, feed_key: str) -> list[tuple[int, str]]:
    return [(pk, refined_by) for pk, refined_by in conn.execute(_REFINED, {"feed_key": feed_key})]


def raw_entries(conn: Connection, pks: Sequence[int]) -> list[tuple[StoredEntry, RawEntry]]:
    found = {row[0]: (stored_entry(row[:-1]), raw_of(row[-1])) for piece in chunks(pks) for row in conn.execute(_RAW, {"pks": piece})}
    return [found[pk] for pk in pks if pk in found]


def sightings(conn: Connection, entry_pk: int) -> list[tuple[str, datetime, datetime]]:
    return [(row.address, row.first_seen, row.last_seen) for row in conn.execute(_SIGHTINGS, {"pk": entry_pk})]


def versions(conn: Connection, entry_pk: int) -> list[tuple[datetime, Entry]]:
    before = [(seen_at, version_of(body)) for seen_at, body in conn.execute(_VERSIONS, {"pk": entry_pk})]
    return [*before, *((changed_at, entry_of(body)) for changed_at, body in conn.execute(_NOW, {"pk": entry_pk}))]


def counts(conn: Connection, names: Collection[str] = ()) -> dict[str, int]:
    """Rows by table, live stories only, and `generation`: a number that grows whenever a story changes."""
    found: dict[str, int] = {}
    for table in schema.metadata.sorted_tables:
        if table is not schema.meta and (not names or table.name in names):
            asked = select(func.count()).select_from(table)
            found[table.name] = conn.execute(asked if table is not story else asked.where(story.c.joined.is_(None))).scalar_one()
    found["generation"] = generation(conn)
    return found


def generation(conn: Connection) -> int:
    """A number that grows whenever a story changes."""
    return int(conn.execute(_GENERATION).scalar_one())
