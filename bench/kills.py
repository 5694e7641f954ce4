"""kill -9 at random moments of poll and publish: is the store whole, is every output whole, is anything lost or doubled?

    python -m bench.kills [--kills 100] [--seed 1] [--feeds 12]

A loopback server adds an entry to every feed each round; the real command polls and publishes and is killed somewhere on the way. After
each kill the store must pass SQLite's integrity check, every output must parse, and who had begun to read one must get the whole of it;
after the last, one undisturbed round must leave every entry that was ever served in the store, once. Prints one JSON object; `corrupt`,
`torn`, `lost` and `doubled` must be 0.
"""

import argparse
import gzip
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

import brotli
import feedparser
from lxml import etree

from bench.loopback import LoopbackSite, Reply
from tests.e2e.running import REPOSITORY

_CODINGS: Final = {".gz": gzip.decompress, ".br": brotli.decompress}
CYCLE_S = 1.6  # a whole round of the command takes about so long; kills fall anywhere in it


def run(kills: int, feeds: int, seed: int, work: Path) -> dict[str, int]:
    """Kill so many rounds, then let one finish, and count what is wrong."""
    draw = random.Random(seed)
    names = [f"k{number}" for number in range(feeds)]
    found = {"kills": 0, "survived": 0, "corrupt": 0, "torn": 0}
    readers = SlowReaders()
    with LoopbackSite({name: Reply(body=grown(name, 1)) for name in names}) as site:
        lines = ["contact: https://planet.example.org/about", "defaults: { allow_private: true, every: 1s }", "outputs:"]
        lines += [
            "  - { path: atom.xml, max_entries: 100000 }",
            "  - rss.xml",
            "  - feed.json",
            "  - index.html",
            "newcomer_entries: 10000",
            "feeds:",
        ]
        (work / "feeds.yaml").write_text("\n".join(lines + [f"  - {{ url: {site.url(name)}, id: {name} }}" for name in names]) + "\n")
        for turn in range(2, kills + 2):
            for name in names:
                site.replace(name, Reply(body=grown(name, turn)))
            readers.begin(work / "public")
            killed = _killed(work, draw.uniform(0.05, CYCLE_S))
            found["kills" if killed else "survived"] += 1
            found["corrupt"] += not is_sound(work / "aggregator.db")
            found["torn"] += len(readers.torn())
            found["torn"] += sum(not parses(path) for path in (work / "public").glob("*") if path.is_file() and path.name[0] != ".")
        readers.end()
        threading.Event().wait(1.2)
        subprocess.run(_command(work), cwd=REPOSITORY, check=True, capture_output=True)
    return {**found, **ledger(work, names, kills + 1)}


def grown(name: str, count: int) -> bytes:
    """A feed of so many entries without dates."""
    items = "".join(
        f"<item><guid isPermaLink='false'>tag:{name}.example,2026:{number}</guid><title>Entry {number} of {name}</title>"
        f"<link>https://{name}.example/{number}</link><description>Text {number}.</description></item>"
        for number in range(1, count + 1)
    )
    return f"<rss version='2.0'><channel><title>{name}</title><link>https://{name}.example/</link>{items}</channel></rss>".encode()


def _command(work: Path) -> list[str]:
    return [sys.executable, "-m", "aggregator", "-c", str(work / "feeds.yaml"), "update"]


def _killed(work: Path, after_s: float) -> bool:
    process = subprocess.Popen(_command(work), cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        # The lease of a killed poll would hold the next round up for minutes; it runs out by itself, which the contract tests show.
        release(work / "aggregator.db")
        return True
    return False


def release(store: Path) -> None:
    """Let every feed be due, as if its lease and its wait had run out."""
    if store.exists():
        with sqlite3.connect(store) as connection:
            if connection.execute("select count(*) from sqlite_master where name = 'feed'").fetchone()[0]:
                connection.execute("update feed set next_poll_at = 0, lease_until = null, lease_token = null")
                connection.execute("update operator_hold set next_start = null")
        connection.close()


def is_sound(store: Path) -> bool:
    """Whether SQLite finds nothing wrong with the store; one that is not there yet is sound."""
    if not store.exists():
        return True
    connection = sqlite3.connect(store)
    try:
        whole = connection.execute("pragma integrity_check").fetchone()[0] == "ok"
        return whole and not connection.execute("pragma foreign_key_check").fetchall()
    finally:
        connection.close()


class SlowReaders:
    """Readers that have begun to read each output, and read on when it was replaced meanwhile: they must get the whole of what they began.

    They find a file that is written in place, however quickly, and whether or not that ends well.
    """

    def __init__(self) -> None:
        self._begun: dict[Path, tuple[IO[bytes], bytes]] = {}

    def begin(self, folder: Path) -> None:
        """Let somebody begin to read whatever stands in a folder now."""
        self.end()
        for path in folder.glob("*"):
            if path.is_file() and not path.name.startswith("."):
                file = path.open("rb", buffering=0)
                self._begun[path] = file, file.read()

    def torn(self) -> list[Path]:
        """The files of which they get something else than what stood there when they began."""
        return [path for path, (file, whole) in self._begun.items() if os.pread(file.fileno(), len(whole) + 1, 0) != whole]

    def end(self) -> None:
        for file, _ in self._begun.values():
            file.close()
        self._begun.clear()


def parses(path: Path) -> bool:
    """Whether an output, or a compressed copy of one, is whole."""
    body, name = path.read_bytes(), path.name
    if path.suffix in _CODINGS:
        body, name = _CODINGS[path.suffix](body), path.stem
    if name.endswith(".json"):
        return isinstance(json.loads(body), dict)
    if name.endswith(".html"):
        return body.rstrip().endswith(b"</html>")
    return name.endswith(".css") or etree.fromstring(body) is not None


def ledger(work: Path, names: Sequence[str], count: int) -> dict[str, int]:
    """What was served, `count` entries a feed, beside what the store and the Atom output hold: lost and doubled entries."""
    connection = sqlite3.connect(work / "aggregator.db")
    stored = [row[0] for row in connection.execute("select published_id from entry")]
    connection.close()
    served = {f"tag:{name}.example,2026:{number}" for name in names for number in range(1, count + 1)}
    listed = [entry.id for entry in feedparser.parse((work / "public" / "atom.xml").read_bytes()).entries]
    return {
        "served": len(served),
        "lost": len(served - set(stored)) + len(served - set(listed)),
        "doubled": len(stored) - len(set(stored)) + len(listed) - len(set(listed)),
    }


def main() -> None:
    """Run it and print the result; exit with 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--feeds", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = run(given.kills, given.feeds, given.seed, Path(folder))
    print(json.dumps({**found, "seed": given.seed, "seconds": round(time.monotonic() - began, 1)}))
    sys.exit(1 if any(found[wrong] for wrong in ("corrupt", "torn", "lost", "doubled")) else 0)


if __name__ == "__main__":
    main()
