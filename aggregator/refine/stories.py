"""Which entries are one story (pure).

Keys find candidates cheaply; `same_story` decides. A wrong merge hides an article and cannot be undone by its reader, a missed one shows it
twice: so a key alone is enough only where nobody else could share it by accident.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import time, timedelta
from functools import lru_cache
from typing import Final
from unicodedata import normalize
from urllib.parse import urlsplit

from aggregator.model import Entry, Origin, SafeHtml, StoredEntry, StoryKey, Url
from aggregator.refine import headlines, instalments, likeness, notes, pictures, tongues, twins
from aggregator.refine.issues import APART, are_edits, is_next_there
from aggregator.refine.pages import is_front_page, names_a_page
from aggregator.web.host import site
from aggregator.web.url import is_absolute_iri, link_key

_MAX_HOP_KEYS: Final = 4
# So much of two texts must agree from the start; shorter texts must agree as a whole.
_SAME_START: Final = 120
_SHORT: Final = 40
_WORDS: Final = re.compile(r"[\W_]+")
_NAME_BEHIND: Final = re.compile(r"(?P<title>.*\S)\s+[|·»–—-]\s+[^\d|·»–—]{2,40}")
# Texts of no more words need the same title, too.
_MANY_WORDS: Final = 40
# Fewer words may be anything.
_SENTENCE: Final = 8
# So many letters of a title behind a channel's name are no chance; on one page, where no text tells entries apart, fewer are none.
_LETTERS: Final = 6
_FEW_LETTERS: Final = 2
COPIED: Final = frozenset({"atom:source", "rss:source"})
"""Kinds of claims that programs write, and date as the original is dated."""

# A program that posts in several places does so at once.
_AT_ONCE: Final = timedelta(hours=1)


def keys(link: Url | None, origin: Origin, raw_id: str | None, related: Url | None = None) -> tuple[StoryKey, ...]:
    """The keys under which copies of an entry may be found: its page, the pages it claims to come from, the one that it talks about, its id
    where that is absolute.

    A front page is no key: it says nothing of one entry.

    >>> [key.value for key in keys(Url("http://www.example.org/a/"), Origin(), "tag:example.org,2020:a")]
    ['https://example.org/a', 'tag:example.org,2020:a']
    """
    pages = [
        page for page in (link, *(hop.page for hop in origin.chain[:_MAX_HOP_KEYS]), related) if page and not is_front_page(link_key(page))
    ]
    made = [StoryKey(kind="link", value=value) for value in dict.fromkeys(link_key(page) for page in pages)]
    if raw_id and is_absolute_iri(raw_id):
        made.append(StoryKey(kind="id", value=raw_id))
    return tuple(made)


def text_keys(html: SafeHtml | None) -> tuple[StoryKey, ...]:
    """The keys under which copies of a text may be found; none for a placeholder, which is nobody's."""
    words = likeness.first_words(html) if html else ()
    return () if likeness.is_placeholder(words) else tuple(StoryKey(kind="text", value=value) for value in likeness.sketch(words))


def same_story(a: StoredEntry, b: StoredEntry, kind: str) -> bool:
    """Whether two entries that share a key of this kind (`model.StoryKey`) are copies of one article. Symmetric.

    Two kinds are asked of entries that share no key while somebody else's entry is a copy of each: `alike` where words alone connect them,
    else `third`.
    """
    return _SIGNS[kind](a, b)


def _is_one_by_page(a: StoredEntry, b: StoredEntry) -> bool:
    """Yes, if both own the page or name it as their origin. Entries of one feed, and a link that is another publisher's page (a planet's
    copy, or a link blog's entry) need the same title or the same text besides, be it a few words or a picture where one of two feeds gives
    no title; or ids that count its edits. A remark about a page that has words of its own is another story, under whatever title, and so
    is a translation that says whose it is.
    """
    text = _same_text(a.entry, b.entry)
    if not text and (_does_one_speak_of_the_other(a.entry, b.entry) or _is_translated(a.entry, b.entry)):
        return False
    if a.feed_key == b.feed_key:
        return are_edits(a, b) or ((text or same_title(a.entry, b.entry)) and not is_next_there(a, b))
    shared = _shared(a, b)
    letters = _LETTERS if a.entry.text_start and b.entry.text_start else _FEW_LETTERS
    if text or same_title(a.entry, b.entry, letters):
        return True
    return any(_is_page_of(a.entry, b.entry, page) for page in shared) or _is_untitled_copy(a.entry, b.entry, shared)


def _is_one_by_id(a: StoredEntry, b: StoredEntry) -> bool:
    """Ids can be forged and repeated, so it takes a second sign: the same publisher's page and one thing in common, both title and text, or
    the title where one names the other's publisher as its source.
    """
    if _comments_on(a.entry, b.entry) or _comments_on(b.entry, a.entry):
        return False
    title, text = same_title(a.entry, b.entry), _same_text(a.entry, b.entry)
    if a.feed_key == b.feed_key:
        return title and text
    is_same_place = bool(a.entry.link and b.entry.link) and site(a.entry.link or "") == site(b.entry.link or "")
    is_named = names(a.entry, b.entry) or names(b.entry, a.entry)
    return (is_same_place and (title or text or bool(_shared(a, b)))) or (title and (text or is_named))


def _is_one_by_place(a: StoredEntry, b: StoredEntry) -> bool:
    """One entry of a feed took the place of another, and their texts begin alike, or neither has one."""
    return _is_twin(a, b) and (_same_text(a.entry, b.entry) or plain(a.entry.text_start) == plain(b.entry.text_start))


def _is_one_by_path(a: StoredEntry, b: StoredEntry) -> bool:
    """One entry of a feed took the place of another on some other host, and has its text, or its title and something besides."""
    if a.feed_key != b.feed_key:
        return False
    is_moved = _same_text(a.entry, b.entry) or (same_title(a.entry, b.entry) and _has_only_moved(a.entry, b.entry))
    return is_moved and not is_next_there(a, b)


def _is_one_by_headline(a: StoredEntry, b: StoredEntry) -> bool:
    """One says nothing but a title and names the publisher whose own entry has it, dated within half a day."""
    dates = (a.entry.published, b.entry.published)
    is_near = dates[0] is not None and dates[1] is not None and abs(dates[0] - dates[1]) < APART
    return is_near and (_is_headline_of(a.entry, b.entry) or _is_headline_of(b.entry, a.entry))


def _is_headline_of(one: Entry, other: Entry) -> bool:
    title = one.title.text if one.title else ""
    return is_original(other) and names(one, other) and headlines.is_bare(title, one.content or one.summary, one.origin.chain)


def _is_one_by_third(a: StoredEntry, b: StoredEntry) -> bool:
    """A copy of both does not make two originals one: who names the pages of two publishers, or takes the id of one and the page of
    another, must not hide either; nor does a copy of one of two entries that stand on one page of their feed, or a headline
    that two articles of a paper have.
    """
    text = _same_text(a.entry, b.entry)
    if not text and (_does_one_speak_of_the_other(a.entry, b.entry) or _are_two_articles(a.entry, b.entry)):
        return False
    if not text and _is_translated(a.entry, b.entry):
        return False
    return text or same_title(a.entry, b.entry) or _share_a_page(a, b) or not (is_original(a.entry) and is_original(b.entry))


def _is_one_by_likeness(a: StoredEntry, b: StoredEntry) -> bool:
    """As by a third, but what is like the same text must be alike itself, and must not be told apart by its publisher."""
    if _is_translated(a.entry, b.entry):
        return False
    is_near = same_title(a.entry, b.entry) or _same_text(a.entry, b.entry) or _share_a_page(a, b) or _is_copy(a, b)
    return is_near and (a.feed_key == b.feed_key or not _are_told_apart(a, b))


# ── signs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _shared(a: StoredEntry, b: StoredEntry) -> list[str]:
    others = {key.value for key in b.entry.keys if key.kind == "link"}
    return [key.value for key in a.entry.keys if key.kind == "link" and key.value in others]


def _are_two_articles(a: Entry, b: Entry) -> bool:
    """Whether two entries are their publisher's own, on two pages and with words of their own, whatever their titles."""
    is_his = is_original(a) and is_original(b) and a.site == b.site and not (a.raw_id and a.raw_id == b.raw_id)
    return is_his and link_key(a.link or "") != link_key(b.link or "") and likeness.are_others(words_of(a), words_of(b))


def _is_translated(a: Entry, b: Entry) -> bool:
    """Whether two entries are on two pages in two languages: one says the other anew, or both a third. Not where a program names the
    source, which copies what it names and its date, and would be contradicted if that feed had no such entry.
    """
    if not (a.link and b.link) or link_key(a.link) == link_key(b.link):
        return False
    if _is_copied_from(a, b) or _is_copied_from(b, a):
        return False
    ours, theirs = words_of(a), words_of(b)
    return tongues.are_two(ours, theirs) and likeness.are_others(ours, theirs)


def _is_copied_from(one: Entry, other: Entry) -> bool:
    return any(claim.kind in COPIED and claim.standing == "chosen" and claim.site == other.site for claim in one.claims)


def _share_a_page(a: StoredEntry, b: StoredEntry) -> bool:
    """Whether two entries of different feeds have a page in common, or one is an edit of the other. One feed's may be two on one page:
    comments, the days of an event.
    """
    return are_edits(a, b) if a.feed_key == b.feed_key else bool(_shared(a, b))


def is_original(entry: Entry) -> bool:
    """Whether an entry is its publisher's own: it has a page on its feed's site and names nobody else."""
    return entry.link is not None and site(entry.link) == entry.site and not entry.origin.chain


def names(entry: Entry, other: Entry) -> bool:
    """Whether an entry says that it came by the other one's publisher."""
    return any(hop.site == other.site for hop in entry.origin.chain)


def _stands_for(entry: Entry, page_key: str) -> bool:
    """Whether a page is the entry's by right: on its feed's own site, or claimed as a hop it came through."""
    return _owns(entry, page_key) or any(hop.page and link_key(hop.page) == page_key for hop in entry.origin.chain)


def _is_page_of(a: Entry, b: Entry, page_key: str) -> bool:
    """Whether two entries stand for one page. Where neither owns it, it must look like an article's: two may name one section of a site."""
    is_one = names_a_page(page_key) or _owns(a, page_key) or _owns(b, page_key)
    return is_one and _stands_for(a, page_key) and _stands_for(b, page_key)


def _owns(entry: Entry, page_key: str) -> bool:
    return entry.link is not None and link_key(entry.link) == page_key and site(entry.link) == entry.site


def _is_untitled_copy(a: Entry, b: Entry, pages: Iterable[str]) -> bool:
    """Whether one of two entries owns a page of both, has no title or the other has none, and both say the same few words; or the same
    pictures, and no words.
    """
    if (a.title and b.title) or not any(_owns(one, page) for one in (a, b) for page in pages):
        return False
    ours, theirs = words_of(a), words_of(b)
    return ours == theirs and bool(ours or set(pictures.shown(a)) & set(pictures.shown(b)))


def _is_copy(a: StoredEntry, b: StoredEntry) -> bool:
    """Whether one of two entries is a copy of the other, whole or cut, by its words alone.

    Words alone never make one story of two entries of one feed, which are its publisher's to tell apart; of two feeds of one publisher
    the titles must agree, too.
    """
    if a.feed_key == b.feed_key or _are_told_apart(a, b):
        return False
    one, other = instalments.uncut(instalments.told(a.entry), instalments.told(b.entry))
    found = likeness.likeness(one.words, other.words)
    if found.held < likeness.HELD or found.words < likeness.FEW_WORDS or (found.common < likeness.COMMON and not found.begins_alike):
        return False
    if _is_one_note(a.entry, b.entry):
        return True
    has_title = same_title(a.entry, b.entry) or _is_signed(a.entry, b.entry)
    is_numbered = _is_numbered(a.entry, b.entry)
    if not (has_title or is_numbered) and (found.words < _MANY_WORDS or a.entry.site == b.entry.site):
        return False
    is_another = likeness.is_another(one.title, other.title, one.words, other.words) and not is_numbered
    if is_another or instalments.is_another(one, other, has_title or is_numbered):
        return False
    return names(a.entry, b.entry) or names(b.entry, a.entry) or not instalments.is_common(one, other)


def _is_one_note(a: Entry, b: Entry) -> bool:
    """Whether two notes without titles say the same within an hour, with no other pictures: one that was posted in two places. So they do
    if one of the same second is how the other begins: what a portal shows of it.
    """
    if a.title or b.title or not (a.published and b.published) or abs(a.published - b.published) > _AT_ONCE:
        return False
    is_one = notes.say_the_same(a, b) or (_is_of_one_second(a, b) and _is_beginning(a, b))
    return is_one and not pictures.are_others(pictures.shown(a), pictures.shown(b))


def _is_beginning(a: Entry, b: Entry) -> bool:
    """Whether one text is how the other begins, a word that was cut aside."""
    short, long = sorted((told.words for told in instalments.uncut(instalments.told(a), instalments.told(b))), key=len)
    return long[: len(short)] == short


def _is_numbered(a: Entry, b: Entry) -> bool:
    """Whether two entries of one second say the same, and the title of one is that of the other with more before or behind it: the number
    of an episode, as its show gives it and its network does not.
    """
    if not _is_of_one_second(a, b) or words_of(a) != words_of(b):
        return False
    short, long = sorted((likeness.title_words(one.title.text) if one.title else () for one in (a, b)), key=len)
    return bool(short) and (long[: len(short)] == short or long[-len(short) :] == short)


def _is_signed(a: Entry, b: Entry) -> bool:
    """Whether entries of two sites say the same, and the title of one is that of the other with a name behind it ("Title – The Herald")."""
    short, long = sorted((one.title.text if one.title else "" for one in (a, b)), key=len)
    if a.site == b.site or len(plain(short)) < _LETTERS or words_of(a) != words_of(b):
        return False
    behind = _NAME_BEHIND.fullmatch(long)
    return behind is not None and plain(behind["title"]) == plain(short)


def _are_told_apart(a: StoredEntry, b: StoredEntry) -> bool:
    """Whether two entries have two pages of one publisher, who means them to be two: whichever feeds they came through, whatever they say.

    Not where one id, or a page that both name, says that they are one; nor where title and date to the second agree and one text has no
    word that the other lacks: an article that stands under two addresses.
    """
    if _shared(a, b) or (a.entry.raw_id and a.entry.raw_id == b.entry.raw_id):
        return False
    ours, theirs = _pages_by_site(a.entry), _pages_by_site(b.entry)
    if not ours.keys() & theirs.keys():
        return False
    one, other = (set(told.words) for told in instalments.uncut(instalments.told(a.entry), instalments.told(b.entry)))
    return not (_is_of_one_second(a.entry, b.entry) and same_title(a.entry, b.entry) and (one <= other or other <= one))


def _pages_by_site(entry: Entry) -> Mapping[str, Url]:
    return {site(page): page for page in places(entry) if not is_front_page(link_key(page))}


def _is_of_one_second(a: Entry, b: Entry) -> bool:
    """Whether two entries have one date; a day alone is that of many."""
    return a.published is not None and a.published == b.published and a.published.time() != time.min


def words_of(entry: Entry) -> tuple[str, ...]:
    return likeness.words(entry.content or entry.summary or "")


def _does_one_speak_of_the_other(a: Entry, b: Entry) -> bool:
    return any(_remarks_on(one, other) or _comments_on(one, other) for one, other in ((a, b), (b, a)))


def _comments_on(one: Entry, other: Entry) -> bool:
    """Whether an entry is titled after the other ("Comment on … by …") and says nothing that it says."""
    title, named = (likeness.title_words(entry.title.text) if entry.title else () for entry in (one, other))
    starts = range(1, len(title) - len(named)) if named else ()
    if not any(title[at : at + len(named)] == named for at in starts):
        return False
    said, theirs = words_of(one), words_of(other)
    return min(len(said), len(theirs)) >= _SENTENCE and not likeness.likeness(said, theirs).held


def _remarks_on(one: Entry, other: Entry) -> bool:
    """Whether an entry has a page and words of its own, and only talks about a page of the other."""
    if not one.link or not one.related or len(plain(one.text_start)) < _SHORT:
        return False
    about = link_key(one.related)
    return about != link_key(one.link) and any(link_key(page) == about for page in places(other))


def same_title(a: Entry, b: Entry, letters: int = _LETTERS) -> bool:
    """Equal titles, letters and digits only; one of `letters` or more may carry its channel's name in front ("Channel: Title")."""
    one, other = (plain(entry.title.text) if entry.title else "" for entry in (a, b))
    if not one or not other:
        return False
    short, long = sorted((a.title.text if a.title else "", b.title.text if b.title else ""), key=len)
    return one == other or (len(plain(short)) >= letters and plain(long.partition(": ")[2]) == plain(short))


def _same_text(a: Entry, b: Entry) -> bool:
    one, other = plain(a.text_start), plain(b.text_start)
    short, long = sorted((one, other), key=len)
    if len(short) < _SHORT:
        return False
    return long[:_SAME_START] == short[:_SAME_START] if len(short) >= _SAME_START else long.startswith(short)


@lru_cache(maxsize=4_096)
def plain(text: str) -> str:
    """What is compared of a title, or of how a text begins: letters and digits, casefolded."""
    return _WORDS.sub("", normalize("NFC", text).casefold())


def _is_twin(a: StoredEntry, b: StoredEntry) -> bool:
    if a.feed_key != b.feed_key or a.entry.published != b.entry.published or not same_title(a.entry, b.entry):
        return False
    # In a feed of pictures, or of agendas, titles and dates are those of others, too.
    if twins.are_numbered(a.entry, b.entry):
        return False
    return bool(a.entry.text_start) or not pictures.are_others(pictures.shown(a.entry), pictures.shown(b.entry))


def _has_only_moved(a: Entry, b: Entry) -> bool:
    """Whether two entries of one title and path may be one: on one host, of one date, or without a text to tell them apart.

    In a planet, what was asked of all has one title and one path on many hosts.
    """
    if a.link and b.link and urlsplit(link_key(a.link)).netloc == urlsplit(link_key(b.link)).netloc:
        return True
    names = [{plain(author.name) for author in entry.authors} for entry in (a, b)]
    if all(names) and not names[0] & names[1]:
        return False
    return (a.published is not None and a.published == b.published) or not a.text_start or not b.text_start


def places(entry: Entry) -> Iterator[Url]:
    """Where an entry stands: its page, and those that it came by."""
    yield from (page for page in (entry.link, *(hop.page for hop in entry.origin.chain)) if page)


_SIGNS: Final[Mapping[str, Callable[[StoredEntry, StoredEntry], bool]]] = {
    "link": _is_one_by_page,
    "id": _is_one_by_id,
    "twin": _is_one_by_place,
    "path": _is_one_by_path,
    "text": _is_copy,
    "title": _is_one_by_headline,
    "third": _is_one_by_third,
    "alike": _is_one_by_likeness,
}
