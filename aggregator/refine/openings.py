"""The first words of a text."""

import re
from html import unescape
from typing import Final

_PIECES: Final = re.compile(r'<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?: [a-z-]+="[^"]*")*>|[^<]+')
_SPACES: Final = re.compile(r"\A(?:\s|&nbsp;)++")
_BLOCK_ENDS: Final = frozenset(
    """blockquote dd div dl figure h1 h2 h3 h4 h5 h6 li ol p pre section table td tr ul""".split()  # noqa: SIM905
)


def opening(html: str, max_chars: int) -> str:
    """The first visible characters of sanitized HTML; see `markup.opening`."""
    found: list[str] = []
    chars = 0
    for piece in _PIECES.finditer(html):
        if piece["name"] is None:
            # Runs can be long: of each, only so much is read as can be wanted, its references counted at their longest. The white space
            # before its words, as templates indent them, may be longer still.
            words = " ".join(unescape(_SPACES.sub("", piece[0])[: max_chars * 32]).split())
            found.append(f" {words}" if piece[0][0].isspace() else words)
            found.append(" " if piece[0][-1].isspace() else "")
            chars += len(words)
        elif piece["name"] in _BLOCK_ENDS or piece["name"] == "br":
            found.append(" ")
        if chars > max_chars + 1:
            break
    return " ".join("".join(found).split())[:max_chars].rstrip()
