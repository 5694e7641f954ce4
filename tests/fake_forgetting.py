"""What `FakeStore` must never take up again, in a plain dictionary."""

from dataclasses import replace
from datetime import datetime

from aggregator.model import Entry, StoredEntry
from aggregator.ports import FORGOTTEN
from aggregator.store.forget import without_words
from aggregator.store.stops import entry_marks, named_pages, own_pages, page_mark, told_mark, told_marks


class FakeForgetting:
    def __init__(self) -> None:
        self._stops: dict[str, datetime] = {}

    def _is_stopped(self, feed_key: str, entry: Entry) -> bool:
        return not self._stops.keys().isdisjoint([*entry_marks(feed_key, entry), *map(page_mark, named_pages(entry))])

    def _forgotten_entry(self, stored: StoredEntry, now: datetime, *, with_pages: bool) -> StoredEntry:
        marks = [*entry_marks(stored.feed_key, stored.entry), *told_marks(stored.entry)]
        for mark in [*marks, *map(page_mark, own_pages(stored.entry))] if with_pages else marks:
            self._stops.setdefault(mark, now)
        return replace(stored, entry=without_words(stored.entry), withdrawn=f"{FORGOTTEN}{now:%Y-%m-%d}")

    def forgotten(self, address: str) -> datetime | None:
        return self._stops.get(page_mark(address)) or self._stops.get(told_mark(address))
