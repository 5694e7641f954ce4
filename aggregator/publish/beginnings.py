"""How a text begins that is shown below its title, author and date: not with these once more (pure).

Templates of publishing systems print them into the text, and an excerpt has no room for them.
"""

import re
from collections.abc import Sequence
from typing import Final

# What may be a date, behind a headline or an author: some words and figures, a year among them and another number.
_DATE: Final = re.compile(r"(?=.*\b(?:19|20)\d\d\b)(?=.*\d\b.*\b\d)[\w.,:/()+-]+(?: [\w.,:/()+-]+){0,6}")
_BETWEEN: Final = " ·|,–—-"
_MAX_LINES: Final = 3


def told_once(text: str, title: str, names: Sequence[str]) -> str:
    r"""Plain text, a line for each block, without first lines that say the title, and behind it an author of these or a date; all of it
    where nothing else is left.

    >>> told_once("A day out\nAnn Bell 26 November 2026\nIt rained.", "A day out", ["Ann Bell"]), told_once("Rain", "Rain", [])
    ('It rained.', 'Rain')
    """
    if not title or text[: len(title)].casefold() != title.casefold():
        return text
    lines = text.split("\n", _MAX_LINES)
    at = 0
    said = lines[0][len(title) :]
    while not (left := _without_names(said, names)) or _DATE.fullmatch(left):
        at += 1
        if at == len(lines):
            return text
        said = lines[at] if at < _MAX_LINES else "…"
    return "\n".join(lines[at:]) if at else text


def _without_names(line: str, names: Sequence[str]) -> str:
    left = line.strip(_BETWEEN)
    for name in names:
        if name and left[: len(name)].casefold() == name.casefold():
            left = left[len(name) :].strip(_BETWEEN)
    return left
