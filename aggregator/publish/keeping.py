"""Whether an item would be composed today as it was when its serialization was kept, told without composing it (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Final

import msgspec

from aggregator.model import Config, FeedSpec, OutputSpec, Placed, Shelved
from aggregator.publish.shelf import makers
from aggregator.publish.sources import Directory, facts

FORMS: Final = frozenset({"atom", "rss", "json"})
"""The formats of which serialized entries are kept."""

_encode: Final = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What decides of an output's items: the rules (a digest), the places of their stories (by pk), whose generation changes with any of
    their entries, and the dates of feeds (by key), which change with each new entry and are repeated in that feed's items alone.
    """

    rules: bytes
    places: Mapping[int, Placed] = field(repr=False)
    dates: Mapping[str, datetime | None] = field(repr=False)

    def mark(self, story_pk: int, feeds: Sequence[str]) -> bytes:
        """A digest of all that an item is composed of, which repeats the dates of these feeds."""
        said = (self.places[story_pk], [self.dates.get(key) for key in feeds])
        return blake2b(_encode(said), digest_size=16, key=self.rules).digest()

    def still_holds(self, shelved: Shelved) -> bool:
        """Whether an item would be composed as it was."""
        return shelved.story_pk in self.places and shelved.mark == self.mark(shelved.story_pk, shelved.feeds)


def keeping(
    output: OutputSpec, config: Config, directory: Directory, specs: Mapping[str, FeedSpec], rules: str, places: Sequence[Placed]
) -> Keeping:
    """Gather what decides of an output's items; `rules` names who is listed there (`judging.mark`), `specs` are by feed key."""
    said = [(feed.key, facts(feed, specs[feed.key])) for feed in directory.feeds]
    decides = (makers(), rules, output, config.language, config.link, said)
    return Keeping(
        rules=blake2b(msgspec.json.encode(decides), digest_size=16).digest(),
        places={place.story_pk: place for place in places},
        dates={feed.key: feed.head.updated for feed in directory.feeds},
    )
