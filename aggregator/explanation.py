"""What `explain` answers: the values, without where they come from and how they are told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aggregator.changes import Edit
from aggregator.model import Claim, Hop, SpeaksBy


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAt:
    """One address at which an entry was seen, and when."""

    address: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PastClaim:
    """What an entry claimed once, from when until when."""

    claim: Claim
    since: datetime
    until: datetime


SharedKind = Literal["page", "id", "twin", "headline", "words", "place", "earlier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedKey:
    """Why an entry is a copy of the same story as another feed's: what both have.

    `earlier`: they have nothing in common by now, and were joined when they had, or by hand.
    """

    feed: str
    kind: SharedKind
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryHistory:
    """What is known of one copy of a story. `same_as` is None for the one that speaks for it, or would if it were listed (`speaks`);
    `speaks_by` is what made it do so, None where it is alone or only some outputs are told in its words.
    """

    title: str | None
    feed: str
    feed_is_active: bool
    speaks: bool
    speaks_by: SpeaksBy | None
    same_as: SharedKey | None
    link: str | None
    related: str | None
    id: str | None
    id_from: Literal["id", "link", "text"]
    published_id: str
    id_is_borrowed: bool
    published: datetime | None
    updated: datetime | None
    first_seen: datetime
    last_seen: datetime
    was_backlog: bool
    seen_at: tuple[SeenAt, ...]
    claims: tuple[Claim, ...]
    past_claims: tuple[PastClaim, ...]
    edits: tuple[Edit, ...]
    origin: tuple[Hop, ...]
    evidence: tuple[str, ...]
    confidence: float
    license: str | None
    republished: str | None
    stripped: tuple[str, ...]
    oddities: tuple[str, ...]
    loop: str | None
    withdrawn: str | None
    hold: str | None
    is_forgotten: bool


CutBy = Literal["max_entries", "max_age", "per_feed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A story's standing in one output. `place` counts from 1 at the top; None: not within what the file holds now.

    `of` is how many it holds, `cut_by` the key of feeds.yaml that keeps a listed story out of the file. `is_output` is False for an output
    that is not in feeds.yaml any more. `credited_to` is whom an output names as the origin where the entry that leads there is a copy that
    names nobody.
    """

    output: str
    is_output: bool
    listed: bool
    place: int | None
    of: int
    cut_by: CutBy | None
    rule: str
    led_by: str | None
    credited_to: str | None
    published_id: str
    sequence: int | None
    first_listed: datetime | None
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """A feed: what it is, how its last polls went, and when it is asked next. `reason` says why it is named here.

    `listed_by` is the list on the web that names it, where feeds.yaml does not do so itself.
    """

    feed: str
    title: str | None
    address: str
    format: str | None
    is_active: bool
    opted_out: bool
    last_poll: datetime | None
    last_success: datetime | None
    last_error: str | None
    failures: int
    hold: str | None
    next_poll: datetime | None
    why: str
    reason: str = ""
    listed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryHistory:
    """All copies of one story, its places in the outputs, and the feeds that it came in."""

    entries: tuple[EntryHistory, ...]
    places: tuple[Place, ...]
    feeds: tuple[FeedFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer: the stories that `query` means; or ids that begin so, where it is too short; or the feeds that should have had it.

    `is_feed`: it is no entry but a feed, each of those in `feeds`, whose `reason` says what it is of it. `forgotten` says since when what
    stood at that address is gone for good. `at` is when the answer was given.
    """

    query: str
    at: datetime
    stories: tuple[StoryHistory, ...] = ()
    is_feed: bool = False
    candidates: tuple[str, ...] = ()
    site: str | None = None
    feeds: tuple[FeedFacts, ...] = ()
    forgotten: datetime | None = None
