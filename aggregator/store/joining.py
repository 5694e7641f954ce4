"""Which entries tell one story (pure): the groups that shared and confirmed keys connect."""

from collections import Counter
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from aggregator.judges import SameStory, Successors, no_successors
from aggregator.model import StoredEntry

PLACES: Final = frozenset({"twin", "path"})
"""The kinds of keys by which an entry is found that took another's place."""

MAX_CARRIERS: Final = 200
"""The latest carriers of a key that are compared. Only generic ids and pages have more; all with all would grow with the square."""

MAX_LOOSE: Final = 500
"""When so many entries are taken apart at once, no more are: somebody is playing."""

Node = TypeVar("Node", bound=Hashable)
Carriers = Mapping[tuple[str, str], Sequence[int]]
Pairs = Callable[[Carriers, Container[int], Callable[[int], StoredEntry]], Iterator[tuple[str, int, int]]]
_Node = tuple[bool, int]
"""A stored story (True, its pk) or an entry that has none yet (False, its pk)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Stories that are one from now on, and the entries that join them; without a story it is a new one."""

    stories: frozenset[int]
    entries: frozenset[int]


@dataclass(frozen=True, slots=True)
class Joined:
    """The groups that were found. `contested`: the stories around each pair that tells one story and yet could not be joined, because of
    what else was joined with either; `is_contested` whether there was such a pair, though none of it had a story yet."""

    groups: Sequence[Group]
    contested: frozenset[int] = frozenset()
    is_contested: bool = False


@dataclass(frozen=True, slots=True)
class Turnover:
    """A document of a known feed of which much is new at once: the new entries and those that were known before, by pk, and others that the
    feed had, which may have been replaced. `past` are the places of the latest that it had, the newest first; None where nobody asks what
    is backlog."""

    added: Sequence[int]
    standing: Sequence[int]
    gone: Sequence[StoredEntry]
    past: Sequence[datetime] | None = None


class _Unions(Generic[Node]):
    """Disjoint sets: which nodes are connected so far."""

    def __init__(self) -> None:
        self._sets: dict[Node, list[Node]] = {}

    def of(self, node: Node) -> list[Node]:
        """The node's set, itself included. To ask for a node does not add it."""
        return self._sets.get(node, [node])

    def add(self, node: Node) -> None:
        self._sets.setdefault(node, [node])

    def join(self, a: Node, b: Node) -> None:
        self.add(a)
        self.add(b)
        small, large = sorted((self._sets[a], self._sets[b]), key=len)
        if small is not large:
            large += small
            self._sets |= dict.fromkeys(small, large)

    def groups(self) -> list[list[Node]]:
        return list({id(found): found for found in self._sets.values()}.values())


def join(
    fresh: Sequence[int],
    story_of: Mapping[int, int],
    carriers: Carriers,
    entry: Callable[[int], StoredEntry],
    same_story: SameStory,
    told: Callable[[int], Sequence[StoredEntry]] = lambda story: (),
    ruled: Mapping[tuple[int, int], bool] = MappingProxyType({}),
    turned: Sequence[Turnover] = (),
    successors: Successors = no_successors,
    given: Container[int] | None = None,
    pairs: Pairs | None = None,
) -> Joined:
    """Group entries (by pk) that are new or say something else with whatever tells the same story.

    `story_of` gives the story of every entry that has one, `told` the entries of a story; `carriers` the entries, the fresh ones included,
    under each key that a fresh one has. The groups are what the confirmed pairs connect, unless that would make one story of entries that
    `same_story` keeps apart (`third`): then the pair that is looked at later connects nothing, and is contested. Where nothing is, the
    groups are the same whoever comes first; else they are if the pairs are looked at `closest_first`, and what was joined is fresh again.
    A story that was only compared is in no group. What `ruled` says of a pair of entries (the lower pk first) goes before all of this.
    Of two stories that subscribers were `given` (None: all) neither takes the other's place. At last each `turned` document is looked
    through for entries that took the place of others (`successors`); a story that stands in it already is nobody's place, and none is taken
    twice.
    """
    work = _Joining(fresh, story_of, entry, same_story, told, ruled, given)
    work.by_rulings()
    work.by_pairs(list((pairs or in_turn)(carriers, work.news, entry)))
    for turnover in turned:
        work.by_turnover(turnover, successors)
    return work.joined()


class _Joining:
    """One call of `join`: what is connected so far, and which pairs could not be."""

    def __init__(
        self,
        fresh: Sequence[int],
        story_of: Mapping[int, int],
        entry: Callable[[int], StoredEntry],
        same_story: SameStory,
        told: Callable[[int], Sequence[StoredEntry]],
        ruled: Mapping[tuple[int, int], bool],
        given: Container[int] | None,
    ) -> None:
        self.news = set(fresh)
        self._story_of, self._entry, self._told = story_of, entry, told
        self._same_story, self._ruled, self._given = same_story, ruled, given
        self._unions: _Unions[_Node] = _Unions()
        self._contested: set[_Node] = set()
        for pk in fresh:
            self._unions.add(self._node(pk))

    def by_rulings(self) -> None:
        """Connect what somebody said to be one story."""
        for pair, is_same in sorted(self._ruled.items()):
            if is_same and not self.news.isdisjoint(pair) and all(pk in self._story_of or pk in self.news for pk in pair):
                self._unions.join(*map(self._node, pair))

    def by_pairs(self, waiting: list[tuple[str, int, int]]) -> None:
        """Connect the pairs that tell one story. What could not meet may once others have joined: it is tried until nothing more joins."""
        while waiting:
            refused = [pair for pair in waiting if not self._is_settled(*pair)]
            if len(refused) == len(waiting):
                self._contested = {self._node(pk) for _, *both in refused for pk in both}
                return
            waiting = refused

    def by_turnover(self, turnover: Turnover, successors: Successors) -> None:
        """Connect what took the place of others in a document of which much is new."""
        standing = {one for pk in turnover.standing if pk in self._story_of for one in self._of(pk)}
        gone = [(self._story_of[one.pk], one) for one in turnover.gone if one.pk in self._story_of and self._node(one.pk) not in standing]
        places = {(True, story) for story, _ in gone}
        met = {pk: places.intersection(self._of(pk)) for pk in turnover.added}
        taken = {place for found in met.values() for place in found}
        free = [(story, one) for story, one in gone if (True, story) not in taken]
        open_to_all = [self._entry(pk) for pk, found in met.items() if not found]
        known_again = [self._entry(pk) for pk, found in met.items() if found]
        for pk, other in sorted(successors(open_to_all, free, known_again).items()):
            if not self._are_kept_apart(self._members(self._of(pk)), self._members([self._node(other)])):
                self._unions.join(self._node(pk), self._node(other))

    def joined(self) -> Joined:
        groups = [
            Group(frozenset(pk for is_story, pk in nodes if is_story), frozenset(pk for is_story, pk in nodes if not is_story))
            for nodes in self._unions.groups()
        ]
        around = {pk for one in self._contested for is_story, pk in self._unions.of(one) if is_story}
        return Joined(groups, frozenset(around), bool(self._contested))

    # ── one pair ──

    def _is_settled(self, kind: str, a: int, b: int) -> bool:
        """Connect a pair if it tells one story; False where it does, and cannot meet yet."""
        if kind in PLACES and self._are_both_given(a, b):
            return True
        ours, theirs = self._of(a), self._of(b)
        if self._node(a) == self._node(b) or ours is theirs or not self._same_story(self._entry(a), self._entry(b), kind):
            return True
        if not self._may_meet(ours, theirs, "alike" if kind == "text" else "third"):
            return False
        self._unions.join(self._node(a), self._node(b))
        return True

    def _are_both_given(self, a: int, b: int) -> bool:
        """Who takes another's place is new; two that were both given to subscribers stay two."""
        stories = [self._story_of.get(pk) for pk in (a, b)]
        return None not in stories and (self._given is None or all(story in self._given for story in stories))

    def _may_meet(self, ours: Sequence[_Node], theirs: Sequence[_Node], kind: str) -> bool:
        if len(ours) == len(theirs) == 1 and not ours[0][0] and not theirs[0][0]:
            return self._ruling(ours[0][1], theirs[0][1]) is not False
        we, they = self._members(ours), self._members(theirs)
        if self._are_kept_apart(we, they):
            return False
        pairs = [(one, other) for one in we for other in they if not (self._was_told(one, other, they) or self._was_told(other, one, we))]
        if kind == "third":
            return all(self._same_story(one, other, kind) for one, other in pairs)
        unlike = [pair for pair in pairs if not self._same_story(*pair, "alike")]
        return all(_is_tied(*pair, we, they, self._same_story) for pair in unlike)

    def _was_told(self, one: StoredEntry, other: StoredEntry, others: Sequence[StoredEntry]) -> bool:
        """Whether an entry is with the other only because somebody said that the other is one with what it is like."""
        if not self._ruled:
            return False
        return any(self._ruling(other.pk, like.pk) and self._same_story(one, like, "third") for like in others)

    def _are_kept_apart(self, we: Sequence[StoredEntry], they: Sequence[StoredEntry]) -> bool:
        """Whether somebody said that one of us is another story than one of them."""
        return bool(self._ruled) and any(self._ruling(one.pk, other.pk) is False for one in we for other in they)

    def _ruling(self, a: int, b: int) -> bool | None:
        return self._ruled.get((min(a, b), max(a, b))) if self._ruled else None

    def _of(self, pk: int) -> list[_Node]:
        return self._unions.of(self._node(pk))

    def _node(self, pk: int) -> _Node:
        return (True, self._story_of[pk]) if pk in self._story_of else (False, pk)

    def _members(self, nodes: Sequence[_Node]) -> list[StoredEntry]:
        return [one for is_story, pk in nodes for one in (self._told(pk) if is_story else (self._entry(pk),))]


def join_anew(
    joined: Joined, attempt: Callable[[Mapping[int, int]], Joined], unjudged: Callable[[frozenset[int]], Mapping[int, int]]
) -> tuple[Joined, Mapping[int, int]]:
    """Where a pair was contested, or may have been before, take apart what no output has judged yet around it and join it all at once: then
    whoever came first no longer decides. Gives the groups, and the story that each entry was taken from.

    `attempt` joins again, `closest_first`, with these entries (and the story of each) fresh; `unjudged` gives the entries of those of the
    stories that no output has judged. What joins a story of several may be what another pair was waiting for.
    """
    grown = frozenset().union(*(group.stories for group in joined.groups if group.entries))
    if not joined.is_contested and not grown:
        return joined, {}
    loose = dict(unjudged(joined.contested | grown))
    if not joined.is_contested and len(set(loose.values())) == len(loose):
        return joined, {}
    joined = attempt(loose)
    while len(loose) < MAX_LOOSE:
        around = joined.contested.union(*(group.stories for group in joined.groups if group.entries & loose.keys()))
        more = unjudged(around.difference(loose.values()))
        if not more:
            break
        loose |= more
        joined = attempt(loose)
    return joined, loose


def _is_tied(one: StoredEntry, other: StoredEntry, we: Sequence[StoredEntry], they: Sequence[StoredEntry], same_story: SameStory) -> bool:
    """Whether two entries of unlike words may meet: one is, by its page or id, what somebody is whose words are like the other's.

    It would have joined that one in any case; whether it came before or after must make no difference.
    """
    sides = ((one, we, other), (other, they, one))
    return same_story(one, other, "third") and any(
        same_story(middle, far, "alike") and _share_a_place(near, middle, same_story)
        for near, ours, far in sides
        for middle in ours
        if middle is not near
    )


def _share_a_place(one: StoredEntry, other: StoredEntry, same_story: SameStory) -> bool:
    kinds = {key.kind for key in one.entry.keys} & {key.kind for key in other.entry.keys if key in one.entry.keys}
    return any(same_story(one, other, kind) for kind in sorted(kinds - {"text", *PLACES}))


def near(carriers: Mapping[str, Sequence[int]], news: Container[int]) -> dict[tuple[str, str], list[int]]:
    """The pairs of entries that share at least two text keys, each as the carriers of a key of its own: one may be shared by chance.

    >>> near({"a": [1, 2, 3], "b": [2, 3], "c": [1]}, {3})
    {('text', '2 3'): [2, 3]}
    """
    shared = Counter(pair for pks in carriers.values() for pair in _pairs(compared(pks, news), news))
    return {("text", f"{a} {b}"): [a, b] for (a, b), count in shared.items() if count > 1}


def compared(pks: Sequence[int], fresh: Container[int]) -> list[int]:
    """Which carriers of a key, of all in the order in which they came, are looked at: the latest; what is fresh counts as latest.

    >>> compared([1, 2, 3], {1})
    [2, 3, 1]
    """
    return sorted(pks, key=lambda pk: pk in fresh)[-MAX_CARRIERS:]


def in_turn(carriers: Carriers, news: Container[int], entry: Callable[[int], StoredEntry]) -> Iterator[tuple[str, int, int]]:
    """Each pair that shares a key, with the key's kind. Who took another's place comes first: what was said of that one holds for it."""
    for (kind, _), pks in sorted(carriers.items(), key=lambda item: (item[0][0] not in PLACES, item[0])):
        for a, b in _pairs(compared(pks, news), news):
            yield kind, a, b


def closest_first(carriers: Carriers, news: Container[int], entry: Callable[[int], StoredEntry]) -> Iterator[tuple[str, int, int]]:
    """The same pairs in an order that no arrival changes: pages and ids before words, those that share more keys before others, and of
    these those that have one title, which may stand behind the name of a channel."""

    def rank(pair: tuple[str, int, int]) -> tuple[bool, bool, int, bool, str, list[tuple[str, str, str]]]:
        kind, one, other = pair[0], entry(pair[1]), entry(pair[2])
        shared = len(set(one.entry.keys) & set(other.entry.keys))
        names = sorted((found.entry.published_id, found.feed_key, found.entry.raw_key) for found in (one, other))
        return kind not in PLACES, kind == "text", -shared, not _end_alike(one, other), kind, names

    return iter(sorted(in_turn(carriers, news, entry), key=rank))


def _end_alike(one: StoredEntry, other: StoredEntry) -> bool:
    titles = [found.entry.title.text.casefold() for found in (one, other) if found.entry.title]
    short, long = sorted(titles, key=len) if len(titles) > 1 else ("", "")
    return bool(short) and long.endswith(short)


def _pairs(pks: Sequence[int], news: Container[int]) -> Iterable[tuple[int, int]]:
    """Each fresh carrier of a key with every other carrier, once."""
    for place, a in enumerate(pks):
        for b in pks[place + 1 :]:
            if a in news or b in news:
                yield a, b
