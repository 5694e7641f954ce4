"""Tell our hub of the outputs that changed. Apart from publishing, which never waits for a hub: what is to be told stands in the store."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.model import Notice, Posted
from aggregator.pipeline import Ports
from aggregator.publish import websub
from aggregator.web.host import host_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What came of telling the hub of one output; `error` says why it does not know yet."""

    path: str
    hub: str
    error: str | None = None


def announce(ports: Ports) -> list[Announced]:
    """Tell the hub that feeds.yaml names of each output whose file is not the one that it was last told of; one after the other.

    The first failure ends it: the others wait as long as that one. Does nothing without a hub, or without `link`.
    """
    hub, topics = ports.config.hub, websub.topics(ports.config)
    if not hub or not topics:
        return []
    waiting = [one for one in websub.due(ports.store.hubs.notices(), ports.clock()) if one.path in topics]
    told: list[Announced] = []
    for position, notice in enumerate(waiting):
        # Whoever writes feeds.yaml may have a hub of their own beside the program.
        posted = ports.fetcher.post(hub, websub.form(topics[notice.path]), allow_private=True)
        over = [notice] if posted.is_accepted else waiting[position:]
        told += _noted(over, posted, host_of(hub), ports)
        if not posted.is_accepted:
            break
    return told


def _noted(notices: Sequence[Notice], posted: Posted, hub: str, ports: Ports) -> list[Announced]:
    now = ports.clock()
    after = [websub.answered(notice, posted, now) for notice in notices]
    for one in after:
        ports.store.hubs.note_told(one)
    return [Announced(path=one.path, hub=hub, error=one.error) for one in after]
