"""Parsing in children: the same results, and nothing that a document does reaches this process."""

import os
import resource
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from aggregator.collect.nursery import Nursery
from aggregator.collect.parse import TASK, ParserPool, read
from aggregator.errors import ParseError
from aggregator.model import Document
from tests.fakes import document
from tests.pace import some


def rss(inner: str) -> Document:
    return document(f"<rss version='2.0'><channel><title>T</title>{inner}</channel></rss>")


GOOD = rss("<item><title>café</title><guid>1</guid><pubDate>Mon, 06 Jan 2025 10:00:00 GMT</pubDate></item>")
# Tag soup of this size takes any machine longer than a quarter of a second.
SLOW = rss("<item>" + "<b>x" * 400_000 + "</item>")
LARGE = document('{"version": "https://jsonfeed.org/version/1.1", "items": [' + "[]," * 3_000_000 + "[]]}")


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where the children of all pools come from: one such process serves them all."""
    made = Nursery(TASK)
    yield made
    made.close()


@pytest.fixture(scope="module")
def pool(nursery: Nursery) -> Iterator[ParserPool]:
    made = ParserPool(children=2, nursery=nursery)
    yield made
    made.close()


def children() -> set[int]:
    """What lives of the children, and of the processes that they come from."""
    found = psutil.Process().children(recursive=True)
    return {child.pid for child in found if child.status() != psutil.STATUS_ZOMBIE}


def is_over(child: int) -> bool:
    try:
        return psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def message(pool: ParserPool, doc: Document) -> str:
    with pytest.raises(ParseError) as caught:
        pool.parse(doc)
    assert caught.value.url == doc.url
    return caught.value.message


def test_a_child_reads_what_this_process_reads(pool: ParserPool, shared: Path) -> None:
    paths = some(sorted((shared / "corpus/real").glob("*"))[3::60], 3)
    samples = [path.read_bytes() for path in paths if path.suffix in (".xml", ".json")]
    assert samples
    for body in samples:
        doc = document(body)
        assert pool.parse(doc) == read(doc)


def test_a_childs_refusal_is_this_processs_refusal(pool: ParserPool) -> None:
    page = document('<html><head><link rel="alternate" type="application/atom+xml" href="/atom"></head></html>')
    with pytest.raises(ParseError) as here:
        read(page)
    with pytest.raises(ParseError) as there:
        pool.parse(page)
    assert (there.value.message, there.value.found) == (here.value.message, here.value.found)
    assert there.value.found == ("https://blog.example/atom",)


def test_many_threads_share_few_children_and_closing_ends_them_and_refuses_more() -> None:
    before = children()
    pool = ParserPool(children=2)
    with ThreadPoolExecutor(8) as threads:
        feeds = list(threads.map(pool.parse, [rss(f"<item><guid>{n}</guid></item>") for n in range(60)]))
    assert [feed.entries[0].id for feed in feeds] == [str(n) for n in range(60)]
    assert 2 <= len(children() - before) <= 3, "up to two, and the process that they come from"
    pool.close()
    pool.close()
    assert children() <= before
    assert message(pool, GOOD) == "the parser failed: it is closed"


def test_a_parse_that_takes_too_long_is_stopped_and_waiting_for_a_child_does_not_count(nursery: Nursery) -> None:
    pool = ParserPool(children=1, cpu_s=0.25, nursery=nursery)
    pool.parse(GOOD)  # the start of a child does not count
    started = time.monotonic()
    assert message(pool, SLOW).startswith("took longer than 0."), "by its processor time, or by the clock"
    assert time.monotonic() - started < 3
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(message, pool, SLOW)
        quick = threads.submit(pool.parse, GOOD)
        assert quick.result() == read(GOOD)
        assert slow.result().startswith("took longer than 0.")
    pool.close()


def test_a_document_may_wait_for_a_busy_processor_but_not_for_ever(nursery: Nursery) -> None:
    pool = ParserPool(children=1, cpu_s=0.25, nursery=nursery)
    before = children()
    pool.parse(GOOD)
    (child,) = children() - before
    os.kill(child, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as threads:
        started = time.monotonic()
        waiting = threads.submit(pool.parse, GOOD)
        while time.monotonic() - started < 0.3:
            assert not waiting.done(), "it has had no processor yet"
        os.kill(child, signal.SIGCONT)
        assert waiting.result() == read(GOOD)
    os.kill(child, signal.SIGSTOP)
    assert message(pool, GOOD) == "took longer than 0.75 s on a busy machine"
    assert is_over(child)
    assert pool.parse(GOOD) == read(GOOD)
    pool.close()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs a system that limits address space (Linux)")
def test_a_parse_that_needs_too_much_memory_is_stopped_and_the_next_one_works(nursery: Nursery) -> None:
    pool = ParserPool(children=1, max_mb=64, cpu_s=30, nursery=nursery)
    assert message(pool, LARGE) == "needed more than 64 MiB"
    assert pool.parse(GOOD) == read(GOOD)
    pool.close()


def test_a_child_that_dies_is_replaced_and_one_that_dies_at_work_is_one_documents_error(nursery: Nursery) -> None:
    nursery.end(nursery.born(max_mb=1, cpu_s=1))
    pool = ParserPool(children=1, cpu_s=60, nursery=nursery)
    before = children()
    pool.parse(GOOD)
    (child,) = children() - before
    os.kill(child, signal.SIGKILL)
    while not is_over(child):
        pass
    assert pool.parse(GOOD) == read(GOOD)
    (child,) = children() - before
    with ThreadPoolExecutor(1) as threads:
        failing = threads.submit(message, pool, SLOW)
        while not _works(child):
            pass
        os.kill(child, signal.SIGKILL)
        assert failing.result() == "the parser failed: its process ended (signal 9)"
    assert pool.parse(GOOD) == read(GOOD)
    pool.close()


def test_where_the_process_that_children_come_from_dies_another_takes_its_place() -> None:
    before = children()
    pool = ParserPool(children=1)
    pool.parse(GOOD)
    nurse, child = sorted(children() - before)
    os.kill(nurse, signal.SIGKILL)
    while not is_over(nurse):
        pass
    assert pool.parse(GOOD) == read(GOOD), "the child lives on"
    os.kill(child, signal.SIGKILL)
    while not is_over(child):
        pass
    assert pool.parse(GOOD) == read(GOOD)
    assert len(children() - before) == 2
    pool.close()
    assert children() <= before


def test_where_the_process_that_children_come_from_does_not_answer_nobody_waits_long_for_it() -> None:
    before = children()
    nursery = Nursery(TASK, reply_s=0.2)
    pool = ParserPool(children=1, nursery=nursery)
    pool.parse(GOOD)
    nurse, child = sorted(children() - before)
    os.kill(nurse, signal.SIGSTOP)
    os.kill(child, signal.SIGKILL)
    while not is_over(child):
        pass
    assert pool.parse(GOOD) == read(GOOD), "another takes its place"
    assert is_over(nurse)
    (nurse,) = {process.pid for process in psutil.Process().children() if process.pid not in before and not is_over(process.pid)}
    os.kill(nurse, signal.SIGSTOP)
    began = time.monotonic()
    pool.close()
    nursery.close()
    assert time.monotonic() - began < 5
    assert is_over(nurse)


def test_a_birth_under_way_is_given_up_when_the_pool_is_closed() -> None:
    before = children()
    pool = ParserPool(children=1)
    with ThreadPoolExecutor(1) as threads:
        failing = threads.submit(message, pool, GOOD)
        while not children() - before:
            pass
        pool.close()
        assert failing.result().startswith("the parser failed: ")
    assert children() <= before


def _works(child: int) -> bool:
    times = psutil.Process(child).cpu_times()
    return times.user + times.system > 0 and psutil.Process(child).status() == psutil.STATUS_RUNNING


_OPEN = Path("/dev/fd")


def test_where_no_more_files_may_be_open_a_birth_fails_and_leaves_none_open(nursery: Nursery) -> None:
    nursery.end(nursery.born(max_mb=1, cpu_s=1))
    before = len(list(_OPEN.iterdir()))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 400), hard))
    filling: list[int] = []
    try:
        with suppress(OSError):
            while True:
                filling.append(os.dup(0))
        for _ in range(3):  # enough for one pipe, and not for two
            os.close(filling.pop())
        with pytest.raises(OSError, match="Too many open files"):
            nursery.born(max_mb=1, cpu_s=1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for number in filling:
            os.close(number)
    assert len(list(_OPEN.iterdir())) == before


def test_a_pool_that_was_never_used_starts_nothing() -> None:
    before = children()
    ParserPool().close()
    assert children() == before


def test_children_are_silent(pool: ParserPool, capfd: pytest.CaptureFixture[str]) -> None:
    pool.parse(GOOD)
    message(pool, document(b"x"))
    assert capfd.readouterr() == ("", "")
