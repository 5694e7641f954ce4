"""Two real processes poll one store: is every feed asked once per due time, never twice, never forgotten?

    python -m bench.two_processes [--feeds 200] [--seconds 60] [--every 5]

Serves made-up feeds on loopback, each under a host of its own, and lets two processes poll what is due with the product's own loop.
Prints one JSON object: `requests`, `too_early` (asked again before `every` had passed), `starved` (gaps of more than three times
`every`), `by_process` (polls that each process stored). Both start at once from an empty store. `too_early` and `starved` must be 0.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from aggregator.app import build
from aggregator.config import load
from aggregator.run.poller import poll_due
from bench.loopback import Asked, LoopbackSite, Reply
from tests.e2e.running import feed


def worker(path: Path, seconds: float) -> int:
    """Poll what is due for so many seconds; return how many polls were stored."""
    app = build(load(path, os.environ))
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    timer.start()
    polls: list[str] = []
    while not stop.wait(0.05):
        poll_due(lambda: app, report=lambda done: polls.append(done.feed_id), stop=stop, endless=True)
    app.close()
    return len(polls)


def judged(asked: Sequence[Asked], every_s: float) -> dict[str, int]:
    """Count what went wrong in a log of requests. A gap counts from the start of one request to the start of the next."""
    times: dict[str, list[float]] = defaultdict(list)
    for one in asked:
        times[one.host].append(one.at)
    gaps = [later - earlier for each in times.values() for earlier, later in zip(sorted(each), sorted(each)[1:], strict=False)]
    return {
        "feeds_asked": len(times),
        "requests": len(asked),
        "too_early": sum(gap < every_s - 0.05 for gap in gaps),
        "starved": sum(gap > 3 * every_s for gap in gaps),
    }


def run(feeds: int, seconds: float, every_s: int, work: Path) -> dict[str, object]:
    """Let two processes poll for so long, and judge the server's log."""
    documents = {f"f{number:04}": Reply(body=feed(f"f{number:04}", "One.", "Two.")) for number in range(feeds)}
    with LoopbackSite(documents) as site:
        path = work / "feeds.yaml"
        path.write_text(feeds_yaml({name: site.url(name) for name in documents}, every_s))
        command = [sys.executable, "-m", "bench.two_processes", "--worker", str(path), "--seconds", str(seconds)]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        polls = [int(process.communicate()[0]) for process in both]
        return {**judged(site.requests(), every_s), "by_process": polls}


def feeds_yaml(urls: Mapping[str, str], every_s: int) -> str:
    """A feeds.yaml for loopback feeds (address by id), each asked so often; a daemon serves at any free port."""
    head = 'contact: https://planet.example.org/about\nhttp: { listen: "127.0.0.1:0" }\ndefaults: { allow_private: true }\nfeeds:\n'
    return head + "".join(f"  - {{ url: {url}, id: {name}, every: {every_s}s }}\n" for name, url in urls.items())


def main() -> None:
    """Run it and print the result; exit with 1 when a feed was asked too early or forgotten."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        print(worker(given.worker, given.seconds))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = run(given.feeds, given.seconds, given.every, Path(folder))
    print(json.dumps(found))
    sys.exit(1 if found["too_early"] or found["starved"] or found["feeds_asked"] != given.feeds else 0)


if __name__ == "__main__":
    main()
