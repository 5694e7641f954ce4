"""The first and last blocks of raw HTML as a reader sees them: visible text, the links in it, and where in the HTML it stands.

A claim of origin stands at the edges of an entry, so only the edges are read: `EDGE_CHARS` from either end. Reading is one pass over
them, without a tree: no depth of nesting and no broken markup makes it slow.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Final, Literal

# Enough for four paragraphs behind a large picture or a share bar; a whole entry is usually smaller than both edges together.
EDGE_CHARS: Final = 24_000

BlockKind = Literal["text", "heading", "quote", "caption", "code"]

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE: Final = re.compile(r"(?:^|[\s\"'/])(href|class)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u2028-\u202e\u2060\ufeff\u00ad]")
_HIDDEN: Final = frozenset({"script", "style", "template", "noscript", "svg", "math", "iframe", "object", "title", "textarea", "select"})
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS: Final = _HEADINGS | frozenset(
    """address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form header hr html li
    main nav ol p pre section summary table tbody td tfoot th thead tr ul""".split()
)
_QUOTES: Final = frozenset({"blockquote"})
_CAPTIONS: Final = frozenset({"figure", "figcaption"})
_CODE: Final = frozenset({"pre"})


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a block: `start` and `end` count in the block's text; `href` as written, entities decoded."""

    start: int
    end: int
    href: str


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading or cell. `text` has single spaces, and a newline where the reader sees a line end.

    `start` and `end` are its place in the HTML: with its own tags where one element holds this block and nothing else.
    `classes` are those of that element.
    """

    text: str
    links: tuple[Link, ...]
    kind: BlockKind
    start: int
    end: int
    classes: str = ""


@dataclass(frozen=True, slots=True)
class Edges:
    """The first blocks and the last blocks of an entry, both in reading order. In a short entry they overlap: `last` starts where it may."""

    first: tuple[Block, ...]
    last: tuple[Block, ...]


def edges(html: str, first: int = 4, last: int = 5) -> Edges:
    """The first `first` and the last `last` blocks; headings, captions and code come along without being counted.

    >>> edges("<h1>T</h1><p>One <a href='/x'>two</a>.</p>", first=1, last=1).first[1].text
    'One two.'
    """
    if len(html) <= 2 * EDGE_CHARS:
        blocks = read(html)
        return Edges(_counted(blocks, first), _counted(blocks[::-1], last)[::-1])
    offset = len(html) - EDGE_CHARS
    tail = [_moved(block, offset) for block in read(html[offset:], is_tail=True)]
    return Edges(_counted(read(html[:EDGE_CHARS]), first), _counted(tail[::-1], last)[::-1])


def read(html: str, *, is_tail: bool = False) -> list[Block]:
    """All blocks with visible text, in order. `is_tail`: the HTML began earlier, so a quotation may end that never started."""
    reader = _Reader(is_tail=is_tail)
    for token in _tokens(html, after=html.find(">") + 1 if is_tail and _starts_inside_tag(html) else 0):
        if isinstance(token, _Text):
            reader.text(token)
        else:
            reader.tag(token)
    reader.end_block(len(html), None)
    return reader.blocks


def _counted(blocks: list[Block], count: int) -> tuple[Block, ...]:
    chosen: list[Block] = []
    for block in blocks:
        if count <= 0:
            break
        chosen.append(block)
        count -= block.kind in ("text", "quote")
    return tuple(chosen)


def _moved(block: Block, offset: int) -> Block:
    return Block(block.text, block.links, block.kind, block.start + offset, block.end + offset, block.classes)


def _starts_inside_tag(html: str) -> bool:
    return 0 <= html.find(">") < (html.find("<") if "<" in html else len(html))


# ── tokens ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Text:
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    closes: bool
    attributes: str
    start: int
    end: int


def _tokens(html: str, after: int) -> Iterator[_Text | _Tag]:
    at = after
    while at < len(html):
        opened = html.find("<", at)
        if opened < 0:
            opened = len(html)
        if opened > at:
            yield _Text(html[at:opened], at, opened)
        if opened == len(html):
            return
        if html.startswith("<!--", opened):
            at = _after(html, "-->", opened + 4)
        elif found := _TAG.match(html, opened):
            tag = _Tag(found[2].lower(), bool(found[1]), found[3], opened, found.end())
            yield tag
            at = _after_hidden(html, tag)
        elif html[opened + 1 : opened + 2] in ("!", "?", "/") or html[opened + 1 : opened + 2].isalpha():
            at = _after(html, ">", opened + 1)
        else:  # a bare less-than sign is text
            yield _Text("<", opened, opened + 1)
            at = opened + 1


def _after_hidden(html: str, tag: _Tag) -> int:
    if tag.closes or tag.name not in _HIDDEN or tag.attributes.endswith("/"):
        return tag.end
    closing = re.compile(f"</{tag.name}", re.IGNORECASE).search(html, tag.end)
    return _after(html, ">", closing.end()) if closing else len(html)


def _after(html: str, mark: str, start: int) -> int:
    found = html.find(mark, start)
    return len(html) if found < 0 else found + len(mark)


def _attribute(tag: _Tag, name: str) -> str:
    for found in _ATTRIBUTE.finditer(tag.attributes):
        if found[1].lower() == name:
            return unescape(found[2] or found[3] or found[4] or "").strip()
    return ""


# ── blocks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Reader:
    """Gathers text into blocks. `depth` counts the open quotations, captions and code; a stray end tag does no harm."""

    is_tail: bool
    blocks: list[Block] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    length: int = 0
    links: list[Link] = field(default_factory=list)
    link: tuple[int, str] | None = None
    quotes: int = 0
    captions: int = 0
    code: int = 0
    heading: bool = False
    opened: _Tag | None = None
    begin: int | None = None
    breaks: int = 0

    def text(self, token: _Text) -> None:
        value = _INVISIBLE.sub("", unescape(token.value)) if "&" in token.value or not token.value.isascii() else token.value
        words = " ".join(value.split())
        if not words:
            if value and self.parts and not self.parts[-1].endswith((" ", "\n")):
                self._add(" ")
            return
        if self.begin is None:
            self.begin = token.start
        self.breaks = 0
        if value[0].isspace() and self.parts and not self.parts[-1].endswith((" ", "\n")):
            self._add(" ")
        self._add(words + " " if value[-1].isspace() else words)

    def tag(self, tag: _Tag) -> None:
        if tag.name == "br":
            self._line_end(tag)
        elif tag.name == "a":
            self._close_link()
            if not tag.closes and (href := _attribute(tag, "href")):
                self.link = (self.length, href)
        elif tag.name in _BLOCKS:
            self.end_block(tag.start, tag)
            self._depth(tag)
            self.opened = None if tag.closes or tag.name == "hr" else tag
        if tag.name not in _BLOCKS and self.begin is None and not tag.closes:
            self.begin = tag.start

    def end_block(self, at: int, closing: _Tag | None) -> None:
        """Finish the block that ends at this place, if it holds any text."""
        self._close_link()
        text = "".join(self.parts).rstrip()
        if text.strip():
            self.blocks.append(self._block(text, at, closing))
        self.parts, self.length, self.links, self.begin, self.breaks, self.opened = [], 0, [], None, 0, None

    def _block(self, text: str, at: int, closing: _Tag | None) -> Block:
        start, end = self.begin if self.begin is not None else at, at
        classes = _attribute(self.opened, "class") if self.opened else ""
        if self.opened and closing and closing.closes and closing.name == self.opened.name:
            start, end = self.opened.start, closing.end
        kind: BlockKind = "text"
        if self.captions or "caption" in classes:
            kind = "caption"
        elif self.quotes:
            kind = "quote"
        elif self.code:
            kind = "code"
        elif self.heading:
            kind = "heading"
        return Block(text, tuple(self.links), kind, start, end, classes)

    def _depth(self, tag: _Tag) -> None:
        step = -1 if tag.closes else 1
        if tag.name in _QUOTES:
            if tag.closes and not self.quotes and self.is_tail:
                self.blocks = [Block(b.text, b.links, "quote", b.start, b.end, b.classes) for b in self.blocks]
            self.quotes = max(0, self.quotes + step)
        elif tag.name in _CAPTIONS:
            self.captions = max(0, self.captions + step)
        elif tag.name in _CODE:
            self.code = max(0, self.code + step)
        elif tag.name in _HEADINGS:
            self.heading = not tag.closes

    def _line_end(self, tag: _Tag) -> None:
        self.breaks += 1
        if self.breaks > 1:
            self.end_block(tag.start, None)
        elif self.parts:
            self._add("\n")

    def _add(self, piece: str) -> None:
        if self.parts and self.parts[-1].endswith((" ", "\n")):
            piece = piece.lstrip(" ")
        self.parts.append(piece)
        self.length += len(piece)

    def _close_link(self) -> None:
        if self.link is not None:
            start, href = self.link
            text = "".join(self.parts)[start : self.length] if self.parts else ""
            lead, trail = len(text) - len(text.lstrip()), len(text) - len(text.rstrip())
            if self.length - trail > start + lead:
                self.links.append(Link(start + lead, self.length - trail, href))
        self.link = None
