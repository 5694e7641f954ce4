"""Poll what is due through a pool of threads, and store the results in batches.

One thread (the caller's) leases and records, the others fetch, parse and refine: a commit costs one fsync however many feeds it
carries, and no thread waits for the database.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic

from aggregator.app import App
from aggregator.errors import StoreError
from aggregator.model import FeedSpec, FeedState, PollReport, PollResult
from aggregator.pipeline import poll
from aggregator.ports import Report
from aggregator.refine.stories import same_story
from aggregator.refine.succession import successors

log = logging.getLogger(__name__)

# More than a poll may take (30 s), with room for the queue: a dead worker's feeds come back after this.
LEASE = timedelta(minutes=3)
WORKERS = 32
BATCH_FEEDS = 200
BATCH_WAIT_S = 0.25
# Feeds of one operator start 2 s apart: what becomes free within this time is waited for, what comes later is left to the next run.
PATIENCE = timedelta(seconds=3)

# A daemon with something always due ends its round now and then, to learn the names that feeds have by now.
ROUND = timedelta(minutes=10)

Done = tuple[PollResult, PollReport]


@dataclass(frozen=True, slots=True)
class _Job:
    spec: FeedSpec
    state: FeedState
    lease: str


class Workers:
    """Daemon threads that poll. Unlike an executor's they never hold up the end of the program."""

    def __init__(self, count: int = WORKERS) -> None:
        self._jobs: queue.SimpleQueue[tuple[App, _Job] | None] = queue.SimpleQueue()
        self.done: queue.SimpleQueue[tuple[_Job, Done | BaseException]] = queue.SimpleQueue()
        self.count = count
        self._threads: list[threading.Thread] = []

    def put(self, app: App, job: _Job, waiting: int) -> None:
        """Hand out one job; `waiting` jobs are under way, this one included."""
        if len(self._threads) < min(waiting, self.count):
            thread = threading.Thread(target=self._run, name=f"poll-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put((app, job))

    def close(self) -> None:
        for _ in self._threads:
            self._jobs.put(None)

    def _run(self) -> None:
        while (item := self._jobs.get()) is not None:
            app, job = item
            try:
                self.done.put((job, poll(job.spec, job.state, job.lease, app.ports)))
            except BaseException as bug:  # noqa: BLE001 - handed to the caller, who logs it with its traceback
                bug.add_note(f"while polling {job.spec.id}")
                self.done.put((job, bug))


def poll_due(
    current: Callable[[], App],
    *,
    feeds: Sequence[str] | None = None,
    ignore_holds: bool = False,
    workers: int = WORKERS,
    report: Report = lambda report: None,
    stored: Callable[[int], None] = lambda changes: None,
    stop: threading.Event | None = None,
    endless: bool = False,
) -> list[PollReport]:
    """Poll what is due (or the named feeds, due or not) until nothing is left, and return one report a feed.

    `current` gives the app, asked anew for every round, so that a reload is taken up on the way. `report` is told of each poll once it
    is stored, `stored` of the count of new and changed entries after each batch. When `stop` is set, or the call is broken off, what is
    under way is due again: nobody waits for leases of polls that will not end. Only a killed process leaves them to their time.
    With `endless` (the daemon) a feed may be polled more than once in a call, which ends after `ROUND` at the latest and returns no
    reports; else each is polled at most once, and once more if it was a page that names its feed. Without free space beside the store
    (`App.lacks_space`) nothing is polled.
    """
    run = _Run(current=current, workers=Workers(workers), report=report, stored=stored, stop=stop or threading.Event())
    try:
        return run.due(endless=endless) if feeds is None else run.named(feeds, ignore_holds=ignore_holds)
    finally:
        run.workers.close()
        run.give_back()


def anything_due(app: App) -> bool:
    """Can the poll of a feed start within `PATIENCE`?"""
    now = app.ports.clock()
    due = app.ports.store.next_due(now)
    return due is not None and due <= now + PATIENCE


class _Run:
    """One call of `poll_due`: what is under way, what came back."""

    def __init__(
        self, *, current: Callable[[], App], workers: Workers, report: Report, stored: Callable[[int], None], stop: threading.Event
    ) -> None:
        self.current = current
        self.workers = workers
        self.report = report
        self.stored = stored
        self.stop = stop
        self.under_way: set[str] = set()
        # Pages that named their feeds: these are polled in the same call.
        self.discovered = 0
        self.reports: list[PollReport] = []
        self.keeps_reports = True

    @property
    def app(self) -> App:
        return self.current()

    def due(self, *, endless: bool) -> list[PollReport]:
        """Poll what is due until nothing is left that can start within `PATIENCE`."""
        budget = len(self.app.config.feeds)
        # A daemon would keep its reports for ever; who wants them is told of each.
        self.keeps_reports = not endless
        until = monotonic() + ROUND.total_seconds()
        while not self.stop.is_set() and (monotonic() < until or not endless or self.under_way):
            is_over = endless and monotonic() >= until
            jobs = self._lease(min(self._room(), budget), None, ignore_holds=False) if budget and not is_over else []
            budget -= 0 if endless else len(jobs)
            self._start(jobs)
            if self.under_way:
                self._record(self._collect())
                budget, self.discovered = budget + self.discovered, 0
            elif not budget or not self._wait_for_next():
                break
        return self.reports

    def named(self, feeds: Sequence[str], *, ignore_holds: bool) -> list[PollReport]:
        """Poll these feeds; one that stays held or leased to another process is given up after a while."""
        left = list(feeds)
        patient_until = monotonic() + PATIENCE.total_seconds()
        while not self.stop.is_set() and (left or self.under_way):
            jobs = self._lease(self._room(), left, ignore_holds) if left else []
            for job in jobs:
                left.remove(job.spec.id)
            # Whoever names a feed has it asked, also one that its server said, long ago, to be gone for good.
            self._start([replace(job, state=replace(job.state, not_before=None)) for job in jobs])
            if self.under_way:
                self._record(self._collect())
                patient_until = monotonic() + PATIENCE.total_seconds()
            elif monotonic() > patient_until or self.stop.wait(BATCH_WAIT_S):
                break
        return self.reports

    def give_back(self) -> None:
        """Let the feeds be due whose polls will not be stored."""
        try:
            self.app.ports.store.give_back(sorted(self.under_way), self.app.ports.clock())
        except StoreError as error:
            log.info("what was under way comes back when its leases end: %s", error)

    def _room(self) -> int:
        return max(0, self.workers.count * 2 - len(self.under_way))

    def _start(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            self.under_way.add(job.lease)
            self.workers.put(self.app, job, len(self.under_way))

    def _lease(self, count: int, feeds: Sequence[str] | None, ignore_holds: bool) -> list[_Job]:
        if count <= 0:
            return []
        if self.app.lacks_space:
            return []
        leased = self.app.ports.store.lease(self.app.ports.clock(), LEASE, count, feeds=feeds, ignore_holds=ignore_holds)
        specs = {spec.id: spec for spec in self.app.config.feeds}
        return [_Job(specs[state.id], state, token) for state, token in leased if state.id in specs]

    def _wait_for_next(self) -> bool:
        """Wait until an operator's next feed may start; False if nothing comes within `PATIENCE`."""
        now = self.app.ports.clock()
        due = self.app.ports.store.next_due(now)
        if due is None or due > now + PATIENCE or self.app.lacks_space:
            return False
        return not self.stop.wait(max(0.02, (due - now).total_seconds()))

    def _collect(self) -> list[Done]:
        """What came back: the first result and whatever follows within a moment, so that a commit carries many; maybe nothing yet."""
        got: list[Done] = []
        deadline: float | None = None
        while self.under_way and len(got) < BATCH_FEEDS and not self.stop.is_set():
            try:
                job, item = self.workers.done.get(timeout=BATCH_WAIT_S if deadline is None else max(0.0, deadline - monotonic()))
            except queue.Empty:
                break
            self.under_way.discard(job.lease)
            deadline = deadline or monotonic() + BATCH_WAIT_S
            if isinstance(item, BaseException):
                log.error("a bug: this feed comes back when its lease ends", exc_info=item)
            else:
                got.append(item)
        return got

    def _record(self, done: list[Done]) -> None:
        if not done:
            return
        changes = 0
        self.discovered += sum(result.outcome == "failed" and not result.state.last_error for result, _ in done)
        for report, (new, changed) in zip((report for _, report in done), self._stored_counts(done), strict=True):
            told = replace(report, new=new, changed=changed)
            if report.outcome == "new" and not new and not changed:
                told = replace(told, outcome="unchanged")
            if self.keeps_reports:
                self.reports.append(told)
            self.report(told)
            changes += new + changed
        if changes:
            self.stored(changes)

    def _stored_counts(self, done: list[Done]) -> list[tuple[int, int]]:
        """Record the batch in one transaction; when that is refused, each result in its own, so that one feed costs only itself."""
        results = [result for result, _ in done]
        try:
            return self.app.ports.store.record(results, same_story, successors)
        except StoreError:
            if len(results) == 1:
                raise
        return [self._stored_alone(result) for result in results]

    def _stored_alone(self, result: PollResult) -> tuple[int, int]:
        try:
            return self.app.ports.store.record([result], same_story, successors)[0]
        except StoreError as error:
            log.error("%s: not stored: %s", result.state.id, error)
            return 0, 0
