"""In which languages a text may speak of its origin, and where: a cheap question before a dear one, asked of every entry.

Key words ("originally", "republished") are looked up among the words of a text; where one stands, another that it needs must stand near.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from aggregator.refine.lexicon import RUN, Lexicon
from aggregator.refine.tokens import LINKED

# What a key word needs near it: one of these classes, in the same language, or an address.
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "first": ("published", "written"),
    "version": ("published",),
    "leave": (LINKED, "published", "again", "taken", "written"),
    "orig": (LINKED, "published"),
    "taken": (LINKED, "leave"),
    "crosspost": (LINKED, "published"),
    "premiere": (LINKED, "published"),
    "premiered": (),
    "again": (),
    "label": (LINKED,),
    "supplied": (LINKED,),
    "issued": (LINKED,),
    "printed": (LINKED,),
}
_KINDS: Final = (*_NEEDS, "published", "written")
# How near, in words: of most, of an address, and of words so short that they are everywhere.
_NEAR: Final = 16
_NEAR_LINK: Final = 9
_NEAR_LINK_OF: Final[Mapping[str, int]] = {"orig": 11, "premiere": 5, "label": 4, "supplied": 4, "issued": 8, "printed": 8, "leave": 5}
# As many words before it the link may stand.
_BEFORE: Final = 2
_BEFORE_OF: Final[Mapping[str, int]] = {"orig": 7, "issued": 8, "printed": 8}
_NEAR_SHORT: Final = 7
_SHORT: Final = 3
# In characters, where words are not told apart.
_NEAR_RUN: Final = 60

_ADDRESS: Final = "http"

_RUN: Final = re.compile(RUN)
_AROUND: Final = "".join(map(chr, range(0x21))) + "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~«»“”„‘’‚‹›…·•–—¿¡،؛؟۔।"
_APOSTROPHES: Final = re.compile("['’ʼ]")
# Some ten megabytes; the words of a few thousand entries are mostly the same. Longer ones hardly come again: a line of Chinese, an address.
_MAX_SEEN: Final = 100_000
_MAX_SEEN_CHARS: Final = 32
# No stem is shorter than this.
_SHORT_STEM: Final = 2
_HEAD: Final = 3
_MAX_PLACES: Final = 200
_MAX_RUN_PLACES: Final = 16


class Span(NamedTuple):
    """Where the first and the last key word of a language stand in a text."""

    start: int
    end: int


Owners = tuple[tuple[int, str], ...]


@dataclass(frozen=True, eq=False)
class Triggers:
    """The key words of several languages, which are known by number."""

    lexicons: Sequence[Lexicon]
    _memory: list[tuple[dict[str, Owners], set[str]]] = field(default_factory=lambda: [({}, set())])
    """(the keys among the words that were looked up → whose they are, all others). It is let go as a whole: other threads look, too."""

    def spoken(self, text: str) -> dict[int, Span]:
        """The languages in which a text may say where it comes from: where their first and their last key word stand.

        The text is folded (`lexicon.fold`) and has a NUL before each link; places count in it where one space parts its words.
        """
        return dict(self._found(text))

    def is_spoken(self, text: str) -> bool:
        """Whether there is any such language."""
        return any(True for _ in self._found(text))

    def _found(self, text: str) -> Iterator[tuple[int, Span]]:
        yield from self._among_words(text)
        if not text.isascii() and _RUN.search(text):
            yield from self._within_runs(text)

    # languages that part their words

    def _among_words(self, text: str) -> Iterator[tuple[int, Span]]:
        words = text.replace("—", " ").replace("–", " ").replace("/", " ").split()
        owned = self._owned(set(words))
        spoken = [number for number, kinds in _kinds(owned.values()).items() if _may_say(kinds)]
        if not spoken:
            return
        places = _Places(_outer([(at, owned[word], len(word)) for at, word in enumerate(words) if word in owned]), words)
        for number in spoken:
            if hits := places.hits(number, self.lexicons[number].near or _NEAR):
                yield number, Span(_offset(words, hits[0]), _offset(words, hits[-1] + 1))

    def _owned(self, words: set[str]) -> dict[str, Owners]:
        """Of words as they stand in a text those that are keys: of which languages, and what they are there."""
        keys, others = self._memory[0]
        if len(keys) + len(others) > _MAX_SEEN:
            keys, others = self._memory[0] = {}, set()
        found: dict[str, Owners] = {}
        # Nearly all words of a text stood in one before: to take those away at once costs a tenth of asking for each.
        for word in words - others:
            owners = keys.get(word) or self._owners(word)
            if owners:
                found[word] = owners
            if len(word) > _MAX_SEEN_CHARS:
                continue
            if owners:
                keys[word] = owners
            else:
                others.add(word)
        return found

    def _owners(self, word: str) -> Owners:
        heads, short = self._heads
        # Most words are plain letters, and begin like no key.
        if word.isalnum() and word[:_HEAD] not in heads and word[:_SHORT_STEM] not in short:
            return ()
        bare = word.strip(_AROUND)
        parts = _APOSTROPHES.split(bare) if "'" in bare or "’" in bare else [bare]
        if not any(part[:_HEAD] in heads or part[:_SHORT_STEM] in short for part in parts):
            return ()
        exact, stems = self._keys
        found = [owner for part in parts for owner in exact.get(part, ())]
        found += [
            owner for part in parts for length in (_SHORT_STEM, *heads.get(part[:_HEAD], ())) for owner in stems.get(part[:length], ())
        ]
        return tuple(dict.fromkeys(found))

    @cached_property
    def _heads(self) -> tuple[Mapping[str, Collection[int]], frozenset[str]]:
        """(the letters with which keys begin → how long their stems are; stems that are shorter than that)."""
        exact, stems = self._keys
        lengths: dict[str, set[int]] = {key[:_HEAD]: set() for keys in (exact, stems) for key in keys}
        for key in stems:
            lengths[key[:_HEAD]].add(len(key))
        return lengths, frozenset(key for key in stems if len(key) < _HEAD)

    @cached_property
    def _keys(self) -> tuple[Mapping[str, set[tuple[int, str]]], Mapping[str, set[tuple[int, str]]]]:
        """Whole words, and stems → the languages and classes of each."""
        exact: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
        stems: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
        for number, lexicon in enumerate(self.lexicons):
            for key, kinds in lexicon.keys(_KINDS):
                (stems if key.endswith("*") else exact)[key.removesuffix("*")].update((number, kind) for kind in kinds)
        return exact, stems

    # languages that do not

    def _within_runs(self, text: str) -> Iterator[tuple[int, Span]]:
        letters = set(text)
        for number, every in self._runs.items():
            kinds = {kind: [key for key in keys if letters.issuperset(key)] for kind, keys in every.items()}
            hits = sorted(at for kind in _NEEDS for at in _near(text, kind, kinds))
            if hits:
                yield number, Span(hits[0], hits[-1] + 1)

    @cached_property
    def _runs(self) -> Mapping[int, Mapping[str, tuple[str, ...]]]:
        """The keys of each class, spaces left out, in the languages that write so."""
        found: dict[int, Mapping[str, tuple[str, ...]]] = {}
        for number, lexicon in enumerate(self.lexicons):
            if lexicon.has_runs:
                entries = [*lexicon.whole(_KINDS)]
                found[number] = {kind: tuple(run for run, kinds in entries if run and kind in kinds) for kind in _KINDS}
        return found


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the key words of a text stand, by number of word: (place, languages and classes, length), in order."""

    found: Sequence[tuple[int, Owners, int]]
    words: Sequence[str]

    def hits(self, number: int, near: int) -> list[int]:
        """The places of key words of one language that have what they need within so many words."""
        kinds: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for at, owners, length in self.found:
            for owner, kind in owners:
                if owner == number:
                    kinds[kind].append((at, length))
        return sorted({at for kind in _NEEDS for at, _ in kinds.get(kind, ()) if self._has_near(at, kind, kinds, near)})

    def _has_near(self, at: int, kind: str, kinds: Mapping[str, Sequence[tuple[int, int]]], near: int) -> bool:
        needs = _NEEDS[kind]
        if not needs:
            return True
        before, behind = _BEFORE_OF.get(kind, _BEFORE), _NEAR_LINK_OF.get(kind, _NEAR_LINK)
        if LINKED in needs and any(map(_is_address, self.words[max(at - before, 0) : at + behind])):
            return True
        return any(_is_near(at, kinds[need], near) for need in needs if need in kinds)


def _is_address(word: str) -> bool:
    return LINKED in word or word.startswith(_ADDRESS)


def _is_near(at: int, places: Sequence[tuple[int, int]], near: int) -> bool:
    number = bisect_left(places, (at - near, 0))
    while number < len(places) and places[number][0] <= at + near:
        place, length = places[number]
        if place != at and (length > _SHORT or abs(place - at) <= _NEAR_SHORT):
            return True
        number += 1
    return False


def _kinds(owned: Iterable[Owners]) -> dict[int, set[str]]:
    """The classes of which each language has a word."""
    kinds: defaultdict[int, set[str]] = defaultdict(set)
    for owners in owned:
        for number, kind in owners:
            kinds[number].add(kind)
    return kinds


def _may_say(kinds: set[str]) -> bool:
    return any(kind in kinds and (not needs or LINKED in needs or not kinds.isdisjoint(needs)) for kind, needs in _NEEDS.items())


def _outer(found: list[tuple[int, Owners, int]]) -> list[tuple[int, Owners, int]]:
    """The first and the last places: no text has more, unless it is made of such words."""
    return found if len(found) <= 2 * _MAX_PLACES else [*found[:_MAX_PLACES], *found[-_MAX_PLACES:]]


def _offset(words: Sequence[str], number: int) -> int:
    """Where a word begins in the text that is made of these words."""
    return sum(map(len, words[:number])) + number


def _near(text: str, kind: str, keys: Mapping[str, Sequence[str]]) -> Iterator[int]:
    """Where a word of a class stands that has near it what it needs."""
    needs = [need for need in _NEEDS[kind] if need != LINKED for need in keys.get(need, ())]
    needs += [LINKED, _ADDRESS] if LINKED in _NEEDS[kind] else []
    for key in keys[kind]:
        for at in _occurrences(text, key):
            around = text[max(at - _NEAR_RUN, 0) : at + _NEAR_RUN]
            if not _NEEDS[kind] or any(need in around for need in needs):
                yield at


def _occurrences(text: str, word: str) -> Iterator[int]:
    """The first places of a word, and its last ones where it has more."""
    at = -1
    for _ in range(_MAX_RUN_PLACES):
        at = text.find(word, at + 1)
        if at < 0:
            return
        yield at
    last = len(text)
    for _ in range(_MAX_RUN_PLACES):
        last = text.rfind(word, at + 1, last + len(word) - 1)
        if last < 0:
            return
        yield last
