"""What publishers ask for in return for their words: a credit line that an editor was given, and images that count readers."""

import re
from html import escape
from typing import Final

from aggregator.model import Credit, Entry, SafeHtml, Url
from aggregator.refine import markup
from aggregator.refine.bylines import without_author
from aggregator.refine.tokens import Tag, decoded, tokens
from aggregator.web.text import one_line
from aggregator.web.url import resource

MAX_COUNTERS: Final = 3

_SLOT: Final = re.compile(r"\{(link|title|author)\}")
_BLOCK: Final = re.compile(r"<(?:p|div|blockquote|ul|ol|hr|h[1-6]|table|section|aside|footer)[\s>]", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"(?:^|[\s\"'/])(src|width|height|style)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
_TINY: Final = re.compile(r"0*[01](?:px)?")
_TINY_STYLE: Final = re.compile(r"(?:^|[;\s])(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|$|!)", re.IGNORECASE)


def credit_line(template: str, entry: Entry, page: Url | None) -> Credit:
    """Fill in a credit line and make it safe; `page` is where the entry is to be read. Counting images in it are told apart.

    Of an entry without an author it lacks the part that would name one.

    >>> credit_line("From <a href='{link}'>{title}</a>", Entry(raw_key="", raw_id="", id_from="id", published_id="", site=""), None).html
    '<p>From </p>'
    """
    values = {
        "link": page or "",
        "title": one_line(entry.title.text) if entry.title else "",
        "author": ", ".join(author.name for author in entry.authors),
    }
    wanted = template if values["author"] else without_author(template)
    filled = _SLOT.sub(lambda slot: escape(values[slot[1]]), wanted)
    html = markup.clean_html(filled if _BLOCK.search(filled) else f"<p>{filled}</p>")
    return Credit(html=html if markup.opening(html, 1) else SafeHtml(""), counters=counters(filled))


def counters(html: str, base: str | None = None) -> tuple[Url, ...]:
    """The images of one pixel in raw HTML, by https only: what programmes for republishing count readers by.

    >>> counters('<p>Text</p><img src="https://count.example/1?a=b" width="1" height="1"><img src="https://a.example/photo.jpg">')
    ('https://count.example/1?a=b',)
    """
    if "<img" not in html and "<IMG" not in html:
        return ()
    found = [address for token in tokens(html) if isinstance(token, Tag) and token.name == "img" and (address := _counter(token, base))]
    return tuple(dict.fromkeys(address for address in found if address.startswith("https://")))[:MAX_COUNTERS]


def _counter(image: Tag, base: str | None) -> Url | None:
    said = {found[1].lower(): decoded(next(filter(None, found.groups()[1:]), "")) for found in _ATTRIBUTE.finditer(image.attributes)}
    is_tiny = any(_TINY.fullmatch(said.get(name, "").strip()) for name in ("width", "height"))
    return resource(said.get("src"), base) if is_tiny or _TINY_STYLE.search(said.get("style", "")) else None
