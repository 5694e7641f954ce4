"""Whoever claims somebody else's name, id or page never replaces, hides, leads or renames the real publisher's entry."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from aggregator.ports import Store
from tests.fakes import FakeStore
from tests.ledger import sqlite_store
from tests.planet import HOUR, NOON, Planet, Post, atom, older, post, subscription

REAL = post("orig")
SPAM = "<p>Buy now: the best prices in town, delivered to your door within a day, by people who love what they do.</p>"
# What a forger may copy of the real entry; the text stays his own.
FORGERIES = {
    "id": post("evil", title="Buy now", text=SPAM, id=REAL.id),
    "id and title": post("evil", title=REAL.title, text=SPAM, id=REAL.id),
    "source": post("evil", title="Buy now", text=SPAM, source="orig"),
    "source and id": post("evil", title="Buy now", text=SPAM, id=REAL.id, source="orig"),
    "everything but the text": replace(REAL, text=SPAM, source="orig"),
    "sentence": post("evil", title="Buy now", text=f'{SPAM}<p>This article originally appeared at <a href="{REAL.link}">The Orig</a>.</p>'),
    "page": post("evil", title="Buy now", text=SPAM, link=REAL.link),
}


@pytest.fixture(params=["fake", "sqlite"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "fake":
        yield FakeStore()
        return
    with sqlite_store() as made:
        yield made


def real_item(items: list[dict[str, object]]) -> dict[str, object]:
    (found,) = [item for item in items if REAL.text in str(item["content_html"])]
    return found


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.parametrize("early", [False, True])
def test_a_forged_entry_takes_nothing_from_the_real_one_whoever_is_polled_first(store: Store, forged: Post, early: bool) -> None:
    documents = {
        "orig": atom("orig", [REAL, *older("orig")]),
        "evil": atom("evil", [replace(forged, at=forged.at - timedelta(days=300 * early))]),
    }
    for order in permutations(documents):
        planet = Planet("orig", "evil", store=FakeStore() if isinstance(store, FakeStore) else store)
        planet.polls({feed: documents[feed] for feed in order})
        found = real_item(planet.publishes())
        assert found["id"] == REAL.id
        assert found["url"] == REAL.link
        assert found["title"] == REAL.title
        if not isinstance(store, FakeStore):
            return


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_an_entry_that_was_forged_and_published_before_the_real_one_came_takes_nothing_either(store: Store, forged: Post) -> None:
    planet = Planet("orig", "evil", store=store)
    planet.polls({"orig": atom("orig", older("orig")), "evil": atom("evil", [forged])})
    planet.publishes()
    planet.later()
    planet.polls({"orig": atom("orig", [REAL, *older("orig")])})
    found = real_item(planet.publishes())
    assert found["url"] == REAL.link
    if forged.link != REAL.link and "appeared" not in forged.text:
        assert found["id"] == REAL.id, "another story was given it, under an id of its own"


@pytest.mark.parametrize("order", list(permutations(["one", "two", "evil"])))
def test_who_names_the_pages_of_two_publishers_makes_no_story_of_them(order: tuple[str, ...]) -> None:
    one, two = post("one"), post("two")
    said = f'<p>This article originally appeared at <a href="{one.link}">The One</a>.</p>'
    evil = post("evil", title=two.title, text=SPAM + said, link=two.link)
    documents = {"one": atom("one", [one]), "two": atom("two", [two]), "evil": atom("evil", [evil])}
    planet = Planet("one", "two", "evil")
    planet.polls({feed: documents[feed] for feed in order})
    assert {one.id, two.id} <= {item["id"] for item in planet.publishes()}


def test_who_names_one_page_today_and_another_tomorrow_makes_no_story_of_them(store: Store) -> None:
    one, two = post("one"), post("two")
    planet = Planet("one", "two", "evil", store=store)
    planet.polls({"one": atom("one", [one]), "two": atom("two", [two])})
    for victim in (one, two):
        said = f'<p>This article originally appeared at <a href="{victim.link}">Somebody</a>.</p>'
        planet.polls({"evil": atom("evil", [post("evil", text=SPAM + said)])})
        assert {item["id"] for item in planet.publishes()} == {one.id, two.id}
        planet.later()


def test_a_feed_that_calls_another_site_its_home_does_not_become_that_publisher() -> None:
    documents = {
        "orig": atom("orig", [REAL, *older("orig")]),
        "evil": atom("evil", [replace(REAL, text=SPAM, at=REAL.at - timedelta(days=9))], home="https://orig.example/"),
    }
    for order in permutations(documents):
        planet = Planet("orig", "evil")
        planet.polls({feed: documents[feed] for feed in order})
        assert real_item(planet.publishes())["url"] == REAL.link


def test_a_feed_served_elsewhere_speaks_for_its_home_while_that_has_no_feed_of_its_own() -> None:
    planet = Planet(subscription("orig", url="https://feeds.example.net/orig", shown_url="https://feeds.example.net/orig"), "copy")
    planet.polls({"copy": atom("copy", [replace(REAL, source="orig")]), "orig": atom("orig", [REAL])})
    (item,) = planet.publishes()
    assert (item["id"], item["_provenance"]["original"]["url"]) == (REAL.id, REAL.link)  # type: ignore[index]


def test_a_feed_without_a_home_speaks_for_the_site_of_its_pages_while_that_has_no_feed_of_its_own() -> None:
    url = "https://feeds.example.net/orig"
    document = atom("orig", [REAL, *older("orig")], home=url).replace(b"https://orig.example/feed.xml", url.encode())
    planet = Planet(subscription("orig", url=url, shown_url=url), "copy")
    planet.polls({"copy": atom("copy", [replace(REAL, source="orig")]), "orig": document})
    found = [item for item in planet.publishes() if item["title"] == REAL.title]
    assert [(item["id"], item["_provenance"]["original"]["url"]) for item in found] == [(REAL.id, REAL.link)]  # type: ignore[index]
    assert found[0]["_provenance"]["also_seen"]  # type: ignore[index]
    for order in permutations(("orig", "evil")):
        planet = Planet("orig", "evil")
        forged = atom(
            "evil", [replace(REAL, text=SPAM, at=REAL.at - timedelta(days=9)), *older("orig")], home="https://evil.example/feed.xml"
        )
        documents = {"orig": atom("orig", [REAL, *older("orig")]), "evil": forged}
        planet.polls({feed: documents[feed] for feed in order})
        assert SPAM not in str(planet.publishes())


# ── contradicted ───────────────────────────────────────────────────────────────────────────────────────────────────────


def provenance(planet: Planet, title: str = "Buy now") -> dict[str, object]:
    (found,) = [item["_provenance"] for item in planet.publishes() if item["title"] == title]
    return found  # type: ignore[return-value]


def line(planet: Planet, title: str = "Buy now") -> str:
    (found,) = [str(item["content_html"]).split("</p>")[0] for item in planet.publishes() if item["title"] == title]
    return found


def test_a_source_whose_feed_was_read_since_and_lacks_the_entry_is_not_named() -> None:
    planet = Planet("orig", "evil")
    planet.polls({"orig": atom("orig", [REAL, *older("orig")]), "evil": atom("evil", [FORGERIES["source"]])})
    assert provenance(planet)["original"]["title"] == "The Orig", "its feed was not read since"  # type: ignore[index]
    planet.later()
    planet.polls({"orig": atom("orig", [REAL, *older("orig")])})
    found = provenance(planet)
    assert "original" not in found
    assert (found["evidence"], found["confidence"]) == (["contradicted"], 0.1)
    assert line(planet) == '<p class="aggregator-origin">From <a href="https://evil.example/2026/post-1">The Evil</a>.'
    assert stored_claims(planet) == [("contradicted", 0.1)]


def stored_claims(planet: Planet) -> list[tuple[str, float]]:
    """What the table of claims holds of the forged entry, seen when it makes them no more."""
    planet.polls({"evil": atom("evil", [post("evil", title="Buy now", text=SPAM)])})
    ((_, (member,)),) = planet.store.find("https://evil.example/2026/post-1")
    return [(claim.standing, claim.confidence) for claim, _, _ in planet.store.past_claims(member.pk)]


def test_a_source_that_proves_right_later_is_named_again() -> None:
    planet = Planet("orig", "copy")
    copy = replace(REAL, source="orig", link="https://copy.example/1", id="https://copy.example/1")
    planet.polls({"orig": atom("orig", older("orig")), "copy": atom("copy", [copy])})
    planet.later()
    planet.polls({"orig": atom("orig", older("orig"))})
    assert provenance(planet, REAL.title)["evidence"] == ["contradicted"]
    planet.later()
    planet.polls({"orig": atom("orig", [replace(REAL, id=copy.id, link=copy.link), *older("orig")])})
    assert provenance(planet, REAL.title)["evidence"] != ["contradicted"]


@pytest.mark.parametrize(
    "why",
    ["never read", "read before", "too soon", "scrolled out", "undated", "another feed"],
)
def test_what_may_be_right_is_not_contradicted(why: str) -> None:
    forged = FORGERIES["source"]
    if why == "scrolled out":
        forged = replace(forged, at=NOON - timedelta(days=3))
    planet = Planet("orig", "evil")
    evil = atom("evil", [forged])
    if why == "undated":
        evil = evil.replace(b"<published>", b"<x>").replace(b"</published>", b"</x>").replace(b"<updated>2026-11-01T11", b"<updated>never")
    if why == "another feed":
        evil = evil.replace(b"orig.example/feed.xml", b"orig.example/other.xml").replace(
            b"orig.example,2026:feed", b"orig.example,2026:other"
        )
    if why != "never read":
        planet.polls({"orig": atom("orig", older("orig"))})
    if why != "read before":
        planet.later(5 * HOUR)
    planet.polls({"evil": evil})
    if why not in ("never read", "read before"):
        planet.later(timedelta(minutes=10) if why == "too soon" else 5 * HOUR)
        planet.polls({"orig": atom("orig", [REAL, *older("orig")])})
    found = provenance(planet)
    assert found["original"]["home_page_url"] == "https://orig.example/"  # type: ignore[index]
    assert "contradicted" not in found["evidence"]  # type: ignore[operator]


@pytest.mark.parametrize("dates", [(NOON - HOUR, NOON - 2 * HOUR), (NOON - 2 * HOUR, NOON - HOUR), (None, None)])
@pytest.mark.parametrize("owner", ["one", "else"])
def test_neither_dates_nor_the_order_of_polls_decide_who_keeps_an_id(dates: tuple[datetime | None, datetime | None], owner: str) -> None:
    posts = [post(feed, id=f"tag:{owner}.example,2026:1", at=at) for feed, at in zip(("one", "evil"), dates, strict=True)]
    documents = {feed: atom(feed, [one]) for feed, one in zip(("one", "evil"), posts, strict=True)}
    kept = []
    for order in (("one", "evil"), ("evil", "one")):
        planet = Planet(*documents)
        planet.polls({feed: documents[feed] for feed in order})
        kept.append({item["url"]: item["id"] for item in planet.publishes()})
    assert kept[0] == kept[1]
    assert list(kept[0].values()).count(posts[0].id) == 1
    if owner == "one":
        assert kept[0][posts[0].link] == posts[0].id


def test_an_id_of_a_publisher_whom_we_do_not_poll_is_kept() -> None:
    planet = Planet("evil")
    planet.polls({"evil": atom("evil", [FORGERIES["id"]])})
    (item,) = planet.publishes()
    assert item["id"] == REAL.id
