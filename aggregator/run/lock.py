"""One daemon per store: an advisory lock on a file beside it."""

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from aggregator.errors import AggregatorError
from aggregator.store.owner import hand_over, holder_of, lock_path


class DaemonLock:
    """The right to be the one daemon of an SQLite store, held by `flock` on `<store>.lock`.

    The kernel drops the lock with the process, however that ends, so a stale file never keeps a daemon from starting. The file holds
    the holder's process id for people and is left in place: deleting it would let a third process lock a file that nobody else sees.
    """

    def __init__(self, store: Path) -> None:
        # Two feeds.yaml may name one store in two ways: by a link, or past one.
        self._store = store.resolve()
        self._fd: int | None = None
        # A forked child (a parser) shares the open file, and would keep the lock after its parent was killed.
        os.register_at_fork(after_in_child=self._close)

    @property
    def path(self) -> Path:
        """The lock file."""
        return lock_path(self._store)

    def acquire(self) -> None:
        """Take the lock at once or not at all, and write this process's id into the file.

        Raises: AggregatorError naming the process that holds it, or saying why the file cannot be opened.
        """
        if self._fd is not None:
            return
        fd = self._open()
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = holder_of(fd)
            os.close(fd)
            raise AggregatorError(f"another daemon (process {holder}) works on {self._store}; stop it first") from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, 0)
                fcntl.flock(self._fd, fcntl.LOCK_UN)
        self._close()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def _open(self) -> int:
        try:
            is_new = not self.path.exists()
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            if is_new:
                hand_over(self.path, self.path.parent)
            return fd
        except OSError as error:
            raise AggregatorError(f"{self.path}: the lock file cannot be opened: {error.strerror}") from error

    def _close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
