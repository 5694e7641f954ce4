"""What a list of feeds on the web names. Read in a child process that can be stopped, as all is that comes from the web (`read_apart`)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from aggregator.collect.addresses import is_public, literal_address, names_this_machine
from aggregator.collect.pool import ChildPool
from aggregator.errors import ConfigError, ParseError
from aggregator.migrate import Proposal, Takeover, read_list
from aggregator.model import Document, ListSpec, Member
from aggregator.web.host import host_of
from aggregator.web.text import one_line

MAX_MEMBERS: Final = 10_000
MAX_TAGS: Final = 10
# Counted up whenever the same document names other members.
_READING: Final = 1
_MAX_ADDRESS: Final = 2000
_MAX_NAME: Final = 200
_MAX_TAG: Final = 60
_WRITTEN_OUT: Final = re.compile(r"https?://[^/?#\\@]+(?:[/?#].*)?", re.IGNORECASE)
# Names that no public server has (RFC 6762, RFC 8375, ICANN's reserved `internal`), and what home routers make up.
_PRIVATE_NAMES: Final = (".local", ".internal", ".intranet", ".lan", ".home.arpa", ".onion")


CPU_S: Final = 10.0
"""Ten thousand feeds take a second or two; on a slow machine several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a list names: feeds that may be members, and why others may not."""

    members: tuple[Member, ...]
    refused: tuple[str, ...] = ()


Read = Callable[[Document, ListSpec], Named]
"""Read the document of a list. Raises `ParseError` for what is no list, names more than anybody reads, or takes too long."""


def read_apart(document: Document, one: ListSpec) -> Named:
    """`read` in a child process of its own: a list changes once in a while."""
    pool = ChildPool(f"{__name__}:ReadTask", children=1, cpu_s=CPU_S)
    request = _Request(body=document.body, address=one.asked.shown_url, allow_private=one.member.allow_private)
    try:
        return msgspec.msgpack.decode(pool.ask(msgspec.msgpack.encode(request), one.asked.shown_url), type=Named)
    finally:
        pool.close()


def read(document: Document, one: ListSpec) -> Named:
    """`Read`, here and now."""
    return _named(document.body, one.asked.shown_url, allow_private=one.member.allow_private)


def rules_of(one: ListSpec) -> str:
    """By which rules the document of a list is read."""
    return f"{_READING} {'private' if one.member.allow_private else 'public'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    body: bytes
    address: str
    allow_private: bool


class ReadTask:
    """What the child of `read_apart` does (`collect.worker.Task`)."""

    def share(self, body: bytes) -> None:
        """Nothing is the same for many lists."""

    def __call__(self, request: bytes) -> bytes:
        asked = msgspec.msgpack.decode(request, type=_Request)
        return msgspec.msgpack.encode(_named(asked.body, asked.address, allow_private=asked.allow_private))


def _named(body: bytes, address: str, *, allow_private: bool) -> Named:
    try:
        found: Takeover = read_list(body, address)
    except ConfigError as error:
        raise ParseError(address, error.problems[0].message) from error
    if len(found.feeds) > MAX_MEMBERS:
        raise ParseError(address, f"names {len(found.feeds):,} feeds, more than {MAX_MEMBERS:,}")
    judged = [(feed, refusal(feed.url, allow_private=allow_private)) for feed in found.feeds]
    refused = [f"{one_line(feed.url)[:_MAX_NAME]}: {why}" for feed, why in judged if why]
    members = [_member(feed) for feed, why in judged if not why]
    if not members:
        raise ParseError(address, f"names no feed that may be polled; {refused[0]}")
    return Named(members=tuple(members), refused=(*found.refused, *refused))


def refusal(url: str, *, allow_private: bool = False) -> str | None:
    """Why a list cannot name this address; None where it can. Whatever the name leads to is looked at again at each poll.

    >>> refusal("http://127.0.0.1/feed"), refusal("https://blog.example.org/feed")
    ('is on this machine or in a private network', None)
    """
    if len(url) > _MAX_ADDRESS:
        return f"is longer than {_MAX_ADDRESS:,} characters"
    if not _WRITTEN_OUT.fullmatch(url):
        return "has a user name or password in it, or is not written out as http(s)://host/…"
    return None if allow_private or not _is_private(host_of(url)) else "is on this machine or in a private network"


def _is_private(host: str) -> bool:
    literal = literal_address(host)
    if literal is not None:
        return not is_public(literal)
    name = host.rstrip(".").lower()
    return "." not in name or name.endswith(_PRIVATE_NAMES) or names_this_machine(name)


def _member(feed: Proposal) -> Member:
    tags = tuple(tag for tag in feed.tags if len(tag) <= _MAX_TAG)[:MAX_TAGS]
    return Member(url=feed.url, name=feed.name and feed.name[:_MAX_NAME], tags=tags)
