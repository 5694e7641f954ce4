"""Reads services.toml: where pages are shared, and their makers followed, heard, supported and written to."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final
from urllib.parse import unquote, urlsplit

from aggregator.web.host import hands_out_names, host_of
from aggregator.web.platforms import PLATFORMS

_NAME: Final = r"[^/?#]+"
# An account on any server that speaks ActivityPub, whoever runs it.
_ACCOUNT: Final = re.compile(r"/(?:web/)?@[\w.+-]+(?:@[\w.-]+)?/?|/users/[\w.+-]+/?")


def sharing(url: str) -> str | None:
    """The service that an address hands a page on to, without what it hands on; None if it does not.

    >>> sharing("https://www.facebook.com/sharer/sharer.php?u=https://orig.example/1"), sharing("https://www.facebook.com/orig")
    ('facebook.com/sharer', None)
    """
    return next((name for name, pattern in _of("share", host_of(url)) if pattern.match(_path(url))), None)


def is_channel(url: str) -> bool:
    """Whether an address is a way to follow, hear, support or subscribe to somebody, or a notice of who keeps that way.

    >>> is_channel("https://social.example/@ann"), is_channel("https://social.example/@ann/113"), is_channel("https://ko-fi.com/ann")
    (True, False, True)
    """
    host, path = host_of(url), _path(url)
    if any(pattern.match(path) for kind in ("follow", "listen", "support", "subscribe", "notices") for _, pattern in _of(kind, host)):
        return True
    return _ACCOUNT.fullmatch(path) is not None and not _is_platform(host)


def is_way(word: str) -> bool:
    """Whether a word, folded, stands for a way to get something: a format, or one of the services.

    >>> is_way("rss"), is_way("patreon"), is_way("talblatt")
    (True, True, False)
    """
    return word in _ways()


def _is_platform(host: str) -> bool:
    """Whether accounts of a host publish texts there, so that one may be a source."""
    ends = [host, *_parents(host)]
    return any(end in PLATFORMS.accounts or end in PLATFORMS.below for end in ends)


def _path(url: str) -> str:
    return unquote(urlsplit(url).path) or "/"


def _parents(host: str) -> Iterator[str]:
    while host := host.partition(".")[2]:
        yield host


def _of(kind: str, host: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The entries of a kind that a host may fit."""
    table = _services()[kind]
    for end in (host, *_parents(host)):
        yield from table.get(end, ())


@cache
def _words() -> Mapping[str, str]:
    return tomllib.loads(files("aggregator.web").joinpath("services.toml").read_text(encoding="utf-8"))


@cache
def _services() -> Mapping[str, Mapping[str, list[tuple[str, re.Pattern[str]]]]]:
    found: dict[str, Mapping[str, list[tuple[str, re.Pattern[str]]]]] = {}
    for kind, entries in _words().items():
        table: defaultdict[str, list[tuple[str, re.Pattern[str]]]] = defaultdict(list)
        for entry in entries.split():
            host, _, path = entry.partition("/")
            table[host].append((entry, _pattern(path)))
        found[kind] = table
    return found


def _pattern(path: str) -> re.Pattern[str]:
    if not path:
        return re.compile("")
    ends = r"/?\Z" if path.endswith("{}") else r"(?=/|\Z)"
    return re.compile("/" + _NAME.join(map(re.escape, path.split("{}"))) + ends)


@cache
def _ways() -> frozenset[str]:
    table = _words()
    names = (entry.partition("/")[0].split(".") for kind, entries in table.items() if kind != "ways" for entry in entries.split())
    labels = {label for parts in names for label in parts[:-1] if len(label) > 3}
    return frozenset(label for label in labels if not hands_out_names(label)) | set(table["ways"].split())
