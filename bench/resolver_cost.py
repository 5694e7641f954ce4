"""What it costs to find where an entry first appeared: `provenance.trace`, timed entry by entry.

    python -m bench.resolver_cost [--feeds FOLDER] [--hostile CASES.jsonl]

FOLDER holds feed documents; a case has `input`, HTML that is taken as an entry's content. Both lie below ../shared/corpus if not named.
Each entry is traced three times, and the fastest counts: others may use the machine at the same time.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import perf_counter

from aggregator.model import FeedSpec, RawEntry, RawFeed
from aggregator.refine import normalize, provenance, texts
from aggregator.refine.context import Context
from bench.origins import feeds

_TRIES = 3
_SPOKEN = '<p>This article was originally published at <a href="https://orig.example/1">Orig</a>.</p>'
_MANY = (100_000, 1_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=Path, default=Path("../shared/corpus/real"))
    parser.add_argument("--hostile", type=Path, default=Path("../shared/corpus/hostile-html.jsonl"))
    asked = parser.parse_args()
    begun = perf_counter()
    provenance.trace(RawEntry(id="0"), _SPOKEN, _hostile_context())
    sys.stdout.write(f"the first entry               {1000 * (perf_counter() - begun):9.1f} ms\n")
    _tell("real entries", _real(asked.feeds))
    _tell("hostile HTML", _hostile(asked.hostile))
    for size in _MANY:
        _tell(f"hostile HTML, {size:,} long", _hostile(asked.hostile, size))


def _real(folder: Path) -> Iterator[tuple[str, RawEntry, str | None, Context]]:
    for given, raw, context in feeds(folder):
        for entry in raw.entries:
            yield f"{given.file} {entry.link or entry.id or ''}", entry, texts.main_text(entry), context


def _hostile(cases: Path, size: int = 0) -> Iterator[tuple[str, RawEntry, str | None, Context]]:
    """The cases; with a size, each repeated up to that length."""
    context = _hostile_context()
    entry = RawEntry(id="1", link="https://hostile.example/1")
    for line in cases.read_text(encoding="utf-8").splitlines():
        if line.strip():
            case = json.loads(line)
            html = str(case["input"])
            yield case["id"], entry, html * max(1, size // max(len(html), 1)), context


def _hostile_context() -> Context:
    spec = FeedSpec(id="hostile", url="https://hostile.example/feed", shown_url="https://hostile.example/feed")
    return normalize.context(spec, "hostile", normalize.head(RawFeed(version="atom10"), spec.url), spec.url)


def _tell(what: str, given: Iterable[tuple[str, RawEntry, str | None, Context]]) -> None:
    times = sorted((min(_times(entry, html, context)), name) for name, entry, html, context in given)
    if not times:
        return
    median, late, (worst, name) = times[len(times) // 2][0], times[len(times) * 99 // 100][0], times[-1]
    mean = sum(time for time, _ in times) / len(times)
    sys.stdout.write(
        f"{what:30}{len(times):6} entries: mean {mean:.3f}, median {median:.3f}, p99 {late:.3f}, max {worst:.3f} ms ({name[:80]})\n"
    )


def _times(entry: RawEntry, html: str | None, context: Context) -> Iterator[float]:
    for _ in range(_TRIES):
        begun = perf_counter()
        provenance.trace(entry, html, context)
        yield 1000 * (perf_counter() - begun)


if __name__ == "__main__":
    main()
