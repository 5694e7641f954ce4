"""What a poll and a publish cost does not depend on how much is stored: no statement reads a table from end to end that grows with it."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from aggregator.model import OutputSpec
from aggregator.store.sql import SqlStore
from bench import growth
from tests.ledger import sqlite_store
from tests.planet import HOUR, JSON, Planet, atom, older, post, subscription

# Those that grow with what is stored; the others grow with feeds.yaml, or with what people say. Some go by another name in a statement.
GROWING = {
    "entry",
    "raw",
    "version",
    "sighting",
    "claim",
    "story",
    "story_key",
    "story_member",
    "publication",
    "shared",
    "theirs",
    "members",
    "past",
}
OUTPUTS = (JSON, *(OutputSpec(path=path, format=kind) for path, kind in (("atom.xml", "atom"), ("rss.xml", "rss"), ("index.html", "html"))))  # type: ignore[arg-type]
# Of few rows by their own conditions.
FEW = re.compile(r"INDEX (publication_pending|publication_held|publication_withdrawn|entry_hold)\b")


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What the database is asked meanwhile, with the parameters of the first row."""
    found: list[tuple[str, Any]] = []

    def note(conn: object, cursor: object, statement: str, parameters: Any, context: object, many: bool) -> None:
        found.append((statement, parameters[0] if many else parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def complaints(path: Path, asked: list[tuple[str, Any]]) -> list[str]:
    """The statements that read a growing table whole, or all that an output ever gave, or sort all that they find."""
    conn = sqlite3.connect(path)
    bad = []
    for statement, parameters in dict(asked).items():
        if re.match(r"(SELECT|UPDATE|DELETE|INSERT)\b", statement):
            plan = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            scans = {found[1] for line in plan if (found := re.match(r"SCAN (\w+)", line)) and not FEW.search(line)}
            sorts = "USE TEMP B-TREE FOR ORDER BY" in plan and any("entry" in line or "publication" in line for line in plan)
            # A feed may have very many entries; those that it brings are looked up.
            sorts |= "raw_key IN" in statement and any("(feed=?)" in line for line in plan)
            given = "LIMIT" not in statement and any("publication_sequence (output=? AND sequence>?)" in line for line in plan)
            bad += [f"{statement}: {plan}"] if scans & GROWING or sorts or given else []
    conn.close()
    return bad


def test_no_statement_of_a_poll_or_a_publish_reads_what_was_stored_before() -> None:
    with sqlite_store() as store:
        specs = [subscription(name, strip=("auto",)) for name in ("blog", "round", "late")]
        planet = Planet(*specs, store=store, outputs=OUTPUTS)
        planet.polls({"blog": atom("blog", older("blog"))})
        # A planet names its origins, so that claims are compared.
        planet.polls({"round": atom("round", [post("member", n, source="member") for n in range(3)])})
        planet.publishes()
        planet.later(3 * HOUR)
        with statements() as asked:
            planet.polls({"blog": atom("blog", [post("blog"), *older("blog")]), "round": atom("round", [post("blog", source="blog")])})
            # A feed that is added late brings a backlog, of which some may stand in the outputs already.
            planet.polls({"late": atom("late", older("late", 6))})
            assert planet.publishes()
            store.holds()
        assert len(asked) > 50
        assert complaints(store._db.path, asked) == []


def test_the_stories_that_a_document_meets_are_asked_for_together() -> None:
    counts = []
    for many in (2, 12):
        with sqlite_store() as store:
            planet = Planet("blog", "round", store=store)
            posts = [post("blog", n) for n in range(many)]
            planet.polls({"blog": atom("blog", posts)})
            with statements() as asked:
                planet.polls({"round": atom("round", [replace(one, source="blog") for one in posts])})
            counts.append(len(asked))
            assert store.counts()["story"] == many
    assert counts[0] == counts[1]


def test_an_output_of_recent_or_of_few_entries_a_feed_does_not_read_all_that_it_ever_listed() -> None:
    with sqlite_store() as store:
        planet = Planet("blog", store=store, outputs=(replace(JSON, per_feed=2, max_age=timedelta(days=30)),))
        planet.polls({"blog": atom("blog", older("blog", 6))})
        with statements() as asked:
            assert len(planet.publishes()) == 2
        (listing,) = [statement for statement, _ in asked if "publication.listed" in statement and "ORDER BY" in statement]
        assert "publication.first_listed >= ?" in listing
        assert listing.rstrip().endswith("LIMIT ? OFFSET ?") or "LIMIT ?" in listing
        assert complaints(store._db.path, asked) == []


def test_what_sqlite_is_told_of_sizes_is_of_indexes_that_are_there_and_is_put_back() -> None:
    with sqlite_store() as store:
        conn = sqlite3.connect(store._db.path)
        there = {row[0] for row in conn.execute("SELECT name FROM sqlite_master")}
        told = conn.execute("SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY 1, 2").fetchall()
        assert told
        assert {name for row in told for name in row[:2]} <= there
        conn.execute("ANALYZE")
        conn.close()
        SqlStore(str(store._db.path)).close()
        assert sqlite3.connect(store._db.path).execute("SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY 1, 2").fetchall() == told


def test_the_bench_grows_a_store_that_the_product_goes_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, few in {"FEEDS": 8, "PER_FEED": 3, "_WARM": 0, "_ROUNDS": 1, "OUTPUTS": OUTPUTS[:2]}.items():
        monkeypatch.setattr(growth, name, few)
    pool = [f"word{n % 97}" for n in range(2_000)]
    growth.begin(tmp_path, pool)
    growth.grow(tmp_path / "store.db", 60, pool)
    found = growth.measured(tmp_path, pool, 60)
    assert found["publish"]["queries"] > 10
    conn = sqlite3.connect(tmp_path / "store.db")
    assert conn.execute("SELECT count(*) FROM entry").fetchone()[0] == 61
    assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    conn.close()
