"""The archives of outputs, in plain dictionaries over a fake store's own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aggregator.model import ArchivePage, Publication, StoredEntry, Upkeep, pages_begun


class FakeArchives:
    def __init__(self, store: Any) -> None:
        self._store = store
        self._pages: dict[str, tuple[str, ArchivePage]] = {}
        self._kept: dict[str, tuple[str, int]] = {}
        self.left_out: dict[str, int] = {}

    def _given(self, output: str) -> Iterator[Publication]:
        for (path, _), one in self._store._standings.items():
            if path == output and one.publication.sequence is not None:
                yield one.publication

    def upkeep(self, output: str, mark: str) -> Upkeep:
        kept, since = self._kept.get(output, ("", 0))
        changed = {pk for pk, story in self._store._stories.items() if story.generation > since}
        touched = sorted(one.sequence or 0 for one in self._given(output) if one.story_pk in changed)
        return Upkeep(
            last_sequence=max((one.sequence or 0 for one in self._given(output)), default=0),
            left_out=self.left_out.get(output, 0),
            last_closed=max((page.number for path, page in self._pages.values() if path == output and page.is_closed), default=0),
            touched=tuple(touched) if kept == mark else None,
            generation=self._store._numbers["generation"],
        )

    def leave_out(self, output: str, last: int) -> None:
        self.left_out[output] = max(last, self.left_out.get(output, 0))

    def stories(self, output: str, first: int, last: int) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        found = sorted(
            (one for one in self._given(output) if one.listed and first <= (one.sequence or 0) <= last), key=lambda one: one.published_id
        )
        found.sort(key=lambda one: one.sort_key, reverse=True)
        return [(one, self._store._members(one.story_pk)) for one in found]

    def page(self, path: str) -> ArchivePage | None:
        return self._pages[path][1] if path in self._pages else None

    def note_page(self, output: str, page: ArchivePage) -> None:
        self._pages[page.path] = output, page

    def note_kept(self, output: str, mark: str, generation: int) -> None:
        self._kept[output] = mark, generation

    def stale(self, sizes: Mapping[str, int]) -> list[tuple[str, str]]:
        kept = {output: self.upkeep(output, "") for output in sizes}
        begun = {output: pages_begun(kept[output].last_sequence, kept[output].left_out, size) for output, size in sizes.items()}
        return sorted(
            (path, page.written) for path, (output, page) in self._pages.items() if output not in sizes or page.number > begun[output]
        )

    def drop_page(self, path: str) -> None:
        output, _ = self._pages.pop(path, (None, None))
        self._kept.pop(output or "", None)

    def entries(self, outputs: Sequence[str]) -> frozenset[int]:
        listed = [one for output in outputs for one in self._given(output) if one.listed]
        return frozenset(member.pk for one in listed for member in self._store._members(one.story_pk))
