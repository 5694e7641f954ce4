"""The store brings itself up to date, all or nothing, and refuses what it must not touch."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from aggregator.errors import StoreError
from aggregator.model import Claim
from aggregator.run.lock import DaemonLock
from aggregator.store import engine, schema
from aggregator.store.sql import SqlStore
from aggregator.store.values import claim_mark
from tests.ledger import memory_folder


@pytest.fixture
def path() -> Iterator[Path]:
    with memory_folder() as folder:
        yield folder / "store.db"


def revision(path: Path) -> str | None:
    with closing(sqlite3.connect(path)) as conn:
        row = conn.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


@pytest.fixture(scope="module")
def migrated() -> Iterator[Path]:
    """A store that went through all migrations."""
    with memory_folder() as folder:
        at_revision(folder / "store.db", "head")
        yield folder / "store.db"


def test_all_migrations_together_make_exactly_the_tables_of_the_schema(migrated: Path) -> None:
    from alembic.autogenerate import compare_metadata  # here and below, as each worker imports this module, and it takes long
    from alembic.migration import MigrationContext

    with create_engine(f"sqlite:///{migrated}").connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn), schema.metadata) == []


SAID = {
    "columns": """SELECT a.name, b.name, b.type, b."notnull", b.dflt_value, b.pk FROM sqlite_master a JOIN pragma_table_info(a.name) b
        WHERE a.type = 'table' AND a.name NOT LIKE 'sqlite%' ORDER BY 1, 2""",
    # Alembic compares no conditions of partial indexes; SQLite's own words do.
    "indexes": "SELECT name, replace(sql, '\"', '') FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
    "counters": "SELECT key, value FROM meta ORDER BY key",
    "revision": "SELECT version_num FROM alembic_version",
}


@pytest.mark.parametrize("asked", SAID.values(), ids=SAID)
def test_a_new_store_is_what_all_migrations_make_of_an_empty_one(path: Path, migrated: Path, asked: str) -> None:
    SqlStore(str(path)).close()
    with closing(sqlite3.connect(path)) as new, closing(sqlite3.connect(migrated)) as old:
        assert new.execute(asked).fetchall() == old.execute(asked).fetchall() != []


def test_the_program_knows_every_migration() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(engine._MIGRATIONS))
    steps = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(step.revision for step in reversed(list(steps))) == schema.REVISIONS


def test_claims_of_an_older_store_keep_what_they_say_and_since_when(path: Path) -> None:
    at_revision(path, "0002")
    with closing(sqlite3.connect(path)) as conn, conn:
        _insert(conn, "feed", pk=1, key="k", id="blog", shown_url="https://blog.example/feed.xml")
        _insert(conn, "entry", pk=1, feed=1, raw_key="1", published_id="urn:x:1", first_seen=7_000_000)
        for n, evidence in enumerate(("from Orig", "from Orig", "from Else")):
            _insert(conn, "claim", entry=1, n=n, kind="phrase", name="Orig", evidence=evidence, standing="chosen")
    SqlStore(str(path)).close()
    with closing(sqlite3.connect(path)) as conn:
        found = conn.execute("SELECT mark, n, evidence, standing, checked, first_seen, gone FROM claim ORDER BY n").fetchall()
    said = [Claim(kind="phrase", name="Orig", evidence=evidence) for evidence in ("from Orig", "from Else")]
    assert found == [(claim_mark(one), n, one.evidence, "chosen", "", 7_000_000, None) for one, n in zip(said, (0, 2), strict=True)]


def at_revision(path: Path, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    path.touch()  # empty, where others begin as a copy of a whole one
    config = Config(attributes={"connection": None})
    config.set_main_option("script_location", str(engine._MIGRATIONS))
    with create_engine(f"sqlite:///{path}").begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, revision)


def _insert(conn: sqlite3.Connection, table: str, **values: object) -> None:
    """A row with these values, and with as little as may be in the other columns."""
    for _, name, kind, is_needed, _, _ in conn.execute(f"PRAGMA table_info({table})"):
        if is_needed:
            values.setdefault(name, "" if kind in ("TEXT", "BLOB") else 0)
    names = ", ".join(f'"{name}"' for name in values)
    conn.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", list(values.values()))


def test_opening_a_store_twice_changes_nothing(path: Path) -> None:
    SqlStore(str(path)).close()
    before = path.read_bytes()
    SqlStore(str(path)).close()
    assert path.read_bytes() == before
    assert revision(path) == schema.REVISIONS[-1]


def test_a_store_that_is_up_to_date_is_opened_without_alembic(path: Path) -> None:
    SqlStore(str(path)).close()
    code = "import sys; from aggregator.store.sql import SqlStore; SqlStore(sys.argv[1]).close(); print('alembic' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_an_older_program_refuses_a_newer_store_in_one_line(path: Path) -> None:
    SqlStore(str(path)).close()
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"a newer version of this program wrote this store \(revision 9999\)") as caught:
        SqlStore(str(path))
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_another_programs_database_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("CREATE TABLE entries (id)")
    with pytest.raises(StoreError, match="another program's database"):
        SqlStore(str(path))
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT name FROM sqlite_master").fetchall() == [("entries",)]


def test_a_migration_that_breaks_off_leaves_the_store_as_it_was(path: Path) -> None:
    """The last statement of the step fails (the table is there already); nothing of the rest stays."""
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        conn.execute("CREATE TABLE version (entry)")
    with pytest.raises(StoreError, match="table version already exists"):
        SqlStore(str(path))
    with closing(sqlite3.connect(path)) as conn:
        tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"alembic_version", "version"}
    assert revision(path) is None


def test_no_store_is_brought_up_to_date_under_a_daemon_of_the_older_version(path: Path) -> None:
    at_revision(path, schema.REVISIONS[-2])
    held = f"from pathlib import Path; from aggregator.run.lock import DaemonLock; DaemonLock(Path({str(path)!r})).acquire()"
    held += "; print('held', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=f"process {daemon.pid}. is of an older version"):
            SqlStore(str(path))
        assert revision(path) == schema.REVISIONS[-2]
        daemon.kill()
    with DaemonLock(path):  # the new daemon itself
        SqlStore(str(path)).close()
    assert revision(path) == schema.REVISIONS[-1]


def test_beside_a_daemon_of_the_same_version_a_store_is_opened(path: Path) -> None:
    SqlStore(str(path)).close()
    with DaemonLock(path):
        SqlStore(str(path)).close()
