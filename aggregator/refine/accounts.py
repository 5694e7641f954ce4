"""Whose account an entry's page is, on servers of which nothing is known but what their feeds show (pure).

A bridge to a network gives what somebody passes on as that person's, with the page that it has under the account of who wrote it.
"""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from aggregator.model import RawEntry, Url
from aggregator.refine.context import Context
from aggregator.web.host import host_of
from aggregator.web.text import one_line

_HANDLE: Final = re.compile(r"@([\w.-]+)")


def another(raw: RawEntry, page: Url, context: Context) -> tuple[str, str] | None:
    """The account that an entry's page is below, and how its author is called by it, if the feed's home is another one on the same host.

    So it is with a feed of `https://bridge.example/ann` of which an entry by "@bob" is at `https://bridge.example/bob/status/1`.
    Only a handle tells: a name without its @ is that of a section, too ("Sport"), or of an author on the same site.
    """
    own = _pieces(context.head.home or "")
    theirs = _pieces(page)
    if len(own) != 1 or len(theirs) < 2 or host_of(page) != host_of(context.head.home or ""):
        return None
    account = theirs[0].casefold()
    called = {name: author for each in raw.authors if (author := one_line(each.name or "")) for name in _HANDLE.findall(author.casefold())}
    return (account, called[account]) if account in called and own[0].casefold() not in called else None


def _pieces(url: str) -> list[str]:
    return [piece for piece in unquote(urlsplit(url).path).split("/") if piece]
