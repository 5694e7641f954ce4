"""Copies that are nothing but a headline and the name of who wrote below it, as a news search gives them (pure).

They have no words to compare and a page of their own, which only leads on. What they have is their publisher's title and date.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from aggregator.model import Hop, Origin, SafeHtml, StoryKey
from aggregator.refine import likeness
from aggregator.web.text import fingerprint

# "Open thread", "Morning briefing": shorter titles come again.
_MIN_WORDS: Final = 4
_MAX_HOPS: Final = 4


def keys(title: str, html: SafeHtml | None, own_site: str | None, origin: Origin) -> tuple[StoryKey, ...]:
    """The keys under which a headline finds its article: a publisher and a title.

    `own_site` is that of an entry with a page there. An entry that names where it comes from has keys only if it says no more than a title.

    >>> [key.kind for key in keys("Ten boats left the quay", None, "paper.example", Origin())]
    ['title']
    """
    said = likeness.title_words(title)
    if not origin.chain:
        named = [(own_site, said)] if own_site else []
    else:
        named = list(_named(said, origin.chain)) if is_bare(title, html, origin.chain) else []
    made = (f"{where}\n{' '.join(words)}" for where, words in dict.fromkeys(named) if likeness.size(words) >= _MIN_WORDS)
    return tuple(StoryKey(kind="title", value=fingerprint(one.encode("utf-8", "replace"))) for one in made)


def is_bare(title: str, html: SafeHtml | None, chain: Sequence[Hop]) -> bool:
    """Whether an entry says nothing but its title and the names of whom it comes from."""
    told = {*likeness.title_words(title), *(word for hop in chain for word in likeness.title_words(hop.name))}
    return not html or told.issuperset(likeness.words(html))


def _named(said: tuple[str, ...], chain: Sequence[Hop]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Whose titles these words may be: as they stand, and without the name of the publisher behind them."""
    for hop in chain[:_MAX_HOPS]:
        if hop.site:
            yield hop.site, said
            name = likeness.title_words(hop.name)
            if name and said[-len(name) :] == name:
                yield hop.site, said[: -len(name)]
