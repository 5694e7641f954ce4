"""Commands that keep the store: backup, restore, prune."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.main import cli
from aggregator.cli.show import Session, as_json, say
from aggregator.errors import AggregatorError
from aggregator.web.text import counted, sized

if TYPE_CHECKING:
    from aggregator.store.backup import Copied, PutBack

_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@cli.command()
@_FILE
@click.option("--replace", is_flag=True, help="Replace a file of that name, once the new copy is whole.")
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def backup(session: Session, file: Path, replace: bool, json_: bool) -> None:
    """Copy the store into one file, also while a daemon works with it: its state at one moment, read whole and found sound.

    feeds.yaml and the outputs are not in it.
    """
    from aggregator.store.backup import save

    store, target = _store(session), file.absolute()
    if target.exists() and (target.samefile(store) if store.exists() else False):
        raise click.UsageError(f"{file} is the store itself")
    if target.exists() and not replace:
        raise click.UsageError(f"{file} is there already: name another file, or say --replace")
    if target.exists() and not _is_copy(target):
        raise click.UsageError(f"{file} is no copy of a store, and is not replaced by one: name another file")
    copied = save(store, target)
    if json_:
        click.echo(as_json({"file": target, **_fields(copied)}))
    else:
        click.echo(f"{file}: {_held(copied)}, {sized(copied.size_bytes)}")


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def restore(session: Session, file: Path, json_: bool) -> None:
    """Put a copy that `backup` made in the place of the store, which is kept beside it under another name.

    The daemon must be stopped. A copy of an older version is brought up to date; what was forgotten since it was made is forgotten again.
    """
    from aggregator.app import utc_now
    from aggregator.run.lock import DaemonLock
    from aggregator.store.backup import restore as put_back

    store = _store(session)
    with DaemonLock(store):
        done = put_back(file.absolute(), store, _beside(store, utc_now()))
    if json_:
        click.echo(as_json({"store": store, "kept": done.kept, "forgotten_again": done.forgotten_again, **_fields(done.copied)}))
        return
    click.echo(f"{store.name} is what {file} held: {_held(done.copied)}")
    _say_more(done)


def _is_copy(file: Path) -> bool:
    """Is this an SQLite file, or an empty one? Whatever else stands there (feeds.yaml, say) was named by mistake."""
    try:
        with file.open("rb") as opened:
            return opened.read(16) in {b"", b"SQLite format 3\0"}
    except OSError as error:
        raise AggregatorError(f"{file} cannot be read: {error.strerror}") from error


def _held(copied: "Copied") -> str:
    return f"{counted(copied.entries, 'entry')} of {counted(copied.feeds, 'feed')}"


def _say_more(done: "PutBack") -> None:
    from aggregator.store.schema import REVISIONS

    if done.copied.revision != REVISIONS[-1]:
        say(f"it was of an older version (revision {done.copied.revision}) and was brought up to date")
    if done.forgotten_again:
        were, them = ("was", "it") if done.forgotten_again == 1 else ("were", "them")
        again = counted(done.forgotten_again, "entry")
        say(f"{again} that {were} forgotten since {were} forgotten again; the file still holds {them}")
    if done.kept:
        say(f"the store that was there is {done.kept.name} now; delete it when all is well")
    say("next: aggregator publish, or start the daemon")


@cli.command()
@click.option("--older-than", metavar="AGE", help="Another age than `retain: { text: … }` of feeds.yaml, such as 90d or 1y.")
@click.option("--dry-run", is_flag=True, help="Only say what would be freed.")
@click.option("--compact", is_flag=True, help="Also give the room back to the disk: needs as much free as the store has; writers wait.")
@click.option("--json", "json_", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def prune(session: Session, older_than: str | None, dry_run: bool, compact: bool, json_: bool) -> None:
    """Drop the texts, raw forms and versions of entries that no feed has shown for long; a daemon does so every day.

    The ledger is kept: ids, where and when an entry was seen, its claims, its places in the outputs. What an output still lists keeps its
    text.
    """
    from aggregator.prune import prunable
    from aggregator.prune import prune as let_go

    age = _age(older_than) if older_than else None
    with session.app() as app:
        freed = (prunable if dry_run else let_go)(app.ports.store, app.config, app.ports.clock(), age)
    verb = "would be dropped" if dry_run else "dropped"
    if not json_:
        texts, versions = counted(freed.entries, "entry"), counted(freed.versions, "earlier version")
        click.echo(f"the texts of {texts} and {versions} {verb}: {sized(freed.size_bytes)}")
    given_back = _compacted(session) if compact and not dry_run else None
    if json_:
        click.echo(as_json({**_fields(freed), "given_back_bytes": given_back, "dry_run": dry_run}))
    elif given_back is not None:
        click.echo(f"{sized(given_back)} given back to the disk")
    elif freed.size_bytes and not dry_run:
        say("the store uses that room again; --compact gives it back to the disk")


def _compacted(session: Session) -> int:
    from aggregator.store.backup import compact

    return compact(_store(session))


def _age(text: str) -> timedelta:
    from aggregator.config_values import span

    try:
        return span(text)
    except ValueError as error:
        raise click.UsageError(f"--older-than: {error}") from error


def _store(session: Session) -> Path:
    """The file of the store: where its name is a link, what that leads to is replaced, not the link."""
    return Path(session.config().store).resolve()


def _beside(store: Path, now: datetime) -> Path:
    """A name that no file has, for the store that is replaced."""
    name = f"{store.name}.replaced-{now:%Y%m%dT%H%M%SZ}"
    names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
    return next(path for path in map(store.with_name, names) if not path.exists())


def _fields(value: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(value)  # type: ignore[call-overload, no-any-return]
