"""Frames that only a script fills: an empty element which says in JSON what is to stand there (pure).

So a host of newsletters writes the posts, notes and formulas that its authors put into theirs (`data-attrs`).
"""

import json
from collections.abc import Mapping
from html import escape
from typing import Final

from aggregator.web.text import one_line
from aggregator.web.url import link

MARK: Final = ' data-attrs="'
"""Stands in every text that has such a frame."""

_MAX_CHARS: Final = 20_000
_MAX_WORDS: Final = 400
_SAID: Final = ("title", "full_text", "text", "label", "caption")
_WHO: Final = ("name", "author_name", "publication_name")


def shown(told: str, *, is_block: bool) -> str:
    """HTML for what an empty frame says of itself: a link to what it shows, or the TeX of its formula; nothing where it says neither.

    >>> shown('{"url": "https://notes.example/1", "name": "Ann Bell", "full_text": "High tide"}', is_block=False)
    '<a href="https://notes.example/1">Ann Bell: High tide</a>'
    """
    if len(told) > _MAX_CHARS:
        return ""
    try:
        found = json.loads(told)
    except (ValueError, RecursionError):
        return ""
    made = _made(found) if isinstance(found, dict) else ""
    return f"<p>{made}</p>" if made and is_block else made


def _made(found: Mapping[str, object]) -> str:
    if formula := _text(found, ("persistentExpression",)):
        return f"<code>{escape(formula)}</code>"
    address = link(_text(found, ("url", "canonical_url")))
    if address is None:
        return ""
    who, said = _text(found, _WHO), _text(found, _SAID)
    words = ": ".join(filter(None, (who, said))) or address
    return f'<a href="{escape(address)}">{escape(words)}</a>'


def _text(found: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The first of some fields that is a text and not empty, on one line, cut to a length for words of a link."""
    said = next((value for name in names if isinstance(value := found.get(name), str) and value.strip()), "")
    line = one_line(said)
    return line if len(line) <= _MAX_WORDS else f"{line[: _MAX_WORDS - 1]}…"
