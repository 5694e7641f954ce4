"""Finds, in the first and last blocks of an entry, the sentences that say where it first appeared.

A statement is what the words say, unjudged: whether the source is the feed's own site is for `refine.claims` to find out.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from aggregator.refine.blocks import EDGE_CHARS, Block, Edges, visible
from aggregator.refine.cores import Core, folded
from aggregator.refine.phrasebook import Form, Language, keys_in, languages
from aggregator.refine.reading import LEAD, Place, Reading, Statement
from aggregator.refine.tokens import LINKED, bare

# A claim opens or closes a text. In a long first or last block it stands within so many characters of the block's outer end.
_HEAD_CHARS: Final = 500
_TAIL_CHARS: Final = 900
_MAX_STARTS: Final = 60
_SENTENCE: Final = re.compile(r"(?:[.!?…:)\]|»”\"’•·–—-]\s+|\n|[。！？」）])[\[(\"“*_•–—-]*\s*|[\[(]\s*")


class Words(NamedTuple):
    """The words at the edges of an entry, folded, with a NUL before each link; and the key words that begin one of them."""

    text: str
    keys: frozenset[str]


def words_of(html: str) -> Words:
    """The words in which a statement may be. In nearly all entries none is a key word, which spares them any more questions."""
    outer = html if len(html) <= 2 * EDGE_CHARS else f"{html[:EDGE_CHARS]} {html[-EDGE_CHARS:]}"
    text = folded(visible(bare(outer.casefold())))
    return Words(text, keys_in(text))


def might_speak(html: str) -> bool:
    """Whether an entry may hold a statement."""
    return might_claim(words_of(html))


def might_claim(words: Words) -> bool:
    """Whether any form may fit: nothing that it needs is missing."""
    return bool(words.keys) and bool(_forms_in(words))


def statements(edges: Edges, title: str | None = None) -> tuple[Statement, ...]:
    """The statements of an entry in reading order: at most one a sentence, each place read once."""
    found: list[Statement] = []
    seen: set[int] = set()
    for block, place, following in _places(edges):
        if block.start not in seen:
            seen.add(block.start)
            found += _in_block(block, place, following, (title or "").strip())
    return tuple(found)


def _places(edges: Edges) -> Iterator[tuple[Block, Place, Block | None]]:
    last = {block.start: len(edges.last) - index for index, block in enumerate(edges.last)}
    first = {block.start: index for index, block in enumerate(edges.first)}
    blocks = [*edges.first, *(block for block in edges.last if block.start not in first)]
    for number, block in enumerate(blocks):
        from_start, from_end = first.get(block.start), last.get(block.start)
        if block.kind == "text" or (block.kind == "quote" and _opens(edges.first, from_start)):
            following = blocks[number + 1] if number + 1 < len(blocks) else None
            yield block, Place(_where(from_start, from_end), from_start is not None, from_end is not None), following


def _opens(first: Sequence[Block], index: int | None) -> bool:
    """A quotation at the very top, headings aside, is how some note their own source; any other quotes somebody else."""
    return index is not None and all(block.kind in ("heading", "caption") for block in first[:index])


def _where(from_start: int | None, from_end: int | None) -> str:
    if from_start is not None and (from_end is None or from_start < from_end):
        return "first block" if from_start == 0 else f"block {from_start + 1}"
    return "last block" if from_end == 1 else f"block {from_end} from the end"


# ── one block ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_block(block: Block, place: Place, following: Block | None, title: str) -> list[Statement]:
    text = folded(_with_links(block))
    forms = _forms_in(Words(text, keys_in(text)))
    found: list[Statement] = []
    done = -1
    for start in _starts(block.text, place) if forms else ():
        if start < done:
            continue
        best = _best(Reading(block, place, following, title, language, form, start) for language, form in forms)
        if best:
            statement, done = best
            found.append(statement)
    return found


def _with_links(block: Block) -> str:
    """The text of a block, with a NUL before each link."""
    ends = [0, *(link.start for link in block.links), len(block.text)]
    return LINKED.join(block.text[start:end] for start, end in pairwise(ends))


def _starts(text: str, place: Place) -> list[int]:
    lead = LEAD.match(text)
    starts = [0, *([lead.end()] if lead else ()), *(found.end() for found in _SENTENCE.finditer(text))]
    allowed = {at for at in starts if (place.is_first and at <= _HEAD_CHARS) or (place.is_last and at >= len(text) - _TAIL_CHARS)}
    ordered = sorted(allowed)
    return ordered if len(ordered) <= _MAX_STARTS else ordered[: _MAX_STARTS // 2] + ordered[-_MAX_STARTS // 2 :]


def _best(readings: Iterator[Reading]) -> tuple[Statement, int] | None:
    """The statement that says most: one with an address before a bare name, then the one that reads furthest."""
    results = [result for reading in readings if (result := reading.result())]
    return max(results, key=lambda result: (bool(result[0].page or result[0].home), result[1]), default=None)


def _forms_in(words: Words) -> list[tuple[Language, Form]]:
    """The forms of which nothing is missing, of the languages whose key words occur; in their order."""
    spoken = [language for language in languages() if not language.keys.isdisjoint(words.keys)]
    known: dict[Core, bool] = {}
    fitting = {
        form
        for language in spoken
        for gate, forms in language.gates
        if _holds(words, gate, known)
        for form in forms
        if all(_holds(words, core, known) for core in form.cores)
    }
    return [(language, form) for language in spoken for form in language.forms if form in fitting] if fitting else []


def _holds(words: Words, core: Core, known: dict[Core, bool]) -> bool:
    if core.keys and core.keys.isdisjoint(words.keys):
        return False
    if core not in known:  # many forms share one
        known[core] = core.is_in(words.text, words.keys)
    return known[core]
