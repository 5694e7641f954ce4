"""Slips of writing that YAML takes for plain text: what was meant is seen by its line, not by what the parser says some lines below."""

import re
from collections.abc import Iterable

# White space that only looks like a space: it comes along when lines are copied from a page on the web.
_NO_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_SLIPS = (
    (re.compile(r"\s*(?:- +)?-(?=[^\s-])"), "a space is missing behind the dash at its beginning"),
    (re.compile(r"\s*(?:- +)?(?!(?:https?|feed|file|ftp|mailto):)([a-z_]+):(?=[^\s/])"), "a space is missing behind '{0}:'"),
    (re.compile(r"\s*(?:- +)?([a-z_]+) *=(?=\s)"), "'{0}:' is wanted where '{0} =' is written"),
)
_QUOTES = "“”„‟‘’‚«»"


def slip(line: str) -> str:
    """What is wrong with a line which, as is known already, is not read as it was meant; empty where that is not seen.

    >>> slip("  -https://blog.example/feed")
    'a space is missing behind the dash at its beginning'
    >>> slip("    every:2h"), slip("  - https://blog.example/feed")
    ("a space is missing behind 'every:'", '')
    """
    if found := _NO_SPACE.search(line):
        return f"a space in it is no plain one (U+{ord(found[0]):04X}), as copied from a page: type it anew"
    return next((said.format(*found.groups()) for pattern, said in _SLIPS if (found := pattern.match(line))), "")


def first_slip(lines: Iterable[str]) -> tuple[int, str]:
    """The position of the first of some lines that holds a slip, and what it is; an empty text where none does.

    >>> first_slip(["feeds:", "  -./a.xml"])
    (1, 'a space is missing behind the dash at its beginning')
    """
    return next(((number, said) for number, line in enumerate(lines) if (said := slip(line))), (0, ""))


def is_in_odd_quotes(text: str) -> bool:
    """Does a text stand in quotes of print, which YAML takes for letters?

    >>> is_in_odd_quotes("“https://blog.example/”"), is_in_odd_quotes("a “quoted” word")
    (True, False)
    """
    return len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES
