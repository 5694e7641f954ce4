"""Today's rules, by name: what was refined under others is refined again."""

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import Final

import msgspec

from aggregator.model import FeedSpec

VERSION: Final = "61"
"""Counted up whenever the code of `refine` makes something else of the same raw entry."""


def mark(spec: FeedSpec, printed: Sequence[str] = ()) -> str:
    """Name the rules under which a feed's entries are refined: the program's own, its words, and what feeds.yaml says of the feed.

    `printed` are the marks of what the feed is found to print around its entries, which counts where that is to be stripped.
    """
    found = sorted(printed) if "auto" in spec.strip else []
    asked = (spec.aliases, spec.republisher, spec.origin, spec.name, spec.language, spec.keep_counters, spec.allow_private)
    parts = (VERSION, _data(), spec.strip, *asked, found)
    return blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()


# Words that other folders use, too.
_SHARED: Final = ("carried.toml", "licences.toml", "platforms.toml", "players.toml", "sentences.toml", "services.toml")


@cache
def _data() -> str:
    """All words that refining reads."""
    words = [file for file in resources.files("aggregator.refine").iterdir() if file.name.endswith(".toml")]
    words += [resources.files("aggregator.web") / name for name in _SHARED]
    return blake2b(b"".join(file.read_bytes() for file in sorted(words, key=lambda file: file.name)), digest_size=8).hexdigest()
