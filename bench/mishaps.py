"""Faults of the place: is anything torn, lost or doubled, is the reason said, and does it recover by itself?

    python -m bench.mishaps [--only disk,calls,folder,clock,lock,config,second,stop] [--points 2] [--sizes 50] [--stops 20] [--seed 1]

Real commands and real daemons poll a loopback server that adds an entry to every feed each round, while

    disk     the file system of store and outputs, or of the outputs alone, has room for so few kB only (50 sizes each), then room again
    calls    one call that changes something fails with ENOSPC, EIO, EROFS or EDQUOT (`strace` injects it; so many points of each call)
    folder   the folder of outputs becomes read-only, and is taken away, under a running daemon
    clock    the clock stands a year or a day ahead, at the changes of daylight saving time, and back again (`faketime`)
    lock     another process holds an exclusive lock on the store for a minute, under a command and a daemon
    config   feeds.yaml is replaced by a half, an empty one, a folder, bytes that are no text, twice the same key, and no feeds
    second   a second daemon is started on the same store
    stop     the daemon gets SIGTERM at random moments

Each time the store must be sound and every output whole, also for who had begun to read it before. What it must tell, and that nothing is
lost or doubled in the end, is asked besides.

Needs root and Linux for `disk` and `folder`, strace and faketime for `calls` and `clock`; what is missing is named under `skipped`. Prints
one JSON object: for each fault how often it was tried, and `bad`, a list of what went wrong; exits with 1 when any list has something.
"""

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.kills import SlowReaders, grown, is_sound, ledger, parses, release
from bench.loopback import LoopbackSite, Reply
from tests.e2e.running import REPOSITORY, Running, free_port, started

FEEDS = 6
ERRORS = ("ENOSPC", "EIO", "EROFS", "EDQUOT")
CALLS = ("write", "pwrite64", "fsync", "fdatasync", "rename,renameat,renameat2", "unlink,unlinkat", "ftruncate")
# The program keeps 500 MB free by polling nothing; what it does when the disk is full all the same is asked here.
_TO_THE_LAST_BYTE = "import aggregator.app as app, sys; app.MIN_FREE_BYTES = 0; from aggregator.cli import main; main(sys.argv[1:])"
_LOCK = (
    "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('begin exclusive');"
    "print('held', flush=True); time.sleep(float(sys.argv[2]))"
)
_ROOM_KB = 2400
_OUTPUTS_KB = 200
_DST = ("2027-03-28 00:59:55", "2027-10-31 00:59:55")


@dataclass
class World:
    """Feeds that grow, and a folder whose feeds.yaml subscribes to them."""

    site: LoopbackSite
    names: Sequence[str]
    folder: Path
    every: str = "1s"
    port: int = 0
    rounds: int = 1
    tried: int = 0
    bad: list[str] = field(default_factory=list)
    readers: SlowReaders = field(default_factory=SlowReaders)

    def __post_init__(self) -> None:
        self.configure()

    @property
    def store(self) -> Path:
        return self.folder / "aggregator.db"

    def configure(self, text: str | None = None) -> None:
        """Write feeds.yaml as editors do: beside it, and then in its place."""
        lines = ["contact: https://planet.example.org/about", f"defaults: {{ allow_private: true, every: {self.every} }}"]
        lines += [f"http: {{ listen: 127.0.0.1:{self.port} }}", "newcomer_entries: 10000", "outputs:"]
        lines += ["  - { path: atom.xml, max_entries: 100000 }", "  - rss.xml", "  - feed.json", "  - index.html", "feeds:"]
        lines += [f"  - {{ url: {self.site.url(name)}, id: {name} }}" for name in self.names]
        beside = self.folder / "feeds.yaml.new"
        beside.write_text(text if text is not None else "\n".join(lines) + "\n")
        beside.replace(self.folder / "feeds.yaml")

    def grow(self) -> None:
        """Let every feed have one more entry."""
        self.rounds += 1
        for name in self.names:
            self.site.replace(name, Reply(body=grown(name, self.rounds)))

    def bring(self) -> None:
        """Let every feed have one more entry, and be due."""
        self.grow()
        release(self.store)

    def update(self, *before: str, timeout_s: float = 120, full: bool = False) -> subprocess.CompletedProcess[str]:
        """Run `update`, behind another command if one is given; what it left is looked at."""
        program = ["-c", _TO_THE_LAST_BYTE] if full else ["-m", "aggregator"]
        command = [*before, sys.executable, *program, "-c", str(self.folder / "feeds.yaml"), "update"]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=timeout_s, check=False)
        self.look(" ".join(before[-3:]), done.stderr)
        return done

    def look(self, what: str, said: str = "") -> None:
        """Note whatever is wrong now."""
        self.tried += 1
        if "Traceback" in said:
            self.bad.append(f"{what}: a traceback: {said[-400:]}")
        if not _is_sound(self.store):
            self.bad.append(f"{what}: the store is corrupt")
        self.bad += [f"{what}: {path.name} is torn" for path in (self.folder / "public").glob("*") if path.is_file() and _is_torn(path)]
        self.bad += [f"{what}: {path.name} changed under who was reading it" for path in self.readers.torn()]
        self.readers.begin(self.folder / "public")

    def settle(self) -> None:
        """One undisturbed round, after which everything that was ever served must be there once."""
        release(self.store)
        done = self.update()
        if done.returncode:
            self.bad.append(f"it does not recover: {done.returncode} {done.stderr[-400:]}")
            return
        found = ledger(self.folder, self.names, self.rounds)
        self.bad += [f"{name}: {found[name]} of {found['served']}" for name in ("lost", "doubled") if found[name]]

    def asks(self, path: str) -> str:
        """What the daemon's web server says."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError as error:
            return str(error)

    def stored(self) -> int:
        """How many entries the store holds."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=30)) as conn:
            return int(conn.execute("select count(*) from entry").fetchone()[0])

    @property
    def served(self) -> int:
        return self.rounds * len(self.names)

    @contextmanager
    def daemon(self) -> Iterator[Running]:
        self.port = free_port()
        self.configure()
        with started(self.folder) as running:
            yield running
            running.stop()
            self.look("the daemon", running.says())


def _is_sound(store: Path) -> bool:
    """Whether a copy of the store is sound: to look at it takes room, which may not be there."""
    with tempfile.TemporaryDirectory() as folder:
        for end in ("", "-wal"):
            if (found := store.with_name(store.name + end)).exists():
                shutil.copyfile(found, Path(folder) / found.name)
        return is_sound(Path(folder) / store.name)


def _is_torn(path: Path) -> bool:
    try:
        return not path.name.startswith(".") and path.suffix in (".xml", ".json", ".html") and not parses(path)
    except Exception:  # noqa: BLE001 - whatever the parser says, the file is torn
        return True


def _say(world: World, running: Running, what: str, holds: Callable[[], object], within_s: float = 60) -> None:
    try:
        running.until(holds, within_s)
    except AssertionError as error:
        world.bad.append(f"{what}: {str(error)[-600:]}")


# ── the faults ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def disk(world: World, given: argparse.Namespace) -> None:
    """A file system that is full but for so many kB: that of all, then that of the outputs alone, which fails later."""
    for number in range(given.sizes):
        # From nothing to where all has room, closest where there is little.
        share = (number / max(1, given.sizes - 1)) ** 2
        _filled(world, f"all{number}", "", round(_ROOM_KB * share))
        _filled(world, f"outputs{number}", "public", round(_OUTPUTS_KB * share))


def _filled(world: World, name: str, place: str, room: int) -> None:
    folder = world.folder / name
    full = folder / place
    full.mkdir(parents=True)
    _mount("-t", "tmpfs", "-o", "size=64m", "tmpfs", str(full))
    try:
        one = World(world.site, world.names, folder, rounds=world.rounds)
        one.update(full=True)
        # While there is room to write it down: a poll that is not due would meet nothing.
        one.bring()
        state = os.statvfs(full)
        used = (state.f_blocks - state.f_bfree) * state.f_frsize // 1024
        _mount("-o", f"remount,size={used + 4 + room}k", str(full))
        done = one.update(full=True)
        said = done.stdout + done.stderr
        if done.returncode and "space" not in said.lower() and "full" not in done.stderr.lower():
            one.bad.append(f"{name}, {room} kB free: it does not say why: {done.returncode} {said[-600:]}")
        _mount("-o", "remount,size=64m", str(full))
        release(one.store)
        one.update(full=True)
        found = ledger(folder, one.names, one.rounds)
        one.bad += [f"{name}, {room} kB: {wrong} {found[wrong]}" for wrong in ("lost", "doubled") if found[wrong]]
        one.readers.end()
        world.rounds, world.tried, world.bad = one.rounds, world.tried + one.tried, world.bad + one.bad
    finally:
        subprocess.run(["umount", "-l", str(full)], check=False, capture_output=True)


def calls(world: World, given: argparse.Namespace) -> None:
    """One call fails."""
    draw = random.Random(given.seed)
    world.update()
    for call in CALLS:
        world.bring()
        trace = world.folder / "trace"
        world.update("strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={call}")
        count = sum("(" in line for line in trace.read_text(errors="replace").splitlines())
        for error in ERRORS:
            for at in sorted(draw.sample(range(1, count + 1), min(given.points, count))):
                world.bring()
                inject = ["-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={at}"]
                done = world.update("strace", "-f", "-qq", "-o", "/dev/null", *inject)
                if done.returncode not in (0, 1, 2):
                    world.bad.append(f"{call} {error} at {at}: ended with {done.returncode}: {done.stderr[-300:]}")
    world.settle()


def folder(world: World, given: argparse.Namespace) -> None:
    """The outputs' folder cannot be written, then is gone."""
    root = world.folder / "public"
    with world.daemon() as running:
        _say(world, running, "the first outputs", lambda: f"of {world.names[0]}" in world.asks("atom.xml"))
        before = (root / "atom.xml").read_bytes()
        _mount("--bind", str(root), str(root))
        try:
            _mount("-o", "remount,bind,ro", str(root))
            world.bring()
            _say(world, running, "storing goes on", lambda: world.stored() == world.served)
            _say(world, running, "healthz says what is wrong", lambda: "read-only" in world.asks("healthz").lower())
            _say(world, running, "status says what is wrong", lambda: "read-only" in world.asks("status").lower())
            if (root / "atom.xml").read_bytes() != before:
                world.bad.append("an output changed in a folder that is read-only")
        finally:
            _mount("-o", "remount,bind,rw", str(root))
            newest = f"Entry {world.rounds} of {world.names[0]}"
            _say(world, running, "it recovers from read-only", lambda: newest in world.asks("atom.xml"))
            subprocess.run(["umount", "-l", str(root)], check=False, capture_output=True)
        root.rename(world.folder / "elsewhere")
        world.bring()
        newest = f"Entry {world.rounds} of {world.names[0]}"
        _say(world, running, "it recovers when the folder is gone", lambda: newest in world.asks("atom.xml"))
        shutil.rmtree(world.folder / "elsewhere")
    world.settle()


def clock(world: World, given: argparse.Namespace) -> None:
    """The clock of another day, and back."""
    world.every = "15m"
    world.configure()
    world.update()
    now = time.time()
    days = [
        ("a day on", now + 86_400, "UTC"),
        ("a year on", now + 31_536_000, "UTC"),
        ("back", now, "UTC"),
        ("a year back", now - 31_536_000, "UTC"),
    ]
    days += [(f"DST {at}", time.mktime(time.strptime(f"{at} UTC", "%Y-%m-%d %H:%M:%S %Z")) - time.timezone, "Europe/Berlin") for at in _DST]
    days += [("back again", now + 3600, "UTC")]
    for what, moment, zone in days:
        world.grow()
        asked = len(world.site.requests())
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))
        done = world.update("env", "TZ=UTC", "faketime", stamp, "env", f"TZ={zone}")
        requests = len(world.site.requests()) - asked
        if what == "a year back":
            if done.returncode == 0 or "before this program was released" not in done.stderr or requests:
                world.bad.append(f"{what}: {done.returncode}, {requests} requests: {done.stderr[-300:]}")
        elif requests != len(world.names):
            world.bad.append(
                f"{what}: {requests} requests for {len(world.names)} feeds that are due: {done.stdout[-300:]} {done.stderr[-300:]}"
            )
    world.every = "1s"
    world.configure()
    world.settle()


def lock(world: World, given: argparse.Namespace) -> None:
    """Somebody else holds the store."""
    world.update()
    for held_s in (5.0, given.locked):
        world.bring()
        with _held(world.store, held_s):
            world.update(timeout_s=held_s + 120)
    with world.daemon() as running:
        _say(world, running, "the daemon runs", lambda: f"of {world.names[0]}" in world.asks("atom.xml"))
        with _held(world.store, given.locked):
            world.grow()
            if f"of {world.names[0]}" not in world.asks("atom.xml"):
                world.bad.append("nothing is served while the store is locked")
        release(world.store)
        _say(world, running, "it goes on after the lock", lambda: world.stored() == world.served, 120)
    world.settle()


@contextmanager
def _held(store: Path, seconds: float) -> Iterator[None]:
    holder = subprocess.Popen([sys.executable, "-c", _LOCK, str(store), str(seconds)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        yield
    finally:
        holder.wait()
        holder.stdout.close()


def config(world: World, given: argparse.Namespace) -> None:
    """Broken edits of feeds.yaml under a daemon."""
    with world.daemon() as running:
        _say(world, running, "the daemon runs", lambda: f"of {world.names[0]}" in world.asks("atom.xml"))
        path = world.folder / "feeds.yaml"
        good = path.read_text()
        broken = {
            "half": good[: len(good) // 2 + 7] + '"',
            "empty": "",
            "a folder": None,
            "a NUL": good + "\x00",
            "duplicate keys": good + "contact: https://planet.example.org/again\n",
            "no feeds": good[: good.index("feeds:")] + "feeds: []\n",
        }
        for what, text in broken.items():
            if text is None:
                path.unlink()
                path.mkdir()
            else:
                world.configure(text)
            _say(world, running, f"{what}: healthz says so", lambda: "feeds.yaml" in world.asks("healthz"))
            world.bring()
            _say(world, running, f"{what}: the last good one stays", lambda: world.stored() == world.served)
            if path.is_dir():
                path.rmdir()
            world.configure()
            _say(world, running, f"{what}: the good one is taken up", lambda: "feeds.yaml" not in world.asks("healthz"))
            world.tried += 1
    world.settle()


def second(world: World, given: argparse.Namespace) -> None:
    """A second daemon."""
    with world.daemon() as running:
        _say(world, running, "the daemon runs", lambda: f"of {world.names[0]}" in world.asks("atom.xml"))
        command = [sys.executable, "-m", "aggregator", "-c", str(world.folder / "feeds.yaml"), "run"]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 1 or str(running.process.pid) not in done.stderr:
            world.bad.append(f"the second one: {done.returncode} {done.stderr[-300:]}")
    world.settle()


def stop(world: World, given: argparse.Namespace) -> None:
    """SIGTERM at any moment."""
    draw = random.Random(given.seed)
    for _ in range(given.stops):
        world.grow()
        with world.daemon() as running:
            threading.Event().wait(draw.uniform(0.1, 4))
            took = running.stop()
            if took > 10 or running.process.returncode not in (0, -15):
                world.bad.append(f"it took {took:.1f} s to end with {running.process.returncode}")
        release(world.store)
    world.settle()


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


FAULTS: dict[str, Callable[[World, argparse.Namespace], None]] = {
    found.__name__: found for found in (disk, calls, folder, clock, lock, config, second, stop)
}


def _lacks(name: str) -> str | None:
    if name in ("disk", "folder") and not (sys.platform.startswith("linux") and os.geteuid() == 0):
        return "needs root and Linux, to mount"
    tool = {"calls": "strace", "clock": "faketime"}.get(name)
    return f"needs {tool}" if tool and shutil.which(tool) is None else None


def main() -> None:
    """Run them and print the result; exit with 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(FAULTS))
    parser.add_argument("--sizes", type=int, default=50)
    parser.add_argument("--points", type=int, default=2)
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--locked", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    result: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for name in given.only.split(","):
        if (reason := _lacks(name)) is not None:
            skipped[name] = reason
            continue
        began = time.monotonic()
        names = [f"k{number}" for number in range(FEEDS)]
        with tempfile.TemporaryDirectory() as work, LoopbackSite({one: Reply(body=grown(one, 1)) for one in names}) as site:
            world = World(site, names, Path(work))
            FAULTS[name](world, given)
        result[name] = {"tried": world.tried, "bad": world.bad, "seconds": round(time.monotonic() - began, 1)}
        print(f"{name}: {json.dumps(result[name])}", file=sys.stderr, flush=True)
    print(json.dumps({**result, "skipped": skipped, "seed": given.seed}))
    sys.exit(1 if any(found["bad"] for found in result.values()) else 0)


if __name__ == "__main__":
    main()
