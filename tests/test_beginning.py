"""A planet that begins does not publish pages with nothing on them before its feeds had a moment to answer."""

from datetime import timedelta

from aggregator.model import ListSpec, PollReport
from aggregator.run.beginning import Beginning
from tests.fake_store import FakeStore
from tests.ledger import NOON, blogs, poll, post, spec


def begun() -> FakeStore:
    store = FakeStore()
    store.sync(blogs("fast", "slow"), NOON)
    return store


def failed(feed: str, again_in: timedelta = timedelta(days=1)) -> PollReport:
    return PollReport(feed_id=feed, shown_url="", outcome="failed", next_poll_at=NOON + again_in)


def test_it_waits_until_something_is_stored() -> None:
    beginning = Beginning(begun(), blogs("fast", "slow"))
    assert beginning.is_waiting
    beginning.stored()
    assert not beginning.is_waiting


def test_it_waits_no_longer_once_every_feed_has_answered_with_nothing() -> None:
    beginning = Beginning(begun(), blogs("fast", "slow"))
    beginning.answered(failed("fast"), NOON)
    beginning.answered(failed("slow", timedelta(seconds=2)), NOON)
    assert beginning.is_waiting, "a page named its feed, which is asked next"
    beginning.answered(failed("slow"), NOON)
    assert not beginning.is_waiting


def test_with_a_list_of_feeds_it_waits_for_the_first_entries_of_whoever_it_names() -> None:
    friends = ListSpec(asked=spec("friends"), member=spec("friends"))
    beginning = Beginning(begun(), blogs("fast"), [friends])
    beginning.answered(failed("fast"), NOON)
    assert beginning.is_waiting
    beginning.stored()
    assert not beginning.is_waiting


def test_a_planet_that_was_read_before_does_not_wait() -> None:
    store = begun()
    poll(store, [("fast", [post(1, "fast")])])
    assert not Beginning(store, blogs("fast", "slow")).is_waiting
