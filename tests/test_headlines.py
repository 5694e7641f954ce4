"""What a news search gives of an article: its headline, whose it is, and a page that only leads on. It is no second story."""

import pytest

from aggregator.model import Entry, FeedSpec, RawEntry, RawFeed, RawSource, RawText, StoredEntry
from aggregator.refine import normalize
from aggregator.refine.stories import same_story
from tests.makers import NOON

PAPER = RawSource(kind="rss", title="The Paper", self_url="https://paper.example")
SAID = '<a href="https://search.example/a/1">Ten boats left the quay</a>&nbsp;&nbsp;<font color="#666">The Paper</font>'


def html(text: str) -> RawText:
    return RawText(value=text, type="text/html")


def read(host: str, title: str, text: str, source: RawSource | None = None, seconds: int = 0, at: str = "1") -> Entry:
    raw = RawEntry(
        id=at, link=f"https://{host}/a/{at}", title=html(title), summary=html(text), source=source, published_s=NOON.timestamp() + seconds
    )
    feed = RawFeed(version="rss20", link=f"https://{host}/", entries=(raw,))
    head = normalize.head(feed, f"https://{host}/feed")
    context = normalize.context(
        FeedSpec(id="f", url=f"https://{host}/feed", shown_url=f"https://{host}/feed"), host, head, f"https://{host}/feed"
    )
    (entry,) = normalize.entries(feed, context)
    assert entry is not None
    return entry


def stored(*entries: Entry) -> list[StoredEntry]:
    return [
        StoredEntry(
            pk=pk, feed_key=f"{pk}", feed_id=f"{pk}", entry=entry, first_seen=NOON, last_seen=NOON, sort_key=NOON, public_updated=NOON
        )
        for pk, entry in enumerate(entries)
    ]


def are_one(one: Entry, other: Entry) -> bool:
    """Whether two entries share a key by which they are one story."""
    a, b = stored(one, other)
    shared = {key.kind for key in one.keys if key in other.keys}
    return any(same_story(a, b, kind) and same_story(b, a, kind) for kind in shared)


ARTICLE = read("paper.example", "Ten boats left the quay", "<p>They went out before dawn, and two of them came back.</p>")


@pytest.mark.parametrize("title", ["Ten boats left the quay - The Paper", "Ten Boats Left the Quay"])
@pytest.mark.parametrize("text", [SAID, "", "Ten boats left the quay"])
def test_a_headline_that_names_the_paper_is_the_papers_article(title: str, text: str) -> None:
    assert are_one(read("search.example", title, text, PAPER, seconds=600), ARTICLE)


OTHERS = {
    "it says something": read("search.example", "Ten boats left the quay", "<p>So they say. We were there.</p>", PAPER),
    "it names nobody": read("search.example", "Ten boats left the quay - The Paper", SAID),
    "it names somebody else": read(
        "search.example", "Ten boats left the quay", "", RawSource(kind="rss", title="The Post", self_url="https://post.example")
    ),
    "it is dated a day later": read("search.example", "Ten boats left the quay - The Paper", SAID, PAPER, seconds=86_400),
}


@pytest.mark.parametrize("why", OTHERS)
def test_a_headline_of_something_else_stays_beside_it(why: str) -> None:
    assert not are_one(OTHERS[why], ARTICLE)


def test_a_title_that_comes_again_is_no_sign() -> None:
    article = read("paper.example", "Morning briefing", "<p>What happened while you slept.</p>")
    assert not are_one(read("search.example", "Morning briefing - The Paper", "", PAPER), article)


def test_the_headline_of_a_copy_is_not_the_originals() -> None:
    copied = read("post.example", "Ten boats left the quay", "<p>They went out before dawn, and two came back.</p>", PAPER)
    assert not are_one(read("search.example", "Ten boats left the quay", "", PAPER), copied)


def test_a_headline_that_a_paper_used_twice_makes_no_one_story_of_both_articles() -> None:
    later = read(
        "paper.example", "Ten boats left the quay", "<p>In the evening nobody had heard of the other eight, and the wind rose.</p>", at="2"
    )
    headline = read("search.example", "Ten boats left the quay - The Paper", SAID, PAPER)
    assert are_one(headline, ARTICLE)
    assert are_one(headline, later)
    assert not same_story(*stored(ARTICLE, later), "third")
