"""What several test modules need: the folder of shared data beside the repository, or a skip that says why; fetchers over both doors."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import browser
from tests.starting import (
    pytest_collection,
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_runtest_protocol,
)

__all__ = [
    "browser",
    "pytest_collection",
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_runtest_protocol",
]

if TYPE_CHECKING:
    from aggregator.collect.fetch import WebFetcher

OpenFetcher = Callable[..., "WebFetcher"]
"""Makes a fetcher (the keywords of `WebFetcher`; in a hurry unless told otherwise) that is closed after the test."""

_SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the repository; the test is skipped where it is absent."""
    if not _SHARED.is_dir():
        pytest.skip("needs the folder 'shared' beside the repository (real feeds, hostile feeds, schemas)")
    return _SHARED


@pytest.fixture(params=["requests", "curl"])
def open_fetcher(request: pytest.FixtureRequest) -> Iterator[OpenFetcher]:
    """Each test that asks for it runs twice: both doors keep the same promises."""
    if request.param == "curl" and find_spec("pycurl") is None:
        pytest.skip("needs pycurl (the extra `fast`)")
    from aggregator.collect.fetch import WebFetcher  # here: the process that only hands out tests needs it not

    with ExitStack() as opened:

        def make(**given: object) -> WebFetcher:
            keywords = {"user_agent": "a", "timeout_s": 2.0, "client": request.param, **given}
            return opened.enter_context(closing(WebFetcher(**keywords)))  # type: ignore[arg-type]

        yield make
