"""A daemon's pages over a planet in memory, without the daemon."""

import http.client
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from aggregator.app import App
from aggregator.errors import BadStatus
from aggregator.model import PollResult
from aggregator.run.health import Health
from aggregator.run.server import WebServer
from aggregator.run.standing import board
from tests.ledger import post, result, same_story
from tests.makers import NOON
from tests.planet import Planet, atom, older
from tests.planet import post as written

SECRET = "0123456789abcdef"


class Site:
    """A daemon's pages over a planet in memory, without the daemon."""

    def __init__(self, planet: Planet, root: Path, *, token: str | None = None) -> None:
        self.planet = planet
        self.health = Health(last_publish=NOON.isoformat())
        self.published = 0
        app = App(config=planet.ports.config, written=planet.ports.config, ports=planet.ports, free_bytes=lambda: 1 << 40)
        self.server = WebServer(
            root=root,
            host="127.0.0.1",
            port=0,
            token=token,
            health=self.health.told,
            hosts=lambda: ("planet.example",),
            board=board(lambda: app, self.health, self._publish),
            secret=SECRET,
        )
        self.server.start()
        self.host = self.server.address.removeprefix("http://").rstrip("/")

    def _publish(self) -> None:
        self.published += 1

    def ask(self, path: str, form: Mapping[str, str] | None = None, **fields: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection(self.host, timeout=10)
        given = {name.replace("_", "-"): value for name, value in fields.items()}
        body = urlencode(form) if form is not None else None
        connection.request("GET" if body is None else "POST", path, body, given)
        response = connection.getresponse()
        try:
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read().decode()
        finally:
            connection.close()


def held_planet() -> Planet:
    """A feed that is well, one that fails and one that is held."""
    planet = Planet("well", "gone", "taken")
    planet.polls({feed: atom(feed, older(feed)) for feed in ("well", "taken")})
    planet.fails("gone", BadStatus("", f"answered 404 {'Not Found' * 60}", status=404))
    planet.clock.forward(timedelta(hours=1))
    planet.polls({"well": atom("well", [written("well", at=planet.clock() - timedelta(minutes=9)), *older("well")])})
    made = result(planet.store, "taken", [post(9, "taken")], planet.clock())
    planet.store.record([_held(made)], same_story)
    return planet


def _held(made: PollResult) -> PollResult:
    return replace(made, state=replace(made.state, hold="since 2026-11-01: its pages are on another site"))
