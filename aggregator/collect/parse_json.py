"""Reads JSON Feed 1.0 and 1.1 (jsonfeed.org). What two JSON readers would read differently is an error, not a guess.

Where a member has another type than the standard says, but can mean one thing only (one author instead of a list, a name instead of an
author, a number in quotes), it is taken for that.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from aggregator.collect.charset import decoded
from aggregator.collect.dates import seconds
from aggregator.collect.limits import (
    MAX_CARRIED,
    MAX_CATEGORIES,
    MAX_ENCLOSURES,
    MAX_HUBS,
    MAX_PERSONS,
    MAX_VIAS,
    Cuts,
)
from aggregator.errors import ParseError
from aggregator.model import Document, RawCategory, RawElement, RawEntry, RawFeed, RawLink, RawPerson, RawSource, RawText, TextType
from aggregator.web.carried import TEXT, namespaces
from aggregator.web.text import clean

_VERSIONS = ("https://jsonfeed.org/version/", "http://jsonfeed.org/version/")
# Any number that a feed needs is shorter; int() of thousands of digits is slow, and refused by Python.
_MAX_DIGITS = 15

Json = object
Object = Mapping[str, Json]


class _Ambiguous(ValueError):
    """Two readers would read this JSON differently (RFC 8259 section 4: names SHOULD be unique; section 6: no NaN)."""


def read_json(document: Document) -> RawFeed:
    """Read a JSON Feed. Ids become text; items that are no objects are left out, as are unknown members.

    What `_provenance` says of the original becomes a claim like any other: `source`, `dcterms_source` and links with `rel=via`.

    Raises:
        ParseError: it is no JSON, no JSON Feed, ambiguous or nested too deeply.
    """
    source, cuts = decoded(document.body, None), Cuts()
    value = _loaded(source.text, document.url)
    version = _text_of(value, "version", cuts) if isinstance(value, dict) else None
    if not isinstance(value, dict) or not _is_feed(value, version):
        raise ParseError(document.url, "a JSON document, not a JSON Feed")
    items = value.get("items")
    if not isinstance(items, list):
        raise ParseError(document.url, "a JSON Feed whose items are not a list")
    objects = [item for item in items if isinstance(item, dict)]
    if len(objects) < len(items):
        cuts.note("items that are no objects", len(items) - len(objects))
    entries = tuple(_entry(item, cuts) for item in objects)
    return RawFeed(
        version="json1" if version == "https://jsonfeed.org/version/1" else "json11",
        title=_construct(value, "title", "text", cuts),
        subtitle=_construct(value, "description", "text", cuts),
        link=_url(value, "home_page_url", cuts),
        self_url=_url(value, "feed_url", cuts),
        hubs=tuple(url for hub in _objects(value, "hubs") if _text_of(hub, "type", cuts) == "WebSub" and (url := _url(hub, "url", cuts)))[
            :MAX_HUBS
        ],
        language=_text_of(value, "language", cuts),
        authors=_authors(value, cuts),
        icon=_url(value, "icon", cuts) or _url(value, "favicon", cuts),
        entries=entries,
        oddities=(*source.oddities, *(("it names no version of JSON Feed",) if not version else ()), *cuts.oddities()),
    )


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _loaded(text: str, url: str) -> Json:
    try:
        return json.loads(
            text.lstrip("\ufeff \t\r\n"), object_pairs_hook=_unique, parse_int=_number, parse_float=str, parse_constant=_refused
        )
    except _Ambiguous as error:
        raise ParseError(url, f"not readable as JSON: {error}") from error
    except RecursionError as error:
        raise ParseError(url, "not readable as JSON: it is nested too deeply") from error
    except ValueError as error:
        raise ParseError(url, f"not readable as JSON: {error}") from error


def _unique(pairs: list[tuple[str, Json]]) -> Object:
    found: dict[str, Json] = {}
    for name, value in pairs:
        if name in found:
            raise _Ambiguous(f"the name {clean(name)[:80]!r} stands twice in one object")
        found[name] = value
    return found


def _number(digits: str) -> int | str:
    """A number that is no id is small; a longer one stays the text that it is."""
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def _refused(word: str) -> Json:
    raise _Ambiguous(f"{word} is no JSON")


def _is_feed(value: Object, version: str | None) -> bool:
    if version:
        return version.startswith(_VERSIONS)
    items = value.get("items")
    return isinstance(items, list) and any(isinstance(item, dict) and ("content_html" in item or "content_text" in item) for item in items)


# ── items ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _entry(item: Object, cuts: Cuts) -> RawEntry:
    link = _url(item, "url", cuts)
    published, updated = _date(item, "date_published", cuts), _date(item, "date_modified", cuts)
    original = _original(item)
    via = tuple(_vias(item, cuts))
    return RawEntry(
        id=_id(item),
        id_is_link=False,
        link=link,
        links=(*((RawLink(href=link),) if link else ()), *via),
        title=_construct(item, "title", "text", cuts),
        summary=_construct(item, "summary", "text", cuts),
        contents=tuple(
            text for key, kind in _CONTENTS if (text := _construct(item, key, kind, cuts, language=_text_of(item, "language", cuts)))
        ),
        authors=_authors(item, cuts),
        published=published,
        published_s=seconds(published),
        updated=updated,
        updated_s=seconds(updated),
        enclosures=cuts.first(_attachments(item, cuts), MAX_ENCLOSURES, "enclosures"),
        thumbnail=_url(item, "image", cuts) or _url(item, "banner_image", cuts),
        categories=cuts.first(_tags(item, cuts), MAX_CATEGORIES, "categories"),
        contributors=_persons(_objects(_more(item), "contributors"), cuts),
        comments=_url(_more(item), "comments", cuts),
        language=_text_of(item, "language", cuts),
        license=_url(original, "license", cuts),
        rights=_text_of(original, "rights", cuts),
        source=_source(original, cuts),
        dcterms_source=_url(original, "url", cuts),
        external_url=_url(item, "external_url", cuts),
        carried=cuts.first(_carried(item, cuts), MAX_CARRIED, "elements of podcasts and places"),
    )


_CONTENTS: tuple[tuple[str, TextType], ...] = (("content_html", "html"), ("content_text", "text"))


def _id(item: Object) -> str | None:
    """The id as text: version 1.1 wants a string, but tells readers to take numbers for one."""
    value = item.get("id")
    if isinstance(value, bool):
        return None
    if isinstance(value, int | str):
        return clean(str(value)) or None
    return None


def _construct(value: Object, key: str, kind: TextType, cuts: Cuts, language: str | None = None) -> RawText | None:
    text = value.get(key)
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or not text.strip():
        return None
    return RawText(value=cuts.text(text), type=kind, language=language)


def _authors(value: Object, cuts: Cuts) -> tuple[RawPerson, ...]:
    """`authors` of version 1.1, else `author` of version 1."""
    return _persons(_named(value, "authors"), cuts) or _persons(_named(value, "author"), cuts)


def _named(value: Object, key: str) -> list[Object]:
    """The persons of a member: a list or one of them, each an object or the name alone."""
    said = value.get(key)
    parts = said if isinstance(said, list) else [said]
    return [{"name": part} if isinstance(part, str) else part for part in parts if isinstance(part, str | dict)]


def _persons(parts: Sequence[Object], cuts: Cuts) -> tuple[RawPerson, ...]:
    made = (RawPerson(name=cuts.name(_text_of(part, "name", cuts) or "") or None, uri=_url(part, "url", cuts)) for part in parts)
    return cuts.first(dict.fromkeys(person for person in made if person != RawPerson()), MAX_PERSONS, "persons")


def _date(item: Object, key: str, cuts: Cuts) -> str | None:
    """A date as written: a text, or the number of seconds or milliseconds that programs print which forget to format it."""
    number = item.get(key)
    return str(number) if isinstance(number, int) and not isinstance(number, bool) else _text_of(item, key, cuts)


def _attachments(item: Object, cuts: Cuts) -> Iterator[RawLink]:
    one = item.get("attachments")
    for part in [one] if isinstance(one, dict) else _objects(item, "attachments"):
        if href := _url(part, "url", cuts):
            length, duration = part.get("size_in_bytes"), part.get("duration_in_seconds")
            yield RawLink(
                href=href,
                rel="enclosure",
                type=_text_of(part, "mime_type", cuts),
                title=_text_of(part, "title", cuts),
                length=str(length) if isinstance(length, int | str) and not isinstance(length, bool) else None,
                duration=str(duration) if isinstance(duration, int | str) and not isinstance(duration, bool) else None,
            )


def _tags(item: Object, cuts: Cuts) -> Iterator[RawCategory]:
    tags = item.get("tags")
    for term in dict.fromkeys(tag for tag in (tags if isinstance(tags, list) else [tags]) if isinstance(tag, str)):
        if term := cuts.name(clean(term).strip()):
            yield RawCategory(term=term)


# ── provenance: a claim like any other, written by us or by a program that does as we do ─────────────────────────────────────


def _provenance(item: Object) -> Object:
    value = item.get("_provenance")
    return value if isinstance(value, dict) else {}


def _original(item: Object) -> Object:
    value = _provenance(item).get("original")
    return value if isinstance(value, dict) else {}


def _source(original: Object, cuts: Cuts) -> RawSource | None:
    feed_url, title = _url(original, "feed_url", cuts), _text_of(original, "title", cuts)
    if not feed_url and not title:
        return None
    if not feed_url and not _url(original, "url", cuts) and not _url(original, "home_page_url", cuts):
        return RawSource(kind="name", title=title)
    return RawSource(
        kind="atom",
        id=feed_url,
        title=title,
        link=_url(original, "home_page_url", cuts),
        self_url=feed_url,
        rights=_text_of(original, "rights", cuts),
        license=_url(original, "license", cuts),
    )


def _vias(item: Object, cuts: Cuts) -> Iterator[RawLink]:
    for part in cuts.first(_objects(_provenance(item), "via"), MAX_VIAS, "publishers on the way"):
        if href := _url(part, "url", cuts) or _url(part, "home_page_url", cuts) or _url(part, "feed_url", cuts):
            yield RawLink(href=href, rel="via", title=_text_of(part, "title", cuts) or _text_of(part, "name", cuts))


# ── what only our own outputs write: more about an item, podcasts and places ─────────────────────────────────────────────


def _more(item: Object) -> Object:
    """What the format has no member for."""
    value = item.get("_aggregator")
    return value if isinstance(value, dict) else {}


def _carried(item: Object, cuts: Cuts) -> Iterator[RawElement]:
    """The elements under `_itunes`, `_podcast` and `_georss`: a text for what has nothing else, lists for what can stand several times."""
    for prefix in namespaces():
        members = item.get(f"_{prefix}")
        for name, value in members.items() if isinstance(members, dict) else ():
            for one in value if isinstance(value, list) else [value]:
                yield _element(f"{prefix}:{name}".lower(), one, cuts)


def _element(name: str, value: Json, cuts: Cuts) -> RawElement:
    if not isinstance(value, dict):
        return RawElement(name=name, text=cuts.field(value) if isinstance(value, str) else None)
    texts = {key: text for key in value if (text := _text_of(value, key, cuts))}
    prefix = name.partition(":")[0]
    inner = [_element(f"{prefix}:{key}".lower(), one, cuts) for key in value for one in _objects(value, key)]
    text = texts.pop(TEXT, None)
    return RawElement(name=name, text=text, attributes=tuple((key.lower(), said) for key, said in texts.items()), children=tuple(inner))


# ── plain members ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _text_of(value: Object, key: str, cuts: Cuts) -> str | None:
    text = value.get(key)
    return cuts.field(clean(text).strip()) or None if isinstance(text, str) else None


def _url(value: Object, key: str, cuts: Cuts) -> str | None:
    text = value.get(key)
    return cuts.url(clean(text).strip()) or None if isinstance(text, str) else None


def _objects(value: Object, key: str) -> Sequence[Object]:
    parts = value.get(key)
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
