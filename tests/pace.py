"""How long code may take: in processor time of this thread, since other tests and programs share the machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if what is done here takes longer; the limit should be several times what it takes where nothing else runs."""
    began = thread_time()
    yield
    took = thread_time() - began
    assert took < seconds, f"it took {took:.2f} s"
