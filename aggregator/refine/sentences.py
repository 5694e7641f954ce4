"""Finds, in the first and last blocks of an entry, the sentences that say where it first appeared.

A statement is what the words say, unjudged: whether the source is the feed's own site is for `refine.claims` to find out.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from aggregator.refine.blocks import EDGE_CHARS, Block, Edges, visible
from aggregator.refine.cores import Core, folded
from aggregator.refine.phrasebook import Form, Language, languages
from aggregator.refine.reading import LEAD, Place, Reading, Statement
from aggregator.refine.tokens import bare, decoded

# A claim opens or closes a text. In a long first or last block it stands within so many characters of the block's outer end.
_HEAD_CHARS: Final = 500
_TAIL_CHARS: Final = 900
_MAX_STARTS: Final = 60
_SENTENCE: Final = re.compile(r"(?:[.!?…:)\]|»”\"’•·–—-]\s+|\n|[。！？」）])[\[(\"“*_•–—-]*\s*|[\[(]\s*")


def might_speak(html: str) -> bool:
    """Whether an entry may hold a statement: questions that spare nearly all entries the reading, the cheapest first."""
    return holds_key_word(html) and might_claim(words_of(html))


def holds_key_word(html: str) -> bool:
    """Whether any language's key words occur at the edges at all."""
    low = _folded(decoded(_edges_of(html)))
    return any(map(low.__contains__, _ascii_triggers() if low.isascii() else _all_triggers()))


def might_claim(words: str) -> bool:
    """Whether a form may fit the words of a text (`words_of`): nothing that it needs is missing."""
    keys = frozenset(filter(words.__contains__, _ascii_keys() if words.isascii() else _all_keys()))
    spoken = [language for language in languages() if not language.keys.isdisjoint(keys)]
    near = [language for language in spoken if any(_holds(words, core, keys) for core in language.gates)]
    return next(_forms_in(words, near), None) is not None


def words_of(html: str) -> str:
    """The words at the edges of HTML, folded, with a NUL before each link: what is asked for the cores of sentences."""
    return folded(visible(bare(_edges_of(html))))


def _edges_of(html: str) -> str:
    return html if len(html) <= 2 * EDGE_CHARS else f"{html[:EDGE_CHARS]} {html[-EDGE_CHARS:]}"


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
    low = _folded(block.text)
    spoken = [language for language in languages() if any(word in low for word in language.triggers)]
    forms = [*_forms_in(folded(block.text), spoken)] if spoken else []
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


def _folded(text: str) -> str:
    """Casefolded; a Turkish capital İ is an i."""
    return text.casefold().replace("\u0307", "")


def _forms_in(words: str, spoken: Sequence[Language]) -> Iterator[tuple[Language, Form]]:
    """The forms of which nothing is missing in folded words."""
    for language in spoken:
        keys = frozenset(key for key in language.keys if key in words)
        for form in language.forms if keys else ():
            if all(_holds(words, core, keys) for core in form.cores):
                yield language, form


def _holds(words: str, core: Core, keys: frozenset[str]) -> bool:
    return not (core.keys and core.keys.isdisjoint(keys)) and core.is_in(words)


@cache
def _all_triggers() -> tuple[str, ...]:
    """Without those that hold another one, which says enough."""
    words = dict.fromkeys(word for language in languages() for word in language.triggers)
    return tuple(word for word in words if not any(other in word for other in words if other != word))


@cache
def _ascii_triggers() -> tuple[str, ...]:
    return tuple(filter(str.isascii, _all_triggers()))


@cache
def _all_keys() -> tuple[str, ...]:
    return tuple(frozenset().union(*(language.keys for language in languages())))


@cache
def _ascii_keys() -> tuple[str, ...]:
    return tuple(filter(str.isascii, _all_keys()))
