"""Replay feeds over time: each version of each sequence under one address, polled and published by the real command after each step.

    python -m bench.history FOLDER [--work FOLDER]
    python -m bench.history FOLDER --order forward --order reverse --order shuffled

FOLDER holds one folder a sequence, with versions 0001.xml (or .json) and up. All sequences advance together, step by step, as the feeds
of one feeds.yaml. The last line printed is one JSON object:

    sequences, versions, steps   counts
    doubled       entries (one raw id, or one link, of one feed) that a subscriber saw under two published ids
    changed_ids   entries whose published id was replaced by another one
    lost          entries ever read by plain feedparser that the store lacks, judged by their last version
    failed        versions that feedparser reads and we do not
    tracebacks    what was printed of bugs
    same_title    for information: titles of a day that were seen under two published ids, though id and link differ

With `--order` nothing is published in between: see bench/orders.py.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from aggregator.model import JsonValue, StoredEntry
from bench.command import Workshop, polls
from bench.loopback import LoopbackSite, Reply
from bench.oracle import PlainEntry, letters, losses, read_plain
from bench.readback import read_json_output

_OUTPUT = "feed.json"


@dataclass(frozen=True, slots=True)
class History:
    """One feed over time: its id here, and the bytes of its versions, oldest first."""

    id: str
    folder: str
    versions: tuple[tuple[str, bytes], ...] = field(repr=False)

    def reply(self, step: int) -> Reply:
        name, body = self.versions[step]
        return Reply(body=body, content_type=_content_type(name))


def _content_type(name: str) -> str:
    return "application/feed+json" if name.endswith(".json") else "application/xml"


def sequences(folder: Path) -> list[History]:
    """All sequences of a folder, by name."""
    found = []
    for number, place in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        files = sorted(path for path in place.iterdir() if re.fullmatch(r"\d+\.(xml|json)", path.name))
        slug = re.sub(r"[^a-z0-9]+", "-", place.name.lower()).strip("-")
        if files:
            found.append(
                History(f"s{number:03}-{slug}"[:60].rstrip("-"), place.name, tuple((path.name, path.read_bytes()) for path in files))
            )
    return found


Name = tuple[str, str, str]
"""What names an entry within a feed: feed id, the kind of name (`id`, `link`, `title`), and the name."""


class Subscriber:
    """Someone who reads the output after every step, and remembers under which published ids each entry was seen."""

    def __init__(self, ambiguous: frozenset[Name]) -> None:
        self._ambiguous = ambiguous
        self._now: dict[Name, frozenset[str]] = {}
        self._seen: dict[Name, dict[str, str]] = defaultdict(dict)
        self.changed: list[tuple[Name, str]] = []

    def read(self, published: Mapping[str, Iterable[StoredEntry]]) -> None:
        """Read the output as it is now: the members of the story behind each published id."""
        now: dict[Name, set[str]] = defaultdict(set)
        for published_id, members in published.items():
            for member in members:
                for name in _names(member):
                    now[name].add(published_id)
                    self._seen[name][published_id] = member.entry.title.text if member.entry.title else ""
        for name, ids in now.items():
            before = self._now.get(name, frozenset())
            if name[1] == "id" and name not in self._ambiguous and before and not before & ids:
                self.changed.append((name, min(ids)))
            self._now[name] = frozenset(ids)

    def doubled(self, *kinds: str) -> list[tuple[Name, list[str]]]:
        """Names of these kinds that were seen under several published ids, though no version used them for several entries.

        A link under which quite different titles were seen over time named different entries: pages are linked to again.
        """
        found = []
        for name, titles in sorted(self._seen.items()):
            if name[1] in kinds and name not in self._ambiguous and (name[1] != "link" or _any_alike(list(titles.values()))):
                found += [(name, sorted(titles))] if len(titles) > 1 else []
        return found


def _any_alike(titles: Sequence[str]) -> bool:
    """Do two of the titles share half of their words, or has one none?"""
    words = [frozenset(title.casefold().split()) for title in titles]
    return any(2 * len(one & other) >= min(len(one), len(other)) for number, one in enumerate(words) for other in words[:number])


def _names(member: StoredEntry) -> list[Name]:
    entry, feed = member.entry, member.feed_id
    names = [(feed, "id", entry.raw_id), (feed, "link", str(entry.link) if entry.link else None)]
    if entry.title and entry.published and len(letters(entry.title.text)) > 15:
        names.append((feed, "title", f"{entry.published:%Y-%m-%d} {letters(entry.title.text)}"))
    return [(feed, kind, name) for feed, kind, name in names if name]


def ambiguous_names(feed: str, read: Sequence[PlainEntry]) -> set[Name]:
    """The ids and links that one version of a document gives to several entries: they do not name an entry."""
    different = {(plain.id, plain.link, plain.title): plain for plain in read}.values()
    ids = Counter(plain.id for plain in {(plain.id, plain.link): plain for plain in read}.values() if plain.id)
    links = Counter(plain.link for plain in different if plain.link)
    return {(feed, "id", name) for name, count in ids.items() if count > 1} | {
        (feed, "link", name) for name, count in links.items() if count > 1
    }


def last_read(versions: Sequence[Sequence[PlainEntry]]) -> list[PlainEntry]:
    """Every entry that any version holds, as its last version gives it; several of one id and link stay together."""
    shared = {
        id_
        for read in versions
        for id_, count in Counter(id_ for id_, _ in {(plain.id, plain.link) for plain in read}).items()
        if count > 1
    }
    last: dict[tuple[str | None, str | None], list[PlainEntry]] = {}
    for read in versions:
        now: dict[tuple[str | None, str | None], list[PlainEntry]] = defaultdict(list)
        for plain in read:
            now[(plain.id, None) if plain.id and plain.id not in shared else (plain.id, plain.link or plain.title)].append(plain)
        last |= now
    return [plain for same in last.values() for plain in same]


def replay(given: Sequence[History], work: Path, say: Callable[[str], None]) -> dict[str, JsonValue]:
    """Serve the versions step by step, poll and publish after each, and judge."""
    shop = Workshop(work)
    steps = max((len(each.versions) for each in given), default=0)
    failed: list[JsonValue] = []
    with LoopbackSite({each.id: each.reply(0) for each in given}) as site:
        shop.write({each.id: site.url(each.id) for each in given})
        read = {each.id: [read_plain(body, site.url(each.id), _content_type(name)) for name, body in each.versions] for each in given}
        ambiguous = {name for each in given for version in read[each.id] for name in ambiguous_names(each.id, version)}
        subscriber = Subscriber(frozenset(ambiguous))
        for step in range(steps):
            changing = [each for each in given if step < len(each.versions)]
            for each in changing:
                site.replace(each.id, each.reply(step))
            ran = shop.run("poll", "--json", *(each.id for each in changing))
            failed += _failures(changing, step, {cast("str", report["feed_id"]): report for report in polls(ran)}, read)
            published = shop.run("publish", "--json")
            subscriber.read(_published(shop))
            say(f"step {step + 1} of {steps}: {len(changing)} feeds, poll {ran.seconds} s, publish {published.seconds} s")
    return {
        "sequences": len(given),
        "versions": sum(len(each.versions) for each in given),
        "steps": steps,
        "doubled": [{"feed": name[0], name[1]: name[2], "published": [*ids]} for name, ids in subscriber.doubled("id", "link")],
        "changed_ids": [{"feed": name[0], name[1]: name[2], "now": id_} for name, id_ in subscriber.changed],
        "lost": _lost(given, shop, read),
        "failed": failed,
        "tracebacks": [*shop.tracebacks],
        "same_title": [{"feed": name[0], "title": name[2][:80], "published": [*ids]} for name, ids in subscriber.doubled("title")],
    }


def _failures(
    changing: Sequence[History],
    step: int,
    reports: Mapping[str, Mapping[str, JsonValue]],
    read: Mapping[str, Sequence[Sequence[PlainEntry]]],
) -> list[JsonValue]:
    failures: list[JsonValue] = []
    for each in changing:
        report = reports.get(each.id)
        if read[each.id][step] and (report is None or report["outcome"] == "failed"):
            reason = report["error"] if report else "was not polled"
            failures.append({"file": f"{each.folder}/{each.versions[step][0]}", "reason": reason})
    return failures


def _published(shop: Workshop) -> dict[str, list[StoredEntry]]:
    """The stories behind the published ids that the output really holds."""
    ids = {entry.id for entry in read_json_output(shop.outputs()[_OUTPUT])}
    with shop.store() as store:
        listing = store.listing(_OUTPUT, 100_000, per_feed=None, not_before=None)
    return {publication.published_id: list(members) for publication, members in listing if publication.published_id in ids}


def _lost(given: Sequence[History], shop: Workshop, read: Mapping[str, Sequence[Sequence[PlainEntry]]]) -> list[JsonValue]:
    stored, now = shop.stored(), datetime.now(UTC)
    return [
        {"feed": each.id, "entry": loss.entry, "field": loss.field, "missing": loss.missing}
        for each in given
        for loss in losses(last_read(read[each.id]), [member.entry for member in stored.get(each.id, ())], now=now)
    ]


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.history", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--work", type=Path, help="where to leave feeds.yaml, the store and the outputs (must not hold a store yet)")
    options.add_argument("--order", action="append", choices=("forward", "reverse", "shuffled"), help="compare the stories of these orders")
    given = options.parse_args()
    work = given.work or Path(tempfile.mkdtemp(prefix="bench-history-"))
    if (work / "aggregator.db").exists():
        options.error(f"{work} holds a store already; a replay starts from nothing")
    if not given.folder.is_dir() or not sequences(given.folder):
        options.error(f"{given.folder} holds no sequences: folders of documents that are named by numbers")
    if given.order:
        from bench.orders import in_orders

        print(json.dumps(in_orders(sequences(given.folder), given.order, work), ensure_ascii=False))
        return
    found = replay(sequences(given.folder), work, lambda line: print(line, file=sys.stderr, flush=True))
    print(json.dumps({**found, "work": str(work)}, ensure_ascii=False))


if __name__ == "__main__":
    main()
