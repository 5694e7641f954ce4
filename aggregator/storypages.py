"""Keep a page for each story that an HTML output lists, and no others."""

import re
from collections.abc import Sequence
from typing import Final

from aggregator.model import Edition, Item
from aggregator.ports import Publisher
from aggregator.publish.trail import FOLDER
from aggregator.web.text import fingerprint

_OURS: Final = re.compile(rf"{FOLDER}/[0-9a-f]{{16}}\.html")


def bring_up(editions: Sequence[Edition], publisher: Publisher, *, is_whole: bool) -> tuple[int, int]:
    """Write the pages whose stories show something new, remove those whose stories have left; count both.

    A page that two outputs link to is written for the first of them. Only files that hold what we wrote are removed, and none while an
    output is missing (`is_whole`). Raises `PublishError`.
    """
    wanted: dict[str, tuple[Item, Edition]] = {}
    for edition in editions:
        for item in edition.items:
            if item.trail:
                wanted.setdefault(item.trail.path, (item, edition))
    written = sum(_written(path, item, edition, publisher) for path, (item, edition) in wanted.items())
    gone = [name for name in publisher.names(FOLDER) if _OURS.fullmatch(name) and name not in wanted] if is_whole else []
    return written, sum(_removed(path, publisher) for path in gone)


def _written(path: str, item: Item, edition: Edition, publisher: Publisher) -> bool:
    # Here, because whoever only polls needs no format.
    from aggregator.publish.storypage import shown_by, shows, story_page

    body = publisher.read(path)
    if body is not None and shown_by(body) == shows(item, edition):
        return False
    return publisher.put(path, story_page(item, edition))


def _removed(path: str, publisher: Publisher) -> bool:
    from aggregator.publish.storypage import shown_by

    body = publisher.read(path)
    return body is not None and shown_by(body) is not None and publisher.remove(path, fingerprint(body))
