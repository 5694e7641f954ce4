"""The real command in a folder of its own, for the end-to-end tests."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

from aggregator.app import App, build
from aggregator.cli import main
from aggregator.model import Config
from aggregator.rereading import reread
from tests.forked import Forked, command

REPOSITORY = Path(__file__).resolve().parents[2]


def aggregator(
    folder: Path, *arguments: str, environ: Mapping[str, str] | None = None, by: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run `aggregator -c FOLDER/feeds.yaml ARGUMENTS` to its end; `by` is a command that starts it."""
    return subprocess.run(
        [*by, sys.executable, "-m", "aggregator", "-c", str(folder / "feeds.yaml"), *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def lent(config: Config) -> App:
    """The app of a command inside this process: its documents are read here, too.

    A child takes longer to start than most commands; that an app starts and ends its own is what the other commands here show.
    """
    app = build(config)
    return replace(app, ports=replace(app.ports, reader=reread))


def inside(folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the same in this process: an interpreter takes longer to start than most commands.

    For tests of what many commands do one after the other; that one does it in a process of its own is what others test.
    """
    said, told, before = _stream(), _stream(), dict(os.environ)
    os.environ.update(environ or {})
    try:
        with redirect_stdout(said), redirect_stderr(told):
            main(["-c", str(folder / "feeds.yaml"), *arguments], lent)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    finally:
        os.environ.clear()
        os.environ.update(before)
    return subprocess.CompletedProcess(arguments, code, *(stream.buffer.getvalue().decode() for stream in (said, told)))  # type: ignore[attr-defined]


def _stream() -> io.TextIOWrapper:
    """A stream of which bytes can be written, too, as of the real ones."""
    return io.TextIOWrapper(io.BytesIO(), "utf-8", newline="", write_through=True)


class Running:
    """A daemon under way: `says` grows with what it says on stderr."""

    def __init__(self, process: subprocess.Popen[bytes] | Forked, log: Path) -> None:
        self.process = process
        self.log = log

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *problem: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def says(self) -> str:
        return self.log.read_text()

    def until(self, holds: Callable[[], object], within_s: float = 60.0) -> None:
        """Wait for something that the daemon brings about; fail with its log when it does not come."""
        deadline = time.monotonic() + within_s
        while not holds():
            assert self.process.poll() is None, f"the daemon ended: {self.says()}"
            assert time.monotonic() < deadline, f"it did not come about within {within_s} s: {self.says()}"
            self.process.poll()
            _breathe()

    def stop(self, by: signal.Signals = signal.SIGTERM) -> float:
        """Send a signal; the seconds until it ended."""
        began = time.monotonic()
        self.process.send_signal(by)
        self.process.wait(30)
        return time.monotonic() - began


def started(folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Running:
    """The daemon in an interpreter of its own."""
    log = folder / "daemon.log"
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "aggregator", *_run(folder, arguments)],
            cwd=REPOSITORY,
            env={**os.environ, **(environ or {})},
            stdout=subprocess.DEVNULL,
            stderr=told,
        )
    return Running(process, log)


def forked(folder: Path, *arguments: str, hup: signal.Handlers = signal.SIG_DFL) -> Running:
    """The same in a copy of this process, without children, for a tenth of the time; that it starts all by itself is what others test."""
    log = folder / "daemon.log"
    log.touch()
    return Running(Forked(command, _run(folder, arguments), log, hup), log)


def _run(folder: Path, arguments: Sequence[str]) -> list[str]:
    return ["-c", str(folder / "feeds.yaml"), "run", *arguments]


def _breathe() -> None:
    import threading

    threading.Event().wait(0.1)


def files_below(folder: Path) -> list[Path]:
    """Every file that was published."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def free_port() -> int:
    """A port of loopback that nobody has at the moment."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>tag:{name}.example,2026:feed</id>
  <title>{title}</title>
  <link href="https://{name}.example/"/>
  <updated>2026-10-01T10:00:00Z</updated>
  {entries}
</feed>
"""

ENTRY = """<entry>
    <id>tag:{name}.example,2026:{number}</id>
    <title>{title}</title>
    <link href="https://{name}.example/{number}"/>
    <updated>2026-10-{day:02}T10:00:00Z</updated>
    <author><name>Ann Example</name></author>
    <content type="html">&lt;p&gt;{text}&lt;/p&gt;</content>
  </entry>"""


def feed(name: str, *texts: str, title: str | None = None, titles: Mapping[int, str] | None = None) -> bytes:
    """An Atom document of a made-up blog with one entry a text."""
    entries = [
        ENTRY.format(name=name, number=number, day=number, text=text, title=(titles or {}).get(number, f"Entry {number} of {name}"))
        for number, text in enumerate(texts, 1)
    ]
    return ATOM.format(name=name, title=title or name.title(), entries="\n  ".join(entries)).encode()
