"""How the daemon is: what its jobs found, whether it lives, and whether what it serves is fresh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from aggregator.collect.polite import words
from aggregator.model import JsonValue
from aggregator.model.status import FeedStatus
from aggregator.web.text import counted

LATE: Final = timedelta(minutes=30)
"""A feed that is due for longer than this is late: feeds of one operator wait for one another, but not for so long."""

SILENCE: Final = "silence"
"""The trouble of a daemon in which nothing moves: the only one that a restart mends."""


@dataclass
class Health:
    """What `/healthz` tells. Written by the daemon's jobs, read by the web server."""

    config_problems: tuple[str, ...] = ()
    publish_errors: dict[str, str] = field(default_factory=dict)
    last_poll: str | None = None
    last_publish: str | None = None
    trouble: dict[str, str] = field(default_factory=dict)
    held_back: dict[str, int] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)

    def told(self) -> dict[str, JsonValue]:
        """As JSON. `ok` says that the daemon lives: what else is wrong stands beside it, and no restart would mend it."""
        return {
            "ok": SILENCE not in self.trouble,
            "config_problems": list(self.config_problems),
            "publish_errors": dict(self.publish_errors),
            "trouble": dict(self.trouble),
            "held_back": dict(self.held_back),
            "lists": dict(self.lists),
            "last_poll": self.last_poll,
            "last_publish": self.last_publish,
        }


def unready(health: Health, feeds: Sequence[FeedStatus], now: datetime) -> list[str]:
    """Why what is served is not fresh, in words; nothing where it is."""
    reasons = [] if health.last_publish else ["nothing was published yet since the start"]
    reasons += [f"{path}: {error}" for path, error in sorted(dict(health.publish_errors).items())]
    reasons += [f"{job}: {said}" for job, said in sorted(dict(health.trouble).items())]
    asked = [one for one in feeds if one.state.active]
    late = [one for one in asked if now - one.next_poll_at > LATE]
    if late:
        longest = min(late, key=lambda one: one.next_poll_at)
        what = f"{counted(len(late), 'feed')} should have been asked more than {words(LATE)} ago"
        reasons.append(f"{what}, {longest.state.id} {words(now - longest.next_poll_at)} ago")
    if asked and all(one.state.last_error for one in asked):
        reasons.append("no feed can be read: is this machine's network all right?")
    return reasons


def readiness(reasons: Sequence[str]) -> Mapping[str, JsonValue]:
    """What `/readyz` tells, as JSON."""
    return {"ready": not reasons, "reasons": list(reasons)}
