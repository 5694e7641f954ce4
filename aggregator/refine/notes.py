"""What a note of a microblog says, without the tags and addresses that a program writes behind it when it posts it elsewhere (pure)."""

import re
from typing import Final

from aggregator.model import Entry
from aggregator.refine import likeness

# A link that shows an address or a tag, and both as plain text; "&#39;" is a sign.
_APPENDED: Final = re.compile(r"<a [^>]*>(?:<[^>]*>|\s)*(?:https?:|www\.|#).*?</a>|https?://[^\s<]+|(?<![\w&/])#[^\W\d]\w*", re.DOTALL)
_ADDRESS: Final = re.compile(r"https?://[^\s<\"]+")


def say_the_same(a: Entry, b: Entry) -> bool:
    """Whether two notes have the same words, tags and addresses aside, enough to be told by. Of addresses only one may have others."""
    texts = [entry.content or entry.summary or "" for entry in (a, b)]
    ours, theirs = (likeness.words(_APPENDED.sub(" ", text)) for text in texts)
    if ours != theirs or len(ours) < likeness.FEW_WORDS:
        return False
    pages = [set(_ADDRESS.findall(text)) - _own_tags(text) for text in texts]
    return not all(pages) or bool(pages[0] & pages[1])


def _own_tags(text: str) -> set[str]:
    """Where the tags of a note lead: to the place where it was posted."""
    return {address for link in re.findall(r"<a [^>]*>(?:<[^>]*>|\s)*#.*?</a>", text, re.DOTALL) for address in _ADDRESS.findall(link)}
