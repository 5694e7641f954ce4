"""A claim of origin is confirmed by the publisher's own entry, whoever came first, and says by what."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from aggregator.explain import explain
from aggregator.model import Claim, Match
from tests.planet import Planet, Post, atom, older, post, subscription

REAL = post("orig")
COPIES = {
    "page": replace(
        post("copy"),
        text=f'<p>Other words.</p><p>This article originally appeared at <a href="{REAL.link}">The Orig</a>.</p>',
        title="Renamed",
    ),
    "id": replace(REAL, link="https://copy.example/1", source="orig", title=REAL.title, text="<p>Other words.</p>"),
    "text": replace(REAL, link="https://copy.example/1", source="orig"),
    "link": replace(REAL, source="orig", id="https://copy.example/?p=1"),
    "bare link": replace(REAL, id="https://copy.example/?p=1"),
}


def chosen(planet: Planet, feed: str = "copy") -> Claim:
    """The one claim of a feed's entry that is believed, as `explain` tells it."""
    told = explain(REAL.link, planet.store, planet.ports.config, planet.clock())
    (found,) = [entry for story in told.stories for entry in story.entries if entry.feed == feed]
    (one,) = {claim.site: claim for claim in found.claims if claim.standing in ("chosen", "confirmed")}.values()
    return one


@pytest.mark.parametrize("kind", COPIES)
@pytest.mark.parametrize("order", list(permutations(["orig", "copy"])))
def test_a_copy_is_confirmed_by_the_original_whoever_was_polled_first(kind: str, order: Sequence[str]) -> None:
    planet = Planet("orig", "copy")
    documents = {"orig": atom("orig", [REAL]), "copy": atom("copy", [COPIES[kind]])}
    planet.polls({feed: documents[feed] for feed in order})
    claim = chosen(planet)
    assert (claim.standing, claim.site) == ("confirmed", "orig.example")
    assert claim.checked.startswith("the feed orig has ")
    assert claim.confidence >= 0.99
    (item,) = planet.publishes()
    assert (item["url"], item["id"]) == (REAL.link, REAL.id)


@pytest.mark.parametrize("kind", COPIES)
def test_an_original_that_comes_in_later_confirms_what_was_published_before(kind: str) -> None:
    planet = Planet("orig", "copy")
    planet.polls({"orig": atom("orig", older("orig")), "copy": atom("copy", [COPIES[kind]])})
    (before,) = [item for item in planet.publishes() if "number 9" not in str(item["content_html"])]
    planet.later()
    planet.polls({"orig": atom("orig", [REAL, *older("orig")])})
    assert chosen(planet).standing == "confirmed"
    (after,) = [item for item in planet.publishes() if item["url"] == REAL.link]
    assert after["id"] == before["id"]
    assert str(after["content_html"]).count("aggregator-origin") == 1


def test_a_confirmed_copy_that_stands_for_its_original_says_so() -> None:
    planet = Planet(subscription("orig", drop=Match(fields=(("title", ("Post",)),))), "copy")
    planet.polls({"orig": atom("orig", [REAL]), "copy": atom("copy", [COPIES["page"]])})
    (item,) = planet.publishes()
    found = item["_provenance"]
    assert (found["evidence"], found["confidence"]) == (["phrase", "confirmed"], 0.99)  # type: ignore[index]


def test_a_planets_bare_link_to_a_page_that_is_held_tells_its_origin() -> None:
    planet = Planet(subscription("orig", drop=Match(fields=(("link", ("orig",)),))), subscription("copy", name="A planet"))
    planet.polls({"copy": atom("copy", [COPIES["bare link"], *others()])})
    line = "From <a href"
    assert line in text_of(planet, REAL.title)
    planet.polls({"orig": atom("orig", [REAL])})
    assert 'appeared at <a href="https://orig.example/2026/post-1">The Orig</a>, via' in text_of(planet, REAL.title)


def test_a_publisher_who_opted_out_takes_a_planets_bare_copies_along() -> None:
    planet = Planet("orig", "copy")
    planet.polls({"orig": atom("orig", [REAL]), "copy": atom("copy", [COPIES["bare link"], *others()])})
    assert len(planet.publishes()) == 4
    config = planet.ports.config
    planet.ports = replace(planet.ports, config=replace(config, feeds=(subscription("orig", opt_out=True), config.feeds[1])))
    assert [item for item in planet.publishes() if item["url"] == REAL.link] == []


def test_what_the_editor_says_is_confirmed() -> None:
    planet = Planet(subscription("copy", origin="https://orig.example/"))
    planet.polls({"copy": atom("copy", [replace(REAL, link="https://copy.example/1")])})
    ((_, (member,)),) = planet.store.find("https://copy.example/1")
    told = explain("https://copy.example/1", planet.store, planet.ports.config, planet.clock())
    (claim,) = told.stories[0].entries[0].claims
    assert (claim.standing, claim.checked) == ("confirmed", "feeds.yaml says so")
    assert member.entry.origin.confidence == 1.0


@pytest.mark.parametrize(
    ("copy", "why"),
    [
        (replace(REAL, link="https://copy.example/1", source="else"), "not confirmed: we poll no feed of else.example"),
        (replace(REAL, link="https://copy.example/1", source="orig"), "not confirmed yet: the feed orig was last read before"),
    ],
)
def test_a_claim_that_is_not_confirmed_says_why(copy: Post, why: str) -> None:
    planet = Planet("orig", "copy")
    planet.polls({"orig": atom("orig", older("orig")), "copy": atom("copy", [copy])})
    told = explain(copy.link, planet.store, planet.ports.config, planet.clock())
    (claim,) = [claim for claim in told.stories[0].entries[0].claims if claim.standing == "chosen"]
    assert claim.checked.startswith(why)


def test_an_alias_that_feeds_yaml_declares_confirms_too() -> None:
    planet = Planet(subscription("news", aliases=("orig.example",)), "copy")
    planet.polls({"news": atom("news", [REAL]), "copy": atom("copy", [COPIES["page"]])})
    assert chosen(planet).checked == "the feed news has that page"


def others() -> list[Post]:
    """Enough foreign links to make a feed a planet."""
    return [post("else", number, id=f"https://copy.example/?p={number}") for number in (2, 3, 4)]


def text_of(planet: Planet, title: str) -> str:
    (found,) = [str(item["content_html"]) for item in planet.publishes() if item["title"] == title]
    return found
