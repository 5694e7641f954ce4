"""The examples in docstrings say what the code does."""

import doctest
import importlib
import linecache
import pkgutil
from collections.abc import Iterator

import pytest

import aggregator

PARTS = ("cli", "collect", "publish", "refine", "store", "web", "")


def modules(part: str) -> Iterator[str]:
    for found in pkgutil.walk_packages(aggregator.__path__, "aggregator."):
        name = found.name.removeprefix("aggregator.")
        if (name.partition(".")[0] if "." in name else "") == part and not name.endswith("__main__") and ".migrations" not in name:
            yield found.name


@pytest.mark.parametrize("part", PARTS)
def test_the_examples_in_docstrings_come_out(part: str) -> None:
    ran = 0
    linecache.clearcache()  # for each example doctest looks whether any file that is remembered here has changed
    for name in modules(part):
        result = doctest.testmod(importlib.import_module(name))
        assert result.failed == 0, name
        ran += result.attempted
    assert ran or part in ("cli", "store"), part
