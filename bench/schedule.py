"""When feeds are asked, simulated: how many requests, and how long new entries wait to be seen.

    python -m bench.schedule [--feeds N] [--days D] [--seed S] [--jobs J] [--histories FOLDER] [--equal-delay [D]]
                             [--plot FILE.svg] [--json]

Feeds with real posting histories (the dates in FOLDER's feed documents), and feeds drawn from their mix (`bench.posting`) up to N in all,
run for D days under three planners, all with the same floor of 15 minutes between two polls of a feed:

    planner          the product's own (`collect.polite.plan`), with `every` at the floor; of each feed it knows one document's dates
    fixed_30m        every feed every 30 minutes
    entry_frequency  as Miniflux has it: a week divided by the entries of the last week, between the floor and a day

Of each: requests_per_day, mean_delay_s and p95_delay_s (over entries: from publication to the poll that saw it), longest_delay_s,
peak_requests_per_s (the busiest minute) and later_peak_requests_per_s (the busiest one after the first hour). All feeds are due at the
start and asked in turn, as at the first start and, since none of the three lets a feed wait longer than a day, after a day's downtime.
With `--equal-delay`, `at_equal_delay` compares requests where the planner is set to wait as long as entry_frequency does, over D days of
their own: a week (unless said otherwise), since one of the two asks as often at weekends.
"""

import argparse
import json
import multiprocessing
import sys
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from aggregator.collect import polite, rhythm
from aggregator.model import FeedSpec, FeedState, Validators
from bench.posting import DAY_S, LISTED, START, History, all_posts, histories

FLOOR: Final = timedelta(minutes=15)
WORKERS_PER_S: Final = 25.0
"""What eight workers get done in a second, at a third of a second a request."""

SAMPLE: Final = 2000
"""So many feeds tell what a request is worth at equal delay, so that all feeds are followed a few times only."""

ROUNDS: Final = 8
WEEK: Final = 7
CLOSE: Final = 0.98

SPEC: Final = FeedSpec(id="feed", url="https://feed.example/", shown_url="https://feed.example/", every=FLOOR)
UNKNOWN: Final = FeedState(key="", id="feed", shown_url="https://feed.example/", next_poll_at=START, validators=Validators(etag='"1"'))

Next = Callable[["Feed", float], float]


@dataclass(slots=True)
class Feed:
    """A feed: when its entries are published (seconds from START, sorted, the past included), and what the store knows of it."""

    posts: "array[float]"
    state: FeedState


# ── planners ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def fixed(feed: Feed, at: float) -> float:
    return at + 1800


def entry_frequency(feed: Feed, at: float) -> float:
    last_week = bisect_right(feed.posts, at) - bisect_right(feed.posts, at - 7 * DAY_S)
    return at + min(DAY_S, max(FLOOR.total_seconds(), 7 * DAY_S / last_week if last_week else DAY_S))


def planner(feed: Feed, at: float, worth: float = rhythm.REQUEST_WORTH) -> float:
    """The product's planner, handed a feed's state as the pipeline would hand it."""
    now = START + timedelta(seconds=at)
    due, _ = polite.plan(spec=SPEC, state=feed.state, now=now, has_contact=True, worth=worth)
    return at + (due - now).total_seconds()


def look(feed: Feed, at: float) -> None:
    """Let the product count the dates of the document that a poll found."""
    last = bisect_right(feed.posts, at)
    dates = [START + timedelta(seconds=post) for post in feed.posts[max(0, last - LISTED) : last]]
    found = rhythm.seen(rhythm.decoded(feed.state.rhythm), dates, START + timedelta(seconds=at))
    feed.state = replace(feed.state, rhythm=rhythm.encoded(found))


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
        feed = Feed(posts, UNKNOWN)
        at = number / self._per_s
        seen_to = bisect_right(posts, at)
        if self._learns:
            feed.state = replace(UNKNOWN, key=f"k{number}")
            look(feed, at)
        while at < end:
            self.requests += 1
            self.minutes[int(at // 60)] += 1
            at = self._next(feed, at)
            now_to = bisect_right(posts, min(at, end), seen_to)
            if now_to > seen_to:
                self.delays.extend([at - post for post in posts[seen_to:now_to]])
                seen_to = now_to
                if self._learns and at < end:
                    look(feed, at)

    def add(self, other: "Run") -> None:
        """Take over what the same planner did with other feeds."""
        self.requests += other.requests
        self.delays.extend(other.delays)
        self.minutes = array("l", [mine + theirs for mine, theirs in zip(self.minutes, other.minutes, strict=True)])

    def figures(self) -> dict[str, float]:
        ordered = sorted(self.delays)
        return {
            "requests_per_day": round(self.requests / self._days, 1),
            "mean_delay_s": round(sum(ordered) / max(1, len(ordered)), 1),
            "p95_delay_s": round(ordered[len(ordered) * 95 // 100], 1) if ordered else 0.0,
            "longest_delay_s": round(ordered[-1], 1) if ordered else 0.0,
            "peak_requests_per_s": round(max(self.minutes) / 60, 2),
            "later_peak_requests_per_s": round(max(self.minutes[60:]) / 60, 2),
        }

    def curve(self, minutes: int) -> list[float]:
        """Requests a second, averaged over so many minutes each."""
        return [sum(self.minutes[at : at + minutes]) / 60 / minutes for at in range(0, len(self.minutes) - 1, minutes)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be simulated."""

    feeds: int
    days: int
    seed: int
    known: Sequence[History]

    @property
    def per_s(self) -> float:
        """So many feeds a second are asked at the start: as many workers as get round within the floor."""
        return max(WORKERS_PER_S, self.feeds / FLOOR.total_seconds())

    def posts(self, part: int, parts: int) -> Iterable[tuple[int, "array[float]"]]:
        return all_posts(self.feeds, self.known, self.days, self.seed, part=part, parts=parts)


def simulated(asked: Asked, parts: int, part: int) -> dict[str, Run]:
    """All planners over every `parts`-th feed."""
    runs = {
        "planner": Run(planner, asked.days, asked.per_s, learns=True),
        "fixed_30m": Run(fixed, asked.days, asked.per_s),
        "entry_frequency": Run(entry_frequency, asked.days, asked.per_s),
    }
    for number, posts in asked.posts(part, parts):
        for made in runs.values():
            made.follow(number, posts)
    return runs


def in_parts(asked: Asked, jobs: int) -> dict[str, Run]:
    """The same in so many processes."""
    if jobs == 1:
        return simulated(asked, 1, 0)
    with multiprocessing.Pool(jobs) as pool:
        first, *others = pool.map(partial(simulated, asked, jobs), range(jobs))
    for other in others:
        for name, made in other.items():
            first[name].add(made)
    return first


def patient(asked: Asked, worth: float | None, parts: int, part: int) -> Run:
    """The planner over every `parts`-th feed, where a request is worth so many hours of an entry's waiting; None: entry_frequency."""
    next_poll = entry_frequency if worth is None else partial(planner, worth=worth)
    made = Run(next_poll, asked.days, asked.per_s, learns=worth is not None)
    for number, posts in asked.posts(part, parts):
        made.follow(number, posts)
    return made


def patient_in_parts(asked: Asked, worth: float | None, jobs: int) -> dict[str, float]:
    """The figures of all feeds, worked out in so many processes."""
    if jobs == 1:
        return patient(asked, worth, 1, 0).figures()
    with multiprocessing.Pool(jobs) as pool:
        first, *others = pool.map(partial(patient, asked, worth, jobs), range(jobs))
    for other in others:
        first.add(other)
    return first.figures()


def at_equal_delay(asked: Asked, jobs: int) -> dict[str, object]:
    """The requests of the planner over all feeds, where a request is worth so much that entries wait as long as with entry_frequency.

    What it is worth is sought with a few feeds, then with all, until they wait no longer and hardly less.
    """
    theirs, worth = patient_in_parts(asked, None, jobs), _worth_of(asked, max(1, asked.feeds // SAMPLE))
    for _ in range(ROUNDS):
        ours = patient_in_parts(asked, worth, jobs)
        if CLOSE * theirs["mean_delay_s"] <= ours["mean_delay_s"] <= theirs["mean_delay_s"]:
            break
        # The waiting grows with the square root of what a request is worth.
        worth *= ((1 + CLOSE) / 2 * theirs["mean_delay_s"] / ours["mean_delay_s"]) ** 2
    return {"feeds": asked.feeds, "days": asked.days, "worth": round(worth, 3), "planner": ours, "entry_frequency": theirs}


def _worth_of(asked: Asked, parts: int) -> float:
    """What a request is worth at equal delay, by every `parts`-th feed."""
    wanted = patient(asked, None, parts, 0).figures()["mean_delay_s"]
    low, high = rhythm.REQUEST_WORTH, 100.0
    for _ in range(10):
        worth = (low * high) ** 0.5
        is_short = patient(asked, worth, parts, 0).figures()["mean_delay_s"] < wanted
        low, high = (worth, high) if is_short else (low, worth)
    return low


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--histories", type=Path, default=Path("../shared/corpus/real"))
    parser.add_argument(
        "--equal-delay", type=int, nargs="?", const=WEEK, help="also compare requests at equal delay, over D days", metavar="D"
    )
    parser.add_argument("--plot", type=Path, help="write the load curves as SVG")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    asked = Asked(feeds=given.feeds, days=given.days, seed=given.seed, known=histories(given.histories))
    runs = in_parts(asked, given.jobs)
    found: dict[str, object] = {name: made.figures() for name, made in runs.items()}
    if given.equal_delay:
        found["at_equal_delay"] = at_equal_delay(replace(asked, days=given.equal_delay), given.jobs)
    if given.plot:
        given.plot.write_text(plot(runs, asked), encoding="utf-8")
    _tell({"feeds": asked.feeds, "days": asked.days, "seed": asked.seed, "real": len(asked.known), **found}, as_json=given.json)


def _tell(found: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for name, value in found.items():
        sys.stdout.write(f"{name:16} {value}\n")


# ── the plot ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_WIDE, _HIGH, _LEFT, _BELOW = 900, 320, 60, 40
_COLOURS: Final = {"planner": "#0b6e4f", "fixed_30m": "#b23a48", "entry_frequency": "#3a6ea5"}


def plot(runs: dict[str, Run], asked: Asked) -> str:
    """Requests a second from the start on, each planner a line."""
    minutes = 10 if asked.days <= 2 else 60
    curves = {name: made.curve(minutes) for name, made in reversed(runs.items())}
    most = max(max(curve) for curve in curves.values()) or 1.0
    lines = []
    for place, (name, curve) in enumerate(curves.items()):
        step = (_WIDE - _LEFT - 10) / max(1, len(curve) - 1)
        points = " ".join(f"{_LEFT + step * n:.1f},{_y(value / most):.1f}" for n, value in enumerate(curve))
        colour = _COLOURS[name]
        lines.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
        lines.append(f'<text x="{_LEFT + 150 + 170 * place}" y="18" fill="{colour}">{name}</text>')
    unit, shown = ("hours", 24 * asked.days) if asked.days <= 2 else ("days", asked.days)
    digits = ",.0f" if most >= 10 else ".2g"
    scale = [f'<text x="{_LEFT - 8}" y="{_y(share) + 4:.0f}" text-anchor="end">{most * share:{digits}}</text>' for share in (0, 0.5, 1)]
    title = f"Requests a second for {asked.feeds:,} feeds, all due at the start; averages of {minutes} minutes, by {unit}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" font-family="sans-serif" font-size="12" role="img">'
        f"<title>{title}</title><rect width='100%' height='100%' fill='white'/><line x1='{_LEFT}' x2='{_WIDE - 10}' y1='{_y(0)}'"
        f" y2='{_y(0)}' stroke='#888'/>{''.join([*lines, *_ticks(shown), *scale])}<text x='{_LEFT}' y='{_HIGH - 4}'>{title}</text></svg>\n"
    )


def _ticks(count: int) -> list[str]:
    every = max(1, count // 8)
    wide = (_WIDE - _LEFT - 20) / count
    return [f'<text x="{_LEFT + wide * at:.0f}" y="{_HIGH - 18}">{at}</text>' for at in range(0, count + 1, every)]


def _y(share: float) -> float:
    return _HIGH - _BELOW - share * (_HIGH - _BELOW - 30)


if __name__ == "__main__":
    main()
