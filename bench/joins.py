"""Which entries of different feeds became one story? To be read by eye.

    python -m bench.corpus FOLDER --work WORK && python -m bench.joins WORK [--apart] [--sample N] [--seed S]

One line an entry of another feed than the one that leads its story, with tabs: what connects them (the kinds of keys both have, and
whether their titles and texts agree), the lead's feed, title and page, the other's. `--apart` leaves out pairs of one publisher, where two
documents are mostly two formats of one feed. A summary goes to stderr.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from aggregator.model import StoredEntry
from aggregator.refine.leading import lead
from aggregator.refine.stories import same_story
from bench.command import Workshop


def pairs(work: Path) -> Iterator[tuple[StoredEntry, StoredEntry]]:
    """(the entry that leads a story, one of another feed in it) for every story of the store in a work folder."""
    with Workshop(work).store() as store:
        for batch in store.changed_stories("(the bench)", "(everything)"):
            for _, members in batch:
                first = lead(members)
                yield from ((first, other) for other in members if other.feed_key != first.feed_key)


def connection(one: StoredEntry, other: StoredEntry) -> str:
    """What two entries have in common."""
    shared = {key.kind for key in one.entry.keys if key in other.entry.keys}
    kinds = [kind for kind in ("link", "id") if kind in shared and same_story(one, other, kind)]
    kinds += ["text"] if same_story(one, other, "text") else []
    return "+".join(kinds) or "by others"


def told(one: StoredEntry) -> tuple[str, str, str]:
    title = one.entry.title.text if one.entry.title else one.entry.text_start
    return one.feed_id, " ".join(title.split())[:90], one.entry.link or ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--apart", action="store_true")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = [pair for pair in pairs(asked.work) if not asked.apart or pair[0].entry.site != pair[1].entry.site]
    counts = Counter(connection(one, other) for one, other in found)
    chosen = random.Random(asked.seed).sample(found, min(asked.sample, len(found))) if asked.sample else found
    for one, other in chosen:
        sys.stdout.write("\t".join((connection(one, other), *told(one), *told(other))) + "\n")
    for what, count in counts.most_common():
        sys.stderr.write(f"{count:7,} {what}\n")


if __name__ == "__main__":
    main()
