"""Keep a page for each story that the page of an HTML output lists; those of others are kept beside it (`sidepages`), or removed."""

from collections.abc import Collection, Mapping, Sequence

from aggregator.model import Edition, Item
from aggregator.ports import Publisher
from aggregator.publish.trail import FOLDER, STORY_PAGE
from aggregator.web.text import fingerprint


def bring_up(editions: Sequence[Edition], publisher: Publisher, *, kept: Collection[str], is_whole: bool) -> tuple[int, int]:
    """Write the pages whose stories show something new, remove those whose stories have left, unless they are `kept`; count both.

    A page that two outputs link to is written for the first of them. Only files that hold what we wrote are removed, and none while an
    output is missing (`is_whole`). Raises `PublishError`.
    """
    wanted: set[str] = set()
    written = 0
    for edition in editions:
        mine = {item.trail.path: item for item in edition.items if item.trail and item.trail.path not in wanted}
        wanted |= mine.keys()
        written += _written(mine, edition, publisher)
    gone = [name for name in publisher.names(FOLDER) if STORY_PAGE.fullmatch(name) and name not in wanted | {*kept}] if is_whole else []
    return written, sum(_removed(path, publisher) for path in gone)


def _written(wanted: Mapping[str, Item], edition: Edition, publisher: Publisher) -> int:
    # Here, because whoever only polls needs no format.
    from aggregator.publish.storypage import StoryPages, shown_by

    pages = StoryPages(edition)
    fresh = {path: item for path, item in wanted.items() if shown_by(publisher.read(path) or b"") != pages.shows(item)}
    return sum(publisher.put(path, pages.page(item)) for path, item in fresh.items())


def _removed(path: str, publisher: Publisher) -> bool:
    from aggregator.publish.storypage import shown_by

    body = publisher.read(path)
    return body is not None and shown_by(body) is not None and publisher.remove(path, fingerprint(body))
