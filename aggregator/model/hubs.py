"""What passes between us and hubs (WebSub): where pushes can be had, whom we tell of what."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

_MAX_SEEN: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLinks:
    """Where a server says that a feed's pushes can be had: its hub, and the address to subscribe to (rel=self), if it is told.

    `others` are further hubs, each as good as the first, in the order in which they are named. `is_of_page`: a page said so of the feed
    that it names.
    """

    hub: str
    topic: str | None = None
    is_of_page: bool = False
    others: tuple[str, ...] = ()

    @property
    def hubs(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((self.hub, *self.others)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSubscription:
    """What we asked a feed's hub for, and what came of it.

    `path` is the end of `callback`, the address where pushes arrive: nobody can guess it. `secret` signs them. `mode` is what we want by
    now; the hub was last asked at `asked_at` (`is_pending` until it asks back), asked whether we meant it at `verified_at`, and pushes
    until `lease_until`. It is asked next at `next_at`, at a private address only where `allow_private`; `failures` counts the attempts
    since it last did as it was asked, `error` is the last of them in words. `pushed_at` is the last push that was genuine; `is_trusted`
    while what is new comes by push, so that the feed is hardly polled. `seen` are digests of the latest documents, `forged` counts the
    pushes whose signature was missing or wrong.
    """

    path: str
    feed_key: str
    hub: str
    topic: str
    callback: str
    secret: str = field(repr=False)
    next_at: datetime
    mode: Literal["subscribe", "unsubscribe"] = "subscribe"
    allow_private: bool = False
    asked_at: datetime | None = None
    is_pending: bool = False
    verified_at: datetime | None = None
    lease_until: datetime | None = None
    failures: int = 0
    error: str | None = None
    pushed_at: datetime | None = None
    is_trusted: bool = False
    pushes: int = 0
    forged: int = 0
    seen: tuple[str, ...] = ()

    def is_standing(self, now: datetime) -> bool:
        """Has the hub taken it on, for longer than until now?"""
        return self.mode == "subscribe" and self.lease_until is not None and now < self.lease_until

    def after_push(self, digest: str, now: datetime) -> "HubSubscription":
        """A document with this digest came from the hub, which is relied on from now on."""
        seen = (*self.seen, digest)[-_MAX_SEEN:]
        return replace(self, pushed_at=now, is_trusted=self.is_standing(now), pushes=self.pushes + 1, seen=seen)

    def after_miss(self) -> "HubSubscription":
        """A poll found what the hub had not pushed, or it pushes no more: it is not relied on until it pushes again."""
        return replace(self, is_trusted=False)


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
