"""Which stories an output lists, by today's rules: claims are checked against what is held, then what changed is judged anew."""

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from aggregator.model import Config, Credit, Hop, OutputSpec, Placed, Publication, StoredEntry, Story, Verdict
from aggregator.ports import Store
from aggregator.publish.sources import public_feed
from aggregator.refine import filters, leading
from aggregator.refine.confirmation import by_what_is_held, checked, fitting_id, follows_polls, judged
from aggregator.refine.known import names_told
from aggregator.refine.optout import unnamed
from aggregator.refine.publishers import Feeds
from aggregator.web.text import fingerprint


def check_claims(store: Store, feeds: Feeds) -> None:
    """Compare the claims of what changed with what is held, and learn from them whom names mean."""
    mark = fingerprint(msgspec.json.encode(feeds.publishers.mark()))
    for batch in store.unchecked_stories(mark):
        members = [member for _, stored in batch for member in checked(stored, feeds.publishers)]
        store.check(mark, members, list(names_told(members)), done=False)
    store.check(mark, (), (), done=True)


def chosen(output: OutputSpec, config: Config, store: Store, feeds: Feeds, now: datetime) -> list[Placed]:
    """Where the stories stand that an output lists by today's rules; a list of subscriptions has none."""
    if output.format == "opml":
        return []
    _judge(output, config, store, feeds, now)
    return store.chosen(output.path, output.max_entries, per_feed=output.per_feed, not_before=output.oldest(now))


def stories(
    listed: Sequence[tuple[Publication, tuple[StoredEntry, ...]]], output: OutputSpec, store: Store, feeds: Feeds
) -> list[tuple[Publication, Story]]:
    """What an output lists (`Store.given`) as stories, with what is known by now of what entries claim, and of whom they do not name."""
    found = [(publication, judged(filters.unheld(members), feeds.publishers)) for publication, members in listed]
    _note_contradicted([member for _, members in found for member in members], store)
    return [(publication, _story(publication, members, output, feeds)) for publication, members in found]


def credited(lead: StoredEntry, members: Sequence[StoredEntry], publication: Publication, output: OutputSpec, feeds: Feeds) -> StoredEntry:
    """The entry that speaks for a story in an output, with the origin that it does not name itself: where it is a copy, and the original
    came in a feed for which the output does not ask. `members` are all of the story, but for what came under holds.
    """
    others = _not_asked_for(members, output, feeds)
    if lead.entry.origin.chain or not others:
        return lead
    held = next((member for member in members if member.pk == publication.original_pk), None)
    original = held or leading.lead(members, feeds.partners)
    hop = _hop(original, feeds) if original.feed_key in others and _is_of_another(original, lead, feeds) else None
    return replace(lead, entry=replace(lead.entry, origin=by_what_is_held(hop))) if hop else lead


def _not_asked_for(members: Sequence[StoredEntry], output: OutputSpec, feeds: Feeds) -> set[str]:
    """The feeds (by key) that have a story, and for which an output does not ask."""
    return {key for member in members if (key := member.feed_key) in feeds.specs and not output.asks_for(feeds.specs[key])}


def owed(listing: Sequence[tuple[Publication, Story]], feeds: Feeds) -> dict[int, Credit]:
    """What the publishers of leading entries want to be printed with them, as feeds.yaml was told."""
    leads = [(story.lead, feeds.specs.get(story.lead.feed_key)) for _, story in listing]
    if not any(spec and spec.credit for _, spec in leads):
        return {}
    # Few ask for it, and it needs the sanitizer.
    from aggregator.refine.credit import credit_line

    return {lead.pk: credit_line(spec.credit, lead.entry, lead.entry.link) for lead, spec in leads if spec and spec.credit}


def _note_contradicted(members: Sequence[StoredEntry], store: Store) -> None:
    """Store what a poll of its publisher has shown of a claim since it was checked; its story need not have changed for that."""
    if shown := [member for member in members if any(claim.standing == "contradicted" for claim in member.entry.claims)]:
        store.check("", shown, (), done=False)


def _judge(output: OutputSpec, config: Config, store: Store, feeds: Feeds, now: datetime) -> None:
    """Judge what changed since this output was last judged, or everything when the rules changed."""
    under = mark(output, config, feeds)
    newcomers = config.newcomer_entries
    verdicts: list[Verdict] = []
    for batch in store.changed_stories(output.path, under):
        if verdicts:
            store.judge(output.path, under, verdicts, now, newcomer_entries=newcomers, done=False)
        verdicts = [_verdict(pk, members, feeds, output) for pk, members in batch]
    # The last of them are written in the transaction that settles all: most judgements have but these.
    store.judge(output.path, under, verdicts, now, newcomer_entries=newcomers, done=True)


def mark(output: OutputSpec, config: Config, feeds: Feeds) -> str:
    """Name the rules that decide what stands in an output; secrets are no part of it."""
    parts = (
        (output.path, output.tags, output.feeds, output.keep, output.drop),
        config.newcomer_entries,
        sorted(
            (key, spec.id, spec.tags, spec.keep, spec.drop, spec.limit, spec.opt_out, spec.republisher) for key, spec in feeds.specs.items()
        ),
        feeds.opted_out.mark(),
        feeds.publishers.mark(),
    )
    return fingerprint(msgspec.json.encode(parts))


def _verdict(pk: int, stored: tuple[StoredEntry, ...], feeds: Feeds, output: OutputSpec) -> Verdict:
    members = judged(filters.unheld(stored), feeds.publishers)
    standing, rule = filters.eligible(members, feeds.specs, output, feeds.opted_out)
    if not standing:
        withdrawn = filters.is_withdrawn(members, feeds.specs, feeds.opted_out)
        said = rule if members else filters.held_rule(stored)
        return Verdict(story_pk=pk, listed=False, rule=said, withdrawn=withdrawn, seen=_last_came(stored))
    lead = leading.lead(standing, feeds.partners)
    seen = _last_came(standing, backlog={member.feed_key for member in standing if member.is_backlog})

    original, originals = _original(members, output, feeds)

    def led_by(speaks: StoredEntry) -> Verdict:
        return Verdict(
            story_pk=pk,
            listed=True,
            rule=rule,
            lead_pk=speaks.pk,
            feed_key=speaks.feed_key,
            published_id=fitting_id(speaks, members, feeds.publishers),
            sort_key=leading.place(speaks, members),
            public_updated=leading.last_changed(speaks, members),
            per_day=feeds.specs[speaks.feed_key].limit.per_day,
            seen=seen,
            original_pk=original,
            originals=originals,
        )

    as_good = leading.as_good(standing, feeds.partners) - {lead.pk}
    rivals = [member for member in standing if member.pk in as_good]
    return replace(led_by(lead), rivals={pk: led_by(member) for member in rivals for pk in leading.forms(member, members)})


def _original(members: Sequence[StoredEntry], output: OutputSpec, feeds: Feeds) -> tuple[int | None, dict[int, int]]:
    """The original among all that have a story, where an output does not ask for each of their feeds; and who that is where an entry was it
    so far from which nothing takes the lead.
    """
    if not _not_asked_for(members, output, feeds):
        return None, {}
    as_good = leading.as_good(members, feeds.partners)
    originals = {pk: member.pk for member in members if member.pk in as_good for pk in leading.forms(member, members)}
    return leading.lead(members, feeds.partners).pk, originals


def _last_came(members: Sequence[StoredEntry], backlog: Container[str] = ()) -> datetime | None:
    """When the last of a story came, feed by feed: what took the place of an entry, under another id, is no news; nor is `backlog`."""
    came: dict[str, datetime] = {}
    for member in members:
        if member.feed_key not in backlog:
            came[member.feed_key] = min(member.first_seen, came.get(member.feed_key, member.first_seen))
    return max(came.values(), default=None)


def _story(publication: Publication, members: Sequence[StoredEntry], output: OutputSpec, feeds: Feeds) -> Story:
    lead = next((member for member in members if member.pk == publication.lead_pk), None)
    speaks = lead or leading.lead(members, feeds.partners)
    told = credited(speaks, members, publication, output, feeds)
    # Who opted out goes last, since who leads may depend on whom the others name.
    return Story(
        pk=publication.story_pk,
        lead=unnamed(told, feeds.opted_out),
        members=tuple(unnamed(one, feeds.opted_out) for one in members),
        is_settled=lead is not None and _is_settled(lead, members, output, feeds),
    )


def _is_settled(lead: StoredEntry, members: Sequence[StoredEntry], output: OutputSpec, feeds: Feeds) -> bool:
    """Whether nothing that is told of a story depends on what other feeds have brought by now: neither on who shares stories with whom,
    nor on how far a publisher that is named was read.
    """
    is_of_its_own = bool(lead.entry.origin.chain) or not _not_asked_for(members, output, feeds)
    return is_of_its_own and not any(follows_polls(member, feeds.publishers) for member in members)


def _is_of_another(original: StoredEntry, lead: StoredEntry, feeds: Feeds) -> bool:
    """Whether an entry is its publisher's own, and that publisher another one than whose copy it leads."""
    where = original.entry.site
    is_own = leading.is_at_home(original.entry) and feeds.publishers.speaks_for(original.feed_key, where)
    return is_own and where != lead.entry.site and not feeds.publishers.speaks_for(lead.feed_key, where)


def _hop(original: StoredEntry, feeds: Feeds) -> Hop | None:
    """An entry as the place where others have it from; None where it may not be named, or is not known to be the first there."""
    spec = feeds.specs[original.feed_key]
    if spec.opt_out or original.withdrawn or original.entry.loop:
        return None
    feed = public_feed(feeds.states[original.feed_key], spec)
    page = original.entry.link
    hop = Hop(name=feed.name, site=original.entry.site, page=page, home=feed.home, feed_url=feed.address, feed_id=feed.feed_id)
    return None if feed.is_private or feed.is_republisher or feeds.opted_out.means(hop) else hop
