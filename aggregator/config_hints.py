"""What was probably meant by a word that feeds.yaml does not know."""

from difflib import get_close_matches
from typing import Final

from aggregator.config_model import (
    AttributionForm,
    DefaultsForm,
    FeedForm,
    FileForm,
    Form,
    HttpForm,
    LimitForm,
    MatchForm,
    OutputForm,
    RetainForm,
    WebsubForm,
    keys_of,
)

# Words that people write for a key of ours, where spelling alone would not lead there.
_MEANT: Final = {
    "title": "name",
    "name": "title",
    "interval": "every",
    "refresh": "every",
    "poll": "every",
    "source": "origin",
    "categories": "tags",
    "category": "tags",
    "labels": "tags",
    "link": "url",
    "href": "url",
    "feed": "url",
    "address": "url",
    "filter": "keep",
    "includes": "include",
    "import": "include",
    "opml": "lists",
    "subscriptions": "lists",
    "exclude": "drop",
    "count": "max_entries",
    "limit": "max_entries",
    "file": "path",
    "output": "root",
    "folder": "root",
    "dir": "root",
    "url": "link",
    "database": "store",
    "db": "store",
    "email": "contact",
    "lang": "language",
    "type": "format",
    "port": "listen",
    "fetcher": "client",
    "curl": "client",
}

# From here on words are alike to the eye: `titel` and `title`, not `token` and `store`.
_A_SLIP: Final = 0.8
# Where a key belongs that stands in the wrong place; the first that knows it is named.
_HOMES: Final[tuple[tuple[type[Form], str], ...]] = (
    (DefaultsForm, "below 'defaults', or in a feed"),
    (FeedForm, "in a feed"),
    (OutputForm, "in an output"),
    (HttpForm, "below 'http'"),
    (WebsubForm, "below 'websub'"),
    (RetainForm, "below 'retain'"),
    (LimitForm, "below 'limit'"),
    (AttributionForm, "below 'attribution'"),
    (FileForm, "at the top level"),
    (MatchForm, "below 'keep' or 'drop'"),
)


def unknown_key(key: str, known: list[str]) -> str:
    """Say that a mapping with the keys `known` has no such key, and which one was meant, or where the key belongs.

    >>> unknown_key("titel", ["title", "http"]), unknown_key("token", ["title", "http"])
    ("unknown key 'titel' (did you mean 'title'?)", "unknown key 'token' here: it belongs below 'http'")
    """
    # Before keys of other places goes what was mistyped here, or is another word for a key of this place: an output's `name`, which feeds
    # have, is its `title`.
    if get_close_matches(key, known, n=1, cutoff=_A_SLIP):
        return f"unknown key '{key}'{suggestion(key, known)}"
    if (meant := _MEANT.get(key, "")) in known:
        return f"unknown key '{key}'{_did_you_mean(meant)}"
    home = next((where for form, where in _HOMES if key in keys_of(form)), None)
    return f"unknown key '{key}' here: it belongs {home}" if home else f"unknown key '{key}'{suggestion(key, known)}"


def suggestion(word: str, known: list[str]) -> str:
    """Words to add to a message about an unknown word: the nearest known one, if any is near.

    >>> suggestion("strp", ["strip", "tags"])
    " (did you mean 'strip'?)"
    """
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    meant = near[0] if near else _MEANT.get(word.lower(), "")
    return _did_you_mean(meant) if meant in known else ""


def _did_you_mean(word: str) -> str:
    return f" (did you mean '{word}'?)"
