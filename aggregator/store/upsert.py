"""Write what polls found of entries: new ones whole, of known ones only what changed."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from aggregator.model import Entry, RawEntry, StoredEntry
from aggregator.ports import FORGOTTEN
from aggregator.store.dates import first_sort_key, first_updated
from aggregator.store.edits import as_it_stood, is_stale
from aggregator.store.engine import AnyRow, Counters, chunks
from aggregator.store.schema import entry
from aggregator.store.values import entry_body, entry_of, mark, packed, raw_body, whole_text
from aggregator.store.wording import (
    BEFORE,
    HOLD,
    LIFT,
    NEW_ENTRY,
    NEW_SIGHTING,
    SEEN,
    SIGHT,
    STANDS,
    UPDATE_SEEN,
    VERSIONS,
    WRITE_RAW,
    Arrived,
    Rows,
    reword,
    worded,
    write_claims,
)
from aggregator.web.text import digest

LAST_SEEN_STEP: Final = timedelta(days=1)
"""`last_seen` moves by at least this much, so that a poll that finds nothing new writes nothing about its entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One entry of one poll result. `position` is the result's place in the batch, `index` the entry's place in its document.

    `hold` is what its feed is held for: such an arrival changes nothing that was there before. Since `unread_since` its feed was away.
    """

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
    hold: str | None = None
    unread_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Entries of a feed that stand in its document as they stood in the last one, by their keys; `position` as in `Arrival`."""

    position: int
    feed_pk: int
    feed_url: str
    polled_at: datetime
    raw_keys: Sequence[str]


_KNOWN: Final = select(
    entry.c.pk,
    entry.c.link,
    entry.c.raw_key,
    entry.c.published_id,
    entry.c.content_hash,
    entry.c.body_hash,
    entry.c.raw_hash,
    entry.c.refined_by,
    entry.c.last_seen,
    entry.c.withdrawn,
    entry.c.hold,
).where(entry.c.feed == bindparam("of"), entry.c.raw_key.in_(bindparam("raw_keys", expanding=True)))


def write(conn: Connection, counters: Counters, arrivals: Sequence[Arrival], going_on: Container[int] = ()) -> Arrived:
    """Write entries, raw forms, versions, sightings and claims; keys and stories are left to `store.stories`.

    In the feeds `going_on` (by pk) something stands as it stood. Of one that keeps nothing, nobody knows what it was meanwhile.
    """
    arrived, rows = Arrived(), Rows()
    known = _known(conn, [(arrival.feed_pk, arrival.entry.raw_key) for arrival in arrivals])
    changing = {of for of, _ in known}
    changed: dict[int, tuple[Arrival, Entry, bytes, bytes]] = {}
    seen: set[tuple[int, str]] = set()
    for arrival in arrivals:
        identity = (arrival.feed_pk, arrival.entry.raw_key)
        if identity in seen:
            continue
        seen.add(identity)
        row = known.get(identity)
        if row is None:
            goes_on = arrival.feed_pk in changing or arrival.feed_pk in going_on
            _add(arrival if goes_on else replace(arrival, unread_since=None), counters.take("entry"), arrived, rows)
            continue
        if arrival.hold is not None and row.hold is None:
            continue
        if arrival.hold not in (None, row.hold):
            rows.add(HOLD, {"entry_pk": row.pk, "under": arrival.hold})
        if row.hold is None:
            arrived.standing.setdefault(arrival.feed_pk, []).append(row.pk)
        if row.withdrawn is not None:
            rows.add(LIFT, {"entry_pk": row.pk})
            arrived.lifted[row.pk] = arrival.position
        value = arrival.entry if arrival.entry.published_id == row.published_id else replace(arrival.entry, published_id=row.published_id)
        body, source = entry_body(value), raw_body(arrival.raw)
        if mark(value, body) == row.body_hash:
            _see(arrival, row, source, rows)
        else:
            changed[row.pk] = (arrival, value, body, source)
    for piece in chunks(changed):
        befores = conn.execute(BEFORE, {"pks": piece}).all()
        said_before = _earlier(conn, [before.pk for before in befores if before.versions])
        for before in befores:
            arrival, value, *_ = changed[before.pk]
            if not _is_stale(arrival, value, before, said_before[before.pk]):
                _change(*changed[before.pk], before, arrived, rows)
    rows.write(conn)
    return arrived


def see_standing(conn: Connection, standing: Sequence[Standing], arrived: Arrived) -> None:
    """Note that entries still stand in their feeds, to which nothing else is known of them."""
    rows = Rows()
    known = _known(conn, [(one.feed_pk, raw_key) for one in standing for raw_key in one.raw_keys])
    for one in standing:
        found = [row for raw_key in one.raw_keys if (row := known.get((one.feed_pk, raw_key))) is not None and row.hold is None]
        arrived.standing.setdefault(one.feed_pk, []).extend(row.pk for row in found)
        for row in found:
            # What was deleted meanwhile (by a push) stands in its feed all the same; what was forgotten stays so.
            if row.withdrawn is not None and not row.withdrawn.startswith(FORGOTTEN):
                rows.add(LIFT, {"entry_pk": row.pk})
                arrived.lifted[row.pk] = one.position
            if one.polled_at - row.last_seen >= LAST_SEEN_STEP:
                rows.add(STANDS, {"entry_pk": row.pk, "seen": one.polled_at})
                rows.add(SEEN, {"entry_pk": row.pk, "at": row.link or one.feed_url, "seen": one.polled_at})
    rows.write(conn)


def _known(conn: Connection, wanted_of: Iterable[tuple[int, str]]) -> dict[tuple[int, str], AnyRow]:
    # Feed by feed: SQLite looks up no pairs in an index, it would read the whole table.
    raw_keys: defaultdict[int, set[str]] = defaultdict(set)
    for feed_pk, raw_key in wanted_of:
        raw_keys[feed_pk].add(raw_key)
    return {
        (feed_pk, row.raw_key): row
        for feed_pk, wanted in raw_keys.items()
        for piece in chunks(sorted(wanted))
        for row in conn.execute(_KNOWN, {"of": feed_pk, "raw_keys": piece})
    }


def _earlier(conn: Connection, pks: Sequence[int]) -> defaultdict[int, set[str]]:
    """The digests of the earlier versions of entries, by pk."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for row in conn.execute(VERSIONS, {"pks": pks}) if pks else ():
        found[row.entry].add(row.content_hash)
    return found


def _is_stale(arrival: Arrival, value: Entry, before: AnyRow, said_before: set[str]) -> bool:
    # What stands is read anew for the few only that say what they said before.
    if value.content_hash not in said_before:
        return False
    return is_stale(value, entry_of(before.body), said_before, before.changed_at, arrival.polled_at)


def _address(arrival: Arrival) -> str:
    """Where the entry was seen: its page; without one, the feed."""
    return arrival.entry.link or arrival.feed_url


def _add(arrival: Arrival, pk: int, arrived: Arrived, rows: Rows) -> None:
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
        hold=arrival.hold,
        unread_since=arrival.unread_since,
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
        "hold": stored.hold,
        "unread_since": stored.unread_since,
    }
    rows.add(NEW_ENTRY, columns | _said(arrival, value, body, source))
    rows.add(WRITE_RAW, {"entry": pk, "refined_by": arrival.refined_by, "body": packed(source)})
    rows.add(NEW_SIGHTING, {"entry": pk, "address": _address(arrival), "first_seen": seen_at, "last_seen": seen_at})
    write_claims(pk, value, seen_at, rows)
    if stored.hold is None:
        arrived.fresh[pk] = stored
        arrived.keys[pk] = tuple(dict.fromkeys(value.keys))
        arrived.added.setdefault(arrival.feed_pk, []).append(pk)
    else:
        arrived.apart.append(pk)
    arrived.news.append(arrival.position)


def _said(arrival: Arrival, value: Entry, body: bytes, source: bytes) -> dict[str, object]:
    """The columns that a new body changes."""
    return {
        "raw_id": whole_text(value.raw_id) if value.raw_id is not None and value.raw_id != value.published_id else None,
        "last_seen": arrival.polled_at,
        "raw_hash": digest(source),
        "pruned": False,
    } | worded(value, body, arrival.refined_by)


def _see(arrival: Arrival, row: AnyRow, source: bytes, rows: Rows) -> None:
    """Nothing that we say changed: write only what must move."""
    raw_hash = digest(source)
    if raw_hash != row.raw_hash or arrival.refined_by != row.refined_by:
        rows.add(WRITE_RAW, {"entry": row.pk, "refined_by": arrival.refined_by, "body": packed(source)})
    elif arrival.polled_at - row.last_seen < LAST_SEEN_STEP:
        return
    last_seen = max(arrival.polled_at, row.last_seen)
    columns = {"last_seen": last_seen, "raw_hash": raw_hash, "refined_by": arrival.refined_by, "pruned": False}
    rows.add(UPDATE_SEEN, {"entry_pk": row.pk} | columns)
    rows.add(SEEN, {"entry_pk": row.pk, "at": _address(arrival), "seen": last_seen})


def _change(arrival: Arrival, value: Entry, body: bytes, source: bytes, before: AnyRow, arrived: Arrived, rows: Rows) -> None:
    """A known entry says something else; where that only moves by itself, it stands in the words that it had."""
    pk, polled_at = before.pk, arrival.polled_at
    said = _said(arrival, value, body, source)
    if value.still and value.content_hash == before.content_hash and arrival.refined_by == before.refined_by and not before.pruned:
        # `body_hash` stays that of what came: when that comes again, nothing has changed.
        value = as_it_stood(value, entry_of(before.body))
        said["body"] = entry_body(value).decode()
    if reword(value, said, before, polled_at, arrived, rows):
        arrived.changes.append(arrival.position)
    rows.add(WRITE_RAW, {"entry": pk, "refined_by": arrival.refined_by, "body": packed(source)})
    rows.add(SIGHT, {"entry": pk, "address": _address(arrival), "first_seen": polled_at, "last_seen": polled_at})
    if before.hold is None:
        # With other keys or other words its story may turn out to be another's, too.
        arrived.fresh[pk] = _changed(before, value, arrival, said)


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
        unread_since=before.unread_since,
    )
