"""Laws of the store: who was polled first decides nothing, the fake and the real one agree, polling twice adds nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.model import Entry, FeedHead, FeedState, HubLinks, Identity, KeyKind, StoredEntry, StoryKey, Stranger
from aggregator.ports import Store
from aggregator.store.joining import join
from aggregator.store.schema import instant, microseconds
from aggregator.store.standing import Candidate, Outlook, settle
from tests.fake_store import FakeStore
from tests.ledger import HOUR, blogs, listed, poll, post, publish, raws, result, same_story, sqlite_store, stories, titled, titles
from tests.makers import NOON, stored
from tests.pace import examples

FEEDS = ("a", "b", "c")

# Few links, ids and titles, so that many entries share some and chains of stories grow together.
keys = st.builds(StoryKey, kind=st.sampled_from(get_args(KeyKind)), value=st.sampled_from(["k1", "k2", "k3", "k4"]))
numbers = st.integers(1, 5)
dated = st.one_of(st.none(), st.integers(-3, 30).map(lambda hours: NOON - hours * HOUR))


@st.composite
def posts(draw: st.DrawFn, feed: str) -> list[Entry]:
    found = draw(st.lists(numbers, max_size=4, unique=True))
    return [
        post(
            number,
            feed,
            keys=tuple(draw(st.lists(keys, max_size=2))),
            title=titled(draw(st.sampled_from(["Cats", "Dogs"]))),
            published=NOON - (number + 10 * FEEDS.index(feed)) * HOUR,
            published_id=draw(st.sampled_from(["urn:x:1", f"urn:{feed}:{number}"])),
        )
        for number in found
    ]


polls = st.fixed_dictionaries({feed: posts(feed) for feed in FEEDS})


def ledger(store: Store) -> tuple[object, ...]:
    """All that must not depend on who came first."""
    publications = [(one.sequence, one.published_id, one.sort_key, one.public_updated, one.rule) for one in listed(store)]
    return stories(store), titles(store), publications, [state.why for state in store.feeds()]


@examples(8)
@given(polls, st.permutations(FEEDS), st.lists(st.integers(0, 2), max_size=2))
def test_stories_and_listings_do_not_depend_on_the_order_of_arrival(
    found: dict[str, list[Entry]], order: Sequence[str], cuts: list[int]
) -> None:
    with sqlite_store() as one, sqlite_store() as two:
        for store in (one, two):
            store.sync(blogs(*FEEDS), NOON)
        poll(one, list(found.items()))
        made = [result(two, feed, found[feed]) for feed in order]
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(made)], strict=True):
            two.record(made[start:end], same_story)
        publish(one)
        publish(two)
        assert ledger(one) == ledger(two)


@examples(6)
@given(polls, polls, st.permutations(FEEDS))
def test_what_changes_in_one_batch_does_not_depend_on_the_order_of_its_results(
    before: dict[str, list[Entry]], after: dict[str, list[Entry]], order: Sequence[str]
) -> None:
    with sqlite_store() as one, sqlite_store() as two:
        for store, feeds in ((one, FEEDS), (two, order)):
            store.sync(blogs(*FEEDS), NOON)
            for number, found in enumerate((before, after)):
                at = NOON + number * HOUR
                poll(store, [(feed, found[feed]) for feed in feeds], at)
                publish(store, at)
        assert ledger(one) == ledger(two)


def cat(number: int, feed: str, *told: tuple[KeyKind, str], title: str = "Cats") -> Entry:
    """An entry under an id that all share, with the keys that are told."""
    made = tuple(StoryKey(kind=kind, value=value) for kind, value in told)
    return post(number, feed, keys=made, title=titled(title), published_id="urn:x:1")


# A known entry gains a key: who has its other key is compared only. It gains a key and other words: its other key counts anew.
GAINS_A_KEY = [
    {"a": [cat(1, "a", ("id", "k2")), cat(2, "a", ("id", "k2"), title="Dogs")], "b": [], "c": []},
    {"a": [cat(1, "a", ("link", "k1"), ("id", "k2"))], "b": [], "c": []},
]
CHANGES_TOO = [
    {"a": [cat(1, "a")], "b": [cat(3, "b", ("id", "k1"), title="Dogs")], "c": [cat(1, "c", ("id", "k1"))]},
    {"a": [], "b": [cat(3, "b", ("link", "k1"), ("id", "k1"))], "c": []},
]


@examples(8)
@given(st.lists(polls, min_size=1, max_size=3), st.sampled_from([None, 1]))
@example(GAINS_A_KEY, None)
@example(CHANGES_TOO, None)
def test_the_fake_store_and_the_real_one_agree(cycles: list[dict[str, list[Entry]]], per_feed: int | None) -> None:
    fake = FakeStore()
    with sqlite_store() as real:
        for store in (fake, real):
            store.sync(blogs(*FEEDS), NOON)
        for number, found in enumerate(cycles):
            at = NOON + number * HOUR
            counts = [poll(store, list(found.items()), at) for store in (fake, real)]
            assert counts[0] == counts[1]
            assert publish(fake, at) == publish(real, at)
            assert listed(fake, limit=5, per_feed=per_feed) == listed(real, limit=5, per_feed=per_feed)
            assert ledger(fake) == ledger(real)
            assert fake.next_due(at) == real.next_due(at)
        assert fake.counts() == real.counts(*fake.counts())
        assert raws(fake) == raws(real)


@examples(5)
@given(polls)
def test_polling_the_same_again_adds_nothing(found: dict[str, list[Entry]]) -> None:
    with sqlite_store() as store:
        store.sync(blogs(*FEEDS), NOON)
        poll(store, list(found.items()))
        before = store.counts("entry", "version", "story", "sighting")
        assert poll(store, list(found.items()), NOON + HOUR) == [(0, 0)] * len(FEEDS)
        assert store.counts("entry", "version", "story", "sighting") == before


@given(st.permutations(range(6)), st.dictionaries(st.sampled_from("uvwxyz"), st.lists(st.integers(0, 5), min_size=2, unique=True)))
def test_groups_are_the_same_for_any_order_of_entries(order: list[int], carriers: dict[str, list[int]]) -> None:
    def grouped(fresh: Sequence[int]) -> set[frozenset[int]]:
        carried = {("id", key): sorted(pks, key=list(fresh).index) for key, pks in carriers.items()}
        return {group.entries for group in join(list(fresh), {}, carried, entries.__getitem__, odd_or_even).groups}

    entries = {number: stored(number) for number in range(6)}
    assert grouped(range(6)) == grouped(order)


def odd_or_even(a: StoredEntry, b: StoredEntry, kind: str) -> bool:
    return a.pk % 2 == b.pk % 2


candidates = st.lists(
    st.builds(
        Candidate,
        story=st.integers(1, 99),
        feed_key=st.sampled_from(["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"]),
        published_id=st.sampled_from(["urn:x:1", "urn:x:2", "urn:x:3"]),
        sort_key=st.integers(0, 60).map(lambda hours: NOON + hours * HOUR),
        per_day=st.sampled_from([None, 2]),
        is_newcomer=st.booleans(),
    ),
    unique_by=lambda one: one.story,
    max_size=12,
)


@given(candidates.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_what_is_settled_does_not_depend_on_order_and_keeps_every_promise(found: tuple[list[Candidate], list[Candidate]]) -> None:
    outlook = Outlook(ids=frozenset({"urn:x:1"}), last_sequence=7)
    settled = settle(found[0], outlook, 2)
    assert settled == settle(found[1], outlook, 2)
    given_ids = [one.published_id for one in settled if one.sequence]
    assert len({*given_ids, "urn:x:1"}) == len(given_ids) + 1
    assert [one.sequence for one in settled if one.sequence] == list(range(8, 8 + len(given_ids)))
    by_story = {one.story: one for one in found[0]}
    for feed in {one.feed_key for one in found[0]}:
        shown = [by_story[one.story] for one in settled if one.sequence and by_story[one.story].feed_key == feed]
        assert sum(one.is_newcomer for one in shown) <= 2


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_come_back_to_the_microsecond(moment: datetime) -> None:
    assert instant(microseconds(moment)) == moment


OTHERWISE = frozenset("key id shown_url active head validators discovered printed identity stranger hub_links".split())  # noqa: SIM905


def test_the_state_of_a_feed_comes_back_whole() -> None:
    """Every field of `FeedState` has a column."""
    with sqlite_store() as store:
        store.sync(blogs("a"), NOON)
        made = result(store, "a", [])
        values: dict[str, object] = {}
        for name, kind in FeedState.__annotations__.items():
            if name in OTHERWISE:
                continue
            if "datetime" in str(kind):
                values[name] = NOON + timedelta(microseconds=len(values) + 1)
            else:
                values[name] = len(values) + 1 if kind is int else f"text {len(values)}"
        values["printed"] = ("mark",)
        values["hub_links"] = HubLinks(hub="https://hub.example/", others=("https://hub2.example/",), topic="https://a.example/feed.xml")
        values["identity"] = known = Identity(title="A", authors=("somebody",), links=("a.example",))
        values["stranger"] = Stranger(identity=known, head=FeedHead(title="B"))
        state = replace(made.state, **values)  # type: ignore[arg-type]
        store.record([replace(made, state=state)], same_story)
        assert store.feed("a") == replace(state, first_success_at=values["first_success_at"])  # type: ignore[arg-type]
