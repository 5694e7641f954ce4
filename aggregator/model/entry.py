"""What we say of an entry and of its feed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from aggregator.model.raw import RawEntry
from aggregator.model.words import CONTRADICTED, MAX_PRINTED, ClaimKind, SafeHtml, Standing, Url


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A title: always as plain text; also as safe HTML where it carries markup that plain text loses."""

    text: str
    html: SafeHtml | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    name: str
    uri: Url | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """An attached medium. `length` in bytes, None where the publisher gave none that can be read."""

    url: Url
    type: str | None = None
    length: int | None = None
    duration_s: int | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An element of podcasts or places that is carried through from a publisher's entry, as `web.carried` lets it: with its prefix."""

    name: str
    text: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    children: "tuple[Element, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement about where an entry comes from, with its evidence.

    `hop` counts outwards from the feed: 0 is what markup says of this copy, 1 what a sentence in its text says of one hop further
    back. From `name` to `updated` it is what the claim gives; `site` is the publisher that it names. `where` is the place
    ("first block", "atom:source", …), `rule` the phrase or rule that matched, `evidence` the words. `standing` says what became of it;
    `confirmed` and `contradicted` come from comparing it with what is held (`refine.confirmation`), and `checked` says in words how.
    """

    kind: ClaimKind
    hop: int = 0
    name: str | None = None
    page: Url | None = None
    home: Url | None = None
    feed_url: Url | None = None
    feed_id: str | None = None
    authors: tuple[Person, ...] = ()
    rights: str | None = None
    license: Url | None = None
    updated: datetime | None = None
    site: str | None = None
    where: str = ""
    rule: str = ""
    evidence: str = ""
    confidence: float = 0.5
    standing: Standing = "outranked"
    checked: str = ""

    @property
    def is_believed(self) -> bool:
        """Whether what it gives is said of the entry."""
        return self.standing in ("chosen", "confirmed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One publisher on the way of an entry: its name, the page there, its home page and its feed, as far as each is known.

    `authors`, `rights`, `license` and `updated` are what its feed says of itself.
    """

    name: str
    site: str | None = None
    page: Url | None = None
    home: Url | None = None
    feed_url: Url | None = None
    feed_id: str | None = None
    authors: tuple[Person, ...] = ()
    rights: str | None = None
    license: Url | None = None
    updated: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an entry first appeared: `chain` holds the hops before the feed itself, the original first; empty means the feed itself.

    `evidence` lists the kinds of claims that were chosen, then "confirmed" or "contradicted" where that was found; `confidence` is
    between 0 and 1. `is_known` is False where the chain begins with a republisher whose own source nobody knows ("From …").
    """

    chain: tuple[Hop, ...] = ()
    evidence: tuple[str, ...] = ()
    confidence: float = 1.0
    is_known: bool = True

    @property
    def is_contradicted(self) -> bool:
        """Whether an entry says that it is another's, and that one's feed does not have it."""
        return not self.chain and CONTRADICTED in self.evidence


KeyKind = Literal["link", "id", "twin", "path", "text", "title"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryKey:
    """An indexed key that entries of one story share.

    `link`: the canonical form of the entry's own page or of the original page that it names; equal means the same story.
    `id`: an absolute id; equal means the same story only with a second sign (`refine.stories`).
    `text`: a run of words at its beginning; two that are shared make a candidate (`refine.likeness`).
    `twin`: feed, title and date; equal means that one entry took the other's place, if their texts agree (`refine.twins`).
    `path`: feed, and page without its host; equal means the same with a second sign.
    `title`: publisher and title; equal means the same if one is nothing but that headline (`refine.headlines`).
    """

    kind: KeyKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as we say it.

    `raw_key` (hex digest) is its identity within the feed; `raw_id` the publisher's id as written (None where there is none);
    `published_id` what subscribers see for ever. `site` is the publisher of the feed it was seen in; where a feed has several sites, the
    one that the entry's page is on. `published` and `updated`
    are the publisher's dates, None where absent or unreadable. `summary` and `content` are kept apart. `content_hash` covers what
    a reader would notice, `text_hash` the text alone, as it was before anything was stripped from it; `still` is a digest of texts and
    picture without what moves by itself, where something does. `edges` are the marks of its first and last blocks (`refine.repeated`;
    None: not looked at), `counters` the publisher's counting images, each where its feed asks for that. `stripped` lists what was taken
    out, `lines` the visible lines that were, to be said again, `oddities` what was cut or repaired. `loop` says why the entry is a copy
    of our own output (None: it is not).
    """

    raw_key: str
    raw_id: str | None
    id_from: Literal["id", "link", "text"]
    published_id: str
    site: str
    link: Url | None = None
    related: Url | None = None
    title: Title | None = None
    summary: SafeHtml | None = None
    content: SafeHtml | None = None
    authors: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    enclosures: tuple[Enclosure, ...] = ()
    thumbnail: Url | None = None
    categories: tuple[Category, ...] = ()
    comments: Url | None = None
    language: str | None = None
    rights: str | None = None
    license: Url | None = None
    carried: tuple[Element, ...] = ()
    claims: tuple[Claim, ...] = ()
    origin: Origin = Origin()
    keys: tuple[StoryKey, ...] = ()
    content_hash: str = ""
    text_hash: str = ""
    still: str = ""
    text_start: str = ""
    edges: tuple[str, ...] | None = None
    counters: tuple[Url, ...] = ()
    stripped: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()
    loop: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHead:
    """What a feed says of itself, made safe: for atom:source, RSS source, OPML and the page.

    `permalinks_foreign` is true when most of its entries link to other sites: a planet, a republisher or a link blog. `page_site` is the
    site where all have their pages, if that is the publisher's although no address of the feed says so. `covers_since` is the date behind
    which half of the document's entries lie: what is newer has not scrolled out of it. `base` is the final address of the document (no
    secrets), which relative links count from. `is_explicit` is what a podcast says of all its episodes.
    """

    title: str | None = None
    subtitle: str | None = None
    home: Url | None = None
    self_url: Url | None = None
    feed_id: str | None = None
    hub: Url | None = None
    other_hubs: tuple[Url, ...] = ()
    language: str | None = None
    authors: tuple[Person, ...] = ()
    rights: str | None = None
    license: Url | None = None
    updated: datetime | None = None
    icon: Url | None = None
    is_explicit: bool | None = None
    version: str | None = None
    permalinks_foreign: bool = False
    page_site: str = ""
    covers_since: datetime | None = None
    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    update_interval: timedelta | None = None
    base: str | None = None
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """Whom a name means, as the links of earlier claims showed. `tellers` are the publishers whose entries said so."""

    hop: Hop
    tellers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What refining needs to know beyond the one feed.

    `known` maps the names of subscribed feeds (`web.text.folded_name`) to what is known of them, `learnt` other names to whom they meant
    in earlier claims. `ours` holds the addresses of our own outputs, as `web.url.link_key` gives them, `our_home` the page that they call
    their home, `our_stories` the folders of our pages about single stories, `our_names` what our outputs are called (`folded_name`).
    """

    known: Mapping[str, Hop] = field(default_factory=dict)
    learnt: Mapping[str, Learnt] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()
    our_home: str | None = None
    our_stories: frozenset[str] = frozenset()
    our_names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What is known of what a feed prints around its entries: marks that were found before, and the marks of its latest stored entries.

    `recent` are pairs of an entry's key and its `edges`.
    """

    marks: tuple[str, ...] = ()
    recent: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def and_also(self, found: Iterable[str]) -> "Printed":
        """With other marks behind those that are known. Of too many the first ones go: pleas and rules change every few years.

        >>> Printed(marks=("a", "b")).and_also(["b", "c"]).marks
        ('a', 'b', 'c')
        """
        return replace(self, marks=tuple(dict.fromkeys((*self.marks, *found)))[-MAX_PRINTED:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """An entry that its feed says it has deleted: its key within the feed, and when that was, if it is told."""

    raw_key: str
    when: datetime | None = None


@dataclass(frozen=True, slots=True)
class SeenItem:
    """An entry of a feed's last document, as far as is needed to pass over it while it stays as it is: digests, and no word of it.

    `span` is the digest of its bytes, `raw_key` its key within the feed, `date_s` when it was published, in seconds since 1970 UTC.
    `is_foreign` says whether its page is on another site than the feed's, None where it has none. `marks` are what an entry must share
    with no neighbour (first mark, page, title and date), `words` its text keys: what they decide together is decided anew when one moves.
    """

    span: bytes
    raw_key: bytes
    date_s: int | None
    is_foreign: bool | None
    marks: tuple[bytes, ...]
    words: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDocument:
    """What is remembered of a feed's last document, so that at the next poll only what is new in it is read.

    `made_by` names the program that read it. `frame` is the digest of the elements that hold its entries, `envelope` of all that stands
    around them but for dates, `head` of what was made of that. `sites` and `language` are those of its entries (`Identity`), `read_at` is
    when all of it was read last.
    """

    made_by: str
    frame: bytes
    envelope: bytes
    head: bytes
    items: tuple[SeenItem, ...] = field(repr=False)
    sites: tuple[str, ...] = ()
    language: str | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFeed:
    """A document, read and refined. `entries` and `raw` run in parallel; `oddities` say what was odd about the document.

    `places` are the entries' places in the document, `standing` the keys of those that stand in it as they stood in the last one, and were
    not read. `deleted` are entries of earlier documents that this one declares deleted; none of them stands in it. `printed` are the marks
    of all that the feed is found to print around its entries, `seen` what to remember of it (None: it cannot be told apart by entries).
    """

    head: FeedHead
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    raw: tuple[RawEntry, ...] = field(default=(), repr=False)
    places: tuple[int, ...] = ()
    standing: tuple[str, ...] = ()
    deleted: tuple[Tombstone, ...] = ()
    printed: tuple[str, ...] = ()
    seen: SeenDocument | None = None
    oddities: tuple[str, ...] = ()

    @property
    def dates(self) -> Iterator[datetime | None]:
        """When the entries of the document were published, those that stand in it as they stood included."""
        if not self.standing or self.seen is None:
            yield from (entry.published for entry in self.entries)
            return
        for item in self.seen.items:
            yield datetime.fromtimestamp(item.date_s, UTC) if item.date_s is not None else None
