"""Bare labels, "Source: …": they name where a text comes from, or where its facts do (pure).

So one is believed only if the page that it names is the entry's own text elsewhere, told by its name or its address.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Final
from urllib.parse import unquote, urlsplit

from aggregator.model import Claim, Url
from aggregator.refine.blocks import Block, Edges
from aggregator.refine.likeness import title_words

RULE: Final = ":hint:label"
"""How the rule of a claim ends that such a label makes."""

_LABELS: Final = frozenset({"td", "th", "dt"})
_VALUES: Final = frozenset({"td", "dd"})
_LABEL_CHARS: Final = 40
_VALUE_CHARS: Final = 300
# Of words in common: "The Ferry" is enough, "Ferry" or "A to Z" is not.
_MIN_WORDS: Final = 2
_MIN_BYTES: Final = 8


def means_the_entry(claim: Claim, title: str | None, link: Url | None) -> bool:
    """Whether the page of a label's claim bears the entry's title, or an address made of the same title."""
    wanted = title_words(title or "")
    said = _slug(claim.page)
    return _alike(title_words(claim.name or ""), wanted) or _alike(said, wanted) or _alike(said, _slug(link))


def _slug(address: str | None) -> tuple[str, ...]:
    """The words of the piece of an address's path that has most of them: what was made of a title.

    >>> _slug("https://a.example/2024/03/the-ferry.html")
    ('the', 'ferry')
    """
    try:
        path = urlsplit(address or "").path
    except ValueError:
        return ()
    pieces = unquote(path).replace("_", "-").removesuffix(".html").removesuffix(".htm").split("/")
    return max(map(title_words, pieces), key=len)


def _alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether the shorter says little that the longer does not, and at least half of that."""
    ours, theirs = set(one), set(other)
    common = ours & theirs
    few, many = sorted((len(ours), len(theirs)))
    is_enough = len(common) >= _MIN_WORDS and sum(len(word.encode()) for word in common) >= _MIN_BYTES
    return is_enough and 4 * len(common) >= 3 * few and 2 * len(common) >= many


def joined(edges: Edges) -> Edges:
    """The edges of a text, in which a label that stands by itself ("Source" | X in a table, "Source:" above X) is one with what it says."""
    first, last = edges.first, edges.last
    if not first or not last or last[0].start > first[-1].start:
        return Edges(tuple(_joined(first)), tuple(_joined(last)))
    every = tuple(_joined((*first, *(block for block in last if block.start > first[-1].start))))
    return Edges(
        tuple(block for block in every if block.start <= first[-1].start), tuple(block for block in every if block.end > last[0].start)
    )


def _joined(blocks: Sequence[Block]) -> Iterator[Block]:
    is_taken = False
    for block, following in zip_longest(blocks, blocks[1:]):
        if is_taken:
            is_taken = False
        elif following is not None and _is_label(block, following):
            is_taken = True
            yield _line(block, following)
        else:
            yield block


def _is_label(block: Block, following: Block) -> bool:
    is_short = len(block.text) <= _LABEL_CHARS and len(following.text) <= _VALUE_CHARS
    if not is_short or block.links or not block.kind == following.kind == "text":
        return False
    is_row = block.element in _LABELS and following.element in _VALUES
    return is_row or (block.text.endswith((":", "：")) and bool(following.links))


def _line(label: Block, value: Block) -> Block:
    words = f"{label.text.rstrip(':： ')}: "
    links = tuple(replace(link, start=link.start + len(words), end=link.end + len(words)) for link in value.links)
    return replace(label, text=words + value.text, links=links, end=value.end)
