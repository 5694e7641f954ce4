"""Let old words go, but never those that an output still lists."""

from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model import Config, Pruned, Retain
from aggregator.ports import Store


def prune(store: Store, config: Config, now: datetime, older_than: timedelta | None = None) -> Pruned:
    """Drop the words of entries that no feed has shown for `retain.text` of feeds.yaml, or `older_than`; the ledger stays."""
    return store.prune(now, _retain(config, older_than), listed(store, config, now))


def prunable(store: Store, config: Config, now: datetime, older_than: timedelta | None = None) -> Pruned:
    """What `prune` would free."""
    return store.prunable(now, _retain(config, older_than), listed(store, config, now))


def _retain(config: Config, older_than: timedelta | None) -> Retain:
    return config.retain if older_than is None else replace(config.retain, text=older_than)


def listed(store: Store, config: Config, now: datetime) -> frozenset[int]:
    """The entries (pk) of every story that an output or its archive lists: whoever of them leads tomorrow must still have its words."""
    outputs = [output for output in config.outputs if output.format != "opml"]
    stories = [
        members
        for output in outputs
        for _, members in store.listing(output.path, output.max_entries, per_feed=output.per_feed, not_before=output.oldest(now))
    ]
    archived = store.archives.entries([output.path for output in outputs if output.archive])
    return archived | frozenset(member.pk for members in stories for member in members)
