"""How a feed's entries are written and where they are put: what goes on when their authors change, and a stranger does not copy (pure)."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from aggregator.model import Entry
from aggregator.refine.likeness import title_words
from aggregator.refine.stories import words_of
from aggregator.web.forms import built

# The words that most of any text is made of ("the", "of", "and") are its language's. Of so few words none can be told.
_COMMONEST: Final = 12
_ENOUGH: Final = 100
# Texts of one language have nearly as many of them; those of neighbours (Spanish and Portuguese) have less than half.
_AS_MANY: Final = 0.6
# A theme's first posts are all of one day. Whoever has not replaced them within two months has lost his domain rather.
_FEW: Final = 5
_ONE_DAY: Final = timedelta(days=1)
_SET_UP_WITHIN: Final = timedelta(days=60)


def is_built_anew(entries: Sequence[Entry], had: Sequence[Entry]) -> bool:
    """Whether no address and no id is put together as one that the feed had: "/node/12" where there were "/2019/05/a-day"."""
    ours, theirs = ({form for entry in each for form in _forms(entry)} for each in (entries, had))
    return bool(ours and theirs) and ours.isdisjoint(theirs)


def _forms(entry: Entry) -> list[tuple[str, str]]:
    found = (("link", built(entry.link or "")), ("id", built(entry.raw_id or "")))
    return [(kind, form) for kind, form in found if form]


def is_in_the_same_words(entries: Sequence[Entry], had: Sequence[Entry]) -> bool:
    """Whether texts are in the language of those that the feed had, whatever it says of it; not where there is too little of either."""
    ours, theirs = (Counter(word for entry in each for word in _said(entry)) for each in (entries, had))
    if min(ours.total(), theirs.total()) < _ENOUGH:
        return False
    common = [word for word, _ in theirs.most_common(_COMMONEST)]
    is_, was = (sum(found[word] for word in common) / found.total() for found in (ours, theirs))
    return is_ >= _AS_MANY * was


def _said(entry: Entry) -> tuple[str, ...]:
    return (*title_words(entry.title.text if entry.title else ""), *words_of(entry))


def is_being_set_up(had: Sequence[Entry], known_for: timedelta) -> bool:
    """Whether a feed's entries may be those of a site that is only being set up, and changes altogether: a few, all of one day, as a theme
    brings them, in a feed that has been read for weeks only.
    """
    dates = [entry.published for entry in had if entry.published]
    return known_for <= _SET_UP_WITHIN and len(had) < _FEW and (not dates or max(dates) - min(dates) <= _ONE_DAY)
