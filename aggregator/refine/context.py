"""What the refiners need to know about the feed that an entry came in; everything is handed down, nothing is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aggregator.model import FeedHead, FeedSpec, Hop, Learnt, Printed
from aggregator.web.text import folded_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One feed, as its entries are refined.

    `base` is the address that relative links count from: the document's final address. `site` is the feed's publisher (`web.host.site`
    of its home page, else of its address); `own_sites` also holds the sites of its address, its links and its declared aliases.
    `known` maps the names of subscribed feeds (`web.text.folded_name`) to what is known of them, `learnt` other names to whom they meant
    in earlier claims. `ours` holds the addresses and ids of our own outputs (as `web.url.link_key` gives them), `our_home` the page that
    they call their home, `our_stories` where our pages about single stories stand, `our_names` what we are called: an entry whose chain
    names one is a loop. `printed` is what is known of what the feed prints around its entries, `repeated` the marks of all that goes
    (`refine.repeated`), both where the feed asks to have that stripped.
    """

    spec: FeedSpec
    feed_key: str
    base: str
    site: str
    own_sites: frozenset[str]
    head: FeedHead = FeedHead()
    known: Mapping[str, Hop] = field(default_factory=dict)
    learnt: Mapping[str, Learnt] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()
    our_home: str | None = None
    our_stories: frozenset[str] = frozenset()
    our_names: frozenset[str] = frozenset()
    printed: Printed = Printed()
    repeated: frozenset[str] = frozenset()

    def whom(self, name: str) -> Hop | None:
        """The publisher that a name means: a feed that we poll, else whom other entries meant by it, linking there.

        One publisher's entries decide that for themselves alone; for others it takes two, so that nobody gives away another's name.
        """
        key = folded_name(name)
        if found := self.known.get(key):
            return found
        learnt = self.learnt.get(key)
        return learnt.hop if learnt and (len(learnt.tellers) > 1 or self.site in learnt.tellers) else None
