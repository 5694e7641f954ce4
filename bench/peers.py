"""CPU seconds per 1,000 feeds, ours beside the `reader` library's, on the same documents over loopback.

    python -m bench.peers --feeds N [--documents FOLDER] [--rounds 3]

`cold` is the first poll of everything, `unchanged` a poll of everything that answers 304. Ours are the real commands (`poll`; then
`poll --force`), with the default client and, as `ours_curl`, with `client: curl`; reader's is `update_feeds(workers=8)` in a process of
its own: all fetch, parse and store. What reader has no counterpart for, writing five outputs, is told apart: `publish` is the first one,
`publish_unchanged` one that changes nothing. Rounds are interleaved and start from nothing. One JSON object is printed: medians of the
rounds, with what each stored.

`bare` is a floor under both: a script that asks over a session of requests, reads with feedparser, both its HTML options off, cleans titles
and texts with nh3 and keeps six columns an entry in SQLite, and nothing else: no guard, limits, children, claims, stories, kept raw form.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aggregator.model import Client, JsonValue
from bench.command import REPOSITORY, Workshop, polls, total
from bench.corpus import Given, documents
from bench.loopback import LoopbackSite, Reply

Run = Callable[[Path, Mapping[str, str]], tuple["Cost", ...]]

DOCUMENTS = REPOSITORY.parent / "shared" / "corpus" / "real"
_READER = """
import json, sys
from reader import make_reader
with make_reader(sys.argv[1]) as reader:
    for url in json.load(sys.stdin):
        reader.add_feed(url, exist_ok=True)
    reader.update_feeds(scheduled=False, workers=8)
    print(reader.get_entry_counts().total)
"""
_BARE = """
import json, sqlite3, sys
from concurrent.futures import ThreadPoolExecutor
import feedparser, nh3, requests
db = sqlite3.connect(sys.argv[1])
db.execute("create table if not exists feed (url primary key, etag, modified)")
db.execute("create table if not exists entry (url, id, link, title, published, text, primary key (url, id))")
known = {url: (etag, modified) for url, etag, modified in db.execute("select * from feed")}
session = requests.Session()
session.trust_env = False
def get(url):
    conditions = zip(("If-None-Match", "If-Modified-Since"), known.get(url, ()))
    return url, session.get(url, headers={name: value for name, value in conditions if value}, timeout=30)
def text(entry):
    return (entry.get("content") or [{}])[0].get("value") or entry.get("summary") or ""
with ThreadPoolExecutor(8) as pool:
    for url, reply in pool.map(get, json.load(sys.stdin)):
        if reply.status_code == 304:
            continue
        headers = {name.lower(): value for name, value in reply.headers.items()}
        read = feedparser.parse(reply.content, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
        rows = [
            (url, one.get("id", one.get("link")), one.get("link"), nh3.clean(one.get("title", "")), one.get("date"), nh3.clean(text(one)))
            for one in read.entries
        ]
        db.executemany("insert or ignore into entry values (?, ?, ?, ?, ?, ?)", rows)
        db.execute("insert or replace into feed values (?, ?, ?)", (url, headers.get("etag"), headers.get("last-modified")))
db.commit()
print(db.execute("select count(*) from entry").fetchone()[0])
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one pass cost, and how many entries it knew of at its end."""

    cpu_s: float
    seconds: float
    entries: int


def sample(folder: Path, count: int, seed: int = 1) -> list[Given]:
    """So many documents of a folder, drawn with a fixed seed; each at most once as long as there are enough."""
    given = documents(folder)
    draw = random.Random(seed)
    return [one for start in range(0, count, len(given)) for one in draw.sample(given, min(len(given), count - start))]


def ours(folder: Path, urls: Mapping[str, str], client: Client = "requests") -> tuple[Cost, ...]:
    """Poll everything cold, then unchanged, with our command; then what publishing cost after each."""
    shop = Workshop(folder)
    shop.write(urls, max_entries=60, client=client)
    cold, publish = shop.run("poll", "--json"), shop.run("publish", "--json")
    entries = sum(len(members) for members in shop.stored().values())
    poll, again = shop.run("poll", "--force", "--json"), shop.run("publish", "--json")
    if total(polls(poll), "new") or len(polls(poll)) != len(urls):
        raise RuntimeError(
            f"the second pass polled {len(polls(poll))} of {len(urls)} feeds and found {total(polls(poll), 'new')} new entries"
        )
    return tuple(Cost(ran.cpu_s, ran.seconds, entries) for ran in (cold, poll, publish, again))


def scripted(script: str, folder: Path, urls: Mapping[str, str]) -> tuple[Cost, ...]:
    """Poll everything cold, then unchanged, with a script that takes a database and, on its standard input, addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    return _ran(script, folder / "peer.sqlite", urls), _ran(script, folder / "peer.sqlite", urls)


def _ran(script: str, database: Path, urls: Mapping[str, str]) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script, str(database)],
        input=json.dumps(list(urls.values())),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu_s, time.monotonic() - started, int(done.stdout))


def compare(given: Sequence[Given], rounds: int, work: Path) -> dict[str, JsonValue]:
    """Run all rounds, ours and reader's in turn; who is first changes from round to round."""
    hosts = {f"p{number:05}": each for number, each in enumerate(given)}
    runs: list[tuple[str, Run]] = [
        ("ours", ours),
        ("reader", partial(scripted, _READER)),
        ("ours_curl", partial(ours, client="curl")),
        ("bare", partial(scripted, _BARE)),
    ]
    costs: dict[str, list[tuple[Cost, ...]]] = {name: [] for name, _ in runs}
    with LoopbackSite({id_: Reply(body=each.body, content_type=each.content_type) for id_, each in hosts.items()}) as site:
        urls = {id_: site.url(id_) for id_ in hosts}
        for number in range(rounds):
            first = number % len(runs)
            for name, run in [*runs[first:], *runs[:first]]:
                costs[name].append(run(work / f"{name}-{number}", urls))
                print(f"round {number + 1}: {name}: {costs[name][-1]}", file=sys.stderr, flush=True)
    found: dict[str, JsonValue] = {"feeds": len(given), "rounds": rounds}
    for position, kind in enumerate(("cold", "unchanged")):
        found[kind] = _summary({name: [pair[position] for pair in pairs] for name, pairs in costs.items()}, len(given))
    for position, kind in ((2, "publish"), (3, "publish_unchanged")):
        found[kind] = {"ours_cpu_s": round(statistics.median(each[position].cpu_s for each in costs["ours"]), 2)}
    return found


def _summary(costs: Mapping[str, Sequence[Cost]], feeds: int) -> dict[str, JsonValue]:
    cpu = {name: statistics.median(cost.cpu_s for cost in each) * 1000 / feeds for name, each in costs.items()}
    found: dict[str, JsonValue] = {f"{name}_cpu_s_per_1000": round(value, 2) for name, value in cpu.items()}
    for name in ("ours", "ours_curl", "bare"):
        found[f"{name}_to_reader"] = round(cpu[name] / cpu["reader"], 2) if cpu["reader"] else None
    for name, each in costs.items():
        found[f"{name}_seconds"] = round(statistics.median(cost.seconds for cost in each), 2)
        found[f"{name}_entries"] = each[-1].entries
    return found


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.peers", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--feeds", type=int, default=300)
    options.add_argument("--documents", type=Path, default=DOCUMENTS)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as work:
        print(json.dumps(compare(sample(given.documents, given.feeds), given.rounds, Path(work))))


if __name__ == "__main__":
    main()
