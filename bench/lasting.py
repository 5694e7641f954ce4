"""A daemon that runs on while its feeds bring news: does it keep its size?

    python -m bench.lasting [--feeds 200] [--minutes 6]

Serves made-up feeds on loopback, each under a host of its own and asked every 10 s; every 5 s one of them has another entry, so that the
outputs are written, too. The daemon is weighed each second, without the children that read (they are replaced when they grow). Prints
one JSON object: `settled_mb` and `end_mb` (resident memory: medians of the second and of the last quarter of the time), `grew_mb` between
them, `served` and `told` (new entries that the feeds had meanwhile, and those that the daemon told of) and `cpu_s`. Exits with 1 when it
grew by more than 8 MB, or did not end when it was told to.
"""

import argparse
import contextlib
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.command import REPOSITORY
from bench.loopback import LoopbackSite, Reply
from bench.two_processes import feeds_yaml
from tests.e2e.running import feed

MOST_MB = 8.0
_EVERY_S = 10
_NEWS_S = 5
_ENTRIES = 4  # of each feed at first


def run(feeds: int, seconds: float, work: Path) -> dict[str, object]:
    """Let a daemon run for so long, and weigh it."""
    names = [f"f{number:04}" for number in range(feeds)]
    with LoopbackSite({name: _document(name, 0) for name in names}) as site:
        path = work / "feeds.yaml"
        path.write_text(feeds_yaml({name: site.url(name) for name in names}, _EVERY_S))
        command = [sys.executable, "-m", "aggregator", "-c", str(path), "run"]
        with (work / "log").open("w") as log, subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log) as daemon:
            process, weighed, new = psutil.Process(daemon.pid), [], 0
            try:
                begun = time.monotonic()
                while (passed := time.monotonic() - begun) < seconds:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        raise RuntimeError(f"the daemon ended by itself with {daemon.wait(1)}:\n{(work / 'log').read_text()[-4000:]}")
                    weighed.append(process.memory_info().rss / 2**20)
                    if passed // _NEWS_S > new:
                        new += 1
                        name = names[new % feeds]
                        site.replace(name, _document(name, new // feeds + 1))
                cpu = process.cpu_times()
            finally:
                daemon.send_signal(signal.SIGTERM)
                code = daemon.wait(30)
    quarter = len(weighed) // 4
    settled, end = statistics.median(weighed[quarter : 2 * quarter]), statistics.median(weighed[-quarter:])
    return {
        "feeds": feeds,
        "seconds": round(seconds),
        "settled_mb": round(settled, 1),
        "end_mb": round(end, 1),
        "grew_mb": round(end - settled, 1),
        "served": new,
        "told": (work / "log").read_text().count(": 1 new of "),
        "cpu_s": round(cpu.user + cpu.system, 1),
        "exit": code,
    }


def _document(name: str, news: int) -> Reply:
    words = [f"What {name} has to say in its part {number}: {'word ' * 40}" for number in range(_ENTRIES + news)]
    return Reply(body=feed(name, *words))


def main() -> None:
    """Run it and print the result; exit with 1 when the daemon grew or did not end well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=6)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-lasting-") as work:
        found = run(given.feeds, given.minutes * 60, Path(work))
    print(json.dumps(found))
    sys.exit(found["exit"] != 0 or float(str(found["grew_mb"])) > MOST_MB)


if __name__ == "__main__":
    main()
