"""What was forgotten and must not come back. It is known by keyed hashes only: of an entry's feed and key, and of its pages.

They stand in the store and, a line each, in a file beside it, which is written first and only ever grows: put back an older copy of the
store, and what was forgotten since is forgotten again when it is opened.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from aggregator.errors import StoreError
from aggregator.model import Entry
from aggregator.store.engine import Counters, chunks, upsert
from aggregator.store.owner import hand_over
from aggregator.store.schema import instant, microseconds, stop_key
from aggregator.web.host import site
from aggregator.web.url import link_key

_HEAD: Final = "# What `aggregator forget` erased, as hashes. Keep this file beside the store: it must outlive every backup.\n"

_NEXT_SECRET: Final = select(func.min(stop_key.c.secret)).where(stop_key.c.secret > bindparam("after"))
_FOUND: Final = select(stop_key.c.hash, stop_key.c.since).where(
    stop_key.c.secret == bindparam("with"), stop_key.c.hash.in_(bindparam("hashes", expanding=True))
)
_ALL: Final = select(stop_key.c.secret, stop_key.c.hash, stop_key.c.since)
_COUNT: Final = select(func.count()).select_from(stop_key)
_ADD: Final = upsert(stop_key).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing that must not come back. `secret` is hexadecimal; `since` says when it was forgotten."""

    secret: str
    hash: str
    since: datetime


def entry_marks(feed_key: str, entry: Entry) -> list[str]:
    """An entry of a feed, whatever it says by now; and the same one under another id and page (its key `twin`)."""
    return [f"entry\n{feed_key}\n{entry.raw_key}", *(f"twin\n{key.value}" for key in entry.keys if key.kind == "twin")]


def page_mark(page: str) -> str:
    """The page of an entry, wherever a copy of it comes from."""
    return f"page\n{link_key(page)}"


def told_mark(address: str) -> str:
    """An address or id of a forgotten entry, only for telling that it was forgotten: it keeps nothing out."""
    return f"told\n{link_key(address.strip())}"


def told_marks(entry: Entry) -> list[str]:
    """The page and the id of an entry of its feed's own; of what a feed repeats with the page of others they are those of others."""
    is_own = entry.link is None or site(entry.link) == entry.site
    return [told_mark(one) for one in (entry.link, entry.raw_id) if one] if is_own else []


def own_pages(entry: Entry) -> list[str]:
    """The pages that are an entry's by right: on its feed's own site, or one that it comes from. What is forgotten with the entry."""
    own = {link_key(entry.link)} if entry.link and site(entry.link) == entry.site else set()
    own |= {link_key(hop.page) for hop in entry.origin.chain if hop.page}
    return [page for page in named_pages(entry) if page in own]


def named_pages(entry: Entry) -> list[str]:
    """The pages under which an entry's story is found. If one of them was forgotten, the entry is a copy or speaks of nothing else."""
    return [key.value for key in entry.keys if key.kind == "link"]


def hashed(secret: str, mark: str) -> str:
    """What is kept of a mark: nobody without the secret can try addresses against it."""
    return blake2b(mark.encode("utf-8", "surrogatepass"), key=bytes.fromhex(secret), digest_size=16).hexdigest()


# ── the table ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def secrets(conn: Connection) -> list[str]:
    """The secrets under which something was forgotten: one, unless stores were mixed."""
    found: list[str] = []
    while (secret := conn.execute(_NEXT_SECRET, {"after": found[-1] if found else ""}).scalar()) is not None:
        found.append(secret)
    return found


def stopped(conn: Connection, marks: Iterable[str]) -> dict[str, datetime]:
    """Those of these marks that must not come back, and since when."""
    found: dict[str, datetime] = {}
    wanted = list(dict.fromkeys(marks))
    for secret in secrets(conn):
        mark_of = {hashed(secret, mark): mark for mark in wanted}
        for hashes in chunks(mark_of):
            found |= {mark_of[row.hash]: row.since for row in conn.execute(_FOUND, {"with": secret, "hashes": hashes})}
    return found


def add(conn: Connection, counters: Counters, stops: Sequence[Stop]) -> None:
    if stops:
        conn.execute(_ADD, [{"secret": one.secret, "hash": one.hash, "since": one.since} for one in stops])
    counters.note("stops", conn.execute(_COUNT).scalar_one())


def all_of(conn: Connection) -> Iterator[Stop]:
    return (Stop(row.secret, row.hash, row.since) for row in conn.execute(_ALL))


# ── the file ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class StopFile:
    """The file beside the store: a line for each stop, of secret, hash and microseconds since 1970."""

    def __init__(self, store: Path) -> None:
        self.path = store.with_name(store.name + ".forgotten")

    def size(self) -> int:
        """Its bytes; 0 where there is none."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be read: {error.strerror}") from error

    def read(self) -> list[Stop]:
        """All its stops. A line that a sudden death left unfinished is none."""
        try:
            text = self.path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be read: {error.strerror}") from error
        return [stop for line in text.splitlines() if (stop := _stop(line))]

    def append(self, stops: Sequence[Stop]) -> None:
        """Add these, on disk when this returns."""
        try:
            is_new = not self.path.exists()
            fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with contextlib.closing(os.fdopen(fd, "wb")) as file:
                # Whatever stands at the end may be half a line.
                file.write((_HEAD if is_new else "\n").encode())
                file.write("".join(_line(stop) for stop in stops).encode())
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                hand_over(self.path, self.path.parent)
            _sync(self.path.parent)
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written: {error.strerror}") from error


def _line(stop: Stop) -> str:
    return f"{stop.secret} {stop.hash} {microseconds(stop.since)}\n"


def _stop(line: str) -> Stop | None:
    match line.split():
        case [secret, found, since] if since.isdigit() and _is_hex(secret) and _is_hex(found):
            return Stop(secret, found, instant(int(since)))
    return None


def _is_hex(text: str) -> bool:
    return len(text) == 32 and all(character in "0123456789abcdef" for character in text)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
