"""Compose the edition of one output: each story resolved to what readers get of it, who is credited, and how much text (pure)."""

import posixpath
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from aggregator.model import (
    Archive,
    Config,
    Credit,
    Edition,
    FeedSpec,
    FeedState,
    Item,
    OutputSpec,
    Placed,
    Publication,
    Shelved,
    Story,
    Subscription,
    Url,
)
from aggregator.publish.body import explicit, is_episode
from aggregator.publish.fitting import Fitted, within
from aggregator.publish.items import item_of
from aggregator.publish.keeping import Keeping
from aggregator.publish.sources import Directory
from aggregator.web.text import one_line
from aggregator.web.url import feed_address_key, is_absolute_iri, resource

EMPTY: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The date of an edition without items: constant, so that an empty file never changes."""

MAX_DELETED: Final = 60
"""How many withdrawn entries an output names: as many as it has entries, unless feeds.yaml says otherwise."""
DELETED_FOR: Final = timedelta(days=90)
"""How long they are named: a reader that was not opened for so long has other things to catch up with."""

Order = tuple[float, str]
"""Newest sort key first, among equals by id."""


def compose(
    spec: OutputSpec,
    config: Config,
    listing: Sequence[tuple[Publication, Story]],
    feeds: Mapping[str, FeedState],
    specs: Mapping[str, FeedSpec],
    withdrawn: Sequence[Publication] = (),
    owed: Mapping[int, Credit] | None = None,
    archive: Archive | None = None,
    *,
    shelf: Sequence[tuple[Placed, Shelved]] = (),
    keeping: Keeping | None = None,
    directory: Directory | None = None,
) -> Edition:
    """Make the edition of one output from its listed stories, newest sort key first.

    `feeds` and `specs` are by feed key; `specs` holds only feeds that stand in feeds.yaml. A story that cannot be published (its feed is
    gone from feeds.yaml, or its id is not one) is left out and named in `notes`, never the whole edition. `withdrawn` is what was listed
    once and taken back, `owed` what the publishers of leading entries (by pk) want to be printed, `archive` where it stands among the pages
    of its archive. `shelf` are listed stories of which the serialization is kept, `keeping` tells what the others will be known by;
    `directory` is that of `feeds` and `specs`, where it is made already.
    Nothing here depends on the order of the mappings, of `listing`, of `shelf`, of `withdrawn` or of a story's members.
    """
    directory = directory or Directory(feeds, specs)
    language = spec.language or config.language
    notes: list[str] = []
    items: list[tuple[Order, Item | Shelved]] = [(place.order, one) for place, one in shelf]
    stories: dict[str, Story] = {}
    taken = {one.id for _, one in shelf}
    for publication, story in sorted(listing, key=lambda one: _order(one[0])):
        name = publication.published_id
        if why_not := _obstacle(publication, story, specs, taken):
            notes.append(f"left out {name!r}: {why_not}")
            continue
        taken.add(name)
        stories[name] = story
        credit = (owed or {}).get(story.lead.pk, Credit())
        items.append((_order(publication), item_of(publication, story, spec, specs, directory, language, credit)))
    listed = [one for _, one in sorted(items, key=lambda one: one[0])]
    fitted, cut_notes = within(listed, spec, language)
    title = one_line(spec.title or config.title) or spec.path
    self_url = address_of(config.link, spec.path)
    updated = max((one.updated for one in listed), default=EMPTY)
    return Edition(
        spec=spec,
        id=self_url or uuid5(NAMESPACE_URL, f"{title}\n{spec.path}").urn,
        title=title,
        language=language,
        home=config.link,
        self_url=self_url,
        updated=updated,
        items=tuple(one.item for one in fitted if isinstance(one.item, Item)),
        deleted=_deleted(withdrawn, taken, updated),
        subscriptions=_subscriptions(spec, directory, specs),
        hub=config.hub,
        served_at=resource(f"http://{config.listen_host}:{config.listen_port}/"),
        noindex=config.noindex,
        alternates=_alternates(spec, config.outputs),
        archive=archive,
        notes=(*notes, *cut_notes),
        shelved=tuple((place, one) for place, one in enumerate(listed) if isinstance(one, Shelved)),
        to_shelve=dict(_to_shelve(fitted, stories, directory, keeping)) if keeping else {},
        lacking=frozenset(one.item.story_pk for one in fitted if isinstance(one.item, Shelved) and one.is_lacking),
    )


def _to_shelve(
    fitted: Sequence[Fitted], stories: Mapping[str, Story], directory: Directory, keeping: Keeping
) -> Iterator[tuple[str, Shelved]]:
    """What to note of items, by their ids, so that they need not be composed again; of those of settled stories only."""
    for one in fitted:
        if not isinstance(item := one.item, Item) or not (story := stories[item.id]).is_settled:
            continue
        known = (directory.of_hop(hop) for hop in story.lead.entry.origin.chain)
        feeds = tuple(dict.fromkeys([story.lead.feed_key, *(feed.key for feed in known if feed)]))
        noted = Shelved(
            story_pk=story.pk,
            mark=keeping.mark(story.pk, feeds),
            feeds=feeds,
            id=item.id,
            link=item.link,
            updated=item.updated,
            sizes=tuple(one.sizes),
            form=one.form,
            is_episode=is_episode(item),
            explicit=explicit(item),
        )
        yield item.id, noted


def address_of(link: Url | None, path: str) -> Url | None:
    """The public address of an output, `link` being where the folder of outputs is served.

    >>> address_of(Url("https://planet.example.org/feeds"), "a b/atom.xml")
    'https://planet.example.org/feeds/a%20b/atom.xml'
    """
    if link is None:
        return None
    return resource(quote(path), base=link if link.endswith("/") else f"{link}/")


def _order(publication: Publication) -> Order:
    return -publication.sort_key.timestamp(), publication.published_id


def _obstacle(publication: Publication, story: Story, specs: Mapping[str, FeedSpec], taken: Container[str]) -> str | None:
    if story.lead.feed_key not in specs:
        return f"its feed {story.lead.feed_id} is not in feeds.yaml"
    if not is_absolute_iri(publication.published_id):
        return "its id is not an absolute IRI"
    return "another story has the same id" if publication.published_id in taken else None


def _deleted(withdrawn: Sequence[Publication], listed: Container[str], updated: datetime) -> tuple[tuple[str, datetime], ...]:
    """What to tell subscribers' readers to forget: the latest, as far back as `DELETED_FOR` from the edition's last change.

    Counted from what stands in the file, not from now: it never changes only because time goes by.
    """
    gone = [(one.published_id, one.withdrawn_at) for one in withdrawn if one.withdrawn_at and one.published_id not in listed]
    last = max([updated, *(when for _, when in gone)])
    found = [(name, when) for name, when in gone if when >= last - DELETED_FOR and is_absolute_iri(name)]
    return tuple(sorted(found, key=lambda one: (-one[1].timestamp(), one[0]))[:MAX_DELETED])


def _subscriptions(output: OutputSpec, directory: Directory, specs: Mapping[str, FeedSpec]) -> tuple[Subscription, ...]:
    """The public feeds behind an output, by name."""
    found: dict[str, Subscription] = {}
    for feed in sorted(directory.feeds, key=lambda feed: feed.id):
        spec = specs[feed.key]
        if spec.is_private or spec.opt_out or not output.asks_for(spec):
            continue
        found.setdefault(
            feed_address_key(feed.address) if feed.address else feed.id,
            Subscription(
                name=feed.name,
                feed_url=feed.address or "",
                id=feed.id,
                home=feed.home,
                language=feed.head.language,
                tags=spec.tags,
                description=one_line(feed.head.subtitle or "") or None,
            ),
        )
    return tuple(sorted(found.values(), key=lambda found: (found.name.casefold(), found.feed_url)))


def _alternates(spec: OutputSpec, outputs: Sequence[OutputSpec]) -> tuple[tuple[str, str], ...]:
    """The other outputs: (format, address relative to this one)."""
    folder = posixpath.dirname(spec.path) or "."
    return tuple((other.format, quote(posixpath.relpath(other.path, folder))) for other in outputs if other.path != spec.path)
