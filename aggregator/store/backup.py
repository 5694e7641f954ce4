"""Copy a store while others work with it, and put a copy in its place. What stands here is SQLite's own; other databases bring their tools.

A copy is one state of the store in one file. Put back, it is read whole, brought to this version's tables and made to forget what was
forgotten since, all beside the store; then one rename puts it in its place, and the store that was there stays under another name.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregator.errors import StoreError
from aggregator.store import forget, schema
from aggregator.store.engine import Database, in_plain_words
from aggregator.store.owner import hand_over
from aggregator.store.stops import Stop, StopFile

# Whoever writes in between is waited for as long as its transaction may reasonably take.
_BUSY_TIMEOUT_S: Final = 30
# Before another store takes its place, nobody may have this one open; a command under way is worth a short wait.
_ALONE_WITHIN_S: Final = 5
_OURS: Final = frozenset({"meta", "feed", "entry", "story"})
_BESIDE: Final = ("-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a copy holds: entries of feeds, in tables of this revision; and its size."""

    entries: int
    feeds: int
    revision: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """A copy that was put in place: what it held, where the store that was there is now, and how many entries were forgotten again."""

    copied: Copied
    kept: Path | None
    forgotten_again: int


def save(store: Path, target: Path) -> Copied:
    """Copy a store as it is at this moment; `target` is replaced when the copy is whole. Readers and writers of the store go on.

    Raises: StoreError when there is no store, it is damaged, or the copy cannot be written; then `target` is as it was.
    """
    _check_there(store)
    with _draft(target) as draft:
        _copy(store, draft, "rw")
        copied = _looked_through(draft, store)
        _placed(draft, target)
    return copied


def restore(backup: Path, store: Path, kept: Path) -> PutBack:
    """Put a copy in the place of a store, which is kept under the name `kept`. The caller holds the daemon's lock.

    Raises: StoreError when the copy is damaged, another program's, or of a newer version, or when somebody works with the store; then
    nothing has changed.
    """
    if not backup.is_file():
        raise StoreError(f"{backup}: there is no such file")
    if store.exists() and backup.samefile(store):
        raise StoreError(f"{backup}: this is the store itself")
    with _draft(store) as draft:
        # Opened as it lies there, so that a copy on a medium that cannot be written is read too; beside a log it is a store in use.
        _copy(backup, draft, "ro" if backup.with_name(backup.name + "-wal").exists() else "immutable")
        copied = _looked_through(draft, backup)
        with _alone(store) as stops:
            again = _brought_up(draft, StopFile(store), stops)
            is_replaced = store.exists()
            hand_over(draft, store if is_replaced else store.parent)
            if is_replaced:
                draft.chmod(store.stat().st_mode & 0o777)
                _kept(store, kept)
            _placed(draft, store)
    return PutBack(copied=copied, kept=kept if is_replaced else None, forgotten_again=again)


def compact(store: Path) -> int:
    """Give the room that a store no longer uses back to the disk; return how many bytes that were. Writers wait meanwhile.

    Raises: StoreError, for example when the disk has no room for a second copy.
    """
    _check_there(store)
    before = store.stat().st_size
    with _refusals(store), closing(_opened(store, "rw")) as conn:
        conn.execute("VACUUM")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return max(0, before - store.stat().st_size)


def _check_there(store: Path) -> None:
    if not store.is_file():
        raise StoreError(f"{store}: there is no store yet; 'aggregator update' makes one")


# ── the copy ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """A new file beside `target`, for its owner only; gone afterwards unless it took the target's place."""
    try:
        fd, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror}") from error
    os.close(fd)
    draft = Path(name)
    try:
        yield draft
    finally:
        for path in (draft, *(draft.with_name(draft.name + end) for end in _BESIDE)):
            path.unlink(missing_ok=True)


def _copy(source: Path, draft: Path, mode: str) -> None:
    with _refusals(source), closing(_opened(source, mode)) as original, closing(sqlite3.connect(draft)) as copy:
        try:
            # All pages in one step: one state, for which no writer has to wait (WAL).
            original.backup(copy)
            _stand_alone(copy)
        except sqlite3.OperationalError as error:
            if "full" in str(error):
                raise StoreError(f"{draft.parent}: the disk is full; nothing was changed") from error
            raise


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    asked = "immutable=1" if mode == "immutable" else f"mode={mode}"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{asked}", uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None)


def _stand_alone(conn: sqlite3.Connection) -> None:
    """One file, without a log beside it."""
    conn.execute("PRAGMA journal_mode=DELETE").fetchall()


def _looked_through(draft: Path, called: Path) -> Copied:
    """Read a copy whole; raises `StoreError` unless it is a store that this version can bring up to date."""
    with _refusals(called), closing(sqlite3.connect(draft)) as conn:
        (said,) = conn.execute("PRAGMA integrity_check(1)").fetchone()
        if said != "ok":
            raise StoreError(f"{called}: it is damaged ({' '.join(str(said).split())}); nothing was changed")
        tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables >= _OURS or "alembic_version" not in tables:
            raise StoreError(f"{called}: this is another program's database, or an empty one; nothing was changed")
        (revision,) = conn.execute("SELECT version_num FROM alembic_version").fetchone() or ("none",)
        if revision not in schema.REVISIONS:
            raise StoreError(
                f"{called}: a newer version of this program wrote it (revision {revision}); nothing was changed, use that version"
            )
        entries, feeds = conn.execute("SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM feed)").fetchone()
    return Copied(entries=entries, feeds=feeds, revision=revision, size_bytes=draft.stat().st_size)


# ── its place ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _brought_up(draft: Path, file: StopFile, stops: list[Stop]) -> int:
    """Give a copy the tables of this version and have it forget what the store knows to be forgotten; return how many entries that were."""
    told = set(file.read())
    if unwritten := [stop for stop in stops if stop not in told]:
        file.append(unwritten)
    db = Database(str(draft))
    try:
        again = forget.recall(db, file)
    finally:
        db.close()
    with _refusals(draft), closing(sqlite3.connect(draft)) as conn:
        _stand_alone(conn)
    return again


@contextmanager
def _alone(store: Path) -> Iterator[list[Stop]]:
    """Keep everybody else out of the store, and give what it knows to be forgotten; nothing of a store that cannot be read.

    Without a log beside it, it is one file that can be renamed; and who opened it a moment too early is refused by SQLite, which sees
    that the file is no longer the one of that name.
    """
    if not store.exists():
        yield []
        return
    with closing(sqlite3.connect(store, timeout=_ALONE_WITHIN_S, isolation_level=None)) as conn:
        try:
            _stand_alone(conn)
            conn.execute("BEGIN EXCLUSIVE")
            stops = _stops(conn)
        except sqlite3.OperationalError as error:
            said = "somebody works with it at the moment (another command?)" if "locked" in str(error) else in_plain_words(error, store)
            raise StoreError(f"{store}: {said}; nothing was changed, try again") from error
        except sqlite3.DatabaseError:  # damaged: that may be why it is replaced
            stops = []
        yield stops


def _stops(conn: sqlite3.Connection) -> list[Stop]:
    if not conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'stop_key'").fetchall():
        return []
    rows = conn.execute("SELECT secret, hash, since FROM stop_key").fetchall()
    return [Stop(secret, digest, schema.instant(since)) for secret, digest, since in rows]


def _kept(store: Path, kept: Path) -> None:
    """Give the store a second name, so that there is one at every moment; a damaged one's log goes along."""
    try:
        try:
            kept.hardlink_to(store)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            shutil.copy2(store, kept)
        for end in _BESIDE:
            with contextlib.suppress(FileNotFoundError):
                store.with_name(store.name + end).rename(kept.with_name(kept.name + end))
    except OSError as error:
        raise StoreError(f"{kept}: the store cannot be kept there: {error.strerror}; nothing was changed") from error


def _placed(draft: Path, target: Path) -> None:
    try:
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(target)
        folder = os.open(target.parent, os.O_RDONLY | os.O_CLOEXEC)
        with contextlib.ExitStack() as last:
            last.callback(os.close, folder)
            os.fsync(folder)
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror}") from error


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {in_plain_words(error, path)}") from error
