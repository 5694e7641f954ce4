"""Withdraw what a publisher has deleted, and give it back when it stands in its feed again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from aggregator.model import Entry, Tombstone
from aggregator.store.engine import Counters, chunks
from aggregator.store.schema import entry, story, story_member
from aggregator.store.values import entry_of

DELETED: Final = "deleted by its publisher"
"""How the reason of a withdrawn entry begins that a tombstone names; it is lifted when the entry comes back."""

_STANDING: Final = select(entry.c.pk, entry.c.raw_key, entry.c.body).where(
    entry.c.feed == bindparam("of"), entry.c.raw_key.in_(bindparam("raw_keys", expanding=True)), entry.c.withdrawn.is_(None)
)
_WITHDRAW: Final = update(entry).where(entry.c.pk == bindparam("entry_pk"))
_STORIES: Final = select(story_member.c.story).where(story_member.c.entry.in_(bindparam("pks", expanding=True)))
_TOUCH: Final = update(story).where(story.c.pk.in_(bindparam("pks", expanding=True))).values(generation=bindparam("now"))


@dataclass(frozen=True, slots=True)
class Deletions:
    """What one poll's document says was deleted. `position` is the result's place in its batch."""

    position: int
    feed_pk: int
    stones: Sequence[Tombstone]


def withdraw(conn: Connection, counters: Counters, deletions: Iterable[Deletions]) -> list[int]:
    """Withdraw the feed's own entries that stand; return the position of each."""
    gone: list[tuple[int, int, str]] = []
    for one in deletions:
        stones = {stone.raw_key: stone for stone in one.stones}
        for raw_keys in chunks(sorted(stones)):
            for pk, raw_key, body in conn.execute(_STANDING, {"of": one.feed_pk, "raw_keys": raw_keys}):
                if not is_over(stones[raw_key], entry_of(body)):
                    gone.append((one.position, pk, reason(stones[raw_key].when)))
    if gone:
        conn.execute(_WITHDRAW, [{"entry_pk": pk, "withdrawn": why} for _, pk, why in gone])
        touch(conn, counters, [pk for _, pk, _ in gone])
    return [position for position, _, _ in gone]


def is_over(stone: Tombstone, value: Entry) -> bool:
    """Whether an entry was given again after this tombstone was written (RFC 6721 section 3: the later date counts)."""
    return stone.when is not None and value.updated is not None and value.updated > stone.when


def reason(when: datetime | None) -> str:
    return f"{DELETED} on {when:%Y-%m-%d}" if when else DELETED


def touch(conn: Connection, counters: Counters, pks: Sequence[int]) -> None:
    """Have the stories of these entries judged again."""
    generation = counters.take("generation")
    for piece in chunks(pks):
        touched = sorted(set(conn.execute(_STORIES, {"pks": piece}).scalars()))
        conn.execute(_TOUCH, {"pks": touched, "now": generation})
