"""kill -9 within `restore`, at each of its calls that touch a file: is there one whole store afterwards, and is what was forgotten gone?

    python -m bench.restores

Needs strace (Linux), which kills at the n-th call of a kind. Before each kill a store with three entries is to be replaced by a copy with
one, which was forgotten since; after it the store must pass SQLite's integrity check, hold either three entries or the one, and have
that one forgotten. Prints one JSON object; `broken`, `torn` and `remembered` must be 0.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from aggregator.store import backup
from aggregator.store.sql import SqlStore
from bench.command import REPOSITORY
from tests.ledger import HOUR, blogs, held, poll, post
from tests.makers import NOON

CALLS = (
    "fsync",
    "fdatasync",
    "rename,renameat,renameat2",
    "link,linkat",
    "unlink,unlinkat",
    "ftruncate",
    "pwrite64",
    "chmod,fchmod,fchmodat",
)
_SECRET = "00112233445566778899aabbccddeeff"
_RESTORE = (
    "import sys; from pathlib import Path; from aggregator.store.backup import restore; folder = Path(sys.argv[1]);"
    "restore(folder / 'copy.db', folder / 'store.db', folder / 'kept.db')"
)


def prepared(folder: Path) -> None:
    """A store with three entries, and a copy of the time when it had one, which was forgotten since."""
    path = folder / "store.db"
    with closing(SqlStore(str(path))) as store:
        store.sync(blogs("blog"), NOON)
        poll(store, [("blog", [post(1)])])
        backup.save(path, folder / "copy.db")
        poll(store, [("blog", [post(2), post(3)])], NOON + HOUR)
        store.forget([(held(store, 1).pk, True)], NOON + 2 * HOUR, _SECRET)


def killed(folder: Path, call: str, number: int) -> bool:
    """Restore, and be killed at the n-th call of a kind; False if there was none."""
    inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]
    command = [*inject, sys.executable, "-c", _RESTORE, str(folder)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False).returncode != 0


def judged(folder: Path) -> str:
    """What is left: `old`, `new`, or what is wrong with it."""
    path = folder / "store.db"
    try:
        with closing(SqlStore(str(path))) as store:
            entries, forgotten = store.counts()["entry"], held(store, 1).withdrawn
    except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
        print(f"{path}: {error!r}", file=sys.stderr)
        return "broken"
    with closing(sqlite3.connect(path)) as conn:
        if conn.execute("PRAGMA integrity_check").fetchone() != ("ok",) or entries not in (1, 3):
            return "torn"
    return ("new" if entries == 1 else "old") if forgotten else "remembered"


def run(work: Path) -> dict[str, int]:
    """Kill at every call of every kind, and count what was left."""
    found = dict.fromkeys(("kills", "old", "new", "broken", "torn", "remembered"), 0)
    (work / "first").mkdir()
    prepared(work / "first")
    for call in CALLS:
        number = 1
        while True:
            folder = work / "trial"
            shutil.copytree(work / "first", folder)
            if not killed(folder, call, number):
                shutil.rmtree(folder)
                break
            found[judged(folder)] += 1
            found["kills"] += 1
            number += 1
            shutil.rmtree(folder)
        print(f"{call}: {number - 1}", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Run from the command line."""
    if shutil.which("strace") is None:
        sys.exit("bench.restores needs strace")
    with tempfile.TemporaryDirectory() as work:
        print(json.dumps(run(Path(work))))


if __name__ == "__main__":
    main()
