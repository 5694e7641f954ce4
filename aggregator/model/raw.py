"""What came from the web: documents, and what publishers wrote in them, unsafe and relative."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from aggregator.model.hubs import HubLinks


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
class Pause:
    """How long a server asks to be left alone (Retry-After), and which server (scheme, host and port)."""

    span: timedelta
    server: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What a fetch cost: requests (each hop of a redirect is one), and bytes of bodies as they came, compressed."""

    requests: int = 0
    received_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole body as it was fetched, inflated. `url` is the final address without userinfo, the base of relative links.

    `content_type` is the header as sent (None if absent). `fresh_for` is what Cache-Control or Expires promise, Age subtracted.
    `body_hash` is the blake2b-128 hex digest of `body`, `sent_hash` that of the body as it was sent, in its codings (None: it had none).
    Without `has_known_end` the connection alone told where it ends. `hub_links` is what the Link header says of a hub. `pause` is what a
    server on the way asks for; `server` is the one that answered (scheme, host and port).
    """

    url: str
    body: bytes = field(repr=False)
    content_type: str | None
    validators: Validators
    body_hash: str
    sent_hash: str | None = None
    has_known_end: bool = True
    fresh_for: timedelta | None = None
    redirects: tuple[Redirect, ...] = ()
    traffic: Traffic = Traffic()
    hub_links: HubLinks | None = None
    pause: Pause | None = None
    server: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The server (304, `is_304`), or an equal body, says that nothing changed. `validators` are those to keep from now on."""

    validators: Validators
    fresh_for: timedelta | None = None
    redirects: tuple[Redirect, ...] = ()
    is_304: bool = False
    sent_hash: str | None = None
    traffic: Traffic = Traffic()
    hub_links: HubLinks | None = None
    pause: Pause | None = None
    server: str | None = None


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
    """A link with its relation (RFC 4287 section 4.2.7; `alternate` where none is given). `length` and `duration` as written."""

    href: str
    rel: str = "alternate"
    type: str | None = None
    title: str | None = None
    length: str | None = None
    duration: str | None = None
    hreflang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCategory:
    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawElement:
    """An element that is carried through (`web.carried`): names, of attributes too, in lower case, and what stands inside it."""

    name: str
    text: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    children: "tuple[RawElement, ...]" = ()


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
    carried: tuple[RawElement, ...] = ()


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
    hubs: tuple[str, ...] = ()
    language: str | None = None
    authors: tuple[RawPerson, ...] = ()
    rights: str | None = None
    license: str | None = None
    updated: str | None = None
    updated_s: int | None = None
    generator: str | None = None
    icon: str | None = None
    explicit: str | None = None
    base: str | None = None
    ttl_minutes: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    update_period: str | None = None
    update_frequency: int | None = None
    entries: tuple[RawEntry, ...] = field(default=(), repr=False)
    deleted: tuple[RawTombstone, ...] = ()
    oddities: tuple[str, ...] = ()
