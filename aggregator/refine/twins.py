"""Entries that come back under another id and another address: a moved site, a new generator, ids that flip.

Nothing that subscribers were given may be given to them again, so such an entry joins the story of the one that it replaces. The signs are
strong on purpose: the same feed, title, date to the second and beginning of the text, or the page without its host and more; and never two
entries of one document, which their publisher means to be two. Where much of a document is new at once, `refine.succession` takes less.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import time

from aggregator.model import Entry, KeyKind, StoryKey
from aggregator.web.forms import built, page_path
from aggregator.web.host import site
from aggregator.web.text import fingerprint, one_line


def keyed(made: Sequence[Entry | None], feed_key: str) -> tuple[Entry | None, ...]:
    """Give the entries of one document the keys by which they would be known again, unless another one of them has the same."""
    found = [keys(one, feed_key) if one else () for one in made]
    counts = Counter(key for mine in found for key in mine)
    return tuple(
        replace(one, keys=(*one.keys, *(key for key in mine if counts[key] == 1))) if one and mine else one
        for one, mine in zip(made, found, strict=True)
    )


def keys(entry: Entry, feed_key: str) -> tuple[StoryKey, ...]:
    """The key `twin` of an entry that has a title and a date, the key `path` of one that has a page of its own."""
    title = one_line(entry.title.text).casefold() if entry.title else ""
    twin = f"{title}\n{entry.published.isoformat()}" if title and entry.published else ""
    marks: tuple[tuple[KeyKind, str], ...] = (("twin", twin), ("path", page_path(entry.link)))
    return tuple(StoryKey(kind=kind, value=_digest(f"{feed_key}\n{value}")) for kind, value in marks if value)


def are_numbered(a: Entry, b: Entry) -> bool:
    """Whether two entries that say and show nothing, dated by their days, have addresses and ids that one program gave one after the other:
    the agendas of two meetings. Who moves has them put together otherwise, or keeps one of them.
    """
    pages, ids = ([each.link or "" for each in (a, b)], [each.raw_id or "" for each in (a, b)])
    is_kept = page_path(pages[0]) == page_path(pages[1]) or ids[0] == ids[1]
    if is_kept or any(_says_something(one) or not one.published or one.published.time() != time.min for one in (a, b)):
        return False
    is_at_home = site(pages[0]) == site(pages[1]) != ""
    return is_at_home and built(pages[0]) == built(pages[1]) and built(ids[0]) == built(ids[1])


def _says_something(one: Entry) -> bool:
    return bool(one.text_start or one.thumbnail or one.enclosures or "<img" in (one.content or one.summary or ""))


def _digest(text: str) -> str:
    return fingerprint(text.encode("utf-8", "replace"))
