"""The ledgers that a store keeps beside that of entries (`ports.Store`): of outputs, what polls cost, our dealings with hubs, archives."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from aggregator.model import (
    ArchivePage,
    FeedState,
    HubSubscription,
    ListState,
    Notice,
    Placed,
    Publication,
    StoredEntry,
    Tally,
    Upkeep,
    Verdict,
)


class Outputs(Protocol):
    """What outputs list, and what stands in their files. Each method is one transaction. Raises `StoreError`."""

    def changed_stories(self, output: str, mark: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        """Stories, in batches of (story pk, members), that must be judged again for this output.

        All of them when `mark` (a hash of the rules) differs from the one last judged under, else those that changed since.
        """
        ...

    def judge(self, output: str, mark: str, verdicts: Sequence[Verdict], now: datetime, *, newcomer_entries: int, done: bool) -> None:
        """Write verdicts. A story listed for the first time gets its sequence number and first-listed time (`store.standing.first_listed`),
        which stick, as do its published id and sort key; a story no longer listed keeps its row. When two stories of an output would share
        a published id, the later one gets a uuid5. Backlog that came after the output's first publish (of a feed that was added, or of many
        old entries that a known one brought at once), and what other rules let in that the output had passed over, is not listed beyond
        `newcomer_entries`, and says so.

        `done` marks the output as judged under `mark` up to now.
        """
        ...

    def chosen(self, output: str, limit: int, *, per_feed: int | None, not_before: datetime | None) -> list[Placed]:
        """Where those stand that `listing` gives, in no order."""
        ...

    def listing(
        self, output: str, limit: int, *, per_feed: int | None, not_before: datetime | None
    ) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        """The listed stories of an output: the latest first-listed ones, among equals the newest, with all their members, newest sort key
        first."""
        ...

    def given(self, output: str, story_pks: Sequence[int]) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        """Those of these stories that an output lists, with all their members, newest first."""
        ...

    def placed(self, output: str, limit: int) -> list[Placed]:
        """Where the listed stories of an output stand: those with the highest numbers, these first, without what they say."""
        ...

    def withdrawn(self, output: str, limit: int) -> list[Publication]:
        """What an output had listed and was withdrawn since, the latest first."""
        ...

    def publications(self, story_pk: int) -> list[Publication]: ...

    def listed_in(self, story_pks: Sequence[int]) -> dict[str, int]:
        """How many of these stories each output lists."""
        ...

    def held_back(self) -> dict[str, int]:
        """How many stories of each feed (by key) some output holds back as backlog; feeds without any are left out."""
        ...

    def release(self, feed_key: str) -> int:
        """Let what is held back of a feed's backlog stand in the outputs from the next publish on; how many stories that are."""
        ...

    def files(self) -> dict[str, str]:
        """The outputs, in feeds.yaml or not, that have a file of ours: path → digest of what we wrote there last."""
        ...

    def file(self, path: str) -> tuple[str, bytes] | None:
        """What `note_file` noted of an output's file; None where there is no file of ours."""
        ...

    def note_file(self, path: str, digest: str | None, places: bytes = b"") -> None:
        """Note what was written into an output's file, and where in it each entry stands (`Written.index`).

        None when we have no file there any more. What it listed is kept.
        """
        ...

    def pages(self) -> dict[str, tuple[str, str]]:
        """The pages beside outputs, by path: what each was made from, and the digest of what we wrote. They are no outputs (`files`)."""
        ...

    def note_pages(self, notes: Mapping[str, tuple[str, str] | None]) -> None:
        """Note what was written into pages (see `pages`), or that they are gone (None)."""
        ...


class Tallies(Protocol):
    """What polls cost and brought, counted as they are recorded. Days are UTC. Raises `StoreError`."""

    def spent(self, since: date) -> dict[str, Tally]:
        """What each feed (by key) that was polled cost and brought since a day."""
        ...

    def hours(self, since: datetime) -> list[tuple[datetime, Tally]]:
        """What all polls of each hour cost and brought, the oldest first; hours without any are left out."""
        ...

    def days_of(self, feed_keys: Sequence[str], days: Sequence[date]) -> list[tuple[date, str, Tally]]:
        """What these feeds cost and brought on these days, the oldest first."""
        ...

    def seen_after(self, since: date) -> list[tuple[date, timedelta, int]]:
        """(day, span, entries): so many new entries were seen within that span of their publication, and not within the one before."""
        ...

    def totals(self) -> Tally:
        """All that was ever counted."""
        ...


class Hubs(Protocol):
    """What our hub was told of outputs, and what is subscribed to at the hubs of feeds.

    Each method is one transaction. Raises `StoreError`.
    """

    def notices(self) -> list[Notice]:
        """Of each output that has a file of ours how far the hub knows of it, by path."""
        ...

    def note_told(self, notice: Notice) -> None:
        """Write what came of telling the hub of an output; what was written into its file meanwhile stays to be told."""
        ...

    def subscriptions(self, feed_key: str | None = None) -> list[HubSubscription]:
        """What was subscribed to at hubs, for all feeds or for one, by path; also what is being ended."""
        ...

    def subscription(self, path: str) -> HubSubscription | None: ...

    def revise(self, path: str, change: Callable[[HubSubscription | None], HubSubscription | None]) -> HubSubscription | None:
        """Change the subscription of this path (None: there is none) in one transaction; what is made of it stands then, None removes it.

        `change` is pure, and returns what it was given where nothing is to be done.
        """
        ...

    def take(self, feed_key: str, now: datetime, hold: timedelta) -> tuple[FeedState, str] | None:
        """Lease one active feed, due or not, for a document that came by itself: no operator is asked for it, so none is minded.
        When it is polled next stays as it is.

        None where another worker has leased it, or it is not in feeds.yaml.
        """
        ...

    def bring_forward(self, feed_key: str, at: datetime, why: str) -> None:
        """Let a feed be polled at that time, unless it is due earlier or is being polled now."""
        ...


class Lists(Protocol):
    """Lists of feeds on the web, by their address as shown. Each method is one transaction. Raises `StoreError`."""

    def states(self) -> dict[str, ListState]:
        """All that was ever asked, in feeds.yaml or not."""
        ...

    def marks(self) -> dict[str, tuple[int, datetime]]:
        """Of each a number that grows when its members are others, and when it is due. Cheap."""
        ...

    def take(self, start: ListState, now: datetime, hold: timedelta) -> ListState | None:
        """Lease a list until `now + hold`: its state, or `start` if it was never asked.

        None where it is not due, another process asks it, or its server's operator is to be left alone.
        """
        ...

    def revise(self, address: str, change: Callable[[ListState], ListState]) -> ListState | None:
        """Change what is remembered of a list; `change` is pure. None where nothing is remembered."""
        ...

    def bring_forward(self, address: str, now: datetime) -> None:
        """Let a list be asked now, unless nobody has asked it yet, or its server's operator is to be left alone."""
        ...

    def note_wish(self, address: str, until: datetime, why: str) -> None:
        """Note that the operator of a list's server wants to be left alone."""
        ...


class Archives(Protocol):
    """The archive pages of outputs (by path), cut by the sequence numbers of what was listed. Raises `StoreError`."""

    def upkeep(self, output: str, mark: str) -> Upkeep:
        """What is to be looked at since an archive was last noted as kept under `mark` (a hash of the rules)."""
        ...

    def leave_out(self, output: str, last: int) -> None:
        """Give no story a sequence number up to this one any more: what is listed next stands on another page."""
        ...

    def stories(self, output: str, first: int, last: int) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        """What is listed and has one of these sequence numbers, with all members, newest sort key first."""
        ...

    def page(self, path: str) -> ArchivePage | None:
        """An archive page as it was written last."""
        ...

    def note_page(self, output: str, page: ArchivePage) -> None:
        """Note what was written into the file of an archive page."""
        ...

    def note_kept(self, output: str, mark: str, generation: int) -> None:
        """Note that an archive is kept under `mark` up to a generation (`Upkeep.generation`)."""
        ...

    def stale(self, sizes: Mapping[str, int]) -> list[tuple[str, str]]:
        """(path, digest) of the pages of outputs other than these, and of pages that these, with so many entries on each, have no more."""
        ...

    def drop_page(self, path: str) -> None:
        """Forget a page whose file is gone; its output's archive is looked at as a whole again."""
        ...

    def entries(self, outputs: Sequence[str]) -> frozenset[int]:
        """The members (pk) of every story that one of these outputs lists, however long ago it was listed first."""
        ...
