"""Feeds that somebody else answers for: real ones, taken over in several ways, through the product's own poll, store and publish.

    python -m bench.hijack REAL [--history FOLDER] [--rounds N]

REAL holds feed documents, as `../shared/corpus/real` does. Each site's feed is subscribed to and published; then another site's document,
or a parked domain's, comes in its place; then its own one again. Beside that, each is renamed, given another author, moved to another host
together with its entries, moved and renamed, and moved to https. Only the door to the network is made up: it says under which address a
document came. With `--history`, each sequence of versions is polled in order, a day apart. The last line printed is one JSON object:

    hijacks          feeds that were taken over, by how
    published        entries of strangers that a subscriber would see, and entries that say something else
    not_held         takeovers that were not noticed (those of which nothing new came are no harm)
    not_lifted       feeds still held though they are themselves again
    published_after  entries of strangers that came out after that
    benign           harmless changes, by what
    held             harmless changes that were taken for a stranger: what, where, why
    sequences, held_sequences    of `--history`
"""

import argparse
import csv
import gzip
import json
import logging
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import cast

from aggregator.app import RENDERERS
from aggregator.errors import FeedError
from aggregator.model import (
    Config,
    Document,
    FeedHead,
    FeedSpec,
    FeedState,
    JsonValue,
    OutputSpec,
    Printed,
    ReadFeed,
    Redirect,
    SeenDocument,
    Surroundings,
    Unchanged,
    Validators,
)
from aggregator.pipeline import Ports, poll, publish
from aggregator.publish.files import Folder
from aggregator.refine.stories import same_story
from aggregator.refine.succession import successors
from aggregator.rereading import read, reread
from aggregator.store.sql import SqlStore
from aggregator.web.host import host_of, site
from bench.history import History, sequences

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LEASE = timedelta(minutes=3)
_OUTPUT = OutputSpec(path="feed.json", format="json", max_entries=1_000_000, max_bytes=1 << 40)
_ELSEWHERE = "another-place.example"
_PARKED = """<rss version="2.0"><channel><title>{host}</title><link>{link}</link><description>{host} is for sale</description>
<item><title>Buy this domain</title><link>{link}/offer?domain={host}</link>
<description>The domain {host} may be for sale by its owner!</description></item>
<item><title>Related searches</title><link>{link}/search?q=insurance</link>
<description>Car insurance, cheap flights, online degrees</description></item>
</channel></rss>"""


@dataclass(frozen=True, slots=True)
class Feed:
    """One site's document and the address at which its site serves it."""

    name: str
    url: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A body and the address from which it came at last."""

    url: str
    body: bytes = field(repr=False)


def document(answer: Answer, asked: str) -> Document:
    hops = () if answer.url == asked else (Redirect(status=301, target=answer.url),)
    return Document(
        url=answer.url,
        body=answer.body,
        content_type=None,
        validators=Validators(),
        body_hash=blake2b(answer.body, digest_size=16).hexdigest(),
        redirects=hops,
    )


class Door:
    """Answers as it is told, by feed id."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}

    def fetch(self, spec: FeedSpec, validators: Validators, body_hash: str | None, sent_hash: str | None = None) -> Document | Unchanged:
        got = document(self.answers[spec.id], spec.url)
        return Unchanged(validators=validators, redirects=got.redirects) if got.body_hash == body_hash else got

    def close(self) -> None:
        """Nothing to let go of."""


_READ: dict[tuple[str, str, str, SeenDocument | None], ReadFeed | None] = {}


def _read_once(
    got: Document, spec: FeedSpec, feed_key: str, around: Surroundings, printed: Printed, seen: SeenDocument | None
) -> ReadFeed | None:
    """What is read of a document depends on nothing else here; the same ones come many times."""
    asked = got.body_hash, got.url, feed_key, seen
    if asked not in _READ:
        _READ[asked] = reread(got, spec, feed_key, around, printed, seen)
    return _READ[asked]


class World:
    """A subscription to these feeds in a store of its own, or in a copy of one in which they were polled."""

    def __init__(
        self,
        feeds: Sequence[Feed],
        work: Path,
        *,
        like: Path | None = None,
        outputs: tuple[OutputSpec, ...] = (_OUTPUT,),
        strip: tuple[str, ...] = (),
        now: datetime = NOW,
    ) -> None:
        if like:
            shutil.copytree(like, work, dirs_exist_ok=True)
        specs = tuple(
            FeedSpec(id=f"f{number:04}", url=feed.url, shown_url=feed.url, republish="full", strip=strip)
            for number, feed in enumerate(feeds)
        )
        self.feeds = {spec.id: feed for spec, feed in zip(specs, feeds, strict=True)}
        self.specs = {spec.id: spec for spec in specs}
        self.now, self.door = now + timedelta(hours=1) * (1 if like else 0), Door()
        self.store = SqlStore(str(work / "store.db"))
        config = Config(
            path=work / "feeds.yaml", root=work / "public", store="", contact="https://planet.example/", feeds=specs, outputs=outputs
        )
        self.root = config.root
        self.ports = Ports(
            config=config,
            clock=lambda: self.now,
            fetcher=self.door,
            reader=_read_once,
            store=self.store,
            publisher=Folder(config.root),
            renderers=RENDERERS,
            surroundings=Surroundings,
        )
        self.store.sync(specs, self.now)

    def polls(self, answers: Mapping[str, Answer]) -> None:
        self.door.answers |= answers
        for id_ in answers:
            self.now += timedelta(seconds=3)
            ((state, lease),) = self.store.lease(self.now, LEASE, 1, feeds=[id_], ignore_holds=True)
            result, report = poll(self.specs[id_], state, lease, self.ports)
            if report.error:
                print(f"{self.feeds[id_].name}: {report.error}", file=sys.stderr)
            self.store.record([result], same_story, successors)

    def bring_up(self) -> int:
        """Publish; how many outputs changed."""
        reports = publish(self.ports)
        assert not any(report.error for report in reports), reports
        return sum(report.changed for report in reports)

    def publishes(self) -> dict[str, str]:
        """What a subscriber sees: by id, what it says."""
        self.bring_up()
        items = json.loads((self.root / _OUTPUT.path).read_bytes())["items"]
        return {item["id"]: json.dumps([item.get(key) for key in ("url", "title", "content_html", "summary")]) for item in items}

    def states(self) -> dict[str, FeedState]:
        return {state.id: state for state in self.store.feeds()}

    def close(self) -> None:
        self.store.close()


# ── documents ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def feeds(folder: Path) -> list[Feed]:
    """One document of each site, at the address which it gives itself, else one at its home page; no two at one address."""
    found: dict[str, Feed] = {}
    for path in sorted(folder.iterdir()):
        if re.search(r"\.(xml|json|xml\.gz)$", path.name) and path.name[:1].isdigit():
            body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            head = _head(body)
            place = head and (head.self_url or head.home)
            if head and place and site(place):
                found.setdefault(site(head.home or place), Feed(path.name, place, body))
    return list({feed.url: feed for feed in found.values()}.values())


def _head(body: bytes) -> FeedHead | None:
    spec = FeedSpec(id="x", url="https://unknown.example/", shown_url="https://unknown.example/")
    try:
        got = read(document(Answer(spec.url, body), spec.url), spec, "527dda32-a0de-5105-a042-cb475b5f7d11", Surroundings())
    except FeedError:
        return None
    return got.head if got.entries else None


def akin_pairs(folder: Path) -> set[frozenset[str]]:
    """The pairs of documents that have something in common, as `pairs.tsv` counts it: they are no strangers."""
    path = folder / "pairs.tsv"
    if not path.exists():
        return set()
    with path.open(encoding="utf-8", newline="") as rows:
        return {frozenset(row[:2]) for row in csv.reader(rows, delimiter="\t")}


def takeovers(given: Sequence[Feed], shift: int, akin: Container[frozenset[str]]) -> Iterator[tuple[str, Answer]]:
    """(how, what comes) for each feed: a stranger's document behind a redirect or in place, a parked domain's likewise."""
    for number, feed in enumerate(given):
        # Neighbours by name are often one person's.
        others = (given[(number + shift + more) % len(given)] for more in range(len(given)))
        other = next(one for one in others if one is not feed and frozenset((feed.name, one.name)) not in akin)
        how = ("redirect", "in place", "redirect", "in place", "parked elsewhere", "parked")[number % 6]
        host = host_of(feed.url)
        if how.startswith("parked"):
            link = "https://parking-place.example" if how == "parked elsewhere" else f"https://{host}"
            yield how, Answer(link if how == "parked elsewhere" else feed.url, _PARKED.format(host=host, link=link).encode())
        else:
            yield how, Answer(other.url if how == "redirect" else feed.url, other.body)


def harmless(feed: Feed) -> dict[str, Answer]:
    """The document as it is after a harmless change, by what that is."""
    host = host_of(feed.url).encode()
    bare = host.removeprefix(b"www.")
    moved = feed.body.replace(bare, _ELSEWHERE.encode())
    renamed = _renamed(feed.body)
    new_url = feed.url.replace(bare.decode(), _ELSEWHERE)
    return {
        "renamed": Answer(feed.url, renamed),
        "other authors": Answer(feed.url, _of_another(feed.body)),
        "moved": Answer(new_url, moved),
        "moved and renamed": Answer(new_url, _renamed(moved)),
        "served elsewhere": Answer(new_url, feed.body),
        "https": Answer(feed.url.replace("http://", "https://"), feed.body.replace(b"http://" + host, b"https://" + host)),
    }


def _renamed(body: bytes) -> bytes:
    if body.lstrip()[:1] == b"{":
        return re.sub(rb'("title"\s*:\s*)"(?:[^"\\]|\\.)*"', rb'\1"Quite Another Name"', body, count=1)
    return re.sub(rb"(<title[^>]*>).*?(</title>)", rb"\1Quite Another Name\2", body, count=1, flags=re.DOTALL)


def _of_another(body: bytes) -> bytes:
    names = re.sub(rb"(<(?:dc:creator|name|itunes:author)[^>]*>).*?(</)", rb"\1Quincy Newcomer\2", body, flags=re.DOTALL)
    return re.sub(rb"(<author>)[^<>]+(</author>)", rb"\1Quincy Newcomer\2", names)


# ── plays ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def subscribed(given: Sequence[Feed], work: Path) -> dict[str, str]:
    """A store in which all feeds were polled and published once; what a subscriber sees then."""
    world = World(given, work)
    world.polls({id_: Answer(feed.url, feed.body) for id_, feed in world.feeds.items()})
    seen = world.publishes()
    world.close()
    return seen


def hijacked(
    given: Sequence[Feed], base: Path, before: Mapping[str, str], shift: int, akin: Container[frozenset[str]]
) -> dict[str, JsonValue]:
    """Take all feeds over at once, then give them back."""
    with tempfile.TemporaryDirectory(prefix="bench-hijack-") as work:
        world = World(given, Path(work), like=base)
        taken = dict(zip(world.feeds, takeovers(given, shift, akin), strict=True))
        world.polls({id_: answer for id_, (_, answer) in taken.items()})
        after, states = world.publishes(), world.states()
        world.polls({id_: Answer(feed.url, feed.body) for id_, feed in world.feeds.items()})
        end, lifted = world.publishes(), world.states()
        world.close()
    missed = [(id_, how, answer) for id_, (how, answer) in taken.items() if states[id_].hold is None]
    names = {feed.body: feed.name for feed in given}
    return {
        "hijacks": cast("JsonValue", dict(Counter(how for how, _ in taken.values()))),
        "published": sum(before.get(id_) != said for id_, said in after.items()),
        "not_held": [f"{world.feeds[id_].name} {how}: {names.get(answer.body, 'parked')}" for id_, how, answer in missed],
        "not_lifted": [world.feeds[id_].name for id_, state in lifted.items() if state.hold],
        "published_after": sum(id_ not in after and id_ not in before for id_ in end),
    }


def changed(given: Sequence[Feed], base: Path) -> dict[str, JsonValue]:
    """Change each feed harmlessly, each way from the start."""
    ways, held = Counter[str](), []
    for way in harmless(given[0]):
        with tempfile.TemporaryDirectory(prefix="bench-hijack-") as work:
            world = World(given, Path(work), like=base)
            changes = {id_: harmless(feed)[way] for id_, feed in world.feeds.items()}
            world.polls(changes)
            ways[way] += sum(changes[id_] != Answer(feed.url, feed.body) for id_, feed in world.feeds.items())
            held += [f"{way}, {world.feeds[id_].name}: {state.hold}" for id_, state in world.states().items() if state.hold]
            world.close()
    return {"benign": cast("JsonValue", dict(ways)), "held": cast("JsonValue", held)}


def replayed(found: Sequence[History]) -> dict[str, JsonValue]:
    """Poll every version of every sequence in order."""
    held: list[str] = []
    for each in found:
        with tempfile.TemporaryDirectory(prefix="bench-hijack-") as work:
            url = f"https://{each.id}.example/feed"
            world = World([Feed(each.folder, url, b"")], Path(work))
            for name, body in each.versions:
                world.polls({"f0000": Answer(url, body)})
                state = world.states()["f0000"]
                held += [f"{each.folder}/{name}: {state.hold}"] if state.hold else []
                world.now += timedelta(days=1)
            world.close()
    return {"sequences": len(found), "held_sequences": cast("JsonValue", held)}


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.hijack", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--history", type=Path, help="sequences of versions of honest feeds, none of which may be held")
    options.add_argument("--rounds", type=int, default=3, help="so many others take each feed's place, one after the other")
    given = options.parse_args()
    logging.getLogger("aggregator").setLevel(logging.ERROR)
    found = feeds(given.folder)
    print(f"{len(found)} feeds", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="bench-hijack-") as base:
        before, akin = subscribed(found, Path(base)), akin_pairs(given.folder)
        rounds = [hijacked(found, Path(base), before, 37 * number, akin) for number in range(1, given.rounds + 1)]
        told: dict[str, JsonValue] = {key: cast("JsonValue", [one[key] for one in rounds]) for key in rounds[0]}
        told |= changed(found, Path(base))
    told |= replayed(sequences(given.history)) if given.history else {}
    print(json.dumps(told, ensure_ascii=False))


if __name__ == "__main__":
    main()
