"""Today's rules, by name: what was refined under others is refined again."""

from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import Final

import msgspec

from aggregator.model import FeedSpec

VERSION: Final = "4"
"""Counted up whenever the code of `refine` makes something else of the same raw entry."""


def mark(spec: FeedSpec) -> str:
    """Name the rules under which a feed's entries are refined: the program's own, its phrases, and what feeds.yaml says of the feed."""
    parts = (VERSION, _data(), spec.strip, spec.aliases, spec.republisher, spec.origin, spec.name, spec.language, spec.keep_counters)
    return blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()


@cache
def _data() -> str:
    """All words that refining reads."""
    words = [file for file in resources.files("aggregator.refine").iterdir() if file.name.endswith(".toml")]
    words.append(resources.files("aggregator.web") / "licences.toml")
    return blake2b(b"".join(file.read_bytes() for file in sorted(words, key=lambda file: file.name)), digest_size=8).hexdigest()
