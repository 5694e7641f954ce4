"""When feeds publish: the dates of real feeds' entries, and as many made-up feeds as are wanted, with the mix of the real ones.

A feed is the instants of its entries, in seconds from START, sorted, some of them before it. The first ones are the feeds of a folder, each
once; all others are one of these again, drawn at random: another time of its history, moved by some hours as if it were written elsewhere.
What a document shows for too short a time to draw from (news sites list a day) is made up at its rate.
"""

import random
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp, log
from pathlib import Path
from typing import Final

from aggregator.refine.fields import instant
from bench.origins import feeds as real_feeds

START: Final = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
DAY_S: Final = 86_400.0
LISTED: Final = 20
"""A document holds so many entries."""

# Nobody's rhythm remembers more.
_PAST_DAYS: Final = 365.0
# What is asked about the past of a feed: what its document lists, and the last week.
_WEEK_DAYS: Final = 8.0
# From so long a history, and from so many entries, times can be drawn.
_LONG: Final = timedelta(days=14)
_MANY: Final = 5
_MOST_A_DAY: Final = 200.0


@dataclass(frozen=True, slots=True)
class History:
    """The dates of a real feed's entries, in seconds from START."""

    dates: "array[float]"

    @property
    def rate(self) -> float:
        """Entries a day; over a day at least, since a document whose entries all have one date is of one that moved in just then."""
        return min(_MOST_A_DAY, (len(self.dates) - 1) / max(1.0, self._span_s / DAY_S))

    @property
    def _span_s(self) -> float:
        return self.dates[-1] - self.dates[0]

    def drawn(self, days: int, luck: random.Random, hours: float) -> "array[float]":
        """So many days from its midst with what came before, moved by whole weeks and by some hours."""
        if len(self.dates) < _MANY or self._span_s < max(_LONG.total_seconds(), 2 * days * DAY_S):
            return made_up(self.rate, days, luck)
        # With their latest entries in it, each feed that is silent for months would have one just then.
        begins = self.dates[0] + luck.random() * (self._span_s - days * DAY_S)
        # Many systems date to the full hour or day: as if they had been a little late, so that no planner profits from it.
        moved = round(-begins / (7 * DAY_S)) * 7 * DAY_S + hours * 3600 + luck.uniform(0, 3600)
        first = bisect_left(self.dates, -_PAST_DAYS * DAY_S - moved)
        return array("d", [at + moved for at in self.dates[first : bisect_left(self.dates, days * DAY_S - moved)]])


def histories(folder: Path) -> list[History]:
    """Those of all documents in which an entry has a date; what is left out says of no rhythm."""
    found = []
    for _, raw, _ in real_feeds(folder) if folder.is_dir() else ():
        dates = {date for entry in raw.entries if (date := instant(entry.published_s) or instant(entry.updated_s))}
        if dates:
            found.append(History(array("d", sorted((date - START).total_seconds() for date in dates))))
    return found


def all_posts(
    count: int, known: Sequence[History], days: int, seed: int, *, part: int = 0, parts: int = 1
) -> Iterator[tuple[int, "array[float]"]]:
    """The number and the posts of so many feeds, or of every `parts`-th of them; each has its own luck, so that parts make the whole."""
    order = [*known]
    random.Random(seed).shuffle(order)
    for number in range(part, count, parts):
        luck = random.Random(seed * 1_000_003 + number)
        if number < len(order):
            yield number, order[number].drawn(days, luck, 0.0)
        elif order:
            yield number, luck.choice(order).drawn(days, luck, luck.randrange(24))
        else:
            yield number, made_up(_a_rate(luck), days, luck)


def _a_rate(luck: random.Random) -> float:
    """Entries a day, as real feeds have them: a few bring most entries."""
    return min(_MOST_A_DAY, exp(luck.gauss(log(0.1), 2.1)))


def made_up(rate: float, days: int, luck: random.Random) -> "array[float]":
    """Posts at so many a day: at hours of work around a peak, fewer at weekends, some followed by more."""
    if rate == 0:
        return array("d", [-luck.uniform(1, _PAST_DAYS) * DAY_S])
    peak, width = luck.uniform(0, 24), luck.choice((2.0, 4.0, 6.0, 12.0))
    weekend, burst = luck.choice((0.1, 0.4, 1.0)), luck.choice((0.0, 0.1, 0.4))
    hours = [exp(-(((hour - peak + 12) % 24 - 12) ** 2) / (2 * width * width)) for hour in range(24)]
    average = sum(hours) / 24 * (5 + 2 * weekend) / 7
    most = rate * (1 - burst) / average / DAY_S
    posts: list[float] = []
    at, end = -min(_PAST_DAYS, max(_WEEK_DAYS, LISTED / rate)) * DAY_S, days * DAY_S
    while (at := at + luck.expovariate(most)) < end:
        if luck.random() < hours[int(at % DAY_S // 3600)] * (weekend if int(at // DAY_S) % 7 > 4 else 1.0):
            posts.append(at)
            while luck.random() < burst and posts[-1] < end - 1:
                posts.append(min(posts[-1] + luck.expovariate(1 / 1800), end - 1))
    return array("d", sorted(posts))
