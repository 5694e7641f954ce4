"""What feeds answer when an editor asks them once: findings, each with what to write instead, if there is anything better.

A finding is safe to be written by a program where what is written is known to be the same feed; all others are for a person to judge.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from aggregator.collect import polite
from aggregator.collect.secrets import without_secrets
from aggregator.config_address import address_key
from aggregator.errors import FeedError, ParseError
from aggregator.listing import Read, read_apart
from aggregator.model import Document, FeedSpec, FeedState, ListSpec, RawEntry, RawFeed, Redirect, Validators
from aggregator.ports import Fetcher
from aggregator.web.host import operator, site
from aggregator.web.text import counted

Kind = Literal["failing", "page", "moved", "better", "duplicate", "empty", "stale", "type", "list"]
"""It cannot be read; it is a page that names its feed; it has moved for good; a better address has the same feed; another feed of
feeds.yaml is the same; it has no entries; it has had no new ones for long; it is served as something else; a list leaves something out."""

STALE: Final = timedelta(days=365)
WORKERS: Final = 8
_REMARKS: Final[frozenset[Kind]] = frozenset({"stale", "type", "list"})
_PERMANENT: Final = frozenset({301, 308})
# So many entries that are the same in two documents are no coincidence.
_ENOUGH: Final = 3
# Of so large a part of its entries, in percent, a feed is known again under https.
_SAME_PERCENT: Final = 80
_SCHEME: Final = re.compile(r"^https?:", re.IGNORECASE)
_PLAIN: Final = re.compile(r"http://[^/:?#\[\]]+(?:[/?#].*)?", re.IGNORECASE)
_FEED_TYPE: Final = re.compile(r"(?:application|text)/(?:[\w.-]+\+)?(?:xml|json|rss|atom|rdf)(?:\+xml)?", re.IGNORECASE)

Parse = Callable[[Document], RawFeed]
"""Read a document. Raises `ParseError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is to be said of a feed. `new_url` is the address to write instead, of `choices` where a page names several, which it calls
    `titles`.

    `removes`: the feed is to be taken out. `is_safe`: a program may do so.
    """

    spec: FeedSpec
    kind: Kind
    message: str
    new_url: str | None = None
    choices: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    removes: bool = False
    is_safe: bool = False

    @property
    def is_remark(self) -> bool:
        """Is there nothing to be done in feeds.yaml?"""
        return self.kind in _REMARKS

    @property
    def proposal(self) -> str | None:
        """What to write, in words."""
        return "take it out" if self.removes else f"write {self.new_url}" if self.new_url else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a feed answered. `secure` is its https address, where the same feed answers there."""

    spec: FeedSpec
    document: Document | None = None
    feed: RawFeed | None = None
    error: FeedError | None = None
    secure: str | None = None


# ── asking ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def ask(
    specs: Sequence[FeedSpec], fetcher: Fetcher, parse: Parse, *, pause: Callable[[], object], done: Callable[[], object]
) -> list[Answer]:
    """Ask each feed once, those of one operator one after the other with a `pause` in between; `done` is told of each."""
    shared: dict[str, list[FeedSpec]] = {}
    for spec in specs:
        shared.setdefault(spec.id if spec.path else operator(spec.url), []).append(spec)

    def ask_all(group: Sequence[FeedSpec]) -> list[Answer]:
        answers = []
        for number, spec in enumerate(group):
            if number:
                pause()
            answers.append(_asked(spec, fetcher, parse, pause))
            done()
        return answers

    with ThreadPoolExecutor(WORKERS) as pool:
        found = {answer.spec.id: answer for answers in pool.map(ask_all, shared.values()) for answer in answers}
    return [found[spec.id] for spec in specs]


def _asked(spec: FeedSpec, fetcher: Fetcher, parse: Parse, pause: Callable[[], object]) -> Answer:
    answer = _answer(spec, fetcher, parse)
    if answer.feed is None or not _may_be_secure(spec, answer):
        return answer
    pause()
    address = f"https{spec.url[4:]}"
    other = _answer(replace(spec, url=address, shown_url=address), fetcher, parse)
    return replace(answer, secure=address) if other.feed and not _redirects(other) and _is_same(answer, other) else answer


def _may_be_secure(spec: FeedSpec, answer: Answer) -> bool:
    return bool(_PLAIN.fullmatch(spec.url)) and spec.url == spec.shown_url and not spec.headers and not _redirects(answer)


def _answer(spec: FeedSpec, fetcher: Fetcher, parse: Parse) -> Answer:
    try:
        document = fetcher.fetch(spec, Validators(), None)
        if not isinstance(document, Document):  # no validators were sent, so only a server's mistake says "unchanged"
            return Answer(spec=spec)
        return Answer(spec=spec, document=document, feed=parse(without_secrets(document, spec)))
    except FeedError as error:
        return Answer(spec=spec, error=error)


def _redirects(answer: Answer) -> tuple[Redirect, ...]:
    return answer.document.redirects if answer.document else ()


# ── judging ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def findings(answers: Sequence[Answer], states: Mapping[str, FeedState], now: datetime) -> list[Finding]:
    """What is to be said of these feeds, in their order (pure). `states` are what is stored of them, by id."""
    twins = _twins(answers)
    taken = {address_key(answer.spec.shown_url): answer.spec.id for answer in answers}
    found: list[Finding] = []
    for answer in answers:
        twin = twins.get(answer.spec.id)
        said = [_duplicate(answer, twin)] if twin else [*_of(answer, states.get(answer.spec.id), now)]
        for finding in (_unless_taken(one, taken) for one in said):
            found.append(finding)
            if finding.new_url and finding.is_safe:
                # What is written for one feed is not written for another one, too.
                taken.setdefault(address_key(finding.new_url), finding.spec.id)
    return found


def _of(answer: Answer, state: FeedState | None, now: datetime) -> Iterable[Finding]:
    spec, feed, document = answer.spec, answer.feed, answer.document
    if answer.error:
        yield _failing(spec, answer.error)
    if feed is None or document is None:
        return
    if moved := _moved(spec, document.redirects, state, now):
        yield moved
    if answer.secure:
        yield Finding(spec=spec, kind="better", message="the same feed answers under https", new_url=answer.secure, is_safe=True)
    if not feed.entries:
        yield Finding(spec=spec, kind="empty", message="is a feed without entries")
    if (latest := _latest(feed)) and now - latest > STALE:
        yield Finding(spec=spec, kind="stale", message=f"its latest entry is of {latest:%Y-%m-%d}")
    if wrong := _wrong_type(document.content_type):
        yield Finding(spec=spec, kind="type", message=f"is served as {wrong}, not as a feed: other readers may refuse it")


def _failing(spec: FeedSpec, error: FeedError) -> Finding:
    """A feed that cannot be read; a page's own feed is what the daemon reads, too."""
    choices = error.found if isinstance(error, ParseError) else ()
    if not choices:
        return Finding(spec=spec, kind="failing", message=error.message)
    own = next((url for url in choices if site(url) == site(spec.url)), None)
    what = error.message.partition("; it names ")[0]
    message = f"{what}; it names {counted(len(choices), 'feed')}: {', '.join(choices)}" if len(choices) > 1 else error.message
    best = own or choices[0]
    return Finding(
        spec=spec,
        kind="page",
        message=message,
        new_url=best,
        choices=choices,
        titles=error.titles if isinstance(error, ParseError) else (),
        is_safe=own is not None and spec.url == spec.shown_url,
    )


def _moved(spec: FeedSpec, redirects: Sequence[Redirect], state: FeedState | None, now: datetime) -> Finding | None:
    """Moved for good. To another site a program follows only what many polls have seen: whoever holds a name for a day can redirect it."""
    if not redirects or not all(hop.status in _PERMANENT for hop in redirects):
        return None
    target = redirects[-1].target
    is_proved = state is not None and polite.lasting_redirect(state, now) == target
    is_safe = is_proved or site(target) == site(spec.url)
    doubt = "" if is_safe else "; that is another site: look at it, or wait until polls have proved it (`aggregator status`)"
    return Finding(spec=spec, kind="moved", message=f"has moved for good to {target}{doubt}", new_url=target, is_safe=is_safe)


def _duplicate(answer: Answer, twin: Answer) -> Finding:
    where = f"{twin.spec.file.name}:{twin.spec.line}" if twin.spec.file else twin.spec.shown_url
    message = f"is the same feed as {twin.spec.id} ({where})"
    return Finding(spec=answer.spec, kind="duplicate", message=message, removes=True, is_safe=True)


def _unless_taken(finding: Finding, taken: Mapping[str, str]) -> Finding:
    """What is listed already is not written a second time."""
    owner = taken.get(address_key(finding.new_url)) if finding.new_url else None
    if owner in (None, finding.spec.id):
        return finding
    return replace(finding, message=f"{finding.message}, which {owner} has already", is_safe=False)


def _latest(feed: RawFeed) -> datetime | None:
    dates = [instant for entry in feed.entries for instant in (entry.published_s, entry.updated_s) if instant is not None]
    return datetime.fromtimestamp(max(dates), UTC) if dates else None


def _wrong_type(content_type: str | None) -> str | None:
    media = (content_type or "").partition(";")[0].strip().lower()
    return media if media and not _FEED_TYPE.fullmatch(media) else None


# ── the same feed ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _twins(answers: Sequence[Answer]) -> dict[str, Answer]:
    """Feeds (by id) that are another one again, with that one: which is not redirected, or stands before. Private ones are not compared."""
    first: dict[object, Answer] = {}
    twins: dict[str, Answer] = {}
    for answer in sorted(answers, key=lambda answer: bool(_redirects(answer))):
        if answer.document is None or answer.feed is None or answer.spec.is_private:
            continue
        marks: list[object] = [answer.document.body_hash] if answer.feed.entries else []
        entries = frozenset(_marks(answer.feed.entries))
        marks += [entries] if len(entries) >= _ENOUGH else []
        known = next((first[mark] for mark in marks if mark in first), None)
        if known:
            twins[answer.spec.id] = known
        for mark in marks:
            first.setdefault(mark, known or answer)
    return twins


def _is_same(one: Answer, other: Answer) -> bool:
    if one.feed is None or other.feed is None or one.document is None or other.document is None:
        return False
    mine, theirs = {*_marks(one.feed.entries)}, {*_marks(other.feed.entries)}
    shared = len(mine & theirs) * 100 >= _SAME_PERCENT * max(len(mine), len(theirs), 1)
    return one.document.body_hash == other.document.body_hash or shared


def _marks(entries: Iterable[RawEntry]) -> Iterable[tuple[str, str]]:
    """What an entry is known by, whatever scheme its addresses have; a bare number alone says nothing."""
    for entry in entries:
        marked = (_SCHEME.sub("", entry.id or ""), _SCHEME.sub("", entry.link or ""))
        if marked[1] or "/" in marked[0]:
            yield marked


# ── lists of feeds ─────────────────────────────────────────────────────────────────────────────────────────────────────


def list_finding(one: ListSpec, fetcher: Fetcher, read: Read = read_apart) -> Finding | None:
    """What is to be said of a list of feeds on the web."""
    try:
        document = fetcher.fetch(one.asked, Validators(), None)
        named = read(document, one) if isinstance(document, Document) else None
    except FeedError as error:
        return Finding(spec=one.asked, kind="failing", message=error.message)
    if isinstance(document, Document) and document.redirects and all(hop.status in _PERMANENT for hop in document.redirects):
        return Finding(spec=one.asked, kind="list", message=f"has moved for good to {document.redirects[-1].target}")
    if named is None or not named.refused:
        return None
    more = f" and {len(named.refused) - 1} more" if len(named.refused) > 1 else ""
    return Finding(spec=one.asked, kind="list", message=f"names {counted(len(named.members), 'feed')}; left out: {named.refused[0]}{more}")
