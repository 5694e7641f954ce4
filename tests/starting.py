"""What makes a whole run start and end sooner: workers share the work of a clean clone, nothing looks for garbage while tests are
collected, long files come first, and workers say of a test that passed just that."""

import gc
import os
import shutil
from collections import deque
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

_TESTS = Path(__file__).parent
# Where there is a folder in memory, no test waits for a disk: what a power cut would do is not what tests are about.
_MEMORY = Path("/dev/shm")
_OF_PEOPLE = ("AGGREGATOR_CONFIG", "AGGREGATOR_LOG", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "LINES")
# Below half a gigabyte the program stores nothing more.
_ROOM = 1 << 30

# The files that take longest, the longest first.
_LONG = (
    "page_in_browser", "sentences", "daemon", "parser_pool", "store", "own_line", "store_stories", "parse", "stories", "sourcing",
    "forgery", "publish", "service", "first_run", "cli", "subscribers", "websub", "watch", "markup", "instalments", "fetch",
    "websub_subscriber", "substance", "house", "composing", "succession", "reading", "tls", "migrations", "growth", "provenance",
    "archives", "normalize", "lists", "boilerplate", "sql_store", "includes",
)  # fmt: skip
_PLACES = {f"test_{name}": place for place, name in enumerate(_LONG)}

# Collecting makes many objects and drops few: looking for cycles among them takes a third of the time.
gc.disable()


def pytest_configure() -> None:
    """Folders of tests are made in memory, where there is room. Those of tests that passed go with the test.

    What a person, or continuous integration, has set for the program and for terminals is none of the tests' business.
    """
    for name in _OF_PEOPLE:
        os.environ.pop(name, None)
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Set up what tests share, and import the test modules, each worker beginning at another one.

    On a clean clone pytest rewrites the assertions of each module and keeps the result beside it; in the same order, side by side, each
    worker would do all of that again. It is what collecting does next in any case; what fails here fails there, and is reported.
    """
    config = session.config
    given: dict[str, str] = getattr(config, "workerinput", {})
    if given or not config.getoption("numprocesses", None):  # the process that only hands out tests needs it not
        _set_up()
    if not given or config.args_source is not config.ArgsSource.TESTPATHS:
        return
    names = deque(".".join(("tests", *path.relative_to(_TESTS).with_suffix("").parts)) for path in sorted(_TESTS.rglob("test_*.py")))
    place = int(given["workerid"].removeprefix("gw")) / int(given["workercount"])
    names.rotate(-int(len(names) * place))
    for name in names:
        with suppress(Exception, pytest.skip.Exception):
            import_module(name)


def _draw_no_constants() -> None:
    """Of 15 examples hardly one would hold a constant of the program's sources, for which Hypothesis reads all of them on a clean clone."""
    with suppress(ImportError):  # no promise of Hypothesis: where it has another way, it reads them
        from hypothesis.internal.conjecture import providers

        providers._get_local_constants = lambda: providers._local_constants


def _set_up() -> None:
    from hypothesis import settings

    from tests import statements
    from tests.pace import IS_LONG, examples

    if not IS_LONG:
        _draw_no_constants()
    # No deadline: how long an example takes says more about what else runs on the machine than about the code.
    settings.register_profile("suite", examples())
    settings.load_profile("suite")
    statements.share()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, lest one worker be left with one of them when the others are done."""
    items.sort(key=lambda item: _PLACES.get(item.path.stem, len(_LONG)))


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """A worker sends one report of a test that passed, not five messages: of thousands of tests most are done sooner than told of.

    Whoever asks for the time of each step, or for a file of results, gets all reports.
    """
    config = item.config
    if not hasattr(config, "workerinput") or config.getoption("durations") is not None or config.getoption("xmlpath"):
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


def pytest_collection_finish() -> None:
    """What was collected stays to the end: no later search for garbage looks at it, and there are fewer of them than Python makes."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()
