"""When the daemon's jobs run: at even steps from now on, however far the clock has moved since they ran last."""

from datetime import datetime, timedelta

from apscheduler.triggers.base import BaseTrigger


class Steady(BaseTrigger):  # type: ignore[misc]  # it has no types
    """Due each `every`; what was missed while the machine slept or the clock jumped is one run.

    APScheduler's own interval lists every time that was missed before it makes one run of them: of a year, 31 million for a job of each
    second, for which it takes gigabytes and minutes, and holds the lock that all other jobs need.
    """

    __slots__ = ("_every",)

    def __init__(self, every: timedelta) -> None:
        self._every = every

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The first time after `now`, `every` after the last one where that is still to come."""
        planned = (previous_fire_time or now) + self._every
        return planned if planned > now else now + self._every
