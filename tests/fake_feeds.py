"""The feeds of `FakeStore`: in line with feeds.yaml, leased, left alone when their operators asked for it. In plain dictionaries."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.model import FeedHead, FeedSpec, FeedState, PollResult, Printed, SeenDocument, Validators
from aggregator.store.feeds import CLOCK_WAS_AHEAD, was_ahead
from aggregator.store.holds import confirmed
from aggregator.store.lease import CLOCK_SLACK, SPACING
from aggregator.store.matching import Known, address_key, match, operator_of, surrogate


@dataclass
class Feed:
    state: FeedState
    added_at: datetime
    operator: str | None
    leads_to: str | None = None
    document_at: datetime | None = None
    seen: SeenDocument | None = None
    token: str | None = None
    lease_until: datetime | None = None

    @property
    def operators(self) -> set[str]:
        return {operator for operator in (self.operator, self.leads_to) if operator}


class FakeFeeds:
    """Not safe for threads: `FakeStore` calls it one at a time."""

    def __init__(self) -> None:
        self.rows: dict[str, Feed] = {}
        self.owners: dict[str, str] = {}
        self.wishes: dict[str, datetime] = {}
        self.whys: dict[str, str] = {}
        self.starts: dict[str, datetime] = {}
        self._leases = 0

    def sync(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        known = [
            Known(
                key=key,
                id=one.state.id,
                address_key=address_key(one.state.shown_url),
                is_active=one.state.active,
                elsewhere=tuple(address_key(url) for url in (one.state.discovered, one.state.redirect_target) if url),
            )
            for key, one in self.rows.items()
        ]
        means = match(specs, known, self.owners)
        wanted = {spec.id: means.get(spec.id) for spec in specs}
        for key, one in self.rows.items():
            if one.state.id in wanted and wanted[one.state.id] != key:
                one.state = replace(one.state, id=f"{one.state.id}~{key}")
        for spec in specs:
            means[spec.id] = self._synced(spec, means.get(spec.id), now)
        self.owners |= {address_key(spec.shown_url): means[spec.id] for spec in reversed(specs)}
        for key, one in self.rows.items():
            if key not in means.values():
                one.state = replace(one.state, active=False)

    def _synced(self, spec: FeedSpec, key: str | None, now: datetime) -> str:
        if key is None:
            key = surrogate(spec.shown_url, self.rows.__contains__)
            state = FeedState(key=key, id=spec.id, shown_url=spec.shown_url, next_poll_at=now, why="new in feeds.yaml")
            self.rows[key] = Feed(state=state, added_at=now, operator=operator_of(spec.shown_url))
            return key
        one = self.rows[key]
        state = one.state
        one.state = replace(
            state, id=spec.id, active=True, next_poll_at=state.next_poll_at if state.active else max(now, state.next_poll_at)
        )
        if was_ahead(state.last_poll_at, state.next_poll_at, now):
            one.state = replace(one.state, next_poll_at=now, why=CLOCK_WAS_AHEAD)
        was_asked = spec.shown_url in (state.discovered, state.redirect_target) and not (state.failures or state.hold)
        if state.shown_url != spec.shown_url and was_asked:
            one.operator = operator_of(spec.shown_url)
            one.state = replace(
                one.state, shown_url=spec.shown_url, discovered=None, redirect_target=None, redirect_since=None, redirect_count=0
            )
        elif state.shown_url != spec.shown_url:
            one.operator, one.leads_to, one.token, one.lease_until = operator_of(spec.shown_url), None, None, None
            one.state = FeedState(
                key=key,
                id=spec.id,
                shown_url=spec.shown_url,
                head=state.head,
                next_poll_at=now,
                why="its address changed in feeds.yaml",
                validators=Validators(),
                last_poll_at=state.last_poll_at,
                last_success_at=state.last_success_at,
                last_change_at=state.last_change_at,
                first_success_at=state.first_success_at,
                refined_by=state.refined_by,
                printed=state.printed,
            )
        return key

    def lease(
        self, now: datetime, hold: timedelta, limit: int, *, feeds: Sequence[str] | None = None, ignore_holds: bool = False
    ) -> list[tuple[FeedState, str]]:
        blocked = set(self._waits(now, wishes=not ignore_holds))
        taken: list[tuple[FeedState, str]] = []
        for one in sorted(self.rows.values(), key=lambda one: (one.state.next_poll_at, one.state.id)):
            state = one.state
            due = state.next_poll_at <= now or state.next_poll_at > now + CLOCK_SLACK if feeds is None else state.id in feeds
            if len(taken) >= limit or not state.active or not due or self._is_leased(one, now) or one.operators & blocked:
                continue
            blocked |= one.operators
            self.starts |= dict.fromkeys(one.operators, now + SPACING)
            taken.append(self._taken(one, now + hold))
        return taken

    def _taken(self, one: Feed, until: datetime) -> tuple[FeedState, str]:
        one.state = replace(one.state, next_poll_at=until)
        return self._held(one, until)

    def _held(self, one: Feed, until: datetime) -> tuple[FeedState, str]:
        self._leases += 1
        one.token, one.lease_until = f"lease {self._leases}", until
        return one.state, one.token

    def take(self, feed_key: str, now: datetime, hold: timedelta) -> tuple[FeedState, str] | None:
        one = self.rows.get(feed_key)
        is_free = one is not None and one.state.active and not self._is_leased(one, now)
        return self._held(one, now + hold) if one and is_free else None

    def give_back(self, leases: Sequence[str], now: datetime) -> None:
        for one in self.rows.values():
            if one.token in leases:
                one.token, one.lease_until, one.state = None, None, replace(one.state, next_poll_at=now)

    def bring_forward(self, feed_key: str, at: datetime, why: str) -> None:
        one = self.rows[feed_key]
        if one.token is None and at < one.state.next_poll_at:
            one.state = replace(one.state, next_poll_at=at, why=why)

    def _is_leased(self, one: Feed, now: datetime) -> bool:
        return one.lease_until is not None and now < one.lease_until <= now + CLOCK_SLACK

    def _waits(self, now: datetime, *, wishes: bool) -> dict[str, datetime]:
        busy = [
            (operator, one.lease_until)
            for one in self.rows.values()
            for operator in one.operators
            if one.lease_until and self._is_leased(one, now)
        ]
        spaced = [(operator, at) for operator, at in self.starts.items() if now < at <= now + SPACING]
        asked = [(operator, at) for operator, at in self.wishes.items() if wishes and now < at <= now + CLOCK_SLACK]
        waits: dict[str, datetime] = {}
        for operator, at in (*busy, *spaced, *asked):
            waits[operator] = max(at, waits.get(operator, at))
        return waits

    def next_due(self, now: datetime) -> datetime | None:
        waits = self._waits(now, wishes=True)
        ready = []
        for one in self.rows.values():
            due = now if one.state.next_poll_at > now + CLOCK_SLACK else one.state.next_poll_at
            if one.state.active:
                ready.append(max(due, *(waits.get(operator, due) for operator in one.operators), due))
        return min(ready, default=None)

    def pauses(self, now: datetime) -> dict[str, tuple[datetime, str]]:
        asked = {operator: until for operator, until in self.wishes.items() if now < until <= now + CLOCK_SLACK}
        active = {key: one.operators & asked.keys() for key, one in self.rows.items() if one.state.active}
        return {key: max((asked[operator], self.whys[operator]) for operator in found) for key, found in active.items() if found}

    def states(self, *, active_only: bool = True) -> list[FeedState]:
        states = sorted((one.state for one in self.rows.values()), key=lambda state: state.id)
        return [state for state in states if state.active or not active_only]

    def find(self, id_or_url: str) -> FeedState | None:
        by_id = {one.state.id: one.state for one in self.rows.values()}
        key = self.owners.get(id_or_url) or self.owners.get(address_key(id_or_url))
        return by_id.get(id_or_url) or (self.rows[key].state if key else None)

    def polled(self, result: PollResult, one: Feed) -> None:
        """Write what a poll says of its feed, and take the lease back."""
        first = one.state.first_success_at or result.state.first_success_at
        first = first or (None if result.outcome == "failed" else result.polled_at)
        before, one.operator = one.operator, operator_of(result.asks or one.state.shown_url)
        printed = Printed(marks=one.state.printed).and_also(result.state.printed).marks
        one.state = replace(
            result.state, printed=printed, first_success_at=first, id=one.state.id, shown_url=one.state.shown_url, active=one.state.active
        )
        one.token = one.lease_until = None
        last = operator_of(result.server) if result.server else one.leads_to
        one.leads_to = None if last == one.operator else last
        operator = operator_of(result.operator_at) if result.operator_at else before
        if operator and result.operator_until:
            self.wishes[operator], self.whys[operator] = result.operator_until, result.operator_why
        if result.outcome == "new":
            one.document_at, one.seen = result.polled_at, result.seen

    def confirm(self, feed_key: str, now: datetime) -> str | None:
        """Confirm a held feed; what it was held for."""
        one = self.rows.get(feed_key)
        if one is None or one.state.hold is None:
            return None
        hold, one.token, one.lease_until = one.state.hold, None, None
        one.state = confirmed(one.state, now)
        return hold

    def forget_head(self, feed_key: str) -> None:
        one = self.rows.get(feed_key)
        if one and not one.state.active:
            one.state = replace(one.state, head=FeedHead(), validators=Validators(), body_hash=None, last_error=None)

    def note_printed(self, feed_key: str, marks: Sequence[str]) -> FeedState | None:
        one = self.rows.get(feed_key)
        if one is None:
            return None
        one.state = replace(one.state, printed=Printed(marks=one.state.printed).and_also(marks).marks)
        return one.state
