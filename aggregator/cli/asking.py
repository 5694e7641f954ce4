"""Commands that answer: status, explain, version."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from aggregator import __version__
from aggregator.cli.main import cli
from aggregator.cli.show import Session, ahead, as_json, plain, print_lines
from aggregator.model import FeedState, JsonValue
from aggregator.web.text import counted


@cli.command()
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.option("--all", "everything", is_flag=True, help="Also feeds that are no longer in feeds.yaml.")
@click.pass_obj
def status(session: Session, json_: bool, everything: bool) -> None:
    """Show each feed: last success, last error, next poll and why. Trouble comes first."""
    from aggregator.app import LACKS_SPACE

    with session.app() as app:
        states = sorted(app.ports.store.feeds(active_only=not everything), key=_trouble_first)
        # All tables are counted for programs only: that takes seconds in a large store.
        counts, held = app.ports.store.counts(*(() if json_ else ("entry", "story"))), app.ports.store.held_back()
        lacks_space = app.lacks_space
    if json_:
        click.echo(
            as_json(
                {
                    "feeds": [{**_as_dict(state), "held_back": held.get(state.key, 0)} for state in states],
                    "counts": counts,
                    "lacks_space": lacks_space,
                }
            )
        )
        return
    _print_table(states)
    for state in states:
        if count := held.get(state.key):
            click.secho(plain(_held_back(state, count)), fg="yellow")
    click.echo(
        f"{counted(counts.get('entry', 0), 'entry')} in {counted(counts.get('story', 0), 'story')} from {counted(len(states), 'feed')}"
    )
    if lacks_space:
        click.secho(LACKS_SPACE, fg="red")


def _trouble_first(state: FeedState) -> tuple[bool, bool, str]:
    return (state.last_error is None, state.hold is None, state.id)


def _held_back(state: FeedState, count: int) -> str:
    what = f"{counted(count, 'entry')} {'is' if count == 1 else 'are'}"
    return f"{state.id}: {what} held back as backlog that came at once; to list them: aggregator release {state.id}"


def _as_dict(state: FeedState) -> dict[str, JsonValue]:
    return {
        "id": state.id,
        "address": state.shown_url,
        "title": state.head.title,
        "active": state.active,
        "last_poll": _iso(state.last_poll_at),
        "last_success": _iso(state.last_success_at),
        "last_change": _iso(state.last_change_at),
        "last_error": state.last_error,
        "failures": state.failures,
        "next_poll": _iso(state.next_poll_at),
        "why": state.why,
        "hold": state.hold,
        "discovered": state.discovered,
        "redirect": state.redirect_target,
        "oddities": list(state.head.oddities),
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None


def _print_table(states: Sequence[FeedState]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    now = datetime.now(UTC)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("feed", "state", "last success", "next poll", "why"):
        table.add_column(name, overflow="fold", no_wrap=name == "next poll")
    for state in states:
        style = "red" if state.last_error else "yellow" if state.head.oddities or state.hold else ""
        table.add_row(
            Text(plain(state.id)),
            Text(plain(_in_a_word(state)), style=style),
            ahead(state.last_success_at, now) if state.last_success_at else "never",
            ahead(state.next_poll_at, now) if state.active else "no longer polled",
            Text(plain(state.why)),
        )
    Console(highlight=False).print(table)


def _in_a_word(state: FeedState) -> str:
    if state.last_error:
        return f"{state.last_error}" + (f" ({state.failures} times)" if state.failures > 1 else "")
    if state.hold:
        return f"held {state.hold}. If that is right: aggregator confirm {state.id}"
    if state.head.oddities:
        return "; ".join(state.head.oddities)
    return "good" if state.last_success_at else "not polled yet"


@cli.command()
@click.argument("query", metavar="URL|ID")
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def explain(session: Session, query: str, json_: bool) -> None:
    """Tell where an entry came from, which claims and rules decided, and in which outputs it stands or why not."""
    from aggregator.explain import explain as explained
    from aggregator.telling import tell

    with session.app() as app:
        told = explained(query, app.ports.store, app.config, app.ports.clock())
    if json_:
        click.echo(as_json(told))
    else:
        print_lines(tell(told))


@cli.command()
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
def version(json_: bool) -> None:
    """Print the version of the program and of the libraries that matter for bug reports."""
    import platform
    from importlib.metadata import version as installed

    names = ("requests", "urllib3", "feedparser", "feedgen", "apscheduler", "lxml", "nh3", "sqlalchemy")
    parts = {"aggregator": __version__, "python": platform.python_version(), **{name: installed(name) for name in names}}
    click.echo(as_json(parts) if json_ else "\n".join(f"{name} {number}" for name, number in parts.items()))
