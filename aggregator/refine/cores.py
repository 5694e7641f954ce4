"""What must stand in a text, word for word, for a form of phrases.toml to fit it: a cheap question before a dear one.

A core is a run of a form between its open-ended parts ("first published at"). Where a core is missing the form cannot fit; where all
are there it may. Cores are looked for in `folded` text, in which white space may be missing: so tags can be taken out before, and neither
they nor line ends nor capitals matter.
"""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import Final

from aggregator.refine.tokens import LINKED

TOKEN: Final = re.compile(r"\\(?P<literal>.)|<(?P<slot>[A-Z])>|\{(?P<word>\w+)\}|(?P<character>.)", re.DOTALL)
"""What a form is made of: an escaped character, a slot, one of the language's words, any other character."""

# In UTF-8. Shorter ones are everywhere, so looking for them tells nothing.
_MIN_BYTES: Final = 4
_APOSTROPHES: Final = "['’ʼ´]"
_SPACE: Final = rf"[ {LINKED}]{{0,3}}"
# How far before the rarest part of a core the rest of it may begin, and a link from words that must be its own or stand beside it.
_BEFORE: Final = 400
_NEAR: Final = 100
# Room for two words, which folding may lengthen.
_GAP: Final = ".{0,140}?"


@dataclass(frozen=True, slots=True, eq=False)
class Core:
    """`pattern` begins with one of `starts`: to find these and to match there is many times faster than to search for the pattern.

    Each start comes with the key word that it holds, if any: where that is missing, it need not be looked for. Whichever way the core is
    read, it holds one of the `keys`, if there are any. `whole` also has what stands before the rarest part. `is_linked`: a link is near.
    """

    pattern: str
    starts: tuple[tuple[str, str | None], ...]
    keys: frozenset[str] = frozenset()
    whole: str = ""
    is_linked: bool = False

    def is_in(self, text: str, keys: Container[str]) -> bool:
        """Whether a folded text, of which these are the key words, holds it."""
        return any(self._begins(start, text) for start, key in self.starts if key is None or key in keys)

    def _begins(self, start: str, text: str) -> bool:
        at = text.find(start)
        while at >= 0:
            found = _compiled(self.pattern).match(text, at)
            if found and self._fits(text, at, found.end()):
                return True
            at = text.find(start, at + 1)
        return False

    def _fits(self, text: str, at: int, end: int) -> bool:
        if self.is_linked and LINKED not in text[max(at - _NEAR, 0) : end + _NEAR]:
            return False
        return not self.whole or _compiled(self.whole).search(text, max(at - _BEFORE, 0), end + _BEFORE) is not None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a form: its regular expression (None if anything may stand there), its letters, how it may begin, its fewest bytes.

    `keys`: key words of the language of which it holds one, whichever way it is read. `is_short`: what may stand there is two words.
    """

    pattern: str | None
    letters: str = "\0"
    starts: tuple[str, ...] = ()
    size: int = 0
    is_optional: bool = False
    keys: frozenset[str] = frozenset()
    is_short: bool = False


ANYTHING: Final = Core("", (("", None),))
"""What is in every text."""


@cache
def _one_core(pattern: str, starts: tuple[tuple[str, str | None], ...], keys: frozenset[str], whole: str, is_linked: bool) -> Core:
    """One object for all equal cores: they are looked up by identity, which costs nothing."""
    return Core(pattern, starts, keys, whole, is_linked)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Forms share cores, and few are ever needed."""
    return re.compile(pattern)


def folded(text: str) -> str:
    """Text as cores are compared with it: casefolded, on one line, and a Turkish i is an i, with or without its dot.

    Where `re.IGNORECASE` takes two characters for one, both fold alike.

    >>> folded("İLK"), folded("yayımlandığı") == folded("YAYIMLANDIĞI")
    ('ilk', True)
    """
    return " ".join(text.casefold().replace("\u0307", "").replace("ı", "i").split())


def cores(form: str, words: Mapping[str, str], triggers: Sequence[str], *, is_linked: bool = False) -> tuple[Core, ...]:
    """A form's cores, those that hold a key word (`triggers`) first, then the longest. `is_linked`: a link stands in or beside them.

    >>> found = cores("[{this} ]first (posted|published) at <S>, with <A> leave", {"this": "this ~post"}, ["first"])
    >>> [start for core in found for start in core.starts], found[0].is_in("it was first published at x", {"first"})
    ([('first', 'first'), ('with', None), ('leave', None)], True)
    """
    keys = tuple(map(folded, triggers))
    (pieces,) = _alternatives(_tokens(form, words), "", keys)
    runs = (
        _core(_trimmed([*run]), keys, is_linked=is_linked)
        for is_open, run in groupby(pieces, lambda piece: piece.pattern is None)
        if not is_open
    )
    found = sorted(((size, core) for size, core in runs if size >= _MIN_BYTES), key=lambda sized: (not sized[1].keys, -sized[0]))
    return tuple(core for _, core in found)


def _core(run: list[_Piece], keys: Sequence[str], *, is_linked: bool) -> tuple[int, Core]:
    """The size of a run, and its core, which begins with the rarest part, so that few places are tried."""
    needed = [number for number, piece in enumerate(run) if piece.size and not piece.is_optional]
    rarest = max(needed, default=0, key=lambda number: _rarity([*_starts(run[number:])], keys))
    whole, tail = _joined(run, keys), _joined(run[rarest:], keys)
    starts = tuple((start, _key_of(start, keys)) for start in tail.starts)
    return whole.size, _one_core(tail.pattern or "", starts, whole.keys, whole.pattern or "" if rarest else "", is_linked)


def _key_of(start: str, keys: Sequence[str]) -> str | None:
    return next((key for key in keys if start.startswith(key)), None)


def _tokens(form: str, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(mark, letter) of what a form is made of, its words written out."""
    for found in TOKEN.finditer(form):
        if found["word"]:
            yield "(", ""
            yield from _tokens(words[found["word"]], words)
            yield ")", ""
        elif found["slot"]:
            yield "<", ""
        elif found["literal"] or found["character"] not in "[]()|?~ ":
            yield "", found["literal"] or found["character"]
        else:
            yield found["character"], ""


def _alternatives(tokens: Iterator[tuple[str, str]], end: str, keys: Sequence[str]) -> list[list[_Piece]]:
    """The pieces of each alternative, up to the bracket that ends them."""
    found: list[list[_Piece]] = [[]]
    for mark, letter in tokens:
        if mark and mark == end:
            break
        if mark == "|":
            found.append([])
        elif mark == "?":
            found[-1][-1] = replace(found[-1][-1], is_optional=True)
        elif mark in ("(", "["):
            found[-1].append(_group(_alternatives(tokens, ")" if mark == "(" else "]", keys), keys, is_optional=mark == "["))
        else:
            found[-1].append(_one(mark, letter))
    return found


def _one(mark: str, letter: str) -> _Piece:
    if mark:
        return _Piece(_SPACE, " ") if mark == " " else _Piece(None, is_short=mark == "~")
    if letter in "'’":
        return _Piece(_APOSTROPHES, "'", tuple(_APOSTROPHES[1:-1]), 1)
    letter = folded(letter)
    return _Piece(re.escape(letter), letter, (letter,), len(letter.encode()))


def _group(alternatives: list[list[_Piece]], keys: Sequence[str], *, is_optional: bool) -> _Piece:
    opened = [piece for pieces in alternatives for piece in pieces if piece.pattern is None]
    if any(is_optional or not piece.is_optional or not piece.is_short for piece in opened):
        return _Piece(None, is_optional=is_optional, is_short=all(piece.is_short for piece in opened))
    readings = [_joined(pieces, keys) for pieces in alternatives]
    return _Piece(
        f"(?:{'|'.join(reading.pattern or '' for reading in readings)})",
        starts=tuple(dict.fromkeys(start for reading in readings for start in reading.starts)),
        size=min(reading.size for reading in readings),
        is_optional=is_optional,
        keys=frozenset().union(*(reading.keys for reading in readings)) if all(reading.keys for reading in readings) else frozenset(),
    )


def _trimmed(run: list[_Piece]) -> list[_Piece]:
    """A run without what may be missing at its ends."""
    needed = [number for number, piece in enumerate(run) if piece.size and not piece.is_optional]
    return run[needed[0] : needed[-1] + 1] if needed else []


def _rarity(starts: Sequence[str], keys: Sequence[str]) -> tuple[bool, int]:
    return all(any(key in start for key in keys) for start in starts), min(map(len, starts))


def _joined(run: Sequence[_Piece], keys: Sequence[str]) -> _Piece:
    needed = [piece for piece in run if not piece.is_optional]
    letters = "".join("\0" if piece.is_optional else piece.letters for piece in run)
    return _Piece(
        "".join(f"(?:{piece.pattern or _GAP})?" if piece.is_optional else piece.pattern or "" for piece in run),
        letters,
        tuple(dict.fromkeys(_starts(run))),
        sum(piece.size for piece in needed),
        keys=frozenset(key for key in keys if key in letters) or next((piece.keys for piece in needed if piece.keys), frozenset()),
    )


def either(cores: Sequence[Core]) -> Core:
    """Any of these, which have the same `starts`."""
    keys = frozenset().union(*(core.keys for core in cores)) if all(core.keys for core in cores) else frozenset()
    is_linked = all(core.is_linked for core in cores)
    return _one_core(f"(?:{'|'.join(core.pattern for core in cores)})", cores[0].starts, keys, "", is_linked)


def worded(words: str) -> Core:
    """Words that stand as they are.

    >>> worded("De <b>").is_in(folded("De\\n<B>"), ())
    True
    """
    pieces = folded(words).split()
    return _one_core(_SPACE.join(map(re.escape, pieces)), tuple((piece, None) for piece in pieces[:1]), frozenset(), "", False)


def _starts(run: Sequence[_Piece]) -> Iterator[str]:
    """How a run may begin: its first letters, and those of what may be missing before them."""
    word = ""
    for piece in run:
        if not piece.is_optional and piece.pattern == re.escape(piece.letters):
            word += piece.letters
            continue
        if word:
            break
        yield from filter(None, piece.starts)
        if piece.size and not piece.is_optional:
            return
    yield word
