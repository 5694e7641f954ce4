"""What a document says as a whole: its feed moved, and all that was written over days or weeks became new at once (pure).

Then a title, or a picture, is enough to know an entry by where nothing is left to compare its text with: of many pairs that say so, one to
one, in one order, none can have come about by chance. Where words are left that agree with the title, the order does not matter. What comes
again as the columns of a day or of a week do has the dates of that. Where texts are the same word for word, and addresses are put together
as none was before, dates are not asked: another platform may give those of the last edit.
"""

from bisect import bisect_right
from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from aggregator.model import StoredEntry
from aggregator.refine.signs import Mark, Pair, Signs, Traits

MANY: Final = 5
"""Of fewer entries nobody can tell whether most of them are known again."""

# Dates that all became now lie as close together as this; what was written meanwhile, and is new, may be dated otherwise.
_AT_ONCE: Final = timedelta(hours=24)
_MOST: Final = 4
# What was written over so long at least, and so many times as long as it took to come anew, did not come as it was written.
_WRITTEN_OVER: Final = timedelta(days=2)
_ATTESTED_OVER: Final = timedelta(hours=2)
_TIMES: Final = 4
# Shorter titles ("Links", "Open thread") are used again.
_MANY_LETTERS: Final = 12
_MANY_SIGNS: Final = 6


def lost_dates(news: Sequence[StoredEntry]) -> frozenset[int]:
    """The entries (by pk) whose dates say nothing, because those of nearly all became now at once."""
    dated = sorted((one.entry.published, one.pk) for one in news if one.entry.published)
    if len(dated) < MANY:
        return frozenset()
    dates = [at for at, _ in dated]
    first, last = max(((at, bisect_right(dates, dates[at] + _AT_ONCE)) for at in range(len(dates))), key=lambda span: span[1] - span[0])
    is_most = (last - first) * (_MOST + 1) >= len(dated) * _MOST
    return frozenset(pk for _, pk in dated[first:last]) if is_most else frozenset()


def is_hint(signs: Signs) -> bool:
    """Whether two entries may be one if the document says that its feed moved: nothing speaks against it, but little for it."""
    return _is_attested(signs) or (signs.title and signs.bare)


def told(hints: Sequence[Pair], found: Sequence[Pair], lost: Container[int], unique: Container[Mark]) -> list[Pair]:
    """Those of the hints that are believed, beside what was `found`; none unless all together say that the feed moved."""
    sure = [pair for pair in found if _is_later(pair, lost)]
    later = [pair for pair in hints if _is_later(pair, lost) and _is_by_its_own(pair, unique)]
    attested = [pair for pair in later if _is_attested(pair[2]) or _lost_its_text(pair)]
    twice = [pair for pair in attested if pair[2].title and _is_attested(pair[2])]
    in_order = _believed(later, sure, _WRITTEN_OVER) or _believed(attested, sure, _ATTESTED_OVER)
    return in_order or (twice if _is_move([*twice, *sure], _ATTESTED_OVER) else [])


def rebuilt(kept: Sequence[Pair], news: Sequence[Traits], olds: Sequence[Traits]) -> list[Pair]:
    """Those of which both address and id are put together as nothing was before, and the other's as nothing is any more.

    What a feed brings again, every week or for another town, stands where such things have stood.
    """
    ours, theirs = {one.built[0] for one in news}, {one.built[0] for one in olds}
    return [pair for pair in kept if pair[0].built[0] not in theirs and pair[1].built[0] not in ours and _has_another_id(pair)]


def redated(kept: Sequence[Pair], found: Sequence[Pair], anew: Sequence[Pair]) -> list[Pair]:
    """Those that were `kept` word for word, and are believed whatever their dates, beside those that were `found`.

    None unless many say that the feed moved: those that were put together `anew`, or are dated among those whose places they take.
    """
    if len(_both(anew, [*kept, *found])) >= MANY:
        return _both(kept, anew)
    long = [pair for pair in kept if pair[2].long]
    return long if _are_among([pair for pair in (*long, *found) if pair[2].long and not pair[2].instant]) else []


def _both(some: Sequence[Pair], others: Sequence[Pair]) -> list[Pair]:
    known = {(one.member.pk, other.member.pk) for one, other, _ in others}
    return [pair for pair in some if (pair[0].member.pk, pair[1].member.pk) in known]


def _are_among(pairs: Sequence[Pair]) -> bool:
    """Whether many of the fresh ones are dated before as many of the others: what comes again, as the events of a week do, comes later."""
    ours = sorted(pair[0].at for pair in pairs if pair[0].at)
    theirs = sorted(map(_when, pairs), reverse=True)
    early = sum(at < other for at, other in zip(ours, theirs, strict=False))
    return len(pairs) >= MANY and early >= max(2, len(pairs) / _TIMES)


def _has_another_id(pair: Pair) -> bool:
    is_, was = pair[0].built[1], pair[1].built[1]
    return is_ != was or not is_


def _lost_its_text(pair: Pair) -> bool:
    """Whether there is a text no more: a feed that never had any may well have the columns of the day before."""
    return bool(pair[1].words) and not pair[0].words


def _believed(held: Sequence[Pair], sure: Sequence[Pair], over: timedelta) -> list[Pair]:
    every = sorted([*held, *sure], key=lambda pair: pair[0].member.pk)
    if not held or not _is_move(every, over):
        return []
    if _longest_rise([_when(pair) for pair in every]) < _longest_rise([_when(pair) for pair in reversed(every)]):
        every.reverse()
    if _longest_rise([_when(pair) for pair in every]) * _TIMES < len(every) * (_TIMES - 1):
        return []
    in_order = _crossing_none(every)
    return [pair for pair in held if _is_distinctive(pair) or pair[0].member.pk in in_order]


def _is_attested(signs: Signs) -> bool:
    """Whether more than a title says that two entries are one: words, or a picture."""
    return signs.text or signs.image or signs.begins


def _when(pair: Pair) -> datetime:
    return pair[1].at or pair[1].member.sort_key


def _is_later(pair: Pair, lost: Container[int]) -> bool:
    """Whether the fresh one lost the date that the other had: to none, or to that of the day when all became new."""
    at, before = pair[0].at, pair[1].at
    return before is not None and (at is None or (pair[0].member.pk in lost and at >= before))


def _is_by_its_own(pair: Pair, unique: Container[Mark]) -> bool:
    title = pair[0].title
    return _is_attested(pair[2]) or (title == pair[1].title and ("title", title) in unique)


def _is_distinctive(pair: Pair) -> bool:
    """Whether nobody would come upon what two entries share a second time."""
    title = pair[0].title
    is_counted = len(title) >= _MANY_SIGNS and any(map(str.isdigit, title))
    return is_counted or _is_attested(pair[2]) or len(title) >= (_MANY_LETTERS if title.isascii() else _MANY_SIGNS)


def _is_move(every: Sequence[Pair], over: timedelta) -> bool:
    """Whether entries that were written over so long at least, and under titles that nobody uses twice, came again at once."""
    if len(every) < MANY or 2 * sum(map(_is_distinctive, every)) < len(every):
        return False
    dates, before = [pair[0].at for pair in every if pair[0].at], [_when(pair) for pair in every]
    took = max(dates) - min(dates) if dates else timedelta()
    return max(before) - min(before) >= max(over, _TIMES * took)


def _longest_rise(dates: Sequence[datetime]) -> int:
    """How many of the dates, in this order, do not fall behind one another at most."""
    ends: list[datetime] = []
    for at in dates:
        place = bisect_right(ends, at)
        ends[place : place + 1] = [at]
    return len(ends)


def _crossing_none(every: Sequence[Pair]) -> frozenset[int]:
    """The fresh entries (by pk) before which nothing later stands, and behind which nothing earlier."""
    dates = [_when(pair) for pair in every]
    highest, lowest = list(accumulate(dates, max)), list(accumulate(reversed(dates), min))[::-1]
    return frozenset(pair[0].member.pk for at, pair in enumerate(every) if highest[at] == dates[at] == lowest[at])
