"""The words of one language, each with the class that phrases.toml gives it; a word may be a stem, and an entry several words."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Final, NamedTuple
from unicodedata import normalize

# Signs that stand on or under letters: in most scripts beyond ours words are not whole without them, and `\w` lacks them.
_SIGNS: Final = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u0900-\u0903\u093a-\u093c\u093e-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983"
    "\u09bc\u09be-\u09cd\u09d7\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
)
# Written without spaces between words: there, entries are looked for in runs of letters.
RUN: Final = "[\u0e01-\u0e4e\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
_LETTER: Final = rf"(?!{RUN})[^\W_]"
WORD: Final = rf"{_LETTER}(?:{_LETTER}|[{_SIGNS}])*+(?:[-&.](?:{_LETTER}|[{_SIGNS}])++)*+"

# Arabic and Hebrew vowel points, and the stroke that only lengthens a word.
_POINTS: Final = "\u064b-\u0652\u0670\u0640\u05b0-\u05c7"
_POINTED: Final = re.compile(f"[{_POINTS}]")
_ALIKE: Final = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ک": "ك", "ی": "ي", "ة": "ه", "ۀ": "ه", "ѐ": "е", "ё": "е", "ı": "i", "\u0307": None}
)
_WORDS: Final = re.compile(rf"(?:{RUN}|[{_SIGNS}])+\*?|{WORD}\*?|[^\w\s'’ʼ´*]")
_VARIES: Final = re.compile(f"[{_POINTS}{''.join(map(chr, _ALIKE))}]")
_PLAIN: Final = re.compile(r"[\sa-zа-я*]*")
_PLAIN_CLASSES: Final = frozenset({"text", "published", "place", "at", "from", "the", "be", "fill"})
_SMALL: Final = frozenset({"this", "the", "be", "at", "by", "from", "joint", "read", "it"})
_MARKED: Final = re.compile(r"([^\s(|\[]+)!")
_BRACKET: Final = re.compile(r"[(\[]")
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u00ad]")

# Some four megabytes of each language that is read a lot. Longer words hardly come again.
_MAX_KNOWN: Final = 20_000
_MAX_KNOWN_CHARS: Final = 32

Classes = frozenset[str]


def fold(word: str) -> str:
    """A word as it is compared: without capitals, vowel signs and the differences that writers do not agree about.

    >>> fold("İLK"), fold("нашёл"), fold("نُشر")
    ('ilk', 'нашел', 'نشر')
    """
    folded = word.casefold()
    if folded.isascii():
        return folded
    # To look whether there is anything to do costs a tenth of doing it.
    return _POINTED.sub("", folded).translate(_ALIKE) if _VARIES.search(folded) else folded


def spelled(entry: str) -> Iterator[str]:
    """All readings of an entry: (a|b) is one of them, [x] may be missing.

    >>> list(spelled("[kind ]permission (of|from)"))
    ['kind permission of', 'kind permission from', 'permission of', 'permission from']
    """
    return iter(dict.fromkeys(_readings(iter(entry), "")))


def _readings(letters: Iterator[str], end: str) -> list[str]:
    """The readings of what stands before a closing bracket, which is taken, too."""
    done: list[str] = []
    open_ = [""]
    for letter in letters:
        if letter == end:
            break
        if letter == "|":
            done, open_ = [*done, *open_], [""]
        elif letter == "(":
            open_ = [before + inner for before, inner in product(open_, _readings(letters, ")"))]
        elif letter == "[":
            open_ = [before + inner for before, inner in product(open_, [*_readings(letters, "]"), ""])]
        else:
            open_ = [before + letter for before in open_]
    return [*done, *open_]


def _words_of(entry: str) -> Iterator[tuple[str, ...]]:
    """The words of each reading of an entry, folded."""
    yield from map(_folded_words, spelled(entry.replace("!", "")) if _BRACKET.search(entry) else (entry.replace("!", ""),))


def _folded_words(text: str) -> tuple[str, ...]:
    text = fold(_INVISIBLE.sub("", normalize("NFC", text)))
    return tuple(text.split()) if _PLAIN.fullmatch(text) else tuple(_WORDS.findall(text))


def fits(word: str, found: str) -> bool:
    """Whether a word of an entry, maybe a stem, is a folded word of a text."""
    return found.startswith(word[:-1]) if word.endswith("*") else found == word


class Entry(NamedTuple):
    """The words of an entry after its first, and its class; a word that ends in * is a stem."""

    rest: tuple[str, ...]
    classes: Classes


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What the words of a language may be. `tables` maps class names, several joined by spaces, to entries joined by commas.

    `near`: within so many words key words stand together, where that is unusually few.
    """

    tables: Mapping[str, str]
    near: int = 0
    _begun: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    """Words that were looked up → the entries that begin with them."""
    _fitting: dict[tuple[str, str], tuple[Entry, ...]] = field(default_factory=dict)
    """(word, the one behind it) → those of them that may go on so."""

    def entries(self, word: str, following: str = "") -> tuple[Entry, ...]:
        """The entries that begin with a folded word and may go on with the one that follows it, the longest first."""
        found = self._fitting.get((word, following))
        if found is None:
            found = tuple(entry for entry in self._begun_by(word) if not entry.rest or fits(entry.rest[0], following))
            if len(self._fitting) > _MAX_KNOWN:
                self._fitting.clear()
            if len(word) + len(following) <= 2 * _MAX_KNOWN_CHARS:
                self._fitting[word, following] = found
        return found

    def begins(self, word: str) -> bool:
        """Whether any entry begins with a folded word; most words begin none."""
        return bool(self._begun_by(word))

    def _begun_by(self, word: str) -> tuple[Entry, ...]:
        """The entries that begin with a folded word, the longest first."""
        found = self._begun.get(word)
        if found is None:
            stems = (self._stems.get(word[:length], ()) for length in self._lengths if length <= len(word))
            every = (*self._exact.get(word, ()), *(entry for stem in stems for entry in stem))
            found = tuple(sorted(every, key=lambda entry: (-len(entry.rest), entry.rest[-1:] and entry.rest[-1].endswith("*"))))
            if len(self._begun) > _MAX_KNOWN:
                self._begun.clear()
            if len(word) <= _MAX_KNOWN_CHARS:
                self._begun[word] = found
        return found

    def runs(self, letter: str) -> tuple[tuple[str, Classes], ...]:
        """The entries, spaces left out, that begin with a letter, the longest first; for scripts that have no spaces."""
        return self._runs.get(letter, ())

    def keys(self, kinds: Collection[str]) -> Iterator[tuple[str, Classes]]:
        """(key word, class) of every reading of every entry of these classes.

        That is the word marked with a "!"; else the longest, of several preferably one that is no plain noun or verb by itself.
        """
        for classes, entries in self.tables.items():
            names = frozenset(classes.split())
            if not names.isdisjoint(kinds):
                for entry in entries.split(","):
                    marked = _MARKED.findall(entry)
                    yield from ((fold(word), names) for word in marked)
                    if not marked:
                        yield from ((self._key(words), names) for words in _words_of(entry) if words)

    def _key(self, words: tuple[str, ...]) -> str:
        rare = [word for word in words if word.removesuffix("*") not in self._plain] if len(words) > 1 else words
        return max(rare or words, key=lambda word: len(word.encode()))

    @cached_property
    def _plain(self) -> frozenset[str]:
        """Words that say nothing by themselves."""
        tables = (entries for classes, entries in self.tables.items() if not _PLAIN_CLASSES.isdisjoint(classes.split()))
        entries = (entry for table in tables for entry in table.split(","))
        return frozenset(words[0].removesuffix("*") for entry in entries for words in _words_of(entry) if len(words) == 1)

    def whole(self, kinds: Collection[str]) -> Iterator[tuple[str, Classes]]:
        """(reading without its spaces, class) of every entry of these classes."""
        for classes, entries in self.tables.items():
            names = frozenset(classes.split())
            if not names.isdisjoint(kinds):
                yield from (("".join(words).replace("*", ""), names) for entry in entries.split(",") for words in _words_of(entry))

    @cached_property
    def common(self) -> frozenset[str]:
        """Small words, which tell languages apart that share a key word."""
        entries = (entry for classes, entries in self.tables.items() if _SMALL.issuperset(classes.split()) for entry in entries.split(","))
        return frozenset(words[0] for entry in entries for words in _words_of(entry) if words)

    def known(self, words: Collection[str]) -> int:
        """How many of these folded words may begin an entry."""
        return sum(map(self.begins, words))

    @cached_property
    def has_runs(self) -> bool:
        """Whether it is written without spaces between words."""
        return re.search(RUN, self.tables.get("first", "")) is not None

    @cached_property
    def _spelled(self) -> tuple[tuple[tuple[str, ...], Classes], ...]:
        return tuple(
            (words, frozenset(classes.split()))
            for classes, entries in self.tables.items()
            for entry in entries.split(",")
            for words in _words_of(entry)
            if words
        )

    @cached_property
    def _exact(self) -> Mapping[str, list[Entry]]:
        found = defaultdict(list)
        for words, classes in self._spelled:
            if not words[0].endswith("*"):
                found[words[0]].append(Entry(words[1:], classes))
        return found

    @cached_property
    def _stems(self) -> Mapping[str, list[Entry]]:
        found = defaultdict(list)
        for words, classes in self._spelled:
            if words[0].endswith("*"):
                found[words[0][:-1]].append(Entry(words[1:], classes))
        return found

    @cached_property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(sorted({len(stem) for stem in self._stems}, reverse=True))

    @cached_property
    def _runs(self) -> Mapping[str, tuple[tuple[str, Classes], ...]]:
        found = defaultdict(list)
        for words, classes in self._spelled:
            run = "".join(words).replace("*", "")
            if re.match(RUN, run):
                found[run[0]].append((run, classes))
        return {letter: tuple(sorted(each, key=lambda entry: -len(entry[0]))) for letter, each in found.items()}
