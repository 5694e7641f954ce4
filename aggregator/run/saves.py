"""What becomes of a save of feeds.yaml: it is read at once, and its mistakes are named; it is taken up when no publish runs."""

import os
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
# Where nothing tells of saves (a mounted file, some network drives), the files are looked at so often.
LOOK_EVERY_MS: Final = 5000
# Who waits no longer than that for a publish need not be told.
AT_ONCE_S: Final = 0.3

# What tells one save of a file from another: its device and number, when it was changed, its size; None where there is none.
Stamp = tuple[int, int, int, int, int] | None


class Saves:
    """Watches feeds.yaml and the files that it includes, and where links lead from there.

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
        # Nothing, so that a save between the start of the program and the first look is read.
        self._seen: dict[Path, Stamp] = {}
        self._wanted = written()
        # What is wanted may have been saved before a save that is broken.
        self._is_broken = False

    def watch(self) -> None:
        """Read whatever is saved, until the stop."""
        with self._minded():
            self._look()
            while not self._stop.is_set():
                self._watch_folders(self._folders())

    def _look(self) -> None:
        """Read when one of the files is another than it was."""
        if any(path not in self._seen or self._seen[path] != _stamp(path) for path in self._files):
            with self._minded():
                self.read()

    def _minded(self) -> Minded:
        return Minded(self._health, "reload", self._stop, self._running)

    def _folders(self) -> list[Path]:
        """Where the files are named and, where these are links, where they lie."""
        places = {folder for path in self._files for folder in (path.parent, Path(os.path.realpath(path)).parent)}
        return sorted(folder for folder in places if folder.is_dir())

    def _watch_folders(self, folders: Sequence[Path]) -> None:
        """Look at every event, and now and then without one, until the files stand in other folders than these."""
        for _ in watch(
            *folders,
            stop_event=self._stop,
            debounce=DEBOUNCE_MS,
            rust_timeout=LOOK_EVERY_MS,
            yield_on_timeout=True,
            recursive=False,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            self._look()
            if not {*self._folders()} <= {*folders}:
                return

    def read(self) -> None:
        """Read feeds.yaml as it is now, and take it up, if need be when the publish that runs is done; a broken one leaves the last good
        one in force and says so."""
        before = {path: _stamp(path) for path in self._files}  # what is saved while we read is read once more
        try:
            config = self._load()
        except AggregatorError as error:
            self._is_broken = True
            self._refused(error)
        else:
            self._files, self._wanted, self._is_broken = config.files, config, False
            self._take_up_soon(config)
        self._seen = {path: before[path] if path in before else _stamp(path) for path in self._files}

    def _take_up_soon(self, config: Config) -> None:
        if self._turn.acquire(timeout=AT_ONCE_S):
            try:
                self._take_up()
            finally:
                self._turn.release()
        else:
            if config != self._written():
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


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size
