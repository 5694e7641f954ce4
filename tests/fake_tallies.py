"""What polls cost and brought, in plain dictionaries."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from aggregator.model import PollResult, StoredEntry, Tally
from aggregator.store.tallies import bound_s, delay_of


class FakeTallies:
    def __init__(self) -> None:
        self._noted: defaultdict[tuple[datetime, str], Tally] = defaultdict(Tally)
        self._seen: Counter[tuple[date, int]] = Counter()

    def note(self, result: PollResult, added: Sequence[tuple[StoredEntry, bool, bool]]) -> None:
        """Count one poll and what it added: each with whether it was old, and whether it joined a story."""
        hour = result.polled_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        tally = result.tally
        for one, is_old, is_joined in added:
            tally += Tally(entries=int(not is_old), backlog=int(is_old), joined=int(is_joined))
            if not is_old and (delay := delay_of(one)) is not None:
                self._seen[hour.date(), bound_s(delay)] += 1
        self._noted[hour, result.state.key] += tally

    def spent(self, since: date) -> dict[str, Tally]:
        found: defaultdict[str, Tally] = defaultdict(Tally)
        for (hour, key), tally in self._noted.items():
            if hour.date() >= since:
                found[key] += tally
        return dict(found)

    def hours(self, since: datetime) -> list[tuple[datetime, Tally]]:
        found: defaultdict[datetime, Tally] = defaultdict(Tally)
        for (hour, _), tally in self._noted.items():
            if hour >= since.replace(minute=0, second=0, microsecond=0):
                found[hour] += tally
        return sorted(found.items(), key=lambda one: one[0])

    def days_of(self, feed_keys: Sequence[str], days: Sequence[date]) -> list[tuple[date, str, Tally]]:
        found: defaultdict[tuple[date, str], Tally] = defaultdict(Tally)
        for (hour, key), tally in self._noted.items():
            if key in feed_keys and hour.date() in days:
                found[hour.date(), key] += tally
        return [(day, key, tally) for (day, key), tally in sorted(found.items(), key=lambda one: one[0])]

    def seen_after(self, since: date) -> list[tuple[date, timedelta, int]]:
        return [(day, timedelta(seconds=bound), count) for (day, bound), count in sorted(self._seen.items()) if day >= since]

    def totals(self) -> Tally:
        return sum(self._noted.values(), Tally())
