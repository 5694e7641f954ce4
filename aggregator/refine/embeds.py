"""Foreign HTML made readable before it is cleaned: embeds become links, formulas text, lazy images show, and so does what stands there
for readers without scripts; what is bold, slanted or struck out by its style alone is so; what a letter hides for good stays hidden; no
nesting is too deep.

The parser reports events and builds no tree, so neither depth nor size costs more than their length. What comes out is well nested, but as
unsafe as what went in.
"""

import re
from html import escape
from typing import Final, cast

from lxml import etree

from aggregator.refine import frames, styles
from aggregator.web.url import resource, unwrap

# Deeper markup is shown as its text. Nobody writes it; tree builders need quadratic time for it, readers overflow their stack.
MAX_DEPTH: Final = 200

# What `readable` unfolds, shows or sizes, as the lists below have it: in one pass, since few texts have any of it.
_MARKS: Final = re.compile(
    r"<(?:iframe|video|audio|object|embed|math|noscript|amp-img"
    r"|img(?:[^<>]{0,2000}?\s(?:(?:data|nitro)-[a-z-]{0,16}src(?:set)?[\s=]|data-(?:original|lazy(?:load)?)[\s=]"
    r"|(?:width|height)\s*=\s*[\"']?\s*\d{1,5}px"
    r"|style\s*=\s*[\"'][^\"'<>]{0,300}?(?:width|height)\s*:\s*\d{1,2}(?:\.\d+)?(?:px|r?em|\s*[;!\"']))"
    r"|(?![^<>]{0,2000}\ssrc[\s=])[^<>]{0,2000}?\ssrcset[\s=]))",
    re.IGNORECASE,
)
_ATTRIBUTE: Final = re.compile(r"[a-z][a-z0-9-]*")
_VOID: Final = frozenset(
    """area base br col embed hr img input link meta param source track wbr""".split()  # noqa: SIM905
)
_WHOLE_PAGE: Final = frozenset({"html", "body"})
# An annotation says a formula once more, for programs, or in TeX.
_UNSEEN: Final = frozenset(["annotation", "annotation-xml", "noembed", "noframes", "script", "style", "svg", "template", "title"])
_CONTAINERS: Final = frozenset({"video", "audio", "object"})
# The longest address that is shown whole as the words of a link.
_MAX_WORDS: Final = 100
# Where scripts that load pictures late keep the real address; and any other such name, where there is none besides.
_LAZY: Final = ("data-src", "data-lazy-src", "data-original", "data-orig-src")
_ANY_LAZY: Final = re.compile(r"(?:data|nitro)-[a-z-]{0,16}src|data-lazy(?:load)?")
_SETS: Final = ("data-srcset", "data-lazy-srcset", "srcset")
# The size of a picture in pixels, and how its style gives that of a small one (a sign among letters, a counter), which cleaning takes away.
_SIZE: Final = re.compile(r"\s*(\d{1,5})(?:px)?\s*")
_SMALL: Final = re.compile(
    r"(?:^|[;\s])(?P<name>width|height)\s*:\s*(?P<length>\d{1,2}(?:\.\d+)?)(?P<unit>px|r?em|(?=\s*(?:[;!]|$)))", re.IGNORECASE
)
_MAX_SMALL_PX: Final = 48
_PX_OF_A_LETTER: Final = 16
# Wrappers of pictures, which the sanitizer takes away.
_NOTHING: Final = re.compile(r"\s*(?:</?(?:picture|source)\b[^>]*>)?\s*")
# A frame of no size plays nothing: it counts readers.
_NO_SIZE: Final = re.compile(r"\s*0*[01](?:px)?\s*")
# A letter hides twice what its list of unread mail shows behind its title: no script brings that up again, as it does what folds away.
_NOT_DISPLAYED: Final = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_FLAT: Final = re.compile(r"mso-hide\s*:\s*all|(?:max-height|font-size|line-height)\s*:\s*(?:0(?:px)?|1px)(?![\w.%])", re.IGNORECASE)
_MAX_HIDDEN: Final = 500  # letters and digits
_PARAM_SOURCES: Final = frozenset({"movie", "src", "url", "filename"})


def has_embeds(html: str) -> bool:
    """Tell whether `readable` may have embeds to unfold or lazy images to show (true at times where there are none)."""
    if "<" not in html:
        return False
    # To look for a word in either case takes ten times as long as for a word.
    has_styles = "display" in html or "DISPLAY" in html
    if _MARKS.search(html) is not None or (has_styles and _NOT_DISPLAYED.search(html) is not None):
        return True
    return frames.has_any(html) or styles.has_any(html)


def readable(html: str, base: str | None = None) -> str:
    """Write HTML anew: an embedded player becomes a link to what it plays, a lazy image shows its picture; well nested, at most 200 deep.

    A link stands in a paragraph of its own, unless it stood in one; its words are the embed's title, else the address. An embed without
    an http(s) address vanishes with its frame, an `<object>` then shows what it holds for such cases. MathML becomes its `alttext` or its
    TeX, else its characters in a row, and is not shown twice. What stands in `<noscript>` shows, a picture there instead of the lazy one
    beside it. What a letter hides twice stays hidden. Never raises.

    >>> readable('<iframe src="https://video.example/1"></iframe>')
    '<p><a href="https://video.example/1">https://video.example/1</a></p>'
    """
    writer = _Writer(base)
    parser = etree.HTMLParser(target=cast("etree.ParserTarget", writer), huge_tree=True, encoding="utf-8")
    try:
        parser.feed(html.encode("utf-8", "replace"))
        parser.close()
    except etree.LxmlError:
        pass  # The parser has nothing to report, as for a body of comments only; what was written stands.
    return writer.written()


def depth(html: str) -> int:
    """How deep the elements of HTML are nested, as a parser reads it."""
    counter = _Depth()
    parser = etree.HTMLParser(target=cast("etree.ParserTarget", counter), huge_tree=True, encoding="utf-8")
    try:
        parser.feed(html.encode("utf-8", "replace"))
        parser.close()
    except etree.LxmlError:
        pass
    return counter.deepest


class _Depth:
    """A parser target that keeps nothing but a number."""

    def __init__(self) -> None:
        self.deepest = self._now = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._now += tag not in _WHOLE_PAGE and tag not in _VOID
        self.deepest = max(self.deepest, self._now)

    def end(self, tag: str) -> None:
        self._now -= tag not in _WHOLE_PAGE and tag not in _VOID

    def close(self) -> None:
        """Called by the parser at the end."""


class _Embed:
    """An open player: what it plays, as far as it said, and what stood inside for those who cannot play it."""

    def __init__(self, tag: str, attributes: dict[str, str], mark: int) -> None:
        self.tag = tag
        self.title = attributes.get("title") or attributes.get("aria-label")
        self.poster = attributes.get("poster")
        self.sources = [attributes[name] for name in ("src", "data", "data-src") if attributes.get(name)]
        self.mark = mark
        self.has_no_size = all(_NO_SIZE.fullmatch(attributes.get(name) or "") for name in ("width", "height"))


class _Writer:
    """A parser target that writes what it is told, except for embeds and what lies too deep."""

    def __init__(self, base: str | None) -> None:
        self._base = base
        self._out: list[str] = []
        self._open: list[str] = []
        self._embeds: list[_Embed] = []
        self._unseen = 0
        self._ends: dict[int, str] = {}  # of open elements that were written as others, by how deep they are
        self._said = 0  # how often words, or what stands for an element, were written
        # Of open elements: where they were written, what had been said then, what they may stand for.
        self._frames: dict[int, tuple[int, int, dict[str, str]]] = {}
        self._hidden: list[tuple[int, int]] = []  # of open elements that hide what they hold: how deep, and where they were written
        self._formula = 0
        self._formula_at = 0
        self._tex: list[str] | None = None  # what a formula says once more, in TeX
        self._told_at: int | None = None  # where the last formula ended
        self._in_words = False
        self._noscripts: list[int] = []
        self._images: list[int] = []  # where pictures were written
        # Where the last lazy picture was written, and where the last noscript ended that held one, and nothing but air behind it; each may
        # be the other's double.
        self._lazy_at: int | None = None
        self._shown_by: int | None = None

    def written(self) -> str:
        while self._open:
            self.end(self._open[-1])
        return "".join(self._out)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _WHOLE_PAGE:
            return
        if tag in _UNSEEN:
            self._unseen += 1
            if tag == "annotation" and self._formula and "tex" in (attributes.get("encoding") or "").lower():
                self._tex = []
            elif tag == "script" and self._unseen == 1 and not (self._formula or self._embeds) and len(self._open) < MAX_DEPTH:
                self._tell(frames.of_script(attributes, is_block=self._is_block()))
        elif not self._unseen:
            self._start_seen(tag, dict(attributes))
        if tag not in _VOID:
            self._open.append(tag)

    def end(self, tag: str) -> None:
        if tag in _WHOLE_PAGE or tag in _VOID or not self._open:
            return
        depth = len(self._open)
        self._open.pop()
        if tag in _UNSEEN:
            self._unseen -= 1
        elif self._unseen or tag == "iframe":
            return
        elif tag == "math":
            self._end_formula()
        elif self._formula:
            return
        elif self._embeds and tag == self._embeds[-1].tag:
            self._close(self._embeds.pop())
        elif tag == "noscript":
            self._end_noscript(self._noscripts.pop())
        elif depth <= MAX_DEPTH:
            self._end_seen(depth, tag)
            if self._hidden and self._hidden[-1][0] == depth:
                self._end_hidden(self._hidden.pop()[1])

    def data(self, text: str) -> None:
        if not self._unseen and not self._in_words and not (self._open and self._open[-1] == "iframe"):
            self._out.append(escape(text, quote=False))
            self._said += not text.isspace()
        elif self._tex is not None and self._open and self._open[-1] == "annotation":
            self._tex.append(text)

    def comment(self, text: str) -> None:
        """Comments are not for readers."""

    def pi(self, target: str, data: str | None = None) -> None:
        """Nor are processing instructions."""

    def close(self) -> None:
        """Called by the parser at the end; the text is fetched by `written`."""

    def _start_seen(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "math":
            self._start_formula(attributes)
        elif self._formula:
            return  # Left without their formula, its elements would be taken for an attack, and their text with them.
        elif tag in _CONTAINERS:
            self._embeds.append(_Embed(tag, attributes, len(self._out)))
        elif tag in ("iframe", "embed"):
            self._frame(_Embed(tag, attributes, len(self._out)))
        elif tag == "noscript":
            self._noscripts.append(len(self._out))
        elif self._embeds and tag in ("source", "param"):
            self._note_source(tag, attributes)
        elif len(self._open) >= MAX_DEPTH:
            self._out.append(" ")
        else:
            self._show(tag, attributes)

    def _show(self, tag: str, attributes: dict[str, str]) -> None:
        is_again = attributes.get("aria-hidden") == "true" and self._follows_formula()
        if is_again and tag in _VOID:
            self._told_at = None
            return
        name, shown = _shown_image(tag, attributes)
        if (shown is not attributes or tag == "amp-img") and not self._noscripts:
            if self._shown_by is not None and self._is_bare(self._shown_by, len(self._out)):
                self._shown_by = len(self._out)
                return
            self._lazy_at, self._shown_by = len(self._out), None
        if is_again or (tag not in _VOID and _is_hidden(attributes.get("style"))):
            self._hidden.append((len(self._open) + 1, len(self._out)))
        if name == "img":
            self._images.append(len(self._out))
        self._out.append(_tag(name, _sized(shown) if name == "img" else shown))
        if tag not in _VOID:
            self._note(tag, attributes)

    def _note(self, tag: str, attributes: dict[str, str]) -> None:
        """Keep what is to be written where the element that was just begun ends, if that is more than its end tag."""
        depth = len(self._open) + 1
        if frames.is_one(tag, attributes):
            self._frames[depth] = (len(self._out), self._said, attributes)
        if (style := attributes.get("style")) and "pre" not in self._open and (names := styles.names(tag, style)) != (tag,):
            self._out[-1] = "".join(f"<{name}>" for name in names)
            self._ends[depth] = "".join(f"</{name}>" for name in reversed(names))

    def _tell(self, made: str) -> None:
        """Write what stands for an element."""
        if made:
            self._out.append(made)
            self._said += 1

    def _is_block(self) -> bool:
        """Whether what comes may stand in a paragraph of its own."""
        return not {"p", "a"} & set(self._open)

    def _end_seen(self, depth: int, tag: str) -> None:
        mark, said, attributes = self._frames.pop(depth, (0, -1, {}))
        if said == self._said and not self._has_image(mark):
            self._tell(frames.shown(tag, attributes, is_block=self._is_block()))
        self._out.append(self._ends.pop(depth, f"</{tag}>"))

    def _end_hidden(self, mark: int) -> None:
        """Take out what was hidden, unless it is as long as a text: a tag that nobody closed holds all that follows."""
        if sum(map(str.isalnum, "".join(piece for piece in self._out[mark:] if not piece.startswith("<")))) <= _MAX_HIDDEN:
            self._take_back(mark)
        else:
            self._hidden.clear()  # what is around it is as long

    def _take_back(self, mark: int) -> None:
        """Unwrite all that was written from a place on."""
        del self._out[mark:]
        while self._images and self._images[-1] >= mark:
            self._images.pop()
        self._lazy_at = self._shown_by = self._told_at = None

    def _has_image(self, mark: int) -> bool:
        return bool(self._images) and self._images[-1] >= mark

    def _end_noscript(self, mark: int) -> None:
        """Where it holds a picture, that is the one which a script puts into the lazy one before it, or right behind it."""
        if self._has_image(mark):
            if self._lazy_at is not None and self._is_bare(self._lazy_at + 1, mark):
                self._out[self._lazy_at] = ""
            self._lazy_at, self._shown_by = None, len(self._out)

    def _is_bare(self, start: int, end: int) -> bool:
        return start <= end and all(map(_NOTHING.fullmatch, self._out[start:end]))

    def _start_formula(self, attributes: dict[str, str]) -> None:
        self._formula += 1
        self._said += 1
        self._formula_at, self._tex = len(self._out), None
        if words := attributes.get("alttext"):
            self._out.append(f"<code>{escape(words)}</code>")
            self._in_words = True

    def _end_formula(self) -> None:
        self._formula -= 1
        if not self._in_words and (words := "".join(self._tex or ()).strip()):
            self._out[self._formula_at :] = [f"<code>{escape(words)}</code>"]
        self._in_words, self._tex, self._told_at = False, None, len(self._out)

    def _follows_formula(self) -> bool:
        """Whether what comes stands right behind a formula: hidden from who hears a page, it says that once more to who sees it."""
        if self._told_at is not None and not all(piece.startswith("</") or piece.isspace() for piece in self._out[self._told_at :]):
            self._told_at = None
        return self._told_at is not None

    def _frame(self, embed: _Embed) -> None:
        if embed.has_no_size:
            return
        if self._embeds:
            self._embeds[-1].sources += embed.sources
        else:
            self._close(embed)

    def _note_source(self, tag: str, attributes: dict[str, str]) -> None:
        source = attributes.get("src")
        if tag == "param":
            source = attributes.get("value") if (attributes.get("name") or "").lower() in _PARAM_SOURCES else None
        if source:
            self._embeds[-1].sources.append(source)

    def _close(self, embed: _Embed) -> None:
        """Replace what stood in an embed by a link, unless it plays nothing or shows a picture instead of itself."""
        address = next((found for source in embed.sources if (found := resource(source, self._base))), None)
        if embed.tag == "object" and (address is None or self._has_image(embed.mark)):
            return
        self._take_back(embed.mark)
        if address:
            self._tell(self._link(unwrap(address) or address, embed))

    def _link(self, address: str, embed: _Embed) -> str:
        poster = resource(embed.poster, self._base)
        words = escape(embed.title or (address if len(address) <= _MAX_WORDS else f"{address[: _MAX_WORDS - 1]}…"))
        picture = f'<img src="{escape(poster)}" alt=""><br>' if poster else ""
        link = f'<a href="{escape(address)}">{picture}{words}</a>'
        return f"<p>{link}</p>" if self._is_block() else link


def _is_hidden(style: str | None) -> bool:
    return style is not None and bool(_NOT_DISPLAYED.search(style) and _FLAT.search(style))


def _shown_image(tag: str, attributes: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The image that a script would show; the very same attributes where none is needed for it."""
    if tag not in ("img", "amp-img"):
        return tag, attributes
    lazy = next((attributes[name] for name in _LAZY if attributes.get(name)), None)
    if lazy is None and _is_placeholder(attributes.get("src")):
        lazy = next((value for name, value in attributes.items() if value and _ANY_LAZY.fullmatch(name)), None) or _of_set(attributes)
    return "img", {**attributes, "src": lazy} if lazy else attributes


def _sized(attributes: dict[str, str]) -> dict[str, str]:
    """The attributes of an image with its size in pixels, if it says one, and with that which its style gives, if that is a small one."""
    found = {name: size[1] for name in ("width", "height") if (size := _SIZE.fullmatch(attributes.get(name) or ""))}
    style = attributes.get("style") or ""
    for said in _SMALL.finditer(style) if "min-" not in style else ():  # "width:1px;min-width:100%" is as wide as its page
        pixels = round(float(said["length"]) * (1 if said["unit"].lower() in ("px", "") else _PX_OF_A_LETTER))
        if pixels <= _MAX_SMALL_PX:
            found.setdefault(said["name"].lower(), str(pixels))
    return {**attributes, **found}


def _is_placeholder(source: str | None) -> bool:
    """Whether a picture has no address, or one that holds the picture itself."""
    return source is None or source.lstrip().lower().startswith("data:")


def _of_set(attributes: dict[str, str]) -> str | None:
    """The first address of a set of pictures."""
    given = next((attributes[name] for name in _SETS if attributes.get(name)), "").split(None, 1)
    return given[0].rstrip(",") if given else None


def _tag(tag: str, attributes: dict[str, str]) -> str:
    pairs = (f' {name}="{escape(value or "")}"' for name, value in attributes.items() if _ATTRIBUTE.fullmatch(name))
    return f"<{tag}{''.join(pairs)}>"
