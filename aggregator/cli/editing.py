"""Commands about feeds.yaml itself: init, check, config, add, remove."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.feeds_file import example, feeds_listed, starter, text_of, write, write_all
from aggregator.cli.main import cli
from aggregator.cli.show import Session, advance, as_json, fail, need_feed, progress, say, warn
from aggregator.errors import AggregatorError, ConfigError, Problem
from aggregator.model import Config, FeedSpec, FeedState, JsonValue
from aggregator.web.text import counted

if TYPE_CHECKING:
    from aggregator.checking import Answer, Finding

# Between two requests to one operator, as with polls.
_PAUSE_S = 2.0


@cli.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.pass_obj
def init(session: Session, urls: Sequence[str]) -> None:
    """Write a first feeds.yaml, with the given addresses in it."""
    from aggregator.config import load_text

    lines = [f"  - {url}\n" for url in urls or [example()]]
    try:
        config = load_text(starter() + "".join(lines), session.path, os.environ)
    except ConfigError as error:
        fail([*(problem.message for problem in error.problems), "nothing was written"], 2)
    try:
        with session.path.open("x", encoding="utf-8") as file:
            file.write(starter() + "".join(lines))
    except FileExistsError:
        fail([f"{session.path} is there already; nothing was written"], 2)
    except OSError as error:
        fail([f"{session.path} cannot be written: {error.strerror}"], 2)
    warn(config)
    click.echo(f"wrote {session.path}; next: aggregator run")


# ── check, config ──────────────────────────────────────────────────────────────────────────────────────────────────────


@cli.command()
@click.option("--fetch", is_flag=True, help="Also ask every feed once and say what it answers, and what to write instead.")
@click.option("--fix", is_flag=True, help="With --fetch: write what is proposed where it is surely the same feed; comments stay.")
@click.option("--json", "json_", is_flag=True, help="Print the findings as JSON.")
@click.pass_obj
def check(session: Session, fetch: bool, fix: bool, json_: bool) -> None:
    """Find every mistake in feeds.yaml; with --fetch, also in the feeds it names.

    Found are feeds that fail, have moved for good, have a better address, are listed twice under two addresses, or have fallen silent.
    """
    config = session.config()
    warn(config)
    _try_client(config)
    found = _findings(session, config) if fetch or fix else []
    fixes = [finding for finding in found if _can_be_written(finding, config, session)]
    for finding in found:
        say(_line(finding, config, is_written=fix and finding in fixes, is_offered=finding in fixes))
    if fix and fixes:
        written = write_all(session, lambda text: _fixed(fixes, session, text))
        config = session.config()
        say(f"{counted(len(fixes), 'proposal')} written into {', '.join(sorted(path.name for path in written))}")
    if json_:
        click.echo(
            as_json([_as_dict(finding, config, is_written=fix and finding in fixes, is_offered=finding in fixes) for finding in found])
        )
    else:
        lists = f"{counted(len(config.lists), 'list')} of feeds, " if config.lists else ""
        more = f" in {counted(len(config.files), 'file')}" if len(config.files) > 1 else ""
        feeds, outputs = counted(len(config.feeds), "feed"), counted(len(config.outputs), "output")
        click.echo(f"{session.path.name}: {feeds}{more}, {lists}{outputs}, no mistakes")
    if any(not finding.is_remark and finding.proposal is None for finding in found):
        sys.exit(1)


def _findings(session: Session, config: Config) -> "list[Finding]":
    """What is to be said of the feeds in feeds.yaml and of its lists, in their order."""
    from aggregator.app import fetcher, utc_now
    from aggregator.checking import findings, list_finding

    states = _states(session, config)
    answers = _answers(config, [spec for spec in config.feeds if not spec.opt_out])
    door = fetcher(config)
    try:
        listed = [finding for one in config.lists if (finding := list_finding(one, door))]
    finally:
        door.close()
    return [*findings(answers, states, utc_now()), *listed]


def _answers(config: Config, specs: "Sequence[FeedSpec]") -> "list[Answer]":
    from threading import Event

    from aggregator.app import fetcher
    from aggregator.checking import ask
    from aggregator.collect.parse import ParserPool

    door, parsers = fetcher(config), ParserPool()
    try:
        with progress("asking", len(specs)) as bar:
            return ask(specs, door, parsers.parse, pause=lambda: Event().wait(_PAUSE_S), done=lambda: advance(bar))
    finally:
        door.close()
        parsers.close()


def _states(session: Session, config: Config) -> Mapping[str, FeedState]:
    """What earlier polls saw of the feeds, if there were any."""
    if not Path(config.store).exists():
        return {}
    app = session.build(config)
    try:
        return {state.id: state for state in app.ports.store.feeds()}
    finally:
        app.close()


def _can_be_written(finding: "Finding", config: Config, session: Session) -> bool:
    """A duplicate is taken out where its entry says nothing but its address."""
    from aggregator.config_listing import is_listed

    path = finding.spec.file or config.path
    return finding.is_safe and (not finding.removes or is_listed(text_of(session, path), finding.spec.shown_url))


def _fixed(fixes: "Sequence[Finding]", session: Session, text_in: Callable[[Path], str]) -> dict[Path, str]:
    from aggregator.splice import remove_feed, replace_url

    texts: dict[Path, str] = {}
    for finding in fixes:
        path, url = finding.spec.file or session.path, finding.spec.shown_url
        text = texts[path] if path in texts else text_in(path)
        texts[path] = replace_url(text, url, finding.new_url) if finding.new_url else remove_feed(text, url)
    return texts


def _line(finding: "Finding", config: Config, *, is_written: bool, is_offered: bool) -> str:
    spec = finding.spec
    line = f"{(spec.file or config.path).name}:{spec.line}: {spec.id}: {finding.message}"
    if finding.proposal is None or is_written:
        return f"{line}: done: {finding.proposal}" if is_written else line
    return f"{line}; {finding.proposal}{' (--fix does so)' if is_offered else ''}"


def _as_dict(finding: "Finding", config: Config, *, is_written: bool, is_offered: bool) -> dict[str, JsonValue]:
    spec = finding.spec
    return {
        "feed": spec.id,
        "address": spec.shown_url,
        "file": str(spec.file or config.path),
        "line": spec.line,
        "kind": finding.kind,
        "message": finding.message,
        "proposal": finding.proposal,
        "choices": list(finding.choices),
        "titles": list(finding.titles),
        "can_be_written": is_offered,
        "is_written": is_written,
    }


def _try_client(config: Config) -> None:
    """Raises `ConfigError` where the client cannot be used; the default one is always installed."""
    if config.client != "requests":
        from aggregator.app import fetcher

        fetcher(config).close()


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

    known = next((spec for spec in feeds_listed(session) if address_key(spec.shown_url) == address_key(shown(url))), None)
    if known:
        raise ConfigError(known.file or session.path, [Problem(known.line, f"{shown(url)} is listed here already")])


def _discovered(session: Session, url: str) -> str:
    """The feed at `url`, or the one that the page there names; of several a person chooses, or the best where nobody can be asked."""
    from aggregator.app import utc_now
    from aggregator.checking import findings

    config, spec = _trial(session, url)
    found = [finding for finding in findings(_answers(config, [spec]), {}, utc_now()) if not finding.is_remark]
    better = next((finding for finding in found if finding.new_url), None)
    if better is None and found:
        raise AggregatorError(f"{url}: {found[0].message} (--no-fetch adds it all the same)")
    if better is None or better.new_url is None:
        return url
    say(f"{url}: {better.message}")
    return _chosen(better.choices, better.titles, better.new_url)


def _chosen(choices: Sequence[str], titles: Sequence[str], best: str) -> str:
    if len(choices) < 2 or not sys.stdin.isatty():
        return best
    for number, (choice, title) in enumerate(zip_longest(choices, titles, fillvalue=""), 1):
        say(f"{number:>3}  {choice}" + (f"  ({title})" if title else ""))
    wanted: int = click.prompt("Which one", type=click.IntRange(1, len(choices)), default=choices.index(best) + 1, err=True)
    return choices[wanted - 1]


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
    write_all(session, lambda text: _without(spec, config, text))
    click.echo(f"removed {wanted}; its entries leave the outputs at the next publish")


def _without(spec: FeedSpec, config: Config, text_in: Callable[[Path], str]) -> dict[Path, str]:
    """The files that list a feed, without it; one that is listed twice would live on."""
    from aggregator.config_listing import is_listed
    from aggregator.splice import remove_feed

    texts = {path: text_in(path) for path in config.files if path != spec.file}
    edited = {path: remove_feed(text, spec.shown_url) for path, text in texts.items() if is_listed(text, spec.shown_url)}
    if spec.file:
        edited[spec.file] = remove_feed(text_in(spec.file), spec.id if spec.id_given else spec.shown_url)
    return edited
