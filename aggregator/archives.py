"""Keep the archives of outputs (RFC 5005): everything that was ever listed, on pages cut by sequence number, whose bytes stay.

A page is closed when the next one begins: from then on its bytes stay, whatever becomes of its entries, unless one of them is not listed
any more (withdrawn, dropped, its feed gone): that one is cut out. Since a story gets its number when it is first listed, a feed that is
added with all its old entries changes no closed page. A page is closed before it is full, its other numbers left out, when the output
has no room for one of its entries: then nothing that was ever listed is out of a reader's reach.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import msgspec

from aggregator import judging, writing
from aggregator.model import Archive, ArchivePage, Config, Format, Kept, OutputSpec, Publication, StoredEntry, Upkeep, Written, pages_begun
from aggregator.ports import Publisher, Renderer, Store
from aggregator.publish.archive import page_path
from aggregator.publish.edition import address_of, compose
from aggregator.refine.publishers import Feeds
from aggregator.web.text import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keeper:
    """One output's archive and what is needed to write its pages."""

    output: OutputSpec
    size: int
    config: Config
    feeds: Feeds
    store: Store
    publisher: Publisher
    renderers: Mapping[Format, Renderer]

    def path(self, number: int) -> str:
        return page_path(self.output.path, number)

    def stories(self, number: int) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        """What stands on a page, as far as it is listed today."""
        first = (number - 1) * self.size + 1
        return self.store.archives.stories(self.output.path, first, first + self.size - 1)

    def links(self, number: int, begun: int) -> Archive:
        """The links of a page, of which `begun` are begun. The last one is linked from none but the one before: it still grows."""
        is_closed = number < begun
        return Archive(
            is_closed=is_closed,
            current=address_of(self.config.link, self.output.path),
            previous=address_of(self.config.link, self.path(number - 1)) if number > 1 else None,
            following=address_of(self.config.link, self.path(number + 1)) if is_closed else None,
        )


def bring_up(
    output: OutputSpec,
    listed: Collection[int],
    config: Config,
    feeds: Feeds,
    store: Store,
    publisher: Publisher,
    renderers: Mapping[Format, Renderer],
) -> tuple[Archive | None, int]:
    """Write the pages of an output's archive that changed; give the links that the output itself needs, and how many pages were written.

    The output must have been judged; `listed` are the stories (by pk) that it lists itself. Raises `PublishError`; what was not written is
    tried again at the next publish.
    """
    if not output.archive:
        return None, 0
    keeper = _Keeper(output=output, size=output.archive, config=config, feeds=feeds, store=store, publisher=publisher, renderers=renderers)
    mark = _digest(judging.mark(output, config, feeds), output.archive, config.link)
    upkeep = store.archives.upkeep(output.path, mark)
    begun = pages_begun(upkeep.last_sequence, upkeep.left_out, output.archive)
    if _is_closed_early(keeper, begun, listed):
        store.archives.leave_out(output.path, begun * output.archive)
        begun += 1
    written = sum(_bring_up_page(keeper, number, begun) for number in _candidates(keeper, upkeep, begun))
    store.archives.note_kept(output.path, mark, upkeep.generation)
    return Archive(previous=address_of(config.link, keeper.path(begun - 1)) if begun > 1 else None), written


def _is_closed_early(keeper: _Keeper, begun: int, listed: Collection[int]) -> bool:
    """Whether the last page, which only the one before it leads to, holds what the output itself has no room for.

    Readers remember which pages they have had (RFC 5005 section 4.1), so the output cannot lead to one that still grows.
    """
    growing = keeper.store.placed(keeper.output.path, keeper.size) if begun else []
    return any(place.story_pk not in listed for place in growing if place.sequence > (begun - 1) * keeper.size)


def remove_stale(config: Config, store: Store, publisher: Publisher) -> int:
    """Remove the pages of archives that are no longer in feeds.yaml, or that have fewer pages than before; count them."""
    removed = 0
    for path, digest in store.archives.stale({output.path: output.archive for output in config.outputs if output.archive}):
        removed += publisher.remove(path, digest)
        store.archives.drop_page(path)
    return removed


def _candidates(keeper: _Keeper, upkeep: Upkeep, begun: int) -> Iterable[int]:
    """The pages that may have to be written: the last one, those never closed yet, those with a story that changed, and lost ones."""
    everything = range(1, begun + 1)
    if upkeep.touched is None:
        return everything
    folder = str(PurePosixPath(keeper.path(1)).parent)
    there = set(keeper.publisher.names(folder))
    lost = {number for number in everything if keeper.path(number) not in there}
    touched = {pages_begun(sequence, 0, keeper.size) for sequence in upkeep.touched}
    return sorted(lost | touched | set(range(upkeep.last_closed + 1, begun + 1)))


def _bring_up_page(keeper: _Keeper, number: int, begun: int) -> bool:
    listed = keeper.stories(number)
    links = keeper.links(number, begun)
    ids = [publication.published_id for publication, _ in listed]
    shows = _shows(ids, links)
    page = keeper.store.archives.page(keeper.path(number))
    file = keeper.publisher.read(keeper.path(number)) if page else None
    is_ours = page is not None and file is not None and fingerprint(file) == page.written
    if page and is_ours and page.is_closed and page.shows == shows:
        return False
    kept = Kept(file=file, index=page.places) if page and file and is_ours else None
    written = _cut(keeper, page, kept, ids, links) if page and kept else None
    if written is None:
        written = _rendered(keeper, listed, number, links, kept)
    changed = keeper.publisher.put(keeper.path(number), written.body)
    made = ArchivePage(
        path=keeper.path(number),
        number=number,
        is_closed=links.is_closed,
        shows=shows,
        written=fingerprint(written.body),
        places=written.index,
    )
    if made != page:
        keeper.store.archives.note_page(keeper.output.path, made)
    return changed


def _cut(keeper: _Keeper, page: ArchivePage, kept: Kept, ids: Sequence[str], links: Archive) -> Written | None:
    """A closed page without what is not listed any more; None where it must be made anew, since something else differs."""
    from aggregator.publish.check import ids_of, well_formed
    from aggregator.publish.shelf import places, without

    held, still = ids_of(keeper.output.format, kept.file), set(ids)
    if not page.is_closed or page.shows != _shows(held, links) or [one for one in held if one in still] != list(ids):
        return None
    if len(places(kept)) != len(held):  # another program's index: it does not tell where each of them stands
        return None
    written = without(kept, {place for place, one in enumerate(held) if one not in still})
    well_formed(page.path, keeper.output.format, written.body)
    return written


def _rendered(
    keeper: _Keeper, listed: Sequence[tuple[Publication, tuple[StoredEntry, ...]]], number: int, links: Archive, kept: Kept | None
) -> Written:
    feeds, output = keeper.feeds, keeper.output
    stories = judging.stories(listed, output, keeper.store, feeds)
    spec = replace(output, path=keeper.path(number))
    edition = compose(spec, keeper.config, stories, feeds.states, feeds.specs, (), judging.owed(stories, feeds), links)
    # All documents of one feed have its id (RFC 5005 section 4).
    edition = replace(edition, id=links.current or edition.id)
    written = keeper.renderers[output.format](edition, kept)
    writing.read_back(edition, written)
    return written


def _shows(ids: Sequence[str], links: Archive) -> str:
    return _digest(list(ids), msgspec.to_builtins(links))


def _digest(*said: object) -> str:
    return fingerprint(msgspec.json.encode(said))
