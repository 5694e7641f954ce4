"""Say in plain words what `aggregator.explain` collected: lines with a label, for a terminal to lay out. The words: telling.toml."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Final, Literal

from aggregator.changes import Change
from aggregator.explanation import EntryHistory, Explanation, FeedFacts, Place, SharedKey, StoryHistory
from aggregator.model import Claim, Hop, Standing
from aggregator.ports import BACKLOG
from aggregator.web.host import host_of
from aggregator.web.text import counted

Tone = Literal["plain", "head", "good", "bad", "soft"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it is about, and what there is to say.

    An empty label goes on with the line before, None stands by itself; `head` begins a part.
    """

    text: str
    label: str | None = None
    tone: Tone = "plain"


_TONES: Final[Mapping[Standing, Tone]] = {"chosen": "good", "confirmed": "good", "contradicted": "bad", "loop": "bad"}
_UTC: Final = Line("Times are UTC.", tone="soft")
_MARKS: Final[Mapping[Tone, str]] = {"good": "✓", "bad": "✗", "soft": "·"}


def tell(told: Explanation) -> list[Line]:
    """The answer as lines, the most important first. Times are UTC."""
    if told.stories:
        return [line for story in told.stories for line in _story(story, told.at)] + [_UTC]
    if told.candidates:
        return [Line(f"Several ids begin with “{told.query}”:", tone="head"), *(Line(one) for one in told.candidates)]
    if told.is_feed:
        return [line for feed in told.feeds for line in _own_address(told, feed)] + [_UTC]
    if told.forgotten:
        return [Line(f"{told.query} was forgotten on {_day(told.forgotten)}: nothing of it is kept, and it is never taken up again.")]
    return [*_never_seen(told)]


# ── a story ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _story(story: StoryHistory, now: datetime) -> Iterator[Line]:
    entries = sorted(story.entries, key=lambda entry: not entry.speaks)
    titles = [entry.title for entry in entries if entry.title]
    yield Line(f"“{titles[0]}”" if titles else _untitled(entries), tone="head")
    yield Line(_summary(story))
    formats = {feed.feed: feed for feed in story.feeds}
    for entry in entries:
        yield from _entry(entry, formats[entry.feed])
    yield Line("In the outputs", tone="head")
    if not story.places:
        yield Line("No publish has judged it yet.")
    yield from _places(story.places)
    yield Line("When its feeds are read", tone="head")
    for feed in story.feeds:
        yield from _feed(feed, now)


def _untitled(entries: Sequence[EntryHistory]) -> str:
    return "An entry that was forgotten" if all(entry.is_forgotten for entry in entries) else "An entry without a title"


def _summary(story: StoryHistory) -> str:
    feeds = list(dict.fromkeys(entry.feed for entry in story.entries))
    seen = f"Seen in the feed {feeds[0]}." if len(feeds) == 1 else f"One story, seen in {len(feeds)} feeds: {', '.join(feeds)}."
    listed = [place.output for place in story.places if place.place]
    return f"{seen} " + (f"It stands in {', '.join(listed)}." if listed else "It stands in no output.")


def _entry(entry: EntryHistory, feed: FeedFacts) -> Iterator[Line]:
    role = ": it speaks for the story" if entry.speaks else ": a copy" if entry.same_as else ""
    gone = " (it has opted out)" if feed.opted_out else "" if entry.feed_is_active else " (no longer in feeds.yaml)"
    yield Line(f"In the feed {entry.feed}{gone}{role}", tone="head")
    if entry.is_forgotten:
        yield from _forgotten(entry)
        return
    yield Line(entry.link or "none given", "page")
    if entry.speaks_by:
        yield Line(_words("speaks_by")[entry.speaks_by], "leads, since")
    if entry.same_as:
        yield Line(_same(entry.same_as), "same story")
    yield Line(_id(entry), "id")
    yield Line(_dates(entry), "dates")
    yield Line(_words("formats").get(feed.format or "", feed.format or "not known"), "read as")
    yield Line(_origin(entry), "origin")
    yield from _claims(entry)
    yield from _extras(entry)


def _forgotten(entry: EntryHistory) -> Iterator[Line]:
    """All that is left of an entry: it says neither what it was nor how it was shown."""
    yield Line(f"published as {entry.published_id}", "id")
    yield Line(f"first seen {_when(entry.first_seen)}, last seen {_when(entry.last_seen)}", "dates")
    yield Line(f"{entry.withdrawn}: nothing else of it is kept, and it is never taken up again", "withdrawn", "bad")


def _same(shared: SharedKey) -> str:
    return _words("same_as")[shared.kind].format(value=shared.value, feed=shared.feed)


def _id(entry: EntryHistory) -> str:
    if entry.id_is_borrowed:
        given = "it is another publisher's, who does not have this entry, so subscribers see another one"
    elif entry.id == entry.published_id:
        given = "published as it is"
    else:
        given = f"published as {entry.published_id}"
    return f"{entry.id or 'none given'} ({_words('id_from')[entry.id_from]}); {given}"


def _dates(entry: EntryHistory) -> str:
    changed = f", changed {_when(entry.updated)}" if entry.updated and entry.updated != entry.published else ""
    backlog = ", when the feed was first read" if entry.was_backlog else ""
    return f"published {_when(entry.published)}{changed}; first seen {_when(entry.first_seen)}{backlog}, last seen {_when(entry.last_seen)}"


def _origin(entry: EntryHistory) -> str:
    if entry.origin:
        way = " → ".join([*map(_hop, entry.origin), entry.feed])
        return f"{way} ({_sure(entry)})"
    if "contradicted" in entry.evidence:
        return f"not known: the claim is contradicted ({_sure(entry)})"
    return "the feed itself; nothing that is believed names another"


def _hop(hop: Hop) -> str:
    return hop.name + (f" ({hop.site})" if hop.site and hop.site not in hop.name else "")


def _sure(entry: EntryHistory) -> str:
    confirmed = "confirmed, " if "confirmed" in entry.evidence else ""
    return f"{confirmed}{entry.confidence * 100:.0f} % sure"


# ── claims ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _claims(entry: EntryHistory) -> Iterator[Line]:
    for number, claim in enumerate(entry.claims):
        tone = _TONES.get(claim.standing, "soft")
        verdict = _words("standings")[claim.standing].format(better=_better(claim, entry.claims))
        why = f" ({claim.checked})" if claim.checked else ""
        text = f"{_MARKS[tone]} {_maker(claim)} names {_named(claim)}: {verdict}{why}."
        yield Line(text, "claims" if number == 0 else "", tone)
        if claim.evidence and claim.evidence != claim.page:
            yield Line(f"  “{claim.evidence}”", "", "soft")
    for past in entry.past_claims:
        text = f"{_maker(past.claim)} named {_named(past.claim)} from {_when(past.since)} until {_when(past.until)}."
        yield Line(text, "once" if past is entry.past_claims[0] else "", "soft")


def _maker(claim: Claim) -> str:
    return _words("makers")[claim.kind].format(where=claim.where)


def _named(claim: Claim) -> str:
    where = claim.page or claim.home or claim.feed_url or claim.site
    if claim.name and where and claim.name != where:
        return f"{claim.name} ({host_of(where) if where == claim.home else where})"
    return claim.name or where or "nobody"


def _better(claim: Claim, claims: Sequence[Claim]) -> str:
    """What was believed of the same step instead."""
    believed = [one for one in claims if one.standing in ("chosen", "confirmed", "contradicted")]
    same_step = [one for one in believed if one.hop == claim.hop] or believed
    maker = _maker(same_step[0]) if same_step else "another claim"
    return maker[:1].lower() + maker[1:]


# ── what else there is ─────────────────────────────────────────────────────────────────────────────────────────────────


def _extras(entry: EntryHistory) -> Iterator[Line]:
    others = [seen for seen in entry.seen_at if seen.address != entry.link]
    yield from _edits(entry)
    yield from _labelled("also at", [f"{seen.address}, {_when(seen.first)} to {_when(seen.last)}" for seen in others])
    yield from _labelled("about", [entry.related] if entry.related else [])
    yield from _labelled("licence", [entry.license] if entry.license else [])
    yield from _labelled("shown", [entry.republished] if entry.republished else [])
    yield from _labelled("taken out", entry.stripped)
    yield from _labelled("repaired", entry.oddities)
    yield from _labelled("dropped", [entry.loop] if entry.loop else [], "bad")
    yield from _labelled("withdrawn", [entry.withdrawn] if entry.withdrawn else [], "bad")
    yield from _labelled("held", [f"it came while {entry.feed} was held {entry.hold}"] if entry.hold else [], "bad")


def _edits(entry: EntryHistory) -> Iterator[Line]:
    """What each version that is kept changed, the latest first."""
    for edit in reversed(entry.edits):
        yield Line(f"{_when(edit.at)}" + ("" if edit.changes else ": nothing that is kept"), "edited" if edit is entry.edits[-1] else "")
        yield from (Line(f"  {_change(one)}", "", "soft") for one in edit.changes)
        if edit.more:
            yield Line(f"  and {counted(edit.more, 'more change')}", "", "soft")


def _change(change: Change) -> str:
    if change.before is None or change.after is None:
        said = f"“{change.before}” is gone" if change.after is None else f"“{change.after}” is new"
    else:
        said = f"“{change.before}” became “{change.after}”"
    return f"{change.what}: {said}{_around(change)}"


def _around(change: Change) -> str:
    if change.left and change.right:
        return f", in “{change.left} … {change.right}”"
    return f", behind “{change.left}”" if change.left else f", before “{change.right}”" if change.right else ""


def _labelled(label: str, texts: Sequence[str], tone: Tone = "plain") -> Iterator[Line]:
    for number, text in enumerate(texts):
        yield Line(text, "" if number else label, tone)


def _places(places: Sequence[Place]) -> Iterator[Line]:
    """Outputs in which a story stands alike are told once."""
    told: list[Place] = []
    for place in places:
        alike = next((one for one in told if replace(one, output=place.output, sequence=place.sequence) == place), None)
        if alike:
            yield Line(f"the same as in {alike.output}", place.output, "good" if place.place else "soft")
        else:
            told.append(place)
            yield from _place(place)


def _place(place: Place) -> Iterator[Line]:
    if not place.is_output:
        yield Line("this output is no longer in feeds.yaml", place.output, "soft")
        return
    if not place.listed:
        yield Line(f"not there: {_reason(place.rule)}", place.output, "bad")
        if place.rule.startswith(BACKLOG):
            yield Line(f"to publish it: aggregator release {place.led_by}", "", "soft")
        return
    since = f"since {_when(place.first_listed)}"
    if place.place is None:
        yield Line(f"let in {since}, but not in the file: {_cut(place)}", place.output, "soft")
    else:
        yield Line(f"at place {place.place} of {place.of}, {since}", place.output, "good")
    credit = f", credited to {place.credited_to}, whose own feed has it, too" if place.credited_to else ""
    yield Line(f"as {place.published_id}, in the words of {place.led_by}{credit}", "")
    yield Line(f"let in: it is {_reason(place.rule)}", "", "soft")


def _cut(place: Place) -> str:
    if place.cut_by == "max_age":
        return "it is older than `max_age`"
    if place.cut_by == "per_feed":
        return f"later ones of {place.led_by} take all that `per_feed` gives a feed"
    return f"the {place.of} that `max_entries` has room for are newer, or were let in later"


def _reason(rule: str) -> str:
    return rule.removeprefix("not listed: ").removeprefix("listed: ")


def _feed(feed: FeedFacts, now: datetime) -> Iterator[Line]:
    listed = f", a feed of the list {feed.listed_by}" if feed.listed_by else ""
    yield Line(f"last read {_when(feed.last_success)}{listed}", feed.feed)
    if feed.last_error:
        times = f", {feed.failures} times in a row" if feed.failures > 1 else ""
        yield Line(f"last error: {feed.last_error}{times}", "", "bad")
    if feed.opted_out:
        yield Line("not read any more: its publisher opted out", "", "bad")
    elif not feed.is_active or feed.next_poll is None:
        yield Line("not read any more: it is no longer in feeds.yaml", "", "bad")
    else:
        held = f"held {feed.hold} (if that is right: aggregator confirm {feed.feed}); " if feed.hold else ""
        yield Line(f"{held}next read {_when(feed.next_poll)}, {_ahead(feed.next_poll - now)}: {feed.why}", "")


# ── what was never seen ────────────────────────────────────────────────────────────────────────────────────────────────


def _never_seen(told: Explanation) -> Iterator[Line]:
    yield Line(f"'{told.query}' was never seen in a feed.", tone="head")
    if not told.feeds:
        if told.site:
            yield Line(f"No feed of {told.site} is in feeds.yaml, and no other feed has carried a page of that site.")
            yield Line("To follow it: aggregator add ADDRESS")
        else:
            yield Line("Entries are known by the address of their page and by their id; feeds by their id in feeds.yaml, name and address.")
        return
    first, *others = told.feeds
    yield Line(f"The feed {first.feed} should have had it: {first.reason}.")
    yield from _outlook(first, told.at)
    if others:
        yield Line("Less likely", tone="head")
    for feed in others:
        yield Line(f"{feed.reason}", feed.feed)
        yield from _outlook(feed, told.at, named=False)
    yield _UTC


def _own_address(told: Explanation, feed: FeedFacts) -> Iterator[Line]:
    yield Line(f"{told.query} is {feed.reason} {feed.feed}.", tone="head")
    yield from _outlook(feed, told.at)


def _outlook(feed: FeedFacts, now: datetime, *, named: bool = True) -> Iterator[Line]:
    if named:
        yield Line(feed.address, "address")
    yield from (Line(line.text, "reading" if number == 0 else "", line.tone) for number, line in enumerate(_feed(feed, now)))


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _words(table: str) -> Mapping[str, str]:
    return _tables()[table]


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((resources.files("aggregator") / "telling.toml").read_text("utf-8"))


# ── times ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _ahead(span: timedelta) -> str:
    seconds = span.total_seconds()
    if seconds <= 0:
        return "as soon as the program runs"
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"in {seconds / length:.0f} {unit}"
    return "in a minute"
