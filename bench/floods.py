"""Would subscribers be flooded? Real feeds whose ids flip, which move, change their format, paths or dates, through the real command.

    python -m bench.floods FOLDER [--feeds 20] [--work FOLDER]

Of FOLDER's documents those are taken that have at least five entries, one of each site, in the order of a digest of their bytes: a lot
that nobody has drawn. All are polled and published; then each is served as the mutation leaves it, polled and published again. The last
line printed is one JSON object; for each mutation (bench/mutations.py):

    served     entries that the mutated documents hold
    new        entries that a subscriber sees as new: ids in the output that were not there before. All of them are wrong
    vanished   ids that were in the output and are not any more: two entries were taken for one
    by_feed    the same by feed, where there are any
    failed     feeds that could not be polled (on a machine under load, say): what they bring later counts as new
"""

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from aggregator.model import JsonValue
from bench.command import Ran, Workshop, polls
from bench.corpus import Given, documents
from bench.loopback import LoopbackSite, Reply
from bench.mutations import MUTATIONS, Document
from bench.oracle import read_plain
from bench.readback import read_json_output

_OUTPUT = "feed.json"
_MIN_ENTRIES = 5
_VERSION = re.compile(r"^\d*-|-[a-z]+\d+$")


def chosen(given: Sequence[Given], count: int) -> list[Given]:
    """So many documents, one of each site (as their names tell it)."""
    found: dict[str, Given] = {}
    for one in sorted(given, key=lambda one: hashlib.sha256(one.body).digest()):
        site = _VERSION.sub("", one.file.partition(".")[0])
        if site not in found and len(read_plain(one.body, "https://feed.example/", one.content_type)) >= _MIN_ENTRIES:
            found[site] = one
        if len(found) == count:
            break
    return [replace(one, id=f"f{number:02}-{one.id[6:]}") for number, one in enumerate(found.values())]


def flooded(given: Sequence[Given], mutate: Callable[[Document], Document], work: Path) -> dict[str, JsonValue]:
    """What subscribers see when these documents turn into what the mutation makes of them."""
    shop = Workshop(work)
    with LoopbackSite({one.id: Reply(body=one.body, content_type=one.content_type) for one in given}) as site:
        shop.write({one.id: site.url(one.id) for one in given})
        failed = _failed(shop.run("update", "--json"))
        before = _seen(shop)
        served = 0
        for one in given:
            body, kind = mutate((one.body, one.content_type))
            served += len(read_plain(body, site.url(one.id), kind))
            site.replace(one.id, Reply(body=body, content_type=kind))
        failed += _failed(shop.run("poll", "--json", *(one.id for one in given)))
        shop.run("publish", "--json")
    after = _seen(shop)
    new = Counter(feed for name, feed in after.items() if name not in before)
    vanished = Counter(feed for name, feed in before.items() if name not in after)
    by_feed = {feed: {"new": new[feed], "vanished": vanished[feed]} for feed in sorted({*new, *vanished})}
    return {
        "served": served,
        "before": len(before),
        "new": new.total(),
        "vanished": vanished.total(),
        "by_feed": by_feed,
        "failed": [*failed],
    }


def _failed(ran: Ran) -> list[str]:
    return [str(report["feed_id"]) for report in polls(ran) if report["outcome"] == "failed"]


def _seen(shop: Workshop) -> Mapping[str, str]:
    """The ids in the output, each with the feed that leads its story."""
    ids = {entry.id for entry in read_json_output(shop.outputs()[_OUTPUT])}
    with shop.store() as store:
        listing = store.listing(_OUTPUT, 100_000, per_feed=None, not_before=None)
    feeds = {publication.published_id: members[0].feed_id for publication, members in listing}
    return {name: feeds.get(name, "") for name in ids}


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.floods", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--feeds", type=int, default=20, help="how many feeds (20)")
    options.add_argument("--only", choices=list(MUTATIONS), help="one mutation")
    options.add_argument("--work", type=Path, help="where to leave the stores and the outputs (must not hold any yet)")
    asked = options.parse_args()
    work = asked.work or Path(tempfile.mkdtemp(prefix="bench-floods-"))
    given = chosen(documents(asked.folder), asked.feeds)
    found: dict[str, JsonValue] = {}
    for name, mutate in MUTATIONS.items():
        if asked.only in (None, name):
            found[name] = flooded(given, mutate, work / name.replace(" ", "-"))
            print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
    print(json.dumps({"feeds": [one.file for one in given], **found, "work": str(work)}, ensure_ascii=False))


if __name__ == "__main__":
    main()
