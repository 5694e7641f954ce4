"""What the store holds, and what a poll hands to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from aggregator.model.entry import Entry, FeedHead, SeenDocument, Tombstone
from aggregator.model.hubs import HubLinks
from aggregator.model.raw import RawEntry, Validators
from aggregator.model.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a feed is known by, as its own documents said: its title, language and authors, and the sites (`web.host.site`) it names.

    `served` is where its document came from, `home` where its home page is, `own` where it says that its document is; `links` are the
    sites where its entries' pages are (`refine.watch.MANY` stands for many).
    """

    served: str = ""
    home: str = ""
    own: str = ""
    title: str | None = None
    language: str | None = None
    authors: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Who answers in the place of a held feed: what it is taken for once somebody confirms that."""

    identity: Identity
    head: FeedHead


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the store remembers of a feed between polls.

    `key` is the surrogate (a UUID as text): it outlives every change of id and address. `id` is the name in feeds.yaml.
    `why` is the sentence that explains `next_poll_at`. `failures` counts since the last success, `failing_since` its first.
    `discovered` is the feed that a page named, when feeds.yaml names a page; it is asked instead of the page from then on.
    `printed` are the marks of what it was found to print around its entries, the latest found last. `rhythm` is how often it had new
    entries, as `collect.rhythm` writes it. `sent_hash` is the digest of the last body as it was sent. `identity` is what it is known by;
    `hold` says since when and why another one that answers in its place, the `stranger`, is kept out. `last_error_kind` names what to do
    about `last_error` (`errors.FeedError.kind`); `document_bytes` is what its last document took on the way. `hub_links` is where its
    pushes can be had, if its server says so rather than its document. Before `not_before` its server is not to be asked, whatever a hub
    says: it asked for that, or failed.
    """

    key: str
    id: str
    shown_url: str
    active: bool = True
    head: FeedHead = FeedHead()
    next_poll_at: datetime
    why: str = ""
    validators: Validators = Validators()
    body_hash: str | None = None
    sent_hash: str | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None
    last_error_kind: str | None = None
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    last_change_at: datetime | None = None
    first_success_at: datetime | None = None
    gone_count: int = 0
    hold: str | None = None
    discovered: str | None = None
    redirect_target: str | None = None
    redirect_since: datetime | None = None
    redirect_count: int = 0
    refined_by: str | None = None
    rhythm: str | None = None
    printed: tuple[str, ...] = ()
    identity: Identity | None = None
    stranger: Stranger | None = None
    document_bytes: int | None = None
    hub_links: HubLinks | None = None
    not_before: datetime | None = None


Outcome = Literal["new", "unchanged", "failed", "pushed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """What one poll found, ready to be stored: the state to write and the entries, each with its raw form.

    `entries`, `raw` and `places` (in the document; empty: in this order) run in parallel; `standing` are the keys of those that stand there
    as they did at the last poll. `seen` is what to remember of a document that was read (outcome `new`). `lease` is the token of the lease
    under which the feed was polled: a result whose lease was lost since (a worker that slept too long) must not be written. `tally` is what
    the poll cost; what it brought, the store counts. `operator_until` is how long a server is to be left alone: the one at `operator_at`,
    else the feed's own. `server` is the one that was asked last, `asks` the address that is asked next (shown). `came_by` are the path of
    the subscription through which a document was pushed, and that document's digest; `is_missed`: a poll found what the feed's hub should
    have pushed.
    """

    state: FeedState
    lease: str
    outcome: Outcome
    polled_at: datetime
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    raw: tuple[RawEntry, ...] = field(default=(), repr=False)
    places: tuple[int, ...] = field(default=(), repr=False)
    standing: tuple[str, ...] = field(default=(), repr=False)
    seen: SeenDocument | None = field(default=None, repr=False)
    deleted: tuple[Tombstone, ...] = ()
    refined_by: str = ""
    operator_until: datetime | None = None
    operator_why: str = ""
    operator_at: str | None = None
    asks: str | None = None
    server: str | None = None
    tally: Tally = Tally(polls=1)
    came_by: tuple[str, str] | None = None
    is_missed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What is told of one poll or push: to the log, the terminal and `--json`. Durations in seconds of wall clock. `hold` is its feed's.

    `is_as_before`: nothing new after a poll that worked, or the error that the poll before had.
    """

    feed_id: str
    shown_url: str
    outcome: Outcome
    new: int = 0
    changed: int = 0
    total: int = 0
    error: str | None = None
    error_type: str | None = None
    is_as_before: bool = False
    next_poll_at: datetime | None = None
    why: str = ""
    seconds: float = 0.0
    hold: str | None = None
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry as the store holds it, with the feed in which it was seen.

    `sort_key` is fixed at first sight: `published` clamped to `first_seen`. `public_updated` moves for a real change only.
    `is_backlog` marks what stood in the feed's document when it was first polled. `withdrawn` says why it may not be published any more,
    `hold` under which hold of its feed it came: no word of it is published. `unread_since`: when its feed, which went on with entries
    that it had, had been read before it came, if that was long ago (`store.dates.UNREAD`).
    """

    pk: int
    feed_key: str
    feed_id: str
    entry: Entry
    first_seen: datetime
    last_seen: datetime
    sort_key: datetime
    public_updated: datetime
    is_backlog: bool = False
    withdrawn: str | None = None
    hold: str | None = None
    unread_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The copies of one article. `lead` speaks for it; `members` are all copies, the lead included, in a stable order.

    `is_settled`: what is told of it follows from its entries and the rules alone, not from how far other feeds were read by now.
    """

    pk: int
    lead: StoredEntry
    members: tuple[StoredEntry, ...]
    is_settled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What today's feeds.yaml says of a story in one output: listed or not, by which rule, in words for `explain`.

    `lead_pk` is the entry that would speak for it, `feed_key` its feed. `per_day` is that feed's `limit`, counted by the store over the
    UTC day of the sort key; what is listed already stays. `withdrawn`: it is not listed because a publisher, or the operator for one,
    took it back. `seen`: when the last of its entries was first seen; of those only that let it in, and were no backlog, if it is listed
    (None: all were). `rivals`: what is said of the story instead where one of these entries (by pk) leads it so far, since nothing better
    speaks for another. `original_pk` is the original among all feeds, where the output does not ask for each that has the story;
    `originals` is who that is instead where one of these entries (by pk) was it so far.
    """

    story_pk: int
    listed: bool
    rule: str
    lead_pk: int | None = None
    feed_key: str | None = None
    published_id: str = ""
    sort_key: datetime | None = None
    public_updated: datetime | None = None
    per_day: int | None = None
    withdrawn: bool = False
    seen: datetime | None = None
    rivals: Mapping[int, "Verdict"] = field(default_factory=dict)
    original_pk: int | None = None
    originals: Mapping[int, int] = field(default_factory=dict)

    def where_leads(self, lead_pk: int | None) -> "Verdict":
        """The verdict on a story that subscribers have from this entry."""
        return self.rivals.get(lead_pk, self) if lead_pk is not None else self

    def where_original_was(self, pk: int | None) -> int | None:
        """The original of a story of which this entry was held to be it."""
        return self.originals.get(pk, self.original_pk) if pk is not None else self.original_pk


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A story's standing in one output: what subscribers were given, which sticks. `sequence` counts listings, from 1. `original_pk` is
    the original among all feeds, where the output does not ask for each that has the story.

    `withdrawn_at` says since when it is taken back from those whom it was given to.
    """

    output: str
    story_pk: int
    sequence: int | None
    published_id: str
    sort_key: datetime
    first_listed: datetime | None
    public_updated: datetime
    listed: bool
    rule: str
    lead_pk: int | None = None
    feed_key: str | None = None
    original_pk: int | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a story stands in an output, and nothing of what it says: for telling which pages list it. `generation` changes whenever any of
    its entries does, `day` counts from 1970 in UTC. Of two the one with the higher `rank` is chosen where there is no room for both: when
    it was first listed, and its sort key, both in microseconds from 1970, as `updated` is. `lead_pk` and `feed_key` are who speaks for it.
    """

    story_pk: int
    generation: int
    sequence: int
    day: int
    feed_key: str | None
    rank: tuple[int, int]
    published_id: str
    updated: int
    lead_pk: int | None

    @property
    def order(self) -> tuple[float, str]:
        """Newest sort key first, in seconds from 1970; among equals by id."""
        return -self.rank[1] / 10**6, self.published_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePage:
    """An archive page as it was written: `shows` names what it holds, `written` and `places` are the file's digest and index."""

    path: str
    number: int
    is_closed: bool
    shows: str
    written: str
    places: bytes = field(repr=False)


def pages_begun(last_sequence: int, left_out: int, size: int) -> int:
    """How many pages of `size` numbers each an archive has begun; the last of them still grows.

    A page begins with its first number, or when the one before it is closed early, its other numbers being left out.

    >>> pages_begun(0, 0, 3), pages_begun(3, 0, 3), pages_begun(4, 0, 3), pages_begun(4, 6, 3)
    (0, 1, 2, 3)
    """
    return max(-(-last_sequence // size), left_out // size + 1 if left_out else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What an output's archive needs to be brought up to date: the highest sequence number given, the one up to which none is given any
    more, the last page that was closed, and the numbers of the stories that changed since (None: it was kept by other rules, any may have).
    `generation` is up to when that is.
    """

    last_sequence: int
    left_out: int
    last_closed: int
    touched: tuple[int, ...] | None
    generation: int
