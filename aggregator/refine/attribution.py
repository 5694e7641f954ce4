"""Our own visible line in somebody's HTML: recognised by its class or, since sanitizers eat classes, by its words; read, and taken out.

It is a claim like any other. It is taken out so that the new line replaces it and two never stand above each other: by its class always,
by its words alone only where what it claims is believed, so that nobody's own sentence is lost for nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from aggregator.model import Claim
from aggregator.refine.blocks import Block, Edges, Link, read
from aggregator.refine.pages import has_own_path, names_a_page
from aggregator.refine.phrasebook import Line as Wording
from aggregator.refine.phrasebook import LineRole, folded, languages
from aggregator.refine.reading import Statement
from aggregator.refine.tokens import LINKED
from aggregator.web.host import site
from aggregator.web.url import link as absolute
from aggregator.web.url import link_key

CLASS: Final = "aggregator-origin"
RULE: Final = "attribution line"

_MAX_CHARS: Final = 2000
_EVIDENCE_CHARS: Final = 300
# An editor's own wording without its names; what says more is a paragraph of the text.
_MAX_OWN_WORDING: Final = 120
# Nobody has stacked more than a few; text that carries our class a thousand times is no line.
_MAX_READ: Final = 8
# By what an aggregator says from whom it took an entry.
_SOURCES: Final = frozenset({"atom:source", "rss:source"})
_NAME: Final = re.compile(r"\0|[^\0,،、]+")
_YEAR: Final = re.compile(r"\b(?:1[89]|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Line:
    """One block that is, or may be, our line. `role` is None where only its class tells so; `statement` is what it claims, if anything.

    A line that says only from whom an entry was taken claims nothing; `senders` are those addresses. `is_way` tells that it repeats several
    rel=via of the entry: a line in an editor's own words. `is_told` tells of a line in our words that the entry's markup names all whom
    it names (`named` counts them), and nobody else: another aggregator printed it, not the publisher. `passed_on_by` are
    those without a link, but for the origin.
    """

    block: Block
    role: LineRole | None
    is_marked: bool
    statement: Statement | None = None
    senders: tuple[str, ...] = ()
    named: int = 0
    passed_on_by: tuple[str, ...] = ()
    is_way: bool = False
    is_told: bool = False

    def is_replaced(self, made: Sequence[Claim], *, must_stay: bool) -> bool:
        """Whether it goes, `made` being the entry's claims as they were judged: what it says must be said again by the new line.

        From a text that must stay as it is nothing goes but what another aggregator printed.
        """
        if self.is_marked or self.is_way:
            return True
        if must_stay and not self.is_told:
            return False
        believed = [claim for claim in made if claim.standing == "chosen"]
        if self.senders:
            return {claim.site for claim in believed if claim.kind != "phrase"}.issuperset(map(site, self.senders))
        return any(claim.rule == RULE and claim.evidence == self.block.text[:_EVIDENCE_CHARS] for claim in believed)


def might_hold_line(html: str) -> bool:
    """Whether our class occurs in the HTML."""
    return CLASS in html


def might_read_like_sender(words: str) -> bool:
    """Whether folded words (`sentences.words_of`) may hold our line that only says from whom an entry was taken, without our class.

    Lines that name an origin are sentences of origin like any other, and found as such.
    """
    return LINKED in words and _senders().search(words) is not None


@cache
def _senders() -> re.Pattern[str]:
    starts = dict.fromkeys(re.escape(line.start) for language in languages() for line in language.lines if line.role == "from")
    return re.compile(rf"(?<!\w)(?:{'|'.join(starts)})\s?{LINKED}")


def lines(html: str, edges: Edges, markup: Sequence[Claim], base: str) -> tuple[Line, ...]:
    """Our lines: those with our class, wherever they stand, then those that only read like one, at either end, where a line is put.

    `markup` is what the entry's elements claim; links count from `base`.
    """
    ours = [block for block in read(html) if _is_marked(block)] if might_hold_line(html) else []
    marked = [_line(block, edges, is_marked=True) for block in ours[:_MAX_READ]] + [Line(block, None, True) for block in ours[_MAX_READ:]]
    first, last = ([block for block in edge if not _is_marked(block)] for edge in (edges.first, edges.last))
    outer = {block.start: block for block in (*first[:2], *last[-2:]) if block.kind == "text"}
    worded = [_line(block, edges, is_marked=False) for block in outer.values()]
    known = [_compared(line, markup, base) for line in (*marked, *worded)]
    return tuple(line for line in known if line.is_marked or line.is_way or (line.role and _may_be_ours(line)))


def replaced(found: Sequence[Line], made: Sequence[Claim], *, must_stay: bool) -> list[Block]:
    """The blocks to take out; a line of other places that stands alone goes with the line that it belonged to."""
    gone = [line.block for line in found if line.is_replaced(made, must_stay=must_stay)]
    return [*gone, *(line.block for line in found if line.role == "also" and not line.is_marked)] if gone else []


def _is_marked(block: Block) -> bool:
    return CLASS in block.classes.split()


def _may_be_ours(line: Line) -> bool:
    if line.role == "from":
        return bool(line.senders or line.passed_on_by)
    return bool(line.block.links) or (line.statement is not None and _is_name(line.statement.name or ""))


def _is_name(words: str) -> bool:
    """Whether unlinked words are a publisher's name rather than the rest of a sentence ("the congress in May 2019")."""
    pieces = words.split()
    small = sum(piece[:1].islower() for piece in pieces)
    return words[:1].upper() == words[:1] and len(pieces) <= 8 and small * 2 <= len(pieces) and not _YEAR.search(words)


# ── what the markup says, too ──────────────────────────────────────────────────────────────────────────────────────────


def way_of(markup: Sequence[Claim]) -> list[str]:
    """The places that the rel=via of an entry name, as link keys, in their order."""
    return [link_key(place) for claim in markup if claim.kind == "rel=via" and (place := claim.page or claim.home)]


def _compared(line: Line, markup: Sequence[Claim], base: str) -> Line:
    """A line whose words are not known says nothing of its own where it repeats the way: in which order, the markup knows."""
    if not line.block.links or len(line.block.text) > _MAX_CHARS:
        return line
    skeleton = _skeleton(line.block)
    links = line.block.links[: skeleton.count(LINKED, 0, _other_places(skeleton))]
    pages, way = [link_key(page) for each in links if (page := absolute(each.href, base))], way_of(markup)
    if line.role is not None:
        return replace(line, is_told=bool(pages) and _is_told(line, pages, way, markup))
    is_way = len(way) > 1 and sorted(pages) == sorted(way) and len(skeleton.replace(LINKED, "")) <= _MAX_OWN_WORDING
    return replace(line, is_way=True, statement=None) if is_way else line


def _is_told(line: Line, pages: Sequence[str], way: Sequence[str], markup: Sequence[Claim]) -> bool:
    """Whether the markup names the same pages; fewer than all of the way are a sentence of the text, which was there before."""
    sources = {link_key(place) for claim in markup if claim.kind in _SOURCES for place in (claim.page, claim.home) if place}
    if not way:
        return sources.issuperset(pages)
    return line.named >= len(way) and set(way).issuperset(pages) and (len(way) > 1 or bool(sources) or line.role == "from")


# ── what a line says ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Named:
    """A name in a line, with its address as written."""

    name: str
    href: str | None


def _line(block: Block, edges: Edges, *, is_marked: bool) -> Line:
    skeleton = _skeleton(block)
    if len(skeleton) <= _MAX_CHARS:
        start = folded(skeleton)
        for wording in _wordings().get(start[:1], _wordings()[""]):
            if start.startswith(wording.start) and (found := wording.pattern.fullmatch(skeleton)):
                return _worded(block, edges, wording.role, found, is_marked=is_marked)
    if not is_marked:
        return Line(block, None, is_marked)
    # An editor's own wording: the origin comes first, other places last.
    links = block.links[: skeleton.count(LINKED, 0, _other_places(skeleton))]
    return Line(block, None, is_marked, _statement(block, edges, [_linked(block, link) for link in links]))


@cache
def _wordings() -> dict[str, tuple[Wording, ...]]:
    """All wordings of our lines that a block may have, by the letter with which it begins; some may begin with any, as "" does."""
    every = [wording for language in languages() for wording in language.lines]
    letters = {wording.start[:1] for wording in every}
    return {letter: tuple(wording for wording in every if wording.start[:1] in (letter, "")) for letter in ("", *letters)}


def _worded(block: Block, edges: Edges, role: LineRole, found: re.Match[str], *, is_marked: bool) -> Line:
    names = [*_names(block, found, "origin"), *_names(block, found, "via")]
    if role == "origin":
        return Line(block, role, is_marked, _statement(block, edges, names), named=len(names), passed_on_by=_unlinked(names[1:]))
    if role != "from":
        return Line(block, role, is_marked, named=len(names))
    hrefs = tuple(name.href for name in names if name.href)
    senders = hrefs if len(hrefs) == len(names) else ()
    return Line(block, role, is_marked, senders=senders, named=len(names), passed_on_by=_unlinked(names))


def _unlinked(names: Sequence[_Named]) -> tuple[str, ...]:
    return tuple(name.name for name in names if not name.href)


def _skeleton(block: Block) -> str:
    """The words of a block, with every link as one character."""
    pieces, at = [], 0
    text = block.text.replace(LINKED, " ")
    for link in block.links:
        pieces += [text[at : link.start], LINKED]
        at = link.end
    return "".join([*pieces, text[at:]])


def _other_places(skeleton: str) -> int:
    """Where a line goes on to other places; its end if it does not."""
    if len(skeleton) > _MAX_CHARS:
        return len(skeleton)
    packed = "".join(folded(skeleton).split())
    spoken = (language for language in languages() if language.may_name_others(packed))
    ends = (found.start() for language in spoken if (found := language.also.search(skeleton)))
    return next(ends, len(skeleton))


def _names(block: Block, found: re.Match[str], slot: str) -> Iterator[_Named]:
    if slot not in found.re.groupindex:
        return
    for piece in _NAME.finditer(found.string, *found.span(slot)):
        if piece[0] == LINKED:
            yield _linked(block, block.links[found.string.count(LINKED, 0, piece.start())])
        elif name := piece[0].strip():
            yield _Named(name, None)


def _linked(block: Block, link: Link) -> _Named:
    return _Named(block.text[link.start : link.end], link.href)


def _where(block: Block, edges: Edges) -> str:
    """The end of the text to which a block is nearer; in a short entry all blocks are among the first and the last."""
    before = next((number for number, each in enumerate(edges.first) if each.start == block.start), None)
    behind = next((number for number, each in enumerate(reversed(edges.last)) if each.start == block.start), None)
    is_first = before is not None and (behind is None or before <= behind)
    return "first block" if is_first else "last block"


def _statement(block: Block, edges: Edges, names: Sequence[_Named]) -> Statement | None:
    """The first name is the origin, the others are the hops since."""
    if not names:
        return None
    origin, *vias = names
    is_page = origin.href is not None and (names_a_page(origin.href) or has_own_path(origin.href))
    return Statement(
        rule=RULE,
        role="note",
        where=_where(block, edges),
        evidence=block.text[:_EVIDENCE_CHARS],
        name=origin.name,
        page=origin.href if is_page else None,
        home=None if is_page else origin.href,
        vias=tuple((via.name, via.href) for via in vias if via.href),
    )
