"""Write what polls found: states, operators' wishes, entries and their stories, for all results at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, select

from aggregator.judges import SameStory, Successors
from aggregator.model import PollResult
from aggregator.store import documents, feeds, forget, hubs, lease, stories, tallies, turnover, upsert
from aggregator.store.dates import unread_since
from aggregator.store.engine import AnyRow, Counters, chunks
from aggregator.store.matching import operator_of
from aggregator.store.schema import feed
from aggregator.store.withdraw import Deletions, touch, withdraw
from aggregator.store.wording import Arrived

_LEASED: Final = select(
    feed.c.pk,
    feed.c.key,
    feed.c.id,
    feed.c.shown_url,
    feed.c.operator,
    feed.c.leads_to,
    feed.c.first_success_at,
    feed.c.last_success_at,
    feed.c.head,
    feed.c.document_at,
    feed.c.printed,
    feed.c.lease_token,
).where(feed.c.key.in_(bindparam("keys", expanding=True)))


def record(
    conn: Connection, counters: Counters, results: Sequence[PollResult], same_story: SameStory, successors: Successors
) -> list[tuple[int, int]]:
    held = _held(conn, results)
    found = [arrival for position, row in held.items() for arrival in _arrivals(position, results[position], row)]
    arrivals = forget.allowed(conn, counters, found)
    deletions = [Deletions(position, row.pk, stones) for position, row in held.items() if (stones := results[position].deleted)]
    gone = withdraw(conn, counters, deletions) if deletions else []
    going_on = {row.pk for position, row in held.items() if results[position].standing}
    arrived = upsert.write(conn, counters, arrivals, going_on) if arrivals else Arrived()
    if standing := [_standing(position, results[position], row) for position, row in held.items() if results[position].standing]:
        upsert.see_standing(conn, standing, arrived)
    news, changes = Counter(arrived.news), Counter([*arrived.changes, *arrived.lifted.values(), *gone])
    states = [_state(results[position], row, is_news=bool(news[position] or changes[position])) for position, row in held.items()]
    feeds.write_states(conn, states)
    documents.write(conn, [(row.pk, results[position].seen) for position, row in held.items() if results[position].outcome == "new"])
    hubs.note_pushes(conn, [(results[position], row.pk) for position, row in held.items()])
    lease.write_wishes(conn, [wish for position, row in held.items() for wish in _wishes(results[position], row)])
    if arrived.fresh:
        now = max(results[position].polled_at for position in held)
        known = {row.pk for row in held.values() if row.first_success_at is not None}
        turned = turnover.turnovers(conn, arrived, known)
        stories.assign(conn, counters, arrived.fresh, arrived.keys, now, same_story, turned, successors)
    stories.set_apart(conn, counters, arrived.apart, [result.polled_at for result in results])
    if arrived.lifted:
        touch(conn, counters, list(arrived.lifted))
    pks = {position: row.pk for position, row in held.items()}
    added = {pk: arrived.fresh[pk] for found in arrived.added.values() for pk in found}
    tallies.note(conn, {position: results[position] for position in held}, pks, added)
    return [(news[position], changes[position]) for position in range(len(results))]


def _held(conn: Connection, results: Sequence[PollResult]) -> dict[int, AnyRow]:
    """The feed's row for each result (by position) whose lease is still held; a lease is good for one result."""
    rows: dict[str, AnyRow] = {}
    for keys in chunks({result.state.key for result in results}):
        rows |= {row.key: row for row in conn.execute(_LEASED, {"keys": keys})}
    held: dict[int, AnyRow] = {}
    for position, result in enumerate(results):
        row = rows.get(result.state.key)
        if row is not None and row.lease_token == result.lease:
            held[position] = rows.pop(result.state.key)
    return held


def _state(result: PollResult, row: AnyRow, *, is_news: bool) -> Mapping[str, object]:
    state = result.state
    values = feeds.written(state)
    values["printed"] = feeds.both_printed(str(values["printed"]), row.printed)
    if not is_news and values["head"] != row.head:
        values["head"] = feeds.head_without_news(state.head, row.head)
    first = row.first_success_at or state.first_success_at
    values["first_success_at"] = first or (None if result.outcome == "failed" else result.polled_at)
    values["document_at"] = result.polled_at if result.outcome == "new" else row.document_at
    # A page, or a redirect that lasts, may lead to another server: that one is asked from now on.
    own = values["operator"] = operator_of(result.asks or row.shown_url)
    last = operator_of(result.server) if result.server else row.leads_to
    values["leads_to"] = None if last == own else last
    return values | {"feed_pk": row.pk}


def _wishes(result: PollResult, row: AnyRow) -> list[Mapping[str, object]]:
    operator = operator_of(result.operator_at) if result.operator_at else row.operator
    if operator is None or result.operator_until is None:
        return []
    return [{"operator": operator, "until": result.operator_until, "why": result.operator_why}]


def _standing(position: int, result: PollResult, row: AnyRow) -> upsert.Standing:
    return upsert.Standing(position=position, feed_pk=row.pk, feed_url=row.shown_url, polled_at=result.polled_at, raw_keys=result.standing)


def _arrivals(position: int, result: PollResult, row: AnyRow) -> list[upsert.Arrival]:
    return [
        upsert.Arrival(
            position=position,
            index=index,
            feed_pk=row.pk,
            feed_key=row.key,
            feed_id=row.id,
            feed_url=row.shown_url,
            polled_at=result.polled_at,
            is_backlog=row.first_success_at is None,
            refined_by=result.refined_by,
            entry=entry,
            raw=raw,
            hold=result.state.hold,
            unread_since=unread_since(row.last_success_at, result.polled_at),
        )
        for index, entry, raw in zip(result.places or range(len(result.entries)), result.entries, result.raw, strict=True)
    ]
