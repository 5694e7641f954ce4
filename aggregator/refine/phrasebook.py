"""Reads phrases.toml: the words of every language in which people say where a text first appeared, and our own visible lines.

A language's words are made ready when a text first speaks it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from threading import Lock
from typing import Final, Literal, cast

from aggregator.refine.doubts import Doubts
from aggregator.refine.lexicon import Lexicon, fold
from aggregator.refine.marking import Marker
from aggregator.refine.shapes import Shapes, shapes
from aggregator.refine.triggers import Triggers

LineRole = Literal["origin", "from", "also"]

# What a language says beside its words.
_NO_CLASSES: Final = frozenset({"lines", "examples", "prefixes", "suffixes", "cased", "near", "print", "doubts"})
_LINE_SLOT: Final = re.compile(r"\{(origin|via|places)\}")
_LINE_NAME: Final = r"(?:\0|(?=\w)(?:[^\0\n,;.!?।。、，；،؛]|[.!?](?!\s|$)){1,80}?)"
_LINE_NAMES: Final = rf"{_LINE_NAME}(?:(?:[,،]\s|、){_LINE_NAME}){{0,20}}"
_GROUP: Final = re.compile(r"\(\?P<\w+>")
_LITERAL: Final = {" ": r"\s", "'": "['’ʼ´]", "’": "['’ʼ´]"}
_LOADING: Final = Lock()


@dataclass(frozen=True, eq=False)
class Line:
    """One wording of our visible line, and how it goes on where it names other places, too (a regular expression; may be empty).

    `start` is what it begins with, folded, up to its first name.
    """

    role: LineRole
    wording: str
    also: str
    start: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """A whole block's words, in which every link is `LINKED`. Its groups `origin` and `via` are names."""
        also = rf"(?:\s?{self.also})?" if self.also else ""
        return _pattern(_named(self.wording) + also if self.wording else self.also)

    @cached_property
    def core(self) -> str:
        """The longest words of its own, folded, without spaces."""
        return _core(self.wording)


@dataclass(frozen=True, eq=False)
class Language:
    """One language. `examples` are sentences that tell of an origin, each link written as [text](address)."""

    code: str
    marker: Marker
    lines: tuple[Line, ...]
    other_places: str
    other_cores: tuple[str, ...]
    print: frozenset[str]
    examples: tuple[str, ...]
    doubts: Doubts = Doubts()

    @cached_property
    def also(self) -> re.Pattern[str]:
        """The end of a visible line that names other places, behind whatever wording."""
        return _pattern(rf"(?:^|\s){self.other_places}$" if self.other_places else r"(?!)")

    def may_name_others(self, packed: str) -> bool:
        """Whether folded words without spaces may hold such an end."""
        return any(core in packed for core in self.other_cores)


@dataclass(frozen=True, eq=False)
class Phrasebook:
    """All languages; what may be said in one is said in the same shapes in all."""

    languages: tuple[Language, ...]
    shapes: Shapes
    triggers: Triggers


def phrasebook() -> Phrasebook:
    """The phrasebook, read once, whichever threads ask first."""
    with _LOADING:
        return _read()


def languages() -> tuple[Language, ...]:
    """Every language of phrases.toml, in its order."""
    return phrasebook().languages


def folded(text: str) -> str:
    """Text as words are compared with it, on one line."""
    return " ".join(fold(text).split())


@cache
def _read() -> Phrasebook:
    tables = tomllib.loads(files("aggregator.refine").joinpath("phrases.toml").read_text(encoding="utf-8"))
    found = tuple(_language(code, table) for code, table in tables.items())
    classes = (frozenset(key.split()) for table in tables.values() for key in table if key not in _NO_CLASSES)
    return Phrasebook(found, shapes(classes), Triggers([language.marker.lexicon for language in found]))


def _language(code: str, table: Mapping[str, object]) -> Language:
    lines = cast("Mapping[str, list[str]]", table.get("lines", {}))
    words = {key: str(value) for key, value in table.items() if key not in _NO_CLASSES}
    return Language(
        code=code,
        marker=Marker(
            lexicon=Lexicon(words, cast("int", table.get("near", 0))),
            is_cased=bool(table.get("cased")),
            prefixes=tuple(map(fold, _listed(table, "prefixes"))),
            suffixes=tuple(map(fold, _listed(table, "suffixes"))),
        ),
        lines=tuple(_lines(lines)),
        other_places=_worded(lines.get("also", [])),
        other_cores=tuple(map(_core, lines.get("also", []))),
        print=frozenset(map(str.casefold, _listed(table, "print"))),
        examples=tuple(cast("list[str]", table.get("examples", []))),
        doubts=Doubts(cast("Mapping[str, str]", table.get("doubts", {}))),
    )


def _listed(table: Mapping[str, object], key: str) -> list[str]:
    return [each.strip() for each in str(table.get(key, "")).split(",") if each.strip()]


# ── our own line ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _lines(words: Mapping[str, list[str]]) -> Iterator[Line]:
    roles: tuple[tuple[str, LineRole], ...] = (("origin", "origin"), ("via", "origin"), ("from", "from"))
    also = _worded(words.get("also", []))
    for key, role in roles:
        for wording in words.get(key, []):
            yield Line(role, wording, also, _start(wording))
    for start in dict.fromkeys(map(_start, words.get("also", []))):
        yield Line("also", "", also, start)


def _worded(wordings: Sequence[str]) -> str:
    """Any of these wordings, without groups; empty if there are none."""
    return f"(?:{'|'.join(_GROUP.sub('(?:', _named(wording)) for wording in wordings)})" if wordings else ""


def _named(wording: str) -> str:
    """
    >>> _named("From {via}!").startswith("From\\\\s(?P<via>")
    True
    """
    pieces = _LINE_SLOT.split(wording.rstrip(".。।"))
    made = [_slot(piece) if number % 2 else "".join(map(_literal, piece)) for number, piece in enumerate(pieces)]
    return "".join(made) + r"\s?[.。।]?"


def _words_of(wording: str) -> list[str]:
    """What stands between its names, up to the first apostrophe of each: there are several signs for one."""
    return [re.split("['’]", piece)[0] for piece in _LINE_SLOT.split(wording.rstrip(".。।"))[::2]]


def _start(wording: str) -> str:
    return folded(_words_of(wording)[0])


def _core(wording: str) -> str:
    return "".join(max(map(folded, _words_of(wording)), key=len).split())


def _slot(name: str) -> str:
    return f"(?P<{name}>{_LINE_NAME if name == 'origin' else _LINE_NAMES})"


def _literal(character: str) -> str:
    return _LITERAL.get(character) or re.escape(character)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
