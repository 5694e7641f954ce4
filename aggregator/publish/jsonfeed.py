"""Write an edition as JSON Feed 1.1 (jsonfeed.org/version/1.1), with the provenance of each item in a `_provenance` object."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from aggregator.model import Archive, Edition, Element, Enclosure, Hop, Item, JsonValue, Kept, Person, Seen, Written
from aggregator.publish.body import archive_links, as_language, instant, media_type, parts, rights_of, unique
from aggregator.publish.shelf import Frame, joined
from aggregator.web.carried import TEXT, is_many, namespaces
from aggregator.web.text import clean, one_line, visible_text

VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(edition: Edition) -> bytes:
    """Write an edition as JSON Feed. The same edition gives the same bytes: UTF-8, keys in a fixed order, a newline at the end."""
    return json_of(edition, None).body


def json_of(edition: Edition, kept: Kept | None) -> Written:
    """Write an edition as JSON Feed, with the serialized items that are kept."""
    feed: dict[str, JsonValue] = {
        "version": VERSION,
        "title": one_line(edition.title) or edition.spec.path,
        "home_page_url": edition.home,
        "feed_url": edition.self_url,
        "next_url": edition.archive.previous if edition.archive else None,
        "icon": edition.spec.image,
        "language": as_language(edition.language),
        "_archive": _archive(edition.archive) if edition.archive else None,
        "hubs": [{"type": "WebSub", "url": edition.hub}] if edition.hub else None,
    }
    head = _lines(_present(feed), "").removesuffix(b"\n}") + b',\n "items": ['
    frame = Frame(head=head, tail=b"\n ]\n}\n", between=b",")
    return joined(edition, kept, frame, lambda item: b"\n  " + _lines(_item(item, edition), "  "))


def _lines(value: JsonValue, indent: str) -> bytes:
    """A value over several lines, the later ones that far to the right. A line ends nowhere else: in strings they are escaped."""
    written = json.dumps(_cleaned(value), ensure_ascii=False, allow_nan=False, indent=1)
    return written.replace("\n", "\n" + indent).encode("utf-8")


def _archive(archive: Archive) -> JsonValue:
    """The place of a document among those of one feed; `next_url`, which leads to older items, says it for readers."""
    return _present({"is_closed": archive.is_closed, **dict(archive_links(archive))})


def _item(item: Item, edition: Edition) -> dict[str, JsonValue]:
    texts = parts(item)
    written: dict[str, JsonValue] = {
        "id": item.id,
        "url": item.link,
        # The thing that a link blog talks about, as the format means it; never the origin.
        "external_url": item.related,
        "title": one_line(item.title.text) if item.title else None,
        # Required, and allowed to be empty.
        "content_html": texts.content or texts.summary,
        "summary": one_line(visible_text(item.summary)) if item.summary else None,
        "image": item.thumbnail,
        "date_published": instant(item.published).isoformat(),
        "date_modified": instant(item.updated).isoformat(),
        "authors": _authors(item.authors or item.source.authors),
        "tags": list(dict.fromkeys(tag for category in item.categories if (tag := one_line(category.label or category.term)))),
        "language": as_language(item.language),
        "attachments": [_attachment(enclosure) for enclosure in unique(item.enclosures)],
        "_aggregator": _present({"comments": item.comments, "contributors": _authors(item.contributors)}) or None,
        "_provenance": _provenance(item, edition),
    }
    return _present(written | _carried(item))


def _provenance(item: Item, edition: Edition) -> dict[str, JsonValue]:
    """Where the item first appeared and how it came here: what atom:source, rel=via and the visible line say, for programs."""
    source = item.source
    here = Hop(name=source.name, home=source.home, feed_url=source.feed_url)
    origin = item.via[0] if item.via else here
    original: dict[str, JsonValue] = {
        "url": item.original,
        "home_page_url": origin.home,
        "feed_url": origin.feed_url,
        "title": one_line(origin.name),
        "license": item.license,
        "rights": rights_of(item),
    }
    provenance: dict[str, JsonValue] = {
        "about": edition.home,
        "id": item.raw_id,
        # A republisher whose origin is not known is only somebody on the way.
        "original": _present(original) if item.chain_known else None,
        "via": [_hop(hop) for hop in (item.via or (() if item.chain_known else (here,)))],
        "also_seen": [_seen(seen) for seen in item.also_seen],
        "evidence": list(item.evidence),
        "confidence": round(item.confidence, 3),
        "cut": item.cut,
    }
    return _present(provenance)


def _hop(hop: Hop) -> dict[str, JsonValue]:
    return _present({"url": hop.page, "home_page_url": hop.home, "feed_url": hop.feed_url, "title": one_line(hop.name)})


def _seen(seen: Seen) -> dict[str, JsonValue]:
    return _present({"url": seen.url, "feed_url": seen.feed_url, "title": one_line(seen.name)})


def _authors(authors: Sequence[Person]) -> list[JsonValue]:
    return [_present({"name": one_line(author.name), "url": author.uri}) for author in authors if one_line(author.name)]


def _attachment(enclosure: Enclosure) -> dict[str, JsonValue]:
    size = None if enclosure.length is None else max(0, enclosure.length)
    title = one_line(enclosure.title or "") or None
    written: dict[str, JsonValue] = {"url": enclosure.url, "mime_type": media_type(enclosure), "title": title, "size_in_bytes": size}
    return _present(written | {"duration_in_seconds": enclosure.duration_s})


def _carried(item: Item) -> dict[str, JsonValue]:
    """What is carried of podcasts and places, by namespace and name; what an entry may have several of is a list."""
    found: dict[str, dict[str, JsonValue]] = {f"_{prefix}": {} for prefix in namespaces()}
    for element in item.carried:
        prefix, _, name = element.name.partition(":")
        said = _element(element)
        if is_many(element.name):
            said = [*cast("list[JsonValue]", found[f"_{prefix}"].get(name, [])), said]
        found[f"_{prefix}"][name] = said
    return dict[str, JsonValue]((key, members) for key, members in found.items() if members)


def _element(element: Element) -> JsonValue:
    """A text for what has nothing but a text, else an object; what stands inside it always as lists."""
    if not element.attributes and not element.children:
        return element.text
    inner: dict[str, JsonValue] = {}
    for child in element.children:
        name = child.name.partition(":")[2]
        inner[name] = [*cast("list[JsonValue]", inner.get(name, [])), _element(child)]
    return _present({TEXT: element.text} | dict(element.attributes) | inner)


def _present(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Leave out what is not there: the format allows no null. Empty strings stay, empty lists go."""
    return {key: value for key, value in values.items() if value is not None and value != []}


def _cleaned(value: JsonValue) -> JsonValue:
    """Clean every string, as in the other formats: a lone surrogate could not be encoded."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _cleaned(each) for key, each in value.items()}
    return value
