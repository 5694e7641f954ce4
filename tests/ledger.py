"""How store tests speak: sync feeds, poll entries into a store, judge by simple rules, and look at what came out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from aggregator.model import Entry, FeedSpec, PollResult, Publication, RawEntry, SafeHtml, StoredEntry, StoryKey, Title, Verdict
from aggregator.ports import Store
from aggregator.store.sql import SqlStore
from tests.makers import NOON, entry, spec
from tests.statements import MEMORY

HOUR = timedelta(hours=1)
HOLD = timedelta(minutes=3)


def same_story(a: StoredEntry, b: StoredEntry, kind: str) -> bool:
    """Equal links always, and whom a third one joins; equal ids only with the same title."""
    return kind in ("link", "third") or a.entry.title == b.entry.title


def post(number: int = 1, feed: str = "blog", *, page: str | None = None, text: str = "Text.", **fields: object) -> Entry:
    """Post NUMBER of a feed, with the keys that its page and its id give; `page` is where it originally appeared."""
    made = entry(number, feed, content=SafeHtml(f"<p>{text}</p>"), content_hash=text, text_hash=text)
    made = replace(made, **fields)  # type: ignore[arg-type]
    if "keys" in fields:
        return made
    keys = (StoryKey(kind="link", value=page or made.link or ""), StoryKey(kind="id", value=made.published_id))
    return replace(made, keys=keys)


def titled(text: str) -> Title:
    return Title(text=text)


def poll(store: Store, polls: Iterable[tuple[str, Sequence[Entry]]], at: datetime = NOON, **fields: object) -> list[tuple[int, int]]:
    """Poll feeds one second before `at` each, whether due or not, and record all results at once."""
    return store.record([result(store, feed, entries, at, **fields) for feed, entries in polls], same_story)


def result(store: Store, feed: str, entries: Sequence[Entry], at: datetime = NOON, **fields: object) -> PollResult:
    """What a poll of one feed found, under a lease of its own."""
    ((state, lease),) = store.lease(at, HOLD, 1, feeds=[feed], ignore_holds=True)
    done = replace(
        state,
        next_poll_at=at + HOUR,
        why="in an hour",
        last_poll_at=at,
        last_success_at=at,
        last_change_at=at,
        first_success_at=state.first_success_at or at,
    )
    made = PollResult(
        state=done,
        lease=lease,
        outcome="new",
        polled_at=at,
        entries=tuple(entries),
        raw=tuple(RawEntry(id=one.raw_id, link=one.link) for one in entries),
        refined_by="1",
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def unchanged(made: PollResult) -> PollResult:
    return replace(made, outcome="unchanged", entries=(), raw=())


def verdict(pk: int, members: Sequence[StoredEntry]) -> Verdict:
    """Listed; the earliest member speaks."""
    lead = min(members, key=lambda one: (one.sort_key, one.feed_key))
    return Verdict(
        story_pk=pk,
        listed=True,
        rule="listed",
        lead_pk=lead.pk,
        feed_key=lead.feed_key,
        published_id=lead.entry.published_id,
        sort_key=lead.sort_key,
        public_updated=max(member.public_updated for member in members),
    )


Judge = Callable[[int, Sequence[StoredEntry]], Verdict]


def publish(
    store: Store, at: datetime = NOON, *, rules: str = "1", output: str = "atom.xml", by: Judge = verdict, newcomers: int = 3
) -> int:
    """Judge whatever an output must judge, as the pipeline does; tell how many stories that were."""
    judged = 0
    for batch in store.changed_stories(output, rules):
        store.judge(output, rules, [by(pk, members) for pk, members in batch], at, newcomer_entries=newcomers, done=False)
        judged += len(batch)
    store.judge(output, rules, (), at, newcomer_entries=newcomers, done=True)
    return judged


def listed(store: Store, output: str = "atom.xml", limit: int = 100, **fields: object) -> list[Publication]:
    asked: dict[str, object] = {"per_feed": None, "not_before": None, **fields}
    return [publication for publication, _ in store.listing(output, limit, **asked)]  # type: ignore[arg-type]


def titles(store: Store, output: str = "atom.xml", limit: int = 100, **fields: object) -> list[str]:
    """The lead titles of an output, newest first."""
    asked: dict[str, object] = {"per_feed": None, "not_before": None, **fields}
    found = []
    for publication, members in store.listing(output, limit, **asked):  # type: ignore[arg-type]
        lead = next(one for one in members if one.pk == publication.lead_pk)
        found.append(lead.entry.title.text if lead.entry.title else "")
    return found


def stories(store: Store) -> set[frozenset[tuple[str, str]]]:
    """Which entries tell one story, as sets of (feed id, raw key)."""
    batches = store.changed_stories("never judged", "")
    return {frozenset((one.feed_id, one.entry.raw_key) for one in members) for batch in batches for _, members in batch}


def raws(store: Store, *feeds: str) -> list[tuple[StoredEntry, RawEntry]]:
    """The entries of these feeds (of all, if none is named) whose raw form is kept, with it."""
    keys = [state.key for state in store.feeds(active_only=False) if not feeds or state.id in feeds]
    return [found for key in keys for found in store.raw_entries([pk for pk, _ in store.refined(key)])]


def row_counts(store: Store) -> dict[str, int]:
    """The rows of all tables but those that count polls, which every poll writes."""
    return {table: rows for table, rows in store.counts().items() if not table.startswith("tally")}


def only(store: Store, query: str) -> StoredEntry:
    """The one entry of the one story that a query finds."""
    ((_, (found,)),) = store.find(query)
    return found


def held(store: Store, number: int, feed: str = "blog") -> StoredEntry:
    """Post NUMBER as it came in a feed, however many copies its story has."""
    found = [one for _, members in store.find(post(number, feed).published_id) for one in members]
    return next(one for one in found if one.feed_id == feed and one.entry.raw_key == post(number, feed).raw_key)


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder for a store that lives as long as a test."""
    with TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@contextmanager
def sqlite_store() -> Iterator[SqlStore]:
    """A new store in a file."""
    with memory_folder() as folder:
        store = SqlStore(str(folder / "store.db"))
        yield store
        store.close()


def blogs(*ids: str) -> list[FeedSpec]:
    return [spec(id) for id in ids]  # noqa: A001
