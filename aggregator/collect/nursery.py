"""Where the children of a `ChildPool` come from: each is a fork of one process that has imported and built what their work takes.

An interpreter of its own would need more than a second of processor time for that, and the same memory again. A fork is there within
milliseconds, so a child that was stopped is replaced at once. That process reads no document, and has one thread.
"""

import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from aggregator.collect.worker import NONE, ORDER, REPLY

# What the work takes is imported and built before the first child is born; on a machine under load that may take long.
START_S = 60.0
# A fork, or a child's end, takes milliseconds; a stop of the program waits for an answer, too.
REPLY_S = 3.0
# The process imports from where we do. -P keeps the current folder, where anything may lie, out of that.
_BOOT = "import sys; sys.path[:] = sys.argv[2:]; from aggregator.collect.worker import main; main(sys.argv[1])"


@dataclass(frozen=True, slots=True)
class Born:
    """A child: its process and our ends of its two pipes, which do not block."""

    number: int
    requests: int
    answers: int

    def is_silent(self) -> bool:
        """Whether it is there and says nothing, as between two requests. One that died has closed its pipe."""
        poller = select.poll()
        poller.register(self.answers, select.POLLIN)
        return not poller.poll(0)

    def close(self) -> None:
        """Close our ends: where it waits for a request, it ends."""
        os.close(self.requests)
        os.close(self.answers)


class Nursery:
    """Bears children that do `task` (`worker.Task`), and ends them.

    What they are forked from starts with the first, and ends with this one, however that ends. Several threads may use it at once.
    """

    def __init__(self, task: str, *, reply_s: float = REPLY_S) -> None:
        self._task = task
        self._reply_s = reply_s
        self._lock = threading.Lock()
        self._nurse: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._owner = 0
        self._is_closed = False

    def born(self, *, max_mb: int, cpu_s: float) -> Born:
        """Another child, which may take so much for a request. Raises `OSError`, also when `close` comes before it is born."""
        with self._lock, contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            line = self._running()
            taken, requests = _pipe(theirs, ours)
            answers, given = _pipe(ours, theirs)
            number = self._reply(line, ORDER.pack(0, max_mb, int(cpu_s * 1000)), taken, given)
            if number == NONE:
                raise OSError("the system allows no further process")
            ours.pop_all()
        for end in (requests, answers):
            os.set_blocking(end, False)
        return Born(number, requests, answers)

    def end(self, child: Born, wait_s: float = 0) -> int | None:
        """End a child, give it `wait_s` to do so by itself, and return its status: None where nobody can tell any more.

        Where nobody answers in time, it ends at its own alarm.
        """
        if not self._lock.acquire(timeout=self._reply_s):
            return None
        try:
            if self._line is None or self._owner != os.getpid():
                return None
            status = self._reply(self._line, ORDER.pack(child.number, int(wait_s * 1000), 0))
        except OSError:
            return None
        finally:
            self._lock.release()
        return None if status == NONE else status

    def close(self) -> None:
        """End the process from which children come; those that are left end with their next request. A birth under way fails."""
        self._is_closed, nurse = True, self._nurse
        if nurse is not None and self._owner == os.getpid():
            nurse.kill()  # first: who waits for it has the lock
        with self._lock:
            self._dismiss()

    def _running(self) -> socket.socket:
        if self._is_closed:
            raise OSError("it is closed")
        if self._line is not None and self._nurse is not None and self._owner == os.getpid() and self._nurse.poll() is None:
            return self._line
        self._dismiss()  # dead; or inherited by a fork of ours, whose parent still talks to it
        self._owner = os.getpid()
        self._line, theirs = socket.socketpair()
        with theirs:
            paths = [str(Path(entry).absolute()) for entry in sys.path]
            self._nurse = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, self._task, *paths],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._line.settimeout(START_S)
        self._reply(self._line)
        self._line.settimeout(self._reply_s)
        return self._line

    def _reply(self, line: socket.socket, order: bytes = b"", *ends: int) -> int:
        """Say something to the process, and hear a number; it is gone where that fails."""
        try:
            if order:
                socket.send_fds(line, [order], ends)
            if reply := line.recv(REPLY.size):
                return int(REPLY.unpack(reply)[0])
        except TimeoutError as error:
            self._dismiss()
            raise OSError("the process that they come from does not answer") from error
        except OSError:
            self._dismiss()
            raise
        raise OSError(f"the process that they come from ended ({ending(self._dismiss())})")

    def _dismiss(self) -> int | None:
        nurse, line, self._nurse, self._line = self._nurse, self._line, None, None
        if line is not None:
            line.close()
        if nurse is None or self._owner != os.getpid():
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return nurse.wait(0.5)
        nurse.kill()
        return nurse.wait()


def _pipe(readers: contextlib.ExitStack, writers: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe whose ends are closed with these: the one to read from, the one to write to."""
    source, target = os.pipe()
    readers.callback(os.close, source)
    writers.callback(os.close, target)
    return source, target


def ending(status: int | None) -> str:
    """In words, how a process ended."""
    if status is None:
        return "nobody can tell how"
    return f"signal {-status}" if status < 0 else f"status {status}"
