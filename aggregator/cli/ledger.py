"""Commands that change what is stored: reprocess."""

from collections.abc import Sequence

import click

from aggregator.cli.main import cli
from aggregator.cli.show import Session, advance, as_json, need_feed, plain, progress, say


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
                click.echo(plain(f"{one.feed}: {one.changed} of {one.entries} entries changed, {one.texts} of them have another text"))
        click.echo(f"{changed} of {entries} entries changed")
    if changed:
        say("the next publish writes them out (a running daemon does so within ten minutes)")
