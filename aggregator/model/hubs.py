"""What passes between us and hubs (WebSub): where pushes can be had, whom we tell of what."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What became of a form that was sent to a hub. `status` is None where no answer came; `words` say what happened, for people."""

    status: int | None
    words: str
    retry_after: timedelta | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """How far our hub knows of an output: `written` is the digest of its file (`web.text.fingerprint`), `told` of what the hub was told.

    Where these differ, the hub is to be told, not before `next_at`. `failures` counts the attempts since it last took it; `error` is the
    last of them in words.
    """

    path: str
    written: str
    told: str | None = None
    told_at: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0
    error: str | None = None
