"""Text: what XML 1.0 allows of it, and what a reader sees of HTML.

Everything here is total (no input raises) and linear in the length of the input, since all of it comes from strangers. The standard
library's `html.parser` is neither: unclosed constructs make it look again from every `<`.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import blake2b
from html import unescape
from html.entities import html5
from typing import Final

# XML 1.0 section 2.2, Char. U+FFFE and U+FFFF are allowed nowhere; the other noncharacters are.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

# A tag as the HTML tokenizer reads it: quotes count only where an attribute value begins. All quantifiers are possessive: no way back.
_TAG: Final = re.compile(
    r"""<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)*+>""",
)
_OPENING: Final = re.compile(r"<(?:[!?]|/?[a-zA-Z])")
_COMMENT_END: Final = re.compile(r"--!?>")
_KNOWN_TAG: Final = re.compile(r"<(?:!--|/?([a-zA-Z][a-zA-Z0-9]{0,15})(?=[\s/>]))")
_REFERENCE: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|([a-zA-Z][a-zA-Z0-9]{1,31}));")
# `html.unescape` counts in int(), which raises beyond 4,300 digits; no character has more than seven.
_ENDLESS_REFERENCE: Final = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")

# Their content is never shown, and up to their own end tag nothing in it is markup.
_UNSEEN: Final = frozenset({"iframe", "noembed", "noframes", "script", "style", "template", "title"})
_UNSEEN_END: Final = {name: re.compile(rf"</{name}(?=[\s/>])[^>]*+>", re.IGNORECASE) for name in _UNSEEN}
_BLOCKS: Final = frozenset(
    """address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure footer form
    frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu nav ol optgroup option p pre search section select summary
    table tbody tfoot thead tr ul video audio""".split()  # noqa: SIM905
)
_CELLS: Final = frozenset({"td", "th"})
_INLINE: Final = frozenset(
    """a abbr acronym b base bdi bdo big button cite code col colgroup data datalist del dfn em embed font i img input ins kbd label link
    map mark meta noscript object output param picture progress q rp rt ruby s samp small source span strike strong sub sup svg textarea
    time track tt u var wbr""".split()  # noqa: SIM905
)
# Signs that turn the direction of letters until another one ends that.
_TURNS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Definite articles of the languages that print them as words of their own; what else may open a name is a part of it.
_ARTICLE: Final = re.compile(
    r"(?:(?:the|der|die|das|dem|den|des|el|la|los|las|le|les|il|lo|gli|i|o|a|os|as|het|de|det)\s+|l['’]\s?)(?=\S)", re.IGNORECASE
)
# Between a name and its tagline.
_PARTS: Final = re.compile(r"\s[-–—|:»›·•/]+\s|:\s")
_ELEMENTS: Final = _BLOCKS | _CELLS | _INLINE | _UNSEEN
_CDATA: Final = ("<![CDATA[", "]]>")


def clean(text: str) -> str:
    """Keep only the characters that XML 1.0 allows: lone surrogates become U+FFFD, all others that are forbidden vanish.

    `clean(clean(x)) == clean(x)`; the result can be encoded as UTF-8 and written into any of our outputs.

    >>> clean("a\\x00b\\x1bc\\ud800")
    'abc\ufffd'
    """
    # Printable characters are allowed, and most texts hold nothing else in their lines; the last question tells of nearly all others.
    if text.isprintable() or text.replace("\n", " ").isprintable() or not _NOT_XML.search(text):
        return text
    return _NOT_XML.sub("", _SURROGATE.sub("\ufffd", text))


def unmarked(text: str) -> str:
    """A text without the marks of the CDATA sections that it is, which were escaped once more on the way: to a reader of HTML they hide it.

    >>> unmarked("<![CDATA[Rain & wind]]> "), unmarked("<![CDATA[Rain ]]><![CDATA[& wind]]>"), unmarked("Of <![CDATA[ and ]]>")
    ('Rain & wind', 'Rain & wind', 'Of <![CDATA[ and ]]>')
    """
    inner = text.strip() if _CDATA[0] in text[:200] else ""
    return inner.replace(_CDATA[0], "").replace(_CDATA[1], "") if inner.startswith(_CDATA[0]) else text


def one_line(text: str) -> str:
    """Clean text and put it on one line: every run of white space becomes one space, none at the ends.

    Signs that turn the direction of letters and do not come in pairs vanish: they would turn the sentence in which a name stands.

    >>> one_line("  A\\n\\t title "), one_line("\\u202egnihton")
    ('A title', 'gnihton')
    """
    line = " ".join(clean(text).split())
    return line if line.isascii() or _come_in_pairs(_TURNS.findall(line)) else " ".join(_TURNS.sub("", line).split())


def _come_in_pairs(signs: Iterable[str]) -> bool:
    """Whether all that is opened is closed behind it: embeddings by U+202C, isolates by U+2069 (UAX 9)."""
    depths = {"\u202c": 0, "\u2069": 0}
    for sign in signs:
        end = "\u2069" if sign >= "\u2066" else "\u202c"
        depths[end] += -1 if sign == end else 1
        if depths[end] < 0:
            return False
    return not any(depths.values())


def folded_name(name: str) -> str:
    """A name as it is compared: on one line, casefolded, without an article, since "The Courier" is called "the Courier", too.

    >>> folded_name("The Courier") == folded_name("COURIER"), folded_name("L’Heure"), folded_name("A")
    (True, 'heure', 'a')
    """
    line = one_line(name).casefold()
    article = _ARTICLE.match(line)
    return line[article.end() :] if article else line


def name_forms(title: str) -> tuple[str, ...]:
    """What a feed may be called by: its title, then the parts of it, of which one may be a tagline.

    >>> name_forms("Tagline Times - Latest posts")
    ('Tagline Times - Latest posts', 'Tagline Times', 'Latest posts')
    """
    return title, *(part.strip() for part in _PARTS.split(title) if part.strip() and part != title)


def digest(body: bytes) -> bytes:
    """128 bits (blake2b) that differ when the bytes do."""
    return blake2b(body, digest_size=16).digest()


def fingerprint(body: bytes) -> str:
    """A digest as hexadecimal digits."""
    return digest(body).hex()


def looks_like_html(text: str) -> bool:
    """Tell whether text carries markup: a tag of a known HTML element, a comment or a character reference.

    For fields whose format leaves open whether they are text or HTML (RSS title, description).

    >>> looks_like_html("<b>bold</b>"), looks_like_html("Tom &amp; Jerry"), looks_like_html("vector<int> & x < y")
    (True, True, False)
    """
    if "<" not in text and "&" not in text:
        return False
    return any(tag[1] is None or tag[1].lower() in _ELEMENTS for tag in _KNOWN_TAG.finditer(text)) or any(
        reference[1] is None or f"{reference[1]};" in html5 for reference in _REFERENCE.finditer(text)
    )


def counted(count: int, noun: str) -> str:
    """So many of something.

    >>> counted(1, "entry"), counted(1200, "entry"), counted(0, "feed")
    ('1 entry', '1200 entries', '0 feeds')
    """
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"


def sized(count: int) -> str:
    """A number of bytes in the unit that people would use.

    >>> sized(1234), sized(5_000_000)
    ('1 kB', '5.0 MB')
    """
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    return f"{count / 1_000_000:.1f} MB" if count < 1_000_000_000 else f"{count / 1_000_000_000:.1f} GB"


def ahead(instant: datetime | None, now: datetime) -> str:
    """How far ahead (or back) an instant is, in the largest fitting unit.

    >>> ahead(datetime(2026, 11, 23, 12, 30), datetime(2026, 11, 23, 12, 0))
    'in 30 min'
    """
    if instant is None:
        return "never"
    seconds = (instant - now).total_seconds()
    size = abs(seconds)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if size >= 2 * length or (size >= length and unit == "min"):
            text = f"{size / length:.0f} {unit}"
            break
    else:
        text = f"{size:.0f} s"
    return f"in {text}" if seconds >= 0 else f"{text} ago"


def due(instant: datetime, now: datetime) -> str:
    """When something is to happen.

    >>> due(datetime(2026, 11, 23, 12, 30), datetime(2026, 11, 23, 12, 0)), due(datetime(2026, 11, 23, 11), datetime(2026, 11, 23, 12))
    ('in 30 min', 'due for 60 min')
    """
    said = ahead(instant, now)
    return f"due for {said.removesuffix(' ago')}" if said.endswith(" ago") else said


def visible_text(html: str) -> str:
    """What a reader sees of HTML: no tags, references decoded, scripts, styles and comments gone, one line per block.

    Lines hold single spaces and are never empty; the text is clean. What follows an unclosed tag or comment is not shown, as in
    browsers.

    >>> visible_text("<p>One &amp; <b>two</b><script>x()</script></p><p>three<br>four")
    'One & two\\nthree\\nfour'
    """
    lines = (" ".join(line.split()) for line in clean("".join(_pieces(html))).split("\n"))
    return "\n".join(line for line in lines if line)


def start_tags(html: str) -> Iterator[str]:
    """The start tags of HTML, each as it is written, in order; what stands in comments, scripts and the like is none.

    >>> list(start_tags('<!-- <i> --><a href="?a>b">x</a><script>"<b>"</script><br>'))
    ['<a href="?a>b">', '<script>', '<br>']
    """
    for _, tag in _markup(html):
        if tag and not tag["end"]:
            yield tag[0]


def _pieces(html: str) -> Iterator[str]:
    """Runs of text, decoded and without line ends, and "\\n" where a block begins or ends."""
    at = 0
    for (opened, ended), tag in _markup(html):
        yield _run(html[at:opened])
        name = tag["name"].lower() if tag else ""
        yield "\n" if name in _BLOCKS else " " if name in _CELLS else ""
        at = ended
    yield _run(html[at:])


def _markup(html: str) -> Iterator[tuple[tuple[int, int], re.Match[str] | None]]:
    """Where each piece of markup begins and ends, and its tag if it is one. What is never shown is one piece with its start tag."""
    opening = _OPENING.search(html)
    while opening:
        opened = opening.start()
        tag = _TAG.match(html, opened)
        ended = _end_of_tag(html, tag) if tag else _end_of_comment(html, opened)
        yield (opened, ended), tag
        opening = _OPENING.search(html, ended)


def _end_of_tag(html: str, tag: re.Match[str]) -> int:
    name = tag["name"].lower()
    if tag["end"] or name not in _UNSEEN:
        return tag.end()
    closed = _UNSEEN_END[name].search(html, tag.end())
    return closed.end() if closed else len(html)


def _end_of_comment(html: str, opened: int) -> int:
    """The end of a comment or declaration; of what is never closed, a tag too, the end of the text."""
    if html.startswith("<!--", opened):
        # "<!-->" is a whole comment, so the search begins right behind "<!".
        closed = _COMMENT_END.search(html, opened + 2)
        return closed.end() if closed else len(html)
    return html.find(">", opened) + 1 or len(html) if html.startswith(("<!", "<?"), opened) else len(html)


def _run(text: str) -> str:
    return unescape(_ENDLESS_REFERENCE.sub("\ufffd", text)).replace("\n", " ") if "&" in text else text.replace("\n", " ")
