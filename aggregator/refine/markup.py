"""The only maker of `SafeHtml`: an allow-list on a browser's own parser, every address checked by `web.url`, until nothing changes.

What is published is a fixed point: cleaning it again gives it back byte for byte, so no reader's parser finds in it what ours did not.
"""

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from html import escape, unescape
from itertools import accumulate
from typing import Final

import nh3

from aggregator.model import RawText, SafeHtml, Title
from aggregator.refine import embeds, letters, openings
from aggregator.refine.embeds import MAX_DEPTH
from aggregator.web.players import page_of
from aggregator.web.text import clean, looks_like_html, one_line, unmarked, visible_text
from aggregator.web.url import link, resource

MAX_CONTENT: Final = 1024 * 1024
MAX_TITLE: Final = 1000

_ROOT: Final = re.compile(r"</?root(?=[\s/>])[^>]*>", re.IGNORECASE)
_INLINE: Final = frozenset(
    """abbr b bdi bdo cite code del dfn em i ins kbd mark q rp rt ruby s samp small strong sub sup u var""".split()  # noqa: SIM905
)
# Renamed after cleaning, each to an element that the parser treats alike, so that the words of neighbours do not run together.
_RENAMED: Final = {
    "acronym": "abbr",
    "center": "div",
    "details": "div",
    "dialog": "div",
    "fieldset": "div",
    "main": "div",
    "strike": "s",
    "summary": "div",
    "tt": "code",
}
_TAGS: Final = (
    _INLINE
    | frozenset(_RENAMED)
    | frozenset(
        """a address article aside blockquote br caption col colgroup dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup
    hr img li nav ol p pre section table tbody td tfoot th thead time tr ul wbr""".split()  # noqa: SIM905
    )
)
# What stands in these is for machines, or for a form that we do not carry.
_DROPPED_WHOLE: Final = frozenset(
    """applet button canvas datalist iframe noembed noframes object option script select style svg template title""".split()  # noqa: SIM905
)
_ATTRIBUTES: Final = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "img": {"src", "alt", "width", "height"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "q": {"cite"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_SHAPES: Final = {
    "dir": re.compile(r"(?:ltr|rtl|auto)", re.IGNORECASE),
    "lang": re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8}"),
    "width": re.compile(r"\d{1,5}"),
    "height": re.compile(r"\d{1,5}"),
    "span": re.compile(r"\d{1,3}"),
    "colspan": re.compile(r"\d{1,3}"),
    "rowspan": re.compile(r"\d{1,3}"),
    "start": re.compile(r"-?\d{1,9}"),
    "value": re.compile(r"-?\d{1,9}"),
    "type": re.compile(r"[1AaIi]"),
    "scope": re.compile(r"(?:row|col)(?:group)?"),
    "datetime": re.compile(r"[0-9A-Za-z:+. -]{1,40}"),
}
_MAILTO_START: Final = "mailto:"
_MAILTO: Final = re.compile(r"mailto:[\w.!#$%&'*+/=?^`{|}~@,;:-]{3,500}", re.IGNORECASE | re.ASCII)

# Beyond these a body may cost a tree builder quadratic time, so its shape is looked at before it is parsed.
_MANY_TAGS: Final = 1000
_MANY_AMPERSANDS: Final = 5000
# How often open inline elements may be repeated in new blocks, in all.
_MAX_REPEATED: Final = 300_000
_MAX_PASSES: Final = 8

_BARE_AMPERSAND: Final = re.compile(r"&(?!(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});)")
# Tags as nh3 writes them: lower case, all values in double quotes.
_ANY_TAG: Final = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9]*)")
_TAG: Final = re.compile(r'<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?P<attributes>(?: [a-z-]+="[^"]*")*)>')
_IMAGE: Final = re.compile(r'<img((?: [a-z-]+="[^"]*")*)>')
_SOURCE: Final = re.compile(r' src="[^"]')
_PIXEL: Final = re.compile(r' (?:width|height)="0*[01]"')
_RENAMED_TAG: Final = re.compile(rf"<(/?)({'|'.join(_RENAMED)})(?=[ >])")
_NO_LINK: Final = re.compile(r'<a rel="noopener noreferrer">((?:(?!</?a[ >]).)*)</a>', re.DOTALL)
_EMPTY_LINK: Final = re.compile(r'<a(?: [a-z-]+="[^"]*")*></a>')
# A link as nh3 writes it, and whether a text may have one to a player.
_HREF: Final = re.compile(r'<a href="(?P<url>[^"]*)"(?P<rest>[^>]*>)(?P<words>[^<]*+)')
_MAY_PLAY: Final = re.compile(r"embed|player|widget|/plugins/|/video_ext|youtube(?:-nocookie)?\.com/v/|streamable\.com/")
_PRE_START: Final = re.compile(r"(<pre(?: [a-z-]+=\"[^\"]*\")*>)\n+")
_VOID: Final = frozenset({"br", "col", "hr", "img", "wbr"})


class _Steps(dict[str, int]):
    """How much deeper a tag leads, by its name; an end tag leads out."""

    def __missing__(self, tag: str) -> int:
        step = -1 if tag.startswith("/") else int(tag.lower() not in _VOID)
        if len(self) < _MAX_STEPS:
            self[tag] = step
        return step


_MAX_STEPS: Final = 2_000
_STEPS: Final = _Steps()
_FORMATTING: Final = frozenset(
    """a b big code em font i nobr s small strike strong tt u""".split()  # noqa: SIM905
)
# References that programs leave in titles, and what shows that a title is about markup.
_MARK: Final = re.compile(r"&(?:#[0-9]{1,6}|#x[0-9a-f]{1,5}|amp|quot|apos|[lr][sd]quo|[mn]dash|hellip);", re.IGNORECASE)
_OF_MARKUP: Final = re.compile(r"[<>]|&(?:lt|gt|nbsp|copy);", re.IGNORECASE)
_PARAGRAPHS: Final = re.compile(r"\n\s*\n")
# (base, page) of the text that this thread is cleaning. Handed to the address check so, because one cleaner then serves all: the base
# differs from entry to entry, and building a cleaner costs as much as cleaning a short body.
_counted_from: ContextVar[tuple[str | None, str | None]] = ContextVar("_counted_from", default=(None, None))


def clean_html(html: str, base: str | None = None, *, page: str | None = None) -> SafeHtml:
    """Make foreign HTML safe to publish: an allow-list of text, links, images, lists, code and tables, balanced and at most 200 deep.

    Addresses become absolute, counted from `base`; those that only name a place on their page count from `page`. Links are http(s) or
    mailto and carry `rel="noopener noreferrer"`; players become links; counters of one pixel vanish. More than 1 MiB is cut. Whatever
    cannot be settled is shown as its text. `clean_html(clean_html(x)) == clean_html(x)`; never raises.

    >>> clean_html('<p onclick="x()">Hi <a href="/b?utm_source=rss">you</a><script>x()</script>', "https://example.org/feed")
    '<p>Hi <a href="https://example.org/b" rel="noopener noreferrer">you</a></p>'
    """
    return fitted(html, base, page=page)[0]


def fitted(html: str, base: str | None = None, *, page: str | None = None) -> tuple[SafeHtml, bool]:
    """As `clean_html`; the second value tells whether the text had to be cut to 1 MiB."""
    whole = len(html) <= MAX_CONTENT
    html = clean(html[:MAX_CONTENT]).replace("\r\n", "\n").replace("\r", "\n")
    if html.count("&") > _MANY_AMPERSANDS:
        html = _BARE_AMPERSAND.sub("&amp;", html)[:MAX_CONTENT]
    safe = _safe(html, base, page)
    while len(safe) > MAX_CONTENT:
        # What was written as one character may need six.
        html, whole = html[: len(html) * MAX_CONTENT // len(safe) * 9 // 10], False
        safe = _safe(html, base, page)
    return safe, not whole


def outward(html: SafeHtml, move: tuple[str, str] | None = None) -> SafeHtml:
    """What is published of a text: links to players lead to the pages of what these play, since many a player shows nothing in a window of
    its own; links that a letter made for its one reader are none; addresses that begin as the first of `move` begin as the second.

    Not a part of cleaning: an entry that is read again under these rules says what it said.

    >>> outward(SafeHtml('<a href="https://player.vimeo.com/video/1?h=2a">https://player.vimeo.com/video/1?h=2a</a>'))
    '<a href="https://vimeo.com/1/2a">https://vimeo.com/1/2a</a>'
    """
    text = letters.without_own_links(html)
    if move and f'="{move[0]}/' in text:
        text = text.replace(f'="{escape(move[0])}/', f'="{escape(move[1])}/')
    return SafeHtml(_HREF.sub(_paged, text) if "<a " in text and _MAY_PLAY.search(text) else text)


def _paged(found: re.Match[str]) -> str:
    page = page_of(unescape(found["url"]))
    if page is None:
        return found[0]
    address, words = escape(page), found["words"]
    is_address = words and found["url"].startswith(words.removesuffix("…"))
    return f'<a href="{address}"{found["rest"]}{address if is_address else words}'


def is_too_deep(html: str) -> bool:
    """Whether elements are nested deeper than `MAX_DEPTH`, so that the tags of the innermost are taken out.

    >>> is_too_deep("<p>" * 300), is_too_deep("<div>" * 201 + "</div>" * 201)
    (False, True)
    """
    if html.count("<") <= MAX_DEPTH:
        return False
    deepest = max(accumulate(map(_STEPS.__getitem__, _ANY_TAG.findall(html)), initial=0))
    # Paragraphs need not be closed: only a parser knows.
    return deepest > MAX_DEPTH and embeds.depth(html) > MAX_DEPTH


def from_text(text: str) -> SafeHtml:
    """Write plain text as HTML: blank lines part paragraphs, other line ends become `<br>`; nothing in it is markup.

    >>> from_text("1 < 2\\n3\\n\\n4")
    '<p>1 &lt; 2<br>3</p><p>4</p>'
    """
    paragraphs = (escape(part.strip(), quote=False) for part in _PARAGRAPHS.split(clean(text.replace("\r\n", "\n").replace("\r", "\n"))))
    return SafeHtml("".join(f"<p>{part}</p>" for part in paragraphs if part).replace("\n", "<br>").replace("\xa0", "&nbsp;"))


def title(raw: RawText, *, is_open: bool = False) -> Title | None:
    """Read a title: its text on one line of at most 1,000 characters, and inline HTML where that says more; None if nothing is left.

    `is_open` is for formats that do not say whether a title is text or HTML (RSS): then it is HTML if it holds a character reference, or
    an element that it also closes. Of a title that is said to be text, only references by number and those to quotes, dashes and "&" are
    read ("l&#39;État"), which many a program leaves there. One that speaks of markup, with a tag or another reference, stays as it is.

    >>> title(RawText(value="<b>not bold</b>")).text, title(RawText(value="x <em>y</em>", type="html")).html
    ('<b>not bold</b>', 'x <em>y</em>')
    """
    value = unmarked(raw.value[: MAX_TITLE * 20])
    is_html = raw.type != "text" if not is_open else _is_html_title(value)
    if not is_html:
        text = one_line(value if _OF_MARKUP.search(value) else _MARK.sub(lambda mark: unescape(mark[0]), value))[:MAX_TITLE].rstrip()
        return Title(text=text) if text else None
    text = one_line(visible_text(value))
    if not text:
        return None
    if len(text) > MAX_TITLE:
        return Title(text=text[:MAX_TITLE].rstrip())
    inline = one_line(_title_cleaner().clean(clean(value)))
    return Title(text=text, html=SafeHtml(inline) if "<" in inline and one_line(visible_text(inline)) == text else None)


def opening(html: SafeHtml, max_chars: int) -> str:
    """The first visible characters, on one line.

    >>> opening(SafeHtml("<p>One</p><p>two &amp; three</p>"), 9)
    'One two &'
    """
    return openings.opening(html, max_chars)


def _safe(html: str, base: str | None, page: str | None) -> SafeHtml:
    if "<" not in html and "&" not in html:
        return SafeHtml(html.replace(">", "&gt;").replace("\xa0", "&nbsp;"))
    if "<root" in html.lower():
        # The sanitizer takes an element of this name for its own wrapper and loses all that is in it.
        html = _ROOT.sub("", html)
    if embeds.has_embeds(html) or not _is_light(html):
        html = embeds.readable(html, base)
    return _settled(html, base, page)


@lru_cache(maxsize=1)
def _cleaner() -> nh3.Cleaner:
    """The allow-list with the checks of values."""
    return _allow_list(_checked)


def _checked(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return _href(value, *_counted_from.get())
    if attribute == "src":
        return resource(value, _counted_from.get()[0])
    if attribute == "cite":
        return link(value, _counted_from.get()[0])
    shape = _SHAPES.get(attribute)
    return value if shape is None or shape.fullmatch(value) else None


@lru_cache(maxsize=1)
def _checker() -> nh3.Cleaner:
    """The same list without looking at values, which `_cleaner` has checked: twice as fast, to see whether a parse changes anything."""
    return _allow_list(None)


def _allow_list(checked: Callable[[str, str, str], str | None] | None) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED_WHOLE),
        attributes=_ATTRIBUTES,
        attribute_filter=checked,
        link_rel="noopener noreferrer",  # `rel` must not stand in the attributes beside it
        url_schemes={"http", "https", "mailto"},
    )


@lru_cache(maxsize=1)
def _title_cleaner() -> nh3.Cleaner:
    # Languages and titles come through any list of attributes, so their values are checked here, too.
    return nh3.Cleaner(tags=set(_INLINE), clean_content_tags=set(_DROPPED_WHOLE), attributes={}, attribute_filter=_checked, link_rel=None)


def _href(value: str, base: str | None, page: str | None) -> str | None:
    value = value.strip()
    if value.startswith("#"):
        return link(value, page) if page else None
    return value if value[:7].lower() == _MAILTO_START and _MAILTO.fullmatch(value) else link(value, base)


def _settled(html: str, base: str | None, page: str | None) -> SafeHtml:
    """Clean until a parser gives back what it read.

    Two parses may differ where an element that was taken out held others apart: `<p><object><p>` is nested only with the object.
    """
    for _ in range(_MAX_PASSES):
        written = _allowed(html, base, page)
        if len(written) > MAX_CONTENT:
            return SafeHtml(written)  # Safe, but `fitted` will cut it and come again: settling it would be in vain.
        html = _tidy(written)
        # What was tidy already is not made tidy a second time.
        if _checker().clean(html) == html and (html == written or _tidy(html) == html):
            return SafeHtml(html) if _is_light(html) else from_text(visible_text(html))
    return from_text(visible_text(html))


def _allowed(html: str, base: str | None, page: str | None) -> str:
    around = _counted_from.set((base, page))
    try:
        return _cleaner().clean(html)
    finally:
        _counted_from.reset(around)


def _tidy(html: str) -> str:
    """Finish what nh3 wrote: only characters of XML, no pictures that show nothing, no elements that the page around it may not hold."""
    html = clean(html)
    if "<img" in html:
        html = _IMAGE.sub(_shown_image, html)
    if "<pre" in html:
        html = _PRE_START.sub(r"\1", html)
    if '<a rel="' in html:
        html = _NO_LINK.sub(r"\1", html)
    html = _RENAMED_TAG.sub(_renamed, _EMPTY_LINK.sub("", html)).replace("<p></p>", "")
    return _shallow(html) if html.count("</") > MAX_DEPTH else html


def _shown_image(image: re.Match[str]) -> str:
    return "" if not _SOURCE.search(image[1]) or _PIXEL.search(image[1]) else image[0]


def _renamed(tag: re.Match[str]) -> str:
    return f"<{tag[1]}{_RENAMED[tag[2]]}"


def _shallow(html: str) -> str:
    """Take out the tags, not the text, of what is nested deeper than `MAX_DEPTH` in balanced HTML."""
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        if tag["name"] in _VOID:
            return tag[0] if depth <= MAX_DEPTH else " "
        depth += -1 if tag["end"] else 1
        return tag[0] if depth + bool(tag["end"]) <= MAX_DEPTH else " "

    return _TAG.sub(kept, html)


def _is_light(html: str) -> bool:
    """Tell whether a tree builder reads this in linear time: few tags; or well nested, not too deep, few open inline elements to repeat.

    HTML reopens inline elements that were not closed in each new block (the "active formatting elements" of its parsing rules), so n
    open ones before m blocks make n x m elements.
    """
    if html.count("<") <= _MANY_TAGS:
        return True
    opened: list[str] = []
    inline = repeated = end = 0
    for tag in _TAG.finditer(html):
        if html.find("<", end, tag.start()) >= 0:
            return False
        end, name = tag.end(), tag["name"]
        if tag["end"]:
            if not opened or opened.pop() != name:
                return False
            inline -= name in _FORMATTING
        else:
            repeated += inline
            if name not in _VOID:
                opened.append(name)
                inline += name in _FORMATTING
        if len(opened) > MAX_DEPTH or repeated > _MAX_REPEATED:
            return False
    return not opened and html.find("<", end) < 0


def _is_html_title(value: str) -> bool:
    if not looks_like_html(value):
        return False
    lowered = value.lower()
    names = re.findall(r"<([a-z][a-z0-9]*)[\s/>]", lowered)
    return not names or any(f"</{name}" in lowered or name in _VOID for name in names)
