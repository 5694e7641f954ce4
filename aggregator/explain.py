"""Collect the whole history of an entry or an address: where it came from, which claims and rules decided, where it stands.

`explain` collects from the store; `aggregator.telling` says it in words, and the command prints either.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from aggregator.changes import edits
from aggregator.explanation import (
    CutBy,
    EntryHistory,
    Explanation,
    FeedFacts,
    PastClaim,
    Place,
    SeenAt,
    SharedKey,
    SharedKind,
    StoryHistory,
)
from aggregator.judging import credited
from aggregator.model import Config, FeedState, OutputSpec, Publication, StoredEntry
from aggregator.ports import FORGOTTEN, Store
from aggregator.publish.rights import inherited, permission
from aggregator.refine import leading
from aggregator.refine.confirmation import checked, fitting_id
from aggregator.refine.filters import unheld
from aggregator.refine.publishers import Feeds, feeds_of
from aggregator.web.host import host_of, site
from aggregator.web.text import counted
from aggregator.web.url import feed_address_key, link, link_key

MIN_PREFIX: Final = 4
"""Shorter beginnings of an id are not looked up."""

_MAX_CANDIDATES: Final = 10
_UUID: Final = "urn:uuid:"
_THE_FEED: Final = "the feed"
_NAME: Final = "the name of the feed"
_HOME: Final = "the home page of the feed"


def explain(query: str, store: Store, config: Config, now: datetime) -> Explanation:
    """Collect what is known of `query`: an address in any form, a publisher's id, a published id, or the beginning of one.

    Places are those of a publish `now`.
    """
    feeds = feeds_of({state.key: state for state in store.feeds(active_only=False)}, config)
    asked = _as_address(query)
    found = store.find(query) or (store.find(asked) if asked != query else [])
    if not found:
        begun = _begun(query, store)
        if len(begun) > 1:
            return Explanation(query=query, at=now, candidates=tuple(sorted({_id_of(members, query) for _, members in begun})))
        found = begun
    if found:
        return Explanation(query=query, at=now, stories=tuple(_story(pk, members, store, config, feeds, now) for pk, members in found))
    if meant := _meant(query, asked, store, feeds):
        return Explanation(query=query, at=now, is_feed=True, feeds=meant)
    forgotten = store.forgotten(asked)
    if forgotten:
        return Explanation(query=query, at=now, forgotten=forgotten)
    where = site(asked) if "://" in asked else ""
    return Explanation(query=query, at=now, site=where or None, feeds=_should_have_had(asked, store, feeds))


def _meant(query: str, asked: str, store: Store, feeds: Feeds) -> tuple[FeedFacts, ...]:
    """The feeds of which something is the id, an address that they had, have or give for their home page, or the name."""
    if feed := store.feed(query) or store.feed(asked):
        return (_facts(feed, feeds, _THE_FEED),)
    key = feed_address_key(asked)
    states = sorted(feeds.states.values(), key=lambda state: (not state.active, state.id))
    told = [(state, reason) for state in states if (reason := _what_of(state, key, link_key(asked)))]
    told = told or [(state, _NAME) for state in states if query.strip().casefold() in _called(state, feeds)]
    return tuple(_facts(state, feeds, reason) for state, reason in told)


def _what_of(state: FeedState, key: str, page: str) -> str | None:
    """What an address is of a feed, if it is anything."""
    if key in {feed_address_key(address) for address in (state.shown_url, state.head.self_url) if address}:
        return _THE_FEED
    return _HOME if state.head.home and link_key(state.head.home) == page else None


def _called(state: FeedState, feeds: Feeds) -> set[str]:
    """What outputs call a feed, and what it calls itself."""
    spec = feeds.specs.get(state.key)
    return {name.casefold() for name in (spec.name if spec else None, state.head.title) if name}


def _as_address(query: str) -> str:
    """What was asked, with the scheme that people leave out."""
    bare = query.strip()
    host, slash, _ = bare.partition("/")
    is_bare_host = "://" not in bare and "." in host and (slash or host_of(bare) == host) and link(f"https://{bare}") is not None
    return f"https://{bare}" if is_bare_host else bare


def _begun(query: str, store: Store) -> list[tuple[int, tuple[StoredEntry, ...]]]:
    if len(query) < MIN_PREFIX:
        return []
    return store.starting_with(query, _MAX_CANDIDATES) or store.starting_with(f"{_UUID}{query}", _MAX_CANDIDATES)


def _id_of(members: Sequence[StoredEntry], query: str) -> str:
    ids = [one for member in members for one in (member.entry.published_id, member.entry.raw_id) if one]
    return next((one for one in ids if one.startswith((query, f"{_UUID}{query}"))), ids[0])


# ── a story ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _story(pk: int, stored: Sequence[StoredEntry], store: Store, config: Config, feeds: Feeds, now: datetime) -> StoryHistory:
    members = checked(stored, feeds.publishers)
    publications = store.publications(pk)
    leads = {one.lead_pk for one in publications if one.listed}
    speaker = next((member for member in members if member.pk in leads), None) or leading.lead(members)
    return StoryHistory(
        entries=tuple(_history(member, members, speaker, store, feeds, speaks=member.pk in leads) for member in members),
        places=tuple(_place(publication, members, store, config, feeds, now) for publication in publications),
        feeds=tuple(_facts(feeds.states[key], feeds) for key in dict.fromkeys(member.feed_key for member in members)),
    )


def _history(
    member: StoredEntry, members: Sequence[StoredEntry], speaker: StoredEntry, store: Store, feeds: Feeds, *, speaks: bool
) -> EntryHistory:
    entry, spec = member.entry, feeds.specs.get(member.feed_key)
    license_url = inherited(entry, None if entry.origin.chain else feeds.states[member.feed_key].head.license)
    is_forgotten = (member.withdrawn or "").startswith(FORGOTTEN)
    may = permission(entry, spec.republish, license_url) if spec and not is_forgotten else None
    others = [other for other in members if other.pk != member.pk]
    return EntryHistory(
        title=entry.title.text if entry.title else None,
        feed=member.feed_id,
        feed_is_active=feeds.states[member.feed_key].active,
        speaks=speaks,
        speaks_by=leading.why(member, unheld(members), feeds.partners) if speaks else None,
        same_as=None if member is speaker else _shared(member, sorted(others, key=lambda other: other is not speaker)),
        link=entry.link,
        related=entry.related,
        id=entry.raw_id,
        id_from=entry.id_from,
        published_id=entry.published_id,
        id_is_borrowed=fitting_id(member, members, feeds.publishers) != entry.published_id,
        published=entry.published,
        updated=entry.updated,
        first_seen=member.first_seen,
        last_seen=member.last_seen,
        was_backlog=member.is_backlog,
        seen_at=tuple(SeenAt(address=address, first=first, last=last) for address, first, last in store.sightings(member.pk)),
        claims=entry.claims,
        past_claims=tuple(PastClaim(claim=claim, since=since, until=gone) for claim, since, gone in store.past_claims(member.pk)),
        edits=edits(store.versions(member.pk)),
        origin=entry.origin.chain,
        evidence=entry.origin.evidence,
        confidence=entry.origin.confidence,
        license=license_url,
        republished=(may.policy + (f": {may.why}" if may.why else "")) if may else None,
        stripped=(*entry.stripped, *(f"the line of origin, which ours replaces: {line}" for line in entry.lines)),
        oddities=entry.oddities,
        loop=entry.loop,
        withdrawn=member.withdrawn,
        hold=member.hold,
        is_forgotten=is_forgotten,
    )


def _shared(member: StoredEntry, others: Sequence[StoredEntry]) -> SharedKey:
    """What an entry has in common with the first of the others that has anything in common with it."""
    kinds: Mapping[str, SharedKind] = {"link": "page", "id": "id", "twin": "twin", "title": "headline", "text": "words"}
    mine = {(key.kind, key.value) for key in member.entry.keys if key.kind in kinds}
    for other in others:
        shared = [key for key in other.entry.keys if (key.kind, key.value) in mine]
        if shared:
            best = min(shared, key=lambda key: list(kinds).index(key.kind))
            # Of several entries on one page the key goes on with what tells them apart (`refine.issues.key`).
            value = best.value.partition("\n")[0] if best.kind == "link" else best.value if best.kind == "id" else None
            return SharedKey(feed=other.feed_id, kind=kinds[best.kind], value=value)
    if own := [other for other in others if other.feed_key == member.feed_key and other.first_seen != member.first_seen]:
        return SharedKey(feed=own[0].feed_id, kind="place")
    return SharedKey(feed=others[0].feed_id, kind="earlier")


def _place(publication: Publication, members: Sequence[StoredEntry], store: Store, config: Config, feeds: Feeds, now: datetime) -> Place:
    lead = next((member for member in members if member.pk == publication.lead_pk), None)
    rank, of, cut_by = _rank(publication, store, config, now)
    return Place(
        output=publication.output,
        is_output=any(output.path == publication.output for output in config.outputs),
        listed=publication.listed,
        place=rank,
        of=of,
        cut_by=cut_by,
        rule=publication.rule,
        led_by=lead.feed_id if lead else None,
        credited_to=_credited_to(lead, members, publication, config, feeds) if lead else None,
        published_id=publication.published_id,
        sequence=publication.sequence,
        first_listed=publication.first_listed,
        updated=publication.public_updated,
    )


def _credited_to(lead: StoredEntry, members: Sequence[StoredEntry], publication: Publication, config: Config, feeds: Feeds) -> str | None:
    """Whom an output names as the origin of an entry that names nobody itself."""
    output = next((output for output in config.outputs if output.path == publication.output), None)
    if output is None or lead.entry.origin.chain:
        return None
    return next((hop.name for hop in credited(lead, unheld(members), publication, output, feeds).entry.origin.chain), None)


def _rank(publication: Publication, store: Store, config: Config, now: datetime) -> tuple[int | None, int, CutBy | None]:
    spec = next((output for output in config.outputs if output.path == publication.output), None)
    if spec is None or not publication.listed:
        return None, 0, None
    listing = [one for one, _ in store.listing(spec.path, spec.max_entries, per_feed=spec.per_feed, not_before=spec.oldest(now))]
    rank = next((rank for rank, listed in enumerate(listing, 1) if listed.story_pk == publication.story_pk), None)
    return rank, len(listing), None if rank else _cut_by(publication, listing, spec, spec.oldest(now))


def _cut_by(publication: Publication, listing: Sequence[Publication], spec: OutputSpec, oldest: datetime | None) -> CutBy:
    """What keeps a listed story out of the file."""
    if oldest and min(publication.sort_key, publication.first_listed or oldest) < oldest:
        return "max_age"
    same_feed = sum(one.feed_key == publication.feed_key for one in listing)
    return "per_feed" if spec.per_feed is not None and same_feed >= spec.per_feed else "max_entries"


# ── an address that was never seen ─────────────────────────────────────────────────────────────────────────────────────


def _should_have_had(asked: str, store: Store, feeds: Feeds) -> tuple[FeedFacts, ...]:
    """The feeds that should have had an address, likeliest first: those of its site, whose pages begin alike before others; else those that
    have carried pages of that site.
    """
    where = site(asked)
    start, seen = store.neighbours(asked)
    counts = dict(seen)
    own = [state for state in feeds.states.values() if where and where in _sites(state, feeds)]
    if own:
        ranked = sorted(own, key=lambda state: (-counts.get(state.key, 0), -_common(asked, state), not state.active, state.id))
        return tuple(_facts(state, feeds, _of_site(where, start, counts.get(state.key, 0))) for state in ranked)
    carried = [(feeds.states[key], count) for key, count in seen if key in feeds.states and site(start) == where]
    return tuple(_facts(state, feeds, f"it has carried {counted(count, 'page')} below {start}") for state, count in carried)


def _sites(state: FeedState, feeds: Feeds) -> frozenset[str]:
    known = feeds.publishers.by_key.get(state.key)
    return known.sites if known else frozenset({site(state.shown_url), site(state.head.home or "")}) - {""}


def _of_site(where: str, start: str, count: int) -> str:
    return f"it is a feed of {where}" + (f" and has had {counted(count, 'page')} below {start}" if count else "")


def _common(asked: str, state: FeedState) -> int:
    """How far an address begins like a feed's home page or its own address."""
    return max(_beginning(asked, url) for url in (state.head.home or "", state.shown_url))


def _beginning(one: str, other: str) -> int:
    pieces = zip(one.partition("://")[2].split("/"), other.partition("://")[2].split("/"), strict=False)
    return next((count for count, (mine, theirs) in enumerate(pieces) if mine != theirs), min(one.count("/"), other.count("/")))


def _facts(state: FeedState, feeds: Feeds, reason: str = "") -> FeedFacts:
    spec = feeds.specs.get(state.key)
    return FeedFacts(
        feed=state.id,
        title=state.head.title,
        address=state.shown_url,
        format=state.head.version,
        is_active=state.active,
        opted_out=bool(spec and spec.opt_out),
        last_poll=state.last_poll_at,
        last_success=state.last_success_at,
        last_error=state.last_error,
        failures=state.failures,
        hold=state.hold,
        next_poll=state.next_poll_at if state.active else None,
        why=state.why,
        reason=reason,
        listed_by=spec.listed_by if spec else None,
    )
