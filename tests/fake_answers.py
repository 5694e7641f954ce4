"""What `FakeStore` answers of entries, and what it learns of their claims."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from aggregator.model import (
    Claim,
    Entry,
    Hop,
    Learnt,
    RawEntry,
    SeenDocument,
    StoredEntry,
)
from aggregator.web.forms import beginnings, written_forms
from aggregator.web.url import link_key
from tests.fake_rows import EntryRow, FakeRows, one_at_a_time


class FakeAnswers(FakeRows):
    """The part of a store that is asked for entries."""

    @one_at_a_time
    def unchecked_stories(self, mark: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        self._reading[""] = self._numbers["generation"]
        done = self._checked[1] if self._checked[0] == mark else 0
        claiming = {row.story for row in self._entries.values() if row.claims.are_open()}
        pks = [pk for pk, story in sorted(self._stories.items()) if story.joined is None and story.generation > done and pk in claiming]
        return iter([self._found(pks)] if pks else [])

    @one_at_a_time
    def check(self, mark: str, members: Sequence[StoredEntry], names: Sequence[tuple[str, Hop]], *, done: bool) -> None:
        for member in members:
            self._entries[member.pk].claims.check(member.entry.claims)
        self._names.learn(names)
        if done:
            self._checked = (mark, self._reading.pop("", self._checked[1]))

    @one_at_a_time
    def versions(self, entry_pk: int) -> list[tuple[datetime, Entry]]:
        row = self._entries[entry_pk]
        return [*row.versions, (row.changed_at or row.stored.first_seen, row.stored.entry)]

    @one_at_a_time
    def past_claims(self, entry_pk: int) -> list[tuple[Claim, datetime, datetime]]:
        return self._entries[entry_pk].claims.past() if entry_pk in self._entries else []

    @one_at_a_time
    def names(self) -> Mapping[str, Learnt]:
        return self._names.found()

    @one_at_a_time
    def find(self, query: str) -> list[tuple[int, tuple[StoredEntry, ...]]]:
        stories = {row.story for row in self._entries.values() if _answers(row, query)}
        given = {pk for (_, pk), one in self._standings.items() if one.publication.sequence and one.publication.published_id == query}
        return self._found(sorted(stories | {self._stories[pk].joined or pk for pk in given}))

    @one_at_a_time
    def starting_with(self, prefix: str, limit: int) -> list[tuple[int, tuple[StoredEntry, ...]]]:
        ids = [(row.story, one) for row in self._entries.values() for one in (row.stored.entry.raw_id or "", row.stored.entry.published_id)]
        return self._found(sorted({pk for pk, one in ids if one.startswith(prefix)})[:limit])

    @one_at_a_time
    def neighbours(self, address: str) -> tuple[str, list[tuple[str, int]]]:
        for start in beginnings(address):
            forms = tuple(form for form in written_forms(start) if form.endswith("/"))
            rows = [row.stored.feed_key for row in self._entries.values() for seen in row.sightings if seen.startswith(forms)]
            if rows:
                return start, sorted(Counter(rows).items(), key=lambda one: (-one[1], one[0]))
        return "", []

    @one_at_a_time
    def refined(self, feed_key: str) -> list[tuple[int, str]]:
        rows = [row for row in self._entries.values() if row.stored.feed_key == feed_key and row.raw is not None and not row.stored.hold]
        rows.sort(key=lambda row: (row.stored.sort_key, row.stored.entry.raw_key))
        return [(row.stored.pk, row.refined_by) for row in rows]

    @one_at_a_time
    def raw_entries(self, pks: Sequence[int]) -> list[tuple[StoredEntry, RawEntry]]:
        rows = [self._entries[pk] for pk in pks if pk in self._entries]
        return [(self._current(row), row.raw) for row in rows if row.raw is not None]

    @one_at_a_time
    @one_at_a_time
    def last_document(self, feed_key: str) -> SeenDocument | None:
        one = self._feeds.rows.get(feed_key)
        return one.seen if one else None

    @one_at_a_time
    def recent_edges(self, feed_key: str, limit: int) -> list[tuple[str, tuple[str, ...]]]:
        own = [one.entry for one in self._own(feed_key)]
        return sorted((one.raw_key, one.edges) for one in own[-limit:] if one.edges is not None)

    def _own(self, feed_key: str) -> list[StoredEntry]:
        own = [row.stored for row in self._entries.values() if row.stored.feed_key == feed_key and row.stored.hold is None]
        return sorted(own, key=lambda one: (one.sort_key, one.pk))

    @one_at_a_time
    def own_entries(self, feed_key: str, raw_keys: Sequence[str], limit: int) -> list[StoredEntry]:
        own = self._own(feed_key)
        found = [one for number, one in enumerate(own) if len(own) - number <= limit or one.entry.raw_key in raw_keys]
        return sorted(found, key=lambda one: (one.sort_key, one.feed_key, one.entry.raw_key))

    @one_at_a_time
    def stories_of(self, feed_key: str) -> Iterator[list[tuple[int, tuple[StoredEntry, ...]]]]:
        return iter([self._found(sorted({row.story for row in self._entries.values() if row.stored.feed_key == feed_key}))])

    @one_at_a_time
    def sightings(self, entry_pk: int) -> list[tuple[str, datetime, datetime]]:
        row = self._entries.get(entry_pk)
        seen = [(place, first, last) for place, (first, last) in row.sightings.items()] if row else []
        return sorted(seen, key=lambda sighting: (sighting[1], sighting[0]))


def _answers(row: EntryRow, query: str) -> bool:
    entry = row.stored.entry
    keys = {key.value for key in entry.keys if key.kind == "link"}
    forms = set(written_forms(query))
    return bool(forms & {entry.raw_id, entry.published_id, *row.sightings} or keys & {query, link_key(query)})
