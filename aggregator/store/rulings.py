"""What people said of stories: `join` and `split`, kept for ever, before every key."""

from collections.abc import Sequence
from datetime import datetime
from itertools import combinations
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from aggregator.store.engine import Counters, chunks, upsert
from aggregator.store.schema import entry, publication, ruling, story, story_member

_ALL: Final = select(ruling.c.one, ruling.c.other, ruling.c.same)
_write = upsert(ruling)
_SAY: Final = _write.on_conflict_do_update(
    index_elements=["one", "other"], set_={"same": _write.excluded.same, "since": _write.excluded.since}
)
_UNSAY: Final = delete(ruling).where(
    ruling.c.one.in_(bindparam("pks", expanding=True)), ruling.c.other.in_(bindparam("pks", expanding=True))
)
_STORY_OF: Final = select(story_member.c.story).where(story_member.c.entry == bindparam("pk"))
_MEMBERS: Final = select(story_member.c.entry).where(story_member.c.story == bindparam("of")).order_by(story_member.c.entry)
_MOVE: Final = update(story_member).where(story_member.c.entry == bindparam("pk")).values(story=bindparam("into"))
_BEFORE: Final = (
    select(story.c.pk)
    .join(publication, publication.c.story == story.c.pk)
    .join(entry, entry.c.published_id == publication.c.published_id)
    .where(story.c.joined == bindparam("of"), entry.c.pk == bindparam("pk"))
    .order_by(story.c.pk)
)
_REVIVE: Final = update(story).where(story.c.pk == bindparam("of")).values(joined=None, generation=bindparam("now"))
_TOUCH: Final = update(story).where(story.c.pk == bindparam("of")).values(generation=bindparam("now"))


def all_rulings(conn: Connection) -> dict[tuple[int, int], bool]:
    """Every pair of entries (the lower pk first) of which somebody said something: whether it is one story."""
    return {(one, other): same for one, other, same in conn.execute(_ALL)}


def say_same(conn: Connection, pks: Sequence[int], now: datetime) -> None:
    """These entries are one story, whatever was said of any two of them before."""
    for piece in chunks(pks):
        conn.execute(_UNSAY, {"pks": piece})
    conn.execute(_SAY, [{"one": one, "other": other, "same": True, "since": now} for one, other in combinations(sorted(set(pks)), 2)])


def split(conn: Connection, counters: Counters, pk: int, now: datetime) -> int | None:
    """Give an entry a story of its own, for ever apart from its story's other members; None where it is alone already."""
    of: int = conn.execute(_STORY_OF, {"pk": pk}).scalar_one()
    others = [one for (one,) in conn.execute(_MEMBERS, {"of": of}) if one != pk]
    if not others:
        return None
    conn.execute(_SAY, [{"one": min(pk, one), "other": max(pk, one), "same": False, "since": now} for one in others])
    generation = counters.take("generation")
    # What subscribers were given before stories were joined is given to whom it was: either side may have had a story of its own.
    revived = _before(conn, of, [pk])
    if revived is None and (revived := _before(conn, of, others)) is not None:
        moved, own = others, of
    else:
        moved = [pk]
        own = counters.take("story") if revived is None else revived
    if revived is None:
        conn.execute(insert(story), [{"pk": own, "generation": generation, "created": now}])
    else:
        conn.execute(_REVIVE, {"of": revived, "now": generation})
    conn.execute(_MOVE, [{"pk": one, "into": own if revived is None else revived} for one in moved])
    conn.execute(_TOUCH, {"of": of, "now": generation})
    return own


def _before(conn: Connection, of: int, pks: Sequence[int]) -> int | None:
    """The story that one of these entries was given to subscribers as, before it was joined with this one."""
    for pk in pks:
        for row in conn.execute(_BEFORE, {"of": of, "pk": pk}):
            return int(row.pk)
    return None
