"""A planet in memory: a few made-up feeds, polled in any order and published, for tests of what several feeds do to one another."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from aggregator.app import RENDERERS
from aggregator.errors import FetchError
from aggregator.model import Config, Entry, FeedSpec, OutputSpec, PollReport
from aggregator.pipeline import Ports, poll, publish
from aggregator.ports import Store
from aggregator.refine.known import surroundings
from aggregator.refine.stories import same_story
from aggregator.refine.succession import successors
from aggregator.rereading import reread
from aggregator.web.url import link
from tests.fakes import Answer, FakeClock, FakeFetcher, FakeFolder, FakeStore, document

NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
JSON = OutputSpec(path="feed.json", format="json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One entry as its publisher writes it. `source` is the feed that an atom:source names (`orig` for https://orig.example/feed.xml)."""

    title: str
    link: str
    text: str = ""
    id: str | None = None
    at: datetime | None = NOON - HOUR
    source: str | None = None


def post(feed: str, number: int = 1, **fields: object) -> Post:
    """A feed's own post NUMBER."""
    words = f"The {feed} writes its post number {number}, and goes on about it for a sentence or two, as one does."
    made = Post(title=f"Post {number} of {feed}", link=f"https://{feed}.example/2026/post-{number}", id=f"tag:{feed}.example,2026:{number}")
    return replace(made, **{"text": f"<p>{words}</p>", **fields})  # type: ignore[arg-type]


def older(feed: str, count: int = 4) -> list[Post]:
    """Posts of the days before, so that a document reaches back."""
    return [post(feed, 90 + number, at=NOON - timedelta(days=number)) for number in range(1, count + 1)]


def atom(feed: str, posts: Iterable[Post], *, home: str | None = None) -> bytes:
    """The Atom document of a feed."""
    own = home or f"https://{feed}.example/"
    body = "".join(map(_entry, posts))
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>tag:{feed}.example,2026:feed</id><title>The {feed.title()}</title><link href='{own}'/>"
        f"<link rel='self' href='https://{feed}.example/feed.xml'/><updated>2026-11-01T00:00:00Z</updated>{body}</feed>"
    ).encode()


def _entry(one: Post) -> str:
    source = one.source and (
        f"<source><id>tag:{one.source}.example,2026:feed</id><title>The {one.source.title()}</title>"
        f"<link rel='self' href='https://{one.source}.example/feed.xml'/><link href='https://{one.source}.example/'/></source>"
    )
    dates = f"<published>{one.at.isoformat()}</published><updated>{one.at.isoformat()}</updated>" if one.at else ""
    return (
        f"<entry><id>{one.id or one.link}</id><title>{escape(one.title)}</title><link href='{one.link}'/>"
        f"{dates}"
        f"<content type='html'>{escape(one.text)}</content>{source or ''}</entry>"
    )


class Planet:
    """An aggregator over fakes that subscribes to these feeds (ids, or whole specs)."""

    def __init__(
        self,
        *feeds: str | FeedSpec,
        store: Store | None = None,
        outputs: tuple[OutputSpec, ...] = (JSON,),
        link_: str | None = "https://planet.example/",
    ) -> None:
        specs = tuple(subscription(feed) if isinstance(feed, str) else feed for feed in feeds)
        self.clock, self.fetcher, self.folder = FakeClock(NOON), FakeFetcher(), FakeFolder()
        self.store = store or FakeStore()
        config = Config(
            path=Path("/srv/feeds.yaml"),
            root=Path("/srv/public"),
            store=":memory:",
            link=link(link_) if link_ else None,
            contact="https://planet.example/about",
            feeds=specs,
            outputs=outputs,
            newcomer_entries=100,
        )
        self.ports = Ports(
            config=config,
            clock=self.clock,
            fetcher=self.fetcher,
            reader=reread,
            store=self.store,
            publisher=self.folder,
            renderers=RENDERERS,
            surroundings=lambda: surroundings(config, self.store.feeds(), self.store.names()),
        )
        self.store.sync(specs, self.clock())

    def polls(self, documents: Mapping[str, bytes]) -> None:
        """Poll these feeds one after the other, three seconds apart; each has this document now."""
        for feed, body in documents.items():
            report = self._poll(feed, document(body, self._spec(feed).url))
            assert report.error is None, report.error

    def answers(self, feed: str, answer: Answer) -> None:
        """Poll a feed that answers so, be it an error."""
        self._poll(feed, answer)

    def fails(self, feed: str, error: FetchError) -> None:
        """Poll a feed that answers with an error."""
        assert self._poll(feed, error).error is not None

    def _poll(self, feed: str, answer: Answer) -> PollReport:
        self.fetcher.answers[feed] = answer
        ((state, lease),) = self.store.lease(self.clock(), timedelta(minutes=3), 1, feeds=[feed], ignore_holds=True)
        result, report = poll(self._spec(feed), state, lease, self.ports)
        self.store.record([result], same_story, successors)
        self.clock.forward(timedelta(seconds=3))
        return report

    def _spec(self, feed: str) -> FeedSpec:
        return next(spec for spec in self.ports.config.feeds if spec.id == feed)

    def publishes(self) -> list[dict[str, object]]:
        """Publish; give the items of the JSON Feed."""
        for report in publish(self.ports):
            assert report.error is None, report.error
        return list(json.loads(self.folder.files["feed.json"])["items"])

    def later(self, span: timedelta = 2 * HOUR) -> None:
        self.clock.forward(span)

    def entry(self, query: str, feed: str) -> Entry:
        """The stored entry of a feed in the story that a query finds."""
        ((_, members),) = self.store.find(query)
        return next(member.entry for member in members if member.feed_id == feed)


def subscription(feed: str, **fields: object) -> FeedSpec:
    url = f"https://{feed}.example/feed.xml"
    return replace(FeedSpec(id=feed, url=url, shown_url=url, republish="full"), **fields)  # type: ignore[arg-type]
