"""What names say of whose a feed is: its title, its authors, and the words of a domain that has lost its publisher (pure)."""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Final

from aggregator.model import Entry
from aggregator.refine.likeness import DENSE

# Who says that nobody is at home has little else to say.
_FEW: Final = 20
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_NAME: Final = re.compile(r"[^\W_]+")
_WORDS: Final = re.compile(rf"[{DENSE}]|[^\W_{DENSE}]{{2,}}")


def is_one_person(one: str, other: str) -> bool:
    """Whether two names, folded, may be one person's: one says more of it ("Ann", "Ann B.", "Ann C. Baker" and "Ann Baker")."""
    ours, theirs = (frozenset(_NAME.findall(name)) for name in (one, other))
    less, more = sorted((ours, theirs), key=len)
    return one == other or (bool(less) and less <= more and (len(less) > 1 or all(len(word) == 1 for word in more - less)))


def is_called_after(name: str, title: str | None) -> bool:
    """Whether an author has the name of the feed: half of the words of its title that are not anybody's."""
    words = title_words(title)
    return bool(words) and len(words & set(_NAME.findall(name))) * 2 >= len(words)


def is_another_title(known: str | None, seen: str | None) -> bool:
    """Whether two titles have no more than half of the shorter one's words in common; words that anybody's title may have do not count."""
    one, other = title_words(known), title_words(seen)
    return bool(one and other) and len(one & other) * 2 <= min(len(one), len(other))


def title_words(title: str | None) -> frozenset[str]:
    """The words of a feed's title that anybody else's would not have, casefolded; a year is none, since it is another one each year.

    >>> sorted(title_words("The Lampmakers' Meeting 2026")), title_words("2026")
    (['lampmakers', 'meeting'], frozenset({'2026'}))
    """
    found = frozenset(_WORDS.findall((title or "").casefold())) - _words("generic")
    return frozenset(word for word in found if not _YEAR.fullmatch(word)) or found


def is_parked(title: str | None, entries: Sequence[Entry]) -> bool:
    """Whether a document says of itself that nobody is at home. Such documents are short."""
    if len(entries) > _FEW or _says_so(title or ""):
        return len(entries) <= _FEW
    said = sum(_says_so(f"{entry.title.text if entry.title else ''} {entry.text_start}") for entry in entries)
    return said * 2 > len(entries)


def _says_so(text: str) -> bool:
    folded = " ".join(text.casefold().split())
    return any(phrase in folded for phrase in _words("phrases"))


@cache
def _words(name: str) -> frozenset[str]:
    table = tomllib.loads((resources.files(__package__) / "strangers.toml").read_text(encoding="utf-8"))
    return frozenset(table[name])
