"""A log that holds nobody up: who reads it may pause (Ctrl-S, the copy mode of a terminal, a pager, a log driver that hangs)."""

import io
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO

MOST_WAITING: Final = 10_000
"""Pieces (lines, mostly) that are kept for a reader who pauses."""

_LAST_WORDS_S: Final = 1.0


class Aside(io.TextIOBase):
    """A text stream whose writers never wait: a thread of its own passes on to `real` what is written.

    While `real` takes nothing, `MOST_WAITING` pieces are kept, and more are left out; `note` makes the line that says how many.
    What `real` refuses (a full disk, a pipe that was closed) is lost, as it would be without this.
    """

    def __init__(self, real: TextIO, note: Callable[[int], str]) -> None:
        self._real = real
        self._note = note
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()  # its put may be interrupted by a signal that puts, too
        self._left_out = 0
        self._thread = threading.Thread(target=self._pass_on, name="log", daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._real.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._real.errors

    def isatty(self) -> bool:
        return self._real.isatty()

    def fileno(self) -> int:
        return self._real.fileno()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"a text is written here, not {type(text).__name__}")
        if self._waiting.qsize() < MOST_WAITING:
            self._waiting.put(text)
        else:
            self._left_out += 1
        return len(text)

    def end(self) -> bool:
        """Pass on what waits, for at most a second; False where `real` took not all of it: whoever writes to it now may wait for ever."""
        self._waiting.put(None)
        self._thread.join(_LAST_WORDS_S)
        return not self._thread.is_alive()

    def _pass_on(self) -> None:
        while (text := self._waiting.get()) is not None:
            self._hand_over(text)
            if self._waiting.empty():
                self._note_left_out()
        self._note_left_out()

    def _note_left_out(self) -> None:
        if self._left_out:
            count, self._left_out = self._left_out, 0
            self._hand_over(self._note(count) + "\n")

    def _hand_over(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._real.write(text)
            self._real.flush()
