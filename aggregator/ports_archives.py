"""The seam to the archives of outputs: what the store keeps of them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from aggregator.model import ArchivePage, Publication, StoredEntry, Upkeep


class Archives(Protocol):
    """The archive pages of outputs (by path), cut by the sequence numbers of what was listed. Raises `StoreError`."""

    def upkeep(self, output: str, mark: str) -> Upkeep:
        """What is to be looked at since an archive was last noted as kept under `mark` (a hash of the rules)."""
        ...

    def stories(self, output: str, first: int, last: int) -> list[tuple[Publication, tuple[StoredEntry, ...]]]:
        """What is listed and has one of these sequence numbers, with all members, newest sort key first."""
        ...

    def page(self, path: str) -> ArchivePage | None:
        """An archive page as it was written last."""
        ...

    def note_page(self, output: str, page: ArchivePage) -> None:
        """Note what was written into the file of an archive page."""
        ...

    def note_kept(self, output: str, mark: str, generation: int) -> None:
        """Note that an archive is kept under `mark` up to a generation (`Upkeep.generation`)."""
        ...

    def stale(self, sizes: Mapping[str, int]) -> list[tuple[str, str]]:
        """(path, digest) of the pages of outputs other than these, and of pages that these, with so many entries on each, have no more."""
        ...

    def drop_page(self, path: str) -> None:
        """Forget a page whose file is gone; its output's archive is looked at as a whole again."""
        ...

    def entries(self, outputs: Sequence[str]) -> frozenset[int]:
        """The members (pk) of every story that one of these outputs lists, however long ago it was listed first."""
        ...
