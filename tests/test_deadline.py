"""A deadline cuts what it watches, when it is due, and costs no thread of its own."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic

import pytest

from aggregator.collect.deadline import Deadline, Late


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        one.settimeout(20)
        yield one, other


@pytest.mark.parametrize("spans", [(0.05, 0.2, 30), (30, 0.2, 0.05)])
def test_each_deadline_cuts_its_own_connection_whoever_was_first(spans: tuple[float, ...]) -> None:
    started = monotonic()
    with ExitStack() as opened:
        made = []
        for span in spans:
            deadline = opened.enter_context(Deadline(span))
            waiting, _ = opened.enter_context(pair())
            deadline.watch(waiting)
            made.append((span, deadline, waiting))
        for span, deadline, waiting in sorted(made, key=lambda one: one[0])[:2]:
            assert waiting.recv(1) == b""
            assert span <= monotonic() - started < span + 2
            assert deadline.passed
            with pytest.raises(Late):
                deadline.remaining()
        (left,) = [deadline for span, deadline, _ in made if span == 30]
        assert left.remaining() > 20


def test_many_deadlines_need_one_thread() -> None:
    with Deadline(30) as first, pair() as (waiting, _):
        first.watch(waiting)
        before = threading.active_count()
        with ExitStack() as opened:
            for _ in range(50):
                opened.enter_context(Deadline(30)).watch(waiting)
            assert threading.active_count() == before


def test_a_connection_that_comes_after_the_end_is_cut_at_once_and_one_that_is_done_with_is_left_alone() -> None:
    with pair() as (waiting, _), pair() as (late, _), pair() as (done, other):
        with Deadline(0.5) as over:
            over.watch(done)
        with Deadline(0.6) as deadline:
            deadline.watch(waiting)
            assert waiting.recv(1) == b""
            deadline.watch(late)
            assert late.recv(1) == b""
        other.sendall(b"x")
        assert done.recv(1) == b"x"
