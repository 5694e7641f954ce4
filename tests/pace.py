"""How long code may take, in processor time of this thread, since others share the machine; and how much of all there is a test tries."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import thread_time
from typing import Final, TypeVar

from hypothesis import settings

Thing = TypeVar("Thing")

# `make soak` says so: then tests try all that they otherwise try a part of.
IS_LONG: Final = os.environ.get("TESTS") == "long"
# Of a property, 15 examples mostly show what hundreds do; each run tries others.
EXAMPLES: Final = 15
_TIMES: Final = 60 if IS_LONG else 1
# How many times as long texts are that must not be slow, and how much longer they may take.
LONGER: Final = 3 if IS_LONG else 1


def examples(count: int = EXAMPLES) -> settings:
    """How many examples of a property are tried: so many, and 60 times as many in `make soak`."""
    return settings(max_examples=count * _TIMES, deadline=None)


def some(things: Sequence[Thing], every: int) -> Sequence[Thing]:
    """Every so-many-th of these things; all of them in `make soak`."""
    return things if IS_LONG else things[::every]


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if what is done here takes longer; the limit should be several times what it takes where nothing else runs."""
    began = thread_time()
    yield
    took = thread_time() - began
    assert took < seconds, f"it took {took:.2f} s"
