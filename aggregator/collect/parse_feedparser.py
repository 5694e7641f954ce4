"""feedparser with its traps taken out: text in, feedparser's dictionaries out. Only `parse_mapping` reads what comes out.

feedparser knows thirty years of feed dialects, and that is what is used of it. What it does before and after, we do: encodings and
document types (`charset`, `wellformed`), dates (`dates`); HTML is left as it is, and so are its elements, but for `parse_elements`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Final, Protocol, cast
from xml.parsers import expat
from xml.sax import SAXException

import feedparser
from feedparser.api import LooseFeedParser, StrictFeedParser

from aggregator.collect.limits import CUT_OFF, MAX_ATTRIBUTES
from aggregator.collect.parse_elements import Elements
from aggregator.collect.wellformed import Bare, expanded, mended

# expat calls back once a line or reference, unless it may collect text.
BUFFER_BYTES = 1 << 18

_CODES = expat.errors.codes
_JUNK = _CODES[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]
_NO_END = _CODES[expat.errors.XML_ERROR_NO_ELEMENTS]
_NO_MEMORY = _CODES[expat.errors.XML_ERROR_NO_MEMORY]
_IN_CDATA = _CODES[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION]
_UNCLOSED = frozenset({_CODES[expat.errors.XML_ERROR_UNCLOSED_TOKEN], _CODES[expat.errors.XML_ERROR_PARTIAL_CHAR]})
# What begins with a letter is found many times faster than what begins with a class; what stands before it is looked at afterwards.
_BASE = re.compile(r"base\s*=")
_BEFORE_BASE = re.compile(r"\s(?:xml:)?\Z", re.IGNORECASE)

# Where Windows has characters and Unicode has controls: what feedparser puts right.
_WINDOWS = re.compile("[\x80-\x9f]")

expat_error = expat.ExpatError

PARSER: Final = f"feedparser {feedparser.__version__}"
"""What reads a document: another release may read it otherwise."""

Found = Mapping[str, object]
"""What feedparser found of a feed, an entry or a part of one."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What feedparser made of a document. `damage` says in plain words what is wrong with its XML."""

    version: str
    feed: Found
    entries: Sequence[Found]
    damage: tuple[str, ...] = ()


class _Parser(Protocol):
    version: str
    feeddata: Found
    entries: Sequence[Found]


def base_of(text: str, url: str) -> str:
    """The base that feedparser is given for a document: its address, where the document says against what links count (xml:base).

    feedparser computes the base anew for every element: only where some element gives one is it worth its time. Without one, links stay as
    relative as they are.
    """
    found = (match.start() for match in _BASE.finditer(text))
    return url if any(_BEFORE_BASE.search(text, max(0, at - 5), at) for at in found) else ""


def parsed(document: Bare, base: str) -> Parsed:
    """Read an XML feed: strictly, else mended and strictly, else as tag soup. `base` is what `base_of` says.

    A document that is whole but followed by something else is read up to its end; of one that was cut, the whole entries are read.
    """
    source = expanded(document)
    damage: tuple[str, ...] = ()
    strict, trouble = _strictly(source, base)
    if trouble is not None and not _is_read(strict, trouble):
        del strict  # it may hold as much as the document does
        damage = (f"not well-formed XML: {trouble}",)
        text, notes = mended(source)
        damage += (f"mended: {', '.join(notes)}",) if notes else ()
        if text == source:
            return _soup(source, base, document, damage)
        source = text
        strict, trouble = _strictly(source, base)
    if trouble is None:
        return _result(strict, document, damage)
    if _is_read(strict, trouble):
        return _without_half(_result(strict, document, (*damage, trouble.at_the_end)))
    del strict
    return _soup(source, base, document, damage)


def _soup(source: str, base: str, document: Bare, damage: tuple[str, ...]) -> Parsed:
    return _result(_loosely(source, base), document, (*damage, "read leniently, as tag soup"))


def _is_read(parser: "_Strict", trouble: "_Trouble") -> bool:
    """Whether all that can be read has been read, though the parser stopped."""
    return bool(trouble.at_the_end) and bool(parser.entries)


def _without_half(found: Parsed) -> Parsed:
    """Leave out a last entry that was cut: it comes back whole. A single one stays if it can be told from others."""
    *whole, last = found.entries
    if "x_whole" in last or not (whole or "x_id" not in last):
        return found
    return replace(found, entries=whole, damage=(*found.damage, "its last entry was not whole and was left out"))


def _result(parser: _Parser, document: Bare, damage: tuple[str, ...]) -> Parsed:
    version = "rss091n" if "netscape" in document.doctype.lower() else parser.version
    # Plain dictionaries: feedparser's own answer for keys that they do not hold.
    return Parsed(version, dict(parser.feeddata), [dict(entry) for entry in parser.entries], damage)


@dataclass(frozen=True, slots=True)
class _Trouble:
    code: int
    line: int
    to_end: int

    def __str__(self) -> str:
        return f"{expat.errors.messages[self.code]} in line {self.line}" if self.code else "an undeclared namespace"

    @property
    def at_the_end(self) -> str:
        """What is wrong with the end of the document, in words; empty if the trouble is elsewhere.

        Far from the end, an unclosed token is rather a comment that nobody closed, and what follows can be read.
        """
        if self.code == _JUNK:
            return "something follows after the end of the document and was left out"
        is_cut = self.code in (_NO_END, _IN_CDATA) or (self.code in _UNCLOSED and self.to_end < 2_000)
        return CUT_OFF if is_cut else ""


def _strictly(text: str, base: str) -> tuple["_Strict", _Trouble | None]:
    data = text.encode("utf-8", "surrogatepass")
    parser = _Strict(base, None, "utf-8")
    driver = expat_driver(parser.element_starts, parser.element_ends, parser.handle_data, parser.startPrefixMapping)
    try:
        driver.Parse(data, True)
    except expat.ExpatError as error:
        if error.code == _NO_MEMORY:
            raise MemoryError from error
        # What follows a document may be no junk to expat, but a second end of it, a reference, another declaration.
        code = _JUNK if _is_whole(data[: data.rfind(b">", 0, driver.ErrorByteIndex) + 1]) else error.code
        return parser, _Trouble(code, error.lineno, len(data) - driver.ErrorByteIndex)
    except SAXException:
        return parser, _Trouble(0, 0, len(data))
    return parser, None


def _is_whole(data: bytes) -> bool:
    try:
        expat.ParserCreate("utf-8").Parse(data, True)
    except expat.ExpatError:
        return False
    return True


def expat_driver(
    starts: Callable[[str, dict[str, str]], None],
    ends: Callable[[str], None],
    characters: Callable[[str], None] | None = None,
    binds: Callable[[str | None, str | None], None] | None = None,
) -> expat.XMLParserType:
    """An expat parser that collects text before it calls, opens nothing outside the document, and names elements
    `namespace\\nlocal[\\nprefix]` (a line feed cannot stand in a namespace, a space can).
    """
    driver = expat.ParserCreate("utf-8", "\n")
    driver.namespace_prefixes = True
    driver.buffer_text = True
    driver.buffer_size = BUFFER_BYTES
    driver.StartElementHandler = starts
    driver.EndElementHandler = ends
    driver.CharacterDataHandler = characters
    driver.StartNamespaceDeclHandler = binds
    return driver


def _loosely(text: str, base: str) -> "_Loose":
    parser = _Loose(base, None, "utf-8", {})
    # feedparser puts quotes for these two before it looks where an attribute ends; a zero hides them. Ends of lines: XML 1.0, section 2.11.
    parser.feed(text.replace("&#39;", "&#039;").replace("&#34;", "&#034;").replace("\r\n", "\n").replace("\r", "\n"))
    return parser


class _Unmapped(str):
    """A text in which feedparser looks up every single character, whether it is one of those that Windows alone has at their places; most
    texts have none, and to ask all at once takes a thirtieth of the time.
    """

    __slots__ = ()

    def translate(self, table: object, /) -> str:
        return str(self) if _WINDOWS.search(self) is None else super().translate(table)  # type: ignore[arg-type]


class _Strict(Elements, StrictFeedParser):  # type: ignore[misc]
    """feedparser on expat itself: no attribute object for every element, names looked up once a document."""

    def __init__(self, base: str, *details: object) -> None:
        self._names: dict[str, str] = {}
        self.decls: dict[str, str] = {}
        super().__init__(base, *details)

    def track_namespace(self, prefix: str | None, uri: str) -> None:
        super().track_namespace(prefix, uri)
        self._names.clear()

    def startPrefixMapping(self, prefix: str | None, uri: str | None) -> None:  # noqa: N802 - SAX calls it so
        super().startPrefixMapping(prefix, uri)

    def element_starts(self, name: str, attributes: dict[str, str]) -> None:
        tag = self._names.get(name) or self._named(name)
        found: dict[str, str] = self.decls
        self.decls = {}
        if tag.endswith(("math", "svg")) and name.startswith("http://www.w3.org/"):
            found["xmlns"] = name.split("\n")[0]
        if attributes:
            given: Iterable[tuple[str, str]] = attributes.items()
            if len(attributes) > MAX_ATTRIBUTES:
                self.feeddata["x_more_attributes"] = self.feeddata.get("x_more_attributes", 0) + len(attributes) - MAX_ATTRIBUTES
                given = list(given)[:MAX_ATTRIBUTES]
            for key, value in given:
                if "\n" in key:
                    for alias in self._attribute_names(key):
                        found[alias] = value
                else:
                    found[key.lower()] = value
        self.unknown_starttag(tag, list(found.items()))

    def element_ends(self, name: str) -> None:
        self.unknown_endtag(self._names.get(name) or self._named(name))

    @staticmethod
    def decode_entities(element: str, data: str) -> str:
        """The text of an element, as feedparser goes on with it. There is nothing to decode: expat has done that."""
        return data if data.isascii() else _Unmapped(data)

    def _named(self, name: str) -> str:
        """The name of an element as feedparser's methods know it: by the usual prefix of its namespace."""
        uri, _, rest = name.rpartition("\n") if name.count("\n") < 2 else name.partition("\n")
        local = rest.split("\n")[0]
        lower = "http://backend.userland.com/rss" if "backend.userland.com/rss" in uri.lower() else uri.lower()
        prefix = self._matchnamespaces.get(lower)
        if not prefix and uri:
            prefix = next((known for known, value in self.namespaces_in_use.items() if known and value == uri), None)
        tag = f"{prefix}:{local}".lower() if prefix else local.lower()
        self._names[name] = tag
        return tag

    def _attribute_names(self, key: str) -> tuple[str, ...]:
        uri, local, *given = key.split("\n")
        usual = self._matchnamespaces.get(uri.lower(), "")
        names = (f"{usual}:{local}" if usual else local, f"{given[0]}:{local}" if given else local)
        return tuple(name.lower() for name in names)


_ENTRIES = frozenset({"item", "entry"})
_PLAIN_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|apos|#0*(?:34|38|39|60|62)|#[xX]0*(?:22|26|27|3[cCeE]));")
_ANY_REFERENCE = re.compile(r"&(?:\w{1,32}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")


def _once(pattern: re.Pattern[str], text: str) -> str:
    """Decode references, each one time: what they stand for may look like another."""
    return pattern.sub(lambda match: unescape(match[0]), text) if "&" in text else text


class _Loose(Elements, LooseFeedParser):  # type: ignore[misc]
    """feedparser's reader of tag soup, which leaves references in plain elements undecoded and decodes others twice; here each is decoded
    once.
    """

    incontent: int  # in how many texts it is

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        """An element begins. No text holds an entry: one that nobody closed, or somebody closed twice, ends where the next entry begins."""
        prefix, _, name = tag.rpartition(":")
        if self.incontent and name in _ENTRIES and not self.namespacemap.get(prefix, prefix):
            self.incontent = 0
            self.contentparams.clear()
        super().unknown_starttag(tag, attrs)

    def pop(self, element: str, strip_whitespace: int = 1) -> str | None:
        if not self.incontent and self.elementstack and self.elementstack[-1][0] == element:
            self.elementstack[-1][2][:] = [self._plain(self.elementstack[-1][2])]
        return cast("str | None", super().pop(element, strip_whitespace))

    def decode_entities(self, element: str, data: str) -> str:
        """The text of an element. What is XML itself keeps its references, in plain elements they are decoded already (`pop`)."""
        kind: str = dict.get(self.contentparams, "type", "xml")
        return data if kind.endswith("xml") else _once(_PLAIN_REFERENCE, data)

    def strattrs(self, attrs: list[tuple[str, str]]) -> str:
        """The attributes of an element within XHTML."""
        return super().strattrs([(name, value.replace("&", "&amp;")) for name, value in attrs])

    @staticmethod
    def _normalize_attributes(attribute: tuple[str, str]) -> tuple[str, str]:
        name, value = attribute[0].lower(), _once(_ANY_REFERENCE, attribute[1])
        return name, value.lower() if name in ("rel", "type") else value

    def _plain(self, pieces: list[str | bytes]) -> str:
        return _once(_PLAIN_REFERENCE, super()._plain(pieces))
