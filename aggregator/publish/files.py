"""The folder of outputs: a file is replaced only when its bytes change, as a whole or not at all."""

import errno
import fcntl
import os
import re
import stat
import threading
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Final

from aggregator.errors import PublishError
from aggregator.publish.compress import SUFFIXES, compressed
from aggregator.web.text import fingerprint

_STALE: Final = re.compile(r"\.[0-9]+-[0-9]+\.aggregator-tmp")
_STAYS: Final = "the last good file stays"


class Folder:
    """A folder of published files (`ports.Publisher`). Several threads and processes may write into it at once.

    Beside each file stands a copy in each of `codings` (`publish.compress`). A reader sees the old file or the new one, never a part; what
    a crash leaves behind is a temporary file of ours, which the next start removes. Nothing outside `root` is written, and no symbolic link
    below it is followed.
    """

    def __init__(self, root: Path, codings: Collection[str] = ()) -> None:
        self._root, self._codings = root, frozenset(codings)
        self._swept: set[Path] = set()
        if root.is_dir():
            self._sweep(root)

    def put(self, path: str, body: bytes) -> bool:
        """Replace one file if its bytes differ, and tell whether it did; an unchanged file keeps its modification time.

        Raises:
            PublishError: the path leaves the folder, or the disk is full, read-only or otherwise unwilling. The old file stays then.
        """
        target = self._target(path)
        if obstacle := self._obstacle(target):
            raise PublishError(path, obstacle)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._sweep(target.parent)
            changed = not _holds(target, body)
            if changed:
                _remove_companions(target)
                _replace(target, body)
            self._accompany(target, body)
        except OSError as error:
            raise PublishError(path, f"cannot be written: {_reason(error)}; {_STAYS}") from error
        return changed

    def remove(self, path: str, digest: str) -> bool:
        """Remove one file if it holds what we wrote, and tell whether it did: what has another digest is somebody else's.

        Raises:
            PublishError: the path leaves the folder, or the file cannot be removed.
        """
        target = self._target(path)
        if self._obstacle(target):
            return False
        try:
            if fingerprint(target.read_bytes()) != digest:
                return False
            _remove_companions(target)
            target.unlink()
            _sync_folder(target.parent)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise PublishError(path, f"cannot be removed: {_reason(error)}") from error
        return True

    def read(self, path: str) -> bytes | None:
        """Give what one file holds; None where there is none, or something else than a file.

        Raises:
            PublishError: the path leaves the folder, or the file cannot be read.
        """
        target = self._target(path)
        if self._obstacle(target):
            return None
        try:
            return target.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise PublishError(path, f"cannot be read: {_reason(error)}") from error

    def names(self, folder: str) -> list[str]:
        """Give the paths of what stands in one folder; nothing where there is no such folder.

        Raises:
            PublishError: the path leaves the folder of outputs.
        """
        target = self._target(folder)
        if self._obstacle(target) != "is a folder":
            return []
        return sorted(f"{folder}/{found.name}" for found in target.iterdir())

    def _target(self, path: str) -> Path:
        """The place of an output, if it is a plain relative path."""
        parts = PurePosixPath(path).parts
        if not parts or "\x00" in path or "\\" in path or path.startswith("/") or ".." in parts or _STALE.fullmatch(parts[-1]):
            raise PublishError(path, "is not a path below the folder of outputs")
        return self._root.joinpath(*parts)

    def _obstacle(self, target: Path) -> str | None:
        """What stands where the file should be, in words: a folder, or a symbolic link on the way."""
        for place in (target, *target.parents):
            if place == self._root:
                break
            if place.is_symlink():
                return f"{place} is a symbolic link, which is not followed; {_STAYS}"
        return "is a folder" if target.is_dir() else None

    def _accompany(self, target: Path, body: bytes) -> None:
        """Keep a compressed copy beside a file in each coding, with the file's own time: by that it is known to be of these bytes."""
        stamp = target.stat().st_mtime_ns
        for coding, suffix in SUFFIXES.items():
            companion = _companion(target, suffix)
            if coding not in self._codings:
                if _stamp(companion) == stamp:
                    companion.unlink()
            elif _stamp(companion) != stamp and (packed := compressed(coding, body)) is not None:
                _replace(companion, packed, like=target)

    def _sweep(self, folder: Path) -> None:
        """Remove temporary files that a crash left behind: ours by name, and held by no living writer."""
        if folder in self._swept:
            return
        self._swept.add(folder)
        for found in sorted(folder.iterdir()):
            if _STALE.fullmatch(found.name):
                _remove_unheld(found)


def _holds(target: Path, body: bytes) -> bool:
    """Tell whether a file has exactly these bytes; its size is asked first."""
    try:
        return target.stat().st_size == len(body) and target.read_bytes() == body
    except FileNotFoundError:
        return False


def _companion(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)


def _stamp(file: Path) -> int | None:
    """When a file was changed, in nanoseconds; None where there is none."""
    try:
        return file.stat(follow_symlinks=False).st_mtime_ns
    except FileNotFoundError:
        return None


def _remove_companions(target: Path) -> None:
    """Take away the compressed copies of what is about to change, so that no web server serves them for the new bytes."""
    stamp = _stamp(target)
    for companion in (_companion(target, suffix) for suffix in SUFFIXES.values()):
        if stamp is not None and _stamp(companion) == stamp:
            companion.unlink()


def _replace(target: Path, body: bytes, like: Path | None = None) -> None:
    """Write beside the target, force it to the disk, then take its name in one step. Time and permissions may be those of another file."""
    temporary = target.parent / f".{os.getpid()}-{threading.get_ident()}.aggregator-tmp"
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # held while we live, so that nobody sweeps it away
            _keep_mode(like or target, file.fileno())
            file.write(body)
            file.flush()
            if like is not None:
                os.utime(file.fileno(), ns=(0, like.stat().st_mtime_ns))
            os.fsync(file.fileno())
            temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _keep_mode(target: Path, descriptor: int) -> None:
    """Give the new file the permissions of the old one, which an operator may have set for the web server."""
    try:
        os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
    except FileNotFoundError:
        return


def _sync_folder(folder: Path) -> None:
    """Force a rename to the disk. Some file systems cannot; then the rename is theirs to keep."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _remove_unheld(found: Path) -> None:
    try:
        descriptor = os.open(found, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return  # gone meanwhile, or not ours to open
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found.unlink(missing_ok=True)
    except OSError:
        return  # a living writer holds it, or the folder is read-only
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
