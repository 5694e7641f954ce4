"""A page's feeds."""

import pytest

from aggregator.collect.discover import Found, feeds_of_page
from tests.pace import within

BASE = "https://example.org/blog/"


def urls(page: str, base: str = BASE) -> list[str]:
    return [found.url for found in feeds_of_page(page.encode(), base)]


def test_a_page_names_its_feeds_in_order_and_each_once() -> None:
    page = """<!doctype html><html><head><title>A</title>
      <link rel="alternate" type="application/rss+xml" title="Posts &amp; more" href="feed">
      <LINK REL='Alternate Home' TYPE='Application/Atom+XML; charset=utf-8' HREF=/atom.xml>
      <link rel="alternate" type="application/feed+json" href="//cdn.example.net/feed.json"/>
      <link rel="alternate" type="application/rss+xml" href="https://example.org/blog/feed" title="again">
      <link rel="stylesheet" type="text/css" href="feed.css"><link rel="alternate" hreflang="de" href="/de/">"""
    assert feeds_of_page(page.encode(), BASE) == [
        Found(url="https://example.org/blog/feed", title="Posts & more", type="application/rss+xml"),
        Found(url="https://example.org/atom.xml", title="", type="application/atom+xml"),
        Found(url="https://cdn.example.net/feed.json", title="", type="application/feed+json"),
    ]  # fmt: skip


def test_feeds_of_comments_come_last() -> None:
    link = "<link rel=alternate type=application/rss+xml href={} title='{}'>"
    named = (("/comments/feed", "All"), ("/a/feed", "A post: Kommentare"), ("/feed", "All"), ("/de", "Comment on écrit"))
    assert urls("".join(link.format(*one) for one in named)) == [
        f"https://example.org{path}" for path in ("/feed", "/comments/feed", "/a/feed", "/de")
    ]


def test_the_pages_own_base_counts() -> None:
    assert urls('<base href="/other/"><link rel=alternate type=application/rss+xml href=feed>') == ["https://example.org/other/feed"]


def test_vague_types_count_only_with_an_address_like_a_feeds() -> None:
    assert urls(
        "<link rel=alternate type=application/json href=/wp-json/wp/v2/pages/1><link rel=alternate type=text/xml href=/rss.xml>"
    ) == ["https://example.org/rss.xml"]


def test_what_is_not_markup_names_nothing() -> None:
    hidden = "<link rel=alternate type=application/rss+xml href=/a>"
    assert urls(f"<!-- {hidden} --><script>'{hidden}'</script><style>{hidden}</style>") == []
    for page in (
        "",
        "no html",
        "<rss version='2.0'></rss>",
        '<link rel=alternate type=application/rss+xml href="javascript:x()">',
        "\0\ufffe",
    ):
        assert urls(page) == []


def test_the_pages_encoding_counts() -> None:
    page = '<meta charset="utf-16"><meta charset=windows-1251><link rel=alternate type=application/rss+xml title="Новости" href=/feed>'
    assert feeds_of_page(page.replace('<meta charset="utf-16">', "").encode("cp1251"), BASE)[0].title == "Новости"
    assert feeds_of_page(page.encode("utf-8", "replace"), BASE) is not None
    for lie in ("base64", "rot13", "unknown-9", "idna", "undefined", "unicode_escape", "zlib"):
        assert feeds_of_page(f"<meta charset={lie}><link rel=alternate type=application/rss+xml href=/f>".encode(), BASE) is not None


SLOW = [
    "<link ",
    "<script",
    "<script>",
    "<!--",
    "<link =",
    "<base href='",
    '<link rel=alternate href="',
    "<",
    "<link rel=alternate href=/f&",
]


@pytest.mark.parametrize("piece", SLOW)
def test_a_page_made_to_be_slow_is_not(piece: str) -> None:
    with within(1.0):
        feeds_of_page((piece * 100_000).encode(), BASE)
