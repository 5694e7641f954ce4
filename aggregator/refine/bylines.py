"""Words that name who made something, in many languages (repeated.toml): lines that begin so, and lines that have nobody to name."""

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Final

# A name or two, with what they did.
_MAX_CHARS: Final = 80

# What parts a name from what stands before it.
_APART: Final = r"(?:[\s,;·|/–—]|&nbsp;|&[mn]dash;|\s-\s)*"
_SLOT: Final = r"(?P<tag><(?P<element>\w+)[^<>]*>\s*)?\{author\}(?(tag)\s*</(?P=element)>)"
_CLAUSE: Final = re.compile(r"[^.!?:;,|–—<>{}()]*\{author\}[^.!?:;,|–—<>{}()]*[:;,|–—]?")
_GONE: Final = "\0"
_ENDED: Final = re.compile(rf"([.!?]\s*){_GONE}[.!?]")
_DANGLING: Final = re.compile(r"(\A|>)(?:\s|[,;:·|/–—]|-\s|&nbsp;)+")


def names_maker(text: str) -> bool:
    """Whether a line names who made something: a byline, the credit of a picture.

    >>> names_maker("By Jane Roe"), names_maker("Foto: Jan Kowalski"), names_maker("By joining you support us.")
    (True, True, False)
    """
    if len(text) > _MAX_CHARS:
        return False
    found = _leads().match(text)
    return found is not None and (found["colon"] is not None or text[found.end() : found.end() + 1].isupper())


def without_author(template: str) -> str:
    """A template without the part that names the author.

    >>> without_author("From {link} by {author}."), without_author("By {author}, for {link}"), without_author("{link} ({author})")
    ('From {link}.', 'for {link}', '{link}')
    """
    rest = _named().sub("", template)
    rest = _ENDED.sub(r"\1", _CLAUSE.sub(_GONE, rest)).replace(_GONE, "")
    return _DANGLING.sub(r"\1", rest) if rest != template else template


@cache
def _leads() -> re.Pattern[str]:
    return re.compile(rf"(?:{_any('by', 'credit')})(?P<colon>\s*[:：])?(?:\s+|(?<=[:：]))", re.IGNORECASE)


@cache
def _named() -> re.Pattern[str]:
    lead = rf"(?<!\w)(?:(?:{_any('by')})\s+|(?:{_any('by', 'credit')})\s*[:：]\s*)"
    return re.compile(rf"{_APART}(?P<open>\(\s*)?(?:{lead}{_SLOT}|(?(open)\{{author\}}|(?!)))(?(open)\s*\))", re.IGNORECASE)


def _any(*kinds: str) -> str:
    table = tomllib.loads((resources.files("aggregator.refine") / "repeated.toml").read_text("utf-8"))
    return "|".join(map(re.escape, sorted({word for kind in kinds for word in table[kind]}, key=len, reverse=True)))
