"""Lists of feeds on the web (`ledgers.Lists`), in plain dictionaries. It knows no operators: nobody has to wait for another."""

from collections.abc import Callable
from datetime import datetime, timedelta

from aggregator.model import ListState
from aggregator.store.lists import due_at, is_due


class FakeLists:
    def __init__(self) -> None:
        self._states: dict[str, ListState] = {}
        self._revisions: dict[str, int] = {}
        self.wishes: dict[str, tuple[datetime, str]] = {}

    def states(self) -> dict[str, ListState]:
        return dict(sorted(self._states.items()))

    def marks(self) -> dict[str, tuple[int, datetime]]:
        return {address: (self._revisions.get(address, 0), state.asked.next_poll_at) for address, state in self._states.items()}

    def take(self, start: ListState, now: datetime, hold: timedelta) -> ListState | None:
        state = self._states.get(start.asked.shown_url, start)
        if not is_due(state, now):
            return None
        self._states[start.asked.shown_url] = due_at(state, now + hold)
        return state

    def revise(self, address: str, change: Callable[[ListState], ListState]) -> ListState | None:
        before = self._states.get(address)
        if before is None:
            return None
        after = self._states[address] = change(before)
        self._revisions[address] = self._revisions.get(address, 0) + (after.members != before.members)
        return after

    def bring_forward(self, address: str, now: datetime) -> None:
        known = self._states.get(address)
        if known and known.asked.last_poll_at:
            self._states[address] = due_at(known, min(now, known.asked.next_poll_at))

    def note_wish(self, address: str, until: datetime, why: str) -> None:
        self.wishes[address] = (until, why)
