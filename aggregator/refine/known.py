"""What refining knows of feeds.yaml: the names of subscribed feeds, and the addresses of our own outputs (pure)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

from aggregator.model import STORY_FOLDER, Claim, Config, FeedSpec, FeedState, Hop, Learnt, StoredEntry, Surroundings, Url
from aggregator.refine.pages import has_own_path, is_section, names_a_page
from aggregator.web.host import site
from aggregator.web.text import folded_name, name_forms
from aggregator.web.url import link, link_key

# Whose links name a publisher on purpose. A bare permalink names none, an editor's `origin:` is for one feed.
_NAMING: Final = frozenset({"phrase", "atom:source", "rss:source", "rel=via"})
_MAX_NAME_CHARS: Final = 80
_UNTITLED: Final = Config(path=Path(), root=Path(), store="").title


def surroundings(config: Config, states: Sequence[FeedState], learnt: Mapping[str, Learnt]) -> Surroundings:
    """What refining any document needs to know of feeds.yaml, of the feeds that are polled, and of what earlier entries said."""
    known = known_sources(states, config.feeds)
    return Surroundings(
        known=known,
        learnt=learnt,
        ours=our_addresses(config),
        our_home=our_home(config, states),
        our_stories=frozenset(f"{link_key(place + STORY_FOLDER)}/" for place in _places(config)),
        our_names=our_names(config, known),
    )


def names_told(members: Iterable[StoredEntry]) -> Iterator[tuple[str, Hop]]:
    """Whom the entries name with a link: pairs of the publisher who says so and what it says. What is not believed teaches nothing."""
    for member in members:
        for claim in member.entry.claims:
            where = claim.site
            is_name = claim.name and len(claim.name) <= _MAX_NAME_CHARS and site(claim.name) != where
            if is_name and where and claim.kind in _NAMING and claim.is_believed:
                yield member.entry.site, Hop(name=claim.name or "", site=where, home=_front(claim))


def _front(claim: Claim) -> Url | None:
    """The front page of the site that a claim leads to, whatever page it took for it; of an account only what is no article."""
    front = link("/", claim.page or claim.home)
    if front and site(front) == claim.site:
        return front
    return claim.home if claim.home and not (names_a_page(claim.home) or has_own_path(claim.home)) else None


def known_sources(states: Iterable[FeedState], specs: Iterable[FeedSpec]) -> dict[str, Hop]:
    """The names of subscribed feeds, as names are compared, with what is known of each: a sentence that names one needs no link.

    A title with a tagline ("Orig Weekly - Latest posts") is known without it, too.
    """
    by_id = {spec.id: spec for spec in specs}
    known: dict[str, Hop] = {}
    shorter: defaultdict[str, dict[str | None, Hop]] = defaultdict(dict)
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
                if short := without_tagline(name):
                    shorter[folded_name(short)].setdefault(hop.site, replace(hop, name=short))
    # Of two publishers who are called so by a part of their titles, none is meant.
    return {name: next(iter(hops.values())) for name, hops in shorter.items() if len(hops) == 1} | known


def without_tagline(title: str) -> str | None:
    """The first part of a title that is a name: neither "Blog" nor the like."""
    return next((part for part in name_forms(title)[1:] if len(part) > 2 and not all(map(is_section, folded_name(part).split()))), None)


def our_addresses(config: Config) -> frozenset[str]:
    """The addresses of our own outputs: as link keys, below `link` and where the daemon serves them, and as files.

    An entry whose chain names one has been here before. `link` itself is not among them (see `our_home`).
    """
    places = _places(config)
    pages = {link_key(place + quote(output.path)) for place in places for output in config.outputs}
    files = {(config.root / output.path).as_uri() for output in config.outputs}
    return frozenset(pages - set(map(link_key, places)) | files)


def _places(config: Config) -> list[str]:
    """Where our files are served."""
    places = [f"http://{config.listen_host}:{config.listen_port}/"]
    if config.listen_host.startswith("127."):
        places.append(f"http://localhost:{config.listen_port}/")
    return [*places, f"{config.link.rstrip('/')}/"] if config.link else places


def our_names(config: Config, known: Mapping[str, Hop]) -> frozenset[str]:
    """What our outputs are called, as names are compared: whoever names one without a link means us.

    Not where a feed that we poll is called so, too, and no word that any site may be called by; nor the title that we give where feeds.yaml
    has none, which others give, too.
    """
    titles = {config.title, *(output.title for output in config.outputs)} - {None, _UNTITLED}
    names = {folded_name(title) for title in titles if title}
    return frozenset(name for name in names - known.keys() if not all(map(is_section, name.split())))


def our_home(config: Config, states: Iterable[FeedState]) -> str | None:
    """The page that our outputs call their home, as a link key; None where it is also the home of a feed of others, as a blog's may be."""
    if not config.link:
        return None
    ours, home = our_addresses(config), link_key(config.link)
    others = [state for state in states if not {link_key(url) for url in (state.shown_url, state.head.self_url) if url} & ours]
    return None if any(state.head.home and link_key(state.head.home) == home for state in others) else home
