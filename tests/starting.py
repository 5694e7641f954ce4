"""What makes a whole run start and end sooner: nothing looks for garbage while tests are collected, and long files come first."""

import gc

import pytest

from aggregator.reading import ReadTask

# The files that take longest, the longest first.
_LONG = (
    "sentences", "page_in_browser", "daemon", "markup", "cli", "fetch", "first_run", "forgery", "reading", "parse", "parser_pool",
    "sql_store", "store_stories", "own_line", "subscribers", "client", "lists", "websub_subscriber", "house",
)  # fmt: skip
_PLACES = {f"test_{name}": place for place, name in enumerate(_LONG)}

# Collecting makes many objects and drops few: looking for cycles among them takes a third of the time.
gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, lest one process be left with one of them when the others are done."""
    items.sort(key=lambda item: _PLACES.get(item.path.stem, len(_LONG)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was collected stays to the end: no later search for garbage looks at it, and there are fewer of them than Python makes.

    Processes that share the tests share what reading takes, as the children of a nursery do.
    """
    if session.config.option.side_by_side:
        ReadTask()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()
