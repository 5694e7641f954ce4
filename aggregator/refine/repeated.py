"""What a feed prints around every entry: a plea for support above, rules for comments below. Found by comparing its entries.

Only words go, and only such as say nothing of the entry itself: pictures and counters, links that differ from entry to entry, claims of
origin and whatever may be one (`refine.sourcing`), licences, notices of rights and credits stay, and so do headings that still head
something. A block is known by its mark, a digest of its words and links, so that what one document teaches is not forgotten with it
(docs/decisions/0010-boilerplate.md).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from hashlib import blake2b
from typing import Final

from aggregator.refine.blocks import Block, read, without
from aggregator.refine.bylines import names_maker
from aggregator.refine.sentences import might_speak
from aggregator.refine.sourcing import Own, is_about_rights, may_name_a_source, shares, target

# So many blocks from either end may be what is printed around a text; those that are do not count, up to so many.
_OUTER: Final = 4
_REACH: Final = 16
_MIN_CHARS: Final = 8
_MAX_CHARS: Final = 400
# Among three entries all must agree; two may be alike by chance.
_FEW: Final = 3

# Cells and items are parts of something that repeats by nature: a table of measurements, a list of changes.
_PARTS: Final = frozenset({"td", "th", "li", "dt", "dd", "caption", "legend", "summary"})
_OPENS_PART: Final = re.compile(rf"<(?:{'|'.join(sorted(_PARTS))})\b[^<>]*+>\s*\Z", re.IGNORECASE)
# Further back no tag is looked for.
_MAX_TAG: Final = 300
_LETTERS: Final = re.compile(r"[^\W_]")
_SHOWN: Final = re.compile(r"<(?:img|picture|svg|video|audio|iframe|object|embed|canvas|input|button|form|math)\b", re.IGNORECASE)


def marks(html: str, mine: Own) -> tuple[str, ...]:
    """The marks of the first and last blocks of a text that might go if they are found to be repeated; each once, in order."""
    return tuple(sorted({_mark(block, mine) for block in _outer(read(html)) if _might_go(html, block, mine)}))


def repeated(texts: Sequence[Sequence[str]]) -> frozenset[str]:
    """The marks that most of these texts have, each given by its marks; order does not matter.

    `texts` are of the entries of one feed, one of each. A mark is repeated if more than 60 % of at least four of them have it, or all of
    three.
    """
    counts = Counter(mark for text in texts for mark in text)
    if len(texts) <= _FEW:
        return frozenset(mark for mark, count in counts.items() if count == len(texts) == _FEW)
    return frozenset(mark for mark, count in counts.items() if count * 10 > len(texts) * 6)


def without_repeated(html: str, repeated: frozenset[str], mine: Own) -> tuple[str, tuple[str, ...]]:
    """(the HTML without the blocks whose marks are repeated, the words of each); all stay where they are half of an entry or more."""
    found = read(html) if repeated and "<" in html else []
    gone = _gone(html, found, repeated, mine)
    if not gone or 2 * sum(len(block.text) for block in gone) >= sum(len(block.text) for block in found):
        return html, ()
    return without(html, gone), tuple(_words(block) for block in gone)


def _outer(found: Sequence[Block]) -> list[Block]:
    """The blocks that may be reached from either end."""
    return [*found[:_REACH], *found[max(_REACH, len(found) - _REACH) :]]


def _gone(html: str, found: Sequence[Block], repeated: frozenset[str], mine: Own) -> list[Block]:
    """The outer blocks that go, in reading order."""
    might = {block.start for block in _outer(found) if _mark(block, mine) in repeated and _may_go(html, block, mine)}
    going = {block.start for block in _whole(found, might)}
    return _whole(found, {*_reached(found, going), *_reached(found[::-1], going)})


def _whole(found: Sequence[Block], going: Collection[int]) -> list[Block]:
    """Those of the blocks that go, in reading order.

    A heading goes with the block that it heads, or where it heads nothing; what is announced stays with what announces it.
    """
    gone: list[Block] = []
    is_next_gone = True
    for block, before in zip(found[::-1], [*found[:-1][::-1], None], strict=False):
        is_announced = before is not None and before.start not in going and _announces(before)
        is_next_gone = block.start in going and not is_announced and (is_next_gone or not _heads(block))
        if is_next_gone:
            gone.append(block)
    return gone[::-1]


def _reached(found: Sequence[Block], going: Collection[int]) -> Iterator[int]:
    """Where those of the blocks begin that go and are reached from the end at which these start."""
    stay = 0
    for block in found[:_REACH]:
        if block.start not in going:
            stay += 1
        elif stay < _OUTER:
            yield block.start


def _heads(block: Block) -> bool:
    return block.kind == "heading" or _announces(block)


def _announces(block: Block) -> bool:
    return block.text.endswith((":", "："))


def _mark(block: Block, mine: Own) -> str:
    """A digest of the words of a block and of where its links lead: "Download" is not the same twice if it leads elsewhere.

    Links that share the entry lead to the same for all entries, and its title beside them says the same.
    """
    is_shared = any(shares(link.href, mine) for link in block.links)
    words = _words(block).replace(mine.title, "") if is_shared and mine.title else _words(block)
    said = "\n".join([words, *(target(link.href, mine, is_shared=is_shared) for link in block.links)])
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _words(block: Block) -> str:
    return " ".join(block.text.split())


def _may_go(html: str, block: Block, mine: Own) -> bool:
    if not _might_go(html, block, mine):
        return False
    return not (names_maker(block.text) or may_name_a_source(block, mine) or might_speak(html[block.start : block.end]))


def _might_go(html: str, block: Block, mine: Own) -> bool:
    """What is cheap to ask, of the blocks of every entry; the rest is asked of those that are found to be repeated."""
    if len(block.text) > _MAX_CHARS or block.kind in ("caption", "code"):
        return False
    is_small = len(block.text) < _MIN_CHARS or _is_part(html, block)
    return not (is_small and not _only_shares(block, mine)) and not is_owed(html, block)


def _is_part(html: str, block: Block) -> bool:
    """Whether a block is an item or a cell, or the paragraph in one."""
    return block.element in _PARTS or _OPENS_PART.search(html, max(0, block.start - _MAX_TAG), block.start) is not None


def _only_shares(block: Block, mine: Own) -> bool:
    """Whether a block is nothing but links that share the entry: a button, an item of a list of them."""
    ends = [0, *(at for link in block.links for at in (link.start, link.end)), len(block.text)]
    beside = "".join(block.text[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True))
    return bool(block.links) and not _LETTERS.search(beside) and all(shares(link.href, mine) for link in block.links)


def is_owed(html: str, block: Block) -> bool:
    """Whether a block holds what must stay: a picture, a counter, a word or a link about rights."""
    return bool(_SHOWN.search(html, block.start, block.end)) or is_about_rights(block)
