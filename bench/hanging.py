"""Servers that hang, trickle, flood and send bombs, met by the real command; and as many good feeds beside them, which must not wait.

    python -m bench.hanging [--every 300] [--minutes 18] [--workers 8] [--hosts 50] [--only behaviours|half]

1. `behaviours`: the real command polls one feed of each kind (`bench.misbehaving`) and a good one, with either HTTP client. Of each poll:
   how long its worker was busy (at most 35 s), and what was said of it. The good one must be read, and the processes together must stay
   below 600 MB.
2. `half`: so many hosts that hang, in every way that holds a client, beside as many good ones; the product's poll loop with 8 workers asks
   all of them every 5 minutes, first all at once. No good feed may be without a poll for longer than twice its interval.

Prints one JSON object; `missed` names what was not as it should be, and makes the exit code 1.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice, pairwise
from pathlib import Path
from time import monotonic

import psutil

from aggregator.app import build
from aggregator.config import load
from aggregator.model import JsonValue, PollReport
from aggregator.run.poller import poll_due
from bench.command import Workshop, polls
from bench.doors import CLIENTS
from bench.loopback import LoopbackSite, Reply
from bench.misbehaving import FEED, HANGING, ODD, Behaviour, MisbehavingSite, bombs

BUSY_S = 35.0
PEAK_MB = 600.0
# What is read all the same: what stands in a document that ends too soon.
READABLE = frozenset({"promises less"})
GOOD = "good"


def behaviours(client: str, kinds: Mapping[str, Behaviour], work: Path) -> dict[str, JsonValue]:
    """Poll one feed of each kind with the real command."""
    shop = Workshop(work)
    with MisbehavingSite(kinds) as bad, LoopbackSite({GOOD: Reply(body=FEED)}) as good:
        names = {_id(kind): kind for kind in kinds}
        shop.write({GOOD: good.url(GOOD), **{id_: bad.url(kind) for id_, kind in names.items()}}, client=client)
        ran = shop.run("poll", "--json", timeout_s=300)
    reports = {str(report["feed_id"]): report for report in polls(ran)}
    missed = [f"{client}: {kind}: not polled" for id_, kind in names.items() if id_ not in reports]
    missed += [why for id_, report in reports.items() for why in _missed(client, names.get(id_, GOOD), report)]
    missed += [f"{client}: {ran.peak_mb} MB"] if ran.peak_mb >= PEAK_MB else []
    missed += [f"{client}: a traceback: {shown}" for shown in shop.tracebacks]
    told: dict[str, JsonValue] = {
        names.get(id_, GOOD): {"outcome": report["outcome"], "seconds": report["seconds"], "error": report["error"]}
        for id_, report in reports.items()
    }
    return {"client": client, "peak_mb": ran.peak_mb, "seconds": ran.seconds, "polls": told, "missed": [*missed]}


def _id(kind: str) -> str:
    return "x-" + "".join(char if char.isalnum() else "-" for char in kind)


def _missed(client: str, kind: str, report: Mapping[str, JsonValue]) -> list[str]:
    seconds = float(str(report["seconds"]))
    expected = {"new"} if kind == GOOD else {"new", "unchanged", "failed"} if kind in READABLE else {"failed"}
    missed = [f"{client}: {kind}: busy for {seconds:.0f} s"] if seconds > BUSY_S else []
    return missed + ([f"{client}: {kind}: {report['outcome']}"] if report["outcome"] not in expected else [])


def half(hosts: int, every: timedelta, minutes: float, workers: int, work: Path) -> dict[str, JsonValue]:
    """Poll so many hanging hosts beside as many good ones, and tell how long good ones went without a poll."""
    kinds = {f"bad{number}": behaviour for number, behaviour in enumerate(islice(cycle(HANGING.values()), hosts))}
    names = [f"good{number}" for number in range(hosts)]
    with MisbehavingSite(kinds) as bad, LoopbackSite({name: Reply(body=FEED) for name in names}) as good:
        addresses = {**{kind: bad.url(kind) for kind in kinds}, **{name: good.url(name) for name in names}}
        Workshop(work).write(addresses)
        began = monotonic()
        reports, peak = _polled(work / "feeds.yaml", every, minutes * 60, workers)
        ended = monotonic()
        asked = {name: [began] for name in names}
        for each in good.requests():
            asked[each.host].append(each.at)
    gaps = {name: max(later - earlier for earlier, later in pairwise([*times, ended])) for name, times in asked.items()}
    late = [name for name, gap in gaps.items() if gap > 2 * every.total_seconds()]
    failures = [report for report in reports if report.feed_id in kinds]
    spoilt = [report for report in reports if report.feed_id in asked and report.outcome == "failed"]
    missed = [f"{name}: {gaps[name]:.0f} s without a poll" for name in late]
    missed += [f"{report.feed_id}: {report.error}" for report in spoilt]
    missed += [f"{report.feed_id}: busy for {report.seconds:.0f} s" for report in reports if report.seconds > BUSY_S]
    missed += [f"{peak:.0f} MB"] if peak >= PEAK_MB else []
    return {
        "hosts": hosts,
        "every_s": every.total_seconds(),
        "minutes": minutes,
        "workers": workers,
        "polls_of_good": sum(len(times) - 1 for times in asked.values()),
        "polls_of_hanging": len(failures),
        "longest_gap_s": round(max(gaps.values()), 1),
        "busiest_s": round(max(report.seconds for report in reports), 1),
        "peak_mb": round(peak, 1),
        "missed": [*missed],
    }


def _polled(path: Path, every: timedelta, seconds: float, workers: int) -> tuple[list[PollReport], float]:
    """What the product's loop did in so many seconds, and the memory that it took with its children."""
    config = load(path, os.environ)
    config = replace(config, feeds=tuple(replace(spec, every=every, every_given=True) for spec in config.feeds))
    app = build(config)
    reports: list[PollReport] = []
    others = {child.pid for child in psutil.Process().children()}  # the servers
    stop, peak = threading.Event(), [0.0]
    timer = threading.Timer(seconds, stop.set)
    watcher = threading.Thread(target=_watch, args=(stop, others, peak), daemon=True)
    timer.start()
    watcher.start()
    while not stop.wait(0.5):
        poll_due(lambda: app, workers=workers, report=reports.append, stop=stop, endless=True)
    app.close()
    return reports, peak[0]


def _watch(stop: threading.Event, others: set[int], peak: list[float]) -> None:
    own = psutil.Process()
    while not stop.wait(0.2):
        try:
            processes = [own, *(child for child in own.children(recursive=True) if child.pid not in others)]
            peak[0] = max(peak[0], sum(each.memory_info().rss for each in processes) / 2**20)
        except psutil.NoSuchProcess:
            continue


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.hanging", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--every", type=int, default=300, help="seconds between two polls of a feed")
    options.add_argument("--minutes", type=float, default=18.0)
    options.add_argument("--workers", type=int, default=8)
    options.add_argument("--hosts", type=int, default=50)
    options.add_argument("--only", choices=("behaviours", "half"))
    given = options.parse_args()
    found: dict[str, JsonValue] = {}
    missed: list[JsonValue] = []
    with tempfile.TemporaryDirectory(prefix="bench-hanging-") as folder:
        if given.only != "half":
            kinds = {**HANGING, **ODD, **bombs()}
            told = [behaviours(client, kinds, Path(folder) / client) for client in CLIENTS]
            found["behaviours"] = [*told]
            missed += [why for each in told for why in each["missed"]]  # type: ignore[union-attr]
        if given.only != "behaviours":
            shared = half(given.hosts, timedelta(seconds=given.every), given.minutes, given.workers, Path(folder) / "half")
            found["half"] = shared
            missed += shared["missed"]  # type: ignore[arg-type]
    print(json.dumps({**found, "missed": missed}, ensure_ascii=False))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
