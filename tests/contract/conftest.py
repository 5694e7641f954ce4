"""The stores that the contract suite runs over."""

from collections.abc import Iterator

import pytest

from aggregator.ports import Store
from tests.fake_store import FakeStore
from tests.ledger import sqlite_store


@pytest.fixture(params=["fake", "sqlite"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "fake":
        yield FakeStore()
        return
    with sqlite_store() as made:
        yield made
