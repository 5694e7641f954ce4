"""What every store promises of what is taken back: what was forgotten never comes back, what a publisher deleted may."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from aggregator.model import Hop, Origin, PollResult, StoredEntry, StoryKey, Tombstone, Url, Verdict
from aggregator.ports import Store
from tests.ledger import HOUR, blogs, held, poll, post, publish, raws, row_counts, same_story, stories, verdict
from tests.makers import NOON, head

SECRET = "00112233445566778899aabbccddeeff"


def forget(store: Store, *numbers: int, feed: str = "blog", with_pages: bool = True) -> int:
    pks = [held(store, number, feed).pk for number in numbers]
    return store.forget([(pk, with_pages) for pk in pks], NOON + HOUR, SECRET)


@pytest.fixture
def blog(store: Store) -> Store:
    """A blog with two posts, once changed, and a planet that has a copy of the first."""
    store.sync(blogs("blog", "planet"), NOON)
    page = Url("https://blog.example/1")
    copy = post(7, "planet", page=page, origin=Origin(chain=(Hop(name="Blog", site="blog.example", page=page),)))
    poll(store, [("blog", [post(1, text="First."), post(2)]), ("planet", [copy])])
    poll(store, [("blog", [post(1, text="Second.")])], NOON + HOUR / 2)
    return store


def test_words_raw_forms_and_versions_are_gone_and_the_ids_that_were_given_stay(blog: Store) -> None:
    before = held(blog, 2)
    assert forget(blog, 2) == 1
    after = held(blog, 2)
    assert (after.entry.title, after.entry.content, after.entry.link, after.entry.claims, after.entry.keys) == (None, None, None, (), ())
    assert (after.entry.published_id, after.entry.raw_key, after.first_seen) == (
        before.entry.published_id,
        before.entry.raw_key,
        before.first_seen,
    )
    assert after.withdrawn == "forgotten on 2026-03-01"
    assert after.pk not in [stored.pk for stored, _ in raws(blog)]
    assert blog.sightings(after.pk) == []


def test_a_forgotten_entry_never_comes_back_in_its_feed(blog: Store) -> None:
    forget(blog, 2)
    before = row_counts(blog)
    changed = post(2, text="Again.", title=post(3).title, link=Url("https://blog.example/elsewhere"))
    for number, entry in enumerate((post(2), changed)):
        assert poll(blog, [("blog", [entry])], NOON + (2 + number) * HOUR) == [(0, 0)]
    assert row_counts(blog) == before
    assert poll(blog, [("blog", [post(2), post(3)])], NOON + 4 * HOUR) == [(1, 0)], "what is new still comes in"


def test_nor_under_another_id(blog: Store) -> None:
    twin = StoryKey(kind="twin", value="feed, title and date")
    keyed = replace(post(4), keys=(*post(4).keys, twin))
    poll(blog, [("blog", [keyed])], NOON + HOUR)
    forget(blog, 4)
    moved = post(5, "blog", link=Url("https://new.example/4"), keys=(twin,))
    assert poll(blog, [("blog", [moved])], NOON + 2 * HOUR) == [(0, 0)]


@pytest.mark.parametrize(("with_pages", "came"), [(True, (0, 0)), (False, (1, 0))])
def test_copies_of_a_forgotten_page_stay_out_wherever_they_come_from(blog: Store, with_pages: bool, came: tuple[int, int]) -> None:
    forget(blog, 1, with_pages=with_pages)
    copy = post(8, "planet", page="https://blog.example/1")
    assert poll(blog, [("planet", [copy])], NOON + 2 * HOUR) == [came]


def test_of_a_forgotten_entry_its_page_and_id_are_known_to_be_forgotten_and_those_of_others_are_not(blog: Store) -> None:
    told, other = post(4, raw_id=" m4 "), post(9, link=Url("https://orig.example/9"), raw_id="o9")
    poll(blog, [("blog", [told, other])], NOON + HOUR)
    for number in (4, 9):
        forget(blog, number, with_pages=False)
    for query in ("http://www.blog.example/4/", "m4"):
        assert blog.forgotten(query) is not None, query
    for query in ("https://orig.example/9", "o9", "https://blog.example/2", "m"):
        assert blog.forgotten(query) is None, query


def test_a_removed_feed_that_is_added_again_does_not_bring_it_back(blog: Store) -> None:
    forget(blog, 2)
    blog.sync(blogs("planet"), NOON + HOUR)
    blog.sync(blogs("blog", "planet"), NOON + 2 * HOUR)
    assert poll(blog, [("blog", [post(2)])], NOON + 3 * HOUR) == [(0, 0)]


def test_its_story_is_judged_again(blog: Store) -> None:
    publish(blog, NOON + HOUR)
    forget(blog, 2)

    def by(pk: int, members: object) -> Verdict:
        return replace(verdict(pk, members), listed=all(one.withdrawn is None for one in members))  # type: ignore

    assert publish(blog, NOON + 2 * HOUR, by=by) == 1
    assert len(stories(blog)) == 2


def test_a_raw_form_that_was_read_before_brings_nothing_back(blog: Store) -> None:
    read = [(stored.pk, raw, stored.entry) for stored, raw in raws(blog)]
    forget(blog, 2)
    before = held(blog, 2)
    blog.rewrite([(pk, raw, replace(entry, rights="x")) for pk, raw, entry in read], "2", NOON + 2 * HOUR, same_story)
    assert held(blog, 2) == before


# ── deleted by a publisher ──


def stone(number: int, feed: str = "blog") -> Tombstone:
    return Tombstone(raw_key=post(number, feed).raw_key, when=NOON + HOUR)


def test_what_a_feed_says_it_deleted_is_withdrawn_and_judged_again(blog: Store) -> None:
    publish(blog, NOON + HOUR)
    assert poll(blog, [("blog", [])], NOON + HOUR, deleted=(stone(2), stone(9))) == [(0, 1)]
    assert held(blog, 2).withdrawn == "deleted by its publisher on 2026-03-01"
    assert held(blog, 2).entry.content is not None
    assert publish(blog, NOON + 2 * HOUR) == 1
    assert poll(blog, [("blog", [])], NOON + 3 * HOUR, deleted=(stone(2),)) == [(0, 0)]


def test_another_feed_deletes_nothing_of_it(blog: Store) -> None:
    assert poll(blog, [("planet", [])], NOON + HOUR, deleted=(stone(2),)) == [(0, 0)]
    assert held(blog, 2).withdrawn is None


@pytest.mark.parametrize("is_read", [True, False])
def test_what_comes_back_is_withdrawn_no_longer(blog: Store, is_read: bool) -> None:
    poll(blog, [("blog", [])], NOON + HOUR, deleted=(stone(2),))
    publish(blog, NOON + HOUR)
    found = [post(2)] if is_read else []
    assert poll(blog, [("blog", found)], NOON + 2 * HOUR, standing=() if is_read else (post(2).raw_key,)) == [(0, 1)]
    assert held(blog, 2).withdrawn is None
    assert publish(blog, NOON + 2 * HOUR) == 1


def test_what_was_forgotten_is_not_given_back_by_its_feed(blog: Store) -> None:
    poll(blog, [("blog", [])], NOON + HOUR, deleted=(stone(2),))
    forget(blog, 2)
    assert poll(blog, [("blog", [post(2)])], NOON + 2 * HOUR) == [(0, 0)]
    assert poll(blog, [("blog", [])], NOON + 3 * HOUR, standing=(post(2).raw_key,)) == [(0, 0)]
    assert held(blog, 2).withdrawn == "forgotten on 2026-03-01"


# ── told to subscribers ──


def by_withdrawal(pk: int, members: Sequence[StoredEntry]) -> Verdict:
    gone = any(one.withdrawn for one in members)
    return replace(verdict(pk, members), listed=not gone, withdrawn=gone, rule="withdrawn" if gone else "listed")


def test_an_output_remembers_what_was_withdrawn_until_it_is_listed_again(blog: Store) -> None:
    publish(blog, NOON + HOUR)
    poll(blog, [("blog", [])], NOON + HOUR, deleted=(stone(2),))
    publish(blog, NOON + 2 * HOUR, by=by_withdrawal)
    (gone,) = blog.withdrawn("atom.xml", 9)
    assert (gone.published_id, gone.withdrawn_at, gone.listed) == (post(2).published_id, NOON + 2 * HOUR, False)
    assert blog.withdrawn("news.xml", 9) == []
    publish(blog, NOON + 3 * HOUR, rules="2", by=by_withdrawal)
    assert blog.withdrawn("atom.xml", 9) == [gone], "judged again, it is not withdrawn anew"
    publish(blog, NOON + 3 * HOUR, rules="3", by=lambda pk, found: replace(by_withdrawal(pk, found), withdrawn=False))
    assert blog.withdrawn("atom.xml", 9) == [gone], "whatever keeps it out by now"
    poll(blog, [("blog", [post(2)])], NOON + 4 * HOUR)
    publish(blog, NOON + 4 * HOUR, rules="3", by=by_withdrawal)
    assert blog.withdrawn("atom.xml", 9) == []


def test_what_was_never_listed_is_nothing_to_take_back(blog: Store) -> None:
    poll(blog, [("blog", [])], NOON + HOUR, deleted=(stone(2),))
    publish(blog, NOON + 2 * HOUR, by=by_withdrawal)
    assert blog.withdrawn("atom.xml", 9) == []


def test_the_latest_withdrawn_are_told(blog: Store) -> None:
    publish(blog, NOON + HOUR)
    for number in (1, 2):
        poll(blog, [("blog", [])], NOON + number * HOUR, deleted=(stone(number),))
        publish(blog, NOON + number * HOUR, by=by_withdrawal)
    assert [one.published_id for one in blog.withdrawn("atom.xml", 9)][:1] == [post(2).published_id]
    assert len(blog.withdrawn("atom.xml", 9)) == 2
    assert len(blog.withdrawn("atom.xml", 1)) == 1


# ── asked before ──


def test_stories_of_a_feed_come_with_all_their_copies(blog: Store) -> None:
    key = {state.id: state.key for state in blog.feeds()}
    found = [members for batch in blog.stories_of(key["planet"]) for _, members in batch]
    assert [sorted(member.feed_id for member in members) for members in found] == [["blog", "planet"]]
    assert sum(len(batch) for batch in blog.stories_of(key["blog"])) == 2


def test_each_output_says_how_many_of_some_stories_it_lists(blog: Store) -> None:
    publish(blog, NOON + HOUR)
    publish(blog, NOON + HOUR, output="news.xml")
    pks = [pk for batch in blog.changed_stories("never judged", "") for pk, _ in batch]
    assert blog.listed_in(pks) == {"atom.xml": 2, "news.xml": 2}
    assert blog.listed_in(pks[:1]) == {"atom.xml": 1, "news.xml": 1}
    assert blog.listed_in([]) == {}


def test_what_a_feed_says_of_itself_goes_once_it_has_left_feeds_yaml(blog: Store) -> None:
    ((state, lease),) = blog.lease(NOON + 9 * HOUR, HOUR, 1, feeds=["blog"], ignore_holds=True)
    blog.record(
        [PollResult(state=replace(state, head=head("blog"), last_error="x"), lease=lease, outcome="unchanged", polled_at=NOON)], same_story
    )
    blog.forget_head(state.key)
    assert blog.feed("blog").head.title == "Blog"  # type: ignore[union-attr]
    blog.sync(blogs("planet"), NOON)
    blog.forget_head(state.key)
    found = blog.feed("blog")
    assert found is not None
    assert (found.head.title, found.last_error) == (None, None)
