"""Each statement is compiled once a process, whichever store it is for.

A store has an engine of its own, and an engine compiles for itself. A command opens one store; tests open hundreds, and would spend a tenth
of their time in compiling the same statements anew. Nothing else of a store is shared.
"""

from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

_COMPILED: Final[dict[Any, Any]] = {}


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


def share() -> None:
    """From now on, for every engine that is made."""
    registry.register("sqlite", __name__, Dialect.__name__)
