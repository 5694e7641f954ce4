"""Reads shapes.toml: the forms that sentences of origin have in any language, as regular expressions over the letters of marks."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import count, groupby
from typing import Final, Literal

from aggregator.refine.lexicon import Classes
from aggregator.refine.marking import KINDS, Mark

Role = Literal["note", "brief", "footer", "hint"]
Stand = Literal["strong", "bare", "weak", "none"]
"""Who says it: "this article …", a bare noun, "the article …" or "it …", nobody."""

REACH: Final = 72
"""A word is not asked further than this for what it begins."""

# All letters lie below 256: sets of others take the compiler a thousand times as long.
_FIRST_LETTER: Final = 1
_TOKEN: Final = re.compile(r"\(\?P<(?P<group>\w+)>|\(\?[!=]|\{[\d,]+\}[+?]?|(?P<word>[a-z]+(?:[/!&][a-z]+)*|[A-Z]+)|(?P<sign>\S)")
_PAIRS: Final[Mapping[Classes, tuple[Classes, ...]]] = {
    frozenset({*first.split(), second}): (frozenset(first.split()), frozenset({second}))
    for first, second in (("published", "at"), ("published printed", "at"), ("premiered", "at"), ("again", "from"))
}
_NOT_LINKED: Final = frozenset({"date", "when", "first", "published", "again", "taken", "premiered"})
# The classes of which every sentence of origin has one.
_KEYS: Final = (
    "first",
    "premiered",
    "again",
    "taken",
    "premiere",
    "leave",
    "orig",
    "original",
    "variant",
    "crosspost",
    "read",
    "label",
    "supplied",
    "issued",
    "printed",
)


class Alphabet:
    """A letter for each set of classes that a mark may have, in a link and outside of one."""

    def __init__(self, tables: Iterable[Classes], sets: Mapping[str, str]) -> None:
        self._sets = sets
        self._numbers = {classes: number for number, classes in enumerate(dict.fromkeys((*KINDS, *tables)))}
        if len(self._numbers) * 2 + _FIRST_LETTER > 256:
            raise ValueError("there are more sets of classes than letters")

    def letter(self, classes: Classes, is_linked: bool) -> str:
        return chr(_FIRST_LETTER + self._numbers[classes] + len(self._numbers) * is_linked)

    def spelled(self, mark: Mark) -> tuple[str, ...]:
        """The letters of a mark: one, or two of a word that says two things one after the other ("刊于", published in)."""
        return tuple([self.letter(classes, mark.link is not None) for classes in _PAIRS.get(mark.classes, (mark.classes,))])

    def is_linked(self, letter: str) -> bool:
        return ord(letter) >= _FIRST_LETTER + len(self._numbers)

    def having(self, name: str) -> str:
        """The letters of a class, as a set of a regular expression; `x/y`: of either, `x&y`: of both, `x!y`: not also of class y."""
        wanted, _, unwanted = name.partition("!")
        found = [self._codes(names) for names in wanted.split("&")]
        codes = sorted(set.intersection(*found) - self._codes(unwanted))
        return f"[{''.join(_ranges(codes))}]" if codes else "(?!)"

    def _codes(self, names: str) -> set[int]:
        found: set[int] = set()
        for name in names.split("/") if names else ():
            found |= self._codes(self._sets[name]) if name in self._sets else self._by_class.get(name, set())
        return found

    @cached_property
    def _by_class(self) -> Mapping[str, set[int]]:
        found: defaultdict[str, set[int]] = defaultdict(set)
        for letter, classes in self.named.items():
            for name in classes:
                found[name].add(ord(letter))
            if self.is_linked(letter) and "link" not in classes and not classes & _NOT_LINKED:
                found["linked"].add(ord(letter))
        return found

    @cached_property
    def keys(self) -> re.Pattern[str]:
        """The letters with which a sentence of origin is one."""
        return re.compile("|".join(map(self.having, _KEYS)))

    @cached_property
    def named(self) -> Mapping[str, frozenset[str]]:
        """The classes of each letter."""
        return {self.letter(classes, is_linked): classes for classes in self._numbers for is_linked in (False, True)}


def _ranges(codes: Sequence[int]) -> Iterator[str]:
    for _, each in groupby(enumerate(codes), lambda pair: pair[1] - pair[0]):
        run = [code for _, code in each]
        yield re.escape(chr(run[0])) + (f"-{re.escape(chr(run[-1]))}" if len(run) > 1 else "")


def _written(form: str, alphabet: Alphabet, macros: Mapping[str, str], numbers: "count[int]") -> str:
    """The regular expression of a form; its groups are numbered, since a macro may come twice."""
    return "".join(_token(found, alphabet, macros, numbers) for found in _TOKEN.finditer(form))


def _token(found: re.Match[str], alphabet: Alphabet, macros: Mapping[str, str], numbers: "count[int]") -> str:
    if found["group"]:
        return f"(?P<{found['group']}{next(numbers)}>"
    if found["word"] in macros:
        return f"(?:{_written(macros[found['word']], alphabet, macros, numbers)})"
    if found["word"]:
        return "." if found["word"] == "any" else alphabet.having(found["word"])
    return {"(": "(?:", "$": r"\Z"}.get(found[0], found[0])


@dataclass(frozen=True, slots=True)
class Row:
    """Marks as letters, after chunks were put together: `spans` are the numbers of the marks in each letter."""

    letters: str
    spans: tuple[tuple[int, int], ...]

    def marks(self, start: int, end: int) -> tuple[int, int]:
        """The first mark of these letters, and the one behind their last."""
        return self.spans[start][0], self.spans[end - 1][1]


@dataclass(frozen=True, eq=False)
class Level:
    """Chunks of one level: (its pattern, the set of classes of each) in the order in which they are tried."""

    chunks: Mapping[str, str]
    alphabet: Alphabet
    macros: Mapping[str, str]

    def chunked(self, row: Row) -> Row:
        letters: list[str] = []
        spans: list[tuple[int, int]] = []
        at = 0
        for found in self.pattern.finditer(row.letters):
            start, end = found.span()
            letters += [row.letters[at:start], self._letters[found.lastgroup or ""][self.alphabet.is_linked(found[0][0])]]
            spans += [*row.spans[at:start], row.marks(start, end)]
            at = end
        return Row("".join([*letters, row.letters[at:]]), (*spans, *row.spans[at:]))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Any of the chunks."""
        numbers = count()
        return re.compile(
            "|".join(f"(?P<c{n}>{_written(form, self.alphabet, self.macros, numbers)})" for n, form in enumerate(self.chunks.values()))
        )

    @cached_property
    def _letters(self) -> Mapping[str, tuple[str, str]]:
        return {
            f"c{n}": (self.alphabet.letter(classes, False), self.alphabet.letter(classes, True))
            for n, classes in enumerate(frozenset(key.split()) for key in self.chunks)
        }


@dataclass(frozen=True, eq=False)
class Shape:
    """One shape. `needs` are the classes without which it cannot fit. `is_anchored`: its source is a link that says "original".

    `is_alone`: without a subject it must be all that its block says; `is_whole`: in any case.
    """

    name: str
    role: Role
    form: str
    needs: Classes
    is_anchored: bool
    is_alone: bool
    is_whole: bool
    alphabet: Alphabet
    macros: Mapping[str, str]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(_written(self.form, self.alphabet, self.macros, count()))

    def match(self, row: Row, start: int) -> re.Match[str] | None:
        """Try it with the sentence that begins with this letter."""
        return self.pattern.match(row.letters, start, start + REACH)


@dataclass(frozen=True, eq=False)
class Shapes:
    """All that shapes.toml holds."""

    levels: tuple[Level, ...]
    shapes: tuple[Shape, ...]
    alphabet: Alphabet

    def row(self, marks: Sequence[Mark]) -> Row:
        """Marks as a row of letters, its chunks put together."""
        letters = [(letter, number) for number, mark in enumerate(marks) for letter in self.alphabet.spelled(mark)]
        row = Row("".join([letter for letter, _ in letters]), tuple((number, number + 1) for _, number in letters))
        for level in self.levels:
            row = level.chunked(row)
        return row

    def fitting(self, row: Row) -> list[Shape]:
        """The shapes that do not lack anything in a row."""
        named = self.alphabet.named
        present = frozenset().union(*(named[letter] for letter in set(row.letters)))
        if "premiered" in present:
            present |= {"first", "published"}
        return [shape for shape in self.shapes if shape.needs <= present]


def shapes(words: Iterable[Classes]) -> Shapes:
    """The shapes of shapes.toml, over an alphabet that also has these sets of classes."""
    tables = tomllib.loads(files("aggregator.refine").joinpath("shapes.toml").read_text(encoding="utf-8"))
    macros, levels = tables["macros"], tables["chunks"]
    alphabet = Alphabet((*(frozenset(key.split()) for level in levels for key in level), *words), tables["sets"])
    return Shapes(
        tuple(Level(level, alphabet, macros) for level in levels),
        tuple(_shape(table, alphabet, macros) for table in tables["shapes"]),
        alphabet,
    )


def _shape(table: Mapping[str, str], alphabet: Alphabet, macros: Mapping[str, str]) -> Shape:
    role: Role = "hint" if table.get("role") == "hint" else "footer" if table.get("role") == "footer" else "note"
    return Shape(
        name=table["name"],
        role=role,
        form=table["form"],
        needs=frozenset(table.get("needs", "").split()),
        is_anchored=bool(table.get("anchor")),
        is_alone=bool(table.get("alone")),
        is_whole=bool(table.get("whole")),
        alphabet=alphabet,
        macros=macros,
    )


def group(found: re.Match[str], name: str) -> tuple[int, int] | None:
    """Where a group of a shape stands, whichever of its readings it was."""
    for key, value in found.groupdict().items():
        if value is not None and key.rstrip("0123456789") == name:
            return found.span(key)
    return None
