"""The seams: what the pipeline asks of the world. Function types where there is one method, small protocols where there is a resource.

`app.py` makes the real ones, `tests/fakes.py` plain ones; one contract suite runs over the fake store and the real ones.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from aggregator.judges import SameStory, Successors, no_successors
from aggregator.ledgers import Archives, Hubs, Lists, Outputs, Tallies
from aggregator.model import (
    Claim,
    Document,
    Edition,
    Entry,
    FeedSpec,
    FeedState,
    Hop,
    Kept,
    Learnt,
    PollReport,
    PollResult,
    Posted,
    Printed,
    Pruned,
    RawEntry,
    ReadFeed,
    Retain,
    SeenDocument,
    StoredEntry,
    Surroundings,
    Unchanged,
    Validators,
    Written,
)

FORGOTTEN: Final = "forgotten on "
"""How the reason begins why an entry is withdrawn, if its words are gone for good."""

BACKLOG: Final = "held back: backlog"
"""How the reason begins why a story of a backlog is not listed; `Store.release` lists it."""

Clock = Callable[[], datetime]
"""The time now: aware, UTC."""

Reader = Callable[[Document, FeedSpec, str, Surroundings, Printed, SeenDocument | None], ReadFeed | None]
"""Read a feed's document and refine its entries; the text is the feed's key. Raises `ParseError` (not a feed, too slow, too large).

What is remembered of the last document spares the reading of what stands in this one as it did in that; None if nothing is new at all.
"""

Renderer = Callable[[Edition, Kept | None], Written]
"""Write an edition in one format, with what is kept of its last file. The same edition gives the same bytes, whatever is kept. Leaves out
a bad item rather than raise."""


class Fetcher(Protocol):
    """The one door to the network (and to local files)."""

    def fetch(self, spec: FeedSpec, validators: Validators, body_hash: str | None, sent_hash: str | None = None) -> Document | Unchanged:
        """Get a feed's document with one conditional GET.

        `Unchanged` on 304, or when the body has the hash `body_hash`, or had `sent_hash` on the way. Raises `FetchError`.
        """
        ...

    def post(self, address: str, form: Mapping[str, str], *, allow_private: bool) -> Posted:
        """Send a form to a hub, guarded as a fetch is. `allow_private` is good for the server that is named, not for where it redirects."""
        ...

    def close(self) -> None: ...


class Store(Outputs, Protocol):
    """The ledger. Every method is one transaction; all are safe to call from several threads and processes.

    Raises `StoreError` for whatever the database refuses.
    """

    @property
    def archives(self) -> Archives:
        """The archive pages of outputs."""
        ...

    @property
    def hubs(self) -> Hubs:
        """What hubs know of us and we of them."""
        ...

    @property
    def lists(self) -> Lists:
        """Lists of feeds on the web."""
        ...

    @property
    def tallies(self) -> Tallies:
        """What polls cost and brought."""
        ...

    def sync(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        """Make the feed rows match feeds.yaml.

        A feed is found by its id, or by any address it ever had (scheme and trailing slash aside): moving it keeps its row. New
        feeds are due now. Feeds that are gone from feeds.yaml become inactive; their rows and entries stay.
        """
        ...

    def lease(
        self, now: datetime, hold: timedelta, limit: int, *, feeds: Sequence[str] | None = None, ignore_holds: bool = False
    ) -> list[tuple[FeedState, str]]:
        """Take up to `limit` active feeds that are due and return each with its lease token, the longest overdue first.

        One statement moves each `next_poll_at` to `now + hold`, so nobody else gets the feed meanwhile and a dead worker's feed comes
        back by itself. At most one feed of an operator at a time, none of an operator that asked to be left alone. What is due
        beyond 31 days from now counts as due now (a clock was wrong). With `feeds` (ids) these are taken whether due or not,
        within holds and operators' wishes unless `ignore_holds`; feeds that another worker has leased are never taken.
        """
        ...

    def give_back(self, leases: Sequence[str], now: datetime) -> None:
        """End leases (by token) whose polls were cut short: their feeds are due now. One that is not held any more changes nothing."""
        ...

    def next_due(self, now: datetime) -> datetime | None:
        """When the next active feed can be leased, operators' wishes included; None without active feeds."""
        ...

    def record(self, results: Sequence[PollResult], same_story: SameStory, successors: Successors = no_successors) -> list[tuple[int, int]]:
        """Write what polls found, all in one transaction, and return (new, changed) entries for each result.

        Idempotent: recording the same result twice adds nothing. A result whose lease is no longer held writes nothing and returns (0, 0).
        What stands in a document as it stood in the last one (`standing`) is seen again, and nothing else of it is touched.
        An entry that its feed says it has deleted is withdrawn, one that stands in its feed again is not any more; both count as changed.
        Each entry joins its story through its keys, in whatever order they come. Where much of a known feed's document is new at once, or
        what is has the date of what is gone, what shares no key joins the story of the entry whose place it took (`successors`).
        """
        ...

    def pauses(self, now: datetime) -> dict[str, tuple[datetime, str]]:
        """Until when, and why, active feeds (by key) wait because their servers' operators asked for it."""
        ...

    def feeds(self, *, active_only: bool = True) -> list[FeedState]: ...

    def feed(self, id_or_url: str) -> FeedState | None:
        """Find a feed by its id or by any address it ever had."""
        ...

    def unchecked_stories(self, mark: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        """Stories, in batches of (story pk, members), of which some entry claims an origin, and which changed since claims were checked.

        All such stories when `mark` (a hash of who may speak for whom) differs from the one last checked under.
        """
        ...

    def check(self, mark: str, members: Sequence[StoredEntry], names: Sequence[tuple[str, Hop]], *, done: bool) -> None:
        """Write what became of the claims of these entries, and learn `names`: pairs of a publisher and of whom its entries named, linking.

        `done` marks all stories as checked under `mark` up to the last `unchecked_stories`.
        """
        ...

    def past_claims(self, entry_pk: int) -> list[tuple[Claim, datetime, datetime]]:
        """(claim, first seen, gone) of what an entry claimed once and claims no more, the earliest gone first."""
        ...

    def versions(self, entry_pk: int) -> list[tuple[datetime, Entry]]:
        """(first seen, what it said) of the versions of an entry that are kept, the oldest first, and last of what it says now."""
        ...

    def names(self) -> Mapping[str, Learnt]:
        """The learnt names that mean one publisher and no other, by `web.text.folded_name`."""
        ...

    def find(self, query: str) -> list[tuple[int, tuple[StoredEntry, ...]]]:
        """Stories in which some entry has this link, canonical link, sighting address, raw id or published id, or was published under it.

        An address finds whatever has it in an equivalent form (`web.url.link_key`); scheme, www and trailing slash never matter.
        """
        ...

    def starting_with(self, prefix: str, limit: int) -> list[tuple[int, tuple[StoredEntry, ...]]]:
        """Up to `limit` stories in which some entry's raw or published id begins so."""
        ...

    def neighbours(self, address: str) -> tuple[str, list[tuple[str, int]]]:
        """The longest beginning of an address, cut at a slash, below which entries were seen; and how many in which feeds (by key)."""
        ...

    def refined(self, feed_key: str) -> list[tuple[int, str]]:
        """(pk, name of the rules that refined it) of each entry of a feed of which the raw form is kept, the oldest sort key first."""
        ...

    def raw_entries(self, pks: Sequence[int]) -> list[tuple[StoredEntry, RawEntry]]:
        """Those of these entries of which the raw form is kept, with it, in the order of `pks`."""
        ...

    def last_document(self, feed_key: str) -> SeenDocument | None:
        """What is remembered of the document that a feed was read from last; None where that cannot be told apart by its entries."""
        ...

    def recent_edges(self, feed_key: str, limit: int) -> list[tuple[str, tuple[str, ...]]]:
        """(raw key, edges) of the latest entries of a feed, by date, as far as these were looked at."""
        ...

    def own_entries(self, feed_key: str, raw_keys: Sequence[str], limit: int) -> list[StoredEntry]:
        """A feed's entries with these raw keys, and its latest ones, without those that came under a hold."""
        ...

    def holds(self) -> dict[str, str]:
        """The active feeds that are held, by id: since when and why."""
        ...

    def confirm(self, feed_key: str, now: datetime, same_story: SameStory, successors: Successors = no_successors) -> int | None:
        """Take a held feed for whom it is by now; return how many entries that came under its hold may be published from now on.

        None where the feed is not held. It is due now, and its document is read anew. A poll of it that is under way is void. What came
        under an earlier hold, which was lifted, and not again under this one, stays where it is.
        """
        ...

    def note_printed(self, feed_key: str, marks: Sequence[str]) -> FeedState | None:
        """Remember marks of what a feed prints around its entries, besides those that it has; return its state then."""
        ...

    def rewrite(
        self, again: Sequence[tuple[int, RawEntry, Entry]], refined_by: str, now: datetime, same_story: SameStory
    ) -> tuple[int, int]:
        """Write entries (by pk) that were refined again from their raw form; return how many say something else now, and how many of
        these another text.

        Nothing but what an entry says is written: its ids, when it was seen and its sort key stay, and `public_updated` moves only
        for another text. An entry whose raw form has changed meanwhile was refined by whoever wrote that, and is left alone.
        """
        ...

    def unite(self, story_pks: Sequence[int], now: datetime) -> None:
        """Make one story of several, whatever their keys and texts say, now and for ever."""
        ...

    def split(self, entry_pk: int, now: datetime) -> int | None:
        """Give an entry a story of its own (its pk is returned), for ever apart from the others; None where it is alone already.

        Where it was joined with them after subscribers were given it, it stands again where it stood.
        """
        ...

    def partners(self) -> dict[str, int]:
        """With how many other feeds each feed (by key) ever shared a story; feeds that share none are left out."""
        ...

    def stories_of(self, feed_key: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        """The stories, in batches of (story pk, members), of which some member came in a feed."""
        ...

    def forget(self, chosen: Sequence[tuple[int, bool]], now: datetime, secret: str) -> int:
        """Erase what entries (by pk) say, their raw forms and versions, for good; return how many there were.

        What is left of each is withdrawn (`FORGOTTEN` and the day): its key and the ids that subscribers were given. Keyed hashes keep it
        from coming back: of its feed and key, and, where the flag says so, of its pages, wherever a copy of them comes from. They outlive
        the store that is put back from a backup. `secret` (32 hexadecimal digits) becomes their key unless there is one already.
        """
        ...

    def forgotten(self, address: str) -> datetime | None:
        """When what stood at an address, or had that id, was forgotten; None if it was not."""
        ...

    def forget_head(self, feed_key: str) -> None:
        """Erase what a feed that is no longer in feeds.yaml says of itself."""
        ...

    def sightings(self, entry_pk: int) -> list[tuple[str, datetime, datetime]]:
        """(address, first seen, last seen) of one entry, oldest first."""
        ...

    def counts(self, *tables: str) -> dict[str, int]:
        """Row counts of these tables (of all, if none is named), for status; and `generation`. A large table takes seconds."""
        ...

    def prune(self, now: datetime, retain: Retain, spared: Collection[int] = ()) -> Pruned:
        """Drop texts and raw forms of entries last seen before `now - retain.text`, and versions beyond the latest `retain.versions`.

        The ledger stays: rows, ids, sightings, claims, places in the outputs. Of the entries in `spared` (pks) nothing is dropped.
        """
        ...

    def prunable(self, now: datetime, retain: Retain, spared: Collection[int] = ()) -> Pruned:
        """What `prune` would free."""
        ...

    def close(self) -> None: ...


class Publisher(Protocol):
    """The folder of outputs."""

    def put(self, path: str, body: bytes) -> bool:
        """Replace one file if its bytes differ; True if it changed. Raises `PublishError`; the old file stays then."""
        ...

    def remove(self, path: str, digest: str) -> bool:
        """Remove one file if what it holds has this digest (`web.text.fingerprint`); False if it is gone, or is not what we wrote.

        Raises `PublishError`.
        """
        ...

    def read(self, path: str) -> bytes | None:
        """What one file holds; None where there is none. Raises `PublishError`."""
        ...

    def names(self, folder: str) -> list[str]:
        """The paths of the files in one folder, in order; none where there is no such folder."""
        ...


Report = Callable[[PollReport], None]
"""Told of each poll when it is stored."""
