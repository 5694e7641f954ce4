"""What a feed says it has deleted: of its own entries only, and none that stands in it all the same."""

from aggregator.model import RawFeed, Tombstone
from aggregator.refine.fields import instant
from aggregator.refine.identity import key_of_id


def deleted(raw: RawFeed, feed_key: str) -> tuple[Tombstone, ...]:
    """The keys of the entries that a document declares deleted. An id that several entries share names none of them."""
    standing = {(one.id or "").strip() for one in raw.entries}
    stones = [stone for stone in raw.deleted if stone.ref not in standing]
    return tuple(Tombstone(raw_key=key_of_id(stone.ref, feed_key), when=instant(stone.when_s)) for stone in stones)
