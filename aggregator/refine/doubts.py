"""What reads like a sentence of origin and speaks of another thing: a show, a book, a version of a program, somebody's study (pure).

Words alone do not tell "this feature first appeared in the Harbour Post" from "this feature first appeared in Browser 42". Those that are
said of such things as often as of texts stand in phrases.toml, language by language, under `doubts`; where they meet, nobody is credited.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from aggregator.refine.lexicon import RUN, WORD, fold, spelled
from aggregator.refine.shapes import Stand

_OF_THINGS: Final = ("media", "releases", "shows", "episodes", "reports", "news", "journals", "studies", "adapted", "recipes", "books")
KINDS: Final = (*_OF_THINGS, "nobody", "elsewhere")
"""media: verbs of shows and records; releases: of products and papers; shows: what they are said of; episodes: parts of a show that a text
may well be; reports: what news is made of, behind "the"; news: the same by itself, in languages without articles; journals: where
studies are published; studies: what a
text is about more often than it is one; adapted: verbs of what was made anew; recipes; books: what a sentence goes on with that told of
one; nobody: days, towns and pages, no publisher's name; elsewhere: labels of what leads away from the text."""

_WORDS: Final = re.compile(f"{RUN}+|{WORD}")
_LABEL: Final = re.compile(r"\W*([^:：\n]{2,40})[:：]")
_FOOTNOTE: Final = re.compile(r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|\d{1,3}\.\s|[\^↑]\s)")
# "Browser 42", "for Program 3.1"; a year is none.
_VERSION: Final = re.compile(r"(?:^|\s)v?(?!(?:19|20)\d\d\b)\d+(?:\.\d+)*x?$", re.IGNORECASE)
_VERSION_BEHIND: Final = re.compile(r"\s+v?(?!(?:19|20)\d\d\b)\d+(?:\.\d+)*\b(?!\s*[^\W\d_]+\s+(?:19|20)\d\d)", re.IGNORECASE)
_YEAR: Final = re.compile(r"(?:1[89]|20)\d\d")
_GOES_ON: Final = re.compile(r"[^,.;:!?\n]{0,24},\s+(?P<rest>[^.!?\n]+)")
_CLAUSE_WORDS: Final = 3
_FIRST_WORDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence as a shape read it. `words` is what it says around the source, `behind` what follows that in the block.

    `depth` and `is_below_quote` say where the block stands (`fit.Place`), `is_item` that it is one of a list. `is_linked`: the source is a
    link. `is_day`: its name goes on as a day does ("Black Friday"). `is_definite`: its subject has an article of its own ("the report").
    `is_for`: the source follows "for". `is_taken`, `is_first`, `is_published`: which of such words the sentence has. `is_again`: the block
    says "republished" or "with permission".
    """

    block: str
    words: str
    name: str
    behind: str
    stand: Stand
    depth: int
    is_item: bool
    is_below_quote: bool
    is_linked: bool
    is_day: bool
    is_definite: bool
    is_for: bool
    is_taken: bool
    is_first: bool
    is_published: bool
    is_again: bool


@dataclass(frozen=True)
class Doubts:
    """One language's words that raise doubts, by kind (`KINDS`)."""

    words: Mapping[str, str] = field(default_factory=dict)

    def speaks_of_another(self, said: Said) -> bool:
        """Whether a sentence is, for all that it says, of another thing than the entry."""
        if self._leads_away(said) or self._is_made_anew(said) or self._is_in_the_wrong_place(said) or self._is_nobody(said):
            return True
        return not said.is_again and (
            self._is_show(said) or self._is_news(said) or self._is_version(said) or (said.stand == "none" and self._is_of_a_book(said))
        )

    def _leads_away(self, said: Said) -> bool:
        label = _LABEL.match(said.block)
        if label is None:
            return False
        return _is_one_of(label[1], self._listed["elsewhere"])

    def _is_in_the_wrong_place(self, said: Said) -> bool:
        """A footnote or a line of a list, the source line of somebody else's words, a clause in the middle of a text."""
        if said.stand == "strong":
            return False
        if said.is_item or _FOOTNOTE.match(said.block):
            return True
        goes_on = _GOES_ON.match(said.behind)
        is_clause = goes_on is not None and len(_WORDS.findall(goes_on["rest"])) > _CLAUSE_WORDS
        return said.stand == "none" and not said.is_again and (said.is_below_quote or (is_clause and said.depth > 1))

    def _is_nobody(self, said: Said) -> bool:
        """A day or a place that stands where a name without a link might: "on Thanksgiving", "in London"."""
        return not said.is_linked and (said.is_day or _is_one_of(said.name, self._listed["nobody"]))

    def _is_show(self, said: Said) -> bool:
        if self._has("episodes", said.words):
            return False
        is_bare = said.stand == "none"
        is_aired = self._has("media", said.words) and (is_bare or self._has("shows", said.words))
        is_released = self._has("releases", said.words) and (is_bare or self._has("shows", said.words) or self._has("reports", said.words))
        return is_aired or is_released

    def _is_news(self, said: Said) -> bool:
        is_unsaid_which = said.stand in ("weak", "bare")
        is_reported = is_unsaid_which and ((said.is_definite and self._has("reports", said.words)) or self._has("news", said.words))
        # "The article was published in the journal …" ends many a report about a study.
        is_the = said.stand == "weak" or (is_unsaid_which and (said.is_definite or bool(self._listed["news"])))
        is_in_journal = is_the and not said.is_first and self._has("journals", f"{said.words} {said.name}")
        return is_reported or is_in_journal or self._has("studies", said.words)

    def _is_made_anew(self, said: Said) -> bool:
        if self._has("recipes", said.words) and said.is_taken:
            return said.stand != "strong" or self._has("adapted", said.words)
        return self._has("adapted", said.words) and said.stand != "strong" and not said.is_published

    def _is_version(self, said: Said) -> bool:
        if said.is_for and _VERSION_BEHIND.match(said.behind):
            return True
        return (said.is_for or self._has("shows", said.words)) and bool(_VERSION.search(said.name))

    def _is_of_a_book(self, said: Said) -> bool:
        """ "First published in 1998 by the Harbour Press, the novel tells of a ferry": what follows the comma is what was published."""
        goes_on = _GOES_ON.match(said.behind)
        if goes_on is None:
            return False
        first = _WORDS.findall(goes_on["rest"])
        dated = _YEAR.search(said.words) or _YEAR.search(said.behind[: goes_on.start("rest")])
        return self._has("books", " ".join(first[:_FIRST_WORDS])) or (
            bool(dated) and len(first) > _CLAUSE_WORDS and not any(map(str.isdigit, goes_on["rest"]))
        )

    def _has(self, kind: str, text: str) -> bool:
        exact, stems, runs = self._by_kind[kind]
        return any(word in exact or word.startswith(stems) or any(run in word for run in runs) for word in _words(text))

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]]:
        """(whole words, how words begin; in scripts that do not part words, what they contain) of each kind."""
        return {
            kind: (
                frozenset(word for word in words if not word.endswith("*") and not _is_run(word)),
                tuple(word.removesuffix("*") for word in words if word.endswith("*") and not _is_run(word)),
                tuple(word.removesuffix("*") for word in words if _is_run(word)),
            )
            for kind, words in self._listed.items()
        }

    @cached_property
    def _listed(self) -> Mapping[str, frozenset[str]]:
        """The entries of each kind, folded."""
        return {kind: _listed(self.words.get(kind, "")) for kind in KINDS}


def _is_one_of(text: str, entries: Collection[str]) -> bool:
    """Whether a text is an entry, or begins as one that ends in *."""
    words = " ".join(fold(text).split())
    return words in entries or any(entry.endswith("*") and words.startswith(entry[:-1]) for entry in entries)


def _listed(entries: str) -> frozenset[str]:
    return frozenset(" ".join(fold(word).split()) for entry in entries.split(",") if entry.strip() for word in spelled(entry.strip()))


@lru_cache(maxsize=16)  # one sentence is asked for the words of many kinds
def _words(text: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in _WORDS.findall(text))


def _is_run(word: str) -> bool:
    return re.match(RUN, word) is not None
