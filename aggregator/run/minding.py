"""A job's trouble must not end the daemon."""

import logging
import threading

from aggregator.errors import AggregatorError
from aggregator.run.health import Health

log = logging.getLogger(__name__)


class Minded:
    """Around one job: what it raises is named in the health, logged once, and gone from there when the job works again.

    `running` holds the jobs under way. While the daemon stops, nothing is said: the store closes under them.
    """

    def __init__(self, health: Health, job: str, stop: threading.Event, running: set[str]) -> None:
        self.health = health
        self.job = job
        self.stop = stop
        self.running = running

    def __enter__(self) -> None:
        self.running.add(self.job)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        self.running.discard(self.job)
        if error is None:
            self.health.trouble.pop(self.job, None)
            return False
        if not isinstance(error, Exception):
            return False
        if self.stop.is_set():
            return True
        known, self.health.trouble[self.job] = self.health.trouble.get(self.job), str(error) or type(error).__name__
        if known == self.health.trouble[self.job]:
            return True  # said once; it stays in the health until it is over
        if isinstance(error, AggregatorError):
            log.error("%s: %s", self.job, error)
        else:
            log.error("%s: a bug", self.job, exc_info=error)
        return True
