"""What commands share: the session, printing, progress bars."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from aggregator.cli.log import json_line, speaks_json
from aggregator.cli.log import plain as plain
from aggregator.model import Config, ListSpec, PollReport
from aggregator.web.text import ahead as ahead_of
from aggregator.web.text import counted

if TYPE_CHECKING:
    from rich.progress import Progress

    from aggregator.app import App
    from aggregator.telling import Line


def build(config: Config) -> "App":
    """What `app.build` makes; its libraries are imported only when a command needs an app."""
    from aggregator import app

    return app.build(config)


@dataclass(frozen=True, slots=True)
class Session:
    """What the group hands to each command: which feeds.yaml, absolute, and how the app is made that it describes."""

    path: Path
    build: "Callable[[Config], App]" = build

    def config(self) -> Config:
        """Read feeds.yaml. Raises `ConfigError`."""
        from aggregator.config import load

        return load(self.path, os.environ)

    @contextmanager
    def app(self) -> "Iterator[App]":
        """Build the app for one command and close it afterwards."""
        app = self.build(self.config())
        try:
            yield app
        finally:
            app.close()


class Query(click.ParamType):  # type: ignore[type-arg]  # click 8.1 knows no argument there
    """An address or an id, as it was typed; bytes that are no UTF-8 (from a terminal in another encoding) stand in nothing stored."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value.encode("utf-8", "replace").decode("utf-8")


def warn(config: Config) -> None:
    """Say what feeds.yaml could do better, once."""
    for line in config.warnings:
        _speak(line, "warning", {}, fg="yellow")


def say(line: str, more: Mapping[str, object] | None = None) -> None:
    """A message on stderr; where programs read it, with more that is known of it."""
    _speak(line, "info", more or {})


def fail(lines: Sequence[str], code: int) -> NoReturn:
    """Say what is wrong, a line each, and exit."""
    for line in lines:
        _speak(line, "error", {}, fg="red")
    sys.exit(code)


def _speak(line: str, level: str, more: Mapping[str, object], fg: str | None = None) -> None:
    # A log on a full disk: nobody can be told, and what is being done for the feeds goes on.
    with suppress(OSError):
        if speaks_json():
            click.echo(json_line(level, line, datetime.now(UTC), more), err=True)
        else:
            click.secho(plain(line), err=True, fg=fg)


def as_json(value: object) -> str:
    r"""JSON for programs: dataclasses as objects, instants as ISO 8601 text, spans in seconds. In ASCII where stdout is not UTF-8.

    >>> print(as_json("é \x9b1m"))
    "é \u009b1m"
    """
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    written = json.dumps(value, default=_json_default, ensure_ascii=not is_unicode, indent=2)
    # A terminal may take them for orders; JSON says them as well by their numbers.
    return _ORDERS.sub(lambda found: f"\\u{ord(found.group()):04x}", written)


def _json_default(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}  # what is within is asked about in its turn
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_ORDERS = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_TONES = {"plain": "", "head": "bold", "good": "green", "bad": "red", "soft": "dim"}
_LABEL_CHARS = 18


def print_lines(lines: "Sequence[Line]") -> None:
    """Print labelled lines on stdout: laid out in two columns on a terminal, each on one line of its own elsewhere."""
    if not sys.stdout.isatty():
        for line in lines:
            click.echo(("\n" if line.tone == "head" and line is not lines[0] else "") + _unwrapped(line))
        return
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines:
        text = Text(plain(line.text), style=_TONES[line.tone], overflow="fold")
        if line.label is None:
            above = 1 if line.tone == "head" and line is not lines[0] else 0
            console.print(Padding(text, (above, 0, 0, 0)))
            continue
        row = Table.grid(padding=(0, 2))
        row.add_column(width=_LABEL_CHARS, overflow="fold", style="cyan")
        row.add_column(overflow="fold")
        row.add_row(Text(plain(line.label)), text)
        console.print(Padding(row, (0, 0, 0, 2)))


def _unwrapped(line: "Line") -> str:
    if line.label is None:
        return plain(line.text)
    return f"  {plain(line.label):<{_LABEL_CHARS}}  {plain(line.text)}".rstrip()


def poll_line(report: PollReport) -> str:
    """One poll in one line.

    >>> poll_line(PollReport(feed_id="garden", shown_url="https://garden.example/feed", outcome="new", new=2, total=5, why="every 60 min"))
    'garden: 2 new of 5 entries'
    """
    if report.outcome == "failed":
        when = f"; next try {ahead(report.next_poll_at)}" if report.next_poll_at else ""
        return f"{report.feed_id}: {report.error}{when} ({report.why})"
    if report.outcome == "unchanged" or (report.outcome == "pushed" and not report.new and not report.changed):
        return f"{report.feed_id}: {'pushed, ' if report.outcome == 'pushed' else ''}nothing new"
    changed = f", {report.changed} changed" if report.changed else ""
    held = ", kept back: the feed is held" if report.hold else ""
    pushed = ", pushed by its hub" if report.outcome == "pushed" else ""
    return f"{report.feed_id}: {report.new} new{changed} of {counted(report.total, 'entry')}{pushed}{held}"


def ahead(instant: datetime | None, now: datetime | None = None) -> str:
    """How far ahead (or back) an instant is, in the largest fitting unit."""
    return ahead_of(instant, now or datetime.now(UTC))


@contextmanager
def progress(title: str, total: int) -> "Iterator[Progress | None]":
    """A progress bar on stderr for long work, on a terminal only; None elsewhere."""
    if not sys.stderr.isatty() or total < 2:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task(title, total=total)
        yield bar


def advance(bar: "Progress | None", count: int = 1) -> None:
    """Move a bar on, if there is one."""
    if bar is not None:
        bar.advance(bar.task_ids[0], count)


def need_list(config: Config, name: str) -> ListSpec | None:
    """The list of feeds that `name` (an id or an address) means, if any."""
    return next((one for one in config.lists if name in (one.id, one.asked.shown_url)), None)


def need_feed(config: Config, name: str) -> str:
    """The id of the feed that `name` (an id or an address) means. Raises `UsageError` with what was close."""
    from difflib import get_close_matches

    from aggregator.web.url import feed_address_key

    ids = [spec.id for spec in config.feeds]
    if name in ids:
        return name
    key = feed_address_key(name)
    found = next((spec.id for spec in config.feeds if name == spec.shown_url or key == feed_address_key(spec.shown_url)), None)
    if found:
        return found
    close = get_close_matches(name, ids, 1)
    raise click.UsageError(f"feeds.yaml has no feed {name!r}" + (f" (did you mean {close[0]!r}?)" if close else ""))
