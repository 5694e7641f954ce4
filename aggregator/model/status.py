"""How things stand: what `aggregator status`, the status page and the metrics tell."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from aggregator.model.held import FeedState
from aggregator.model.hubs import HubSubscription
from aggregator.model.lists import ListStatus
from aggregator.model.tally import Tally

Trouble = Literal["failing", "held", "flood", "cut", "odd", "paused", "unread", "none", "gone"]
"""What is the matter with a feed, the worst first: it cannot be read; another answers in its place; it brought a backlog at once; limits
cut something; it is odd, but read; its server asked for a pause; it was never read yet; nothing; it is no longer in feeds.yaml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A permanent redirect that a feed answers with: `polls` of `polls_needed` have seen it, for so many days of `days_needed`.

    `is_followed`: it is proved, and the target is asked directly.
    """

    target: str
    since: datetime
    polls: int
    polls_needed: int
    days: int
    days_needed: int
    is_followed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """How one feed stands: what is the matter in a sentence (`reason`), and what to do about it (`advice`), if anything.

    `limits` are what was cut, `oddities` what else is odd. `paused_until` is what its server's operator asked for. `spent` is what its
    polls cost and brought within the overview's days. `subscription` is what was asked of its hub, and `pushes` says how that stands.
    """

    state: FeedState
    name: str
    trouble: Trouble
    reason: str
    advice: str | None = None
    limits: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()
    held_back: int = 0
    paused_until: datetime | None = None
    paused_why: str = ""
    moving: Moving | None = None
    spent: Tally = Tally()
    subscription: HubSubscription | None = None
    pushes: str | None = None

    @property
    def next_poll_at(self) -> datetime:
        """When it is asked next at the earliest: when it is due, but not before its server's pause ends."""
        return max(self.state.next_poll_at, self.paused_until) if self.paused_until else self.state.next_poll_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """How many new entries a feed brought on each of the overview's days."""

    name: str
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How everything stands at `now`: the feeds, trouble first, and what their polls cost and brought.

    `days` are the days of the pictures (UTC, today last), `by_day` what all feeds cost and brought on each, `sources` those that brought
    most. `hours` are the latest hours without a gap. `seen_after` counts, over these days, within which span of their publication new
    entries were seen.
    """

    title: str
    now: datetime
    feeds: tuple[FeedStatus, ...]
    days: tuple[date, ...]
    by_day: tuple[Tally, ...]
    sources: tuple[Source, ...] = ()
    hours: tuple[tuple[datetime, Tally], ...] = ()
    seen_after: tuple[tuple[timedelta, int], ...] = ()
    counted_since: date | None = None
    lacks_space: bool = False
    problems: tuple[str, ...] = field(default=())
    lists: tuple[ListStatus, ...] = ()

    @property
    def spent(self) -> Tally:
        """What all polls of these days cost and brought."""
        return sum(self.by_day, Tally())

    @property
    def troubled(self) -> tuple[FeedStatus, ...]:
        """The feeds that somebody should look at."""
        return tuple(one for one in self.feeds if one.trouble not in QUIET)

    @property
    def troubled_lists(self) -> tuple[ListStatus, ...]:
        """The lists of feeds that somebody should look at."""
        return tuple(one for one in self.lists if one.trouble)


QUIET: frozenset[Trouble] = frozenset({"paused", "unread", "none", "gone"})
"""What is nothing to look at."""
