"""The log on stderr: lines for people, or one JSON object a line for programs. Nothing that came from a feed can forge a line in it."""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal, TextIO, cast

from aggregator.cli.aside import Aside
from aggregator.model import PollReport
from aggregator.web.text import counted

Form = Literal["text", "json"]

# urllib3 prints a traceback for an answer that cannot be read, of which the poll speaks in words.
_NOISY = ("apscheduler", "watchfiles", "uvicorn", "alembic", "urllib3")


def plain(text: str) -> str:
    """Text that came from a feed, safe for a terminal and a log: control characters (escape sequences, forged lines) are written out.

    >>> plain("red\\x1b[31m")
    'red\\\\x1b[31m'
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


class _PlainFormatter(logging.Formatter):
    """Lines for people; tracebacks keep their lines."""

    def format(self, record: logging.LogRecord) -> str:
        message = plain(record.getMessage())
        line = f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%SZ} {record.levelname.lower()} {message}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _JsonFormatter(logging.Formatter):
    """One object a line, a traceback within it."""

    def format(self, record: logging.LogRecord) -> str:
        more = {"traceback": self.formatException(record.exc_info)} if record.exc_info else {}
        return json_line(record.levelname.lower(), record.getMessage(), datetime.fromtimestamp(record.created, UTC), more)


class _Handler(logging.StreamHandler[TextIO]):
    """Says nothing of a log that cannot be written: a traceback about it would go to the same place."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def set_up_logging(verbose: bool, form: Form = "text") -> None:
    """Log to stderr; libraries only from warnings on."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if form == "json" else _PlainFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("aggregator").setLevel(logging.DEBUG if verbose else logging.INFO)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.ERROR)


@contextmanager
def log_aside() -> Iterator[Callable[[], bool]]:
    """Let no message wait for who reads the log. What it gives ends that, and tells whether all that was said has been taken.

    On the way out by an error that is done here, so that the error is told last.
    """
    real = sys.stderr
    aside = Aside(real, _left_out)
    handlers = [handler for handler in logging.getLogger().handlers if isinstance(handler, _Handler) and handler.stream is real]

    def told_by(stream: TextIO) -> None:
        sys.stderr = stream
        for handler in handlers:
            handler.setStream(stream)

    def end() -> bool:
        told_by(real)
        return aside.end()

    told_by(cast("TextIO", aside))
    try:
        yield end
    except BaseException:
        end()
        raise


def _left_out(count: int) -> str:
    said = f"{counted(count, 'line')} of this log left out: nobody read them"
    return json_line("warning", said, datetime.now(UTC), {}) if speaks_json() else said


def is_verbose() -> bool:
    """Is everything to be said, also of polls that found nothing new?"""
    return logging.getLogger("aggregator").isEnabledFor(logging.DEBUG)


def speaks_json() -> bool:
    """Was the log set up for programs?"""
    return any(isinstance(handler.formatter, _JsonFormatter) for handler in logging.getLogger().handlers)


def json_line(level: str, message: str, now: datetime, more: Mapping[str, object]) -> str:
    """An event as JSON: `time` (UTC), `level`, `message`, and what else is known of it."""
    said = {"time": f"{now:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z", "level": level, "message": message, **more}
    return json.dumps(said, default=_for_json)


def poll_fields(report: PollReport) -> dict[str, object]:
    """What a program wants to know of one poll."""
    return {
        "event": "poll",
        "feed": report.feed_id,
        "outcome": report.outcome,
        "new": report.new,
        "changed": report.changed,
        "entries": report.total,
        "seconds": report.seconds,
        "next_poll": report.next_poll_at,
        "why": report.why,
        **({"error": report.error, "error_type": report.error_type} if report.error else {}),
        **({"oddities": list(report.oddities)} if report.oddities else {}),
    }


def _for_json(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.total_seconds() if isinstance(value, timedelta) else str(value)
