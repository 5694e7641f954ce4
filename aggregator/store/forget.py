"""Forget entries: their words, raw forms and versions are erased, and hashes kept, so that none of them ever comes back."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from aggregator.model import Entry, Hop, Origin, StoredEntry
from aggregator.ports import FORGOTTEN
from aggregator.store import documents, entries, stops
from aggregator.store.engine import Counters, Database, chunks
from aggregator.store.feeds import NO_HEAD
from aggregator.store.schema import claim, entry, feed, raw, sighting, story_key, version
from aggregator.store.stops import Stop, StopFile, hashed, page_mark
from aggregator.store.upsert import Arrival
from aggregator.store.values import entry_body, entry_of
from aggregator.store.withdraw import touch
from aggregator.web.text import digest

_ERASE: Final = update(entry).where(entry.c.pk == bindparam("entry_pk"))
_HEAD: Final = update(feed).where(feed.c.key == bindparam("feed_key"), ~feed.c.active)
_STANDING: Final = (
    select(entry.c.pk, feed.c.key, entry.c.body)
    .join(feed, feed.c.pk == entry.c.feed)
    .where(entry.c.pk > bindparam("after"), ~(entry.c.pruned & entry.c.withdrawn.is_not(None)))
    .order_by(entry.c.pk)
    .limit(500)
)


def forget(conn: Connection, counters: Counters, file: StopFile, chosen: Sequence[tuple[int, bool]], now: datetime, secret: str) -> int:
    """Forget entries (by pk), with their pages where that is said. The file is written before anything is erased."""
    found = entries.by_pk(conn, [pk for pk, _ in chosen])
    marks = dict.fromkeys(chain.from_iterable(_marks(found[pk], with_pages=whole) for pk, whole in chosen if pk in found))
    secret = next(iter(stops.secrets(conn)), secret)
    made = [Stop(secret, hashed(secret, mark), now) for mark in marks]
    file.append(made)
    stops.add(conn, counters, made)
    _erase(conn, counters, [(pk, one.entry, now) for pk, one in found.items()])
    counters.note("forgotten", file.size())
    return len(found)


def _marks(stored: StoredEntry, *, with_pages: bool) -> list[str]:
    own = [*stops.entry_marks(stored.feed_key, stored.entry), *stops.told_marks(stored.entry)]
    return [*own, *map(page_mark, stops.own_pages(stored.entry))] if with_pages else own


def _erase(conn: Connection, counters: Counters, gone: Sequence[tuple[int, Entry, datetime]]) -> None:
    documents.drop(conn, [pk for pk, _, _ in gone])
    for piece in chunks(gone):
        pks = [pk for pk, _, _ in piece]
        conn.execute(_ERASE, [_erased(*one) for one in piece])
        for table in (raw, version, claim, sighting, story_key):
            conn.execute(delete(table).where(table.c.entry.in_(pks)))
    touch(conn, counters, [pk for pk, _, _ in gone])


def _erased(pk: int, value: Entry, since: datetime) -> dict[str, object]:
    body = entry_body(without_words(value))
    return {
        "entry_pk": pk,
        "raw_id": None,
        "link": None,
        "content_hash": "",
        "body_hash": digest(body),
        "raw_hash": b"",
        "refined_by": "",
        "versions": 0,
        "pruned": True,
        "withdrawn": f"{FORGOTTEN}{since:%Y-%m-%d}",
        "body": body.decode(),
    }


def without_words(value: Entry) -> Entry:
    """What stays of a forgotten entry: its key, the id that subscribers were given, and the publishers that it came from."""
    origin = Origin(chain=tuple(Hop(name="", site=hop.site) for hop in value.origin.chain))
    return Entry(raw_key=value.raw_key, raw_id=None, id_from=value.id_from, published_id=value.published_id, site=value.site, origin=origin)


def forget_head(conn: Connection, feed_key: str) -> None:
    nothing = {"head": NO_HEAD, "etag": None, "last_modified": None, "body_hash": None, "sent_hash": None, "last_error": None}
    conn.execute(_HEAD, {"feed_key": feed_key, **nothing})


# ── what comes in ──────────────────────────────────────────────────────────────────────────────────────────────────────


def allowed(conn: Connection, counters: Counters, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The arrivals without those that were forgotten, and without copies of them."""
    if not counters.now("stops"):
        return list(arrivals)
    marks = [_all_marks(one.feed_key, one.entry) for one in arrivals]
    gone = stops.stopped(conn, chain.from_iterable(marks))
    return [one for one, mine in zip(arrivals, marks, strict=True) if gone.keys().isdisjoint(mine)]


def _all_marks(feed_key: str, value: Entry) -> list[str]:
    return [*stops.entry_marks(feed_key, value), *map(page_mark, stops.named_pages(value))]


def forgotten(conn: Connection, address: str) -> datetime | None:
    """When what stood at an address, or had that id, was forgotten; None if it was not."""
    return next(iter(stops.stopped(conn, [page_mark(address), stops.told_mark(address)]).values()), None)


# ── an older store ─────────────────────────────────────────────────────────────────────────────────────────────────────


def catch_up(db: Database, file: StopFile) -> None:
    """Bring store and file in line: an older store forgets again what was forgotten since, a file that was lost is written anew."""
    with db.read() as conn:
        if Counters(conn).now("forgotten") == file.size():
            return
    with db.erase() as (conn, counters):
        # Whoever was just forgetting is done now.
        if counters.now("forgotten") != file.size():
            _align(conn, counters, file)


def recall(db: Database, file: StopFile) -> int:
    """As `catch_up`, for a store of which nothing is known: whatever its note of the file's size says, everything is compared.

    Return how many entries were forgotten again.
    """
    with db.erase() as (conn, counters):
        return _align(conn, counters, file)


def _align(conn: Connection, counters: Counters, file: StopFile) -> int:
    told, known = set(file.read()), set(stops.all_of(conn))
    if known - told:
        file.append(sorted(known - told, key=lambda one: (one.since, one.hash)))
    stops.add(conn, counters, sorted(told - known, key=lambda one: one.hash))
    again = _forget_again(conn, counters) if told - known else 0
    counters.note("forgotten", file.size())
    return again


def _forget_again(conn: Connection, counters: Counters) -> int:
    after = count = 0
    while rows := conn.execute(_STANDING, {"after": after}).all():
        values = {row.pk: entry_of(row.body) for row in rows}
        marks = {row.pk: _all_marks(row.key, values[row.pk]) for row in rows}
        gone = stops.stopped(conn, chain.from_iterable(marks.values()))
        found = [(pk, values[pk], since) for pk, mine in marks.items() if (since := next((gone[m] for m in mine if m in gone), None))]
        if found:
            _erase(conn, counters, found)
        count += len(found)
        after = rows[-1].pk
    return count
