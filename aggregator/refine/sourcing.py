"""Whether what a feed prints around its entries may name somebody else as their source: such a block is no boilerplate, however often it
stands there.

The grammar of sentences (`refine.sentences`) knows what it has read; here nothing is read, and what might be a credit counts as one. A link
to another site is one, unless it leads where people share, follow or support; so is a word for it, in any language.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Final, Literal
from urllib.parse import unquote

from aggregator.model import RawEntry
from aggregator.refine import claims
from aggregator.refine.blocks import Block, read
from aggregator.refine.context import Context
from aggregator.refine.lexicon import RUN, WORD, fits, fold, spelled
from aggregator.refine.pages import is_web
from aggregator.refine.phrasebook import languages
from aggregator.web import services
from aggregator.web.text import visible_text
from aggregator.web.url import link_key

# Said of a text that is another's, whatever stands near.
_STRONG: Final = frozenset({"again", "leave", "crosspost", "orig"})
# Everyday words, which say so before a name, in a line of few words.
_WEAK: Final = frozenset({"from", "via", "by", "taken", "thanks"})
_NEVER: Final = frozenset({"joint", "first"})
# What is one of these in some other language says nothing.
_ARTICLES: Final = frozenset({"the", "be"})
_MAX_WEAK_CHARS: Final = 80
# "from the Orig": how many words behind it a name may begin.
_NEAR: Final = 2
# Shorter ones are everyday words of some other language.
_MIN_STRONG: Final = 5

_SENTENCE_END: Final = re.compile(r"[.!?]\s+\Z")
_APART: Final = re.compile(r"[\s'’]+")
_WORDS: Final = re.compile(WORD)
_RUNS: Final = re.compile(RUN)
_ENCLOSED: Final = re.compile(r"[(\[{（【—–-]+\s*(?P<name>[^()\[\]]{3,60}?)\s*[)\]}）】]*[\s—–-]*")
_SIDE_BY_SIDE: Final = re.compile(r"[^/]{2,40}(?:/[^/]{2,40}){1,2}")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"'()&]+")
_HOST: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,18}")
_BEFORE_ADDRESS: Final = re.compile(r"^https?://(?:www\.)?")
_RIGHTS_LINK: Final = re.compile(r"creativecommons\.org|/licen[cs]es?\b", re.IGNORECASE)
_RIGHTS: Final = re.compile(
    r"©|\(c\)|\bCC[ -]?(?:BY|0)\b|creative commons|copyright|copyleft|\brights?\b|permission|genehmigung"
    r"|licen[cs]|licenz|lizenz|licens|licenç|лиценз|ライセンス|许可|授權"
    r"|rechte\b|rechten\b|derechos|droits|direitos|diritti|\bpraw|\bправа|転載|著作|版权|版權",
    re.IGNORECASE,
)
_SCHEMES: Final = re.compile(r"(?:mailto|sms|tel|whatsapp|tg|viber|fb-messenger|javascript|data):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Own:
    """What is a feed's, and an entry's: `pages` are the entry's own addresses, without scheme, `title` what it is called."""

    context: Context
    pages: tuple[str, ...] = ()
    title: str = ""


def own(raw: RawEntry, context: Context) -> Own:
    """What is an entry's own."""
    given = (claims.permalink(raw, context), claims.address(raw.link, context), raw.id if is_web(raw.id) else None)
    pages = {_bare(link_key(page)) for page in given if page}
    # Longer ones first: one address may begin another.
    ordered = tuple(sorted((page for page in pages if page.partition("/")[2]), key=lambda page: (-len(page), page)))
    return Own(context, ordered, visible_text(raw.title.value) if raw.title else "")


def may_name_a_source(block: Block, mine: Own) -> bool:
    """Whether a block may credit somebody else for the entry."""
    if any(_is_foreign(href, mine) for href in (*(link.href for link in block.links), *_ADDRESS.findall(block.text))):
        return True
    text = _without_own_words(block, mine)
    return _names(text, mine.context) or says_so(text)


def is_about_rights(block: Block) -> bool:
    """Whether a word or a link of a block is about rights."""
    return bool(_RIGHTS.search(block.text)) or any(_RIGHTS_LINK.search(link.href) for link in block.links)


def carries_a_source(html: str, mine: Own) -> bool:
    """Whether what stands in a text without belonging to it, as a row of buttons, may credit somebody else, or is about rights."""
    return any(is_about_rights(block) or may_name_a_source(block, mine) for block in read(html))


# ── links ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def target(href: str, mine: Own, *, is_shared: bool) -> str:
    """Where a link leads, for comparing the same block of several entries: without what a service is told of the entry.

    In a row of links that share the entry (`is_shared`), its own address counts as one for all entries.
    """
    if _SCHEMES.match(href):
        return href.partition("?")[0]
    if service := services.sharing(href):
        return service
    key = link_key(href)
    if is_shared:
        key = _read(key)
        for page in mine.pages:
            key = key.replace(page, "\0")
    return key


def shares(href: str, mine: Own) -> bool:
    """Whether a link hands the entry on: to a service that is known for it, or with the entry's address in its own."""
    if _SCHEMES.match(href):
        return href.partition(":")[2].startswith("?")
    return services.sharing(href) is not None or _carries(href, mine)


def _carries(href: str, mine: Own) -> bool:
    key = _read(link_key(href))
    host, _, rest = _bare(key).partition("/")
    return bool(host) and any(page in rest for page in mine.pages)


def _read(key: str) -> str:
    """An address with those that it carries in plain letters, in the form that `own` gives pages."""
    return unquote(unquote(key)).replace("://www.", "://") if "%" in key or "://www." in key else key


def _bare(key: str) -> str:
    return _BEFORE_ADDRESS.sub("", key)


def _is_foreign(href: str, mine: Own) -> bool:
    address = claims.address(href, mine.context)
    if address is None or shares(href, mine):
        return False
    if claims.is_own(address, mine.context):
        return any(_is_other(carried, mine) for carried in _ADDRESS.findall(_read(_bare(link_key(address)))))
    return _is_other(address, mine)


def _is_other(address: str, mine: Own) -> bool:
    return not (claims.is_own(address, mine.context) or services.is_channel(address))


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def says_so(text: str) -> bool:
    """Whether a word of a text says that it is another's: anywhere, or, if it is an everyday word, by a name in a short line.

    >>> says_so("Reprinted with thanks."), says_so("Via Talblatt"), says_so("Reply via email"), says_so("Support our work with a coffee.")
    (True, True, False, False)
    """
    if _RUNS.search(text) and any(run in text for run in _table().runs):
        return True
    text = _harmless().sub("", text)
    found = [*_WORDS.finditer(text)]
    words = [fold(word[0]) for word in found]
    names = [_may_be_name(text, word.start(), folded) for word, folded in zip(found, words, strict=True)]
    is_short = len(text) <= _MAX_WEAK_CHARS
    return any(
        entry.force == "strong" or (is_short and _is_by_name(entry, names, number))
        for number, word in enumerate(words)
        for entry in _begun(word)
        if entry.fits(words, number)
    )


def _may_be_name(text: str, at: int, word: str) -> bool | None:
    """Whether a word is written as a name is; None where its script has no capitals."""
    if _HOST.fullmatch(word):
        return True
    if text[at].islower() or services.is_way(word):
        return False
    if not text[at].isupper():
        return None
    return _SENTENCE_END.search(text[max(0, at - 3) : at]) is None


def _is_by_name(entry: "_Entry", names: Sequence[bool | None], number: int) -> bool:
    """Whether a name stands behind an entry, or before it where that is said so, too. Without capitals only a line's first word tells."""
    behind = number + 1 + len(entry.rest)
    if number == 0 and names[behind : behind + 1] == [None]:
        return True
    near = names[behind : behind + _NEAR]
    return True in near or (entry.force == "taken" and True in names[max(0, number - _NEAR) : number])


def _without_own_words(block: Block, mine: Own) -> str:
    """The words of a block but those of links that share it, with the feed's own name in small letters, as no name."""
    text = block.text
    for link in reversed(block.links):
        if shares(link.href, mine):
            text = text[: link.start] + " " * (link.end - link.start) + text[link.end :]
    for name in (mine.context.head.title, mine.context.spec.name):
        if name and len(name) > 2:
            text = text.replace(name, name.casefold())
    for where in mine.context.own_sites:
        text = text.replace(where, "")
    return text


def _names(text: str, context: Context) -> bool:
    """Whether a line is nothing but the name of somebody: one who is known, any in brackets or by a dash, or two beside a slash."""
    known = context.whom(text.strip(" .()[]—–-"))
    if known is not None and known.site not in context.own_sites:
        return True
    if _SIDE_BY_SIDE.fullmatch(text) and all(word[0][0].isupper() for word in _WORDS.finditer(text)):
        return True
    enclosed = _ENCLOSED.fullmatch(text)
    return enclosed is not None and all(not word[0][0].islower() for word in _WORDS.finditer(enclosed["name"]))


_Force = Literal["strong", "weak", "taken"]


@dataclass(frozen=True, slots=True)
class _Entry:
    rest: tuple[str, ...]
    force: _Force

    def fits(self, words: Sequence[str], number: int) -> bool:
        """Whether the words behind the one that begins it go on as it does."""
        following = words[number + 1 : number + 1 + len(self.rest)]
        return len(following) == len(self.rest) and all(map(fits, self.rest, following))


@dataclass(frozen=True, slots=True)
class _Table:
    """Entries by their first word, folded, and by the beginning of it where that is a stem; `runs` stand anywhere."""

    exact: Mapping[str, Sequence[_Entry]]
    stems: Mapping[str, Sequence[_Entry]]
    longest: int
    runs: frozenset[str]


@lru_cache(maxsize=20_000)  # Pleas, rules and shares are made of the same few words.
def _begun(word: str) -> tuple[_Entry, ...]:
    """The entries that a word may begin."""
    table = _table()
    stems = (table.stems.get(word[:length], ()) for length in range(2, min(len(word), table.longest) + 1))
    return (*table.exact.get(word, ()), *(entry for each in stems for entry in each))


@cache
def _table() -> _Table:
    exact: defaultdict[str, list[_Entry]] = defaultdict(list)
    stems: defaultdict[str, list[_Entry]] = defaultdict(list)
    runs: set[str] = set()
    for words, force in _entries():
        first, *rest = words
        if not _RUNS.match(first):
            (stems if first.endswith("*") else exact)[first.removesuffix("*")].append(_Entry(tuple(rest), force))
        elif force == "strong" and len("".join(words)) > 1:
            runs.add("".join(words))
    return _Table(exact, stems, max(map(len, stems)), frozenset(runs))


@cache
def _own_words() -> Mapping[str, Sequence[str]]:
    return tomllib.loads((resources.files("aggregator.refine") / "repeated.toml").read_text("utf-8"))


@cache
def _harmless() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, _own_words()['harmless']))})\b", re.IGNORECASE)


def _entries() -> Iterator[tuple[list[str], _Force]]:
    """The words of each entry, folded."""
    own = _own_words()
    yield from ((fold(entry).split(), "strong") for entry in (*own["source"], *own["rights"]))
    tables = [
        (frozenset(classes.split()), listed) for language in languages() for classes, listed in language.marker.lexicon.tables.items()
    ]
    articles = {
        word for names, listed in tables if names & _ARTICLES for entry in listed.split(",") for word in spelled(fold(entry.strip()))
    }
    for names, listed in tables:
        if names & (_STRONG | _WEAK) and not names & _NEVER:
            yield from _listed(listed, names, articles)


def _listed(listed: str, names: frozenset[str], articles: Collection[str]) -> Iterator[tuple[list[str], _Force]]:
    """The entries of classes. What may stand alone only because the rest of it may be missing is an everyday word."""
    for entry in listed.replace("!", "").split(","):
        for reading in spelled(entry):
            words = [word for word in _APART.split(fold(reading)) if word.strip("-*")]
            if words and not (len(words) == 1 and words[0] in articles):
                is_long = len(words) > 1 or ("[" not in entry and (len(words[0]) >= _MIN_STRONG or not words[0].isascii()))
                yield words, "strong" if names & _STRONG and is_long else "taken" if "taken" in names else "weak"
