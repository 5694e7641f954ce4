"""What only a store in a file has to promise: other processes, sudden death, plain words, indexes that are used."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import event

from aggregator.errors import StoreError
from aggregator.model import Retain, StoredEntry
from aggregator.store.sql import SqlStore
from tests.forked import Forked
from tests.ledger import (
    HOLD,
    HOUR,
    blogs,
    listed,
    memory_folder,
    poll,
    post,
    publish,
    raws,
    result,
    same_story,
    sqlite_store,
    verdict,
)
from tests.makers import NOON


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made


# ── other processes ──


def leases(line: Connection, path: Path) -> None:
    """Work of a `Forked`: all that it leases, once it is told to begin."""
    store = SqlStore(str(path))
    line.send("ready")
    line.recv()
    while leased := store.lease(NOON, HOLD, 2):
        for state, token in leased:
            line.send((state.id, token))


def test_two_processes_never_lease_one_feed_twice(folder: Path) -> None:
    path = folder / "store.db"
    ids = [f"feed-{number}" for number in range(120)]
    with closing(SqlStore(str(path))) as store:
        store.sync(blogs(*ids), NOON)
    with Forked(leases, path) as first, Forked(leases, path) as second:
        assert (first.line.recv(), second.line.recv()) == ("ready", "ready")
        for worker in (first, second):
            worker.line.send("go")
        told = [*first.told(), *second.told()]
        assert (first.wait(), second.wait()) == (0, 0)
    assert sorted(id_ for id_, _ in told) == sorted(ids)
    assert len({token for _, token in told}) == len(ids), "no two leases share a token"


# ── sudden death ──


def records(line: Connection, path: Path, first: int, began: datetime) -> None:
    """Work of a `Forked`: poll and publish cycle after cycle, and say so before and after each."""
    store, ids = SqlStore(str(path)), [f"feed-{number}" for number in range(20)]
    store.sync(blogs(*ids), NOON)
    for cycle in range(first, first + 100):
        at = began + cycle * HOUR
        posts = {id_: [post(1000 * cycle + n, id_, page=f"https://orig.example/{cycle}/{n}") for n in range(20)] for id_ in ids}
        made = [result(store, id_, posts[id_], at) for id_ in ids]
        made = [replace(one, state=replace(one.state, gone_count=cycle + 1)) for one in made]
        line.send(("recording", cycle))
        store.record(made, same_story)
        publish(store, at)
        line.send(("recorded", cycle))


def test_a_worker_killed_at_any_moment_leaves_a_store_that_is_whole(folder: Path) -> None:
    path, cycle = folder / "store.db", 0
    for number, is_at_work in enumerate((False, True)):
        began = NOON + number * 2 * HOLD  # when the leases of the one before have ended
        with Forked(records, path, cycle, began) as worker:
            assert worker.line.recv() == ("recording", cycle)
            log = path.with_name(f"{path.name}-wal")
            before = log.stat().st_mtime_ns
            while is_at_work and worker.poll() is None and log.stat().st_mtime_ns == before:
                pass
            worker.kill()
            done = {number for what, number in worker.told() if what == "recorded"}
        cycle = _check_whole(path, done)


def _check_whole(path: Path, done: set[int]) -> int:
    """Every poll is there whole or not at all, and what was said to be recorded is there; returns the next cycle."""
    SqlStore(str(path)).close()
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        states = dict(conn.execute("SELECT pk, gone_count FROM feed").fetchall())
        entries = dict(conn.execute("SELECT feed, count(*) FROM entry GROUP BY feed").fetchall())
        cycles = set(states.values())
        assert len(cycles) == 1, "results of one batch are stored together"
        stored = max(cycles)
        assert stored > max(done, default=-1)
        assert entries == dict.fromkeys(states, 20 * stored) or (stored, entries) == (0, {})
        for table in ("raw", "sighting", "story_member"):
            assert conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (400 * stored,)
        assert conn.execute("SELECT count(*) FROM story").fetchone() == (20 * stored,)
        sequences = [number for (number,) in conn.execute("SELECT sequence FROM publication WHERE sequence IS NOT NULL ORDER BY 1")]
        assert sequences == list(range(1, len(sequences) + 1))
    return stored


def test_a_record_that_fails_in_the_middle_writes_nothing() -> None:
    def broken(a: StoredEntry, b: StoredEntry, kind: str) -> bool:
        raise ZeroDivisionError

    with sqlite_store() as store:
        store.sync(blogs("a", "b"), NOON)
        made = [result(store, feed, [post(1, feed, page="https://orig.example/1")]) for feed in ("a", "b")]
        before = store.counts()
        with pytest.raises(ZeroDivisionError):
            store.record(made, broken)
        assert store.counts() == before
        assert store.record(made, same_story) == [(1, 0), (1, 0)], "the leases are still held"


# ── plain words ──


def test_a_file_that_is_no_database_is_refused_and_stays(folder: Path) -> None:
    path = folder / "notes.txt"
    path.write_text("Remember the milk. " * 100)
    with pytest.raises(StoreError, match=r"notes\.txt: this file is not a store"):
        SqlStore(str(path))
    assert path.read_text().startswith("Remember")


def test_a_folder_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(StoreError, match=f"there is no folder {re.escape(str(folder / 'absent'))}"):
        SqlStore(str(folder / "absent" / "store.db"))


def test_a_folder_is_no_store(folder: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened or made here"):
        SqlStore(str(folder))


def test_other_databases_are_named_as_not_supported() -> None:
    with pytest.raises(StoreError, match="postgresql: this version") as caught:
        SqlStore("postgresql://me:secret@db.example/planet")
    assert "secret" not in str(caught.value)


def test_a_store_that_another_program_holds_is_refused_in_plain_words(folder: Path) -> None:
    path = folder / "store.db"
    SqlStore(str(path)).close()
    store = SqlStore(str(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        @event.listens_for(store._db._engine, "checkout")
        def _impatient(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute("PRAGMA busy_timeout = 1")

        with pytest.raises(StoreError, match="another program has held the store"):
            store.sync(blogs("blog"), NOON)
        assert store.feeds() == [], "who only reads waits for nobody"
    store.sync(blogs("blog"), NOON)
    store.close()


def test_a_write_protected_store_says_so() -> None:
    with sqlite_store() as store:

        @event.listens_for(store._db._engine, "checkout")
        def _protected(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute("PRAGMA query_only = 1")

        with pytest.raises(StoreError, match="no permission for the file or its folder"):
            store.sync(blogs("blog"), NOON)


# ── durability and speed ──


def test_every_connection_is_durable_and_checks_references() -> None:
    with sqlite_store() as store, store._db.read() as conn:
        found = [
            conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
        assert found == ["wal", 2, 1, 30_000]


# Read whole on purpose: feeds and `sums` of each are few, operators fewer, what people said of stories fewest; hours are kept for 90 days.
_MAY_SCAN = ("sums", "tally_hour", "ruling", "feed", "feed_url", "operator_hold", "output", "meta", "sqlite_master", "alembic_version")


def test_no_statement_reads_a_growing_table_from_end_to_end() -> None:
    plans: dict[str, str] = {}
    with sqlite_store() as store:

        @event.listens_for(store._db._engine, "before_cursor_execute")
        def _explain(conn, cursor, statement, parameters, context, executemany) -> None:  # type: ignore[no-untyped-def]
            if statement.startswith(("SELECT", "UPDATE", "DELETE")) and statement not in plans:
                rows = conn.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters[0] if executemany else parameters)
                plans[statement] = "; ".join(row[3] for row in rows)

        _walk(store)
    scanned = {
        statement: plan
        for statement, plan in plans.items()
        for table in re.findall(r"SCAN (\w+)", plan)
        if table not in _MAY_SCAN and table != "CONSTANT" and not table.isdigit()
    }
    whole = {statement: plan for statement, plan in plans.items() if re.search(r"publication USING PRIMARY KEY \(output=\?\)", plan)}
    assert len(plans) > 30
    assert scanned == {}
    assert whole == {}


def _walk(store: SqlStore) -> None:
    """Everything that happens while feeds are polled and published; pruning and counting may read whole tables."""
    store.sync(blogs("a", "b", "c"), NOON)
    poll(store, [("a", [post(1, "a"), post(2, "a")]), ("b", [post(7, "b")])])
    publish(store, by=lambda pk, found: replace(verdict(pk, found), per_day=2))
    poll(store, [("b", [post(7, "b", page="https://a.example/1", text="Changed.")])], NOON + HOUR)
    poll(store, [("c", [post(number, "c") for number in range(9)])], NOON + 30 * HOUR)
    publish(store, NOON + 30 * HOUR, by=lambda pk, found: replace(verdict(pk, found), per_day=2))
    listed(store, limit=3, per_feed=1, not_before=NOON - HOUR)
    store.lease(NOON + 90 * HOUR, HOLD, 2)
    store.next_due(NOON)
    store.pauses(NOON)
    store.tallies.spent(NOON.date())
    store.tallies.days_of([state.key for state in store.feeds()], [NOON.date()])
    store.tallies.hours(NOON)
    store.tallies.seen_after(NOON.date())
    store.tallies.totals()
    ((pk, members),) = store.find("https://a.example/1")
    store.publications(pk)
    store.sightings(members[0].pk)
    found = raws(store)
    store.rewrite([(one.pk, raw, replace(one.entry, content_hash="new", text_hash="new")) for one, raw in found], "2", NOON, same_story)


def test_unchanged_entries_write_nothing_about_themselves() -> None:
    written: list[str] = []
    with sqlite_store() as store:
        store.sync(blogs("a"), NOON)
        poll(store, [("a", [post(1, "a"), post(2, "a")])])
        made = result(store, "a", [post(1, "a"), post(2, "a")], NOON + HOUR)

        @event.listens_for(store._db._engine, "before_cursor_execute")
        def _note(conn, cursor, statement, parameters, context, executemany) -> None:  # type: ignore[no-untyped-def]
            if not statement.startswith(("SELECT", "BEGIN")):
                written.append(" ".join(statement.split()[:3]))

        store.record([made], same_story)
    assert written == ["UPDATE feed SET", "INSERT INTO tally_day", "INSERT INTO tally_hour"]


def test_pruning_twice_prunes_once() -> None:
    with sqlite_store() as store:
        store.sync(blogs("a"), NOON)
        poll(store, [("a", [post(number, "a") for number in range(600)])])
        later = NOON + Retain().text * 2
        assert [store.prune(later, Retain()).entries for _ in range(2)] == [600, 0]
