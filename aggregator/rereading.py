"""Document → entries: parsed and refined in one go. `read` reads all of it, `reread` only what is new in it since the last document.

What is passed over is told apart by its bytes. Whatever might make the entries that are read, or those that are not, other than if all had
been read, has the whole document read (docs/decisions/0015-skip-ladder.md lists it); `bench.delta` holds both ways side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from aggregator import __version__
from aggregator.collect.items import NotSplit, Split
from aggregator.collect.parse import PARSER, Opened, base_of, items_of, opened, read_only, read_whole
from aggregator.model import Document, Entry, FeedHead, FeedSpec, Printed, RawEntry, RawFeed, ReadFeed, SeenDocument, SeenItem, Surroundings
from aggregator.refine import housing, limits, neighbours, normalize, rules, watch
from aggregator.refine.context import Context
from aggregator.refine.fields import instant
from aggregator.refine.identity import are_places
from aggregator.refine.neighbours import Told
from aggregator.refine.texts import found_printed
from aggregator.refine.tombstones import deleted
from aggregator.web.text import digest
from aggregator.web.url import resource

NOTHING: Final = Printed()

_encode = msgspec.msgpack.Encoder().encode


def read(document: Document, spec: FeedSpec, feed_key: str, surroundings: Surroundings, printed: Printed = NOTHING) -> ReadFeed:
    """Parse a feed's document and refine its entries. Raises `ParseError`."""
    return _all_of(opened(document), Reading(spec, feed_key, surroundings, printed, document.url))


def reread(
    document: Document,
    spec: FeedSpec,
    feed_key: str,
    surroundings: Surroundings,
    printed: Printed = NOTHING,
    seen: SeenDocument | None = None,
) -> ReadFeed | None:
    """As `read`, but only what is new since the last document (`seen`); None if that is nothing at all. Raises `ParseError`."""
    source, reading = opened(document), Reading(spec, feed_key, surroundings, printed, document.url)
    if seen is not None:
        try:
            return news_of(source, reading, seen)
        except NotSplit:
            pass
    return _all_of(source, reading)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one document is read with."""

    spec: FeedSpec
    feed_key: str
    surroundings: Surroundings
    printed: Printed
    url: str

    def head(self, raw: RawFeed) -> FeedHead:
        return replace(normalize.head(raw, self.url, self.spec.aliases), base=self.url)

    def context(self, head: FeedHead) -> Context:
        made = normalize.context(self.spec, self.feed_key, head, self.url, self.surroundings)
        return replace(made, printed=self.printed)

    def pages(self, raw: RawFeed, head: FeedHead) -> tuple[bool | None, ...]:
        """Of each entry, whether its page is on another site than the feed's."""
        return housing.foreign_pages(raw, resource(raw.base, self.url) or self.url, head, self.spec.aliases)

    @property
    def made_by(self) -> str:
        return f"{__version__} {PARSER} {rules.mark(self.spec)}"

    def frame(self, items: Split, source: Opened) -> bytes:
        """What holds the entries, and what their links count from: one xml:base anywhere lets all of them count from the document."""
        return digest(f"{self.url}\n{base_of(source.text, self.url)}\n".encode("utf-8", "replace") + items.frame)


# ── the whole document ─────────────────────────────────────────────────────────────────────────────────────────────────


def _all_of(source: Opened, reading: Reading) -> ReadFeed:
    whole = read_whole(source)
    raw, head = whole.feed, reading.head(whole.feed)
    alone = normalize.alone(raw, reading.context(head))
    made = normalize.together(alone, reading.feed_key)
    cut = limits.told(entry for entry in made if entry)
    pairs = [(entry, one, place) for place, (entry, one) in enumerate(zip(made, raw.entries, strict=True)) if entry is not None]
    return ReadFeed(
        head=replace(head, oddities=(*head.oddities, *cut)),
        entries=tuple(entry for entry, _, _ in pairs),
        raw=tuple(one for _, one, _ in pairs),
        deleted=deleted(raw, reading.feed_key),
        printed=_printed([entry for entry, _, _ in pairs], reading),
        seen=None if cut else _seen(whole.items, source, raw, head, alone, reading),
        oddities=(*raw.oddities, *cut),
    )


def _printed(entries: Sequence[Entry], reading: Reading) -> tuple[str, ...]:
    if "auto" not in reading.spec.strip:
        return ()
    return tuple(sorted(found_printed({entry.raw_key: entry.edges or () for entry in entries}, reading.printed)))


def _seen(
    items: Split | None, source: Opened, raw: RawFeed, head: FeedHead, alone: Sequence[Entry | None], reading: Reading
) -> SeenDocument | None:
    entries = [entry for entry in alone if entry is not None]
    # What is to be stripped depends on all neighbours; of entries that stand twice the newest is one of several; ids may be but places.
    if items is None or "auto" in reading.spec.strip or len(entries) < len(alone) or are_places(raw.entries):
        return None
    told = [neighbours.told(one, entry, reading.feed_key) for one, entry in zip(raw.entries, entries, strict=True)]
    known = watch.identity(head, entries)
    return SeenDocument(
        made_by=reading.made_by,
        frame=reading.frame(items, source),
        envelope=items.envelope,
        head=_head_digest(head),
        items=tuple(map(_item, items.digests, raw.entries, entries, reading.pages(raw, head), told)),
        sites=known.links,
        language=known.language,
    )


def _item(span: bytes, raw: RawEntry, entry: Entry, is_foreign: bool | None, told: Told) -> SeenItem:
    date = instant(raw.published_s) or instant(raw.updated_s)
    return SeenItem(span, bytes.fromhex(entry.raw_key), int(date.timestamp()) if date else None, is_foreign, told.marks, told.words)


def _head_digest(head: FeedHead) -> bytes:
    """What of a feed's head its entries are refined with, and what is told of it; dates of its own and of its entries aside."""
    return digest(_encode(replace(head, updated=None, covers_since=None, oddities=())))


# ── what is new in it ──────────────────────────────────────────────────────────────────────────────────────────────────


def news_of(source: Opened, reading: Reading, seen: SeenDocument) -> ReadFeed | None:
    """What is new in a document since the last one; None if nothing is. Raises `NotSplit` where all of it must be read."""
    if seen.made_by != reading.made_by:
        raise NotSplit("it was read by another program, or by other rules")
    items = items_of(source)
    if reading.frame(items, source) != seen.frame:
        raise NotSplit("what holds its entries is another")
    if items.envelope == seen.envelope and items.digests == tuple(item.span for item in seen.items):
        return None
    by_span = {item.span: item for item in seen.items}
    fresh = [place for place, span in enumerate(items.digests) if span not in by_span]
    if 2 * len(fresh) > len(items.spans) or len(set(items.digests)) < len(items.digests):
        raise NotSplit("most of its entries are new" if 2 * len(fresh) > len(items.spans) else "one of its entries stands in it twice")
    raw = read_only(source, items, fresh)
    return _joined(items, raw, fresh, by_span, reading, seen)


def _joined(
    items: Split, raw: RawFeed, fresh: Sequence[int], by_span: dict[bytes, SeenItem], reading: Reading, seen: SeenDocument
) -> ReadFeed:
    standing = [by_span[span] for span in items.digests if span in by_span]
    head = _head(raw, standing, reading)
    if _head_digest(head) != seen.head:
        raise NotSplit("what the feed says of itself is something else")
    alone = normalize.alone(raw, reading.context(head))
    entries = [entry for entry in alone if entry is not None]
    if len(entries) < len(fresh):
        raise NotSplit("one of its entries stands in it twice")
    if limits.told(entries):
        raise NotSplit("something of it is cut")
    _check_sites(entries, head, seen)
    told = [neighbours.told(one, entry, reading.feed_key) for one, entry in zip(raw.entries, entries, strict=True)]
    here = set(items.digests)
    gone = [item for item in seen.items if item.span not in here]
    common = neighbours.common_words(standing, gone, told)
    if common is None:
        raise NotSplit("its entries share an id, a page, a title or words")
    made = normalize.together(
        alone, reading.feed_key, {key for one in entries for key in neighbours.text_keys(one) if neighbours.word(key) in common}
    )
    new = map(_item, (items.digests[place] for place in fresh), raw.entries, entries, reading.pages(raw, head), told)
    known = by_span | {item.span: item for item in new}
    return ReadFeed(
        head=head,
        entries=tuple(entry for entry in made if entry is not None),
        raw=raw.entries,
        places=tuple(fresh),
        standing=tuple(item.raw_key.hex() for item in standing),
        seen=replace(seen, envelope=items.envelope, items=tuple(known[span] for span in items.digests)),
        oddities=raw.oddities,
    )


def _head(raw: RawFeed, standing: Sequence[SeenItem], reading: Reading) -> FeedHead:
    """The head as it is with all entries."""
    head = reading.head(raw)
    pages = [*reading.pages(raw, head), *(item.is_foreign for item in standing)]
    dates = [instant(one.published_s) or instant(one.updated_s) for one in raw.entries]
    dates += [instant(item.date_s) for item in standing]
    return replace(head, permalinks_foreign=housing.are_mostly_foreign(pages), covers_since=normalize.middle_date(dates))


def _check_sites(entries: Sequence[Entry], head: FeedHead, seen: SeenDocument) -> None:
    """Whoever has another site or another language than the feed's entries may be a stranger: the watch sees all of such a document."""
    found = watch.identity(head, entries)
    if entries and seen.sites != watch.MANY and not set(found.links) <= set(seen.sites):
        raise NotSplit("the pages of its new entries are on another site")
    if found.language not in (None, seen.language):
        raise NotSplit("its new entries are in another language")
