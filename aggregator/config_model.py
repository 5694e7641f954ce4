"""The form of feeds.yaml: its keys, types and defaults.

The models describe the file, not the program: leaves are read from YAML nodes, every key may be absent (None), and nothing here
knows the environment or other keys. `config.py` makes the `Config` out of them, `config_schema.py` the schema that teaches them to editors.
"""

from typing import Annotated, Any, ClassVar, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from aggregator.config_values import (
    ClientName,
    Count,
    CountOrNone,
    Flag,
    FormatName,
    Hosts,
    Id,
    Language,
    Patterns,
    Placing,
    Rights,
    Size,
    Span,
    StripRules,
    Text,
    Texts,
    refuse,
)
from aggregator.config_yaml import ScalarNode

SCHEMA_URL = "http://json-schema.org/draft-07/schema#"  # what editors' YAML servers read without remarks


def _key(description: str, *examples: Any, default: Any = None, **more: Any) -> Any:
    """A key that may be absent; `default` is what then holds, for readers of the schema."""
    extra = {} if default is None else {"default": default}
    return Field(default=None, description=description, examples=list(examples) or None, json_schema_extra=extra or None, **more)


# ── the form ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Form(BaseModel):
    """A mapping with a fixed set of keys."""

    # Built when a form is first read: a file has few of them.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _is_mapping(cls, value: object) -> object:
        if isinstance(value, dict):
            return value
        raise refuse(f"keys are wanted here ({', '.join(keys_of(cls))}), each as 'key: value'")


class Bare(NamedTuple):
    """The key that stands for a whole mapping, and what it is then."""

    key: str
    description: str


class ShortForm(Form):
    """A mapping that one of its values may stand for: `- https://…` for `- { url: https://… }`."""

    bare: ClassVar[Bare]

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, value: object) -> object:
        return {cls.bare.key: value} if isinstance(value, ScalarNode) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return _text_or(dict(handler.resolve_ref_schema(handler(schema))), cls.bare.description)


class MatchForm(Form):
    """Fields of an entry, each with one value or a list; an entry matches when any value of any field does."""

    title: Patterns | None = _key("Patterns searched in the title.", "(?i)sponsored")
    text: Patterns | None = _key("Patterns searched in the visible text of summary and content.", "(?i)advertorial")
    author: Patterns | None = _key("Patterns searched in the names of the authors.", "^Jane Roe$")
    category: Texts | None = _key("Whole names of categories, in any case.", ["python", "rust"])
    link: Patterns | None = _key("Patterns searched in the entry's address, and in that of what a link blog's entry is about.", "/podcast/")
    language: Texts | None = _key("Language tags; 'en' also matches 'en-GB'.", ["en", "de"])


class LimitForm(Form):
    """How many entries of one feed may be listed."""

    per_day: Count | None = _key("At most so many entries of one day (UTC), by the date of the entry.", 10)


class AttributionForm(Form):
    """The visible line that says where an entry first appeared."""

    place: Placing | None = _key("Where the line stands; none leaves the credit to the markup.", "bottom", default="top")
    text: Text | None = _key(
        "The line when the origin is known and came directly; {origin} becomes a link.", "First published by {origin}."
    )
    via: Text | None = _key(
        "The line when it came by way of another site; slots {origin} and {via}.", "First published by {origin}, seen at {via}."
    )
    from_: Text | None = Field(
        default=None,
        alias="from",
        description="The line for a republisher whose own source is not known; slot {via}.",
        examples=["From {via}."],
    )


_EVERY = "Polled at most this often; servers' own wishes can make it less, and a feed's rhythm. At least 5m for feeds on the web."
_OWN_EVERY = "Polled just this often, whatever the feed's rhythm; servers' own wishes can make it less. At least 5m for feeds on the web."
_REPUBLISH = "How much is republished: the full text, an excerpt, or title and link only. A licence that permits it makes excerpt full."
_ALLOW_PRIVATE = "Whether the feed may be on this machine or in a private network."
_STRIP = (
    "What to take out of texts: auto (share buttons, and what most entries repeat), css:SELECTOR, or a pattern that matches one block's "
    "whole visible text."
)


class DefaultsForm(Form):
    """What every feed inherits; each feed may say otherwise."""

    every: Span | None = _key(_EVERY, "2h", default="60m")
    republish: Rights | None = _key(_REPUBLISH, "full", default="excerpt")
    attribution: AttributionForm | None = _key("The visible line, key by key.", {"place": "bottom"})
    allow_private: Flag | None = _key(_ALLOW_PRIVATE, True, default=False)
    strip: StripRules | None = _key(_STRIP, ["auto"])
    limit: LimitForm | None = _key("How many entries of one feed may be listed.", {"per_day": 10})


class FeedForm(ShortForm):
    """One feed: its address alone, or a mapping with `url`."""

    bare: ClassVar[Bare] = Bare("url", "The address of a feed, or of a page that names its feed.")

    url: Text = Field(
        description="Address of the feed, of a page that names its feed, or a local file (./feed.xml, relative to this file). "
        "${NAME} is taken from the environment.",
        examples=["https://blog.example.net/feed.xml", "./examples/feeds/garden-notes.xml"],
    )
    id: Id | None = _key("What commands and outputs call the feed; made from the address if absent.", "example-news")
    name: Text | None = _key("How attribution names it; the feed's own title if absent.", "Example News")
    tags: Texts | None = _key("Words by which outputs choose feeds.", ["news"])
    every: Span | None = _key(_OWN_EVERY, "2h")
    republish: Rights | None = _key(_REPUBLISH, "full")
    attribution: AttributionForm | None = _key("The visible line, key by key.", {"place": "bottom"})
    allow_private: Flag | None = _key(_ALLOW_PRIVATE, True)
    republisher: Flag | None = _key(
        "Whether its entries come from elsewhere: their origin is looked for, and 'originally' is never said of this feed.",
        True,
        default=False,
    )
    origin: Text | None = _key("Where all entries of this feed come from: a name or an address.", "https://original.example.com/")
    language: Language | None = _key("Language of the entries where the feed names none.", "de")
    aliases: Hosts | None = _key("Hosts that are this publisher too.", ["news.example.org"])
    keep: MatchForm | None = _key("List only entries that match.", {"category": ["python", "rust"]})
    drop: MatchForm | None = _key("Never list entries that match; beats keep.", {"title": "(?i)sponsored"})
    strip: StripRules | None = _key(_STRIP, ["auto", "css:.share-buttons", "Support .* Go Ad-Free!"])
    limit: LimitForm | None = _key("How many of its entries may be listed.", {"per_day": 10})
    credit: Text | None = _key(
        "A line to print with each of its entries, as text or HTML; slots {link}, {title} and {author}.",
        'Republished from <a href="{link}">Example News</a>.',
    )
    keep_counters: Flag | None = _key("Whether counting images of one pixel stay in texts that are republished whole.", True, default=False)
    headers: dict[str, Text] | None = _key(
        "Request headers. ${NAME} is taken from the environment.", {"Authorization": "Bearer ${EXAMPLE_TOKEN}"}
    )
    public: Flag | None = _key("Whether its address may be shown. Absent: yes, unless the feed has secrets, headers or a password.", True)
    opt_out: Flag | None = _key("Withdraw this source from every output at the next publish.", True, default=False)


class IncludeForm(ShortForm):
    """A file with more feeds: its path alone, or a mapping with `file`."""

    bare: ClassVar[Bare] = Bare("file", "The path of a file with more feeds.")

    file: Text = Field(
        description="A file with `feeds:` of its own, and `defaults:` if need be, relative to the file that includes it.",
        examples=["friends.yaml"],
    )
    tags: Texts | None = _key("Tags that all its feeds have, besides their own.", ["friends"])
    defaults: DefaultsForm | None = _key("What its feeds inherit, unless the file itself or a feed says otherwise.", {"every": "2h"})


class ListForm(ShortForm):
    """A list of feeds on the web, which is asked again and again: its address alone, or a mapping with `url`."""

    bare: ClassVar[Bare] = Bare("url", "The address of a list of feeds.")

    url: Text = Field(
        description="Address of an OPML file or of a plain list with one address a line. ${NAME} is taken from the environment.",
        examples=["https://planet.example.org/opml.xml"],
    )
    id: Id | None = _key("What commands call the list; made from the address if absent.", "friends")
    tags: Texts | None = _key("Tags that all its feeds have, besides the categories that the list puts them in.", ["friends"])
    every: Span | None = _key("Asked at most this often; its server's wishes can make it less. 1h to 30d.", "12h", default="1d")
    allow_private: Flag | None = _key(
        "Whether the list itself may be on this machine or in a private network. Its feeds may not.", True, default=False
    )
    public: Flag | None = _key("Whether its feeds' addresses may be shown. Absent: yes, unless its own holds a secret.", True)
    defaults: DefaultsForm | None = _key(
        "What its feeds inherit, instead of the top level's; allow_private holds for them only if it stands here.", {"every": "2h"}
    )


class OutputForm(ShortForm):
    """One file to publish below `root`: its path alone, or a mapping with `path`."""

    bare: ClassVar[Bare] = Bare("path", "The path of a file below root.")

    path: Text = Field(description="File below root; the format follows from its name.", examples=["atom.xml", "news/feed.json"])
    format: FormatName | None = _key("The format, where the name does not tell.", "rss")
    title: Text | None = _key("Title of this output; the title of the whole if absent.", "Example news")
    image: Text | None = _key("Address of a picture that stands for this output, as for a podcast.", "https://planet.example.org/cover.png")
    tags: Texts | None = _key("Only feeds that have one of these tags.", ["news"])
    feeds: Texts | None = _key("Only these feeds, by id (together with those that tags choose).", ["example-news"])
    max_entries: Count | None = _key("At most so many entries.", 60, default=60)
    archive: Count | None = _key("Keep all that was ever listed in archive pages of so many entries, at most max_entries (RFC 5005).", 50)
    max_bytes: Size | None = _key("Beyond this size texts are cut to excerpts, the oldest first.", "2 MiB", default="2 MiB")
    max_age: Span | None = _key("Leave out what is older, counted from midnight UTC.", "90d")
    per_feed: Count | None = _key("At most so many entries of one feed.", 5)
    language: Language | None = _key("Language of the visible line in this output.", "de")
    keep: MatchForm | None = _key("List only entries that match.", {"language": "en"})
    drop: MatchForm | None = _key("Never list entries that match; beats keep.", {"title": "(?i)sponsored"})
    attribution: AttributionForm | None = _key("The visible line of this output, instead of the feeds' own.", {"place": "none"})
    theme: Text | None = _key("What the pages of this HTML output look like; see the top level's.", "river")


class RetainForm(Form):
    """How long texts are kept; the ledger of entries and origins is kept for ever."""

    text: Span | None = _key("Texts and raw forms of entries not seen for so long are dropped.", "1y", default="2y")
    versions: Annotated[Count, Field(le=5)] | None = _key("Earlier versions kept of each entry, at most 5.", 5, default=5)


class HttpForm(Form):
    """The web server of `run`."""

    listen: Text | None = _key(
        "Address and port. Any address but this machine's own needs a token.", "127.0.0.1:8080", default="127.0.0.1:8080"
    )
    token: Text | None = _key("What a request for the status pages must carry.", "a-long-random-text")


class WebsubForm(Form):
    """WebSub: push instead of polling."""

    hub: Text | None = _key(
        "Hub that the outputs name (rel=hub), and that is told when one of them changes. Needs `link`.", "https://hub.example.org/"
    )
    subscribe: Flag | None = _key(
        "Whether 'run' subscribes to the hubs of feeds, so that what is new is pushed. Needs `link`.", False, default=False
    )


class SettingsForm(Form):
    """Everything of feeds.yaml but its two lists."""

    title: Text | None = _key("Title of the outputs.", "Planet Example", default="Merged feed")
    link: Text | None = _key("Public address where root is served; outputs then name their own address.", "https://planet.example.org/")
    root: Text | None = _key("Folder of the outputs, relative to this file.", "public", default="public")
    contact: Text | None = _key(
        "Address of a page or mailbox, told to every server polled. Without it no feed is polled more often than every 2 hours.",
        "https://planet.example.org/about",
    )
    language: Language | None = _key("Language of the visible line, unless an output says otherwise.", "de", default="en")
    defaults: DefaultsForm | None = _key("What every feed inherits.", {"every": "2h"})
    newcomer_entries: CountOrNone | None = _key("A newly added feed shows at most so many entries at once.", 3, default=3)
    retain: RetainForm | None = _key("How long texts are kept.", {"text": "2y", "versions": 5})
    store: Text | None = _key("SQLite file, relative to this file.", "aggregator.db", default="aggregator.db")
    http: HttpForm | None = _key("The web server of 'run'.", {"listen": "127.0.0.1:8080"})
    websub: WebsubForm | None = _key("The hub of the outputs, and whether to have feeds pushed.", {"hub": "https://hub.example.org/"})
    proxy: Text | None = _key("HTTP proxy for all requests; the environment's proxies are not used.", "http://proxy.example.net:3128")
    client: ClientName | None = _key(
        "The HTTP client: requests, or curl, which needs a fraction of the CPU and the library pycurl.", "curl", default="requests"
    )
    theme: Text | None = _key(
        "What pages look like: journal, river, or a folder of templates, relative to this file.", "river", default="journal"
    )
    compress: Flag | None = _key("Whether copies of each file stand beside it, compressed with gzip and brotli.", False, default=True)
    noindex: Flag | None = _key("Whether pages ask search engines to stay away, so that originals are found instead.", False, default=True)


class FileForm(SettingsForm):
    """feeds.yaml of aggregator: the feeds to read and the files to publish."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["feeds"]}, {"required": ["include"]}, {"required": ["lists"]}]})

    feeds: Annotated[list[FeedForm], Field(min_length=1)] | None = _key(
        "The feeds to read: addresses, or mappings with url.", ["https://blog.example.net/feed.xml"]
    )
    include: Annotated[list[IncludeForm], Field(min_length=1)] | None = _key(
        "Files with more feeds, which are read along with this one.", ["friends.yaml", {"file": "work.yaml", "tags": ["work"]}]
    )
    lists: Annotated[list[ListForm], Field(min_length=1)] | None = _key(
        "Lists of feeds on the web (OPML, or an address a line), which are asked again and again.", ["https://planet.example.org/opml.xml"]
    )
    outputs: Annotated[list[OutputForm], Field(min_length=1)] | None = _key(
        "The files to publish below root.",
        ["atom.xml", {"path": "news.json", "tags": ["news"]}],
        default=["atom.xml", "rss.xml", "feed.json", "index.html", "opml.xml"],
    )


# ── questions about the form ───────────────────────────────────────────────────────────────────────────────────────────


def keys_of(form: type[BaseModel]) -> list[str]:
    """The keys that a mapping may have, in their order."""
    return [field.alias or name for name, field in form.model_fields.items()]


def form_at(form: type[BaseModel], location: tuple[str | int, ...]) -> type[BaseModel]:
    """The form of the mapping that a path of keys leads to; positions in lists are passed over."""
    for part in location:
        fields = {field.alias or name: field for name, field in form.model_fields.items()}
        if isinstance(part, str) and part in fields:
            form = _inner_form(fields[part].annotation) or form
    return form


def _inner_form(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner_form(part))), None)


def _text_or(form: dict[str, Any], description: str) -> dict[str, Any]:
    return {"anyOf": [{"type": "string", "description": description}, form], "description": form["description"]}
