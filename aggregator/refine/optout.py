"""Who wants to stand in no output, and what of others' entries goes along: their words, their names, their links (pure)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from aggregator.model import Entry, FeedSpec, FeedState, Hop, StoredEntry
from aggregator.refine import leading
from aggregator.refine.known import without_tagline
from aggregator.refine.pages import id_site
from aggregator.web.host import site
from aggregator.web.text import folded_name
from aggregator.web.url import feed_address_key

_NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OptedOut:
    """The publishers who opted out, by all that may name one: site, address and id of a feed (`called`), and name in its compared form.

    A name that is also another feed's names nobody here.
    """

    sites: frozenset[str] = _NOBODY
    called: frozenset[str] = _NOBODY
    names: frozenset[str] = _NOBODY

    def means(self, hop: Hop) -> bool:
        """Whether a hop is one of them. A name alone counts where nothing else is told of it."""
        where = hop.site or site(hop.home or hop.page or hop.feed_url or "")
        address = feed_address_key(hop.feed_url) if hop.feed_url else None
        if where in self.sites or not self.called.isdisjoint({address, hop.feed_id}):
            return True
        return not (where or address or hop.feed_id) and folded_name(hop.name) in self.names

    def and_sites(self, sites: Iterable[str]) -> "OptedOut":
        return replace(self, sites=(self.sites | frozenset(sites)) - {""})

    def mark(self) -> tuple[list[str], ...]:
        """Where it changes, stories must be judged again."""
        return (sorted(self.sites), sorted(self.called), sorted(self.names))


@dataclass(frozen=True, slots=True)
class _Names:
    """What the feeds of feeds.yaml are called, those who opted out apart."""

    out: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)


def opted_out(specs: Sequence[FeedSpec], states: Iterable[FeedState], sites: frozenset[str]) -> OptedOut:
    """Gather them from feeds.yaml (`specs`) and the store; `sites` are those that feeds which were polled speak for.

    Who opted out before the first poll is known by what feeds.yaml says.
    """
    by_id = {state.id: state for state in states}
    names, called, more = _Names(), set[str](), set[str]()
    for spec in specs:
        state = by_id.get(spec.id)
        mine = {folded_name(form) for name in (spec.name, state.head.title if state else None) if name for form in _forms(name)}
        (names.out if spec.opt_out else names.others).update(mine)
        if spec.opt_out:
            called |= _called(spec, state)
            more |= {"" if spec.path else site(spec.shown_url), *map(site, spec.aliases)}
    return OptedOut(sites=sites, called=frozenset(called), names=frozenset(names.out - names.others - {""})).and_sites(more)


def _forms(name: str) -> Iterator[str]:
    yield name
    if short := without_tagline(name):
        yield short


def _called(spec: FeedSpec, state: FeedState | None) -> set[str]:
    """The address and id of a feed, as far as others may name it by them: nobody else says `feed.xml` of a file or "1" of itself."""
    addresses = [None if spec.path else spec.shown_url, *((state.discovered, state.head.self_url) if state else ())]
    found = {feed_address_key(address) for address in addresses if address}
    return found | ({state.head.feed_id} if state and state.head.feed_id and ":" in state.head.feed_id else set())


# ── their words ────────────────────────────────────────────────────────────────────────────────────────────────────────


def taken_from(members: Sequence[StoredEntry], specs: Mapping[str, FeedSpec]) -> StoredEntry | None:
    """The entry of a publisher who opted out of which a story's other members are copies; None where the words are not its own.

    It is its publisher's own as far as it says, and no other's entry is clearly the likelier original. In doubt it counts: who asked to
    be left out wins. A feed that only repeats others takes nothing of theirs along.
    """
    real = [member for member in members if not member.entry.loop]
    left = [member for member in real if (spec := specs.get(member.feed_key)) and spec.opt_out and not spec.republisher]
    return next((member for member in left if _is_the_original(member, real)), None)


def _is_the_original(member: StoredEntry, members: Sequence[StoredEntry]) -> bool:
    others = [other for other in members if other.entry.site != member.entry.site]
    if not appeared_here(member.entry) or id_site(member.entry.raw_id) in {other.entry.site for other in others}:
        return False
    return not any(appeared_here(other.entry) and leading.is_likelier(other, member, members) for other in others)


def appeared_here(entry: Entry) -> bool:
    """Whether an entry names nobody else, and has its page at home, or none."""
    return not entry.origin.chain and (entry.link is None or site(entry.link) == entry.site)


def is_copy_of(member: StoredEntry, original: StoredEntry) -> bool:
    """Whether a member of the original's story has its words: all do, but for its publisher's other feeds, and who names another origin."""
    return (not original.entry.site or member.entry.site != original.entry.site) and not member.entry.origin.chain


# ── their names and links ──────────────────────────────────────────────────────────────────────────────────────────────


def unnamed(member: StoredEntry, out: OptedOut) -> StoredEntry:
    """An entry without those who opted out: not on its way, nor as the page that it links to in place of one of its own."""
    entry = member.entry
    chain = tuple(hop for hop in entry.origin.chain if not out.means(hop))
    where = site(entry.link) if entry.link else ""
    is_theirs = where in out.sites and where != entry.site
    if not is_theirs and len(chain) == len(entry.origin.chain):
        return member
    return replace(member, entry=replace(entry, link=None if is_theirs else entry.link, origin=replace(entry.origin, chain=chain)))
