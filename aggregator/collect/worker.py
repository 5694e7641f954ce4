"""The child process of a `ChildPool`: takes documents from its standard input and answers on its standard output until the input ends.

A message is its length (four bytes, big-endian) and MessagePack. The child limits its own memory and, in case its parent dies while it
works, its own time; it never opens a connection, and writes nothing but answers. What it does with a document is its task's business.
"""

import contextlib
import gc
import os
import resource
import signal
import struct
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Protocol

import msgspec

from aggregator.errors import ChallengePage, ParseError

LENGTH = struct.Struct(">I")
# The status with which a child ends that needed more than it may take: after that, nothing in it can be relied on.
OUT_OF_MEMORY = 77
_MEBIBYTE = 1 << 20


# Python looks for cycles after every 700 new objects: of large documents that would take a sixth of the time.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


class Task(Protocol):
    """What children do: found by name, as `package.module:name`, which is called once a child."""

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
    """What a child says: that it is ready (nothing set), a result, or an error in words. `retires`: it has grown and is to be replaced."""

    result: bytes | None = None
    error: str | None = None
    found: tuple[str, ...] = ()
    hub: tuple[str, str | None] | None = None
    is_challenge: bool = False
    retires: bool = False


def main(max_mb: int, alarm_s: int, task: str) -> None:
    """Serve until the input ends, or a request takes longer than `alarm_s` or more than `max_mb` over the size at the start."""
    requests, answers = _private_pipes()
    # Only now: whatever a library prints on import goes nowhere.
    module, _, name = task.partition(":")
    server = _Server(getattr(import_module(module), name)(), max_mb)
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 50)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides when to end; its end closes our input
    _send(answers, server.encode(Answer()))
    try:
        while (message := _received(requests)) is not None:
            request = server.decode(message)
            del message  # each copy of a large document counts
            signal.alarm(alarm_s)
            answer = server.answer(request)
            signal.alarm(0)
            _send(answers, answer)
            del request, answer
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


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

    def answer(self, request: Request) -> bytes:
        answer = self._answered(request)
        return self.encode(answer)

    def _answered(self, request: Request) -> Answer:
        try:
            if request.shared is not None:
                self._task.share(request.shared)
            result = self._task(request.body)
        except ParseError as error:
            if isinstance(error.__cause__, MemoryError):
                raise MemoryError from None
            told = Answer(error=error.message, found=error.found, hub=error.hub, is_challenge=isinstance(error, ChallengePage))
            return replace(told, retires=self._has_grown())
        return Answer(result=result, retires=self._has_grown())

    def _has_grown(self) -> bool:
        """Python seldom gives memory back: a child that keeps a third of its allowance after a document would fail later ones."""
        return _size() - self._baseline > self._max_mb * _MEBIBYTE // 3


def _private_pipes() -> tuple[int, int]:
    """Take standard input and output for ourselves; what anybody else reads or prints meets /dev/null."""
    requests, answers = os.dup(0), os.dup(1)
    with Path(os.devnull).open("r+b") as nothing:
        for number in (0, 1, 2):
            os.dup2(nothing.fileno(), number)
    return requests, answers


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
