"""What the status page, the metrics and the probe cost, beside how many feeds and entries there are.

    python -m bench.statuspage [--feeds 10,1000] [--entries 1000000] [--page FILE] [--work FOLDER]

A store is made with a past of 30 days: feeds of every kind (well, failing, held, moving, over a limit), their tallies by hour and day, and
as many entries, with their stories and places in an output, as asked for; all written behind the product's back, as the product writes it.
Then the product is asked. Each figure is the least of some rounds, in milliseconds of processor time. `--page` keeps the first page.
The last line printed is one JSON object.
"""

import argparse
import json
import random
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import msgspec

from aggregator.app import App, build
from aggregator.model import Config, FeedHead, FeedSpec, OutputSpec, Tally
from aggregator.model.tally import COUNTS
from aggregator.publish.statuspage import Shown, status_page
from aggregator.run.health import Health
from aggregator.run.standing import board
from aggregator.store.schema import microseconds
from aggregator.store.tallies import BOUNDS_S, day_number, hour_number

NOW = datetime.now(UTC)
NAMES = (
    "Harbour Courier", "Garden Notes", "Night Kitchen", "The Slow Rail", "Beekeeping Weekly", "Tide Tables", "Copper & Pine",
    "Letters from Odda", "Field Recordings", "Small Engines",
)  # fmt: skip
_ROUNDS = 5
_DAYS, _POLLS, _BYTES = 30, 24, 48_000
_SEEN = (0.02, 0.08, 0.16, 0.2, 0.22, 0.12, 0.08, 0.06, 0.04, 0.015, 0.005)


def name_of(number: int) -> str:
    return NAMES[number % len(NAMES)] + ("" if number < len(NAMES) else f" {number}")


def config(folder: Path, feeds: int) -> Config:
    specs = [
        FeedSpec(id=slug, url=url, shown_url=url)
        for slug in (name_of(number).lower().replace(" & ", "-").replace(" ", "-") for number in range(feeds))
        for url in (f"https://{slug}.example/feed.xml",)
    ]
    return Config(
        path=folder / "feeds.yaml",
        title="Planet Example",
        root=folder / "public",
        store=str(folder / "aggregator.db"),
        feeds=tuple(specs),
        outputs=(OutputSpec(path="atom.xml", format="atom"),),
    )


# ── a past ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_past(path: Path, feeds: int, entries: int) -> None:
    """Give a store whose feeds were never polled a past."""
    chance = random.Random(7)
    with closing(sqlite3.connect(path)) as conn, conn:
        for setting in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-400000"):
            conn.execute(f"PRAGMA {setting}")
        pks = [pk for (pk,) in conn.execute("SELECT pk FROM feed ORDER BY pk")]
        for number, pk in enumerate(pks):
            columns = _feed(number, chance)
            conn.execute(f"UPDATE feed SET {', '.join(f'{name} = ?' for name in columns)} WHERE pk = ?", [*columns.values(), pk])
        _write_tallies(conn, pks, chance)
        _write_entries(conn, pks, entries)


def _feed(number: int, chance: random.Random) -> dict[str, object]:
    """The columns of a feed: most are well, one of each kind is not."""
    ago = {name: NOW - timedelta(hours=chance.expovariate(1 / mean)) for name, mean in (("last_success_at", 1), ("last_change_at", 40))}
    every: dict[str, object] = {
        "next_poll_at": NOW + timedelta(hours=chance.expovariate(1 / 5)),
        "why": "it has an entry every 2 d, mostly around 9 GMT, asked again after 6 h",
        "document_bytes": _BYTES,
        "first_success_at": NOW - timedelta(days=90),
        "last_poll_at": NOW - timedelta(minutes=9),
        "head": FeedHead(title=name_of(number)),
        **ago,
    }
    return {name: _column(value) for name, value in (every | _trouble(number)).items()}


def _trouble(number: int) -> dict[str, object]:
    since = NOW - timedelta(days=3, hours=4)
    return {
        1: {"last_error": "answered 404 Not Found", "last_error_kind": "404", "failures": 14, "failing_since": since,
            "why": "failed 14 times in a row, asked again after 1 d"},
        4: {"last_error": "beekeeping-weekly.example: its certificate has expired", "last_error_kind": "tls", "failures": 2,
            "failing_since": NOW - timedelta(hours=5), "why": "failed 2 times in a row, asked again after 4 h"},
        6: {"hold": f"since {since:%Y-%m-%d}: its pages are on another site (casino.example), hardly a word of its title is left"},
        7: {"redirect_target": "https://letters.example/feed.xml", "redirect_since": since, "redirect_count": 4},
        8: {"head": FeedHead(title=name_of(8), oddities=("left out: 12 entries beyond 1,000",))},
    }.get(number, {})  # fmt: skip


def _column(value: object) -> object:
    if isinstance(value, datetime):
        return microseconds(value)
    return msgspec.json.encode(value).decode() if isinstance(value, FeedHead) else value


def _write_tallies(conn: sqlite3.Connection, pks: Sequence[int], chance: random.Random) -> None:
    hours: defaultdict[int, Tally] = defaultdict(Tally)
    rows, came = [], 0
    rates = {pk: chance.expovariate(1) * (3 if number < 3 else 0.6) for number, pk in enumerate(pks)}
    for back in range(_DAYS):
        moment = NOW - timedelta(days=_DAYS - 1 - back)
        day = day_number(moment.date())
        for pk in pks:
            tally = _day(rates[pk] * (0.4 if moment.weekday() > 4 else 1.1), chance, is_first=not back)
            rows.append((day, pk, *asdict(tally).values()))
            came += tally.entries
            hours[day * 24 + chance.randrange(24)] += Tally(entries=tally.entries, backlog=tally.backlog, joined=tally.joined)
            for hour in range(24):
                hours[day * 24 + hour] += _poll(chance, is_failed=hour < tally.failed)
    columns = ", ".join(COUNTS)
    marks = ", ".join("?" * len(COUNTS))
    conn.executemany(f"INSERT INTO tally_day (day, feed, {columns}) VALUES (?, ?, {marks})", rows)
    known = [(hour, *asdict(tally).values()) for hour, tally in hours.items() if hour <= hour_number(NOW)]
    conn.executemany(f"INSERT INTO tally_hour (hour, {columns}) VALUES (?, {marks})", known)
    seen = [(day_number(NOW.date()), bound, int(came * share)) for bound, share in zip(BOUNDS_S, _SEEN, strict=True)]
    conn.executemany("INSERT INTO seen_after (day, within_s, entries) VALUES (?, ?, ?)", seen)


def _poll(chance: random.Random, *, is_failed: bool) -> Tally:
    """One poll. Four of five are answered 304, and of the others every second brings what is known."""
    tally, luck = Tally(polls=1, requests=1), chance.random()
    if is_failed:
        return replace(tally, failed=1)
    if luck < 0.8:
        return replace(tally, not_modified=1, saved_bytes=_BYTES)
    return replace(tally, same=int(luck < 0.9), received_bytes=_BYTES)


def _day(rate: float, chance: random.Random, *, is_first: bool) -> Tally:
    entries = sum(chance.random() < rate / _POLLS for _ in range(_POLLS))
    failed = 5 if chance.random() < 0.02 else 0
    spared = (_POLLS - failed) * 4 // 5
    return Tally(
        polls=_POLLS,
        not_modified=spared,
        same=(_POLLS - failed - spared) // 2,
        failed=failed,
        requests=_POLLS,
        received_bytes=(_POLLS - failed - spared) * _BYTES,
        saved_bytes=spared * _BYTES,
        entries=entries,
        backlog=20 if is_first else 0,
        joined=sum(chance.random() < 0.2 for _ in range(entries)),
    )


def _write_entries(conn: sqlite3.Connection, pks: Sequence[int], count: int) -> None:
    numbers = range(1, count + 1)
    columns = [name for _, name, *_ in conn.execute("PRAGMA table_info(entry)")]
    marks = ", ".join("?" * len(columns))
    conn.executemany(f"INSERT INTO entry VALUES ({marks})", ([row.get(name) for name in columns] for row in _entries(numbers, pks)))
    conn.executemany("INSERT INTO story (pk, generation, created) VALUES (?, 1, 1)", ((number,) for number in numbers))
    conn.executemany("INSERT INTO story_member (entry, story) VALUES (?, ?)", ((number, number) for number in numbers))
    keys = dict(conn.execute("SELECT pk, key FROM feed"))
    conn.execute("INSERT INTO output (pk, path, judged_generation) VALUES (1, 'atom.xml', 1)")
    conn.executemany(
        "INSERT INTO publication (output, story, sequence, published_id, sort_key, public_updated, listed, pending, held, rule, feed_key)"
        " VALUES (1, ?, ?, ?, 1, 1, 0, 0, ?, '', ?)",
        ((one, one, f"tag:{one}", int(one % 10_000 == 0), keys[pks[one % len(pks)]]) for one in numbers),
    )


def _entries(numbers: range, pks: Sequence[int]) -> Iterator[Mapping[str, Any]]:
    first = microseconds(NOW - timedelta(days=400))
    for number in numbers:
        at = first + number * 30_000_000
        times = dict.fromkeys(("first_seen", "last_seen", "sort_key", "public_updated", "changed_at"), at)
        flags = dict.fromkeys(("versions", "backlog", "pruned"), 0)
        said = {"published_id": f"tag:{number}", "content_hash": "", "body_hash": b"", "raw_hash": b"", "refined_by": "", "body": "x" * 800}
        yield {"pk": number, "feed": pks[number % len(pks)], "raw_key": f"{number:032x}", **times, **flags, **said}


# ── measured ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def least_ms(work: Callable[[], object]) -> float:
    took = []
    for _ in range(_ROUNDS):
        began = process_time()
        work()
        took.append(process_time() - began)
    return round(min(took) * 1000, 1)


def measured(app: App, page: Path | None) -> dict[str, float]:
    asked = board(lambda: app, Health(last_publish=NOW.isoformat()), lambda: None)
    shown = Shown(secret="0" * 32)
    body = status_page(asked.overview(), shown)
    if page:
        page.write_bytes(body)
    return {
        "page_ms": least_ms(lambda: status_page(asked.overview(), shown)),
        "page_kb": round(len(body) / 1000),
        "metrics_ms": least_ms(asked.metrics),
        "readyz_ms": least_ms(asked.unready),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", default="10,1000")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--work", type=Path)
    given = parser.parse_args()
    found, page = {}, given.page
    for feeds in map(int, given.feeds.split(",")):
        with tempfile.TemporaryDirectory(dir=given.work) as folder:
            config_ = config(Path(folder), feeds)
            build(config_).close()
            write_past(Path(config_.store), feeds, given.entries)
            with closing(build(config_)) as app:
                found[str(feeds)] = measured(app, page)
        page = None
    print(f"{'feeds':>7} {'entries':>9} {'page':>9} {'size':>8} {'metrics':>9} {'readyz':>9}")
    for name, one in found.items():
        times = f"{one['page_ms']:>6} ms {one['page_kb']:>5} kB {one['metrics_ms']:>6} ms {one['readyz_ms']:>6} ms"
        print(f"{name:>7} {given.entries:>9,} {times}")
    print(json.dumps({"entries": given.entries, "feeds": found}))


if __name__ == "__main__":
    main()
