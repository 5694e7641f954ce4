"""What weighs much in foreign HTML and is never shown: pictures within addresses, comments, scripts, style sheets."""

import re
from typing import Final

# Shorter ones push nothing away from the edges of a text.
_MIN_CHARS: Final = 1_000
_HEAVY: Final = re.compile(r"<!--(?!-?>)|<(?P<name>script|style)(?P<attributes>[^<>]{0,2000})>|data:[a-z0-9.+;=/-]{0,100},", re.IGNORECASE)
_DATA: Final = re.compile(r"[\w+/=%.~-]*+")
_ENDS: Final = {name: re.compile(rf"</{name}", re.IGNORECASE) for name in ("script", "style")}
_COMMENT_END: Final = re.compile("--!?>")
# Data that is shown as text, as in an article about it, has the next tag behind it instead.
_WITHIN_TAG: Final = re.compile(r"[^<>]{0,4000}>")


def lightened(html: str) -> str:
    """The same HTML without long comments, scripts and styles, and without the data in addresses; the sanitizer drops them anyway.

    Claims of origin, licences and footers are looked for at so many characters from either end of a text. What describes the page to
    programs (`application/ld+json`) stays.

    >>> len(lightened("<p>a</p><!--" + "-" * 5000 + "-->")), lightened('<img src="data:image/png;base64,' + "A" * 5000 + '">')
    (8, '<img src="data:image/png;base64,">')
    """
    kept: list[str] = []
    done = at = 0
    while found := _HEAVY.search(html, at):
        start, end = _extent(html, found)
        if end is None:
            break  # It never ends, so that each further one would be looked through for nothing.
        if end - start >= _MIN_CHARS:
            kept.append(html[done:start])
            done = end
        at = max(end, found.end())
    return "".join([*kept, html[done:]]) if kept else html


def _extent(html: str, found: re.Match[str]) -> tuple[int, int | None]:
    """Where the weight begins and ends that was found; None for an end that is missing."""
    if found[0] == "<!--":
        closed = _COMMENT_END.search(html, found.end())
        return found.start(), closed and closed.end()
    if found["name"] is None:
        data = _DATA.match(html, found.end())
        is_long = data is not None and data.end() - found.end() >= _MIN_CHARS
        return found.end(), data.end() if data and is_long and _WITHIN_TAG.match(html, data.end()) else found.end()
    closed = _ENDS[found["name"].lower()].search(html, found.end())
    if closed is None:
        return found.start(), None
    return found.end(), found.end() if "ld+json" in found["attributes"].lower() else closed.start()
