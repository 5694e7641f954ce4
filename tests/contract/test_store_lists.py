"""What every store promises of lists of feeds on the web."""

from dataclasses import replace

from aggregator.model import FeedState, ListState, Member, Validators
from aggregator.ports import Store
from tests.ledger import HOLD, HOUR
from tests.makers import NOON

ADDRESS = "https://list.example/opml"
ASKED = FeedState(key=ADDRESS, id="friends", shown_url=ADDRESS, next_poll_at=NOON)
START = ListState(asked=ASKED)


def test_a_list_is_asked_by_one_process_at_a_time_and_when_it_is_due(store: Store) -> None:
    assert (store.lists.states(), store.lists.marks()) == ({}, {})
    assert store.lists.take(START, NOON, HOLD) == START
    assert store.lists.take(START, NOON + HOLD / 2, HOLD) is None, "somebody asks it"
    assert store.lists.take(START, NOON + HOLD, HOLD) is not None, "whoever asked it is gone"
    store.lists.bring_forward(ADDRESS, NOON + HOLD + HOUR)
    assert store.lists.marks() == {ADDRESS: (0, NOON + 2 * HOLD)}


def test_what_a_list_named_is_kept_and_counted_on_when_it_is_other_feeds(store: Store) -> None:
    assert store.lists.revise(ADDRESS, lambda state: state) is None
    store.lists.take(START, NOON, HOLD)
    asked = replace(ASKED, next_poll_at=NOON + 24 * HOUR, last_poll_at=NOON, validators=Validators(etag='"x"'), body_hash="h")
    named = Member(url="https://ann.example/feed", name="Ann", tags=("friends",), since=NOON)
    full = ListState(
        asked=asked, members=(named,), held=(named,), held_since=NOON, added=(NOON,), refused=("x: y",), refused_count=3, taken_at=NOON
    )
    assert store.lists.revise(ADDRESS, lambda state: full) == full
    assert store.lists.states() == {ADDRESS: full}
    assert store.lists.marks() == {ADDRESS: (1, NOON + 24 * HOUR)}
    store.lists.revise(ADDRESS, lambda state: replace(state, held=()))
    assert store.lists.marks()[ADDRESS][0] == 1
    store.lists.bring_forward(ADDRESS, NOON + HOUR)
    assert store.lists.take(START, NOON + HOUR, HOLD) == replace(full, held=(), asked=replace(asked, next_poll_at=NOON + HOUR))
