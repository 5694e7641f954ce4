"""Who sent a push: the hub to which we gave the secret, or somebody else (W3C WebSub section 7.1)."""

import hashlib
import hmac
import re
from typing import Final

# The strongest first: of several signatures it decides.
_METHODS: Final = ("sha512", "sha384", "sha256", "sha1")
_SIGNATURE: Final = re.compile(r"\s*([a-z0-9]+)\s*=\s*([0-9a-f]{40,128})\s*")


def is_genuine(field: str | None, secret: str, body: bytes) -> bool:
    """Does an X-Hub-Signature field hold the signature of this very body?

    Compared in constant time. Of several signatures, the one by the strongest method counts.

    >>> is_genuine("sha1=" + hmac.new(b"s", b"<rss/>", "sha1").hexdigest(), "s", b"<rss/>"), is_genuine(None, "s", b"<rss/>")
    (True, False)
    """
    given = {found[1]: found[2] for part in (field or "")[:1024].lower().split(",") if (found := _SIGNATURE.fullmatch(part))}
    method = next((name for name in _METHODS if name in given), None)
    if method is None:
        return False
    expected = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    return hmac.compare_digest(expected.encode("ascii"), given[method].encode("ascii"))
