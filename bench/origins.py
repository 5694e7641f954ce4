"""Which entries of a folder of feed documents come from elsewhere? By the product's own path; to be read by eye.

    python -m bench.origins FOLDER

One line an entry that has a foreign origin, with tabs: file, entry, the kind of claim that was chosen, name, address, evidence. A
summary goes to stderr.
"""

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from aggregator.collect.parse import read
from aggregator.errors import ParseError
from aggregator.model import Document, Entry, FeedSpec, RawEntry, RawFeed, Validators
from aggregator.refine import normalize
from aggregator.refine.context import Context
from bench.corpus import Given, documents


def feeds(folder: Path) -> Iterator[tuple[Given, RawFeed, Context]]:
    """Every document of a folder that is a feed, read, with the context in which its entries are refined.

    A document is taken to have come from the address that it names itself, else from its home page.
    """
    for given in documents(folder):
        try:
            raw = read(_document(given, "https://feed.invalid/"))
        except ParseError:
            continue
        url = next(
            (each for each in (raw.self_url, raw.link) if each and each.startswith(("http://", "https://"))), "https://feed.invalid/"
        )
        spec = FeedSpec(id=given.id, url=url, shown_url=url)
        yield given, raw, normalize.context(spec, given.id, normalize.head(raw, url), url)


def _document(given: Given, url: str) -> Document:
    digest = hashlib.blake2b(given.body, digest_size=16).hexdigest()
    return Document(url=url, body=given.body, content_type=given.content_type, validators=Validators(), body_hash=digest)


def told(file: str, raw: RawEntry, entry: Entry) -> str:
    """The line of one entry."""
    hop = entry.origin.chain[0]
    chosen = next(claim for claim in entry.claims if claim.standing == "chosen" and claim.site == hop.site)
    return "\t".join(
        (file, (raw.link or raw.id or "")[:90], f"{chosen.kind} {chosen.rule}", hop.name, hop.page or hop.home or "", chosen.evidence[:160])
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    counts: Counter[str] = Counter()
    for given, raw, context in feeds(parser.parse_args().folder):
        counts["documents"] += 1
        for source, entry in zip(raw.entries, normalize.entries(raw, context), strict=True):
            counts["entries"] += 1
            if entry is not None and entry.origin.chain:
                counts["with a foreign origin"] += 1
                counts[f"  by {' + '.join(entry.origin.evidence)}"] += 1
                sys.stdout.write(" ".join(told(given.file, source, entry).split("\n")) + "\n")
    for what, count in counts.items():
        sys.stderr.write(f"{count:7,} {what}\n")


if __name__ == "__main__":
    main()
