"""Every error this project raises on purpose.

    AggregatorError
    ├── ConfigError(path, problems)       feeds.yaml or the call is wrong: all problems at once, each with its line
    ├── FeedError(url)                    one feed's trouble; caught in one place, pipeline.poll
    │   ├── FetchError
    │   │   ├── Blocked                   refused by us: a private address, a forbidden scheme or redirect
    │   │   ├── Unreachable               no name, no connection, no TLS
    │   │   ├── TimedOut                  the wall-clock deadline passed
    │   │   ├── TooLarge                  more bytes than allowed, counted after inflating
    │   │   ├── Truncated                 the body ended early
    │   │   └── BadStatus(status)         the server answered with an error
    │   │       └── Gone                  410: the publisher has withdrawn the feed
    │   └── ParseError                    not a feed, or not one that can be read within the limits
    ├── StoreError                        the store cannot be opened, locked, read or written
    └── PublishError(path)                one output could not be written; the last good file stays

A library's exception is wrapped where that library lives, `raise … from error`. Anything else is a bug and shows its traceback.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


class AggregatorError(Exception):
    """The root: whatever this project raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration file; `line` counts from 1, 0 where no line can be named."""

    line: int
    message: str


class ConfigError(AggregatorError):
    """The configuration cannot be used. `problems` holds every one that was found, in the order of their lines."""

    def __init__(self, path: Path | str, problems: Sequence[Problem]) -> None:
        self.path = str(path)
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """One line a problem, in the form that editors jump to: `feeds.yaml:12: unknown key 'strp' …`."""
        return [
            f"{self.path}:{problem.line}: {problem.message}" if problem.line else f"{self.path}: {problem.message}"
            for problem in self.problems
        ]


class FeedError(AggregatorError):
    """One feed's trouble. `url` is the shown address (never with a secret), the message is for people."""

    def __init__(self, url: str, message: str) -> None:
        self.url = url
        self.message = message
        super().__init__(f"{url}: {message}")


class FetchError(FeedError):
    """The document could not be had."""


class Blocked(FetchError):
    """We refused to go there: a private address, another scheme, a redirect that must not be followed."""


class Unreachable(FetchError):
    """No such name, no connection, or no TLS that can be trusted."""


class TimedOut(FetchError):
    """The wall-clock deadline of the whole fetch passed."""


class TooLarge(FetchError):
    """The body is larger, after inflating, than one feed may be."""


class Truncated(FetchError):
    """The body ended before it was whole (Content-Length, chunks or the compression's own end mark)."""


class BadStatus(FetchError):
    """The server answered with a status that carries no feed. `retry_after` is what it asked for, counted from its own Date."""

    def __init__(self, url: str, message: str, *, status: int, retry_after: timedelta | None = None) -> None:
        self.status = status
        self.retry_after = retry_after
        super().__init__(url, message)


class Gone(BadStatus):
    """410 (RFC 9110 section 15.5.11): the publisher says that the feed is gone for good."""


class ParseError(FeedError):
    """What came is not a feed, or cannot be read within the limits of time and memory.

    `found` are addresses of feeds that the page names, so that the message can propose them.
    """

    def __init__(self, url: str, message: str, *, found: Sequence[str] = ()) -> None:
        self.found = tuple(found)
        super().__init__(url, message)


class StoreError(AggregatorError):
    """The store cannot be opened, locked, migrated, read or written."""


class PublishError(AggregatorError):
    """One output could not be written. The file that was there stays."""

    def __init__(self, path: Path | str, message: str) -> None:
        self.path = str(path)
        self.message = message
        super().__init__(f"{path}: {message}")
