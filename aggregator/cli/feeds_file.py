"""feeds.yaml as a file: how a first one looks, and how an edited one takes the old one's place."""

import contextlib
import os
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from aggregator.cli.show import Session
from aggregator.errors import AggregatorError, ConfigError


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


def write(session: Session, edit: Callable[[str], str], path: Path | None = None) -> None:
    """Edit feeds.yaml, or a file that it includes, by lines; see `write_all`."""
    path = path or session.path
    write_all(session, {path: edit(text_of(session, path))})


def write_all(session: Session, texts: Mapping[Path, str]) -> None:
    """Write feeds.yaml and files that it includes: all must load together before each takes the old one's place, in one rename."""
    from aggregator.config import load

    load(session.path, os.environ, texts)
    for path, text in texts.items():
        _replace(path, text)


def _replace(path: Path, text: str) -> None:
    """Put another file in the place of the one that is read: where that is a link, of what it leads to."""
    place = Path(os.path.realpath(path))
    fresh = place.with_name(f".{place.name}.new")
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
