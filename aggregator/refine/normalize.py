"""`RawEntry` to `Entry`: their words become ours. Pure, and total: one entry's trouble never costs another.

What was cut or repaired on the way is said in `oddities`. An entry's texts are refined in `texts`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from aggregator.model import Entry, FeedHead, FeedSpec, RawEntry, RawFeed, RawText, SafeHtml, StoryKey, Surroundings, Title, Url
from aggregator.refine import fields, headlines, housing, issues, likeness, linkblog, markup, proxied, stories, twins
from aggregator.refine.carried import carried, flag, is_played, timed
from aggregator.refine.closings import unclosed
from aggregator.refine.context import Context
from aggregator.refine.identity import Identity, content_hash, identities, text_hash
from aggregator.refine.licensed import licensed
from aggregator.refine.openings import opening
from aggregator.refine.passing import settled_picture
from aggregator.refine.texts import Texts, edges, found_printed, main_text, repeated_summaries, texts
from aggregator.web.host import site
from aggregator.web.licences import licence
from aggregator.web.text import fingerprint, one_line
from aggregator.web.url import link, link_key, resource, schemed

TROUBLE: Final = (ValueError, ArithmeticError, RecursionError)
"""What the refining of a single entry may raise."""

MANY: Final = 3
"""So many entries of one document may begin with the same words."""

# A longer id is told apart by its hash; nobody needs to read it.
MAX_RAW_ID: Final = 4096
_TEXT_START: Final = 200
_MAX_TTL_MINUTES: Final = 60 * 24 * 366


# ── the feed ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def head(raw: RawFeed, base: str, aliases: Collection[str] = ()) -> FeedHead:
    """What a feed says of itself, made safe. `base` is the final address of its document; relative addresses count from it.

    `aliases` are the other hosts of its publisher.
    """
    base = resource(raw.base, base) or base
    is_open = _leaves_titles_open(raw.version)
    home = link(schemed(raw.link), base)
    hubs = [hub for named in raw.hubs if (hub := resource(named, base))]
    made = FeedHead(
        title=_title_text(raw.title, is_open=is_open),
        subtitle=_title_text(raw.subtitle, is_open=is_open),
        home=home,
        self_url=resource(raw.self_url, base),
        feed_id=one_line(raw.id or "")[:MAX_RAW_ID] or None,
        hub=next(iter(hubs), None),
        other_hubs=tuple(hubs[1:]),
        language=fields.language(raw.language),
        authors=fields.people(raw.authors, base),
        rights=fields.rights(raw.rights),
        license=licence(raw.license, raw.rights, base),
        updated=fields.instant(raw.updated_s),
        icon=resource(raw.icon, base),
        is_explicit=flag(raw.explicit),
        version=raw.version,
        ttl=fields.minutes(raw.ttl_minutes, _MAX_TTL_MINUTES),
        skip_hours=tuple(sorted({hour for hour in raw.skip_hours if 0 <= hour < 24})),
        skip_days=raw.skip_days,
        update_interval=fields.update_interval(raw.update_period, raw.update_frequency),
        covers_since=middle_date(fields.instant(one.published_s) or fields.instant(one.updated_s) for one in raw.entries),
        oddities=raw.oddities,
    )
    if made.home:
        made = replace(made, home=proxied.outside(made.home, replace(made, home=None), base))
    made = replace(made, page_site=housing.page_site(raw, base, made, aliases))
    return replace(made, permalinks_foreign=housing.are_mostly_foreign(housing.foreign_pages(raw, base, made, aliases)))


def context(spec: FeedSpec, feed_key: str, head: FeedHead, base: str, around: Surroundings = Surroundings()) -> Context:  # noqa: B008
    """Gather what refining needs to know of the feed that entries came in. `base` is the final address of the document.

    In a local file, addresses count from where it says that it, or its page, can be had.
    """
    base = (head.self_url or head.home or base) if spec.path else base
    addresses = [base, head.home, head.self_url, head.page_site, None if spec.path else spec.shown_url, *spec.aliases]
    return Context(
        spec=spec,
        feed_key=feed_key,
        base=base,
        site=site(head.home or base),
        own_sites=frozenset(found for address in addresses if address and (found := site(address))),
        head=head,
        known=around.known,
        learnt=around.learnt,
        ours=around.ours,
        our_home=around.our_home,
        our_stories=around.our_stories,
        our_names=around.our_names,
    )


def _title_text(raw: RawText | None, *, is_open: bool) -> str | None:
    read = markup.title(raw, is_open=is_open) if raw else None
    return read.text if read else None


def middle_date(dates: Iterable[datetime | None]) -> datetime | None:
    """The date behind which half of the dated entries lie: a few old ones that a publisher pins to the top do not move it."""
    found = sorted(date for date in dates if date)
    return found[len(found) // 2] if found else None


def _leaves_titles_open(version: str | None) -> bool:
    """RSS never said whether a title is text or HTML."""
    return (version or "").startswith(("rss", "cdf"))


# ── entries ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def entries(raw: RawFeed, context: Context) -> tuple[Entry | None, ...]:
    """Refine the entries of one document, in parallel with `raw.entries`.

    None stands for an earlier version of an entry that the document repeats: the newest stands for all (latest date, then longest text).
    Apart from their places, the order of the entries does not matter.
    """
    return together(alone(raw, context), context.feed_key)


def together(made: Sequence[Entry | None], feed_key: str, common: Collection[str] = ()) -> tuple[Entry | None, ...]:
    """Give the entries of one document, each refined for itself, the keys that they have among their neighbours.

    `common` are text keys that many entries share of those that are not among these.
    """
    return twins.keyed(_without_shared_words(_without_shared_links(_without_shared_origins(made)), common), feed_key)


def alone(raw: RawFeed, context: Context) -> tuple[Entry | None, ...]:
    """As `entries`, before its neighbours decide which keys an entry has."""
    known = identities(raw.entries, context.feed_key)
    newest: dict[str, int] = {}
    for place, mine in enumerate(known):
        best = newest.setdefault(mine.raw_key, place)
        if best != place and _recency(raw.entries[place]) > _recency(raw.entries[best]):
            newest[mine.raw_key] = place
    kept = {key: (raw.entries[place], known[place]) for key, place in newest.items()}
    strips = "auto" in context.spec.strip
    made_of = _without_printed(kept, context) if strips else {key: entry(one, context, mine) for key, (one, mine) in kept.items()}
    return tuple(made_of[mine.raw_key] if newest[mine.raw_key] == place else None for place, mine in enumerate(known))


def _without_printed(kept: Mapping[str, tuple[RawEntry, Identity]], context: Context) -> dict[str, Entry]:
    """Refine each entry without what the feed is found to print around it; where nothing of it stands, nothing is looked for."""
    around = {key: edges(one, context) for key, (one, _) in kept.items()}
    found, of_summaries = found_printed(around, context.printed), repeated_summaries([one for one, _ in kept.values()], context)
    made: dict[str, Entry] = {}
    for key, (one, mine) in kept.items():
        repeated = of_summaries | found.intersection(around[key])
        made[key] = replace(entry(one, replace(context, repeated=repeated), mine), edges=around[key])
    return made


def entry(raw: RawEntry, context: Context, identity: Identity | None = None) -> Entry:
    """Refine one entry. `identity` is the one it has already; without it, it is that of an entry alone in its document.

    Never raises: what cannot be refined is kept with its identity and says so in `oddities`.
    """
    mine = identity or identities((raw,), context.feed_key)[0]
    try:
        return refined(raw, context, mine)
    except TROUBLE as error:
        return Entry(
            raw_key=mine.raw_key,
            raw_id=_raw_id(raw),
            id_from=mine.id_from,
            published_id=mine.published_id,
            site=context.site,
            oddities=(f"could not be refined: {type(error).__name__}: {one_line(str(error))[:200]}",),
        )


def refined(raw: RawEntry, context: Context, mine: Identity) -> Entry:
    """Refine one entry whose identity is known. Raises one of `TROUBLE` where that cannot be done."""
    raw = licensed(raw, main_text(raw), context)
    told = texts(raw, context)
    base = resource(raw.base, context.base) or context.base
    title = markup.title(raw.title, is_open=_leaves_titles_open(context.head.version)) if raw.title else None
    published, updated = fields.instant(raw.published_s), fields.instant(raw.updated_s)
    enclosures, too_many_enclosures = fields.enclosures(raw.enclosures, base)
    categories, too_many_categories = fields.categories(raw.categories)
    elements = carried(raw.carried, enclosures, base, is_explicit=context.head.is_explicit)
    enclosures = timed(enclosures, elements)
    found = told.trace
    page = None if _is_feed(found.link, context) else found.link
    # An episode without a picture of its own is shown with its podcast's.
    thumbnail = resource(raw.thumbnail, base) or (context.head.icon if any(map(is_played, enclosures)) else None)
    authors = fields.people(raw.authors, base)
    return Entry(
        raw_key=mine.raw_key,
        raw_id=_raw_id(raw),
        id_from=mine.id_from,
        published_id=mine.published_id,
        site=_own_site(page, context),
        link=page,
        related=found.related or linkblog.named_related(raw, found.origin, context),
        title=title,
        summary=told.summary,
        content=told.content,
        authors=authors,
        contributors=fields.people(raw.contributors, base),
        published=published or updated,
        updated=updated,
        enclosures=enclosures,
        thumbnail=thumbnail,
        categories=categories,
        comments=link(raw.comments, base),
        language=_language(raw, context),
        rights=fields.rights(raw.rights),
        license=licence(raw.license, raw.rights, base),
        carried=elements,
        claims=found.claims,
        origin=found.origin,
        keys=(*_keys(raw, mine, told, page, title, context), *_copys_key(page, title, published or updated, context)),
        text_start=_text_start(told.content or told.summary, title),
        counters=told.counters,
        stripped=told.stripped,
        lines=told.lines,
        oddities=(
            *told.oddities,
            *_title_oddity(raw.title, title),
            *too_many_enclosures,
            *too_many_categories,
            *_field_oddities(raw, published, updated),
        ),
        loop=found.loop,
        # What the neighbours in a document have in common changes with them, and is no change of this entry.
        content_hash=content_hash(title, page, told.seen, enclosures, authors),
        text_hash=text_hash(title, told.said, enclosures),
        still=_still(told, thumbnail),
    )


def _keys(raw: RawEntry, mine: Identity, told: Texts, page: Url | None, title: Title | None, context: Context) -> tuple[StoryKey, ...]:
    """The keys under which copies of the entry are found: by its pages and id, by its words, and by a headline that is all of it."""
    found, text, where = told.trace, told.content or told.summary, _own_site(page, context)
    own_site = where if page and site(page) == where else None
    return (
        *stories.keys(None if _is_home(page, context) else page, found.origin, _own_id(raw, mine), found.related),
        *stories.text_keys(text),
        *headlines.keys(title.text if title else "", text, own_site, found.origin),
    )


def _copys_key(page: Url | None, title: Title | None, published: datetime | None, context: Context) -> Iterator[StoryKey]:
    """The key of a copy, by which it finds the one of several entries on a page; which of them share one, their own feed tells."""
    found = issues.key(page, title, published)
    if found and site(page or "") != _own_site(page, context):
        yield found


def _field_oddities(raw: RawEntry, published: datetime | None, updated: datetime | None) -> Iterator[str]:
    yield from fields.cut(raw)
    yield from fields.unread_date("published", raw.published, published)
    yield from fields.unread_date("updated", raw.updated, updated)
    if len(raw.id or "") > MAX_RAW_ID:
        yield "its id is longer than 4 KiB and known by its hash only"


# ── small things ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _text_start(html: SafeHtml | None, title: Title | None) -> str:
    return opening(unclosed(html, title.text if title else ""), _TEXT_START).casefold() if html else ""


def _still(told: Texts, thumbnail: Url | None) -> str:
    """A digest of what does not move by itself of an entry's texts and picture; nothing where that is all of them."""
    picture = settled_picture(thumbnail or "")
    if told.still is None and picture == (thumbnail or ""):
        return ""
    return fingerprint("\x1f".join((*(told.still or (told.summary or "", told.content or "")), picture)).encode())


def _recency(raw: RawEntry) -> tuple[int, int, str]:
    """Latest date, then longest text; and where both are equal any order that does not depend on places."""
    dates = [seconds for seconds in (raw.updated_s, raw.published_s) if seconds is not None]
    length = sum(len(text.value) for text in (*raw.contents, raw.summary, raw.title) if text)
    return max(dates, default=-1), length, repr(raw)


def _own_site(page: Url | None, context: Context) -> str:
    """Which of the feed's sites an entry belongs to: that of its page, else the feed's first."""
    found = site(page) if page else ""
    return found if found in context.own_sites else context.site


def _raw_id(raw: RawEntry) -> str | None:
    return raw.id if raw.id and raw.id.strip() and len(raw.id) <= MAX_RAW_ID else None


def _own_id(raw: RawEntry, mine: Identity) -> str | None:
    """The publisher's id where it identifies the entry alone: one that others share is no sign of a story."""
    raw_id = (raw.id or "").strip()
    return raw_id if raw_id == mine.published_id else None


def _language(raw: RawEntry, context: Context) -> str | None:
    """What the entry says of itself, else its texts; what they have from the feed, in which they stand, only where none says otherwise."""
    texts = [fields.language(text.language) for text in (*raw.contents, raw.summary, raw.title) if text]
    own = [found for found in texts if found != context.head.language]
    return next(filter(None, (fields.language(raw.language), *own, *texts, context.head.language, context.spec.language)), None)


def _title_oddity(raw: RawText | None, title: Title | None) -> tuple[str, ...]:
    is_cut = raw and title and len(title.text) >= markup.MAX_TITLE - 1 and len(raw.value) > markup.MAX_TITLE
    return (f"title of {len(raw.value):,} characters cut to {markup.MAX_TITLE:,}",) if raw and is_cut else ()


def _is_feed(page: Url | None, context: Context) -> bool:
    """Whether a link leads to the feed's own document, as an empty link does: that is no page."""
    return bool(page) and link_key(page or "") in {link_key(own) for own in (context.base, context.head.self_url) if own}


def _is_home(page: Url | None, context: Context) -> bool:
    """Whether a link leads to the feed's home page: it is the page of no entry, and so no sign of a story."""
    return bool(page and context.head.home) and link_key(page or "") == link_key(context.head.home or "")


def _without_shared_origins(made: Sequence[Entry | None]) -> tuple[Entry | None, ...]:
    """Take the page from a hop that several entries name which differ in title and text: it is a section's, an author's, a list's, and of
    those each came from somewhere below it. Who is credited stays.
    """
    by_page: defaultdict[str, list[Entry]] = defaultdict(list)
    for one in made:
        for hop in one.origin.chain if one else ():
            if one and hop.page:
                by_page[link_key(hop.page)].append(one)
    shared = {page for page, group in by_page.items() if sum(_differ(group[0], other) for other in group[1:]) >= MANY - 1}
    return tuple(without_pages(one, shared) if one and shared else one for one in made)


def without_pages(one: Entry, pages: Collection[str]) -> Entry:
    """The entry without those pages of its hops whose link keys are given; they count as the hop's home page where none is known."""
    dropped = {link_key(hop.page): hop for hop in one.origin.chain if hop.page and link_key(hop.page) in pages}
    if not dropped:
        return one
    chain = tuple(replace(hop, page=None, home=hop.home or hop.page) if hop in dropped.values() else hop for hop in one.origin.chain)
    own = link_key(one.link) if one.link else ""
    keys = tuple(key for key in one.keys if key.kind != "link" or key.value == own or key.value not in dropped)
    return replace(one, origin=replace(one.origin, chain=chain), keys=keys)


def _without_shared_links(made: Sequence[Entry | None]) -> tuple[Entry | None, ...]:
    """Take the story key of a link from entries that share it and are different in title and text, or in id and words, or are versions or
    bulletins of their own: it is a page about all of them.
    """
    by_link: defaultdict[str, list[Entry]] = defaultdict(list)
    for one in made:
        if one and one.link:
            by_link[link_key(one.link)].append(one)
    shared = {key for key, group in by_link.items() if len(group) > 1 and any(_differ(group[0], other) for other in group[1:])}
    own = Counter(issues.key(one.link, one.title, one.published) for key in shared for one in by_link[key])
    return tuple(_by_itself(one, shared, own) if one and shared else one for one in made)


def _by_itself(one: Entry, shared: Collection[str], own: Mapping[StoryKey | None, int]) -> Entry:
    """An entry without pages that it shares; it is known by what tells it apart there, if nobody else has that."""
    kept = tuple(key for key in one.keys if key.kind != "link" or key.value not in shared)
    mine = issues.key(one.link, one.title, one.published)
    return replace(one, keys=(mine, *kept) if mine and own[mine] == 1 and mine not in kept else kept)


def _without_shared_words(made: Sequence[Entry | None], known: Collection[str]) -> tuple[Entry | None, ...]:
    """Take the text keys that many entries share from all of them: what a feed says everywhere is no sign of a story."""
    counts = Counter(key.value for one in made if one for key in one.keys if key.kind == "text")
    common = {value for value, count in counts.items() if count > MANY}.union(known)
    if not common:
        return tuple(made)
    kept = [tuple(key for key in one.keys if key.kind != "text" or key.value not in common) if one else () for one in made]
    return tuple(replace(one, keys=mine) if one and len(mine) < len(one.keys) else one for one, mine in zip(made, kept, strict=True))


def _differ(one: Entry, other: Entry) -> bool:
    if issues.are_issues(one, other):
        return True
    titles = [entry.title.text.casefold() if entry.title else "" for entry in (one, other)]
    if titles[0] != titles[1]:
        return one.text_start != other.text_start
    return (
        bool(one.raw_id and other.raw_id)
        and one.raw_id != other.raw_id
        and likeness.are_others(stories.words_of(one), stories.words_of(other))
    )
