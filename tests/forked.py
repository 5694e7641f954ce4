"""Processes that begin as copies of this one: what an interpreter of their own would first import is there already.

For tests of what another process does; what one does from its very start is tested by the command itself (`tests/e2e/running.py`).
A store that a copy is to open must be closed here before: SQLite's locks do not survive a fork.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

# macOS has libraries that do not survive a fork: there it is an interpreter of its own.
_CONTEXT: Any = get_context("fork" if sys.platform.startswith("linux") else "spawn")


class Forked:
    """A process that does `work(line, *arguments)` and ends; `line` is its end of a pipe to here. `work` stands at the top of a module.

    Speaks of its life as `subprocess.Popen` does. Leaving the context kills it.
    """

    def __init__(self, work: Callable[..., None], *arguments: object) -> None:
        self.line, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=work, args=(theirs, *arguments))
        self._process.start()
        theirs.close()
        self.pid = int(self._process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.kill()
        self.wait()
        self.line.close()

    @property
    def returncode(self) -> int | None:
        code = self._process.exitcode
        return None if code is None else int(code)

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return self.returncode

    def kill(self) -> None:
        self._process.kill()

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def told(self) -> list[Any]:
        """All that it sends until it ends."""
        heard = []
        try:
            while True:
                heard.append(self.line.recv())
        except (EOFError, ConnectionError):
            return heard


def command(line: Connection, arguments: list[str], log: Path, hup: signal.Handlers = signal.SIG_DFL) -> None:
    """Work of a `Forked`: `aggregator ARGUMENTS`, which says on `log` what it says on stderr, and reads documents by itself.

    It begins with SIGHUP as told, whatever the tests were started with: under nohup, or behind a script's `&`, signals are ignored.
    """
    from aggregator.cli import main
    from tests.e2e.running import lent

    line.close()
    signal.signal(signal.SIGHUP, hup)
    with log.open("wb") as told, Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(told.fileno(), 2)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
    main(arguments, lent)
