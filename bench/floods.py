"""Would subscribers be flooded? Real feeds whose ids flip, which move, change their format, paths or dates, through the real command.

    python -m bench.floods FOLDER [--feeds 20] [--only MUTATION] [--work FOLDER]
    python -m bench.floods --made

Of FOLDER's documents those are taken that have at least five entries, one of each site, in the order of a digest of their bytes: a lot
that nobody has drawn; with `--made`, forty feeds that are made up (bench/made_feeds.py). All are polled and published; then each is served
as the mutation leaves it, polled and published again. The last line printed is one JSON object; for each mutation (bench/mutations.py,
bench/platforms.py):

    served     entries that the mutated documents hold
    new        entries that a subscriber sees as new: ids in the output that were not there before. All of them are wrong, but for three a
               feed where an archive was opened (`newcomer_entries`) or where news came along
    again      those of them that had been in the output under the same title
    hidden     news that a subscriber does not see
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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from aggregator.model import JsonValue
from bench import mutations, platforms
from bench.command import EVERYTHING, Ran, Workshop, polls
from bench.corpus import Given, documents
from bench.loopback import LoopbackSite, Reply
from bench.made_feeds import made_feeds
from bench.mutations import Document
from bench.oracle import letters, read_plain
from bench.readback import read_json_output

_OUTPUT = "feed.json"
_MIN_ENTRIES = 5
_VERSION = re.compile(r"^\d*-|-[a-z]+\d+$")


Change = Callable[[Document], Document]


@dataclass(frozen=True, slots=True)
class Mutation:
    """What a feed's document becomes; `before` is what it was, made of the same, `news` how many entries come along that are new."""

    after: Change
    before: Change = lambda given: given
    news: int = 0
    newcomers: int = EVERYTHING


def _all(*changes: Change) -> Change:
    def change(given: Document) -> Document:
        for one in changes:
            given = one(given)
        return given

    return change


_PLATFORM = _all(platforms.renumbered, mutations.dates_reset)
_CUT = _all(_PLATFORM, platforms.texts_cut)

MUTATIONS: Final[Mapping[str, Mutation]] = {
    "ids flipped": Mutation(mutations.ids_flipped),
    "host moved": Mutation(mutations.host_moved),
    "format changed": Mutation(mutations.format_changed),
    "dates reset": Mutation(mutations.dates_reset),
    "dates reset, ids flipped": Mutation(mutations.dates_and_ids),
    "paths changed": Mutation(mutations.paths_changed),
    "all at once": Mutation(mutations.all_at_once),
    "another platform": Mutation(_PLATFORM),
    "another platform, texts cut": Mutation(_CUT),
    "another platform, no texts": Mutation(_all(_PLATFORM, platforms.texts_dropped)),
    "another platform, no dates": Mutation(_all(platforms.renumbered, platforms.dates_dropped, platforms.texts_cut)),
    "another platform, turned round": Mutation(_all(_CUT, platforms.turned_round)),
    "another platform, titles retouched": Mutation(_all(_CUT, platforms.titles_retouched)),
    "another platform, fewer entries": Mutation(_all(_CUT, platforms.window)),
    "another platform and domain": Mutation(_all(mutations.host_moved, platforms.renumbered, platforms.texts_cut)),
    "another platform, news": Mutation(_all(_CUT, platforms.with_news), news=platforms.NEWS),
    "archive opened": Mutation(mutations.dates_reset, platforms.window, newcomers=3),
    "archive opened on another platform": Mutation(_PLATFORM, platforms.window, newcomers=3),
    "archive opened, texts cut": Mutation(_CUT, platforms.window, newcomers=3),
}


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


def flooded(given: Sequence[Given], mutation: Mutation, work: Path) -> dict[str, JsonValue]:
    """What subscribers see when these documents turn into what the mutation makes of them."""
    shop = Workshop(work)
    with LoopbackSite({one.id: _reply(mutation.before, one) for one in given}) as site:
        shop.write({one.id: site.url(one.id) for one in given}, newcomer_entries=mutation.newcomers)
        failed = _failed(shop.run("update", "--json"))
        before = _seen(shop)
        served = 0
        for one in given:
            reply = _reply(mutation.after, one)
            served += len(read_plain(reply.body, site.url(one.id), reply.content_type))
            site.replace(one.id, reply)
        failed += _failed(shop.run("poll", "--json", *(one.id for one in given)))
        shop.run("publish", "--json")
    after = _seen(shop)
    new = Counter(feed for name, (feed, _) in after.items() if name not in before)
    told = Counter(place for place in before.values() if place[1])
    again = Counter(place[0] for name, place in after.items() if name not in before and told[place])
    vanished = Counter(feed for name, (feed, _) in before.items() if name not in after)
    by_feed = {feed: {"new": new[feed], "again": again[feed], "vanished": vanished[feed]} for feed in sorted({*new, *vanished})}
    # All feeds bring the same news, which are one story then, whoever leads it.
    seen = {title for _, title in after.values()}
    return {
        "served": served,
        "before": len(before),
        "new": new.total(),
        "again": again.total(),
        "hidden": sum(letters(platforms.news_title(number)) not in seen for number in range(mutation.news)),
        "vanished": vanished.total(),
        "by_feed": by_feed,
        "failed": [*failed],
    }


def _reply(change: Change, one: Given) -> Reply:
    body, kind = change((one.body, one.content_type))
    return Reply(body=body, content_type=kind)


def _failed(ran: Ran) -> list[str]:
    return [str(report["feed_id"]) for report in polls(ran) if report["outcome"] == "failed"]


def _seen(shop: Workshop) -> Mapping[str, tuple[str, str]]:
    """The ids in the output, each with the feed that leads its story, and the letters of its title."""
    titles = {entry.id: min(entry.titles) for entry in read_json_output(shop.outputs()[_OUTPUT])}
    with shop.store() as store:
        listing = store.listing(_OUTPUT, 100_000, per_feed=None, not_before=None)
    feeds = {publication.published_id: members[0].feed_id for publication, members in listing}
    return {name: (feeds.get(name, ""), title) for name, title in titles.items()}


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.floods", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path, nargs="?")
    options.add_argument("--made", action="store_true", help="feeds that are made up, instead of a folder's")
    options.add_argument("--feeds", type=int, default=20, help="how many feeds (20)")
    options.add_argument("--only", choices=list(MUTATIONS), help="one mutation")
    options.add_argument("--work", type=Path, help="where to leave the stores and the outputs (must not hold any yet)")
    asked = options.parse_args()
    if (asked.folder is None) != asked.made:
        options.error("either a folder or --made")
    work = asked.work or Path(tempfile.mkdtemp(prefix="bench-floods-"))
    given = made_feeds() if asked.made else chosen(documents(asked.folder), asked.feeds)
    found: dict[str, JsonValue] = {}
    for name, mutation in MUTATIONS.items():
        if asked.only in (None, name):
            found[name] = flooded(given, mutation, work / re.sub(r"\W+", "-", name))
            print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
    print(json.dumps({"feeds": [one.file for one in given], **found, "work": str(work)}, ensure_ascii=False))


if __name__ == "__main__":
    main()
