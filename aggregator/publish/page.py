"""Write an edition as one static HTML page: no script, no request but for images, readable without a reader."""

import hashlib
import posixpath
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from aggregator.model import Edition, Item, SafeHtml, Title
from aggregator.publish.attribution import wording
from aggregator.publish.body import as_language, counting, instant
from aggregator.publish.languages import direction
from aggregator.publish.trail import filled, words_of
from aggregator.web.host import host_of
from aggregator.web.licences import terms
from aggregator.web.text import clean, one_line

_FORMATS: Final = {
    "atom": ("Atom", "application/atom+xml"),
    "rss": ("RSS", "application/rss+xml"),
    "json": ("JSON Feed", "application/feed+json"),
    "html": ("HTML", "text/html"),
    "opml": ("OPML", "text/x-opml"),
}
# Sanitized HTML is serialized with quoted attributes, so this walks it tag by tag: a "<img" inside an attribute is none.
_TAG: Final = re.compile(r"""<(/?[a-zA-Z][^\s/>"']*+)((?:[^"'>]|"[^"]*+"|'[^']*+')*+)>""")
_LAZY: Final = ' loading="lazy" decoding="async" referrerpolicy="no-referrer"'
_SET_BY_US: Final = re.compile(
    r"""\s(?:loading|decoding|referrerpolicy)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?(?=[\s/>]|$)""", re.IGNORECASE
)
_PHRASES: Final = frozenset(
    {"b", "bdi", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "small", "span", "strong", "sub", "sup"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    date: date
    name: str
    items: Sequence[Item]


def page(edition: Edition) -> bytes:
    """Write an edition as an HTML page, days (UTC) as headings. The same edition gives the same bytes."""
    words = wording(edition.language)
    days = [
        _Day(date=day, name=words.day_name(day), items=tuple(items))
        for day, items in groupby(edition.items, key=lambda item: item.sort_key.astimezone(UTC).date())
    ]
    css, css_hash = style()
    text = (
        environment()
        .get_template("page.html.jinja")
        .render(
            edition=edition,
            words=words,
            days=days,
            style=Markup(css),  # noqa: S704  (our own file)
            style_hash=css_hash,
            comes_from=words_of(edition.language)["heading"],
            folder=posixpath.dirname(edition.spec.path) or ".",
            language=as_language(edition.language) or "en",
            formats=[(*_FORMATS[format_], href) for format_, href in edition.alternates],
        )
    )
    return (clean(text).rstrip("\n") + "\n").encode("utf-8")


@cache
def environment() -> Environment:
    """The maker of our pages."""
    environment = Environment(
        loader=PackageLoader("aggregator.publish"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str | None]] = {
        "body": shown,
        "words": one_line,
        "stamp": _stamp,
        "direction": direction,
        "license_name": license_name,
        "host": host_of,
        "counting": lambda item: Markup(counting(item)),  # noqa: S704  (escaped there)
        "heading": heading,
        "from_folder": _from_folder,
        "filled": filled,
    }
    environment.filters |= filters
    return environment


def shown(html: SafeHtml) -> Markup:
    """Make sanitized HTML ready for the page: images load late and tell nobody where they are shown.

    >>> print(shown(SafeHtml('<p title="<img>">a <img src="https://b.example/c.png"></p>')))
    <p title="<img>">a <img loading="lazy" decoding="async" referrerpolicy="no-referrer" src="https://b.example/c.png"></p>
    """
    return Markup(_TAG.sub(_lazy, html))  # noqa: S704  (SafeHtml is what may be published)


def _lazy(tag: re.Match[str]) -> str:
    if tag[1].lower() != "img":
        return tag[0]
    return f"<{tag[1]}{_LAZY}{_SET_BY_US.sub('', tag[2])}>"


def _stamp(moment: datetime) -> str:
    return instant(moment).isoformat()


def heading(title: Title) -> str:
    """A title as it can stand inside a heading's link: with its markup where that is words only, else as text."""
    if title.html and all(tag[1].lstrip("/").lower() in _PHRASES for tag in _TAG.finditer(title.html)):
        return Markup(title.html)  # noqa: S704  (SafeHtml is what may be published)
    return one_line(title.text)


def license_name(url: str) -> str:
    """What to call a licence on the page.

    >>> license_name("https://creativecommons.org/licenses/by-sa/4.0/"), license_name("https://license.example/ours")
    ('CC BY-SA 4.0', 'license.example')
    """
    asked = terms(url)
    return asked.name if asked else host_of(url)


def _from_folder(path: str, folder: str) -> str:
    """The address of a file below the folder of outputs, as a page in one of its folders links to it."""
    return quote(posixpath.relpath(path, folder))


@cache
def style() -> tuple[str, str]:
    """The inline style, and its name in the policy of a page: the digest of what stands between its tags, newlines and all."""
    css = (resources.files("aggregator.publish") / "templates" / "page.css").read_text("utf-8").strip()
    return css, b64encode(hashlib.sha256(f"\n{css}\n".encode()).digest()).decode("ascii")
