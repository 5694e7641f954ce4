"""Raw HTML as text and tags with their places in it: one pass, no tree. No broken markup makes it slow or makes it raise."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final, NamedTuple

TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*+)((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
# All that is no text: comments; tags, where no ">" in quotes ends one; tags whose quotes are broken, and declarations.
_MARKUP: Final = re.compile(r"""<!--(?:.*?-->|.*)|<[/a-zA-Z](?:[^>"']++|"[^"]*+"|'[^']*+')*+>|<[/!?a-zA-Z][^>]*+>?""", re.DOTALL)
_LINK: Final = re.compile(r"<a\s")
LINKED: Final = "\0"
"""What stands for a link, or for its beginning, in text that is only looked at."""

# The start of a tag between which and its neighbour a word may end: of any but these.
_BREAK: Final = re.compile(
    r"<(?!/?(?:a|abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|img|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|tt|u|var|wbr)[\s/>])"
)
_ATTRIBUTE: Final = re.compile(r"(?:^|[\s\"'/])(href|class)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
# `html.unescape` counts in int(), which raises beyond 4,300 digits; no character has more than seven.
_ENDLESS_REFERENCE: Final = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
_HIDDEN: Final = frozenset({"script", "style", "template", "noscript", "svg", "math", "iframe", "object", "title", "textarea", "select"})


class Text(NamedTuple):
    """What stands between two tags, as written. `start` and `end` count in the HTML, here and in `Tag`."""

    value: str
    start: int
    end: int


class Tag(NamedTuple):
    """A start or an end tag. `name` is in lower case, `attributes` as written."""

    name: str
    closes: bool
    attributes: str
    start: int
    end: int


def tokens(html: str, after: int = 0) -> Iterator[Text | Tag]:
    """The text and the tags of HTML from a place on, without comments, declarations and elements that are not shown.

    >>> [token.value if isinstance(token, Text) else token.name for token in tokens("a<B class=x>b</b><!-- c --><style>d</style>")]
    ['a', 'b', 'b', 'b', 'style']
    """
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
        elif found := TAG.match(html, opened):
            tag = Tag(found[2].lower(), bool(found[1]), found[3], opened, found.end())
            yield tag
            at = _after_hidden(html, tag)
        elif html[opened + 1 : opened + 2] in ("!", "?", "/") or html[opened + 1 : opened + 2].isalpha():
            at = _after(html, ">", opened + 1)
        else:  # a bare less-than sign is text
            yield Text("<", opened, opened + 1)
            at = opened + 1


def bare(html: str) -> str:
    """Lower-case HTML without its tags, `LINKED` before what was a link, and a line end where a line may begin; scripts may be left.

    >>> bare('<p><b>o</b>riginally at <a href="/x">x &amp; y</a></p>')
    '\\noriginally at \\x00x & y\\n'
    """
    if "<" not in html:
        return decoded(html)
    return decoded(_MARKUP.sub("", _BREAK.sub("\n<", _LINK.sub(LINKED + "<a ", html))))


def _after_hidden(html: str, tag: Tag) -> int:
    if tag.closes or tag.name not in _HIDDEN or tag.attributes.endswith("/"):
        return tag.end
    closing = re.compile(f"</{tag.name}", re.IGNORECASE).search(html, tag.end)
    return _after(html, ">", closing.end()) if closing else len(html)


def _after(html: str, mark: str, start: int) -> int:
    found = html.find(mark, start)
    return len(html) if found < 0 else found + len(mark)


def attribute(tag: Tag, name: str) -> str:
    """The value of `href` or `class`, references decoded; empty if the tag has none."""
    for found in _ATTRIBUTE.finditer(tag.attributes):
        if found[1].lower() == name:
            return decoded(found[2] or found[3] or found[4] or "").strip()
    return ""


def decoded(text: str) -> str:
    """Text with its character references decoded; of any text, however long its numbers are.

    >>> decoded("a &amp; b&#" + "9" * 5000 + ";")
    'a & b\ufffd'
    """
    return unescape(_ENDLESS_REFERENCE.sub("\ufffd", text)) if "&" in text else text
