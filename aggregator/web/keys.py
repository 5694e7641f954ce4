"""Keys in addresses: what lets whoever knows the address in, as a feed that a server makes for one reader has it (pure)."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

# As servers call it in a query: `feed_token`, `private-token`, `auth`, `apikey`, `key`.
_NAME: Final = re.compile(
    r"(?:\w+[_-])?(?:access)?(?:token|auth|auth_?key|api_?key|key|pass|passkey|passw(?:or)?d|pwd|secret|signature)", re.IGNORECASE
)
# Or as a part of the path: "/secret:1a2b…/u:ann", "/private-1a2b…/basic.ics".
_IN_PATH: Final = re.compile(r"/(?:secret:|private-)([0-9A-Za-z]{16,})(?=/|\Z)")
# A short value, or words, are a choice ("key=news", "key=artificial-intelligence"), not a key.
_VALUE: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.~%+/=-]{8,}|(?=.*[a-z])(?=.*[A-Z])[\w.~%+/=-]{20,}|\d{20,}")


def keys_in(url: str) -> tuple[str, ...]:
    """The keys that stand in an address, as they are written there; user and password aside.

    >>> keys_in("https://git.example/ann.atom?feed_token=s3cr3t-X9&page=1"), keys_in("https://a.example/feed?key=news")
    (('s3cr3t-X9',), ())
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    pairs = (part.partition("=") for part in parts.query.split("&"))
    return (
        *_IN_PATH.findall(parts.path),
        *(value for name, _, value in pairs if _NAME.fullmatch(name) and _VALUE.fullmatch(unquote(value))),
    )
