"""Whose pages a feed's entries have: a plain feed is credited, wherever it is served and whatever its links lead over."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from aggregator.model import Entry, FeedSpec, RawEntry, RawFeed, RawLink, RawSource
from aggregator.refine import normalize

HOME = "https://hills.example/"
SOUND = RawLink(href="https://sends.example/1.mp3", rel="enclosure", type="audio/mpeg")


def read(feed: str, home: str | None, entries: Sequence[RawEntry], **fields: bool) -> tuple[bool, tuple[Entry | None, ...]]:
    """Whether the feed is taken for one that repeats others, and its entries."""
    raw = RawFeed(version="rss20", link=home, entries=tuple(entries))
    head = normalize.head(raw, feed)
    context = normalize.context(replace(FeedSpec(id="f", url=feed, shown_url=feed), **fields), "k", head, feed)
    return head.permalinks_foreign, normalize.entries(raw, context)


def three(page: str, *media: RawLink) -> list[RawEntry]:
    return [RawEntry(id=f"urn:x:{n}", link=page.format(n), enclosures=media) for n in range(1, 4)]


COUNTED = RawLink(href="https://counts.example/redirect.mp3/cdn.hosts.example/1.mp3", rel="enclosure", type="audio/mpeg")

OWN = {
    "no home, on a feed host": ("https://cdn.feeds.example/x.rss", None, three("https://hills.example/{}")),
    "home is the feed itself": ("https://cdn.feeds.example/x.rss", "https://cdn.feeds.example/x.rss", three("https://hills.example/{}")),
    "home is a feed's redirector": ("https://cdn.feeds.example/x.rss", "http://feeds.example/~r/hills", three("https://hills.example/{}")),
    "an account of the platform": ("https://feeds.simplecast.com/Ab", HOME, three("https://hill-talk.simplecast.com/episodes/{}")),
    "an account in the path": ("https://feeds.soundcloud.com/users/1/sounds.rss", HOME, three("https://soundcloud.com/hilltalk/{}")),
    "a podcast": ("https://feeds.hosts.example/x", HOME, three("https://shown.example/episode/{}", SOUND)),
    "a name on two platforms": (
        "https://hillside.github.io/feed",
        "https://hillside.github.io/",
        three("https://github.com/hillside/r/{}"),
    ),
}


@pytest.mark.parametrize("kind", OWN)
def test_a_feeds_only_site_is_its_publishers(kind: str) -> None:
    is_foreign, entries = read(*OWN[kind])
    assert not is_foreign
    for entry in entries:
        assert entry is not None
        assert (entry.origin.chain, entry.related) == ((), None)
        assert not any(claim.kind == "permalink" for claim in entry.claims)


OTHERS = {
    "two entries on one site may be chance": ("https://alerts.example/x", None, three("https://paper.example/{}")[:2]),
    "several sites": ("https://alerts.example/x", None, three("https://paper{}.example/a")),
    "several accounts": ("https://dev.to/feed", "https://dev.to/", three("https://dev.to/ann{}/a")),
    "a home of its own": ("https://repeats.example/x", "https://repeats.example/", three("https://paper.example/{}")),
    "no podcast, on a host with a home": ("https://feeds.hosts.example/x", HOME, three("https://shown.example/episode/{}")),
    "episodes that others send": ("https://feeds.hosts.example/x", HOME, three("https://shown{}.example/a", SOUND)),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_may_be_others_pages_is_not_credited_to_the_feed(kind: str) -> None:
    assert read(*OTHERS[kind])[0]


INSIDE = ("http://10.0.0.5/{}", "http://localhost:4000/{}", "http://backend:3000/{}", "http://cms.internal/{}")


@pytest.mark.parametrize("page", INSIDE)
def test_the_address_of_a_server_behind_a_proxy_is_nobody_elses(page: str) -> None:
    written = [replace(entry, id=entry.link, id_is_link=True) for entry in three(page)]
    is_foreign, entries = read("https://hills.example/feed", HOME, written)
    assert (is_foreign, {entry and entry.origin.chain for entry in entries}) == (False, {()})


def test_on_a_private_network_its_hosts_are_publishers() -> None:
    is_foreign, _ = read("http://planet.lan/feed", "http://planet.lan/", three("http://blog{}.lan/a"))
    assert is_foreign


def test_a_planet_within_a_network_credits_its_hosts_whatever_it_is_called_itself() -> None:
    source = RawSource(kind="rss", title="Wiki", self_url="http://wiki/feed")
    _, (entry,) = read(
        "https://planet.example/feed", "https://planet.example/", [replace(three("http://wiki/{}")[0], source=source)], allow_private=True
    )
    assert entry is not None
    assert [hop.name for hop in entry.origin.chain] == ["Wiki"]


def test_an_episode_that_the_feeds_own_host_sends_is_the_feeds_whatever_its_link_recommends() -> None:
    is_foreign, _ = read("https://feeds.hosts.example/x", HOME, three("https://advertises{}.example/offer", COUNTED))
    assert not is_foreign


def test_a_named_source_is_believed_before_the_site_of_all_pages() -> None:
    source = RawSource(kind="rss", title="The Paper", self_url="https://paper.example/rss")
    entries = [RawEntry(id=f"urn:x:{n}", link=f"https://paper.example/{n}", enclosures=(SOUND,), source=source) for n in range(3)]
    for entry in read("https://repeats.example/x", None, entries)[1]:
        assert entry is not None
        assert [hop.name for hop in entry.origin.chain] == ["The Paper"]


def test_a_front_page_named_as_source_is_a_home_and_no_feed() -> None:
    source = RawSource(kind="rss", title="The Paper", self_url="https://www.paper.example/")
    entries = [RawEntry(id="urn:x:1", link="https://news.example/rss/articles/CBMi1", source=source)]
    (entry,) = read("https://news.example/rss", "https://news.example/", entries)[1]
    assert entry is not None
    assert [(hop.name, hop.home, hop.feed_url) for hop in entry.origin.chain] == [("The Paper", "https://www.paper.example/", None)]


@pytest.mark.parametrize(
    "link",
    [
        "https://doi.org/10.1000/1",
        "http://hdl.handle.net/10023/1",
        "https://feedpress.me/link/1/2/x",
        "https://feeds.feedblitz.com/~/8/0/hills~X/",
        "https://p.feedblitz.com/r3.asp?l=1",
    ],
)
def test_an_address_that_only_leads_on_is_nobodys_page(link: str) -> None:
    is_foreign, (entry,) = read(HOME + "feed", HOME, [RawEntry(id="urn:x:1", link=link)])
    assert entry is not None
    assert (is_foreign, entry.origin.chain, entry.related) == (False, (), None)


def test_the_page_behind_an_unknown_counter_is_the_entrys() -> None:
    counted = RawEntry(id="urn:x:1", link="https://counts.example/7", feedburner_origlink="https://hills.example/1")
    is_foreign, (entry,) = read(HOME + "feed", HOME, [counted])
    assert entry is not None
    assert (is_foreign, entry.link) == (False, "https://hills.example/1")


def test_another_feed_of_the_same_feed_host_is_another_publisher() -> None:
    source = RawSource(kind="rss", title="Orig", self_url="http://feeds.feedburner.com/orig")
    entries = [RawEntry(id="urn:x:1", link="http://feedproxy.google.com/~r/orig/~3/Xyz/", source=source)]
    (entry,) = read("http://feeds.feedburner.com/planet", "https://planet.example/", entries)[1]
    assert entry is not None
    assert [(hop.name, hop.feed_url) for hop in entry.origin.chain] == [("Orig", "http://feeds.feedburner.com/orig")]
