"""Tell the whole history of an entry or an address in plain words: where it came from, which claims and rules decided, where it stands.

`explain` collects from the store, `in_words` says it; the command prints the one as JSON, the other as text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.model import Claim, Config, FeedSpec, FeedState, Hop, Publication, Standing, StoredEntry
from aggregator.ports import Store
from aggregator.publish.rights import inherited, permission
from aggregator.refine.confirmation import checked
from aggregator.refine.publishers import publishers
from aggregator.web.host import site


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAt:
    """One address at which an entry was seen, and when."""

    address: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryHistory:
    """What is known of one copy of a story."""

    title: str | None
    feed: str
    feed_is_active: bool
    link: str | None
    id: str | None
    id_from: str
    published_id: str
    published: datetime | None
    first_seen: datetime
    last_seen: datetime
    seen_at: tuple[SeenAt, ...]
    claims: tuple[Claim, ...]
    origin: tuple[Hop, ...]
    license: str | None
    republished: str | None
    stripped: tuple[str, ...]
    oddities: tuple[str, ...]
    loop: str | None
    withdrawn: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A story's standing in one output. `place` counts from 1 at the top; None: not within what the file holds now."""

    output: str
    listed: bool
    place: int | None
    rule: str
    led_by: str | None
    published_id: str
    sequence: int | None
    first_listed: datetime | None
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryHistory:
    """All copies of one story and its places in the outputs."""

    entries: tuple[EntryHistory, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOutlook:
    """A feed that should have had an address that was never seen, and when it is asked next."""

    feed: str
    address: str
    is_active: bool
    last_success: datetime | None
    last_error: str | None
    next_poll: datetime | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer: the stories that `query` stands in, or, where there are none, the feeds that should have had it.

    `forgotten` says since when what stood at that address is gone for good.
    """

    query: str
    stories: tuple[StoryHistory, ...] = ()
    feeds: tuple[FeedOutlook, ...] = ()
    forgotten: datetime | None = None


def explain(query: str, store: Store, config: Config, now: datetime) -> Explanation:
    """Collect what is known of `query`: an address, a publisher's id or a published id. Places are those of a publish `now`."""
    states = {state.key: state for state in store.feeds(active_only=False)}
    by_id = {spec.id: spec for spec in config.feeds}
    feeds = {key: (state, by_id.get(state.id)) for key, state in states.items()}
    known = publishers(states, {key: spec for key, (_, spec) in feeds.items() if spec})
    stories = tuple(
        StoryHistory(
            entries=tuple(_history(member, store, *feeds[member.feed_key]) for member in checked(members, known)),
            places=tuple(_place(publication, members, store, config, now) for publication in store.publications(pk)),
        )
        for pk, members in store.find(query)
    )
    if stories:
        return Explanation(query=query, stories=stories)
    forgotten = store.forgotten(query)
    return Explanation(
        query=query, forgotten=forgotten, feeds=() if forgotten else tuple(_outlook(state) for state in _likely(query, store))
    )


def _history(member: StoredEntry, store: Store, state: FeedState, spec: FeedSpec | None) -> EntryHistory:
    entry = member.entry
    license_url = inherited(entry, None if entry.origin.chain else state.head.license)
    may = permission(entry, spec.republish, license_url) if spec else None
    return EntryHistory(
        title=entry.title.text if entry.title else None,
        feed=member.feed_id,
        feed_is_active=state.active,
        link=entry.link,
        id=entry.raw_id,
        id_from=_ID_FROM[entry.id_from],
        published_id=entry.published_id,
        published=entry.published,
        first_seen=member.first_seen,
        last_seen=member.last_seen,
        seen_at=tuple(SeenAt(address=address, first=first, last=last) for address, first, last in store.sightings(member.pk)),
        claims=entry.claims,
        origin=entry.origin.chain,
        license=license_url,
        republished=(may.policy + (f": {may.why}" if may.why else "")) if may else None,
        stripped=entry.stripped,
        oddities=entry.oddities,
        loop=entry.loop,
        withdrawn=member.withdrawn,
    )


def _place(publication: Publication, members: Sequence[StoredEntry], store: Store, config: Config, now: datetime) -> Place:
    lead = next((member for member in members if member.pk == publication.lead_pk), None)
    return Place(
        output=publication.output,
        listed=publication.listed,
        place=_rank(publication, store, config, now) if publication.listed else None,
        rule=publication.rule,
        led_by=lead.feed_id if lead else None,
        published_id=publication.published_id,
        sequence=publication.sequence,
        first_listed=publication.first_listed,
        updated=publication.public_updated,
    )


def _rank(publication: Publication, store: Store, config: Config, now: datetime) -> int | None:
    spec = next((output for output in config.outputs if output.path == publication.output), None)
    if spec is None:
        return None
    listing = store.listing(spec.path, spec.max_entries, per_feed=spec.per_feed, not_before=spec.oldest(now))
    return next((rank for rank, (listed, _) in enumerate(listing, 1) if listed.story_pk == publication.story_pk), None)


def _likely(query: str, store: Store) -> list[FeedState]:
    """The feeds that should have had an address: the feed of that very address, else those of its site."""
    exact = store.feed(query)
    if exact:
        return [exact]
    where = site(query)
    return [state for state in store.feeds(active_only=False) if where and where in (site(state.shown_url), site(state.head.home or ""))]


def _outlook(state: FeedState) -> FeedOutlook:
    return FeedOutlook(
        feed=state.id,
        address=state.shown_url,
        is_active=state.active,
        last_success=state.last_success_at,
        last_error=state.last_error,
        next_poll=state.next_poll_at if state.active else None,
        why=state.why,
    )


# ── in words ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_ID_FROM = {
    "id": "the publisher's own id",
    "link": "its link, since the feed gives no id",
    "text": "its title and text, since the feed gives neither id nor link",
}
_STANDING: dict[Standing, str] = {
    "chosen": "chosen",
    "confirmed": "chosen, and confirmed",
    "contradicted": "contradicted, so it is not believed",
    "self": "names the feed's own site, so it is a footer and no origin",
    "weak": "too weak alone: it needs a second sign",
    "outranked": "outranked by a better claim",
    "loop": "names one of our own outputs",
}


def in_words(told: Explanation) -> list[str]:
    """The same as lines of text."""
    if told.stories:
        return [line for number, story in enumerate(told.stories) for line in [*([""] if number else []), *_story_words(story)]]
    if told.forgotten:
        return [f"{told.query} was forgotten on {told.forgotten:%Y-%m-%d}: nothing of it is kept, and it is never taken up again."]
    lines = [f"{told.query} was never seen in a feed."]
    if not told.feeds:
        return [*lines, "No feed in feeds.yaml is of that site."]
    return [*lines, *(line for feed in told.feeds for line in _feed_words(feed))]


def _story_words(story: StoryHistory) -> list[str]:
    lines = [f"One story, seen {len(story.entries)} times:"] if len(story.entries) > 1 else []
    lines += [line for entry in story.entries for line in _entry_words(entry)]
    return lines + [_place_words(place) for place in story.places]


def _entry_words(entry: EntryHistory) -> list[str]:
    lines = [
        f"“{entry.title or 'untitled'}” in the feed {entry.feed}" + ("" if entry.feed_is_active else " (no longer in feeds.yaml)"),
        f"  page       {entry.link or 'none given'}",
        f"  id         {entry.id or 'none'}; known by {entry.id_from}; published as {entry.published_id}",
        f"  dates      published {_when(entry.published)}; first seen {_when(entry.first_seen)}, last seen {_when(entry.last_seen)}",
    ]
    for claim in entry.claims:
        named = claim.name or claim.site or claim.page
        lines.append(f"  claim      {claim.kind} names {named} ({claim.where}; {claim.rule}): {_STANDING[claim.standing]}")
        if claim.checked:
            lines.append(f"             {claim.checked}")
        if claim.evidence:
            lines.append(f"             “{claim.evidence}”")
    if not entry.claims:
        lines.append("  claims     none: the feed itself is the origin")
    if entry.origin:
        lines.append("  origin     " + " → ".join([*(hop.name for hop in entry.origin), entry.feed]))
    if entry.license:
        lines.append(f"  licence    {entry.license}")
    if entry.republished:
        lines.append(f"  text       {entry.republished}")
    lines += [f"  stripped   {item}" for item in entry.stripped]
    lines += [f"  oddity     {item}" for item in entry.oddities]
    if entry.loop:
        lines.append(f"  dropped    {entry.loop}")
    if entry.withdrawn:
        lines.append(f"  withdrawn  {entry.withdrawn}")
    return lines


def _place_words(place: Place) -> str:
    if not place.listed:
        return f"not in {place.output}: {place.rule}"
    rank = f"at place {place.place}" if place.place else "listed, but beyond max_entries or max_age by now"
    return f"in {place.output} {rank} as {place.published_id}, led by {place.led_by} ({place.rule})"


def _feed_words(feed: FeedOutlook) -> list[str]:
    error = f"; last error: {feed.last_error}" if feed.last_error else ""
    ahead = (
        f"  next poll  {_when(feed.next_poll)} ({feed.why})" if feed.is_active else "  it is no longer in feeds.yaml, so it is not polled"
    )
    return [f"The feed {feed.feed} ({feed.address}) should have had it:", f"  last read  {_when(feed.last_success)}{error}", ahead]


def _when(instant: datetime | None) -> str:
    return instant.isoformat(timespec="seconds") if instant else "never"
