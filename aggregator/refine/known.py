"""What refining knows of feeds.yaml: the names of subscribed feeds, and the addresses of our own outputs (pure)."""

from collections.abc import Iterable

from aggregator.model import Config, FeedSpec, FeedState, Hop
from aggregator.web.host import site
from aggregator.web.text import folded_name
from aggregator.web.url import link_key


def known_sources(states: Iterable[FeedState], specs: Iterable[FeedSpec]) -> dict[str, Hop]:
    """The names of subscribed feeds, as names are compared, with what is known of each: a sentence that names one needs no link."""
    by_id = {spec.id: spec for spec in specs}
    known: dict[str, Hop] = {}
    for state in sorted(states, key=lambda state: state.key):
        spec = by_id.get(state.id)
        if not spec:
            continue
        home = state.head.home
        where = home or (None if spec.path else spec.shown_url)
        for name in (spec.name, state.head.title):
            if name and where:
                hop = Hop(
                    name=name,
                    site=site(where),
                    home=home,
                    feed_url=None if spec.is_private else state.head.self_url,
                    feed_id=None if spec.is_private else state.head.feed_id,
                )
                known.setdefault(folded_name(name), hop)
    return known


def our_addresses(config: Config) -> frozenset[str]:
    """The addresses of our own outputs, as link keys: an entry whose chain names one has been here before."""
    if not config.link:
        return frozenset()
    return frozenset(link_key(config.link.rstrip("/") + "/" + output.path) for output in config.outputs)
