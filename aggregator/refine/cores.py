"""What must stand in a text, word for word, for a form of phrases.toml to fit it: a cheap question before a dear one.

A core is a run of a form between its open-ended parts ("first published at"). Where a core is missing the form cannot fit; where all
are there it may. Cores are looked for in `folded` text, in which white space may be missing: so tags can be taken out before, and neither
they nor line ends nor capitals matter.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import Final

TOKEN: Final = re.compile(r"\\(?P<literal>.)|<(?P<slot>[A-Z])>|\{(?P<word>\w+)\}|(?P<character>.)", re.DOTALL)
"""What a form is made of: an escaped character, a slot, one of the language's words, any other character."""

# In UTF-8. Shorter ones are everywhere, so looking for them tells nothing.
_MIN_BYTES: Final = 4
_APOSTROPHES: Final = "['’ʼ´]"
# Room for two words, which folding may lengthen.
_GAP: Final = ".{0,140}?"


@dataclass(frozen=True, slots=True)
class Core:
    """`pattern` begins with one of `starts`: to find these and to match there is many times faster than to search for the pattern.

    Whichever way it is read, it holds one of the `keys`, if there are any.
    """

    pattern: str
    starts: tuple[str, ...]
    keys: frozenset[str] = frozenset()

    def is_in(self, text: str) -> bool:
        """Whether a folded text holds it."""
        return any(self._begins(start, text) for start in self.starts)

    def _begins(self, start: str, text: str) -> bool:
        at = text.find(start)
        while at >= 0:
            if _compiled(self.pattern).match(text, at):
                return True
            at = text.find(start, at + 1)
        return False


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


ANYTHING: Final = Core("", ("",))
"""What is in every text."""


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


def cores(form: str, words: Mapping[str, str], triggers: Sequence[str]) -> tuple[Core, ...]:
    """A form's cores, those that hold a key word (`triggers`) first, then the longest.

    >>> [core.pattern for core in cores("[{this} ]first (posted|published) at <S>, with <A> leave", {"this": "this ~post"}, ["first"])]
    ['first\\\\s?(?:posted|published)\\\\s?at', 'leave', 'with']
    """
    keys = tuple(map(folded, triggers))
    (pieces,) = _alternatives(_tokens(form, words), "", keys)
    runs = (_joined(_trimmed([*run], keys), keys) for is_open, run in groupby(pieces, lambda piece: piece.pattern is None) if not is_open)
    found = sorted((run for run in runs if run.size >= _MIN_BYTES), key=lambda run: (not run.keys, -run.size))
    return tuple(Core(run.pattern or "", run.starts, run.keys) for run in found)


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
        return _Piece(r"\s?", " ") if mark == " " else _Piece(None, is_short=mark == "~")
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


def _trimmed(run: list[_Piece], keys: Sequence[str]) -> list[_Piece]:
    """A run without what may be missing at its ends, and without what stands before a part that is rarer, so that few places are tried."""
    needed = [number for number, piece in enumerate(run) if piece.size and not piece.is_optional]
    if not needed:
        return []
    first = max(needed, key=lambda number: _rarity([*_starts(run[number:])], keys))
    return run[first : needed[-1] + 1]


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
    return Core(f"(?:{'|'.join(core.pattern for core in cores)})", cores[0].starts, keys)


def worded(words: str) -> Core:
    """Words that stand as they are.

    >>> worded("De <b>").is_in(folded("De\\n<B>"))
    True
    """
    pieces = folded(words).split()
    return Core(r"\s?".join(map(re.escape, pieces)), tuple(pieces[:1]))


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
