"""What polls cost and brought, counted."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts over some polls.

    `not_modified` were answered 304, `same` brought the bytes that were known already, `failed` failed; the rest brought a document.
    `requests` counts each hop of a redirect, `received_bytes` bodies as they came (compressed), `saved_bytes` what the last document of a
    feed had taken, for each 304. `entries` are new ones, `backlog` new ones that were old when they came (they stood in the first document
    of a feed, or came among many old ones at once); `joined` of both are copies of a story that was known, or came with them.

    >>> Tally(polls=1, requests=2) + Tally(polls=1, failed=1)
    Tally(polls=2, not_modified=0, same=0, failed=1, requests=2, received_bytes=0, saved_bytes=0, entries=0, backlog=0, joined=0)
    """

    polls: int = 0
    not_modified: int = 0
    same: int = 0
    failed: int = 0
    requests: int = 0
    received_bytes: int = 0
    saved_bytes: int = 0
    entries: int = 0
    backlog: int = 0
    joined: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in COUNTS})

    @property
    def read(self) -> int:
        """The polls that brought a document other than the one before."""
        return self.polls - self.not_modified - self.same - self.failed

    @property
    def share_not_modified(self) -> float | None:
        """The share of requests that were answered 304; None without requests."""
        return self.not_modified / self.requests if self.requests else None


COUNTS: tuple[str, ...] = tuple(field.name for field in fields(Tally))
"""The names of all counts, in order."""
