"""What one poll that brings one new entry costs, and the publish after it, beside how many entries are stored already.

    python -m bench.growth [--sizes 1000,10000,100000,1000000] [--texts FOLDER] [--work FOLDER]

Fifty feeds (every fifth a planet, whose entries claim origins elsewhere) with texts pieced together from real ones are polled and published
by the product until a thousand entries are stored. Bigger stores are the same one with rows written behind its back: each like one that the
product wrote, with its own words, keys, addresses and dates, older than what the outputs list. Each size has a process of its own: one feed
brings its document with one new entry; then all outputs (Atom, RSS, JSON, HTML with its story pages, OPML) are brought up to date. Medians
of some rounds; the door to the network is made up. The last line printed is one JSON object, before it the table.

    queries   statements that the database was given
    memory    the most that the process ever took, MiB (interpreter and libraries included)
"""

import argparse
import json
import random
import re
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import msgspec
from sqlalchemy import Engine, event

from aggregator.model import OutputSpec
from aggregator.refine.likeness import sketch
from aggregator.store.schema import microseconds
from aggregator.web.text import visible_text
from aggregator.web.url import link_key
from bench.hijack import Answer, Feed, World

FEEDS = 50
PER_FEED = 20
NOW = datetime(2026, 11, 1, tzinfo=UTC)
OUTPUTS = tuple(
    OutputSpec(path=path, format=format_)
    for path, format_ in (("atom.xml", "atom"), ("rss.xml", "rss"), ("feed.json", "json"), ("index.html", "html"), ("opml.xml", "opml"))
)
_WARM, _ROUNDS = 2, 7
# Words that stand together in a text stay together in pieces of about this many, so that texts share phrases as real ones do.
_PIECE = 6
_WORDS = (90, 220)
_BATCH = 5_000
# What is measured needs few words; all of them would be most of its memory.
_SOME, _SOME_WORDS = "words.txt", 20_000


# ── words and documents ────────────────────────────────────────────────────────────────────────────────────────────────


def words_of(folder: Path) -> list[str]:
    """The words of the documents in a folder, in order."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.xml"))]
    found = [
        one for text in texts for one in re.findall(r"<(?:description|content|content:encoded|summary)\b[^>]*>(.*?)</", text, re.DOTALL)
    ]
    return [word for one in found for word in re.findall(r"[^\W\d_]{2,14}", visible_text(visible_text(one)))]


def text(pool: Sequence[str], chance: random.Random) -> list[str]:
    count, made = chance.randint(*_WORDS), list[str]()
    while len(made) < count:
        start = chance.randrange(len(pool) - _PIECE)
        made += pool[start : start + chance.randint(3, 2 * _PIECE)]
    return made[:count]


def document(feed: int, posts: Sequence[tuple[int, list[str]]]) -> bytes:
    """The Atom document of a feed: its posts by number, the newest first."""
    home = f"https://blog{feed}.example"
    entries = "".join(_entry(feed, number, words) for number, words in posts)
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>tag:blog{feed}.example,2020:feed</id><title>Blog {feed}</title>'
        f"<link href='{home}/'/><link rel='self' href='{home}/feed.xml'/><updated>2026-11-01T00:00:00Z</updated>{entries}</feed>"
    ).encode()


def _entry(feed: int, number: int, words: Sequence[str]) -> str:
    # A planet's entries are on their authors' sites and say so.
    where = f"blog{feed}" if feed % 5 else f"member{number % 40}"
    source = (
        ""
        if feed % 5
        else f"<source><id>tag:{where}.example,2020:feed</id><title>{where}</title><link href='https://{where}.example/'/></source>"
    )
    at = (NOW - timedelta(days=1) + timedelta(minutes=number)).isoformat()
    return (
        f"<entry><id>tag:{where}.example,2020:{feed}-{number}</id><title>{escape(' '.join(words[:6]))}</title>"
        f"<link href='https://{where}.example/{feed}/{number}-{words[0]}'/><author><name>Author {feed}</name></author>"
        f"<published>{at}</published><updated>{at}</updated>{source}<content type='html'>{escape(_html(words))}</content></entry>"
    )


def _html(words: Sequence[str]) -> str:
    return "".join(f"<p>{' '.join(words[start : start + 50])}.</p>" for start in range(0, len(words), 50))


class Posts:
    """What each feed's document holds; the same for the same pool."""

    def __init__(self, pool: Sequence[str]) -> None:
        self._chance, self._pool = random.Random(4), pool
        self._posts = [[(number, text(pool, self._chance)) for number in range(PER_FEED)] for _ in range(FEEDS)]

    def document(self, feed: int) -> bytes:
        return document(feed, sorted(self._posts[feed], reverse=True))

    def brings(self, feed: int, number: int) -> bytes:
        """The document with one more post."""
        self._posts[feed] = [*self._posts[feed][1:], (number, text(self._pool, random.Random(number * 1000 + feed)))]
        return self.document(feed)


def world(work: Path, now: datetime = NOW) -> World:
    feeds = [Feed(f"blog{number}", f"https://blog{number}.example/feed.xml", b"") for number in range(FEEDS)]
    return World(feeds, work, outputs=OUTPUTS, strip=("auto",), now=now)


# ── stores ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def begin(work: Path, pool: Sequence[str]) -> None:
    """A store of a thousand entries, polled and published."""
    made, posts = world(work), Posts(pool)
    made.polls({id_: Answer(feed.url, posts.document(number)) for number, (id_, feed) in enumerate(made.feeds.items())})
    made.bring_up()
    made.close()


def grow(path: Path, size: int, pool: Sequence[str]) -> None:
    """Write rows like those of the store until it has this many entries."""
    conn = sqlite3.connect(path)
    conn.row_factory = sqlite3.Row
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-600000", "temp_store=FILE"):
        conn.execute(f"PRAGMA {pragma}")
    indexes = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    for name, _ in indexes:
        conn.execute(f"DROP INDEX {name}")
    conn.execute("CREATE TEMP TABLE fill (kind TEXT, value TEXT, entry INTEGER)")
    _fill(conn, size, pool)
    conn.execute("INSERT INTO story_key (kind, value, entry) SELECT DISTINCT kind, value, entry FROM fill ORDER BY 1, 2, 3")
    for _, sql in indexes:
        conn.execute(sql)
    conn.commit()
    conn.close()


def _fill(conn: sqlite3.Connection, size: int, pool: Sequence[str]) -> None:
    like = [_Like(conn, pk) for (pk,) in conn.execute("SELECT pk FROM entry ORDER BY pk LIMIT 1000").fetchall()]
    first = {name: conn.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()[0] + 1 for name in ("entry", "story")}
    have = conn.execute("SELECT count(*) FROM entry").fetchone()[0]
    last = conn.execute("SELECT max(sequence) FROM publication").fetchone()[0]
    chance = random.Random(size)
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for number in range(size - have):
        made = like[number % len(like)].another(first["entry"] + number, first["story"] + number, last + 1 + number, text(pool, chance))
        for table, row in made:
            rows.setdefault(table, []).append(row)
        if number % _BATCH == _BATCH - 1 or number == size - have - 1:
            for table, batch in rows.items():
                names = list(batch[0])
                columns = ", ".join(map(_quoted, names))
                conn.executemany(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(names))})", map(_values, batch))
            rows.clear()
    for name in first:
        conn.execute("UPDATE meta SET value = ? WHERE key = ?", (first[name] + max(0, size - have) - 1, name))


def _quoted(name: str) -> str:
    return f'"{name}"'


def _values(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row.values())


class _Like:
    """An entry with its rows in all tables, and how to write another one like it."""

    def __init__(self, conn: sqlite3.Connection, pk: int) -> None:
        def rows(table: str, column: str, value: int) -> list[dict[str, Any]]:
            return [dict(row) for row in conn.execute(f"SELECT * FROM {table} WHERE {column} = ?", (value,))]

        (self.entry,) = rows("entry", "pk", pk)
        self.body = msgspec.json.decode(self.entry["body"])
        story = conn.execute("SELECT story FROM story_member WHERE entry = ?", (pk,)).fetchone()[0]
        (self.story,) = rows("story", "pk", story)
        self.raw, self.claims, self.publications = rows("raw", "entry", pk), rows("claim", "entry", pk), rows("publication", "story", story)

    def another(self, pk: int, story: int, sequence: int, words: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """(table, row) of each row; older than everything that was written before it."""
        name, link = f"tag:older.example,2020:{pk}", f"{self.body['link'].rpartition('/')[0]}/old-{pk}"
        at = microseconds(NOW - timedelta(days=3, minutes=pk))
        dated = dict.fromkeys(("first_seen", "last_seen", "sort_key", "public_updated", "changed_at"), at)
        keys = [("link", link_key(link)), ("id", name), *(("text", value) for value in sketch([word.casefold() for word in words]))]
        mark = f"{pk:032x}"
        said = {"raw_key": mark, "raw_id": name, "published_id": name, "link": link, "content": _html(words), "content_hash": mark}
        said |= {"title": {"text": " ".join(words[:6]), "html": None}, "text_start": " ".join(words)[:200].casefold(), "text_hash": mark}
        said |= {"keys": [{"kind": kind, "value": value} for kind, value in keys]}
        columns = {"pk": pk, "raw_key": mark, "published_id": name, "link": link, "content_hash": mark, "body_hash": bytes.fromhex(mark)}
        yield (
            "entry",
            self.entry | columns | dated | {"raw_hash": bytes.fromhex(mark), "body": msgspec.json.encode(self.body | said).decode()},
        )
        for row in self.raw:
            yield "raw", row | {"entry": pk}
        yield "sighting", {"entry": pk, "address": link, "first_seen": at, "last_seen": at}
        yield "story", self.story | {"pk": story}
        yield "story_member", {"entry": pk, "story": story}
        for kind, value in keys:
            yield "fill", {"kind": kind, "value": value, "entry": pk}
        for row in self.claims:
            yield "claim", row | {"entry": pk}
        for row in self.publications:
            stood = {"sort_key": at, "first_listed": at, "public_updated": at} if row["sequence"] else {"sort_key": at}
            yield "publication", row | {"story": story, "published_id": name, "lead": pk, "sequence": row["sequence"] and sequence} | stood


# ── measuring ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Meter:
    """Seconds, CPU seconds and queries of what is done within it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.cpu: list[float] = []
        self.queries: list[int] = []
        self._count = 0
        event.listen(Engine, "before_cursor_execute", self._counted)

    def _counted(self, *_: object) -> None:
        self._count += 1

    def __enter__(self) -> None:
        self._began, self._cpu, self._count = monotonic(), process_time(), 0

    def __exit__(self, *_: object) -> None:
        self.seconds.append(monotonic() - self._began)
        self.cpu.append(process_time() - self._cpu)
        self.queries.append(self._count)

    def told(self) -> dict[str, float]:
        return {
            "ms": round(statistics.median(self.seconds[_WARM:]) * 1000, 1),
            "cpu_ms": round(statistics.median(self.cpu[_WARM:]) * 1000, 1),
            "queries": statistics.median(self.queries[_WARM:]),
        }


def measured(work: Path, pool: Sequence[str], size: int) -> dict[str, Any]:
    """Poll and publish some rounds; each brings one new entry."""
    made, posts = world(work, NOW + timedelta(days=1, minutes=size.bit_length())), Posts(pool)
    polling, publishing = Meter(), Meter()
    for step in range(_WARM + _ROUNDS):
        feed = 7 * (step + 1) % FEEDS
        answer = Answer(f"https://blog{feed}.example/feed.xml", posts.brings(feed, 1000 * size.bit_length() + step))
        made.now += timedelta(minutes=10)
        with polling:
            made.polls({f"f{feed:04}": answer})
        with publishing:
            changed = made.bring_up()
        assert changed, "the new entry must be seen"
    made.close()
    return {"entries": size, "poll": polling.told(), "publish": publishing.told(), "memory_mib": round(_memory_mib())}


def _memory_mib() -> float:
    """The most memory that this process had. What the system tells as `ru_maxrss` counts the process that started it, too."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        if found:
            return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def table(found: Sequence[Mapping[str, Any]]) -> str:
    head = "| entries | poll, ms | CPU, ms | queries | publish, ms | CPU, ms | queries | memory, MiB | store, MiB |"
    rows = [[one["entries"], *one["poll"].values(), *one["publish"].values(), one["memory_mib"], one["store_mib"]] for one in found]
    return "\n".join(
        [
            head,
            "| --- " * 9 + "|",
            *("| " + " | ".join(f"{value:,g}" if isinstance(value, float) else f"{value:,}" for value in row) + " |" for row in rows),
        ]
    )


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.growth", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--sizes", default="1000,10000,100000,1000000")
    options.add_argument("--texts", type=Path, default=Path("../shared/corpus/real"), help="documents of whose words the texts are made")
    options.add_argument("--work", type=Path, help="where to leave the store (5 GB at a million entries)")
    options.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.measure:
        print(json.dumps(measured(given.work, (given.work / _SOME).read_text(encoding="utf-8").split(), given.measure)))
        return
    if not given.texts.is_dir():
        options.error(f"{given.texts} is not there: name a folder of feed documents with --texts")
    work = given.work or Path(tempfile.mkdtemp(prefix="bench-growth-"))
    work.mkdir(parents=True, exist_ok=True)
    pool = words_of(given.texts)
    some = pool[:: max(1, len(pool) // _SOME_WORDS)][:_SOME_WORDS]
    (work / _SOME).write_text(" ".join(some), encoding="utf-8")
    begin(work, some)
    found = []
    for size in map(int, given.sizes.split(",")):
        began = monotonic()
        grow(work / "store.db", size, pool)
        print(f"{size:,} entries after {monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        asked = [sys.executable, "-m", "bench.growth", "--measure", str(size), "--work", str(work)]
        ran = subprocess.run(asked, check=True, capture_output=True, text=True)
        store = sum(path.stat().st_size for path in work.glob("store.db*"))
        found.append(json.loads(ran.stdout.splitlines()[-1]) | {"store_mib": round(store / 2**20)})
        print(found[-1], file=sys.stderr, flush=True)
    if not given.work:
        shutil.rmtree(work)
    print(table(found))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
