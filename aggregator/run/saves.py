"""What becomes of a save of feeds.yaml: it is read at once, and its mistakes are named; it is taken up when no publish runs."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from watchfiles import watch

from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import Config
from aggregator.run.health import Health
from aggregator.run.minding import Minded
from aggregator.web.text import counted

# A save is often several events (write, rename, chmod): they are taken up together.
DEBOUNCE_MS: Final = 300
# Who waits no longer than that for a publish need not be told.
AT_ONCE_S: Final = 0.3


class Saves:
    """Watches feeds.yaml and the files that it includes.

    `load` reads them anew, `written` is what is in force, `take_up` puts a new one in its place, which it does while holding `turn`.
    """

    def __init__(
        self,
        *,
        load: Callable[[], Config],
        written: Callable[[], Config],
        take_up: Callable[[Config], None],
        turn: threading.Lock,
        health: Health,
        tell: Callable[[str], None],
        stop: threading.Event,
        running: set[str],
    ) -> None:
        self._load = load
        self._written = written
        self._put = take_up
        self._turn = turn
        self._health = health
        self._tell = tell
        self._stop = stop
        self._running = running
        self._files = written().files or (written().path,)
        self._wanted = written()
        # What is wanted may have been saved before a save that is broken.
        self._is_broken = False

    def watch(self) -> None:
        """Read whatever is saved, until the stop."""
        with self._minded():
            while not self._stop.is_set():
                self._watch_folders(self._folders())

    def _minded(self) -> Minded:
        return Minded(self._health, "reload", self._stop, self._running)

    def _folders(self) -> list[Path]:
        return sorted({path.parent for path in self._files if path.parent.is_dir()})

    def _watch_folders(self, folders: Sequence[Path]) -> None:
        """Read whenever one of the files is saved, until they stand in other folders than these."""
        for changes in watch(
            *folders, stop_event=self._stop, debounce=DEBOUNCE_MS, recursive=False, raise_interrupt=False, ignore_permission_denied=True
        ):
            # By name: a path may lead there through a link.
            if {Path(name).name for _, name in changes} & {path.name for path in self._files}:
                with self._minded():
                    self.read()
            if not {*self._folders()} <= {*folders}:
                return

    def read(self) -> None:
        """Read feeds.yaml as it is now, and take it up, if need be when the publish that runs is done; a broken one leaves the last good
        one in force and says so."""
        try:
            config = self._load()
        except AggregatorError as error:
            self._is_broken = True
            self._refused(error)
            return
        self._files, self._wanted, self._is_broken = config.files, config, False
        if self._turn.acquire(timeout=AT_ONCE_S):
            try:
                self._take_up()
            finally:
                self._turn.release()
        else:
            self._tell(f"{config.path.name} has no mistakes: taken up when the publish that runs is done")
            threading.Thread(target=self._take_up_later, name="take up", daemon=True).start()

    def _take_up_later(self) -> None:
        with self._turn, self._minded():
            if not self._stop.is_set():
                self._take_up()

    def _take_up(self) -> None:
        """Put what is wanted in force. Of several saves that waited the last one that could be read is left, and taken up once."""
        config = self._wanted
        if config == self._written():
            self._recovered()
            return
        try:
            self._put(config)
        except AggregatorError as error:
            self._refused(error)
            return
        if not self._is_broken:
            self._health.config_problems = ()
        self._tell(f"{config.path.name} taken up: {counted(len(config.feeds), 'feed')}, {counted(len(config.outputs), 'output')}")
        for warning in config.warnings:
            self._tell(warning)

    def _refused(self, error: AggregatorError) -> None:
        if isinstance(error, ConfigError):
            self._files = error.files or self._files
            self._health.config_problems = tuple(error.lines())
            for line in error.lines():
                self._tell(line)
            self._tell("feeds.yaml has problems: the last good one stays in force")
        else:
            self._health.config_problems = (str(error),)
            self._tell(str(error))

    def _recovered(self) -> None:
        if self._health.config_problems and not self._is_broken:
            self._health.config_problems = ()
            self._tell("feeds.yaml is as it was: its problems are gone")
