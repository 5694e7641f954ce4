"""Whether entries are those that a feed had, whatever was made of them meanwhile (pure)."""

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from aggregator.model import Entry
from aggregator.refine import likeness
from aggregator.refine.stories import plain, words_of

# Of the entries that are compared, so many must be known for the feed to be the same: a fifth; half, where they are known by titles alone,
# which must be long: "Open thread" anybody may have written.
_FAMILIAR: Final = 5
_BY_TITLE: Final = 2
_LONG_TITLE: Final = 12
_LONG_DENSE_TITLE: Final = 6
# Fewer titles are no sign.
_SEVERAL: Final = 5
_SHORT_TEXT: Final = 40
_SHORT_PATH: Final = 6


def are_familiar(entries: Sequence[Entry], stored: Sequence[Entry]) -> bool:
    """Whether a good part of the entries are those that the feed had: two of id, path, title and words agree, or the words alone; or half
    of them have the titles of those, and no other words below them.
    """
    known = {mark for entry in stored for mark in _marks(entry)}
    count, most = sum(not known.isdisjoint(_marks(entry)) for entry in entries), min(len(entries), len(stored))
    if count > 0 and count * _FAMILIAR >= most:
        return True
    had = {title: entry for entry in stored if (title := _long_title(entry))}
    same = {title for entry in entries if (title := _long_title(entry)) in had and not _say_others(entry, had[title])}
    return len(same) >= _SEVERAL and len(same) * _BY_TITLE >= most


def _say_others(one: Entry, other: Entry) -> bool:
    return likeness.are_others(words_of(one), words_of(other))


def _long_title(entry: Entry) -> str:
    title = plain(entry.title.text) if entry.title else ""
    return title if len(title) >= (_LONG_TITLE if title.isascii() else _LONG_DENSE_TITLE) else ""


def _marks(entry: Entry) -> Iterable[tuple[str, ...]]:
    title = plain(entry.title.text) if entry.title else ""
    text = plain(entry.text_start)
    path = _path(entry.link)
    signs = [("id", entry.raw_id or ""), ("path", path), ("title", title), ("text", text)]
    given = [(kind, value) for kind, value in signs if value]
    yield from ((*one, *other) for number, one in enumerate(given) for other in given[:number])
    if len(text) >= _SHORT_TEXT:
        yield "text", text
        # An excerpt ends earlier.
        yield from (("begins", text[:_SHORT_TEXT], *one) for one in given if one[0] != "text")


def _path(link: str | None) -> str:
    """What an address says below its host, where that is enough to tell a page by."""
    if not link:
        return ""
    parts = urlsplit(link)
    found = parts.path.strip("/").lower().removesuffix(".html").removesuffix(".php").removesuffix("/index")
    return f"{found}?{parts.query}" if parts.query else found if len(found) >= _SHORT_PATH else ""
