"""Read an output back before it replaces the last good file: what does not parse to its edition is not published."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from xml.parsers import expat

import msgspec
from lxml import etree

from aggregator.errors import ParseError, PublishError
from aggregator.model import Edition, Format, Written
from aggregator.publish.jsonfeed import VERSION, json_feed
from aggregator.publish.opml import opml, read_opml, with_address
from aggregator.publish.page import page
from aggregator.publish.syndication import atom, rss

RENDERERS: Final[Mapping[Format, Callable[[Edition], bytes]]] = {
    "atom": atom,
    "rss": rss,
    "json": json_feed,
    "html": page,
    "opml": opml,
}
"""Every format and what writes it."""

_STAYS: Final = "the last good file stays"
_ATOM: Final = "{http://www.w3.org/2005/Atom}"

Pair = tuple[str, str]
"""An item as it must be found again: its id and its link ('' where it has none)."""


def checked(path: str, format: Format, body: bytes, edition: Edition) -> None:  # noqa: A002  (the model's own name)
    """Make sure that bytes are well-formed and give back the edition: the same ids and links in the same order.

    An item that its writer refuses on its own, too, may be missing, as long as others are there.

    Raises:
        PublishError: they are not, or do not.
    """
    if not _read_back(path, format, body, edition) and _wanted(format, edition):
        raise PublishError(path, f"does not read back: nothing is left in it; {_STAYS}")


def checked_joined(path: str, format: Format, written: Written, edition: Edition) -> None:  # noqa: A002
    """Make sure of a file that was joined from what is kept and what is new: it is well-formed, and all that is new in it reads back.

    What is kept was read back when it was made, and stands in a file that nobody changed since.

    Raises:
        PublishError: it is not, or does not.
    """
    if written.of_fresh is not None:
        _read_back(path, format, written.of_fresh, replace(edition, items=written.fresh, shelved=()))
    well_formed(path, format, written.body)
    if edition.count and not written.index:
        raise PublishError(path, f"does not read back: nothing is left in it; {_STAYS}")


def well_formed(path: str, format: Format, body: bytes) -> None:  # noqa: A002
    """Parse a whole file, several times as fast as reading it. Raises `PublishError`."""
    try:
        _WELL_FORMED[format](body)
    except (expat.ExpatError, ValueError) as error:
        raise PublishError(path, f"does not read back: {error}; {_STAYS}") from error


def ids_of(format: Format, body: bytes) -> list[str]:  # noqa: A002
    """The ids of the items in a file of ours, in their order."""
    return [name for name, _ in _READERS[format](body)]


def _read_back(path: str, format_: Format, body: bytes, edition: Edition) -> list[Pair]:
    """What a file holds, if that is the edition."""
    try:
        found = _READERS[format_](body)
        wanted = _wanted(format_, edition)
        if found != wanted:
            _compare(path, found, wanted, format_, edition)
    except (ParseError, etree.XMLSyntaxError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PublishError(path, f"does not read back: {error}; {_STAYS}") from error
    return found


def _wanted(format_: Format, edition: Edition) -> list[Pair]:
    if format_ == "opml":
        return sorted((feed.feed_url, feed.home or "") for feed in with_address(edition))
    return [(item.id, item.link or "") for item in edition.listed]


def _compare(path: str, found: Sequence[Pair], wanted: Sequence[Pair], format_: Format, edition: Edition) -> None:
    missing = [pair for pair in wanted if pair not in found]
    refused = [item for item in edition.items if (item.id, item.link or "") in missing and _is_refused(item.id, format_, edition)]
    kept = [pair for pair in wanted if pair not in missing]
    if list(found) != kept or len(refused) != len(missing):
        raise PublishError(path, f"does not read back: {len(found)} items of {len(wanted)}, or others; {_STAYS}")


def _is_refused(item_id: str, format_: Format, edition: Edition) -> bool:
    """Tell whether an item's own writer leaves it out: then its absence is known and logged, not a loss."""
    alone = replace(edition, items=tuple(item for item in edition.items if item.id == item_id))
    return not _READERS[format_](RENDERERS[format_](alone))


def _xml(body: bytes) -> etree._Element:
    return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def _read_atom(body: bytes) -> list[Pair]:
    root = _xml(body)
    if root.tag != f"{_ATOM}feed" or not root.findtext(f"{_ATOM}id") or not root.findtext(f"{_ATOM}updated"):
        raise ValueError("not an Atom feed with id and updated")
    return [(entry.findtext(f"{_ATOM}id") or "", _alternate(entry)) for entry in root.findall(f"{_ATOM}entry")]


def _alternate(entry: etree._Element) -> str:
    links = [link.get("href") or "" for link in entry.findall(f"{_ATOM}link") if link.get("rel", "alternate") == "alternate"]
    if len(links) > 1:
        raise ValueError("an entry with several alternate links")
    return links[0] if links else ""


def _read_rss(body: bytes) -> list[Pair]:
    channel = _xml(body).find("channel")
    if channel is None or not channel.findtext("title") or not channel.findtext("link"):
        raise ValueError("not an RSS channel with title and link")
    return [(item.findtext("guid") or "", item.findtext("link") or "") for item in channel.findall("item")]


def _read_json(body: bytes) -> list[Pair]:
    feed = json.loads(body)
    if feed["version"] != VERSION:
        raise ValueError("not JSON Feed 1.1")
    return [(item["id"], item.get("url", "")) for item in feed["items"]]


def _read_html(body: bytes) -> list[Pair]:
    if not body.endswith(b"</html>\n"):
        raise ValueError("the page ends early")
    root = etree.fromstring(body, etree.HTMLParser(encoding="utf-8", huge_tree=True))
    found: list[Pair] = []
    # Marks that the sanitizer leaves to nobody, so that nothing inside an article's text is taken for an article.
    for element in root.iter("data", "a"):
        marks, address = (element.get("class") or "").split(), element.get("href") or ""
        if "u-uid" in marks:
            found.append((element.get("value") or address, ""))
        if "url" in (element.get("property") or "").split() and found:
            found[-1] = (found[-1][0], address)
    return found


def _read_opml(body: bytes) -> list[Pair]:
    return sorted((feed.feed_url, feed.home or "") for feed in read_opml(body))


_READERS: Final[Mapping[Format, Callable[[bytes], list[Pair]]]] = {
    "atom": _read_atom,
    "rss": _read_rss,
    "json": _read_json,
    "html": _read_html,
    "opml": _read_opml,
}


@dataclass(frozen=True, slots=True)
class _JsonFeed:
    version: str


def _is_xml(body: bytes) -> None:
    expat.ParserCreate(namespace_separator=" ").Parse(body, True)


_WELL_FORMED: Final[Mapping[Format, Callable[[bytes], object]]] = {
    "atom": _is_xml,
    "rss": _is_xml,
    "json": msgspec.json.Decoder(_JsonFeed).decode,
}
"""What parses a whole file without making anything of it, several times as fast as the readers."""
