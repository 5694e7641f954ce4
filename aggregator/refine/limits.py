"""What limits cut of the entries of a document, told once for all of them: who reads the feed's status must not look at each entry."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from aggregator.model import Entry
from aggregator.web.text import counted

# What stands in an entry's oddities where a limit cut something of it, and how that is told of the feed.
_TOLD: Final = {
    "characters cut to 1,000": "titles beyond 1,000 characters",
    "characters cut to 1 MiB": "texts beyond 1 MiB",
    "nested deeper than": "tags beyond a depth of 200",
    "enclosures: the first": "enclosures beyond 16",
    "categories: the first": "categories beyond 64",
    "people: the first": "people beyond 32",
    "cut to 200 characters": "names beyond 200 characters",
    "rights cut to": "rights beyond 1,000 characters",
    "known by its hash only": "ids beyond 4 KiB",
}


def told(entries: Iterable[Entry]) -> tuple[str, ...]:
    """One line for each limit that cut something."""
    odd = [entry.oddities for entry in entries if entry.oddities]
    found = Counter(what for oddities in odd for words, what in _TOLD.items() if any(words in one for one in oddities))
    return tuple(f"cut: {what} in {counted(count, 'entry')}" for what, count in found.items())
