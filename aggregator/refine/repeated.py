"""What a feed prints around every entry: a plea for support above, rules for comments below. Found by comparing its entries.

Only words go, and only such as say nothing of the entry itself: pictures and counters, links that differ from entry to entry, claims of
origin, licences, notices of rights and credits stay, and so do headings that still head something. A block is known by its mark, a digest
of its words and links, so that what one document teaches is not forgotten with it (docs/decisions/0010-boilerplate.md).
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import Final

from aggregator.refine.blocks import Block, Edges, read, without
from aggregator.refine.sentences import might_speak, statements
from aggregator.web.url import link_key

_OUTER: Final = 4
_MIN_CHARS: Final = 8
_MAX_CHARS: Final = 400
# A name or two, with what they did.
_MAX_CREDIT_CHARS: Final = 80
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


def marks(html: str) -> tuple[str, ...]:
    """The marks of the first and last blocks of a text that may go, if they are found to be repeated; each once, in order of their own.

    >>> above, below = marks("<p>Support our work.</p><p>Text</p>"), marks("<p>Other text</p><div>Support <b>our</b> work.</div>")
    >>> len({*above} & {*below})
    1
    """
    return tuple(sorted({_mark(block) for block in _outer(read(html)) if _may_go(html, block)}))


def repeated(texts: Sequence[Sequence[str]]) -> frozenset[str]:
    """The marks that most of these texts have, each given by its marks; order does not matter.

    `texts` are of the entries of one feed, one of each. A mark is repeated if more than 60 % of at least four of them have it, or all of
    three.
    """
    counts = Counter(mark for text in texts for mark in text)
    if len(texts) <= _FEW:
        return frozenset(mark for mark, count in counts.items() if count == len(texts) == _FEW)
    return frozenset(mark for mark, count in counts.items() if count * 10 > len(texts) * 6)


def without_repeated(html: str, repeated: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """(the HTML without the blocks whose marks are repeated, the words of each); all stay where they are half of an entry or more.

    >>> without_repeated("<p>Support our work.</p><p>A text of more words.</p>", frozenset(marks("<p>Support our work.</p>")))
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
    """A digest of the words of a block and of where its links lead: "Download" is not the same twice if it leads elsewhere."""
    said = "\n".join([_words(block), *(link_key(link.href) for link in block.links)])
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _words(block: Block) -> str:
    return " ".join(block.text.split())


def _may_go(html: str, block: Block) -> bool:
    if not _MIN_CHARS <= len(block.text) <= _MAX_CHARS or block.kind in ("caption", "code") or block.element in _PARTS:
        return False
    return not (is_owed(html, block) or _credits(block.text) or _speaks(html[block.start : block.end]))


def is_owed(html: str, block: Block) -> bool:
    """Whether a block holds what must stay: a picture, a counter, a word or a link about rights."""
    return bool(_SHOWN.search(html, block.start, block.end)) or _is_about_rights(block)


def _credits(text: str) -> bool:
    """Whether a line names who made something: a byline, the credit of a picture.

    >>> _credits("By Jane Roe"), _credits("Foto: Jan Kowalski"), _credits("By joining you support us.")
    (True, True, False)
    """
    if len(text) > _MAX_CREDIT_CHARS:
        return False
    found = _leads().match(text)
    return found is not None and (found["colon"] is not None or text[found.end() : found.end() + 1].isupper())


@cache
def _leads() -> re.Pattern[str]:
    table = tomllib.loads((resources.files("aggregator.refine") / "repeated.toml").read_text("utf-8"))
    words = sorted({word for name in ("by", "credit") for word in table[name]}, key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, words))})(?P<colon>\s*[:：])?(?:\s+|(?<=[:：]))", re.IGNORECASE)


def _is_about_rights(block: Block) -> bool:
    return bool(_RIGHTS.search(block.text)) or any(_RIGHTS_LINK.search(link.href) for link in block.links)


def _speaks(html: str) -> bool:
    """Whether a block says where the entry comes from."""
    if not might_speak(html):
        return False
    found = tuple(read(html))
    return bool(statements(Edges(found, found)))
