"""Every error this project raises on purpose.

    AggregatorError
    ├── ConfigError(path, problems)       feeds.yaml or the call is wrong: all problems at once, each with its line
    ├── FeedError(url)                    one feed's trouble; caught in one place, pipeline.poll
    │   ├── FetchError
    │   │   ├── Blocked                   refused by us: a forbidden scheme or redirect
    │   │   │   └── Private               … an address that is not public
    │   │   ├── Unreachable               no connection
    │   │   │   ├── Nameless              … the host's name is not known
    │   │   │   ├── Distrusted            … no TLS that can be trusted
    │   │   │   └── NoFile                … a local file that cannot be read
    │   │   ├── TimedOut                  the wall-clock deadline passed
    │   │   ├── TooLarge                  more bytes than allowed, counted after inflating
    │   │   ├── Truncated                 the body ended early
    │   │   └── BadStatus(status)         the server answered with an error
    │   │       ├── Challenged            it wants proof of a browser
    │   │       └── Gone                  410: the publisher has withdrawn the feed
    │   └── ParseError                    not a feed, or not one that can be read within the limits
    │       └── ChallengePage             a page that wants proof of a browser
    ├── StoreError                        the store cannot be opened, locked, read or written
    └── PublishError(path)                one output could not be written; the last good file stays

A library's exception is wrapped where that library lives, `raise … from error`. Anything else is a bug and shows its traceback.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

# Statuses that each ask something else of an operator; those from `_SERVERS` on are the server's own trouble.
_SPOKEN_OF = frozenset({401, 403, 404, 410, 429})
_SERVERS = 500


class AggregatorError(Exception):
    """The root: whatever this project raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration file; `line` counts from 1, 0 where no line can be named.

    `file` is the file where that is another one than the error's: one that is included.
    """

    line: int
    message: str
    file: str = ""


class ConfigError(AggregatorError):
    """The configuration cannot be used. `problems` holds every one that was found, file by file, in the order of their lines.

    `files` are all files that it was read from, or that were wanted for it.
    """

    def __init__(self, path: Path | str, problems: Sequence[Problem], files: Sequence[Path] = ()) -> None:
        self.path = str(path)
        order = {name: number for number, name in enumerate(dict.fromkeys(["", *(problem.file for problem in problems)]))}
        self.problems = tuple(sorted(problems, key=lambda problem: (order[problem.file], problem.line)))
        self.files = tuple(files)
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """One line a problem, in the form that editors jump to: `feeds.yaml:12: unknown key 'strp' …`."""
        return [
            f"{problem.file or self.path}:{problem.line}: {problem.message}"
            if problem.line
            else f"{problem.file or self.path}: {problem.message}"
            for problem in self.problems
        ]


class FeedError(AggregatorError):
    """One feed's trouble. `url` is the shown address (never with a secret), the message is for people.

    `kind` names what an operator can do about it (a key of `advice.toml`). `requests` and `received_bytes` are what was spent until then,
    `server` is the one that was asked last (scheme, host and port), `pause` what one that led there asks for: for how long it wants to be
    left alone, and which it is.
    """

    kind: str = "unreadable"
    requests: int = 0
    received_bytes: int = 0
    server: str | None = None
    pause: tuple[timedelta, str] | None = None

    def __init__(self, url: str, message: str) -> None:
        self.url = url
        self.message = message
        super().__init__(f"{url}: {message}")


class FetchError(FeedError):
    """The document could not be had."""


class Blocked(FetchError):
    """We refused to go there: a private address, another scheme, a redirect that must not be followed."""

    kind = "redirect"


class Private(Blocked):
    """The address is, or leads to, one that is not public."""

    kind = "private"


class Unreachable(FetchError):
    """No such name, no connection, or no TLS that can be trusted."""

    kind = "connection"


class Nameless(Unreachable):
    """The host's name cannot be found."""

    kind = "name"


class Offline(Unreachable):
    """This machine reaches no name server, or no network at all: the feed's own server was not asked, and is not to blame."""

    kind = "offline"


class Distrusted(Unreachable):
    """No TLS that can be trusted."""

    kind = "tls"


class NoFile(Unreachable):
    """A local file that cannot be read."""

    kind = "file"


class TimedOut(FetchError):
    """The wall-clock deadline of the whole fetch passed."""

    kind = "slow"


class TooLarge(FetchError):
    """The body is larger, after inflating, than one feed may be."""

    kind = "large"


class Truncated(FetchError):
    """The body ended before it was whole (Content-Length, chunks or the compression's own end mark)."""

    kind = "broken"


class BadStatus(FetchError):
    """The server answered with a status that carries no feed. `retry_after` is what it asked for, counted from its own Date."""

    def __init__(self, url: str, message: str, *, status: int, retry_after: timedelta | None = None) -> None:
        self.status = status
        self.kind = str(status) if status in _SPOKEN_OF else "server" if status >= _SERVERS else "status"
        self.retry_after = retry_after
        super().__init__(url, message)


class Challenged(BadStatus):
    """The server wants proof that a person with a browser asks."""

    def __init__(self, url: str, message: str, *, status: int, retry_after: timedelta | None = None) -> None:
        super().__init__(url, message, status=status, retry_after=retry_after)
        self.kind = "challenge"


class Gone(BadStatus):
    """410 (RFC 9110 section 15.5.11): the publisher says that the feed is gone for good."""


class ParseError(FeedError):
    """What came is not a feed, or cannot be read within the limits of time and memory.

    `found` are addresses of feeds that the page names, so that the message can propose them, `titles` what it calls each of these; `hub` is
    the hub that it names, and what for.
    """

    kind = "no_feed"

    def __init__(
        self, url: str, message: str, *, found: Sequence[str] = (), titles: Sequence[str] = (), hub: tuple[str, str | None] | None = None
    ) -> None:
        self.found = tuple(found)
        self.titles = tuple(titles)
        self.hub = hub
        super().__init__(url, message)


class ChallengePage(ParseError):
    """What came in place of the feed wants proof that a person with a browser asks."""

    kind = "challenge"


class StoreError(AggregatorError):
    """The store cannot be opened, locked, migrated, read or written."""


class PublishError(AggregatorError):
    """One output could not be written. The file that was there stays."""

    def __init__(self, path: Path | str, message: str) -> None:
        self.path = str(path)
        self.message = message
        super().__init__(f"{path}: {message}")
