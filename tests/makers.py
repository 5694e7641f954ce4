"""Values for tests, made from as few words as possible. Every maker takes any field of its value by name."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from aggregator.model import (
    Category,
    Config,
    Edition,
    Enclosure,
    Entry,
    FeedHead,
    FeedSpec,
    FeedState,
    Hop,
    Item,
    Origin,
    OutputSpec,
    Person,
    Publication,
    SafeHtml,
    Seen,
    Source,
    StoredEntry,
    Story,
    Subscription,
    Title,
    Url,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BY = Url("https://creativecommons.org/licenses/by/4.0/")


def spec(id: str = "blog", **fields: object) -> FeedSpec:  # noqa: A002
    """A feed as feeds.yaml asks for it, at https://ID.example/feed.xml."""
    url = f"https://{id}.example/feed.xml"
    return replace(FeedSpec(id=id, url=url, shown_url=url), **fields)  # type: ignore[arg-type]


def head(id: str = "blog", **fields: object) -> FeedHead:  # noqa: A002
    """What the feed at https://ID.example/ says of itself."""
    made = FeedHead(
        title=id.title(),
        home=Url(f"https://{id}.example/"),
        self_url=Url(f"https://{id}.example/feed.xml"),
        feed_id=f"tag:{id}.example,2020:feed",
        updated=NOON,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def state(id: str = "blog", **fields: object) -> FeedState:  # noqa: A002
    """What the store remembers of a feed; its key is `key-ID`."""
    made = FeedState(key=f"key-{id}", id=id, shown_url=f"https://{id}.example/feed.xml", head=head(id), next_poll_at=NOON)
    return replace(made, **fields)  # type: ignore[arg-type]


def feeds_of(*specs: FeedSpec, heads: Sequence[FeedHead] = ()) -> tuple[dict[str, FeedState], dict[str, FeedSpec]]:
    """The two mappings by feed key that `compose` takes; `heads` run in parallel, missing ones are made."""
    made = [state(each.id, shown_url=each.shown_url) for each in specs]
    made = [replace(one, head=heads[number]) if number < len(heads) else one for number, one in enumerate(made)]
    return {one.key: one for one in made}, {f"key-{each.id}": each for each in specs}


def entry(number: int = 1, feed: str = "blog", **fields: object) -> Entry:
    """Post NUMBER of a feed, at https://FEED.example/NUMBER."""
    link = Url(f"https://{feed}.example/{number}")
    made = Entry(
        raw_key=f"{number:032x}",
        raw_id=link,
        id_from="id",
        published_id=link,
        site=f"{feed}.example",
        link=link,
        title=Title(text=f"Post {number}"),
        content=SafeHtml(f"<p>Text of post {number}.</p>"),
        published=NOON - timedelta(hours=number),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def stored(number: int = 1, feed: str = "blog", *, first_seen: datetime = NOON, **fields: object) -> StoredEntry:
    """An entry as the store holds it; `fields` are those of the entry."""
    made = entry(number, feed, **fields)
    sort_key = min(made.published or first_seen, first_seen)
    return StoredEntry(
        pk=number,
        feed_key=f"key-{feed}",
        feed_id=feed,
        entry=made,
        first_seen=first_seen,
        last_seen=first_seen,
        sort_key=sort_key,
        public_updated=made.updated or sort_key,
    )


def story(lead: StoredEntry, *others: StoredEntry) -> Story:
    return Story(pk=lead.pk, lead=lead, members=(lead, *others))


def published(lead: StoredEntry, *others: StoredEntry, output: str = "atom.xml") -> tuple[Publication, Story]:
    """A listed story with its standing, as `compose` takes it."""
    publication = Publication(
        output=output,
        story_pk=lead.pk,
        sequence=lead.pk,
        published_id=lead.entry.published_id,
        sort_key=lead.sort_key,
        first_listed=lead.first_seen,
        public_updated=lead.public_updated,
        listed=True,
        rule="listed",
        lead_pk=lead.pk,
        feed_key=lead.feed_key,
    )
    return publication, story(lead, *others)


def republished_entry(number: int = 1, feed: str = "repub", *, origin: Hop | None = None, **fields: object) -> StoredEntry:
    """An entry of a republisher that names where it first appeared: https://orig.example/NUMBER."""
    hop = origin or Hop(name="Orig", site="orig.example", page=Url(f"https://orig.example/{number}"), home=Url("https://orig.example/"))
    chosen = Origin(chain=(hop,), evidence=("phrase",), confidence=0.9)
    return stored(number, feed, origin=chosen, **fields)  # type: ignore[arg-type]


def output(path: str = "atom.xml", **fields: object) -> OutputSpec:
    formats = {"xml": "rss" if "rss" in path else "atom", "json": "json", "html": "html", "opml": "opml"}
    made = OutputSpec(path=path, format=formats[path.rpartition(".")[2]])  # type: ignore[arg-type]
    return replace(made, **fields)  # type: ignore[arg-type]


def config(**fields: object) -> Config:
    made = Config(
        path=Path("/etc/aggregator/feeds.yaml"),
        title="Planet Example",
        link=Url("https://planet.example.org/"),
        root=Path("/srv/planet"),
        store="aggregator.db",
        outputs=tuple(output(path) for path in ("atom.xml", "rss.xml", "feed.json", "index.html", "feeds.opml")),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def source(**fields: object) -> Source:
    made = Source(
        name="Orig",
        id="https://orig.example/feed",
        feed_url=Url("https://orig.example/feed"),
        home=Url("https://orig.example/"),
        updated=NOON,
        authors=(Person(name="Orig staff"),),
        rights="(c) Orig",
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def item(number: int = 1, **fields: object) -> Item:
    """An item with everything that an item can have: a chain of one republisher, texts, media, rights."""
    page = Url(f"https://orig.example/{number}")
    repub = Url(f"https://repub.example/{number}")
    made = Item(
        id=f"tag:orig.example,2026:{number}",
        raw_id=f"tag:orig.example,2026:{number}",
        sequence=number,
        sort_key=NOON - timedelta(hours=number),
        updated=NOON - timedelta(hours=number) + timedelta(minutes=5),
        published=NOON - timedelta(hours=number),
        link=page,
        original=page,
        title=Title(text=f"Post {number} & more"),
        authors=(Person(name="Ann", uri=Url("https://orig.example/ann"), email="ann@orig.example"), Person(name="Bob")),
        summary=SafeHtml(f"<p>Summary {number}</p>"),
        content=SafeHtml(f'<p>Content {number} &amp; <img src="https://orig.example/a.png" alt="a"></p>'),
        language="en",
        categories=(Category(term="news", scheme="https://orig.example/topics", label="News"), Category(term="python")),
        enclosures=(
            Enclosure(url=Url(f"https://orig.example/{number}.mp3"), type="audio/mpeg", length=1234, title="Sound"),
            Enclosure(url=Url(f"https://orig.example/{number}.webm")),
        ),
        thumbnail=Url("https://orig.example/thumb.png"),
        comments=Url(f"https://orig.example/{number}/comments"),
        related=Url("https://about.example/this"),
        rights="(c) Ann",
        license=BY,
        source=source(),
        via=(
            Hop(name="Orig", site="orig.example", page=page, home=Url("https://orig.example/")),
            Hop(name="Repub", site="repub.example", page=repub, feed_url=Url("https://repub.example/feed")),
        ),
        also_seen=(Seen(name="Third", url=Url(f"https://third.example/{number}"), feed_url=Url("https://third.example/feed")),),
        evidence=("atom:source", "phrase"),
        confidence=0.9,
        line=SafeHtml(
            '<p class="aggregator-origin">This article originally appeared at '
            f'<a href="{page}">Orig</a>, via <a href="{repub}">Repub</a>.</p>'
        ),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def bare_item(number: int = 1, **fields: object) -> Item:
    """An item with nothing but what is required: no title, no text, no link, no line."""
    made = Item(
        id=uuid5(NAMESPACE_URL, str(number)).urn,
        raw_id=None,
        sequence=number,
        sort_key=NOON - timedelta(hours=number),
        updated=NOON,
        published=NOON,
        link=None,
        original=None,
        title=None,
        source=Source(name="Private & quiet"),
        place="none",
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def edition(*items: Item, path: str = "atom.xml", **fields: object) -> Edition:
    """An edition of these items (one full item if there are none), served from https://planet.example.org/."""
    shown = items or (item(),)
    made = Edition(
        spec=output(path),
        id=f"https://planet.example.org/{path}",
        title="Planet Example",
        language="en",
        home=Url("https://planet.example.org/"),
        self_url=Url(f"https://planet.example.org/{path}"),
        updated=max(each.updated for each in shown),
        items=shown,
        subscriptions=(
            Subscription(
                name="Orig", feed_url="https://orig.example/feed", id="orig", home=Url("https://orig.example/"), tags=("news", "python")
            ),
            Subscription(name="Third", feed_url="https://third.example/feed", id="third", language="de", description="A third"),
        ),
        hub="https://hub.example.org/",
        alternates=(("rss", "rss.xml"), ("json", "feed.json"), ("html", "index.html"), ("opml", "feeds.opml")),
    )
    return replace(made, **fields)  # type: ignore[arg-type]
