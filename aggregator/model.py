"""The nouns: every value that passes between stages. All are frozen; a stage makes new values, it never changes old ones.

`FeedSpec` (feeds.yaml) → `Document | Unchanged` (fetch) → `RawFeed`, `RawEntry` (parse) → `Entry` with `Claim`s and `Origin`
(refine) → `Story` of `StoredEntry`s (store) → `Edition` of `Item`s (publish) → bytes.

`Raw*` is theirs: strings as a publisher wrote them, unsafe and relative. Everything else is ours. Instants are aware and UTC,
spans are `timedelta`; sequences are tuples, so that every value can be compared, hashed and stored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, NewType

MAX_PRINTED: Final = 100
"""How many marks of what a feed prints around its entries are remembered."""

Url = NewType("Url", str)
"""An absolute http(s) address, normalized and free of tracking parameters. Only `web.url` makes one."""

SafeHtml = NewType("SafeHtml", str)
"""HTML that may be published: sanitized, balanced, links absolute. Only `refine.markup` makes one."""

Republish = Literal["full", "excerpt", "link"]
Format = Literal["atom", "rss", "json", "html", "opml"]
Place = Literal["top", "bottom", "none"]
Client = Literal["requests", "curl"]
ClaimKind = Literal[
    "feeds.yaml",
    "atom:source",
    "rel=via",
    "rel=canonical",
    "dcterms:source",
    "dc:source",
    "rss:source",
    "feedburner:origLink",
    "phrase",
    "external_url",
    "permalink",
]
CONFIRMED: Final = "confirmed"
CONTRADICTED: Final = "contradicted"
Standing = Literal["chosen", "confirmed", "contradicted", "self", "weak", "outranked", "loop"]


# ── from feeds.yaml ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`keep:` or `drop:`: for each named field the patterns (regular expressions), of which any may match; fields are OR.

    Fields: `title`, `text`, `author`, `category`, `link`, `language`.
    """

    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`limit:`: how many entries of one feed may be listed per UTC day of their sort key."""

    per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """`attribution:`: where the visible line stands and how it is worded; None stands for the language's built-in wording.

    `text`, `via` and `from_` are templates with the slots `{origin}` and `{via}`, which are replaced by links.
    """

    place: Place = "top"
    text: str | None = None
    via: str | None = None
    from_: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """One feed as feeds.yaml asks for it, with the defaults filled in.

    `url` and `headers` may hold secrets and stay out of the repr; `shown_url` is what may be stored, logged and shown (with
    `${NAME}` in place of the secret, and no userinfo). `path` is set, and absolute, for a local file; then `url` is its file: address.
    `credit` is a line to print with each entry, as written.
    """

    id: str
    url: str = field(repr=False)
    shown_url: str
    path: Path | None = None
    id_given: bool = False
    name: str | None = None
    tags: tuple[str, ...] = ()
    every: timedelta = timedelta(minutes=60)
    every_given: bool = False
    republish: Republish = "excerpt"
    attribution: Attribution = Attribution()
    allow_private: bool = False
    republisher: bool = False
    origin: str | None = None
    language: str | None = None
    aliases: tuple[str, ...] = ()
    keep: Match | None = None
    drop: Match | None = None
    strip: tuple[str, ...] = ()
    limit: Limit = Limit()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    is_private: bool = False
    opt_out: bool = False
    credit: str | None = None
    keep_counters: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """One file to publish below `root`. Empty `tags` and `feeds` mean every feed; otherwise a feed needs one of them."""

    path: str
    format: Format
    title: str | None = None
    tags: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    max_entries: int = 60
    max_bytes: int = 2 * 1024 * 1024
    max_age: timedelta | None = None
    per_feed: int | None = None
    language: str | None = None
    keep: Match | None = None
    drop: Match | None = None
    attribution: Attribution | None = None

    def oldest(self, now: datetime) -> datetime | None:
        """Where `max_age` cuts: counted from midnight UTC, so that time alone changes a file at most once a day."""
        return None if self.max_age is None else now.replace(hour=0, minute=0, second=0, microsecond=0) - self.max_age


@dataclass(frozen=True, slots=True, kw_only=True)
class Retain:
    """How long texts are kept and how many earlier versions of an entry; the ledger itself is kept for ever."""

    text: timedelta = timedelta(days=730)
    versions: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What pruning frees: the texts of so many entries, so many earlier versions, and how many bytes they had in the store."""

    entries: int = 0
    versions: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole feeds.yaml. `root` and `path` are absolute. `warnings` are lines to show once, in the form `feeds.yaml:3: …`."""

    path: Path
    title: str = "Merged feed"
    link: Url | None = None
    root: Path
    contact: str | None = None
    language: str = "en"
    feeds: tuple[FeedSpec, ...] = ()
    outputs: tuple[OutputSpec, ...] = ()
    newcomer_entries: int = 3
    retain: Retain = Retain()
    store: str = field(repr=False)
    listen_host: str = "127.0.0.1"
    listen_port: int = 8080
    token: str | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)
    client: Client = "requests"
    hub: str | None = None
    websub_subscribe: bool = False
    noindex: bool = True
    warnings: tuple[str, ...] = ()


# ── from the web ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to recognise its answer by: opaque text, sent back byte for byte (RFC 9110 section 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """One hop that the server sent us on: status and shown target address."""

    status: int
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole body as it was fetched, inflated. `url` is the final address without userinfo, the base of relative links.

    `content_type` is the header as sent (None if absent). `fresh_for` is what Cache-Control or Expires promise, Age subtracted.
    `body_hash` is the blake2b-128 hex digest of `body`.
    """

    url: str
    body: bytes = field(repr=False)
    content_type: str | None
    validators: Validators
    body_hash: str
    fresh_for: timedelta | None = None
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The server (304), or an equal body, says that nothing changed. `validators` are those to keep from now on."""

    validators: Validators
    fresh_for: timedelta | None = None
    redirects: tuple[Redirect, ...] = ()


TextType = Literal["text", "html", "xhtml"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawText:
    """A text construct as it stood: `type` says how to read `value`; `base` and `language` are what xml:base and xml:lang gave."""

    value: str
    type: TextType = "text"
    base: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPerson:
    name: str | None = None
    email: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLink:
    """A link with its relation (RFC 4287 section 4.2.7; `alternate` where none is given). `length` as written."""

    href: str
    rel: str = "alternate"
    type: str | None = None
    title: str | None = None
    length: str | None = None
    hreflang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCategory:
    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSource:
    """Where an entry says that it was taken from: atom:source (RFC 4287 section 4.2.11), RSS `<source url>`, or only a name.

    For RSS `self_url` is the `url` attribute and `title` the text. `link` is the page of an atom:source. A `name` is all that our own JSON
    Feed knows of some origins: neither the entry's page nor any other is theirs.
    """

    kind: Literal["atom", "rss", "name"]
    id: str | None = None
    title: str | None = None
    link: str | None = None
    self_url: str | None = None
    updated: str | None = None
    updated_s: int | None = None
    rights: str | None = None
    license: str | None = None
    authors: tuple[RawPerson, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """One entry as its publisher wrote it. `id` is the raw guid, byte for byte, never resolved against a base.

    `published` and `updated` are the strings as written; `published_s` and `updated_s` the parser's reading of them, in
    seconds since 1970 UTC, None where it could not. `link` is the permalink: RSS `<link>`, Atom `rel=alternate`, JSON `url`.
    `id_is_link` is what RSS `isPermaLink` says (true where it is absent).
    """

    id: str | None = None
    id_is_link: bool = True
    link: str | None = None
    links: tuple[RawLink, ...] = ()
    title: RawText | None = None
    summary: RawText | None = None
    contents: tuple[RawText, ...] = ()
    authors: tuple[RawPerson, ...] = ()
    contributors: tuple[RawPerson, ...] = ()
    published: str | None = None
    published_s: int | None = None
    updated: str | None = None
    updated_s: int | None = None
    enclosures: tuple[RawLink, ...] = ()
    thumbnail: str | None = None
    categories: tuple[RawCategory, ...] = ()
    comments: str | None = None
    language: str | None = None
    rights: str | None = None
    license: str | None = None
    base: str | None = None
    source: RawSource | None = None
    dc_source: str | None = None
    dcterms_source: str | None = None
    feedburner_origlink: str | None = None
    external_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTombstone:
    """A publisher's word that an entry is deleted (RFC 6721). `ref` is its id; `when` as written, `when_s` in seconds since 1970 UTC."""

    ref: str
    when: str | None = None
    when_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFeed:
    """A parsed document. `oddities` are things to tell the editor ("not well-formed: …", "12 entries beyond 1,000 were cut").

    `version` is feedparser's name of the format (`rss20`, `atom10`, `json11` …). `ttl_minutes`, `skip_hours` (0–23, GMT),
    `skip_days` (English names) and `update_period`/`update_frequency` are the publisher's wishes about polling.
    """

    version: str
    id: str | None = None
    title: RawText | None = None
    subtitle: RawText | None = None
    link: str | None = None
    self_url: str | None = None
    hub: str | None = None
    language: str | None = None
    authors: tuple[RawPerson, ...] = ()
    rights: str | None = None
    license: str | None = None
    updated: str | None = None
    updated_s: int | None = None
    generator: str | None = None
    icon: str | None = None
    base: str | None = None
    ttl_minutes: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    update_period: str | None = None
    update_frequency: int | None = None
    entries: tuple[RawEntry, ...] = field(default=(), repr=False)
    deleted: tuple[RawTombstone, ...] = ()
    oddities: tuple[str, ...] = ()


# ── what we say ────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    title: str | None = None


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


KeyKind = Literal["link", "id", "twin", "path", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryKey:
    """An indexed key that entries of one story share.

    `link`: the canonical form of the entry's own page or of the original page that it names; equal means the same story.
    `id`: an absolute id; equal means the same story only with a second sign (`refine.stories`).
    `text`: a run of words at its beginning; two that are shared make a candidate (`refine.likeness`).
    `twin`: feed, title and date; equal means that one entry took the other's place, if their texts agree (`refine.twins`).
    `path`: feed, and page without its host; equal means the same with a second sign.
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
    a reader would notice, `text_hash` the text alone, as it was before anything was stripped from it. `edges` are the marks
    of its first and last blocks (`refine.repeated`; None: not looked at), `counters` the publisher's counting images, each where its feed
    asks for that. `stripped` lists what was taken out, `lines` the visible lines that were, to be said again, `oddities` what was cut or
    repaired. `loop` says why the entry is a copy of our own output (None: it is not).
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
    claims: tuple[Claim, ...] = ()
    origin: Origin = Origin()
    keys: tuple[StoryKey, ...] = ()
    content_hash: str = ""
    text_hash: str = ""
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

    `permalinks_foreign` is true when most of its entries link to other sites: a planet, a republisher or a link blog. `covers_since` is
    the date behind which half of the document's entries lie: what is newer has not scrolled out of it. `base` is the final address of
    the document (no secrets), which relative links count from.
    """

    title: str | None = None
    subtitle: str | None = None
    home: Url | None = None
    self_url: Url | None = None
    feed_id: str | None = None
    hub: Url | None = None
    language: str | None = None
    authors: tuple[Person, ...] = ()
    rights: str | None = None
    license: Url | None = None
    updated: datetime | None = None
    icon: Url | None = None
    version: str | None = None
    permalinks_foreign: bool = False
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
    in earlier claims. `ours` holds the addresses of our own outputs, as
    `web.url.link_key` gives them, and `our_home` the page that they call their home.
    """

    known: Mapping[str, Hop] = field(default_factory=dict)
    learnt: Mapping[str, Learnt] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()
    our_home: str | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFeed:
    """A document, read and refined. `entries` and `raw` run in parallel; `oddities` say what was odd about the document.

    `deleted` are entries of earlier documents that this one declares deleted; none of them stands in it. `printed` are the marks of all
    that the feed is found to print around its entries.
    """

    head: FeedHead
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    raw: tuple[RawEntry, ...] = field(default=(), repr=False)
    deleted: tuple[Tombstone, ...] = ()
    printed: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()


# ── the store ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a feed is known by, as its own documents said: its title, language and authors, and the sites (`web.host.site`) it names.

    `served` is where its document came from, `home` where its home page is, `own` where it says that its document is; `links` are the
    sites where its entries' pages are (`refine.watch.MANY` stands for many).
    """

    served: str = ""
    home: str = ""
    own: str = ""
    title: str | None = None
    language: str | None = None
    authors: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Who answers in the place of a held feed: what it is taken for once somebody confirms that."""

    identity: Identity
    head: FeedHead


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the store remembers of a feed between polls.

    `key` is the surrogate (a UUID as text): it outlives every change of id and address. `id` is the name in feeds.yaml.
    `why` is the sentence that explains `next_poll_at`. `failures` counts since the last success, `failing_since` its first.
    `discovered` is the feed that a page named, when feeds.yaml names a page; it is asked instead of the page from then on.
    `printed` are the marks of what it was found to print around its entries, the latest found last. `rhythm` is how often it had new
    entries, as `collect.rhythm` writes it. `identity` is what it is known by; `hold` says since when and why another one that answers in
    its place, the `stranger`, is kept out.
    """

    key: str
    id: str
    shown_url: str
    active: bool = True
    head: FeedHead = FeedHead()
    next_poll_at: datetime
    why: str = ""
    validators: Validators = Validators()
    body_hash: str | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    last_change_at: datetime | None = None
    first_success_at: datetime | None = None
    gone_count: int = 0
    hold: str | None = None
    discovered: str | None = None
    redirect_target: str | None = None
    redirect_since: datetime | None = None
    redirect_count: int = 0
    refined_by: str | None = None
    rhythm: str | None = None
    printed: tuple[str, ...] = ()
    identity: Identity | None = None
    stranger: Stranger | None = None


Outcome = Literal["new", "unchanged", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """What one poll found, ready to be stored: the state to write and the entries, each with its raw form.

    `entries` and `raw` run in parallel. `lease` is the token of the lease under which the feed was polled: a result whose lease
    was lost since (a worker that slept too long) must not be written.
    """

    state: FeedState
    lease: str
    outcome: Outcome
    polled_at: datetime
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    raw: tuple[RawEntry, ...] = field(default=(), repr=False)
    deleted: tuple[Tombstone, ...] = ()
    refined_by: str = ""
    operator_until: datetime | None = None
    operator_why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What is told of one poll: to the log, the terminal and `--json`. Durations in seconds of wall clock. `hold` is its feed's."""

    feed_id: str
    shown_url: str
    outcome: Outcome
    new: int = 0
    changed: int = 0
    total: int = 0
    error: str | None = None
    error_type: str | None = None
    next_poll_at: datetime | None = None
    why: str = ""
    seconds: float = 0.0
    hold: str | None = None
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry as the store holds it, with the feed in which it was seen.

    `sort_key` is fixed at first sight: `published` clamped to `first_seen`. `public_updated` moves for a real change only.
    `is_backlog` marks what stood in the feed's document when it was first polled. `withdrawn` says why it may not be published any more,
    `hold` under which hold of its feed it came: no word of it is published.
    """

    pk: int
    feed_key: str
    feed_id: str
    entry: Entry
    first_seen: datetime
    last_seen: datetime
    sort_key: datetime
    public_updated: datetime
    is_backlog: bool = False
    withdrawn: str | None = None
    hold: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The copies of one article. `lead` speaks for it; `members` are all copies, the lead included, in a stable order."""

    pk: int
    lead: StoredEntry
    members: tuple[StoredEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What today's feeds.yaml says of a story in one output: listed or not, by which rule, in words for `explain`.

    `lead_pk` is the entry that would speak for it, `feed_key` its feed. `per_day` is that feed's `limit`, counted by the store over the
    UTC day of the sort key; what is listed already stays. `withdrawn`: it is not listed because a publisher, or the operator for one,
    took it back.
    """

    story_pk: int
    listed: bool
    rule: str
    lead_pk: int | None = None
    feed_key: str | None = None
    published_id: str = ""
    sort_key: datetime | None = None
    public_updated: datetime | None = None
    per_day: int | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A story's standing in one output: what subscribers were given, which sticks. `sequence` counts listings, from 1.

    `withdrawn_at` says since when it is taken back from those whom it was given to.
    """

    output: str
    story_pk: int
    sequence: int | None
    published_id: str
    sort_key: datetime
    first_listed: datetime | None
    public_updated: datetime
    listed: bool
    rule: str
    lead_pk: int | None = None
    feed_key: str | None = None
    withdrawn_at: datetime | None = None


# ── to the web ─────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    given whole under it, `counters` are images that count its readers.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One output's stories, in the order of their sort keys, newest first. `updated` is the newest item's, never now.

    `id` is stable: `self_url` where the output has a public address, else a uuid5 over title and path. `subscriptions` are the public feeds
    behind it, for OPML and the page. `deleted` are the ids that subscribers were given and that were withdrawn, the latest first, each
    with the time (RFC 6721). `notes` are things that were left out or cut, for the log.
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
    generator: str = "aggregator"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A feed as OPML and blogrolls print it. Private feeds never become one."""

    name: str
    feed_url: str
    home: Url | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    description: str | None = None


JsonValue = str | int | float | bool | None | list["JsonValue"] | Mapping[str, "JsonValue"]
