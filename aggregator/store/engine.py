"""Open the database, keep its transactions honest, bring its tables up to date, and say in plain words what went wrong.

Everything that only one database knows stands here; the queries elsewhere are the same for all.
"""

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, Row, Table, bindparam, create_engine, event, select, text, update
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from aggregator.errors import StoreError
from aggregator.store import schema
from aggregator.store.owner import other_daemon
from aggregator.store.planning import tell_sizes

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
# Another process may be writing a large batch or migrating.
_BUSY_TIMEOUT_S: Final = 30
_HARDLY_ANY: Final = 1024 * 1024
# Far below SQLite's 32,766 parameters a statement; longer lists gain nothing.
_CHUNK: Final = 500
_CACHE_KIB: Final = 16 * 1024

T = TypeVar("T")

if TYPE_CHECKING:
    AnyRow: TypeAlias = Row[*tuple[Any, ...]]
else:
    # SQLAlchemy 2.0 and 2.1 type their rows differently; at run time a row is a row.
    AnyRow = Row

_READS: Final = {"reads_only": True}
_COUNTERS: Final = select(schema.meta.c.key, schema.meta.c.value)
_WRITE_COUNTER: Final = update(schema.meta).where(schema.meta.c.key == bindparam("name")).values(value=bindparam("count"))


class Counters:
    """The counters of `meta` within one transaction. What was taken is written back when the transaction ends well."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._values: dict[str, int] = {}
        self._taken: set[str] = set()

    def now(self, name: str) -> int:
        """The last number taken, or the size noted; 0 before the first."""
        if not self._values:
            self._values = {row.key: row.value for row in self._conn.execute(_COUNTERS)}
        return self._values.get(name, 0)

    def take(self, name: str) -> int:
        """The next number, never given before and never again."""
        self._values[name] = self.now(name) + 1
        self._taken.add(name)
        return self._values[name]

    def note(self, name: str, size: int) -> None:
        """Write down a size that was counted elsewhere."""
        if self.now(name) != size:
            self._values[name] = size
            self._taken.add(name)

    def write(self) -> None:
        if self._taken:
            self._conn.execute(_WRITE_COUNTER, [{"name": name, "count": self._values[name]} for name in sorted(self._taken)])


class Database:
    """An open store: transactions to read and to write, from any thread. Wraps what the database refuses in `StoreError`."""

    def __init__(self, address: str) -> None:
        if "://" in address and not address.startswith("sqlite:///"):
            raise StoreError(f"{address.partition(':')[0]}: this version keeps its store in an SQLite file only")
        self.path = Path(address.removeprefix("sqlite:///"))
        self._engine = _sqlite(self.path)
        # Threads of one process take turns here at once; SQLite's own waiting sleeps between its tries.
        self._turn = threading.Lock()
        try:
            with self._errors():
                _migrate(self._engine, self.path)
                tell_sizes(self._engine)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store and waits for nobody."""
        with self._errors(), self._engine.connect() as conn:
            conn.execution_options(**_READS)
            with conn.begin():
                yield conn

    @contextmanager
    def write(self) -> Iterator[tuple[Connection, Counters]]:
        """A transaction that alone may write: what it read stays true until it ends."""
        with self._errors(), self._turn, self._engine.begin() as conn:
            counters = Counters(conn)
            yield conn, counters
            counters.write()

    @contextmanager
    def erase(self) -> Iterator[tuple[Connection, Counters]]:
        """As `write`; what is deleted cannot be read from the file either, as soon as no other process reads its old pages."""
        with self.write() as (conn, counters):
            conn.exec_driver_sql("PRAGMA secure_delete=ON")
            try:
                yield conn, counters
            finally:
                conn.exec_driver_sql("PRAGMA secure_delete=OFF")
        with self._errors(), contextlib.closing(self._engine.raw_connection()) as bare:
            bare.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise StoreError(f"{self.path}: {in_plain_words(error, self.path)}") from error


def upsert(table: Table) -> Insert:
    """An INSERT that may say `on_conflict_do_update`, which standard SQL has not."""
    return insert(table)


def insert_plain(conn: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[str | int, ...]]) -> None:
    """Insert rows of nothing but texts and numbers, of which there are very many: they are handed to the driver as they are."""
    if not rows:
        return
    compiled = insert(table).compile(dialect=conn.dialect, column_keys=list(columns))
    if list(compiled.positiontup or ()) == list(columns):
        conn.exec_driver_sql(str(compiled), list(rows))
    else:
        conn.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])


def chunks(items: Iterable[T], size: int = _CHUNK) -> Iterator[list[T]]:
    """Cut a long list into pieces that one statement can take."""
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece


# ── SQLite ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", connect_args={"timeout": _BUSY_TIMEOUT_S}, pool_size=4, max_overflow=64, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # The driver would begin transactions late and commit before DDL; we say BEGIN ourselves.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        # A writer that first reads would be refused when another one wrote in between: it takes its place at once.
        reads_only = conn.get_execution_options().get("reads_only", False)
        conn.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine


def in_plain_words(error: BaseException, path: Path) -> str:
    """What the database refused, in words for people."""
    said = str(getattr(error, "orig", None) or error)
    for part, words in (
        ("is locked", f"another program has held the store for more than {_BUSY_TIMEOUT_S} s"),
        ("not a database", "this file is not a store (no SQLite database)"),
        ("malformed", "the store is damaged; restore a backup"),
        ("readonly database", "the store cannot be written: no permission for the file or its folder"),
        ("full", "the disk is full"),
        # On a full disk SQLite cannot make the small file that it shares with other processes, and calls that an I/O error.
        ("disk I/O error", "the disk is full" if _is_full(path) else "the disk failed to read or write"),
    ):
        if part in said:
            return words
    if "unable to open" in said:
        return "the store cannot be opened or made here" + ("" if path.parent.is_dir() else f": there is no folder {path.parent}")
    return f"the database refused: {said}"


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _HARDLY_ANY
    except OSError:
        return False


# ── migrations ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _migrate(engine: Engine, path: Path) -> None:
    """Bring the tables to the last revision, all steps in one transaction: killed in between, the store is as it was.

    Raises `StoreError` for a store that a newer program wrote, for another program's database, and while a daemon of the older program
    works on the store: it could not read what is written from now on.
    """
    with engine.connect() as conn:
        conn.execution_options(**_READS)
        with conn.begin():
            found = _revision(conn, path)
    if found == schema.REVISIONS[-1]:
        return
    if found is not None and (process := other_daemon(path)):
        raise StoreError(f"{path}: the daemon (process {process}) is of an older version than this command: start it anew first")
    with engine.begin() as conn:
        if table_names(conn):
            _revision(conn, path)
            _upgrade(conn)
        else:
            _create(conn)


def _create(conn: Connection) -> None:
    """Make an empty database a store: what all the migrations together would make of it, in a tenth of the time."""
    for tables in (schema.metadata, schema.revision.metadata):
        tables.create_all(conn, checkfirst=False)
    conn.execute(insert(schema.meta), [{"key": name, "value": 0} for name in schema.COUNTERS])
    conn.execute(insert(schema.revision), {"version_num": schema.REVISIONS[-1]})


def _upgrade(conn: Connection) -> None:
    # Alembic takes longer to import than a poll of many feeds: only a store that needs it pays.
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": conn})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, "head")


def _revision(conn: Connection, path: Path) -> str | None:
    """The revision of the store's tables, None for an empty database."""
    tables = set(table_names(conn))
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise StoreError(f"{path}: this is another program's database; name a new file in `store:`")
    found: Any = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in schema.REVISIONS:
        raise StoreError(f"{path}: a newer version of this program wrote this store (revision {found}); use that version")
    return None if found is None else str(found)


def table_names(conn: Connection) -> list[str]:
    """The names of all tables in the database."""
    return conn.dialect.get_table_names(conn)
