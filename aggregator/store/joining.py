"""Which entries tell one story (pure): the groups that shared and confirmed keys connect."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from aggregator.model import StoredEntry
from aggregator.ports import SameStory

MAX_CARRIERS: Final = 200
"""The latest carriers of a key that are compared. Only generic ids and pages have more; all with all would grow with the square."""

Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Group:
    """Stories that are one from now on, and the entries that join them; without a story it is a new one."""

    stories: frozenset[int]
    entries: frozenset[int]


class _Unions(Generic[Node]):
    """Disjoint sets: which nodes are connected so far."""

    def __init__(self) -> None:
        self._parent: dict[Node, Node] = {}

    def find(self, node: Node) -> Node:
        parent = self._parent.setdefault(node, node)
        while parent != node:
            grandparent = self._parent[parent]
            self._parent[node] = grandparent
            node, parent = parent, grandparent
        return node

    def join(self, a: Node, b: Node) -> None:
        self._parent[self.find(a)] = self.find(b)

    def groups(self) -> list[list[Node]]:
        found: defaultdict[Node, list[Node]] = defaultdict(list)
        for node in list(self._parent):
            found[self.find(node)].append(node)
        return list(found.values())


def join(
    fresh: Sequence[int],
    story_of: Mapping[int, int],
    carriers: Mapping[tuple[str, str], Sequence[int]],
    entry: Callable[[int], StoredEntry],
    same_story: SameStory,
) -> list[Group]:
    """Group entries (by pk) that are new, or have new keys, with whatever tells the same story.

    `story_of` gives the story of every entry that has one; `carriers` the entries, the fresh ones included, under each key. Whoever
    comes first, the groups are the same: they are what the confirmed pairs connect.
    """
    unions: _Unions[tuple[bool, int]] = _Unions()

    def node(pk: int) -> tuple[bool, int]:
        return (True, story_of[pk]) if pk in story_of else (False, pk)

    for pk in fresh:
        unions.find(node(pk))
    news = set(fresh)
    for (kind, _), pks in carriers.items():
        for a, b in _pairs(pks, news):
            # Who takes another's place is new; two that were both given to subscribers stay two.
            if kind == "twin" and a in story_of and b in story_of:
                continue
            if unions.find(node(a)) != unions.find(node(b)) and same_story(entry(a), entry(b), kind):
                unions.join(node(a), node(b))
    return [
        Group(frozenset(pk for is_story, pk in nodes if is_story), frozenset(pk for is_story, pk in nodes if not is_story))
        for nodes in unions.groups()
    ]


def _pairs(pks: Sequence[int], news: set[int]) -> Iterable[tuple[int, int]]:
    """Each fresh carrier of a key with every other carrier, once."""
    latest = pks[-MAX_CARRIERS:]
    for place, a in enumerate(latest):
        for b in latest[place + 1 :]:
            if a in news or b in news:
                yield a, b
