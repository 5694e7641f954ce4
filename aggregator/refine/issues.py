"""Whether two entries that stand at one page of their feed are two all the same (pure): versions, bulletins, the quote of each day."""

import re
from datetime import datetime, timedelta
from typing import Final

from aggregator.model import Entry, StoredEntry, StoryKey, Title, Url
from aggregator.refine import instalments, likeness
from aggregator.web.forms import page_path
from aggregator.web.text import fingerprint
from aggregator.web.url import link_key

# A page that is dated anew is edited; half a day is more than any time zone that was taken for another.
APART: Final = timedelta(hours=15)
_COUNTED: Final = re.compile(r"(?P<page>https?://[^#?]{1,4000})(?:#|\?v=)(?P<edit>[0-9]{1,3})")


def is_next_there(a: StoredEntry, b: StoredEntry) -> bool:
    """Whether two entries of one feed, page and title are two for all that: with no words in common, and dated days apart, or under ids of
    their own and another date, or in one document; or where each, under an id of its own, counts on in its title ("Tool 1.2", "Tool 1.3"),
    or, on another day, fills in the same form or has another file to play.

    A quote of the day stands at one address, and every day another; what is reported of an outage, or of an election, under one title, too.
    """
    is_told_apart, are_days_apart = _is_told_apart_by_id(a, b), _is_dated_days_apart(a.entry, b.entry)
    if not (is_told_apart or are_days_apart) or are_edits(a, b):
        return False
    if _is_issued_anew(a.entry, b.entry) and (_count_on(a.entry, b.entry) or (are_days_apart and _have_other_files(a.entry, b.entry))):
        return True
    one, other = instalments.told(a.entry), instalments.told(b.entry)
    is_filled_in = is_told_apart and are_days_apart and instalments.is_filled_in(one, other)
    return is_filled_in or likeness.are_others(one.words, other.words)


def are_edits(a: StoredEntry, b: StoredEntry) -> bool:
    """Whether one entry came after the other, dated within half a day, under an id that is the page of both with another number behind it
    ("#0", "#1"): newspapers count the edits of an article so, and an edit may leave neither headline nor text.
    """
    found = [_COUNTED.fullmatch(each.entry.raw_id or "") for each in (a, b)]
    marks = [mark for mark in found if mark is not None]
    if len(marks) < 2 or marks[0]["edit"] == marks[1]["edit"] or a.first_seen == b.first_seen:
        return False
    pages = {link_key(page) for page in (a.entry.link or "", b.entry.link or "", *(mark["page"] for mark in marks))}
    return len(pages) == 1 and bool(a.entry.published and b.entry.published) and not _is_dated_days_apart(a.entry, b.entry)


def key(link: Url | None, title: Title | None, published: datetime | None) -> StoryKey | None:
    """The key of one of several entries on a page, by which its copies find it: the page with title and date; None where one is missing.

    The name of a channel in front of a title is no part of it.
    """
    words = likeness.title_words(title.text.rpartition(": ")[2]) if title else ()
    if not (words and link and published):
        return None
    mark = f"{' '.join(words)}\n{published.isoformat()}"
    return StoryKey(kind="link", value=f"{link_key(link)}\n{fingerprint(mark.encode('utf-8', 'replace'))}")


def are_issues(a: Entry, b: Entry) -> bool:
    """Whether two entries of one document, each under an id and a date of its own, give other numbers in their titles, or other files to
    play: two versions of a program, two bulletins.
    """
    return _is_issued_anew(a, b) and (_count_on(a, b) or _have_other_files(a, b))


def _is_issued_anew(a: Entry, b: Entry) -> bool:
    """Whether each has a date and an id of its own. One that is their page with a mark behind it ("#2", "?v=2") counts its edits."""
    ids = [(one.raw_id or "").partition("#")[0] for one in (a, b)]
    pages = {(one.link or "").partition("#")[0] for one in (a, b)}
    counts_edits = any(name == page or name.startswith((f"{page}?", f"{page}&")) for name in ids for page in pages if page)
    is_own = all(ids) and ids[0] != ids[1] and not counts_edits
    return is_own and a.published is not None and b.published is not None and a.published != b.published


def _count_on(a: Entry, b: Entry) -> bool:
    return likeness.count_on(*(likeness.title_words(one.title.text) if one.title else () for one in (a, b)))


def _have_other_files(a: Entry, b: Entry) -> bool:
    ours, theirs = ({page_path(one.url) for one in entry.enclosures} for entry in (a, b))
    return bool(ours and theirs) and not ours & theirs


def _is_dated_days_apart(a: Entry, b: Entry) -> bool:
    return a.published is not None and b.published is not None and abs(a.published - b.published) >= APART


def _is_told_apart_by_id(a: StoredEntry, b: StoredEntry) -> bool:
    """Whether each has an id of its own, and they are dated differently, or stood in one document when they came."""
    ids = {a.entry.raw_id, b.entry.raw_id}
    is_another_date = bool(a.entry.published and b.entry.published) and a.entry.published != b.entry.published
    return len(ids) > 1 and None not in ids and (is_another_date or a.first_seen == b.first_seen)
