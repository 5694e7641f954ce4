"""The bench of floods must really change what it says, and nothing else: titles stay, and so does their number."""

import json

import feedparser
import pytest

from bench.floods import MUTATIONS
from bench.made_feeds import made_feeds
from bench.mutations import Document, new_host
from tests.e2e.running import feed

ATOM: Document = (feed("garden", "One.", "Two.", "Three."), "application/atom+xml")
JSON: Document = (
    json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Garden",
            "home_page_url": "https://garden.example/",
            "items": [
                {
                    "id": f"g{n}",
                    "url": f"https://garden.example/{n}.html",
                    "title": f"Bread & {n}",
                    "date_published": f"2026-10-0{n}T10:00:00Z",
                }
                for n in (1, 2, 3)
            ],
        }
    ).encode(),
    "application/feed+json",
)


def told(given: Document) -> dict[str, list[str]]:
    body, kind = given
    if "json" in kind:
        items = json.loads(body)["items"]
        names = {"ids": "id", "links": "url", "titles": "title", "dates": "date_published"}
        return {name: [str(item.get(key)) for item in items] for name, key in names.items()}
    read = feedparser.parse(body, response_headers={"content-type": kind})
    names = {"ids": "id", "links": "link", "titles": "title"}
    made = {name: [entry.get(key, "") for entry in read.entries] for name, key in names.items()}
    return made | {"dates": [str((entry.get("published_parsed") or entry.get("updated_parsed"))[:5]) for entry in read.entries]}


@pytest.mark.parametrize("given", [ATOM, JSON], ids=["atom", "json"])
@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("ids flipped", {"ids"}),
        ("host moved", {"links"}),
        ("dates reset", {"dates"}),
        ("dates reset, ids flipped", {"dates", "ids"}),
        ("paths changed", {"ids", "links"}),
        ("another platform, texts cut", {"ids", "links", "dates"}),
    ],
)
def test_a_mutation_changes_what_it_says_of_every_entry(name: str, changed: set[str], given: Document) -> None:
    before, after = told(given), told(MUTATIONS[name].after(given))
    for what in ("ids", "links", "titles", "dates"):
        assert len(after[what]) == 3
        is_other = [one != other for one, other in zip(before[what], after[what], strict=True)]
        if what in changed:
            assert all(is_other), what
        elif not (what == "ids" and name == "host moved"):
            assert not any(is_other), what
    assert name != "host moved" or all(new_host("garden.example") in link for link in after["links"])


@pytest.mark.parametrize("given", [ATOM, JSON], ids=["atom", "json"])
def test_another_format_says_the_same_under_other_ids(given: Document) -> None:
    made = MUTATIONS["format changed"].after(given)
    assert made[1] != given[1]
    assert told(made)["titles"] == told(given)["titles"]
    assert told(made)["links"] == told(given)["links"] == told(made)["ids"]


@pytest.mark.parametrize("given", [(one.body, one.content_type) for one in made_feeds()[:4]], ids=["rss", "long rss", "atom", "json"])
def test_what_another_platform_does_to_a_feed(given: Document) -> None:
    before = told(given)

    def after(name: str) -> dict[str, list[str]]:
        return told(MUTATIONS[name].after(given))

    assert after("another platform, turned round")["titles"] == before["titles"][::-1]
    assert after("another platform, titles retouched")["titles"] == [title.upper() for title in before["titles"]]
    assert after("another platform, fewer entries")["titles"] == before["titles"][: max(5, len(before["titles"]) // 4)]
    assert after("another platform, news")["titles"][3:] == before["titles"]
    assert len(set(after("another platform, news")["ids"])) == len(before["ids"]) + 3
    bodies = {name: MUTATIONS[f"another platform{name}"].after(given)[0] for name in ("", ", texts cut", ", no texts")}
    assert len(bodies[""]) > 2 * len(bodies[", texts cut"]) > 2 * len(bodies[", no texts"])
