"""What every store promises of stories, and of what subscribers are given."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid5

import pytest

from aggregator.model import Entry, PollResult, Retain, StoredEntry, StoryKey, Url, Verdict
from aggregator.ports import Store
from tests.ledger import HOUR, Judge, blogs, listed, poll, post, publish, result, same_story, stories, titled, titles, verdict
from tests.makers import NOON, spec

DAY = timedelta(days=1)
PAGE = "https://orig.example/1"


def members(store: Store, query: str) -> list[str]:
    """The feeds whose entries tell the story that a query finds."""
    ((_, found),) = store.find(query)
    return [member.feed_id for member in found]


# ── stories ──


def test_copies_that_share_a_page_are_one_story(store: Store) -> None:
    store.sync(blogs("orig", "planet", "other"), NOON)
    poll(store, [("planet", [post(7, "planet", page=PAGE)]), ("orig", [post(1, "orig")]), ("other", [post(1, "other")])])
    assert members(store, PAGE) == ["planet", "orig"], "ordered by their dates"
    assert len(stories(store)) == 2


def test_a_copy_that_comes_later_joins_the_story(store: Store) -> None:
    store.sync(blogs("orig", "planet"), NOON)
    poll(store, [("planet", [post(7, "planet", page=PAGE)])])
    poll(store, [("orig", [post(1, "orig")])], NOON + HOUR)
    assert members(store, PAGE) == ["planet", "orig"]
    assert store.counts()["story"] == 1


def test_an_equal_id_alone_does_not_make_one_story(store: Store) -> None:
    store.sync(blogs("a", "b", "c"), NOON)
    shared = {"published_id": "urn:x:1", "raw_id": "urn:x:1"}
    poll(store, [(feed, [post(1, feed, title=titled(title), **shared)]) for feed, title in (("a", "Cats"), ("b", "Dogs"), ("c", "Cats"))])
    assert stories(store) == {
        frozenset({("a", post(1).raw_key), ("c", post(1).raw_key)}),
        frozenset({("b", post(1).raw_key)}),
    }


WORDS = tuple(StoryKey(kind="text", value=value) for value in ("0a", "0b", "0c"))


def test_copies_that_begin_with_the_same_words_are_one_story_and_one_shared_key_is_chance(store: Store) -> None:
    store.sync(blogs("orig", "copy", "other"), NOON)
    told = {"orig": WORDS, "other": WORDS[2:], "copy": WORDS[:2]}
    cats = {feed: [post(1, feed, keys=keys, title=titled("Cats"))] for feed, keys in told.items()}
    poll(store, [("orig", cats["orig"]), ("other", cats["other"])])
    poll(store, [("copy", cats["copy"])], NOON + HOUR)
    assert members(store, "https://copy.example/1") == ["orig", "copy"]
    assert members(store, "https://other.example/1") == ["other"]


def test_a_feed_is_known_to_share_stories_with_others(store: Store) -> None:
    store.sync(blogs("orig", "planet", "other"), NOON)
    poll(store, [("orig", [post(1, "orig")]), ("other", [post(2, "other")])])
    assert store.partners() == {}
    poll(store, [("planet", [post(7, "planet", page=PAGE), post(8, "planet", page="https://other.example/2")])], NOON + HOUR)
    assert {store.feed(id_).key: count for id_, count in (("orig", 1), ("other", 1), ("planet", 2))} == store.partners()  # type: ignore[union-attr]


def test_what_somebody_split_stays_apart_whatever_its_keys(store: Store) -> None:
    store.sync(blogs("orig", "planet"), NOON)
    poll(store, [("orig", [post(1, "orig")]), ("planet", [post(7, "planet", page=PAGE)])])
    ((_, found),) = store.find(PAGE)
    pk = next(member.pk for member in found if member.feed_id == "planet")
    assert store.split(pk, NOON) is not None
    assert store.split(pk, NOON) is None, "it is alone now"
    poll(store, [("planet", [post(7, "planet", page=PAGE, content_hash="Other words.")])], NOON + HOUR)
    assert len(stories(store)) == 2


def test_what_somebody_joined_stays_joined_and_a_split_gives_back_what_was_given(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    poll(store, [("a", [post(1, "a")]), ("b", [post(2, "b")])])
    publish(store, NOON)
    before = given(store)
    store.unite([pk for pk, _ in stories_by_pk(store)], NOON + HOUR)
    publish(store, NOON + HOUR)
    assert len(listed(store)) == 1
    assert len(stories(store)) == 1
    ((_, found),) = store.find("https://b.example/2")
    store.split(next(member.pk for member in found if member.feed_id == "b"), NOON + 2 * HOUR)
    publish(store, NOON + 2 * HOUR)
    assert given(store) == before


def test_what_an_entry_was_before_and_its_copies_are_split_along_with_it(store: Store) -> None:
    store.sync(blogs("orig", "planet", "other"), NOON)
    twin = (StoryKey(kind="twin", value="t"), StoryKey(kind="link", value=PAGE))
    poll(
        store,
        [
            ("orig", [post(1, "orig", keys=twin)]),
            ("planet", [replace(post(7, "planet", page=PAGE), link=Url(PAGE))]),
            ("other", [post(2, "other")]),
        ],
    )
    publish(store, NOON)
    before = given(store)
    store.unite([pk for pk, _ in stories_by_pk(store)], NOON + HOUR)
    again = replace(
        post(1, "orig", keys=twin, page=PAGE), raw_key="again", published_id="urn:again", link=Url("https://orig.example/new/1")
    )
    poll(store, [("orig", [again])], NOON + HOUR)
    ((_, found),) = store.find("urn:again")
    assert len(found) == 4
    store.split(next(member.pk for member in found if member.entry.published_id == "urn:again"), NOON + 2 * HOUR)
    publish(store, NOON + 2 * HOUR)
    assert sorted(len(group) for group in stories(store)) == [1, 3]
    assert [one[:4] for one in given(store)] == [one[:4] for one in before]


@pytest.mark.parametrize("first", ["b", "planet"])
def test_copies_that_came_with_an_entry_are_split_along_with_it_and_one_of_them_leaves_alone(store: Store, first: str) -> None:
    store.sync(blogs("a", "b", "planet"), NOON)
    copy = post(2, "planet", keys=WORDS[:2], title=titled("Cats"))
    documents = {"a": [post(1, "a")], "b": [post(7, "b", keys=WORDS, title=titled("Cats"))], "planet": [copy]}
    poll(store, [(feed, documents.pop(feed)) for feed in ("a", first)])
    publish(store, NOON)
    poll(store, list(documents.items()))
    publish(store, NOON)
    apart = {frozenset({("a", post(1).raw_key)}), frozenset({("b", post(7).raw_key), ("planet", post(2).raw_key)})}
    assert stories(store) == apart
    before = given(store)
    store.unite([pk for pk, _ in stories_by_pk(store)], NOON + HOUR)
    publish(store, NOON + HOUR)
    ((_, found),) = store.find("https://b.example/7")
    pks = {member.feed_id: member.pk for member in found}
    store.split(pks["b"], NOON + 2 * HOUR)
    publish(store, NOON + 2 * HOUR)
    assert stories(store) == apart
    assert [one[:4] for one in given(store)] == [one[:4] for one in before]
    store.split(pks["planet"], NOON + 3 * HOUR)
    assert len(stories(store)) == 3


def test_an_entry_that_comes_back_under_another_id_stays_where_somebody_put_it(store: Store) -> None:
    """Its words are those of the story that it was split from; of a story that it was joined to they are not."""
    twin, words = StoryKey(kind="twin", value="t"), StoryKey(kind="id", value="words")
    a, b = post(1, "a", keys=(words,)), post(2, "b", keys=(words, twin), title=titled("Post 1"))
    c, d = post(3, "c", keys=(StoryKey(kind="twin", value="u"),)), post(4, "d")
    store.sync(blogs("a", "b", "c", "d"), NOON)
    poll(store, [("a", [a]), ("b", [b]), ("c", [c]), ("d", [d])])
    ((_, found),) = store.find("https://b.example/2")
    assert {member.feed_id for member in found} == {"a", "b"}
    store.split(next(member.pk for member in found if member.feed_id == "b"), NOON)
    store.unite([pk for query in ("https://c.example/3", "https://d.example/4") for pk, _ in store.find(query)], NOON)
    publish(store)
    back = {feed: [replace(one, raw_key=f"{feed} again", raw_id=f"urn:{feed}:again")] for feed, one in (("b", b), ("c", c))}
    poll(store, list(back.items()), NOON + HOUR)
    publish(store, NOON + HOUR)
    assert len(listed(store)) == 3
    assert {frozenset(feed for feed, _ in group) for group in stories(store)} == {frozenset("a"), frozenset("b"), frozenset("cd")}


def given(store: Store) -> list[tuple[Any, ...]]:
    """What subscribers see of each listed story."""
    return [(one.sequence, one.published_id, one.sort_key, one.first_listed, one.lead_pk) for one in listed(store)]


def stories_by_pk(store: Store) -> list[tuple[int, tuple[StoredEntry, ...]]]:
    return [one for batch in store.changed_stories("(nothing)", "(nothing)") for one in batch]


def test_entries_without_keys_stand_alone(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1, keys=()), post(2, keys=())])])
    assert len(stories(store)) == 2


def test_a_copy_that_shares_a_key_with_two_stories_makes_them_one(store: Store) -> None:
    store.sync(blogs("a", "b", "c"), NOON)
    poll(store, [("a", [post(1, "a")]), ("b", [post(2, "b")])])
    before = store.counts()["generation"]
    both = tuple(StoryKey(kind="link", value=f"https://{feed}.example/{number}") for feed, number in (("a", 1), ("b", 2)))
    poll(store, [("c", [post(3, "c", keys=both)])], NOON + HOUR)
    assert members(store, "https://a.example/1") == ["c", "b", "a"]
    assert (store.counts()["story"], store.counts()["generation"]) == (1, before + 1)


def test_an_entry_whose_keys_change_finds_its_story(store: Store) -> None:
    store.sync(blogs("orig", "planet"), NOON)
    poll(store, [("orig", [post(1, "orig")]), ("planet", [post(7, "planet")])])
    assert len(stories(store)) == 2
    traced = post(7, "planet", page=PAGE)
    poll(store, [("planet", [traced])], NOON + HOUR)
    assert members(store, PAGE) == ["planet", "orig"]
    poll(store, [("planet", [post(7, "planet")])], NOON + 2 * HOUR)
    assert len(stories(store)) == 1, "what was joined stays joined"


def cats_and_dogs(store: Store) -> tuple[Entry, Entry]:
    """One id, told as two stories; return the same entries under one title."""
    shared = {"published_id": "urn:x:1", "raw_id": "urn:x:1"}
    poll(store, [("a", [post(1, "a", title=titled("Cats"), **shared)]), ("b", [post(2, "b", title=titled("Dogs"), **shared)])])
    assert len(stories(store)) == 2
    return post(1, "a", title=titled("Cats"), **shared), post(2, "b", title=titled("Cats"), **shared)


def test_an_entry_whose_words_change_finds_its_story(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    _, retitled = cats_and_dogs(store)
    poll(store, [("b", [retitled])], NOON + HOUR)
    assert members(store, "urn:x:1") == ["b", "a"]


def test_an_entry_that_changes_under_an_old_key_and_gains_another_finds_its_story(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    _, retitled = cats_and_dogs(store)
    gained = replace(retitled, keys=(*retitled.keys, StoryKey(kind="link", value="https://elsewhere.example/")))
    poll(store, [("b", [gained])], NOON + HOUR)
    assert members(store, "urn:x:1") == ["b", "a"]


@pytest.mark.parametrize("order", [("b", "c"), ("c", "b")])
def test_a_copy_finds_an_entry_that_changes_whichever_of_them_is_polled_first(store: Store, order: tuple[str, str]) -> None:
    store.sync(blogs("b", "c"), NOON)
    shared = {"published_id": "urn:x:1", "raw_id": "urn:x:1"}
    poll(store, [("b", [post(2, "b", title=titled("Dogs"), **shared)])])
    found = {"b": post(2, "b", title=titled("Cats"), **shared), "c": post(3, "c", title=titled("Cats"), **shared)}
    for feed in order:
        poll(store, [(feed, [found[feed]])], NOON + HOUR)
    assert members(store, "urn:x:1") == ["c", "b"]


def test_of_an_entry_that_stands_twice_in_a_document_the_first_counts(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    assert poll(store, [("blog", [post(1), post(1, text="Other.")])], NOON + HOUR) == [(0, 0)]
    assert poll(store, [("blog", [post(2), post(2, text="Other.")])], NOON + 2 * HOUR) == [(1, 0)]


# ── what must be judged ──


def test_only_stories_that_changed_are_judged_again(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1), post(2)])])
    assert publish(store) == 2
    assert publish(store) == 0
    poll(store, [("blog", [post(3), post(2, text="Better."), post(1)])], NOON + HOUR)
    assert publish(store) == 2
    assert publish(store, output="rss.xml") == 3, "each output is judged by itself"


@pytest.mark.parametrize("gained", [(), (StoryKey(kind="link", value=PAGE),)])
def test_a_story_that_was_only_compared_is_not_judged_again(store: Store, gained: tuple[StoryKey, ...]) -> None:
    store.sync(blogs("a", "b", "c"), NOON)
    first, _ = cats_and_dogs(store)
    publish(store)
    poll(store, [("a", [replace(first, keys=(*first.keys, *gained), rights="CC0")])], NOON + HOUR)
    assert publish(store) == 1, "b has the same id, but is another story"
    poll(store, [("c", [post(3, "c", title=titled("Birds"), published_id="urn:x:1")])], NOON + 2 * HOUR)
    assert publish(store) == 1


def test_other_rules_judge_everything(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1), post(2)])])
    publish(store)
    assert publish(store, rules="2") == 2
    assert publish(store, rules="2") == 0


def test_a_judgement_that_broke_off_is_made_again(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1), post(2)])])
    publish(store)
    for batch in store.changed_stories("atom.xml", "2"):
        store.judge("atom.xml", "2", [dropped(pk, found) for pk, found in batch], NOON, newcomer_entries=3, done=False)
    assert publish(store) == 2, "half of it may stand under the other rules"
    assert titles(store) == ["Post 1", "Post 2"]


def test_what_changes_while_an_output_is_judged_is_judged_next_time(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    batches = store.changed_stories("atom.xml", "1")
    poll(store, [("blog", [post(1, text="Better.")])], NOON + HOUR)
    for batch in batches:
        store.judge("atom.xml", "1", [verdict(pk, found) for pk, found in batch], NOON, newcomer_entries=3, done=False)
    store.judge("atom.xml", "1", (), NOON, newcomer_entries=3, done=True)
    assert publish(store) == 1


def dropped(pk: int, found: Sequence[StoredEntry]) -> Verdict:
    return Verdict(story_pk=pk, listed=False, rule="dropped by title", seen=max(one.first_seen for one in found))


# ── listings ──


def test_listings_are_numbered_from_the_oldest_and_shown_from_the_newest(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1), post(2), post(3)])])
    publish(store, NOON + HOUR)
    found = listed(store)
    assert [one.sequence for one in found] == [3, 2, 1]
    assert titles(store) == ["Post 1", "Post 2", "Post 3"]
    first = found[0]
    assert (first.output, first.listed, first.rule, first.first_listed) == ("atom.xml", True, "listed", NOON + HOUR)
    assert (first.published_id, first.sort_key, first.public_updated) == (post(1).published_id, NOON - HOUR, NOON - HOUR)
    assert store.publications(first.story_pk) == [first]


def test_what_subscribers_were_given_sticks(store: Store) -> None:
    store.sync(blogs("orig", "planet"), NOON)
    poll(store, [("planet", [post(7, "planet", page=PAGE)])])
    publish(store)
    (before,) = listed(store)
    poll(store, [("orig", [post(9, "orig", page=PAGE, updated=NOON + HOUR)])], NOON + HOUR)
    publish(store, NOON + HOUR)
    (after,) = listed(store)
    assert after == replace(before, lead_pk=after.lead_pk, feed_key=after.feed_key, public_updated=NOON + HOUR)
    assert after.lead_pk != before.lead_pk, "the original speaks now"


def test_a_story_that_is_listed_no_more_keeps_its_number_for_when_it_comes_back(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    publish(store)
    (before,) = listed(store)
    publish(store, rules="2", by=dropped)
    assert listed(store) == []
    assert store.publications(before.story_pk) == [replace(before, listed=False, rule="dropped by title")]
    publish(store, NOON + HOUR, rules="3")
    assert listed(store) == [before]


def test_numbers_are_never_used_twice(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    for number in range(1, 4):
        poll(store, [("blog", [post(number)])], NOON + number * HOUR)
        publish(store, NOON + number * HOUR)
        publish(store, rules=str(number), by=dropped)
        publish(store, rules="1")
    assert sorted(one.sequence or 0 for one in listed(store)) == [1, 2, 3]


def test_a_story_that_was_never_listed_says_why(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    publish(store, by=dropped)
    ((pk, _),) = store.find(post(1).published_id)
    (found,) = store.publications(pk)
    assert (found.listed, found.sequence, found.first_listed, found.rule) == (False, None, None, "dropped by title")
    assert listed(store) == []


def test_two_stories_of_one_output_never_share_an_id(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    shared = {"published_id": "urn:x:1", "raw_id": "urn:x:1"}
    poll(store, [("b", [post(1, "b", title=titled("Dogs"), **shared)]), ("a", [post(2, "a", title=titled("Cats"), **shared)])])
    publish(store)
    one, other = sorted(state.key for state in store.feeds())
    other_id = f"urn:uuid:{uuid5(UUID(other), 'urn:x:1')}"
    assert {found.feed_key: found.published_id for found in listed(store)} == {one: "urn:x:1", other: other_id}


def test_the_latest_listed_are_chosen_and_ordered_by_date(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1), post(2)])])
    publish(store)
    poll(store, [("blog", [post(50), post(1), post(2)])], NOON + HOUR)
    publish(store, NOON + HOUR)
    assert titles(store, limit=2) == ["Post 1", "Post 50"], "a post that came late with an old date is still seen"
    assert titles(store, limit=1) == ["Post 50"]
    assert titles(store, limit=0) == []


def test_one_feed_fills_no_more_than_its_share(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    poll(store, [("a", [post(number, "a", title=titled(f"a{number}")) for number in (1, 2, 3)]), ("b", [post(9, "b", title=titled("b9"))])])
    publish(store)
    assert titles(store, per_feed=2) == ["a1", "a2", "b9"]
    assert titles(store, limit=2, per_feed=1) == ["a1", "b9"]


def test_what_is_too_old_is_left_out(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1), post(2), post(3)])])
    publish(store)
    assert titles(store, not_before=NOON - 2 * HOUR) == ["Post 1", "Post 2"]


# ── guards ──


def by_number(fresh: Sequence[StoredEntry], gone: Sequence[tuple[int, StoredEntry]], known: Sequence[StoredEntry]) -> dict[int, int]:
    """Post 101 takes the place of post 10."""
    places = {one.entry.raw_id: one.pk for _, one in gone}
    wanted = {one.pk: (one.entry.raw_id or "").removesuffix("1") for one in fresh}
    return {pk: places[name] for pk, name in wanted.items() if name in places}


def test_what_took_the_place_of_an_entry_stands_where_that_stood(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(number) for number in (10, 20, 30)])])
    publish(store)
    before = listed(store)
    later = [post(number, title=titled(f"now {number}")) for number in (101, 201, 301, 401)]
    store.record([result(store, "blog", [*later, post(30)], NOON + 2 * HOUR)], same_story, by_number)
    publish(store, NOON + 2 * HOUR)
    after = {one.story_pk: one for one in listed(store)}
    assert len(after) == 5, "301 is new, since 30 stands in the document; so is 401"
    for one in before:
        assert (after[one.story_pk].published_id, after[one.story_pk].sort_key) == (one.published_id, one.sort_key)


def test_the_backlog_of_a_feed_that_is_added_later_floods_nobody(store: Store) -> None:
    store.sync(blogs("old"), NOON)
    poll(store, [("old", [post(1, "old")])])
    publish(store)
    store.sync(blogs("old", "new"), NOON + DAY)
    poll(store, [("new", [post(number, "new", title=titled(f"new {number}")) for number in range(1, 8)])], NOON + DAY)
    publish(store, NOON + DAY, newcomers=2)
    assert sorted(titles(store)) == ["Post 1", "new 1", "new 2"]
    ((pk, _),) = store.find(post(7, "new").published_id)
    assert [one.rule for one in store.publications(pk)] == ["held back: backlog of a newly added feed (2 newest are shown)"]
    state = store.feed("new")
    assert state is not None
    assert store.held_back() == {state.key: 5}
    publish(store, NOON + DAY, newcomers=2, rules="2")
    assert len(titles(store)) == 3, "other rules do not open the gate"
    flipped = [
        post(number, "new", title=titled(f"new {number}"), published_id=f"urn:{number}", raw_key=f"f{number}") for number in range(1, 8)
    ]
    poll(store, [("new", flipped)], NOON + DAY + HOUR / 2)
    publish(store, NOON + DAY + HOUR / 2, newcomers=2, rules="2")
    assert (len(titles(store)), store.held_back()) == (3, {state.key: 5}), "nor does it if its ids flip"
    poll(store, [("new", [post(0, "new", title=titled("new 0"))])], NOON + DAY + HOUR)
    publish(store, NOON + DAY + HOUR, newcomers=2, rules="2")
    assert titles(store, limit=1) == ["new 0"], "what it publishes from now on is shown"


def wants(*feeds: str) -> Judge:
    """What an output of some feeds says."""

    def judge(pk: int, members: Sequence[StoredEntry]) -> Verdict:
        standing = [one for one in members if one.feed_id in feeds]
        seen = max((one.first_seen for one in standing if not one.is_backlog), default=None)
        said = replace(verdict(pk, standing or members), seen=seen)
        return said if standing else dropped(pk, members)

    return judge


def test_what_other_rules_let_in_floods_nobody_until_it_is_released(store: Store) -> None:
    store.sync(blogs("blog", "other"), NOON)
    poll(store, [("blog", [post(number) for number in range(2, 9)]), ("other", [post(1, "other", title=titled("other"))])])
    publish(store, by=wants("other"))
    later = NOON + 9 * DAY
    poll(store, [("blog", [post(0, published=later), *(post(number) for number in range(2, 9))])], later)
    both = wants("blog", "other")
    publish(store, later, rules="2", by=both, newcomers=2)
    assert sorted(titles(store)) == ["Post 0", "Post 2", "Post 3", "other"], "what is new is no archive"
    state = store.feed("blog")
    assert state is not None
    ((pk, _),) = store.find(post(8).published_id)
    why = "held back: backlog of what this output passed over until 2026-03-10 (2 newest are shown)"
    assert [one.rule for one in store.publications(pk)] == [why]
    publish(store, later + HOUR, rules="3", by=both, newcomers=2)
    assert (len(titles(store)), store.held_back()) == (4, {state.key: 5}), "to edit once more does not open the gate"
    held = [(pk, found[0].pk) for number in (7, 8) for pk, found in store.find(post(number).published_id)]
    store.unite([pk for pk, _ in held], later + HOUR)
    publish(store, later + HOUR, rules="3", by=both, newcomers=2)
    store.split(held[0][1], later + HOUR)
    publish(store, later + HOUR, rules="3", by=both, newcomers=2)
    assert (len(titles(store)), store.held_back()) == (4, {state.key: 5}), "nor does it open for what is joined and split"
    assert store.release(state.key) == 5
    publish(store, later + 2 * HOUR, rules="3", by=both, newcomers=2)
    assert (len(titles(store)), store.held_back()) == (9, {})


def test_of_what_an_output_passed_over_a_copy_of_today_is_news_and_a_new_feeds_archive_is_none(store: Store) -> None:
    store.sync(blogs("blog", "planet"), NOON)
    poll(store, [("blog", [post(9)]), ("planet", [post(9, "planet")])])
    poll(store, [("blog", [post(number, page=f"page {number}") for number in range(1, 9)])], NOON + HOUR)
    publish(store, NOON + HOUR, by=wants("planet"))
    later = NOON + DAY
    poll(store, [("planet", [post(number, "planet", page=f"page {number}") for number in range(1, 4)])], later)
    publish(store, later, by=wants("planet"), newcomers=1)
    assert len(titles(store)) == 4
    store.sync(blogs("blog", "planet", "late"), later)
    poll(store, [("late", [post(number, "late", page=f"page {number}") for number in range(4, 9)])], later + DAY)
    publish(store, later + DAY, by=wants("planet", "late"), newcomers=1)
    assert len(titles(store)) == 5


def archive(*numbers: int) -> list[Entry]:
    """Posts that are older the higher their number, a week apart."""
    return [post(number, title=titled(f"old {number}"), published=NOON - number * 7 * DAY) for number in numbers]


def test_an_archive_that_a_known_feed_opens_floods_nobody_until_it_is_released(store: Store) -> None:
    store.sync(blogs("blog", "other"), NOON)
    poll(store, [("blog", archive(1, 2))])
    publish(store)
    poll(store, [("blog", [*archive(*range(1, 16)), post(0, title=titled("news"), published=NOON + HOUR)])], NOON + 2 * HOUR)
    publish(store, NOON + 2 * HOUR, newcomers=2)
    assert sorted(titles(store)) == ["news", "old 1", "old 2", "old 3", "old 4"]
    state = store.feed("blog")
    assert state is not None
    assert store.held_back() == {state.key: 11}
    ((pk, _),) = store.find(post(9).published_id)
    why = "held back: backlog of its feed, which brought many old entries at once on 2026-03-01 (2 newest are shown)"
    assert [one.rule for one in store.publications(pk)] == [why]
    publish(store, NOON + 3 * HOUR, newcomers=2, rules="2")
    assert len(titles(store)) == 5, "other rules do not open the gate"
    assert (store.release(state.key), store.release("nobody")) == (11, 0)
    publish(store, NOON + 4 * HOUR, newcomers=2, rules="2")
    assert len(titles(store)) == 16
    assert listed(store)[-1].sort_key == NOON - 15 * 7 * DAY, "at the dates that they have"
    assert (store.held_back(), store.release(state.key)) == ({}, 0)


@pytest.mark.parametrize("at", [None, NOON + DAY])
def test_an_archive_without_its_dates_floods_nobody_either(store: Store, at: datetime | None) -> None:
    store.sync(blogs("blog", "busy"), NOON)
    poll(store, [("blog", archive(1, 2, 3)), ("busy", [post(n, "busy", published=NOON - n * HOUR) for n in range(1, 9)])])
    publish(store)
    undated = [post(number, title=titled(f"old {number}"), published=at) for number in range(10, 30)]
    poll(store, [("blog", [*archive(1, 2, 3), *undated])], NOON + DAY)
    publish(store, NOON + DAY, newcomers=2)
    assert len(titles(store)) == 13
    poll(store, [("busy", [post(100 + n, "busy", title=titled(f"busy {n}"), published=NOON + 2 * DAY) for n in range(20)])], NOON + 2 * DAY)
    publish(store, NOON + 2 * DAY, newcomers=2)
    assert len(titles(store)) == 33, "who writes eight a day may write twenty"


def test_many_entries_that_are_news_are_not_held_back(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", archive(30, 31))])
    publish(store)
    poll(store, [("blog", archive(*range(1, 25)))], NOON + DAY)
    publish(store, NOON + DAY, newcomers=2)
    assert (len(titles(store)), store.held_back()) == (26, {})
    poll(store, [("blog", archive(*range(40, 45)))], NOON + 2 * DAY)
    publish(store, NOON + 2 * DAY, newcomers=2)
    assert (len(titles(store)), store.held_back()) == (31, {}), "five old ones are no flood"


def test_what_is_written_every_few_minutes_on_the_night_of_an_election_is_news(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", archive(1, 2, 3))])
    publish(store)
    night = [post(number, title=titled(f"ward {number}"), published=NOON + DAY - number * timedelta(minutes=3)) for number in range(10, 24)]
    poll(store, [("blog", [*archive(1, 2, 3), *night])], NOON + DAY)
    publish(store, NOON + DAY, newcomers=2)
    assert (len(titles(store)), store.held_back()) == (17, {})


def test_a_feed_that_was_there_from_the_start_is_no_newcomer(store: Store) -> None:
    store.sync(blogs("fast", "slow"), NOON)
    poll(store, [("fast", [post(1, "fast")])])
    publish(store)
    poll(store, [("slow", [post(number, "slow") for number in range(2, 8)])], NOON + timedelta(minutes=10))
    publish(store, NOON + timedelta(minutes=10), newcomers=1)
    assert len(titles(store)) == 7


def test_a_planet_that_begins_is_chosen_by_date_whoever_answers_last(store: Store) -> None:
    store.sync(blogs("fast", "slow", "undated"), NOON)
    poll(store, [("fast", [post(number, "fast", published=NOON - number * HOUR) for number in range(1, 5)])])
    publish(store)
    later = NOON + timedelta(minutes=10)
    old = [post(number, "slow", published=NOON - 900 * DAY - number * HOUR) for number in range(5, 9)]
    poll(store, [("slow", [post(9, "slow", published=NOON + timedelta(minutes=5)), *old])], later)
    poll(store, [("undated", [post(number, "undated", published=None) for number in range(10, 14)])], later)
    publish(store, later)
    newest = ["Post 9", "Post 1", "Post 2", "Post 3", "Post 4"]
    assert titles(store, limit=5) == newest, "neither an archive that comes late nor what has no date takes their places"
    assert titles(store, limit=5, not_before=NOON - DAY) == newest
    assert len(titles(store)) == 13
    ranked = sorted(store.placed("atom.xml", 20), key=lambda one: one.rank, reverse=True)
    assert {one.story_pk for one in ranked[:5]} == {one.story_pk for one in listed(store, limit=5)}
    poll(store, [("slow", [post(14, "slow", published=NOON - 900 * DAY)])], NOON + 2 * HOUR)
    publish(store, NOON + 2 * HOUR)
    assert "Post 14" in titles(store, limit=5), "what comes from then on is seen, however old its date"


def test_feeds_that_come_to_an_empty_output_flood_nobody_and_are_no_newcomers(store: Store) -> None:
    publish(store)
    store.sync(blogs("fast"), NOON + DAY)
    poll(store, [("fast", [post(number, "fast") for number in range(1, 6)])], NOON + DAY)
    publish(store, NOON + DAY, newcomers=1)
    assert len(titles(store)) == 5


def test_a_feed_that_answers_for_the_first_time_after_long_is_a_newcomer(store: Store) -> None:
    store.sync(blogs("fast", "slow"), NOON)
    poll(store, [("fast", [post(1, "fast")])])
    publish(store)
    poll(store, [("slow", [post(number, "slow") for number in range(2, 8)])], NOON + DAY)
    publish(store, NOON + DAY, newcomers=1)
    assert len(titles(store)) == 2


def test_a_feed_that_comes_back_floods_nobody(store: Store) -> None:
    store.sync(blogs("old", "blog"), NOON)
    poll(store, [("blog", [post(number) for number in range(1, 6)])])
    publish(store)
    before = listed(store)
    store.sync(blogs("old"), NOON + HOUR)
    publish(store, NOON + HOUR, rules="2", by=dropped)
    store.sync(blogs("old", "blog"), NOON + DAY)
    publish(store, NOON + DAY, newcomers=1)
    assert listed(store) == before


def limited(pk: int, found: Sequence[StoredEntry]) -> Verdict:
    return replace(verdict(pk, found), per_day=2)


def test_a_feed_lists_no_more_than_its_limit_a_day(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    yesterday = [post(number, published=NOON - DAY - number * HOUR) for number in (4, 5)]
    poll(store, [("blog", [post(1), post(2), post(3), *yesterday])])
    publish(store, by=limited)
    assert titles(store) == ["Post 2", "Post 3", "Post 4", "Post 5"]
    ((pk, _),) = store.find(post(1).published_id)
    assert [one.rule for one in store.publications(pk)] == ["held back: more than 2 entries of its feed on 2026-03-01"]
    poll(store, [("blog", [post(0)])], NOON + HOUR)
    publish(store, NOON + HOUR, by=limited)
    assert "Post 0" not in titles(store), "the day is full"


def test_what_is_listed_already_stays_under_a_new_limit(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1), post(2), post(3)])])
    publish(store)
    publish(store, rules="2", by=limited)
    assert len(titles(store)) == 3


def test_a_story_whose_text_was_pruned_before_it_was_listed_stays_out(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1)])])
    publish(store, by=dropped)
    store.prune(NOON + 800 * DAY, Retain(text=700 * DAY))
    publish(store, NOON + 800 * DAY, rules="2")
    assert titles(store) == []


# ── stories that join after they were listed ──


def bridge(store: Store, at: timedelta) -> None:
    """A copy arrives that shows that a/1 and b/2 are one story."""
    keys = tuple(StoryKey(kind="link", value=f"https://{feed}.example/{number}") for feed, number in (("a", 1), ("b", 2)))
    poll(store, [("c", [post(3, "c", keys=keys)])], NOON + at)


def test_of_two_listed_stories_that_join_the_one_listed_first_stays(store: Store) -> None:
    store.sync(blogs("a", "b", "c"), NOON)
    poll(store, [("b", [post(2, "b")])])
    publish(store)
    poll(store, [("a", [post(1, "a")])], NOON + HOUR)
    publish(store, NOON + HOUR)
    first, second = sorted(listed(store), key=lambda one: one.sequence or 0)
    bridge(store, 2 * HOUR)
    publish(store, NOON + 2 * HOUR)
    (left,) = listed(store)
    assert (left.story_pk, left.sequence, left.published_id) == (first.story_pk, first.sequence, first.published_id)
    told = {one.sequence: (one.listed, one.rule) for one in store.publications(left.story_pk)}
    assert told == {1: (True, "listed"), 2: (False, f"joined with {first.published_id}")}
    assert second.sequence == 2


def test_a_listing_of_the_story_that_vanishes_moves_to_the_one_that_stays(store: Store) -> None:
    store.sync(blogs("a", "b", "c"), NOON)
    poll(store, [("b", [post(2, "b")])])
    publish(store)
    poll(store, [("a", [post(1, "a")])], NOON + HOUR)
    publish(store, NOON + HOUR, output="news.xml", by=lambda pk, found: (verdict if found[0].feed_id == "a" else dropped)(pk, found))
    (before,) = listed(store, "news.xml")
    bridge(store, 2 * HOUR)
    publish(store, NOON + 2 * HOUR)
    publish(store, NOON + 2 * HOUR, output="news.xml")
    (after,) = listed(store, "news.xml")
    assert after.story_pk == listed(store)[0].story_pk
    assert (after.sequence, after.published_id, after.first_listed) == (before.sequence, before.published_id, before.first_listed)


def test_of_two_stories_that_join_what_is_listed_now_goes_before_what_was(store: Store) -> None:
    store.sync(blogs("a", "b", "c"), NOON)
    poll(store, [("b", [post(2, "b")])])
    publish(store)
    poll(store, [("a", [post(1, "a")])], NOON + HOUR)
    publish(store, NOON + HOUR, rules="2", by=lambda pk, found: (verdict if found[0].feed_id == "a" else dropped)(pk, found))
    (before,) = listed(store)
    bridge(store, 2 * HOUR)
    publish(store, NOON + 2 * HOUR, rules="3")
    (after,) = listed(store)
    assert (after.sequence, after.published_id) == (before.sequence, before.published_id)
    assert len(store.publications(after.story_pk)) == 2


def test_a_verdict_on_a_story_that_vanished_meanwhile_is_passed_over(store: Store) -> None:
    store.sync(blogs("a", "b", "c"), NOON)
    poll(store, [("a", [post(1, "a")]), ("b", [post(2, "b")])])
    late = [verdict(pk, found) for batch in store.changed_stories("atom.xml", "1") for pk, found in batch]
    bridge(store, HOUR)
    store.judge("atom.xml", "1", late, NOON + HOUR, newcomer_entries=3, done=True)
    assert len(listed(store)) == 1


def test_who_was_polled_first_changes_nothing(store: Store) -> None:
    store.sync([*blogs("a", "b", "c"), spec("d")], NOON)
    polls: list[tuple[str, list[Entry]]] = [
        ("d", [post(4, "d", page=PAGE)]),
        ("a", [post(1, "a", page=PAGE)]),
        ("c", [post(5, "c"), post(2, "c", page=PAGE)]),
        ("b", [post(3, "b")]),
    ]
    made: list[PollResult] = [result(store, feed, entries) for feed, entries in polls]
    store.record(made[2:], same_story)
    store.record(made[:2], same_story)
    publish(store)
    assert titles(store) == ["Post 3", "Post 4", "Post 5"], "the earliest copy speaks"
    assert [one.sequence for one in listed(store)] == [3, 2, 1]


def test_what_lies_between_two_stories_joins_the_same_one_whoever_was_polled_first(store: Store) -> None:
    def tells_half(a: StoredEntry, b: StoredEntry, kind: str) -> bool:
        return bool(set(a.feed_id.split("-")[0]) & set(b.feed_id.split("-")[0]))

    feeds = ("x", "xy", "y", "y2")
    orders = list(permutations(feeds))
    store.sync(blogs(*(f"{feed}-{number}" for feed in feeds for number in range(len(orders)))), NOON)
    for number, order in enumerate(orders):
        for feed in order:
            found = result(store, f"{feed}-{number}", [post(1, f"{feed}-{number}", keys=(StoryKey(kind="link", value=f"{number}"),))])
            store.record([found], tells_half)
    grouped = {frozenset((feed.split("-")[0], feed.split("-")[1]) for feed, _ in group) for group in stories(store)}
    assert {frozenset(feed for feed, number in group if number == "0") for group in grouped} - {frozenset()} == {
        frozenset({"x", "xy"}),
        frozenset({"y", "y2"}),
    }
    assert {frozenset(feed for feed, _ in group) for group in grouped} == {frozenset({"x", "xy"}), frozenset({"y", "y2"})}
    publish(store)
    assert len(listed(store)) == 2 * len(orders)


def test_an_id_that_was_made_for_one_story_is_not_given_to_the_next(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    shared: dict[str, Any] = {"published_id": "urn:x:1", "keys": ()}
    poll(store, [("a", [post(1, "a", **shared)])])
    for number in (2, 3):
        poll(store, [("b", [post(number, "b", **shared)])], NOON + number * HOUR)
        publish(store, NOON + number * HOUR)
    assert len({one.published_id for one in listed(store)}) == 3


def test_the_store_knows_which_files_are_ours(store: Store) -> None:
    assert store.files() == {}
    store.note_file("feeds.opml", "0a")
    publish(store)
    store.note_file("atom.xml", "0b")
    store.note_file("atom.xml", "0c", b"places")
    assert (store.file("atom.xml"), store.file("feeds.opml"), store.file("rss.xml")) == (("0c", b"places"), ("0a", b""), None)
    assert store.files() == {"atom.xml": "0c", "feeds.opml": "0a"}
    store.note_file("atom.xml", None)
    assert store.file("atom.xml") is None
    assert store.files() == {"feeds.opml": "0a"}
    assert publish(store) == 0, "what an output listed is known without its file"


# ── pages beside outputs ──


def test_pages_are_noted_apart_from_outputs(store: Store) -> None:
    store.note_file("atom.xml", "0a")
    store.note_pages({"tag/news.html": ("made of this", "01"), "sources.html": ("and that", "02")})
    store.note_pages({"sources.html": ("of more", "03")})
    assert store.pages() == {"tag/news.html": ("made of this", "01"), "sources.html": ("of more", "03")}
    assert store.files() == {"atom.xml": "0a"}
    assert [notice.path for notice in store.hubs.notices()] == ["atom.xml"], "no hub is told of pages"
    store.note_pages({"tag/news.html": None, "never.html": None})
    assert set(store.pages()) == {"sources.html"}


def test_an_output_may_take_the_path_of_a_page(store: Store) -> None:
    store.sync(blogs("a"), NOON)
    poll(store, [("a", [post(1, "a")])])
    store.note_pages({"atom.xml": ("a page once", "01")})
    assert publish(store) == 1
    store.note_file("atom.xml", "02")
    assert store.files() == {"atom.xml": "02"}
    assert store.pages() == {}


def test_places_tell_which_stories_stand_where_and_when_one_changes(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    poll(store, [("a", [post(1, "a"), post(2, "a")]), ("b", [post(3, "b")])])
    publish(store)
    before = store.placed("atom.xml", 10)
    assert {(one.sequence, one.feed_key) for one in before} == {(one.sequence, one.feed_key) for one in listed(store)}
    assert [one.story_pk for one in store.placed("atom.xml", 2)] == [one.story_pk for one in before[:2]]
    poll(store, [("a", [post(1, "a", title=titled("Corrected"), content_hash="new", text_hash="new"), post(2, "a")])], NOON + HOUR)
    publish(store, NOON + HOUR)
    now = {one.story_pk: one.generation for one in store.placed("atom.xml", 10)}
    assert [one.sequence for one in before if now[one.story_pk] != one.generation] == [
        next(
            publication.sequence
            for publication, members in store.given("atom.xml", list(now))
            if members[0].entry.title == titled("Corrected")
        )
    ]
    assert store.placed("never.xml", 10) == store.given("never.xml", list(now)) == []
