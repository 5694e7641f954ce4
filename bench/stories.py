"""Which entries are one story? Runs the product's own path over a labelled set and prints one predicted story a line.

    python -m bench.stories DIR > groups.jsonl

`DIR/entries.jsonl` holds entries with `id`, `feed`, `feed_link`, `feed_title`, `link`, `guid`, `title`, `published`, `author` and
`content_html`. Every feed is refined and recorded in a store of its own making, like a poll; an article that stands in a feed
more than once (another version of it, another id) comes with a later poll, since one document means them to be two.
A prediction has `story` (the ids) and `original` (the id of the entry that leads it).
"""

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from aggregator.collect.dates import seconds
from aggregator.model import FeedSpec, PollResult, RawEntry, RawFeed, RawPerson, RawText
from aggregator.refine import normalize
from aggregator.refine.leading import lead
from aggregator.refine.stories import same_story
from aggregator.refine.succession import successors
from aggregator.store.sql import SqlStore
from bench.provenance import raw_entry

Line = Mapping[str, Any]
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def main(folder: Path) -> None:
    lines = [json.loads(line) for line in (folder / "entries.jsonl").read_text(encoding="utf-8").splitlines() if line.strip()]
    with tempfile.TemporaryDirectory(prefix="bench-stories-") as work:
        for story in stories(lines, Path(work) / "store.db"):
            sys.stdout.write(json.dumps(story) + "\n")


def stories(lines: Sequence[Line], path: Path) -> Iterator[dict[str, object]]:
    """Record all entries and give the stories that the store made of them, those of one entry left out."""
    feeds: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        feeds[line["feed"]].append(line)
    specs = {url: FeedSpec(id=f"f{number}", url=url, shown_url=url) for number, url in enumerate(feeds)}
    store = SqlStore(str(path))
    try:
        store.sync(tuple(specs.values()), NOW)
        clock = count(1)
        named = {key: id_ for url, given in feeds.items() for key, id_ in _recorded(store, specs[url], given, clock)}
        yield from _told(store, named)
    finally:
        store.close()


def _recorded(store: SqlStore, spec: FeedSpec, given: Sequence[Line], clock: Iterator[int]) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Poll a feed as often as it takes; ((feed, key within it, text), id of the line) for each line."""
    for document in _documents(given):
        now = NOW + timedelta(minutes=next(clock))  # some feeds share a server, which is asked every two seconds at most
        ((state, token),) = store.lease(now, timedelta(minutes=3), 1, feeds=[spec.id], ignore_holds=True)
        feed = _feed(document)
        head = normalize.head(feed, spec.url)
        entries = normalize.entries(feed, normalize.context(spec, state.key, head, spec.url))
        kept = [(entry, raw, line) for entry, raw, line in zip(entries, feed.entries, document, strict=True) if entry]
        store.record(
            [
                PollResult(
                    state=replace(state, head=head, first_success_at=state.first_success_at or now),
                    lease=token,
                    outcome="new",
                    polled_at=now,
                    entries=tuple(entry for entry, _, _ in kept),
                    raw=tuple(raw for _, raw, _ in kept),
                    refined_by="bench",
                )
            ],
            same_story,
            successors,
        )
        for entry, _, line in kept:
            yield (state.key, entry.raw_key, line["id"]), line["id"]


def _documents(given: Sequence[Line]) -> list[list[Line]]:
    """Split a feed's entries so that no document holds an id, a page, or a title of one day twice."""
    documents: list[tuple[list[Line], set[tuple[str, str]]]] = []
    for line in given:
        marks = {("id", str(line.get("guid"))), ("page", str(line.get("link")))} if line.get("guid") else {("page", str(line.get("link")))}
        marks |= {("title", f"{line.get('title')} {str(line.get('published'))[:10]}")}
        place = next((one for one in documents if not one[1] & marks), None)
        if place is None:
            place = ([], set())
            documents.append(place)
        place[0].append(line)
        place[1].update(marks)
    return [document for document, _ in documents]


def _feed(document: Sequence[Line]) -> RawFeed:
    first = document[0]
    title = RawText(value=first["feed_title"]) if first.get("feed_title") else None
    return RawFeed(
        version="rss20", title=title, link=first.get("feed_link"), self_url=first["feed"], entries=tuple(_entry(line) for line in document)
    )


def _entry(line: Line) -> RawEntry:
    made = raw_entry({**line, "id": line.get("guid"), "content_html": line.get("content_html")})
    authors = (RawPerson(name=line["author"]),) if line.get("author") else ()
    return replace(made, published_s=seconds(line.get("published") or ""), authors=authors)


def _told(store: SqlStore, named: Mapping[tuple[str, str, str], str]) -> Iterator[dict[str, object]]:
    partners = store.partners()
    ids: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (feed_key, raw_key, _), id_ in named.items():
        ids[feed_key, raw_key].append(id_)
    for batch in store.changed_stories("(the bench)", "(everything)"):
        for _, members in batch:
            story = [id_ for member in members for id_ in ids[member.feed_key, member.entry.raw_key]]
            if len(story) > 1:
                speaker = lead(members, partners)
                # Of several versions under one key the store holds the latest.
                yield {"story": story, "original": ids[speaker.feed_key, speaker.entry.raw_key][-1]}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
