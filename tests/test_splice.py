"""Editing feeds.yaml by program leaves the editor's hand in it."""

import pytest

from aggregator.errors import ConfigError
from aggregator.splice import add_feed, add_feeds, remove_feed, replace_url

FILE = """\
title: Planet   # ours
feeds:
    # Friends
    -   https://a.example/feed   # Ann
    # Work
    -   url: 'https://b.example/feed'
        name: "B"
        # every: 2h

    -   https://c.example/feed
        # muted: no

# the end
root: public
"""


def test_a_feed_is_added_after_the_last_one_as_the_others_are_written() -> None:
    added = add_feed(FILE, "https://d.example/feed", name="D: the fourth", id="dee", tags=["x", "y z"])

    assert added == FILE.replace(
        "        # muted: no\n",
        "        # muted: no\n"
        "    -   url: https://d.example/feed\n"
        "        id: dee\n"
        '        name: "D: the fourth"\n'
        "        tags: [x, y z]\n",
    )


def test_a_removed_feed_takes_its_own_comments_along_and_leaves_those_above_it() -> None:
    without_b = FILE.replace("    -   url: 'https://b.example/feed'\n        name: \"B\"\n        # every: 2h\n", "")

    assert remove_feed(FILE, "b-example") == without_b
    assert remove_feed(FILE, "http://b.example/feed/") == without_b
    assert remove_feed(FILE, "c-example") == FILE.replace("    -   https://c.example/feed\n        # muted: no\n", "")


def test_a_feed_that_is_added_and_removed_leaves_the_comments_of_the_one_before_it() -> None:
    assert remove_feed(add_feed(FILE, "https://d.example/feed"), "d-example") == FILE


def test_an_address_is_replaced_in_its_own_quotes() -> None:
    assert replace_url(FILE, "https://b.example/feed", "https://b.example/new") == FILE.replace("b.example/feed", "b.example/new")
    assert replace_url(FILE, "https://a.example/feed", "https://a.example/new") == FILE.replace("a.example/feed", "a.example/new")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "feeds:\n  - https://n.example/\n"),
        ("# empty\n", "# empty\nfeeds:\n  - https://n.example/\n"),
        ("title: T", "title: T\nfeeds:\n  - https://n.example/"),
        ("title: T\r\n", "title: T\r\nfeeds:\r\n  - https://n.example/\r\n"),
        ("feeds:\n", "feeds:\n  - https://n.example/\n"),
        ("feeds: # none yet\ntitle: T\n", "feeds: # none yet\n  - https://n.example/\ntitle: T\n"),
        ("feeds: ~\n", "feeds: [https://n.example/]\n"),
        ("feeds: []\n", "feeds: [https://n.example/]\n"),
        ("feeds: [\n]\n", "feeds: [https://n.example/\n]\n"),
        ("feeds: [a, b] # two\n", "feeds: [a, b, https://n.example/] # two\n"),
        ("{title: T}\n", "{title: T, feeds: [https://n.example/]}\n"),
        ("{feeds: , title: T}\n", "{feeds: [https://n.example/] , title: T}\n"),
        ("feeds:\n- a\ntitle: T\n", "feeds:\n- a\n- https://n.example/\ntitle: T\n"),
        ("title: T\n...\n", "title: T\nfeeds:\n  - https://n.example/\n...\n"),
        (" title: T\n", " title: T\n feeds:\n   - https://n.example/\n"),
        ("\ufefffeeds:\n  - a", "\ufefffeeds:\n  - a\n  - https://n.example/"),
    ],
)
def test_a_feed_is_added_to_a_file_of_any_shape(before: str, after: str) -> None:
    assert add_feed(before, "https://n.example/") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("feeds: [a, b, c]\n", "feeds: [b, c]\n"),
        ("feeds: [b, a]\n", "feeds: [b]\n"),
        ("feeds: [b, a,]\n", "feeds: [b, ]\n"),
        ("feeds: [a]\n", "feeds: []\n"),
        ("feeds:\n  - a\n", "feeds:\n"),
        ("feeds:\n  - b\n  - a", "feeds:\n  - b"),
        ("feeds:\n  - a\n  - b\n  - a\n", "feeds:\n  - b\n"),
        ("feeds: [a, a, b, a]\n", "feeds: [b]\n"),
    ],
)
def test_a_feed_is_removed_from_a_list_of_any_shape(before: str, after: str) -> None:
    assert remove_feed(before, "a") == after


def test_a_feed_that_is_listed_already_is_not_added_again() -> None:
    with pytest.raises(ConfigError, match=r"feeds.yaml:4: http://a.example/feed/ is listed here already"):
        add_feed(FILE, "http://a.example/feed/")


def test_a_feed_that_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(ConfigError, match="no feed 'nobody' is listed here"):
        remove_feed(FILE, "nobody")


def test_a_file_that_cannot_be_read_is_not_edited() -> None:
    with pytest.raises(ConfigError, match="stands a second time"):
        add_feed("feeds: [a]\nfeeds: [b]\n", "https://n.example/")
    with pytest.raises(ConfigError, match="a list is wanted"):
        add_feed("feeds: a\n", "https://n.example/")


def test_an_address_with_a_secret_is_moved_by_hand_only() -> None:
    secret = "feeds: ['https://me:${PASSWORD}@a.example/feed']\n"

    with pytest.raises(ConfigError, match="holds a secret"):
        replace_url(secret, "https://a.example/feed", "https://a.example/new")
    assert remove_feed(secret, "https://a.example/feed") == "feeds: []\n"


def test_the_same_address_with_another_header_is_another_feed() -> None:
    two = "feeds:\n  - {url: https://a.example/, id: one, headers: {A: x}}\n  - {url: https://a.example/, id: two, headers: {A: y}}\n"

    assert remove_feed(two, "two") == two.replace("  - {url: https://a.example/, id: two, headers: {A: y}}\n", "")


def test_adding_nothing_changes_nothing() -> None:
    assert add_feeds(FILE, []) == FILE
