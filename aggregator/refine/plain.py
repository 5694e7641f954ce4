"""Texts that are said to be HTML and are none: mails, track lists, notes of episodes (pure)."""

import re
from itertools import pairwise
from typing import Final

_PARAGRAPHS: Final = re.compile(r"\n\s*\n")
_MARKUP: Final = re.compile(r"<[a-zA-Z/!?]")
# An address between angle brackets, as mails have it: browsers take it for an element, and show nothing.
_ADDRESS: Final = re.compile(r"<(?=(?:https?://|mailto:|[\w.+-]{1,64}@)[^\s<>\"']+>)", re.IGNORECASE)
# How wide programs wrap prose.
_WIDTHS: Final = range(50, 121)
_ENDS: Final = tuple(".!?:;。！？：…")


def lined(html: str) -> str:
    """Read HTML without any element as the text that it is: its paragraphs and lines stay apart; prose wrapped to a width runs on.

    Addresses between angle brackets are words, also beside elements.

    >>> lined("Tracks:\\n1. Sea\\n2. Sand &amp; <me@sea.example>"), lined("<p>a\\nb</p>")
    ('<p>Tracks:<br>1. Sea<br>2. Sand &amp; &lt;me@sea.example></p>', '<p>a\\nb</p>')
    """
    html = _ADDRESS.sub("&lt;", html)
    if _MARKUP.search(html) or not any(end in html.strip() for end in "\r\n"):
        return html
    paragraphs = _PARAGRAPHS.split(html.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(f"<p>{_lines(part)}</p>" for part in paragraphs if part.strip())


def _lines(paragraph: str) -> str:
    lines = [line.strip() for line in paragraph.strip().split("\n")]
    return ("\n" if _are_wrapped(lines) else "<br>").join(lines)


def _are_wrapped(lines: list[str]) -> bool:
    """Whether lines end where the next word had no room, rather than where a sentence ends."""
    width = max(map(len, lines))
    if width not in _WIDTHS or all(line.endswith(_ENDS) for line in lines[:-1]):
        return False
    return all(len(one) + 1 + len(following.split(None, 1)[0]) > width for one, following in pairwise(lines))
