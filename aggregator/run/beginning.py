"""The first seconds of a planet: it waits for its first entries, instead of publishing pages with nothing on them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from aggregator.model import FeedSpec, ListSpec, PollReport
from aggregator.ports import Store

FIRST_ENTRIES_WITHIN_S: Final = 30.0
"""As long as one feed may take."""


class Beginning:
    """Waits until something is stored or all feeds have answered, and never for long; not where a feed was read in an earlier life.

    `lists` name more feeds, nobody knows how many: with one of them it waits for the first entries.
    """

    def __init__(self, store: Store, feeds: Sequence[FeedSpec], lists: Sequence[ListSpec] = ()) -> None:
        self._until = monotonic() + FIRST_ENTRIES_WITHIN_S
        is_new = all(state.last_success_at is None for state in store.feeds())
        self._awaited = {spec.id for spec in feeds if not spec.opt_out} | {one.id for one in lists} if is_new else set()

    @property
    def is_waiting(self) -> bool:
        return bool(self._awaited) and monotonic() < self._until

    def answered(self, report: PollReport, now: datetime) -> None:
        """Wait no longer for a feed, unless it is a page that named its feed, which is asked in a moment."""
        is_soon = report.next_poll_at is not None and report.next_poll_at - now < timedelta(seconds=FIRST_ENTRIES_WITHIN_S)
        if report.outcome != "failed" or not is_soon:
            self._awaited.discard(report.feed_id)

    def stored(self) -> None:
        self._awaited.clear()
