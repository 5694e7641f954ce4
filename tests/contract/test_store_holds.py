"""What every store promises of feeds that are held: what came under the hold stands apart until it is confirmed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from aggregator.model import Entry, Identity, PollResult, Stranger
from aggregator.ports import Store
from tests.ledger import HOUR, blogs, held, poll, post, raws, result, same_story, stories, titled
from tests.makers import NOON, head

STRANGER = Stranger(identity=Identity(served="casino.example", title="Casino"), head=head("casino"))


def under_hold(store: Store, entries: Sequence[Entry], hold: str = "since noon", at: datetime = NOON + HOUR) -> PollResult:
    made = result(store, "blog", entries, at)
    return replace(made, state=replace(made.state, hold=hold, identity=Identity(title="Blog", links=("blog.example",)), stranger=STRANGER))


def test_what_comes_under_a_hold_joins_nothing_and_changes_nothing(store: Store) -> None:
    store.sync(blogs("blog", "other"), NOON)
    poll(store, [("blog", [post(1)]), ("other", [post(2, "other", page="https://blog.example/2")])])
    before = store.find(post(1).published_id)
    store.record([under_hold(store, [post(1, text="Rewritten."), post(2)])], same_story)
    assert store.find(post(1).published_id) == before
    kept = held(store, 2)
    assert kept.hold == "since noon"
    assert frozenset({("blog", post(2).raw_key), ("other", post(2).raw_key)}) not in stories(store)
    assert store.partners() == {}
    assert [one.entry.raw_key for one in store.own_entries(kept.feed_key, [post(2).raw_key], 9)] == [post(1).raw_key]
    assert [one.entry.raw_key for one, _ in raws(store, "blog")] == [post(1).raw_key], "nor is it refined again"


def test_what_is_known_of_a_feed_and_its_stranger_comes_back_as_it_was(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    made = under_hold(store, [])
    store.record([made], same_story)
    (state,) = store.feeds()
    assert (state.hold, state.identity, state.stranger) == (made.state.hold, made.state.identity, STRANGER)
    assert store.holds() == {"blog": "since noon"}
    store.sync([], NOON)
    assert store.holds() == {}


def test_a_confirmed_feed_is_the_stranger_and_what_came_joins_its_stories(store: Store) -> None:
    store.sync(blogs("blog", "other"), NOON)
    poll(store, [("blog", [post(1)]), ("other", [post(2, "other", page="https://blog.example/2")])])
    store.record([under_hold(store, [post(2), post(3)])], same_story)
    key = store.feeds()[0].key
    assert store.confirm(key, NOON + 2 * HOUR, same_story) == 2
    state = store.feeds()[0]
    assert (state.hold, state.stranger, state.identity, state.head) == (None, None, STRANGER.identity, STRANGER.head)
    assert (state.body_hash, state.next_poll_at) == (None, NOON + 2 * HOUR)
    assert frozenset({("blog", post(2).raw_key), ("other", post(2).raw_key)}) in stories(store)
    assert store.confirm(key, NOON + 2 * HOUR, same_story) is None


def test_what_took_the_place_of_an_entry_under_a_hold_joins_it_when_that_is_confirmed(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    store.record([under_hold(store, [post(2)])], same_story)
    key = store.feeds()[0].key
    assert store.confirm(key, NOON + 2 * HOUR, same_story, lambda fresh, gone, known: {fresh[0].pk: gone[0][1].pk}) == 1
    assert stories(store) == {frozenset({("blog", post(1).raw_key), ("blog", post(2).raw_key)})}


def test_what_came_under_an_earlier_hold_is_not_released(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    store.record([under_hold(store, [post(1)], "the first time")], same_story)
    lifted = result(store, "blog", [post(2)], NOON + 2 * HOUR)
    store.record([replace(lifted, state=replace(lifted.state, hold=None, stranger=None))], same_story)
    late = result(store, "blog", [post(1, title=titled("Said again"))], NOON + 3 * HOUR)
    store.record([late], same_story)
    store.record([under_hold(store, [post(3)], "the second time")], same_story)
    assert store.confirm(store.feeds()[0].key, NOON + 4 * HOUR, same_story) == 1
    assert held(store, 1).hold == "the first time"


def test_what_comes_again_under_another_hold_is_released_with_it(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    store.record([under_hold(store, [post(1), post(2)], "the first time")], same_story)
    store.record([under_hold(store, [post(1)], "the second time", NOON + 2 * HOUR)], same_story)
    assert store.confirm(store.feeds()[0].key, NOON + 4 * HOUR, same_story) == 1
    assert (held(store, 1).hold, held(store, 2).hold) == (None, "the first time")
