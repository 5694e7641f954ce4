"""Write what entries say: the statements, each run once over all its rows, and what follows when an entry says something else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Executable, bindparam, delete, insert, select, update

from aggregator.model import Claim, Entry, StoredEntry, StoryKey
from aggregator.store.dates import next_updated
from aggregator.store.edits import is_edit
from aggregator.store.engine import AnyRow, upsert
from aggregator.store.schema import claim, entry, raw, sighting, story_key, version
from aggregator.store.values import claim_mark, kept_of, mark, packed

MAX_VERSIONS: Final = 5
"""Earlier versions kept of an entry; `prune` may keep fewer."""

MAX_PAST_CLAIMS: Final = 20
"""Claims kept of an entry that it does not make any more."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of the arrivals: entries to find a story for (new, or known and changed), the keys they gained,
    positions counted. `lifted` are those (pk, position) that were withdrawn and are back, `apart` new ones of feeds that are held. `added`
    and `standing` are, by feed, the entries of its document that were not known and those that were."""

    fresh: dict[int, StoredEntry] = field(default_factory=dict)
    keys: dict[int, tuple[StoryKey, ...]] = field(default_factory=dict)
    news: list[int] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    lifted: dict[int, int] = field(default_factory=dict)
    apart: list[int] = field(default_factory=list)
    added: dict[int, list[int]] = field(default_factory=dict)
    standing: dict[int, list[int]] = field(default_factory=dict)


BEFORE: Final = select(
    entry.c.pk,
    entry.c.first_seen,
    entry.c.last_seen,
    entry.c.sort_key,
    entry.c.public_updated,
    entry.c.changed_at,
    entry.c.content_hash,
    entry.c.raw_hash,
    entry.c.refined_by,
    entry.c.versions,
    entry.c.backlog,
    entry.c.pruned,
    entry.c.withdrawn,
    entry.c.hold,
    entry.c.unread_since,
    entry.c.body,
).where(entry.c.pk.in_(bindparam("pks", expanding=True)))

VERSIONS: Final = select(version.c.entry, version.c.content_hash).where(version.c.entry.in_(bindparam("pks", expanding=True)))

NEW_ENTRY: Final = insert(entry)
_UPDATE: Final = update(entry).where(entry.c.pk == bindparam("entry_pk"))
UPDATE_SEEN: Final = update(entry).where(entry.c.pk == bindparam("entry_pk"))
SEEN: Final = (
    update(sighting)
    .where(sighting.c.entry == bindparam("entry_pk"), sighting.c.address == bindparam("at"))
    .values(last_seen=bindparam("seen"))
)
_TRIM: Final = delete(version).where(version.c.entry == bindparam("entry_pk"), version.c.n <= bindparam("last"))
_CLAIM_GONE: Final = (
    update(claim).where(claim.c.entry == bindparam("entry_pk"), claim.c.mark == bindparam("said")).values(gone=bindparam("at"))
)
_past = claim.alias("past")
_LATEST: Final = (
    select(_past.c.mark)
    .where(_past.c.entry == bindparam("entry_pk"), _past.c.gone.is_not(None))
    .order_by(_past.c.gone.desc(), _past.c.n, _past.c.mark)
    .limit(MAX_PAST_CLAIMS)
)
_TRIM_CLAIMS: Final = delete(claim).where(
    claim.c.entry == bindparam("entry_pk"), claim.c.gone.is_not(None), claim.c.mark.not_in(_LATEST.scalar_subquery())
)
_UNKEY: Final = delete(story_key).where(
    story_key.c.entry == bindparam("entry_pk"), story_key.c.kind == bindparam("of_kind"), story_key.c.value == bindparam("with_value")
)
_raw = upsert(raw)
WRITE_RAW: Final = _raw.on_conflict_do_update(
    index_elements=["entry"], set_={"body": _raw.excluded.body, "refined_by": _raw.excluded.refined_by}
)
_sighting = upsert(sighting)
SIGHT: Final = _sighting.on_conflict_do_update(index_elements=["entry", "address"], set_={"last_seen": _sighting.excluded.last_seen})


STANDS: Final = update(entry).where(entry.c.pk == bindparam("entry_pk")).values(last_seen=bindparam("seen"))
HOLD: Final = update(entry).where(entry.c.pk == bindparam("entry_pk")).values(hold=bindparam("under"))
LIFT: Final = update(entry).where(entry.c.pk == bindparam("entry_pk")).values(withdrawn=None)
REFINED: Final = update(entry).where(entry.c.pk == bindparam("entry_pk"))
RAW_REFINED: Final = update(raw).where(raw.c.entry == bindparam("entry_pk"))
KNOWN_SIGHTING: Final = _sighting.on_conflict_do_nothing()
NEW_SIGHTING: Final = insert(sighting)
_claim = upsert(claim)
_CLAIM: Final = _claim.on_conflict_do_update(
    index_elements=["entry", "mark"],
    set_={name: _claim.excluded[name] for name in ("n", "confidence", "standing", "checked")} | {"gone": None},
)
_NEW_VERSION: Final = insert(version)

# Each runs once, over all its rows, in this order: an entry comes before what hangs on it, what goes before what comes.
_ORDER: Final = (
    NEW_ENTRY, _UPDATE, UPDATE_SEEN, STANDS, LIFT, HOLD, REFINED, WRITE_RAW, RAW_REFINED, NEW_SIGHTING, SIGHT, KNOWN_SIGHTING, SEEN,
    _NEW_VERSION, _TRIM, _CLAIM_GONE, _CLAIM, _TRIM_CLAIMS, _UNKEY
)  # fmt: skip


_SAID: Final = ("hop", "kind", "name", "page", "site", "where", "rule", "evidence", "confidence", "standing", "checked")


class Rows:
    """Rows to write, by statement."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Mapping[str, object]]] = {id(statement): [] for statement in _ORDER}

    def add(self, statement: Executable, row: Mapping[str, object]) -> None:
        self._rows[id(statement)].append(row)

    def write(self, conn: Connection) -> None:
        for statement in _ORDER:
            if rows := self._rows[id(statement)]:
                conn.execute(statement, rows)


def worded(value: Entry, body: bytes, refined_by: str) -> dict[str, object]:
    """The columns that other rules may change."""
    return {
        "link": value.link,
        "content_hash": value.content_hash,
        "body_hash": mark(value, body),
        "refined_by": refined_by,
        "body": body.decode(),
    }


def reword(value: Entry, said: dict[str, object], before: AnyRow, now: datetime, arrived: Arrived, rows: Rows) -> bool:
    """Write what an entry says from now on; true where a reader notices, and then the old words are kept, too.

    `said` are the columns to write, to which those are added that follow from the change.
    """
    kept = kept_of(before.body)
    is_real = is_edit(
        is_same_content=value.content_hash == before.content_hash,
        is_same_text=value.text_hash == kept.text_hash,
        is_same_raw=said["raw_hash"] == before.raw_hash,
        is_same_rules=said["refined_by"] == before.refined_by,
    )
    said |= {"public_updated": before.public_updated, "changed_at": before.changed_at, "versions": before.versions}
    if is_real:
        said |= {"public_updated": next_updated(value, before.public_updated, now), "changed_at": now}
    if is_real and not before.pruned:
        n = before.versions + 1
        said["versions"] = n
        old = {"seen_at": before.changed_at, "content_hash": before.content_hash, "body": packed(before.body)}
        rows.add(_NEW_VERSION, {"entry": before.pk, "n": n} | old)
        rows.add(_TRIM, {"entry_pk": before.pk, "last": n - MAX_VERSIONS})
    rows.add(_UPDATE, {"entry_pk": before.pk} | said)
    if kept.claims != value.claims:
        write_claims(before.pk, value, now, rows, kept.claims)
    if before.hold is None:
        _rekey(before.pk, kept.keys, value, arrived, rows)
    return is_real


def _rekey(pk: int, old: Sequence[StoryKey], value: Entry, arrived: Arrived, rows: Rows) -> None:
    """Drop the keys that an entry has no longer, and note those it gained."""
    for key in set(old) - set(value.keys):
        rows.add(_UNKEY, {"entry_pk": pk, "of_kind": key.kind, "with_value": key.value})
    arrived.keys[pk] = tuple(key for key in dict.fromkeys(value.keys) if key not in old)


def write_claims(pk: int, value: Entry, now: datetime, rows: Rows, before: Sequence[Claim] = ()) -> None:
    """Write the claims that an entry makes now; those of `before` that it makes no more are kept as past ones."""
    made = {claim_mark(said): (n, said) for n, said in reversed(list(enumerate(value.claims)))}
    past = dict.fromkeys(map(claim_mark, before))
    for mark_ in past:
        if mark_ not in made:
            rows.add(_CLAIM_GONE, {"entry_pk": pk, "said": mark_, "at": now})
    if past.keys() - made.keys():
        rows.add(_TRIM_CLAIMS, {"entry_pk": pk})
    for mark_, (n, said) in made.items():
        told = {name: getattr(said, name) for name in _SAID}
        rows.add(_CLAIM, {"entry": pk, "mark": mark_, "n": n, "first_seen": now, "gone": None} | told)
