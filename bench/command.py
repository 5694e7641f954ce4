"""The real command in a folder of its own: a feeds.yaml, a process, and what it leaves behind."""

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import psutil

from aggregator.model import Entry, JsonValue, StoredEntry
from aggregator.store.sql import SqlStore

REPOSITORY = Path(__file__).resolve().parents[1]
LINK = "https://planet.example.org/"  # where the outputs say that they are served
LISTING_OUTPUTS = ("atom.xml", "rss.xml", "feed.json")  # those that list whatever is stored
EVERYTHING = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run of the command: `cpu_s` counts user and system time of all its processes, `peak_mb` their resident sets together."""

    code: int
    stdout: str = field(repr=False)
    stderr: str = field(repr=False)
    seconds: float
    cpu_s: float
    peak_mb: float

    def json(self) -> JsonValue:
        """What it printed under `--json`."""
        return cast("JsonValue", json.loads(self.stdout))


class Workshop:
    """A folder with a feeds.yaml in which the command is run."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.root = folder / "public"
        self.tracebacks: list[str] = []  # what runs printed on stderr, of those that showed one: bugs that no report tells of

    def write(
        self,
        feeds: Mapping[str, str],
        *,
        max_entries: int = EVERYTHING,
        own_outputs: Sequence[str] = (),
        client: str = "requests",
        newcomer_entries: int = EVERYTHING,
    ) -> None:
        """Write a feeds.yaml for these feeds (address by id): everything republished in full, up to `max_entries` listed.

        The feeds in `own_outputs` also get outputs of their own: `own/ID.atom.xml`, `own/ID.rss.xml` and `own/ID.json`.
        """
        lines = [
            "title: Bench",
            f"link: {LINK}",
            f"contact: {LINK}about",
            "store: aggregator.db",
            "root: public",
            f"client: {client}",
            f"newcomer_entries: {newcomer_entries}",
            "defaults: { every: 60m, republish: full, allow_private: true }",
            "outputs:",
            *(f"  - {{ path: {path}, max_entries: {max_entries}, max_bytes: 999999999 }}" for path in LISTING_OUTPUTS),
            "  - index.html",
            "  - opml.xml",
            *(line for id_ in own_outputs for line in _own_outputs(id_)),
            "feeds:",
            *(f"  - {{ id: {id_}, url: {json.dumps(url)} }}" for id_, url in feeds.items()),
        ]
        (self.folder / "feeds.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def run(self, *arguments: str, timeout_s: float = 1800) -> Ran:
        """Run `aggregator -c feeds.yaml ARGUMENTS` to its end. Raises: RuntimeError when it ends as no command should (2 or a signal)."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "aggregator", "-c", str(self.folder / "feeds.yaml"), *arguments],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # Installed programs have their bytecode; a setting that keeps a checkout clean would have it compiled at every start.
            env={**os.environ, "PYTHONHASHSEED": "0", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": ""},
        )
        with _watched(process.pid) as peak:
            try:
                stdout, stderr = process.communicate(timeout=timeout_s)
            except BaseException:
                process.kill()
                raise
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        ran = Ran(
            code=process.returncode,
            stdout=stdout,
            stderr=stderr,
            seconds=round(time.monotonic() - started, 2),
            cpu_s=round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
            peak_mb=round(peak[0] / 2**20, 1),
        )
        if "Traceback (most recent call last)" in stderr:
            self.tracebacks.append(stderr[-8000:])
        if ran.code not in (0, 1):
            raise RuntimeError(f"aggregator {' '.join(arguments)[:80]} ended with {ran.code}:\n{stderr[-4000:]}")
        return ran

    def outputs(self) -> dict[str, bytes]:
        """The bytes of every file below the folder of outputs, by path."""
        return {str(path.relative_to(self.root)): path.read_bytes() for path in sorted(self.root.rglob("*")) if path.is_file()}

    def files(self) -> set[str]:
        """The paths of all files in the folder."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file() or path.is_symlink()}

    @contextmanager
    def store(self) -> Iterator[SqlStore]:
        store = SqlStore(str(self.folder / "aggregator.db"))
        try:
            yield store
        finally:
            store.close()

    def stored(self) -> dict[str, list[StoredEntry]]:
        """All stored entries by the id of their feed."""
        found: dict[str, list[StoredEntry]] = {}
        with self.store() as store:
            for batch in store.changed_stories("(the bench)", "(everything)"):
                for _, members in batch:
                    for member in members:
                        found.setdefault(member.feed_id, []).append(member)
        return found

    def listed(self, output: str) -> dict[str, list[Entry]]:
        """The entries of each story that an output lists, by published id."""
        with self.store() as store:
            listing = store.listing(output, EVERYTHING, per_feed=None, not_before=None)
        return {publication.published_id: [member.entry for member in members] for publication, members in listing}


def _own_outputs(id_: str) -> list[str]:
    formats = {f"own/{id_}.atom.xml": "atom", f"own/{id_}.rss.xml": "rss", f"own/{id_}.json": "json"}
    return [f"  - {{ path: {path}, format: {name}, feeds: [{id_}], max_bytes: 999999999 }}" for path, name in formats.items()]


def changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    """The paths that are not the same in both."""
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


def polls(ran: Ran) -> list[Mapping[str, JsonValue]]:
    """The poll reports in what `poll --json` or `update --json` printed."""
    printed = ran.json()
    return cast("list[Mapping[str, JsonValue]]", printed["polls"] if isinstance(printed, Mapping) else printed)


def total(reports: Sequence[Mapping[str, JsonValue]], name: str) -> int:
    """The sum of one count over reports."""
    return sum(cast("int", report.get(name) or 0) for report in reports)


@contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """Sample the resident memory of a process and its children; the list's one item is the peak in bytes."""
    peak = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            peak[0] = max(peak[0], _resident(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def _resident(pid: int) -> int:
    """What a process and its children hold; what several of them share counts once, where the system says (Linux)."""
    try:
        process = psutil.Process(pid)
        found = [each.memory_full_info() for each in [process, *process.children(recursive=True)]]
        return sum(getattr(each, "pss", each.rss) for each in found)
    except psutil.Error:
        return 0
