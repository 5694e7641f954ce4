"""What `FakeStore` keeps, in plain dictionaries, and how its rows are read."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from aggregator.model import (
    Entry,
    Publication,
    RawEntry,
    StoredEntry,
)
from tests.fake_claims import FakeClaims, FakeNames
from tests.fake_feeds import FakeFeeds
from tests.fake_forgetting import FakeForgetting

Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass
class EntryRow:
    stored: StoredEntry
    raw: RawEntry | None
    came: Entry | None = None
    refined_by: str = ""
    story: int = 0
    pruned: bool = False
    burst: datetime | None = None
    changed_at: datetime | None = None
    versions: list[tuple[datetime, Entry]] = field(default_factory=list)
    sightings: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    claims: FakeClaims = field(default_factory=FakeClaims)


@dataclass
class StoryRow:
    generation: int
    joined: int | None = None


@dataclass
class OutputRow:
    mark: str | None = None
    judged: int = 0
    first_published: datetime | None = None
    written: str | None = None
    places: bytes = b""


@dataclass
class StandingRow:
    publication: Publication
    pending: bool = False
    held: bool = False
    per_day: int | None = None
    passed_over: datetime | None = None
    let_in: datetime | None = None


def one_at_a_time(method: Method) -> Method:
    @wraps(method)
    def call(self: "FakeRows", *args: Any, **named: Any) -> Any:
        with self._lock:
            return method(self, *args, **named)

    return call  # type: ignore[return-value]


class FakeRows(FakeForgetting):
    """The rows. Every method of a store that is called from outside is one transaction (`one_at_a_time`)."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._feeds = FakeFeeds()
        self._entries: dict[int, EntryRow] = {}
        self._stories: dict[int, StoryRow] = {}
        self._outputs: dict[str, OutputRow] = {}
        self._pages: dict[str, tuple[str, str]] = {}
        self._standings: dict[tuple[str, int], StandingRow] = {}
        self._numbers: Counter[str] = Counter()
        self._met: set[tuple[str, str]] = set()
        self._ruled: dict[tuple[int, int], bool] = {}
        self._reading: dict[str, int] = {}
        self._names = FakeNames()
        self._checked = ("", 0)

    def _take(self, name: str) -> int:
        self._numbers[name] += 1
        return self._numbers[name]

    def _members(self, story: int) -> tuple[StoredEntry, ...]:
        members = [self._current(row) for row in self._entries.values() if row.story == story]
        return tuple(sorted(members, key=lambda one: (one.sort_key, one.feed_key, one.entry.raw_key)))

    def _current(self, row: EntryRow) -> StoredEntry:
        return replace(row.stored, feed_id=self._feeds.rows[row.stored.feed_key].state.id)

    def _found(self, stories: Sequence[int]) -> list[tuple[int, tuple[StoredEntry, ...]]]:
        return [(pk, members) for pk in stories if (members := self._members(pk))]
