"""The pages that tell how the daemon is, as operators, probes, Prometheus and strangers see them."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import BadStatus, StoreError
from aggregator.model import FeedState
from aggregator.publish import plots
from aggregator.publish.statuspage import Shown, status_page
from aggregator.run.health import LATE, Health, unready
from aggregator.status import overview, status
from tests.board import SECRET, Site, held_planet
from tests.fakes import FakeStore
from tests.makers import NOON, spec, state
from tests.pace import examples
from tests.planet import Planet, atom, older

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    opened = Site(held_planet(), tmp_path)
    yield opened
    opened.server.stop()


def test_strangers_see_nothing_and_this_machine_does(site: Site) -> None:
    assert site.ask("/status")[0] == 200
    for path in ("/status", "/metrics"):
        assert site.ask(path, X_Forwarded_For="192.0.2.7")[0] == 403, "a proxy asks for somebody else"
        assert site.ask(path, Host="planet.example")[0] == 403, "the public name"
    assert json.loads(site.ask("/readyz", Host="planet.example")[2]) == {"ready": True}


def test_with_a_token_a_browser_is_asked_for_it_and_programs_send_it(tmp_path: Path) -> None:
    site = Site(Planet("blog"), tmp_path, token="s3cret")
    status_, fields, _ = site.ask("/status")
    assert (status_, fields["www-authenticate"].partition(" ")[0]) == (401, "Basic")
    basic = b64encode(b"anybody:s3cret").decode()
    assert site.ask("/status", Authorization=f"Basic {basic}")[0] == 200
    assert site.ask("/metrics", Authorization="Bearer s3cret", Host="planet.example")[0] == 200
    for wrong in ("Bearer s3cre", "Basic !", f"Basic {b64encode(b's3cret:').decode()}", "s3cret"):
        assert site.ask("/status", Authorization=wrong)[0] == 401, wrong
    site.server.stop()


def test_a_form_of_the_page_ends_a_hold_and_publishes(site: Site) -> None:
    status_, fields, _ = site.ask("/status/confirm", {"feed": "taken", "secret": SECRET}, Origin=f"http://{site.host}")
    assert (status_, fields["location"]) == (303, "../status?done=confirm&feed=taken")
    assert site.planet.store.holds() == {}
    assert site.published == 1
    assert "taken is taken for what it is now" in site.ask("/status?done=confirm&feed=taken")[2]
    again = site.ask("/status/confirm", {"feed": "taken", "secret": SECRET}, Origin=f"http://{site.host}")
    assert "done=nothing" in again[1]["location"]
    assert site.published == 1


def test_a_flood_has_a_button_that_releases_it(tmp_path: Path) -> None:
    planet = Planet("blog", "late")
    planet.ports = replace(planet.ports, config=replace(planet.ports.config, newcomer_entries=1))
    planet.polls({"blog": atom("blog", older("blog"))})
    assert len(planet.publishes()) == 4
    planet.later()
    planet.polls({"late": atom("late", older("late", 6))})
    assert len(planet.publishes()) == 5
    site = Site(planet, tmp_path)
    page = site.ask("/status")[2]
    assert "5 entries are held back" in page
    assert 'action="status/release"' in page
    form = {"feed": "late", "secret": SECRET}
    assert site.ask("/status/release", form, Origin=f"http://{site.host}")[1]["location"] == "../status?done=release&feed=late"
    assert site.published == 1
    assert len(planet.publishes()) == 10
    assert 'action="status/release"' not in site.ask("/status")[2]
    site.server.stop()


def test_a_form_from_anywhere_else_does_nothing(site: Site) -> None:
    good, form = f"http://{site.host}", {"feed": "taken", "secret": SECRET}
    tried: list[tuple[dict[str, str], dict[str, str]]] = [
        (form, {}),
        (form, {"Origin": "null"}),
        (form, {"Origin": "http://evil.example"}),
        (form, {"Origin": f"http://{site.host}.evil.example"}),
        (form, {"Origin": good, "Sec_Fetch_Site": "same-site"}),
        (form, {"Origin": good, "X_Forwarded_For": "192.0.2.7"}),
        ({"feed": "taken"}, {"Origin": good}),
        ({"feed": "taken", "secret": "guess"}, {"Origin": good}),
        ({**form, "more": "x" * 5000}, {"Origin": good}),
    ]
    assert {site.ask("/status/confirm", *one[:1], **one[1])[0] for one in tried} == {403}
    assert site.ask("/status/confirm?feed=taken&secret=" + SECRET, Origin=good)[0] == 404, "a link does nothing"
    assert list(site.planet.store.holds()) == ["taken"]


def test_what_feeds_and_addresses_say_cannot_become_markup(site: Site) -> None:
    planet = Planet("blog")
    planet.fails("blog", BadStatus("", "<script>alert(1)</script>", status=500))
    found = overview(planet.store, planet.ports.config, planet.clock())
    found = replace(found, feeds=tuple(replace(one, pushes="by <i>hub.example</i>") for one in found.feeds))
    page = status_page(found, Shown(secret=SECRET, notice="<b>")).decode()
    assert page.count("Pushes: by &lt;i&gt;hub.example") == 1
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in site.ask("/status?done=confirm&feed=%3Cscript%3E")[2]


class Unreadable(FakeStore):
    """A store on a disk that has broken."""

    is_broken = False

    def feeds(self, *, active_only: bool = True) -> list[FeedState]:
        if self.is_broken:
            raise StoreError("aggregator.db: the disk failed to read or write")
        return super().feeds(active_only=active_only)


def test_a_store_that_cannot_be_read_is_said_in_a_line(tmp_path: Path) -> None:
    store = Unreadable()
    site = Site(Planet("well", store=store), tmp_path)
    store.is_broken = True
    for path in ("/status", "/metrics"):
        assert site.ask(path)[::2] == (503, "aggregator.db: the disk failed to read or write\n")
    assert json.loads(site.ask("/readyz")[2])["reasons"] == ["aggregator.db: the disk failed to read or write"]
    site.server.stop()


# ── ready, metrics ──


def test_ready_means_fresh_and_says_what_is_not() -> None:
    well = status(state("a", last_success_at=NOON, next_poll_at=NOON), spec("a"), NOON)
    health = Health(last_publish=NOON.isoformat())
    assert unready(health, [well], NOON + LATE) == []
    late = "1 feed should have been asked more than 30 min ago, a 35 min ago"
    assert unready(health, [well], NOON + LATE + timedelta(minutes=5)) == [late]
    paused = status(well.state, spec("a"), NOON, pause=(NOON + timedelta(hours=9), "503"))
    assert unready(health, [paused], NOON + timedelta(hours=8)) == [], "its server asked for it"
    assert unready(Health(), [], NOON) == ["nothing was published yet since the start"]
    failing = status(state("a", last_error="no answer"), spec("a"), NOON)
    assert "no feed can be read" in unready(health, [failing], NOON)[0]
    health.publish_errors, health.trouble = {"atom.xml": "cannot be written: full"}, {"space": "less than 500 MB are free"}
    assert unready(health, [well], NOON) == ["atom.xml: cannot be written: full", "space: less than 500 MB are free"]
    assert health.told()["ok"], "no restart would mend that"


def test_not_being_ready_is_503_with_the_reasons(site: Site) -> None:
    site.health.trouble["publish"] = "no room"
    status_, _, body = site.ask("/readyz")
    assert (status_, json.loads(body)) == (503, {"ready": False, "reasons": ["publish: no room"]})
    assert site.ask("/healthz")[0] == 200
    assert "Something is wrong: publish: no room" in site.ask("/status")[2]


def samples(site: Site) -> dict[str, float]:
    lines = [line.rpartition(" ") for line in site.ask("/metrics")[2].splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_metrics_tell_what_the_store_counted(site: Site) -> None:
    told = samples(site)
    assert told['aggregator_feeds{trouble="failing"}'] == told['aggregator_feeds{trouble="held"}'] == 1
    assert told['aggregator_polls_total{outcome="failed"}'] == 1
    assert told['aggregator_entries_total{kind="new"}'] == 1
    assert told['aggregator_sighting_delay_seconds_bucket{le="300.0"}'] == 0
    assert told['aggregator_sighting_delay_seconds_bucket{le="900.0"}'] == told['aggregator_sighting_delay_seconds_bucket{le="+Inf"}'] == 1
    assert 'aggregator_feed_failing_since_timestamp_seconds{feed="gone"}' in told
    assert told["aggregator_ready"] == 1


def test_the_dashboard_asks_for_nothing_but_what_there_is(site: Site) -> None:
    dashboard = json.loads((ROOT / "examples/grafana/aggregator.json").read_text())
    there = {name.partition("{")[0] for name in samples(site)}
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    wanted = {name for text in asked for name in re.findall(r"\b(?:aggregator|process)_\w+", text)}
    assert wanted - there == set()
    assert {name for name in there if name.startswith("aggregator_")} - wanted <= {"aggregator_last_publish_timestamp_seconds"}
    outcomes = {label for text in asked for label in re.findall(r'(?:outcome|trouble)="(\w+)"', text)}
    assert outcomes <= {label for name in samples(site) for label in re.findall(r'(?:outcome|trouble)="(\w+)"', name)}


def test_every_metric_is_explained(site: Site) -> None:
    explained = (ROOT / "docs/operations.md").read_text("utf-8")
    names = {name.partition("{")[0].removesuffix("_bucket") for name in samples(site)}
    assert [name for name in names if name.startswith("aggregator_") and f"| `{name}`" not in explained] == []


# ── pictures ──


@given(st.lists(st.lists(st.integers(0, 10**12), min_size=3, max_size=3), min_size=1, max_size=4))
@examples()
def test_bars_stand_inside_their_picture_and_as_high_as_what_they_mean(values: list[list[int]]) -> None:
    series = [plots.Series(name=str(number), tone="s0", values=one) for number, one in enumerate(values)]
    plot = plots.bars(name="p", title="", summary="", labels=["a", "b", "c"], series=series, marks=[(0, "a")])
    totals = [sum(one[at] for one in values) for at in range(3)]
    for piece in (piece for bar in plot.bars for piece in bar.pieces):
        assert 0 <= piece.y <= piece.y + piece.height <= plot.floor + 0.1
        assert plot.left <= piece.x <= piece.x + piece.width <= plot.right
    heights = [sum(piece.height for piece in bar.pieces) for bar in plot.bars]
    top = plots.scale_top(max(totals))
    assert max(totals) <= top
    assert plots.ticks(top)[-1] == top
    assert all(abs(height - total / top * (plot.floor - 10)) <= 1.6 * len(values) for height, total in zip(heights, totals, strict=True))
    assert plot.is_empty == (not any(totals))
