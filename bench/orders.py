"""Does it matter in which order the versions of a feed come, within one publish cycle? Called by `bench.history --order`.

Each version is read once by the product's own reader, and recorded in a store of its own for each order, without a publish in between.

    stories       how many there are after each order
    different     what another order than the first made one story: the titles and ids of its entries, beside those of the first order
    is_same       whether all orders gave the same stories
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.errors import ParseError
from aggregator.model import Document, FeedSpec, JsonValue, PollResult, ReadFeed, StoredEntry, Surroundings, Validators
from aggregator.refine.stories import same_story
from aggregator.refine.succession import successors
from aggregator.rereading import read
from aggregator.store.sql import SqlStore
from bench.history import History

NOW = datetime(2026, 11, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
# Some share a server, which is asked every two seconds at most.
_APART = timedelta(minutes=1)

Told = tuple[str, str, str]
"""An entry of a story: its feed, its key within it, and what it is called."""


def in_orders(given: Sequence[History], orders: Sequence[str], work: Path) -> dict[str, JsonValue]:
    """Record all versions in each of these orders and compare the stories with those of the first order."""
    specs = {each.id: _spec(each) for each in given}
    known: dict[tuple[str, str], ReadFeed | None] = {}
    found = {order: _recorded(given, specs, order, work / f"{order}.db", known) for order in orders}
    different = list(_differences(found))
    return {
        "sequences": len(given),
        "orders": [*orders],
        "stories": {order: len(told) for order, told in found.items()},
        "different": [_difference(order, story, found[orders[0]]) for order, story in different],
        "is_same": not different,
    }


def _spec(each: History) -> FeedSpec:
    url = f"https://{each.folder.partition('--')[0]}/{each.id}.xml"
    return FeedSpec(id=each.id, url=url, shown_url=url)


def _recorded(
    given: Sequence[History], specs: Mapping[str, FeedSpec], order: str, path: Path, known: dict[tuple[str, str], ReadFeed | None]
) -> set[frozenset[Told]]:
    store = SqlStore(str(path))
    try:
        store.sync(tuple(specs.values()), NOW)
        for step in range(max(len(each.versions) for each in given)):
            for number, each in enumerate(given):
                if step < len(each.versions):
                    _poll(store, specs[each.id], each, ordered(each.versions, order)[step], NOW + step * _DAY + number * _APART, known)
        return _stories(store)
    finally:
        store.close()


def _poll(
    store: SqlStore,
    spec: FeedSpec,
    each: History,
    version: tuple[str, bytes],
    now: datetime,
    known: dict[tuple[str, str], ReadFeed | None],
) -> None:
    ((state, lease),) = store.lease(now, timedelta(minutes=3), 1, feeds=[spec.id], ignore_holds=True)
    name, body = version
    if (spec.id, name) not in known:
        known[spec.id, name] = _read(
            Document(url=spec.url, body=body, content_type=None, validators=Validators(), body_hash=""), spec, state.key
        )
    got = known[spec.id, name]
    result = PollResult(state=replace(state, last_poll_at=now), lease=lease, outcome="failed", polled_at=now)
    if got:
        fresh = replace(state, head=got.head, last_poll_at=now, last_success_at=now, first_success_at=state.first_success_at or now)
        result = replace(result, state=fresh, outcome="new", entries=got.entries, raw=got.raw, deleted=got.deleted, refined_by="bench")
    store.record([result], same_story, successors)


def _read(document: Document, spec: FeedSpec, key: str) -> ReadFeed | None:
    try:
        return read(document, spec, key, Surroundings())
    except ParseError:
        return None


def ordered(versions: Sequence[tuple[str, bytes]], order: str) -> list[tuple[str, bytes]]:
    """The versions in an order; shuffled by a digest of their names and bytes, so that it is the same each time."""
    if order == "shuffled":
        return sorted(versions, key=lambda version: hashlib.md5(version[0].encode() + version[1]).digest())
    return list(versions[::-1] if order == "reverse" else versions)


def _stories(store: SqlStore) -> set[frozenset[Told]]:
    batches = store.changed_stories("(the bench)", "(everything)")
    return {frozenset(map(_told, members)) for batch in batches for _, members in batch}


def _told(member: StoredEntry) -> Told:
    entry = member.entry
    return member.feed_id, entry.raw_key, f"{entry.title.text if entry.title else ''} ({entry.raw_id})"


def _keys(story: frozenset[Told]) -> frozenset[tuple[str, str]]:
    return frozenset((feed, key) for feed, key, _ in story)


def _differences(found: Mapping[str, set[frozenset[Told]]]) -> Iterator[tuple[str, frozenset[Told]]]:
    """The stories that an order has and the first one has not. An edited title makes no difference."""
    first, *others = found.items()
    same = {_keys(story) for story in first[1]}
    for order, told in others:
        yield from ((order, story) for story in sorted(told, key=sorted) if _keys(story) not in same)


def _difference(order: str, story: frozenset[Told], first: set[frozenset[Told]]) -> JsonValue:
    others = [sorted(name for *_, name in other) for other in first if _keys(story) & _keys(other)]
    return {"order": order, "feed": min(story)[0], "story": sorted(name for *_, name in story), "first": [*sorted(others)]}
