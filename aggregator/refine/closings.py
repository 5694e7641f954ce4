"""How a text says at its end that it goes on elsewhere ("Read more"): that is no part of what it says. The lines: closings.toml."""

import re
import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Final, NamedTuple

# A long address may stand in the link, and a title behind it.
_TAIL: Final = 600
_MAX_WORDS: Final = 8
_PIECE: Final = re.compile(r"""</?[a-z][a-z0-9]*+[^>"]*+(?:"[^"]*+"[^>"]*+)*+>|&(?:[a-z]{1,8}|#\d{1,6});|(?P<word>[^\W_]+)""")
# Where a line or a link begins, or what says itself that something was left off.
_BEGINS: Final = re.compile(
    r"[…\[(]|\.\.\.|&hellip;|<(?:a|/?(?:p|div|li|ul|ol|dl|dt|dd|td|th|tr|table|h[1-6]|section|article|footer|blockquote|br))[ />]"
)
_LEFT_OFF: Final = re.compile(r"…|\.\.\.|&hellip;")
_FIGURE: Final = re.compile(r"\d")


class _Word(NamedTuple):
    start: int
    end: int
    said: str


def unclosed(html: str, title: str = "") -> str:
    """Clean HTML without a last line, or a last link, that only says where the text goes on; the title of the entry may follow it.

    A short link behind "…" says that in any language.

    >>> unclosed('<p>Rain again…</p><p><a href="https://a.example/1">Read more »</a></p>'), unclosed("<p>Read more books</p>")
    ('<p>Rain again…', '<p>Read more books</p>')
    """
    title = title[-_TAIL:]
    start = max(0, len(html) - _TAIL)
    tail = html[start:]
    if not _may_close(tail, title):
        return html
    words = [_Word(*found.span(), found["word"].casefold()) for found in _PIECE.finditer(tail) if found["word"]]
    first = _line_at(words, tail, title)
    if first is None:
        first = _link_at(words, tail)
    if first is None:
        return html
    kept = words[first - 1].end if first else 0
    return html[: start + kept] + _between(words, first, tail).partition("<")[0]


def _may_close(tail: str, title: str) -> bool:
    """Whether a text ends with a word that such lines or its title end with, or has a link and something left off: most do neither."""
    last = _last_word(tail)
    return last in _last_words() or last == _last_word(title) or ("<a " in tail and bool(_LEFT_OFF.search(tail)))


@lru_cache(maxsize=16)  # A summary, its text and its title are asked for one after the other, and the same again.
def _last_word(text: str) -> str:
    return next(filter(None, reversed(_PIECE.findall(text))), "").casefold()


def _line_at(words: Sequence[_Word], tail: str, title: str) -> int | None:
    """Which word such a line begins with."""
    said = [word.said for word in words]
    named = [found["word"].casefold() for found in _PIECE.finditer(title) if found["word"]]
    end = len(said) - len(named) if named and said[-len(named) :] == named else len(said)
    # The title may be such a word itself.
    for last in dict.fromkeys((len(said), end)):
        for first in range(max(0, last - _MAX_WORDS), last):
            if tuple(said[first:last]) in _lines() and (not first or _BEGINS.search(_between(words, first, tail))):
                return first
    return None


def _link_at(words: Sequence[_Word], tail: str) -> int | None:
    """Which word the last link begins with, if it is short, has no figure, and something was left off before it."""
    opens, closes = tail.rfind("<a "), tail.rfind("</a>")
    first = next((place for place, word in enumerate(words) if word.start > opens), len(words))
    linked = words[first:]
    if opens < 0 or closes < opens or not 0 < len(linked) <= _MAX_WORDS or linked[-1].end > closes or not first:
        return None
    is_plain = not any(_FIGURE.search(word.said) for word in linked)
    return first if is_plain and _LEFT_OFF.search(_between(words, first, tail)) else None


def _between(words: Sequence[_Word], at: int, tail: str) -> str:
    """What stands between a word and the one before it."""
    return tail[words[at - 1].end if at else 0 : words[at].start]


@cache
def _last_words() -> frozenset[str]:
    return frozenset(line[-1] for line in _lines())


@cache
def _lines() -> frozenset[tuple[str, ...]]:
    table = tomllib.loads(resources.files("aggregator.refine").joinpath("closings.toml").read_text(encoding="utf-8"))
    return frozenset(tuple(found["word"].casefold() for found in _PIECE.finditer(line) if found["word"]) for line in table["lines"])
