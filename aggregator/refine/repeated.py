"""What a feed prints around every entry: a plea for support above, rules for comments below. Found by comparing a document's entries.

Only words go, and only such as say nothing of the entry itself: pictures and counters, links that differ from entry to entry, claims of
origin, licences and notices of rights stay, and so do headings that still head something.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from aggregator.refine.blocks import Block, Edges, read, without
from aggregator.refine.sentences import might_speak, statements
from aggregator.web.url import link_key

_OUTER: Final = 4
_MIN_CHARS: Final = 8
_MAX_CHARS: Final = 400
# Among three entries all must agree; two may be alike by chance.
_FEW: Final = 3

# Cells and items are parts of something that repeats by nature: a table of measurements, a list of changes.
_PARTS: Final = frozenset({"td", "th", "li", "dt", "dd", "caption", "legend", "summary"})
_SHOWN: Final = re.compile(r"<(?:img|picture|svg|video|audio|iframe|object|embed|canvas|input|button|form|math)\b", re.IGNORECASE)
_RIGHTS_LINK: Final = re.compile(r"creativecommons\.org|/licen[cs]es?\b", re.IGNORECASE)
_RIGHTS: Final = re.compile(
    r"©|\(c\)|\bCC[ -]?(?:BY|0)\b|creative commons|copyright|copyleft|\brights?\b|permission|genehmigung"
    r"|licen[cs]|licenz|lizenz|licens|licenç|лиценз|ライセンス|许可|授權"
    r"|rechte\b|rechten\b|derechos|droits|direitos|diritti|\bpraw|\bправа|転載|著作|版权|版權",
    re.IGNORECASE,
)


def repeated_blocks(htmls: Sequence[str]) -> frozenset[str]:
    """What the first and last blocks of these texts have in common, as `without_repeated` takes it; order does not matter.

    `htmls` are the texts of a document's entries, one of each. A block is repeated if it stands in more than 60 % of at least four of
    them, or in all of three.

    >>> sorted(repeated_blocks([f"<p>Support our work.</p><p>Text {number}</p>" for number in range(4)]))
    ['Support our work.']
    """
    counts = Counter(mark for html in htmls for mark in {_mark(block) for block in _outer(read(html)) if _may_go(html, block)})
    if len(htmls) <= _FEW:
        return frozenset(mark for mark, count in counts.items() if count == len(htmls) == _FEW)
    return frozenset(mark for mark, count in counts.items() if count * 10 > len(htmls) * 6)


def without_repeated(html: str, repeated: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """(the HTML without the blocks that are repeated, the words of each); all stay where they are half of an entry or more.

    >>> without_repeated("<p>Support our work.</p><p>A text of more words.</p>", frozenset({"Support our work."}))
    ('<p>A text of more words.</p>', ('Support our work.',))
    """
    found = read(html) if repeated and "<" in html else []
    gone = [*_gone(html, found, repeated)]
    if not gone or 2 * sum(len(block.text) for block in gone) >= sum(len(block.text) for block in found):
        return html, ()
    return without(html, gone), tuple(_words(block) for block in gone)


def _outer(found: Sequence[Block]) -> list[Block]:
    return [*found[:_OUTER], *found[max(_OUTER, len(found) - _OUTER) :]]


def _gone(html: str, found: Sequence[Block], repeated: frozenset[str]) -> Iterator[Block]:
    """The outer blocks that go, in reading order; a heading goes with the block that it heads, or where it heads nothing."""
    outer = {block.start for block in _outer(found)}
    gone: list[Block] = []
    is_next_gone = True
    for block in reversed(found):
        can_go = block.start in outer and _mark(block) in repeated and _may_go(html, block)
        is_next_gone = can_go and (is_next_gone or not _heads(block))
        if is_next_gone:
            gone.append(block)
    return reversed(gone)


def _heads(block: Block) -> bool:
    return block.kind == "heading" or block.text.endswith((":", "："))


def _mark(block: Block) -> str:
    """The words of a block and where its links lead: "Download" is not the same twice if it leads elsewhere."""
    return "\n".join([_words(block), *(link_key(link.href) for link in block.links)])


def _words(block: Block) -> str:
    return " ".join(block.text.split())


def _may_go(html: str, block: Block) -> bool:
    if not _MIN_CHARS <= len(block.text) <= _MAX_CHARS or block.kind in ("caption", "code") or block.element in _PARTS:
        return False
    return not (_SHOWN.search(html, block.start, block.end) or _is_about_rights(block) or _speaks(html[block.start : block.end]))


def _is_about_rights(block: Block) -> bool:
    return bool(_RIGHTS.search(block.text)) or any(_RIGHTS_LINK.search(link.href) for link in block.links)


def _speaks(html: str) -> bool:
    """Whether a block says where the entry comes from."""
    if not might_speak(html):
        return False
    found = tuple(read(html))
    return bool(statements(Edges(found, found)))
