"""A publisher who opts out leaves every output with all copies of its words, its name and its links; nobody else's words go along."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import FeedSpec, OutputSpec
from tests.planet import JSON, NOON, Planet, Post, atom, post, subscription

OUTPUTS = (OutputSpec(path="atom.xml", format="atom"), JSON, OutputSpec(path="index.html", format="html"))
LONG = "".join(
    f"<p>The {thing} at the old harbour was painted {colour} by the people of the {place}, who had waited for it since the long winter.</p>"
    for thing, colour, place in (("boat", "green", "north pier"), ("shed", "yellow", "ferry"), ("lamp", "white", "upper town"))
)
REAL = post("orig", text=LONG)
COPY = replace(REAL, link="https://copy.example/2026/a-boat", id="https://copy.example/2026/a-boat")


def by(name: str, page: str | None = None) -> str:
    said = f'<a href="{page}">{name}</a>' if page else name
    return f"<p>This article originally appeared at {said}.</p>"


def edited(planet: Planet, **changed: FeedSpec) -> None:
    """An edited feeds.yaml: who opted out is no longer asked."""
    feeds = tuple(changed.get(spec.id, spec) for spec in planet.ports.config.feeds)
    planet.ports = replace(planet.ports, config=replace(planet.ports.config, feeds=feeds))
    planet.store.sync([spec for spec in feeds if not spec.opt_out], planet.clock())


def titles(planet: Planet) -> list[str]:
    return sorted(str(item["title"]) for item in planet.publishes())


def mentions(planet: Planet, *words: str) -> list[str]:
    """The files that have one of these words."""
    return [path for path, body in planet.folder.files.items() if any(word in body.decode() for word in words)]


@pytest.mark.parametrize(
    "copy",
    [
        COPY,
        replace(COPY, title="A boat, a shed and a lamp"),
        replace(COPY, text=LONG + by("The Orig", REAL.link)),
        replace(COPY, title="Another story", text="<p>Which only we have, and never the one who is named.</p>" + by("The Orig")),
        replace(COPY, id=REAL.id, link=REAL.link),
        replace(COPY, source="orig"),
    ],
    ids=["words alone", "words under another title", "page", "name alone", "id", "source"],
)
def test_copies_go_along_however_they_are_known_and_readers_are_told(copy: Post) -> None:
    planet = Planet("copy", "orig", outputs=OUTPUTS)
    # The copy comes first, when no feed of that name has been read yet.
    planet.polls({"copy": atom("copy", [copy, post("copy", 2)]), "orig": atom("orig", [REAL])})
    given = [str(item["id"]) for item in planet.publishes() if item["title"] != "Post 2 of copy"]
    edited(planet, orig=subscription("orig", opt_out=True))
    assert titles(planet) == ["Post 2 of copy"]
    assert mentions(planet, "The Orig", REAL.link, "old harbour", "only we have") == []
    assert all(f'ref="{one}"' in planet.folder.files["atom.xml"].decode() for one in given)
    edited(planet, orig=subscription("orig"))
    assert sorted(str(item["id"]) for item in planet.publishes() if item["title"] != "Post 2 of copy") == sorted(given)


@pytest.mark.parametrize("said", [by("Elsewhere", "https://else.example/2026/a-boat"), by("Elsewhere")], ids=["page", "name"])
def test_what_the_publisher_only_repeated_stays_without_its_name_and_links(said: str) -> None:
    planet = Planet("copy", "orig", outputs=OUTPUTS)
    twice = said.replace(".</p>", ', via <a href="https://orig.example/2026/post-1">The Orig</a>.</p>')
    planet.polls(
        {
            "orig": atom("orig", [replace(REAL, text=LONG + said)]),
            "copy": atom("copy", [replace(COPY, text=LONG + twice)]),
        }
    )
    assert len(titles(planet)) == 1
    edited(planet, orig=subscription("orig", opt_out=True))
    (item,) = planet.publishes()
    assert [hop["title"] for hop in item["_provenance"]["via"]] == ["Elsewhere", "The Copy"]  # type: ignore[index]
    shown = json.dumps({key: value for key, value in item.items() if key != "id"})
    assert "The Orig" not in shown
    assert "orig.example" not in shown


@pytest.mark.parametrize(
    "copy",
    [replace(COPY, text=LONG + by("The Orig", REAL.link)), replace(COPY, at=NOON), replace(COPY, at=NOON + timedelta(days=2))],
    ids=["it says so", "an hour later", "days later"],
)
def test_an_original_that_the_publisher_only_copied_stays(copy: Post) -> None:
    planet = Planet("copy", "orig", outputs=OUTPUTS)
    planet.later(timedelta(days=3))
    planet.polls({"copy": atom("copy", [copy]), "orig": atom("orig", [REAL])})
    edited(planet, copy=subscription("copy", opt_out=True))
    assert titles(planet) == [REAL.title]
    assert mentions(planet, "The Copy", "copy.example") == []


@pytest.mark.parametrize("name", ["The Orig", "The Orig - Latest posts"])
def test_who_opted_out_before_the_first_poll_is_known_by_what_feeds_yaml_says(name: str) -> None:
    planet = Planet("copy", outputs=OUTPUTS)
    feeds = (*planet.ports.config.feeds, subscription("orig", opt_out=True, name=name))
    planet.ports = replace(planet.ports, config=replace(planet.ports.config, feeds=feeds))
    named = replace(COPY, link="https://copy.example/n", id="https://copy.example/n", title="Named", text="<p>Words.</p>" + by("The Orig"))
    planet.polls({"copy": atom("copy", [post("copy", 2), replace(COPY, source="orig"), named])})
    assert titles(planet) == ["Post 2 of copy"]


def test_a_name_that_is_also_somebody_elses_takes_nothing_along() -> None:
    planet = Planet("copy", subscription("orig", name="Notes"), subscription("other", name="Notes"))
    edited(planet, orig=subscription("orig", name="Notes", opt_out=True))
    named = replace(COPY, text="<p>Words of some Notes.</p>" + by("Notes"))
    planet.polls({"copy": atom("copy", [named])})
    assert titles(planet) == [REAL.title]
