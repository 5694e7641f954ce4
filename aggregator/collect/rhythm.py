"""How often a feed gets new entries, and at which hours and days; and from that, when to look again. Pure: the time is handed in.

A poll costs its publisher something, an entry that nobody has seen yet costs its readers waiting. With entries coming at a rate r, who
looks every T makes 1/T requests and lets each entry wait T/2; the sum is least where T is the square root of 2c/r, with c the waiting that
one request is worth. With a rate that changes over the day, the same holds for the waiting that is expected to add up since the last look.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

REQUEST_WORTH: Final = 0.01
"""Hours that an entry may wait to spare one request (docs/politeness.md, "The rhythm of a feed", says what it was chosen by)."""

LONGEST: Final = timedelta(days=1)
"""Nothing waits longer because of a rhythm."""

# What was longer ago counts half as much: people change their habits.
_HALF_LIFE_DAYS: Final = 45.0
_MEMORY: Final = timedelta(days=365)
# Entries of one second came in one go; whoever gives all entries the date of the request must not seem busy.
_AT_ONCE: Final = 3
# After this many entries the pattern that was seen weighs as much as none.
_HOURS_PRIOR_ENTRIES: Final = 12.0
_WEEKDAYS_PRIOR_ENTRIES: Final = 14.0
# Nobody keeps to the hour: half of an entry counts for the hour before and the one after.
_BESIDE: Final = 0.25
# What is assumed of a feed before anything is known: as if it had been watched for so many days, and had brought so many entries.
_ASSUMED_DAYS: Final = 4.0
_ASSUMED_ENTRIES: Final = 0.5
_DIGITS: Final = 3

_HOUR: Final = timedelta(hours=1)
_LONGEST_HOURS: Final = LONGEST / _HOUR
_DAY_S: Final = 86_400.0
_LN2: Final = math.log(2)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What was seen of a feed: `entries` in `days`, those of long ago counting less; `hours` (UTC) and `weekdays` (from Monday) share them.

    `until` is the date of the latest entry counted, `at` the time up to which they were counted.
    """

    at: datetime
    until: datetime
    entries: float = 0.0
    days: float = 0.0
    hours: tuple[float, ...] = (0.0,) * 24
    weekdays: tuple[float, ...] = (0.0,) * 7


def seen(rhythm: Rhythm | None, dates: Iterable[datetime | None], now: datetime) -> Rhythm:
    """Count the entries of a document that were published since the last look, by their dates; undated and future ones say nothing.

    A first document tells of the time back to its oldest entry, at most a year.

    >>> noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    >>> found = seen(None, [noon - timedelta(days=n) for n in range(11)], noon)
    >>> round(found.entries), round(found.days)
    (9, 9)
    """
    told = sorted(date for date in dates if date and now - _MEMORY <= date <= now)
    if rhythm is None:
        if not told:
            return Rhythm(at=now, until=now)
        # The oldest only says since when the document reaches back.
        return _added(Rhythm(at=told[0], until=told[0]), told[1:], now)
    return _added(rhythm, [date for date in told if date > rhythm.until], now)


def wait(rhythm: Rhythm, now: datetime, *, at_least: timedelta, worth: float = REQUEST_WORTH) -> timedelta:
    """How long to wait with the next look: until the waiting expected of entries adds up to what a request is worth (`worth`, in hours).

    At most a day, or `at_least` where that is longer.
    """
    kept = _kept(rhythm.at, now)
    of_hour = _shares(rhythm.hours, kept, _HOURS_PRIOR_ENTRIES, beside=_BESIDE)
    of_day = _shares(rhythm.weekdays, kept, _WEEKDAYS_PRIOR_ENTRIES, beside=0.0)
    per_hour = rate(rhythm, now) / 24
    utc = now.astimezone(UTC)
    hour, day = utc.hour, utc.weekday()
    step = 1 - (utc.minute * 60 + utc.second) / 3600  # to the end of this hour, then by whole ones
    expected = waited = hours = 0.0
    today = per_hour * of_day(day)
    while hours < _LONGEST_HOURS:
        coming = today * of_hour(hour)
        within = waited + expected * step + coming * step * step / 2
        if within >= worth:
            hours += _root(coming / 2, expected, waited - worth)
            break
        waited, expected, hours, step, hour = within, expected + coming * step, hours + step, 1.0, hour + 1
        if hour == 24:
            hour, today = 0, per_hour * of_day((day + 1) % 7)
    return max(at_least, min(hours * _HOUR, LONGEST))


def rate(rhythm: Rhythm, now: datetime) -> float:
    """Entries a day that are to be expected."""
    kept = _kept(rhythm.at, now)
    return (rhythm.entries * kept + _ASSUMED_ENTRIES) / (rhythm.days * kept + _watched(kept) + _ASSUMED_DAYS)


def encoded(rhythm: Rhythm) -> str:
    """A rhythm as the store keeps it."""
    numbers = (rhythm.entries, rhythm.days, *rhythm.hours, *rhythm.weekdays)
    return " ".join((str(int(rhythm.at.timestamp())), str(int(rhythm.until.timestamp())), *(f"{each:.{_DIGITS}g}" for each in numbers)))


@lru_cache(maxsize=1024)  # Most polls find nothing new: what is known is the same text again.
def decoded(text: str | None) -> Rhythm | None:
    """What `encoded` wrote; None where nothing is known, or it was written by another version."""
    try:
        at, until, entries, days, *rest = map(float, (text or "").split())
        if len(rest) != 31:
            return None
        at_, until_ = (datetime.fromtimestamp(each, UTC) for each in (at, until))
        return Rhythm(at=at_, until=until_, entries=entries, days=days, hours=tuple(rest[:24]), weekdays=tuple(rest[24:]))
    except (ValueError, OverflowError, OSError):
        return None


def told(rhythm: Rhythm, now: datetime) -> str:
    """What is known, for people.

    >>> noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    >>> told(seen(None, [noon - timedelta(hours=8 * n) for n in range(90)], noon), noon)
    'about 3 new entries a day'
    >>> told(Rhythm(at=noon, until=noon, days=100), noon)
    'a new entry in about 210 days'
    """
    a_day = rate(rhythm, now)
    if a_day >= 0.8:
        return f"about {_entries(a_day)} a day"
    if a_day >= 0.11:
        return f"about {_entries(a_day * 7)} a week"
    return f"a new entry in about {_rounded(1 / a_day)} days"


# ── counting ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _added(rhythm: Rhythm, dates: Sequence[datetime], now: datetime) -> Rhythm:
    """Count entries by their dates, each as much as it still counts at `now`. Those that came in one go count for a few."""
    kept = _kept(rhythm.at, now)
    entries = rhythm.entries * kept
    hours, weekdays = [each * kept for each in rhythm.hours], [each * kept for each in rhythm.weekdays]
    for date in _counted(dates):
        weight = _kept(date, now)
        utc = date.astimezone(UTC)
        entries += weight
        hours[utc.hour] += weight
        weekdays[utc.weekday()] += weight
    days = rhythm.days * kept + _watched(kept)
    until = max(rhythm.until, dates[-1]) if dates else rhythm.until
    return Rhythm(at=max(now, rhythm.at), until=until, entries=entries, days=days, hours=tuple(hours), weekdays=tuple(weekdays))


def _counted(dates: Sequence[datetime]) -> Iterator[datetime]:
    """The dates without those of a second that had its share already."""
    before, at_once = None, 0
    for date in dates:
        at_once = at_once + 1 if date == before else 1
        before = date
        if at_once <= _AT_ONCE:
            yield date


def _kept(then: datetime, now: datetime) -> float:
    """How much what was counted then still counts."""
    return math.exp(-_LN2 / _HALF_LIFE_DAYS * max(0.0, (now - then).total_seconds()) / _DAY_S)


def _watched(kept: float) -> float:
    """The days since, those of long ago counting less."""
    return _HALF_LIFE_DAYS / _LN2 * (1 - kept)


# ── expecting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _shares(counts: Sequence[float], kept: float, even: float, *, beside: float) -> Callable[[int], float]:
    """How much more than usual each hour or day brings (1 is as usual), drawn towards even while little is known.

    `beside` of what was seen counts for the one before, and as much for the one after.
    """
    size = len(counts)
    most = size / (sum(counts) * kept + even)
    own, others, least = (1 - 2 * beside) * kept * most, beside * kept * most, even / size * most

    def share(place: int) -> float:
        return own * counts[place] + others * (counts[place - 1] + counts[place + 1 - size]) + least

    return share


def _root(a: float, b: float, c: float) -> float:
    """The positive root of ax² + bx + c, where c is not positive."""
    if a < 1e-12:
        return -c / b
    return (math.sqrt(b * b - 4 * a * c) - b) / (2 * a)


def _entries(number: float) -> str:
    said = _rounded(number)
    return f"{said} new {'entry' if said == '1' else 'entries'}"


def _rounded(number: float) -> str:
    return f"{number:.0f}" if number < 10 else f"{float(f'{number:.2g}'):.0f}"
