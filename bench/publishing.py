"""What it costs to publish one new entry, beside building the same files as a whole, and that both give the same bytes.

    python -m bench.publishing [--sizes 60,500,1000] [--texts FOLDER] [--rounds 5]

Fifty feeds with texts pieced together from real ones are polled and published by the product; then one of them brings one new entry at a
time. Everything that `aggregator publish` does is measured: reading the store, judging, composing, serializing, reading back, writing.
For each number of entries that Atom, RSS and JSON Feed list, in CPU milliseconds, medians of some rounds, in turn:

    whole      the three files are gone: every entry is read, composed and serialized
    new        one entry is new
    unchanged  nothing is
    equal      whether the files that grew entry by entry have the bytes of those that are built as a whole

The last line printed is one JSON object, before it the table.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any

from aggregator.app import RENDERERS
from aggregator.model import OutputSpec
from bench.growth import Posts, words_of, world
from bench.hijack import Answer, World

OUTPUTS = (("atom.xml", "atom"), ("rss.xml", "rss"), ("feed.json", "json"))
COLUMNS = ("entries", "whole_ms", "new_ms", "unchanged_ms", "ratio", "equal")
_SOME_WORDS = 20_000


def _publishes(made: World) -> tuple[float, int]:
    """Publish; tell the CPU milliseconds, and how many files changed."""
    began = process_time()
    changed = made.bring_up()
    return (process_time() - began) * 1000, changed


def _files(made: World) -> list[bytes]:
    return [(made.root / path).read_bytes() for path, _ in OUTPUTS]


def measured(size: int, pool: Sequence[str], rounds: int, work: Path) -> dict[str, Any]:
    """Publish new entries, one at a time, into outputs that list so many."""
    made, posts = world(work), Posts(pool)
    outputs = tuple(OutputSpec(path=path, format=format_, max_entries=size) for path, format_ in OUTPUTS)  # type: ignore[arg-type]
    made.ports = replace(made.ports, config=replace(made.ports.config, outputs=outputs), renderers=RENDERERS)
    made.polls({id_: Answer(feed.url, posts.document(number)) for number, (id_, feed) in enumerate(made.feeds.items())})
    made.bring_up()
    spent: dict[str, list[float]] = {"whole_ms": [], "new_ms": [], "unchanged_ms": []}
    equal = True
    for step in range(rounds):
        made.polls({"f0007": Answer("https://blog7.example/feed.xml", posts.brings(7, 2000 + step))})
        took, changed = _publishes(made)
        assert changed == len(OUTPUTS)
        spent["new_ms"].append(took)
        joined = _files(made)
        spent["unchanged_ms"].append(_publishes(made)[0])
        for path, _ in OUTPUTS:
            (made.root / path).unlink()
        spent["whole_ms"].append(_publishes(made)[0])
        equal &= _files(made) == joined
    made.close()
    found: dict[str, Any] = {name: round(statistics.median(times), 1) for name, times in spent.items()}
    return {"entries": size, **found, "ratio": round(found["whole_ms"] / found["new_ms"], 1), "equal": equal}


def table(found: Sequence[Mapping[str, Any]]) -> str:
    head = ["| entries | whole, CPU ms | one new entry, CPU ms | unchanged, CPU ms | ratio | bytes equal |", "| --- " * 6 + "|"]
    return "\n".join([*head, *("| " + " | ".join(str(one[name]) for name in COLUMNS) + " |" for one in found)])


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
