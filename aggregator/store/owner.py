"""Who owns the files beside a store, and which daemon works on it."""

import fcntl
import os
from pathlib import Path


def hand_over(path: Path, like: Path) -> None:
    """Give a file that root made to the owner of another one: the daemon that needs it tomorrow runs as somebody else."""
    if os.geteuid() == 0:
        owner = like.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def lock_path(store: Path) -> Path:
    """The file that a daemon locks: the store's name with `.lock` appended, beside the file that it leads to."""
    real = store.resolve()
    return real.with_name(real.name + ".lock")


def holder_of(lock: int) -> str:
    """The process that a lock file names."""
    return os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"


def other_daemon(store: Path) -> str | None:
    """The process of another daemon that works on the store; None where there is none, or it is this one."""
    try:
        lock = os.open(lock_path(store), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        # Shared: of two commands that look at once neither is taken for a daemon.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = holder_of(lock)
        return None if holder == str(os.getpid()) else holder
    except OSError:
        return None  # a drive without locks, on which no daemon can have one
    finally:
        os.close(lock)
    return None
