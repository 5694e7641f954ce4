"""What every store promises of its tallies (`ledgers.Tallies`): what polls cost and brought, by hour, by feed and day."""

from dataclasses import replace
from datetime import timedelta

from aggregator.model import Entry, PollResult, Retain, Tally
from aggregator.ports import Store
from tests.ledger import HOUR, blogs, post, result, same_story
from tests.makers import NOON

DAY = timedelta(days=1)
READ = Tally(polls=1, requests=1, received_bytes=900)
SPARED = Tally(polls=1, requests=1, not_modified=1, saved_bytes=900)


def record(store: Store, *results: PollResult) -> None:
    store.record(results, same_story)


def fresh(number: int, feed: str, minutes: int) -> Entry:
    """A post published so many minutes before the second poll."""
    return replace(post(number, feed), published=NOON + HOUR - timedelta(minutes=minutes))


def test_polls_are_counted_by_feed_and_by_hour(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    record(store, result(store, "a", [post(1, "a"), post(2, "a")], tally=READ), result(store, "b", [post(1, "b")], tally=READ))
    record(store, result(store, "a", [], NOON + HOUR, outcome="unchanged", tally=SPARED))
    record(store, result(store, "b", [], NOON + DAY, outcome="failed", tally=Tally(polls=1, requests=1, failed=1)))
    a, b = (state.key for state in store.feeds())
    today, tomorrow = NOON.date(), (NOON + DAY).date()
    assert store.tallies.spent(today) == {a: READ + SPARED + Tally(backlog=2), b: READ + Tally(polls=1, requests=1, failed=1, backlog=1)}
    assert store.tallies.spent(tomorrow) == {b: Tally(polls=1, requests=1, failed=1)}
    assert store.tallies.hours(NOON + timedelta(minutes=59)) == [
        (NOON, READ + READ + Tally(backlog=3)),
        (NOON + HOUR, SPARED),
        (NOON + DAY, Tally(polls=1, requests=1, failed=1)),
    ]
    assert store.tallies.days_of([b], [today]) == [(today, b, READ + Tally(backlog=1))]
    assert store.tallies.totals().polls == 4


def test_a_result_whose_lease_was_lost_counts_for_nothing(store: Store) -> None:
    store.sync(blogs("a"), NOON)
    record(store, replace(result(store, "a", [post(1, "a")], tally=READ), lease="lost"))
    assert store.tallies.totals() == Tally()


def test_new_entries_are_told_from_backlog_and_from_copies_of_what_is_known(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    record(store, result(store, "a", [post(1, "a")]), result(store, "b", [post(1, "b")]))
    copy = replace(fresh(2, "b", 30), keys=fresh(2, "a", 30).keys)
    record(store, result(store, "a", [post(1, "a"), fresh(2, "a", 10)], NOON + HOUR), result(store, "b", [copy], NOON + HOUR))
    (_, first), (_, second) = store.tallies.hours(NOON)
    assert (first.entries, first.backlog, first.joined) == (0, 2, 0)
    assert (second.entries, second.backlog, second.joined) == (2, 0, 1)


def test_the_delay_between_publication_and_sighting_is_counted_in_spans(store: Store) -> None:
    store.sync(blogs("a"), NOON)
    record(store, result(store, "a", [post(1, "a")]))
    late, undated, ahead = fresh(2, "a", 12), replace(post(3, "a"), published=None), fresh(4, "a", -60)
    record(store, result(store, "a", [late, fresh(5, "a", 14), fresh(6, "a", 300), undated, ahead], NOON + HOUR))
    assert store.tallies.seen_after(NOON.date()) == [
        (NOON.date(), timedelta(minutes=15), 2),
        (NOON.date(), timedelta(hours=8), 1),
    ]
    assert store.tallies.seen_after((NOON + DAY).date()) == []


def test_pruning_keeps_the_totals(store: Store) -> None:
    store.sync(blogs("a"), NOON)
    record(store, result(store, "a", [post(1, "a")], tally=READ))
    record(store, result(store, "a", [], NOON + 500 * DAY, outcome="unchanged", tally=SPARED))
    before = store.tallies.totals()
    for _ in range(2):
        store.prune(NOON + 500 * DAY, Retain())
    assert store.tallies.totals() == before
    (key,) = (state.key for state in store.feeds())
    assert store.tallies.spent((NOON + 400 * DAY).date()) == {key: SPARED}


def test_a_pause_that_a_server_asked_for_is_told_for_all_its_feeds(store: Store) -> None:
    store.sync([replace(one, shown_url=f"https://shared.example/{one.id}") for one in blogs("a", "b")], NOON)
    made = result(store, "a", [], outcome="failed", operator_until=NOON + 3 * HOUR, operator_why="a: answered 503")
    record(store, made)
    assert store.pauses(NOON) == {state.key: (NOON + 3 * HOUR, "a: answered 503") for state in store.feeds()}
    assert store.pauses(NOON + 3 * HOUR) == {}
