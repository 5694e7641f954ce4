"""Commands about feeds.yaml itself: init, check, config, add, remove."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from aggregator.cli.feeds_file import starter, text_of, write, write_all
from aggregator.cli.main import cli
from aggregator.cli.show import Session, advance, as_json, fail, need_feed, progress, say, warn
from aggregator.errors import AggregatorError, ConfigError, FeedError, ParseError, Problem
from aggregator.model import Config, Document, FeedSpec, RawFeed, Validators
from aggregator.web.text import counted


@cli.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.pass_obj
def init(session: Session, urls: Sequence[str]) -> None:
    """Write a first feeds.yaml, with the given addresses in it."""
    lines = [f"  - {url}\n" for url in urls] or ["  - https://planetpython.org/rss20.xml\n"]
    try:
        with session.path.open("x", encoding="utf-8") as file:
            file.write(starter() + "".join(lines))
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
    from aggregator.splice import replace_url

    config = session.config()
    warn(config)
    _try_client(config)
    findings = _asked_all(config) if fetch or fix else []
    for line, _, _ in findings:
        say(line)
    proposals = [(old, new) for _, old, new in findings if new]
    if fix and proposals:
        places = {spec.shown_url: spec.file or session.path for spec in config.feeds}
        texts = {path: text_of(session, path) for path in {places[old] for old, _ in proposals}}
        for old, new in proposals:
            texts[places[old]] = replace_url(texts[places[old]], old, new)
        write_all(session, texts)
        say(f"{len(proposals)} addresses written into {', '.join(sorted(path.name for path in texts))}")
    click.echo(f"{session.path.name}: {counted(len(config.feeds), 'feed')}, {counted(len(config.outputs), 'output')}, no mistakes")
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
            return f"{_place(spec, config)}: {error.message}", spec.shown_url, better
        except FeedError as error:
            return f"{_place(spec, config)}: {error.message}", spec.shown_url, None
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
        return f"{_place(spec, config)}: has moved for good to {target}", spec.shown_url, target
    if not raw.entries:
        return f"{_place(spec, config)}: is a feed without entries", spec.shown_url, None
    return None


def _place(spec: FeedSpec, config: Config) -> str:
    return f"{(spec.file or config.path).name}:{spec.line}: {spec.id}"


@cli.command()
@click.argument("feed", required=False)
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def config(session: Session, feed: str | None, json_: bool) -> None:
    """Show the settings that are in force, defaults filled in, as feeds.yaml writes them: of one feed, or of all but the feeds.

    Of a feed each is shown with where it comes from: file and line, the feed's own or of its defaults; or built in.
    Secrets are masked. With --json the feeds are in it, too.
    """
    from aggregator.config_writing import feed as feed_settings
    from aggregator.config_writing import feed_lines, lines, settings, sources

    whole = _with_members(session, feed)
    if feed:
        wanted = need_feed(whole, feed)
        one = next(spec for spec in whole.feeds if spec.id == wanted)
        click.echo(as_json({**feed_settings(one), "sources": sources(one)}) if json_ else "\n".join(feed_lines(one)))
        return
    told = settings(whole)
    if json_:
        click.echo(as_json(told))
        return
    click.echo(f"# {counted(len(whole.feeds), 'feed')}: aggregator config FEED shows one")
    click.echo("\n".join(lines({key: value for key, value in told.items() if key != "feeds"})))


def _with_members(session: Session, feed: str | None) -> Config:
    """feeds.yaml; where it does not have the feed itself, with those that its lists name, as the store knows them."""
    config = session.config()
    if feed is None or not config.lists or feed in {name for spec in config.feeds for name in (spec.id, spec.shown_url)}:
        return config
    with session.app() as app:
        return app.config


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

    _refuse_known(session, url)
    address = url if no_fetch else _discovered(session, url)
    write(session, lambda text: add_feed(text, address, name=name, id=feed_id, tags=tuple(tags)))
    click.echo(f"added {address}")


def _refuse_known(session: Session, url: str) -> None:
    """Whichever file has a feed already, it is not added a second time."""
    from aggregator.config_address import address_key, shown

    if not session.path.exists():
        return
    known = next((spec for spec in session.config().feeds if address_key(spec.shown_url) == address_key(shown(url))), None)
    if known:
        raise ConfigError(known.file or session.path, [Problem(known.line, f"{shown(url)} is listed here already")])


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
    from aggregator.config_address import address_key, shown
    from aggregator.splice import add_feed

    config = load_text(add_feed(text_of(session), url), session.path, os.environ)
    spec = next(spec for spec in config.feeds if address_key(spec.shown_url) == address_key(shown(url)))
    return config, spec


@cli.command()
@click.argument("feed")
@click.pass_obj
def remove(session: Session, feed: str) -> None:
    """Take a feed (its id or address) out of feeds.yaml. What it brought stays in the store; re-adding it floods nobody."""
    config = _with_members(session, feed)
    wanted = need_feed(config, feed)
    spec = next(spec for spec in config.feeds if spec.id == wanted)
    if spec.listed_by:
        raise click.UsageError(
            f"{wanted} is named by the list {spec.listed_by}: "
            f"to leave it out, write {{ url: {spec.shown_url}, opt_out: true }} below 'feeds:'"
        )
    write_all(session, _without(spec, config, session))
    click.echo(f"removed {wanted}; its entries leave the outputs at the next publish")


def _without(spec: FeedSpec, config: Config, session: Session) -> dict[Path, str]:
    """The files that list a feed, without it; one that is listed twice would live on."""
    from aggregator.config_listing import is_listed
    from aggregator.splice import remove_feed

    texts = {path: text_of(session, path) for path in config.files if path != spec.file}
    edited = {path: remove_feed(text, spec.shown_url) for path, text in texts.items() if is_listed(text, spec.shown_url)}
    if spec.file:
        edited[spec.file] = remove_feed(text_of(session, spec.file), spec.id if spec.id_given else spec.shown_url)
    return edited
