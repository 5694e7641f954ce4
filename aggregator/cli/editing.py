"""Commands about feeds.yaml itself: init, check, config, add, remove, import, export."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from aggregator.cli.main import cli
from aggregator.cli.show import Session, advance, as_json, fail, need_feed, progress, say, warn
from aggregator.errors import AggregatorError, FeedError, ParseError
from aggregator.model import Config, Document, FeedSpec, OutputSpec, RawFeed, Validators

STARTER = """\
# The feeds to merge. A bare address is enough; a page's feed is discovered.
# Every key is explained in docs/configuration.md; `aggregator check` finds mistakes.

title: My merged feed
# link: https://planet.example.org/          # where the folder `public` is served, for rel=self
# contact: https://planet.example.org/about  # told to every server that is polled; without it none is asked more than every 2 h

feeds:
"""


@cli.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.pass_obj
def init(session: Session, urls: Sequence[str]) -> None:
    """Write a first feeds.yaml, with the given addresses in it."""
    lines = [f"  - {url}\n" for url in urls] or ["  - https://planetpython.org/rss20.xml\n"]
    try:
        with session.path.open("x", encoding="utf-8") as file:
            file.write(STARTER + "".join(lines))
    except FileExistsError:
        fail([f"{session.path} is there already; nothing was written"], 2)
    except OSError as error:
        fail([f"{session.path} cannot be written: {error.strerror}"], 2)
    warn(session.config())
    click.echo(f"wrote {session.path}; next: aggregator run")


# ── check, config ──────────────────────────────────────────────────────────────────────────────────────────────────────


@cli.command()
@click.option("--fetch", is_flag=True, help="Also ask every feed once and say what it answers.")
@click.option("--fix", is_flag=True, help="With --fetch: write the proposed addresses into feeds.yaml; comments stay.")
@click.pass_obj
def check(session: Session, fetch: bool, fix: bool) -> None:
    """Find every mistake in feeds.yaml; with --fetch, also in the feeds it names."""
    config = session.config()
    warn(config)
    _try_client(config)
    findings = _asked_all(config) if fetch or fix else []
    for line, _, _ in findings:
        say(line)
    proposals = [(old, new) for _, old, new in findings if new]
    if fix and proposals:
        _write(session, lambda text: _replaced(text, proposals))
        say(f"{len(proposals)} addresses written into {session.path.name}")
    click.echo(f"{session.path.name}: {len(config.feeds)} feeds, {len(config.outputs)} outputs, no mistakes")
    if findings and not all(new for _, _, new in findings):
        sys.exit(1)


def _try_client(config: Config) -> None:
    """Raises `ConfigError` where the client cannot be used; the default one is always installed."""
    if config.client != "requests":
        from aggregator.app import fetcher

        fetcher(config).close()


def _asked_all(config: Config) -> list[tuple[str, str, str | None]]:
    """(what was found, the address in feeds.yaml, the better address or None) for each feed with a finding, in the order of feeds.yaml."""
    from concurrent.futures import ThreadPoolExecutor

    from aggregator.app import fetcher
    from aggregator.collect.parse import ParserPool

    door = fetcher(config)
    parsers = ParserPool()

    def ask(spec: FeedSpec) -> tuple[str, str, str | None] | None:
        try:
            document = door.fetch(spec, Validators(), None)
            if not isinstance(document, Document):  # no validators were sent, so only a server's mistake says "unchanged"
                return None
            raw = parsers.parse(document)
        except ParseError as error:
            better = error.found[0] if error.found else None
            return f"{config.path.name}:{spec.line}: {spec.id}: {error.message}", spec.shown_url, better
        except FeedError as error:
            return f"{config.path.name}:{spec.line}: {spec.id}: {error.message}", spec.shown_url, None
        finally:
            advance(bar)
        return _moved(spec, document, raw, config)

    try:
        with progress("asking", len(config.feeds)) as bar, ThreadPoolExecutor(8) as pool:
            return [found for found in pool.map(ask, config.feeds) if found]
    finally:
        door.close()
        parsers.close()


def _moved(spec: FeedSpec, document: Document, raw: RawFeed, config: Config) -> tuple[str, str, str | None] | None:
    lasting = [hop for hop in document.redirects if hop.status in (301, 308)]
    if lasting and len(lasting) == len(document.redirects):
        target = document.redirects[-1].target
        return f"{config.path.name}:{spec.line}: {spec.id}: has moved for good to {target}", spec.shown_url, target
    if not raw.entries:
        return f"{config.path.name}:{spec.line}: {spec.id}: is a feed without entries", spec.shown_url, None
    return None


@cli.command()
@click.argument("feed", required=False)
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def config(session: Session, feed: str | None, json_: bool) -> None:
    """Show the settings that are in force, defaults filled in, as feeds.yaml writes them: of one feed, or of all but the feeds.

    Secrets are masked. With --json the feeds are in it, too.
    """
    from aggregator.config_writing import feed as feed_settings
    from aggregator.config_writing import lines, settings

    whole = session.config()
    if feed:
        wanted = need_feed(whole, feed)
        one = feed_settings(next(spec for spec in whole.feeds if spec.id == wanted))
        click.echo(as_json(one) if json_ else "\n".join(lines({"feeds": [one]})))
        return
    told = settings(whole)
    if json_:
        click.echo(as_json(told))
        return
    click.echo(f"# {len(whole.feeds)} feeds: aggregator config FEED shows one")
    click.echo("\n".join(lines({key: value for key, value in told.items() if key != "feeds"})))


# ── add, remove ────────────────────────────────────────────────────────────────────────────────────────────────────────


@cli.command()
@click.argument("url")
@click.option("--name", help="How attribution names it; the feed's own title if absent.")
@click.option("--id", "feed_id", help="Its id; derived from the address if absent.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be given several times.")
@click.option("--no-fetch", is_flag=True, help="Do not ask the address first.")
@click.pass_obj
def add(session: Session, url: str, name: str | None, feed_id: str | None, tags: Sequence[str], no_fetch: bool) -> None:
    """Add a feed to feeds.yaml. The address is asked once; of a page, its feed is added."""
    from aggregator.splice import add_feed

    address = url if no_fetch else _discovered(session, url)
    _write(session, lambda text: add_feed(text, address, name=name, id=feed_id, tags=tuple(tags)))
    click.echo(f"added {address}")


def _discovered(session: Session, url: str) -> str:
    """The feed at `url`, or the one that the page there names; several are a question for a person."""
    config, spec = _trial(session, url)
    found = _asked_all(replace(config, feeds=(spec,), warnings=()))
    if not found:
        return url
    line, _, better = found[0]
    if better is None:
        raise AggregatorError(f"{url}: {line.split(': ', 2)[-1]} (--no-fetch adds it all the same)")
    say(f"{url} names or moved to {better}")
    return better


def _trial(session: Session, url: str) -> tuple[Config, FeedSpec]:
    """The feed as feeds.yaml would have it, defaults applied, without writing anything. Raises `ConfigError` when it is there already."""
    from aggregator.config import load_text
    from aggregator.splice import add_feed

    config = load_text(add_feed(_text(session), url), session.path, os.environ)
    return config, max(config.feeds, key=lambda spec: spec.line)


@cli.command()
@click.argument("feed")
@click.pass_obj
def remove(session: Session, feed: str) -> None:
    """Take a feed (its id or address) out of feeds.yaml. What it brought stays in the store; re-adding it floods nobody."""
    from aggregator.splice import remove_feed

    config = session.config()
    wanted = need_feed(config, feed)
    spec = next(spec for spec in config.feeds if spec.id == wanted)
    _write(session, lambda text: remove_feed(text, wanted if spec.id_given else spec.shown_url))
    click.echo(f"removed {wanted}; its entries leave the outputs at the next publish")


# ── import, export ─────────────────────────────────────────────────────────────────────────────────────────────────────


@cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "json_", is_flag=True, help="Print what was added and what was not, each with its reason, as JSON.")
@click.pass_obj
def import_(session: Session, file: Path, json_: bool) -> None:
    """Add the feeds of an OPML file or of a plain list of addresses to feeds.yaml.

    What cannot be carried over is named with its reason on stderr.
    """
    from aggregator.config_address import address_key, shown
    from aggregator.migrate import read
    from aggregator.splice import NewFeed, add_feeds

    try:
        takeover = read(file.read_bytes(), file.name)
    except OSError as error:
        raise AggregatorError(f"{file} cannot be read: {error.strerror}") from error
    known = {address_key(spec.shown_url) for spec in session.config().feeds} if session.path.exists() else set()
    fresh = [NewFeed(url=feed.url, name=feed.name, tags=feed.tags) for feed in takeover.feeds if address_key(feed.url) not in known]
    if fresh:
        _write(session, lambda text: add_feeds(text, fresh))
    for line in takeover.refused:
        say(f"not carried over: {line}")
    twins = takeover.duplicates + len(takeover.feeds) - len(fresh)
    if json_:
        click.echo(as_json({"added": [shown(feed.url) for feed in fresh], "already_there": twins, "not_carried_over": takeover.refused}))
        return
    click.echo(f"{len(fresh)} feeds added, {twins} were there already, {len(takeover.refused)} not carried over")


@cli.command()
@click.option("--json", "json_", is_flag=True, help="Print JSON instead of OPML.")
@click.pass_obj
def export(session: Session, json_: bool) -> None:
    """Print the public feeds of feeds.yaml as OPML. Private ones are left out and counted on stderr."""
    from aggregator.publish.edition import compose
    from aggregator.publish.opml import opml

    with session.app() as app:
        states = {state.id: state for state in app.ports.store.feeds()}
        specs = {states[spec.id].key: spec for spec in app.config.feeds if spec.id in states}
        whole = OutputSpec(path="export.opml", format="opml")
        edition = compose(whole, app.config, (), {state.key: state for state in states.values()}, specs)
    if json_:
        click.echo(as_json(list(edition.subscriptions)))
    else:
        sys.stdout.write(opml(edition).decode("utf-8"))
    hidden = len(app.config.feeds) - len(edition.subscriptions)
    if hidden:
        say(f"{hidden} feeds are private or local and were left out")


# ── writing feeds.yaml ─────────────────────────────────────────────────────────────────────────────────────────────────


def _text(session: Session) -> str:
    if not session.path.exists():
        return STARTER
    return session.path.read_bytes().decode("utf-8")


def _replaced(text: str, proposals: Sequence[tuple[str, str]]) -> str:
    from aggregator.splice import replace_url

    for old, new in proposals:
        text = replace_url(text, old, new)
    return text


def _write(session: Session, edit: Callable[[str], str]) -> None:
    """Edit feeds.yaml by lines: the result must load before it takes the old one's place, in one rename."""
    from aggregator.config import load_text

    edited = edit(_text(session))
    load_text(edited, session.path, os.environ)
    fresh = session.path.with_name(f".{session.path.name}.new")
    try:
        fresh.write_bytes(edited.encode("utf-8"))
        if session.path.exists():
            fresh.chmod(session.path.stat().st_mode & 0o777)
        fresh.replace(session.path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise AggregatorError(f"{session.path} cannot be written: {error.strerror}") from error
