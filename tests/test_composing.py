"""What an output keeps of its entries is neither read from the store nor composed again, and shows in none of its bytes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from aggregator.model import Attribution, FeedSpec, OutputSpec, Publication, StoredEntry
from tests.fakes import FakeStore
from tests.pace import LONGER, some
from tests.planet import HOUR, NOON, Planet, Post, atom, older, post, subscription

ATOM = OutputSpec(path="atom.xml", format="atom", max_entries=9)
OUTPUTS = (
    ATOM,
    OutputSpec(path="small.xml", format="rss", max_entries=12, max_bytes=24_000),
    OutputSpec(path="feed.json", format="json", per_feed=3, max_age=timedelta(days=30)),
    OutputSpec(path="some.xml", format="atom", tags=("some",), archive=4),
)


class Counting(FakeStore):
    """Remembers whose entries were read for an output."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []

    def given(self, output: str, story_pks: Sequence[int]) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        self.read += story_pks
        return super().given(output, story_pks)


def reads(planet: Planet) -> int:
    """Publish; tell of how many stories the entries were read."""
    store = planet.store
    assert isinstance(store, Counting)
    store.read.clear()
    planet.publishes()
    return len(store.read)


def test_after_one_new_entry_nothing_else_is_read_or_composed() -> None:
    planet = Planet("orig", "other", store=Counting(), outputs=(replace(ATOM, path="feed.json", format="json"),))
    planet.polls({"orig": atom("orig", older("orig")), "other": atom("other", older("other"))})
    assert reads(planet) == 8
    assert reads(planet) == 0
    planet.polls({"orig": atom("orig", [post("orig"), *older("orig")])})
    assert reads(planet) == 1


def test_what_a_feed_says_of_itself_is_composed_anew_where_it_is_repeated() -> None:
    planet = Planet("orig", "other", store=Counting(), outputs=(replace(ATOM, path="feed.json", format="json"),))
    planet.polls({"orig": atom("orig", older("orig")), "other": atom("other", older("other"))})
    planet.publishes()
    newer = atom("orig", [post("orig"), *older("orig")]).replace(b"2026-11-01T00:00:00Z", b"2026-11-01T09:00:00Z")
    planet.polls({"orig": newer})
    assert reads(planet) == 5
    planet.polls({"orig": newer.replace(b"The Orig", b"The New Orig")})
    assert reads(planet) == 9
    assert planet.folder.files["feed.json"].count(b"The New Orig") >= 4


# ── the law ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Life:
    """Three publishers and a planet, and what may become of them; every step is drawn."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.posts: dict[str, list[Post]] = {feed: older(feed, 3) for feed in ("orig", "other", "third", "copy")}
        self.titles = dict.fromkeys(self.posts, 0)
        self.dates = dict.fromkeys(self.posts, 0)
        self.number = 0

    def step(self) -> tuple[str, bytes]:
        """Change one feed; give it and its document."""
        feed = self.random.choice(list(self.posts))
        change: Callable[[str], None] = self.random.choice(
            [self.writes, self.writes, self.edits, self.is_dated, self.is_called, self.drops]
        )
        (self.copies if feed == "copy" and self.random.random() < 0.7 else change)(feed)
        return feed, self.document(feed)

    def document(self, feed: str) -> bytes:
        body = atom(feed, self.posts[feed]).replace(b"2026-11-01T00:00:00Z", f"2026-11-01T00:00:{self.dates[feed]:02}Z".encode())
        return body.replace(f"<title>The {feed.title()}".encode(), f"<title>The {feed.title()} {self.titles[feed] or ''}".encode(), 1)

    def writes(self, feed: str) -> None:
        self.number += 1
        words = " ".join(f"word{self.random.randrange(9999)}" for _ in range(self.random.choice([20, 60, 900])))
        self.posts[feed].insert(0, post(feed, self.number, text=f"<p>{words}</p>", at=NOON + self.number * timedelta(minutes=7)))
        self.dates[feed] += self.random.random() < 0.5

    def copies(self, feed: str) -> None:
        whose = self.random.choice(["orig", "other", "third"])
        one = self.random.choice(self.posts[whose])
        says = self.random.random() < 0.6
        own = replace(one, link=f"https://{feed}.example/{self.number}", id=f"tag:{feed}.example,2026:c{self.number}")
        self.number += 1
        never = replace(post(whose, 500 + self.number, at=NOON), source=whose)
        self.posts[feed].insert(0, never if self.random.random() < 0.2 else replace(one, source=whose) if says else own)

    def edits(self, feed: str) -> None:
        at = self.random.randrange(len(self.posts[feed]))
        self.posts[feed][at] = replace(self.posts[feed][at], text=f"<p>Edited {self.number} times, it says by now.</p>")
        self.number += 1

    def is_dated(self, feed: str) -> None:
        self.dates[feed] += 1

    def is_called(self, feed: str) -> None:
        self.titles[feed] += 1

    def drops(self, feed: str) -> None:
        self.posts[feed] = self.posts[feed][:3]

    def feeds_yaml(self, planet: Planet, draw: Random) -> None:
        """An edit of feeds.yaml, the same for whoever draws the same."""
        specs = list(planet.ports.config.feeds)
        at = draw.randrange(len(specs))
        edits: list[Callable[[FeedSpec], FeedSpec]] = [
            lambda spec: replace(spec, republish=draw.choice(["full", "excerpt", "link"])),
            lambda spec: replace(spec, name=draw.choice([None, "Named", "Called"])),
            lambda spec: replace(spec, attribution=Attribution(place=draw.choice(["top", "bottom"]))),
            lambda spec: replace(spec, tags=draw.choice([(), ("some",)])),
            lambda spec: replace(spec, is_private=not spec.is_private),
            lambda spec: replace(spec, opt_out=not spec.opt_out),
        ]
        specs[at] = draw.choice(edits)(specs[at])
        planet.ports = replace(planet.ports, config=replace(planet.ports.config, feeds=tuple(specs)))


def living() -> Planet:
    specs = (subscription("orig", tags=("some",)), subscription("other"), subscription("third"), subscription("copy", tags=("some",)))
    return Planet(*specs, outputs=OUTPUTS)


@pytest.mark.parametrize("seed", some(range(2, 42), 40))
def test_a_file_that_was_joined_for_ever_has_the_bytes_of_one_that_is_composed_as_a_whole(seed: int) -> None:
    life, joined, whole = Life(seed), living(), living()
    documents = {feed: life.document(feed) for feed in life.posts}
    for planet in (joined, whole):
        planet.polls(documents)
    for step in range(26 * LONGER):
        feed, document = life.step()
        edit = life.random.random() < 0.15
        span = life.random.choice([timedelta(minutes=5), HOUR, timedelta(days=1)])
        for planet in (joined, whole):
            planet.polls({feed: document})
            if edit:
                life.feeds_yaml(planet, Random(step))
            planet.later(span)
        for path, digest in whole.store.files().items():
            whole.store.note_file(path, digest)
        joined.publishes()
        whole.publishes()
        assert joined.folder.files == whole.folder.files, f"step {step}"
