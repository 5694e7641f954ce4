"""`ports.Store` in plain dictionaries. Slow, forgetful and honest: the contract suite runs over it and over the real one.

It shares the pure decisions of the real store (which feed is meant, which entries tell one story, who is listed); everything else is
its own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from aggregator.judges import SameStory, Successors, no_successors
from aggregator.model import (
    Entry,
    FeedSpec,
    FeedState,
    PollResult,
    Pruned,
    RawEntry,
    Retain,
    StoredEntry,
)
from aggregator.ports import FORGOTTEN
from aggregator.store import turnover
from aggregator.store.dates import first_sort_key, first_updated, next_updated, unread_since, without_source_dates
from aggregator.store.edits import as_it_stood, is_edit, is_stale
from aggregator.store.joining import Turnover
from aggregator.store.withdraw import is_over, reason
from tests.fake_answers import FakeAnswers
from tests.fake_archives import FakeArchives
from tests.fake_claims import FakeClaims
from tests.fake_feeds import Feed
from tests.fake_hubs import FakeHubs
from tests.fake_lists import FakeLists
from tests.fake_outputs import FakeOutputs
from tests.fake_rows import EntryRow, StoryRow, one_at_a_time
from tests.fake_stories import FakeStories
from tests.fake_tallies import FakeTallies


class FakeStore(FakeStories, FakeOutputs, FakeAnswers):
    """The whole of it: here, what polls bring is recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.tallies = FakeTallies()
        self.archives = FakeArchives(self)
        self.lists = FakeLists()
        self.hubs = FakeHubs(self.files, self._feeds)

    @one_at_a_time
    def sync(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        self._feeds.sync(specs, now)

    @one_at_a_time
    def lease(
        self, now: datetime, hold: timedelta, limit: int, *, feeds: Sequence[str] | None = None, ignore_holds: bool = False
    ) -> list[tuple[FeedState, str]]:
        return self._feeds.lease(now, hold, limit, feeds=feeds, ignore_holds=ignore_holds)

    @one_at_a_time
    def give_back(self, leases: Sequence[str], now: datetime) -> None:
        self._feeds.give_back(leases, now)

    @one_at_a_time
    def next_due(self, now: datetime) -> datetime | None:
        return self._feeds.next_due(now)

    @one_at_a_time
    def pauses(self, now: datetime) -> dict[str, tuple[datetime, str]]:
        return self._feeds.pauses(now)

    @one_at_a_time
    def feeds(self, *, active_only: bool = True) -> list[FeedState]:
        return self._feeds.states(active_only=active_only)

    @one_at_a_time
    def feed(self, id_or_url: str) -> FeedState | None:
        return self._feeds.find(id_or_url)

    @one_at_a_time
    def record(self, results: Sequence[PollResult], same_story: SameStory, successors: Successors = no_successors) -> list[tuple[int, int]]:
        fresh: list[int] = []
        turned: list[Turnover] = []
        counts = []
        firsts: list[tuple[PollResult, int, int]] = []
        for result in results:
            one = self._feeds.rows.get(result.state.key)
            if one is None or one.token is None or one.token != result.lease:
                counts.append((0, 0))
                continue
            is_known, last = one.state.first_success_at is not None, self._numbers["entry"]
            counts.append(self._recorded(result, one, fresh))
            firsts.append((result, last, self._numbers["entry"]))
            turned += self._turnover(result, one.state.key, last) if is_known else []
        self._join(fresh, same_story, turned, successors)
        for result, last, latest in firsts:
            self.tallies.note(
                result, [self._came(self._entries[pk]) for pk in range(last + 1, latest + 1) if not self._entries[pk].stored.hold]
            )
        return counts

    def _came(self, row: EntryRow) -> tuple[StoredEntry, bool, bool]:
        is_joined = any(pk < row.stored.pk and other.story == row.story for pk, other in self._entries.items())
        return row.stored, row.stored.is_backlog or row.burst is not None, is_joined

    def _turnover(self, result: PollResult, feed_key: str, last: int) -> list[Turnover]:
        own = {pk: row for pk, row in self._entries.items() if row.stored.feed_key == feed_key and row.stored.hold is None}
        in_it = {entry.raw_key for entry in result.entries}.union(result.standing)
        added = [pk for pk in own if pk > last]
        standing = [pk for pk, row in own.items() if pk <= last and row.stored.entry.raw_key in in_it]
        gone = [row.stored for pk, row in own.items() if pk <= last and pk not in standing and row.stored.hold is None]
        is_much = len(added) >= turnover.MANY or 2 * len(added) >= len(added) + len(standing)
        if not is_much:
            dates = {own[pk].stored.sort_key for pk in added}
            redone = [one for one in gone if one.sort_key in dates and one.sort_key.time() != time.min]
            return [Turnover(added, standing, redone)] if redone else []
        past = sorted((own[pk].stored.sort_key for pk in own if pk <= last), reverse=True)
        return [Turnover(added, standing, gone, past)] if added else []

    def _recorded(self, result: PollResult, one: Feed, fresh: list[int]) -> tuple[int, int]:
        is_backlog, head = one.state.first_success_at is None, one.state.head
        away = unread_since(one.state.last_success_at, result.polled_at)
        self._feeds.polled(result, one)
        news = changes = 0
        known = {row.stored.entry.raw_key: row for row in self._entries.values() if row.stored.feed_key == one.state.key}
        met: set[str] = set()
        goes_on = not known.keys().isdisjoint([*result.standing, *(entry.raw_key for entry in result.entries)])
        for row in known.values():
            if row.stored.entry.raw_key in result.standing:
                changes += self._stands(row, result.polled_at, row.stored.entry.link or one.state.shown_url)
        for index, entry, raw in zip(result.places or range(len(result.entries)), result.entries, result.raw, strict=True):
            if entry.raw_key in met or self._is_stopped(one.state.key, entry):
                continue
            met.add(entry.raw_key)
            row = known.get(entry.raw_key)
            if row is None:
                added = self._added(entry, raw, one.state, result.polled_at, index, is_backlog=is_backlog)
                added.refined_by = result.refined_by
                added.stored = replace(added.stored, unread_since=away if goes_on else None)
                if result.state.hold is None:
                    fresh.append(added.stored.pk)
                else:
                    self._set_apart(added, result.state.hold)
                news += 1
            elif result.state.hold is None or row.stored.hold:
                row.stored = replace(row.stored, hold=result.state.hold or row.stored.hold)
                changes += self._lifted(row)
                changes += self._seen(row, entry, raw, result, entry.link or one.state.shown_url, fresh)
        changes += self._withdrawn_of(result, known)
        self.hubs.note(result)
        if not news and not changes:
            updated = head.updated or one.state.head.updated
            one.state = replace(one.state, head=replace(one.state.head, updated=updated))
        return news, changes

    def _set_apart(self, row: EntryRow, hold: str) -> None:
        row.stored, row.story = replace(row.stored, hold=hold), self._take("story")
        self._stories[row.story] = StoryRow(self._take("generation"))

    def _lifted(self, row: EntryRow) -> int:
        """An entry that stands in its feed again is not withdrawn any more."""
        if row.stored.withdrawn is None:
            return 0
        row.stored = replace(row.stored, withdrawn=None)
        self._stories[row.story].generation = self._take("generation")
        return 1

    def _withdrawn_of(self, result: PollResult, known: Mapping[str, EntryRow]) -> int:
        """What its feed says it has deleted."""
        gone = 0
        for stone in result.deleted:
            row = known.get(stone.raw_key)
            if row and row.stored.withdrawn is None and not is_over(stone, row.stored.entry):
                row.stored = replace(row.stored, withdrawn=reason(stone.when))
                self._stories[row.story].generation = self._take("generation")
                gone += 1
        return gone

    def _added(self, entry: Entry, raw: RawEntry, state: FeedState, at: datetime, index: int, *, is_backlog: bool) -> EntryRow:
        stored = StoredEntry(
            pk=self._take("entry"),
            feed_key=state.key,
            feed_id=state.id,
            entry=entry,
            first_seen=at,
            last_seen=at,
            sort_key=first_sort_key(entry, at, index),
            public_updated=first_updated(entry, at),
            is_backlog=is_backlog,
        )
        row = EntryRow(stored=stored, raw=raw, sightings={entry.link or state.shown_url: (at, at)})
        row.claims.write(entry.claims, at)
        self._entries[stored.pk] = row
        return row

    def _seen(self, row: EntryRow, entry: Entry, raw: RawEntry, result: PollResult, place: str, fresh: list[int]) -> int:
        before, at = row.stored, result.polled_at
        entry = replace(entry, published_id=before.entry.published_id)
        said_before = [said.content_hash for _, said in row.versions]
        if is_stale(entry, before.entry, said_before, row.changed_at or before.first_seen, at):
            return 0
        is_same_raw = row.raw == raw
        is_same = is_same_raw and row.refined_by == result.refined_by
        is_same_rules = row.refined_by == result.refined_by
        row.raw, row.refined_by = raw, result.refined_by
        is_real = False
        if without_source_dates(entry) != without_source_dates(row.came or before.entry):
            row.came = entry
            if is_same_rules and entry.content_hash == before.entry.content_hash and not row.pruned:
                entry = as_it_stood(entry, before.entry)
            is_real = self._reworded(row, entry, at, is_same_raw=is_same_raw, is_same_rules=is_same_rules)
            if before.hold is None:
                fresh.append(before.pk)
        elif is_same and at - before.last_seen < timedelta(days=1):
            return 0
        row.pruned = False
        row.stored = replace(row.stored, last_seen=at)
        row.sightings[place] = (row.sightings.get(place, (at, at))[0], at)
        return int(is_real)

    def _stands(self, row: EntryRow, at: datetime, place: str) -> int:
        """An entry stands in its document as it stood in the last one; how many are no more withdrawn by that."""
        if row.stored.hold is not None:
            return 0
        if at - row.stored.last_seen >= timedelta(days=1):
            row.stored = replace(row.stored, last_seen=at)
            row.sightings |= {place: (row.sightings[place][0], at)} if place in row.sightings else {}
        return 0 if (row.stored.withdrawn or "").startswith(FORGOTTEN) else self._lifted(row)

    def _reworded(self, row: EntryRow, entry: Entry, at: datetime, *, is_same_raw: bool, is_same_rules: bool) -> bool:
        before = row.stored
        is_real = is_edit(
            is_same_content=entry.content_hash == before.entry.content_hash,
            is_same_text=entry.text_hash == before.entry.text_hash,
            is_same_raw=is_same_raw,
            is_same_rules=is_same_rules,
        )
        updated = next_updated(entry, before.public_updated, at) if is_real else before.public_updated
        row.stored = replace(before, entry=entry, public_updated=updated)
        row.claims.write(entry.claims, at)
        if is_real and not row.pruned:
            row.versions = [*row.versions, (row.changed_at or before.first_seen, before.entry)][-5:]
        row.changed_at = at if is_real else row.changed_at
        return is_real

    @one_at_a_time
    def holds(self) -> dict[str, str]:
        return {state.id: state.hold for state in self._feeds.states() if state.hold}

    @one_at_a_time
    def confirm(self, feed_key: str, now: datetime, same_story: SameStory, successors: Successors = no_successors) -> int | None:
        hold = self._feeds.confirm(feed_key, now)
        if hold is None:
            return None
        came = [row for row in self._entries.values() if row.stored.feed_key == feed_key and row.stored.hold == hold]
        for row in came:
            row.stored, row.burst = replace(row.stored, hold=None), now
        pks = [row.stored.pk for row in came]
        others = [row.stored for pk, row in self._entries.items() if row.stored.feed_key == feed_key and pk not in pks]
        self._join(pks, same_story, [Turnover(pks, [], others)], successors)
        return len(came)

    @one_at_a_time
    def note_printed(self, feed_key: str, marks: Sequence[str]) -> FeedState | None:
        return self._feeds.note_printed(feed_key, marks)

    @one_at_a_time
    def rewrite(
        self, again: Sequence[tuple[int, RawEntry, Entry]], refined_by: str, now: datetime, same_story: SameStory
    ) -> tuple[int, int]:
        fresh: list[int] = []
        real = 0
        for pk, raw, value in again:
            row = self._entries.get(pk)
            if row is None or row.raw != raw:
                continue
            row.refined_by = refined_by
            if value != (row.came or row.stored.entry):
                row.came = value
                real += self._reworded(row, value, now, is_same_raw=True, is_same_rules=False)
                row.sightings.setdefault(value.link or next(iter(row.sightings)), (row.stored.first_seen, row.stored.last_seen))
                fresh.append(pk)
        self._join(fresh, same_story)
        return len(fresh), real

    @one_at_a_time
    def forget(self, chosen: Sequence[tuple[int, bool]], now: datetime, secret: str) -> int:
        rows = [(self._entries[pk], whole) for pk, whole in chosen if pk in self._entries]
        generation = self._take("generation")
        for row, whole in rows:
            self._feeds.rows[row.stored.feed_key].seen = None
            row.came = None
            row.stored = self._forgotten_entry(row.stored, now, with_pages=whole)
            row.raw, row.pruned, row.versions, row.sightings, row.claims = None, True, [], {}, FakeClaims()
            self._stories[row.story].generation = generation
        return len(rows)

    @one_at_a_time
    def forget_head(self, feed_key: str) -> None:
        self._feeds.forget_head(feed_key)

    @one_at_a_time
    def counts(self, *tables: str) -> dict[str, int]:
        sizes: Mapping[str, int] = {
            "feed": len(self._feeds.rows),
            "feed_url": len(self._feeds.owners),
            "last_document": sum(row.seen is not None for row in self._feeds.rows.values()),
            "operator_hold": len(self._feeds.wishes.keys() | self._feeds.starts.keys()),
            "entry": len(self._entries),
            "raw": sum(1 for row in self._entries.values() if row.raw is not None),
            "version": sum(len(row.versions) for row in self._entries.values()),
            "sighting": sum(len(row.sightings) for row in self._entries.values()),
            "claim": sum(len(row.claims.said) for row in self._entries.values()),
            "source_name": len(self._names.told),
            "story": sum(1 for story in self._stories.values() if story.joined is None),
            "story_key": sum(len(set(row.stored.entry.keys)) for row in self._entries.values() if not row.stored.hold),
            "story_member": len(self._entries),
            "feed_pair": len(self._met),
            "ruling": len(self._ruled),
            "stop_key": len(self._stops),
            "output": len(self._outputs),
            "publication": len(self._standings),
        }
        found = {name: size for name, size in sizes.items() if not tables or name in tables}
        return {**found, "generation": self._numbers["generation"]}

    @one_at_a_time
    def prune(self, now: datetime, retain: Retain, spared: Collection[int] = ()) -> Pruned:
        freed = self._freed(now, retain, spared)
        for row in self._entries.values():
            if self._is_old(row, now, retain, spared):
                row.stored, row.came = replace(row.stored, entry=replace(row.stored.entry, summary=None, content=None)), None
                row.raw, row.pruned, row.versions = None, True, []
            row.versions = row.versions[len(row.versions) - retain.versions :] if retain.versions else []
        return freed

    @one_at_a_time
    def prunable(self, now: datetime, retain: Retain, spared: Collection[int] = ()) -> Pruned:
        return self._freed(now, retain, spared)

    def _freed(self, now: datetime, retain: Retain, spared: Collection[int]) -> Pruned:
        old = [row for row in self._entries.values() if self._is_old(row, now, retain, spared)]
        trimmed = [max(0, len(row.versions) - retain.versions) for row in self._entries.values() if row not in old]
        return Pruned(entries=len(old), versions=sum(trimmed) + sum(len(row.versions) for row in old))

    def _is_old(self, row: EntryRow, now: datetime, retain: Retain, spared: Collection[int]) -> bool:
        before = now - retain.text
        feed = self._feeds.rows[row.stored.feed_key]
        seen = feed.state.last_success_at
        stands = feed.document_at and seen and row.stored.last_seen >= feed.document_at - timedelta(days=1) and seen >= before
        return row.stored.last_seen < before and not row.pruned and not stands and row.stored.pk not in spared

    def close(self) -> None:
        """Nothing to let go of."""
