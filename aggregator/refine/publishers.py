"""Who may speak for a site: the feeds that we poll, and how far each has been read (pure)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.model import Claim, Config, FeedSpec, FeedState
from aggregator.refine.optout import OptedOut, opted_out
from aggregator.refine.pages import id_site
from aggregator.web.host import site
from aggregator.web.url import feed_address_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """One feed of feeds.yaml as claims are compared with it.

    `sites` are those that it may speak for: where it is served (`served_at`), what feeds.yaml declares, and the site of the page that it
    calls its home, unless another feed is served there. `address` is in the form of `web.url.feed_address_key`; `called` is what the feed
    says of itself in the same form: its address and its id. `read_at` is the last time that it answered, `covers_since` the date from
    which on its document had every entry then.
    """

    key: str
    id: str
    sites: frozenset[str]
    served_at: str
    address: str | None
    called: tuple[str, ...]
    read_at: datetime | None
    covers_since: datetime | None


@dataclass(frozen=True, slots=True)
class Publishers:
    """All feeds of feeds.yaml, found by feed key, by site, and by the names that a claim gives a feed (its address, its id)."""

    by_key: Mapping[str, Publisher]
    by_site: Mapping[str, tuple[Publisher, ...]]
    by_name: Mapping[str, Publisher]

    def speaks_for(self, feed_key: str, where: str) -> bool:
        """Whether a feed may speak for a site."""
        found = self.by_key.get(feed_key)
        return found is not None and where in found.sites

    def sites_of(self, feed_keys: Iterable[str]) -> frozenset[str]:
        """The sites that these feeds may speak for."""
        return frozenset().union(*(self.by_key[key].sites for key in feed_keys if key in self.by_key))

    def named(self, claim: Claim) -> Publisher | None:
        """The feed that a claim means: the one whose address or id it gives; where it gives no address, the only one of its site."""
        for name in (feed_address_key(claim.feed_url) if claim.feed_url else None, claim.feed_id):
            if name and (found := self.by_name.get(name)):
                return found
        own = self.by_site.get(claim.site or "", ())
        # Where `<source>` gives but a paper's front, any of its feeds may be meant, those that we do not poll included.
        return own[0] if len(own) == 1 and not claim.feed_url and claim.kind != "rss:source" else None

    def mark(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Who speaks for whom: where that changes, claims must be compared again."""
        return tuple((key, tuple(sorted(one.sites))) for key, one in sorted(self.by_key.items()))


@dataclass(frozen=True, slots=True)
class Feeds:
    """The feeds of feeds.yaml by their keys, and what follows from them."""

    states: Mapping[str, FeedState]
    specs: Mapping[str, FeedSpec]
    publishers: Publishers
    opted_out: OptedOut = OptedOut()
    partners: Mapping[str, int] = field(default_factory=dict)


def feeds_of(states: Mapping[str, FeedState], config: Config, partners: Mapping[str, int] | None = None) -> Feeds:
    """Match stored feeds (by key) with feeds.yaml. `partners` tells with how many others each shares stories."""
    by_id = {spec.id: spec for spec in config.feeds}
    specs = {state.key: by_id[state.id] for state in states.values() if state.id in by_id}
    known = publishers(states, specs)
    theirs = known.sites_of(key for key, spec in specs.items() if spec.opt_out)
    return Feeds(states, specs, known, opted_out(config.feeds, states.values(), theirs), partners or {})


def publishers(states: Mapping[str, FeedState], specs: Mapping[str, FeedSpec]) -> Publishers:
    """Gather the feeds of feeds.yaml; both mappings are by feed key, and their order does not matter."""
    keys = sorted(states.keys() & specs.keys())
    by_right = {key: _sites_by_right(states[key], specs[key]) for key in keys}
    taken = frozenset().union(*by_right.values())
    made = [_publisher(states[key], specs[key], by_right[key], taken) for key in keys]
    by_site: defaultdict[str, list[Publisher]] = defaultdict(list)
    for one in made:
        for where in one.sites:
            by_site[where].append(one)
    # Where a feed is served decides before what another one says of itself.
    by_name = {name: one for one in reversed(made) for name in one.called} | {one.address: one for one in reversed(made) if one.address}
    return Publishers({one.key: one for one in made}, {where: tuple(found) for where, found in by_site.items()}, by_name)


def _publisher(state: FeedState, spec: FeedSpec, by_right: frozenset[str], taken: frozenset[str]) -> Publisher:
    head, asked = state.head, state.discovered or spec.shown_url
    said = site(head.home) if head.home else ""
    # Anybody can write any home page, address and id into a feed: where the site has a feed of its own, that word is not enough.
    sites = by_right | (frozenset({said} - {""}) if said not in taken else frozenset())
    own_url = head.self_url if head.self_url and site(head.self_url) in sites else None
    own_id = head.feed_id if head.feed_id and id_site(head.feed_id) in (None, *sites) else None
    return Publisher(
        key=state.key,
        id=spec.id,
        sites=sites,
        served_at=_served_at(state, spec),
        address=None if spec.path else feed_address_key(asked),
        called=tuple(name for name in (feed_address_key(own_url) if own_url else None, own_id) if name),
        # What somebody else brings in its place says nothing of what it has.
        read_at=None if state.hold else state.last_success_at,
        covers_since=head.covers_since,
    )


def _sites_by_right(state: FeedState, spec: FeedSpec) -> frozenset[str]:
    return frozenset([_served_at(state, spec), *map(site, spec.aliases)]) - {""}


def _served_at(state: FeedState, spec: FeedSpec) -> str:
    return "" if spec.path else site(state.discovered or spec.shown_url)
