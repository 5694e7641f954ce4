"""The composition root: `Config` → `App`. The only place that calls the constructors of what the pipeline needs."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from secrets import token_hex

from aggregator import RELEASED, __version__
from aggregator.collect.fetch import WebFetcher
from aggregator.errors import AggregatorError, ConfigError, Problem, StoreError
from aggregator.lists import joined
from aggregator.model import Config, Edition, FeedSpec, Format, Kept, Written
from aggregator.pipeline import Ports
from aggregator.ports import Clock, Renderer, Store
from aggregator.publish.compress import SUFFIXES
from aggregator.publish.files import Folder
from aggregator.reading import ReaderPool
from aggregator.refine.known import surroundings
from aggregator.store.sql import SqlStore

# Below this much free space nothing is polled any more: what is stored and served stays whole.
MIN_FREE_BYTES = 500 * 1024 * 1024
LACKS_SPACE = "less than 500 MB are free beside the store: nothing is polled until there is room; the outputs stay"
# A clock may be a little behind the day of the release, which is a date without a zone.
RELEASE_SLACK = timedelta(days=2)


# What the open store and the web server were made with.
RESTART_KEYS = {"store": "store", "root": "root", "listen_host": "http", "listen_port": "http", "token": "http"}
# What the door to the network is made with; another one is opened when they change.
DOOR_KEYS = ("contact", "proxy", "client")


def utc_now() -> datetime:
    """The wall clock: aware, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A running program's parts. `free_bytes` tells the free space beside the store.

    `config` is what feeds.yaml says (`written`), with the feeds that its lists name by now.
    """

    config: Config
    written: Config
    ports: Ports
    free_bytes: Callable[[], int]

    def spec(self, feed_id: str) -> FeedSpec | None:
        """The feed of that id in feeds.yaml."""
        return next((spec for spec in self.config.feeds if spec.id == feed_id), None)

    def with_known_sources(self) -> "App":
        """The same app, with the names that subscribed feeds have by now."""
        # What is made below holds these, and not `self`: that holds what was made for it, and so each app would keep the one before.
        config, store, states = self.config, self.ports.store, self.ports.store.feeds()
        # Read now, so that the order of polls decides nothing; worked out when a document needs it, which most polls do not bring.
        made = cache(lambda: surroundings(config, states, store.names()))
        return replace(self, ports=replace(self.ports, surroundings=made))

    def reconfigured(self, config: Config) -> "App":
        """The same store, door and parsers under another feeds.yaml.

        Raises `AggregatorError` when something changed that only a restart can take up (`RESTART_KEYS`), `ConfigError` when the client
        that it names cannot be used.
        """
        changed = dict.fromkeys(name for key, name in RESTART_KEYS.items() if getattr(config, key) != getattr(self.config, key))
        if changed:
            verb = "is" if len(changed) == 1 else "are"
            raise AggregatorError(f"{' and '.join(changed)} {verb} taken up at the next start; until then the old feeds.yaml stands")
        # Polls under way keep the old door; its connections end with them.
        same_door = all(getattr(config, key) == getattr(self.config, key) for key in DOOR_KEYS)
        door = self.ports.fetcher if same_door else fetcher(config, self.ports.clock)
        whole = _in_line(config, self.ports.store, self.ports.clock)
        ports = replace(self.ports, config=whole, fetcher=door, publisher=output_folder(config))
        return replace(self, config=whole, written=config, ports=ports).with_known_sources()

    def with_members(self) -> "App":
        """The same app with the feeds that its lists name by now."""
        return self.reconfigured(self.written)

    @property
    def lacks_space(self) -> bool:
        """Is there so little space beside the store that nothing more should be stored? Raises `StoreError` where nobody can tell."""
        return self.free_bytes() < MIN_FREE_BYTES

    def close(self) -> None:
        """Let go of connections, parser children and the store."""
        self.ports.fetcher.close()
        if isinstance(self.ports.reader, ReaderPool):
            self.ports.reader.close()
        self.ports.store.close()


def _joining(module: str, name: str) -> Renderer:
    """A renderer that joins serialized entries, whose libraries are imported when it is first used."""

    def render(edition: Edition, kept: Kept | None) -> Written:
        renderer: Renderer = getattr(import_module(module), name)
        return renderer(edition, kept)

    return render


def _whole(module: str, name: str) -> Renderer:
    """A renderer that makes a file as a whole."""

    def render(edition: Edition, kept: Kept | None) -> Written:
        renderer: Callable[[Edition], bytes] = getattr(import_module(module), name)
        return Written(body=renderer(edition))

    return render


RENDERERS: Mapping[Format, Renderer] = {
    "atom": _joining("aggregator.publish.syndication", "atom_of"),
    "rss": _joining("aggregator.publish.syndication", "rss_of"),
    "json": _joining("aggregator.publish.jsonfeed", "json_of"),
    "html": _whole("aggregator.publish.page", "page"),
    "opml": _whole("aggregator.publish.opml", "opml"),
}


def build(config: Config, clock: Clock = utc_now) -> App:
    """Make the parts that `config` asks for, open the store and bring its feeds in line with feeds.yaml.

    Raises `StoreError` (the store cannot be opened), `ConfigError` (its client cannot be used), `AggregatorError` (a clock that cannot be
    right).
    """
    _check_clock(clock())
    door = fetcher(config, clock)
    store = SqlStore(config.store)
    try:
        written, config = config, _in_line(config, store, clock)
    except BaseException:
        store.close()
        raise
    ports = Ports(
        config=config,
        clock=clock,
        fetcher=door,
        reader=ReaderPool(),
        store=store,
        publisher=output_folder(config),
        renderers=RENDERERS,
    )
    folder = Path(config.store).parent
    return App(config=config, written=written, ports=ports, free_bytes=lambda: _free_bytes(folder)).with_known_sources()


def _free_bytes(folder: Path) -> int:
    """The free space on a folder's disk. Raises `StoreError` where there is no such folder any more: it was moved, or its disk is gone."""
    try:
        return shutil.disk_usage(folder).free
    except OSError as error:
        raise StoreError(f"{folder}, where the store is, cannot be reached: {error.strerror}") from error


def output_folder(config: Config) -> Folder:
    """The folder of outputs that feeds.yaml asks for."""
    return Folder(config.root, codings=SUFFIXES if config.compress else ())


def _in_line(config: Config, store: Store, clock: Clock) -> Config:
    """feeds.yaml with the feeds that its lists name by now, with which the store's are brought in line.

    Another process may take up a list meanwhile: whoever was first looks again, so that the later one's feeds stand.
    """
    while True:
        marks = _revisions(store) if config.lists else {}
        whole = joined(config, store.lists.states() if config.lists else {})
        store.sync(_polled(whole), clock())
        if not config.lists or _revisions(store) == marks:
            return whole


def _revisions(store: Store) -> dict[str, int]:
    return {address: revision for address, (revision, _) in store.lists.marks().items()}


def _polled(config: Config) -> tuple[FeedSpec, ...]:
    """The feeds to ask: a publisher who opted out is left alone, too."""
    return tuple(spec for spec in config.feeds if not spec.opt_out)


def new_secret() -> str:
    """A key for hashes that nobody can guess."""
    return token_hex(16)


def fetcher(config: Config, clock: Clock = utc_now) -> WebFetcher:
    """The way out that feeds.yaml asks for. Raises `ConfigError` when the library of its client is missing or too old."""
    try:
        return WebFetcher(user_agent=user_agent(config), client=config.client, proxy=config.proxy, clock=clock)
    except AggregatorError as error:
        raise ConfigError(config.path, [Problem(0, f"client: {config.client} cannot be used: {error}")]) from error


def user_agent(config: Config) -> str:
    """Say honestly who asks: name, version, and whom to write to if feeds.yaml says so (RFC 9110 section 10.1.5)."""
    return f"aggregator/{__version__}" + (f" (+{config.contact})" if config.contact else "")


def _check_clock(now: datetime) -> None:
    if now < datetime.fromisoformat(RELEASED).replace(tzinfo=UTC) - RELEASE_SLACK:
        raise AggregatorError(
            f"the clock says {now:%Y-%m-%d %H:%M}, before this program was released ({RELEASED}); "
            "set it first, or every entry would carry a wrong date"
        )
