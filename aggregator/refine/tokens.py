"""Raw HTML as text and tags with their places in it: one pass, no tree. No broken markup makes it slow or makes it raise."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE: Final = re.compile(r"(?:^|[\s\"'/])(href|class)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
_HIDDEN: Final = frozenset({"script", "style", "template", "noscript", "svg", "math", "iframe", "object", "title", "textarea", "select"})


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tag:
    name: str
    closes: bool
    attributes: str
    start: int
    end: int


def tokens(html: str, after: int) -> Iterator[Text | Tag]:
    at = after
    while at < len(html):
        opened = html.find("<", at)
        if opened < 0:
            opened = len(html)
        if opened > at:
            yield Text(html[at:opened], at, opened)
        if opened == len(html):
            return
        if html.startswith("<!--", opened):
            at = _after(html, "-->", opened + 4)
        elif found := _TAG.match(html, opened):
            tag = Tag(found[2].lower(), bool(found[1]), found[3], opened, found.end())
            yield tag
            at = _after_hidden(html, tag)
        elif html[opened + 1 : opened + 2] in ("!", "?", "/") or html[opened + 1 : opened + 2].isalpha():
            at = _after(html, ">", opened + 1)
        else:  # a bare less-than sign is text
            yield Text("<", opened, opened + 1)
            at = opened + 1


def _after_hidden(html: str, tag: Tag) -> int:
    if tag.closes or tag.name not in _HIDDEN or tag.attributes.endswith("/"):
        return tag.end
    closing = re.compile(f"</{tag.name}", re.IGNORECASE).search(html, tag.end)
    return _after(html, ">", closing.end()) if closing else len(html)


def _after(html: str, mark: str, start: int) -> int:
    found = html.find(mark, start)
    return len(html) if found < 0 else found + len(mark)


def attribute(tag: Tag, name: str) -> str:
    for found in _ATTRIBUTE.finditer(tag.attributes):
        if found[1].lower() == name:
            return unescape(found[2] or found[3] or found[4] or "").strip()
    return ""
