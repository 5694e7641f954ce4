"""What hubs know of us and we of them: which output ours was told of last."""

from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from aggregator.model import Notice
from aggregator.store.publications import IS_PAGE
from aggregator.store.schema import output

_NOTICES: Final = select(
    output.c.path, output.c.written, output.c.told, output.c.told_at, output.c.tell_at, output.c.tell_failures, output.c.tell_error
).where(output.c.written.is_not(None), ~IS_PAGE)
_TELL: Final = update(output).where(output.c.path == bindparam("at"))


def notices(conn: Connection) -> list[Notice]:
    return [
        Notice(path=path, written=written, told=told, told_at=told_at, next_at=next_at, failures=failures, error=error)
        for path, written, told, told_at, next_at, failures, error in conn.execute(_NOTICES.order_by(output.c.path))
    ]


def note_told(conn: Connection, notice: Notice) -> None:
    values = {"told": notice.told, "told_at": notice.told_at, "tell_at": notice.next_at}
    conn.execute(_TELL, {"at": notice.path, **values, "tell_failures": notice.failures, "tell_error": notice.error})
