"""Tell the service manager how the daemon is: sd_notify(3), spoken without its library. Where nobody asked to be told, nothing happens."""

import contextlib
import os
import socket
from collections.abc import Mapping
from time import monotonic

READY = "READY=1"
STOPPING = "STOPPING=1"
_ALIVE = "WATCHDOG=1"


class Notifier:
    """A line to whoever started the daemon: that it is ready, alive, stopping, and what it does.

    `address` is the socket that the manager named, `watchdog_s` the time within which it wants to hear that the daemon lives.
    """

    def __init__(self, address: str | None = None, watchdog_s: float | None = None) -> None:
        # A name that begins with @ stands for one in the abstract namespace, which has no file.
        self._address = "\0" + address[1:] if address and address.startswith("@") else address
        # Twice as often as needed: one message may be late.
        self._every_s = watchdog_s / 2 if watchdog_s else None
        self._next_sign = 0.0
        self._status = ""

    def tell(self, *lines: str) -> None:
        """Send lines as one message. A manager that does not listen is no reason to stop."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.setblocking(False)
            line.sendto("\n".join(lines).encode(), self._address)

    def status(self, text: str) -> None:
        """Say in one line what the daemon does; the same again is not sent."""
        if text != self._status:
            self._status = text
            self.tell(f"STATUS={' '.join(text.split())}")

    def alive(self) -> None:
        """A sign of life, as often as the manager wants one."""
        if self._every_s is not None and monotonic() >= self._next_sign:
            self._next_sign = monotonic() + self._every_s
            self.tell(_ALIVE)


def from_environment(environ: Mapping[str, str]) -> Notifier:
    """The line that the service manager laid for this process."""
    return Notifier(environ.get("NOTIFY_SOCKET"), _watchdog_s(environ))


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    span = environ.get("WATCHDOG_USEC", "")
    return int(span) / 1_000_000 if is_ours and span.isdigit() and int(span) else None
