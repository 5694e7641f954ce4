"""`ports.Store` in plain dictionaries. Slow, forgetful and honest: the contract suite runs over it and over the real one.

It shares the pure decisions of the real store (which feed is meant, which entries tell one story, who is listed); everything else is
its own.
"""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import wraps
from itertools import combinations, permutations
from typing import Any, TypeVar

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
from aggregator.ports import BACKLOG, FORGOTTEN
from aggregator.store import turnover
from aggregator.store.columns import DAY
from aggregator.store.dates import first_sort_key, first_updated, next_updated, unread_since, without_source_dates
from aggregator.store.edits import as_it_stood, is_edit, is_stale
from aggregator.store.joining import Joined, Pairs, Turnover, closest_first, in_turn, join, join_anew, near
from aggregator.store.parting import Kin, Parting, Row, Told, leaving, part, places
from aggregator.store.publications import LOOKED_THROUGH
from aggregator.store.standing import Candidate, Outlook, first_listed, has_subscribers, is_newcomer, settle, was_passed_over
from aggregator.store.withdraw import is_over, reason
from aggregator.web.forms import beginnings, written_forms
from aggregator.web.url import link_key
from tests.fake_archives import FakeArchives
from tests.fake_claims import FakeClaims, FakeNames
from tests.fake_feeds import FakeFeeds, Feed
from tests.fake_forgetting import FakeForgetting
from tests.fake_hubs import FakeHubs
from tests.fake_lists import FakeLists
from tests.fake_tallies import FakeTallies

Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass
class _Entry:
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
class _Story:
    generation: int
    joined: int | None = None


@dataclass
class _Output:
    mark: str | None = None
    judged: int = 0
    first_published: datetime | None = None
    written: str | None = None
    places: bytes = b""


@dataclass
class _Standing:
    publication: Publication
    pending: bool = False
    held: bool = False
    per_day: int | None = None
    passed_over: datetime | None = None
    let_in: datetime | None = None


def _one_at_a_time(method: Method) -> Method:
    @wraps(method)
    def call(self: "FakeStore", *args: Any, **named: Any) -> Any:
        with self._lock:
            return method(self, *args, **named)

    return call  # type: ignore[return-value]


class FakeStore(FakeForgetting):
    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._feeds = FakeFeeds()
        self._entries: dict[int, _Entry] = {}
        self._stories: dict[int, _Story] = {}
        self._outputs: dict[str, _Output] = {}
        self._pages: dict[str, tuple[str, str]] = {}
        self._standings: dict[tuple[str, int], _Standing] = {}
        self._numbers: Counter[str] = Counter()
        self._met: set[tuple[str, str]] = set()
        self._ruled: dict[tuple[int, int], bool] = {}
        self._reading: dict[str, int] = {}
        self._names = FakeNames()
        self.tallies = FakeTallies()
        self.archives = FakeArchives(self)
        self.lists = FakeLists()
        self.hubs = FakeHubs(self.files, self._feeds)
        self._checked = ("", 0)

    def _take(self, name: str) -> int:
        self._numbers[name] += 1
        return self._numbers[name]

    # ── feeds ──

    @_one_at_a_time
    def sync(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        self._feeds.sync(specs, now)

    @_one_at_a_time
    def lease(
        self, now: datetime, hold: timedelta, limit: int, *, feeds: Sequence[str] | None = None, ignore_holds: bool = False
    ) -> list[tuple[FeedState, str]]:
        return self._feeds.lease(now, hold, limit, feeds=feeds, ignore_holds=ignore_holds)

    @_one_at_a_time
    def give_back(self, leases: Sequence[str], now: datetime) -> None:
        self._feeds.give_back(leases, now)

    @_one_at_a_time
    def next_due(self, now: datetime) -> datetime | None:
        return self._feeds.next_due(now)

    @_one_at_a_time
    def pauses(self, now: datetime) -> dict[str, tuple[datetime, str]]:
        return self._feeds.pauses(now)

    @_one_at_a_time
    def feeds(self, *, active_only: bool = True) -> list[FeedState]:
        return self._feeds.states(active_only=active_only)

    @_one_at_a_time
    def feed(self, id_or_url: str) -> FeedState | None:
        return self._feeds.find(id_or_url)

    # ── record ──

    @_one_at_a_time
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

    def _came(self, row: _Entry) -> tuple[StoredEntry, bool, bool]:
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

    def _set_apart(self, row: _Entry, hold: str) -> None:
        row.stored, row.story = replace(row.stored, hold=hold), self._take("story")
        self._stories[row.story] = _Story(self._take("generation"))

    def _lifted(self, row: _Entry) -> int:
        """An entry that stands in its feed again is not withdrawn any more."""
        if row.stored.withdrawn is None:
            return 0
        row.stored = replace(row.stored, withdrawn=None)
        self._stories[row.story].generation = self._take("generation")
        return 1

    def _withdrawn_of(self, result: PollResult, known: Mapping[str, _Entry]) -> int:
        """What its feed says it has deleted."""
        gone = 0
        for stone in result.deleted:
            row = known.get(stone.raw_key)
            if row and row.stored.withdrawn is None and not is_over(stone, row.stored.entry):
                row.stored = replace(row.stored, withdrawn=reason(stone.when))
                self._stories[row.story].generation = self._take("generation")
                gone += 1
        return gone

    def _added(self, entry: Entry, raw: RawEntry, state: FeedState, at: datetime, index: int, *, is_backlog: bool) -> _Entry:
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
        row = _Entry(stored=stored, raw=raw, sightings={entry.link or state.shown_url: (at, at)})
        row.claims.write(entry.claims, at)
        self._entries[stored.pk] = row
        return row

    def _seen(self, row: _Entry, entry: Entry, raw: RawEntry, result: PollResult, place: str, fresh: list[int]) -> int:
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

    def _stands(self, row: _Entry, at: datetime, place: str) -> int:
        """An entry stands in its document as it stood in the last one; how many are no more withdrawn by that."""
        if row.stored.hold is not None:
            return 0
        if at - row.stored.last_seen >= timedelta(days=1):
            row.stored = replace(row.stored, last_seen=at)
            row.sightings |= {place: (row.sightings[place][0], at)} if place in row.sightings else {}
        return 0 if (row.stored.withdrawn or "").startswith(FORGOTTEN) else self._lifted(row)

    def _reworded(self, row: _Entry, entry: Entry, at: datetime, *, is_same_raw: bool, is_same_rules: bool) -> bool:
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

    def _join(
        self, fresh: Sequence[int], same_story: SameStory, turned: Sequence[Turnover] = (), successors: Successors = no_successors
    ) -> None:
        if not fresh:
            return
        generation = self._take("generation")
        carriers: dict[tuple[str, str], list[int]] = {}
        for pk, row in sorted(self._entries.items()):
            for key in dict.fromkeys(row.stored.entry.keys if row.stored.hold is None else ()):
                carriers.setdefault((key.kind, key.value), []).append(pk)
        texts = {value: carriers.pop((kind, value)) for kind, value in list(carriers) if kind == "text"}
        given = {story for (_, story), one in self._standings.items() if one.publication.first_listed}
        judged = {story for _, story in self._standings}
        known = {pk: row.stored for pk, row in self._entries.items()}

        def joined(loose: Mapping[int, int], pairs: Pairs = closest_first) -> Joined:
            news = list(dict.fromkeys([*fresh, *loose]))
            story_of = {pk: row.story for pk, row in self._entries.items() if row.story and pk not in loose}
            told, carried = known.__getitem__, carriers | near(texts, news)
            return join(news, story_of, carried, told, same_story, self._members, self._ruled, turned, successors, given, pairs)

        def unjudged(stories: frozenset[int]) -> dict[int, int]:
            return {pk: row.story for pk, row in self._entries.items() if row.story in stories - judged}

        found, loose = join_anew(joined({}, in_turn), joined, unjudged)
        alone = {pk for group in found.groups for pk in group.entries if not group.stories and not group.entries & loose.keys()}
        for pk, at in turnover.bursts(turned, known, alone).items():
            self._entries[pk].burst = at
        for group in found.groups:
            pk = self._survivor(group.stories)
            self._stories[pk] = _Story(generation)
            for entry_pk in group.entries:
                self._entries[entry_pk].story = pk
            for gone in sorted(group.stories - {pk}):
                self._merge(gone, pk)
        for entry_pk, gone in sorted(loose.items(), reverse=True):
            self._stories[gone].joined = self._entries[entry_pk].story
        self._met -= set(permutations({self._entries[pk].stored.feed_key for pk in loose}, 2))
        self._meet()

    def _meet(self) -> None:
        feeds: dict[int, set[str]] = {}
        for row in self._entries.values():
            feeds.setdefault(row.story, set()).add(row.stored.feed_key)
        self._met |= {pair for found in feeds.values() for pair in permutations(found, 2)}

    @_one_at_a_time
    def partners(self) -> dict[str, int]:
        return dict(Counter(one for one, _ in self._met))

    @_one_at_a_time
    def unite(self, story_pks: Sequence[int], now: datetime) -> None:
        found = frozenset(pk for pk in story_pks if pk in self._stories and self._stories[pk].joined is None)
        if len(found) < 2:
            return
        members = sorted(pk for pk, row in self._entries.items() if row.story in found)
        self._ruled |= dict.fromkeys(combinations(members, 2), True)
        survivor = self._survivor(found)
        self._stories[survivor] = _Story(self._take("generation"))
        for gone in sorted(found - {survivor}):
            self._merge(gone, survivor)
        self._meet()

    @_one_at_a_time
    def split(self, entry_pk: int, now: datetime) -> int | None:
        of = self._entries[entry_pk].story
        others = [pk for pk, row in self._entries.items() if row.story == of and pk != entry_pk]
        if not others:
            return None
        names = {pk: self._entries[pk].stored.entry.published_id for pk in sorted([entry_pk, *others])}
        joined: dict[int, list[str]] = {of: []}
        leads = set()
        for (_, story), one in sorted(self._standings.items(), key=lambda item: _as_given(item[1])):
            if one.publication.sequence and (story == of or self._stories[story].joined == of):
                joined.setdefault(story, []).append(one.publication.published_id)
                leads.add(one.publication.lead_pk)
        given = {name for found in joined.values() for name in found}
        gone = leaving(entry_pk, [self._kin(pk) for pk in sorted([entry_pk, *others])], given, leads)
        self._ruled |= {(min(one, pk), max(one, pk)): False for one in gone for pk in {entry_pk, *others} - gone}
        generation = self._take("generation")
        self._stories[of].generation = generation
        told = Told(of=of, names=names, own=joined.pop(of), joined=joined)
        parting = part(gone, told)
        into = self._take("story") if parting.into is None else parting.into
        self._stories[into] = _Story(generation)
        for follower in parting.follow:
            self._stories[follower].joined = into
        for pk in parting.moved:
            self._entries[pk].story = into
        self._give_back(told, parting, into)
        return into if entry_pk in parting.moved else of

    def _kin(self, pk: int) -> Kin:
        one = self._entries[pk].stored
        keys = {(key.kind, key.value) for key in one.entry.keys}
        return Kin(pk=pk, feed=hash(one.feed_key), name=one.entry.published_id, link=link_key(one.entry.link or ""), keys=keys)

    def _give_back(self, told: Told, parting: Parting, into: int) -> None:
        for path in self._outputs:
            found = [self._standings.pop((path, pk)) for pk in {told.of, into, *told.joined} if (path, pk) in self._standings]
            given = [one for one in found if one.publication.sequence]
            rows = [Row(one.publication.published_id, one.publication.story_pk, _as_given(one)) for one in given]
            for one, to in zip(given, places(rows, told, parting, into), strict=True):
                one.publication = replace(one.publication, story_pk=to, listed=one.publication.listed and to in (told.of, into))
                self._standings[path, to] = one
            for one in [one for one in found if not one.publication.sequence][:1]:
                for pk in {told.of, into} - {pk for at, pk in self._standings if at == path}:
                    self._standings[path, pk] = replace(one, publication=replace(one.publication, story_pk=pk))

    def _survivor(self, stories: frozenset[int]) -> int:
        def rank(pk: int) -> tuple[object, ...]:
            listed = [one.publication.first_listed for (_, story), one in self._standings.items() if story == pk]
            first = min((at for at in listed if at), default=None)
            eldest = min((one.sort_key, one.entry.published_id, one.entry.raw_key) for one in self._members(pk))
            return first is None, first or eldest[0], eldest

        return min(sorted(stories), key=rank) if stories else self._take("story")

    def _merge(self, gone: int, into: int) -> None:
        for row in self._entries.values():
            row.story = into if row.story == gone else row.story
        for story in self._stories.values():
            story.joined = into if story.joined == gone else story.joined
        self._stories[gone].joined = into
        for path in self._outputs:
            rows = [self._standings.pop((path, pk)) for pk in (into, gone) if (path, pk) in self._standings]
            rows.sort(key=_precedence)
            for place, standing in zip((into, gone), rows, strict=False):
                if standing is not rows[0]:
                    if standing.publication.sequence is None:
                        continue
                    rule = f"joined with {rows[0].publication.published_id}"
                    standing.publication = replace(standing.publication, listed=False, rule=rule)
                standing.publication = replace(standing.publication, story_pk=place)
                self._standings[path, place] = standing

    # ── publications ──

    def _members(self, story: int) -> tuple[StoredEntry, ...]:
        members = [self._current(row) for row in self._entries.values() if row.story == story]
        return tuple(sorted(members, key=lambda one: (one.sort_key, one.feed_key, one.entry.raw_key)))

    def _current(self, row: _Entry) -> StoredEntry:
        return replace(row.stored, feed_id=self._feeds.rows[row.stored.feed_key].state.id)

    def _found(self, stories: Sequence[int]) -> list[tuple[int, tuple[StoredEntry, ...]]]:
        return [(pk, members) for pk in stories if (members := self._members(pk))]

    @_one_at_a_time
    def changed_stories(self, output: str, mark: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        self._reading[output] = self._numbers["generation"]
        row = self._outputs.get(output)
        judged = row.judged if row and row.mark == mark else 0
        pks = [pk for pk, story in sorted(self._stories.items()) if story.joined is None and story.generation > judged]
        return iter([self._found(pks[start : start + 200]) for start in range(0, len(pks), 200)])

    @_one_at_a_time
    def unchecked_stories(self, mark: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        self._reading[""] = self._numbers["generation"]
        done = self._checked[1] if self._checked[0] == mark else 0
        claiming = {row.story for row in self._entries.values() if row.claims.are_open()}
        pks = [pk for pk, story in sorted(self._stories.items()) if story.joined is None and story.generation > done and pk in claiming]
        return iter([self._found(pks)] if pks else [])

    @_one_at_a_time
    def check(self, mark: str, members: Sequence[StoredEntry], names: Sequence[tuple[str, Hop]], *, done: bool) -> None:
        for member in members:
            self._entries[member.pk].claims.check(member.entry.claims)
        self._names.learn(names)
        if done:
            self._checked = (mark, self._reading.pop("", self._checked[1]))

    @_one_at_a_time
    def versions(self, entry_pk: int) -> list[tuple[datetime, Entry]]:
        row = self._entries[entry_pk]
        return [*row.versions, (row.changed_at or row.stored.first_seen, row.stored.entry)]

    @_one_at_a_time
    def past_claims(self, entry_pk: int) -> list[tuple[Claim, datetime, datetime]]:
        return self._entries[entry_pk].claims.past() if entry_pk in self._entries else []

    @_one_at_a_time
    def names(self) -> Mapping[str, Learnt]:
        return self._names.found()

    @_one_at_a_time
    def judge(self, output: str, mark: str, verdicts: Sequence[Verdict], now: datetime, *, newcomer_entries: int, done: bool) -> None:
        row = self._outputs.setdefault(output, _Output())
        self._pages.pop(output, None)
        if verdicts and row.mark != mark:
            row.mark = None
        for verdict in verdicts:
            if verdict.story_pk in self._stories and self._stories[verdict.story_pk].joined is None:
                self._judged(output, verdict, now)
        if done:
            has_begun = self._settle(output, row, now, newcomer_entries)
            row.mark, row.first_published = mark, row.first_published or (now if has_begun else None)
            row.judged = self._reading.pop(output, self._numbers["generation"])

    def _judged(self, output: str, verdict: Verdict, now: datetime) -> None:
        place = output, verdict.story_pk
        standing = self._standings.get(place)
        if standing and standing.publication.sequence is not None:
            before = standing.publication
            verdict = verdict.where_leads(before.lead_pk)
            after = replace(before, listed=verdict.listed, rule=verdict.rule)
            if verdict.listed:
                updated = max(before.public_updated, verdict.public_updated or before.public_updated)
                original = verdict.where_original_was(before.original_pk)
                after = replace(after, lead_pk=verdict.lead_pk, feed_key=verdict.feed_key, original_pk=original)
                after = replace(after, public_updated=updated, withdrawn_at=None)
            elif verdict.withdrawn:
                after = replace(after, withdrawn_at=before.withdrawn_at or now)
            self._standings[place] = _Standing(after, let_in=standing.let_in)
            return
        members = self._members(verdict.story_pk)
        old = standing.publication if standing else None
        passed_over, let_in = self._let_in(standing, verdict, self._outputs[output], now)
        sort_key = verdict.sort_key or (old.sort_key if old else min(one.sort_key for one in members))
        publication = Publication(
            output=output,
            story_pk=verdict.story_pk,
            sequence=None,
            published_id=verdict.published_id or (old.published_id if old else min(one.entry.published_id for one in members)),
            sort_key=sort_key,
            first_listed=None,
            public_updated=max(verdict.public_updated, sort_key) if verdict.public_updated else old.public_updated if old else sort_key,
            listed=False,
            rule=verdict.rule,
            lead_pk=verdict.lead_pk,
            feed_key=verdict.feed_key,
            original_pk=verdict.original_pk,
        )
        self._standings[place] = _Standing(
            publication, pending=verdict.listed, per_day=verdict.per_day, passed_over=passed_over, let_in=let_in
        )

    def _let_in(self, before: _Standing | None, verdict: Verdict, row: _Output, now: datetime) -> tuple[datetime | None, datetime | None]:
        if not verdict.listed or before is None:
            return (None if verdict.listed else verdict.seen), None
        was_limited = not (before.pending or before.held) and before.passed_over is None and before.per_day != verdict.per_day
        passed_over = (verdict.seen or now) if was_limited else before.passed_over
        is_old = has_subscribers(row.first_published, now) and was_passed_over(verdict.seen, passed_over, now)
        return passed_over, (before.let_in if before.held else now) if is_old else None

    def _settle(self, output: str, row: _Output, now: datetime, newcomer_entries: int) -> bool:
        own = {story: one for (path, story), one in self._standings.items() if path == output}
        candidates = [self._candidate(story, one, row, now) for story, one in own.items() if one.pending]
        given = {story: one.publication for story, one in own.items() if one.publication.sequence is not None}
        outlook = Outlook(
            newcomers=Counter(
                (one.feed_key, self._burst(story))
                for story, one in given.items()
                if self._is_all_backlog(story) and own[story].let_in is None
            ),
            per_day=Counter((one.feed_key, one.sort_key.date()) for one in given.values() if one.listed),
            ids=frozenset(one.published_id for one in given.values()),
            last_sequence=max((self.archives.left_out.get(output, 0), *(one.sequence or 0 for one in given.values()))),
        )
        since = {one.story: first_listed(one, now, row.first_published) for one in candidates}
        let_in = {one.story: one.let_in for one in candidates}
        for settled in settle(candidates, outlook, newcomer_entries):
            one = own[settled.story]
            one.pending, one.held = False, (settled.held or "").startswith(BACKLOG)
            one.let_in = let_in[settled.story]
            one.publication = replace(
                one.publication,
                listed=settled.held is None,
                sequence=settled.sequence,
                published_id=settled.published_id,
                first_listed=since[settled.story] if settled.held is None else None,
                rule=settled.held or one.publication.rule,
            )
        return bool(candidates)

    def _candidate(self, story: int, one: _Standing, row: _Output, now: datetime) -> Candidate:
        feed = self._feeds.rows.get(one.publication.feed_key or "")
        came_late = feed is not None and is_newcomer(feed.added_at, feed.state.first_success_at, row.first_published)
        came_at_once = self._is_all_backlog(story) and (came_late or self._came_since(story, row.first_published))
        return Candidate(
            story=story,
            feed_key=one.publication.feed_key,
            published_id=one.publication.published_id,
            sort_key=one.publication.sort_key,
            per_day=one.per_day,
            is_newcomer=came_at_once or one.let_in is not None,
            burst=self._burst(story),
            let_in=None if came_at_once else one.let_in,
            was_held=not came_at_once and one.let_in is not None and one.let_in < now,
            is_pruned=all(entry.pruned for entry in self._entries.values() if entry.story == story),
            backlog_seen=self._first_seen(story) if self._is_all_backlog(story) else None,
        )

    def _first_seen(self, story: int) -> datetime:
        return min(row.stored.first_seen for row in self._entries.values() if row.story == story)

    def _is_all_backlog(self, story: int) -> bool:
        members = [row for row in self._entries.values() if row.story == story]
        late = {row.stored.feed_key for row in members if row.stored.is_backlog or row.burst}
        return all(row.stored.feed_key in late for row in members)

    def _burst(self, story: int) -> datetime | None:
        return max((row.burst for row in self._entries.values() if row.story == story and row.burst), default=None)

    def _came_since(self, story: int, first_published: datetime | None) -> bool:
        burst = self._burst(story)
        return burst is not None and first_published is not None and burst > first_published

    @_one_at_a_time
    def held_back(self) -> dict[str, int]:
        held = {(one.publication.feed_key, story) for (_, story), one in self._standings.items() if one.held}
        return dict(Counter(key for key, _ in held if key))

    @_one_at_a_time
    def release(self, feed_key: str) -> int:
        held = {story for (_, story), one in self._standings.items() if one.held and one.publication.feed_key == feed_key}
        for row in self._entries.values():
            if row.story in held:
                row.burst, row.stored = None, replace(row.stored, is_backlog=False)
        for (_, story), one in self._standings.items():
            if story in held and one.held:
                one.passed_over = one.let_in = None
        for story in held:
            self._stories[story].generation = self._take("generation")
        return len(held)

    @_one_at_a_time
    def listing(
        self, output: str, limit: int, *, per_feed: int | None, not_before: datetime | None
    ) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        return self.given(output, [one.story_pk for one in self.chosen(output, limit, per_feed=per_feed, not_before=not_before)])

    @_one_at_a_time
    def chosen(self, output: str, limit: int, *, per_feed: int | None, not_before: datetime | None) -> list[Placed]:
        listed = [one.publication for (path, _), one in self._standings.items() if path == output and one.publication.listed]
        listed = [one for one in listed if not_before is None or one.sort_key >= not_before]
        listed.sort(key=lambda one: one.published_id)
        listed.sort(key=lambda one: (one.first_listed, one.sort_key), reverse=True)
        counts: Counter[str | None] = Counter()
        chosen = []
        for one in listed if per_feed is None else listed[: max(limit, LOOKED_THROUGH)]:
            counts[one.feed_key] += 1
            if per_feed is None or counts[one.feed_key] <= per_feed:
                chosen.append(one)
        return [self._placed(one) for one in chosen[:limit]]

    @_one_at_a_time
    def withdrawn(self, output: str, limit: int) -> list[Publication]:
        found = [one.publication for (path, _), one in self._standings.items() if path == output and not one.publication.listed]
        found = sorted((one for one in found if one.withdrawn_at), key=lambda one: one.published_id)
        found.sort(key=lambda one: str(one.withdrawn_at), reverse=True)
        return found[:limit]

    @_one_at_a_time
    def publications(self, story_pk: int) -> list[Publication]:
        joined = {pk for pk, story in self._stories.items() if story.joined == story_pk} | {story_pk}
        found = [one.publication for (_, pk), one in self._standings.items() if pk in joined]
        return sorted(found, key=lambda one: (one.output, one.sequence or 0, one.story_pk))

    # ── ask ──

    @_one_at_a_time
    def find(self, query: str) -> list[tuple[int, tuple[StoredEntry, ...]]]:
        stories = {row.story for row in self._entries.values() if _answers(row, query)}
        given = {pk for (_, pk), one in self._standings.items() if one.publication.sequence and one.publication.published_id == query}
        return self._found(sorted(stories | {self._stories[pk].joined or pk for pk in given}))

    @_one_at_a_time
    def starting_with(self, prefix: str, limit: int) -> list[tuple[int, tuple[StoredEntry, ...]]]:
        ids = [(row.story, one) for row in self._entries.values() for one in (row.stored.entry.raw_id or "", row.stored.entry.published_id)]
        return self._found(sorted({pk for pk, one in ids if one.startswith(prefix)})[:limit])

    @_one_at_a_time
    def neighbours(self, address: str) -> tuple[str, list[tuple[str, int]]]:
        for start in beginnings(address):
            forms = tuple(form for form in written_forms(start) if form.endswith("/"))
            rows = [row.stored.feed_key for row in self._entries.values() for seen in row.sightings if seen.startswith(forms)]
            if rows:
                return start, sorted(Counter(rows).items(), key=lambda one: (-one[1], one[0]))
        return "", []

    @_one_at_a_time
    def refined(self, feed_key: str) -> list[tuple[int, str]]:
        rows = [row for row in self._entries.values() if row.stored.feed_key == feed_key and row.raw is not None and not row.stored.hold]
        rows.sort(key=lambda row: (row.stored.sort_key, row.stored.entry.raw_key))
        return [(row.stored.pk, row.refined_by) for row in rows]

    @_one_at_a_time
    def raw_entries(self, pks: Sequence[int]) -> list[tuple[StoredEntry, RawEntry]]:
        rows = [self._entries[pk] for pk in pks if pk in self._entries]
        return [(self._current(row), row.raw) for row in rows if row.raw is not None]

    @_one_at_a_time
    @_one_at_a_time
    def last_document(self, feed_key: str) -> SeenDocument | None:
        one = self._feeds.rows.get(feed_key)
        return one.seen if one else None

    @_one_at_a_time
    def recent_edges(self, feed_key: str, limit: int) -> list[tuple[str, tuple[str, ...]]]:
        own = [one.entry for one in self._own(feed_key)]
        return sorted((one.raw_key, one.edges) for one in own[-limit:] if one.edges is not None)

    def _own(self, feed_key: str) -> list[StoredEntry]:
        own = [row.stored for row in self._entries.values() if row.stored.feed_key == feed_key and row.stored.hold is None]
        return sorted(own, key=lambda one: (one.sort_key, one.pk))

    @_one_at_a_time
    def own_entries(self, feed_key: str, raw_keys: Sequence[str], limit: int) -> list[StoredEntry]:
        own = self._own(feed_key)
        found = [one for number, one in enumerate(own) if len(own) - number <= limit or one.entry.raw_key in raw_keys]
        return sorted(found, key=lambda one: (one.sort_key, one.feed_key, one.entry.raw_key))

    @_one_at_a_time
    def holds(self) -> dict[str, str]:
        return {state.id: state.hold for state in self._feeds.states() if state.hold}

    @_one_at_a_time
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

    @_one_at_a_time
    def note_printed(self, feed_key: str, marks: Sequence[str]) -> FeedState | None:
        return self._feeds.note_printed(feed_key, marks)

    @_one_at_a_time
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

    @_one_at_a_time
    def stories_of(self, feed_key: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        return iter([self._found(sorted({row.story for row in self._entries.values() if row.stored.feed_key == feed_key}))])

    @_one_at_a_time
    def listed_in(self, story_pks: Sequence[int]) -> dict[str, int]:
        found = [path for (path, story), one in self._standings.items() if story in story_pks and one.publication.listed]
        return dict(Counter(found))

    @_one_at_a_time
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

    @_one_at_a_time
    def forget_head(self, feed_key: str) -> None:
        self._feeds.forget_head(feed_key)

    @_one_at_a_time
    def sightings(self, entry_pk: int) -> list[tuple[str, datetime, datetime]]:
        row = self._entries.get(entry_pk)
        seen = [(place, first, last) for place, (first, last) in row.sightings.items()] if row else []
        return sorted(seen, key=lambda sighting: (sighting[1], sighting[0]))

    @_one_at_a_time
    def files(self) -> dict[str, str]:
        return {path: row.written for path, row in sorted(self._outputs.items()) if row.written}

    @_one_at_a_time
    def file(self, path: str) -> tuple[str, bytes] | None:
        row = self._outputs.get(path)
        return (row.written, row.places) if row and row.written else None

    @_one_at_a_time
    def note_file(self, path: str, digest: str | None, places: bytes = b"") -> None:
        row = self._outputs.setdefault(path, _Output())
        row.written, row.places = digest, places

    @_one_at_a_time
    def pages(self) -> dict[str, tuple[str, str]]:
        return dict(sorted(self._pages.items()))

    @_one_at_a_time
    def note_pages(self, notes: Mapping[str, tuple[str, str] | None]) -> None:
        self._pages = {path: note for path, note in {**self._pages, **notes}.items() if note}

    @_one_at_a_time
    def placed(self, output: str, limit: int) -> list[Placed]:
        listed = [one.publication for (path, _), one in self._standings.items() if path == output and one.publication.listed]
        listed.sort(key=lambda one: one.sequence or 0, reverse=True)
        return [self._placed(one) for one in listed[:limit]]

    def _placed(self, one: Publication) -> Placed:
        now, day = self._stories[one.story_pk].generation, _ticks(one.sort_key) // DAY
        rank, updated = _rank(one), _ticks(one.public_updated)
        return Placed(one.story_pk, now, one.sequence or 0, day, one.feed_key, rank, one.published_id, updated, one.lead_pk)

    @_one_at_a_time
    def given(self, output: str, story_pks: Sequence[int]) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        found = [one.publication for (path, pk), one in self._standings.items() if path == output and pk in set(story_pks)]
        found.sort(key=lambda one: one.published_id)
        found.sort(key=lambda one: one.sort_key, reverse=True)
        return [(one, self._members(one.story_pk)) for one in found if one.listed]

    @_one_at_a_time
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

    @_one_at_a_time
    def prune(self, now: datetime, retain: Retain, spared: Collection[int] = ()) -> Pruned:
        freed = self._freed(now, retain, spared)
        for row in self._entries.values():
            if self._is_old(row, now, retain, spared):
                row.stored, row.came = replace(row.stored, entry=replace(row.stored.entry, summary=None, content=None)), None
                row.raw, row.pruned, row.versions = None, True, []
            row.versions = row.versions[len(row.versions) - retain.versions :] if retain.versions else []
        return freed

    @_one_at_a_time
    def prunable(self, now: datetime, retain: Retain, spared: Collection[int] = ()) -> Pruned:
        return self._freed(now, retain, spared)

    def _freed(self, now: datetime, retain: Retain, spared: Collection[int]) -> Pruned:
        old = [row for row in self._entries.values() if self._is_old(row, now, retain, spared)]
        trimmed = [max(0, len(row.versions) - retain.versions) for row in self._entries.values() if row not in old]
        return Pruned(entries=len(old), versions=sum(trimmed) + sum(len(row.versions) for row in old))

    def _is_old(self, row: _Entry, now: datetime, retain: Retain, spared: Collection[int]) -> bool:
        before = now - retain.text
        feed = self._feeds.rows[row.stored.feed_key]
        seen = feed.state.last_success_at
        stands = feed.document_at and seen and row.stored.last_seen >= feed.document_at - timedelta(days=1) and seen >= before
        return row.stored.last_seen < before and not row.pruned and not stands and row.stored.pk not in spared

    def close(self) -> None:
        """Nothing to let go of."""


def _as_given(one: _Standing) -> tuple[object, ...]:
    publication = one.publication
    return publication.first_listed or publication.sort_key, publication.sort_key, publication.published_id


def _precedence(row: _Standing) -> tuple[object, ...]:
    one = row.publication
    return not one.listed, one.sequence is None, one.first_listed or one.sort_key, one.sort_key, one.published_id


def _ticks(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _rank(one: Publication) -> tuple[int, int]:
    return _ticks(one.first_listed or one.sort_key), _ticks(one.sort_key)


def _answers(row: _Entry, query: str) -> bool:
    entry = row.stored.entry
    keys = {key.value for key in entry.keys if key.kind == "link"}
    forms = set(written_forms(query))
    return bool(forms & {entry.raw_id, entry.published_id, *row.sightings} or keys & {query, link_key(query)})
