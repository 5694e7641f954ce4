"""`pytest --side-by-side N`: N processes, forked when all is imported and collected, run the tests, a file at a time.

Workers that are interpreters of their own would each import and collect everything again, which for thousands of short tests is a fifth of
all the time. What is reported, is reported by the process that was started, as of any run.
"""

import multiprocessing
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final
from warnings import WarningMessage

import pytest

_FORK: Final = multiprocessing.get_context("fork")
# Thousands of tests take a millisecond each: what is reported of them is sent together.
_BETWEEN_MESSAGES_S: Final = 0.1
_NONE: Final = -1

Batch = Sequence[int]
"""Some of the collected items by their numbers: all of one file, or what is left of it."""

Told = pytest.TestReport | dict[str, Any]
"""A report as it is sent: itself, or, where it says why a test failed or was skipped, as pytest writes it down."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--side-by-side", type=int, default=0, metavar="N", help="run the tests in so many processes, a file at a time")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """The loop over all items; as pytest has it where there is nothing to share, or somebody wants to look into it."""
    option = session.config.option
    if option.side_by_side < 2 or option.collectonly or option.usepdb or session.testsfailed:
        return None
    _Run(session).run(option.side_by_side)
    return True


class _Run:
    """What is still to be run, and the children that run it."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        numbers = range(len(session.items))
        self._left: deque[Batch] = deque(list(found) for _, found in groupby(numbers, lambda number: session.items[number].path))
        self._children: dict[Connection, _Child] = {}
        self._done = 0

    def run(self, count: int) -> None:
        try:
            for _ in range(min(count, len(self._left))):
                self._start()
            while self._children:
                for ready in wait(list(self._children)):
                    self._hear(self._children[ready])  # type: ignore[index]
        finally:
            for child in self._children.values():
                child.process.terminate()
        self._stop_if_asked()
        assert self._done == len(self._session.items), f"{self._done} of {len(self._session.items)} tests were run"

    def _start(self) -> None:
        child = _Child(self._session, len(self._children))
        self._children[child.connection] = child

    def _hear(self, child: "_Child") -> None:
        kind, *said = child.message()
        if kind == "ended":
            self._ended(child)
        elif kind == "next":
            self._stop_if_asked()
            batch = self._left.popleft() if self._left else []
            child.left += batch
            child.connection.send(batch)
        elif kind == "warned":
            self._warned(*said)
        else:
            for number, reports in said[0]:
                child.left.remove(number)
                self._finished(number, reports)

    def _finished(self, number: int, reports: Sequence[Told]) -> None:
        """Pass on what was reported of a test, as if it had run here."""
        item, config = self._session.items[number], self._session.config
        config.hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for told in reports:
            report = config.hook.pytest_report_from_serializable(config=config, data=told) if isinstance(told, dict) else told
            config.hook.pytest_runtest_logreport(report=report)
        config.hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        self._done += 1

    def _ended(self, child: "_Child") -> None:
        """It has run all that it was given; or a test has ended it, which is that test's failure, and another child does the rest."""
        del self._children[child.connection]
        child.process.join()
        if (at := child.at.value) != _NONE:
            item, why = self._session.items[at], f"the process that ran it ended with {child.process.exitcode}"
            child.left.remove(at)
            self._finished(at, [pytest.TestReport(item.nodeid, item.location, {}, "failed", why, "call")])
        if child.left:
            self._left.appendleft(child.left)
            self._start()

    def _stop_if_asked(self) -> None:
        if self._session.shouldfail:
            raise self._session.Failed(self._session.shouldfail)
        if self._session.shouldstop:
            raise self._session.Interrupted(self._session.shouldstop)

    def _warned(self, text: str, file: str, line: int, when: Any, nodeid: str) -> None:
        message = WarningMessage(Warning(text), Warning, file, line)
        given = {"warning_message": message, "when": when, "nodeid": nodeid, "location": None}
        self._session.config.hook.pytest_warning_recorded.call_historic(kwargs=given)


class _Child:
    """A child; `at` is the number of the item that it is at, or `_NONE`, and `left` are those of which it has not told how they went."""

    def __init__(self, session: pytest.Session, number: int) -> None:
        self.at = _FORK.Value("i", _NONE, lock=False)
        self.left: list[int] = []
        folders = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        self.connection, theirs = _FORK.Pipe()
        self.process = _FORK.Process(target=_serve, args=(session, theirs, self.at, folders / f"process-{number}"))
        self.process.start()
        theirs.close()

    def message(self) -> tuple[Any, ...]:
        try:
            return tuple(self.connection.recv())
        except (EOFError, ConnectionResetError):
            return ("ended",)


def _serve(session: pytest.Session, parent: Connection, at: Any, folder: Path) -> None:
    """The life of a child: run what the parent gives, and tell it."""
    config, plugins = session.config, session.config.pluginmanager
    capture = plugins.getplugin("capturemanager")
    capture.stop_global_capturing()  # it writes into one file with its parent's
    capture.start_global_capturing()
    plugins.unregister(name="terminalreporter")
    teller = _Teller(config, parent)
    plugins.register(teller)
    teller.listens = True
    folder.mkdir(exist_ok=True)
    config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined]
    for number, following in _given(parent):
        nextitem = None if following is None else session.items[following]
        at.value = number
        config.hook.pytest_runtest_protocol(item=session.items[number], nextitem=nextitem)
        teller.finished(number)
        at.value = _NONE
    teller.tell()


def _given(parent: Connection) -> Iterator[tuple[int, int | None]]:
    """Each item with the one after it, for which what both share is kept: hence the next file is asked for before this one's last item."""
    batch = _next(parent)
    while batch:
        yield from pairwise(batch)
        following = _next(parent)
        yield batch[-1], following[0] if following else None
        batch = following


def _next(parent: Connection) -> Batch:
    parent.send(("next",))
    started = multiprocessing.parent_process()
    ready = wait([parent, started.sentinel] if started else [parent])
    return list(parent.recv()) if parent in ready else []


class _Teller:
    """Tells the parent how the items fare. Until it `listens`, pytest repeats warnings that came before, which the parent knows."""

    def __init__(self, config: pytest.Config, parent: Connection) -> None:
        self._config = config
        self._parent = parent
        self._reports: list[Told] = []
        self._finished: list[tuple[int, list[Told]]] = []
        self._told_at = time.monotonic()
        self.listens = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        hook = self._config.hook
        is_plain = report.longrepr is None
        self._reports.append(report if is_plain else hook.pytest_report_to_serializable(config=self._config, report=report))

    def finished(self, number: int) -> None:
        self._finished.append((number, self._reports))
        self._reports = []
        if time.monotonic() > self._told_at + _BETWEEN_MESSAGES_S:
            self.tell()

    def tell(self) -> None:
        self._parent.send(("finished", self._finished))
        self._finished, self._told_at = [], time.monotonic()

    def pytest_warning_recorded(self, warning_message: WarningMessage, when: str, nodeid: str) -> None:
        if self.listens:
            text = f"{warning_message.category.__name__}: {warning_message.message}"
            self._parent.send(("warned", text, warning_message.filename, warning_message.lineno, when, nodeid))
