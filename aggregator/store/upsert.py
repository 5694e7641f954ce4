"""Write what polls found of entries: new ones whole, of known ones only what changed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Executable, bindparam, delete, insert, select, update

from aggregator.model import Entry, RawEntry, StoredEntry, StoryKey
from aggregator.store.dates import first_sort_key, first_updated, next_updated
from aggregator.store.engine import AnyRow, Counters, chunks, upsert
from aggregator.store.schema import claim, entry, raw, sighting, story_key, version
from aggregator.store.values import digest, entry_body, keys_of, packed, raw_body, whole_text

MAX_VERSIONS: Final = 5
"""Earlier versions kept of an entry; `prune` may keep fewer."""

LAST_SEEN_STEP: Final = timedelta(days=1)
"""`last_seen` moves by at least this much, so that a poll that finds nothing new writes nothing about its entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One entry of one poll result. `position` is the result's place in the batch, `index` the entry's place in its document."""

    position: int
    index: int
    feed_pk: int
    feed_key: str
    feed_id: str
    feed_url: str
    polled_at: datetime
    is_backlog: bool
    refined_by: str
    entry: Entry
    raw: RawEntry


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of the arrivals: entries to find a story for (new, or known and changed), the keys they gained, positions counted."""

    fresh: dict[int, StoredEntry] = field(default_factory=dict)
    keys: dict[int, tuple[StoryKey, ...]] = field(default_factory=dict)
    news: list[int] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)


_KNOWN: Final = select(
    entry.c.pk,
    entry.c.raw_key,
    entry.c.published_id,
    entry.c.content_hash,
    entry.c.body_hash,
    entry.c.raw_hash,
    entry.c.refined_by,
    entry.c.last_seen,
).where(entry.c.feed == bindparam("of"), entry.c.raw_key.in_(bindparam("raw_keys", expanding=True)))
_BEFORE: Final = select(
    entry.c.pk,
    entry.c.first_seen,
    entry.c.sort_key,
    entry.c.public_updated,
    entry.c.changed_at,
    entry.c.content_hash,
    entry.c.versions,
    entry.c.backlog,
    entry.c.pruned,
    entry.c.withdrawn,
    entry.c.body,
).where(entry.c.pk.in_(bindparam("pks", expanding=True)))

_NEW_ENTRY: Final = insert(entry)
_UPDATE: Final = update(entry).where(entry.c.pk == bindparam("entry_pk"))
_UPDATE_SEEN: Final = update(entry).where(entry.c.pk == bindparam("entry_pk"))
_SEEN: Final = (
    update(sighting)
    .where(sighting.c.entry == bindparam("entry_pk"), sighting.c.address == bindparam("at"))
    .values(last_seen=bindparam("seen"))
)
_TRIM: Final = delete(version).where(version.c.entry == bindparam("entry_pk"), version.c.n <= bindparam("last"))
_UNCLAIM: Final = delete(claim).where(claim.c.entry == bindparam("entry_pk"))
_UNKEY: Final = delete(story_key).where(
    story_key.c.entry == bindparam("entry_pk"), story_key.c.kind == bindparam("of_kind"), story_key.c.value == bindparam("with_value")
)
_raw = upsert(raw)
_WRITE_RAW: Final = _raw.on_conflict_do_update(
    index_elements=["entry"], set_={"body": _raw.excluded.body, "refined_by": _raw.excluded.refined_by}
)
_sighting = upsert(sighting)
_SIGHT: Final = _sighting.on_conflict_do_update(index_elements=["entry", "address"], set_={"last_seen": _sighting.excluded.last_seen})


_NEW_SIGHTING: Final = insert(sighting)
_NEW_CLAIM: Final = insert(claim)
_NEW_VERSION: Final = insert(version)

# Each runs once, over all its rows, in this order: an entry comes before what hangs on it, what goes before what comes.
_ORDER: Final = (
    _NEW_ENTRY, _UPDATE, _UPDATE_SEEN, _WRITE_RAW, _NEW_SIGHTING, _SIGHT, _SEEN, _NEW_VERSION, _TRIM, _UNCLAIM, _NEW_CLAIM, _UNKEY
)  # fmt: skip


class _Rows:
    """Rows to write, by statement."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Mapping[str, object]]] = {id(statement): [] for statement in _ORDER}

    def add(self, statement: Executable, row: Mapping[str, object]) -> None:
        self._rows[id(statement)].append(row)

    def write(self, conn: Connection) -> None:
        for statement in _ORDER:
            if rows := self._rows[id(statement)]:
                conn.execute(statement, rows)


def write(conn: Connection, counters: Counters, arrivals: Sequence[Arrival]) -> Arrived:
    """Write entries, raw forms, versions, sightings and claims; keys and stories are left to `store.stories`."""
    arrived, rows = Arrived(), _Rows()
    known = _known(conn, arrivals)
    changed: dict[int, tuple[Arrival, Entry, bytes, bytes]] = {}
    seen: set[tuple[int, str]] = set()
    for arrival in arrivals:
        identity = (arrival.feed_pk, arrival.entry.raw_key)
        if identity in seen:
            continue
        seen.add(identity)
        row = known.get(identity)
        if row is None:
            _add(arrival, counters.take("entry"), arrived, rows)
            continue
        value = arrival.entry if arrival.entry.published_id == row.published_id else replace(arrival.entry, published_id=row.published_id)
        body, source = entry_body(value), raw_body(arrival.raw)
        if digest(body) == row.body_hash:
            _see(arrival, row, source, rows)
        else:
            changed[row.pk] = (arrival, value, body, source)
    for piece in chunks(changed):
        for before in conn.execute(_BEFORE, {"pks": piece}):
            _change(*changed[before.pk], before, arrived, rows)
    rows.write(conn)
    return arrived


def _known(conn: Connection, arrivals: Sequence[Arrival]) -> dict[tuple[int, str], AnyRow]:
    # Feed by feed: SQLite looks up no pairs in an index, it would read the whole table.
    raw_keys: defaultdict[int, set[str]] = defaultdict(set)
    for arrival in arrivals:
        raw_keys[arrival.feed_pk].add(arrival.entry.raw_key)
    return {
        (feed_pk, row.raw_key): row
        for feed_pk, wanted in raw_keys.items()
        for piece in chunks(sorted(wanted))
        for row in conn.execute(_KNOWN, {"of": feed_pk, "raw_keys": piece})
    }


def _address(arrival: Arrival) -> str:
    """Where the entry was seen: its page; without one, the feed."""
    return arrival.entry.link or arrival.feed_url


def _add(arrival: Arrival, pk: int, arrived: Arrived, rows: _Rows) -> None:
    value, seen_at = arrival.entry, arrival.polled_at
    body, source = entry_body(value), raw_body(arrival.raw)
    stored = StoredEntry(
        pk=pk,
        feed_key=arrival.feed_key,
        feed_id=arrival.feed_id,
        entry=value,
        first_seen=seen_at,
        last_seen=seen_at,
        sort_key=first_sort_key(value, seen_at, arrival.index),
        public_updated=first_updated(value, seen_at),
        is_backlog=arrival.is_backlog,
    )
    columns = {
        "pk": pk,
        "feed": arrival.feed_pk,
        "raw_key": value.raw_key,
        "published_id": value.published_id,
        "first_seen": seen_at,
        "sort_key": stored.sort_key,
        "public_updated": stored.public_updated,
        "changed_at": seen_at,
        "versions": 0,
        "backlog": stored.is_backlog,
        "withdrawn": None,
    }
    rows.add(_NEW_ENTRY, columns | _said(arrival, value, body, source))
    rows.add(_WRITE_RAW, {"entry": pk, "refined_by": arrival.refined_by, "body": packed(source)})
    rows.add(_NEW_SIGHTING, {"entry": pk, "address": _address(arrival), "first_seen": seen_at, "last_seen": seen_at})
    _claims(pk, value, rows)
    arrived.fresh[pk] = stored
    arrived.keys[pk] = tuple(dict.fromkeys(value.keys))
    arrived.news.append(arrival.position)


def _said(arrival: Arrival, value: Entry, body: bytes, source: bytes) -> dict[str, object]:
    """The columns that a new body changes."""
    return {
        "raw_id": whole_text(value.raw_id) if value.raw_id is not None and value.raw_id != value.published_id else None,
        "link": value.link,
        "last_seen": arrival.polled_at,
        "content_hash": value.content_hash,
        "body_hash": digest(body),
        "raw_hash": digest(source),
        "refined_by": arrival.refined_by,
        "pruned": False,
        "body": body.decode(),
    }


def _see(arrival: Arrival, row: AnyRow, source: bytes, rows: _Rows) -> None:
    """Nothing that we say changed: write only what must move."""
    raw_hash = digest(source)
    if raw_hash != row.raw_hash or arrival.refined_by != row.refined_by:
        rows.add(_WRITE_RAW, {"entry": row.pk, "refined_by": arrival.refined_by, "body": packed(source)})
    elif arrival.polled_at - row.last_seen < LAST_SEEN_STEP:
        return
    last_seen = max(arrival.polled_at, row.last_seen)
    columns = {"last_seen": last_seen, "raw_hash": raw_hash, "refined_by": arrival.refined_by, "pruned": False}
    rows.add(_UPDATE_SEEN, {"entry_pk": row.pk} | columns)
    rows.add(_SEEN, {"entry_pk": row.pk, "at": _address(arrival), "seen": last_seen})


def _change(arrival: Arrival, value: Entry, body: bytes, source: bytes, before: AnyRow, arrived: Arrived, rows: _Rows) -> None:
    """A known entry says something else. A reader notices only where the content's hash changed; then the old words are kept, too."""
    pk, polled_at = before.pk, arrival.polled_at
    is_real = value.content_hash != before.content_hash
    said = _said(arrival, value, body, source)
    said |= {"public_updated": before.public_updated, "changed_at": before.changed_at, "versions": before.versions}
    if is_real:
        said |= {"public_updated": next_updated(value, before.public_updated, polled_at), "changed_at": polled_at}
        arrived.changes.append(arrival.position)
    if is_real and not before.pruned:
        n = before.versions + 1
        said["versions"] = n
        kept = {"seen_at": before.changed_at, "content_hash": before.content_hash, "body": packed(before.body)}
        rows.add(_NEW_VERSION, {"entry": pk, "n": n} | kept)
        rows.add(_TRIM, {"entry_pk": pk, "last": n - MAX_VERSIONS})
    rows.add(_UPDATE, {"entry_pk": pk} | said)
    rows.add(_WRITE_RAW, {"entry": pk, "refined_by": arrival.refined_by, "body": packed(source)})
    rows.add(_SIGHT, {"entry": pk, "address": _address(arrival), "first_seen": polled_at, "last_seen": polled_at})
    rows.add(_UNCLAIM, {"entry_pk": pk})
    _claims(pk, value, rows)
    _rekey(pk, keys_of(before.body), value, arrived, rows)
    # With other keys or other words its story may turn out to be another's, too.
    arrived.fresh[pk] = _changed(before, value, arrival, said)


def _rekey(pk: int, old: Sequence[StoryKey], value: Entry, arrived: Arrived, rows: _Rows) -> None:
    """Drop the keys that an entry has no longer, and note those it gained."""
    for key in set(old) - set(value.keys):
        rows.add(_UNKEY, {"entry_pk": pk, "of_kind": key.kind, "with_value": key.value})
    arrived.keys[pk] = tuple(key for key in dict.fromkeys(value.keys) if key not in old)


def _changed(before: AnyRow, value: Entry, arrival: Arrival, said: Mapping[str, Any]) -> StoredEntry:
    return StoredEntry(
        pk=before.pk,
        feed_key=arrival.feed_key,
        feed_id=arrival.feed_id,
        entry=value,
        first_seen=before.first_seen,
        last_seen=arrival.polled_at,
        sort_key=before.sort_key,
        public_updated=said["public_updated"],
        is_backlog=before.backlog,
        withdrawn=before.withdrawn,
    )


def _claims(pk: int, value: Entry, rows: _Rows) -> None:
    for n, said in enumerate(value.claims):
        columns = ("hop", "kind", "name", "page", "site", "where", "rule", "evidence", "confidence", "standing")
        rows.add(_NEW_CLAIM, {"entry": pk, "n": n} | {name: getattr(said, name) for name in columns})
