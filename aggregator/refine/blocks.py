"""The first and last blocks of raw HTML as a reader sees them: visible text, the links in it, and where in the HTML it stands.

A claim of origin stands at the edges of an entry, so only the edges are read: `EDGE_CHARS` from either end. Reading is one pass over
them, without a tree: no depth of nesting and no broken markup makes it slow.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal
from unicodedata import normalize

from aggregator.refine.tokens import TAG, Tag, Text, attribute, decoded, tokens

# Enough for four paragraphs behind a large picture or a share bar; a whole entry is usually smaller than both edges together.
EDGE_CHARS: Final = 24_000

# What sites print around a text (a plea for support, a label, a standfirst, rules for comments) is shorter than its paragraphs. It does
# not use up an edge: that goes on until it has so many real paragraphs, and never further than so many blocks.
_REAL_CHARS: Final = 200
_REAL_BLOCKS: Final = 2
_REACH: Final = 10

BlockKind = Literal["text", "heading", "quote", "caption", "code", "comment"]

_INVISIBLE: Final = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u00ad]")
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS: Final = _HEADINGS | frozenset(
    """address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form header
    hgroup hr html legend li main menu nav ol p pre search section summary table tbody td tfoot th thead tr ul""".split()  # noqa: SIM905
)
_QUOTES: Final = frozenset({"blockquote"})
_CAPTIONS: Final = frozenset({"figure", "figcaption"})
_CODE: Final = frozenset({"pre"})
# What readers wrote below a text, by the classes that blogging systems give it; an element that opens with one holds comments only.
_COMMENTED: Final = frozenset({"div", "section", "ol", "ul", "li", "article", "aside", "dl"})
_COMMENTS: Final = frozenset(
    """comment comments commentlist comment-list comments-list comments-area comment-area comments-section comment-body comment-content
    comment-text comment_body comment_content comments-content""".split()  # noqa: SIM905
)
_ITEMS: Final = frozenset({"li", "dt", "dd"})
# A row keeps its cells, so that the others stay in their columns.
_CELLS: Final = frozenset({"td", "th"})
_MAX_CUTS: Final = 64
_MANY_TAGS: Final = 800
_LAST_TAGS: Final = 16
_TAG_RUN: Final = re.compile(r"(?:<[^<>]{0,200}+>\s*+)++")
_SPACE: Final = re.compile(r"\s*")
_END_TAG: Final = re.compile(r"\s*</([a-zA-Z][a-zA-Z0-9:-]*)\s*>")


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a block: `start` and `end` count in the block's text; `href` as written, entities decoded."""

    start: int
    end: int
    href: str


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading or cell. `text` has single spaces, and a newline where the reader sees a line end.

    `start` and `end` are its place in the HTML: with its own tags where one element holds this block and nothing else, and it is no
    table cell. `element` is the block element that opens it and `classes` are those of it; both empty where it follows another block.
    """

    text: str
    links: tuple[Link, ...]
    kind: BlockKind
    start: int
    end: int
    classes: str = ""
    element: str = ""


@dataclass(frozen=True, slots=True)
class Edges:
    """The first and the last blocks of an entry, both in reading order; in a short entry they overlap."""

    first: tuple[Block, ...]
    last: tuple[Block, ...]


def edges(html: str, first: int = 4, last: int = 5) -> Edges:
    """The first `first` and the last `last` blocks, more where they are short; headings, captions and code come along uncounted.

    >>> edges("<h1>T</h1><p>One <a href='/x'>two</a>.</p>", first=1, last=1).first[1].text
    'One two.'
    """
    if len(html) <= 2 * EDGE_CHARS:
        blocks = read(without_tag_runs(html))
        return Edges(_counted(blocks, first), _counted(blocks[::-1], last)[::-1])
    offset = len(html) - EDGE_CHARS
    tail = [_moved(block, offset) for block in read(without_tag_runs(html[offset:]), is_tail=True)]
    return Edges(_counted(read(without_tag_runs(html[:EDGE_CHARS]), is_head=True), first), _counted(tail[::-1], last)[::-1])


def without_tag_runs(html: str) -> str:
    """The HTML with blanks for tags of which more follow one another than on any page: to read them says nothing, and costs."""
    if html.count("<") <= _MANY_TAGS:
        return html
    return _TAG_RUN.sub(_blanked, html)


def _blanked(run: re.Match[str]) -> str:
    """The last tags of a run open what follows it, and stay."""
    tags = run[0]
    if tags.count("<") <= _MANY_TAGS:
        return tags
    kept = len(tags)
    for _ in range(_LAST_TAGS):
        kept = tags.rfind("<", 0, kept)
    return " " * kept + tags[kept:]


def read(html: str, *, is_tail: bool = False, is_head: bool = False) -> list[Block]:
    """All blocks with visible text, in order. `is_tail`: the HTML began earlier, so a quotation may end that never started.

    A quotation, picture or listing that is never closed is a mistake, and what follows is text; unless the HTML goes on (`is_head`).
    """
    reader = _Reader(is_tail=is_tail)
    for token in tokens(html, after=html.find(">") + 1 if is_tail and _starts_inside_tag(html) else 0):
        if isinstance(token, Text):
            reader.text(token)
        else:
            reader.tag(token)
    reader.end_block(len(html), None)
    return reader.finished(trust_open=is_head)


def without(html: str, gone: Iterable[Block]) -> str:
    """The HTML without these blocks, and without the elements that held nothing else; every other byte stays.

    >>> html = "<div><p>One</p></div><p>Two</p>"
    >>> without(html, read(html)[:1])
    '<p>Two</p>'
    """
    cuts: list[tuple[int, int]] = []  # from the last to the first
    for block in sorted(gone, key=lambda block: -block.start):
        start, end = _widened(html, block.start, block.end, cuts)
        while cuts and cuts[-1][0] < end:
            cuts.pop()
        cuts.append((start, end))
    ends = [0, *(end for _, end in reversed(cuts))]
    starts = [*(start for start, _ in reversed(cuts)), len(html)]
    return "".join(html[end:start] for end, start in zip(ends, starts, strict=True))


def _widened(html: str, start: int, end: int, cuts: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The outermost element that holds what stands here and nothing else but what is cut already."""
    while closing := _END_TAG.match(html, _after_cuts(html, end, cuts)):
        before = start
        while before and html[before - 1].isspace():
            before -= 1
        at = html.rfind("<", 0, before)
        opening = TAG.match(html, at) if at >= 0 and html[before - 1] == ">" else None
        if not opening or opening.end() != before or opening[1] or opening[2].lower() != closing[1].lower() or opening[2].lower() in _CELLS:
            break
        start, end = at, closing.end()
    return start, end


def _after_cuts(html: str, end: int, cuts: Sequence[tuple[int, int]]) -> int:
    """Where the next thing stands that stays. Behind very many cuts nobody looks, so that the time stays linear."""
    for start, cut_end in reversed(cuts[-_MAX_CUTS:]):
        if start >= end:
            if not _SPACE.fullmatch(html, end, start):
                break
            end = cut_end
    return end


def visible(text: str) -> str:
    """Text without the characters that nobody sees: they stand within words; and with one letter for a letter and the sign on it.

    >>> visible("aggre\u00adgator"), len(visible("e\u0301"))
    ('aggregator', 1)
    """
    return text if text.isascii() else normalize("NFC", _INVISIBLE.sub("", text))


def _counted(blocks: list[Block], count: int) -> tuple[Block, ...]:
    chosen: list[Block] = []
    seen = real = 0
    for block in blocks:
        if seen >= count and (real >= _REAL_BLOCKS or seen >= _REACH):
            break
        chosen.append(block)
        if block.kind in ("text", "quote"):
            seen += 1
            real += len(block.text) >= _REAL_CHARS
    return tuple(chosen)


def _moved(block: Block, offset: int) -> Block:
    return replace(block, start=block.start + offset, end=block.end + offset)


def _starts_inside_tag(html: str) -> bool:
    return 0 <= html.find(">") < (html.find("<") if "<" in html else len(html))


# ── blocks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Zone:
    """Quotations, captions or listings: which one is open outermost (by number), and which were closed again."""

    names: frozenset[str]
    kind: BlockKind
    depth: int = 0
    number: int = 0
    is_closed: set[int] = field(default_factory=set)

    def pass_tag(self, tag: Tag) -> bool:
        """Note a start or end tag; true for an end tag that nothing opened."""
        if tag.name not in self.names:
            return False
        if not tag.closes:
            self.number += self.depth == 0
            self.depth += 1
            return False
        if self.depth == 0:
            return True
        self.depth -= 1
        if self.depth == 0:
            self.is_closed.add(self.number)
        return False

    def holds(self, number: int, trust_open: bool) -> bool:
        """Whether what stood inside of the numbered one did so: of one that was never closed nobody knows."""
        return number < 0 or (number > 0 and (trust_open or number in self.is_closed))


@dataclass(slots=True)
class _Comments(_Zone):
    """Readers' comments: an element that its class says to be one, up to its end."""

    def pass_tag(self, tag: Tag) -> bool:
        if self.depth == 0:
            self.names = frozenset({tag.name}) if not tag.closes and tag.name in _COMMENTED and _holds_comments(tag) else frozenset()
        return _Zone.pass_tag(self, tag)


def _holds_comments(tag: Tag) -> bool:
    """Whether a class of an element says that readers' comments stand in it."""
    written = tag.attributes.lower()
    # All of those classes are made of this word; a reference may hide its letters.
    return ("comment" in written or "&" in written) and not _COMMENTS.isdisjoint(attribute(tag, "class").lower().split())


@dataclass(slots=True)
class _Reader:
    """Gathers text into blocks; a stray end tag or a missing one does no harm."""

    is_tail: bool
    blocks: list[Block] = field(default_factory=list)
    inside: list[tuple[int, ...]] = field(default_factory=list)
    zones: tuple[_Zone, ...] = field(
        default_factory=lambda: (
            _Zone(_CAPTIONS, "caption"),
            _Zone(_QUOTES, "quote"),
            _Zone(_CODE, "code"),
            _Comments(frozenset(), "comment"),
        )
    )
    parts: list[str] = field(default_factory=list)
    length: int = 0
    links: list[Link] = field(default_factory=list)
    link: tuple[int, int, str] | None = None
    is_heading: bool = False
    opened: Tag | None = None
    begin: int | None = None
    breaks: int = 0

    def text(self, token: Text) -> None:
        value = visible(decoded(token.value))
        words = " ".join(value.split())
        if not words:
            if value:
                self._space()
            return
        if self.begin is None:
            self.begin = token.start
        self.breaks = 0
        if value[0].isspace():
            self._space()
        self._add(words)
        if value[-1].isspace():
            self._space()

    def tag(self, tag: Tag) -> None:
        if tag.name == "br":
            self._line_end(tag)
        elif tag.name == "a":
            self._close_link()
            if not tag.closes and (href := attribute(tag, "href")):
                self.link = (len(self.parts), self.length, href)
        if tag.name in _BLOCKS:
            self.end_block(tag.start, tag)
            self._pass_zones(tag)
            self.is_heading = tag.name in _HEADINGS and not tag.closes
            self.opened = None if tag.closes or tag.name == "hr" else tag
        elif self.begin is None and not tag.closes:
            self.begin = tag.start

    def end_block(self, at: int, closing: Tag | None) -> None:
        """Finish the block that ends at this place, if it holds any text."""
        self._close_link()
        text = "".join(self.parts).rstrip()
        if text.strip():
            self.blocks.append(self._block(text, at, closing))
            self.inside.append(tuple(zone.number if zone.depth else 0 for zone in self.zones))
        self.parts, self.length, self.links, self.begin, self.breaks, self.opened = [], 0, [], None, 0, None

    def finished(self, *, trust_open: bool) -> list[Block]:
        """The blocks with their kinds, now that it is known what was closed."""
        return [self._kinded(block, numbers, trust_open) for block, numbers in zip(self.blocks, self.inside, strict=True)]

    def _kinded(self, block: Block, numbers: tuple[int, ...], trust_open: bool) -> Block:
        kinds = (zone.kind for zone, number in zip(self.zones, numbers, strict=True) if zone.holds(number, trust_open))
        return block if block.kind == "caption" or not (kind := next(kinds, None)) else replace(block, kind=kind)

    def _block(self, text: str, at: int, closing: Tag | None) -> Block:
        start, end = self.begin if self.begin is not None else at, at
        classes, element = (attribute(self.opened, "class"), self.opened.name) if self.opened else ("", "")
        if self.opened and closing and element not in _CELLS:
            if closing.closes and closing.name == element:
                start, end = self.opened.start, closing.end
            elif element == "p" or (element in _ITEMS and (closing.closes or closing.name == element)):  # its end tag was left out
                start = self.opened.start
        kind: BlockKind = "caption" if "caption" in classes else "heading" if self.is_heading else "text"
        return Block(text, tuple(self.links), kind, start, end, classes, element)

    def _pass_zones(self, tag: Tag) -> None:
        for number, zone in enumerate(self.zones):
            if zone.pass_tag(tag) and self.is_tail:  # it was opened before our edge begins, so all we have read stands inside
                self.inside = [_marked(numbers, number) for numbers in self.inside]

    def _line_end(self, tag: Tag) -> None:
        self.breaks += 1
        if self.breaks > 1:
            self.end_block(tag.start, None)
        elif self.parts:
            self._add("\n")

    def _space(self) -> None:
        if self.parts and not self.parts[-1].endswith((" ", "\n")):
            self._add(" ")

    def _add(self, piece: str) -> None:
        self.parts.append(piece)
        self.length += len(piece)

    def _close_link(self) -> None:
        if self.link is not None:
            first_part, start, href = self.link
            text = "".join(self.parts[first_part:])
            lead, trail = len(text) - len(text.lstrip()), len(text) - len(text.rstrip())
            if self.length - trail > start + lead:
                self.links.append(Link(start + lead, self.length - trail, href))
        self.link = None


def _marked(numbers: tuple[int, ...], zone: int) -> tuple[int, ...]:
    return (*numbers[:zone], -1, *numbers[zone + 1 :])
