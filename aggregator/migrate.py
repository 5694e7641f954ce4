"""A way in: lists of feeds that other programs wrote → entries for feeds.yaml.

An OPML file keeps its names and turns its folders into tags; a plain list has one address a line, and may name and tag it as newsboat
does; a planet's configuration (`migrate_ini`) has a section for each feed, and settings of its own. Nothing is lost in silence: what is not
carried over is listed with its reason, which is data (`migrate.toml`).
"""

import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files

from aggregator.config_address import address_key, is_local, shown
from aggregator.errors import ConfigError, ParseError, Problem
from aggregator.migrate_ini import Named, is_ini, read_planet
from aggregator.model import Subscription
from aggregator.publish.opml import Beyond, Unread, beyond_opml, lost_in_opml, read_opml, unread_in_opml
from aggregator.web.text import counted, one_line
from aggregator.web.url import resource

MAX_BYTES = 10 * 1024 * 1024  # the largest OPML seen in the wild, with 20,000 feeds, is under five
MAX_LIST_BYTES = 2 * 1024 * 1024  # ten thousand feeds with names and pages
MAX_LINES = 20_000
MAX_LINE_CHARS = 4096  # what stands behind an address is split as a shell does, which takes the square of its length
_WHOLE = re.compile(rb"</\s*(?:[\w.-]+:)?(?:opml|outlineDocument)\s*>\s*(?:<!--.*?-->\s*)*$", re.IGNORECASE | re.DOTALL)
_XML = re.compile(r"\s*(?:<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<(?:[\w.-]+:)?([\w.-]+)", re.DOTALL | re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_JSON = re.compile(r"\s*(?:\{|\[\s*[\[\]{\"])")
_NAMELESS = "an outline without a name"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# `every` of a feed: the bounds of feeds.yaml.
_MIN_MINUTES, _MAX_MINUTES = 5, 30 * 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A feed to take over; its fields are those of `splice.NewFeed`."""

    url: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    every: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """What a file held: feeds to take over, each address once; how many stood there again; what was refused, each with its reason.

    `settings` are keys of feeds.yaml with their values. `left` are settings that are not carried over, a line each with its reason.
    """

    feeds: tuple[Proposal, ...] = ()
    duplicates: int = 0
    refused: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()


def read(data: bytes, source: str = "the file") -> Takeover:
    """Read an OPML file, a planet's configuration or a plain list of addresses, whichever it is; `source` is what a message calls it.

    Raises: ConfigError for a file that is none of them, saying what it seems to be.
    """
    if len(data) > MAX_BYTES:
        raise _not_read(source, f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
    start = _start(data)
    if start.lstrip().startswith("<"):
        return _from_xml(data, start, source)
    if "\0" in start:
        raise _not_read(source, "is not a text")
    text = _decoded(data)
    _refuse_others(text, source)
    if is_ini(text):
        return from_ini(text)
    taken = from_lines(text)
    if taken.refused and not taken.feeds:
        raise _not_read(source, "holds no address: an OPML file, a planet's config.ini or a plain list with one address a line is read")
    return taken


def read_list(data: bytes, source: str) -> Takeover:
    """Read a list that others keep: OPML, whole to its last tag, or a text with an address a line.

    Raises: ConfigError for anything else, so that a page of an error, half a file, or an empty one is never taken for a list that changed.
    """
    if len(data) > MAX_LIST_BYTES:
        raise _not_read(source, f"is larger than {MAX_LIST_BYTES // 1024 // 1024} MiB")
    start = _start(data)
    if start.lstrip().startswith("<"):
        found = _from_xml(data, start, source)
        if not _is_whole(data):
            raise _not_read(source, "ends before its last tag")
    else:
        found = _one_a_line(data, source)
    if not found.feeds:
        raise _not_read(source, "names no feed")
    return found


def from_opml(data: bytes) -> Takeover:
    """The subscriptions of an OPML file. Folders become tags.

    Raises: ConfigError for what is not OPML.
    """
    try:
        found, unread, beyond, lost = read_opml(data), unread_in_opml(data), beyond_opml(data), lost_in_opml(data)
    except ParseError as error:
        raise _not_read("OPML", error.message) from error
    off = {one.address for one in beyond if _is_switched_off(one)}
    every = {one.address: _every(one.value) for one in beyond if one.key == _TTL}
    taken = [
        (replace(_from_subscription(item), every=every.get(item.feed_url)), _called(item.name, item.feed_url), item.feed_url)
        for item in found
        if item.feed_url not in off
    ]
    gathered = _gathered([*taken, *((Proposal(url=""), _called(one.name, one.address), one.address) for one in unread if not _why(one))])
    refused = [
        f"{_called(item.name, item.feed_url)}{shown(item.feed_url)}: it is switched off there" for item in found if item.feed_url in off
    ]
    refused += [
        (f"{_called(one.name, one.address or one.page)}{shown(one.address)}".strip() or _NAMELESS) + f": {why}"
        for one in unread
        if (why := _why(one))
    ]
    if lost:
        refused.append(f"{counted(lost, 'feed')}: where the file is broken, or nested too deep")
    if not _is_whole(data):
        refused.append("whatever followed: the file ends before its last tag")
    left: dict[str, list[str]] = {}
    for one in beyond:
        if one.key != _TTL and not _is_switched_off(one) and one.value.lower() != "false" and not one.key.startswith(_SCRAPING):
            left.setdefault(one.key, []).append(one.name or one.address)
    return replace(
        gathered, refused=(*gathered.refused, *refused), left=tuple(_left("opml", key, _of(names)) for key, names in left.items())
    )


def from_ini(text: str) -> Takeover:
    """The feeds and settings of a planet's configuration."""
    planet = read_planet(text)
    gathered = _gathered(
        [
            (_from_named(feed), f"line {feed.line}: {_called(feed.name, feed.address)}", feed.address)
            for feed in planet.feeds
            if feed.address
        ]
    )
    without = [
        f"line {feed.line}: {_called(feed.name, '')}".strip() + f"{_no_address(feed.page)}" for feed in planet.feeds if not feed.address
    ]
    left = [_left(where, key, _at(lines)) for (where, key), lines in planet.left.items()]
    return replace(gathered, refused=(*gathered.refused, *without, *planet.passed_over), settings=planet.settings, left=tuple(left))


def from_lines(text: str) -> Takeover:
    """The feeds of a plain list: an address a line, then quoted or bare tags, of which `"~Name"` is the name; `#` begins a comment.

    >>> [(feed.url, feed.name, feed.tags) for feed in from_lines('https://a.example/feed "~Ann" blogs').feeds]
    [('https://a.example/feed', 'Ann', ('blogs',))]
    """
    stripped = [(number, line.strip().removeprefix("- ").strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in stripped if line and not line.startswith("#")]
    hidden = [number for number, line in lines if any(word.startswith("!") for word in _words(line)[1:])]
    gathered = _gathered([(_from_line(line), f"line {number}: ", line) for number, line in lines])
    return replace(gathered, left=(_left("lines", "!", _at(hidden)),)) if hidden else gathered


def _is_whole(data: bytes) -> bool:
    """Does an OPML file end with its last tag?"""
    return bool(_WHOLE.search(data[-200:].replace(b"\0", b"")))


def _one_a_line(data: bytes, source: str) -> Takeover:
    """A list that others keep, as text. Raises `ConfigError` where it is none, or would take long to read."""
    if "\0" in _start(data):
        raise _not_read(source, "is not a text")
    text = _decoded(data)
    _refuse_others(text, source)
    lines = text.splitlines()
    if len(lines) > MAX_LINES or any(len(line) > MAX_LINE_CHARS for line in lines):
        raise _not_read(source, f"has more than {MAX_LINES:,} lines, or one of more than {MAX_LINE_CHARS:,} characters")
    found = from_lines(text)
    if len(found.refused) > len(found.feeds):
        raise _not_read(source, "is no list of feeds: most of its lines are no addresses")
    return found


def _from_xml(data: bytes, start: str, source: str) -> Takeover:
    found = _XML.match(start)
    root = found[1].lower() if found else ""
    if root in {"rss", "feed", "rdf"}:
        raise _not_read(source, "is a feed itself: 'aggregator add' takes its address")
    if root == "html" or "<!doctype html" in start.lower():
        raise _not_read(source, "is a web page: 'aggregator add' takes its address and finds the feed")
    return from_opml(data)


def _refuse_others(text: str, source: str) -> None:
    if _JSON.match(text):
        raise _not_read(source, "is JSON: an OPML file, a config.ini or a plain list of addresses is read")
    if re.search(r"^feeds\s*:", text, re.MULTILINE):
        raise _not_read(source, "is a feeds.yaml already: 'aggregator -c FILE run' takes it as it is, 'include:' takes it along")


def _not_read(source: str, why: str) -> ConfigError:
    return ConfigError(source, [Problem(0, why)])


def _from_subscription(item: Subscription) -> Proposal:
    url = _web_address(item.feed_url)
    name = _name(item.name)
    return Proposal(url=url, name=None if name == url else name, tags=_tags(item.tags))


def _from_named(feed: Named) -> Proposal:
    url = _web_address(feed.address)
    return Proposal(url=url, name=_name(feed.name), tags=_tags(feed.tags))


def _start(data: bytes) -> str:
    """The first few thousand characters, for telling what a file is."""
    encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8"
    return data[:4096].decode(encoding, "replace").removeprefix("\ufeff")


def _decoded(data: bytes) -> str:
    """UTF-8, or UTF-16 with its mark; files of old planets may be of the time before."""
    if data.startswith(_UTF_16):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


# ── what is left behind ────────────────────────────────────────────────────────────────────────────────────────────────

_TTL = "frss:ttl"
# How a page is taken apart: said once, of the feed.
_SCRAPING = ("frss:xpath", "frss:json")


@cache
def _reasons() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("aggregator").joinpath("migrate.toml").read_text("utf-8"))


def _left(where: str, key: str, places: str) -> str:
    reasons = _reasons()[where]
    return f"{key} ({places}): {reasons.get(key) or reasons['*']}"


def _of(names: Sequence[str]) -> str:
    first = f"“{one_line(names[0])}”"
    return first if len(names) == 1 else f"{first} and {len(names) - 1} more"


def _at(lines: Sequence[int]) -> str:
    return f"line {lines[0]}" if len(lines) == 1 else f"line {lines[0]} and {len(lines) - 1} more"


def _is_switched_off(one: Beyond) -> bool:
    return (one.key == "miniflux:disabled" and one.value.lower() == "true") or (one.key == _TTL and one.value.startswith("-"))


def _every(seconds: str) -> str | None:
    """A time between polls, within the bounds that feeds.yaml sets; None if none is meant."""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 10 and int(seconds)):
        return None
    return f"{min(max(int(seconds) // 60, _MIN_MINUTES), _MAX_MINUTES)}m"


def _why(one: Unread) -> str:
    """Why an outline is no feed, where its address would not tell."""
    if one.type.lower() == "include":
        return "a list of feeds on the web: write its address below 'lists:'"
    if one.address and resource(one.address):
        return f"a page that is taken apart by rules ({one_line(one.type)}), not a feed"
    return _no_address(one.page).removeprefix(": ") if not one.address and resource(one.page) else ""


def _no_address(page: str) -> str:
    return (
        f": no address of a feed is given; 'aggregator add {shown(one_line(page))}' looks for one"
        if resource(page)
        else ": no address is given"
    )


def _called(name: str, address: str) -> str:
    """What stands before an address in a message: the feed's name, if that tells more."""
    return f"“{one_line(name)}” " if name and name != address else ""


def _from_line(line: str) -> Proposal:
    words = _words(line)
    names = [word[1:] for word in words[1:] if word.startswith("~")]
    tags = [word for word in words[1:] if not word.startswith(("~", "!"))]
    return Proposal(url=_web_address(words[0] if words else ""), name=_name(names[0]) if names else None, tags=_tags(tags))


def _words(line: str) -> Sequence[str]:
    """As a shell splits them; an address may hold a `#` or a quote, so only what stands behind it is split."""
    url, rest = (*line.split(maxsplit=1), "")[:2]
    url = url.strip("\"'<>")
    if len(rest) > MAX_LINE_CHARS or not re.search(r"[\"'\\#]", rest):
        return [url, *rest.split()]
    lexer = shlex.shlex(rest, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    try:
        return [url, *lexer]
    except ValueError:  # a quote that is never closed
        return [url, *rest.split()]


def _web_address(text: str) -> str:
    url = re.sub(r"^feed:(?=https?:)", "", re.sub(r"^feed://", "https://", text.strip()))
    return "" if "${" in url or re.search(r"\s", url) or resource(url) is None else url


def _name(text: str) -> str | None:
    """A name as feeds.yaml may have it: without control characters, and `${` means something else there."""
    return one_line(_CONTROL.sub(" ", text)).replace("${", "$ {") or None


def _tags(words: Iterable[str]) -> tuple[str, ...]:
    """Lower case, so that two lists' folders meet."""
    return tuple(dict.fromkeys(tag for word in words if (tag := one_line(_CONTROL.sub(" ", word)).lower()) and "${" not in tag))


def _gathered(found: Sequence[tuple[Proposal, str, str]]) -> Takeover:
    """Each address once, with the tags of all its mentions and the first name; the rest is counted or refused.

    With each proposal come what to call it in a message, and what was written for its address.
    """
    merged: dict[str, Proposal] = {}
    refused: list[str] = []
    for proposal, called, written in found:
        if not proposal.url:
            refused.append((f"{called}{shown(one_line(written))}".strip() or _NAMELESS) + f": {_reason(written)}")
            continue
        key = address_key(proposal.url)
        merged[key] = _merged(merged.get(key), proposal)
    return Takeover(feeds=tuple(merged.values()), duplicates=len(found) - len(refused) - len(merged), refused=tuple(refused))


def _merged(first: Proposal | None, proposal: Proposal) -> Proposal:
    if first is None:
        return proposal
    return Proposal(
        url=first.url,
        name=first.name or proposal.name,
        tags=tuple(dict.fromkeys((*first.tags, *proposal.tags))),
        every=first.every or proposal.every,
    )


def _reason(written: str) -> str:
    address = written.strip("\"' ")
    if not address:
        return "no address is given"
    if is_local(address):
        return "a file on the machine where the list was written"
    if address.startswith(("exec:", "filter:", "query:")):
        return "the output of a program, not an address"
    return "not an address that begins with http:// or https://"
