"""Write entries that were refined again: what they say, and nothing of what was seen of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from aggregator.judges import SameStory
from aggregator.model import Entry, RawEntry
from aggregator.store import entries, stories
from aggregator.store.engine import AnyRow, Counters, chunks
from aggregator.store.schema import entry
from aggregator.store.values import entry_body, mark, raw_body
from aggregator.store.wording import BEFORE, KNOWN_SIGHTING, RAW_REFINED, REFINED, Arrived, Rows, reword, worded
from aggregator.web.text import digest

_STANDS: Final = select(entry.c.pk, entry.c.body_hash, entry.c.raw_hash).where(entry.c.pk.in_(bindparam("pks", expanding=True)))


def rewrite(
    conn: Connection,
    counters: Counters,
    again: Sequence[tuple[int, RawEntry, Entry]],
    refined_by: str,
    now: datetime,
    same_story: SameStory,
) -> tuple[int, int]:
    known = {row.pk: row for pks in chunks(pk for pk, _, _ in again) for row in conn.execute(_STANDS, {"pks": pks})}
    arrived, rows = Arrived(), Rows()
    changed: dict[int, tuple[Entry, bytes]] = {}
    for pk, source, value in again:
        row = known.get(pk)
        if row is None or digest(raw_body(source)) != row.raw_hash:
            continue
        body = entry_body(value)
        if mark(value, body) == row.body_hash:
            rows.add(REFINED, {"entry_pk": pk, "refined_by": refined_by})
        else:
            changed[pk] = (value, body)
        rows.add(RAW_REFINED, {"entry_pk": pk, "refined_by": refined_by})
    real = sum(_written(conn, pks, changed, refined_by, now, arrived, rows) for pks in chunks(changed))
    rows.write(conn)
    stories.assign(conn, counters, arrived.fresh, arrived.keys, now, same_story)
    return len(changed), real


def _written(
    conn: Connection,
    pks: Sequence[int],
    changed: dict[int, tuple[Entry, bytes]],
    refined_by: str,
    now: datetime,
    arrived: Arrived,
    rows: Rows,
) -> int:
    """Write these entries; how many of them have another text."""
    stored = entries.by_pk(conn, pks)
    real = 0
    for before in conn.execute(BEFORE, {"pks": pks}):
        value, body = changed[before.pk]
        said: dict[str, Any] = {"raw_hash": before.raw_hash} | worded(value, body, refined_by)
        real += reword(value, said, before, now, arrived, rows)
        _sight(before, value, rows)
        arrived.fresh[before.pk] = replace(stored[before.pk], entry=value, public_updated=said["public_updated"])
    return real


def _sight(before: AnyRow, value: Entry, rows: Rows) -> None:
    """Another reading of the entry's link is an address under which it can be asked for; when it was seen is known."""
    if value.link:
        seen = {"first_seen": before.first_seen, "last_seen": before.last_seen}
        rows.add(KNOWN_SIGHTING, {"entry": before.pk, "address": value.link} | seen)
