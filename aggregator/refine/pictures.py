"""The pictures of entries, by the names of their files: sites move and resize them, but hardly name them anew (pure)."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Final

from aggregator.model import Entry
from aggregator.web.forms import page_path

_IMAGE: Final = re.compile(r'<img\b[^>]*? src="([^"]+)"')
# Behind a picture's name stands how large it is to be.
_SIZE: Final = re.compile(r"(\.(?:jpe?g|png|gif|webp|avif))\?.*")
_MAX_IMAGES: Final = 5
_MIN_NAME: Final = 6


def shown(entry: Entry) -> tuple[str, ...]:
    """The paths of the pictures that an entry shows, on whatever host."""
    html = entry.content or entry.summary or ""
    found = [unescape(address) for address in _IMAGE.findall(html)] if "<img" in html else []
    found += [entry.thumbnail] if entry.thumbnail else []
    return tuple(dict.fromkeys(filter(None, (page_path(_SIZE.sub(r"\1", one)) for one in found))))[:_MAX_IMAGES]


def known_by(paths: Sequence[str]) -> tuple[str, ...]:
    """What pictures are looked for by: their paths, and the names of their files, if these are long enough to be of one picture only.

    >>> known_by(["/img/2026/dsc00123", "/img/1"])
    ('/img/2026/dsc00123', '/img/1', 'dsc00123')
    """
    names = (path.rpartition("/")[2] for path in paths)
    return tuple(dict.fromkeys((*paths, *(name for name in names if len(name) >= _MIN_NAME))))


def are_others(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether of two rows of paths neither is empty, and no name stands in both."""
    ours, theirs = ({path.rpartition("/")[2] for path in paths} for paths in (one, other))
    return bool(ours and theirs) and not ours & theirs
