"""Subscriptions to and from OPML 2.0, the format in which feed readers and planets exchange them."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html.entities import name2codepoint
from typing import Final, NamedTuple

from lxml import etree

from aggregator.errors import ParseError
from aggregator.model import Edition, Subscription
from aggregator.publish.body import as_language
from aggregator.web.text import clean, one_line
from aggregator.web.url import feed_address_key, resource

_MAX_BYTES: Final = 8 * 1024 * 1024
_MAX_DEPTH: Final = 64
# feed: and its kin are how browsers once handed addresses to readers.
_FEED_SCHEME: Final = re.compile(r"(?:feed|pcast|itpc|podcast):(?://)?(?=https?:)|(?:feed|pcast|itpc|podcast)(?=://)", re.IGNORECASE)
_OPML_ATTRIBUTES: Final = frozenset(
    {"text", "title", "type", "xmlurl", "url", "htmlurl", "description", "language", "category", "version"}
    | {"created", "updated", "iscomment", "isbreakpoint"}
)
# Pages and data that a reader takes apart by rules of its own; no feeds.
_SCRAPED: Final = re.compile(r"xpath|dotnotation", re.IGNORECASE)
_USERINFO: Final = re.compile(r"^[a-z]+://([^/?#@]+)@", re.IGNORECASE)
_ADDRESSES: Final = re.compile(rb"\sxmlurl\s*=", re.IGNORECASE)
_COMMENTS: Final = re.compile(rb"<!--.*?-->", re.DOTALL)
_BARE: Final = re.compile(rb"&(?!(?:[a-zA-Z][a-zA-Z0-9]{0,31}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_ENTITY: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([a-zA-Z][a-zA-Z0-9]{0,31});")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_UTF_8: Final = re.compile(rb"\s*(?:<\?xml(?![^>]*encoding)|<\?xml[^>]*encoding\s*=\s*[\"']utf-?8|<(?!\?xml))", re.IGNORECASE)
_FEED_TYPES: Final = frozenset({"rss", "rss1", "rss2", "atom", "feed", "json", "jsonfeed"})


def opml(edition: Edition) -> bytes:
    """Write the public feeds behind an edition: a folder for each first tag, and every tag in `category`.

    There are no dates in it, so that new entries do not change the file.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = one_line(edition.title) or edition.spec.path
    body = etree.SubElement(root, "body")
    folders: dict[str, etree._Element] = {}
    for feed in with_address(edition):
        tag = one_line(feed.tags[0]) if feed.tags else ""
        if tag and tag not in folders:
            folders[tag] = etree.SubElement(body, "outline", text=tag, title=tag)
        etree.SubElement(folders[tag] if tag else body, "outline", _attributes(feed))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def with_address(edition: Edition) -> list[Subscription]:
    """The feeds behind an edition that somebody else can subscribe to."""
    return [feed for feed in edition.subscriptions if feed.feed_url]


def _attributes(feed: Subscription) -> dict[str, str]:
    name = one_line(feed.name) or feed.feed_url
    # The OPML 2.0 form: comma-separated, so a comma inside a tag cannot be kept.
    category = ",".join(one_line(tag).replace(",", " ") for tag in feed.tags if one_line(tag))
    attributes = {
        "type": "rss",
        "text": name,
        "title": name,
        "xmlUrl": clean(feed.feed_url),
        "htmlUrl": feed.home or "",
        "language": as_language(feed.language) or "",
        "description": one_line(feed.description or ""),
        "category": category,
    }
    return {key: value for key, value in attributes.items() if value}


def read_opml(data: bytes) -> list[Subscription]:
    """Read subscriptions in document order, each address once. Enclosing outlines and `category` become tags.

    Attribute names may be in any case, `feed:` addresses are turned into http(s), broken XML is read as far as it goes. Feeds whose
    address is not of the web are left out: `unread_in_opml` names them.

    Raises:
        ParseError: it is not OPML, larger than 8 MiB, or defines entities.
    """
    found: dict[str, Subscription] = {}
    for outline in _outlines(_root(data)):
        if feed := _subscription(outline.attributes, outline.path):
            key = feed_address_key(feed.feed_url)
            known = found.get(key)
            found[key] = replace(known, tags=tuple(dict.fromkeys((*known.tags, *feed.tags)))) if known else feed
    return list(found.values())


class Unread(NamedTuple):
    """An outline that names no feed that can be read: its name, address, page and type as written; any may be empty."""

    name: str
    address: str
    page: str
    type: str


def unread_in_opml(data: bytes) -> list[Unread]:
    """The feeds of an OPML file that `read_opml` leaves out, in document order, and the lists that it would include.

    Raises:
        ParseError: as `read_opml`.
    """
    unread = (one.attributes for one in _outlines(_root(data)) if _names_feed(one) and _address(one.attributes) is None)
    return [
        Unread(
            _first(attributes, "title", "text"),
            _written(attributes) or attributes.get("url", "").strip(),
            attributes.get("htmlurl", "").strip(),
            attributes.get("type", "").strip(),
        )
        for attributes in unread
    ]


def lost_in_opml(data: bytes) -> int:
    """How many addresses of feeds stand in a file that is broken, or nested too deep, where they are not read.

    Raises:
        ParseError: as `read_opml`.
    """
    read = sum("xmlurl" in one.attributes for one in _outlines(_root(data)))
    return max(0, len(_ADDRESSES.findall(_COMMENTS.sub(b"", data.replace(b"\0", b"")))) - read)


class Beyond(NamedTuple):
    """An attribute that is no part of OPML: of which outline (name, and address if it is a feed), its key in lower case, what it says."""

    name: str
    address: str
    key: str
    value: str


def beyond_opml(data: bytes) -> list[Beyond]:
    """What the outlines of a file say in words of the program that wrote it, in document order.

    Raises:
        ParseError: as `read_opml`.
    """
    return [
        Beyond(_first(one.attributes, "title", "text"), _address(one.attributes) or "", key, value)
        for one in _outlines(_root(data))
        for key, value in (*one.foreign.items(), *_password(one.attributes))
        if value
    ]


def _password(attributes: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The user name and password in an address, which is read without them."""
    if found := _USERINFO.search(_written(attributes)):
        yield "password", found[1]


def _root(data: bytes) -> etree._Element:
    if len(data) > _MAX_BYTES:
        raise ParseError("OPML", f"larger than {_MAX_BYTES // 1024 // 1024} MiB")
    data = _mended(data)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True, remove_comments=True)
    try:
        root = etree.fromstring(data.lstrip(), parser)
    except etree.XMLSyntaxError as error:
        raise ParseError("OPML", f"not well-formed: {error}") from error
    if root is None or _local_name(root) not in ("opml", "outlinedocument"):
        raise ParseError("OPML", "not an OPML document")
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and list(declared.iterentities()):  # type: ignore[union-attr]
        raise ParseError("OPML", "defines entities, which no list of feeds needs")
    return root


def _mended(data: bytes) -> bytes:
    """A file with what many programs write and XML does not know put right: `&` by itself, as in addresses, HTML's entities, control
    characters, and Latin-1 that calls itself UTF-8. A parser that recovers would pass over them, and make another address of one."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        return data
    data = _BARE.sub(b"&amp;", _CONTROL.sub(b" ", data.removeprefix(b"\xef\xbb\xbf")))
    data = _ENTITY.sub(_entity, data)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace").encode() if _UTF_8.match(data) else data
    return data


def _entity(found: re.Match[bytes]) -> bytes:
    number = name2codepoint.get(found[1].decode())
    return found[0] if number is None else b"&#%d;" % number


class _Outline(NamedTuple):
    """One outline: its attributes (names in lower case), the names of the outlines around it, whether others stand in it, and those of its
    attributes that OPML does not have."""

    attributes: dict[str, str]
    path: tuple[str, ...]
    is_folder: bool
    foreign: dict[str, str]


def _outlines(root: etree._Element) -> Iterator[_Outline]:
    """Every outline, in document order."""
    waiting: list[tuple[etree._Element, tuple[str, ...], int]] = [(root, (), 0)]
    while waiting:
        element, path, depth = waiting.pop()
        inner = path
        if _local_name(element) == "outline":
            attributes = {str(name).rpartition("}")[2].lower(): str(value) for name, value in element.attrib.items()}
            yield _Outline(attributes, path, len(element) > 0, _foreign(element))
            name = _first(attributes, "text", "title")
            inner = (*path, name) if name and not _address(attributes) else path
        if depth < _MAX_DEPTH:
            waiting.extend((child, inner, depth + 1) for child in reversed(element) if isinstance(child.tag, str))


def _foreign(element: etree._Element) -> dict[str, str]:
    """The attributes that OPML does not have, those of a namespace with the prefix that the file gives it."""
    prefixes = {uri: prefix for prefix, uri in element.nsmap.items() if prefix}
    found = {}
    for name, value in element.attrib.items():
        uri, _, local = str(name).rpartition("}")
        prefix = prefixes.get(uri.removeprefix("{"), "") if uri else ""
        key = f"{prefix}:{local}".lower() if prefix else local.lower()
        if prefix or key not in _OPML_ATTRIBUTES:
            found[key] = one_line(str(value))
    return found


def _subscription(attributes: dict[str, str], path: tuple[str, ...]) -> Subscription | None:
    address = _address(attributes)
    if address is None:
        return None
    categories = (one_line(category.strip().strip("/")) for category in attributes.get("category", "").split(","))
    tags = [category for category in categories if category] or list(path)
    return Subscription(
        name=_first(attributes, "title", "text") or address,
        feed_url=address,
        home=resource(attributes.get("htmlurl")),
        language=as_language(attributes.get("language")),
        tags=tuple(dict.fromkeys(tags)),
        description=_first(attributes, "description") or None,
    )


def _address(attributes: dict[str, str]) -> str | None:
    """The feed's address: `xmlUrl`, else `url` where the type says that it is a feed; inclusions of other lists are none."""
    if _SCRAPED.search(attributes.get("type", "")):
        return None
    address = _written(attributes)
    scheme = _FEED_SCHEME.match(address)
    if scheme:
        address = address[scheme.end() :] if address[scheme.end() :].startswith("http") else f"http{address[scheme.end() :]}"
    return resource(address)


def _names_feed(outline: _Outline) -> bool:
    attributes = outline.attributes
    has_address = not attributes.keys().isdisjoint({"xmlurl", "htmlurl"})
    is_feed = has_address or attributes.get("type", "").strip().lower() in {*_FEED_TYPES, "include"}
    return bool(_written(attributes)) or (is_feed and not outline.is_folder)


def _written(attributes: dict[str, str]) -> str:
    address = attributes.get("xmlurl", "").strip()
    if not address and attributes.get("type", "").strip().lower() in _FEED_TYPES:
        address = attributes.get("url", "").strip()
    return address


def _first(attributes: dict[str, str], *names: str) -> str:
    return next((value for name in names if (value := one_line(attributes.get(name, "")))), "")


def _local_name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
