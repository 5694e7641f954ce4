"""A store is copied while it is in use, and put back whole or not at all; what was forgotten since stays forgotten."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.errors import AggregatorError, StoreError
from aggregator.prune import prunable, prune
from aggregator.run.lock import DaemonLock
from aggregator.store import backup, schema
from aggregator.store.sql import SqlStore
from aggregator.store.stops import StopFile
from tests.ledger import HOUR, blogs, held, memory_folder, poll, post, publish
from tests.makers import NOON, config, output
from tests.test_migrations import at_revision, revision

SECRET = "00112233445566778899aabbccddeeff"
WORDS = "Marmalade and other confessions"
DAY = timedelta(days=1)


@pytest.fixture
def path() -> Iterator[Path]:
    with memory_folder() as folder:
        yield folder / "store.db"


def opened(path: Path, *numbers: int) -> SqlStore:
    store = SqlStore(str(path))
    store.sync(blogs("blog"), NOON)
    if numbers:
        poll(store, [("blog", [post(number, text=f"{WORDS} {number}") for number in numbers])], NOON + numbers[0] * HOUR)
    return store


def restored(path: Path) -> backup.PutBack:
    return backup.restore(path.with_name("copy.db"), path, path.with_name("kept.db"))


def entries(path: Path) -> int:
    with closing(SqlStore(str(path))) as store:
        return store.counts()["entry"]


# ── while it is in use ──


def test_a_copy_is_one_state_and_nobody_waits_for_it(path: Path) -> None:
    copy = path.with_name("copy.db")
    with closing(opened(path, 1, 2)), closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM sighting")
        copied = backup.save(path, copy)
        writer.execute("COMMIT")
    assert (copied.entries, copied.feeds) == (2, 1)
    assert {file.name for file in path.parent.glob("*copy*")} == {"copy.db"}, "one file, without a log beside it"
    assert copy.stat().st_mode & 0o077 == 0, "addresses of private feeds are in it"
    with closing(SqlStore(str(copy))) as store:
        assert store.counts()["sighting"] == 2, "what was not committed is not in it"


def test_a_copy_of_a_damaged_store_does_not_take_a_good_ones_place(path: Path) -> None:
    opened(path, 1).close()
    copy = path.with_name("copy.db")
    backup.save(path, copy)
    good = copy.read_bytes()
    whole = bytearray(path.read_bytes())
    whole[4096 * 3 : 4096 * 9] = b"\xff" * (4096 * 6)
    path.write_bytes(whole)
    with pytest.raises(StoreError, match="damaged"):
        backup.save(path, copy)
    assert copy.read_bytes() == good
    with pytest.raises(StoreError, match="there is no store yet"):
        backup.save(path.with_name("absent.db"), copy)


# ── put back ──


def test_a_store_comes_back_as_it_was_and_the_other_one_is_kept(path: Path) -> None:
    opened(path, 1).close()
    backup.save(path, path.with_name("copy.db"))
    store = opened(path, 2, 3)
    store.close()
    path.chmod(0o640)
    done = restored(path)
    assert (done.copied.entries, done.kept) == (1, path.with_name("kept.db"))
    assert (entries(path), entries(path.with_name("kept.db"))) == (1, 3)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_store_that_is_gone_comes_back(path: Path) -> None:
    opened(path, 1, 2).close()
    path.rename(path.with_name("copy.db"))
    done = restored(path)
    assert done.kept is None
    assert entries(path) == 2


def test_a_damaged_store_is_replaced_and_kept_with_its_log(path: Path) -> None:
    opened(path, 1).close()
    backup.save(path, path.with_name("copy.db"))
    path.write_bytes(b"not a database, but somebody may want to see it" * 100)
    path.with_name("store.db-wal").write_bytes(b"its log")
    restored(path)
    assert entries(path) == 1
    assert path.with_name("kept.db").read_bytes().startswith(b"not a database")
    assert path.with_name("kept.db-wal").read_bytes() == b"its log"


def _torn(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[: 4096 * 5])


def _foreign(copy: Path) -> None:
    copy.unlink()
    with closing(sqlite3.connect(copy)) as conn:
        conn.execute("CREATE TABLE alembic_version (version_num TEXT)")
        conn.commit()


def _newer(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
        conn.commit()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_torn, "damaged"),
        (_foreign, "another program's database"),
        (_newer, "a newer version"),
        (lambda copy: copy.write_text("Dear reader"), "no SQLite database"),
        (lambda copy: copy.write_bytes(b""), "another program's database, or an empty one"),
        (lambda copy: copy.unlink(), "no such file"),
        (lambda copy: (copy.unlink(), copy.symlink_to(copy.with_name("store.db"))), "the store itself"),
    ],
)
def test_what_is_no_sound_copy_of_a_store_is_refused_and_nothing_is_lost(path: Path, spoil: Callable[[Path], object], said: str) -> None:
    opened(path, 1).close()
    backup.save(path, path.with_name("copy.db"))
    opened(path, 2).close()
    spoil(path.with_name("copy.db"))
    before = path.read_bytes()
    with pytest.raises(StoreError, match=said):
        restored(path)
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} <= {"store.db", "copy.db"}
    assert entries(path) == 2


def test_a_copy_of_an_older_version_is_brought_up_to_date(path: Path) -> None:
    at_revision(path.with_name("copy.db"), "0001")
    done = restored(path)
    assert done.copied.revision == "0001"
    assert revision(path) == schema.REVISIONS[-1]
    assert entries(path) == 0


def test_a_store_that_somebody_has_open_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "_ALONE_WITHIN_S", 0.05)
    opened(path, 1).close()
    backup.save(path, path.with_name("copy.db"))
    store = opened(path, 2)
    with pytest.raises(StoreError, match="somebody works with it"):
        restored(path)
    poll(store, [("blog", [post(3)])], NOON + 3 * HOUR)
    store.close()
    assert entries(path) == 3


def test_files_that_were_copied_with_their_log_are_read_with_it(path: Path) -> None:
    """As `cp -a` does it, of a store that was killed."""
    with closing(opened(path, 1, 2)):
        for end in ("", "-wal"):
            shutil.copy(path.with_name(f"store.db{end}"), path.with_name(f"copy.db{end}"))
    assert restored(path).copied.entries == 2


# ── what was forgotten ──


@pytest.mark.parametrize("file_is_lost", [False, True])
def test_what_was_forgotten_since_is_forgotten_again(path: Path, file_is_lost: bool) -> None:
    store = opened(path, 1, 2)
    backup.save(path, path.with_name("copy.db"))
    store.forget([(held(store, 1).pk, True)], NOON + 2 * HOUR, SECRET)
    store.close()
    if file_is_lost:
        StopFile(path).path.unlink()
    assert restored(path).forgotten_again == 1
    assert f"{WORDS} 1".encode() not in path.read_bytes()
    with closing(opened(path)) as store:
        assert held(store, 1).withdrawn == "forgotten on 2026-03-01"
        assert held(store, 2).withdrawn is None
        assert poll(store, [("blog", [post(1)])], NOON + 3 * HOUR) == [(0, 0)]
    assert len(StopFile(path).read()) == 3, "its key, its page, and what is told of it"


# ── who may ──


def test_one_store_has_one_lock_by_whatever_name_it_is_called(path: Path) -> None:
    path.with_name("link.db").symlink_to(path)
    with DaemonLock(path), pytest.raises(AggregatorError, match="another daemon"):
        DaemonLock(path.with_name("link.db")).acquire()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand files over")
def test_what_root_puts_back_belongs_to_whoever_runs_the_daemon(path: Path) -> None:
    with closing(opened(path, 1)) as store:
        backup.save(path, path.with_name("copy.db"))
        os.chown(path.parent, 12345, 12346)
        store.forget([(held(store, 1).pk, True)], NOON + 2 * HOUR, SECRET)
    path.unlink()
    with DaemonLock(path):
        restored(path)
    for end in ("", ".lock", ".forgotten"):
        made = path.with_name(f"store.db{end}").stat()
        assert (made.st_uid, made.st_gid) == (12345, 12346), end


# ── prune ──


def test_what_an_output_lists_keeps_its_text_however_old_it_is(path: Path) -> None:
    with closing(opened(path, 1, 2, 3)) as store:
        for number in range(3):
            poll(store, [("blog", [post(9, text=f"Draft {number}")])], NOON + (2 + number) * HOUR)
        publish(store)
        planet = config(outputs=(output(max_entries=2),))
        later = NOON + 1000 * DAY
        poll(store, [("blog", [post(10)])], later)
        told = prunable(store, planet, later)
        assert (told.entries, told.versions) == (2, 2), "what leaves goes with its drafts"
        assert told.size_bytes > 100
        assert prunable(store, planet, later, 2000 * DAY).entries == 0
        assert prune(store, planet, later) == told
        assert [held(store, number).entry.content is None for number in (1, 2, 3, 9)].count(True) == 2
        assert all(
            member.entry.content for _, members in store.listing("atom.xml", 2, per_feed=None, not_before=None) for member in members
        )
        assert store.counts()["sighting"] == 5
