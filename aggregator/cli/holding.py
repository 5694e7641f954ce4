"""The command that ends a hold, of a feed or of a list of feeds: confirm."""

import click

from aggregator.cli.main import cli
from aggregator.cli.show import Session, as_json, need_feed, need_list, plain, say
from aggregator.web.text import counted


@cli.command()
@click.argument("feed", metavar="FEED|LIST")
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def confirm(session: Session, feed: str, json_: bool) -> None:
    """Say that a held feed is right as it is now: it was renamed, sold or moved.

    What it brought meanwhile is published, with its real dates and as much at once as of a newly added feed.
    Of a list that names many new feeds at once: that they are all to be polled.
    """
    from aggregator.lists import confirm as confirm_list
    from aggregator.refine.stories import same_story
    from aggregator.refine.succession import successors

    with session.app() as app:
        if listed := need_list(app.config, feed):
            taken = confirm_list(listed, app.ports)
            if taken is None:
                raise click.UsageError(f"nothing of {listed.id} is held")
            click.echo(as_json({"list": listed.id, "taken": taken}) if json_ else f"{listed.id}: {counted(taken, 'feed')} taken up")
            return
        name = need_feed(app.config, feed)
        state = app.ports.store.feed(name)
        released = app.ports.store.confirm(state.key, app.ports.clock(), same_story, successors) if state else None
    if state is None or released is None:
        raise click.UsageError(f"{name} is not held")
    entries = counted(released, "entry")
    if json_:
        click.echo(as_json({"feed": name, "was_held": state.hold, "released": released}))
    else:
        click.echo(plain(f"{name} is confirmed: {entries} that came meanwhile may be published"))
    say("its next poll is due now; the next publish shows them (a running daemon does so within ten minutes)")
