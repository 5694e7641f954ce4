"""Whether two texts that say nearly the same are two articles all the same (pure): an instalment, an advertisement, a default text.

A copy has more text than its original, or less, or a word edited here and there. An instalment has other text in the same place.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from html import unescape
from re import compile as pattern
from typing import Final

from aggregator.model import Entry
from aggregator.refine import likeness
from aggregator.refine.closings import unclosed

# A text of no more words may be a greeting, a caption or what a program writes where nobody has written yet.
_FEW: Final = 25
# Below this, a number or a name that differs is what the text is about.
_SHORT: Final = 150
_NOTE: Final = 60
_LONG: Final = 200
# So many names and numbers that differ are no corrections.
_SEVERAL: Final = 3
_FULL_NAME: Final = 2
_SIGNED: Final = 4
# In so many words an article says what it is about.
_LEAD: Final = 20
# A title of no more words is used again ("Call for papers").
_COMMON_TITLE: Final = 3
_DAY: Final = timedelta(days=1)
_WEEKS: Final = timedelta(days=14)
_YEAR: Final = timedelta(days=300)
# Own words in one block: above a text that both have, and anywhere in it.
_ABOVE: Final = 12
_BLOCK: Final = 20
_EDITED: Final = 8
_ALIKE_WORDS: Final = 0.7
# Words of up to so many letters ("the", "and") stand in any text.
_PARTICLE: Final = 3

# Words in a row that tell a place in a text.
_RUN: Final = 3
_LEFT_OFF: Final = ("…", "...")
_BRACKETS: Final = ")] \n\t\xa0"

_LINES: Final = pattern(r"</?(?:p|div|li|ul|ol|dl|dt|dd|td|th|tr|table|h[1-6]|section|article|br)\b[^>]*>")
_MARKUP: Final = pattern(r"<[^>]*>")
_FIELD: Final = pattern(r"\s*([^\W\d][\w -]{1,24}):\s*(\S.{0,60})\s*")
_NAME: Final = pattern(r"\b[^\W\d_]+")
_NUMBER: Final = pattern(r"\w*\d\w*")

Block = tuple[int, int]


@dataclass(frozen=True)
class Told:
    """One of two texts: the words of its title, its own words, its clean HTML, and when it was published."""

    title: tuple[str, ...]
    words: tuple[str, ...]
    html: str
    published: datetime | None

    @cached_property
    def size(self) -> float:
        """How many words the text has, as other scripts count them."""
        return likeness.size(self.words)

    @cached_property
    def says_it_is_cut(self) -> bool:
        said = (line for line in reversed(self.lines) if line.strip())
        return next(said, "").rstrip(_BRACKETS).endswith(_LEFT_OFF)

    @cached_property
    def lines(self) -> list[str]:
        return [unescape(_MARKUP.sub("", line)) for line in _LINES.split(self.html)]

    @cached_property
    def fields(self) -> Mapping[str, frozenset[str]]:
        """Lines of the form "Place: Larchfield"."""
        found = (match for line in self.lines if (match := _FIELD.fullmatch(line)))
        return {match[1].casefold(): frozenset(likeness.title_words(match[2])) for match in found}

    @cached_property
    def names(self) -> frozenset[str]:
        """Words that are written with a capital letter."""
        return frozenset(word.casefold() for line in self.lines for word in _NAME.findall(line) if word[0].isupper())


def told(entry: Entry) -> Told:
    """An entry as it is compared."""
    return _told_of(entry.content or entry.summary or "", entry.title.text if entry.title else "", entry.published, entry.site)


@lru_cache(maxsize=256)  # An entry is compared with several others, one after the other.
def _told_of(text: str, title: str, published: datetime | None, where: str) -> Told:
    html = unclosed(likeness.unquoted(text), title)
    return Told(title=likeness.unsigned(likeness.title_words(title), where), words=likeness.words(html), html=html, published=published)


def uncut(one: Told, other: Told) -> tuple[Told, Told]:
    """Two texts without a last word that was cut in its middle: where the other has the whole word, that is no other word. Symmetric."""
    return _uncut(one, other.words), _uncut(other, one.words)


def _uncut(told: Told, whole: Sequence[str]) -> Told:
    *before, last = told.words[-_RUN:] or ("",)
    is_here = len(before) == _RUN - 1 and (told.says_it_is_cut or not _NUMBER.fullmatch(last))
    runs = zip(whole, whole[1:], whole[2:], strict=False) if is_here else ()
    begun = any([first, second] == before and word != last and word.startswith(last) for first, second, word in runs)
    return replace(told, words=told.words[:-1]) if begun else told


def is_another(one: Told, other: Told, has_title: bool) -> bool:
    """Whether two alike texts, of which `has_title` says that their titles agree, are two articles. Symmetric."""
    if not has_title and (_is_boilerplate(one, other) or _encloses(one, other)):
        return True
    return any(
        differs(one, other) for differs in (_has_other_block, _has_other_number, _has_other_name, _is_filled_in_anew, _has_other_field)
    )


def is_filled_in(one: Told, other: Told) -> bool:
    """Whether a form of a few lines was filled in twice: the weather of two days. Symmetric."""
    return _edited(one, other, _NOTE, _counts_differently) or _has_other_field(one, other)


def is_common(one: Told, other: Told) -> bool:
    """Whether two publishers may have written this without knowing of each other, or in turn: few words under a title that many have, or
    a text of moderate length that comes back after weeks, or in another year.
    """
    short, long = sorted(told.size for told in (one, other))
    title, apart = min(_counted(told.title) for told in (one, other)), _time_between(one, other)
    if short <= _FEW and (title < _COMMON_TITLE or apart is None or apart > _DAY):
        return True
    return long <= _LONG and apart is not None and apart > (_WEEKS if title <= _COMMON_TITLE else _YEAR)


def _counted(title: Sequence[str]) -> float:
    """How many words a title has, numbers aside."""
    return likeness.size([word for word in title if not _NUMBER.fullmatch(word)])


def _time_between(one: Told, other: Told) -> timedelta | None:
    return abs(one.published - other.published) if one.published and other.published else None


def _is_boilerplate(one: Told, other: Told) -> bool:
    """Titles that differ, and a text that says nothing of what either of them names: the notes below every episode.

    A short text may have a word of any title by chance ("archive" in the notice of a closed article): it is one article only if the titles
    have most in common, or name what it says.
    """
    text = {word for word in (*one.words, *other.words) if len(word) > _PARTICLE}
    mine, theirs = set(one.title) - set(other.title), set(other.title) - set(one.title)
    if not all(any(len(word) >= _PARTICLE for word in own) for own in (mine, theirs)):
        return False
    if not (mine | theirs) & text:
        return True
    return max(one.size, other.size) <= _SHORT and not _is_retitled(one, other)


def _is_retitled(one: Told, other: Told) -> bool:
    """Whether two titles are of one article: how it begins has a longer word of each, it has all of three or more that one has, or they
    have several in common, and more than each has for itself.
    """
    ours, others = ({word for word in told.title if len(word) > _PARTICLE} for told in (one, other))
    begins = {*one.words[:_LEAD], *other.words[:_LEAD]}
    is_edited = len(ours & others) > max(_COMMON_TITLE - 1, len(ours - others), len(others - ours))
    is_spelt_out = any(len(title) >= _COMMON_TITLE and title <= {*told.words} for title in (ours, others) for told in (one, other))
    return is_edited or is_spelt_out or bool(ours & begins and others & begins)


def _has_other_block(one: Told, other: Told) -> bool:
    """Whether each has a block of its own words where the other has one: above what both have, or as large as the other's elsewhere.

    One headline of one day has one text: what differs then are the lines that two sites print around it.
    """
    if (
        one.title == other.title
        and _counted(one.title) > _COMMON_TITLE
        and (apart := _time_between(one, other)) is not None
        and apart <= _DAY
    ):
        return False
    mine, theirs = _own(one.words, other.words), _own(other.words, one.words)
    above = min(_size_at_start(mine), _size_at_start(theirs))
    shorter = min(len(one.words), len(other.words))
    if above >= max(_ABOVE, shorter // 8):
        return True
    small, large = sorted(max((end - start for start, end in blocks), default=0) for blocks in (mine, theirs))
    return small >= max(_BLOCK, shorter // 6) and large <= 3 * small


def _encloses(one: Told, other: Told) -> bool:
    """Whether one has words of its own above and below what it takes from the other, as many as it takes."""
    return _is_around(_own(one.words, other.words), len(one.words)) or _is_around(_own(other.words, one.words), len(other.words))


def _is_around(own: Sequence[Block], size: int) -> bool:
    words = sum(end - start for start, end in own)
    above, below = _size_at_start(own), own[-1][1] - own[-1][0] if own and own[-1][1] == size else 0
    return above >= _BLOCK and below >= _BLOCK and words * 2 >= size


def _has_other_number(one: Told, other: Told) -> bool:
    """Whether a short text counts or dates something else."""
    return _edited(one, other, _SHORT, _counts_differently)


def _counts_differently(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    return any(map(_NUMBER.fullmatch, mine)) and any(map(_NUMBER.fullmatch, theirs))


def _has_other_name(one: Told, other: Told) -> bool:
    """Whether a note of a few lines names somebody else."""

    def names_another(mine: Sequence[str], theirs: Sequence[str]) -> bool:
        return any(_is_another_word(word, by) for word in mine if word in one.names for by in theirs if by in other.names)

    return _edited(one, other, _NOTE, names_another)


def _is_filled_in_anew(one: Told, other: Told) -> bool:
    """Whether names and numbers differ together, as two results, obituaries or warnings of one form have them, however long it is.

    In a short text two names do; after weeks one number does. An article that is copied with corrections keeps most of its numbers.
    """
    # The last words may be the site's name ("… appeared first on …").
    replaced = list(_replaced(one.words[:-_SIGNED], other.words[:-_SIGNED]))
    if max(one.size, other.size) <= _SHORT and _are_other_words(replaced):
        return True
    numbers = sum(_counts_differently(mine, theirs) for mine, theirs in replaced)
    names = sum(_other_names(one, other, mine, theirs) for mine, theirs in replaced)
    if names >= _FULL_NAME and max(one.size, other.size) <= _SHORT:
        return True
    if not numbers:
        return False
    apart = _time_between(one, other)
    return (apart is not None and apart > _WEEKS) or (bool(names) and names + numbers >= _SEVERAL and _counts_anew(one, other))


def _are_other_words(replaced: Sequence[tuple[Sequence[str], Sequence[str]]]) -> bool:
    """Whether several words stand for others in a script without capital letters, where any of them may be a name."""
    sides = [([word for word in mine if _is_caseless(word)], [word for word in theirs if _is_caseless(word)]) for mine, theirs in replaced]
    others = [min(likeness.size(mine), likeness.size(theirs)) for mine, theirs in sides if not _are_alike(mine, theirs)]
    found = [size for size in others if size >= 1]
    return len(found) >= _FULL_NAME and sum(found) >= _FULL_NAME


def _is_caseless(word: str) -> bool:
    return word.lower() == word.upper() and not _NUMBER.fullmatch(word)


def _are_alike(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    return not _is_another_word("".join(mine), "".join(theirs))


def _other_names(one: Told, other: Told, mine: Sequence[str], theirs: Sequence[str]) -> int:
    """How many names stand for as many others."""
    ours, others = [word for word in mine if word in one.names], [word for word in theirs if word in other.names]
    return min(len(ours), len(others)) if all(_is_another_word(word, by) for word in ours for by in others) else 0


def _counts_anew(one: Told, other: Told) -> bool:
    """Whether two texts have hardly a number in common."""
    ours, theirs = ({word for word in told.words if _NUMBER.fullmatch(word)} for told in (one, other))
    return 2 * len(ours & theirs) <= min(len(ours), len(theirs))


def _is_another_word(word: str, other: str) -> bool:
    first, second = sorted((word, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio() < _ALIKE_WORDS


def _has_other_field(one: Told, other: Told) -> bool:
    """Whether one form was filled in twice: lines that begin alike ("Place: …") hold other values, and no more than those differ."""
    other_fields = [(one.fields[name], other.fields[name]) for name in one.fields.keys() & other.fields.keys()]
    values = [(mine, theirs) for mine, theirs in other_fields if mine and theirs and not mine & theirs]
    own = {word for mine, theirs in values for word in mine | theirs}
    return bool(values) and set(one.words) ^ set(other.words) <= own


def _edited(one: Told, other: Told, most: int, differ: Callable[[Sequence[str], Sequence[str]], bool]) -> bool:
    """Whether, in texts of which the longer has so many words at most, one has a few words for others that differ so."""
    if max(one.size, other.size) > most:
        return False
    return any(differ(mine, theirs) for mine, theirs in _replaced(one.words, other.words))


def _replaced(one: tuple[str, ...], other: tuple[str, ...]) -> Iterator[tuple[list[str], list[str]]]:
    """The words that each has for others of the other one, without those that both have somewhere."""
    turned = one > other
    first, second = (other, one) if turned else (one, other)
    has, had = set(first), set(second)
    for tag, start, end, from_, to in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag == "replace" and max(likeness.size(first[start:end]), likeness.size(second[from_:to])) <= _EDITED:
            mine, theirs = [word for word in first[start:end] if word not in had], [word for word in second[from_:to] if word not in has]
            yield (theirs, mine) if turned else (mine, theirs)


def _own(words: Sequence[str], other: Sequence[str]) -> list[Block]:
    """Where a text has words that stand in no run of three words of the other, as (start, end)."""
    runs = set(zip(other, other[1:], other[2:], strict=False))
    common = {at + n for at in range(len(words) - 2) if tuple(words[at : at + 3]) in runs for n in range(3)}
    blocks: list[Block] = []
    for at in range(len(words)):
        if at in common:
            continue
        if blocks and blocks[-1][1] == at:
            blocks[-1] = (blocks[-1][0], at + 1)
        else:
            blocks.append((at, at + 1))
    return blocks


def _size_at_start(blocks: Sequence[Block]) -> int:
    return blocks[0][1] if blocks and blocks[0][0] == 0 else 0
