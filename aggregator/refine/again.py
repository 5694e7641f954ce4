"""Refine an entry again, from the raw form that was kept of it: today's rules for an old text."""

from dataclasses import replace

from aggregator.model import Entry, RawEntry, StoryKey
from aggregator.refine import issues, stories, twins
from aggregator.refine.context import Context
from aggregator.refine.identity import Identity
from aggregator.refine.normalize import TROUBLE, refined, without_pages
from aggregator.refine.texts import edges
from aggregator.web.url import link_key


def again(before: Entry, raw: RawEntry, context: Context) -> Entry:
    """The entry that `raw` is by today's rules. Who it is stays, and so does what its neighbours in the document decided of its keys.

    What cannot be refined any more stays as it was.
    """
    mine = Identity(before.raw_key, before.id_from, before.published_id)
    try:
        made = refined(raw, context, mine)
    except TROUBLE:
        return before
    made = without_pages(made, _shared_pages(before))
    keys = (*(key for key in made.keys if _is_its_own(key, before)), *_twins(made, before, context.feed_key))
    if (shared := issues.key(made.link, made.title, made.published)) and shared in before.keys and shared not in keys:
        keys = (shared, *keys)
    return replace(made, keys=keys, edges=edges(raw, context) if "auto" in context.spec.strip else None)


def _shared_pages(before: Entry) -> frozenset[str]:
    """The link keys of pages that were believed and are no hop's: other entries of its document named them, too."""
    pages = {link_key(hop.page) for hop in before.origin.chain if hop.page}
    sites = {hop.site for hop in before.origin.chain if not hop.page}
    named = (claim for claim in before.claims if claim.page and claim.is_believed and claim.site in sites)
    return frozenset(link_key(claim.page or "") for claim in named) - pages


def _is_its_own(key: StoryKey, before: Entry) -> bool:
    """Whether a key was not one that several entries of its document shared, and which told no story therefore."""
    if key.kind == "text":
        return key in before.keys or (key not in _texts(before) and any(one.kind == "text" for one in before.keys))
    page = StoryKey(kind="link", value=link_key(before.link or ""))
    return key != page or page in before.keys or before.link is None


def _texts(before: Entry) -> tuple[StoryKey, ...]:
    return tuple(stories.text_keys(before.content or before.summary))


def _twins(made: Entry, before: Entry, feed_key: str) -> tuple[StoryKey, ...]:
    """The keys of a twin; not those of a kind that it shared with a neighbour."""
    had = {key.kind for key in before.keys}
    shared = {key.kind for key in twins.keys(before, feed_key)} - had
    # Before they had this key, entries had the other one only.
    shared -= {"path"} if "twin" in had else set()
    return tuple(key for key in twins.keys(made, feed_key) if key.kind not in shared)
