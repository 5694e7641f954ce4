"""The rows of feeds: in line with feeds.yaml (`sync`), read, and written after a poll."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from aggregator.model import FeedHead, FeedSpec, FeedState, HubLinks, Identity, Printed, Stranger, Validators
from aggregator.store.engine import AnyRow, Counters, chunks, upsert
from aggregator.store.matching import Known, address_key, match, operator_of, surrogate
from aggregator.store.schema import feed, feed_url

_encode = msgspec.json.Encoder().encode
_decode_head = msgspec.json.Decoder(FeedHead).decode
_decode_identity = msgspec.json.Decoder(Identity).decode
_decode_stranger = msgspec.json.Decoder(Stranger).decode
_decode_links = msgspec.json.Decoder(HubLinks).decode
_decode_marks = msgspec.json.Decoder(tuple[str, ...]).decode
NOTHING_PRINTED: Final = "[]"
NO_HEAD: Final = _encode(FeedHead()).decode()
"""What a feed says of itself that was never read."""

CLOCK_WAS_AHEAD: Final = "when it was last asked, the clock was ahead"
# What the clocks of processes on one store may differ by (containers and their host, a container that slept) says nothing of a wrong one.
_CLOCKS_DIFFER: Final = timedelta(minutes=5)

# Plain columns of a feed that are fields of `FeedState` of the same name and that polls change.
_POLLED: Final = (
    "next_poll_at",
    "why",
    "body_hash",
    "failures",
    "failing_since",
    "last_error",
    "last_error_kind",
    "last_poll_at",
    "last_success_at",
    "last_change_at",
    "first_success_at",
    "gone_count",
    "hold",
    "discovered",
    "redirect_target",
    "redirect_since",
    "redirect_count",
    "refined_by",
    "rhythm",
    "document_bytes",
    "sent_hash",
    "not_before",
)
# Another address is another server: what the last one said, and how it failed, is not true of it. Whose it is, somebody has just said.
_FORGOTTEN: Final[Mapping[str, Any]] = {
    "etag": None,
    "last_modified": None,
    "body_hash": None,
    "sent_hash": None,
    "failures": 0,
    "failing_since": None,
    "last_error": None,
    "last_error_kind": None,
    "document_bytes": None,
    "gone_count": 0,
    "hold": None,
    "identity": None,
    "stranger": None,
    "hub_links": None,
    "discovered": None,
    "redirect_target": None,
    "redirect_since": None,
    "redirect_count": 0,
    "not_before": None,
    "leads_to": None,
    "lease_token": None,
    "lease_until": None,
}

_NAMED: Final = ("key", "id", "shown_url", "active", "head", "etag", "last_modified", "printed", "identity", "stranger", "hub_links")
STATE: Final = tuple(feed.c[name] for name in (*_NAMED, *_POLLED))
"""The columns that `state_of` reads."""

_STATE: Final = select(*STATE)
_ACTIVE: Final = _STATE.where(feed.c.active).order_by(feed.c.id)
_ALL: Final = _STATE.order_by(feed.c.id)
_BY_ID: Final = _STATE.where(feed.c.id == bindparam("id"))
_BY_ADDRESS: Final = _STATE.join(feed_url, feed_url.c.feed == feed.c.pk).where(
    feed_url.c.address_key.in_(bindparam("keys", expanding=True))
)
_BY_KEY: Final = _STATE.where(feed.c.key == bindparam("of"))
_NOTE_PRINTED: Final = update(feed).where(feed.c.key == bindparam("of"))
_WRITE_STATE: Final = update(feed).where(feed.c.pk == bindparam("feed_pk"))
_address = upsert(feed_url)
_OWN: Final = _address.on_conflict_do_update(
    index_elements=["address_key"], set_={name: _address.excluded[name] for name in ("feed", "shown_url", "since")}
)


def state_of(row: Sequence[Any]) -> FeedState:
    """Build the value from a row of `STATE`."""
    key, feed_id, shown_url, active, head, etag, last_modified, printed, identity, stranger, hub_links, *polled = row
    return FeedState(
        key=key,
        id=feed_id,
        shown_url=shown_url,
        active=active,
        head=_decode_head(head),
        printed=_decode_marks(printed) if printed != NOTHING_PRINTED else (),
        identity=_decode_identity(identity) if identity else None,
        stranger=_decode_stranger(stranger) if stranger else None,
        hub_links=_decode_links(hub_links) if hub_links else None,
        validators=Validators(etag=etag, last_modified=last_modified),
        **dict(zip(_POLLED, polled, strict=True)),
    )


def states(conn: Connection, *, active_only: bool) -> list[FeedState]:
    return [state_of(row) for row in conn.execute(_ACTIVE if active_only else _ALL)]


def find(conn: Connection, id_or_url: str) -> FeedState | None:
    row = conn.execute(_BY_ID, {"id": id_or_url}).first()
    row = row or conn.execute(_BY_ADDRESS, {"keys": list({id_or_url, address_key(id_or_url)})}).first()
    return state_of(row) if row else None


def written(state: FeedState) -> dict[str, object]:
    """The columns that a poll writes, lease given back. What feeds.yaml says (id, address, active) is not a poll's to write."""
    values: dict[str, object] = {name: getattr(state, name) for name in _POLLED}
    values["head"] = _encode(state.head).decode()
    values["identity"] = _encode(state.identity).decode() if state.identity else None
    values["stranger"] = _encode(state.stranger).decode() if state.stranger else None
    values["hub_links"] = _encode(state.hub_links).decode() if state.hub_links else None
    values["etag"] = state.validators.etag
    values["last_modified"] = state.validators.last_modified
    values["printed"] = _encode(state.printed).decode() if state.printed else NOTHING_PRINTED
    values["lease_token"] = values["lease_until"] = None
    return values


def head_without_news(head: FeedHead, before: str) -> str:
    """The head of a feed in which no entry is new or changed: it was not updated, whatever date it gives itself at every request."""
    return _encode(replace(head, updated=_decode_head(before).updated or head.updated)).decode()


def note_printed(conn: Connection, feed_key: str, marks: Sequence[str]) -> FeedState | None:
    row = conn.execute(_BY_KEY, {"of": feed_key}).first()
    if row is None:
        return None
    state = state_of(row)
    state = replace(state, printed=Printed(marks=state.printed).and_also(marks).marks)
    conn.execute(_NOTE_PRINTED, {"of": feed_key, "printed": _encode(state.printed).decode()})
    return state


def both_printed(polled: str, stored: str) -> str:
    """What a poll writes where somebody else noted marks while it was under way."""
    if polled == stored or stored == NOTHING_PRINTED:
        return polled
    return _encode(Printed(marks=_decode_marks(stored)).and_also(_decode_marks(polled)).marks).decode()


def write_states(conn: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows of `written`, each with `feed_pk`, `operator` and `document_at`."""
    if rows:
        conn.execute(_WRITE_STATE, rows)


# ── sync ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def sync(conn: Connection, counters: Counters, specs: Sequence[FeedSpec], now: datetime) -> None:
    rows = {row.key: row for row in conn.execute(select(feed))}
    keys = {row.pk: row.key for row in rows.values()}
    owners = {row.address_key: keys[row.feed] for row in conn.execute(select(feed_url.c.address_key, feed_url.c.feed))}
    means = match(specs, [_known(row) for row in rows.values()], owners)
    _free_ids(conn, rows, specs, means)
    pks = {row.key: row.pk for row in rows.values()}
    news = []
    for spec in specs:
        row = rows.get(means.get(spec.id, ""))
        if row is None:
            key = means[spec.id] = surrogate(spec.shown_url, pks.__contains__)
            pks[key] = counters.take("feed")
            news.append(_new(spec, key, pks[key], now))
        elif changes := _changes(row, spec, now):
            conn.execute(update(feed).where(feed.c.pk == row.pk).values(changes))
    if news:
        conn.execute(insert(feed), news)
    _own_addresses(conn, {spec.shown_url: means[spec.id] for spec in reversed(specs)}, owners, pks, now)
    gone = [row.pk for row in rows.values() if row.active and row.key not in means.values()]
    for piece in chunks(gone):
        conn.execute(update(feed).where(feed.c.pk.in_(piece)).values(active=False))


def _known(row: AnyRow) -> Known:
    elsewhere = tuple(address_key(url) for url in (row.discovered, row.redirect_target) if url)
    return Known(key=row.key, id=row.id, address_key=address_key(row.shown_url), is_active=row.active, elsewhere=elsewhere)


def _free_ids(conn: Connection, rows: Mapping[str, AnyRow], specs: Sequence[FeedSpec], means: Mapping[str, str]) -> None:
    """Take from their rows the ids that other feeds have from now on, so that no two rows ever share one."""
    wanted = {spec.id: means.get(spec.id) for spec in specs}
    for row in rows.values():
        if row.id in wanted and wanted[row.id] != row.key:
            conn.execute(update(feed).where(feed.c.pk == row.pk).values(id=f"{row.id}~{row.key}"))


def _new(spec: FeedSpec, key: str, pk: int, now: datetime) -> dict[str, object]:
    plain = dict.fromkeys(feed.c.keys()) | dict(_FORGOTTEN)
    return plain | {
        "pk": pk,
        "key": key,
        "id": spec.id,
        "shown_url": spec.shown_url,
        "active": True,
        "operator": operator_of(spec.shown_url),
        "added_at": now,
        "head": NO_HEAD,
        "printed": NOTHING_PRINTED,
        "next_poll_at": now,
        "why": f"new in {spec.listed_by or 'feeds.yaml'}",
    }


def _changes(row: AnyRow, spec: FeedSpec, now: datetime) -> dict[str, object]:
    """What feeds.yaml changes in a row that it means."""
    changes: dict[str, object] = {}
    if row.id != spec.id:
        changes["id"] = spec.id
    if not row.active:
        changes |= {"active": True, "next_poll_at": max(row.next_poll_at, now)}
    if was_ahead(row.last_poll_at, row.next_poll_at, now):
        changes |= {"next_poll_at": now, "why": CLOCK_WAS_AHEAD}
    if row.shown_url != spec.shown_url and _was_asked(row, spec):
        changes |= dict.fromkeys(("discovered", "redirect_target", "redirect_since")) | {"redirect_count": 0}
        changes |= {"shown_url": spec.shown_url, "operator": operator_of(spec.shown_url)}
    elif row.shown_url != spec.shown_url:
        changes |= _FORGOTTEN
        changes |= {"shown_url": spec.shown_url, "operator": operator_of(spec.shown_url)}
        changes |= {"next_poll_at": now, "why": "its address changed in feeds.yaml"}
    return changes


def was_ahead(last_poll_at: datetime | None, next_poll_at: datetime, now: datetime) -> bool:
    """Was a feed polled, and its next poll planned, under a clock that was ahead of today's?"""
    return last_poll_at is not None and last_poll_at > now + _CLOCKS_DIFFER and next_poll_at > now


def _was_asked(row: AnyRow, spec: FeedSpec) -> bool:
    """Does feeds.yaml name now what was asked all along? Then what its server said stays true, and nothing new is to be asked."""
    return spec.shown_url in (row.discovered, row.redirect_target) and not (row.failures or row.hold)


def _own_addresses(conn: Connection, current: Mapping[str, str], owners: Mapping[str, str], pks: Mapping[str, int], now: datetime) -> None:
    """Write whose address each one is now; of two feeds with one address the first has it."""
    latest = {address_key(url): (url, key) for url, key in current.items()}
    values = [
        {"address_key": address, "feed": pks[key], "shown_url": url, "since": now}
        for address, (url, key) in latest.items()
        if owners.get(address) != key
    ]
    if values:
        conn.execute(_OWN, values)
