"""The beginning of a text: where to cut clean HTML so that a reader is not left within a sentence."""

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import Final

_PIECES: Final = re.compile(r'<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?: [a-z-]+="[^"]*")*>|[^<]+')
_SENTENCE_END: Final = re.compile(r"[.!?…][\"'”’»)\]]*(?=\s|$)|[。！？][」』”）]*")
_VOID: Final = frozenset({"br", "col", "hr", "img", "wbr"})
_BLOCK_ENDS: Final = frozenset(
    """blockquote dd div dl figure h1 h2 h3 h4 h5 h6 li ol p pre section table td tr ul""".split()  # noqa: SIM905
)
# A sentence end before this part of the space is too early: then it is cut between words.
_EARLIEST: Final = 3


@dataclass(frozen=True, slots=True)
class _Stop:
    """A place where the text may end: how many pieces are kept, what of the next, which elements are open then."""

    pieces: int
    rest: str
    opened: tuple[str, ...]
    chars: int


def cut(html: str, max_chars: int) -> tuple[str, bool]:
    """Cut sanitized HTML at the last sentence or block that ends within `max_chars` visible characters; see `markup.excerpt`."""
    kept: list[str] = []
    opened: list[str] = []
    stop = _Stop(0, "", (), 0)
    chars = images = left_out = 0
    for piece in _PIECES.finditer(html):
        name = piece["name"]
        if name is None:
            text = " ".join(unescape(piece[0]).split()) if "pre" not in opened else unescape(piece[0])
            space = max_chars - chars
            stop = _last_stop(unescape(piece[0]), space, _Stop(len(kept), "", tuple(opened), chars)) or stop
            if len(text) > space:
                return _closed(kept, _stop_or_word(stop, piece[0], space, len(kept), tuple(opened), max_chars)), True
            chars += len(text)
        elif piece["end"]:
            opened.pop()
        elif name == "img" and images:
            left_out += 1
            continue
        elif name not in _VOID:
            opened.append(name)
        images += name == "img"
        kept.append(piece[0])
        if piece["end"] and name in _BLOCK_ENDS and chars:
            stop = _Stop(len(kept), "", tuple(opened), chars)
    return "".join(kept), left_out > 0


def opening(html: str, max_chars: int) -> str:
    """The first visible characters of sanitized HTML; see `markup.opening`."""
    found: list[str] = []
    chars = 0
    for piece in _PIECES.finditer(html):
        if piece["name"] is None:
            # Runs can be long: of each, only so much is read as can be wanted, its references counted at their longest.
            words = " ".join(unescape(piece[0][: max_chars * 32]).split())
            found.append(f" {words}" if piece[0][0].isspace() else words)
            found.append(" " if piece[0][-1].isspace() else "")
            chars += len(words)
        elif piece["name"] in _BLOCK_ENDS or piece["name"] == "br":
            found.append(" ")
        if chars > max_chars + 1:
            break
    return " ".join("".join(found).split())[:max_chars].rstrip()


def _last_stop(text: str, space: int, before: _Stop) -> _Stop | None:
    """The last sentence end in a run of text, if it lies within the space."""
    last = None
    for found in _SENTENCE_END.finditer(text, 0, max(space, 0)):
        # The look-ahead must see the text behind the space: "3.14" ends no sentence, wherever it is cut.
        if found.end() == len(text) or text[found.end()].isspace() or found[0][0] in "。！？":
            last = found.end()
    return _Stop(before.pieces, text[:last], before.opened, before.chars + last) if last else None


def _stop_or_word(stop: _Stop, piece: str, space: int, pieces: int, opened: tuple[str, ...], max_chars: int) -> _Stop:
    if stop.chars * _EARLIEST >= max_chars:
        return stop
    text = unescape(piece)[: max(space - 1, 0)]
    words = text.rpartition(" ")[0] or text
    return _Stop(pieces, words.rstrip() + "…", opened, max_chars)


def _closed(kept: list[str], stop: _Stop) -> str:
    pieces = [*kept[: stop.pieces], escape(stop.rest, quote=False).replace("\xa0", "&nbsp;")]
    return "".join(pieces) + "".join(f"</{name}>" for name in reversed(stop.opened))
