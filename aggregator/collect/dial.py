"""Resolve a host once, check every address, dial that very address: what every connection to the outside begins with."""

import errno
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

from aggregator.collect.addresses import is_public, literal_address, names_this_machine
from aggregator.collect.deadline import Deadline, Late

Resolver = Callable[[str, int], Sequence[str]]
"""Look a host up: (host, port) → addresses as text. Raises `OSError` where there are none, `NoNetwork` where nobody could be asked."""

# One dead address of several must leave time for the others.
_CONNECT_S: Final = 10.0
# Whoever has not looked a name up by then is not kept from it by a deadline that was nearly over, but by name servers that say nothing.
_LOOK_UP_S: Final = 5.0
_NO_ANSWER: Final = "no name server answers"
# What this machine says by itself, without a word from outside.
_NO_NETWORK: Final = frozenset({errno.ENETDOWN, errno.ENETUNREACH})


class Refused(Exception):
    """The host is, or resolves to, an address that this feed may not reach. The argument is that address or name."""


class NoSuchName(Exception):
    """The host cannot be resolved."""


class NoConnection(Exception):
    """No address of the host takes a connection that can be trusted. The argument says why, in words."""


class NoNetwork(NoConnection):
    """Nobody was asked: no name server answers this machine, or it has no way out."""


def look_up(host: str, port: int) -> list[str]:
    """Ask the system's resolver."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except socket.gaierror as error:
        # Some systems say of a name that they could not ask about, too, that there is none.
        if error.errno == socket.EAI_AGAIN or not _has_way_out():
            raise NoNetwork(_NO_ANSWER) from error
        raise


def _has_way_out() -> bool:
    """Does this machine know a way to anywhere? Nothing is sent: a datagram socket only looks the way up."""
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as looking:
            looking.connect((address, 9))
            return True
    return False


@dataclass(frozen=True, slots=True)
class Dialer:
    """Makes connections for a door. `behind_proxy`: what is dialed is the proxy, which may be anywhere, and which resolves by itself."""

    resolver: Resolver
    behind_proxy: bool = False

    def admit(self, host: str, *, allow_private: bool) -> None:
        """Refuse what a proxy must not be asked for; without a proxy `dial` decides. Raises `Refused`."""
        if not self.behind_proxy or allow_private:
            return
        literal = literal_address(host.rstrip("."))
        if names_this_machine(host) or (literal is not None and not is_public(literal)):
            raise Refused(literal or host)

    def dial(self, host: str, port: int, *, allow_private: bool, deadline: Deadline) -> socket.socket:
        """Connect to the first of the host's addresses that answers. Raises `Refused`, `NoSuchName`, `NoConnection`, `Late`."""
        try:
            addresses = self._addresses(host, port, allow_private or self.behind_proxy, deadline)
        except NoSuchName as error:
            if self.behind_proxy:
                raise NoConnection("the name of the proxy cannot be found") from error
            raise
        except NoNetwork as error:
            if self.behind_proxy:
                raise NoNetwork(f"the name of the proxy cannot be looked up: {error}") from error
            raise
        trouble: OSError | None = None
        has_no_way = True
        for tried, address in enumerate(addresses):
            share = deadline.remaining() / (len(addresses) - tried)
            try:
                return _connected(address, port, min(_CONNECT_S, share), deadline)
            except OSError as error:
                trouble = error
                has_no_way = has_no_way and error.errno in _NO_NETWORK
        deadline.remaining()
        kind = NoNetwork if has_no_way else NoConnection
        raise kind(f"{'the proxy cannot be reached: ' if self.behind_proxy else ''}{_reason(trouble)}") from trouble

    def _addresses(self, host: str, port: int, allow_private: bool, deadline: Deadline) -> list[str]:
        host = host.strip("[]").rstrip(".")
        found = list(dict.fromkeys(_within(deadline, self.resolver, host, port)))
        if not found:
            raise NoSuchName(host)
        refused = [address for address in found if not is_public(address)]
        if refused and not allow_private:
            raise Refused(refused[0])
        return found


def _within(deadline: Deadline, resolver: Resolver, host: str, port: int) -> Sequence[str]:
    """Resolve, but no longer than the deadline allows: the system's resolver can be neither limited nor interrupted."""
    if (literal := literal_address(host)) is not None:
        return [literal]
    answer: list[Sequence[str]] = []
    unanswered: list[NoNetwork] = []
    began = monotonic()

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            try:
                answer.append(resolver(host, port))
            except NoNetwork as error:
                unanswered.append(error)

    asking = threading.Thread(target=ask, name=f"look up {host}", daemon=True)
    asking.start()
    asking.join(deadline.remaining())
    if asking.is_alive() and monotonic() - began < _LOOK_UP_S:
        raise Late
    if asking.is_alive() or unanswered:
        raise NoNetwork(_NO_ANSWER)
    return answer[0] if answer else []


def _connected(address: str, port: int, timeout_s: float, deadline: Deadline) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    dialing = socket.socket(family, socket.SOCK_STREAM)
    try:
        dialing.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        dialing.settimeout(timeout_s)
        dialing.connect((address, port))
        dialing.settimeout(deadline.remaining())
    except BaseException:
        dialing.close()
        raise
    return dialing


def _reason(error: OSError | None) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, TimeoutError):
        return "no answer to the attempt to connect"
    return (error.strerror or "no connection").lower() if error else "no connection"
