"""Words and marks that several nouns share."""

from collections.abc import Mapping
from typing import Final, Literal, NewType

MAX_PRINTED: Final = 100
"""How many marks of what a feed prints around its entries are remembered."""

STORY_FOLDER: Final = "story"
"""Below the root of the outputs: pages about single stories, each named by 16 hexadecimal digits."""

Url = NewType("Url", str)
"""An absolute http(s) address, normalized and free of tracking parameters. Only `web.url` makes one."""

SafeHtml = NewType("SafeHtml", str)
"""HTML that may be published: sanitized, balanced, links absolute. Only `refine.markup` makes one."""

Republish = Literal["full", "excerpt", "link"]
Format = Literal["atom", "rss", "json", "html", "opml"]
Place = Literal["top", "bottom", "none"]
Client = Literal["requests", "curl"]
ClaimKind = Literal[
    "feeds.yaml",
    "atom:source",
    "rel=via",
    "rel=canonical",
    "dcterms:source",
    "isBasedOn",
    "dc:source",
    "rss:source",
    "feedburner:origLink",
    "phrase",
    "external_url",
    "permalink",
]
CONFIRMED: Final = "confirmed"
CONTRADICTED: Final = "contradicted"

SpeaksBy = Literal[
    "named", "home", "names", "earlier", "linked", "came", "fewer", "longer", "read", "author", "words", "seen", "name", "kept"
]
"""What makes an entry speak for its story, in a word (`refine.leading.why`)."""

Standing = Literal["chosen", "confirmed", "contradicted", "self", "weak", "outranked", "loop"]

JsonValue = str | int | float | bool | None | list["JsonValue"] | Mapping[str, "JsonValue"]
