"""Keep the pages beside an HTML output up to date: one for each source and tag, the archive, the list of sources, and those of stories
that it had listed; and no others.

Which stories a page lists, and whether any of them changed, is told by their places alone (`Store.placed`); only pages that have
something new are composed and written. What each was made from is noted in the store, together with a digest of what was written: a page
that was changed or deleted is written again, and only what we wrote is removed.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final

import msgspec

from aggregator import __version__
from aggregator.ledgers import Outputs
from aggregator.model import Edition, Placed
from aggregator.ports import Publisher
from aggregator.publish.edition import EMPTY
from aggregator.publish.layout import archive_number, archive_path, archives_path, source_path, sources_path, tag_path
from aggregator.publish.page import ABOUT_ENTRIES, Range, archive_page, archives_page, source_page, sources_page, tag_page
from aggregator.publish.sources import facts, public_feed
from aggregator.publish.storypage import StoryPages
from aggregator.publish.themes import theme
from aggregator.publish.trail import FOLDER, STORY_PAGE, path_of, words_digest
from aggregator.refine.publishers import Feeds
from aggregator.web.text import fingerprint

REACH: Final = 5_000
"""So many of the latest entries stand in the archive: what is looked through at each publish must not grow with the store."""

KEPT_STORIES: Final = 1_000
"""So many of the latest stories keep their pages when they leave the output's page: addresses that people have passed on."""
_BATCH: Final = 1000
_EPOCH: Final = date(1970, 1, 1).toordinal()
_OURS: Final = b'<meta name="generator" content="aggregator">'

Composed = Callable[[Sequence[int]], Edition]
"""An edition of these stories (by pk), as far as its output lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An HTML output: what its page shows, how to compose others of its stories, and the rules (`judging.mark`) that chose them."""

    edition: Edition
    feeds: Feeds
    composed: Composed
    rules: str

    @property
    def feed_ids(self) -> dict[str, str]:
        """The feeds that may be named, by their keys."""
        return {key: spec.id for key, spec in self.feeds.specs.items() if not spec.is_private}

    @property
    def mark(self) -> str:
        """A digest of everything but the stories that decides what pages say; dates of feeds are no part of it, which no page shows."""
        edition, states = self.edition, self.feeds.states
        said = [facts(public_feed(states[key], spec), spec) for key, spec in sorted(self.feeds.specs.items()) if key in states]
        around = replace(edition, items=(), deleted=(), notes=(), updated=EMPTY)
        return fingerprint(msgspec.json.encode((__version__, theme(edition.spec.theme).digest, words_digest(), self.rules, around, said)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page that should be there: `write` makes it of an edition that holds its stories."""

    path: str
    made_from: str
    places: tuple[Placed, ...]
    write: Callable[[Edition], bytes]

    @property
    def is_story(self) -> bool:
        return bool(STORY_PAGE.fullmatch(self.path))


def bring_up(outputs: Sequence[Output], store: Outputs, publisher: Publisher, *, taken: frozenset[str], is_whole: bool) -> tuple[int, int]:
    """Write the pages that show something new, remove those of sources, tags and stories that are gone; count both.

    A path that is `taken` by an output is left to it, and one where somebody else's file stands to that. Nothing is removed while an output
    is missing (`is_whole`). Raises `PublishError`.
    """
    noted = store.pages()
    taken |= {item.trail.path for output in outputs for item in output.edition.items if item.trail}
    # What is noted counts, too: a folder of outputs that is lost is written anew.
    left = {path for path in (*publisher.names(FOLDER), *noted) if STORY_PAGE.fullmatch(path)} - taken
    wanted: set[str] = set()
    written = 0
    for output in outputs:
        pages = [page for page in _pages(output, store, left) if page.path not in taken and page.path not in wanted]
        pages = [page for page in pages if page.path in noted or not _is_theirs(page.path, publisher)]
        wanted |= {page.path for page in pages}
        written += _written(output, [page for page in pages if not _is_there(page, noted.get(page.path), publisher)], store, publisher)
    gone = [path for path in noted if path not in wanted] if is_whole else []
    removed = sum(publisher.remove(path, noted[path][1]) for path in gone if path not in taken)
    store.note_pages(dict.fromkeys(gone))
    return written, removed


def _is_theirs(path: str, publisher: Publisher) -> bool:
    """Whether a file stands there that no program of ours has written: nobody has named this path, so it is not ours to take."""
    body = publisher.read(path)
    return body is not None and _OURS not in body[:8192]


def _is_there(page: _Page, note: tuple[str, str] | None, publisher: Publisher) -> bool:
    if note is None or note[0] != page.made_from:
        return False
    body = publisher.read(page.path)
    return body is not None and fingerprint(body) == note[1]


def _written(output: Output, pages: Sequence[_Page], store: Outputs, publisher: Publisher) -> int:
    count = 0
    for batch in _batches(pages):
        stories = dict.fromkeys(place.story_pk for page in batch for place in page.places)
        edition = output.composed(list(stories))
        notes: dict[str, tuple[str, str] | None] = {}
        for page in batch:
            numbers = {place.sequence for place in page.places}
            items = tuple(item for item in edition.items if item.sequence in numbers)
            if page.is_story and not (items and items[0].trail):
                continue
            body = page.write(replace(edition, items=items))
            count += publisher.put(page.path, body)
            notes[page.path] = (page.made_from, fingerprint(body))
        store.note_pages(notes)
    return count


def _batches(pages: Sequence[_Page]) -> Iterator[list[_Page]]:
    """Pages together as long as they hold no more stories than fit into memory with ease."""
    batch: list[_Page] = []
    for page in pages:
        if batch and sum(len(one.places) for one in batch) + len(page.places) > _BATCH:
            yield batch
            batch = []
        batch.append(page)
    if batch:
        yield batch


# ── which pages there are ──────────────────────────────────────────────────────────────────────────────────────────────


def _pages(output: Output, store: Outputs, left: Collection[str]) -> Iterator[_Page]:
    """The pages that an output should have; `left` are those of stories that no page lists any more."""
    edition, path, mark = output.edition, output.edition.spec.path, output.mark
    places, feed_ids = store.placed(path, REACH), output.feed_ids
    tags_of = {feed.id: feed.tags for feed in edition.subscriptions}
    by_feed: dict[str, list[Placed]] = {}
    # In one go over the entries: a planet may have as many tags as feeds.
    by_tag: dict[str, list[Placed]] = {tag: [] for tags in tags_of.values() for tag in tags}
    for place in sorted(places, key=lambda place: place.rank, reverse=True):
        feed_id = feed_ids.get(place.feed_key or "", "")
        by_feed.setdefault(feed_id, []).append(place)
        for tag in dict.fromkeys(tags_of.get(feed_id, ())):
            by_tag[tag].append(place)
    yield _page(mark, sources_path(path), (), sources_page)
    for feed in edition.subscriptions:
        yield _page(mark, source_path(path, feed.id), by_feed.get(feed.id, [])[:ABOUT_ENTRIES], partial(source_page, feed=feed))
    for tag, tagged in by_tag.items():
        yield _page(mark, tag_path(path, tag), tagged[: edition.spec.max_entries], partial(tag_page, tag=tag))
    yield from _archive(path, mark, places)
    for place in places[:KEPT_STORIES] if left else ():
        if place.feed_key in feed_ids and (story := path_of(place.published_id)) in left:
            yield _page(mark, story, (place,), _story_page)


def _story_page(edition: Edition) -> bytes:
    return StoryPages(edition).page(edition.items[0])


def _archive(path: str, mark: str, places: Sequence[Placed]) -> Iterator[_Page]:
    """The archive, cut by the numbers of the entries: what is listed later, whatever its date, changes no page that is full."""
    numbers: dict[int, list[Placed]] = {}
    for place in places:
        numbers.setdefault(archive_number(place.sequence), []).append(place)
    if len(places) >= REACH:
        # Of the page of the last one some entries are out of reach.
        del numbers[archive_number(places[-1].sequence)]
    for number in sorted(numbers):
        is_first, is_last = number == min(numbers), number == max(numbers)
        write = partial(archive_page, number=number, is_first=is_first, is_last=is_last)
        yield _page(mark, archive_path(path, number), numbers[number], write, is_first, is_last)
    days = {number: [place.day for place in held] for number, held in numbers.items()}
    ranges = [Range(number=number, first=_date(min(found)), last=_date(max(found))) for number, found in days.items()]
    yield _page(mark, archives_path(path), (), partial(archives_page, ranges=ranges), ranges)


def _date(day: int) -> date:
    return date.fromordinal(_EPOCH + day)


def _page(mark: str, path: str, places: Sequence[Placed], write: Callable[[Edition], bytes], *parts: object) -> _Page:
    made_from = fingerprint(msgspec.json.encode((mark, path, [(place.story_pk, place.generation) for place in places], parts)))
    return _Page(path=path, made_from=made_from, places=tuple(places), write=write)
