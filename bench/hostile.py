"""Poll a folder of hostile feeds with the real command, all together, and judge each by what its index asks for.

    python -m bench.hostile FOLDER [--work FOLDER]

FOLDER holds the documents and index.tsv: file, status, content_type, content_encoding, what, outcome, required. Each is served with the
headers of its line, under a host of its own; NAME-a and NAME-b are two states of one feed. Every feed is polled twice (the second time with
other bytes and the same entries, or in its second state) and published after each. Three plain feeds run along, which nothing may harm.
One JSON object is printed for each case (`file`, `outcome`, `required`, `reached`, `why`, `seconds`), and at last one with `reached`,
`missed`, `missed_files`, `peak_mb` and `seconds`.
"""

import argparse
import csv
import gzip
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from aggregator.model import FeedState, JsonValue, StoredEntry
from bench.command import Ran, Workshop, polls
from bench.hostile_checks import Evidence, for_every_case, outcome, poisoned
from bench.hostile_required import SPECIFIC
from bench.loopback import Asked, LoopbackSite, Reply

PATH = "/case"  # another path than /feed.xml, which one of the pages names as its feed
_BESIDE = frozenset(
    {"atom.xml", "rss.xml", "feed.json", "index.html", "opml.xml", "feeds.xsl", "feeds.css", "archive.html", "sources.html"}
)
_PAGE = re.compile(r"(?:story/[0-9a-f]{16}|(?:source|tag)/[a-z0-9-]+|archive/\d+)\.html")
_PLAIN = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><title>Plain %d</title><link>https://plain.example/</link><description>d</description>'
    b"<item><title>One</title><link>https://plain.example/%d</link><guid>https://plain.example/%d</guid></item></channel></rss>"
)
PLAIN = ("a-plain", "m-plain", "z-plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of the index with its document."""

    file: str
    status: int
    content_type: str
    encoding: str | None
    outcome: str
    required: str
    body: bytes = field(repr=False)

    @property
    def feed(self) -> str:
        """The id of its feed: both states of one feed have the same."""
        name = self.file.partition(".")[0]
        name = name.removesuffix("-a").removesuffix("-b") if self.is_state else self.file
        return "h-" + "".join(char if char.isalnum() and char.isascii() else "-" for char in name.lower()).strip("-")

    @property
    def is_state(self) -> bool:
        return self.file.partition(".")[0].endswith(("-a", "-b"))

    def reply(self, body: bytes) -> dict[str, Reply]:
        return {PATH: Reply(body=body, status=self.status, content_type=self.content_type, encoding=self.encoding, may_gzip=False)}


def cases(folder: Path) -> list[Case]:
    """The cases of a folder, in the order of its index."""
    with (folder / "index.tsv").open(encoding="utf-8", newline="") as file:
        return [
            Case(
                file=row["file"],
                status=int(row["status"]),
                content_type=row["content_type"],
                encoding=None if row["content_encoding"] == "-" else row["content_encoding"],
                outcome=row["outcome"],
                required=row["required"],
                body=(folder / row["file"]).read_bytes(),
            )
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def stirred(body: bytes) -> bytes:
    """The same document in other bytes: one line end more, in its own encoding and compression.

    >>> stirred(b"<rss/>")
    b'<rss/>\\n'
    """
    if body[:2] == b"\x1f\x8b":
        try:
            return gzip.compress(gzip.decompress(body) + b"\n")
        except (OSError, EOFError):
            return body
    if body.startswith((b"\xff\xfe", b"<\0?\0")):
        return body + b"\n\0"
    return body + (b"\0\n" if body.startswith((b"\xfe\xff", b"\0<\0?")) else b"\n")


def plain_replies() -> dict[str, dict[str, Reply]]:
    """The three plain feeds, by host."""
    return {name: {PATH: Reply(body=_PLAIN % (number, number, number))} for number, name in enumerate(PLAIN)}


@dataclass(frozen=True, slots=True)
class Replay:
    """Everything that the two rounds left."""

    rounds: tuple[Ran, Ran]
    others: tuple[Ran, ...]
    stored: tuple[Mapping[str, Sequence[StoredEntry]], Mapping[str, Sequence[StoredEntry]]]
    states: Mapping[str, FeedState]
    outputs: Mapping[str, bytes]
    requests: tuple[Sequence[Asked], Sequence[Asked]]
    stray: Sequence[str]
    now: datetime

    @property
    def said(self) -> str:
        return "\n".join(ran.stderr + ran.stdout for ran in (*self.rounds, *self.others))


def replay(given: Sequence[Case], work: Path) -> Replay:
    """Serve and poll all cases together, twice."""
    shop = Workshop(work)
    later = {case.feed: case for case in given}
    start = {case.feed: case for case in reversed(given)}
    plain = plain_replies()
    middle = len(start) // 2
    hosts = [PLAIN[0], *list(start)[:middle], PLAIN[1], *list(start)[middle:], PLAIN[2]]
    with LoopbackSite({host: plain[host] if host in plain else start[host].reply(start[host].body) for host in hosts}) as site:
        shop.write({host: site.url(host) for host in hosts}, own_outputs=list(start))
        first = shop.run("poll", "--json", *hosts)
        others = [shop.run("publish")]
        stored_first, requests_first = shop.stored(), site.requests()
        for case in later.values():
            site.replace(case.feed, case.reply(case.body if case.is_state else stirred(case.body)))
        second = shop.run("poll", "--json", "--force", *hosts)
        others += [
            shop.run("publish"),
            shop.run("status"),
            shop.run("explain", "https://ok.example/1"),
            shop.run("explain", "https://ok.example/2"),
        ]
        requests = site.requests()
    with shop.store() as store:
        states = {state.id: state for state in store.feeds()}
    return Replay(
        (first, second),
        tuple(others),
        (stored_first, shop.stored()),
        states,
        shop.outputs(),
        (requests_first, requests),
        _stray(shop),
        datetime.now(UTC),
    )


def _stray(shop: Workshop) -> list[str]:
    """Files that nobody meant to write, in the folder and where the traversal case points."""
    stray = [path for path in shop.files() if not _is_meant(path.removesuffix(".gz").removesuffix(".br"))]
    return stray + [str(path) for path in (Path("/tmp/pwned"), Path("/etc/cron.d/x")) if path.exists()]


def _is_meant(path: str) -> bool:
    """Whether a file is one that the command writes: the outputs of feeds.yaml, what stands beside them, the pages of the planet."""
    inside = path.removeprefix("public/")
    if inside == path:
        return path.startswith(("feeds.yaml", "aggregator.db"))
    return inside in _BESIDE or inside.startswith("own/h-") or _PAGE.fullmatch(inside) is not None


def judge(given: Sequence[Case], left: Replay) -> Iterator[dict[str, JsonValue]]:
    """Judge every case; a case is reached when no check has anything to say."""
    reports = [{cast("str", report["feed_id"]): report for report in polls(ran)} for ran in left.rounds]
    for case in given:
        evidence = _evidence(case, left, reports)
        why = [*for_every_case(evidence)]
        if not case.file.partition(".")[0].endswith("-b"):
            why += outcome(evidence, case.outcome)
        for check in SPECIFIC.get(case.file, ()):
            why += check(evidence)
        seconds = max((float(str(report.get("seconds") or 0)) for report in (evidence.first, evidence.second) if report), default=0.0)
        yield {
            "file": case.file,
            "outcome": case.outcome,
            "required": case.required,
            "reached": not why,
            "why": [*why[:5]] or [evidence.error[:300]] if evidence.error or why else [],
            "seconds": seconds,
        }


def _evidence(case: Case, left: Replay, reports: Sequence[Mapping[str, Mapping[str, JsonValue]]]) -> Evidence:
    return Evidence(
        file=case.file,
        body=case.body,
        first=reports[0].get(case.feed),
        second=reports[1].get(case.feed),
        stored_first=left.stored[0].get(case.feed, ()),
        stored=left.stored[1].get(case.feed, ()),
        state=left.states.get(case.feed),
        outputs={path: body for path, body in left.outputs.items() if path.startswith(f"own/{case.feed}.")},
        requests=[asked for asked in left.requests[1] if asked.host == case.feed],
        requests_first=[asked for asked in left.requests[0] if asked.host == case.feed],
        now=left.now,
        said=left.said,
    )


def judge_together(left: Replay) -> list[str]:
    """What went wrong beyond single cases: harm to plain feeds, to common outputs, to the folder; tracebacks; time."""
    wrong = [f"stray file {path}" for path in left.stray]
    wrong += [
        f"{name}: {len(left.stored[1].get(name, ()))} of 1 entries of a plain feed"
        for name in PLAIN
        if len(left.stored[1].get(name, ())) != 1
    ]
    wrong += [f"{path}: {what}" for path, body in left.outputs.items() if "/" not in path for what in poisoned(path, body)]
    wrong += ["a traceback was printed"] if "Traceback (most recent call last)" in left.said else []
    return wrong


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.hostile", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--work", type=Path, help="where to leave feeds.yaml, the store and the outputs (must not hold a store yet)")
    given = options.parse_args()
    work = given.work or Path(tempfile.mkdtemp(prefix="bench-hostile-"))
    if (work / "aggregator.db").exists():
        options.error(f"{work} holds a store already; a replay starts from nothing")
    try:
        taken = cases(given.folder)
    except (OSError, KeyError, ValueError) as error:
        options.error(f"{given.folder} is no folder of cases with an index.tsv: {error}")
    left = replay(taken, work)
    judged = list(judge(taken, left))
    for case in judged:
        print(json.dumps(case, ensure_ascii=False))
    together = judge_together(left)
    summary = {
        "reached": sum(bool(case["reached"]) for case in judged),
        "missed": sum(not case["reached"] for case in judged) + bool(together),
        "missed_files": [case["file"] for case in judged if not case["reached"]],
        "together": together,
        "peak_mb": max(ran.peak_mb for ran in (*left.rounds, *left.others)),
        "seconds": [ran.seconds for ran in left.rounds],
        "work": str(work),
    }
    (work / "said.txt").write_text(left.said, encoding="utf-8", errors="replace")
    print(json.dumps(summary, ensure_ascii=False))


if __name__ == "__main__":
    main()
