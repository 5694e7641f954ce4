"""Whatever a limit cuts of a feed, its status says so, and goes on saying so while that stands in the feed."""

import gc
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from aggregator.model import Document, FeedSpec, FeedState, Surroundings
from aggregator.rereading import read, reread
from aggregator.status import status
from tests.fakes import document

NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
SPEC = FeedSpec(id="blog", url="https://blog.example/feed.xml", shown_url="https://blog.example/feed.xml")
KEY = "00000000-0000-0000-0000-000000000001"
ATOM = "xmlns:a='http://www.w3.org/2005/Atom'"


def rss(item: str) -> str:
    return (
        f"<rss version='2.0'><channel><title>Blog</title><item><title>One</title>{item}</item><item><guid>2</guid></item></channel></rss>"
    )


def entries(make: Callable[[int], str], count: int) -> str:
    return "".join(make(number) for number in range(count))


def links(count: int) -> str:
    return entries(lambda n: f"<a:link {ATOM} rel='related' href='https://blog.example/{n}'/>", count)


def limits(given: Document) -> tuple[str, ...]:
    whole = read(given, SPEC, KEY, Surroundings())
    # What was the same at the next poll is told on, what was read again tells it again.
    got = reread(given, SPEC, KEY, Surroundings(), seen=whole.seen) or whole
    return status(FeedState(key=KEY, id="blog", shown_url=SPEC.shown_url, head=got.head, next_poll_at=NOON), SPEC, NOON).limits


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (rss(f"</item>{entries(lambda n: f'<item><guid>{n}</guid></item>', 1000)}<item>"), "3 entries beyond 1,000 were left out"),
        (rss(f"<description>{'word ' * 220_000}</description>"), "texts cut at 1 MiB: 1"),
        (rss(entries(lambda n: f"<category>{n}</category>", 70)), "left out: 6 categories beyond 64 of one entry"),
        (rss(entries(lambda n: f"<enclosure url='https://blog.example/{n}'/>", 20)), "left out: 4 enclosures beyond 16 of one entry"),
        (rss(links(90)), "left out: 10 links beyond 80 of one entry"),
        (rss(f"<link>https://blog.example/{'a' * 5000}</link>"), "cut: 1 address beyond 4 KiB"),
        (rss(f"<author>{'Ann ' * 100}</author>"), "cut: 1 name beyond 256 characters"),
        (rss(f"<a:rights {ATOM}>{'Mine. ' * 12_000}</a:rights>"), "cut: 1 field beyond 64 KiB"),
        (rss("<x " + entries(lambda n: f" a{n}=''", 250) + "/>"), "left out: 50 attributes beyond 200 of one element"),
        (rss(f"<guid>{'a' * 5000}</guid>"), "cut: ids beyond 4 KiB in 1 entry"),
        (rss("").replace("One", "One " * 300), "cut: titles beyond 1,000 characters in 1 entry"),
        (rss(f"<description>{'&lt;div>' * 250}deep{'&lt;/div>' * 250}</description>"), "cut: tags beyond a depth of 200 in 1 entry"),
        (rss(entries(lambda n: f"<a:author {ATOM}><a:name>Ann {n}</a:name></a:author>", 40)), "cut: people beyond 32 in 1 entry"),
        (rss(f"<a:author {ATOM}><a:name>{'Ann ' * 60}</a:name></a:author>"), "cut: names beyond 200 characters in 1 entry"),
        (rss(f"<a:rights {ATOM}>{'Mine. ' * 300}</a:rights>"), "cut: rights beyond 1,000 characters in 1 entry"),
    ],
)  # fmt: skip
def test_a_limit_that_cuts_something_stands_in_the_status(body: str, told: str) -> None:
    assert told in limits(document(body))


def test_json_feeds_have_the_same_limits() -> None:
    address, name, via = f"https://blog.example/{'a' * 5000}", "Ann " * 100, ", ".join(['{"url": "https://x.example/"}'] * 20)
    item = f'{{"id": "1", "content_text": "a", "url": "{address}", "author": {{"name": "{name}"}}, "_provenance": {{"via": [{via}]}}}}'
    assert set(limits(document(f'{{"version": "https://jsonfeed.org/version/1", "title": "B", "items": [{item}]}}'))) >= {
        "cut: 1 address beyond 4 KiB",
        "cut: 1 name beyond 256 characters",
        "left out: 4 publishers on the way beyond 16 of one entry",
    }


def test_what_is_within_its_limits_says_nothing() -> None:
    deep = f"<description>{'&lt;p>' * 250}not deep{'&lt;ul>&lt;li>' * 20}</description>"
    many = entries(lambda n: f"<category>{n}</category>", 64) + entries(lambda n: f"<enclosure url='https://blog.example/{n}'/>", 16)
    got = read(document(rss(deep + many + f"<guid>{'a' * 4096}</guid>")), SPEC, KEY, Surroundings())
    assert (got.head.oddities, got.oddities) == ((), ())
    assert got.seen is not None


def test_a_process_that_reads_for_weeks_remembers_no_long_words_dates_and_ids() -> None:
    def one(length: int, turn: int) -> Document:
        long = [f"{turn}x{number}x{'a' * length}" for number in range(20)]
        texts = (f"<guid>https://blog.example/{each}</guid><title>{each}</title><pubDate>{each}</pubDate>" for each in long)
        items = "".join(
            f"<item>{text}<description>First published at {each} by Ann.</description></item>"
            for text, each in zip(texts, long, strict=True)
        )
        return document(f"<rss version='2.0'><channel><title>Blog</title>{items}</channel></rss>")

    read(one(9, 0), SPEC, KEY, Surroundings())
    tracemalloc.start()
    for turn in range(10):
        read(one(30_000, turn), SPEC, KEY, Surroundings())
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000, "of 24 MB"
