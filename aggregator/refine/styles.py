"""What a style alone says of words: bold, slanted, struck out, raised or lowered; or not so, though their element says it (pure).

Programs into which one pastes write such styles, and cleaning takes them away: of a price that was struck out, both would stand.
"""

import re
from typing import Final

_BOLD: Final = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]\d\d)", re.IGNORECASE)
_NOT_BOLD: Final = re.compile(r"font-weight\s*:\s*(?:normal|lighter|[1-4]\d\d)", re.IGNORECASE)
_SLANTED: Final = re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.IGNORECASE)
_NOT_SLANTED: Final = re.compile(r"font-style\s*:\s*normal", re.IGNORECASE)
_STRUCK: Final = re.compile(r"text-decoration(?:-line)?\s*:[^;:]*line-through", re.IGNORECASE)
_RAISED: Final = re.compile(r"vertical-align\s*:\s*super", re.IGNORECASE)
_LOWERED: Final = re.compile(r"vertical-align\s*:\s*sub\b", re.IGNORECASE)
_SAYS_NO: Final = {"b": _NOT_BOLD, "strong": _NOT_BOLD, "i": _NOT_SLANTED, "em": _NOT_SLANTED}
_SAYS: Final = (("b", _BOLD), ("i", _SLANTED), ("s", _STRUCK), ("sup", _RAISED), ("sub", _LOWERED))
_PLAIN: Final = frozenset({"span", "font"})

_WORDS: Final = ("font-weight", "font-style", "line-through", "vertical-align")
_SAID: Final = r"\s[^<>]{0,300}?style\s*=\s*(?:\"[^\"<>]{0,500}?|'[^'<>]{0,500}?)"
_ANY: Final = re.compile(
    rf"<(?:(?:b|strong|i|em){_SAID}font-(?:weight|style)\s*:\s*(?:normal|lighter|[1-4]\d\d)"
    rf"|(?:span|font){_SAID}"
    r"(?:font-weight\s*:\s*(?:bold|[6-9]\d\d)|font-style\s*:\s*(?:italic|oblique)|line-through|vertical-align\s*:\s*su[bp]))",
    re.IGNORECASE,
)


def has_any(html: str) -> bool:
    """Tell whether a style in HTML says such a thing of some words (true at times where none does)."""
    return any(word in html for word in _WORDS) and _ANY.search(html) is not None


def names(tag: str, style: str) -> tuple[str, ...]:
    """The elements that say what an element and its style say, the outermost first; the very element where its style adds nothing.

    >>> names("span", "font-weight: 700; text-decoration: line-through"), names("b", "font-weight:normal"), names("p", "font-weight:bold")
    (('b', 's'), ('span',), ('p',))
    """
    if tag in _SAYS_NO:
        return ("span",) if _SAYS_NO[tag].search(style) else (tag,)
    if tag not in _PLAIN:
        return (tag,)
    return tuple(name for name, says in _SAYS if says.search(style)) or (tag,)
