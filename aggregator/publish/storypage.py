"""Write the page of one story: its text, as far as it may be republished, and where it comes from, as the feeds say it in markup.

A page carries a digest of what it shows and one of its own bytes: the first tells whether it must be written anew without writing it, the
second whether a file is still as we wrote it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import msgspec
from markupsafe import Markup

from aggregator.model import CONFIRMED, CONTRADICTED, Edition, Hop, Item, SafeHtml, Trail, Url
from aggregator.publish.attribution import wording
from aggregator.publish.body import as_language, counting, instant
from aggregator.publish.layout import Here, source_path
from aggregator.publish.page import site_of
from aggregator.publish.shown import Linked, body, files_of, license_name, related_of, runs
from aggregator.publish.themes import theme
from aggregator.publish.trail import FOLDER, filled, words_digest, words_of
from aggregator.web.text import fingerprint, one_line

_MARK: Final = re.compile(rb'<meta name="aggregator-page" content="([0-9a-f]{32})-([0-9a-f]{32})">')
_MAX_NAMED: Final = 3
_NO_DIGEST: Final = "0" * 32
# What each kind of claim is, in the words of story.toml.
_KINDS: Final[Mapping[str, str]] = {
    "feeds.yaml": "editor",
    "phrase": "sentence",
    "permalink": "linked",
    "external_url": "linked",
    "feedburner:origLink": "linked",
    CONFIRMED: "confirmed",
    CONTRADICTED: "contradicted",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """One station on the way of a story, or one feed in which it was seen; `note` says what happened there."""

    name: str
    href: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """Everything that a page shows, `program` standing for what all of them share: equal ones make equal pages."""

    program: str
    back: str
    canonical: Url | None
    title: str
    text_language: str | None
    text_direction: str
    source: Linked
    line: SafeHtml
    texts: tuple[SafeHtml, ...]
    counters: str
    text_class: str
    link: Url | None
    authors: tuple[str, ...]
    published: str
    way: tuple[_Place, ...]
    known: tuple[str, ...]
    sure: str | None
    seen: tuple[_Place, ...]
    id: str
    raw_id: str | None
    license: tuple[str, Url] | None
    rights: str | None
    related: Linked | None
    enclosures: tuple[Linked, ...]
    comments: Url | None


class StoryPages:
    """Writes the pages of the stories that an edition lists: those items that have a `trail`."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._theme = theme(edition.spec.theme)
        self._sources = {feed.id: feed.id for feed in edition.subscriptions} | {feed.feed_url: feed.id for feed in edition.subscriptions}
        # All stand in one folder: what they share is worked out once. It is the originals that are to be found, not these pages.
        self._site = replace(site_of(edition, Here(f"{FOLDER}/")), noindex=True, canonical=None)
        self._program = fingerprint(msgspec.json.encode((self._theme.digest, words_digest(), self._site)))

    def page(self, item: Item) -> bytes:
        """Write the page of an item. The same item in the same edition gives the same bytes."""
        assert item.trail is not None, "a story without a page"  # noqa: S101
        shown = self._shown(item, item.trail)
        text = Markup("").join((*(body(text, below=1) for text in shown.texts), Markup(shown.counters)))  # noqa: S704  (escaped there)
        context = {"shown": shown, "site": self._site, "mark": f"{_digest(shown)}-{_NO_DIGEST}"}
        context |= {"line": Markup(shown.line), "text": text}  # noqa: S704  (SafeHtml is what may be published)
        made = self._theme.write("story.html.jinja", item.trail.path, context)
        return made.replace(f"-{_NO_DIGEST}".encode(), f"-{fingerprint(made)}".encode(), 1)

    def shows(self, item: Item) -> str:
        """A digest of what the page of an item shows."""
        assert item.trail is not None, "a story without a page"  # noqa: S101
        return _digest(self._shown(item, item.trail))

    def _shown(self, item: Item, trail: Trail) -> _Shown:
        edition, language = self._edition, as_language(item.language)
        words = words_of(edition.language)
        return _Shown(
            program=self._program,
            back=filled(words["back"], title=one_line(edition.title)),
            canonical=item.original or item.link,
            title=one_line(item.title.text) if item.title else wording(edition.language).untitled,
            text_language=language,
            text_direction=runs(item) or "auto",
            source=self._source(item),
            line=_line(item),
            texts=tuple(text for text in (item.content or item.summary, item.credit, item.notice) if text),
            counters=counting(item),
            text_class="e-content" if item.content else "p-summary",
            link=item.link,
            authors=tuple(name for author in item.authors if (name := one_line(author.name))),
            published=instant(item.published).isoformat(),
            way=tuple(_way(item, edition, words)),
            known=tuple(_known(item, words)),
            sure=filled(words["sure"], percent=f"{item.confidence * 100:.0f}") if item.via and item.evidence else None,
            seen=tuple(_places(trail, words)),
            id=item.id,
            raw_id=item.raw_id if item.raw_id != item.id else None,
            license=(license_name(item.license), item.license) if item.license else None,
            rights=one_line(item.rights or "") or None,
            related=related_of(item),
            enclosures=tuple(one for one, _ in files_of(item)),
            comments=item.comments,
        )

    def _source(self, item: Item) -> Linked:
        first = item.via[0] if item.via else None
        feed = self._sources.get((first.feed_url if first else item.feed) or "")
        href = Here(f"{FOLDER}/").to(source_path(self._edition.spec.path, feed)) if feed else None
        return Linked(name=one_line(first.name if first else item.source.name), href=href)


def shown_by(body: bytes) -> str | None:
    """What `shows` gave for a page; None if these bytes are no page that we wrote."""
    found = _MARK.search(body[:4096])
    if found is None:
        return None
    blank = body[: found.start(2)] + _NO_DIGEST.encode() + body[found.end(2) :]
    return found[1].decode() if fingerprint(blank) == found[2].decode() else None


def _digest(shown: _Shown) -> str:
    return fingerprint(msgspec.json.encode(shown))


# ── what a page shows ──────────────────────────────────────────────────────────────────────────────────────────────────


def _line(item: Item) -> SafeHtml:
    """The visible line; what it says of private feeds stands in no page about a story."""
    return item.line if all(seen.feed_url for seen in item.also_seen) else SafeHtml("")


def _way(item: Item, edition: Edition, words: Mapping[str, str]) -> Iterator[_Place]:
    """The stations from the original to us."""
    here = Hop(name=item.source.name, page=item.link if item.chain_known else None, home=item.source.home)
    for number, hop in enumerate(item.via or (here,)):
        is_first = number == 0 and item.chain_known
        yield _Place(one_line(hop.name), hop.page or hop.home, words["first"] if is_first else words["passed"])
    since = item.trail.listed_since if item.trail else None
    yield _Place(one_line(edition.title), edition.home, filled(words["listed"], date=since.isoformat()) if since else "")


def _places(trail: Trail, words: Mapping[str, str]) -> Iterator[_Place]:
    """The feeds that have the story; of several with one name each with its address."""
    count = Counter(one_line(seen.name).casefold() for seen, _ in trail.seen)
    for seen, day in trail.seen:
        name = one_line(seen.name)
        address = (seen.feed_url or "").partition("://")[2]
        yield _Place(f"{name} ({address})" if count[name.casefold()] > 1 and address else name, seen.url, _since(day, words))


def _known(item: Item, words: Mapping[str, str]) -> Iterator[str]:
    """How we know, a sentence for each kind of evidence."""
    if not item.evidence:
        yield words["own" if item.chain_known else "unknown"]
    for name in item.trail.named_by[:_MAX_NAMED] if item.trail else ():
        yield filled(words["named"], name=one_line(name))
    for key in dict.fromkeys(_KINDS.get(kind, "markup") for kind in item.evidence):
        yield words[key]


def _since(day: date, words: Mapping[str, str]) -> str:
    return filled(words["since"], date=day.isoformat())
