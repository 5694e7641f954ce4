"""Addresses of a server as it is called on its own machine lead readers to where it can be had."""

from dataclasses import replace

import pytest

from aggregator.model import Entry, FeedHead, FeedSpec, RawEntry, RawFeed, RawText, Url
from aggregator.refine import normalize
from aggregator.refine.proxied import outside

LOCAL = "http://localhost:4000"


def read(feed: str, home: str | None = f"{LOCAL}/", self_url: str | None = f"{LOCAL}/feed.xml", **fields: bool) -> tuple[FeedHead, Entry]:
    html = f'<p><a href="{LOCAL}/b?p=1">b</a> <img src="{LOCAL}/c.png"> http://localhost:4000/ <a href="http://localhost:8080/">o</a></p>'
    one = RawEntry(id=f"{LOCAL}/a", link=f"{LOCAL}/2026/a.html", title=RawText(value="A"), contents=(RawText(value=html, type="html"),))
    raw = RawFeed(version="atom10", link=home, self_url=self_url, entries=(one,))
    head = normalize.head(raw, feed)
    context = normalize.context(replace(FeedSpec(id="f", url=feed, shown_url=feed), **fields), "k", head, feed)
    (entry,) = normalize.entries(raw, context)
    assert entry is not None
    return head, entry


def test_a_site_that_was_built_on_somebodys_machine_is_linked_where_its_feed_is() -> None:
    head, entry = read("https://blog.example/feed.xml")
    assert head.home == "https://blog.example/"
    assert entry.link == "https://blog.example/2026/a.html"
    assert entry.site == "blog.example"
    assert entry.origin.chain == ()
    assert entry.content == (
        '<p><a href="https://blog.example/b?p=1" rel="noopener noreferrer">b</a> <img src="https://blog.example/c.png"> '
        'http://localhost:4000/ <a href="http://localhost:8080/" rel="noopener noreferrer">o</a></p>'
    )
    assert (entry.raw_id, entry.published_id) == (f"{LOCAL}/a", f"{LOCAL}/a"), "ids stay"


def test_what_stands_before_the_feeds_path_stands_before_all() -> None:
    head, entry = read("https://ann.github.io/notes/feed.xml")
    assert (head.home, entry.link) == ("https://ann.github.io/notes/", "https://ann.github.io/notes/2026/a.html")
    assert read("https://ann.github.io/notes/atom.xml")[1].link == "https://ann.github.io/2026/a.html", "nothing tells what that is"


def test_where_the_feed_says_where_it_is_that_counts() -> None:
    assert read("https://cdn.example/x/feed.xml", self_url="https://blog.example/feed.xml")[1].link == "https://blog.example/2026/a.html"
    assert read("https://cdn.example/x/feed.xml", home="https://blog.example/en/")[1].link == "https://blog.example/2026/a.html"


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://blog.example/a", "https://blog.example/feed"),
        ("http://localhost:4000/a", "http://127.0.0.1:4000/feed"),
        ("http://wiki/a", "http://planet.lan/feed"),
        ("http://localhost:4000/a", "https://feeds.feedburner.com/ann"),
    ],
)
def test_any_other_address_stays(url: str, base: str) -> None:
    assert outside(Url(url), FeedHead(), base) == url


def test_in_a_feed_that_may_be_in_a_private_network_such_addresses_are_meant() -> None:
    entry = read("https://planet.example/feed.xml", allow_private=True)[1]
    assert entry.link == f"{LOCAL}/2026/a.html"
    assert f'href="{LOCAL}/b?p=1"' in (entry.content or "")


def test_a_feed_that_is_read_within_the_network_is_linked_there_whatever_it_is_called_outside() -> None:
    head, entry = read("http://10.0.0.5/feed.xml", home="/", self_url="https://wiki.example/feed.xml")
    assert head.home == "http://10.0.0.5/"
    assert entry.link == f"{LOCAL}/2026/a.html"
