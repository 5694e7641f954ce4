"""Tell the whole history of an entry or an address in plain words: where it came from, which claims, which rule, which story, where it stands.

Pure over what the store gives; the command prints it as text or as JSON.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from aggregator.model import Config, FeedState, JsonValue, Publication, StoredEntry
from aggregator.ports import Store
from aggregator.web.host import site

_ID_FROM = {"id": "the publisher's own id", "link": "its link, since the feed gives no id", "text": "its title and text, since the feed gives neither id nor link"}


def explain(query: str, store: Store, config: Config) -> dict[str, JsonValue]:
    """Collect what is known of `query`, a URL or an id: the stories it stands in, or the feed that should have had it."""
    states = {state.key: state for state in store.feeds(active_only=False)}
    found = store.find(query)
    if found:
        return {"query": query, "stories": [_story(pk, members, store, states, config) for pk, members in found], "feeds": []}
    return {"query": query, "stories": [], "feeds": [_feed(state, config) for state in _likely(query, store, states.values())]}


def _story(pk: int, members: Sequence[StoredEntry], store: Store, states: Mapping[str, FeedState], config: Config) -> JsonValue:
    publications = store.publications(pk)
    return {
        "entries": [_entry(member, store, states) for member in members],
        "outputs": [_publication(publication, members, store, config) for publication in publications],
    }


def _entry(member: StoredEntry, store: Store, states: Mapping[str, FeedState]) -> JsonValue:
    entry = member.entry
    state = states.get(member.feed_key)
    return {
        "title": entry.title.text if entry.title else None,
        "feed": member.feed_id,
        "feed_active": bool(state and state.active),
        "link": entry.link,
        "id": entry.raw_id,
        "id_from": _ID_FROM[entry.id_from],
        "published_id": entry.published_id,
        "published": _when(entry.published),
        "first_seen": _when(member.first_seen),
        "last_seen": _when(member.last_seen),
        "seen_at": [{"address": address, "first": _when(first), "last": _when(last)} for address, first, last in store.sightings(member.pk)],
        "claims": [
            {
                "kind": claim.kind,
                "hop": claim.hop,
                "names": claim.name or claim.site or claim.page,
                "page": claim.page,
                "where": claim.where,
                "rule": claim.rule,
                "evidence": claim.evidence,
                "confidence": claim.confidence,
                "standing": claim.standing,
            }
            for claim in entry.claims
        ],
        "origin": [{"name": hop.name, "page": hop.page} for hop in entry.origin.chain],
        "stripped": list(entry.stripped),
        "oddities": list(entry.oddities),
        "loop": entry.loop,
        "withdrawn": member.withdrawn,
    }


def _publication(publication: Publication, members: Sequence[StoredEntry], store: Store, config: Config) -> JsonValue:
    spec = next((output for output in config.outputs if output.path == publication.output), None)
    place = None
    if spec and publication.listed:
        listing = store.listing(spec.path, spec.max_entries, per_feed=spec.per_feed, not_before=None)
        place = next((number for number, (listed, _) in enumerate(listing, 1) if listed.story_pk == publication.story_pk), None)
    lead = next((member for member in members if member.pk == publication.lead_pk), None)
    return {
        "output": publication.output,
        "listed": publication.listed,
        "place": place,
        "rule": publication.rule,
        "led_by": lead.feed_id if lead else None,
        "published_id": publication.published_id,
        "sequence": publication.sequence,
        "first_listed": _when(publication.first_listed),
        "updated": _when(publication.public_updated),
    }


def _likely(query: str, store: Store, states: Sequence[FeedState] | object) -> list[FeedState]:
    """The feeds that should have had an address: a feed of that very address, else those of its site."""
    exact = store.feed(query)
    if exact:
        return [exact]
    where = site(query)
    return [state for state in store.feeds(active_only=False) if where and where in (site(state.shown_url), site(state.head.home or ""))]


def _feed(state: FeedState, config: Config) -> JsonValue:
    return {
        "feed": state.id,
        "address": state.shown_url,
        "in_feeds_yaml": state.active,
        "last_success": _when(state.last_success_at),
        "last_error": state.last_error,
        "next_poll": _when(state.next_poll_at) if state.active else None,
        "why": state.why,
    }


def _when(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None


# ── in words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def in_words(told: Mapping[str, JsonValue]) -> list[str]:
    """The same as lines of text."""
    stories = told["stories"]
    assert isinstance(stories, list)
    if stories:
        return [line for number, story in enumerate(stories) for line in [*([""] if number else []), *_story_words(story)]]
    feeds = told["feeds"]
    assert isinstance(feeds, list)
    lines = [f"{told['query']} was never seen in a feed."]
    if not feeds:
        return [*lines, "No feed in feeds.yaml is of that site."]
    return [*lines, *(line for feed in feeds for line in _feed_words(feed))]


def _story_words(story: JsonValue) -> list[str]:
    assert isinstance(story, Mapping)
    entries, outputs = story["entries"], story["outputs"]
    assert isinstance(entries, list)
    assert isinstance(outputs, list)
    lines: list[str] = []
    if len(entries) > 1:
        lines.append(f"One story, seen {len(entries)} times:")
    for entry in entries:
        lines += _entry_words(entry)
    for output in outputs:
        lines.append(_output_words(output))
    return lines or ["nothing is known"]


def _entry_words(entry: JsonValue) -> list[str]:
    assert isinstance(entry, Mapping)
    lines = [
        f"“{entry['title'] or 'untitled'}” in the feed {entry['feed']}" + ("" if entry["feed_active"] else " (no longer in feeds.yaml)"),
        f"  page       {entry['link'] or 'none given'}",
        f"  id         {entry['id'] or 'none'}; known by {entry['id_from']}; published as {entry['published_id']}",
        f"  dates      published {entry['published'] or 'not said'}; first seen {entry['first_seen']}, last seen {entry['last_seen']}",
    ]
    claims = entry["claims"]
    assert isinstance(claims, list)
    for claim in claims:
        assert isinstance(claim, Mapping)
        lines.append(f"  claim      {claim['kind']} names {claim['names']} ({claim['where']}; {claim['rule']}): {_STANDING[str(claim['standing'])]}")
        if claim["evidence"]:
            lines.append(f"             “{claim['evidence']}”")
    if not claims:
        lines.append("  claims     none: the feed itself is the origin")
    origin = entry["origin"]
    assert isinstance(origin, list)
    if origin:
        names = " → ".join(str(hop["name"]) for hop in origin if isinstance(hop, Mapping))
        lines.append(f"  origin     {names} → {entry['feed']}")
    for key, label in (("stripped", "stripped"), ("oddities", "oddity")):
        items = entry[key]
        assert isinstance(items, list)
        lines += [f"  {label:<10} {item}" for item in items]
    if entry["loop"]:
        lines.append(f"  dropped    {entry['loop']}")
    if entry["withdrawn"]:
        lines.append(f"  withdrawn  {entry['withdrawn']}")
    return lines


_STANDING = {
    "chosen": "chosen",
    "self": "names the feed's own site, so it is a footer and no origin",
    "weak": "too weak alone: it needs a second sign",
    "outranked": "outranked by a better claim",
    "loop": "names one of our own outputs",
}


def _output_words(output: JsonValue) -> str:
    assert isinstance(output, Mapping)
    if not output["listed"]:
        return f"not in {output['output']}: {output['rule']}"
    place = f"at place {output['place']}" if output["place"] else "listed, but beyond max_entries or max_age by now"
    return f"in {output['output']} {place} as {output['published_id']}, led by {output['led_by']} ({output['rule']})"


def _feed_words(feed: JsonValue) -> list[str]:
    assert isinstance(feed, Mapping)
    lines = [f"The feed {feed['feed']} ({feed['address']}) should have had it:"]
    lines.append(f"  last read  {feed['last_success'] or 'never'}" + (f"; last error: {feed['last_error']}" if feed["last_error"] else ""))
    lines.append(f"  next poll  {feed['next_poll']} ({feed['why']})" if feed["in_feeds_yaml"] else "  it is no longer in feeds.yaml, so it is not polled")
    return lines
