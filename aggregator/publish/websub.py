"""Our own hub (W3C WebSub): which outputs it is to be told of and when, what is said to it, and how outputs name it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.model import Config, Notice, Posted, Url
from aggregator.publish.edition import address_of
from aggregator.web.url import resource

# A hub asks for each output that it is told of, and so do its subscribers: what changes meanwhile is told in one go.
_SPACING: Final = timedelta(minutes=1)
_LONGEST: Final = timedelta(hours=6)
# What is put off for longer was put off under a wrong clock, or by a hub that asks for more than anybody can mean.
_HORIZON: Final = timedelta(days=1)
_MAX_DOUBLINGS: Final = 10


def topics(config: Config) -> dict[str, Url]:
    """The outputs that can be subscribed to, by path: their addresses. Without `link` these are not known; a list of feeds is no feed."""
    found = {output.path: address_of(config.link, output.path) for output in config.outputs if output.format != "opml"}
    return {path: address for path, address in found.items() if address}


def link_field(config: Config, path: str) -> str | None:
    """The Link field (RFC 8288) of an output: its hub and its own address. None without a hub, or for what is no topic.

    A path of nothing is the page that stands for its folder.
    """
    hub, topic = resource(config.hub), topics(config).get(path or "index.html")
    return f'<{hub}>; rel="hub", <{topic}>; rel="self"' if hub and topic else None


def due(notices: Sequence[Notice], now: datetime) -> list[Notice]:
    """What the hub does not know yet and may be told now."""
    return [one for one in notices if one.told != one.written and not (one.next_at and now < one.next_at <= now + _HORIZON)]


def form(topic: str) -> Mapping[str, str]:
    """What is said to a hub: W3C WebSub leaves that open, and hubs take the one or the other name."""
    return {"hub.mode": "publish", "hub.topic": topic, "hub.url": topic}


def answered(notice: Notice, posted: Posted, now: datetime) -> Notice:
    """The notice after an attempt. A failed one is made again after a minute, then after twice as long each time, or as the hub asks."""
    if posted.is_accepted:
        return replace(notice, told=notice.written, told_at=now, next_at=now + _SPACING, failures=0, error=None)
    wait = min(_LONGEST, _SPACING * 2 ** min(notice.failures, _MAX_DOUBLINGS))
    if posted.retry_after:
        wait = min(_HORIZON, max(wait, posted.retry_after))
    return replace(notice, next_at=now + wait, failures=notice.failures + 1, error=posted.words)
