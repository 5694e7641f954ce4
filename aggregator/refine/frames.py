"""Frames that only a script fills: an element or a script without words that says what is to stand there (pure).

So blogs show pieces of programs, newsrooms posts of networks, and a host of newsletters the posts, notes and formulas within others
(`data-attrs`).
"""

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Final

from aggregator.web.text import one_line
from aggregator.web.url import link

_MAX_CHARS: Final = 20_000
_MAX_WORDS: Final = 400
_SAID: Final = ("title", "full_text", "text", "label", "caption")
_WHO: Final = ("name", "author_name", "publication_name")

_DATA: Final = re.compile(r"\sdata-(?:attrs|telegram-post|href|src|videoid|tweetid|shortcode)=")
_PLACES: Final = ("gist.github.com/", "asciinema.org/a/", "<lite-", "<amp-")
# Scripts that write what is to be read into the page, and where that can be read.
_SCRIPTS: Final = (
    (re.compile(r"(?:https?:)?//(gist\.github\.com/[\w.-]+(?:/\w+)?)\.js(?:\?.*)?"), "https://{}"),
    (re.compile(r"(?:https?:)?//(asciinema\.org/a/\w+)\.js(?:\?.*)?"), "https://{}"),
)
_POST: Final = re.compile(r"\w+/\d+")
# Elements of their own: what they are called, the attribute, and the page.
_ELEMENTS: Final = {
    "lite-youtube": ("videoid", "https://www.youtube.com/watch?v={}"),
    "lite-vimeo": ("videoid", "https://vimeo.com/{}"),
    "amp-youtube": ("data-videoid", "https://www.youtube.com/watch?v={}"),
    "amp-vimeo": ("data-videoid", "https://vimeo.com/{}"),
    "amp-dailymotion": ("data-videoid", "https://www.dailymotion.com/video/{}"),
    "amp-twitter": ("data-tweetid", "https://twitter.com/i/status/{}"),
    "amp-instagram": ("data-shortcode", "https://www.instagram.com/p/{}/"),
}
_NAME: Final = re.compile(r"[\w-]+")
_ADDRESSED: Final = {"amp-facebook": "data-href", "amp-iframe": "src", "amp-video": "src", "amp-audio": "src"}
# Classes of others, and the attribute that has the page, or its end.
_CLASSES: Final = {
    "fb-post": ("data-href", ""),
    "fb-video": ("data-href", ""),
    "flourish-embed": ("data-src", "https://public.flourish.studio/"),
}


def has_any(html: str) -> bool:
    """Tell whether HTML may have such a frame (true at times where there is none)."""
    return ("data-" in html and _DATA.search(html) is not None) or any(place in html for place in _PLACES)


def is_one(tag: str, attributes: Mapping[str, str]) -> bool:
    """Whether an element, if it holds nothing, stands for something that `shown` may tell."""
    return "data-attrs" in attributes or tag in _ELEMENTS or tag in _ADDRESSED or not _CLASSES.keys().isdisjoint(_classes(attributes))


def of_script(attributes: Mapping[str, str], *, is_block: bool) -> str:
    """HTML for what a script would write: a link to where that can be read; nothing where it is not known to write anything.

    >>> of_script({"src": "https://gist.github.com/ann/1a2b.js?file=x"}, is_block=False)
    '<a href="https://gist.github.com/ann/1a2b">https://gist.github.com/ann/1a2b</a>'
    """
    source, post = attributes.get("src") or "", attributes.get("data-telegram-post") or ""
    if _POST.fullmatch(post):
        return _placed(_linked(f"https://t.me/{post}"), is_block)
    for pattern, page in _SCRIPTS:
        if found := pattern.fullmatch(source.strip()):
            return _placed(_linked(page.format(found[1])), is_block)
    return ""


def shown(tag: str, attributes: Mapping[str, str], *, is_block: bool) -> str:
    """HTML for what an empty frame says of itself: a link to what it shows, or the TeX of its formula; nothing where it says neither.

    >>> told = '{"url": "https://notes.example/1", "name": "Ann Bell", "full_text": "High tide"}'
    >>> shown("div", {"data-attrs": told}, is_block=False)
    '<a href="https://notes.example/1">Ann Bell: High tide</a>'
    """
    told = attributes.get("data-attrs")
    return _placed(_of_data(told) if told else _linked(_address(tag, attributes)), is_block)


def _placed(made: str, is_block: bool) -> str:
    return f"<p>{made}</p>" if made and is_block else made


def _address(tag: str, attributes: Mapping[str, str]) -> str:
    if tag in _ELEMENTS:
        name, page = _ELEMENTS[tag]
        value = attributes.get(name) or ""
        return page.format(value) if _NAME.fullmatch(value) else ""
    if tag in _ADDRESSED:
        return attributes.get(_ADDRESSED[tag]) or ""
    found = next((_CLASSES[name] for name in _classes(attributes) if name in _CLASSES), ("", ""))
    value = attributes.get(found[0]) or ""
    return f"{found[1]}{value}" if value else ""


def _classes(attributes: Mapping[str, str]) -> list[str]:
    return (attributes.get("class") or "").split()


def _linked(address: str) -> str:
    page = link(address) if address else None
    return f'<a href="{escape(page)}">{escape(page)}</a>' if page else ""


def _of_data(told: str) -> str:
    if len(told) > _MAX_CHARS:
        return ""
    try:
        found = json.loads(told)
    except (ValueError, RecursionError):
        return ""
    return _made(found) if isinstance(found, dict) else ""


def _made(found: Mapping[str, object]) -> str:
    if formula := one_line(_text(found, ("persistentExpression",))):
        return f"<code>{escape(formula)}</code>"
    address = link(_text(found, ("url", "canonical_url")))
    if address is None:
        return ""
    who, said = _words(found, _WHO), _words(found, _SAID)
    words = ": ".join(filter(None, (who, said))) or address
    return f'<a href="{escape(address)}">{escape(words)}</a>'


def _text(found: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The first of some fields that is a text and not empty."""
    return next((value for name in names if isinstance(value := found.get(name), str) and value.strip()), "")


def _words(found: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The first of some fields that is a text, on one line, cut to a length for words of a link."""
    line = one_line(_text(found, names))
    return line if len(line) <= _MAX_WORDS else f"{line[: _MAX_WORDS - 1]}…"
