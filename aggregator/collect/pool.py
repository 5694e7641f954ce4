"""Work on documents in child processes: a thread cannot be stopped, a process can, and the memory that it took goes with it."""

import os
import queue
import select
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from aggregator.collect.nursery import Born, Nursery, ending
from aggregator.collect.worker import LENGTH, OUT_OF_MEMORY, OVERDUE, WALL_PER_CPU, Answer, Request
from aggregator.errors import ChallengePage, ParseError
from aggregator.web.url import shown

_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Shared:
    """What is the same for many requests: sent to a child once, and again only under another `mark`."""

    mark: str
    body: bytes


class ChildPool:
    """Answers requests in `children` processes, each born when it is first needed and replaced when it dies or is stopped.

    `task` names what they do (`worker.Task`). `ask` may be called from any number of threads; each call waits for a free child and then
    has `cpu_s` of processor time, three times that by the clock, and `max_mb` of memory beyond an idle child's (where the system can limit
    it). Children end with this process, however it ends. Where several pools do one task, they may share the `nursery` of its children,
    which none of them closes.
    """

    def __init__(self, task: str, *, children: int = 2, cpu_s: float = 8.0, max_mb: int = 192, nursery: Nursery | None = None) -> None:
        self._cpu_s = cpu_s
        self._max_mb = max_mb
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Answer).decode
        own = Nursery(task)
        self._children = tuple(_Child(nursery or own, max_mb, cpu_s) for _ in range(children))
        self._free: queue.LifoQueue[_Child] = queue.LifoQueue()
        for child in self._children:
            self._free.put(child)
        self._close = weakref.finalize(self, _close_all, self._children, own)

    def ask(self, body: bytes, url: str, shared: Shared | None = None) -> bytes:
        """Have a request about the document at `url` answered by a child.

        Raises:
            ParseError: the task's own; or it took too long, needed too much memory, or the child died.
        """
        child = self._free.get()
        try:
            answer = self._decode(child.ask(self._encoded(child, body, shared)))
            child.holds = shared.mark if shared else child.holds
            if answer.retires:
                child.stop()
        except TimeoutError as error:
            raise ParseError(shown(url), str(error)) from error
        except MemoryError as error:
            raise ParseError(shown(url), f"needed more than {self._max_mb} MiB") from error
        except (OSError, msgspec.MsgspecError) as error:
            raise ParseError(shown(url), f"the parser failed: {error}") from error
        finally:
            self._free.put(child)
        if answer.result is None:
            kind = ChallengePage if answer.is_challenge else ParseError
            why = answer.error or "the parser gave no answer"
            raise kind(shown(url), why, found=answer.found, titles=answer.titles, hub=answer.hub)
        return answer.result

    def _encoded(self, child: "_Child", body: bytes, shared: Shared | None) -> Callable[[], bytes]:
        """The request, worked out when the child runs: one that was just started holds nothing yet."""
        return lambda: self._encode(Request(body=body, shared=shared.body if shared and child.holds != shared.mark else None))

    def close(self) -> None:
        """Stop all children at once, for good. A request that is under way ends with a `ParseError`."""
        self._close()


def _close_all(children: "Iterable[_Child]", nursery: Nursery) -> None:
    for child in children:
        child.close()
    nursery.close()


class _Child:
    """One child process and its place: used by one thread at a time, except for `close`."""

    def __init__(self, nursery: Nursery, max_mb: int, cpu_s: float) -> None:
        self._nursery = nursery
        self._max_mb = max_mb
        self._cpu_s = cpu_s
        self.holds: str | None = None
        self._process: Born | None = None
        self._owner = 0
        self._is_closed = False
        self._is_asked = False
        self._lock = threading.Lock()

    def ask(self, request: Callable[[], bytes]) -> bytes:
        """Send a request, made when the process runs, and wait for its answer; whatever goes wrong, the process is gone afterwards.

        Raises:
            TimeoutError: it took more processor time, or longer, than it may, the start of the process not counted; the message says which.
            MemoryError: the process needed more than it may take.
            OSError: the process cannot be started, or died; the message says how.
        """
        self._is_asked = True
        try:
            process = self._running()
            return _exchanged(process, request(), time.monotonic() + self._wall_s)
        except EOFError as error:
            status = self.stop(wait_s=1.0)  # it has ended, or is about to: its status says why
            if status is not None and -status in OVERDUE:
                raise TimeoutError(f"took longer than {self._cpu_s:g} s") from error
            if status == OUT_OF_MEMORY:
                raise MemoryError from error
            raise OSError("it was closed" if self._is_closed else f"its process ended ({ending(status)})") from error
        except TimeoutError as error:
            self.stop()
            raise TimeoutError(f"took longer than {self._wall_s:g} s on a busy machine") from error
        except OSError:
            self.stop()
            raise
        finally:
            self._is_asked = False

    @property
    def _wall_s(self) -> float:
        return WALL_PER_CPU * self._cpu_s

    def _running(self) -> Born:
        if self._is_closed:
            raise OSError("it is closed")
        process = self._process
        if process is not None and self._owner == os.getpid() and process.is_silent():
            return process
        self.stop()  # dead while idle; or inherited by a fork of ours, whose parent still talks to it through pipes of its own
        process = self._nursery.born(max_mb=self._max_mb, cpu_s=self._cpu_s)
        with self._lock:
            self._process, self._owner, self.holds = process, os.getpid(), None
        if self._is_closed:
            raise OSError("it was closed")
        return process

    def stop(self, *, wait_s: float = 0) -> int | None:
        """End the process, if there is one, and return its status; `wait_s` gives it time to end by itself."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return None
        status = self._nursery.end(process, wait_s) if self._owner == os.getpid() else None
        process.close()
        return status

    def close(self) -> None:
        """End the process and start no other. A thread that waits for an answer finds it dead, and clears up."""
        self._is_closed = True
        if self._is_asked:
            process = self._process
            if process is not None and self._owner == os.getpid():
                self._nursery.end(process)
        else:
            self.stop()


def _exchanged(process: Born, request: bytes, deadline: float) -> bytes:
    """Write a request and read its answer, whichever side is ready. Raises `TimeoutError`, or `EOFError` for a dead process."""
    source, target = process.answers, process.requests
    unsent = memoryview(LENGTH.pack(len(request)) + request)
    answer = bytearray()
    poller = select.poll()
    poller.register(source, select.POLLIN)
    poller.register(target, select.POLLOUT)
    while (left := deadline - time.monotonic()) > 0:
        for number, _ in poller.poll(left * 1000):
            if number == source:
                answer += _read(source)
                if len(answer) >= LENGTH.size and len(answer) >= LENGTH.size + LENGTH.unpack_from(answer)[0]:
                    return bytes(memoryview(answer)[LENGTH.size :])
            else:
                unsent = unsent[_written(target, unsent) :]
                if not unsent:
                    poller.unregister(target)
    raise TimeoutError


def _read(source: int) -> bytes:
    try:
        part = os.read(source, _CHUNK)
    except BlockingIOError:
        return b""
    if not part:
        raise EOFError
    return part


def _written(target: int, unsent: memoryview) -> int:
    try:
        return os.write(target, unsent[:_CHUNK])
    except BlockingIOError:
        return 0
    except BrokenPipeError as error:
        raise EOFError from error
