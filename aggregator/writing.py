"""Bring the files of outputs up to date: render, read back, replace what changed, remember what was written, remove what is gone."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.errors import PublishError
from aggregator.ledgers import Outputs
from aggregator.model import Edition, Format, Kept, OutputSpec, PublishReport, Written
from aggregator.ports import Publisher, Renderer
from aggregator.publish.stylesheet import STYLESHEETS, stylesheet
from aggregator.web.text import fingerprint

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Before:
    """The file of an output as it stands (None: there is none, or not ours), and what was noted of it."""

    noted: tuple[str, bytes] | None = None
    file: bytes | None = field(default=None, repr=False)

    @property
    def kept(self) -> Kept | None:
        """The serialized entries that it keeps."""
        return Kept(file=self.file, index=self.noted[1]) if self.file and self.noted and self.noted[1] else None


def before(path: str, store: Outputs, publisher: Publisher) -> Before:
    """Look at the file of an output. Raises `PublishError`."""
    noted = store.file(path)
    file = publisher.read(path) if noted else None
    is_ours = file is not None and noted is not None and fingerprint(file) == noted[0]
    return Before(noted, file if is_ours else None)


def bring_up(edition: Edition, old: Before, renderers: Mapping[Format, Renderer], store: Outputs, publisher: Publisher) -> bool:
    """Write the file of an edition if its bytes differ, and tell whether they did. Raises `PublishError`; the last good file stays then."""
    path = edition.spec.path
    written = renderers[edition.spec.format](edition, old.kept)
    changed = False
    if written.body != old.file:
        read_back(edition, written)
        changed = publisher.put(path, written.body)
    if old.noted != (now := (fingerprint(written.body), written.index)):
        store.note_file(path, *now)
    return changed


def bring_up_stylesheets(outputs: Sequence[OutputSpec], publisher: Publisher) -> tuple[int, int]:
    """Write the stylesheets of the feeds where there are any, remove ours where there are none; count both. Raises `PublishError`."""
    if any(output.format in ("atom", "rss") for output in outputs):
        return sum(publisher.put(path, stylesheet(path)) for path in STYLESHEETS), 0
    return 0, sum(publisher.remove(path, fingerprint(stylesheet(path))) for path in STYLESHEETS)


def remove_gone(outputs: Sequence[OutputSpec], store: Outputs, publisher: Publisher) -> list[PublishReport]:
    """Remove what stands in the files of outputs that are gone from feeds.yaml; a file that somebody else wrote since stays.

    A file that cannot be removed is reported, and tried again next time.
    """
    kept = {output.path for output in outputs}
    reports = []
    for path, digest in store.files().items():
        if path in kept:
            continue
        try:
            changed = publisher.remove(path, digest)
        except PublishError as error:
            reports.append(PublishReport(path=path, changed=False, error=error.message))
            continue
        store.note_file(path, None)
        if changed:
            reports.append(PublishReport(path=path, changed=True, listed="removed, it is no longer in feeds.yaml"))
        else:
            log.info("%s is no longer in feeds.yaml: no file of ours was there", path)
    return reports


def read_back(edition: Edition, written: Written) -> None:
    """Make sure that a file gives its edition back. Raises `PublishError`."""
    # Here, because a poll that finds nothing new needs no format and none of their libraries: a fifth of the program's start.
    from aggregator.publish.check import checked, checked_joined

    if written.of_fresh is None:
        checked(edition.spec.path, edition.spec.format, written.body, edition)
    else:
        checked_joined(edition.spec.path, edition.spec.format, written, edition)
