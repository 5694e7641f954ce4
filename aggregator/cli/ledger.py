"""Commands that change what is stored: reprocess, forget."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from aggregator.cli.main import cli
from aggregator.cli.show import Query, Session, advance, as_json, need_feed, plain, progress, say
from aggregator.web.text import counted

if TYPE_CHECKING:
    from aggregator.forget import Forgettable
    from aggregator.model import Config


@cli.command()
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.option("--all", "everything", is_flag=True, help="Also what today's rules refined already: sources may have other names by now.")
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def reprocess(session: Session, feeds: Sequence[str], everything: bool, json_: bool) -> None:
    """Apply today's rules (phrases, strip, sanitizer) to what is stored, without asking any feed.

    Ids, places in the outputs and dates stay; only an entry whose text itself changes counts as updated. It may be broken off at any
    time and goes on where it was.
    """
    from aggregator.reprocess import reprocess as again
    from aggregator.reprocess import work

    with session.app() as app:
        names = [need_feed(app.config, name) for name in feeds] or None
        todo = work(app.ports, names, everything=everything)
        with progress("refining", sum(len(one.stale) for one in todo)) as bar:
            done = [again(one, app.ports, lambda count: advance(bar, count)) for one in todo]
    entries, changed, texts = (sum(getattr(one, name) for one in done) for name in ("entries", "changed", "texts"))
    if json_:
        click.echo(as_json({"entries": entries, "changed": changed, "texts": texts, "feeds": done}))
    else:
        for one in done:
            if one.changed:
                click.echo(
                    plain(f"{one.feed}: {one.changed} of {counted(one.entries, 'entry')} changed, {one.texts} of them have another text")
                )
        click.echo(f"{changed} of {counted(entries, 'entry')} changed")
    if changed:
        say("the next publish writes them out (a running daemon does so within ten minutes)")


@cli.command()
@click.argument("query", type=Query(), metavar="FEED|URL|ID")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def forget(session: Session, query: str, yes: bool, json_: bool) -> None:
    """Erase the entries of a feed, or the story at an address or id, for good: texts, raw forms, versions.

    Only hashes are kept, which keep what was forgotten from ever coming back, also from a backup. At the next publish it leaves every
    output. A feed may have left feeds.yaml.
    """
    from aggregator.app import new_secret
    from aggregator.forget import forget as erase
    from aggregator.forget import forgettable

    with session.app() as app:
        store = app.ports.store
        what = forgettable(query, store)
        if what is None:
            since = store.forgotten(query)
            raise click.UsageError(
                f"{query!r} was forgotten on {since:%Y-%m-%d}" if since else f"nothing that is stored is called {query!r}"
            )
        for line in _what(query, what):
            say(line)
        if what.chosen and not yes:
            _ask()
        with progress("forgetting", len(what.chosen)) as bar:
            gone = erase(what, store, app.ports.clock(), new_secret(), lambda count: advance(bar, count))
        if _still_polled(what, app.config, {state.key: state.id for state in store.feeds()}):
            say("feeds.yaml still has this feed: what it publishes from now on comes in, unless it says `opt_out: true`")
    if json_:
        click.echo(as_json({"forgotten": gone, "feeds": what.feeds, "outputs": what.outputs}))
    else:
        click.echo(f"{counted(gone, 'entry')} forgotten")
    if what.outputs:
        say("they leave the outputs at the next publish (a running daemon does so within ten minutes)")


def _what(query: str, what: "Forgettable") -> list[str]:
    lines = [f"{query}: {counted(len(what.chosen), 'entry')} ({_counted(what.feeds) or 'all are forgotten already'})"]
    lines += [f"  “{title}”" for title in what.titles]
    return [*lines, f"  listed in: {_counted(what.outputs) or 'no output'}"]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} in {name}" for name, count in counts.items())


def _ask() -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("this cannot be undone: say --yes where nobody can be asked")
    click.confirm("Their texts, raw forms and versions are erased; this cannot be undone. Go on?", abort=True, err=True)


def _still_polled(what: "Forgettable", config: "Config", ids: Mapping[str, str]) -> bool:
    polled = {spec.id for spec in config.feeds if not spec.opt_out}
    return what.feed_key in ids and ids[what.feed_key or ""] in polled
