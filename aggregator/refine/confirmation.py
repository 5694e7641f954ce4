"""Claims of origin, compared with what is held: confirmed by the publisher's own entry, contradicted by its feed, or neither (pure).

All of it is a function of stored rows, so it does not matter whether the original or the copy was polled first. docs/provenance.md gives
the rules and their reasons.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final, NamedTuple

from aggregator.model import CONFIRMED, CONTRADICTED, Claim, Hop, Origin, Standing, StoredEntry
from aggregator.refine.identity import derived
from aggregator.refine.pages import id_site
from aggregator.refine.publishers import Publisher, Publishers
from aggregator.refine.stories import COPIED
from aggregator.web.host import host_of
from aggregator.web.url import link_key

CACHE_SLACK: Final = timedelta(hours=1)
"""So long may a cache hold back what a publisher has published; before, its absence says nothing, nor does the order of polls."""

_SURE: Final = 0.99
_DOUBTED: Final = 0.1


def checked(members: Sequence[StoredEntry], publishers: Publishers) -> tuple[StoredEntry, ...]:
    """The members of one story, every claim of theirs compared with the others and with its publisher's feed, and told so in words.

    A contradicted hop is taken out of the chain; a permalink whose page is held becomes one. A member whose feed only says that it is of
    a site, beside one whose feed is served there, counts as of the site where it is served.
    """
    return tuple(_placed(_told(member, _outcomes(member, members, publishers)), members, publishers) for member in members)


def judged(members: Sequence[StoredEntry], publishers: Publishers) -> tuple[StoredEntry, ...]:
    """As `checked`, without the words where nothing but words would change: most claims are neither confirmed nor contradicted."""
    return tuple(_placed(_judged(member, _outcomes(member, members, publishers)), members, publishers) for member in members)


def by_what_is_held(hop: Hop) -> Origin:
    """The origin of a copy that names nobody, where the publisher's own entry of its story is held."""
    return Origin(chain=(hop,), evidence=(CONFIRMED,), confidence=_SURE)


def follows_polls(member: StoredEntry, publishers: Publishers) -> bool:
    """Whether how far its publisher's feed was read decides of a claim of an entry, by which it is contradicted or is not any more."""
    return any(
        claim.kind in COPIED
        and claim.standing in ("chosen", "contradicted")
        and any(one.key != member.feed_key for one in publishers.by_site.get(claim.site or "", ()))
        for claim in member.entry.claims
    )


def fitting_id(member: StoredEntry, members: Sequence[StoredEntry], publishers: Publishers) -> str:
    """The id to publish an entry under: its own, unless that is an id of another publisher's whom we poll and who does not have it.

    Otherwise whoever writes down another's id first would take it from the real entry. `members` are all of the story.
    """
    name = member.entry.published_id
    owner = id_site(name)
    if owner is None or owner not in publishers.by_site or publishers.speaks_for(member.feed_key, owner):
        return name
    if any(publishers.speaks_for(other.feed_key, owner) for other in members):
        return name
    return derived(name, member.feed_key)


# ── one claim ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Outcome(NamedTuple):
    """What became of a claim, and why."""

    standing: Standing
    why: str


def _outcomes(member: StoredEntry, members: Sequence[StoredEntry], publishers: Publishers) -> tuple[_Outcome | None, ...]:
    """In parallel with the member's claims; None for those that are not to be compared with anything."""
    return tuple(_outcome(claim, member, members, publishers) if _is_open(claim) else None for claim in member.entry.claims)


def _judged(member: StoredEntry, outcomes: Sequence[_Outcome | None]) -> StoredEntry:
    pairs = zip(member.entry.claims, outcomes, strict=True)
    return member if all(found is None or found.standing == claim.standing for claim, found in pairs) else _told(member, outcomes)


def _told(member: StoredEntry, outcomes: Sequence[_Outcome | None]) -> StoredEntry:
    if not any(outcomes):
        return member
    made = tuple(_with(claim, found) if found else claim for claim, found in zip(member.entry.claims, outcomes, strict=True))
    return replace(member, entry=replace(member.entry, claims=made, origin=_origin(member.entry.origin, made)))


def _with(claim: Claim, found: _Outcome) -> Claim:
    confidence = claim.confidence
    if found.standing == "confirmed":
        confidence = max(confidence, _SURE)
    elif found.standing == "contradicted":
        confidence = _DOUBTED
    return replace(claim, standing=found.standing, confidence=confidence, checked=found.why)


def _is_open(claim: Claim) -> bool:
    return claim.standing == "chosen" or (claim.kind == "permalink" and claim.standing == "weak")


def _outcome(claim: Claim, member: StoredEntry, members: Sequence[StoredEntry], publishers: Publishers) -> _Outcome:
    if claim.kind == "feeds.yaml":
        return _Outcome("confirmed", "feeds.yaml says so")
    original = _original(claim, member, members, publishers)
    return _Outcome("confirmed", _same_what(claim, member, original)) if original else _without_original(claim, member, publishers)


def _original(claim: Claim, member: StoredEntry, members: Sequence[StoredEntry], publishers: Publishers) -> StoredEntry | None:
    """The copy of this story in a feed of the site that a claim names."""
    if not claim.site or publishers.speaks_for(member.feed_key, claim.site):
        return None
    held = [other for other in members if other.feed_key != member.feed_key and publishers.speaks_for(other.feed_key, claim.site)]
    return min(held, key=lambda other: (other.feed_id, other.entry.raw_key), default=None)


def _same_what(claim: Claim, member: StoredEntry, original: StoredEntry) -> str:
    pages = {key.value for key in original.entry.keys if key.kind == "link"}
    if claim.page and link_key(claim.page) in pages:
        return f"the feed {original.feed_id} has that page"
    if pages & {key.value for key in member.entry.keys if key.kind == "link"}:
        return f"the feed {original.feed_id} has the same page"
    if original.entry.raw_id and original.entry.raw_id == member.entry.raw_id:
        return f"the feed {original.feed_id} has an entry with the same id"
    return f"the feed {original.feed_id} has the same text"


def _without_original(claim: Claim, member: StoredEntry, publishers: Publishers) -> _Outcome:
    """What becomes of a claim whose original is not held, and why."""
    known = publishers.by_site.get(claim.site or "", ())
    others = [one for one in known if one.key != member.feed_key]
    if not others:
        return _Outcome(claim.standing, "not confirmed: we poll no feed of " + (claim.site or "that name"))
    meant = publishers.named(claim)
    if meant is None or meant.key == member.feed_key:
        return _Outcome(claim.standing, "not confirmed: it does not say which feed of that site has it, or names one that we do not poll")
    if meant.read_at is None or meant.read_at < member.first_seen + CACHE_SLACK:
        return _Outcome(claim.standing, f"not confirmed yet: the feed {meant.id} was last read before the entry could be in it")
    # Who republishes by hand gives old articles new dates, which prove nothing.
    if claim.kind not in COPIED or claim.standing != "chosen":
        why = f"not confirmed: the feed {meant.id} does not have it in these words, and may never have had it or no longer"
        return _Outcome(claim.standing, why)
    if not _must_be_in(meant, member):
        return _Outcome(claim.standing, f"not confirmed: it may be older than what the feed {meant.id} still holds")
    return _Outcome("contradicted", f"the feed {meant.id} was read since and should have it, and has not")


def _must_be_in(meant: Publisher, member: StoredEntry) -> bool:
    published = member.entry.published
    return published is not None and meant.covers_since is not None and published >= meant.covers_since


# ── the chain ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _origin(origin: Origin, claims: Sequence[Claim]) -> Origin:
    """The chain by what was found: without contradicted hops, sure of an origin that is held."""
    gone = {claim.site for claim in claims if claim.standing == "contradicted"} - {
        claim.site for claim in claims if claim.standing == "confirmed"
    }
    chain = tuple(hop for hop in origin.chain if hop.site not in gone) or _by_permalink(claims)
    if not chain:
        return Origin(evidence=(CONTRADICTED,), confidence=_DOUBTED) if gone else origin
    is_known = origin.is_known or chain[0] != (origin.chain or chain)[0]
    kinds = tuple(dict.fromkeys(claim.kind for claim in claims if claim.is_believed))
    is_sure = any(claim.standing == "confirmed" and _is_about(claim, chain[0]) for claim in claims)
    evidence = origin.evidence if not gone and origin.chain else kinds
    if is_sure:
        confidence = max(origin.confidence if origin.chain else 0.0, _SURE)
        return Origin(chain=chain, evidence=(*evidence, CONFIRMED), confidence=confidence, is_known=is_known)
    return Origin(chain=chain, evidence=evidence, confidence=origin.confidence, is_known=is_known)


def _by_permalink(claims: Sequence[Claim]) -> tuple[Hop, ...]:
    """A planet's copy that claims nothing but links to the page: that page is held, so it is the origin."""
    return tuple(
        Hop(name=claim.name or host_of(claim.page or ""), site=claim.site, page=claim.page)
        for claim in claims
        if claim.kind == "permalink" and claim.standing == "confirmed"
    )[:1]


def _is_about(claim: Claim, hop: Hop) -> bool:
    if claim.site and hop.site:
        return claim.site == hop.site
    return (claim.name or "").casefold() == hop.name.casefold()


# ── whose entry it is ──────────────────────────────────────────────────────────────────────────────────────────────────


def _placed(member: StoredEntry, members: Sequence[StoredEntry], publishers: Publishers) -> StoredEntry:
    own = member.entry.site
    one = publishers.by_key.get(member.feed_key)
    if one is None or own in one.sites or not any(publishers.speaks_for(other.feed_key, own) for other in members):
        return member
    return replace(member, entry=replace(member.entry, site=one.served_at))
