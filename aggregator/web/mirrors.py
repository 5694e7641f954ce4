"""Hosts that show a page of another host, and write its address in a way of their own: translators, caches."""

import re
from typing import Final
from urllib.parse import parse_qs

from aggregator.web.platforms import PLATFORMS

# What a page may be asked for as ("cache:Xyz:example.org/a+some+words").
_CACHED: Final = re.compile(r"cache:(?:[\w-]{8,16}:)?(?P<url>(?:https?://)?[\w-]+\.[^\s]+)")
_TRANSLATED: Final = f".{PLATFORMS.translator}"
MARKS: Final = (_TRANSLATED, PLATFORMS.cache)
"""One of these stands in every address of such a page."""


def mirrored(host: str, path: str, query: str) -> str | None:
    """The address of the page that a translator or a cache shows; None where the host is neither. `query` is without its mark.

    >>> mirrored("my--blog-example-org.translate.goog", "/a", "p=1&_x_tr_sl=de&_x_tr_tl=en")
    'https://my-blog.example.org/a?p=1'
    """
    if host.endswith(_TRANSLATED):
        return _translated(host.removesuffix(_TRANSLATED), path, query)
    if host != PLATFORMS.cache:
        return None
    found = _CACHED.match(parse_qs(query).get("q", [""])[0])
    return (found["url"] if "://" in found["url"] else f"http://{found['url']}") if found else None


def _translated(label: str, path: str, query: str) -> str:
    """There a dot of the host is a hyphen, and a hyphen is two."""
    told = parse_qs(query)
    host = told.get("_x_tr_hp", [""])[0] + label.replace("--", "\0").replace("-", ".").replace("\0", "-")
    kept = "&".join(part for part in query.split("&") if part and not part.startswith("_x_tr_"))
    return f"{told.get('_x_tr_sch', ['https'])[0]}://{host}{path}{'?' if kept else ''}{kept}"
