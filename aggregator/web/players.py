"""Players that are shown in a frame, and the pages of what they play (web/players.toml). Pure; asks no server."""

import re
import tomllib
from functools import cache, lru_cache
from importlib import resources
from typing import Final
from urllib.parse import unquote

from aggregator.model import Url
from aggregator.web.url import link

_SCHEME: Final = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_ESCAPED: Final = frozenset({"url", "path"})


@lru_cache(maxsize=1024)
def page_of(address: str) -> Url | None:
    """The page for people of what a known player plays, by the address of the player; None for any other address.

    >>> page_of("https://www.youtube-nocookie.com/embed/aqz-KE_bpKQ?rel=0")
    'https://www.youtube.com/watch?v=aqz-KE_bpKQ'
    """
    rest = _SCHEME.sub("", address, count=1)
    for pattern, page in _pages():
        if found := pattern.fullmatch(rest):
            said = {name: unquote(value) if name in _ESCAPED else value for name, value in found.groupdict().items()}
            return link(page.format(**said))
    return None


@cache
def _pages() -> tuple[tuple[re.Pattern[str], str], ...]:
    table = tomllib.loads((resources.files("aggregator.web") / "players.toml").read_text("utf-8"))
    return tuple((re.compile(pattern), page) for pattern, page in table["pages"].items())
