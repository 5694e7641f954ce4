"""feeds.yaml as a file: how a first one looks, and how an edited one takes the old one's place."""

import contextlib
import fcntl
import os
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final

from aggregator.cli.show import Session
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import FeedSpec

# How often an edit begins anew because somebody saved the file meanwhile, and how long it waits for that of another command.
_ATTEMPTS: Final = 5
_PATIENCE_S: Final = 10.0
_LOOK_AGAIN_S: Final = 0.02

Edit = Callable[[Callable[[Path], str]], Mapping[Path, str]]
"""Gives the new texts of files, out of what stands in them; it is handed the way to read one."""


def starter(settings: Mapping[str, str] | None = None) -> str:
    """A first feeds.yaml, to which feeds are added, with these settings in it."""
    from aggregator.config_writing import scalar

    keys = _first()["keys"]
    given = {key: f"{key}: {value if value.isdigit() and key not in keys else scalar(value)}" for key, value in (settings or {}).items()}
    lines = [given.get(key, line) for key, line in keys.items()] + [line for key, line in given.items() if key not in keys]
    return str(_first()["head"]) + "\n".join(lines) + "\n\nfeeds:\n"


def example() -> str:
    """The feed of a first feeds.yaml for which nobody names one."""
    return str(_first()["example"])


@cache
def _first() -> dict[str, Any]:
    return tomllib.loads(resources.files("aggregator").joinpath("starter.toml").read_text("utf-8"))


def usable(settings: Mapping[str, str], session: Session) -> tuple[dict[str, str], list[str]]:
    """Those settings that a feeds.yaml may have, and for each of the others why not."""
    from aggregator.config import load_text

    good, refused = {}, []
    for key, value in settings.items():
        try:
            load_text(f"{starter({key: value})}  - ./feed.xml\n", session.path, os.environ)
        except ConfigError as error:
            refused.append(error.problems[0].message)
        else:
            good[key] = value
    return good, refused


def text_of(session: Session, path: Path | None = None) -> str:
    """What stands in feeds.yaml, or would stand in a first one; or in a file that it includes."""
    path = path or session.path
    if path == session.path and not path.exists():
        return starter()
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise AggregatorError(f"{path} cannot be read: {error.strerror}") from error


def feeds_listed(session: Session) -> Sequence[FeedSpec]:
    """The feeds that feeds.yaml and what it includes name already; none where it is not there, or where none is all that is wrong with it.

    Raises: ConfigError.
    """
    if not session.path.exists():
        return ()
    try:
        return session.config().feeds
    except ConfigError as error:
        if len(error.problems) > 1 or not _names_none(text_of(session)):
            raise
        return ()


def _names_none(text: str) -> bool:
    from aggregator.config_listing import listed

    try:
        return not listed(text)
    except ConfigError:
        return False


def write(session: Session, edit: Callable[[str], str]) -> None:
    """Edit feeds.yaml by lines; see `write_all`."""
    write_all(session, lambda text: {session.path: edit(text(session.path))})


def write_all(session: Session, edit: Edit) -> Collection[Path]:
    """Edit feeds.yaml and files that it includes: all must load together before each takes the old one's place, in one rename.

    Commands edit one after the other. What an editor saves meanwhile stays: then `edit` is asked again, with that. Returns the files that
    were written.

    Raises `ConfigError` (the edited files do not load), `AggregatorError` (one cannot be read or written, or is saved again and again).
    """
    from aggregator.config import load

    with _alone(session.path):
        for _ in range(_ATTEMPTS):
            seen = _Seen(session)
            texts = edit(seen)
            load(session.path, os.environ, texts)
            if seen.is_so_still():
                for path, text in texts.items():
                    _replace(path, text)
                return texts.keys()
    raise AggregatorError(f"{session.path} is saved again and again by another program: nothing was written")


class _Seen:
    """Reads each file once, and knows whether they are still what they were then."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts: dict[Path, str] = {}

    def __call__(self, path: Path) -> str:
        if path not in self._texts:
            self._texts[path] = text_of(self._session, path)
        return self._texts[path]

    def is_so_still(self) -> bool:
        return all(text_of(self._session, path) == text for path, text in self._texts.items())


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other command edits this file, and keep others from it meanwhile.

    Its folder is locked, since the file itself is replaced by each edit. Whoever holds that lock for longer than `_PATIENCE_S`, and a file
    system without locks, stop no command.
    """
    patient_until = monotonic() + _PATIENCE_S
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            folder = os.open(Path(os.path.realpath(path)).parent, os.O_RDONLY)
            held.callback(os.close, folder)
            while not _try_lock(folder) and monotonic() < patient_until:
                Event().wait(_LOOK_AGAIN_S)
        yield


def _try_lock(folder: int) -> bool:
    """Lock a folder, unless somebody else has it locked."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _replace(path: Path, text: str) -> None:
    """Put another file in the place of the one that is read: where that is a link, of what it leads to."""
    place = Path(os.path.realpath(path))
    fresh = place.with_name(f".{place.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as file:
            if place.exists():
                _make_alike(file.fileno(), place.stat())
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(place)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise AggregatorError(f"{path} cannot be written: {error.strerror}") from error


def _make_alike(fresh: int, old: os.stat_result) -> None:
    """Who could read the old file, such as a daemon that runs as a user of its own, can read the fresh one, and nobody else."""
    with contextlib.suppress(PermissionError):
        os.fchown(fresh, old.st_uid, old.st_gid)
    os.fchmod(fresh, old.st_mode & 0o777)
