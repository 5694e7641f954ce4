"""How a text begins that is shown below its title, author and date: not with these once more (pure).

Templates of publishing systems print them into the text, and an excerpt has no room for them.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

# What may be a date, behind a headline or an author: some words and figures, a year among them and another number.
_DATE: Final = re.compile(r"(?=.*\b(?:19|20)\d\d\b)(?=.*\d\b.*\b\d)[\w.,:/()+-]+(?: [\w.,:/()+-]+){0,6}")
_MAX_DATE: Final = 100
_NUMBER: Final = re.compile(r"\d+")
# A clock elsewhere has another day.
_ABOUT: Final = (timedelta(-1), timedelta(), timedelta(1))
_BETWEEN: Final = " ·|,–—-"
_MAX_LINES: Final = 3


def told_once(text: str, title: str, names: Sequence[str], published: datetime | None) -> str:
    r"""Plain text, a line for each block, without first lines that say the title, and behind it an author of these or the day of
    publication; all of it where nothing else is left. Any other date is of what the text is about.

    >>> told_once("A day out\nAnn Bell 26 November 2026\nIt rained.", "A day out", ["Ann Bell"], datetime(2026, 11, 26))
    'It rained.'
    >>> told_once("Concert\n12 June 2026, 20:00\nBring coats.", "Concert", [], datetime(2026, 5, 3)), told_once("Rain", "Rain", [], None)
    ('12 June 2026, 20:00\nBring coats.', 'Rain')
    """
    if not title or text[: len(title)].casefold() != title.casefold():
        return text
    lines = text.split("\n", _MAX_LINES)
    at = 0
    said = lines[0][len(title) :]
    while not (left := _without_names(said, names)) or _is_its_day(left, published):
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


def _is_its_day(line: str, published: datetime | None) -> bool:
    if published is None or len(line) > _MAX_DATE or not _DATE.fullmatch(line):
        return False
    numbers = {int(number) for number in _NUMBER.findall(line)}
    return any({day.day, day.year} <= numbers for day in (published + apart for apart in _ABOUT))
