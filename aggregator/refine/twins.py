"""Entries that come back under another id and another address: a moved site, a new generator, ids that flip.

Nothing that subscribers were given may be given to them again, so such an entry joins the story of the one that it replaces. The sign is
strong on purpose: the same feed, title, date to the second and beginning of the text, and never two entries of one document, which their
publisher means to be two.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from aggregator.model import Entry, StoryKey
from aggregator.web.text import one_line


def keyed(made: Sequence[Entry | None], feed_key: str) -> tuple[Entry | None, ...]:
    """Give each entry of one document that has a title and a date the key `twin`, unless another one of them has the same."""
    values = [value(one, feed_key) if one else None for one in made]
    counts = Counter(values)
    return tuple(
        replace(one, keys=(*one.keys, StoryKey(kind="twin", value=mine))) if one and mine and counts[mine] == 1 else one
        for one, mine in zip(made, values, strict=True)
    )


def value(entry: Entry, feed_key: str) -> str | None:
    """What the key `twin` of an entry says; None where it has no title or no date."""
    title = one_line(entry.title.text).casefold() if entry.title else ""
    if not title or entry.published is None:
        return None
    return hashlib.blake2b(f"{feed_key}\n{title}\n{entry.published.isoformat()}".encode("utf-8", "replace"), digest_size=16).hexdigest()
