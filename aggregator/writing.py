"""Bring one file of the outputs up to date: render, read back, replace what changed, remember what was written."""

from collections.abc import Mapping, Sequence

from aggregator.model import Edition, Format, Kept, OutputSpec, Written
from aggregator.ports import Publisher, Renderer, Store
from aggregator.publish.stylesheet import STYLESHEETS, stylesheet
from aggregator.web.text import fingerprint


def bring_up(edition: Edition, renderers: Mapping[Format, Renderer], store: Store, publisher: Publisher) -> bool:
    """Write the file of an edition if its bytes differ, and tell whether they did. Raises `PublishError`; the last good file stays then."""
    path = edition.spec.path
    noted = store.file(path)
    old = publisher.read(path) if noted else None
    is_ours = old is not None and noted is not None and fingerprint(old) == noted[0]
    kept = Kept(file=old, index=noted[1]) if is_ours and old and noted and noted[1] else None
    written = renderers[edition.spec.format](edition, kept)
    changed = False
    if not (is_ours and written.body == old):
        read_back(edition, written)
        changed = publisher.put(path, written.body)
    if noted != (now := (fingerprint(written.body), written.index)):
        store.note_file(path, *now)
    return changed


def bring_up_stylesheets(outputs: Sequence[OutputSpec], publisher: Publisher) -> tuple[int, int]:
    """Write the stylesheets of the feeds where there are any, remove ours where there are none; count both. Raises `PublishError`."""
    if any(output.format in ("atom", "rss") for output in outputs):
        return sum(publisher.put(path, stylesheet(path)) for path in STYLESHEETS), 0
    return 0, sum(publisher.remove(path, fingerprint(stylesheet(path))) for path in STYLESHEETS)


def read_back(edition: Edition, written: Written) -> None:
    """Make sure that a file gives its edition back. Raises `PublishError`."""
    # Here, because a poll that finds nothing new needs no format and none of their libraries: a fifth of the program's start.
    from aggregator.publish.check import checked, checked_joined

    if written.of_fresh is None:
        checked(edition.spec.path, edition.spec.format, written.body, edition)
    else:
        checked_joined(edition.spec.path, edition.spec.format, written, edition)
