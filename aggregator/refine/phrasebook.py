"""Reads phrases.toml, the sentences of all languages; each form becomes patterns around its source slot, when a text first needs them.

A form becomes `before` and `after` the slot `<S>`. Both are tried at one place only (`Pattern.match`), and every open-ended part is
bounded, so the time is linear in the text.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import groupby
from threading import Lock
from typing import Final, Literal, cast

from aggregator.refine.cores import ANYTHING, TOKEN, Core, cores, either, folded, worded

Role = Literal["note", "brief", "footer", "hint"]
LineRole = Literal["origin", "from", "also"]

_ROLES: Final[tuple[tuple[str, Role], ...]] = (("notes", "note"), ("briefs", "brief"), ("footers", "footer"), ("hints", "hint"))
_SLOTS: Final = {
    "T": r"(?P<T>[^\n]{1,400}?)",
    "A": r"(?P<A>[^\s.!?;:()\n]{1,40}(?:\.?\s[^\s!?;:()\n]{1,40}){0,6}?)",
    "X": r"(?:[^.!?。\n]{0,40}?)",
    "D": r"(?:(?:[^\W\d]{1,12}\.?\s){0,2}\d[^!?;:()\n]{0,25}?)",
}
_TWO_WORDS: Final = r"(?:[^\s.!?,;:]{1,30}\s){0,2}"
_LINE_SLOT: Final = re.compile(r"\{(origin|via|places)\}")
_LINE_NAME: Final = r"(?:\0|(?=\w)(?:[^\0\n,;.!?。、，；]|[.!?](?!\s|$)){1,80}?)"
_LINE_NAMES: Final = rf"{_LINE_NAME}(?:,\s{_LINE_NAME}){{0,20}}"
_GROUP: Final = re.compile(r"\(\?P<\w+>")
_PLAIN: Final = {"[": "(?:", "]": ")?", "(": "(?:", ")": ")", "|": "|", "?": "?", " ": r"\s", "~": _TWO_WORDS, "'": "['’ʼ´]", "’": "['’ʼ´]"}
_LOADING: Final = Lock()
_FAR: Final = re.compile("[\u0370-\u1dff\u2e80-\ua7ff\uac00-\uffef]")


@dataclass(frozen=True, eq=False)
class Form:
    """One way to say it. `rule` names it in evidence. `is_anchored`: the slot must be a link that says "original".

    `needs_title`: what stands in `<T>` must be the entry's title or a link.
    """

    rule: str
    role: Role
    form: str
    words: Mapping[str, str]
    triggers: tuple[str, ...]
    is_anchored: bool
    needs_title: bool
    needed_word: str | None
    example: str

    @cached_property
    def before(self) -> re.Pattern[str]:
        """What stands before the source."""
        return _pattern(compiled(self.form.partition("<S>")[0], self.words))

    @cached_property
    def after(self) -> re.Pattern[str] | None:
        """What must stand behind it."""
        after = self.form.partition("<S>")[2]
        return _pattern(compiled(after, self.words)) if after else None

    @cached_property
    def needs(self) -> re.Pattern[str] | None:
        """What must occur in the sentence besides."""
        return _pattern(compiled(self.words[self.needed_word], self.words)) if self.needed_word else None

    @cached_property
    def cores(self) -> tuple[Core, ...]:
        """What a folded text must hold for this form to fit."""
        needed = cores(self.words[self.needed_word], self.words, self.triggers) if self.needed_word else ()
        # A source that must be a link which says "original" stands right behind such a form, or around its end.
        is_linked = self.is_anchored and self.form.endswith("<S>")
        return (*needed, *cores(self.form, self.words, self.triggers, is_linked=is_linked))


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
    def core(self) -> Core:
        """What a folded text must hold for this line to be in it."""
        words = max(_words_of(self.wording), key=len).split()
        rarest = max(range(len(words)), key=lambda number: len(words[number]))
        return worded(" ".join(words[rarest:]))


@dataclass(frozen=True, eq=False)
class Language:
    """One language's forms and the words by which a source's name is told from what stands around it. All words are casefolded."""

    code: str
    triggers: tuple[str, ...]
    forms: tuple[Form, ...]
    lines: tuple[Line, ...]
    other_places: str
    articles: frozenset[str]
    stops: tuple[str, ...]
    dates: frozenset[str]
    original: frozenset[str]
    print: frozenset[str]
    own: frozenset[str]
    by: frozenset[str]
    vias: tuple[str, ...]

    @cached_property
    def keys(self) -> frozenset[str]:
        """The triggers, as they stand in a folded text."""
        return frozenset(map(folded, self.triggers))

    @cached_property
    def gates(self) -> tuple[tuple[Core, tuple[Form, ...]], ...]:
        """What a folded text must hold for any of some forms to fit it, and these forms: many begin alike."""
        alike: defaultdict[tuple[tuple[str, str | None], ...], list[Form]] = defaultdict(list)
        for form in self.forms:
            alike[_first_core(form).starts].append(form)
        return tuple((either([*dict.fromkeys(map(_first_core, forms))]), tuple(forms)) for forms in alike.values())

    @cached_property
    def also(self) -> re.Pattern[str]:
        """The end of a visible line that names other places, behind whatever wording."""
        return _pattern(rf"(?:^|\s){self.other_places}$" if self.other_places else r"(?!)")

    @cached_property
    def stop(self) -> re.Pattern[str]:
        """A word that ends a name."""
        return _pattern(rf"\s(?:{'|'.join(map(re.escape, self.stops))})(?=\s|$)" if self.stops else r"(?!)")

    @cached_property
    def via(self) -> re.Pattern[str] | None:
        """The words before a later hop."""
        return _pattern(rf"(?:^|[\s.(])(?:{'|'.join(map(re.escape, self.vias))}):?\s") if self.vias else None


def languages() -> tuple[Language, ...]:
    """Every language of phrases.toml, in its order; read once, whichever threads ask first."""
    with _LOADING:
        return _read()


@cache
def _read() -> tuple[Language, ...]:
    tables = tomllib.loads(files("aggregator.refine").joinpath("phrases.toml").read_text(encoding="utf-8"))
    return tuple(_language(code, table) for code, table in tables.items())


def keys_in(text: str) -> frozenset[str]:
    """The key words of all languages that begin a word of a text (`cores.folded`); in scripts that are not Latin, that occur at all.

    >>> sorted(keys_in("originally"))
    ['origin', 'original']
    """
    found = [key[0][1:] for key in _latin_keys().finditer(f" {text}")]
    # A search for each key takes as long as reading the text, so most texts are only asked for the scripts.
    far = [key for key in _far_keys() if key in text] if not text.isascii() and _FAR.search(text) else []
    return frozenset(far).union(*map(_keys_within, found)) if found or far else frozenset()


@cache
def _keys_within(key: str) -> frozenset[str]:
    return frozenset(other for language in languages() for other in language.keys if other in key)


@cache
def _latin_keys() -> re.Pattern[str]:
    """The longest key at the beginning of a word, by its first letters: alternatives that begin alike are tried one by one."""
    keys = sorted(
        {key for language in languages() for key in language.keys if not _FAR.match(key)}, key=lambda key: (key[0], -len(key), key)
    )
    groups = (
        f"{re.escape(letter)}(?:{'|'.join(re.escape(key[1:]) for key in each)})" for letter, each in groupby(keys, lambda key: key[0])
    )
    return re.compile(f"[^a-z](?:{'|'.join(groups)})")


@cache
def _far_keys() -> tuple[str, ...]:
    return tuple({key: None for language in languages() for key in language.keys if _FAR.match(key)})


def _first_core(form: Form) -> Core:
    return next(iter(form.cores), ANYTHING)


def compiled(form: str, words: Mapping[str, str]) -> str:
    """The regular expression of a form or of a part of one.

    >>> compiled("[first ]posted (at|on)", {})
    '(?:first\\\\s)?posted\\\\s(?:at|on)'
    """
    return "".join(_piece(found, words) for found in TOKEN.finditer(form))


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
    triggers = tuple(word.casefold() for word in _list(table, "triggers"))
    return Language(
        code=code,
        triggers=triggers,
        forms=tuple(
            _form(f"{code}:{role}:{number}", role, entry, words, triggers)
            for key, role in _ROLES
            for number, entry in enumerate(_tables(table, key), 1)
        ),
        lines=tuple(_lines(cast("Mapping[str, list[str]]", table.get("lines", {})))),
        other_places=_also(table),
        articles=_folded(table, "articles"),
        stops=tuple(_list(table, "stops")),
        dates=_folded(table, "dates"),
        original=_folded(table, "original"),
        print=_folded(table, "print"),
        own=_folded(table, "own"),
        by=_folded(table, "by"),
        vias=tuple(_list(table, "via")),
    )


def _form(rule: str, role: Role, entry: Mapping[str, object], words: Mapping[str, str], triggers: tuple[str, ...]) -> Form:
    needs = entry.get("needs")
    return Form(
        rule=rule,
        role=role,
        form=str(entry["form"]),
        words=words,
        triggers=triggers,
        is_anchored=entry.get("anchor") == "original",
        needs_title=bool(entry.get("title")),
        needed_word=str(needs) if needs else None,
        example=str(entry["example"]),
    )


def _lines(words: Mapping[str, list[str]]) -> Iterator[Line]:
    roles: tuple[tuple[str, LineRole], ...] = (("origin", "origin"), ("via", "origin"), ("from", "from"))
    also = _worded(words.get("also", []))
    for key, role in roles:
        for wording in words.get(key, []):
            yield Line(role, wording, also, folded(_words_of(wording)[0]))
    if also:
        yield Line("also", "", also, "")


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


def _words_of(wording: str) -> list[str]:
    """What stands between its names, up to the first apostrophe of each: there are several signs for one."""
    return [re.split("['’]", piece)[0] for piece in _LINE_SLOT.split(wording.rstrip(".。"))[::2]]


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
