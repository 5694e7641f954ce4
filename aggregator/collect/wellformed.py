"""Makes XML well-formed where that can be done without guessing: what most readers show, and a strict parser refuses.

All functions take and give text, run in linear time and leave CDATA sections and comments as they are.
"""

import re
from dataclasses import dataclass
from html.entities import html5
from xml.sax.saxutils import escape

# An internal subset may define entities; those that are short and plain are kept, so that nothing can grow (billion laughs).
MAX_ENTITY_CHARS = 1_000
MAX_EXPANSION_CHARS = 1 << 20
_PREDEFINED = frozenset({"amp", "lt", "gt", "quot", "apos"})

_SKIPPED = r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)"
_REFERENCE = r"&(?:#(?P<decimal>[0-9]+)|#[xX](?P<hex>[0-9a-fA-F]+)|(?P<name>[A-Za-z_][\w.-]*));"
_PAIR = re.compile(
    r"&#(?:[xX](?P<hx>[dD][89aAbB][0-9a-fA-F]{2})|(?P<hd>5[5-7]\d{3}));&#(?:[xX](?P<lx>[dD][c-fC-F][0-9a-fA-F]{2})|(?P<ld>5[67]\d{3}));"
)
_MENDABLE = re.compile(_SKIPPED + "|" + _REFERENCE + r"|(?P<bare>&)|(?P<less><(?![A-Za-z_/!?:]|[^\x00-\x7f]))", re.DOTALL)
_REFERENCES = re.compile(_SKIPPED + "|" + _REFERENCE, re.DOTALL)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*?\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE\s(?:[^\[\]>\"']++|\"[^\"]*+\"|'[^']*+')*+(?P<subset>\[)?", re.IGNORECASE)
_SUBSET_PART = re.compile(r"<!--.*?-->|<\?.*?\?>|<!(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>|[^<\]]++|<", re.DOTALL)
_ENTITY = re.compile(r"<!ENTITY\s+([A-Za-z_][\w.-]*)\s+(?:\"([^\"]*)\"|'([^']*)')\s*>")

_PREFIX_USED = re.compile(r"<([A-Za-z_][\w.-]*):[\w.-]|\s([A-Za-z_][\w.-]*):[\w.-]+\s*=")
_PREFIX_BOUND = re.compile(r"\sxmlns:([A-Za-z_][\w.-]*)\s*=")
_ROOT = re.compile(r"<[A-Za-z_][\w.:-]*")
_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "cc": "http://web.resource.org/cc/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "xlink": "http://www.w3.org/1999/xlink",
}


@dataclass(frozen=True, slots=True)
class Bare:
    """A document without its XML declaration and document type: `entities` are the harmless ones that the type defined."""

    text: str
    doctype: str = ""
    entities: tuple[tuple[str, str], ...] = ()


def bare(text: str) -> Bare:
    """Take declaration and document type off a document, so that no parser ever sees a DTD.

    >>> bare('<?xml version="1.1"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    Bare(text='<a>&b;</a>', doctype='<!DOCTYPE a [', entities=(('b', 'c'),))
    """
    if declaration := _DECLARATION.match(text):
        text = text[declaration.end() :]
    text = text.lstrip("\ufeff \t\r\n\0")
    prolog = _PROLOG.match(text)
    start = prolog.end() if prolog else 0
    doctype = _DOCTYPE.match(text, start)
    if doctype is None:
        return Bare(text)
    end, entities = _subset(text, doctype.end()) if doctype["subset"] else (doctype.end(), ())
    close = text.find(">", end)
    return Bare(text[:start] + text[close + 1 :], doctype[0], entities) if close >= 0 else Bare(text, doctype[0])


def _subset(text: str, at: int) -> tuple[int, tuple[tuple[str, str], ...]]:
    entities: dict[str, str] = {}
    while at < len(text) and text[at] != "]" and (part := _SUBSET_PART.match(text, at)):
        at = part.end()
        if (entity := _ENTITY.fullmatch(part[0])) and len(entities) < 500:
            value = entity[2] if entity[2] is not None else entity[3]
            if len(value) <= MAX_ENTITY_CHARS and "<" not in value and "%" not in value:
                entities.setdefault(entity[1], _plain(value))
    return at, tuple((name, value) for name, value in entities.items() if "&" not in value)


def _plain(value: str) -> str:
    return _REFERENCES.sub(lambda match: _character(match) if match["decimal"] or match["hex"] else match[0], value)


def expanded(document: Bare) -> str:
    """Put the text of a document's own entities in their places, up to a total of 1 MiB; what is beyond stays a reference.

    >>> expanded(Bare("<a>&b; &amp; &c;</a>", entities=(("b", "x < y"),)))
    '<a>x &lt; y &amp; &c;</a>'
    """
    entities = {name: escape(value, {'"': "&quot;"}) for name, value in document.entities if name not in _PREDEFINED}
    if not entities:
        return document.text
    left = MAX_EXPANSION_CHARS

    def put(match: re.Match[str]) -> str:
        nonlocal left
        value = entities.get(match["name"] or "")
        if value is None or len(value) > left:
            return match[0]
        left -= len(value)
        return value

    return _REFERENCES.sub(put, document.text)


def mended(text: str) -> tuple[str, tuple[str, ...]]:
    """Mend what a strict parser stumbles over, and say what was mended.

    Bare ampersands and less-than signs become text, HTML's entities their characters, unknown entities the words that they are;
    characters and references that XML forbids vanish; prefixes that nobody bound are bound.

    >>> mended("<a>AT&T & Co caf&eacute; &nope; &#8;</a>")[0]
    '<a>AT&amp;T &amp; Co café &amp;nope; </a>'
    """
    notes: dict[str, None] = {}
    if _FORBIDDEN.search(text):
        notes["characters that XML forbids"] = None
        text = _FORBIDDEN.sub("", text)
    text = _PAIR.sub(_joined, text)

    def mend(match: re.Match[str]) -> str:
        if match["bare"]:
            notes["bare ampersands"] = None
            return "&amp;"
        if match["less"]:
            notes["bare less-than signs"] = None
            return "&lt;"
        if match["decimal"] or match["hex"]:
            character = _character(match)
            if not character:
                notes["references to characters that XML forbids"] = None
            return match[0] if character else ""
        return _named(match, notes)

    return _bound(_MENDABLE.sub(mend, text), notes), tuple(notes)


def _named(match: re.Match[str], notes: dict[str, None]) -> str:
    name = match["name"]
    if name is None or name in _PREDEFINED:
        return match[0]
    notes["undefined entities"] = None
    value = html5.get(f"{name};")
    return escape(value, {'"': "&quot;"}) if value else f"&amp;{name};"


def _joined(match: re.Match[str]) -> str:
    """Join the two halves of a character that some programs write as two references."""
    high = int(match["hx"], 16) if match["hx"] else int(match["hd"])
    low = int(match["lx"], 16) if match["lx"] else int(match["ld"])
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return match[0]
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _character(match: re.Match[str]) -> str:
    """The character that a numeric reference means; empty where XML forbids it."""
    digits, radix = (match["decimal"], 10) if match["decimal"] else (match["hex"], 16)
    digits = digits.lstrip("0")
    if not digits or len(digits) > 7:  # int() of thousands of digits is slow, or refused
        return ""
    number = int(digits, radix)
    if number > 0x10FFFF or _FORBIDDEN.match(chr(number)):
        return ""
    return chr(number)


def _bound(text: str, notes: dict[str, None]) -> str:
    used = {match[1] or match[2] for match in _PREFIX_USED.finditer(text)} - {"xml", "xmlns"}
    missing = sorted(used - {match[1] for match in _PREFIX_BOUND.finditer(text)})[:50]
    prolog = _PROLOG.match(text)
    root = _ROOT.match(text, prolog.end() if prolog else 0)
    if not missing or root is None:
        return text
    notes["prefixes without a namespace"] = None
    bindings = "".join(f' xmlns:{prefix}="{_NAMESPACES.get(prefix, f"urn:unbound:{prefix}")}"' for prefix in missing)
    return text[: root.end()] + bindings + text[root.end() :]
