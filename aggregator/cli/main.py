"""The group of all commands, its options, and what becomes of errors."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from aggregator import __version__
from aggregator.cli.log import Form, set_up_logging
from aggregator.cli.show import Session, build, fail
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import Config

if TYPE_CHECKING:
    from aggregator.app import App

Command = TypeVar("Command", bound=Callable[..., None])


class _Group(click.Group):
    """Lists its commands in the order of use and turns our errors into one plain line each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and (close := get_close_matches(args[0], self.commands, 1)):
            ctx.fail(f"no such command {args[0]!r} (did you mean {close[0]!r}?)")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if type(error) is not click.UsageError:
                raise  # An option or argument in the wrong form: there the usage helps.
            where = error.ctx.command_path if error.ctx else "aggregator"
            fail([f"{where}: {error.format_message()}"], 2)
        except ConfigError as error:
            fail(error.lines(), 2)
        except AggregatorError as error:
            fail([str(error)], 1)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(0)
        except OSError as error:
            _drop_stdout()
            # What a store, an output or a server refuses has an error of its own; left is what is printed, redirected to a full disk.
            fail([f"{error.filename or 'what is to be printed'} cannot be written: {error.strerror or error}"], 1)


def _drop_stdout() -> None:
    # Else the interpreter tries to write what is left once more at its end, and prints a traceback.
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_closed_streams() -> None:
    """Who starts us may have closed what is ours from the start (`>&-`): no file that we open, such as the store, may get its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            taken = os.open(os.devnull, os.O_RDWR)
            if taken != number:
                os.dup2(taken, number)
            setattr(sys, name, os.fdopen(number, "w" if number else "r"))


def _spell_out_what_cannot_be_shown() -> None:
    """Where stdout is to be written in an encoding that lacks a letter (“ in ISO 8859-1), its number stands for it, as on stderr."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


@contextmanager
def _ended_at_once() -> Iterator[None]:
    """While commands are imported nothing has begun: who presses Ctrl-C then wants no traceback of an import."""
    is_ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let a command that is told to end (by `timeout`, a CI job that is cancelled, a terminal that is closed) give back what it has taken.

    What is ignored already, as under `nohup`, stays so.
    """
    is_main = threading.current_thread() is threading.main_thread()
    ours = [number for number in (signal.SIGTERM, signal.SIGHUP) if is_main and signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def ended_well() -> Iterator[None]:
    """Within `ended_in_order`, for a command that goes on until it is told to end: then it has done what it was asked for."""
    ours = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is _end]
    for number in ours:
        signal.signal(number, lambda came, frame: sys.exit(0))
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, _end)


def _end(number: int, frame: object) -> None:
    sys.exit(128 + number)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=Path("feeds.yaml"),
    show_default=True,
    envvar="AGGREGATOR_CONFIG",
    show_envvar=True,
    help="The file that names the feeds.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say of every poll what it found, also of those that found nothing new.")
@click.option(
    "--log",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="AGGREGATOR_LOG",
    show_envvar=True,
    help="How messages on stderr are written: lines for people, or a JSON object a line.",
)
@click.version_option(__version__, "-V", "--version", prog_name="aggregator")
@click.pass_context
def cli(ctx: click.Context, path: Path, verbose: bool, form: Form) -> None:
    """Poll feeds, remember where each entry originally appeared, and publish merged feeds that say so."""
    set_up_logging(verbose, form)
    ctx.obj = Session(path.absolute(), ctx.obj or build)


def main(arguments: Sequence[str] | None = None, build: Callable[[Config], "App"] = build) -> None:
    """Run the command line with the app that `build` makes. Exits the process."""
    _open_closed_streams()
    _spell_out_what_cannot_be_shown()
    with _ended_at_once():
        from aggregator.cli import asking, editing, holding, keeping, ledger, moving, running, status, stories  # noqa: F401 - each adds its commands to the group

    order = [
        "init",
        "check",
        "config",
        "add",
        "remove",
        "import",
        "export",
        "poll",
        "publish",
        "update",
        "run",
        "status",
        "explain",
        "confirm",
        "join",
        "split",
        "release",
        "reprocess",
        "forget",
        "backup",
        "restore",
        "prune",
        "version",
    ]
    cli.commands = {name: cli.commands[name] for name in order}
    with ended_in_order():
        cli(args=list(arguments) if arguments is not None else None, prog_name="aggregator", obj=build)
