"""Let old texts go: the ledger stays, so that an entry is known for ever, but not its words."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Connection, and_, bindparam, delete, func, or_, select, type_coerce, update

from aggregator.model import Entry, Pruned, Retain
from aggregator.store import tallies
from aggregator.store.engine import chunks
from aggregator.store.schema import entry, feed, raw, version
from aggregator.store.upsert import LAST_SEEN_STEP
from aggregator.store.values import entry_body, entry_of
from aggregator.web.text import digest

# While polls say "unchanged", the entries of the last document still stand in it: their feed has been seen for them.
_STEP: Final = LAST_SEEN_STEP // timedelta(microseconds=1)
_STANDS: Final = and_(
    type_coerce(entry.c.last_seen, BigInteger) >= type_coerce(feed.c.document_at, BigInteger) - _STEP,
    feed.c.last_success_at >= bindparam("before"),
)
_OLD: Final = (
    select(entry.c.pk)
    .join(feed, feed.c.pk == entry.c.feed)
    .where(entry.c.last_seen < bindparam("before"), ~entry.c.pruned, or_(feed.c.document_at.is_(None), ~_STANDS))
    .order_by(entry.c.pk)
)
_BODIES: Final = select(entry.c.pk, entry.c.body).where(entry.c.pk.in_(bindparam("pks", expanding=True)))
_CUT: Final = update(entry).where(entry.c.pk == bindparam("entry_pk"))
_LAST: Final = select(entry.c.versions - bindparam("keep")).where(entry.c.pk == version.c.entry).scalar_subquery()
_TRIM: Final = delete(version).where(version.c.n <= _LAST)
_TRIMMED: Final = (
    select(version.c.entry, func.count(), func.sum(func.length(version.c.body))).where(version.c.n <= _LAST).group_by(version.c.entry)
)
_RAW: Final = select(func.sum(func.length(raw.c.body))).where(raw.c.entry.in_(bindparam("pks", expanding=True)))
_VERSIONS: Final = select(func.count(), func.sum(func.length(version.c.body))).where(version.c.entry.in_(bindparam("pks", expanding=True)))


def prune(conn: Connection, now: datetime, retain: Retain, spared: Collection[int]) -> Pruned:
    old = _old(conn, now, retain, spared)
    freed = _freed(conn, old, retain)
    for pks in chunks(old):
        conn.execute(_CUT, [_cut(pk, body) for pk, body in conn.execute(_BODIES, {"pks": pks})])
        for table in (raw, version):
            conn.execute(delete(table).where(table.c.entry.in_(pks)))
    conn.execute(_TRIM, {"keep": retain.versions})
    tallies.fold(conn, now)
    return freed


def prunable(conn: Connection, now: datetime, retain: Retain, spared: Collection[int]) -> Pruned:
    return _freed(conn, _old(conn, now, retain, spared), retain)


def _old(conn: Connection, now: datetime, retain: Retain, spared: Collection[int]) -> list[int]:
    return [pk for pk in conn.execute(_OLD, {"before": now - retain.text}).scalars() if pk not in spared]


def _freed(conn: Connection, old: Sequence[int], retain: Retain) -> Pruned:
    """What goes with these entries, and what of the others' versions is trimmed."""
    gone = frozenset(old)
    trimmed = [(count, size) for pk, count, size in conn.execute(_TRIMMED, {"keep": retain.versions}) if pk not in gone]
    versions, size = sum(count for count, _ in trimmed), sum(size for _, size in trimmed)
    for pks in chunks(old):
        count, of_versions = conn.execute(_VERSIONS, {"pks": pks}).one()
        of_bodies = sum(len(body.encode()) - len(str(_cut(pk, body)["body"]).encode()) for pk, body in conn.execute(_BODIES, {"pks": pks}))
        versions += count
        size += (of_versions or 0) + (conn.execute(_RAW, {"pks": pks}).scalar() or 0) + of_bodies
    return Pruned(entries=len(old), versions=versions, size_bytes=size)


def _cut(pk: int, body: str) -> dict[str, object]:
    left = entry_body(without_text(entry_of(body)))
    # No raw form has this digest: should the entry come back, its raw form is kept again, also where it has no words.
    return {"entry_pk": pk, "pruned": True, "body": left.decode(), "body_hash": digest(left), "raw_hash": b""}


def without_text(value: Entry) -> Entry:
    """What stays of an entry in the ledger: everything but what it says."""
    return replace(value, summary=None, content=None)
