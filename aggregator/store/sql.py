"""SqlStore: the ledger in an SQL database. Each method is one transaction; the queries stand in the modules beside this one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from aggregator.judges import SameStory, Successors, no_successors
from aggregator.model import (
    Claim,
    Entry,
    FeedSpec,
    FeedState,
    Hop,
    Learnt,
    Placed,
    PollResult,
    Pruned,
    Publication,
    RawEntry,
    Retain,
    SeenDocument,
    StoredEntry,
    Verdict,
)
from aggregator.store import (
    claims,
    documents,
    entries,
    feeds,
    forget,
    holds,
    lease,
    prune,
    publications,
    record,
    rewrite,
    rulings,
    settling,
    stories,
)
from aggregator.store.archives import Archives
from aggregator.store.engine import Database
from aggregator.store.hubs import Hubs
from aggregator.store.lists import Lists
from aggregator.store.stops import StopFile
from aggregator.store.tallies import Tallies

_BATCH: Final = 200
# Beside the outputs, which have paths, what else is read story by story.
_CLAIMS: Final = ""


class SqlStore:
    """Implements `ports.Store`, whose docstrings are the contract.

    `address` is the path of an SQLite file, made if absent; an older store is migrated. Raises `StoreError` when the file cannot be
    opened, is no store, or was written by a newer version of the program. What a file beside it says was forgotten is forgotten again.
    """

    def __init__(self, address: str) -> None:
        self._db = Database(address)
        self._stops = StopFile(self._db.path)
        try:
            forget.catch_up(self._db, self._stops)
        except BaseException:
            self._db.close()
            raise
        self.hubs = Hubs(self._db)
        self.tallies = Tallies(self._db)
        self.lists = Lists(self._db)
        self.archives = Archives(self._db)
        # How far each output is being judged: what changes meanwhile must be judged again.
        self._reading: dict[str, int] = {}

    def sync(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        with self._db.write() as (conn, counters):
            feeds.sync(conn, counters, specs, now)

    def lease(
        self, now: datetime, hold: timedelta, limit: int, *, feeds: Sequence[str] | None = None, ignore_holds: bool = False
    ) -> list[tuple[FeedState, str]]:
        with self._db.write() as (conn, counters):
            return lease.lease(conn, counters, now, hold, limit, feeds=feeds, ignore_holds=ignore_holds)

    def give_back(self, leases: Sequence[str], now: datetime) -> None:
        with self._db.write() as (conn, _):
            lease.give_back(conn, leases, now)

    def next_due(self, now: datetime) -> datetime | None:
        with self._db.read() as conn:
            return lease.next_due(conn, now)

    def pauses(self, now: datetime) -> dict[str, tuple[datetime, str]]:
        with self._db.read() as conn:
            return lease.pauses(conn, now)

    def record(self, results: Sequence[PollResult], same_story: SameStory, successors: Successors = no_successors) -> list[tuple[int, int]]:
        if not results:
            return []
        with self._db.write() as (conn, counters):
            return record.record(conn, counters, results, same_story, successors)

    def feeds(self, *, active_only: bool = True) -> list[FeedState]:
        with self._db.read() as conn:
            return feeds.states(conn, active_only=active_only)

    def feed(self, id_or_url: str) -> FeedState | None:
        with self._db.read() as conn:
            return feeds.find(conn, id_or_url)

    def changed_stories(self, output: str, mark: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        with self._db.read() as conn:
            self._reading[output] = entries.generation(conn)
            pks = publications.changed(conn, output, mark)
        return self._batches(pks)

    def _batches(self, pks: Sequence[int]) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        """Each batch in a transaction of its own, so that whoever reads may write in between."""
        for start in range(0, len(pks), _BATCH):
            with self._db.read() as conn:
                batch = entries.of_stories(conn, pks[start : start + _BATCH])
            yield batch

    def judge(self, output: str, mark: str, verdicts: Sequence[Verdict], now: datetime, *, newcomer_entries: int, done: bool) -> None:
        with self._db.write() as (conn, counters):
            row = publications.judge(conn, counters, output, mark, verdicts, now)
            if done:
                generation = self._reading.pop(output, None)
                settling.finish(conn, row, mark, counters.now("generation") if generation is None else generation, now, newcomer_entries)

    def listing(
        self, output: str, limit: int, *, per_feed: int | None, not_before: datetime | None
    ) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        with self._db.read() as conn:
            return publications.listing(conn, output, limit, per_feed=per_feed, not_before=not_before)

    def chosen(self, output: str, limit: int, *, per_feed: int | None, not_before: datetime | None) -> list[Placed]:
        with self._db.read() as conn:
            return publications.chosen(conn, output, limit, per_feed=per_feed, not_before=not_before)

    def files(self) -> dict[str, str]:
        with self._db.read() as conn:
            return publications.files(conn)

    def file(self, path: str) -> tuple[str, bytes] | None:
        with self._db.read() as conn:
            return publications.file(conn, path)

    def note_file(self, path: str, digest: str | None, places: bytes = b"") -> None:
        with self._db.write() as (conn, counters):
            publications.note_file(conn, counters, path, digest, places)

    def pages(self) -> dict[str, tuple[str, str]]:
        with self._db.read() as conn:
            return publications.pages(conn)

    def note_pages(self, notes: Mapping[str, tuple[str, str] | None]) -> None:
        if notes:
            with self._db.write() as (conn, counters):
                publications.note_pages(conn, counters, notes)

    def placed(self, output: str, limit: int) -> list[Placed]:
        with self._db.read() as conn:
            return publications.placed(conn, output, limit)

    def given(self, output: str, story_pks: Sequence[int]) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        with self._db.read() as conn:
            return publications.given(conn, output, story_pks)

    def unchecked_stories(self, mark: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        with self._db.read() as conn:
            self._reading[_CLAIMS] = entries.generation(conn)
            pks = claims.unchecked(conn, mark)
        return self._batches(pks)

    def check(self, mark: str, members: Sequence[StoredEntry], names: Sequence[tuple[str, Hop]], *, done: bool) -> None:
        with self._db.write() as (conn, counters):
            claims.check(conn, members)
            claims.learn(conn, names)
            if done:
                claims.finish(counters, mark, self._reading.pop(_CLAIMS, counters.now("checked")))

    def past_claims(self, entry_pk: int) -> list[tuple[Claim, datetime, datetime]]:
        with self._db.read() as conn:
            return claims.past(conn, entry_pk)

    def versions(self, entry_pk: int) -> list[tuple[datetime, Entry]]:
        with self._db.read() as conn:
            return entries.versions(conn, entry_pk)

    def names(self) -> Mapping[str, Learnt]:
        with self._db.read() as conn:
            return claims.names(conn)

    def withdrawn(self, output: str, limit: int) -> list[Publication]:
        with self._db.read() as conn:
            return publications.withdrawn(conn, output, limit)

    def publications(self, story_pk: int) -> list[Publication]:
        with self._db.read() as conn:
            return publications.of_story(conn, story_pk)

    def find(self, query: str) -> list[tuple[int, tuple[StoredEntry, ...]]]:
        with self._db.read() as conn:
            return entries.find(conn, query)

    def starting_with(self, prefix: str, limit: int) -> list[tuple[int, tuple[StoredEntry, ...]]]:
        with self._db.read() as conn:
            return entries.starting_with(conn, prefix, limit)

    def neighbours(self, address: str) -> tuple[str, list[tuple[str, int]]]:
        with self._db.read() as conn:
            return entries.neighbours(conn, address)

    def refined(self, feed_key: str) -> list[tuple[int, str]]:
        with self._db.read() as conn:
            return entries.refined(conn, feed_key)

    def raw_entries(self, pks: Sequence[int]) -> list[tuple[StoredEntry, RawEntry]]:
        with self._db.read() as conn:
            return entries.raw_entries(conn, pks)

    def last_document(self, feed_key: str) -> SeenDocument | None:
        with self._db.read() as conn:
            return documents.last(conn, feed_key)

    def recent_edges(self, feed_key: str, limit: int) -> list[tuple[str, tuple[str, ...]]]:
        with self._db.read() as conn:
            return entries.recent_edges(conn, feed_key, limit)

    def own_entries(self, feed_key: str, raw_keys: Sequence[str], limit: int) -> list[StoredEntry]:
        with self._db.read() as conn:
            return entries.own(conn, feed_key, raw_keys, limit)

    def holds(self) -> dict[str, str]:
        with self._db.read() as conn:
            return holds.all_holds(conn)

    def confirm(self, feed_key: str, now: datetime, same_story: SameStory, successors: Successors = no_successors) -> int | None:
        with self._db.write() as (conn, counters):
            return holds.confirm(conn, counters, feed_key, now, same_story, successors)

    def note_printed(self, feed_key: str, marks: Sequence[str]) -> FeedState | None:
        with self._db.write() as (conn, _):
            return feeds.note_printed(conn, feed_key, marks)

    def rewrite(
        self, again: Sequence[tuple[int, RawEntry, Entry]], refined_by: str, now: datetime, same_story: SameStory
    ) -> tuple[int, int]:
        with self._db.write() as (conn, counters):
            return rewrite.rewrite(conn, counters, again, refined_by, now, same_story)

    def unite(self, story_pks: Sequence[int], now: datetime) -> None:
        with self._db.write() as (conn, counters):
            stories.unite(conn, counters, story_pks, now)

    def split(self, entry_pk: int, now: datetime) -> int | None:
        with self._db.write() as (conn, counters):
            return rulings.split(conn, counters, entry_pk, now)

    def held_back(self) -> dict[str, int]:
        with self._db.read() as conn:
            return settling.held_back(conn)

    def release(self, feed_key: str) -> int:
        with self._db.write() as (conn, counters):
            return settling.release(conn, counters, feed_key)

    def partners(self) -> dict[str, int]:
        with self._db.read() as conn:
            return stories.partners(conn)

    def stories_of(self, feed_key: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        with self._db.read() as conn:
            pks = entries.stories_of(conn, feed_key)
        return self._batches(pks)

    def listed_in(self, story_pks: Sequence[int]) -> dict[str, int]:
        with self._db.read() as conn:
            return dict(publications.listed_in(conn, story_pks))

    def forget(self, chosen: Sequence[tuple[int, bool]], now: datetime, secret: str) -> int:
        with self._db.erase() as (conn, counters):
            return forget.forget(conn, counters, self._stops, chosen, now, secret)

    def forgotten(self, address: str) -> datetime | None:
        with self._db.read() as conn:
            return forget.forgotten(conn, address)

    def forget_head(self, feed_key: str) -> None:
        with self._db.erase() as (conn, _):
            forget.forget_head(conn, feed_key)

    def sightings(self, entry_pk: int) -> list[tuple[str, datetime, datetime]]:
        with self._db.read() as conn:
            return entries.sightings(conn, entry_pk)

    def counts(self, *tables: str) -> dict[str, int]:
        with self._db.read() as conn:
            return entries.counts(conn, tables)

    def prune(self, now: datetime, retain: Retain, spared: Collection[int] = ()) -> Pruned:
        with self._db.write() as (conn, _):
            return prune.prune(conn, now, retain, spared)

    def prunable(self, now: datetime, retain: Retain, spared: Collection[int] = ()) -> Pruned:
        with self._db.read() as conn:
            return prune.prunable(conn, now, retain, spared)

    def close(self) -> None:
        """Let go of the database; a store that is closed twice stays closed."""
        self._db.close()
