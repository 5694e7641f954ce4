"""feeds.yaml as a file: how a first one looks, and how an edited one takes the old one's place."""

import os
from collections.abc import Callable, Mapping

from aggregator.cli.show import Session
from aggregator.errors import AggregatorError, ConfigError

_HEAD = """\
# The feeds to merge. A bare address is enough; a page's feed is discovered.
# Every key is explained in docs/configuration.md; `aggregator check` finds mistakes.

"""
# What a first feeds.yaml says, or proposes.
_KEYS = {
    "title": "title: My merged feed",
    "link": "# link: https://planet.example.org/          # where the folder `public` is served, for rel=self",
    "contact": "# contact: https://planet.example.org/about  # told to every server that is polled; without it none is asked "
    "more than every 2 h",
}


def starter(settings: Mapping[str, str] | None = None) -> str:
    """A first feeds.yaml, to which feeds are added, with these settings in it."""
    from aggregator.config_writing import scalar

    given = {key: f"{key}: {value if value.isdigit() and key not in _KEYS else scalar(value)}" for key, value in (settings or {}).items()}
    lines = [given.get(key, line) for key, line in _KEYS.items()] + [line for key, line in given.items() if key not in _KEYS]
    return _HEAD + "\n".join(lines) + "\n\nfeeds:\n"


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


def text_of(session: Session) -> str:
    """What stands in feeds.yaml, or would stand in a first one."""
    if not session.path.exists():
        return starter()
    return session.path.read_bytes().decode("utf-8")


def write(session: Session, edit: Callable[[str], str]) -> None:
    """Edit feeds.yaml by lines: the result must load before it takes the old one's place, in one rename."""
    from aggregator.config import load_text

    edited = edit(text_of(session))
    load_text(edited, session.path, os.environ)
    fresh = session.path.with_name(f".{session.path.name}.new")
    try:
        fresh.write_bytes(edited.encode("utf-8"))
        if session.path.exists():
            fresh.chmod(session.path.stat().st_mode & 0o777)
        fresh.replace(session.path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise AggregatorError(f"{session.path} cannot be written: {error.strerror}") from error
