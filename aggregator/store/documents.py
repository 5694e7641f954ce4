"""What is remembered of the last document of each feed, so that only what is new in the next one is read."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, select

from aggregator.model import SeenDocument
from aggregator.store.engine import chunks, upsert
from aggregator.store.schema import entry, feed, last_document

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SeenDocument).decode
_SEEN: Final = select(last_document.c.seen).join(feed, feed.c.pk == last_document.c.feed).where(feed.c.key == bindparam("of"))
_KNOWN: Final = select(last_document.c.feed).where(last_document.c.feed.in_(bindparam("feeds", expanding=True)))
_put = upsert(last_document)
_PUT: Final = _put.on_conflict_do_update(index_elements=["feed"], set_={"seen": _put.excluded.seen})


def last(conn: Connection, feed_key: str) -> SeenDocument | None:
    body = conn.execute(_SEEN, {"of": feed_key}).scalar()
    try:
        return _decode(body) if body else None
    except msgspec.MsgspecError:
        return None  # Another version of the program wrote it: all is read once.


def write(conn: Connection, read: Sequence[tuple[int, SeenDocument | None]]) -> None:
    """Remember what was read of feeds (by pk); of a document that cannot be told apart by its entries nothing is remembered."""
    if puts := [{"feed": feed_pk, "seen": _encode(seen)} for feed_pk, seen in read if seen]:
        conn.execute(_PUT, puts)
    for piece in chunks([feed_pk for feed_pk, seen in read if seen is None]):
        if known := list(conn.execute(_KNOWN, {"feeds": piece}).scalars()):
            conn.execute(delete(last_document).where(last_document.c.feed.in_(known)))


def drop(conn: Connection, entries: Sequence[int]) -> None:
    """Remember nothing of the documents that these entries (by pk) came in."""
    for piece in chunks(entries):
        conn.execute(delete(last_document).where(last_document.c.feed.in_(select(entry.c.feed).where(entry.c.pk.in_(piece)))))
