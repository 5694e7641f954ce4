"""What hubs know of us and we of them (`ledgers.Hubs`), in plain dictionaries."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model import FeedState, HubSubscription, Notice, PollResult
from tests.fake_feeds import FakeFeeds


class FakeHubs:
    """`written` gives the digests of the outputs' files, by path."""

    def __init__(self, written: Callable[[], Mapping[str, str]], feeds: FakeFeeds) -> None:
        self._feeds = feeds
        self._written = written
        self._told: dict[str, Notice] = {}
        self._subscriptions: dict[str, HubSubscription] = {}
        self._lock = threading.Lock()

    def notices(self) -> list[Notice]:
        files = sorted(self._written().items())
        return [replace(self._told.get(path, Notice(path=path, written=digest)), written=digest) for path, digest in files]

    def note_told(self, notice: Notice) -> None:
        self._told[notice.path] = notice

    def subscriptions(self, feed_key: str | None = None) -> list[HubSubscription]:
        return [one for _, one in sorted(self._subscriptions.items()) if feed_key in (None, one.feed_key)]

    def subscription(self, path: str) -> HubSubscription | None:
        return self._subscriptions.get(path)

    def revise(self, path: str, change: Callable[[HubSubscription | None], HubSubscription | None]) -> HubSubscription | None:
        with self._lock:
            after = change(self._subscriptions.pop(path, None))
            self._subscriptions |= {path: after} if after else {}
            return after

    def take(self, feed_key: str, now: datetime, hold: timedelta) -> tuple[FeedState, str] | None:
        with self._lock:
            return self._feeds.take(feed_key, now, hold)

    def bring_forward(self, feed_key: str, at: datetime, why: str) -> None:
        self._feeds.bring_forward(feed_key, at, why)

    def note(self, result: PollResult) -> None:
        """What a poll or a push says of hubs."""
        for path, one in self._subscriptions.items():
            if result.is_missed and one.feed_key == result.state.key:
                self._subscriptions[path] = one.after_miss()
            elif result.came_by and path == result.came_by[0]:
                self._subscriptions[path] = one.after_push(result.came_by[1], result.polled_at)
