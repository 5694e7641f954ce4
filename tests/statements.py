"""Each statement is compiled once a process, whichever store it is for, and each new store is a copy of one that was made in this process.

A store has an engine of its own, and an engine compiles for itself. A command opens one store; tests open hundreds, and would spend a tenth
of their time in compiling the same statements and making the same tables anew. Nothing else of a store is shared.
"""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

_COMPILED: Final[dict[Any, Any]] = {}
# Where there is a folder in memory, each commit costs no disk: what a power cut would do is not what tests are about.
MEMORY: Final = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
# The store of which others are copies.
_FIRST: Final = "first-of-all.db"


class Dialect(SQLiteDialect_pysqlite):
    """As SQLAlchemy's own; any two of them are equal, since what was compiled is kept by dialect."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is Dialect

    def __hash__(self) -> int:
        return hash(Dialect)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_COMPILED)

    def connect(self, *given: Any, **keywords: Any) -> Any:
        path = Path(given[0])
        if path.suffix == ".db" and path.name != _FIRST and not path.exists() and path.parent.is_dir():
            _copy(path)
        return super().connect(*given, **keywords)


@cache
def empty_store() -> bytes:
    """A store without rows, as the program makes it."""
    from aggregator.store.sql import SqlStore

    with TemporaryDirectory(dir=MEMORY) as folder:
        SqlStore(str(Path(folder, _FIRST))).close()
        return Path(folder, _FIRST).read_bytes()


def _copy(path: Path) -> None:
    """Whole or not at all: others may be about to make it, too. Where it cannot be made, the program finds that out by itself."""
    with TemporaryDirectory(dir=path.parent) as folder, suppress(OSError):
        Path(folder, "copy").write_bytes(empty_store())
        os.link(Path(folder, "copy"), path)


def share() -> None:
    """From now on, for every engine that is made."""
    registry.register("sqlite", __name__, Dialect.__name__)
