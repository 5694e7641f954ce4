"""A wall-clock limit over everything that one fetch does: looking up, connecting, agreeing on TLS, waiting, reading."""

import heapq
import itertools
import socket
import threading
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Final, Self


class Late(Exception):
    """The deadline passed."""


class Deadline:
    """A wall-clock limit over a whole fetch. When it passes, the connection that is watched is shut down, whatever it is waiting for.

    Socket timeouts alone are none: a server that sends one byte a second never meets them. Use as a context manager.
    """

    def __init__(self, seconds: float) -> None:
        self.until: Final = monotonic() + seconds
        self._lock = threading.Lock()
        self._watched: socket.socket | None = None
        self._is_minded = False
        self._is_over = False
        self._cut_short = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            self._is_over = True
            self._forget()

    @property
    def is_over(self) -> bool:
        """Is the fetch done, so that nobody has to mind this deadline any more?"""
        return self._is_over

    @property
    def passed(self) -> bool:
        """Is the time up?"""
        return self._cut_short or monotonic() >= self.until

    def remaining(self) -> float:
        """Seconds left, always more than 0. Raises `Late` when none are."""
        left = self.until - monotonic()
        if left <= 0 or self._cut_short:
            raise Late
        return left

    def watch(self, connected: socket.socket) -> None:
        """Shut this connection down when the time is up; it replaces the one watched before."""
        # A duplicate stays valid when TLS takes the socket over, and cannot be mistaken for another that reuses its number.
        twin = socket.fromfd(connected.fileno(), connected.family, connected.type)
        with self._lock:
            self._forget()
            self._watched = twin
            if self._cut_short:
                self._shut()
        if not self._is_minded:
            self._is_minded = True
            _WATCHDOG.mind(self)

    def cut(self) -> None:
        """The time is up: shut down what is watched, now and from now on."""
        with self._lock:
            self._cut_short = True
            self._shut()

    def _shut(self) -> None:
        if self._watched is not None:
            with suppress(OSError):
                self._watched.shutdown(socket.SHUT_RDWR)

    def _forget(self) -> None:
        if self._watched is not None:
            self._watched.close()
            self._watched = None


class _Watchdog:
    """One thread for all deadlines; a timer for each fetch would be a thread for each. It starts with the first connection."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._minded: list[tuple[float, int, Deadline]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def mind(self, deadline: Deadline) -> None:
        with self._changed:
            heapq.heappush(self._minded, (deadline.until, next(self._numbers), deadline))
            # A fork takes the list along, and not the thread.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif self._minded[0][2] is deadline:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            self._next_passed().cut()

    def _next_passed(self) -> Deadline:
        with self._changed:
            while True:
                while self._minded and self._minded[0][2].is_over:
                    heapq.heappop(self._minded)
                left = self._minded[0][0] - monotonic() if self._minded else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._minded)[2]
                self._changed.wait(left)


_WATCHDOG: Final = _Watchdog()
