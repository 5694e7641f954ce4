"""What becomes of a story when an entry is split from it: who leaves, and which of what subscribers were given goes along (pure)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.store.joining import PLACES

_ALIKE: Final = 2
"""So many shared keys of words tell the same text: one may be shared by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story `of` several entries. `names` are the ids of these, by pk; `own` those that it was given to subscribers under, `joined` those
    of each story that was joined with it, what was listed first coming first.
    """

    of: int
    names: Mapping[int, str]
    own: Collection[str]
    joined: Mapping[int, Collection[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """An entry as others of its story are compared with it: its feed, the id and the page that it is published with, its keys."""

    pk: int
    feed: int
    name: str
    link: str
    keys: Collection[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Parting:
    """`moved` are the entries that leave their story, for another that was joined with it, or for a new one (None); `follow` are the others
    that were joined with it and are theirs.
    """

    moved: frozenset[int]
    into: int | None
    follow: frozenset[int]


@dataclass(frozen=True, slots=True)
class Row:
    """What an output gave under an id, and for which story. `rank` orders rows by what was given first."""

    name: str
    story: int
    rank: tuple[object, ...]


def leaving(pk: int, members: Sequence[Kin], given: Collection[str], leads: Collection[int]) -> frozenset[int]:
    """Who goes along with an entry that is taken out of its story: what it was before its id was another one, and copies that have its id
    or its page. Where that is all, it leaves alone.

    Where the entry spoke for a story before somebody joined that with one that has nothing in common with it, all its copies go along: they
    came with it, and would lead in its stead. It spoke where its id is among those `given`, or it is among `leads`.
    """
    copies = _reached(pk, members, _is_copy)
    spoke = pk in leads or any(one.name in given for one in members if one.pk == pk)
    if spoke and len(copies) < len(members):
        return copies
    kin = _reached(pk, members, _is_kin)
    return kin if len(kin) < len(members) else frozenset({pk})


def _reached(pk: int, members: Sequence[Kin], is_near: Callable[[Kin, Kin], bool]) -> frozenset[int]:
    found, waiting = {pk}, [one for one in members if one.pk == pk]
    while waiting:
        last = waiting.pop()
        more = [one for one in members if one.pk not in found and is_near(one, last)]
        found |= {one.pk for one in more}
        waiting += more
    return frozenset(found)


def _is_copy(one: Kin, other: Kin) -> bool:
    shared = [kind for kind, value in one.keys if (kind, value) in other.keys]
    return _is_kin(one, other) or shared.count("text") >= _ALIKE or any(kind not in ("text", *PLACES) for kind in shared)


def _is_kin(one: Kin, other: Kin) -> bool:
    if one.name == other.name or (one.link and one.link == other.link):
        return True
    shared = [kind for kind, value in one.keys if (kind, value) in other.keys]
    return one.feed == other.feed and (shared.count("text") >= _ALIKE or any(kind in PLACES for kind in shared))


def part(gone: Collection[int], told: Told) -> Parting:
    """Take entries of a story out of it. What was an entry's own goes with it; where the story itself is theirs, the others leave, if one
    of these had another.
    """
    names, homes = told.names, _homes(told)
    others = {one: name for one, name in names.items() if one not in gone}
    theirs = set(others.values())
    ours = {names[one] for one in gone} - theirs
    mine = [story for story in told.joined if any(homes.get(name) == story for name in ours)]
    before = [story for story in told.joined if any(homes.get(name) == story for name in theirs)]
    is_own = bool(ours.intersection(told.own)) or theirs.isdisjoint(told.own)
    others_leave = not mine and bool(before) and is_own
    moved, into = (frozenset(others), before[0]) if others_leave else (frozenset(gone), mine[0] if mine else None)
    return Parting(moved, into, frozenset(homes[names[one]] for one in moved if names[one] in homes) - {into})


def _homes(told: Told) -> dict[str, int]:
    """Of which story that was joined each id is: of several that had it, of the one that had fewest others."""
    by_purity = sorted(told.joined.items(), key=lambda item: len({*item[1]}), reverse=True)
    return {name: story for story, given in by_purity for name in given}


def places(rows: Sequence[Row], told: Told, parting: Parting, into: int) -> list[int]:
    """The stories for which the rows of one output stand after a parting: each goes with the entry whose id it is. Outputs differ in that,
    since each was judged by its own rules when the stories were joined.

    Of several of one side the one that was given first is the story's own; the others stand for those that were joined with it.
    """
    moved = {told.names[one] for one in parting.moved}
    left = {name for one, name in told.names.items() if one not in parting.moved}
    staying = [one for one in told.joined if one != into and one not in parting.follow]
    free = {True: [into, *sorted(parting.follow)], False: [told.of, *staying]}
    homes = _homes(told)
    found: dict[int, int] = {}
    for at, row in sorted(enumerate(rows), key=lambda one: one[1].rank):
        is_moved = row.name in moved if (row.name in moved) != (row.name in left) else row.story in free[True]
        slots = free[is_moved] or free[not is_moved]
        liked = [one for one in (homes.get(row.name), row.story) if one in slots]
        found[at] = slots[0] if slots[0] in (into, told.of) or not liked else liked[0]
        slots.remove(found[at])
    return [found[at] for at in range(len(rows))]
