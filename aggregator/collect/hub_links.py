"""Where a feed's pushes can be had (W3C WebSub section 4): from the Link field of its answer, else from its document."""

import re
from collections.abc import Iterator
from typing import Final

from aggregator.collect.limits import MAX_HUBS
from aggregator.model import FeedState, HubLinks
from aggregator.web.url import resource

_MAX_CHARS: Final = 8192
_LINK: Final = re.compile(r'<([^<>]*)>((?:\s*;\s*[^\s=;,"<>]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"<>]*))?)*)')
_PARAMETER: Final = re.compile(r';\s*([^\s=;,"<>]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"<>]*))')


def linked(field: str | None, base: str) -> HubLinks | None:
    """What a Link field (RFC 8288) says of hub and topic, absolute; None where it names no hub.

    >>> linked('<https://hub.example/>; rel="hub", </feed>; rel=self', "https://blog.example/x").topic
    'https://blog.example/feed'
    """
    found = list(_links((field or "")[:_MAX_CHARS]))
    hubs, topics = (_named(found, relation, base) for relation in ("hub", "self"))
    return HubLinks(hub=hubs[0], others=tuple(hubs[1:MAX_HUBS]), topic=next(iter(topics), None)) if hubs else None


def offered(state: FeedState) -> HubLinks | None:
    """Where a feed's pushes can be had, as its last answer says: its Link field goes before its document. The topic is always told."""
    said, head = state.hub_links, state.head
    hub, others = (said.hub, said.others) if said else (head.hub, head.other_hubs)
    topic = (said.topic if said else None) or head.self_url or head.base
    return HubLinks(hub=hub, others=others, topic=topic) if hub and topic else None


def _links(field: str) -> Iterator[tuple[frozenset[str], str]]:
    for target, parameters in _LINK.findall(field):
        # Of a parameter that stands twice the first counts (RFC 8288 section 3.3).
        named = {name.lower(): quoted or bare for name, quoted, bare in reversed(_PARAMETER.findall(parameters))}
        if "anchor" not in named:
            yield frozenset(named.get("rel", "").lower().split()), target.strip()


def _named(found: list[tuple[frozenset[str], str]], relation: str, base: str) -> list[str]:
    return [url for relations, target in found if relation in relations and (url := resource(target, base))]
