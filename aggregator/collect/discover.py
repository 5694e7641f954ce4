"""A page's feeds: what its head names as its feeds, without asking for anything else."""

import re
from codecs import lookup
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from aggregator.model import Url
from aggregator.web.text import one_line, start_tags
from aggregator.web.url import resource

_FEED_TYPES: Final = frozenset(
    {
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/rss+xml",
        "application/x-rss+xml",
        "text/rss+xml",
    }
)
# These say too little: only together with an address that looks like one of a feed.
_VAGUE_TYPES: Final = frozenset({"application/json", "application/xml", "text/xml"})
_FEED_NAME: Final = re.compile(r"atom|rss|feed|\.rdf|\.xml", re.IGNORECASE)
# What readers wrote is seldom what somebody subscribes to; in the languages of the programs that name such a feed on each page.
_COMMENTS: Final = re.compile(
    "comment|kommentar|coment[aá]rio|commenti|reacties|yorum|komentar|комментар|评论|評論|コメント|댓글",
    re.IGNORECASE,
)
# Heads end long before; and the time that a hostile page takes stays short.
_MAX_BYTES: Final = 512 * 1024
_MAX_FOUND: Final = 20
_CHARSET: Final = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([a-zA-Z0-9_:.-]{1,40})""", re.IGNORECASE)
# Longer tags are no link to a feed, and slow to read.
_MAX_TAG_CHARS: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feed that a page names: its address, title ('' where none is given) and media type."""

    url: Url
    title: str
    type: str


def feeds_of_page(body: bytes, base: str) -> list[Found]:
    """The feeds that an HTML page names with `rel=alternate`, absolute, in the page's order but those of comments last, each address once.

    `base` is the page's address; a `<base href>` of the page counts. Never raises: what is no HTML names nothing.

    >>> feeds_of_page(b'<link rel=alternate type=application/rss+xml href=/feed title="News">', "https://example.org/")
    [Found(url='https://example.org/feed', title='News', type='application/rss+xml')]
    """
    found: dict[str, Found] = {}
    for tag, fields in _tags(_text(body[:_MAX_BYTES])):
        if tag == "base" and fields.get("href"):
            base = resource(fields["href"], base) or base
        elif tag == "link" and (feed := _feed(fields, base)) is not None:
            found.setdefault(feed.url, feed)
    return sorted(found.values(), key=_is_of_comments)[:_MAX_FOUND]


def _is_of_comments(feed: Found) -> bool:
    return _COMMENTS.search(urlsplit(feed.url).path) is not None or _COMMENTS.search(feed.title) is not None


def hub_of_page(body: bytes, base: str) -> tuple[str, str | None] | None:
    """The hub that an HTML page names and the address to subscribe to there, absolute; None where it names no hub.

    >>> hub_of_page(b'<link rel=hub href="https://hub.example.org/"><link rel=self href=/feed>', "https://example.org/")
    ('https://hub.example.org/', 'https://example.org/feed')
    """
    named: dict[str, str] = {}
    for tag, fields in _tags(_text(body[:_MAX_BYTES])):
        url = resource(fields.get("href"), base)
        for relation in fields.get("rel", "").lower().split() if tag == "link" and url else ():
            named.setdefault(relation, url or "")
    return (named["hub"], named.get("self")) if "hub" in named else None


def _feed(fields: dict[str, str], base: str) -> Found | None:
    relations = fields.get("rel", "").lower().split()
    media = fields.get("type", "").partition(";")[0].strip().lower()
    url = resource(fields.get("href"), base)
    if url is None or "stylesheet" in relations or not {"alternate", "feed"}.intersection(relations):
        return None
    named = media in _FEED_TYPES or ("feed" in relations and not media)
    if not named and not (media in _VAGUE_TYPES and _FEED_NAME.search(url)):
        return None
    return Found(url=url, title=one_line(fields.get("title", ""))[:200], type=media)


class _Tag(HTMLParser):
    """Reads one tag: its name, and its fields, of which the first of a name counts."""

    def __init__(self, written: str) -> None:
        super().__init__(convert_charrefs=True)
        self.name = ""
        self.fields: dict[str, str] = {}
        self.feed(written)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.name = tag
        for name, value in attrs:
            self.fields.setdefault(name, value or "")


def _tags(html: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The link and base tags. `html.parser` sees only these, one by one: a whole page can be made to keep it busy for hours."""
    for written in start_tags(html):
        if len(written) <= _MAX_TAG_CHARS and written[1:5].lower() in ("link", "base"):
            tag = _Tag(written)
            yield tag.name, tag.fields


def _text(body: bytes) -> str:
    declared = _CHARSET.search(body[:4096])
    try:
        return body.decode(lookup(declared[1].decode("ascii")).name if declared else "utf-8", errors="replace")
    except (LookupError, UnicodeError, ValueError):
        return body.decode("utf-8", errors="replace")
