"""When feeds are asked, simulated: how many requests, and how long new entries wait to be seen.

    python -m bench.schedule [--feeds N] [--days D] [--seed S] [--histories FOLDER] [--equal-delay] [--plot FILE.svg] [--json]

Feeds with real posting histories (the dates in FOLDER's feed documents) and made-up ones (rates, hours, weekdays and bursts drawn so that
a few feeds bring most entries, as in real lists) up to N in all run for D days under three planners, all with the same floor of 15
minutes between two polls of a feed:

    planner          the product's own (`collect.polite.plan`), with `every` at the floor
    fixed_30m        every feed every 30 minutes
    entry_frequency  as Miniflux has it: a week divided by the entries of the last week, between the floor and a day

Of each: requests_per_day, mean_delay_s and p95_delay_s (over entries: from publication to the poll that saw it), longest_delay_s, and
peak_requests_per_s (the busiest minute; all feeds are due at the start, as after a day's downtime, and asked in turn).
With `--equal-delay`, `at_equal_delay` compares requests where the planner is set to wait as long as entry_frequency does.
"""

import argparse
import json
import random
import sys
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import exp, log
from pathlib import Path
from typing import Final

from aggregator.collect import polite, rhythm
from aggregator.model import FeedSpec, FeedState, Validators
from aggregator.refine.fields import instant
from bench.origins import feeds as real_feeds

START: Final = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
FLOOR: Final = timedelta(minutes=15)
DAY_S: Final = 86_400.0
# So long a history each planner may have learnt from before the clock starts.
LEARNT_DAYS: Final = 90
# A document holds so many entries.
LISTED: Final = 20
WORKERS_PER_S: Final = 25.0
"""What eight workers get done in a second, at a third of a second a request."""

Next = Callable[["Feed", float], float]


@dataclass(slots=True)
class Feed:
    """A feed: when its entries are published (seconds from START, sorted, the past included), and what a planner knows of it."""

    key: str
    posts: "array[float]"
    known: str | None = None


# ── posting ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def histories(folder: Path, days: int, luck: random.Random) -> Iterator["array[float]"]:
    """The dates of real feeds' entries, moved by whole weeks so that a time from their midst is simulated, drawn without regard to them.

    (With their latest entries in it, each feed that is silent for months would have one just then.)
    """
    for _, raw, _ in real_feeds(folder):
        dates = sorted({date for entry in raw.entries if (date := instant(entry.published_s) or instant(entry.updated_s))})
        span = dates[-1] - dates[0] if dates else timedelta()
        if len(dates) < 5 or span < timedelta(days=2 * days):
            continue
        begins = dates[0] + luck.random() * (span - timedelta(days=days))
        weeks = round((START - begins) / timedelta(weeks=1))
        moved = [(date + weeks * timedelta(weeks=1) - START).total_seconds() for date in dates]
        # Many systems date to the full hour or day: as if they had been a little late, so that no planner profits from it.
        late = luck.uniform(0, 3600)
        # Who learnt for years knows no more than who learnt for one.
        yield array("d", [at + late for at in moved if -365 * DAY_S < at < days * DAY_S - late])


def made_up(days: int, luck: random.Random) -> "array[float]":
    """One feed's posts: a rate from a wide range, hours of work around a peak, quieter weekends, some posts followed by more."""
    rate = min(200.0, exp(luck.gauss(log(0.12), 2.1)))
    peak, width = luck.uniform(0, 24), luck.choice((2.0, 4.0, 6.0, 12.0))
    weekend, burst = luck.choice((0.1, 0.4, 1.0)), luck.choice((0.0, 0.1, 0.4))
    hours = [exp(-(((hour - peak + 12) % 24 - 12) ** 2) / (2 * width * width)) for hour in range(24)]
    average = sum(hours) / 24 * (5 + 2 * weekend) / 7
    most = rate * (1 - burst) / average
    posts: list[float] = []
    at = -LEARNT_DAYS * DAY_S
    while True:
        at += luck.expovariate(most) * DAY_S
        if at >= days * DAY_S:
            break
        day = int(at // DAY_S) % 7
        if luck.random() < hours[int(at % DAY_S // 3600)] * (weekend if day > 4 else 1.0):
            posts.append(at)
            while luck.random() < burst:
                posts.append(min(posts[-1] + luck.expovariate(1 / 1800), days * DAY_S - 1))
    return array("d", sorted(posts))


# ── planners ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def fixed(feed: Feed, at: float) -> float:
    return at + 1800


def entry_frequency(feed: Feed, at: float) -> float:
    last_week = bisect_right(feed.posts, at) - bisect_right(feed.posts, at - 7 * DAY_S)
    return at + min(DAY_S, max(FLOOR.total_seconds(), 7 * DAY_S / last_week if last_week else DAY_S))


class Planner:
    """The product's planner, handed a feed's state as the pipeline would hand it."""

    def __init__(self, worth: float = rhythm.REQUEST_WORTH) -> None:
        self._spec = FeedSpec(id="feed", url="https://feed.example/", shown_url="https://feed.example/", every=FLOOR)
        self._state = FeedState(key="", id="feed", shown_url="https://feed.example/", next_poll_at=START, validators=Validators(etag='"1"'))
        self._worth = worth

    def __call__(self, feed: Feed, at: float) -> float:
        now = START + timedelta(seconds=at)
        due, _ = polite.plan(
            spec=self._spec,
            state=replace(self._state, key=feed.key, rhythm=feed.known),
            now=now,
            has_contact=True,
            worth=self._worth,
        )
        return at + (due - now).total_seconds()


def look(feed: Feed, before: float, at: float) -> None:
    """Let the product count what a poll found, where it found something."""
    first, last = bisect_right(feed.posts, before), bisect_right(feed.posts, at)
    if last > first or feed.known is None:
        listed = feed.posts[max(0, last - LISTED) : last]
        dates = [START + timedelta(seconds=post) for post in listed]
        found = rhythm.seen(rhythm.decoded(feed.known), dates, START + timedelta(seconds=at))
        feed.known = rhythm.encoded(found)


# ── running ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Run:
    """What one planner did with all feeds that it was given, one after the other: they do not know of one another."""

    def __init__(self, next_poll: Next, days: int, per_s: float, *, learns: bool = False) -> None:
        self._next, self._days, self._per_s, self._learns = next_poll, days, per_s, learns
        self.requests = 0
        self.delays = array("f")
        self.minutes = array("l", [0]) * (days * 1440 + 1)

    def follow(self, number: int, posts: "array[float]") -> None:
        """Poll one feed to the end. All feeds are due at once at the start and are asked in turn; entries count from then on."""
        end = self._days * DAY_S
        feed = Feed(f"k{number}", posts)
        at = number / self._per_s
        if self._learns:
            _learn(feed)
            look(feed, min(at, -DAY_S), at)
        seen_to = bisect_right(posts, at)
        while at < end:
            self.requests += 1
            self.minutes[int(at // 60)] += 1
            before, at = at, self._next(feed, at)
            now_to = bisect_right(posts, min(at, end))
            self.delays.extend([at - post for post in posts[seen_to:now_to]])
            if self._learns and at < end:
                look(feed, before, at)
            seen_to = now_to

    def figures(self) -> dict[str, float]:
        ordered = sorted(self.delays)
        return {
            "requests_per_day": round(self.requests / self._days, 1),
            "mean_delay_s": round(sum(ordered) / max(1, len(ordered)), 1),
            "p95_delay_s": round(ordered[len(ordered) * 95 // 100], 1) if ordered else 0.0,
            "longest_delay_s": round(ordered[-1], 1) if ordered else 0.0,
            "peak_requests_per_s": round(max(self.minutes, default=0) / 60, 2),
        }

    def curve(self, minutes: int) -> list[float]:
        """Requests a second, averaged over so many minutes each."""
        return [sum(self.minutes[at : at + minutes]) / 60 / minutes for at in range(0, len(self.minutes) - 1, minutes)]


def _learn(feed: Feed) -> None:
    """What a planner would have learnt before the clock starts, at one look a day since the first entry that is known."""
    first = int(feed.posts[0] // DAY_S) if feed.posts else 0
    for day in range(first + 1, 0):
        look(feed, (day - 1) * DAY_S, day * DAY_S)


def all_posts(count: int, folder: Path, days: int, luck: random.Random) -> Iterator["array[float]"]:
    """The posts of so many feeds: the real histories first, as many as there are."""
    real = [*histories(folder, days, luck)] if folder.is_dir() else []
    luck.shuffle(real)
    yield from real[:count]
    for _ in range(count - len(real)):
        yield made_up(days, luck)


def at_equal_delay(posts: Sequence["array[float]"], days: int, per_s: float) -> dict[str, object]:
    """The requests of the planner where a request is worth so much waiting that entries wait as long as with entry_frequency."""

    def figures(next_poll: Next, *, learns: bool) -> dict[str, float]:
        made = Run(next_poll, days, per_s, learns=learns)
        for number, each in enumerate(posts):
            made.follow(number, each)
        return made.figures()

    theirs = figures(entry_frequency, learns=False)
    low, high, ours, worth = 0.01, 100.0, theirs, 0.0
    for _ in range(10):
        worth = (low * high) ** 0.5
        ours = figures(Planner(worth), learns=True)
        low, high = (worth, high) if ours["mean_delay_s"] < theirs["mean_delay_s"] else (low, worth)
    return {"feeds": len(posts), "worth": round(worth, 3), "planner": ours, "entry_frequency": theirs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--histories", type=Path, default=Path("../shared/corpus/real"))
    parser.add_argument("--equal-delay", action="store_true", help="also compare requests at equal delay, over 400 of the feeds")
    parser.add_argument("--plot", type=Path, help="write the load curves as SVG")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    luck = random.Random(asked.seed)
    per_s = max(WORKERS_PER_S, asked.feeds / FLOOR.total_seconds())
    runs = {
        "planner": Run(Planner(), asked.days, per_s, learns=True),
        "fixed_30m": Run(fixed, asked.days, per_s),
        "entry_frequency": Run(entry_frequency, asked.days, per_s),
    }
    kept: list[array[float]] = []
    for number, posts in enumerate(all_posts(asked.feeds, asked.histories, asked.days, luck)):
        for made in runs.values():
            made.follow(number, posts)
        if asked.equal_delay and number % max(1, asked.feeds // 400) == 0:
            kept.append(posts)
    found: dict[str, object] = {name: made.figures() for name, made in runs.items()}
    if asked.equal_delay:
        found["at_equal_delay"] = at_equal_delay(kept, asked.days, per_s)
    if asked.plot:
        asked.plot.write_text(plot({name: made.curve(60) for name, made in reversed(runs.items())}, asked.feeds), encoding="utf-8")
    _tell({"feeds": asked.feeds, "days": asked.days, "seed": asked.seed, **found}, as_json=asked.json)


def _tell(found: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for name, value in found.items():
        sys.stdout.write(f"{name:16} {value}\n")


# ── the plot ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_WIDE, _HIGH, _LEFT, _BELOW = 900, 320, 60, 40
_COLOURS: Final = {"planner": "#0b6e4f", "fixed_30m": "#b23a48", "entry_frequency": "#3a6ea5"}


def plot(curves: dict[str, list[float]], feeds: int) -> str:
    """Requests a second over the days, by hours, each planner a line."""
    most = max(max(curve) for curve in curves.values()) or 1.0
    lines = []
    for place, (name, curve) in enumerate(curves.items()):
        step = (_WIDE - _LEFT - 10) / max(1, len(curve) - 1)
        points = " ".join(f"{_LEFT + step * n:.1f},{_y(value / most):.1f}" for n, value in enumerate(curve))
        colour = _COLOURS[name]
        lines.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
        lines.append(f'<text x="{_LEFT + 150 + 170 * place}" y="18" fill="{colour}">{name}</text>')
    days = len(next(iter(curves.values()))) / 24
    ticks = [f'<text x="{_LEFT + (_WIDE - _LEFT - 10) * day / days:.0f}" y="{_HIGH - 18}">{day}</text>' for day in range(int(days) + 1)]
    scale = [f'<text x="{_LEFT - 8}" y="{_y(share) + 4:.0f}" text-anchor="end">{most * share:.2g}</text>' for share in (0, 0.5, 1)]
    title = f"Requests a second for {feeds:,} feeds, all due at the start; averages of an hour, by days"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" font-family="sans-serif" font-size="12" role="img">'
        f"<title>{title}</title><rect width='100%' height='100%' fill='white'/><line x1='{_LEFT}' x2='{_WIDE - 10}' y1='{_y(0)}'"
        f" y2='{_y(0)}' stroke='#888'/>{''.join([*lines, *ticks, *scale])}<text x='{_LEFT}' y='{_HIGH - 4}'>{title}</text></svg>\n"
    )


def _y(share: float) -> float:
    return _HIGH - _BELOW - share * (_HIGH - _BELOW - 30)


if __name__ == "__main__":
    main()
