"""Whether two texts are one: keys under which copies find each other, and a real comparison of the words (pure).

A copy may be cut, lightly edited, retitled and wrapped in other markup. What another one only quotes is no copy, nor is the next
number of a series that says the same words around other names.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from html import unescape
from importlib import resources
from typing import Final
from unicodedata import normalize
from zlib import crc32

from aggregator.refine.closings import unclosed

# Copies are told by their beginnings: most that are shorter than the original are cut at the end.
_WINDOW: Final = 160
_OPENING: Final = 40
# An excerpt of so many words has both keys of its original that are taken from as many.
_START: Final = 20
_WINDOW_KEYS: Final = 8
_OPENING_KEYS: Final = 2
# Of longer texts so many characters are read first: they nearly always hold a whole window.
_BEGINNING: Final = 2_000
# Three words of less ("of the in") stand in any text.
_MIN_BYTES: Final = 11
# Comparing the words of a whole book gains nothing.
_MAX_WORDS: Final = 2_000
_MAX_CHARS: Final = 60_000

_QUOTED: Final = re.compile(r"<blockquote(?: [^>]*)?>.*?(?:</blockquote>|\Z)", re.DOTALL)
# A line of a mail, or of a text in its manner, that repeats another's: "> it rained".
_CITED: Final = re.compile(r"(\A|\n|</?(?:p|div|pre|code|li|ul|ol|td|blockquote|h[1-6])(?: [^>]*)?>|<br ?/?>)[ \t]*&gt;[^<\n]*")
_TAG: Final = re.compile(r"""</?[a-z][a-z0-9]*+[^>"]*+(?:"[^"]*+"[^>"]*+)*+>""")
# Speech of one or two sentences is a text's own, a whole passage is taken from somewhere. Straight marks do not say which side they are on.
_SPOKEN: Final = re.compile(
    "\u201e[^\u201c\u201d\u201e]{300,}[\u201c\u201d]|\u201c[^\u201c\u201d\u201e]{300,}\u201d|\u00ab[^\u00ab\u00bb]{300,}\u00bb"
)
HELD: Final = 0.7
"""So many of the shorter text's runs of three words stand in the longer one: an edited word in twenty breaks three of them."""

COMMON: Final = 0.4
"""Or so many of those of both are the same."""

FEW_WORDS: Final = 12
"""Shorter texts are too alike by chance."""

_SENTENCE: Final = 8
_HARDLY_ANY: Final = 0.5

# Scripts that do not part words by spaces: each of their characters counts as one.
DENSE: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_IS_DENSE: Final = re.compile(f"[{DENSE}]")
_WORDS: Final = re.compile(r"[^\W_]+")
_DENSE_WORDS: Final = re.compile(rf"[{DENSE}]|[^\W_{DENSE}]+")
_FIGURES: Final = re.compile(r".*\d.*|[ivx]{2,}")
# The name of a site in so many words; as many may stand behind it ("News").
_NAME_WORDS: Final = 3
_LAST_OF_FOUR: Final = "\u17ff"
_LETTER: Final = re.compile(r"[a-z]")
# How the text begins that stands where one is still to be written: on any site, under any title.
_PLACEHOLDER: Final = ("lorem", "ipsum", "dolor")


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much of two texts is the same, as shares of their runs of three words.

    `held` is the share of the shorter one that stands in the longer one, `common` the share of both together. `words` counts the shorter.
    `begins_alike`: where the shorter begins, the longer has begun only a little before.
    """

    held: float
    common: float
    words: int
    begins_alike: bool


def words(html: str) -> tuple[str, ...]:
    """The words of clean HTML, casefolded, without what it quotes, in a blockquote or in lines that begin with ">", and without a last line
    that says where it goes on; of a text that is nothing but a quotation, its words.

    >>> words('<p>One <b>Two</b>, three.</p><blockquote>Four</blockquote>'), words("日本 x1"), words("<pre>&gt; It rained.\\nSo what</pre>")
    (('one', 'two', 'three'), ('日', '本', 'x1'), ('so', 'what'))
    """
    return _words(html[:_MAX_CHARS])


@lru_cache(maxsize=512)
def _words(html: str) -> tuple[str, ...]:
    return _all_words(html, _own(html))


def _all_words(html: str, own: str) -> tuple[str, ...]:
    return _split(unclosed(own)) or _split(unclosed(html))


def _own(html: str) -> str:
    """Clean HTML without what it quotes, in either way."""
    own = _QUOTED.sub(" ", html) if "<blockquote" in html else html
    return _CITED.sub(r"\1 ", own) if "&gt;" in own else own


def first_words(html: str) -> tuple[str, ...]:
    """The words with which clean HTML begins, as `words` has them: as many as `sketch` and `is_placeholder` look at, or more."""
    html = html[:_MAX_CHARS]
    own = _own(html)
    start = own[: own.rfind(">", 0, _BEGINNING) + 1] if 2 * len(own) > 3 * _BEGINNING else ""
    text = _TAG.sub(" ", start)
    # The end of a tag may be a sign within its attributes.
    found = () if "<" in text else _split(text)
    return found if len(found) >= _WINDOW else _all_words(html, own)


def unquoted(html: str) -> str:
    """Clean HTML without long passages between quotation marks, which are somebody else's words as those of a blockquote are; of a text
    that is nothing else, all of it.
    """
    own = _SPOKEN.sub(" ", html[:_MAX_CHARS])
    return own if _split(own) else html


def _split(html: str) -> tuple[str, ...]:
    text = unescape(_TAG.sub(" ", html))
    # An accent that stands behind its letter is no letter, and would part words.
    text = (text if text.isascii() else normalize("NFC", text)).casefold()
    is_dense = not text.isascii() and _IS_DENSE.search(text)
    found = (_DENSE_WORDS if is_dense else _WORDS).findall(text)
    return tuple(found[:_MAX_WORDS])


def size(found: Sequence[str]) -> float:
    """How many words these are, where some are single characters of scripts that do not part words: two of Chinese or Japanese, four of
    Thai, Lao, Burmese or Khmer make one.

    >>> size(words("今日の天気 in Tokyo")), size(("a", "word"))
    (4.5, 2.0)
    """
    return float(sum(map(_weight, found)))


def _weight(word: str) -> float:
    if len(word) > 1 or not _IS_DENSE.match(word):
        return 1.0
    return 0.5 if word > _LAST_OF_FOUR else 0.25


def is_placeholder(words_: Sequence[str]) -> bool:
    """Whether a text stands there until somebody writes one ("Lorem ipsum dolor …")."""
    start = words_[:_OPENING]
    return _PLACEHOLDER[0] in start and any(tuple(start[at : at + 3]) == _PLACEHOLDER for at in range(len(start)))


def title_words(title: str) -> tuple[str, ...]:
    """The words of a title, casefolded."""
    return _split(title.replace("<", " "))


def unsigned(title: Sequence[str], where: str) -> tuple[str, ...]:
    """The words of a title without the name of its publisher (`where` its site is), if a number is part of that: there it counts nothing.

    >>> unsigned(title_words("A day out | Channel 9 News"), "channel9.example")
    ('a', 'day', 'out', 'news')
    """
    name = where.partition(".")[0].replace("-", "")
    ends = ((start, end) for end in range(len(title), 0, -1) for start in range(max(0, end - _NAME_WORDS), end))
    for start, end in ends:
        run = title[start:end]
        is_at_edge = start == 0 or len(title) - end < _NAME_WORDS
        if is_at_edge and "".join(run) == name and any(map(_is_number, run)):
            return (*title[:start], *title[end:])
    return tuple(title)


def sketch(found: Sequence[str]) -> tuple[str, ...]:
    """Keys that copies of a text are likely to share at least two of: the least hashes of three words at its beginning (bottom-k sketches).

    >>> text = "the quick brown fox jumps over the lazy dog and runs away from every hungry hunter".split()
    >>> len(set(sketch(text)) & set(sketch(["news", *text[:-4]]))) > 2
    True
    """
    coded = " ".join(found[:_WINDOW]).encode("utf-8", "replace").split(b" ")
    runs = map(b" ".join, zip(coded, coded[1:], coded[2:], strict=False))
    hashes = [crc32(run) if len(run) >= _MIN_BYTES else -1 for run in runs]
    window, opening, start = (sorted({*part} - {-1}) for part in (hashes, hashes[: _OPENING - 2], hashes[: _START - 2]))
    least = (*window[:_WINDOW_KEYS], *opening[:_OPENING_KEYS], *start[:_OPENING_KEYS])
    return tuple([f"{value:08x}" for value in dict.fromkeys(least)])


def likeness(one: Sequence[str], other: Sequence[str]) -> Likeness:
    """Compare two texts, given as their words. Symmetric.

    >>> likeness(tuple("abcdefgh"), tuple("xabcdefgh")).held
    1.0
    """
    short, long = sorted((one, other), key=lambda found: (len(found), found))
    ours, theirs = _runs(short), _runs(long)
    shared = len(ours & theirs)
    begins = _runs(short[: _OPENING // 2])
    return Likeness(
        held=shared / len(ours) if ours else 0.0,
        common=shared / len(ours | theirs) if ours or theirs else 0.0,
        words=len(short),
        begins_alike=len(begins & _runs(long[: 3 * _OPENING])) * 2 >= len(begins),
    )


def are_others(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two texts say something, and so little of it is the same that nobody made the one of the other."""
    return min(len(one), len(other)) >= _SENTENCE and likeness(one, other).held < _HARDLY_ANY


def _is_number(word: str) -> bool:
    return _FIGURES.fullmatch(word) is not None or word in _number_words()


@cache
def _number_words() -> frozenset[str]:
    """The words for numbers of likeness.toml."""
    table = tomllib.loads(resources.files("aggregator.refine").joinpath("likeness.toml").read_text(encoding="utf-8"))
    return frozenset(table["numbers"])


def _runs(found: Sequence[str]) -> set[tuple[str, str, str]]:
    return set(zip(found, found[1:], found[2:], strict=False))


def is_another(one: Sequence[str], other: Sequence[str], text: Sequence[str], other_text: Sequence[str]) -> bool:
    """Whether two titles, and the texts below them, are of two instalments of one series: the same words around other numbers or names.

    >>> is_another("release 1 3".split(), "release 1 4".split(), (), ())
    True
    >>> is_another("the acme lamp".split(), "the bolt chair".split(), "buy the acme lamp".split(), "buy the bolt chair".split())
    True
    """
    mine, theirs = set(one) - set(other), set(other) - set(one)
    if not mine or not theirs:
        # A number that only one of them has counts instalments; other words are a longer headline.
        return any(map(_is_number, mine | theirs)) and bool(set(one) & set(other))
    if any(map(_is_number, mine)) and any(map(_is_number, theirs)):
        return True
    if all(_is_number(word) or _LETTER.fullmatch(word) for word in mine | theirs):
        return True
    held, others = set(text), set(other_text)
    return bool((mine & held) - others) and bool((theirs & others) - held)


def count_on(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two titles give other numbers for each other's: "Tool 1.2" and "Tool 1.3".

    >>> count_on(title_words("Tool 1.2"), title_words("Tool 1.3")), count_on(title_words("Tool"), title_words("Tool 2"))
    (True, False)
    """
    ours, theirs = ([word for word in title if _is_number(word)] for title in (one, other))
    return bool(ours and theirs) and ours != theirs
