"""Poll a folder of feed documents over loopback with the real command, and compare what it kept with what plain feedparser reads.

    python -m bench.corpus FOLDER [--work FOLDER]

Each document is served under a host of its own. `aggregator update` runs twice; then every document is served again with other
bytes and the same entries (a line end more), and polled by name and published, which must find nothing new either. The store and the
outputs stay in the work folder. The last line printed is one JSON object:

    feeds, entries_read, entries_stored   counts; entries_read is plain feedparser's
    failed                                files that feedparser reads and we do not, with the reason
    lost                                  entries and fields that feedparser reads and the store lacks (bench/oracle.py)
    second_new, second_changed_outputs    what the second update found and wrote
    again_new, again_changed_outputs      the same for the documents served again
    tracebacks                            what was printed of bugs
    readback_errors                       what the outputs, read back, say differently from the store or one another
    atom_errors, rss_errors, json_errors  what validation finds in them (null: no validation at hand)
    seconds, peak_mb                      of the first update
"""

import argparse
import gzip
import importlib
import json
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from aggregator.model import JsonValue
from bench.command import LINK, LISTING_OUTPUTS, Ran, Workshop, changed, polls, total
from bench.loopback import LoopbackSite, Reply
from bench.oracle import PlainEntry, losses, read_plain
from bench.readback import read_json_output, read_xml_output, readback_errors


@dataclass(frozen=True, slots=True)
class Given:
    """A document of the folder: its file name, the id that its feed gets, its bytes (inflated), and the type it is served as."""

    file: str
    id: str
    body: bytes = field(repr=False)
    content_type: str


_ENDINGS: Final = (".xml", ".json", ".rss", ".atom", ".rdf")


def documents(folder: Path) -> list[Given]:
    """All feed documents of a folder, in the order of their names. Raises `OSError` for what cannot be read, or is not gzip as it says."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name.removesuffix(".gz").endswith(_ENDINGS))
    return [_given(number, path) for number, path in enumerate(files)]


def _given(number: int, path: Path) -> Given:
    body = path.read_bytes()
    if path.name.endswith(".gz"):
        body = gzip.decompress(body)
    slug = re.sub(r"[^a-z0-9]+", "-", path.name.lower().partition(".")[0]).strip("-")
    return Given(
        path.name, f"d{number:04}-{slug}"[:60].rstrip("-"), body, "application/feed+json" if ".json" in path.name else "application/xml"
    )


def replay(given: Sequence[Given], work: Path, say: Callable[[str], None]) -> dict[str, JsonValue]:
    """Serve, update twice, serve again, and judge. Leaves the store and the outputs in `work`."""
    shop = Workshop(work)
    with LoopbackSite({each.id: Reply(body=each.body, content_type=each.content_type) for each in given}) as site:
        urls = {each.id: site.url(each.id) for each in given}
        shop.write(urls)
        say(f"{len(given)} documents; first update")
        first = shop.run("update", "--json")
        outputs = shop.outputs()
        say(f"{first.seconds} s, {first.peak_mb} MB; second update")
        second = shop.run("update", "--json")
        outputs_after = shop.outputs()
        say("the same entries in other bytes")
        for each in given:
            site.replace(each.id, Reply(body=each.body + b"\n", content_type=each.content_type))
        again = shop.run("poll", "--json", *urls)
        shop.run("publish")
    say("comparing with plain feedparser")
    read = {each.id: read_plain(each.body, urls[each.id], each.content_type) for each in given}
    failed = _failed(given, first, read)
    lost, stored_count = _lost(given, shop, read, {cast("str", one["file"]) for one in failed})
    found: dict[str, JsonValue] = {
        "feeds": len(given),
        "entries_read": sum(len(entries) for entries in read.values()),
        "entries_stored": stored_count,
        "failed": [*failed],
        "lost": [*lost],
        "second_new": total(polls(second), "new"),
        "second_changed_outputs": len(changed(outputs, outputs_after)),
        "tracebacks": [*shop.tracebacks],
        "again_polled": len(polls(again)),
        "again_new": total(polls(again), "new"),
        "again_changed": total(polls(again), "changed"),
        "again_changed_outputs": len(changed(outputs_after, shop.outputs())),
    }
    say("reading the outputs back")
    return {**found, **judged_outputs(shop, outputs_after), "seconds": first.seconds, "cpu_s": first.cpu_s, "peak_mb": first.peak_mb}


def _failed(given: Sequence[Given], ran: Ran, read: Mapping[str, Sequence[PlainEntry]]) -> list[Mapping[str, JsonValue]]:
    reports = {report["feed_id"]: report for report in polls(ran)}
    failed: list[Mapping[str, JsonValue]] = []
    for each in given:
        report = reports.get(each.id)
        if read[each.id] and (report is None or report["outcome"] == "failed"):
            failed.append({"file": each.file, "reason": report["error"] if report else "was not polled"})
    return failed


def _lost(
    given: Sequence[Given], shop: Workshop, read: Mapping[str, Sequence[PlainEntry]], failed: set[str]
) -> tuple[list[Mapping[str, JsonValue]], int]:
    stored = shop.stored()
    now = datetime.now(UTC)
    lost: list[Mapping[str, JsonValue]] = [
        {"file": each.file, "entry": loss.entry, "field": loss.field, "missing": loss.missing}
        for each in given
        if each.file not in failed
        for loss in losses(read[each.id], [member.entry for member in stored.get(each.id, ())], now=now)
    ]
    return lost, sum(len(members) for members in stored.values())


def judged_outputs(shop: Workshop, outputs: Mapping[str, bytes]) -> dict[str, JsonValue]:
    """Read the outputs back and validate them."""
    errors: list[str] = []
    back = {}
    for path in LISTING_OUTPUTS:
        try:
            back[path] = read_json_output(outputs[path]) if path.endswith(".json") else read_xml_output(outputs[path])
        except (KeyError, ValueError) as error:
            errors.append(f"{path}: {error!r}")
    if back:
        errors += readback_errors(back, shop.listed(LISTING_OUTPUTS[0]))
    counts: dict[str, JsonValue] = {f"entries_in_{path}": len(entries) for path, entries in back.items()}
    return {**counts, "readback_errors": [*errors], **_validated(outputs)}


def _validated(outputs: Mapping[str, bytes]) -> dict[str, JsonValue]:
    """Validate with the checks of the test suite, where this runs in a checkout."""
    try:
        module = importlib.import_module("tests.validation")
    except ImportError:
        return {f"{name}_errors": None for name in ("atom", "rss", "json")}
    found: dict[str, JsonValue] = {}
    for name, path in zip(("atom", "rss", "json"), LISTING_OUTPUTS, strict=True):
        complaints: Callable[..., list[str]] = getattr(module, f"{name}_complaints")
        wrong = complaints(outputs[path], self_url=LINK + path) if path in outputs else [f"{path} is missing"]
        found[f"{name}_errors"] = [*wrong]
    return found


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.corpus", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--work", type=Path, help="where to leave feeds.yaml, the store and the outputs (must not hold a store yet)")
    given = options.parse_args()
    work = given.work or Path(tempfile.mkdtemp(prefix="bench-corpus-"))
    if (work / "aggregator.db").exists():
        options.error(f"{work} holds a store already; a replay starts from nothing")
    try:
        taken = documents(given.folder)
    except OSError as error:
        options.error(str(error))
    if not taken:
        options.error(f"{given.folder} holds no feed documents ({', '.join(_ENDINGS)}, each also as .gz)")
    found = replay(taken, work, lambda line: print(line, file=sys.stderr, flush=True))
    print(json.dumps({**found, "work": str(work)}, ensure_ascii=False))


if __name__ == "__main__":
    main()
