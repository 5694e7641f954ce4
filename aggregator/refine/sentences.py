"""Finds, in the first and last blocks of an entry, the sentences that say where it first appeared.

A statement is what the words say, unjudged: whether the source is the feed's own site is for `refine.claims` to find out.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from aggregator.refine.blocks import EDGE_CHARS, Block, Edges, visible
from aggregator.refine.fit import Fit, Place
from aggregator.refine.labelled import joined
from aggregator.refine.lexicon import fold
from aggregator.refine.marking import Marked, pieces
from aggregator.refine.phrasebook import Language, Phrasebook, phrasebook
from aggregator.refine.reading import Reading, Statement
from aggregator.refine.shapes import REACH, Row
from aggregator.refine.tokens import LINKED, bare
from aggregator.refine.triggers import Span

# A claim opens or closes a text. In a long first or last block it stands within so many characters of the block's outer end.
_HEAD_CHARS: Final = 500
_TAIL_CHARS: Final = 900
# As far before and behind a key word a sentence may begin and end.
_BEFORE_CHARS: Final = 450
_BEHIND_CHARS: Final = 650
_MAX_STARTS: Final = 24
# One word may be a key in many languages; a text is written in one or two.
_MAX_LANGUAGES: Final = 4
# What may stand around a word.
_AROUND: Final = f"{LINKED}.,:;!?()[]\"'“”«»…"


class Words(NamedTuple):
    """The words at the edges of an entry, folded, with a NUL before each link; and whether they may speak of its origin."""

    text: str
    is_spoken: bool


def words_of(html: str) -> Words:
    """The words in which a statement may be. In nearly all entries no language has what it needs: that spares them more questions."""
    outer = html if len(html) <= 2 * EDGE_CHARS else f"{html[:EDGE_CHARS]} {html[-EDGE_CHARS:]}"
    text = fold(visible(bare(outer.casefold())))
    return Words(text, phrasebook().triggers.is_spoken(text))


def might_speak(html: str) -> bool:
    """Whether an entry may hold a statement."""
    return words_of(html).is_spoken


def statements(edges: Edges, title: str | None = None) -> tuple[Statement, ...]:
    """The statements of an entry in reading order: at most one a sentence, each place read once."""
    found: list[Statement] = []
    seen: set[int] = set()
    edges = joined(edges)
    for block, place, following in _places(edges):
        if block.start not in seen:
            seen.add(block.start)
            found += _in_block(block, place, following, (title or "").strip(), edges)
    return tuple(found)


def _places(edges: Edges) -> Iterator[tuple[Block, Place, Block | None]]:
    last = {block.start: len(edges.last) - index for index, block in enumerate(edges.last)}
    first = {block.start: index for index, block in enumerate(edges.first)}
    blocks = [*edges.first, *(block for block in edges.last if block.start not in first)]
    for number, block in enumerate(blocks):
        from_start, from_end = first.get(block.start), last.get(block.start)
        if block.kind == "text" or (block.kind == "quote" and _opens(edges.first, from_start)):
            following = blocks[number + 1] if number + 1 < len(blocks) else None
            depth = min(at for at in (from_start, from_end and from_end - 1) if at is not None)
            follows = blocks[number - 1].kind if number else None
            where = _where(from_start, from_end)
            yield block, Place(where, from_start is not None, from_end is not None, depth, follows), following


def _opens(first: Sequence[Block], index: int | None) -> bool:
    """A quotation at the very top, headings aside, is how some note their own source; any other quotes somebody else."""
    return index is not None and all(block.kind in ("heading", "caption") for block in first[:index])


def _where(from_start: int | None, from_end: int | None) -> str:
    if from_start is not None and (from_end is None or from_start < from_end):
        return "first block" if from_start == 0 else f"block {from_start + 1}"
    return "last block" if from_end == 1 else f"block {from_end} from the end"


# ── one block ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_block(block: Block, place: Place, following: Block | None, title: str, edges: Edges) -> list[Statement]:
    book = phrasebook()
    text = fold(_with_links(block))
    spoken = book.triggers.spoken(text)
    if not spoken:
        return []
    best: dict[int, tuple[Statement, int]] = {}
    for start, end in _parts(len(block.text), place, spoken.values()):
        found = pieces(block.text, block.links, start, end)
        for number in _likely(spoken, text, edges, book):
            language = book.languages[number]
            marked = language.marker.marked(block.text, found, block.links)
            for at, read in _readings(block, place, following, title, language, marked):
                if at not in best or _says(read) > _says(best[at]):
                    best[at] = read
    return [*_one_a_place(best)]


def _likely(spoken: Collection[int], text: str, edges: Edges, book: Phrasebook) -> list[int]:
    """The languages in which a text is most likely written, in their order: those that know most of its words, then of those around it."""
    if len(spoken) <= _MAX_LANGUAGES:
        return sorted(spoken)
    words = _words(text)
    around = _words(fold(" ".join(block.text for block in (*edges.first, *edges.last))))
    lexicons = [language.marker.lexicon for language in book.languages]
    known = {number: (lexicons[number].known(words), len(around & lexicons[number].common)) for number in spoken}
    return sorted(sorted(spoken, key=lambda number: (*known[number], -number), reverse=True)[:_MAX_LANGUAGES])


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip(_AROUND) for word in text.split())


def _parts(length: int, place: Place, hits: Collection[Span]) -> Iterator[tuple[int, int]]:
    """The parts of a block that need to be read: at its outer ends, around the key words."""
    near = min(hit.start for hit in hits) - _BEFORE_CHARS, max(hit.end for hit in hits) + _BEHIND_CHARS
    head = (0, min(length, _HEAD_CHARS + _BEHIND_CHARS)) if place.is_first else None
    tail = (max(0, length - _TAIL_CHARS), length) if place.is_last else None
    parts = [(0, length)] if head and tail and tail[0] < head[1] else [*filter(None, (head, tail))]
    for start, end in parts:
        start, end = max(start, near[0]), min(end, near[1])
        if start < end:
            yield start, end


def _readings(
    block: Block, place: Place, following: Block | None, title: str, language: Language, marked: Marked
) -> Iterator[tuple[int, tuple[Statement, int]]]:
    """(where a sentence begins, what a shape reads there) for every shape that fits anywhere."""
    shapes = phrasebook().shapes
    row = shapes.row(marked.marks)
    starts = _starts(marked, row, shapes.alphabet.keys, len(block.text), place)
    fitting = shapes.fitting(row) if starts else []
    for start in starts:
        for shape in fitting:
            if found := shape.match(row, start):
                read = Reading(Fit(block, place, following, title, language, marked, row, shape, found)).result()
                if read:
                    yield marked.marks[row.spans[start][0]].start, read


def _starts(marked: Marked, row: Row, keys: re.Pattern[str], length: int, place: Place) -> list[int]:
    """The letters with which a sentence begins that may be one of origin."""
    # Of a mark that is two letters ("刊于", published in) the first.
    letters = {row.spans[number][0]: number for number in reversed(range(len(row.spans)))}
    near = [found.start() for found in keys.finditer(row.letters)]
    allowed = []
    for start in (letters[mark] for mark in marked.starts if mark in letters):
        at = marked.marks[row.spans[start][0]].start
        is_outer = (place.is_first and at <= _HEAD_CHARS) or (place.is_last and at >= length - _TAIL_CHARS)
        if is_outer and any(start <= key < start + REACH for key in near):
            allowed.append(start)
    return allowed if len(allowed) <= _MAX_STARTS else allowed[: _MAX_STARTS // 2] + allowed[-_MAX_STARTS // 2 :]


def _says(read: tuple[Statement, int]) -> tuple[bool, bool, int]:
    """One with an address says more than a bare name, anything more than a hint, then the one that reads furthest."""
    return bool(read[0].page or read[0].home), read[0].role != "hint", read[1]


def _one_a_place(best: dict[int, tuple[Statement, int]]) -> Iterator[Statement]:
    done = -1
    for at in sorted(best):
        if at >= done:
            statement, done = best[at]
            yield statement


def _with_links(block: Block) -> str:
    """The text of a block, with a NUL before each link."""
    ends = [0, *(link.start for link in block.links), len(block.text)]
    return LINKED.join(block.text[start:end] for start, end in pairwise(ends))
