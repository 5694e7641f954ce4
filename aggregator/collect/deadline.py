"""A wall-clock limit over everything that one fetch does: looking up, connecting, agreeing on TLS, waiting, reading."""

import socket
import threading
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Self


class Late(Exception):
    """The deadline passed."""


class Deadline:
    """A wall-clock limit over a whole fetch. When it passes, the connection in use is shut down, whatever it is waiting for.

    Socket timeouts alone are none: a server that sends one byte a second never meets them. Use as a context manager.
    """

    def __init__(self, seconds: float) -> None:
        self._until = monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._watched: socket.socket | None = None
        self._cut_short = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        with self._lock:
            self._forget()

    @property
    def passed(self) -> bool:
        """Is the time up?"""
        return self._cut_short or monotonic() >= self._until

    def remaining(self) -> float:
        """Seconds left, always more than 0. Raises `Late` when none are."""
        left = self._until - monotonic()
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

    def _cut(self) -> None:
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
