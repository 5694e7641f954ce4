"""Read feeds twice, all of each document and only what is new in it, and compare: field by field, and in CPU time.

    python -m bench.delta FOLDER [--rounds N] [--every N] [--seed N]

FOLDER holds feed documents, or one folder a sequence with versions 0001.xml and up. A document alone is read as if one, or three, of its
entries had come since the last poll: that one is the same document without them, cut out by their bytes. Of a sequence each version is read
with what is remembered of the one before. The last line printed is one JSON object:

    documents, refused         documents read (versions, documents alone, and these without some entries), and those that are no feeds
    told_apart, why_not        those whose entries can be told apart by their bytes; why the others cannot, with counts
    polls                      polls of a document that followed another one
    same, delta, whole         of these: nothing new, only what is new was read, all was read
    why_whole                  why all was read, with counts
    skipped, read              entries of the polls `delta` that were passed over, and that were read
    compared, differing        entries whose fields were compared (all entries of each document, as the ledger has them afterwards), and the
                               fields that differ, by name, with counts; `head`, `dates`, `oddities` and `remembered` count for a document
    cpu_ms                     medians over all documents told apart, of a poll with 0, 1, 3 and all entries new, of the whole document,
                               and of feedparser's defaults; each the median of the rounds, one after the other in each round
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time

import feedparser

from aggregator.collect.items import NotSplit, Split
from aggregator.collect.parse import Opened, items_of, opened, read_whole
from aggregator.errors import ParseError
from aggregator.model import Document, Entry, FeedSpec, JsonValue, Printed, RawEntry, ReadFeed, SeenDocument, Surroundings, Validators
from aggregator.rereading import Reading, news_of, read, reread
from bench.corpus import documents
from bench.history import sequences

URL = "https://blog.example/feed.xml"
SPEC = FeedSpec(id="blog", url=URL, shown_url=URL)
KEY = "00000000-0000-0000-0000-000000000001"
NEW = (1, 3)
COUNTED = ("documents", "refused", "told_apart", "polls", "same", "delta", "whole", "skipped", "read")


def document(body: bytes) -> Document:
    return Document(url=URL, body=body, content_type=None, validators=Validators(), body_hash="")


@dataclass
class Found:
    """What the comparison counted."""

    counts: Counter[str] = field(default_factory=Counter)
    why_not: Counter[str] = field(default_factory=Counter)
    why_whole: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)


Again = Callable[[Opened, Reading, SeenDocument], ReadFeed | None]


class Ledger:
    """One feed, read document after document with what is remembered of the last one (`again`): what is held of its entries by then."""

    def __init__(self, found: Found, spec: FeedSpec = SPEC, again: Again = news_of) -> None:
        self.held: dict[str, tuple[Entry, RawEntry]] = {}
        self.seen: SeenDocument | None = None
        self._found, self._spec, self._again = found, spec, again

    def takes(self, given: Document) -> ReadFeed:
        """Read a document both ways, compare, and give what all of it says. Raises `ParseError`."""
        whole = read(given, self._spec, KEY, Surroundings())
        count = self._found.counts
        count["documents"] += 1
        if whole.seen is None:
            self._found.why_not[_why_not(given)] += 1
        count["told_apart"] += whole.seen is not None
        if self.seen is None:
            self._holds(whole)
        else:
            count["polls"] += 1
            try:
                news = self._again(opened(given), Reading(self._spec, KEY, Surroundings(), Printed(), given.url), self.seen)
            except NotSplit as why:
                count["whole"] += 1
                self._found.why_whole[str(why)] += 1
                self._holds(whole)
            else:
                self._compares(whole, news)
        return whole

    def _holds(self, got: ReadFeed) -> None:
        self.held |= {entry.raw_key: (entry, raw) for entry, raw in zip(got.entries, got.raw, strict=True)}
        self.seen = got.seen

    def _compares(self, whole: ReadFeed, news: ReadFeed | None) -> None:
        count, differing = self._found.counts, self._found.differing
        if news is None:
            count["same"] += 1
        else:
            count["delta"] += 1
            count["skipped"] += len(news.standing)
            count["read"] += len(news.entries)
            differing.update(_differing(whole, news))
            self._holds(news)
        for entry, raw in zip(whole.entries, whole.raw, strict=True):
            count["compared"] += 1
            mine = self.held.get(entry.raw_key)
            differing.update(["missing"] if mine is None else [*_fields(entry, mine[0]), *_fields(raw, mine[1])])


def _differing(whole: ReadFeed, news: ReadFeed) -> Iterator[str]:
    """What of a document, its entries aside, both ways read differently."""
    keys = {entry.raw_key for entry in whole.entries}
    yield from ["standing"] if keys != {*news.standing, *(entry.raw_key for entry in news.entries)} else []
    order = [entry.raw_key for entry in whole.entries]
    yield from ["places"] if any(order[place] != one.raw_key for place, one in zip(news.places, news.entries, strict=True)) else []
    yield from ["head"] if whole.head != news.head else []
    yield from ["dates"] if list(whole.dates) != list(news.dates) else []
    yield from ["oddities"] if whole.oddities != news.oddities else []
    remembered = whole.seen and (whole.seen.items, whole.seen.envelope, whole.seen.frame, whole.seen.head)
    yield from (
        ["remembered"]
        if news.seen is None
        or remembered
        != (
            news.seen.items,
            news.seen.envelope,
            news.seen.frame,
            news.seen.head,
        )
        else []
    )


def _fields(one: Entry | RawEntry, other: Entry | RawEntry) -> list[str]:
    kind = type(one).__name__
    return [] if one == other else [f"{kind}.{each.name}" for each in fields(one) if getattr(one, each.name) != getattr(other, each.name)]


def _why_not(given: Document) -> str:
    return read_whole(opened(given)).why or "an entry stands in it twice"


# ── documents ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def compared(bodies: Mapping[str, bytes], found: Found, chance: random.Random) -> Iterator[tuple[bytes, Split]]:
    """Compare single documents; give those that can be told apart."""
    for body in bodies.values():
        try:
            ledger = Ledger(found)
            ledger.takes(document(body))
        except ParseError:
            found.counts["refused"] += 1
            continue
        if ledger.seen is None:
            continue
        items = items_of(opened(document(body)))
        for number in NEW:
            if 2 * number <= len(items.spans):
                ledger = Ledger(found)
                try:
                    ledger.takes(document(before(items, chance.sample(range(len(items.spans)), number))))
                except ParseError:
                    continue
                ledger.takes(document(items.data))
        yield body, items


def before(items: Split, new: Sequence[int]) -> bytes:
    """A document as it was before these of its entries came."""
    return items.only(frozenset(range(len(items.spans))).difference(new)).encode()


def replayed(folder: Path, found: Found) -> None:
    """Compare sequences of versions."""
    for each in sequences(folder):
        ledger = Ledger(found)
        for _, body in each.versions:
            try:
                ledger.takes(document(body))
            except ParseError:
                found.counts["refused"] += 1


# ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def timed(body: bytes, items: Split, rounds: int, chance: random.Random) -> dict[str, float]:
    """CPU milliseconds of a poll of one document, by what is new in it: medians of rounds in which each takes its turn."""
    polls: dict[str, Callable[[], object]] = {
        "feedparser": lambda: feedparser.parse(body, response_headers={"content-location": URL, "content-type": "application/xml"}),
        "all": lambda: reread(document(body), SPEC, KEY, Surroundings()),
    }
    for number in (0, *NEW):
        last = before(items, chance.sample(range(len(items.spans)), number)) if number else body + b"\n"
        seen = read(document(last), SPEC, KEY, Surroundings()).seen
        polls[str(number)] = partial(reread, document(body), SPEC, KEY, Surroundings(), Printed(), seen)
    taken: dict[str, list[float]] = {name: [] for name in polls}
    for _ in range(rounds):
        for name in chance.sample(sorted(polls), len(polls)):
            began = process_time()
            polls[name]()
            taken[name].append((process_time() - began) * 1000)
    return {name: median(each) for name, each in taken.items()}


def summed(costs: Sequence[Mapping[str, float]]) -> dict[str, JsonValue]:
    """Median and mean over documents, in milliseconds, and how many times less than feedparser's defaults all of them cost."""
    names = costs[0] if costs else ()
    totals = {name: sum(cost[name] for cost in costs) for name in names}
    return {
        name: {
            "median": round(median(cost[name] for cost in costs), 2),
            "mean": round(totals[name] / len(costs), 2),
            # A clock of whole ticks may see nothing of a single document.
            "less_than_feedparser": round(totals["feedparser"] / totals[name], 1) if totals[name] else None,
        }
        for name in names
    }


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.delta", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--rounds", type=int, default=3, help="rounds of timing (0: none)")
    options.add_argument("--every", type=int, default=1, help="take only each Nth of the documents alone", metavar="N")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    found, chance = Found(), random.Random(given.seed)
    replayed(given.folder, found)
    bodies = {each.file: each.body for each in documents(given.folder)[:: given.every]}
    alone = list(compared(bodies, found, chance))
    costs = [timed(body, items, given.rounds, chance) for body, items in alone if len(items.spans) >= 2 * max(NEW)] if given.rounds else []
    counted = {
        name: found.counts[name] for name in ("documents", "refused", "told_apart", "polls", "same", "delta", "whole", "skipped", "read")
    }
    told: dict[str, JsonValue] = {
        **counted,
        "why_not": dict(found.why_not.most_common()),
        "why_whole": dict(found.why_whole.most_common()),
        "compared": found.counts["compared"],
        "differing": dict(found.differing.most_common()),
        "timed": len(costs),
        "cpu_ms": summed(costs),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
