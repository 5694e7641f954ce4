"""What the store knows of the entries that may tell one story with those of a batch: each thing is asked once, and many at a time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, bindparam, select, union_all

from aggregator.model import StoredEntry
from aggregator.store import entries
from aggregator.store.engine import chunks
from aggregator.store.schema import story_key, story_member
from aggregator.store.values import member_order

_MEMBERSHIP: Final = select(story_member.c.entry, story_member.c.story).where(story_member.c.entry.in_(bindparam("pks", expanding=True)))
_MEMBERS: Final = select(story_member.c.story, story_member.c.entry).where(story_member.c.story.in_(bindparam("stories", expanding=True)))
_shared = story_key.alias("shared")
_SHARED: Final = (
    select(story_key.c.kind, story_key.c.value, story_key.c.entry, _shared.c.entry.label("other"), story_member.c.story)
    .join(
        _shared,
        (_shared.c.kind == story_key.c.kind) & (_shared.c.value == story_key.c.value) & (_shared.c.entry != story_key.c.entry),
    )
    .join(story_member, story_member.c.entry == _shared.c.entry, isouter=True)
    .where(story_key.c.entry.in_(bindparam("pks", expanding=True)))
)
# Two questions, of which the second reads the latest carriers only: joined by OR, all would be read.
_CARRIERS: Final = union_all(
    _SHARED.where(story_key.c.kind != "text"), _SHARED.where(story_key.c.kind == "text", _shared.c.entry > bindparam("after"))
)

_Sharing = tuple[tuple[str, str], int, int | None]
"""A key, who else has it, and the story of that one."""


@dataclass(slots=True)
class Candidates:
    """Asks the store, which must not change meanwhile. `after`: of those that share words only entries behind it are found."""

    conn: Connection
    after: int
    _entries: dict[int, StoredEntry] = field(default_factory=dict)
    _sharing: dict[int, list[_Sharing]] = field(default_factory=dict)
    _members: dict[int, Sequence[StoredEntry]] = field(default_factory=dict)

    def entries(self, pks: Collection[int]) -> dict[int, StoredEntry]:
        """Entries as they are stored."""
        self._entries |= entries.by_pk(self.conn, [pk for pk in pks if pk not in self._entries])
        return {pk: self._entries[pk] for pk in pks if pk in self._entries}

    def stories_of(self, pks: Iterable[int]) -> dict[int, int]:
        """The story of each entry that has one."""
        return {row.entry: row.story for piece in chunks(pks) for row in self.conn.execute(_MEMBERSHIP, {"pks": piece})}

    def carriers(self, pks: Collection[int], story_of: dict[int, int]) -> dict[tuple[str, str], list[int]]:
        """Who carries each key that one of these entries shares, earlier entries first. Adds their stories, where they have one, to
        `story_of`.
        """
        for piece in chunks([pk for pk in pks if pk not in self._sharing]):
            self._sharing |= {pk: [] for pk in piece}
            for kind, value, pk, other, story in self.conn.execute(_CARRIERS, {"pks": piece, "after": self.after}):
                self._sharing[pk].append(((kind, value), other, story))
        found: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for pk in pks:
            for key, other, story in self._sharing[pk]:
                found[key] |= {pk, other}
                if story is not None:
                    story_of[other] = story
        return {key: sorted(carriers) for key, carriers in found.items()}

    def told(self, story: int, beside: Collection[int]) -> Sequence[StoredEntry]:
        """The entries of a story. `beside` are the stories that will probably be asked for, too."""
        if story not in self._members:
            self._read([story, *(one for one in beside if one not in self._members and one != story)])
        return self._members[story]

    def _read(self, stories: Sequence[int]) -> None:
        members: Mapping[int, list[int]] = {story: [] for story in stories}
        for piece in chunks(stories):
            for story, pk in self.conn.execute(_MEMBERS, {"stories": piece}):
                members[story].append(pk)
        found = self.entries([pk for pks in members.values() for pk in pks])
        self._members |= {story: tuple(sorted((found[pk] for pk in pks), key=member_order)) for story, pks in members.items()}
