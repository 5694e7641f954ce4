"""A document without the secrets that it was asked with."""

import re
from dataclasses import replace
from html import escape
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from aggregator.collect.place import secrets_in_address
from aggregator.model import Document, FeedSpec
from aggregator.web.keys import TAKEN_OUT, keys_in

# Shorter ones would be found by chance in any text ("de", "json").
_MIN_CHARS: Final = 6
_HEADER: Final = re.compile(r"auth|token|key|cookie|secret|pass", re.IGNORECASE)


def without_secrets(document: Document, spec: FeedSpec) -> Document:
    """The document without the secrets it was asked with: feeds made for one reader repeat their own address in ids, links and texts.

    They are found as they were sent, percent-encoded or not, and escaped as HTML.
    """
    body = document.body
    for secret in _secrets(spec):
        for form in (secret, unquote(secret), quote(secret, safe=""), escape(secret)):
            body = body.replace(form.encode(), TAKEN_OUT.encode()) if len(form) >= _MIN_CHARS else body
    return document if body is document.body else replace(document, body=body)


def _secrets(spec: FeedSpec) -> list[str]:
    """What stands in the address in place of `${NAME}`, its password (or the user, where there is none), the keys of a private one, and the
    words of headers; the longest first."""
    parts = urlsplit(spec.url)
    words = [*(secret for _, secret in secrets_in_address(spec)), parts.password or parts.username or ""]
    words += keys_in(spec.url) if spec.is_private else ()
    words += [word for name, value in spec.headers if _HEADER.search(name) for word in value.split()]
    return sorted({word for word in words if len(word) >= _MIN_CHARS}, key=len, reverse=True)
