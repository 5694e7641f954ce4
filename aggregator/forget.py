"""Forget what a publisher wants to be gone: choose the entries, and have the store erase them for good."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.model import StoredEntry
from aggregator.ports import FORGOTTEN, Store
from aggregator.refine.optout import appeared_here
from aggregator.store.stops import named_pages, own_pages

# Erased in one transaction each; a text may have 1 MiB.
BATCH = 100
_SHOWN_TITLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgettable:
    """What a call of `forget` would erase: entries (pk, with its pages), how many of them came in each feed, and what outputs list.

    `feed_key` is set where a whole feed is meant. `titles` are a few, to know it by.
    """

    chosen: tuple[tuple[int, bool], ...] = ()
    feeds: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    feed_key: str | None = None


def forgettable(query: str, store: Store) -> Forgettable | None:
    """Choose what `query` names: a feed (id, or any address it ever had), else the stories at an address or id. None: nothing.

    Of a feed all its own entries go; of those that first appeared there also every copy that other feeds brought. What a feed repeats of
    others stays theirs. Of a story that is named itself every copy goes.
    """
    state = store.feed(query)
    if state is None:
        found = store.find(query)
        return _all_of([(pk, [(member, True) for member in members]) for pk, members in found], store, None) if found else None
    batches = store.stories_of(state.key)
    return _all_of(((pk, _of_feed(state.key, members)) for batch in batches for pk, members in batch), store, state.key)


def _of_feed(feed_key: str, members: Sequence[StoredEntry]) -> list[tuple[StoredEntry, bool]]:
    own = [member for member in members if member.feed_key == feed_key]
    pages = {page for member in own if appeared_here(member.entry) for page in own_pages(member.entry)}
    copies = [member for member in members if member.feed_key != feed_key and not pages.isdisjoint(named_pages(member.entry))]
    return [*((member, appeared_here(member.entry)) for member in own), *((member, False) for member in copies)]


def _all_of(stories: Iterable[tuple[int, Sequence[tuple[StoredEntry, bool]]]], store: Store, feed_key: str | None) -> Forgettable:
    chosen: list[tuple[int, bool]] = []
    touched: list[int] = []
    feeds: Counter[str] = Counter()
    titles: list[str] = []
    for pk, members in stories:
        left = [(member, whole) for member, whole in members if not (member.withdrawn or "").startswith(FORGOTTEN)]
        chosen += [(member.pk, whole) for member, whole in left]
        feeds.update(member.feed_id for member, _ in left)
        touched += [pk] if left else []
        if len(titles) < _SHOWN_TITLES:
            titles += [member.entry.title.text for member, _ in left[:1] if member.entry.title]
    return Forgettable(
        chosen=tuple(chosen),
        feeds=dict(feeds),
        outputs=dict(sorted(store.listed_in(touched).items())),
        titles=tuple(titles),
        feed_key=feed_key,
    )


def forget(what: Forgettable, store: Store, now: datetime, secret: str, progress: Callable[[int], None] = lambda count: None) -> int:
    """Erase it, a batch a transaction; return how many entries that were. Broken off, the rest is still there to be forgotten."""
    gone = 0
    for start in range(0, len(what.chosen), BATCH):
        batch = what.chosen[start : start + BATCH]
        gone += store.forget(batch, now, secret)
        progress(len(batch))
    if what.feed_key:
        store.forget_head(what.feed_key)
    return gone
