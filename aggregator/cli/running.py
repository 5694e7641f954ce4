"""Commands that do the work: poll, publish, update, run."""

import os
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

import click

from aggregator.cli.log import is_verbose, log_aside, poll_fields, speaks_json
from aggregator.cli.main import cli, ended_well
from aggregator.cli.show import Session, advance, as_json, need_feed, need_list, plain, poll_line, progress, say, warn
from aggregator.errors import AggregatorError, Offline
from aggregator.model import PollReport, PublishReport
from aggregator.web.text import counted

if TYPE_CHECKING:
    from aggregator.app import App

_PATIENCE_S = 3.0
_LOOK_AGAIN_S = 0.25

_PAUSED = "its server asked for a pause, or another process is polling it (--force asks in spite of a pause)"
_BUSY = "another process is polling it; if that was killed, it can be polled again within"

STRICT = click.option("--strict", is_flag=True, help="Exit with 1 if any feed failed.")
JSON = click.option("--json", "json_", is_flag=True, help="Print the reports as JSON.")


@cli.command()
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.option("--force", is_flag=True, help="Also ask servers that asked for a pause (Retry-After); without a name, poll every feed.")
@JSON
@STRICT
@click.pass_obj
def poll(session: Session, feeds: Sequence[str], force: bool, json_: bool, strict: bool) -> None:
    """Poll what is due, or the named feeds now.

    Named feeds, and lists of feeds, are polled whether due or not, but never while their server wants a pause. Requests stay conditional.
    """
    with session.app() as app:
        warn(app.written)
        lists = {one.id: name for name in feeds if (one := need_list(app.config, name))}
        app = _ask_lists(app, lists if feeds else None)
        everything = [spec.id for spec in app.config.feeds if not spec.opt_out]
        names = [need_feed(app.config, name) for name in feeds if name not in lists.values()]
        reports = [] if lists and not names else _poll(app, names or (everything if force else None), force, quiet=json_)
    if json_:
        click.echo(as_json(reports))
    _exit(reports, [], strict)


@cli.command()
@JSON
@click.pass_obj
def publish(session: Session, json_: bool) -> None:
    """Write the outputs anew from what is stored; files that did not change are left alone."""
    with session.app() as app:
        warn(app.written)
        reports = _publish(app, quiet=json_)
        _announce(app)
    if json_:
        click.echo(as_json(reports))
    _exit([], reports, strict=False)


@cli.command()
@JSON
@STRICT
@click.pass_obj
def update(session: Session, json_: bool, strict: bool) -> None:
    """Poll what is due, publish, and exit: for cron and CI."""
    with session.app() as app:
        warn(app.written)
        app = _ask_lists(app, None)
        polled = _poll(app, None, force=False, quiet=json_)
        published = _publish(app.with_known_sources(), quiet=json_)
        _announce(app)
    if json_:
        click.echo(as_json({"polls": polled, "outputs": published}))
    _exit(polled, published, strict)


@cli.command()
@click.option("--no-server", is_flag=True, help="Do not serve the outputs; something else does.")
@click.pass_obj
def run(session: Session, no_server: bool) -> None:
    """Poll, publish and serve until stopped; feeds.yaml is taken up when it is saved."""
    with ended_well():  # the imports, too, which take half of a start
        _run(session, serve=not no_server)


def _run(session: Session, *, serve: bool) -> None:
    from aggregator.run.daemon import Daemon
    from aggregator.run.lock import DaemonLock
    from aggregator.run.notify import from_environment

    config = session.config()
    with log_aside() as end_log:
        warn(config)
        # Before the store is opened: opening it brings its feeds in line with this feeds.yaml, and its tables with this version.
        with DaemonLock(Path(config.store)) as lock:
            app = session.build(config)
            say(f"{counted(len(config.feeds), 'feed')}, {counted(len(config.outputs), 'output')}; stop with Ctrl-C")
            notifier = from_environment(os.environ)
            daemon = Daemon(app, load=session.config, tell=say, report=tell, serve=serve, notifier=notifier, lock=lock)
            is_busy = daemon.run()
        is_told = end_log()
    if is_busy or not is_told:
        # The interpreter would wait for threads that hang, or publish for minutes, or for who reads its log no more. What is under way may
        # be killed at any moment.
        os._exit(0)


def tell(report: PollReport) -> None:
    """One line a poll; for people, what is odd about a feed stands below, and what is looked for every few minutes (a file, the
    network) is told of when it is another thing than before."""
    from aggregator.config_address import is_local

    is_asked_often = is_local(report.shown_url) or report.error_type == Offline.__name__
    if report.is_as_before and is_asked_often and not (speaks_json() or is_verbose()):
        return
    say(poll_line(report), poll_fields(report))
    for oddity in () if speaks_json() or report.outcome == "unchanged" else report.oddities:
        say(f"  {oddity}")


def _ask_lists(app: "App", names: Collection[str] | None) -> "App":
    """Ask the lists of feeds that are due, or these; the app with the feeds that they name then."""
    from aggregator.lists import refresh, report_lines

    if not app.config.lists or app.lacks_space:
        return app
    reports = refresh(app.ports, names)
    patient_until = monotonic() + _PATIENCE_S
    # A server that was asked a moment ago is asked again after another.
    while (left := set(names or ()) - {report.list_id for report in reports}) and monotonic() < patient_until:
        Event().wait(_LOOK_AGAIN_S)
        reports += refresh(app.ports, left)
    for name in sorted(left):
        say(f"{name}: not asked: its server asked for a pause, or another process is asking it")
    for report in reports:
        for line in report_lines(report):
            say(line)
    return app.with_members() if any(report.joined or report.left for report in reports) else app


def _poll(app: "App", feeds: Sequence[str] | None, force: bool, quiet: bool) -> list[PollReport]:
    from aggregator.app import LACKS_SPACE
    from aggregator.collect.polite import words
    from aggregator.run.poller import LEASE, poll_due

    with progress("polling", len(feeds) if feeds is not None else len(app.config.feeds)) as bar:

        def report(done: PollReport) -> None:
            advance(bar)
            if speaks_json() or is_verbose() or done.outcome == "failed" or (not quiet and done.outcome == "new"):
                say(poll_line(done), poll_fields(done))

        reports = poll_due(lambda: app, feeds=feeds, ignore_holds=force, report=report)
    if app.lacks_space:
        say(LACKS_SPACE)
    if feeds is not None:
        for name in sorted(set(feeds) - {done.feed_id for done in reports}):
            say(f"{name}: not polled: {f'{_BUSY} {words(LEASE)}' if force else _PAUSED}")
    if not quiet:
        polled = {done.feed_id for done in reports}
        say(f"{len(polled)} polled, {len(failing(reports))} failed, {counted(sum(done.new for done in reports), 'new entry')}")
    return sorted(reports, key=lambda done: done.feed_id)


def failing(reports: Iterable[PollReport]) -> set[str]:
    """The feeds whose last poll failed. A page that only names its feed counts for nothing where that feed was read after it."""
    last = {done.feed_id: done.outcome for done in reports}
    return {feed for feed, outcome in last.items() if outcome == "failed"}


def _publish(app: "App", quiet: bool) -> list[PublishReport]:
    from aggregator.pipeline import publish as publish_all

    with progress("publishing", len(app.config.outputs)) as bar:
        reports = publish_all(app.ports, progress=lambda path: advance(bar))
    files = {output.path for output in app.config.outputs}
    for done in reports:
        if done.error:
            say(f"{done.path}: {done.error}")
        elif not quiet:
            # What stands beside outputs is told by its kind ("stylesheets"): there is no file of that name.
            path = app.config.root / done.path if done.path in files else done.path
            click.echo(plain(f"{path}: {done.listed}{'' if done.changed else ', unchanged'}"))
        for note in done.notes:
            say(f"{done.path}: {note}")
    return reports


def _announce(app: "App") -> None:
    """Tell the hub of what changed; what it does not take now waits for the next run."""
    from aggregator.announcing import announce

    for told in announce(app.ports):
        say(f"{told.path}: the hub {told.hub} " + (f"was not told: {told.error}" if told.error else "was told"))


def _exit(polled: Sequence[PollReport], published: Sequence[PublishReport], strict: bool) -> None:
    """0 done; 1 when all that was tried failed, or with `strict` when anything did."""
    failed = failing(polled)
    if published and all(done.error for done in published):
        raise AggregatorError("no output could be written")
    if strict and (failed or any(done.error for done in published)):
        sys.exit(1)
    if not published and polled and failed == {done.feed_id for done in polled}:
        raise AggregatorError("no feed could be polled")
