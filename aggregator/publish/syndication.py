"""Write an edition as Atom 1.0 (RFC 4287) and RSS 2.0. The only home of feedgen, whose traps are named where each is gone round."""

import html
import logging
from collections.abc import Callable, Iterator

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from aggregator.model import Category, Edition, Item
from aggregator.publish.body import as_language, instant, parts, source_name
from aggregator.publish.feedgen_entry import NAME, EntryExtension, FeedExtension
from aggregator.web.text import clean, one_line
from aggregator.web.url import is_absolute_iri

_log = logging.getLogger(__name__)


def atom(edition: Edition) -> bytes:
    """Write an edition as Atom. The same edition gives the same bytes; an item that cannot be written is left out and logged."""
    generator = _generator(edition)
    for entry in _entries(edition, FeedEntry.atom_entry):
        generator.add_entry(entry, order="append")  # feedgen prepends otherwise
    return _bytes(generator.atom_str(pretty=True, encoding="UTF-8"))


def rss(edition: Edition) -> bytes:
    """Write an edition as RSS 2.0. The same edition gives the same bytes; an item that cannot be written is left out and logged."""
    generator = _generator(edition)
    # feedgen would write this date through setlocale, process-wide; the extension writes it.
    generator._FeedGenerator__rss_lastBuildDate = None
    generator.description(generator.title())  # required; in Atom it would be a subtitle that repeats the title
    for entry in _entries(edition, FeedEntry.rss_entry):
        generator.add_entry(entry, order="append")
    return _bytes(generator.rss_str(pretty=True, encoding="UTF-8"))


def _bytes(document: bytes) -> bytes:
    return document if document.endswith(b"\n") else document + b"\n"


def _entries(edition: Edition, write: Callable[[FeedEntry], object]) -> Iterator[FeedEntry]:
    """The entries that can be written, each tried by itself: what feedgen or lxml refuse in one would otherwise cost the whole file."""
    for item in edition.items:
        try:
            entry = _entry(item, edition)
            write(entry)
        except (ValueError, TypeError) as error:
            _log.warning("%s: left out %r, which cannot be written: %s", edition.spec.path, item.id, error)
        else:
            yield entry


def _generator(edition: Edition) -> FeedGenerator:
    """The feed without its entries. It has no author and no rights: entries without their own would inherit them."""
    generator = FeedGenerator()
    generator.register_extension(NAME, FeedExtension, EntryExtension)
    getattr(generator, NAME).edition = edition
    title = one_line(edition.title) or edition.spec.path
    generator.id(clean(edition.id))
    generator.title(title)
    generator.updated(instant(edition.updated))  # feedgen's default is now
    generator.generator(clean(edition.generator))
    if language := as_language(edition.language):
        generator.language(language)
    if edition.hub:
        generator.link(href=clean(edition.hub), rel="hub")
    if edition.self_url:
        generator.link(href=edition.self_url, rel="self")
    if edition.home:
        # Last, for feedgen makes the last link RSS's `<link>`, whatever its relation.
        generator.link(href=edition.home, rel="alternate")
    else:
        generator._FeedGenerator__rss_link = edition.self_url or edition.served_at or clean(edition.id)
    return generator


def _entry(item: Item, edition: Edition) -> FeedEntry:
    """What feedgen writes well of an entry: id, date, texts, categories, rights. The extension writes the rest."""
    if not is_absolute_iri(item.id):
        raise ValueError("its id is not an absolute IRI")
    entry = FeedEntry()
    entry.register_extension(NAME, EntryExtension)
    extension = getattr(entry, NAME)
    extension.item, extension.edition = item, edition
    entry.id(clean(item.id))
    entry.title(NAME)  # a stand-in: feedgen refuses an empty title, the extension writes the true one
    entry.updated(instant(item.updated))  # feedgen's default is now
    texts = parts(item)
    content, summary = texts.content, texts.summary
    if not content and not item.link:
        # Atom wants a content or an alternate link (RFC 4287 section 4.1.2); what has no text either is called by its source.
        content, summary = summary or html.escape(source_name(item.source), quote=False), ""
    if content:
        entry.content(content, type="html")
    if summary:
        entry.summary(summary, type="html")
    if item.link:
        entry.link(href=clean(item.link), rel="alternate")
    if item.comments:
        entry.comments(clean(item.comments))
    if rights := clean(item.rights or ""):
        entry.rights(rights)
    for category in _categories(item.categories):
        entry.category(category)
    return entry


def _categories(categories: tuple[Category, ...]) -> Iterator[dict[str, str]]:
    """Categories once each; a scheme that is no IRI (RFC 4287 section 4.2.2.2) is left out."""
    seen: set[tuple[str, str]] = set()
    for category in categories:
        term, scheme, label = one_line(category.term), category.scheme or "", one_line(category.label or "")
        scheme = scheme if is_absolute_iri(scheme) else ""
        if not term or (term, scheme) in seen:
            continue
        seen.add((term, scheme))
        yield {"term": term} | ({"scheme": scheme} if scheme else {}) | ({"label": label} if label else {})
