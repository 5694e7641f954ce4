"""What an entry's own markup and sentences claim of its origin: each a `Claim` with its evidence, unranked.

Every claim that was made is kept, also those that name the feed itself: a reader of the ledger must see why one was not believed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from aggregator.model import Claim, ClaimKind, RawEntry, RawSource, Standing, Url
from aggregator.refine import accounts, fields, proxied
from aggregator.refine.context import Context
from aggregator.refine.pages import has_own_path, id_site, is_front_page, is_web, names_a_page, tag_host
from aggregator.refine.reading import Statement
from aggregator.web import url as web_url
from aggregator.web.host import host_of, is_inside, is_of, is_redirecting, is_resolving, site
from aggregator.web.keys import TAKEN_OUT
from aggregator.web.licences import licence
from aggregator.web.text import folded_name, name_forms

# How far each kind may be trusted by itself: what an editor wrote, what software writes on purpose, what people write, what merely hints.
CONFIDENCE: Final[dict[ClaimKind, float]] = {
    "feeds.yaml": 1.0,
    "atom:source": 0.9,
    "rel=via": 0.8,
    "rel=canonical": 0.85,
    "dcterms:source": 0.85,
    "isBasedOn": 0.7,
    "dc:source": 0.7,
    "rss:source": 0.85,
    "feedburner:origLink": 0.7,
    "phrase": 0.85,
    "external_url": 0.3,
    "permalink": 0.3,
}
# Which claim about the same hop is believed, from the first.
RANK: Final[dict[ClaimKind, int]] = {kind: rank for rank, kind in enumerate(CONFIDENCE)}
WEAK: Final = frozenset({"external_url", "permalink"})
_NAME_ONLY: Final = 0.55
_KNOWN_NAME: Final = 0.75
HINTED: Final = 0.3
_OF_ACCOUNT: Final = 0.75

_WORD: Final = re.compile(r"[\W_]+")


def address(text: str | None, context: Context) -> Url | None:
    """The address behind a link as written: absolute, out of any redirector that carries it."""
    made = web_url.link(text, context.base)
    return (web_url.unwrap(made) or made) if made else None


def permalink(raw: RawEntry, context: Context) -> Url | None:
    """The entry's own page: its link, else its guid where that is said to be one; what FeedBurner wrapped is taken out. None where a part
    of it was the key of a private feed.

    `feedburner:origLink` is that page where the link leads to the feed's redirector, not to a page.
    """
    given = raw.link or (raw.id if raw.id_is_link and is_web(raw.id) else None)
    own = address(web_url.schemed(given), based(raw, context))
    if own and context.spec.is_private and TAKEN_OUT in urlsplit(own).path.split("/"):
        own = None
    if own and _is_behind(own, context):
        own = proxied.outside(own, context.head, context.base)
    original = address(raw.feedburner_origlink, context)
    if original and (own is None or is_foreign(own, context) or is_redirecting(own)):
        return original
    return own


def is_foreign(url: str | None, context: Context) -> bool:
    """Whether an address belongs to another publisher than the feed."""
    return bool(url) and not is_own(url or "", context)


def is_own(url: str, context: Context) -> bool:
    """Whether an address belongs to the feed's own publisher: its site, one of its others, a host it declared, a server behind its own."""
    return _is_own_site(site(url), context) or host_of(url) in context.own_sites or _is_behind(url, context)


def _is_behind(url: str, context: Context) -> bool:
    """Whether an address can only be the feed's own server, behind its proxy: nobody else reaches it. Within a network, others may."""
    return is_inside(url) and not (context.spec.allow_private or is_inside(context.base))


def _is_own_site(found: str | None, context: Context) -> bool:
    if not found:
        return False
    return is_of(found, context.own_sites) or is_of(found, (context.site,))


def own_name(name: str, context: Context) -> bool:
    """Whether a bare name means the feed itself: its title or a part of it, its given name, or its host spoken as a name.

    One may say more than the other ("Field & Solder", "Field & Solder's newsletter"): the shorter must open the longer, word by word.
    """
    said = _words(name)
    if not said:
        return False
    parts = [_words(part) for title in (context.head.title, context.spec.name) if title for part in name_forms(title)]
    if any(_opens(said, part) or _opens(part, said) for part in parts):
        return True
    hosts = {label for own in context.own_sites | {context.site} for label in (own, own.partition(".")[0]) if len(label) > 3}
    return "".join(said) in {"".join(_words(host)) for host in hosts}


def _opens(short: list[str], long: list[str]) -> bool:
    return len("".join(short)) > 2 and long[: len(short)] == short


def _words(text: str) -> list[str]:
    """
    >>> _words("The Field & Solder’s")
    ['field', 'solder', 's']
    """
    return [word for word in _WORD.split(folded_name(text)) if word]


# ── markup ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def structured(raw: RawEntry, own_link: Url | None, context: Context) -> Iterator[Claim]:
    """The claims that feeds.yaml and the entry's elements make, in the order of their rank; several rel=via keep theirs."""
    if context.spec.origin:
        yield _configured(context.spec.origin, own_link, context)
    if raw.source is not None and raw.source.kind == "atom":
        yield _atom_source(raw, raw.source, own_link, context)
    if raw.source is not None and raw.source.kind == "name":
        # Whoever passed the entry on is known by page: the name stands behind them all, as in a sentence.
        named = _named("atom:source", _text(raw.source.title) or "", "_provenance", raw.source.title or "", context)
        yield replace(named, hop=2)
    located = based(raw, context)
    for link in raw.links:
        if link.rel in ("via", "canonical") and (page := address(link.href, located)):
            yield paged(
                "rel=via" if link.rel == "via" else "rel=canonical", page, link.title, f'link rel="{link.rel}" href="{link.href}"', context
            )
    elements: tuple[tuple[ClaimKind, str | None], ...] = (("dcterms:source", raw.dcterms_source), ("dc:source", raw.dc_source))
    for kind, value in elements:
        if value and (page := address(value, located) if is_web(value.strip()) else None):
            yield paged(kind, page, None, value.strip(), context)
    if raw.source is not None and raw.source.kind == "rss":
        yield from _rss_source(raw.source, own_link, context)
    if (page := address(raw.feedburner_origlink, located)) and context.head.home and not is_redirecting(context.head.home):
        yield paged("feedburner:origLink", page, None, raw.feedburner_origlink or "", context)
    if page := address(raw.external_url, located):
        yield paged("external_url", page, None, raw.external_url or "", context)
    if own_link and is_foreign(own_link, context) and not (is_redirecting(own_link) or is_resolving(own_link)):
        yield paged("permalink", own_link, None, own_link, context)
    elif own_link and (account := accounts.another(raw, own_link, context)):
        yield _of_account(*account, own_link)


def _configured(origin: str, own_link: Url | None, context: Context) -> Claim:
    """`origin:` of feeds.yaml: an address (of the origin's site or feed) or a name, known or not."""
    home = web_url.link(origin)
    if home is None:
        return _named("feeds.yaml", origin, "origin: in feeds.yaml", origin, context)
    claim = Claim(
        kind="feeds.yaml", home=home, site=site(home), name=None, where="feeds.yaml", rule="origin", evidence=origin, confidence=1.0
    )
    return _standing(_with_page(claim, own_link), context)


def _atom_source(raw: RawEntry, source: RawSource, own_link: Url | None, context: Context) -> Claim:
    feed_url = web_url.resource(source.self_url, context.base)
    home = address(source.link, context)
    if home is None and is_web(source.id) and web_url.resource(source.id, context.base) != feed_url:  # a feed is nothing to read
        home = address(source.id, context)
    named = tag_host(source.id)
    found = site(home) if home and not is_redirecting(home) else site(feed_url) if feed_url else site(named) if named else None
    if not found:
        return _unplaced(source, own_link, context)
    vouched = own_link is not None and site(own_link) == found
    claim = Claim(
        kind="atom:source",
        name=_text(source.title),
        home=home,
        feed_url=feed_url,
        feed_id=source.id,
        site=found,
        where="atom:source",
        rule="atom:source",
        evidence=" ".join(part for part in (source.title, source.id, source.self_url) if part)[:300],
        # An entry whose id and link stay with the copier claims its source by one element only (RFC 4287 section 8.4).
        confidence=CONFIDENCE["atom:source"] if vouched or _speaks_for(raw.id, found) else 0.6,
    )
    return _standing(_with_page(_told(claim, source, context), own_link), context)


def _told(claim: Claim, source: RawSource, context: Context) -> Claim:
    """The claim with what an atom:source says of its feed besides who it is."""
    return replace(
        claim,
        authors=fields.people(source.authors, context.base),
        rights=fields.rights(source.rights),
        license=licence(source.license, source.rights, context.base),
        updated=fields.instant(source.updated_s),
    )


def _unplaced(source: RawSource, own_link: Url | None, context: Context) -> Claim:
    """An atom:source without any address: it vouches for a permalink elsewhere; on the feed's own page it says nothing that can be used."""
    claim = _named("atom:source", _text(source.title) or "", "atom:source", source.title or source.id or "", context)
    claim = _told(replace(claim, feed_id=source.id), source, context)
    if claim.standing == "self":
        return claim
    if own_link and is_foreign(own_link, context) and not is_redirecting(own_link):
        return replace(claim, page=own_link, site=site(own_link), confidence=CONFIDENCE["atom:source"])
    return claim if claim.site else replace(claim, standing="weak")


def _rss_source(source: RawSource, own_link: Url | None, context: Context) -> Iterator[Claim]:
    """`<source url>` is a feed's address, but news services write the front page of a paper there: that is its home, and no feed."""
    named = web_url.resource(source.self_url, context.base)
    if named is None:
        return
    home = web_url.link(named) if is_front_page(named) else None
    claim = Claim(
        kind="rss:source",
        name=_text(source.title),
        home=home,
        feed_url=None if home else named,
        site=site(named),
        where="source",
        rule="rss:source",
        evidence=" ".join(part for part in (source.title, source.self_url) if part)[:300],
        confidence=CONFIDENCE["rss:source"],
    )
    yield _standing(_with_page(claim, own_link), context)


def paged(kind: ClaimKind, page: Url, name: str | None, evidence: str, context: Context) -> Claim:
    if is_redirecting(page):
        return _led_astray(kind, page, name, evidence, context)
    # Markup that names the entry's own source means a page unless it is plainly a site's front or a section of it.
    is_page = names_a_page(page) or (kind in ("rel=canonical", "rel=via", "dcterms:source", "isBasedOn") and has_own_path(page))
    claim = Claim(
        kind=kind,
        name=_text(name),
        page=page if is_page or kind in WEAK or kind == "feedburner:origLink" else None,
        home=None if is_page else page,
        site=site(page),
        where=kind,
        rule=kind,
        evidence=evidence[:300],
        confidence=CONFIDENCE[kind],
    )
    return _standing(claim, context)


def _of_account(account: str, name: str, page: Url) -> Claim:
    """The page of another account on the feed's own server, whose entry it is by its author, too."""
    return Claim(
        kind="permalink",
        name=_text(name),
        page=page,
        site=f"{site(page)}/{account}",
        where="permalink",
        rule="permalink:account",
        evidence=page[:300],
        confidence=_OF_ACCOUNT,
        standing="outranked",
    )


def _led_astray(kind: ClaimKind, page: Url, name: str | None, evidence: str, context: Context) -> Claim:
    """A claim whose address leads to a place that only a shortener knows: by its name, else too little."""
    if printed := _printed_name(name):
        return _named(kind, printed, kind, evidence, context)
    kept = page if kind in WEAK else None
    return Claim(kind=kind, page=kept, where=kind, rule=kind, evidence=evidence[:300], confidence=HINTED, standing="weak")


def _printed_name(name: str | None) -> str | None:
    """A name that stands by itself: "the site" or the shortener's own host names nobody."""
    made = _text(name)
    return made if made and not is_redirecting(made) and (not made.islower() or "." in made) else None


def _with_page(claim: Claim, own_link: Url | None) -> Claim:
    """The source names a feed; the entry's permalink is the page there, when it lies on that site."""
    return replace(claim, page=own_link) if own_link and claim.site and site(own_link) == claim.site else claim


def _standing(claim: Claim, context: Context) -> Claim:
    addresses = [url for url in (claim.page, claim.home, claim.feed_url) if url]
    is_self = _is_own_site(claim.site, context) or any(is_own(url, context) for url in addresses[:1])
    standing: Standing = "self" if is_self else "weak" if claim.kind in WEAK else "outranked"
    return replace(claim, standing=standing)


# ── sentences ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def spoken(statement: Statement, hop: int, context: Context, authors: Sequence[str] = ()) -> Iterator[Claim]:
    """The claims of one sentence: the source that it names, then the hops that it says the text came through (nearer, so lower hops).

    `authors` are those of the entry: "by …" may name one of them, who is no place.
    """
    yield replace(_stated(statement, context, authors), hop=hop + len(statement.vias))
    for nearer, (name, href) in enumerate(reversed(statement.vias)):
        if page := address(href, context):
            claim = paged("phrase", page, name, statement.evidence, context)
            yield replace(claim, hop=hop + nearer, where=statement.where, rule=f"{statement.rule}:via")


def of_line(name: str, line: str, context: Context) -> Claim:
    """The claim of a line like ours that somebody passed an entry on who is named there without a link. It names no origin."""
    return replace(_named("phrase", name, "attribution line", " ".join(line.split()), context), standing="self")


def _stated(statement: Statement, context: Context, authors: Sequence[str]) -> Claim:
    given = [address(href, context) for href in (statement.page, statement.home)]
    page, home = (None if url and is_redirecting(url) else url for url in given)
    name = _text(statement.name) if [page, home] == given else _printed_name(statement.name)
    if statement.is_printed and statement.name:
        page = home = None
    claim = Claim(
        kind="phrase",
        name=name,
        page=page,
        home=home,
        site=site(page or home or "") or None,
        where=statement.where,
        rule=statement.rule,
        evidence=statement.evidence,
        confidence=CONFIDENCE["phrase"],
    )
    if claim.site is None:
        return _by_name(claim, statement, context, authors)
    claim = _standing(claim, context)
    is_hint = statement.role == "hint" and claim.standing != "self"
    return replace(claim, standing="weak", confidence=HINTED) if is_hint else claim


def _by_name(claim: Claim, statement: Statement, context: Context, authors: Sequence[str]) -> Claim:
    """A source without an address: ourselves, a feed we know, or only a name; a footer's unknown name, or an author's, is too little."""
    made = _named("phrase", claim.name or "", claim.where, claim.evidence, context)
    made = replace(made, rule=claim.rule)
    if (
        made.site is None
        and made.standing != "self"
        and (statement.role != "note" or not claim.name or (statement.by_author and _is_author(claim.name, authors)))
    ):
        return replace(made, standing="weak", confidence=HINTED)
    return made


def _is_author(name: str, authors: Sequence[str]) -> bool:
    """Whether a name is an author's, or a part of it ("Bell")."""
    said = set(_words(name))
    return any(said <= words or words <= said for words in (set(_words(author)) for author in authors) if words)


def _named(kind: ClaimKind, name: str, where: str, evidence: str, context: Context) -> Claim:
    known = context.whom(name)
    claim = Claim(kind=kind, name=name or None, where=where, rule="name", evidence=evidence[:300], confidence=_NAME_ONLY)
    if own_name(name, context):
        return replace(claim, standing="self")
    if known is None:
        return claim
    claim = replace(claim, site=known.site, home=known.home, feed_url=known.feed_url, feed_id=known.feed_id, confidence=_KNOWN_NAME)
    return _standing(claim, context)


# ── small questions ────────────────────────────────────────────────────────────────────────────────────────────────────


def foreign_id(raw: RawEntry, own_link: Url | None, context: Context) -> bool:
    """Whether the raw id speaks for the permalink's site by itself: an id of that site that is more than the link repeated."""
    if own_link is None or not raw.id or not is_foreign(own_link, context):
        return False
    if is_web(raw.id) and web_url.link_key(raw.id) == web_url.link_key(own_link):
        return False
    return _speaks_for(raw.id, site(own_link))


def _speaks_for(raw_id: str | None, found: str | None) -> bool:
    return found is not None and id_site(raw_id) == found


def based(raw: RawEntry, context: Context) -> Context:
    """The context in which an entry's own relative addresses are read."""
    return replace(context, base=raw.base) if raw.base and is_web(raw.base) else context


def _text(name: str | None) -> str | None:
    made = " ".join((name or "").split())[:200]
    return made or None
