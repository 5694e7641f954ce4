"""The children of a `ChildPool`, and the process from which they are forked (`nursery.Nursery` talks to it).

A child takes documents from one pipe and answers on another until the first ends. A message is its length (four bytes, big-endian) and
MessagePack. The child limits its own memory and, in case its parent dies while it works, its own time; it never opens a connection, and
writes nothing but answers. What it does with a document is its task's business.
"""

import contextlib
import gc
import os
import resource
import signal
import socket
import struct
import time
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import NoReturn, Protocol

import msgspec

from aggregator.errors import ChallengePage, ParseError

LENGTH = struct.Struct(">I")
# What a nursery says. For a birth: 0, how many MiB and how many milliseconds of processor time a request may take, and with it the ends of
# two pipes. For an end: the process, and how many milliseconds it has to end by itself.
ORDER = struct.Struct(">III")
# What it hears: 0 when children can be born; the process that was born; how one ended. `NONE`: there can be no more, or it is no child.
REPLY = struct.Struct(">i")
NONE = -(1 << 31)
# The status with which a child ends that needed more than it may take: after that, nothing in it can be relied on.
OUT_OF_MEMORY = 77
# How much longer than its processor time a request may last: a slow document is no worse one where other programs have the processors.
WALL_PER_CPU = 3
# The signals with which a child ends that took too long, by its processor time and by the clock.
OVERDUE = (signal.SIGPROF, signal.SIGALRM)
_MEBIBYTE = 1 << 20
# Between two looks whether a child has ended: macOS has no wait for that with a limit (Linux alone has pidfd), and it takes milliseconds.
_MOMENT_S = 0.002
# Python looks for cycles after every 700 new objects: of large documents that would take a sixth of the time.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


class Task(Protocol):
    """What children do: found by name, as `package.module:name`, which is called once, before the first is born."""

    def share(self, body: bytes) -> None:
        """Take what is the same for many requests."""
        ...

    def __call__(self, request: bytes) -> bytes:
        """Answer one request. Raises `ParseError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a child is asked. `shared` comes along when it is another than at the last request."""

    body: bytes
    shared: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a child says: a result, or an error in words. `retires`: it has grown and is to be replaced."""

    result: bytes | None = None
    error: str | None = None
    found: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    hub: tuple[str, str | None] | None = None
    is_challenge: bool = False
    retires: bool = False


def main(task: str) -> None:
    """Bear and end children, as the socket that is our standard input says, until it ends."""
    with _private_line() as line:
        # Only now: whatever a library prints on import goes nowhere.
        module, _, name = task.partition(":")
        warm = getattr(import_module(module), name)()
        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 50)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the parent decides when to end; its end closes our input
        reply = 0
        while True:
            line.sendall(REPLY.pack(reply))
            order, ends, _, _ = socket.recv_fds(line, ORDER.size, 2)
            if not order:
                return
            child, first, second = ORDER.unpack(order)
            if child:
                reply = _ended(child, wait_s=first / 1000)
            elif not (reply := _forked(ends)):
                _live(line, warm, first, second, *ends)


def _forked(ends: list[int]) -> int:
    """The process that was born; 0 in that one; `NONE` where the system allows no more."""
    try:
        number = os.fork()
    except OSError:
        number = NONE
    if number:
        for end in ends:
            os.close(end)
    return number


def _ended(child: int, wait_s: float) -> int:
    """Wait for a child to end, end it otherwise, and tell its status."""
    deadline = time.monotonic() + wait_s
    try:
        while (found := os.waitpid(child, os.WNOHANG)) == (0, 0):
            if time.monotonic() >= deadline:
                os.kill(child, signal.SIGKILL)
                found = os.waitpid(child, 0)
                break
            time.sleep(_MOMENT_S)
    except ChildProcessError:
        return NONE
    return os.waitstatus_to_exitcode(found[1])


def _live(line: socket.socket, task: Task, max_mb: int, cpu_ms: int, requests: int, answers: int) -> NoReturn:
    """The life of a child."""
    status = 1
    try:
        line.close()
        _serve(_Server(task, max_mb), cpu_ms / 1000, requests, answers)
        status = 0
    except MemoryError:
        status = OUT_OF_MEMORY
    finally:
        os._exit(status)


def _serve(server: "_Server", cpu_s: float, requests: int, answers: int) -> None:
    # The parent ends what takes too long by the clock; the alarm is for when it has died.
    alarm_s = int(WALL_PER_CPU * cpu_s) + 2
    while (message := _received(requests)) is not None:
        request = server.decode(message)
        del message  # each copy of a large document counts
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        signal.alarm(alarm_s)
        answer = server.encode(server.answer(request))
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _send(answers, answer)
        del request, answer


class _Server:
    """Answers requests within the memory that the process may take beyond its size at the start."""

    def __init__(self, task: Task, max_mb: int) -> None:
        self._task = task
        self._max_mb = max_mb
        self._baseline = _size()
        self.decode = msgspec.msgpack.Decoder(Request).decode
        self.encode = msgspec.msgpack.Encoder().encode
        if self._baseline:
            _limit_memory(self._baseline + max_mb * _MEBIBYTE)

    def answer(self, request: Request) -> Answer:
        """The task's answer. Raises `MemoryError`: the process cannot be relied on after that."""
        try:
            if request.shared is not None:
                self._task.share(request.shared)
            result = self._task(request.body)
        except ParseError as error:
            if isinstance(error.__cause__, MemoryError):
                raise MemoryError from None
            told = Answer(
                error=error.message, found=error.found, titles=error.titles, hub=error.hub, is_challenge=isinstance(error, ChallengePage)
            )
            return replace(told, retires=self._has_grown())
        return Answer(result=result, retires=self._has_grown())

    def _has_grown(self) -> bool:
        """Python seldom gives memory back: a child that keeps a third of its allowance after a document would fail later ones."""
        return _size() - self._baseline > self._max_mb * _MEBIBYTE // 3


def _private_line() -> socket.socket:
    """Take standard input for ourselves; what anybody else reads or prints meets /dev/null."""
    line = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("r+b") as nothing:
        for number in (0, 1, 2):
            os.dup2(nothing.fileno(), number)
    return line


def _limit_memory(size: int) -> None:
    """Best effort: systems differ in which limit they honour, and some refuse to set any."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        with contextlib.suppress(OSError, ValueError):
            hard = resource.getrlimit(limit)[1]
            resource.setrlimit(limit, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def _size() -> int:
    """Bytes of address space of this process; 0 where the system does not say (then only the deadline protects)."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return 0


def _received(source: int) -> bytes | None:
    head = _read_whole(source, LENGTH.size)
    return None if head is None else _read_whole(source, LENGTH.unpack(head)[0])


def _read_whole(source: int, number: int) -> bytes | None:
    """Read exactly so many bytes; None when the other side has gone."""
    parts = []
    while number:
        part = os.read(source, min(number, _MEBIBYTE))
        if not part:
            return None
        parts.append(part)
        number -= len(part)
    return b"".join(parts)


def _send(target: int, message: bytes) -> None:
    for part in (LENGTH.pack(len(message)), message):
        view = memoryview(part)
        while view:
            view = view[os.write(target, view) :]
