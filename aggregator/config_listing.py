"""What feeds.yaml lists, read as text only: each feed's id, its address as written, and where both stand. For edits by program."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.config_address import address_key, derived_ids, shown
from aggregator.config_yaml import ListNode, MapNode, Node, ScalarNode, read_text
from aggregator.errors import ConfigError, Problem

_FILE = "feeds.yaml"
_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Listed:
    """One item of `feeds:`: its number in the list, its id (given or derived), its address as written and the node of that."""

    number: int
    id: str
    url: str
    address: ScalarNode
    node: Node
    siblings: ListNode


def top_of(text: str) -> MapNode | None:
    """The mapping of the file; None for a file without anything but comments."""
    reading = read_text(text)
    if reading.top is None and _is_blank(text):
        return None
    if reading.top is None or reading.problems:
        raise ConfigError(_FILE, reading.problems)
    return reading.top


def _is_blank(text: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith("#") for line in _BREAK.split(text.removeprefix("\ufeff")))


def _feeds(text: str) -> Node | None:
    top = top_of(text)
    return top.get("feeds") if top else None


def listed(text: str) -> list[Listed]:
    """The items of `feeds:` that have an address, in the order of the file.

    Raises: ConfigError when the file cannot be read as YAML, or `feeds:` is no list.
    """
    node = _feeds(text)
    if node is None or (isinstance(node, ScalarNode) and node.value() is None):
        return []
    if not isinstance(node, ListNode):
        raise trouble(node.line, "feeds: a list is wanted: begin each line below it with '- '")
    found = [(number, item, _address(item)) for number, item in enumerate(node.items)]
    read = [(number, item, address) for number, item, address in found if address]
    ids = derived_ids([_given_id(item) for _, item, _ in read], [shown(address.text.strip()) for _, _, address in read])
    return [
        Listed(number, name, address.text.strip(), address, item, node) for name, (number, item, address) in zip(ids, read, strict=True)
    ]


def _address(item: Node) -> ScalarNode | None:
    value = item.get("url") if isinstance(item, MapNode) else item
    return value if isinstance(value, ScalarNode) else None


def _given_id(item: Node) -> str | None:
    value = item.get("id") if isinstance(item, MapNode) else None
    return value.text.strip() if isinstance(value, ScalarNode) else None


def chosen(entries: Sequence[Listed], id_or_url: str) -> list[Listed]:
    """The entries that an id or an address, as written or as shown, means: several where a feed is listed several times.

    Raises: ConfigError when there is none.
    """
    named = [entry for entry in entries if entry.id == id_or_url]
    key = address_key(named[0].url if named else id_or_url)
    same = [entry for entry in entries if key in {address_key(entry.url), address_key(shown(entry.url))}]
    # Another mapping with this address may be another feed: the same address asked with another header.
    found = [entry for entry in same if not named or entry in named or isinstance(entry.node, ScalarNode)]
    if not found:
        raise trouble(0, f"no feed '{id_or_url}' is listed here")
    return found


def is_listed(text: str, url: str) -> bool:
    """Is an address an item of its own: not a mapping, which may be another feed, asked with another header?"""
    keys = {address_key(entry.url) for entry in listed(text) if isinstance(entry.node, ScalarNode)}
    return address_key(url) in keys


def trouble(line: int, message: str) -> ConfigError:
    """One problem of feeds.yaml, ready to be raised."""
    return ConfigError(_FILE, [Problem(line, message)])
