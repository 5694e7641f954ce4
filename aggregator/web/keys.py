"""Keys in addresses: what lets whoever knows the address in, as a feed that a server makes for one reader has it (pure)."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

TAKEN_OUT: Final = "redacted"
"""What stands in place of a key in what a document repeats of it."""

# As servers call it in a query: `feed_token`, `private-token`, `auth`, `apikey`, `key`.
_NAME: Final = re.compile(
    r"(?:\w+[_-])?(?:access)?(?:token|auth|auth_?key|api_?key|key|pass|passkey|passw(?:or)?d|pwd|secret|signature)", re.IGNORECASE
)
# Or as a part of the path: "/secret:1a2b…/u:ann", "/private-1a2b…/basic.ics". What has no figure is a word: "/private-telecommunications".
_IN_PATH: Final = re.compile(r"/(?:secret:|private-)(?=[A-Za-z]*\d)([0-9A-Za-z]{16,})(?=/|\Z)")
# Services that make a feed for one reader, who is told not to pass its address on, and what of the path is the key.
_SERVICES: Final = re.compile(
    r"https?://(?:"
    r"kill-the-newsletter\.com/feeds/([0-9a-z]{16,})"
    r"|api\.substack\.com/feed/podcast/\d+/private/([0-9a-f-]{36})"
    r"|[\w.-]+\.supportingcast\.fm/content/([\w-]{16,}(?:\.[\w-]+)*?)(?=\.rss)"
    r"|feedbin\.com/starred/([\w-]{16,})"
    r")(?![\w-])"
)
# A short value, or words, are a choice ("key=news", "key=artificial-intelligence"), not a key.
_VALUE: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.~%+/=-]{8,}|(?=.*[a-z])(?=.*[A-Z])[\w.~%+/=-]{20,}|\d{20,}")
# So may be what has figures, where a parameter is called no more than a key ("key=covid-19-news"): words and numbers, joined.
_CHOICE: Final = re.compile(r"(?:(?:[A-Za-z]+\d{0,4}|\d{1,4})[-_.+ ])+(?:[A-Za-z]+\d{0,4}|\d{1,4})")
_ANY_KEY: Final = re.compile(r"(?!.*(?:api|auth|access|pass))(?:\w+[_-])?key", re.IGNORECASE)


def keys_in(url: str) -> tuple[str, ...]:
    """The keys that stand in an address, as they are written there; user and password aside.

    >>> keys_in("https://git.example/ann.atom?feed_token=s3cr3t-X9&page=1"), keys_in("https://a.example/feed?key=news")
    (('s3cr3t-X9',), ())
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    service = _SERVICES.match(url)
    pairs = (part.partition("=") for part in parts.query.split("&"))
    return (
        *(key for key in (service.groups() if service else ()) if key),
        *_IN_PATH.findall(parts.path),
        *(value for name, _, value in pairs if _NAME.fullmatch(name) and _is_one(name, unquote(value))),
    )


def _is_one(name: str, value: str) -> bool:
    return _VALUE.fullmatch(value) is not None and not (_ANY_KEY.fullmatch(name) and _CHOICE.fullmatch(value))
