"""Document → RawFeed. `read` reads in this process; `ParserPool` in child processes that can be stopped, as hostile documents ask for."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from aggregator.collect.charset import decoded
from aggregator.collect.discover import Found, feeds_of_page, hub_of_page
from aggregator.collect.items import NotSplit, Split, split
from aggregator.collect.limits import MAX_ENTRIES, is_cut, so_many
from aggregator.collect.nursery import Nursery
from aggregator.collect.parse_feedparser import PARSER, base_of, parsed
from aggregator.collect.parse_json import read_json
from aggregator.collect.parse_mapping import raw_feed
from aggregator.collect.pool import ChildPool
from aggregator.collect.spans import newest, without_oldest
from aggregator.collect.tombstones import tombstones
from aggregator.collect.wellformed import Bare, bare
from aggregator.errors import ChallengePage, ParseError
from aggregator.model import Document, RawFeed
from aggregator.web.url import shown

__all__ = ["PARSER", "Opened", "ParserPool", "ReadTask", "Whole", "base_of", "items_of", "opened", "read", "read_only", "read_whole"]

_FEEDS = frozenset({"rss", "feed", "rdf", "channel"})
_PAGES = frozenset("html head body title meta script link style div p br b h1 h2 table center pre span a font noscript".split())  # noqa: SIM905
_OTHERS = {
    "opml": "an OPML list, not a feed (`aggregator import` takes its feeds over, and `lists:` in feeds.yaml follows it)",
    "redirect": "an old-style redirect document, not a feed; it is not followed",
    "newlocation": "an old-style redirect document, not a feed; it is not followed",
    "urlset": "a sitemap, not a feed",
    "sitemapindex": "a sitemap, not a feed",
}
_BINARIES = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "compressed data that was not announced"),
)
_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_BEGIN = re.compile(r"<\?xml\s|<(?:rss|feed|rdf:RDF|\w+:feed)[\s>]")
_EMBEDDED = re.compile(r"""<(?:rss\s[^<>]*\bversion=|(?:\w+:)?feed\s[^<>]*\bxmlns(?::\w+)?=["']http://www\.w3\.org/2005/Atom|rdf:RDF\s)""")
# How much may stand before a document: warnings of a program that meant to write XML only.
_MAX_JUNK_CHARS = 1 << 16
_CHALLENGES = ("captcha", "just a moment", "checking your browser", "attention required", "verify you are human", "verifying you are human")
_HEADINGS = re.compile(r"<(?:title|h1|h2)\b[^<>]{0,200}>([^<>]{0,200})", re.IGNORECASE)
_SHORT_PAGE_CHARS = 2048


@dataclass(frozen=True, slots=True)
class Opened:
    """A document that is a feed, by its looks. `text` is that of an XML feed with at most 1,000 entries, `whole` it was before that."""

    document: Document
    whole: Bare | None = field(default=None, repr=False)
    text: str = field(default="", repr=False)
    left_out: int = 0
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """All of a document. `items` tells its entries apart, in parallel with the feed's, without their bytes; None, with a reason (`why`),
    where they cannot be told apart."""

    feed: RawFeed
    items: Split | None = None
    why: str = ""


def read(document: Document) -> RawFeed:
    """Read a feed of any kind: RSS 0.9x to 2.0, RSS 1.0, Atom 0.3 and 1.0, CDF, JSON Feed.

    The Content-Type decides nothing but the encoding of what is not UTF-8. A damaged document is read as far as it can be, and
    `oddities` say so; at most 1,000 entries are kept, the newest. The same document gives an equal feed in every process.

    Raises:
        ParseError: it is something else, or the parser failed.
    """
    source = opened(document)
    with _parsing(document):
        return _read(source)[0]


def opened(document: Document) -> Opened:
    """Find the feed in a document. Raises `ParseError` where there is none."""
    with _parsing(document):
        return _opened(document)


def read_whole(source: Opened) -> Whole:
    """Read all of a feed, and tell its entries apart. Raises `ParseError`."""
    with _parsing(source.document):
        feed, why = _read(source)
        if why or source.whole is None:
            return Whole(feed, why=why or "it is a JSON Feed")
        try:
            items = split(source.text)
        except NotSplit as error:
            return Whole(feed, why=str(error))
    if len(items.spans) != len(feed.entries):
        return Whole(feed, why="its entries are not those that were found in it")
    return Whole(feed, replace(items, data=b""))  # what was read need not be held while it is refined


def items_of(source: Opened) -> Split:
    """Tell the entries of a feed apart without parsing them. Raises `NotSplit`."""
    if source.whole is None:
        raise NotSplit("it is a JSON Feed")
    if (why := _must_be_whole(source.whole)) is not None:
        raise NotSplit(why)
    return split(source.text)


def read_only(source: Opened, items: Split, places: Sequence[int]) -> RawFeed:
    """Read a feed with those of its entries only that stand at these places. Raises `NotSplit`, `ParseError`."""
    with _parsing(source.document):
        feed, why = _read(replace(source, text=items.only(frozenset(places))), base_of(source.text, source.document.url))
    if why or len(feed.entries) != len(places):
        raise NotSplit(why or "without the others it reads otherwise")
    return feed


@contextmanager
def _parsing(document: Document) -> Iterator[None]:
    """Whatever goes wrong with a document is a `ParseError`, or says that it must be read whole."""
    try:
        yield
    except (ParseError, NotSplit):
        raise
    except MemoryError as error:
        raise ParseError(shown(document.url), "needed more memory than there is") from error
    except Exception as error:
        raise ParseError(shown(document.url), f"the parser failed: {type(error).__name__}: {str(error)[:200]}") from error


TASK: Final = f"{__name__}:ReadTask"


class ParserPool:
    """`read` in child processes, with a `ChildPool`'s limits of time and memory; for whoever wants nothing else of a document."""

    def __init__(self, *, children: int = 2, cpu_s: float = 8.0, max_mb: int = 192, nursery: Nursery | None = None) -> None:
        self._pool = ChildPool(TASK, children=children, cpu_s=cpu_s, max_mb=max_mb, nursery=nursery)

    def parse(self, document: Document) -> RawFeed:
        """Read a document. Raises `ParseError`, also for what a `ChildPool` stops."""
        return msgspec.msgpack.decode(self._pool.ask(msgspec.msgpack.encode(document), document.url), type=RawFeed)

    def close(self) -> None:
        """Stop all children at once, for good."""
        self._pool.close()


class ReadTask:
    """What the children of a `ParserPool` do (`worker.Task`)."""

    def share(self, body: bytes) -> None:
        """Nothing is the same for many documents."""

    def __call__(self, request: bytes) -> bytes:
        return msgspec.msgpack.encode(read(msgspec.msgpack.decode(request, type=Document)))


def _opened(document: Document) -> Opened:
    _refuse_binary(document)
    source = decoded(document.body, document.content_type)
    text = source.text.lstrip("\ufeff \t\r\n\0")
    if text.startswith(("{", "[")):
        return Opened(document)
    found, junk = _found_feed(text, document)
    whole = bare(found)
    kept, left_out = without_oldest(whole.text, MAX_ENTRIES)
    return Opened(document, whole, kept, left_out, (*source.oddities, *junk))


def _read(source: Opened, base: str | None = None) -> tuple[RawFeed, str]:
    """The feed, and why its entries must be read together next time, too (empty: they need not)."""
    whole, url = source.whole, source.document.url
    if whole is None:
        return _capped(read_json(source.document)), ""
    found = parsed(replace(whole, text=source.text), base_of(source.text, url) if base is None else base)
    feed = raw_feed(found, url)
    if not feed.entries and _root(whole) not in _FEEDS:
        raise ParseError(shown(url), _other(_root(whole)))
    # What was cut, and what is damaged, is told at every poll.
    why = "it is damaged" if found.damage else "something of it is cut" if any(map(is_cut, feed.oddities)) else _must_be_whole(whole) or ""
    beyond = _beyond(source.left_out)
    oddities = (*source.oddities, *feed.oddities, *_wishes(feed), *beyond)
    feed = replace(feed, deleted=tombstones(whole.text), oddities=tuple(dict.fromkeys(oddities)))
    return _capped(feed), why


def _must_be_whole(document: Bare) -> str | None:
    if document.entities:
        return "it defines entities"
    return "it says what was deleted" if "deleted-entry" in document.text else None


def _refuse_binary(document: Document) -> None:
    body = document.body
    what = next((name for magic, name in _BINARIES if body.startswith(magic)), None)
    if what is None and not body.strip(b" \t\r\n\0"):
        what = "an empty document"
    if what is not None:
        raise ParseError(shown(document.url), f"{what}, not a feed")


def _found_feed(text: str, document: Document) -> tuple[str, tuple[str, ...]]:
    """The document from where its feed begins, and what to say if something stood before it. Raises for what is no feed."""
    whole = bare(text)
    root = _root(whole)
    if root in _FEEDS:
        return text, ()
    is_page = root == "html" or whole.doctype.lower().startswith("<!doctype html")
    found = feeds_of_page(document.body, document.url) if is_page or root in _PAGES else []
    # Some programs write warnings before their XML, some wrap a page around it. A page that names a feed is only a page.
    begin = None if found else (_EMBEDDED if is_page else _BEGIN).search(text, 1, _MAX_JUNK_CHARS)
    if begin is not None and _root(bare(text[begin.start() :])) in _FEEDS:
        return text[begin.start() :], ("something stands before the document and was left out",)
    if is_page or root in _PAGES:
        raise _page(document, text, found)
    if root in _OTHERS or not root:
        raise ParseError(shown(document.url), _other(root, text))
    return text, ()


def _root(document: Bare) -> str:
    """The local name of the root element in lower case; empty where there is none."""
    prolog = _PROLOG.match(document.text)
    match = _ROOT.match(document.text, prolog.end() if prolog else 0)
    return match[1].lower() if match else ""


def _page(document: Document, text: str, found: Sequence[Found]) -> ParseError:
    message = "an HTML page, not a feed"
    if found:
        message += f"; it names {', '.join(shown(feed.url) for feed in found[:3])}"
    elif _is_challenge(text[:_MAX_JUNK_CHARS]):
        return ChallengePage(shown(document.url), f"{message} (it looks like a challenge for bots)")
    named, titles = [feed.url for feed in found], [feed.title for feed in found]
    hub = hub_of_page(document.body, document.url) if found else None
    return ParseError(shown(document.url), message, found=named, titles=titles, hub=hub)


def _is_challenge(page: str) -> bool:
    """Does a page say that it wants proof: in a heading, or anywhere where it is short? Long pages of all sorts mention such things."""
    said = page if len(page) <= _SHORT_PAGE_CHARS else " ".join(_HEADINGS.findall(page))
    return any(words in said.lower() for words in _CHALLENGES)


def _other(root: str, text: str = "") -> str:
    if root:
        return _OTHERS.get(root, f"an XML document that begins with <{root[:40]}>, not a feed")
    control = sum(character < " " and character not in "\t\r\n" for character in text[:1000])
    return "binary data, not a feed" if control > 4 else "text, not a feed"


def _wishes(feed: RawFeed) -> tuple[str, ...]:
    """A publisher that excludes every hour or every day asks for something else than it means."""
    return (
        *(("it asks never to be polled: skipHours names every hour",) if len(feed.skip_hours) == 24 else ()),
        *(("it asks never to be polled: skipDays names every day",) if len(feed.skip_days) >= 7 else ()),
    )


def _beyond(number: int) -> tuple[str, ...]:
    were = "was" if number == 1 else "were"
    return (f"{so_many(number, f'entries beyond {MAX_ENTRIES:,}')} {were} left out",) if number else ()


def _capped(feed: RawFeed) -> RawFeed:
    dates = [entry.published_s if entry.published_s is not None else entry.updated_s for entry in feed.entries]
    kept = newest(feed.entries, dates, MAX_ENTRIES)
    beyond = _beyond(len(feed.entries) - len(kept))
    return replace(feed, entries=kept, oddities=(*feed.oddities, *beyond)) if beyond else feed
