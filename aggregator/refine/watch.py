"""Whether a feed is still the one that was subscribed to, by what its documents say of it and whose entries they hold (pure).

Each sign alone is everyday life: blogs are renamed, move, change hands. A stranger is somebody of whom several say so at once and whose
entries are none of those that the feed had.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Final

from aggregator.model import Entry, FeedHead, Identity
from aggregator.refine import manner
from aggregator.refine.called import is_another_title, is_called_after, is_one_person, is_parked, title_words
from aggregator.refine.familiar import are_familiar
from aggregator.web.host import site
from aggregator.web.text import folded_name

MANY: Final = ("*",)
"""Instead of sites, where a feed's entries have their pages on many: a planet, a link blog."""

MAX_AUTHORS: Final = 30
"""How many names of authors are remembered of a feed: many have guests."""

# Sites to which a fifth of the entries link are where the feed's pages are; if these are not most, it is a planet or a link blog.
_MAIN: Final = 5
_MAX_LINKS: Final = 3
# Fewer than a tenth of a document's entries still being there is none: somebody may well have linked to the old site.
_STILL: Final = 10
# One or two entries on another site, by others, are guests'.
_GUESTS: Final = 2
_ALL_MOVED: Final = 3
# So many entries on other sites, and three quarters of a document, are judged by themselves: those beside them may be copied.
_AT_ONCE: Final = 10
_SHOWN: Final = 80
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


# ── what a feed is known by ────────────────────────────────────────────────────────────────────────────────────────────


def identity(head: FeedHead, entries: Sequence[Entry]) -> Identity:
    """What one document says of whose it is."""
    people = (*head.authors, *(author for entry in entries for author in entry.authors))
    names = Counter(name for person in people if (name := folded_name(person.name)))
    return Identity(
        served=site(head.base or ""),
        home=site(head.home or ""),
        own=site(head.self_url or ""),
        title=_name(head.title),
        language=_language(head, entries),
        authors=tuple(name for name, _ in names.most_common(MAX_AUTHORS)),
        links=_links(entries),
    )


def grown(known: Identity, seen: Identity, entries: Sequence[Entry]) -> Identity:
    """What is known of a feed after another document of its own: what that one does not say stays, and its authors are not forgotten.

    Of a guest or two, with pages of their own, nothing is learnt.
    """
    seen = _vouched(known, seen, entries)
    if known.links and len(entries) <= _GUESTS and _places(replace(seen, links=())).isdisjoint(seen.links):
        seen = replace(seen, authors=(), links=())
    return replace(
        seen,
        served=seen.served or known.served,
        home=seen.home or known.home,
        own=seen.own or known.own,
        title=seen.title or known.title,
        language=seen.language or known.language,
        authors=tuple(dict.fromkeys((*seen.authors, *known.authors)))[:MAX_AUTHORS],
        links=seen.links or known.links,
    )


def joined(known: Identity, seen: Identity, fresh: Sequence[Entry]) -> Identity:
    """What is known of a feed after a document of which only the fresh entries were read."""
    return replace(grown(known, seen, fresh), language=known.language or seen.language, links=known.links or seen.links)


def _vouched(known: Identity, seen: Identity, entries: Sequence[Entry]) -> Identity:
    """What a document says without its entries on other sites by people who never wrote here: nobody says that these belong to the feed."""
    others = [entry for entry in entries if _is_by_others_elsewhere(known, entry)]
    if not others:
        return seen
    theirs = {entry.raw_key for entry in others}
    own = [entry for entry in entries if entry.raw_key not in theirs]
    names = {folded_name(author.name) for entry in others for author in entry.authors}
    return replace(seen, authors=tuple(name for name in seen.authors if name not in names), links=_links(own) or known.links)


def _name(title: str | None) -> str | None:
    """The title, unless a template left its own mark there."""
    return title if title and "{{" not in title else None


def _language(head: FeedHead, entries: Sequence[Entry]) -> str | None:
    tags = [head.language] if head.language else [entry.language for entry in entries if entry.language]
    found = Counter(_tongue(tag) for tag in tags if tag)
    return found.most_common(1)[0][0] if found else None


def _tongue(tag: str) -> str:
    return tag.partition("-")[0].lower()


def _links(entries: Sequence[Entry]) -> tuple[str, ...]:
    """The sites where the entries' pages are; `MANY` where they are on many, none where they have no pages."""
    found = Counter(where for entry in entries if entry.link and (where := site(entry.link)))
    main = [where for where, count in found.most_common(_MAX_LINKS) if count * _MAIN >= found.total()]
    return tuple(sorted(main)) if sum(found[where] for where in main) * 2 > found.total() else MANY if found else ()


# ── is it the same? ────────────────────────────────────────────────────────────────────────────────────────────────────


def strangeness(
    known: Identity, seen: Identity, entries: Sequence[Entry], own: Callable[[], Sequence[Entry]], known_for: timedelta
) -> tuple[str, ...]:
    """In words, what speaks for a document being somebody else's, if that is enough to hold the feed; else nothing.

    Who brings the feed's own entries along has moved. `own` gives those that it had, as far as they may stand in the document; it is asked
    only where a document looks strange. `known_for` says for how long the feed has been read.
    """
    return _strange(known, seen, entries, own, known_for) or _intrusion(known, seen, entries, own)


def intrusion(known: Identity, seen: Identity, fresh: Sequence[Entry], own: Callable[[], Sequence[Entry]]) -> tuple[str, ...]:
    """The same of a document of which only the fresh entries were read: whether these, with the latest of the feed, are many of another
    site's beside its own.
    """
    if not any(_is_by_others_elsewhere(known, entry) for entry in fresh) and len(_unsigned(known, fresh)) < _AT_ONCE:
        return ()
    had = own()
    every = {entry.raw_key: entry for entry in (*had, *fresh)}
    return _intrusion(known, seen, list(every.values()), lambda: had)


def _intrusion(known: Identity, seen: Identity, entries: Sequence[Entry], own: Callable[[], Sequence[Entry]]) -> tuple[str, ...]:
    if others := _brought_at_once(known, entries, own):
        # Who is named for the whole document has not signed these: the feed's own name their authors themselves.
        whose = replace(seen, authors=(), links=_links(others))
    else:
        others = _elsewhere(known, entries)
        whose = _of(seen, others)
    return _strange(known, whose, others, lambda: _own_ones(known, own()), timedelta()) if others else ()


def _own_ones(known: Identity, had: Sequence[Entry]) -> list[Entry]:
    """What a feed had without what others wrote elsewhere, which vouches for nobody."""
    return [entry for entry in had if not _is_by_others_elsewhere(known, entry)]


def _strange(
    known: Identity, seen: Identity, entries: Sequence[Entry], own: Callable[[], Sequence[Entry]], known_for: timedelta
) -> tuple[str, ...]:
    signs = _signs(known, seen, entries)
    if not _are_enough(signs):
        return ()
    had = own()
    signs = _borne_out(signs, seen, entries, had)
    is_stranger = not are_familiar(entries, had) and _are_enough(signs, is_young=manner.is_being_set_up(had, known_for))
    return _told(signs, known, seen) if is_stranger else ()


def _elsewhere(known: Identity, entries: Sequence[Entry]) -> list[Entry]:
    """The entries of a document with pages on one site that is none of the feed's, if they are many, and most of those that it holds."""
    if known.links in ((), MANY):
        return []
    places = _places(known)
    found = [entry for entry in entries if entry.link and (where := site(entry.link)) and where not in places]
    are_most = _AT_ONCE <= len(found) < len(entries) <= len(found) * 4 / 3
    return found if are_most and _is_one_site(_links(found)) else _latest_by_others(known, entries)


def _latest_by_others(known: Identity, entries: Sequence[Entry]) -> list[Entry]:
    """The latest entries, if many are on one other site and by people who never wrote here, and nothing of the feed's own came after."""
    latest = sorted((entry for entry in entries if entry.published), key=lambda entry: entry.published or _NEVER, reverse=True)
    found = list(takewhile(lambda entry: _is_by_others_elsewhere(known, entry), latest))
    return found if _AT_ONCE <= len(found) < len(entries) and len({site(entry.link or "") for entry in found}) == 1 else []


def _brought_at_once(known: Identity, entries: Sequence[Entry], own: Callable[[], Sequence[Entry]]) -> list[Entry]:
    """Entries of one other site that nobody has signed, if many are new at once, in a feed of pages of its own that never names authors or
    always does.
    """
    unsigned = _unsigned(known, entries)
    if len(unsigned) < _AT_ONCE or {known.served, known.home, known.own}.isdisjoint(known.links):
        return []
    had = own()
    if known.authors and not all(entry.authors for entry in had):
        return []
    old = {entry.raw_key for entry in had}
    # Where it had more than a guest's, it has a second site.
    had_there = Counter(site(entry.link or "") for entry in had)
    found = [entry for entry in unsigned if entry.raw_key not in old and had_there[site(entry.link or "")] <= _GUESTS]
    return found if len(found) >= _AT_ONCE and len({site(entry.link or "") for entry in found}) == 1 else []


def _unsigned(known: Identity, entries: Sequence[Entry]) -> list[Entry]:
    """Entries with pages on sites that are none of the feed's, whose authors say nothing: there are none, or the feed has none."""
    if known.links in ((), MANY):
        return []
    places = {"", *_places(known)}
    return [entry for entry in entries if not (known.authors and entry.authors) and site(entry.link or "") not in places]


def _is_by_others_elsewhere(known: Identity, entry: Entry) -> bool:
    """Whether an entry's page is on no site of a feed that has some, and those who wrote it are none whose names the feed had."""
    if known.links in ((), MANY) or not known.authors or not entry.link or not entry.authors:
        return False
    names = [folded_name(author.name) for author in entry.authors]
    is_known = any(is_one_person(one, name) for one in known.authors for name in names)
    return site(entry.link) not in {"", *_places(known)} and not is_known and not any(is_called_after(name, known.title) for name in names)


def _is_one_site(links: Sequence[str]) -> bool:
    return len(links) == 1 and links != MANY


def _of(seen: Identity, entries: Sequence[Entry]) -> Identity:
    """What a document says of whose it is, if it held these entries only."""
    names = dict.fromkeys(name for entry in entries for author in entry.authors if (name := folded_name(author.name)))
    return replace(seen, authors=tuple(names)[:MAX_AUTHORS] or seen.authors, links=_links(entries))


@dataclass(frozen=True, slots=True)
class _Signs:
    """What differs, each where both sides say it. `links`: None where neither has its pages on a few sites.

    `authors`: all others, and none is called after the feed; `signed`: one names authors and the other does not; `lost`: it does not any
    more. `named`: the title or an author (`kept`) is still the same; `both`: each of them is; `unvouched`: no author is, and many entries
    have left one site for one other. `few`: a guest or two. `built`: nothing is known yet, or addresses and ids are put together as none
    was.
    """

    served: bool
    home: bool
    own: bool
    title: bool
    language: bool
    authors: bool
    signed: bool
    lost: bool
    links: bool | None
    named: bool
    kept: bool
    both: bool
    unvouched: bool
    few: bool
    parked: bool
    built: bool = True


def _signs(known: Identity, seen: Identity, entries: Sequence[Entry]) -> _Signs:
    places = _places(known)
    title, authors = is_another_title(known.title, seen.title), bool(known.authors and seen.authors)
    are_others = authors and not any(is_one_person(one, other) for one in known.authors for other in seen.authors)
    is_same_title = bool(title_words(known.title) and title_words(seen.title)) and not title
    served = _differs(known.served, seen.served)
    home = _differs(known.home, seen.home) and seen.home not in places
    own = _differs(known.own, seen.own) and seen.own not in places
    links = _left(known, seen, entries)
    return _Signs(
        served=served,
        home=home,
        own=own,
        title=title,
        language=bool(known.language and seen.language) and known.language != seen.language,
        authors=are_others and not any(is_called_after(author, known.title) for author in seen.authors),
        signed=bool(known.authors) != bool(seen.authors),
        lost=bool(known.authors) and not seen.authors,
        links=links,
        named=is_same_title or (authors and not are_others),
        kept=authors and not are_others,
        both=is_same_title and authors and not are_others,
        unvouched=(are_others or not authors) and len(entries) >= _AT_ONCE and all(map(_is_one_site, (known.links, seen.links))),
        few=len(entries) <= _GUESTS,
        parked=is_parked(seen.title, entries),
    )


def _borne_out(signs: _Signs, seen: Identity, entries: Sequence[Entry], had: Sequence[Entry]) -> _Signs:
    """The signs as the entries that the feed had bear them out: another language is none that it had, and is written in other words; who
    puts addresses and ids together as they were works with the same program.
    """
    was_spoken = seen.language in {_tongue(entry.language) for entry in had if entry.language}
    is_other = signs.language and not was_spoken and not manner.is_in_the_same_words(entries, had)
    return replace(signs, language=is_other, built=manner.is_built_anew(entries, had))


def _are_enough(signs: _Signs, *, is_young: bool = False) -> bool:
    """Whether signs speak of a stranger together; a new name on an old place, or an old name on a new one, needs more than itself."""
    moved, others = signs.served + signs.home + signs.own, signs.language + signs.authors
    if signs.parked:
        return True
    if signs.links:
        if signs.both and not (signs.language or signs.built) and moved == _ALL_MOVED:
            # The address, the home page and the pages have gone to one new place together, under the old name and by the old author. Both
            # are easily written; that pages are put together as they were is no stranger's care.
            return False
        if signs.few and not (signs.title or moved):
            return False
        # Another site's entries by other authors, or many by nobody whom it named, are enough, though the feed calls itself what it did.
        return (
            signs.title or signs.served or signs.authors or signs.unvouched or (moved > 0 and not signs.named) or (moved > 0) + others > 2
        )
    if signs.links is None:
        return moved > 0 and moved + others + signs.signed > 1 and (signs.title or not signs.named)
    # A domain that somebody else bought keeps its name and its pages' host; in which language is written there, by whom, and where it is
    # put, is other. Who names an author for the first time only says more.
    is_rebuilt = signs.language and signs.built and not signs.kept
    is_another = (signs.authors or signs.lost) and not is_young
    return is_rebuilt or (signs.title and (is_another or moved + others + (signs.signed and signs.built) > 1))


def _told(signs: _Signs, known: Identity, seen: Identity) -> tuple[str, ...]:
    said = {
        f"it is served by {seen.served}, no longer by {known.served}": signs.served,
        f"its home page is on {seen.home}, no longer on {known.home}": signs.home,
        f"it calls its address one of {seen.own}, no longer of {known.own}": signs.own,
        f"its title is “{_cut(seen.title)}”, no longer “{_cut(known.title)}”": signs.title,
        f"its language is {seen.language}, no longer {known.language}": signs.language,
        "its authors are others": signs.authors,
        f"it {'names authors, and named none' if seen.authors else 'names no authors any more'}": signs.signed,
        f"its entries are on {_named(seen.links)}, no longer on {_named(known.links)}": bool(signs.links),
        "its addresses and ids are put together otherwise": signs.built,
        "it says that the domain is for sale or parked": signs.parked,
    }
    return tuple(words for words, is_so in said.items() if is_so)


def _named(links: Sequence[str]) -> str:
    return "many sites" if links == MANY else ", ".join(links) or "no site"


def _cut(title: str | None) -> str:
    return title if title and len(title) <= _SHOWN else f"{(title or '')[: _SHOWN - 1]}…"


def is_back(known: Identity, seen: Identity, entries: Sequence[Entry], own: Callable[[], Sequence[Entry]]) -> bool:
    """Whether a document of a feed that is held is the feed's own again: without many entries of somebody else's beside its own."""
    is_own = is_itself(known, seen, entries) or are_familiar(entries, _own_ones(known, own()))
    return is_own and not _intrusion(known, seen, entries, own)


def is_itself(known: Identity, seen: Identity, entries: Sequence[Entry]) -> bool:
    """Whether a document is the feed's own beyond doubt, even if none of its entries is known."""
    signs = _signs(known, seen, entries)
    return signs.named and not (signs.title or signs.links or signs.served or signs.home or signs.language)


# ── signs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _differs(known: str, seen: str) -> bool:
    return bool(known and seen) and known != seen


def _places(known: Identity) -> frozenset[str]:
    return frozenset({known.served, known.home, known.own, *known.links} - {"", *MANY})


def _left(known: Identity, seen: Identity, entries: Sequence[Entry]) -> bool | None:
    """Whether the entries' pages are on other sites than all of the feed's; None where they were on many, or nowhere, and still are."""
    places = _places(known)
    if known.links in ((), MANY):
        return None if seen.links == known.links else places.isdisjoint(seen.links)
    sites = [where for entry in entries if entry.link and (where := site(entry.link))]
    return sum(where in places for where in sites) * _STILL < max(len(sites), 1)
