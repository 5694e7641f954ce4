"""Reads phrases.toml, the sentences of all languages, and compiles each form to patterns around its source slot.

A form becomes `before` and `after` the slot `<S>`. Both are tried at one place only (`Pattern.match`), and every open-ended part is
bounded, so the time is linear in the text.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, cast

Role = Literal["note", "brief", "footer", "hint"]
LineRole = Literal["origin", "from", "also"]

LINKED: Final = "\0"
"""What stands for a link in the words of a block that are compared with a `Line`."""

_ROLES: Final[tuple[tuple[str, Role], ...]] = (("notes", "note"), ("briefs", "brief"), ("footers", "footer"), ("hints", "hint"))
_SLOTS: Final = {
    "T": r"(?P<T>[^\n]{1,400}?)",
    "A": r"(?P<A>[^\s.!?;:()\n]{1,40}(?:\.?\s[^\s!?;:()\n]{1,40}){0,6}?)",
    "X": r"(?:[^.!?。\n]{0,40}?)",
    "D": r"(?:(?:[^\W\d]{1,12}\.?\s){0,2}\d[^!?;:()\n]{0,25}?)",
}
_TWO_WORDS: Final = r"(?:[^\s.!?,;:]{1,30}\s){0,2}"
_TOKEN: Final = re.compile(r"\\(?P<literal>.)|<(?P<slot>[A-Z])>|\{(?P<word>\w+)\}|(?P<character>.)", re.DOTALL)
_LINE_SLOT: Final = re.compile(r"\{(origin|via|places)\}")
_LINE_NAME: Final = r"(?:\0|(?=\w)(?:[^\0\n,;.!?。、，；]|[.!?](?!\s|$)){1,80}?)"
_LINE_NAMES: Final = rf"{_LINE_NAME}(?:,\s{_LINE_NAME}){{0,20}}"
_GROUP: Final = re.compile(r"\(\?P<\w+>")
_PLAIN: Final = {"[": "(?:", "]": ")?", "(": "(?:", ")": ")", "|": "|", "?": "?", " ": r"\s", "~": _TWO_WORDS, "'": "['’ʼ´]", "’": "['’ʼ´]"}


@dataclass(frozen=True, slots=True)
class Form:
    """One way to say it. `rule` names it in evidence. `is_anchored`: the slot must be a link that says "original".

    `needs_title`: what stands in `<T>` must be the entry's title or a link. `needs` must occur in the sentence.
    """

    rule: str
    role: Role
    before: re.Pattern[str]
    after: re.Pattern[str] | None
    is_anchored: bool
    needs_title: bool
    needs: re.Pattern[str] | None
    example: str


@dataclass(frozen=True, slots=True)
class Line:
    """One wording of our visible line: a pattern of a whole block's words, in which every link is `LINKED`.

    Its groups `origin` and `via` are names; what follows of other places ("Also appeared at …") belongs to the line.
    """

    role: LineRole
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Language:
    """One language's forms and the words by which a source's name is told from what stands around it. All words are casefolded.

    `also` finds the end of a visible line that names other places, behind whatever wording.
    """

    code: str
    triggers: tuple[str, ...]
    forms: tuple[Form, ...]
    lines: tuple[Line, ...]
    also: re.Pattern[str]
    articles: frozenset[str]
    stop: re.Pattern[str]
    dates: frozenset[str]
    original: frozenset[str]
    print: frozenset[str]
    own: frozenset[str]
    by: frozenset[str]
    via: re.Pattern[str] | None


@cache
def languages() -> tuple[Language, ...]:
    """Every language of phrases.toml, in its order."""
    tables = tomllib.loads(files("aggregator.refine").joinpath("phrases.toml").read_text(encoding="utf-8"))
    return tuple(_language(code, table) for code, table in tables.items())


def compiled(form: str, words: Mapping[str, str]) -> str:
    """The regular expression of a form or of a part of one.

    >>> compiled("[first ]posted (at|on)", {})
    '(?:first\\\\s)?posted\\\\s(?:at|on)'
    """
    return "".join(_piece(found, words) for found in _TOKEN.finditer(form))


def _piece(found: re.Match[str], words: Mapping[str, str]) -> str:
    if found["literal"]:
        return re.escape(found["literal"])
    if found["slot"]:
        return _SLOTS[found["slot"]]
    if found["word"]:
        return f"(?:{compiled(words[found['word']], words)})"
    return _PLAIN.get(found["character"]) or re.escape(found["character"])


def _language(code: str, table: Mapping[str, object]) -> Language:
    words = cast("Mapping[str, str]", table.get("words", {}))
    stops = _list(table, "stops")
    via = _list(table, "via")
    return Language(
        code=code,
        triggers=tuple(word.casefold() for word in _list(table, "triggers")),
        forms=tuple(
            _form(f"{code}:{role}:{number}", role, entry, words)
            for key, role in _ROLES
            for number, entry in enumerate(_tables(table, key), 1)
        ),
        lines=tuple(_lines(cast("Mapping[str, list[str]]", table.get("lines", {})))),
        also=_pattern(rf"(?:^|\s){also}$") if (also := _also(table)) else _pattern(r"(?!)"),
        articles=_folded(table, "articles"),
        stop=_pattern(rf"\s(?:{'|'.join(re.escape(stop) for stop in stops)})(?=\s|$)") if stops else _pattern(r"(?!)"),
        dates=_folded(table, "dates"),
        original=_folded(table, "original"),
        print=_folded(table, "print"),
        own=_folded(table, "own"),
        by=_folded(table, "by"),
        via=_pattern(rf"(?:^|[\s.(])(?:{'|'.join(re.escape(word) for word in via)}):?\s") if via else None,
    )


def _form(rule: str, role: Role, entry: Mapping[str, object], words: Mapping[str, str]) -> Form:
    before, _, after = str(entry["form"]).partition("<S>")
    needs = entry.get("needs")
    return Form(
        rule=rule,
        role=role,
        before=_pattern(compiled(before, words)),
        after=_pattern(compiled(after, words)) if after else None,
        is_anchored=entry.get("anchor") == "original",
        needs_title=bool(entry.get("title")),
        needs=_pattern(compiled(words[str(needs)], words)) if needs else None,
        example=str(entry["example"]),
    )


def _lines(words: Mapping[str, list[str]]) -> Iterator[Line]:
    roles: tuple[tuple[str, LineRole], ...] = (("origin", "origin"), ("via", "origin"), ("from", "from"))
    also = _worded(words.get("also", []))
    for key, role in roles:
        for wording in words.get(key, []):
            yield Line(role, _pattern(_named(wording) + (rf"(?:\s?{also})?" if also else "")))
    if also:
        yield Line("also", _pattern(also))


def _also(table: Mapping[str, object]) -> str:
    return _worded(cast("Mapping[str, list[str]]", table.get("lines", {})).get("also", []))


def _worded(wordings: Sequence[str]) -> str:
    """Any of these wordings, without groups; empty if there are none."""
    return f"(?:{'|'.join(_GROUP.sub('(?:', _named(wording)) for wording in wordings)})" if wordings else ""


def _named(wording: str) -> str:
    """
    >>> _named("From {via}!").startswith("From\\\\s(?P<via>")
    True
    """
    pieces = _LINE_SLOT.split(wording.rstrip(".。"))
    made = [_slot(piece) if number % 2 else "".join(map(_literal, piece)) for number, piece in enumerate(pieces)]
    return "".join(made) + r"\s?[.。]?"


def _slot(name: str) -> str:
    return f"(?P<{name}>{_LINE_NAME if name == 'origin' else _LINE_NAMES})"


def _literal(character: str) -> str:
    return _PLAIN[character] if character in " '’" else re.escape(character)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _list(table: Mapping[str, object], key: str) -> list[str]:
    return cast("list[str]", table.get(key, []))


def _tables(table: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    return cast("list[Mapping[str, object]]", table.get(key, []))


def _folded(table: Mapping[str, object], key: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _list(table, key))
