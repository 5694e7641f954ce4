"""Who leads a story that subscribers have leads on until somebody is known to have a better claim."""

import json
from dataclasses import replace

import pytest

from tests.ledger import sqlite_store
from tests.planet import HOUR, JSON, NOON, Planet, Post, atom, older, post, subscription

WIRE = post(
    "wire",
    at=NOON - 9 * HOUR,
    text="<p>" + "Seven boats lay in the harbour when the lantern of the old mill went out for good. " * 6 + "</p>",
)
OTHERS = ["alder", "birch", "cedar"]


def _printed(room: str, minutes: int, text: str = WIRE.text) -> Post:
    return replace(
        WIRE,
        link=f"https://{room}.example/wire",
        id=f"tag:{room}.example,2026:wire",
        at=WIRE.at and WIRE.at + HOUR * minutes / 60,
        text=text,
    )


def _own(feed: str) -> Post:
    return post(feed, 2, at=NOON, text=f"<p>{' '.join(f'{feed}{number}' for number in range(50))}</p>")


def _copied(feed: str) -> Post:
    return replace(_own(feed), link=f"https://first.example/from-{feed}", id=f"tag:first.example,2026:{feed}", at=NOON + HOUR)


def _told(planet: Planet) -> dict[str, object]:
    return next(item for item in planet.publishes() if item["title"] == WIRE.title)


@pytest.mark.parametrize("store", ["fake", "sqlite"])
def test_a_newsroom_that_shares_stories_with_ever_more_feeds_leads_on_what_it_leads(store: str) -> None:
    if store == "fake":
        return _shares_more_and_more(Planet("first", "second", *OTHERS))
    with sqlite_store() as made:
        return _shares_more_and_more(Planet("first", "second", *OTHERS, store=made))


def test_what_an_output_by_tag_credits_does_not_go_from_one_newsroom_to_the_next_either() -> None:
    third = subscription("third", tags=("some",))
    planet = Planet("first", "second", third, *OTHERS, outputs=(JSON, replace(JSON, path="some.json", tags=("some",))))
    planet.polls({"third": atom("third", [_printed("third", 200), *older("third")])})
    _shares_more_and_more(planet, credited="https://first.example/wire")


def _shares_more_and_more(planet: Planet, credited: str | None = None) -> None:
    def credit() -> object:
        found = json.loads(planet.folder.files.get("some.json", b'{"items": []}'))["items"]
        return next((item["_provenance"]["original"]["url"] for item in found if item["title"] == WIRE.title), None)

    rooms = {"first": [_printed("first", 0), *older("first")], "second": [_printed("second", 20), *older("second")]}
    planet.polls({feed: atom(feed, posts) for feed, posts in rooms.items()} | {feed: atom(feed, older(feed)) for feed in OTHERS})
    before = _told(planet)
    assert (before["url"], credit()) == ("https://first.example/wire", credited)
    planet.later()
    for feed in OTHERS[:2]:
        planet.polls({feed: atom(feed, [_own(feed), *older(feed)])})
    planet.polls({"first": atom("first", [*map(_copied, OTHERS[:2]), *rooms["first"]])})
    planet.ports = replace(planet.ports, config=replace(planet.ports.config, newcomer_entries=50))
    assert (_told(planet), credit()) == (before, credited)
    # A correction of the other's is nothing to those who have this one; who had it before the first did leads.
    planet.later()
    planet.polls({"second": atom("second", [_printed("second", 20, f"{WIRE.text}<p>Corrected.</p>"), *older("second")])})
    assert _told(planet) == before
    planet.polls({"alder": atom("alder", [_printed("alder", -30), _own("alder"), *older("alder")])})
    found = _told(planet)
    assert (found["id"], found["url"]) == (before["id"], "https://alder.example/wire")


def test_who_leads_from_now_on_with_the_same_words_moves_no_updated() -> None:
    """A blog without dates leaves feeds.yaml; the planet gives its posts a date of its own."""
    planet = Planet("blog", "planet")
    own = post("blog", at=None)
    planet.polls({"blog": atom("blog", [own, *older("blog")])})
    planet.later(24 * HOUR)
    planet.polls({"planet": atom("planet", [replace(own, source="blog", at=NOON + 20 * HOUR), *older("planet")])})
    (before,) = (item for item in planet.publishes() if item["title"] == own.title)
    config = replace(planet.ports.config, feeds=planet.ports.config.feeds[1:])
    planet.ports = replace(planet.ports, config=config)
    planet.store.sync(config.feeds, planet.clock())
    (after,) = (item for item in planet.publishes() if item["title"] == own.title)
    assert after["_provenance"] != before["_provenance"], "it is told by the planet now"
    assert [after.get(name) for name in ("id", "url", "date_modified")] == [before.get(name) for name in ("id", "url", "date_modified")]


@pytest.mark.parametrize("keeps", [True, False], ids=["its own", "nothing"])
@pytest.mark.parametrize("kept_in", ["fake", "sqlite"])
def test_a_blog_that_was_away_leads_what_a_planet_had_meanwhile_if_it_goes_on_with_its_own(kept_in: str, keeps: bool) -> None:
    if kept_in == "fake":
        return _comes_back(Planet("blog", "planet"), keeps)
    with sqlite_store() as made:
        return _comes_back(Planet("blog", "planet", store=made), keeps)


def _comes_back(planet: Planet, keeps: bool) -> None:
    def told() -> object:
        return next(item for item in planet.publishes() if item["title"] == new.title)["url"]

    planet.polls({feed: atom(feed, older(feed)) for feed in ("blog", "planet")})
    planet.publishes()
    planet.later(72 * HOUR)
    new = post("blog", text=WIRE.text, at=planet.clock() - 5 * HOUR)
    copy = replace(new, link="https://planet.example/p", id="tag:planet.example,2026:p", at=planet.clock() - 4 * HOUR)
    planet.polls({"planet": atom("planet", [copy, *older("planet")])})
    assert told() == copy.link
    planet.later(72 * HOUR)
    planet.polls({"blog": atom("blog", [new, *older("blog")] if keeps else [new])})
    assert told() == (new.link if keeps else copy.link)
    planet.later()
    planet.polls({"planet": atom("planet", [replace(copy, text=f"{copy.text}<p>Read on.</p>"), *older("planet")])})
    assert told() == (new.link if keeps else copy.link)


def test_a_planet_that_was_away_leads_nothing_that_was_read_meanwhile() -> None:
    planet = Planet("blog", "planet")
    planet.polls({feed: atom(feed, older(feed)) for feed in ("blog", "planet")})
    planet.later(72 * HOUR)
    planet.polls({"blog": atom("blog", older("blog"))})
    planet.later()
    new = post("blog", text=WIRE.text, at=planet.clock() - HOUR)
    planet.polls({"blog": atom("blog", [new, *older("blog")])})
    planet.publishes()
    planet.later(72 * HOUR)
    longer = f"{new.text}<p>{'A planet adds some words of its own to what others wrote. ' * 3}</p>"
    copy = replace(new, link="https://planet.example/p", id="tag:planet.example,2026:p", text=longer)
    planet.polls({"planet": atom("planet", [copy, *older("planet")])})
    assert [item["url"] for item in planet.publishes() if item["title"] == new.title] == [new.link]


def test_a_blog_without_dates_leads_what_was_seen_of_it_before_a_copy_came_though_that_is_dated_earlier() -> None:
    """The copy was made between two polls of the blog, and bears its own date; the blog's entry has none but when it was read."""
    planet = Planet("alder", "first")
    planet.polls({feed: atom(feed, older(feed)) for feed in ("alder", "first")})
    planet.publishes()
    planet.later(20 * HOUR)
    now = planet.clock()
    planet.polls({"alder": atom("alder", [replace(_printed("alder", 0), at=None), *older("alder")])})
    assert _told(planet)["url"] == "https://alder.example/wire"
    planet.later(2 * HOUR)
    planet.polls({"first": atom("first", [replace(_printed("first", 0), at=now - 3 * HOUR), *older("first")])})
    assert _told(planet)["url"] == "https://alder.example/wire"
