"""Which entries tell one story (pure): the groups that shared and confirmed keys connect."""

from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
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

    def add(self, node: Node) -> None:
        self._parent.setdefault(node, node)

    def find(self, node: Node) -> Node:
        """Who stands for the node's set. To ask for a node does not add it."""
        parent = self._parent.get(node, node)
        while parent != node:
            grandparent = self._parent[parent]
            self._parent[node] = grandparent
            node, parent = parent, grandparent
        return node

    def join(self, a: Node, b: Node) -> None:
        self.add(a)
        self.add(b)
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
    """Group entries (by pk) that are new or say something else with whatever tells the same story.

    `story_of` gives the story of every entry that has one; `carriers` the entries, the fresh ones included, under each key that a fresh
    one has. Whoever comes first, the groups are the same: they are what the confirmed pairs connect. A story that was only compared is
    in none of them.
    """
    unions: _Unions[tuple[bool, int]] = _Unions()

    def node(pk: int) -> tuple[bool, int]:
        return (True, story_of[pk]) if pk in story_of else (False, pk)

    for pk in fresh:
        unions.add(node(pk))
    news = set(fresh)
    for (kind, _), pks in carriers.items():
        for a, b in _pairs(compared(pks, news), news):
            # Who takes another's place is new; two that were both given to subscribers stay two.
            if kind == "twin" and a in story_of and b in story_of:
                continue
            if unions.find(node(a)) != unions.find(node(b)) and same_story(entry(a), entry(b), kind):
                unions.join(node(a), node(b))
    return [
        Group(frozenset(pk for is_story, pk in nodes if is_story), frozenset(pk for is_story, pk in nodes if not is_story))
        for nodes in unions.groups()
    ]


def compared(pks: Sequence[int], fresh: Container[int]) -> list[int]:
    """Which carriers of a key, of all in the order in which they came, are looked at: the latest; what is fresh counts as latest.

    >>> compared([1, 2, 3], {1})
    [2, 3, 1]
    """
    return sorted(pks, key=lambda pk: pk in fresh)[-MAX_CARRIERS:]


def _pairs(pks: Sequence[int], news: Container[int]) -> Iterable[tuple[int, int]]:
    """Each fresh carrier of a key with every other carrier, once."""
    for place, a in enumerate(pks):
        for b in pks[place + 1 :]:
            if a in news or b in news:
                yield a, b
