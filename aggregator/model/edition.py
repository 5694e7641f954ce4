"""What is published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from aggregator.model.entry import Category, Element, Enclosure, Hop, Person, Title
from aggregator.model.settings import OutputSpec
from aggregator.model.words import Place, SafeHtml, Url


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The nearest known feed of the origin, for atom:source and RSS `<source>`. Private feeds have no `feed_url`.

    `id` is a feed's own id or its address, never an invented one.
    """

    name: str
    id: str | None = None
    feed_url: Url | None = None
    home: Url | None = None
    updated: datetime | None = None
    authors: tuple[Person, ...] = ()
    rights: str | None = None
    license: Url | None = None
    language: str | None = None
    icon: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Another place where the same story was seen: the copy's page and the feed it came in (None for a private feed)."""

    name: str
    url: Url | None = None
    feed_url: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What the page about one story says beyond its item: where the page is below the folder of outputs, since which day the output lists
    the story, and in which public feeds it was seen since which day, the earliest first. Days, since within one the order of polls says
    nothing. `named_by` are the feeds whose copies name the publisher of this one.
    """

    path: str
    listed_since: date | None = None
    seen: tuple[tuple[Seen, date], ...] = ()
    named_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What a publisher wants to be printed with its words: a line, and images of one pixel that count their readers."""

    html: SafeHtml = SafeHtml("")
    counters: tuple[Url, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One story of an edition, resolved: the renderers only print.

    `link` is the original page where it is known, else ours. `original` is that page (None when the feed itself is the
    origin and names no page). `line` is the visible attribution as one paragraph of HTML, empty where `place` is none;
    `content` and `summary` do not contain it. `trail` is there where the story has a page of its own: in HTML outputs, unless it was
    fetched from a private feed. `chain_known` is False for a republisher whose origin is not known ("From …"). `cut` says that the text
    was shortened and why. `credit` is what the publisher wants to be printed with it, `notice` names author and licence of a text that is
    given whole under it, `counters` are images that count its readers. `feed` is the id of the feed that it was fetched from, None for a
    private one; `tags` are that feed's.
    """

    id: str
    raw_id: str | None
    sequence: int
    sort_key: datetime
    updated: datetime
    published: datetime
    link: Url | None
    original: Url | None
    title: Title | None
    authors: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    summary: SafeHtml | None = None
    content: SafeHtml | None = None
    cut: str | None = None
    language: str | None = None
    categories: tuple[Category, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    thumbnail: Url | None = None
    comments: Url | None = None
    related: Url | None = None
    rights: str | None = None
    license: Url | None = None
    carried: tuple[Element, ...] = ()
    source: Source
    via: tuple[Hop, ...] = ()
    also_seen: tuple[Seen, ...] = ()
    evidence: tuple[str, ...] = ()
    confidence: float = 1.0
    chain_known: bool = True
    place: Place = "top"
    line: SafeHtml = SafeHtml("")
    trail: Trail | None = None
    credit: SafeHtml = SafeHtml("")
    notice: SafeHtml = SafeHtml("")
    counters: tuple[Url, ...] = ()
    feed: str | None = None
    tags: tuple[str, ...] = ()


class Shelved(NamedTuple):
    """What stands for an item whose serialization is kept: all that must be known of it to write its file again.

    `mark` tells of what it was composed (`publish.keeping`), `feeds` (keys) are those whose dates it repeats, `key` is that of its
    serialization (`publish.shelf`), empty as long as there is none. `sizes` are what its texts take in bytes whole, cut to an excerpt and
    left out (None where nobody asked), `form` is which of these is kept. `explicit` is what it says of itself as an episode.

    A tuple: thousands are read and noted at each publish, which by their fields' names takes twice as long and half as much room again.
    """

    story_pk: int
    mark: bytes
    feeds: tuple[str, ...]
    id: str
    link: str | None
    updated: datetime
    sizes: tuple[int | None, ...]
    form: int
    is_episode: bool
    explicit: tuple[str, ...]
    key: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Where a document stands among those of one feed (RFC 5005 section 4): the addresses of the feed itself, of the archive page before it
    and of the one behind it. `is_closed`: it is an archive page to which nothing is added any more.
    """

    is_closed: bool = False
    current: Url | None = None
    previous: Url | None = None
    following: Url | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One output's stories, in the order of their sort keys, newest first. `updated` is the newest item's, never now.

    `id` is stable: `self_url` where the output has a public address, else a uuid5 over title and path. `subscriptions` are the public feeds
    behind it, for OPML and the page. `deleted` are the ids that subscribers were given and that were withdrawn, the latest first, each
    with the time (RFC 6721). `notes` are things that were left out or cut, for the log.

    `shelved` are the items of which only the serialization is kept, each with its place among all; `to_shelve` is what to note of the
    others, by their ids. `lacking` are the stories (by pk) that must be composed again, since they are kept in another form than fits.
    """

    spec: OutputSpec
    id: str
    title: str
    language: str
    home: Url | None
    self_url: Url | None
    updated: datetime
    items: tuple[Item, ...]
    deleted: tuple[tuple[str, datetime], ...] = ()
    subscriptions: tuple["Subscription", ...] = ()
    hub: str | None = None
    served_at: Url | None = None  # where the daemon serves it: RSS must name a page, with `link` or without
    noindex: bool = True
    alternates: tuple[tuple[str, str], ...] = ()
    archive: Archive | None = None
    generator: str = "aggregator"
    notes: tuple[str, ...] = ()
    shelved: tuple[tuple[int, Shelved], ...] = ()
    to_shelve: Mapping[str, Shelved] = field(default_factory=dict)
    lacking: frozenset[int] = frozenset()

    @property
    def count(self) -> int:
        """How many items there are, whatever is known of them."""
        return len(self.items) + len(self.shelved)

    @property
    def listed(self) -> tuple[Item | Shelved, ...]:
        """All items in their order, whatever is known of them."""
        if not self.shelved:
            return self.items
        places, rest = dict(self.shelved), iter(self.items)
        return tuple(places.get(place) or next(rest) for place in range(self.count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A feed as OPML and blogrolls print it. Private feeds never become one.

    `feed_url` is empty where nobody else could subscribe: a local file that does not say where it can be had. OPML leaves these out.
    """

    name: str
    feed_url: str
    id: str = ""
    home: Url | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file as it was written, and where in it the serialization of each entry stands (`publish.shelf`)."""

    file: bytes = field(repr=False)
    index: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file to be published. `index` finds the serialized entries in it again (empty for what is made as a whole).

    `fresh` are the items that were serialized anew, in their order; `of_fresh` is the file with these alone, None where nothing was kept.
    """

    body: bytes = field(repr=False)
    index: bytes = field(default=b"", repr=False)
    fresh: tuple[Item, ...] = ()
    of_fresh: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReport:
    """What publishing one output did. `listed` says what it holds ("14 entries"); `error` says why the last good file stays.

    `path` is below the folder of outputs, or names what stands beside them ("pages", "stylesheets").
    """

    path: str
    changed: bool
    entries: int = 0
    listed: str = ""
    error: str | None = None
    notes: tuple[str, ...] = ()
