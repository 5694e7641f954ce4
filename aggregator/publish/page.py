"""Write an output's HTML pages: static, no script, no request but for images, readable without a reader.

The page itself (`page`) lists the latest entries. The others stand beside it (`publish.layout`): one for each source and tag, the
archive, the list of all sources. Each is a pure function of an edition: the same edition gives the same bytes.
"""

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from functools import lru_cache
from itertools import groupby
from typing import Final
from urllib.parse import unquote

from aggregator.model import Edition, Item, Subscription
from aggregator.publish.attribution import Wording, wording
from aggregator.publish.body import as_language, instant
from aggregator.publish.edition import address_of
from aggregator.publish.languages import direction
from aggregator.publish.layout import ARCHIVED, Here, archive_path, archives_path, folder_of, source_path, sources_path, tag_path
from aggregator.publish.shown import Linked, Shown, shown
from aggregator.publish.themes import theme
from aggregator.publish.trail import words_of
from aggregator.web.text import one_line

ABOUT_ENTRIES: Final = 15
"""How many entries the page about a source lists."""

_PAGE_BYTES: Final = 150_000
"""What a page may weigh without its images: a second on a slow line, whatever its entries hold."""
_FRAME_BYTES: Final = 30_000
"""Of these, what is around the entries: style, lists of sources and tags, days."""
_MAX_ROOM_BYTES: Final = 6_000
_ASIDE_SOURCES: Final = 40
# Beyond so many, the list of sources says of each only what there is room for in what a page may weigh; the rest is on its own page.
_LISTED_SOURCES: Final = 200
_SOURCE_BYTES: Final = 110

_FORMATS: Final = {
    "atom": ("Atom", "application/atom+xml"),
    "rss": ("RSS", "application/rss+xml"),
    "json": ("JSON Feed", "application/feed+json"),
    "html": ("HTML", "text/html"),
    "opml": ("OPML", "text/x-opml"),
}
_FEEDS: Final = ("atom", "rss", "json")
_USUAL: Final = ("atom", "rss", "feed", "opml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What all pages of an output share, as one of them links to it."""

    title: str
    home: str
    front: str
    sources: str
    archive: str
    language: str
    direction: str
    noindex: bool
    generator: str
    canonical: str | None
    feeds: tuple[Linked, ...]
    formats: tuple[Linked, ...]
    pages: tuple[Linked, ...]
    tags: tuple[Linked, ...]
    words: Wording
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day (UTC) and its entries, the newest first."""

    date: str
    name: str
    entries: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """One page of the archive: its number, and the days of its first and last entry."""

    number: int
    first: date
    last: date


def page(edition: Edition) -> bytes:
    """Write the page of an HTML output: its entries, days (UTC) as headings."""
    here = Here(edition.spec.path)
    hub = edition.hub if edition.self_url else None
    sources = _beside(edition.subscriptions, edition, here)
    updated = instant(edition.updated).isoformat() if edition.items else None
    has_older = _has_older(edition)
    days = _days(edition, here)
    return _written("page.html.jinja", edition, here, days=days, sources=sources, hub=hub, updated=updated, has_older=has_older)


def _has_older(edition: Edition) -> bool:
    """Whether the archive may hold more than the page lists."""
    spec = edition.spec
    return len(edition.items) >= spec.max_entries or bool(edition.items and (spec.max_age or spec.per_feed))


def tag_page(edition: Edition, *, tag: str) -> bytes:
    """Write the page of a tag; `edition` holds the entries of the feeds that have it."""
    here = Here(tag_path(edition.spec.path, tag))
    tagged = [feed for feed in edition.subscriptions if tag in feed.tags]
    return _written("tag.html.jinja", edition, here, tag=tag, days=_days(edition, here), sources=_beside(tagged, edition, here))


def source_page(edition: Edition, *, feed: Subscription) -> bytes:
    """Write the page about a feed: what it is, and its latest entries, which `edition` holds. Nothing that changes with time alone."""
    here = Here(source_path(edition.spec.path, feed.id))
    return _written("source.html.jinja", edition, here, source=_source(feed, edition, here), days=_days(edition, here))


def archive_page(edition: Edition, *, number: int, is_first: bool, is_last: bool) -> bytes:
    """Write one page of the archive; the first is the oldest, behind the last come the entries of today."""
    here = Here(archive_path(edition.spec.path, number))
    older = None if is_first else here.to(archive_path(edition.spec.path, number - 1))
    newer = here.to(edition.spec.path if is_last else archive_path(edition.spec.path, number + 1))
    return _written("archive.html.jinja", edition, here, number=number, days=_days(edition, here), older=older, newer=newer)


def archives_page(edition: Edition, *, ranges: Sequence[Range]) -> bytes:
    """Write the list of the archive's pages, the newest first."""
    here = Here(archives_path(edition.spec.path))
    words = wording(edition.language)
    listed = [
        Linked(name=words.day_name(one.last), href=here.to(archive_path(edition.spec.path, one.number)), note=words.day_name(one.first))
        for one in sorted(ranges, key=lambda one: -one.number)
    ]
    return _written("archives.html.jinja", edition, here, ranges=listed)


def sources_page(edition: Edition) -> bytes:
    """Write the list of all sources, by name."""
    here = Here(sources_path(edition.spec.path))
    sources = [_source(feed, edition, here) for feed in edition.subscriptions]
    if len(sources) > _LISTED_SOURCES:
        room = (_PAGE_BYTES - _FRAME_BYTES) // len(sources) - _SOURCE_BYTES
        sources = [_brief(source, room) for source in sources]
    return _written("sources.html.jinja", edition, here, sources=sources)


# ── what a page is made of ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feed as pages tell of it. `href` is the page about it."""

    name: str
    href: str
    home: str | None
    feed: str | None
    description: str | None
    language: str | None
    direction: str | None
    tags: tuple[Linked, ...]


def _written(template: str, edition: Edition, here: Here, **context: object) -> bytes:
    made = theme(edition.spec.theme)
    return made.write(template, here.path, {"site": site_of(edition, here), **context})


def site_of(edition: Edition, here: Here) -> Site:
    """What a page of an output shares with the others."""
    language = as_language(edition.language) or "en"
    folder = posixpath.dirname(edition.spec.path)
    others = [(format_, posixpath.normpath(posixpath.join(folder, unquote(href)))) for format_, href in edition.alternates]
    named = [(format_, link) for (format_, path), link in zip(others, _links(others, here), strict=True)]
    return Site(
        title=one_line(edition.title),
        home=edition.home or here.to(edition.spec.path),
        front=here.to(edition.spec.path),
        sources=here.to(sources_path(edition.spec.path)),
        archive=here.to(archives_path(edition.spec.path)),
        language=language,
        direction=direction(language) or "ltr",
        noindex=edition.noindex,
        generator=edition.generator,
        canonical=address_of(edition.home, here.path),
        feeds=tuple(link for format_, link in named if format_ in _FEEDS),
        pages=tuple(Linked(name=_called(path), href=here.to(path)) for format_, path in others if format_ == "html"),
        formats=tuple(link for format_, link in named if format_ != "html"),
        tags=tuple(_tags((tag for feed in edition.subscriptions for tag in feed.tags), edition, here)),
        words=wording(edition.language),
        labels=words_of(edition.language),
    )


def _links(others: Sequence[tuple[str, str]], here: Here) -> Iterator[Linked]:
    """Links to other outputs, called by their formats; several of one format by their files, too, but for the one of the usual name."""
    count = Counter(format_ for format_, _ in others)
    for format_, path in others:
        name, type_ = _FORMATS[format_]
        is_plain = count[format_] == 1 or _called(path) in _USUAL
        yield Linked(name=name if is_plain else f"{name}: {_called(path)}", href=here.to(path), type=type_)


def _called(path: str) -> str:
    """What to call another output: its file's name, with its folder."""
    return folder_of(path) or "index"


def _tags(tags: Iterable[str], edition: Edition, here: Here) -> Iterator[Linked]:
    own = here.to(here.path)
    for link in _tag_links(tuple(dict.fromkeys(tags)), edition.spec.path, posixpath.dirname(here.path)):
        yield replace(link, is_here=True) if link.href == own else link


@lru_cache(maxsize=8)
def _tag_links(tags: tuple[str, ...], output: str, folder: str) -> tuple[Linked, ...]:
    """The links from the pages in one folder: each of thousands has those of all tags."""
    here = Here(posixpath.join(folder, ""))
    ordered = sorted(tags, key=lambda tag: (tag.casefold(), tag))
    return tuple(Linked(name=one_line(tag), href=here.to(tag_path(output, tag))) for tag in ordered)


def _days(edition: Edition, here: Here) -> list[Day]:
    """The entries by the day (UTC) of their sort key."""
    words, sources = wording(edition.language), _source_pages(edition, here)
    language = as_language(edition.language) or "en"
    room = _room(edition, here)

    def entry(item: Item) -> Shown:
        # Only what the front page lists has a page of its own: pages that never change link to nothing that goes.
        about = here.to(item.trail.path) if item.trail and here.path == edition.spec.path else None
        return shown(item, language=language, untitled=words.untitled, room=room, sources=sources, about=about)

    return [
        Day(date=day.isoformat(), name=words.day_name(day), entries=tuple(map(entry, items)))
        for day, items in groupby(edition.items, key=lambda item: item.sort_key.astimezone(UTC).date())
    ]


def _room(edition: Edition, here: Here) -> int:
    """How many bytes an entry may take on a page: what the page may weigh, shared among as many as it may list."""
    most = ARCHIVED if here.path.startswith(posixpath.join(folder_of(edition.spec.path), "archive", "")) else edition.spec.max_entries
    return min(_MAX_ROOM_BYTES, (_PAGE_BYTES - _FRAME_BYTES) // max(1, most))


def _source_pages(edition: Edition, here: Here) -> dict[str, str]:
    """Where the pages of the feeds of these entries are, by the feeds' ids and by their addresses."""
    ids = {feed.id: feed.id for feed in edition.subscriptions} | {feed.feed_url: feed.id for feed in edition.subscriptions}
    asked = {item.feed for item in edition.items} | {item.via[0].feed_url for item in edition.items if item.via}
    return {name: here.to(source_path(edition.spec.path, ids[name])) for name in asked if name in ids}


def _beside(feeds: Sequence[Subscription], edition: Edition, here: Here) -> list[Source]:
    """The sources to stand beside the entries of a page: all of these, if they are few, else those that have an entry there."""
    used = {item.feed for item in edition.items}
    chosen = feeds if len(feeds) <= _ASIDE_SOURCES else [feed for feed in feeds if feed.id in used]
    return [_source(feed, edition, here) for feed in chosen[:_ASIDE_SOURCES]]


def _brief(source: Source, room: int) -> Source:
    """A source in a long list: its name, and as much of what it says of itself as fits into `room` bytes."""
    left = room - len(f"{source.name}{source.href}".encode())
    said = (source.description or "").encode()
    cut = said[: max(0, left)].decode("utf-8", "ignore").rpartition(" ")[0].rstrip(" ,;:.")
    description = source.description if len(said) <= left else f"{cut}…" if cut else None
    return replace(source, home=None, feed=None, tags=(), description=description)


def _source(feed: Subscription, edition: Edition, here: Here) -> Source:
    language = as_language(feed.language)
    return Source(
        name=one_line(feed.name),
        href=here.to(source_path(edition.spec.path, feed.id)),
        home=feed.home,
        feed=feed.feed_url or None,
        description=one_line(feed.description or "") or None,
        language=language,
        direction=direction(language),
        tags=tuple(_tags(feed.tags, edition, here)),
    )
