"""A way in: lists of feeds that other programs wrote → entries for feeds.yaml.

An OPML file keeps its names and turns its folders into tags; a plain list has one address a line, and may name and tag it as newsboat
does. Nothing is lost in silence: what is not carried over is listed with its reason.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aggregator.config_address import address_key, is_local, shown
from aggregator.errors import ConfigError, ParseError, Problem
from aggregator.model import Subscription
from aggregator.publish.opml import read_opml, unread_in_opml
from aggregator.web.text import one_line
from aggregator.web.url import resource

MAX_BYTES = 10 * 1024 * 1024  # the largest OPML seen in the wild, with 20,000 feeds, is under five
_XML = re.compile(r"\s*(?:<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<(?:[\w.-]+:)?([\w.-]+)", re.DOTALL)
_SECTION = re.compile(r"^\s*\[[^\[\]\n]+\]\s*$", re.MULTILINE)
_SETTING = re.compile(r"^\s*[\w.-]+\s*[=:]\s*\S", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A feed to take over; its fields are those of `splice.NewFeed`."""

    url: str
    name: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """What a file held: feeds to take over, each address once; how many stood there again; what was refused, each with its reason."""

    feeds: tuple[Proposal, ...] = ()
    duplicates: int = 0
    refused: tuple[str, ...] = field(default=())


def read(data: bytes, source: str = "the file") -> Takeover:
    """Read an OPML file or a plain list of addresses, whichever it is; `source` is what a message calls it.

    Raises: ConfigError for a file that is neither, saying what it seems to be.
    """
    if len(data) > MAX_BYTES:
        raise _not_read(source, f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
    start = data[:4096].decode("utf-8", "replace").removeprefix("\ufeff")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or start.lstrip().startswith("<"):
        return _from_xml(data, start, source)
    if "\0" in start:
        raise _not_read(source, "is not a text")
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    _refuse_others(text, source)
    taken = from_lines(text)
    if taken.refused and not taken.feeds:
        raise _not_read(source, "holds no address: an OPML file or a plain list with one address a line is read")
    return taken


def from_opml(data: bytes) -> Takeover:
    """The subscriptions of an OPML file. Folders become tags.

    Raises: ConfigError for what is not OPML.
    """
    try:
        found, unread = read_opml(data), unread_in_opml(data)
    except ParseError as error:
        raise _not_read("OPML", error.message) from error
    taken = [(_from_subscription(item), _called(item.name, item.feed_url), item.feed_url) for item in found]
    return _gathered([*taken, *((Proposal(url=""), _called(name, address), address) for name, address in unread)])


def from_lines(text: str) -> Takeover:
    """The feeds of a plain list: an address a line, then quoted or bare tags, of which `"~Name"` is the name; `#` begins a comment.

    >>> from_lines('https://a.example/feed "~Ann" blogs').feeds
    (Proposal(url='https://a.example/feed', name='Ann', tags=('blogs',)),)
    """
    lines = [(number, line.strip().removeprefix("- ").strip()) for number, line in enumerate(text.splitlines(), 1)]
    return _gathered([(_from_line(line), f"line {number}: ", line) for number, line in lines if line and not line.startswith("#")])


def _from_xml(data: bytes, start: str, source: str) -> Takeover:
    found = _XML.match(start)
    root = found[1].lower() if found else ""
    if root in {"rss", "feed", "rdf"}:
        raise _not_read(source, "is a feed itself: 'aggregator add' takes its address")
    if root == "html":
        raise _not_read(source, "is a web page: 'aggregator add' takes its address and finds the feed")
    return from_opml(data)


def _refuse_others(text: str, source: str) -> None:
    if text.lstrip().startswith(("{", '["', "[{")):
        raise _not_read(source, "is JSON: an OPML file or a plain list of addresses is read")
    if _SECTION.search(text) and _SETTING.search(text):
        raise _not_read(
            source,
            "is a config.ini (Planet, Venus, Pluto): reading it comes in a later version; the opml.xml that most planets publish is read",
        )
    if re.search(r"^feeds\s*:", text, re.MULTILINE):
        raise _not_read(source, "is a feeds.yaml already: 'aggregator --config' names it")


def _not_read(source: str, why: str) -> ConfigError:
    return ConfigError(source, [Problem(0, why)])


def _from_subscription(item: Subscription) -> Proposal:
    url = _web_address(item.feed_url)
    name = one_line(item.name) or None
    return Proposal(url=url, name=None if name == url else name, tags=_tags(item.tags))


def _called(name: str, address: str) -> str:
    """What stands before an address in a message: the feed's name, if that tells more."""
    return f"“{one_line(name)}” " if name and name != address else ""


def _from_line(line: str) -> Proposal:
    words = _words(line)
    names = [word[1:] for word in words[1:] if word.startswith("~")]
    tags = [word for word in words[1:] if not word.startswith(("~", "!"))]
    return Proposal(url=_web_address(words[0] if words else ""), name=one_line(names[0]) or None if names else None, tags=_tags(tags))


def _words(line: str) -> Sequence[str]:
    """As a shell splits them; an address may hold a `#` or a quote, so only what stands behind it is split."""
    url, _, rest = line.partition(" ")
    lexer = shlex.shlex(rest, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    try:
        return [url.strip("\"'"), *lexer]
    except ValueError:  # a quote that is never closed
        return [url.strip("\"'"), *rest.split()]


def _web_address(text: str) -> str:
    url = re.sub(r"^feed:(?=https?:)", "", re.sub(r"^feed://", "https://", text.strip()))
    return "" if "${" in url or re.search(r"\s", url) or resource(url) is None else url


def _tags(words: Iterable[str]) -> tuple[str, ...]:
    """Lower case, so that two lists' folders meet."""
    return tuple(dict.fromkeys(tag for word in words if (tag := one_line(word).lower()) and "${" not in tag))


def _gathered(found: Sequence[tuple[Proposal, str, str]]) -> Takeover:
    """Each address once, with the tags of all its mentions and the first name; the rest is counted or refused.

    With each proposal come what to call it in a message, and what was written for its address.
    """
    merged: dict[str, Proposal] = {}
    refused: list[str] = []
    for proposal, called, written in found:
        if not proposal.url:
            refused.append(f"{called}{shown(one_line(written))}".strip() + f": {_reason(written)}")
            continue
        key = address_key(proposal.url)
        merged[key] = _merged(merged.get(key), proposal)
    return Takeover(feeds=tuple(merged.values()), duplicates=len(found) - len(refused) - len(merged), refused=tuple(refused))


def _merged(first: Proposal | None, proposal: Proposal) -> Proposal:
    if first is None:
        return proposal
    return Proposal(url=first.url, name=first.name or proposal.name, tags=tuple(dict.fromkeys((*first.tags, *proposal.tags))))


def _reason(written: str) -> str:
    address = written.strip("\"' ")
    if not address:
        return "no address is given"
    if is_local(address):
        return "a file on the machine where the list was written"
    if address.startswith(("exec:", "filter:", "query:")):
        return "the output of a program, not an address"
    return "not an address that begins with http:// or https://"
