"""An item as a page shows it: every word and address ready to print, and as much of the text as there is room for (pure).

Room is a share of the page that depends on the item and on how many its output may hold, never on the other items: so an entry
looks the same tomorrow, when others have joined it.
"""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from markupsafe import Markup, escape

from aggregator.model import Enclosure, Item, SafeHtml, Title, Url
from aggregator.publish.body import as_language, counting, instant, media_type
from aggregator.publish.languages import direction
from aggregator.publish.rights import first_sentences
from aggregator.web.host import host_of
from aggregator.web.licences import terms
from aggregator.web.text import one_line, visible_text

TEXT_CHARS: Final = 600
"""A text of at most so many characters stands on the page as it is, markup and all; a longer one begins there."""
_BEGINNING_CHARS: Final = 420
_LEAST_CHARS: Final = 60
# What an entry's elements take beside the words and addresses in them.
_MARKUP_BYTES: Final = 380
_MORE_BYTES: Final = 60
_TIGHT_TITLE_CHARS: Final = 160
# A picture beside a text of a few lines: where an entry has that much room.
_PICTURE_ROOM_BYTES: Final = 900
_LEAST_PICTURE_PX: Final = 100
# A direction is told from the beginning of a text, and goes before that of its language where so many times as many letters have it.
_MARKUP_CHARS: Final = 4000
_LETTERS: Final = 500
_MANY_TIMES: Final = 3

# Sanitized HTML is serialized with quoted attributes, so this walks it tag by tag: a "<img" inside an attribute is none.
_TAG: Final = re.compile(r"""<(/?[a-zA-Z][^\s/>"']*+)((?:[^"'>]|"[^"]*+"|'[^']*+')*+)>""")
_ATTRIBUTE: Final = re.compile(r'\s([a-z]+)="([^"]*)"')
_LAZY: Final = ' loading="lazy" decoding="async" referrerpolicy="no-referrer"'
_SET_BY_US: Final = re.compile(
    r"""\s(?:loading|decoding|referrerpolicy)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?(?=[\s/>]|$)""", re.IGNORECASE
)
_HEADINGS: Final = frozenset(f"{end}h{level}" for end in ("", "/") for level in range(1, 7))
# What is wider than the page scrolls by itself, and who has no mouse must be able to get there.
_SCROLLED: Final = frozenset({"pre", "table"})
_REACHED: Final = ' tabindex="0"'
_HTTP: Final = ' src="http://'
_HTTPS: Final = ' src="https://'
_UNSAFE_SOURCE: Final = re.compile(r' src="(?!https://)[^"]*"')
_NO_WORDS: Final = re.compile(r' alt="\s*"')
_MEDIA: Final = re.compile(r"<(?:img|audio|video|table)\b", re.IGNORECASE)
_EMPTY_LINK: Final = re.compile(r"<a(?: [^<>]*)?>\s*</a>")
_PHRASES: Final = frozenset(
    {"b", "bdi", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "small", "span", "strong", "sub", "sup"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A name, and where it leads (None: nowhere)."""

    name: str | Markup
    href: str | None = None
    type: str | None = None
    is_here: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One entry. `uid` is None where it is the address of `title`. `language` is None where it is the page's.

    `line` is the visible line, which stands above or below the text (`place`); `tells_more` is whether it says more than source and title
    do. `more` is where a text goes on that only begins here.
    `about` is the page about where the entry comes from. `has_time` is whether the date is more than a day, which feeds give as midnight.
    """

    uid: str | None
    title: Linked
    is_titled: bool
    is_original: bool
    language: str | None
    direction: str | None
    source: Linked
    authors: tuple[Linked, ...]
    published: str
    day: str
    time: str
    has_time: bool
    line: Markup | None
    place: str
    tells_more: bool
    text: Markup | None
    text_class: str
    more: str | None
    picture: str | None
    about: str | None
    credit: Markup | None
    related: Linked | None
    enclosures: tuple[Linked, ...]
    comments: Url | None
    license: Linked | None

    @property
    def has_more(self) -> bool:
        """Is there anything for the row of links below the text?"""
        return bool(self.related or self.enclosures or self.comments or self.license)


def shown(item: Item, *, language: str, untitled: str, room: int, sources: Mapping[str, str], about: str | None) -> Shown:
    """Show an item on a page of this language, in `room` bytes. `sources` tells where feeds' pages are, by their ids and addresses."""
    own = as_language(item.language)
    name = heading(item.title) if item.title else untitled
    authors = tuple(Linked(name=one_line(author.name), href=author.uri) for author in item.authors if one_line(author.name))
    source = _source(item, sources)
    line: Markup | None = Markup(item.line) if item.line else None  # noqa: S704  (SafeHtml is what may be published)
    head = (item.id, item.link, source.name, source.href, *(text for one in authors for text in (one.name, one.href)))
    left = room - _MARKUP_BYTES - _size(*head, name, line, about)
    if is_tight := left < 0:
        # What can be spared: a line that only repeats source and title, the end of a very long title, comments, files that do not play.
        line = line if _tells_more(item) else None
        name = name if len(name) <= _TIGHT_TITLE_CHARS else f"{one_line(item.title.text if item.title else name)[:_TIGHT_TITLE_CHARS]}…"
        left = room - _MARKUP_BYTES - _size(*head, name, line, about)
    text, is_whole = _text(item, left)
    more = None if is_whole or not text else about if _is_there(item, about) else item.link
    # The title leads there, too.
    more = more if left - _size(text) >= _MORE_BYTES + _size(more) else None
    said = instant(item.published).isoformat()
    return Shown(
        uid=None if item.id == item.link else item.id,
        title=Linked(name=name, href=item.link),
        is_titled=item.title is not None,
        is_original=item.original is not None and item.original == item.link,
        language=own if own and own != language else None,
        direction=found if (found := runs(item)) != direction(language) else None,
        source=source,
        authors=authors,
        published=f"{said[:16]}Z",
        day=said[:10],
        time=said[11:16],
        has_time=said[11:19] != "00:00:00",
        line=line,
        place=item.place,
        tells_more=_tells_more(item),
        text=text,
        text_class="e-content" if is_whole and item.content else "p-summary",
        more=more,
        picture=_beside(item, text, is_whole=is_whole) if left > _PICTURE_ROOM_BYTES else None,
        about=about,
        credit=Markup(item.credit + counting(item)) or None,  # noqa: S704  (escaped there)
        related=related_of(item),
        enclosures=tuple(one for one, is_played in files_of(item) if is_played or not is_tight),
        comments=None if is_tight else item.comments,
        license=Linked(name=license_name(item.license), href=item.license) if item.license else None,
    )


def _tells_more(item: Item) -> bool:
    """Whether the visible line says more than source and title do: who passed it on, where else it ran, or that nobody knows."""
    return bool(item.via or item.also_seen or not item.chain_known)


def _is_there(item: Item, about: str | None) -> bool:
    """Whether the whole text stands on the story's own page."""
    return about is not None and bool(item.content)


def _source(item: Item, sources: Mapping[str, str]) -> Linked:
    if item.via:
        first = item.via[0]
        return Linked(name=one_line(first.name), href=sources.get(first.feed_url or ""))
    return Linked(name=one_line(item.source.name), href=sources.get(item.feed or ""))


def related_of(item: Item) -> Linked | None:
    """The page that an entry talks about, if that is another than its own."""
    related = item.related
    return Linked(name=host_of(related), href=related) if related and related != item.link else None


def files_of(item: Item) -> Iterator[tuple[Linked, bool]]:
    """The files that come along, pictures aside, and of each whether it plays."""
    for one in item.enclosures:
        kind = media_type(one).partition("/")[0]
        if kind != "image":
            yield Linked(name=_file_name(one.url, one.title), href=one.url), kind in {"audio", "video"}


def _is_image(enclosure: Enclosure) -> bool:
    """Pictures that come along as files are shown, if at all, as pictures."""
    return media_type(enclosure).startswith("image/")


def _file_name(url: Url, title: str | None) -> str:
    return one_line(title or "") or url.partition("?")[0].rpartition("/")[2] or url


def runs(item: Item) -> Literal["ltr", "rtl"] | None:
    """In which direction an entry is written: by most of its letters, where few are of the other direction, else by its language.

    Many feeds give a language that their program came with, and many have entries in several.
    """
    text = f"{item.title.text if item.title else ''} {visible_text((item.summary or item.content or '')[:_MARKUP_CHARS])}"
    kinds = Counter(map(unicodedata.bidirectional, text[:_LETTERS]))
    left, right = kinds["L"], kinds["R"] + kinds["AL"]
    if max(left, right) > _MANY_TIMES * min(left, right):
        return "ltr" if left > right else "rtl"
    return direction(as_language(item.language)) or ("ltr" if left > right else "rtl" if right else None)


def _size(*texts: str | None) -> int:
    return sum(len(text.encode("utf-8", "replace")) for text in texts if text)


# ── text ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _text(item: Item, room: int) -> tuple[Markup | None, bool]:
    """As much of an item's text as there is room for, and whether that is all of what may be shown."""
    text = item.content or item.summary
    if not text:
        return None, True
    whole = visible_text(text)
    if item.title and _MEDIA.search(text) is None and _folded(whole) == _folded(item.title.text):
        # Some feeds have nothing to say but the title, which stands above already.
        return None, True
    if len(whole) <= TEXT_CHARS and _size(text) <= room:
        return body(text), True
    asked = terms(item.license)
    if asked and asked.no_derivatives:
        # Nothing may be cut off: whoever wants it reads it elsewhere.
        fits = item.summary and item.content and len(visible_text(item.summary)) <= TEXT_CHARS and _size(item.summary) <= room
        return (body(item.summary) if item.summary and fits else None), False
    chars = min(_BEGINNING_CHARS, room * len(whole) // max(1, _size(whole)))
    if chars < _LEAST_CHARS:
        return None, False
    start = first_sentences(_without_title(" ".join(whole.split()), item.title), chars, item.language)
    return Markup("<p>") + escape(start) + Markup("</p>"), False


def _folded(text: str) -> str:
    return one_line(text).casefold().rstrip(" .…")


def _without_title(text: str, title: Title | None) -> str:
    """A text without the title that many begin with: it stands above already."""
    said = one_line(title.text) if title else ""
    rest = text[len(said) :].lstrip(" .:–—-") if said and text.casefold().startswith(said.casefold()) else ""
    return rest or text


def body(text: SafeHtml, *, below: int = 3) -> Markup:
    """Make sanitized HTML ready for a page: images load late, over https, and tell nobody where they are shown; headings stand in order
    `below` a level.

    >>> print(body(SafeHtml('<p title="<img>">a <img src="https://b.example/c.png"></p>')))
    <p title="<img>">a <img loading="lazy" decoding="async" referrerpolicy="no-referrer" src="https://b.example/c.png" alt=""></p>
    >>> print(body(SafeHtml("<h1>a</h1><h4>b</h4><h2>c</h2>")))
    <h4>a</h4><h5>b</h5><h5>c</h5>
    >>> print(body(SafeHtml("<pre>wide</pre>")))
    <pre tabindex="0">wide</pre>
    """
    headings = _Headings(below)
    is_linked = False

    def ready(tag: re.Match[str]) -> str:
        nonlocal is_linked
        name = tag[1].lower()
        if name in {"a", "/a"}:
            is_linked = name == "a"
        if name == "img":
            return f"<{tag[1]}{_image(tag[2], is_linked=is_linked)}>"
        if name in _SCROLLED:
            return f"<{tag[1]}{_REACHED}{tag[2]}>"
        return f"<{headings.in_order(name)}{tag[2]}>" if name in _HEADINGS else tag[0]

    return Markup(_TAG.sub(ready, _EMPTY_LINK.sub("", text)))  # noqa: S704  (SafeHtml is what may be published)


def _image(attributes: str, *, is_linked: bool) -> str:
    """The attributes of an image on a page. One without words is decoration, unless it is what a link says: then its file's name is."""
    # Whatever a page may not load, browsers would complain of; most hosts have their pictures over https, too.
    kept = _UNSAFE_SOURCE.sub("", _SET_BY_US.sub("", attributes).replace(_HTTP, _HTTPS))
    said = dict(_ATTRIBUTE.findall(kept))
    if said.get("alt", "").strip() or ("alt" in said and not is_linked):
        return _LAZY + kept
    return f'{_LAZY}{_NO_WORDS.sub("", kept)} alt="{_name_in(said.get("src", "")) if is_linked else ""}"'


def _name_in(address: str) -> str:
    """Words for a picture, made of the name of its file."""
    return " ".join(re.findall(r"\w+", address.partition("?")[0].rpartition("/")[2].partition(".")[0])) or host_of(address)


class _Headings:
    """Puts the headings of one text in order below another one: none is more than one level below what it follows."""

    def __init__(self, below: int) -> None:
        self._below = below
        self._open: list[int] = []

    def in_order(self, name: str) -> str:
        if name.startswith("/"):
            return f"/h{self._level}"
        said = int(name[1])
        self._open = [*(level for level in self._open if level < said), said]
        return f"h{self._level}"

    @property
    def _level(self) -> int:
        return min(self._below + len(self._open), 6)


def _beside(item: Item, text: str | None, *, is_whole: bool) -> str | None:
    """A picture to stand beside a text that begins; beside a whole one, or none, only what came along as a file and is not in the text."""
    if text and not is_whole:
        return _picture(item)
    files = (one.url for one in item.enclosures if _is_image(one))
    return next((url for url in files if url.startswith("https://")), None) if "<img" not in (text or "") else None


def _picture(item: Item) -> str | None:
    """A picture to stand beside the beginning of a text: the entry's own, else the first in the text that is not tiny."""
    own = [item.thumbnail, *(enclosure.url for enclosure in item.enclosures if _is_image(enclosure))]
    if found := next((url for url in own if url and url.startswith("https://")), None):
        return found
    for tag in _TAG.finditer(item.content or ""):
        if tag[1].lower() == "img":
            said = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(tag[2])}
            if said.get("src", "").startswith("https://") and not any(_is_tiny(said.get(side)) for side in ("width", "height")):
                return said["src"]
    return None


def _is_tiny(pixels: str | None) -> bool:
    return bool(pixels) and str(pixels).isdecimal() and int(str(pixels)) < _LEAST_PICTURE_PX


def heading(title: Title) -> str | Markup:
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
