"""The outputs of `FakeStore`: what is judged, listed, held back and written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.model import (
    Placed,
    Publication,
    StoredEntry,
    Verdict,
)
from aggregator.ports import BACKLOG
from aggregator.store.columns import DAY
from aggregator.store.publications import LOOKED_THROUGH
from aggregator.store.standing import Candidate, Outlook, first_listed, has_subscribers, is_newcomer, settle, was_passed_over
from tests.fake_archives import FakeArchives
from tests.fake_rows import FakeRows, OutputRow, StandingRow, one_at_a_time


class FakeOutputs(FakeRows):
    """The part of a store that outputs ask."""

    archives: FakeArchives

    @one_at_a_time
    def changed_stories(self, output: str, mark: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        self._reading[output] = self._numbers["generation"]
        row = self._outputs.get(output)
        judged = row.judged if row and row.mark == mark else 0
        pks = [pk for pk, story in sorted(self._stories.items()) if story.joined is None and story.generation > judged]
        return iter([self._found(pks[start : start + 200]) for start in range(0, len(pks), 200)])

    @one_at_a_time
    def judge(self, output: str, mark: str, verdicts: Sequence[Verdict], now: datetime, *, newcomer_entries: int, done: bool) -> None:
        row = self._outputs.setdefault(output, OutputRow())
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
            self._standings[place] = StandingRow(after, let_in=standing.let_in)
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
        self._standings[place] = StandingRow(
            publication, pending=verdict.listed, per_day=verdict.per_day, passed_over=passed_over, let_in=let_in
        )

    def _let_in(
        self, before: StandingRow | None, verdict: Verdict, row: OutputRow, now: datetime
    ) -> tuple[datetime | None, datetime | None]:
        if not verdict.listed or before is None:
            return (None if verdict.listed else verdict.seen), None
        was_limited = not (before.pending or before.held) and before.passed_over is None and before.per_day != verdict.per_day
        passed_over = (verdict.seen or now) if was_limited else before.passed_over
        is_old = has_subscribers(row.first_published, now) and was_passed_over(verdict.seen, passed_over, now)
        return passed_over, (before.let_in if before.held else now) if is_old else None

    def _settle(self, output: str, row: OutputRow, now: datetime, newcomer_entries: int) -> bool:
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

    def _candidate(self, story: int, one: StandingRow, row: OutputRow, now: datetime) -> Candidate:
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

    @one_at_a_time
    def held_back(self) -> dict[str, int]:
        held = {(one.publication.feed_key, story) for (_, story), one in self._standings.items() if one.held}
        return dict(Counter(key for key, _ in held if key))

    @one_at_a_time
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

    @one_at_a_time
    def listing(
        self, output: str, limit: int, *, per_feed: int | None, not_before: datetime | None
    ) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        return self.given(output, [one.story_pk for one in self.chosen(output, limit, per_feed=per_feed, not_before=not_before)])

    @one_at_a_time
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

    @one_at_a_time
    def withdrawn(self, output: str, limit: int) -> list[Publication]:
        found = [one.publication for (path, _), one in self._standings.items() if path == output and not one.publication.listed]
        found = sorted((one for one in found if one.withdrawn_at), key=lambda one: one.published_id)
        found.sort(key=lambda one: str(one.withdrawn_at), reverse=True)
        return found[:limit]

    @one_at_a_time
    def publications(self, story_pk: int) -> list[Publication]:
        joined = {pk for pk, story in self._stories.items() if story.joined == story_pk} | {story_pk}
        found = [one.publication for (_, pk), one in self._standings.items() if pk in joined]
        return sorted(found, key=lambda one: (one.output, one.sequence or 0, one.story_pk))

    @one_at_a_time
    def listed_in(self, story_pks: Sequence[int]) -> dict[str, int]:
        found = [path for (path, story), one in self._standings.items() if story in story_pks and one.publication.listed]
        return dict(Counter(found))

    @one_at_a_time
    def files(self) -> dict[str, str]:
        return {path: row.written for path, row in sorted(self._outputs.items()) if row.written}

    @one_at_a_time
    def file(self, path: str) -> tuple[str, bytes] | None:
        row = self._outputs.get(path)
        return (row.written, row.places) if row and row.written else None

    @one_at_a_time
    def note_file(self, path: str, digest: str | None, places: bytes = b"") -> None:
        row = self._outputs.setdefault(path, OutputRow())
        row.written, row.places = digest, places

    @one_at_a_time
    def pages(self) -> dict[str, tuple[str, str]]:
        return dict(sorted(self._pages.items()))

    @one_at_a_time
    def note_pages(self, notes: Mapping[str, tuple[str, str] | None]) -> None:
        self._pages = {path: note for path, note in {**self._pages, **notes}.items() if note}

    @one_at_a_time
    def placed(self, output: str, limit: int) -> list[Placed]:
        listed = [one.publication for (path, _), one in self._standings.items() if path == output and one.publication.listed]
        listed.sort(key=lambda one: one.sequence or 0, reverse=True)
        return [self._placed(one) for one in listed[:limit]]

    def _placed(self, one: Publication) -> Placed:
        now, day = self._stories[one.story_pk].generation, _ticks(one.sort_key) // DAY
        rank, updated = _rank(one), _ticks(one.public_updated)
        return Placed(one.story_pk, now, one.sequence or 0, day, one.feed_key, rank, one.published_id, updated, one.lead_pk)

    @one_at_a_time
    def given(self, output: str, story_pks: Sequence[int]) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        found = [one.publication for (path, pk), one in self._standings.items() if path == output and pk in set(story_pks)]
        found.sort(key=lambda one: one.published_id)
        found.sort(key=lambda one: one.sort_key, reverse=True)
        return [(one, self._members(one.story_pk)) for one in found if one.listed]


def _ticks(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _rank(one: Publication) -> tuple[int, int]:
    return _ticks(one.first_listed or one.sort_key), _ticks(one.sort_key)
