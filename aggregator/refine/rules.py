"""Today's rules, by name: what was refined under others is refined again."""

from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import Final

import msgspec

from aggregator.model import FeedSpec

VERSION: Final = "3"
"""Counted up whenever the code of `refine` makes something else of the same raw entry."""


def mark(spec: FeedSpec) -> str:
    """Name the rules under which a feed's entries are refined: the program's own, its phrases, and what feeds.yaml says of the feed."""
    parts = (VERSION, _phrases(), spec.strip, spec.aliases, spec.republisher, spec.origin, spec.name, spec.language)
    return blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()


@cache
def _phrases() -> str:
    return blake2b((resources.files("aggregator.refine") / "phrases.toml").read_bytes(), digest_size=8).hexdigest()
