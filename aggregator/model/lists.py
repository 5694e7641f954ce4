"""Lists of feeds on the web: what the store remembers of them, and how they stand."""

from dataclasses import dataclass
from datetime import datetime

from aggregator.model.held import FeedState


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A feed that a list names. `since` is when the list took it up later; None for those that were there from the first, or confirmed."""

    url: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """What the store remembers of a list. `asked` is how its polls went, as of a feed.

    `members` are the feeds that are in force, `held` those that it names besides, too many at once, `held_since` when it began to.
    `added` are the instants at which members were taken up during the last day, also of those that have left. `refused` says of what it
    names why it cannot be a member; `refused_count` counts that. `taken_at` is when a document of it was taken up first,
    `read_by` names the rules by which the last one was read.
    """

    asked: FeedState
    members: tuple[Member, ...] = ()
    held: tuple[Member, ...] = ()
    held_since: datetime | None = None
    added: tuple[datetime, ...] = ()
    refused: tuple[str, ...] = ()
    refused_count: int = 0
    taken_at: datetime | None = None
    read_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStatus:
    """How a list stands, for people: what is the matter in a sentence, and what to do about it; `state` is None before its first poll."""

    id: str
    shown_url: str
    state: ListState | None
    members: int
    trouble: str | None = None
    advice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReport:
    """What asking a list came to: how many members joined and left, and how many are held back."""

    list_id: str
    error: str | None = None
    joined: int = 0
    left: int = 0
    held: int = 0
    members: int = 0
