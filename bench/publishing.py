"""What it costs to publish one new entry, beside making the same files as a whole, and that both give the same bytes.

    python -m bench.publishing [--sizes 60,500,1000] [--texts FOLDER] [--rounds 5]

Fifty feeds with texts pieced together from real ones are polled and published by the product; then one of them brings one new entry, and
Atom, RSS and JSON Feed are published. For each number of entries that an output lists, in CPU milliseconds, medians of some rounds:

    whole     all entries serialized by feedgen (and json) in one document, and the file read back
    joined    the new entry serialized and read back, the others taken from the file as it was, the whole file parsed
    publish   all of `aggregator publish` for these three files: judging, composing, joining, writing
    equal     whether the bytes of both are the same; whatever else follows the last entry aside, nothing may differ

The last line printed is one JSON object, before it the table.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any

from feedgen.feed import FeedGenerator

from aggregator.app import RENDERERS
from aggregator.model import Edition, Format, Kept, OutputSpec, Written
from aggregator.ports import Renderer
from aggregator.publish import jsonfeed, syndication
from aggregator.publish.check import checked, checked_joined
from aggregator.publish.stylesheet import styled
from bench.growth import Posts, words_of, world
from bench.hijack import Answer

FORMATS: Mapping[Format, str] = {"atom": "atom.xml", "rss": "rss.xml", "json": "feed.json"}
_SOME_WORDS = 20_000


class Watch:
    """Renderers that remember what they were asked for last."""

    def __init__(self) -> None:
        self.asked: dict[Format, tuple[Edition, Kept | None]] = {}
        self.renderers: dict[Format, Renderer] = {format_: self._of(format_) for format_ in FORMATS}

    def _of(self, format_: Format) -> Renderer:
        def render(edition: Edition, kept: Kept | None) -> Written:
            self.asked[format_] = edition, kept
            return RENDERERS[format_](edition, kept)

        return render


def whole(edition: Edition) -> bytes:
    """A file as feedgen makes it, all at once; JSON Feed, which feedgen does not write, as json does."""
    if edition.spec.format == "json":
        return jsonfeed.json_feed(edition)
    is_atom = edition.spec.format == "atom"
    made: FeedGenerator = syndication.generator(edition) if is_atom else syndication.rss_generator(edition)
    for item in edition.items:
        made.add_entry(syndication.entry(item, edition), order="append")
    body: bytes = made.atom_str(pretty=True, encoding="UTF-8") if is_atom else made.rss_str(pretty=True, encoding="UTF-8")
    return styled(body if body.endswith(b"\n") else body + b"\n", edition.spec.path)


def _made_whole(edition: Edition) -> bytes:
    body = whole(edition)
    checked(edition.spec.path, edition.spec.format, body, edition)
    return body


def _joined(edition: Edition, kept: Kept | None) -> bytes:
    written = RENDERERS[edition.spec.format](edition, kept)
    checked_joined(edition.spec.path, edition.spec.format, written, edition)
    return written.body


def _cpu_ms(do: Callable[[], object], rounds: int) -> float:
    spent = []
    for _ in range(rounds):
        began = process_time()
        do()
        spent.append((process_time() - began) * 1000)
    return round(statistics.median(spent), 2)


def measured(size: int, pool: Sequence[str], rounds: int, work: Path) -> dict[str, Any]:
    """Publish new entries, one at a time, into outputs that list so many."""
    made, posts, watch = world(work), Posts(pool), Watch()
    outputs = tuple(OutputSpec(path=path, format=format_, max_entries=size, max_bytes=10**9) for format_, path in FORMATS.items())
    made.ports = replace(made.ports, config=replace(made.ports.config, outputs=outputs), renderers=watch.renderers)
    made.polls({id_: Answer(feed.url, posts.document(number)) for number, (id_, feed) in enumerate(made.feeds.items())})
    made.bring_up()
    publishing = []
    for step in range(rounds):
        made.polls({"f0007": Answer("https://blog7.example/feed.xml", posts.brings(7, 2000 + step))})
        began = process_time()
        assert made.bring_up() == len(FORMATS)
        publishing.append((process_time() - began) * 1000)
    found: dict[str, Any] = {"entries": size, "publish_ms": round(statistics.median(publishing), 1), "equal": True}
    for format_, (edition, kept) in watch.asked.items():
        assert len(edition.items) == size
        found[format_] = {
            "whole_ms": _cpu_ms(lambda edition=edition: _made_whole(edition), rounds),  # type: ignore[misc]
            "joined_ms": _cpu_ms(lambda edition=edition, kept=kept: _joined(edition, kept), rounds),  # type: ignore[misc]
        }
        found["equal"] &= whole(edition) == _joined(edition, kept) == (made.root / FORMATS[format_]).read_bytes()
    for name in ("whole_ms", "joined_ms"):
        found[name] = round(sum(found[format_][name] for format_ in FORMATS), 2)
    found["ratio"] = round(found["whole_ms"] / found["joined_ms"], 1)
    made.close()
    return found


def table(found: Sequence[Mapping[str, Any]]) -> str:
    rows = [[one[name] for name in ("entries", "whole_ms", "joined_ms", "ratio", "publish_ms", "equal")] for one in found]
    head = ["| entries | whole, CPU ms | joined, CPU ms | ratio | publish, CPU ms | bytes equal |", "| --- " * 6 + "|"]
    return "\n".join([*head, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.publishing", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--sizes", default="60,500,1000", help="how many entries an output lists, at most 1000")
    options.add_argument("--texts", type=Path, default=Path("../shared/corpus/real"), help="documents of whose words the texts are made")
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    if not given.texts.is_dir():
        options.error(f"{given.texts} is not there: name a folder of feed documents with --texts")
    pool = words_of(given.texts)
    some = pool[:: max(1, len(pool) // _SOME_WORDS)][:_SOME_WORDS]
    found = []
    for size in map(int, given.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="bench-publishing-") as work:
            found.append(measured(size, some, given.rounds, Path(work)))
    print(table(found))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
