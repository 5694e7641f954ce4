"""What feedgen 1.0.0 cannot write, or writes wrong, of an entry and of a channel: its extensions, in plain lxml.

feedgen drops `rel`, `type`, `title` and `length` of entry links, writes title and link of a source only, refuses an empty title, keeps
one RSS enclosure and no author without an e-mail address. It writes Atom with un-namespaced tags and an `xmlns` attribute, so these
extensions do too: a namespaced tag would come out with an invented prefix.
"""

import html
import re
from collections.abc import Iterator
from email.utils import format_datetime
from typing import Final

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from aggregator.model import Edition, Element, Hop, Item, Person, Shelved, Url
from aggregator.publish.body import (
    archive_links,
    as_language,
    explicit,
    instant,
    is_episode,
    media_type,
    parts,
    played_first,
    rights_of,
    source_name,
    unique,
)
from aggregator.web.carried import namespaces
from aggregator.web.text import clean, one_line
from aggregator.web.url import is_absolute_iri

NAME: Final = "aggregator"
NAMESPACES: Final = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    **namespaces(),
}
TOMBSTONES: Final = "http://purl.org/atompub/tombstones/1.0"
HISTORY: Final = "http://purl.org/syndication/history/1.0"
_ATOM_NS: Final = "http://www.w3.org/2005/Atom"
_CONTENT_NS: Final = "http://purl.org/rss/1.0/modules/content/"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_EMAIL: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")


class FeedExtension(BaseExtension):  # type: ignore[misc]
    """The feed as a whole: namespaces, and what an RSS channel lacks."""

    edition: Edition

    def extend_ns(self) -> dict[str, str]:
        closed = bool(self.edition.archive and self.edition.archive.is_closed)
        return NAMESPACES | ({"at": TOMBSTONES} if self.edition.deleted else {}) | ({"fh": HISTORY} if closed else {})

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        """What was withdrawn, by id and time only (RFC 6721): no word of it is given any more."""
        for name, when in self.edition.deleted:
            _child(feed, f"{{{TOMBSTONES}}}deleted-entry", ref=name, when=instant(when).isoformat())
        if self.edition.spec.image:
            _child(feed, "logo", self.edition.spec.image)
        _archive(feed, self.edition, "link")
        return feed

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        channel = feed[0]
        # feedgen would write this date through setlocale, which changes the locale of every other thread.
        _child(channel, "lastBuildDate", format_datetime(instant(self.edition.updated)))
        if self.edition.hub:
            _child(channel, f"{{{_ATOM_NS}}}link", href=self.edition.hub, rel="hub")
        _archive(channel, self.edition, f"{{{_ATOM_NS}}}link")
        if self.edition.spec.image:
            _rss_image(channel, self.edition.spec.image)
        if any(item.is_episode if isinstance(item, Shelved) else is_episode(item) for item in self.edition.listed):
            _rss_podcast(channel, self.edition)
        return feed


def _archive(feed: etree._Element, edition: Edition, link: str) -> None:
    """The place of a document among those of one feed (RFC 5005 section 4), as links of this name."""
    if edition.archive is None:
        return
    if edition.archive.is_closed:
        _child(feed, f"{{{HISTORY}}}archive")
    for relation, href in archive_links(edition.archive):
        _child(feed, link, rel=relation, href=href)


class EntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """One entry: title, links, source and texts are written here, the rest by feedgen."""

    item: Item
    edition: Edition

    def extend_ns(self) -> dict[str, str]:
        return dict(NAMESPACES)

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        _atom_texts(entry, self.item)
        # What feedgen wrote of links was a stand-in, to pass its check.
        for link in entry.findall("link"):
            entry.remove(link)
        for attributes in _links(self.item):
            _child(entry, "link", **attributes)
        for author in self.item.authors:
            _atom_person(entry, author)
        for contributor in self.item.contributors:
            _atom_person(entry, contributor, "contributor")
        # feedgen's own `published` would also make it write RSS's pubDate through setlocale.
        _child(entry, "published", instant(self.item.published).isoformat())
        if self.item.original:
            _child(entry, f"{{{NAMESPACES['dcterms']}}}source", self.item.original)
        if self.item.thumbnail:
            _child(entry, f"{{{NAMESPACES['media']}}}thumbnail", url=self.item.thumbnail)
        _carried(entry, self.item)
        _atom_source(entry, self.item)
        return entry

    def extend_rss(self, entry: etree._Element) -> etree._Element:
        _rss_texts(entry, self.item)
        _rss_particulars(entry, self.item, self.edition)
        _rss_media(entry, self.item)
        _carried(entry, self.item)
        return entry


# ── Atom ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _atom_texts(entry: etree._Element, item: Item) -> None:
    """The title as it is (feedgen refuses an empty one), and the language of what the publisher wrote."""
    title = entry.find("title")
    if title is not None:
        title.text = None
        if item.title:
            title.text = clean(item.title.html or item.title.text)
            title.set("type", "html" if item.title.html else "text")
    if language := as_language(item.language):
        for name in ("title", "summary", "content"):
            for element in entry.findall(name):
                element.set(_XML_LANG, language)


def _links(item: Item) -> Iterator[dict[str, str]]:
    """The links of an entry: at most one alternate, one via per hop with the original first, no address twice under one relation."""
    if item.link:
        yield {"rel": "alternate", "href": item.link}
    seen: set[Url] = set()
    for hop in item.via:
        if (href := _page(hop)) and href not in seen:
            seen.add(href)
            yield {"rel": "via", "href": href, "title": one_line(hop.name)}
    if item.license:
        yield {"rel": "license", "href": item.license}
    if item.related:
        yield {"rel": "related", "href": item.related}
    if item.comments:
        yield {"rel": "replies", "href": item.comments, "type": "text/html"}
    for enclosure in unique(item.enclosures):
        length = {} if enclosure.length is None else {"length": str(max(0, enclosure.length))}
        title = {"title": one_line(enclosure.title)} if enclosure.title else {}
        yield {"rel": "enclosure", "href": enclosure.url, "type": media_type(enclosure)} | length | title


def _atom_source(entry: etree._Element, item: Item) -> None:
    """atom:source of the nearest known feed (RFC 4287 section 4.2.11). Where nobody signs, its name does: an entry needs an author."""
    of = item.source
    source = _child(entry, "source")
    if of.id and is_absolute_iri(of.id):
        _child(source, "id", of.id)
    _child(source, "title", source_name(of))
    if of.updated:
        _child(source, "updated", instant(of.updated).isoformat())
    for relation, href in (("self", of.feed_url), ("alternate", of.home), ("license", of.license)):
        if href:
            _child(source, "link", rel=relation, href=href)
    authors = [author for author in of.authors if one_line(author.name)]
    is_signed = any(one_line(author.name) for author in item.authors)
    for author in authors or ([] if is_signed else [Person(name=source_name(of))]):
        _atom_person(source, author)
    if of.icon:
        _child(source, "icon", of.icon)
    if of.rights:
        _child(source, "rights", of.rights)
    if language := as_language(of.language):
        source.set(_XML_LANG, language)


def _atom_person(parent: etree._Element, person: Person, role: str = "author") -> None:
    if not one_line(person.name):
        return
    author = _child(parent, role)
    _child(author, "name", one_line(person.name))
    if person.uri:
        _child(author, "uri", person.uri)
    if email := email_of(person):
        _child(author, "email", email)


# ── RSS ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rss_texts(entry: etree._Element, item: Item) -> None:
    """`description` is the summary and `content:encoded` the content, in this order, behind the title.

    Some readers know only `description`: where a feed gave no summary, it is the beginning of the content.
    """
    for name in ("title", "description", f"{{{_CONTENT_NS}}}encoded"):
        for element in entry.findall(name):
            entry.remove(element)
    texts = parts(item)
    content = texts.content if item.content else ""
    title = clean(item.title.text).strip() if item.title else ""
    described = texts.summary or (texts.beginning if content else texts.content)
    if not described and not title:
        # RSS 2.0 asks for a title or a description.
        described = texts.content or html.escape(source_name(item.source), quote=False)
    written = [("title", title), ("description", described), (f"{{{_CONTENT_NS}}}encoded", content)]
    for position, (name, text) in enumerate((name, clean(text)) for name, text in written if text):
        element = etree.Element(name)
        element.text = text
        entry.insert(position, element)


def _rss_particulars(entry: etree._Element, item: Item, edition: Edition) -> None:
    """What is said of an entry beside title, texts and media: by whom, when, from where, under which terms, in which language."""
    for author in item.authors or item.source.authors:
        if name := one_line(author.name):
            _child(entry, f"{{{NAMESPACES['dc']}}}creator", name)
    for contributor in item.contributors:
        if name := one_line(contributor.name):
            _child(entry, f"{{{NAMESPACES['dc']}}}contributor", name)
    _child(entry, "pubDate", format_datetime(instant(item.published)))
    if item.source.feed_url:
        _child(entry, "source", source_name(item.source), url=item.source.feed_url)
    for attributes in _links(item):
        if attributes["rel"] in ("via", "license", "related"):
            _child(entry, f"{{{_ATOM_NS}}}link", **attributes)
    if instant(item.updated) != instant(item.published):
        _child(entry, f"{{{_ATOM_NS}}}updated", instant(item.updated).isoformat())
    if rights := rights_of(item):
        _child(entry, f"{{{NAMESPACES['dc']}}}rights", rights)
    if (language := as_language(item.language)) and language != edition.language:
        _child(entry, f"{{{NAMESPACES['dc']}}}language", language)


def _rss_media(entry: etree._Element, item: Item) -> None:
    """The first medium that plays, else the first, is the enclosure (most readers take one only); the others stand as media:content."""
    for position, enclosure in enumerate(played_first(unique(item.enclosures))):
        length = max(0, enclosure.length or 0)
        if position == 0:
            # RSS 2.0 requires a length; 0 is what the field writes for an unknown one.
            _child(entry, "enclosure", url=enclosure.url, length=str(length), type=media_type(enclosure))
            continue
        size = ({"fileSize": str(length)} if length else {}) | ({"duration": str(enclosure.duration_s)} if enclosure.duration_s else {})
        content = _child(entry, f"{{{NAMESPACES['media']}}}content", url=enclosure.url, type=media_type(enclosure), **size)
        if enclosure.title:
            _child(content, f"{{{NAMESPACES['media']}}}title", one_line(enclosure.title), type="plain")
    if item.thumbnail:
        _child(entry, f"{{{NAMESPACES['media']}}}thumbnail", url=item.thumbnail)


# ── podcasts and places ────────────────────────────────────────────────────────────────────────────────────────────────


def _carried(entry: etree._Element, item: Item) -> None:
    """What players show and do with an episode, and where an entry is about; in both formats, as elements of their own namespaces."""
    for element in item.carried:
        _element(entry, element)
    if item.thumbnail and is_episode(item):
        _child(entry, f"{{{NAMESPACES['itunes']}}}image", href=item.thumbnail)


def _element(parent: etree._Element, element: Element) -> None:
    prefix, _, name = element.name.partition(":")
    made = _child(parent, f"{{{NAMESPACES[prefix]}}}{name}", element.text, **dict(element.attributes))
    for child in element.children:
        _element(made, child)


def _rss_image(channel: etree._Element, url: str) -> None:
    image = _child(channel, "image")
    _child(image, "url", url)
    # RSS 2.0 wants the words of the channel again.
    for name in ("title", "link"):
        _child(image, name, channel.findtext(name))


def _rss_podcast(channel: etree._Element, edition: Edition) -> None:
    """What players ask of a whole podcast. Its episodes are others': as pages ask search engines, directories are asked to stay away."""
    space = f"{{{NAMESPACES['itunes']}}}"
    said = [text for item in edition.listed for text in (item.explicit if isinstance(item, Shelved) else explicit(item))]
    _child(channel, f"{space}explicit", "true" if "true" in said else "false")
    if edition.spec.image:
        _child(channel, f"{space}image", href=edition.spec.image)
    if edition.noindex:
        _child(channel, f"{space}block", "yes")


# ── words shared by both ───────────────────────────────────────────────────────────────────────────────────────────────


def email_of(person: Person) -> str | None:
    """The address of a person, if it is one."""
    return person.email if person.email and _EMAIL.fullmatch(person.email) and clean(person.email) == person.email else None


def _page(hop: Hop) -> Url | None:
    """Where a hop can be seen: its page, else its home, else its feed."""
    return hop.page or hop.home or hop.feed_url


def _child(parent: etree._Element, name: str, text: str | None = None, /, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, name, {key: clean(value) for key, value in attributes.items()})
    if text is not None:
        element.text = clean(text)
    return element
