"""Commands for moving in and out: import, export."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.feeds_file import feeds_listed, starter, usable, write
from aggregator.cli.main import cli
from aggregator.cli.show import Session, as_json, say
from aggregator.errors import AggregatorError
from aggregator.model import OutputSpec
from aggregator.web.text import counted

if TYPE_CHECKING:
    from aggregator.migrate import Takeover


@cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "json_", is_flag=True, help="Print what was added and what was not, each with its reason, as JSON.")
@click.pass_obj
def import_(session: Session, file: Path, json_: bool) -> None:
    """Add the feeds of another program to feeds.yaml: an OPML file, a config.ini of Planet, Venus or Pluto, or a list of addresses.

    What cannot be carried over is named with its reason on stderr. A first feeds.yaml also takes over title, link and contact.
    """
    from aggregator.config_address import address_key, shown
    from aggregator.migrate import read
    from aggregator.splice import NewFeed, add_feeds

    try:
        takeover = read(file.read_bytes(), file.name)
    except OSError as error:
        raise AggregatorError(f"{file} cannot be read: {error.strerror}") from error
    is_first = not session.path.exists()
    known = {address_key(spec.shown_url) for spec in feeds_listed(session)}
    fresh = [
        NewFeed(**{one.name: getattr(feed, one.name) for one in fields(feed)})
        for feed in takeover.feeds
        if address_key(feed.url) not in known
    ]
    settings, left = _settings(takeover, session, is_first=is_first)
    if fresh:
        write(session, lambda text: add_feeds(text if session.path.exists() else starter(settings), fresh))
    for line in (*takeover.refused, *left):
        say(f"not carried over: {line}")
    twins = takeover.duplicates + len(takeover.feeds) - len(fresh)
    if json_:
        added = [shown(feed.url) for feed in fresh]
        told = {"added": added, "already_there": twins, "not_carried_over": takeover.refused, "settings": settings, "settings_left": left}
        click.echo(as_json(told))
        return
    for key, value in settings.items():
        click.echo(f"{key}: {value}")
    there = f"{twins} {'was' if twins == 1 else 'were'} there already"
    click.echo(f"{counted(len(fresh), 'feed')} added, {there}, {len(takeover.refused)} not carried over")


def _settings(takeover: "Takeover", session: Session, *, is_first: bool) -> tuple[Mapping[str, str], list[str]]:
    """The settings that a first feeds.yaml takes over, and all that are left behind, with their reasons."""
    if is_first and takeover.feeds:
        settings, refused = usable(takeover.settings, session)
        return settings, [*refused, *takeover.left]
    why = "no feed to begin a feeds.yaml with" if is_first else f"{session.path.name} is there already, and says what it should"
    here = [f"{key}: {value}: {why}" for key, value in takeover.settings.items()]
    return {}, [*here, *takeover.left]


@cli.command()
@click.option("--json", "json_", is_flag=True, help="Print JSON instead of OPML.")
@click.pass_obj
def export(session: Session, json_: bool) -> None:
    """Print the public feeds of feeds.yaml as OPML. Private ones are left out and counted on stderr."""
    from aggregator.publish.edition import compose
    from aggregator.publish.opml import opml, with_address

    with session.app() as app:
        states = {state.id: state for state in app.ports.store.feeds()}
        specs = {states[spec.id].key: spec for spec in app.config.feeds if spec.id in states}
        whole = OutputSpec(path="export.opml", format="opml")
        edition = compose(whole, app.config, (), {state.key: state for state in states.values()}, specs)
    if json_:
        click.echo(as_json(with_address(edition)))
    else:
        click.echo(opml(edition), nl=False)  # bytes, whatever the terminal's encoding: the document says that it is UTF-8
    hidden = len(app.config.feeds) - len(with_address(edition))
    if hidden:
        say(f"{counted(hidden, 'feed')} left out: private or local")
