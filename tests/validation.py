"""What a validator would complain about in our outputs: pure functions from bytes to a list of complaints, empty where all is well.

Atom: the RELAX NG grammar of RFC 4287 and the rules that no grammar holds. RSS 2.0: the specification's and the W3C validator's rules.
JSON Feed: its JSON Schema and the rules beside it. The schemas are data beside the repository (`shared/corpus/schemas`).
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

import jsonschema
from lxml import etree

SCHEMAS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "schemas"

_ATOM = "{http://www.w3.org/2005/Atom}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_DC_SOURCE = "{http://purl.org/dc/elements/1.1/}source"
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_HTTP = re.compile(r"https?://[^\s/]+\S*")
_TAG_URI = re.compile(r"tag:[A-Za-z0-9.@_+-]+,\d{4}(-\d\d(-\d\d)?)?:\S*")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d \+0000")


def atom_complaints(body: bytes, *, self_url: str | None = None, schemas: Path = SCHEMAS) -> list[str]:
    """Complaints about an Atom document; the grammar is skipped where `schemas` does not exist."""
    try:
        root = _parsed(body)
    except etree.XMLSyntaxError as error:
        return [f"not well-formed: {error}"]
    return [
        *_grammar(root, schemas),
        *_atom_feed(root, self_url),
        *_twice(root.findall(f"{_ATOM}entry"), f"{_ATOM}id"),
        *_atom_entries(root),
    ]


def rss_complaints(body: bytes, *, self_url: str | None = None) -> list[str]:
    """Complaints about an RSS 2.0 document."""
    try:
        root = _parsed(body)
    except etree.XMLSyntaxError as error:
        return [f"not well-formed: {error}"]
    channels = root.findall("channel")
    if root.tag != "rss" or root.get("version") != "2.0" or len(channels) != 1:
        return ["not one channel in an rss of version 2.0"]
    items = channels[0].findall("item")
    found = [*_rss_channel(channels[0], self_url), *_twice(items, "guid")]
    for number, item in enumerate(items, 1):
        found += [f"item {number}: {complaint}" for complaint in _rss_item(item)]
    return found


def json_complaints(body: bytes, *, self_url: str | None = None, schemas: Path = SCHEMAS) -> list[str]:
    """Complaints about a JSON Feed; the schema is skipped where `schemas` does not exist."""
    try:
        feed = json.loads(body)
    except ValueError as error:
        return [f"not JSON: {error}"]
    return [*_schema(feed, schemas), *_json_rules(feed, self_url)]


# ── Atom ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _parsed(body: bytes) -> etree._Element:
    return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


@cache
def _relax_ng(path: Path) -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(path))


def _grammar(root: etree._Element, schemas: Path) -> list[str]:
    path = schemas / "atom.rng"
    if not path.is_file():
        return []
    grammar = _relax_ng(path)
    return [] if grammar.validate(root) else [f"RFC 4287: line {error.line}: {error.message}" for error in grammar.error_log]


def _atom_feed(root: etree._Element, self_url: str | None) -> Iterator[str]:
    if root.tag != f"{_ATOM}feed":
        yield "not an Atom feed"
    selves = [link.get("href") for link in root.findall(f"{_ATOM}link") if link.get("rel") == "self"]
    if self_url and selves != [self_url]:
        yield f"rel=self is {selves}, not [{self_url}]"
    if len(selves) > 1:
        yield "more than one rel=self"
    for forbidden in ("author", "rights"):
        if root.find(f"{_ATOM}{forbidden}") is not None:
            yield f"a merged feed has {forbidden}, which its entries inherit"
    for element in root.iter(f"{_ATOM}id"):
        yield from _iri("id", element.text)
    for element in root.iter(f"{_ATOM}updated", f"{_ATOM}published"):
        if not _RFC3339.fullmatch(element.text or ""):
            yield f"not an RFC 3339 date: {element.text!r}"
    for element in root.iter(f"{_ATOM}link"):
        if not _IRI.fullmatch(element.get("href") or ""):
            yield f"a link that is not absolute: {element.get('href')!r}"


def _iri(name: str, text: str | None) -> Iterator[str]:
    if not _IRI.fullmatch(text or ""):
        yield f"{name} is not an absolute IRI: {text!r}"
    elif (text or "").startswith("tag:") and not _TAG_URI.fullmatch(text or ""):
        yield f"{name} is not a tag URI (RFC 4151): {text!r}"


def _atom_entries(root: etree._Element) -> Iterator[str]:
    for number, entry in enumerate(root.findall(f"{_ATOM}entry"), 1):
        for complaint in _atom_entry(entry):
            yield f"entry {number}: {complaint}"


def _atom_entry(entry: etree._Element) -> Iterator[str]:
    source = entry.find(f"{_ATOM}source")
    if source is None:
        yield "no source (RFC 4287 section 4.2.11)"
    elif source.find(f"{_ATOM}title") is None:
        yield "a source without title"
    if entry.find(f"{_ATOM}author") is None and (source is None or source.find(f"{_ATOM}author") is None):
        yield "no author, on entry or source"
    links = entry.findall(f"{_ATOM}link")
    alternates = Counter((link.get("type"), link.get("hreflang")) for link in links if link.get("rel", "alternate") == "alternate")
    if any(count > 1 for count in alternates.values()):
        yield "several alternate links of one type and language"
    if not alternates and entry.find(f"{_ATOM}content") is None:
        yield "neither alternate link nor content"
    if max(Counter((link.get("rel"), link.get("href")) for link in links).values(), default=0) > 1:
        yield "a link twice"
    for link in links:
        if link.get("rel") == "enclosure" and not link.get("type"):
            yield "an enclosure without type"


def _twice(entries: list[etree._Element], name: str) -> list[str]:
    counted = Counter(entry.findtext(name) for entry in entries)
    return [f"id {id_!r} stands {count} times" for id_, count in counted.items() if count > 1]


# ── RSS ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rss_channel(channel: etree._Element, self_url: str | None) -> Iterator[str]:
    for name in ("title", "link", "description"):
        if len(channel.findall(name)) != 1 or not channel.findtext(name):
            yield f"channel without one {name}"
    if not _IRI.fullmatch(channel.findtext("link") or ""):
        yield "the channel's link is not absolute"
    yield from _date(channel, "lastBuildDate")
    selves = [link.get("href") for link in channel.findall(f"{_ATOM}link") if link.get("rel") == "self"]
    if self_url and selves != [self_url]:
        yield f"rel=self is {selves}, not [{self_url}]"


def _rss_item(item: etree._Element) -> Iterator[str]:
    if not item.findtext("title") and not item.findtext("description"):
        yield "neither title nor description"
    for name in ("title", "link", "description", "guid", "pubDate", "source", "enclosure", "comments", "author", _CONTENT):
        if len(item.findall(name)) > 1:
            yield f"more than one {name}"
    for name in ("link", "comments"):
        if item.find(name) is not None and not _IRI.fullmatch(item.findtext(name) or ""):
            yield f"{name} is not absolute"
    names = [child.tag for child in item]
    if _CONTENT in names and "description" in names and names.index(_CONTENT) < names.index("description"):
        yield "content:encoded before description"
    yield from _date(item, "pubDate")
    yield from _rss_guid(item)
    yield from _rss_source_and_media(item)


def _rss_guid(item: etree._Element) -> Iterator[str]:
    guid = item.find("guid")
    if guid is None or not guid.text:
        yield "no guid"
    elif guid.get("isPermaLink", "true") not in ("true", "false"):
        yield "isPermaLink is neither true nor false"
    elif guid.get("isPermaLink", "true") == "true" and not _HTTP.fullmatch(guid.text):
        yield "a guid that is said to be a permalink and is none"


def _rss_source_and_media(item: etree._Element) -> Iterator[str]:
    source = item.find("source")
    if source is not None and not _HTTP.fullmatch(source.get("url") or ""):
        yield "a source without url"
    if source is not None and (item.find(_DC_SOURCE) is not None or item.find(f"{_ATOM}source") is not None):
        yield "the source said twice"
    if item.find("author") is not None and "@" not in (item.findtext("author") or ""):
        yield "an author without e-mail address"
    for enclosure in item.findall("enclosure"):
        if not _HTTP.fullmatch(enclosure.get("url") or "") or not (enclosure.get("length") or "").isdigit() or not enclosure.get("type"):
            yield "an enclosure without url, length or type"
    for link in item.findall(f"{_ATOM}link"):
        if not link.get("rel") or not _IRI.fullmatch(link.get("href") or ""):
            yield "an atom:link without rel or absolute href"


def _date(parent: etree._Element, name: str) -> Iterator[str]:
    dates = [date.text or "" for date in parent.findall(name)]
    if len(dates) != 1:
        yield f"{len(dates)} {name}"
        return
    if not _RFC822.fullmatch(dates[0]):
        yield f"{name} is not an RFC 822 date in UTC: {dates[0]!r}"
        return
    if parsedate_to_datetime(dates[0]).strftime("%Y") and _weekday(parsedate_to_datetime(dates[0])) != dates[0][:3]:
        yield f"{name} has a wrong day of the week"


def _weekday(moment: datetime) -> str:
    return ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.astimezone(UTC).weekday()]


# ── JSON Feed ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def _validator(path: Path) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads(path.read_text("utf-8")), format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)


def _schema(feed: object, schemas: Path) -> list[str]:
    path = schemas / "jsonfeed-1.1.schema.json"
    if not path.is_file():
        return []
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in _validator(path).iter_errors(feed)]


def _json_rules(feed: object, self_url: str | None) -> Iterator[str]:
    if not isinstance(feed, dict):
        yield "not an object"
        return
    if self_url and feed.get("feed_url") != self_url:
        yield f"feed_url is {feed.get('feed_url')!r}"
    items = feed.get("items", [])
    for id_, count in Counter(item["id"] for item in items).items():
        if count > 1:
            yield f"id {id_!r} stands {count} times"
    for item in items:
        for name in ("date_published", "date_modified"):
            if name in item and not _RFC3339.fullmatch(item[name]):
                yield f"{name} is not an RFC 3339 date"
        for name in ("url", "external_url", "image"):
            if name in item and not _IRI.fullmatch(item[name]):
                yield f"{name} is not absolute"
