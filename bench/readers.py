"""The outputs as feed readers take them: real documents merged, read back by newsboat, `reader` and feedparser, item by item.

    python -m bench.readers FOLDER [--work FOLDER]

One document of each site is polled and published as Atom, RSS and JSON Feed with all entries, and as a podcast feed (RSS) of the feeds of
which entries have something to play. The program's own web server serves them on loopback to newsboat (Debian's; left out where it is not
installed), to the library `reader`, and to feedparser. What each of them then holds is compared with what was published: ids, order,
links, media with type and length, dates. Then all five usual outputs are published a hundred times without change, in another process, time
zone and day, and with one new entry. The last thing printed is one JSON object; without errors its lists are empty:

    items       how many items each output has; `episodes` how many of the podcast feed have something to play
    readers     by reader and output what was read back differently, one line each
    validation  what RELAX NG, the JSON Feed schema and the rules of RSS find
    unchanged   files that a hundred publishes without change wrote; asked_again: readers that were not told "304"
    elsewhere   files that another process, in another time zone and a day later, made otherwise
    one_new     files that one new entry changed, although they do not list it
"""

import argparse
import http.client
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from calendar import timegm
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import which
from typing import Any
from urllib.parse import urlsplit

import feedparser

from aggregator.app import RENDERERS
from aggregator.model import Edition, Format, Kept, OutputSpec, Url, Written
from aggregator.ports import Renderer
from aggregator.publish.body import instant, is_episode, media_type, played_first, unique
from aggregator.publish.files import Folder
from aggregator.run.server import WebServer
from bench.command import REPOSITORY
from bench.hijack import NOW, Answer, Feed, World, feeds

LINK = Url("https://planet.example.org/")
_LISTED: Mapping[str, Format] = {"atom.xml": "atom", "rss.xml": "rss", "feed.json": "json"}
PODCAST = "podcast.xml"
# Published first, to see who has something to play. What is published twice is composed once: the second edition lacks what is kept.
_LOOK = "look.xml"
_ALL = 10**9
_SHOWN = 5  # lines of a kind


@dataclass(frozen=True, slots=True)
class Read:
    """One item as a reader holds it; None for what it does not keep. `media` are (address, type, length)."""

    id: str
    link: str | None
    dates: frozenset[int]
    media: tuple[tuple[str, str | None, int | None], ...] | None


class Merged(World):
    """A subscription to these documents, and what was rendered last of each output."""

    def __init__(self, given: Sequence[Feed], work: Path, now: datetime = NOW) -> None:
        super().__init__([*given, MADE], work, now=now)
        self.editions: dict[str, Edition] = {}
        config = replace(self.ports.config, link=None, newcomer_entries=_ALL)
        self.ports = replace(self.ports, config=config, renderers={kind: self._watched(kind) for kind in RENDERERS})

    def lists(self, *outputs: OutputSpec, root: Path) -> None:
        """Publish these outputs, into a folder of its own."""
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        config = replace(self.ports.config, outputs=outputs, root=root, link=LINK)
        self.ports = replace(self.ports, config=config, publisher=Folder(root))

    def _watched(self, kind: Format) -> Renderer:
        def render(edition: Edition, kept: Kept | None) -> Written:
            self.editions[edition.spec.path] = edition
            return RENDERERS[kind](edition, kept)

        return render

    def podcasts(self) -> tuple[str, ...]:
        """The feeds whose entries have something to play."""
        homes = {item.source.home for item in self.editions.pop(_LOOK).items if is_episode(item)} - {None}
        return tuple(sorted(id_ for id_, state in self.states().items() if state.head.home in homes))


def everything() -> list[OutputSpec]:
    return [OutputSpec(path=path, format=kind, max_entries=_ALL, max_bytes=_ALL) for path, kind in _LISTED.items()]


def usual() -> list[OutputSpec]:
    """The outputs of an absent `outputs`."""
    return [OutputSpec(path=path, format=kind) for path, kind in {**_LISTED, "index.html": "html", "opml.xml": "opml"}.items()]


def made(*numbers: int) -> bytes:
    """A document of our own, to which an entry can be added."""
    entries = "".join(
        f"<entry><id>tag:made.example,2026:{n}</id><title>Made post {n}</title><link href='https://made.example/post-{n}'/>"
        f"<published>{NOW.isoformat()}</published><updated>{NOW.isoformat()}</updated><content>Words of post {n}.</content></entry>"
        for n in numbers
    )
    return (
        "<feed xmlns='http://www.w3.org/2005/Atom'><id>tag:made.example,2026:feed</id><title>Made</title>"
        f"<link href='https://made.example/'/><updated>{NOW.isoformat()}</updated>{entries}</feed>"
    ).encode()


MADE = Feed("made", "https://made.example/feed.xml", made(1))


# ── what was published, and what readers made of it ────────────────────────────────────────────────────────────────────


def wanted(edition: Edition) -> list[Read]:
    in_order = played_first if edition.spec.format == "rss" else list
    return [
        Read(
            item.id,
            item.link,
            frozenset({int(instant(item.published).timestamp()), int(instant(item.updated).timestamp())}),
            tuple((one.url, media_type(one), one.length or 0) for one in in_order(unique(item.enclosures))),
        )
        for item in edition.items
    ]


def by_feedparser(address: str) -> list[Read]:
    parsed = feedparser.parse(address, sanitize_html=False, resolve_relative_uris=False)
    if parsed.bozo:
        raise ValueError(f"not well-formed: {parsed.bozo_exception}")
    return [_of_feedparser(entry) for entry in parsed.entries]


def _of_feedparser(entry: Any) -> Read:
    dates = frozenset(timegm(entry[key]) for key in ("published_parsed", "updated_parsed") if dict.get(entry, key))
    alternates = [link.href for link in entry.get("links", ()) if link.rel == "alternate"]
    media = {one.href: (one.href, one.get("type"), int(one.get("length") or 0)) for one in entry.get("enclosures", ())}
    for one in entry.get("media_content", ()):
        media.setdefault(one["url"], (one["url"], one.get("type"), int(one.get("filesize") or 0)))
    return Read(entry.id, next(iter(alternates), None), dates, tuple(media.values()))


def by_reader(addresses: Sequence[str], work: Path) -> dict[str, list[Read]]:
    from reader import make_reader

    with make_reader(str(work / "reader.db")) as library:
        for address in addresses:
            library.add_feed(address)
        library.update_feeds(scheduled=False)
        found = {address: {one.id: one for one in library.get_entries(feed=address)} for address in addresses}
    with closing(sqlite3.connect(work / "reader.db")) as conn:
        order = {address: [row[0] for row in conn.execute(_READER_ORDER, (address,))] for address in addresses}
    return {address: [_of_reader(found[address][name]) for name in order[address]] for address in addresses}


_READER_ORDER = "SELECT id FROM entries WHERE feed = ? ORDER BY feed_order"


def _of_reader(entry: Any) -> Read:
    dates = frozenset(int(moment.timestamp()) for moment in (entry.published, entry.updated) if moment)
    return Read(entry.id, entry.link, dates, tuple((one.href, one.type, int(one.length or 0)) for one in entry.enclosures))


def by_newsboat(address: str, work: Path) -> list[Read]:
    """What newsboat's cache holds after a reload; it keeps one medium of an item that can be played, without its length.

    It knows an item by its id alone, so that one cache cannot hold two outputs with the same items.
    """
    work.mkdir()
    (work / "urls").write_text(f"{address}\n", encoding="utf-8")
    (work / "config").write_text("reload-threads 1\nmax-items 0\ncleanup-on-quit no\n", encoding="utf-8")
    files = ["-u", str(work / "urls"), "-c", str(work / "newsboat.db"), "-C", str(work / "config")]
    subprocess.run(["newsboat", *files, "-x", "reload"], check=True, env={**os.environ, "HOME": str(work)}, stdout=subprocess.DEVNULL)
    with closing(sqlite3.connect(work / "newsboat.db")) as conn:
        return [_of_newsboat(row) for row in conn.execute(_NEWSBOAT, (address,))]


_NEWSBOAT = "SELECT guid, url, pubDate, enclosure_url, enclosure_type FROM rss_item WHERE feedurl = ? ORDER BY id"


def _of_newsboat(row: tuple[Any, ...]) -> Read:
    guid, url, at, medium, kind = row
    return Read(guid, url or None, frozenset({int(at)}), ((medium, kind, None),) if medium else ())


# ── comparing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def differences(reader: str, path: str, found: Sequence[Read], published: Sequence[Read]) -> list[str]:
    """What was read differently, at most a few lines of each kind."""
    lines: list[str] = []
    ids, want = [one.id for one in found], [one.id for one in published]
    # newsboat's cache has the last item first.
    if ids != want and not (reader == "newsboat" and ids[::-1] == want):
        lines.append(f"{len(ids)} ids for {len(want)}, or in another order: {sorted(set(ids) ^ set(want))[:_SHOWN]}")
    by_id = {one.id: one for one in published}
    pairs = [(one, as_held(reader, path, by_id[one.id])) for one in found if one.id in by_id]
    for name in ("link", "dates", "media"):
        other = [(one, it) for one, it in pairs if not _same(name, getattr(one, name), getattr(it, name))]
        lines += [f"{name} of {one.id}: {getattr(one, name)} for {getattr(it, name)}" for one, it in other[:_SHOWN]]
    return lines


def as_held(reader: str, path: str, item: Read) -> Read:
    """An item as far as a reader can hold it."""
    media = item.media or ()
    if reader == "newsboat":
        played = [one for one in media if (one[1] or "").startswith(("audio/", "video/"))]
        return replace(item, media=tuple((address, kind, None) for address, kind, _ in played))
    if reader == "reader":
        # It knows no media:content, and takes the id for the link of an Atom entry without one.
        link = item.id if item.link is None and path == "atom.xml" else item.link
        return replace(item, link=link, media=media if path in ("atom.xml", "feed.json") else media[:1])
    return item


def _same(name: str, found: Any, published: Any) -> bool:
    if name == "dates":
        return bool(found) and found <= published
    if name == "media" and found and found[0][2] is None:
        return found[0] in published
    return bool(found == published)


def read_back(world: Merged, server: str, work: Path) -> dict[str, list[str]]:
    """By reader and output what differs."""
    addresses = {f"{server}{path}": wanted(edition) for path, edition in world.editions.items()}
    xml = [address for address in addresses if address.endswith(".xml")]
    held = {"feedparser": {address: by_feedparser(address) for address in xml}, "reader": by_reader(list(addresses), work)}
    if which("newsboat"):
        held["newsboat"] = {address: by_newsboat(address, work / f"newsboat-{number}") for number, address in enumerate(xml)}
    return {
        f"{name}: {path}": differences(name, path, read, addresses[address])
        for name, read_of in held.items()
        for address, read in read_of.items()
        for path in [urlsplit(address).path[1:]]
    }


def complaints(world: Merged) -> list[str]:
    """What the rules of the formats find, by the checks that the tests use."""
    from tests.validation import atom_complaints, json_complaints, rss_complaints

    checks = {"atom": atom_complaints, "rss": rss_complaints, "json": json_complaints}
    return [
        f"{path}: {line}"
        for path, edition in world.editions.items()
        for line in checks[edition.spec.format]((world.root / path).read_bytes())
    ]


# ── quietness ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def state_of(root: Path) -> dict[str, tuple[int, int]]:
    return {str(path.relative_to(root)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()}


def not_modified(server: str, paths: Sequence[str]) -> list[str]:
    """The outputs for which a reader that holds them is not told 304."""
    asked = []
    for path in paths:
        connection = http.client.HTTPConnection(urlsplit(server).netloc)
        connection.request("GET", f"/{path}", headers={"Accept-Encoding": "gzip"})
        first = connection.getresponse()
        first.read()
        connection.request("GET", f"/{path}", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
        asked += [path] if connection.getresponse().status != 304 else []
        connection.close()
    return asked


def elsewhere(folder: Path, work: Path, root: Path, now: datetime) -> dict[str, bytes]:
    """What another process publishes from the same store, in another time zone, a day later."""
    asked = [sys.executable, "-m", "bench.readers", str(folder), "--work", str(work), "--elsewhere", str(root), "--now", now.isoformat()]
    other = {**os.environ, "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    subprocess.run(asked, check=True, env=other, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    return files_below(root)


def files_below(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def quietness(world: Merged, folder: Path, work: Path) -> dict[str, Any]:
    """Publish a hundred times, elsewhere, and once with one new entry."""
    world.lists(*usual(), root=work / "usual")
    world.bring_up()
    before = state_of(world.root)
    written = set[str]()
    for _ in range(100):
        world.now += timedelta(minutes=30)
        world.bring_up()
        written |= {path for path, state in state_of(world.root).items() if before.get(path) != state}
    files = files_below(world.root)
    other = elsewhere(folder, work, work / "elsewhere", world.now + timedelta(days=1))
    world.polls({max(world.feeds): Answer(MADE.url, made(2, 1))})
    world.bring_up()
    after = files_below(world.root)
    changed = [path for path in after if after[path] != files.get(path)]
    return {
        "unchanged": sorted(written),
        "elsewhere": sorted(path for path in {*files, *other} if files.get(path) != other.get(path)),
        "one_new_changed": len(changed),
        "one_new": [path for path in changed if b"post-2" not in after[path] and b"made.example,2026:2" not in after[path]],
    }


def judged(folder: Path, work: Path) -> dict[str, Any]:
    given = feeds(folder)
    world = Merged(given, work)
    world.polls({id_: Answer(feed.url, feed.body) for id_, feed in world.feeds.items()})
    world.lists(OutputSpec(path=_LOOK, format="atom", max_entries=_ALL, max_bytes=_ALL), root=work / "everything")
    world.bring_up()
    podcast = OutputSpec(path=PODCAST, format="rss", feeds=world.podcasts(), max_entries=_ALL, max_bytes=_ALL)
    world.lists(*everything(), podcast, root=work / "everything")
    world.bring_up()
    server = WebServer(root=world.root, host="127.0.0.1", port=0, token=None, health=lambda: {"ok": True})
    server.start()
    try:
        found = read_back(world, server.address, work)
        asked_again = not_modified(server.address, list(world.editions))
    finally:
        server.stop()
    episodes = world.editions[PODCAST].items
    result: dict[str, Any] = {
        "feeds": len(given),
        "items": {path: len(edition.items) for path, edition in world.editions.items()},
        "episodes": sum(map(is_episode, episodes)),
        "readers": found,
        "validation": complaints(world)[:20],
        "asked_again": asked_again,
    }
    result |= quietness(world, folder, work)
    world.close()
    return result


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.readers", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path, help="feed documents, such as ../shared/corpus/real")
    options.add_argument("--work", type=Path, help="where to leave the store, the outputs and the readers' own files (must not exist yet)")
    options.add_argument("--elsewhere", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--now", type=datetime.fromisoformat, help=argparse.SUPPRESS)
    asked = options.parse_args()
    folder = asked.folder.resolve()
    if asked.elsewhere:
        world = Merged(feeds(folder), asked.work, asked.now)
        world.lists(*usual(), root=asked.elsewhere)
        world.bring_up()
        world.close()
        return
    with tempfile.TemporaryDirectory(prefix="bench-readers-") as temporary:
        work = (asked.work or Path(temporary) / "work").resolve()
        work.mkdir(parents=True)
        print(json.dumps(judged(folder, work), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
