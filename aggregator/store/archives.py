"""The archives of outputs: which stories stand on which page, and what was written of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from aggregator.model import ArchivePage, Publication, StoredEntry, Upkeep, pages_begun
from aggregator.store import entries
from aggregator.store.engine import AnyRow, Database
from aggregator.store.publications import SHOWN, newest_first, shown
from aggregator.store.schema import archive_page, output, publication, story, story_member

_OUTPUT: Final = select(output).where(output.c.path == bindparam("at"))
_LAST: Final = (
    select(publication.c.sequence)
    .where(publication.c.output == bindparam("of"), publication.c.sequence.is_not(None))
    .order_by(publication.c.sequence.desc())
    .limit(1)
)
_CLOSED: Final = select(func.max(archive_page.c.number)).where(archive_page.c.output == bindparam("of"), archive_page.c.closed)
_LEAVE_OUT: Final = (
    update(output).where(output.c.path == bindparam("at"), output.c.left_out < bindparam("last")).values(left_out=bindparam("last"))
)
_TOUCHED: Final = (
    select(publication.c.sequence)
    .join(story, story.c.pk == publication.c.story)
    .where(story.c.generation > bindparam("since"), publication.c.output == bindparam("of"), publication.c.sequence.is_not(None))
)
_STORIES: Final = SHOWN.where(
    output.c.path == bindparam("at"), publication.c.listed, publication.c.sequence.between(bindparam("first"), bindparam("last"))
)
_PAGE: Final = select(archive_page).where(archive_page.c.path == bindparam("at"))
_FILES: Final = select(archive_page.c.path, archive_page.c.written)
_BEYOND: Final = _FILES.where(archive_page.c.output == bindparam("of"), archive_page.c.number > bindparam("last"))
# By output, of which there are few: an archive has any number of pages.
_UNKEPT: Final = _FILES.where(
    archive_page.c.output.in_(select(output.c.pk).where(output.c.path.not_in(bindparam("paths", expanding=True))))
)
_ENTRIES: Final = (
    select(story_member.c.entry)
    .join(publication, publication.c.story == story_member.c.story)
    .join(output, output.c.pk == publication.c.output)
    .where(output.c.path == bindparam("at"), publication.c.listed)
)


class Archives:
    """`ledgers.Archives` over a database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def upkeep(self, output: str, mark: str) -> Upkeep:
        with self._db.read() as conn:
            row = _row(conn, output)
            generation = entries.generation(conn)
            touched = None
            if row.archived_mark == mark:
                found = conn.execute(_TOUCHED, {"of": row.pk, "since": row.archived_generation})
                touched = tuple(sorted(found.scalars()))
            return Upkeep(
                last_sequence=conn.execute(_LAST, {"of": row.pk}).scalar() or 0,
                left_out=row.left_out,
                last_closed=conn.execute(_CLOSED, {"of": row.pk}).scalar() or 0,
                touched=touched,
                generation=generation,
            )

    def leave_out(self, output: str, last: int) -> None:
        with self._db.write() as (conn, _):
            conn.execute(_LEAVE_OUT, {"at": output, "last": last})

    def stories(self, output: str, first: int, last: int) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        with self._db.read() as conn:
            chosen = [shown(row) for row in conn.execute(_STORIES, {"at": output, "first": first, "last": last})]
            return newest_first(conn, chosen)

    def page(self, path: str) -> ArchivePage | None:
        with self._db.read() as conn:
            row = conn.execute(_PAGE, {"at": path}).first()
        return None if row is None else _page(row)

    def note_page(self, output: str, page: ArchivePage) -> None:
        with self._db.write() as (conn, _):
            conn.execute(delete(archive_page).where(archive_page.c.path == page.path))
            columns = {"path": page.path, "output": _row(conn, output).pk, "number": page.number, "closed": page.is_closed}
            conn.execute(insert(archive_page), columns | {"shows": page.shows, "written": page.written, "places": page.places})

    def note_kept(self, output: str, mark: str, generation: int) -> None:
        with self._db.write() as (conn, _):
            _keep(conn, _row(conn, output).pk, mark, generation)

    def stale(self, sizes: Mapping[str, int]) -> list[tuple[str, str]]:
        with self._db.read() as conn:
            found = [row for path, size in sizes.items() for row in _beyond(conn, path, size)]
            found += conn.execute(_UNKEPT, {"paths": list(sizes)})
        return sorted((path, written) for path, written in found)

    def drop_page(self, path: str) -> None:
        with self._db.write() as (conn, _):
            if row := conn.execute(_PAGE, {"at": path}).first():
                conn.execute(delete(archive_page).where(archive_page.c.path == path))
                _keep(conn, row.output, None, 0)

    def entries(self, outputs: Sequence[str]) -> frozenset[int]:
        with self._db.read() as conn:
            return frozenset(pk for path in outputs for pk in conn.execute(_ENTRIES, {"at": path}).scalars())


def _row(conn: Connection, path: str) -> AnyRow:
    return conn.execute(_OUTPUT, {"at": path}).one()


def _beyond(conn: Connection, path: str, size: int) -> Iterable[AnyRow]:
    row = conn.execute(_OUTPUT, {"at": path}).first()
    if row is None:
        return []
    last = conn.execute(_LAST, {"of": row.pk}).scalar() or 0
    return conn.execute(_BEYOND, {"of": row.pk, "last": pages_begun(last, row.left_out, size)})


def _keep(conn: Connection, of: int, mark: str | None, generation: int) -> None:
    conn.execute(update(output).where(output.c.pk == of).values(archived_mark=mark, archived_generation=generation))


def _page(row: AnyRow) -> ArchivePage:
    return ArchivePage(
        path=row.path, number=row.number, is_closed=row.closed, shows=row.shows, written=row.written, places=bytes(row.places)
    )
