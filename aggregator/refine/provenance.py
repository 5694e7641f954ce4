"""Where an entry first appeared, and the evidence: claims become hops, hops become the chain from the original to this feed.

Markup says where this copy was taken from; a sentence in its text speaks of one hop further back. The hops are followed until no foreign
claim is left. A claim that names the feed's own site is kept as evidence and never believed to be an origin.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from aggregator.model import Claim, Hop, Origin, RawEntry, Url
from aggregator.refine import claims, footers, labelled, linkblog
from aggregator.refine.attribution import Line, lines, might_hold_line, might_read_like_sender, replaced, way_of
from aggregator.refine.blocks import edges, without
from aggregator.refine.context import Context
from aggregator.refine.inscribed import inscribed
from aggregator.refine.lexicon import fold
from aggregator.refine.pages import names_a_page
from aggregator.refine.reading import Statement
from aggregator.refine.sentences import statements, words_of
from aggregator.web.host import host_of
from aggregator.web.licences import licence, reserves_all, terms
from aggregator.web.text import folded_name, one_line
from aggregator.web.url import link_key

_T = TypeVar("_T")

# A place may be called in so many words.
_SHORT_TITLE: Final = 3
_STORY: Final = re.compile(r"[0-9a-f]{16}(?:\.html)?")


@dataclass(frozen=True, slots=True)
class Trace:
    """What `trace` found. `html` is the raw content without our own attribution line, and with everything else.

    `link` is the entry's own page; where none is known, and its origin neither, the page of another site to which it leads. `related` is
    a page on another site that the entry talks about rather than comes from.
    `lines` are the words of what was taken out. `loop` says in words why the entry is a copy of our own output; None where it is not.
    """

    claims: tuple[Claim, ...]
    origin: Origin
    html: str | None
    lines: tuple[str, ...]
    loop: str | None
    related: Url | None
    link: Url | None


def trace(raw: RawEntry, html: str | None, context: Context) -> Trace:
    """Follow an entry to where it first appeared.

    `html` is its raw content; only the first and last blocks are read for sentences. Pure and linear in the length of `html`.
    """
    link = claims.permalink(raw, context)
    made = [*claims.structured(raw, link, context), *inscribed(html, claims.based(raw, context))]
    found, said = _said(raw, html, context, made)
    if not (made or found or said):
        # Most entries name no source anywhere: there is nothing to judge.
        return Trace(claims=(), origin=Origin(), html=html, lines=(), loop=_loop((), context), related=None, link=link)
    made = [_without_title(claim, _title(raw) or "") for claim in _judged(made + said, raw, link, context)]
    gone = replaced(found, made, must_stay=must_stay(raw, _origin(made, context), context))
    rest = without(html, gone).strip() if html and gone else html
    loop = _loop(made, context)
    if loop:
        made = [replace(claim, standing="loop") if _is_ours(claim, context) else claim for claim in made]
    origin, related = replace(_origin(made, context), is_known=not _says_from(found, made)), _related(made)
    if not origin.chain and linkblog.leads_elsewhere(link, made):
        link = linkblog.own_page(raw, context) or link
    return Trace(tuple(made), origin, rest, tuple(block.text for block in gone), loop, related, link)


def must_stay(raw: RawEntry, origin: Origin, context: Context) -> bool:
    """Whether the licence lets a text be published only as it is: the entry's own, else that of the feed where it first appeared."""
    asked = licence(raw.license, raw.rights, context.base)
    if asked is None and not reserves_all(raw.rights or ""):
        asked = origin.chain[0].license if origin.chain else context.head.license
    found = terms(asked)
    return found is not None and found.no_derivatives


# ── sentences ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _said(raw: RawEntry, html: str | None, context: Context, markup: Sequence[Claim]) -> tuple[tuple[Line, ...], list[Claim]]:
    """(our own lines, the claims of those lines and of all other sentences)."""
    is_claimed = any(claim.site and claim.standing != "self" for claim in markup)
    if not html or not (len(way_of(markup)) > 1 or might_hold_line(html) or _might_say(html, context, is_claimed=is_claimed)):
        return (), []
    read = edges(html)
    found = lines(html, read, markup, context.base)
    spoken = [line for line in found if line.is_marked or line.is_way or line.statement]  # and not to be read a second time
    others = statements(edges(without(html, [line.block for line in spoken])) if spoken else read, _title(raw))
    ours = [claims.of_line(name, line.block.text, context) for line in found for name in line.passed_on_by if _is_our_name(name, context)]
    return found, _hops([line.statement for line in found if line.statement], raw, context) + _hops(others, raw, context) + ours


def _title(raw: RawEntry) -> str | None:
    return one_line(raw.title.value) if raw.title else None


def _says_from(found: Sequence[Line], made: Sequence[Claim]) -> bool:
    """Whether one of us printed that it does not know the origin, and no sentence does; other planets say "From …" of an origin."""
    is_spoken = any(claim.kind == "phrase" and claim.standing == "chosen" for claim in made)
    return not is_spoken and any(line.is_marked and line.role == "from" for line in found)


def _might_say(html: str, context: Context, *, is_claimed: bool) -> bool:
    """Whether a sentence, or a line like ours, may be there; the line is looked for without any key word where markup claims an origin, and
    where our name stands.
    """
    words = words_of(html)
    return (
        words.is_spoken
        or (is_claimed and might_read_like_sender(words.text))
        or any(fold(name) in words.text for name in context.our_names)
    )


def _hops(found: Sequence[Statement], raw: RawEntry, context: Context) -> list[Claim]:
    """Footers are printed by the copy that was taken (hop 1); a note above or below the text speaks of one further back (hop 2)."""
    made: list[Claim] = []
    authors = [name for name in (*(each.name for each in raw.authors), *(each.name for each in context.head.authors)) if name]
    page = claims.permalink(raw, context)
    for statement in found:
        if statement.role == "footer":
            made += footers.claimed(statement, page, context, authors)
        else:
            made += claims.spoken(statement, 2, context, authors)
    return made


def _without_title(claim: Claim, title: str) -> Claim:
    """A claim that does not take the title of the entry, or one that goes on from it ("…: Part 2"), for the name of a place."""
    said, own = folded_name(claim.name or ""), folded_name(title)
    is_title = claim.site is not None and len(own.split()) > _SHORT_TITLE and said.startswith(own)
    return replace(claim, name=None) if is_title else claim


# ── judging ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _judged(made: list[Claim], raw: RawEntry, link: Url | None, context: Context) -> list[Claim]:
    """Every claim with its final standing; which are chosen decides the chain."""
    made = _supported(made, raw, link, context)
    chosen: list[int] = []
    for hop in sorted({claim.hop for claim in made}):
        chosen += _chosen_of_hop([n for n, claim in enumerate(made) if claim.hop == hop and claim.standing == "outranked"], made)
    believed = {made[number].site or made[number].name for number in chosen}
    return [_stand(claim, n in chosen or (claim.standing == "outranked" and claim.site in believed)) for n, claim in enumerate(made)]


def _stand(claim: Claim, is_chosen: bool) -> Claim:
    return replace(claim, standing="chosen") if is_chosen else claim


def _chosen_of_hop(numbers: list[int], made: Sequence[Claim]) -> list[int]:
    """About one hop one claim is believed, by rank; several rel=via are a chain of their own."""
    vias = [n for n in numbers if made[n].kind == "rel=via"]
    if len({made[n].site for n in vias}) > 1 and not any(made[n].kind == "feeds.yaml" for n in numbers):
        return vias
    best = min(numbers, key=lambda n: (claims.RANK[made[n].kind], made[n].site is None, n), default=None)
    return [] if best is None else [best]


def _supported(made: list[Claim], raw: RawEntry, link: Url | None, context: Context) -> list[Claim]:
    """Weak claims gain standing by a second sign: a declared republisher, an id of that site, a sentence that may mean that page."""
    strong = {claim.site for claim in made if claim.standing == "outranked" and claim.site}
    is_foreign_id = claims.foreign_id(raw, link, context)
    declared = context.spec.republisher
    # An entry whose own link leads elsewhere has its title from there, whatever it says of that page.
    is_at_home = not claims.is_foreign(link, context)
    footer = next((c for c in made if c.kind == "phrase" and ":footer:" in c.rule and c.site is None and c.standing == "weak"), None)
    result: list[Claim] = []
    for claim in made:
        signed = (
            (claim.site in strong and not claim.rule.endswith(labelled.RULE))
            or (claim.kind in claims.WEAK and declared)
            or (claim.kind == "permalink" and (is_foreign_id or footer is not None))
            or (":hint:" in claim.rule and claim.kind == "phrase" and declared)
            or (claim.rule.endswith(labelled.RULE) and is_at_home and labelled.means_the_entry(claim, _title(raw), link))
        )
        if claim.standing == "weak" and claim.site and signed:
            claim = replace(claim, standing="outranked", confidence=max(claim.confidence, 0.6))
            if claim.kind == "permalink" and footer is not None and claim.name is None:
                claim = replace(claim, name=footer.name)
        result.append(claim)
    return result


def _related(made: Sequence[Claim]) -> Url | None:
    """The page that a link blog talks about: what only hinted at an origin, and was not believed."""
    for kind in ("external_url", "permalink"):
        for claim in made:
            if claim.kind == kind and claim.standing == "weak" and claim.page:
                return claim.page
    return None


# ── the chain ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _origin(made: Sequence[Claim], context: Context) -> Origin:
    """The hops of the chosen claims, the original first; claims about one site are one hop.

    What else speaks of a step of several rel=via (an atom:source names the nearest known feed) takes the place of the link to that site.
    """
    chosen = [claim for claim in made if claim.standing == "chosen"]
    way = list(dict.fromkeys(claim.site for claim in chosen if claim.kind == "rel=via"))
    ordered = sorted(chosen, key=lambda claim: (-claim.hop, way.index(claim.site) if claim.site in way else -1))
    groups: list[list[Claim]] = []
    for claim in ordered:
        group = next((group for group in groups if _same_hop(group[0], claim)), None)
        if group is None:
            groups.append([claim])
        else:
            group.append(claim)
    hops = tuple(_hop(group, context) for group in groups)
    evidence = tuple(dict.fromkeys(claim.kind for group in groups for claim in group))
    return Origin(chain=hops, evidence=evidence, confidence=_confidence(groups[0]) if groups else 1.0)


def _same_hop(one: Claim, other: Claim) -> bool:
    if one.site and other.site:
        return one.site == other.site
    return bool(one.name and other.name) and folded_name(one.name or "") == folded_name(other.name or "")


def _hop(group: Sequence[Claim], context: Context) -> Hop:
    """What all claims about one publisher tell together; the best-ranked speaks first."""
    ranked = sorted(group, key=lambda claim: claims.RANK[claim.kind])
    name = _first(claim.name for claim in ranked)
    # Of a feed that we poll; what a name that was learnt would add comes and goes without any news of the entry.
    known = context.known.get(folded_name(name)) if name else None
    fronts = _fronts(ranked, known)
    pages = [claim.page for claim in sorted(ranked, key=lambda claim: claim.kind != "phrase") if claim.page]
    page = _first(page for page in pages if names_a_page(page) or link_key(page) not in fronts)
    # One claim takes an address for the page, another one for the front: it is the page.
    home = _first(claim.home for claim in ranked if claim.home and not (page and link_key(claim.home) == link_key(page)))
    found = _first(claim.site for claim in ranked)
    hop = Hop(
        name=name or host_of(page or home or _first(claim.feed_url for claim in ranked) or "") or "unknown",
        site=found,
        page=page,
        home=home,
        feed_url=_first(claim.feed_url for claim in ranked),
        feed_id=_first(claim.feed_id for claim in ranked),
        authors=_first(claim.authors for claim in ranked) or (),
        rights=_first(claim.rights for claim in ranked),
        license=_first(claim.license for claim in ranked),
        updated=_first(claim.updated for claim in ranked),
    )
    if known is not None and known.site in (None, found):
        hop = replace(hop, home=hop.home or known.home, feed_url=hop.feed_url or known.feed_url, feed_id=hop.feed_id or known.feed_id)
    return hop


def _fronts(group: Iterable[Claim], known: Hop | None) -> frozenset[str]:
    """Addresses that a feed gives for its home: a sentence that links to one does not mean an article, whatever it looks like."""
    homes = [claim.home for claim in group if claim.kind == "atom:source"] + [known.home if known else None]
    return frozenset(link_key(home) for home in homes if home)


def _first(values: Iterable[_T | None]) -> _T | None:
    return next((value for value in values if value), None)


def _confidence(group: Sequence[Claim]) -> float:
    """Independent signs add up: what remains is the doubt that all of them leave."""
    doubt = 1.0
    for claim in {claim.kind: claim for claim in group}.values():
        doubt *= 1.0 - claim.confidence
    return round(1.0 if doubt == 0 else min(0.99, 1.0 - doubt), 3)


# ── loops ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _loop(made: Sequence[Claim], context: Context) -> str | None:
    """Why an entry is a copy of our own output. What only hints at a page says nothing: anybody may write about us."""
    if feed := _our_feed(context):
        return f"its feed is our own output {feed}"
    for claim in made:
        if ours := _our_address(claim, context):
            return f"its {claim.kind} names our own output {ours}"
    return None


def _our_feed(context: Context) -> str | None:
    spec = context.spec
    addresses = (spec.path.as_uri() if spec.path else spec.shown_url, context.base, context.head.self_url)
    return next((address for address in addresses if address and link_key(address) in context.ours), None)


def _is_ours(claim: Claim, context: Context) -> bool:
    return _our_address(claim, context) is not None


def _our_address(claim: Claim, context: Context) -> str | None:
    if not context.ours or claim.standing == "weak":
        return None
    for address in (claim.feed_id, claim.feed_url, claim.page, claim.home):
        if address and ((key := link_key(address)) in context.ours or _is_our_story(key, context)):
            return address
    if claim.name and not (claim.site or claim.feed_id or claim.feed_url) and _is_our_name(claim.name, context):
        return claim.name
    # Others may share the host with us, and even the page; a claim that names their feed or a page of theirs is not about us.
    home = None if claim.feed_url else claim.page or claim.home
    if home and context.our_home and link_key(home) == context.our_home:
        return home
    return _below_our_home(claim, context)


def _below_our_home(claim: Claim, context: Context) -> str | None:
    """The address of a claim below our home page, where we are meant: that of an output that has another name now.

    Under a name it is ours if the name is; without one, if no feed that we poll stands there as well.
    """
    if not context.our_home or claim.kind == "feeds.yaml" or claim.kind in claims.WEAK:
        return None
    ground = f"{context.our_home.rstrip('/')}/"
    below = next((url for url in (claim.feed_url, claim.page, claim.home) if url and link_key(url).startswith(ground)), None)
    if claim.name:
        return below if _is_our_name(claim.name, context) else None
    return below if claim.standing != "self" and not _is_shared(ground, context) else None


def _is_shared(ground: str, context: Context) -> bool:
    places = (place for hop in context.known.values() for place in (hop.feed_url, hop.home) if place)
    return any(link_key(place).startswith(ground) for place in places)


def _is_our_name(name: str, context: Context) -> bool:
    return folded_name(name) in context.our_names


def _is_our_story(key: str, context: Context) -> bool:
    """Whether an address is that of one of our pages about single stories."""
    folder, _, name = key.rpartition("/")
    return f"{folder}/" in context.our_stories and _STORY.fullmatch(name) is not None
