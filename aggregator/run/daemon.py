"""The daemon: a handful of APScheduler jobs (poll what is due, publish after changes, ask lists and hubs, maintain) around one `App`.

Poll times are rows in the store, so the scheduler only ticks: a late tick polls what is due by then, a restart polls nothing that is
not. The main thread watches the clock with the monotonic one, because interval jobs stall when the wall clock is set back.
"""

import logging
import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from aggregator.announcing import announce
from aggregator.app import LACKS_SPACE, App, new_secret
from aggregator.errors import StoreError
from aggregator.lists import give_back, refresh, report_lines, troubles
from aggregator.model import Config, JsonValue, ListSpec, PollReport, PublishReport
from aggregator.pipeline import publish
from aggregator.prune import prune
from aggregator.publish.websub import link_field
from aggregator.run.beginning import Beginning
from aggregator.run.callbacks import Callbacks
from aggregator.run.health import SILENCE, Health
from aggregator.run.lock import DaemonLock
from aggregator.run.minding import Minded
from aggregator.run.notify import READY, STOPPING, Notifier
from aggregator.run.poller import anything_due, poll_due
from aggregator.run.saves import Saves
from aggregator.run.server import WebServer
from aggregator.run.standing import board
from aggregator.run.steady import Steady
from aggregator.subscribing import ask_hubs, bring_in_line
from aggregator.web.host import host_of
from aggregator.web.text import counted

log = logging.getLogger(__name__)

TICK = timedelta(seconds=1)
PUBLISH_EVERY = timedelta(seconds=2)
ANNOUNCE_EVERY = timedelta(seconds=2)
# Lists are asked once a day; so often it is seen that one is due, or that somebody confirmed one.
LISTS_EVERY = timedelta(seconds=5)
# One form to each hub's operator at a time, as with polls.
ASK_HUBS_EVERY = timedelta(seconds=2)
# What feeds say of hubs is looked through when something new came, and so often for leases that have ended ...
SUBSCRIBE_EVERY = timedelta(minutes=1)
# ... but it must not take more than a twentieth of the time.
SUBSCRIBE_REST = 20
MAINTAIN_EVERY = timedelta(hours=24)
REPUBLISH_EVERY = timedelta(minutes=10)
# How far wall clock and monotonic clock may part between two looks before the jobs are set anew.
MAX_CLOCK_JUMP_S = 30.0
# ... and before its date is believed so far that texts are dropped for their age.
MAX_TRUSTED_JUMP_S = 86_400.0
STOP_WITHIN_S = 8.0
# A round asks for the app every few seconds; what keeps it longest is the first publish of a very large store, for which it waits.
MAX_SILENCE_S = 900.0


class Daemon:
    """Polls, publishes, serves and reloads until it is stopped.

    `load` reads feeds.yaml anew; `tell` is given lines for people, `notifier` what the service manager wants to hear. `lock` is the
    store's, which whoever built the app may hold already; it is given back at the end. Raises `AggregatorError` from `run` when another
    daemon has the store or the port is taken.
    """

    def __init__(
        self,
        app: App,
        *,
        load: Callable[[], Config],
        tell: Callable[[str], None],
        report: Callable[[PollReport], None],
        serve: bool = True,
        notifier: Notifier | None = None,
        lock: DaemonLock | None = None,
    ) -> None:
        self.app = app
        self.tell = tell
        self.report = report
        self.serve = serve
        self.health = Health()
        self.stop = threading.Event()
        self.notifier = notifier or Notifier()
        self.lock = lock or DaemonLock(Path(app.config.store))
        self._running: set[str] = set()
        self._moved = monotonic()
        self._beginning = Beginning(app.ports.store, app.config.feeds, app.config.lists)
        self._dirty = threading.Event()
        self._dirty.set()
        self._swap = threading.Lock()
        self._learnt = threading.Event()
        self._set_back = threading.Event()
        self._apart = self._clocks_apart()
        self._hubs = threading.Event()
        self._hubs.set()
        self._hubs_from = 0.0
        self._ask_at: datetime | None = None
        self._members: dict[str, int] = {}
        self._asked: deque[ListSpec] = deque(maxlen=1)
        self.saves = Saves(
            load=load,
            written=lambda: self.app.written,
            take_up=self._take_up,
            turn=self._swap,
            health=self.health,
            tell=tell,
            stop=self.stop,
            running=self._running,
        )
        self.callbacks = Callbacks(lambda: self.app, report=self._reported, stored=self._stored, wait=self.stop.wait)

    # ── life ──

    def run(self) -> bool:
        """Run until SIGTERM, SIGINT, SIGHUP or `stop`. Ends within 10 s, what is under way is cut short; tell whether a job still is."""
        with self.lock:
            server = self._server()
            scheduler = self._scheduler()
            survives = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN  # nohup
            ends = (signal.SIGTERM, signal.SIGINT, *(() if survives else (signal.SIGHUP,)))
            previous = {name: signal.signal(name, self._on_signal) for name in ends}
            watcher = threading.Thread(target=self.saves.watch, name="reload", daemon=True)
            try:
                if server:
                    server.start()
                    self.tell(f"serving {self.app.config.root} at {server.address}")
                scheduler.start()
                watcher.start()
                self.notifier.tell(READY)
                self._mind_the_clock(scheduler)
            finally:
                self.stop.set()
                self.notifier.tell(STOPPING)
                for name, handler in previous.items():
                    signal.signal(name, handler)
                self._end(scheduler, server)
        return bool(self._running)

    def _server(self) -> WebServer | None:
        if not self.serve:
            return None
        config = self.app.config
        return WebServer(
            root=config.root,
            host=config.listen_host,
            port=config.listen_port,
            token=config.token,
            health=self.told_health,
            hosts=lambda: (host_of(link),) if (link := self.app.config.link) else (),
            link_field=lambda path: link_field(self.app.config, path),
            callbacks=self.callbacks,
            board=board(lambda: self.app, self.health, self._dirty.set),
            secret=new_secret(),
        )

    def told_health(self) -> dict[str, JsonValue]:
        """What `/healthz` answers: what the jobs found, and the feeds that are held, which is no failure."""
        try:
            held: dict[str, JsonValue] = dict(self.app.ports.store.holds())
        except StoreError as error:
            return self.health.told() | {"ok": False, "store": str(error)}
        return self.health.told() | {"held": held}

    def _scheduler(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})

        def add(name: str, job: Callable[[], object], every: timedelta, **first: datetime) -> None:
            # A thread for each job, always the same: the C library keeps a heap for each thread, and what a publish takes for a moment
            # (40 MB, most of it to compress) would stay in the heap of every one that ever published.
            scheduler.add_executor(ThreadPoolExecutor(1), name)
            scheduler.add_job(job, Steady(every), executor=name, id=name, **first)

        now = self.app.ports.clock()
        add("poll", self._poll, TICK, next_run_time=now)
        add("publish", self._publish, PUBLISH_EVERY, next_run_time=now + PUBLISH_EVERY)
        add("lists", self._ask_lists, LISTS_EVERY, next_run_time=now)
        add("announce", self._announce, ANNOUNCE_EVERY)
        if self.serve:
            # Without a server nobody could ask whether we meant it.
            add("subscribe", self._hubs.set, SUBSCRIBE_EVERY)
            add("ask hubs", self._ask_hubs, ASK_HUBS_EVERY)
        add("republish", self._dirty.set, REPUBLISH_EVERY)
        add("maintain", self._maintain, MAINTAIN_EVERY, next_run_time=now + timedelta(minutes=1))
        return scheduler

    def _on_signal(self, number: int, frame: object) -> None:
        self.tell(f"{signal.Signals(number).name}: stopping")
        self.stop.set()

    def _mind_the_clock(self, scheduler: BackgroundScheduler) -> None:
        """Wait for the stop; when the wall clock jumps, let every job start at once instead of at a time that was."""
        apart = self._clocks_apart()
        while not self.stop.wait(1.0):
            self._give_a_sign()
            apart = self._heed_the_clock(scheduler, apart)

    def _clocks_apart(self) -> float:
        return self.app.ports.clock().timestamp() - monotonic()

    def _heed_the_clock(self, scheduler: BackgroundScheduler, apart: float) -> float:
        """See whether wall clock and monotonic clock are still as many seconds apart; tell how many they are now."""
        moved = self._clocks_apart() - apart
        if abs(moved) <= MAX_CLOCK_JUMP_S:
            return apart
        log.warning("the clock moved by %.0f s: jobs are set anew", moved)
        if moved < 0:
            self._set_back.set()
        now = self.app.ports.clock()
        for job in scheduler.get_jobs():
            job.modify(next_run_time=now)
        return apart + moved

    def _give_a_sign(self) -> None:
        """Let the service manager know that polling goes on; silence makes it start the daemon anew."""
        silent_s = monotonic() - self._moved
        if silent_s < MAX_SILENCE_S:
            self.health.trouble.pop(SILENCE, None)
            self.notifier.alive()
        else:
            self.health.trouble[SILENCE] = f"polling has not moved for {silent_s:.0f} s"
        trouble = "; ".join(tuple(self.health.trouble.values()))
        self.notifier.status(trouble or f"{counted(len(self.app.config.feeds), 'feed')}, last poll {self.health.last_poll or 'to come'}")

    def _move(self) -> None:
        """Note that something goes on."""
        self._moved = monotonic()

    def _current(self) -> App:
        """The app, for a poll round, which asks for it at every step."""
        self._move()
        return self.app

    def _end(self, scheduler: BackgroundScheduler, server: WebServer | None) -> None:
        began = monotonic()
        if scheduler.running:
            scheduler.shutdown(wait=False)
        if server:
            server.stop()
        # Jobs under way see the stop; they get what is left of the time before the store closes under them.
        while self._running and monotonic() - began < STOP_WITHIN_S:
            threading.Event().wait(0.05)
        if "lists" in self._running and self._asked:
            with self._minded("stop"):
                give_back(self._asked[0], self.app.ports)
        self.app.close()

    # ── jobs ──

    def _poll(self) -> None:
        self._move()
        with self._minded("space"):
            if self.app.lacks_space:
                raise StoreError(LACKS_SPACE)
        with self._minded("poll"):
            if self._set_back.is_set():
                # What was polled while the clock was ahead is planned from there.
                self._set_back.clear()
                with self._swap:
                    self.app = self.app.with_members()
            # What feeds are called is read when somebody asks for it: of thousands of feeds, each second, it would be most of an idle
            # daemon's work.
            if not (anything_due(self.app) or self._learnt.is_set()):
                return
            self._learnt.clear()
            with self._swap:
                self.app = self.app.with_known_sources()
            poll_due(self._current, report=self._reported, stored=self._stored, stop=self.stop, endless=True)

    def _reported(self, report: PollReport) -> None:
        now = self.app.ports.clock()
        self.health.last_poll = now.isoformat(timespec="seconds")
        # Polls are recorded again; the round that does it may go on for minutes.
        self.health.trouble.pop("poll", None)
        self._beginning.answered(report, now)
        self.report(report)

    def _stored(self, changes: int) -> None:
        self._learnt.set()
        self._beginning.stored()
        self._dirty.set()
        self._hubs.set()

    def _publish(self) -> None:
        if not self._dirty.is_set() or self.stop.is_set() or self._beginning.is_waiting:
            return
        self._dirty.clear()
        with self._minded("publish"), self._swap:
            try:
                reports = publish(self.app.ports, progress=lambda path: self._move())
            except BaseException:
                self._dirty.set()
                raise
            self._told(reports)

    def _told(self, reports: Sequence[PublishReport]) -> None:
        """Say what changed, and each error once; what failed is tried again."""
        known = self.health.publish_errors
        self.health.publish_errors = {done.path: done.error for done in reports if done.error}
        for path, error in self.health.publish_errors.items():
            self._dirty.set()
            if known.get(path) != error:
                log.error("%s: %s", path, error)
        for done in reports:
            for said in (done.listed, *done.notes) if done.changed else ():
                self.tell(f"{done.path}: {said}")
        self._note_held_back()
        self.health.last_publish = self.app.ports.clock().isoformat(timespec="seconds")

    def _note_held_back(self) -> None:
        """Say of which feeds more of a backlog is held back than was known."""
        held = self.app.ports.store.held_back()
        known = self.health.held_back
        self.health.held_back = {state.id: held[state.key] for state in self.app.ports.store.feeds() if state.key in held} if held else {}
        for feed, count in self.health.held_back.items():
            if count > known.get(feed, 0):
                log.warning("%s: held back as backlog: %s; to publish: aggregator release %s", feed, counted(count, "entry"), feed)

    def _ask_lists(self) -> None:
        """Ask the lists of feeds that are due, and poll whom they name by now, whoever asked or confirmed them."""
        if self.stop.is_set() or not self.app.written.lists:
            return
        with self._minded("lists"):
            for report in [] if self.app.lacks_space else refresh(self.app.ports, begun=self._asked.append):
                for line in report_lines(report):
                    self.tell(line)
            members = {address: mark for address, (mark, _) in self.app.ports.store.lists.marks().items()}
            if members != self._members:
                with self._swap:
                    self.app = self.app.with_members()
                self._members = members
                self._dirty.set()
            self._note_lists()

    def _note_lists(self) -> None:
        """Say once of each list what is the matter with it."""
        app = self.app
        known, self.health.lists = self.health.lists, troubles(app.config, app.ports.store.lists.states(), app.ports.clock())
        for name, said in self.health.lists.items():
            if name not in known:
                log.warning("%s: %s", name, said)

    def _announce(self) -> None:
        if self.stop.is_set():
            return
        with self._minded("announce"):
            for told in announce(self.app.ports):
                if told.error:
                    log.warning("%s: the hub %s was not told: %s", told.path, told.hub, told.error)
                else:
                    self.tell(f"{told.path}: the hub {told.hub} was told")

    def _ask_hubs(self) -> None:
        if self.stop.is_set():
            return
        with self._minded("ask hubs"):
            began = monotonic()
            if self._hubs.is_set() and began >= self._hubs_from:
                self._hubs.clear()
                bring_in_line(self.app.ports, new_secret)
                self._hubs_from = monotonic() + SUBSCRIBE_REST * (monotonic() - began)
                self._ask_at = None
            self.callbacks.note_forged()
            now = self.app.ports.clock()
            if self._ask_at is None or now >= self._ask_at:
                self._ask_at = ask_hubs(self.app.ports) or now + SUBSCRIBE_EVERY

    def _maintain(self) -> None:
        with self._minded("maintain"):
            apart = self._clocks_apart()
            moved, self._apart = apart - self._apart, apart
            if moved > MAX_TRUSTED_JUMP_S:
                # What is pruned does not come back when the clock does. Of a machine that slept, a day more is no matter.
                log.warning("no old texts are dropped before tomorrow: the clock has moved by %.0f days", moved / 86_400)
                return
            pruned = prune(self.app.ports.store, self.app.config, self.app.ports.clock())
            if pruned.entries:
                log.info("pruned the texts of %s", counted(pruned.entries, "old entry"))

    def _minded(self, job: str) -> Minded:
        return Minded(self.health, job, self.stop, self._running)

    def _take_up(self, config: Config) -> None:
        self.app = self.app.reconfigured(config)
        self._dirty.set()
        self._hubs.set()
