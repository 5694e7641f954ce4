"""Which addresses may be dialed: global unicast only, whatever it is dressed up as."""

import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

# Not `is_global`: up to Python 3.11 it says yes to NAT64, 6to4 and v4-compatible forms of loopback, to site-local and to multicast.
_REFUSED_4: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT, and some clouds' metadata
            "127.0.0.0/8",
            "168.63.129.16/32",  # a public number that inside one cloud is the host machine
            "169.254.0.0/16",  # link-local, most clouds' metadata
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)
_UNICAST_6: Final = ip_network("2000::/3")
_REFUSED_6: Final = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "3fff::/20")))
_NAT64: Final = ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Tell whether an address, as text, is global unicast after every IPv4 address inside it is unwrapped.

    Unwrapped are IPv4-mapped, NAT64 (RFC 6052) and 6to4 (RFC 3056) forms. IPv4-compatible forms, which nothing routes any more, Teredo
    (RFC 4380), local NAT64 (RFC 8215) and whatever cannot be read are not public.

    >>> is_public("93.184.215.14"), is_public("::ffff:127.0.0.1"), is_public("64:ff9b::7f00:1"), is_public("2002:7f00:1::")
    (True, False, False, False)
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return _is_public_4(parsed) if isinstance(parsed, IPv4Address) else _is_public_6(parsed)


def literal_address(host: str) -> str | None:
    """The address that a host stands for without any look-up, in whatever form the system would read it; None for a name.

    >>> literal_address("2130706433"), literal_address("[::1]"), literal_address("0x7f.1"), literal_address("example.org")
    ('127.0.0.1', '::1', '127.0.0.1', None)
    """
    bare = host.strip("[]")
    with suppress(ValueError):
        return str(ip_address(bare))
    # The forms that the C library takes: one to four numbers, decimal, octal or hexadecimal.
    if bare and bare[0].isdigit() and bare.isascii() and not bare.isspace():
        with suppress(OSError):
            return str(IPv4Address(socket.inet_aton(bare)))
    return None


def names_this_machine(host: str) -> bool:
    """Tell whether a name means the machine itself by convention (RFC 6761 section 6.3)."""
    name = host.rstrip(".").lower()
    return name == "localhost" or name.endswith((".localhost", ".localdomain"))


def _is_public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in _REFUSED_4)


def _is_public_6(address: IPv6Address) -> bool:
    inner = _inner(address)
    if inner is not None:
        return _is_public_4(inner)
    return address in _UNICAST_6 and not any(address in network for network in _REFUSED_6)


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour
