"""Sentences that name a source without a link: whom the name means, and what is shown where nobody knows."""

from typing import get_args

import pytest

from aggregator.model import Claim, Entry, Standing, Url
from aggregator.refine.known import names_told
from tests.makers import stored
from tests.planet import Planet, Post, atom, post, subscription

LINKED = '<p>This article originally appeared at <a href="https://weekly.example/2026/{n}">Orig Weekly</a>.</p>'
NAMED = "<p>This article originally appeared at Orig Weekly.</p>"


def said(feed: str, line: str, number: int = 1) -> Post:
    return post(feed, number, text=f"<p>A story of some length, told by {feed} for the {number}th time.</p>{line}")


def origin(planet: Planet, feed: str, number: int) -> list[tuple[str, str | None]]:
    entry: Entry = planet.entry(f"https://{feed}.example/2026/post-{number}", feed)
    return [(hop.name, hop.site) for hop in entry.origin.chain]


def text(planet: Planet, number: int) -> str:
    (found,) = [str(item["content_html"]) for item in planet.publishes() if str(item["url"]).endswith(f"post-{number}")]
    return found


def test_a_name_that_was_seen_with_a_link_is_known_from_the_next_publish_on() -> None:
    planet = Planet("repub")
    posts = [said("repub", LINKED.format(n=1), 1), said("repub", NAMED, 2)]
    planet.polls({"repub": atom("repub", posts)})
    assert origin(planet, "repub", 2) == [("Orig Weekly", None)]
    assert "originally appeared at Orig Weekly, via" in text(planet, 2), "shown as text, as long as nobody knows better"
    planet.polls({"repub": atom("repub", [*posts, said("repub", NAMED, 3)])})
    assert origin(planet, "repub", 3) == [("Orig Weekly", "weekly.example")]
    assert 'originally appeared at <a href="https://weekly.example/">Orig Weekly</a>, via' in text(planet, 3)


def test_what_is_learnt_of_a_linked_name_changes_nothing_of_the_entry_that_taught_it() -> None:
    planet = Planet("repub")
    shown = []
    for posts in ([said("repub", LINKED.format(n=1), 1)], [said("repub", LINKED.format(n=1), 1), said("repub", "", 2)]):
        planet.polls({"repub": atom("repub", posts)})
        shown += [item for item in planet.publishes() if str(item["url"]).endswith("weekly.example/2026/1")]
    assert shown[0] == shown[1]


def test_a_learnt_name_leads_home_even_where_it_was_linked_to_a_page_of_one_word() -> None:
    planet = Planet("repub")
    line = LINKED.replace("/2026/{n}", "/ferry")
    planet.polls({"repub": atom("repub", [said("repub", line, 1)])})
    assert planet.entry("https://repub.example/2026/post-1", "repub").origin.chain[0].page == "https://weekly.example/ferry"
    planet.publishes()
    planet.polls({"repub": atom("repub", [said("repub", line, 1), said("repub", NAMED, 2)])})
    assert 'originally appeared at <a href="https://weekly.example/">Orig Weekly</a>, via' in text(planet, 2)


def test_nothing_is_learnt_between_two_publishes_whoever_is_polled_first() -> None:
    for order in (["one", "two"], ["two", "one"]):
        planet = Planet("one", "two")
        documents = {"one": atom("one", [said("one", LINKED.format(n=1))]), "two": atom("two", [said("two", NAMED)])}
        planet.polls({feed: documents[feed] for feed in order})
        assert origin(planet, "two", 1) == [("Orig Weekly", None)]


@pytest.mark.parametrize(("tellers", "site"), [(1, None), (2, "weekly.example")])
def test_it_takes_two_publishers_to_tell_a_third_whom_a_name_means(tellers: int, site: str | None) -> None:
    planet = Planet("one", "two", "three")
    for number, feed in enumerate(["one", "two"][:tellers]):
        planet.polls({feed: atom(feed, [said(feed, LINKED.format(n=number))])})
    planet.publishes()
    planet.polls({"three": atom("three", [said("three", NAMED)])})
    assert origin(planet, "three", 1) == [("Orig Weekly", site)]


def test_a_name_that_means_two_publishers_means_nobody() -> None:
    planet = Planet("one", "two", "three")
    other = LINKED.replace("weekly.example", "other.example")
    planet.polls({"one": atom("one", [said("one", LINKED.format(n=1))]), "two": atom("two", [said("two", other.format(n=2))])})
    planet.publishes()
    planet.polls({"one": atom("one", [said("one", NAMED, 9)]), "three": atom("three", [said("three", NAMED)])})
    assert origin(planet, "one", 9) == [("Orig Weekly", None)]
    assert origin(planet, "three", 1) == [("Orig Weekly", None)]


def test_a_subscribed_feed_of_that_name_goes_before_what_was_learnt() -> None:
    planet = Planet("repub", subscription("real", name="Orig Weekly"))
    planet.polls({"repub": atom("repub", [said("repub", LINKED.format(n=1), 1)]), "real": atom("real", [post("real")])})
    planet.publishes()
    planet.polls({"repub": atom("repub", [said("repub", NAMED, 2)])})
    assert origin(planet, "repub", 2) == [("Orig Weekly", "real.example")]


@pytest.mark.parametrize(
    ("titles", "site"),
    [
        (["Orig Weekly - Latest posts"], "real1.example"),
        (["Blog | Orig Weekly"], "real1.example"),
        (["Orig Weekly: a", "Orig Weekly: b"], None),
        (["Orig Weekly: a", "Orig Weekly"], "real2.example"),
        (["News - Other Weekly"], None),
    ],
)
def test_a_subscribed_feed_is_found_without_its_tagline_if_only_one_is_called_so(titles: list[str], site: str | None) -> None:
    planet = Planet("repub", *(subscription(f"real{number}", name=title) for number, title in enumerate(titles, 1)))
    planet.polls({"repub": atom("repub", [said("repub", NAMED)])})
    assert origin(planet, "repub", 1) == [("Orig Weekly", site)]


@pytest.mark.parametrize("name", ["The Repub", "Repub Blog", "repub.example", "Another House"])
def test_a_name_of_the_feed_itself_is_no_origin(name: str) -> None:
    planet = Planet(subscription("repub", name="Repub Blog", aliases=("anotherhouse.example",)))
    planet.polls({"repub": atom("repub", [said("repub", f"<p>This article originally appeared at {name}.</p>")])})
    assert origin(planet, "repub", 1) == []


def test_a_contradicted_claim_teaches_no_name() -> None:
    planet = Planet("orig", "evil")
    forged = post("evil", source="orig")
    planet.polls({"orig": atom("orig", [post("orig", 9, at=forged.at)]), "evil": atom("evil", [forged])})
    planet.later()
    planet.polls({"orig": atom("orig", [post("orig", 9, at=forged.at)])})
    planet.publishes()
    assert "orig" not in planet.store.names()


def test_only_what_is_believed_of_an_entry_teaches_a_name_whether_it_was_confirmed_or_not() -> None:
    page = Url("https://weekly.example/2026/1")
    claims = {
        standing: Claim(kind="phrase", name="Orig Weekly", page=page, site="weekly.example", standing=standing)
        for standing in get_args(Standing)
    }
    teaching = {standing for standing, claim in claims.items() if list(names_told([stored(claims=(claim,))]))}
    assert teaching == {"chosen", "confirmed"}
