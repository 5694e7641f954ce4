"""What every store promises of finding stories by addresses and ids."""

import pytest

from aggregator.model import Url
from aggregator.ports import Store
from tests.ledger import blogs, listed, poll, post, publish, titled
from tests.makers import NOON


def found(store: Store, query: str) -> list[str]:
    return sorted(member.entry.raw_id or "" for _, members in store.find(query) for member in members)


@pytest.mark.parametrize(
    "query",
    [
        "http://blog.example/1",
        "https://www.blog.example/1/",
        "https://blog.example/1?utm_source=feed",
        "https://blog.example/1#comments",
        "https://www.google.com/url?q=https://blog.example/1",
    ],
)
def test_a_page_is_found_by_every_way_to_write_its_address(store: Store, query: str) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1), post(2)])])
    assert found(store, query) == ["https://blog.example/1"]


def test_an_entry_without_keys_is_found_by_where_it_was_seen(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    poll(store, [("blog", [post(1, keys=(), raw_id="7")])])
    assert found(store, "http://www.blog.example/1/") == ["7"]


def test_a_story_is_found_by_the_id_that_an_output_gave_it(store: Store) -> None:
    store.sync(blogs("a", "b"), NOON)
    shared = {"published_id": "urn:x:1", "raw_id": "urn:x:1"}
    poll(store, [("a", [post(1, "a", title=titled("Cats"), **shared)]), ("b", [post(2, "b", title=titled("Dogs"), **shared)])])
    publish(store)
    (given,) = {one.published_id for one in listed(store)} - {"urn:x:1"}
    ((_, (member,)),) = store.find(given)
    assert member.feed_id in ("a", "b")


def test_stories_are_found_by_the_beginning_of_an_id(store: Store) -> None:
    store.sync(blogs("blog"), NOON)
    ids = ["urn:uuid:aa1", "urn:uuid:aa2", "urn:uuid:b"]
    poll(store, [("blog", [post(number, published_id=one, raw_id=f"raw-{number}") for number, one in enumerate(ids, 1)])])
    assert [len(store.starting_with(prefix, 10)) for prefix in ("urn:uuid:b", "urn:uuid:aa", "raw-", "urn:uuid:c", "uuid")] == [
        1,
        2,
        3,
        0,
        0,
    ]
    assert len(store.starting_with("raw-", 2)) == 2


def test_neighbours_are_those_that_were_seen_below_the_longest_common_path(store: Store) -> None:
    store.sync(blogs("blog", "planet"), NOON)
    pages = {"blog": ["https://blog.example/a/b/1", "https://blog.example/a/c/2"], "planet": ["http://www.blog.example/a/b/3"]}
    poll(store, [(feed, [post(n, feed, link=Url(page)) for n, page in enumerate(found, 1)]) for feed, found in pages.items()])
    keys = {state.id: state.key for state in store.feeds()}
    assert store.neighbours("https://blog.example/a/c/9?x") == ("https://blog.example/a/c/", [(keys["blog"], 1)])
    assert dict(store.neighbours("https://blog.example/a/b/9")[1]) == {keys["blog"]: 1, keys["planet"]: 1}
    assert dict(store.neighbours("http://blog.example/z")[1]) == {keys["blog"]: 2, keys["planet"]: 1}
    assert store.neighbours("https://else.example/a") == ("", [])
    assert store.neighbours("urn:x:1") == ("", [])
