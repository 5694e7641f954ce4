"""Write an edition as Atom 1.0 (RFC 4287) and RSS 2.0. The only home of feedgen, whose traps are named where each is gone round."""

import html
import logging
from collections.abc import Callable, Iterator
from typing import Final

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.model import Category, Edition, Item, Kept, Written
from aggregator.publish.body import as_language, instant, parts, source_name
from aggregator.publish.feedgen_entry import NAME, NAMESPACES, EntryExtension, FeedExtension
from aggregator.publish.shelf import Frame, joined
from aggregator.publish.stylesheet import styled
from aggregator.web.text import clean, one_line
from aggregator.web.url import is_absolute_iri

_log = logging.getLogger(__name__)

RSS_NAMESPACES: Final = {"atom": "http://www.w3.org/2005/Atom", "content": "http://purl.org/rss/1.0/modules/content/"}
"""What feedgen declares in an RSS channel by itself."""


def atom(edition: Edition) -> bytes:
    """Write an edition as Atom. The same edition gives the same bytes; an item that cannot be written is left out and logged."""
    return atom_of(edition, None).body


def rss(edition: Edition) -> bytes:
    """Write an edition as RSS 2.0. The same edition gives the same bytes; an item that cannot be written is left out and logged."""
    return rss_of(edition, None).body


def atom_of(edition: Edition, kept: Kept | None) -> Written:
    """Write an edition as Atom, with the serialized entries that are kept."""
    head, end, _ = styled(generator(edition).atom_str(pretty=True, encoding="UTF-8"), edition.spec.path).rpartition(b"</feed>")
    return joined(edition, kept, Frame(head=head, tail=end + b"\n"), lambda item: _piece(item, edition, _atom_piece))


def rss_of(edition: Edition, kept: Kept | None) -> Written:
    """Write an edition as RSS 2.0, with the serialized items that are kept."""
    document = styled(rss_generator(edition).rss_str(pretty=True, encoding="UTF-8"), edition.spec.path)
    head, end, _ = document.rpartition(b"  </channel>\n</rss>")
    return joined(edition, kept, Frame(head=head, tail=end + b"\n"), lambda item: _piece(item, edition, _rss_piece))


def _piece(item: Item, edition: Edition, write: Callable[[FeedEntry], bytes]) -> bytes | None:
    """An entry by itself: what feedgen or lxml refuse in one would otherwise cost the whole file."""
    try:
        return write(entry(item, edition))
    except (ValueError, TypeError) as error:
        _log.warning("%s: left out %r, which cannot be written: %s", edition.spec.path, item.id, error)
        return None


def _atom_piece(made: FeedEntry) -> bytes:
    """An entry as it stands in the feed: with the feed's prefixes, and as far to the right."""
    feed = etree.Element("feed", nsmap=NAMESPACES)
    feed.append(made.atom_entry())
    return _inner(feed, b"<feed", b"</feed>")


def _rss_piece(made: FeedEntry) -> bytes:
    root = etree.Element("rss", nsmap=NAMESPACES | RSS_NAMESPACES)
    etree.SubElement(root, "channel").append(made.rss_entry())
    return _inner(root, b"  <channel", b"  </channel>")


def _inner(root: etree._Element, start: bytes, end: bytes) -> bytes:
    _, _, rest = etree.tostring(root, pretty_print=True, encoding="UTF-8").partition(start)
    return rest.partition(b">\n")[2].rpartition(end)[0]


def rss_generator(edition: Edition) -> FeedGenerator:
    """The channel without its items."""
    made = generator(edition)
    # feedgen would write this date through setlocale, process-wide; the extension writes it.
    made._FeedGenerator__rss_lastBuildDate = None
    made.description(made.title())  # required; in Atom it would be a subtitle that repeats the title
    return made


def generator(edition: Edition) -> FeedGenerator:
    """The feed without its entries. It has no author and no rights: entries without their own would inherit them."""
    made = FeedGenerator()
    made.register_extension(NAME, FeedExtension, EntryExtension)
    getattr(made, NAME).edition = edition
    title = one_line(edition.title) or edition.spec.path
    made.id(clean(edition.id))
    made.title(title)
    made.updated(instant(edition.updated))  # feedgen's default is now
    made.generator(clean(edition.generator))
    if language := as_language(edition.language):
        made.language(language)
    if edition.hub:
        made.link(href=clean(edition.hub), rel="hub")
    if edition.self_url:
        made.link(href=edition.self_url, rel="self")
    if edition.home:
        # Last, for feedgen makes the last link RSS's `<link>`, whatever its relation.
        made.link(href=edition.home, rel="alternate")
    else:
        made._FeedGenerator__rss_link = edition.self_url or edition.served_at or clean(edition.id)
    return made


def entry(item: Item, edition: Edition) -> FeedEntry:
    """What feedgen writes well of an entry: id, date, texts, categories, rights. The extension writes the rest."""
    if not is_absolute_iri(item.id):
        raise ValueError("its id is not an absolute IRI")
    made = FeedEntry()
    made.register_extension(NAME, EntryExtension)
    extension = getattr(made, NAME)
    extension.item, extension.edition = item, edition
    made.id(clean(item.id))
    made.title(NAME)  # a stand-in: feedgen refuses an empty title, the extension writes the true one
    made.updated(instant(item.updated))  # feedgen's default is now
    texts = parts(item)
    content, summary = texts.content, texts.summary
    if not content and not item.link:
        # Atom wants a content or an alternate link (RFC 4287 section 4.1.2); what has no text either is called by its source.
        content, summary = summary or html.escape(source_name(item.source), quote=False), ""
    if content:
        made.content(content, type="html")
    if summary:
        made.summary(summary, type="html")
    if item.link:
        made.link(href=clean(item.link), rel="alternate")
    if item.comments:
        made.comments(clean(item.comments))
    if rights := clean(item.rights or ""):
        made.rights(rights)
    for category in _categories(item.categories):
        made.category(category)
    return made


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
