"""One daemon per store."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.errors import AggregatorError
from aggregator.run.lock import DaemonLock

_HOLDER = """
import sys
from pathlib import Path
from aggregator.run.lock import DaemonLock
DaemonLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""

_HOLDER_WITH_A_CHILD = """
import os, sys
from pathlib import Path
from aggregator.run.lock import DaemonLock
DaemonLock(Path(sys.argv[1])).acquire()
if os.fork() == 0:
    print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "aggregator.db"


def _holder(store: Path, program: str = _HOLDER) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", program, store], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_daemon_is_told_which_process_is_the_first(store: Path) -> None:
    with _holder(store) as first:
        with pytest.raises(AggregatorError, match=f"process {first.pid}"):
            DaemonLock(store).acquire()
        first.kill()


def test_a_killed_daemon_leaves_the_store_free(store: Path) -> None:
    with _holder(store) as first:
        first.kill()
        first.wait()
    with DaemonLock(store) as lock:
        assert lock.path.read_text() == f"{os.getpid()}\n"


def test_a_released_lock_can_be_taken_again_in_the_same_process(store: Path) -> None:
    first, second = DaemonLock(store), DaemonLock(store)
    first.acquire()
    with pytest.raises(AggregatorError, match=str(os.getpid())):
        second.acquire()
    first.release()
    second.acquire()
    second.release()
    second.release()


def test_a_child_that_outlives_a_killed_daemon_does_not_keep_the_lock(store: Path) -> None:
    with _holder(store, _HOLDER_WITH_A_CHILD) as first:
        first.kill()
        first.wait()
        with DaemonLock(store):  # The child, an orphaned parser, still waits for its standard input.
            pass


def test_a_folder_that_cannot_be_written_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(AggregatorError, match="lock file cannot be opened"):
        DaemonLock(tmp_path / "absent" / "aggregator.db").acquire()
