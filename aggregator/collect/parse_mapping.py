"""feedparser's dictionaries to `RawFeed` and `RawEntry`: what a publisher said, each thing in its own field."""

import re
from collections.abc import Iterator, Mapping, Sequence

from aggregator.collect.dates import seconds
from aggregator.collect.limits import MAX_ATTRIBUTES, MAX_CARRIED, MAX_CATEGORIES, MAX_ENCLOSURES, MAX_HUBS, MAX_LINKS, MAX_PERSONS, Cuts
from aggregator.collect.parse_feedparser import Found, Parsed
from aggregator.model import RawCategory, RawElement, RawEntry, RawFeed, RawLink, RawPerson, RawSource, RawText, TextType
from aggregator.web.text import clean

_TYPES: Mapping[str, TextType] = {"text/html": "html", "application/xhtml+xml": "xhtml", "text/plain": "text"}
_PAGES = ("text/html", "application/xhtml+xml")
_GEOMETRIES = {"Point": "georss:point", "LineString": "georss:line", "Polygon": "georss:polygon", "Box": "georss:box"}
# `<br/>` comes as `<br></br>`, which HTML reads as two; the others have no end there, either.
_VOID_ENDS = re.compile("</(?:area|br|col|embed|hr|img|input|source|track|wbr)>")
_MAX_POINTS = 1_000
# What the parser counted while it read.
_COUNTED = {
    "x_more_carried": f"elements of podcasts beyond {MAX_CARRIED} of one entry",
    "x_more_attributes": f"attributes beyond {MAX_ATTRIBUTES} of one element",
}
_LINKED_BY_ABOUT = ("rss10", "rss090")  # RSS 1.0 section 5.5: rdf:about is the item's address
_NO_PAGE = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)  # a magnet link, a file of the publisher's own


def raw_feed(found: Parsed, base: str) -> RawFeed:
    """Make a `RawFeed` of what feedparser found; `base` is the address of the document."""
    cuts, feed = Cuts(), found.feed
    links = _links(feed, cuts)
    entries = tuple(_entry(entry, found.version, base, cuts) for entry in found.entries)
    for key, what in _COUNTED.items():
        if isinstance(number := feed.get(key), int):
            cuts.note(what, number)
    updated = _field(feed, "updated", cuts) or _field(feed, "published", cuts) or _field(feed, "dc_date", cuts)
    hours = {int(hour) % 24 for hour in _strings(feed, "x_hours") if hour.isascii() and hour.isdigit() and int(hour[:4]) <= 24}
    return RawFeed(
        version=found.version,
        id=_id(feed),
        title=_text(feed, "title", base, cuts),
        subtitle=_text(feed, "subtitle", base, cuts) or _text(feed, "itunes_summary", base, cuts),
        link=_permalink(links),
        self_url=_href(links, "self"),
        hubs=_hrefs(links, "hub")[:MAX_HUBS],
        language=_field(feed, "language", cuts),
        authors=_authors(feed, cuts),
        rights=_field(feed, "rights", cuts),
        license=_href(links, "license"),
        updated=updated,
        updated_s=seconds(updated),
        generator=_field(feed, "generator", cuts),
        icon=_url(feed, "icon", cuts) or _url(feed, "logo", cuts) or _image(feed, cuts),
        explicit=next((one.text for one in _carried(feed) if one.name == "itunes:explicit"), None),
        base=_other(_field(feed, "x_base", cuts), base),
        ttl_minutes=_number(_field(feed, "ttl", cuts)),
        skip_hours=tuple(sorted(hours)),
        skip_days=tuple(dict.fromkeys(day.capitalize() for day in _strings(feed, "x_days") if len(day) < 20)),
        update_period=_field(feed, "sy_updateperiod", cuts),
        update_frequency=_number(_field(feed, "sy_updatefrequency", cuts)),
        entries=entries,
        oddities=(*found.damage, *cuts.oddities()),
    )


def _entry(entry: Found, version: str, base: str, cuts: Cuts) -> RawEntry:
    links = _links(entry, cuts)
    raw_id = _id(entry)
    id_is_link = entry.get("x_permalink", version in _LINKED_BY_ABOUT) is True
    link = _permalink(links)
    if (link is None or _NO_PAGE.match(link)) and raw_id and id_is_link and raw_id.startswith(("http://", "https://", "/")):
        link = cuts.url(raw_id) or link
    published = _date(entry, ("published", "dc_date", "created"), cuts)
    updated = _field(entry, "updated", cuts)
    source = _source(entry, cuts)
    return RawEntry(
        id=raw_id,
        id_is_link=id_is_link,
        link=link,
        links=links,
        title=_text(entry, "title", base, cuts),
        summary=_summary(entry, base, cuts),
        contents=tuple(_contents(entry, base, cuts)),
        authors=_authors(entry, cuts),
        contributors=_persons(entry, "contributors", cuts),
        published=published,
        published_s=seconds(published),
        updated=updated,
        updated_s=seconds(updated),
        enclosures=cuts.first(_enclosures(entry, cuts), MAX_ENCLOSURES, "enclosures"),
        thumbnail=_thumbnail(entry, cuts),
        categories=_categories(entry, cuts),
        comments=_url(entry, "comments", cuts) or _href(links, "replies"),
        language=_field(entry, "language", cuts) or _field(entry, "x_language", cuts),
        rights=_field(entry, "rights", cuts),
        license=_href(links, "license"),
        base=_other(_field(entry, "x_base", cuts), base),
        source=source,
        dc_source=_field(entry, "x_dc_source", cuts),
        dcterms_source=_field(entry, "x_dcterms_source", cuts),
        feedburner_origlink=_url(entry, "x_feedburner_origlink", cuts),
        carried=(*_carried(entry), *_places(entry, cuts)),
    )


# ── plain fields ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _field(found: Found, key: str, cuts: Cuts) -> str | None:
    value = found.get(key)
    return cuts.field(clean(value)) or None if isinstance(value, str) else None


def _date(found: Found, keys: Sequence[str], cuts: Cuts) -> str | None:
    """The first date that can be read; where there is none, the first that is given."""
    said = [text for key in keys if (text := _field(found, key, cuts))]
    return next((text for text in said if seconds(text) is not None), said[0]) if len(said) > 1 else next(iter(said), None)


def _url(found: Found, key: str, cuts: Cuts) -> str | None:
    value = found.get(key)
    return cuts.url(clean(value)) or None if isinstance(value, str) else None


def _id(found: Found) -> str | None:
    """The id whole, however long: what is cut could no longer be told from others."""
    value = found.get("x_id")
    return clean(value) or None if isinstance(value, str) else None


def _other(value: str | None, base: str) -> str | None:
    return value if value and value != base else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _strings(found: Found, key: str) -> list[str]:
    values = found.get(key)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _parts(found: Found, key: str) -> Iterator[Mapping[str, object]]:
    values = found.get(key)
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict):
            yield dict(value)  # feedparser's own dictionaries take ten times as long for each question


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _text(found: Found, key: str, base: str, cuts: Cuts) -> RawText | None:
    detail = found.get(f"{key}_detail")
    return _construct(detail, base, cuts) if isinstance(detail, dict) else None


def _construct(detail: Mapping[str, object], base: str, cuts: Cuts) -> RawText | None:
    value = detail.get("value")
    if not isinstance(value, str) or not value:
        return None
    kind = _text_type(str(detail.get("type") or ""))
    if kind is None:
        return None
    return RawText(
        value=cuts.text(_VOID_ENDS.sub("", value) if kind == "xhtml" else value),
        type=kind,
        base=_other(_field(detail, "base", cuts), base),
        language=_field(detail, "language", cuts),
    )


def _text_type(media_type: str) -> TextType | None:
    """How to read a text of this media type; None for what is no text (an image in base64)."""
    if media_type in _TYPES:
        return _TYPES[media_type]
    if "html" in media_type:
        return "html"
    return "text" if media_type.startswith("text/") or media_type.endswith(("xml", "json")) or "/" not in media_type else None


def _summary(entry: Found, base: str, cuts: Cuts) -> RawText | None:
    """The summary, if one was sent: feedparser copies the content into its place otherwise, but without a detail."""
    for key in ("summary", "dc_description", "itunes_summary", "media_description", "itunes_subtitle"):
        if text := _text(entry, key, base, cuts):
            return text
    return None


def _contents(entry: Found, base: str, cuts: Cuts) -> Iterator[RawText]:
    for detail in _parts(entry, "content"):
        if text := _construct(detail, base, cuts):
            yield text


# ── links and media ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _links(found: Found, cuts: Cuts) -> tuple[RawLink, ...]:
    """The links of an element without its enclosures beyond what is kept anyway."""
    parts = [*_parts(found, "links")]
    # What stands within an element that nobody knows (`<related><link>`) is the page of something else.
    own = min((_depth(part) for part in parts if part.get("rel") == "alternate"), default=0)
    made = (_link(part, cuts) for part in parts if part.get("rel") != "alternate" or _depth(part) <= own)
    return cuts.first((link for link in made if link is not None), MAX_LINKS + MAX_ENCLOSURES, "links")


def _depth(part: Mapping[str, object]) -> int:
    depth = part.get("x_depth")
    return depth if isinstance(depth, int) else 0


def _link(part: Mapping[str, object], cuts: Cuts, rel: str | None = None) -> RawLink | None:
    href = _url(part, "href", cuts) or _url(part, "url", cuts)
    if href is None:
        return None
    return RawLink(
        href=href,
        rel=rel or _field(part, "rel", cuts) or "alternate",
        type=_field(part, "type", cuts),
        title=_field(part, "title", cuts),
        length=_field(part, "length", cuts) or _field(part, "filesize", cuts),
        duration=_field(part, "duration", cuts),
        hreflang=_field(part, "hreflang", cuts),
    )


def _permalink(links: Sequence[RawLink]) -> str | None:
    """The first alternate, a page before anything else."""
    alternates = [link for link in links if link.rel == "alternate"]
    pages = [link for link in alternates if link.type is None or link.type in _PAGES]
    return next((link.href for link in (*pages, *alternates)), None)


def _href(links: Sequence[RawLink], rel: str) -> str | None:
    return next(iter(_hrefs(links, rel)), None)


def _hrefs(links: Sequence[RawLink], rel: str) -> tuple[str, ...]:
    return tuple(link.href for link in links if link.rel == rel)


def _enclosures(entry: Found, cuts: Cuts) -> Iterator[RawLink]:
    """Each medium once: enclosures, content that stands elsewhere, media:content."""
    seen: set[str] = set()
    for medium in (*(_link(part, cuts) for part in _parts(entry, "links") if part.get("rel") == "enclosure"), *_media(entry, cuts)):
        if medium is not None and medium.href not in seen:
            seen.add(medium.href)
            yield medium


def _media(entry: Found, cuts: Cuts) -> Iterator[RawLink | None]:
    for part in _parts(entry, "content"):
        if _text_type(str(part.get("type") or "")) is None and (href := _url(part, "src", cuts)):
            yield RawLink(href=href, rel="enclosure", type=_field(part, "type", cuts))
    for part in _parts(entry, "media_content"):
        if part.get("type") not in _PAGES:
            yield _link(part, cuts, "enclosure")


def _thumbnail(entry: Found, cuts: Cuts) -> str | None:
    return next((url for part in _parts(entry, "media_thumbnail") if (url := _url(part, "url", cuts))), None) or _image(entry, cuts)


def _image(found: Found, cuts: Cuts) -> str | None:
    image = found.get("image")
    return _url(image, "href", cuts) if isinstance(image, dict) else None


def _carried(found: Found) -> tuple[RawElement, ...]:
    """What `parse_carried` collected."""
    elements = found.get("x_carried")
    return tuple(one for one in elements if isinstance(one, RawElement)) if isinstance(elements, list) else ()


def _places(entry: Found, cuts: Cuts) -> Iterator[RawElement]:
    """Where an entry is about, in GeoRSS: what feedparser read in any of its forms, or the two numbers of the older vocabulary."""
    where = entry.get("where")
    if isinstance(where, dict) and (name := _GEOMETRIES.get(str(where.get("type")))):
        yield RawElement(name=name, text=" ".join(_latitudes_first(where.get("coordinates"))))
    elif (latitude := _field(entry, "geo_lat", cuts)) and (longitude := _field(entry, "geo_long", cuts)):
        yield RawElement(name="georss:point", text=f"{latitude} {longitude}")
    if named := _field(entry, "georss_featurename", cuts):
        yield RawElement(name="georss:featurename", text=named)


def _latitudes_first(coordinates: object) -> Iterator[str]:
    """The numbers of feedparser's pairs of longitude and latitude, as GeoRSS has them."""
    if isinstance(coordinates, tuple | list):
        if len(coordinates) >= 2 and all(isinstance(number, float) for number in coordinates[:2]):
            yield from (f"{coordinates[1]:.15g}", f"{coordinates[0]:.15g}")
        else:
            for part in coordinates[:_MAX_POINTS]:
                yield from _latitudes_first(part)


# ── people, categories, sources ──────────────────────────────────────────────────────────────────────────────────────────


def _authors(found: Found, cuts: Cuts) -> tuple[RawPerson, ...]:
    persons = _persons(found, "authors", cuts)
    if not persons and (name := _field(found, "itunes_author", cuts)):
        return (RawPerson(name=cuts.name(name)),)
    return persons


def _persons(found: Found, key: str, cuts: Cuts) -> tuple[RawPerson, ...]:
    persons = (
        RawPerson(name=cuts.name(_field(part, "name", cuts) or "") or None, email=_url(part, "email", cuts), uri=_url(part, "href", cuts))
        for part in _parts(found, key)
    )
    return cuts.first(dict.fromkeys(person for person in persons if person != RawPerson()), MAX_PERSONS, "persons")


def _categories(entry: Found, cuts: Cuts) -> tuple[RawCategory, ...]:
    made = []
    for part in _parts(entry, "tags"):
        term = _field(part, "term", cuts) or _field(part, "label", cuts)
        if term:
            made.append(RawCategory(term=cuts.name(term), scheme=_url(part, "scheme", cuts), label=_field(part, "label", cuts)))
    more = entry.get("x_more_tags")
    if isinstance(more, int):
        cuts.note(f"categories beyond {MAX_CATEGORIES} of one entry", more)
    return cuts.first(dict.fromkeys(made), MAX_CATEGORIES, "categories")


def _source(entry: Found, cuts: Cuts) -> RawSource | None:
    """The atom:source if there is one, else the RSS source: an entry that carries both came through a planet (RFC 4287 4.2.11)."""
    sources = [_one_source(part, cuts) for part in _parts(entry, "x_sources")]
    return next((source for source in sources if source.kind == "atom"), sources[0] if sources else None)


def _one_source(part: Mapping[str, object], cuts: Cuts) -> RawSource:
    if "x_url" in part:
        return RawSource(kind="rss", title=_field(part, "title", cuts), self_url=_url(part, "x_url", cuts))
    links = _links(part, cuts)
    updated = _field(part, "updated", cuts)
    return RawSource(
        kind="atom",
        id=_id(part),
        title=_field(part, "title", cuts),
        link=_permalink(links),
        self_url=_href(links, "self"),
        updated=updated,
        updated_s=seconds(updated),
        rights=_field(part, "rights", cuts),
        license=_href(links, "license"),
        authors=_persons(part, "authors", cuts),
    )
