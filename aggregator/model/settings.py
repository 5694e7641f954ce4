"""What feeds.yaml says."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from aggregator.model.words import Client, Format, Place, Republish, Url

THEMES: Final = ("journal", "river")
"""What pages may look like without a folder of templates; the first is the usual one."""


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
    `credit` is a line to print with each entry, as written. The feed stands in `line` of `file`; where a list on the web names it,
    `listed_by` is that list's id, and the line is the list's. `sources` says of each setting that somebody wrote where it stands.
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
    file: Path | None = None
    listed_by: str | None = None
    sources: tuple[tuple[str, str], ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSpec:
    """A list of feeds on the web. `asked` is how it is asked itself, as if it were a feed; `member` is what each of its feeds has."""

    asked: FeedSpec
    member: FeedSpec

    @property
    def id(self) -> str:
        return self.asked.id


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """One file to publish below `root`. Empty `tags` and `feeds` mean every feed; otherwise a feed needs one of them.

    `theme` is what its pages look like: the name of a theme that comes with the program, or the absolute path of a folder of templates.
    `archive`: so many entries stand on each page of its archive, None where it has none.
    """

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
    image: Url | None = None
    theme: str = THEMES[0]
    archive: int | None = None

    def asks_for(self, spec: FeedSpec) -> bool:
        """Whether it lists what this feed has, filters aside."""
        return not (self.tags or self.feeds) or spec.id in self.feeds or bool(set(spec.tags) & set(self.tags))

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
    """A whole feeds.yaml. `root` and `path` are absolute. `warnings` are lines to show once, in the form `feeds.yaml:3: …`.

    `files` are all files that it was read from: `path` and what it includes.
    """

    path: Path
    title: str = "Merged feed"
    link: Url | None = None
    root: Path
    contact: str | None = None
    language: str = "en"
    feeds: tuple[FeedSpec, ...] = ()
    lists: tuple[ListSpec, ...] = ()
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
    compress: bool = True
    theme: str = THEMES[0]
    warnings: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
