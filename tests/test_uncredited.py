"""An output without the feed of the original tells a copy that names nobody, and credits the original all the same."""

import json
import re
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from aggregator.explain import explain
from aggregator.model import FeedSpec, OutputSpec
from aggregator.telling import tell
from tests.planet import HOUR, JSON, NOON, Planet, atom, older, post, subscription

REAL = post("orig", at=NOON - 3 * HOUR)
COPY = replace(REAL, link="https://copy.example/a-post", id="tag:copy.example,2026:7", at=NOON - HOUR)
SOME = tuple(OutputSpec(path=f"some.{ending}", format=format_, tags=("some",)) for format_, ending in (("json", "json"), ("atom", "xml")))
PAGE = OutputSpec(path="some.html", format="html", tags=("some",))
LINE = f'originally appeared at <a href="{REAL.link}">The Orig</a>, via <a href="{COPY.link}">The Copy</a>.'


def planet(orig: FeedSpec | str = "orig", copy: FeedSpec | None = None, outputs: tuple[OutputSpec, ...] = (JSON, *SOME, PAGE)) -> Planet:
    return Planet(orig, copy or subscription("copy", tags=("some",)), outputs=outputs)


def polled(made: Planet, order: tuple[str, ...] = ("orig", "copy")) -> Planet:
    documents = {"orig": atom("orig", [REAL, *older("orig")]), "copy": atom("copy", [COPY])}
    made.polls({feed: documents[feed] for feed in order})
    return made


def told(made: Planet) -> dict[str, Any]:
    """The one item of the output without the original's feed."""
    made.publishes()
    (item,) = json.loads(made.folder.files["some.json"])["items"]
    return dict(item)


def written(made: Planet) -> dict[str, str]:
    """Every file that this output and its pages are."""
    return {path: body.decode() for path, body in made.folder.files.items() if path != JSON.path and not path.endswith(".css")}


@pytest.mark.parametrize("order", list(permutations(["orig", "copy"])))
def test_a_copy_that_names_nobody_is_credited_to_the_original_whoever_was_polled_first(order: tuple[str, ...]) -> None:
    made = polled(planet(), order)
    item = told(made)
    assert (item["id"], item["url"]) == (COPY.id, REAL.link)
    assert LINE in item["content_html"]
    found = item["_provenance"]
    assert (found["original"]["url"], found["original"]["feed_url"]) == (REAL.link, "https://orig.example/feed.xml")
    assert [hop["url"] for hop in found["via"]] == [REAL.link, COPY.link]
    assert (found["evidence"], found["confidence"], found.get("also_seen", [])) == (["confirmed"], 0.99, [])


def test_feeds_and_pages_of_such_an_output_say_the_same() -> None:
    made = polled(planet())
    told(made)
    files = written(made)
    vias = [re.findall('href="([^"]+)"', link)[0] for link in re.findall("<link [^>]*>", files["some.xml"]) if 'rel="via"' in link]
    assert vias == [REAL.link, COPY.link]
    assert "<id>tag:orig.example,2026:feed</id>" in files["some.xml"].partition("<source>")[2].partition("</source>")[0]
    story = next(body for path, body in files.items() if path.startswith("story/"))
    for body in (files["some.html"], story):
        assert REAL.link in body
        assert "originally appeared at" in body
    assert "The publisher’s own feed has it, too." in story


def test_who_asks_which_output_says_what_is_told_whom_it_credits() -> None:
    made = polled(planet())
    made.publishes()
    lines = [line.text for line in tell(explain(COPY.link, made.store, made.ports.config, made.clock()))]
    assert f"as {COPY.id}, in the words of copy, credited to The Orig, whose own feed has it, too" in lines
    assert f"as {REAL.id}, in the words of orig" in lines


def test_an_original_that_comes_in_later_changes_the_credit_alone() -> None:
    made = planet()
    made.polls({"orig": atom("orig", older("orig")), "copy": atom("copy", [COPY])})
    before = told(made)
    assert 'originally appeared at <a href="https://copy.example/a-post">' in before["content_html"]
    made.later()
    polled(made, ("orig",))
    after = told(made)
    assert LINE in after["content_html"]
    same = ("id", "date_published", "date_modified")
    assert [after.get(key) for key in same] == [before.get(key) for key in same]


@pytest.mark.parametrize("fields", [{"is_private": True}, {"republisher": True}], ids=["private", "republisher"])
def test_a_private_feed_and_one_that_repeats_others_are_no_origin(fields: dict[str, object]) -> None:
    made = polled(planet(subscription("orig", **fields)))
    item = told(made)
    assert (item["url"], item["_provenance"]["original"]["url"], item["_provenance"].get("via", [])) == (COPY.link, COPY.link, [])
    if fields.get("is_private"):
        files = written(made)
        assert not [path for path, body in files.items() if "orig.example/feed.xml" in body or "orig.example,2026:feed" in body]
        assert not [path for path, body in files.items() if path.startswith("story/") and ("orig.example" in body or "The Orig" in body)]


def test_another_feed_of_the_same_publisher_is_no_copy() -> None:
    item = told(polled(planet(copy=subscription("copy", tags=("some",), aliases=("orig.example",)))))
    assert item["url"] == COPY.link


def test_a_copy_that_was_there_first_is_credited_itself() -> None:
    made = planet()
    made.polls({"copy": atom("copy", [replace(COPY, at=NOON - 9 * HOUR)]), "orig": atom("orig", [REAL])})
    assert told(made)["url"] == COPY.link


def test_no_closed_page_of_an_archive_changes_for_it() -> None:
    made = planet(outputs=(JSON, replace(SOME[0], archive=2)))
    made.polls({"orig": atom("orig", older("orig"))})
    for day in range(3):
        own = [COPY, post("copy", 2, at=NOON + HOUR), post("copy", 3, at=NOON + 2 * HOUR)][: day + 1]
        made.later()
        made.polls({"copy": atom("copy", own)})
        made.publishes()
    closed = made.folder.files["archive/some-1.json"]
    made.later()
    polled(made, ("orig",))
    made.publishes()
    assert LINE in made.folder.files["some.json"].decode().replace('\\"', '"')
    assert made.folder.files["archive/some-1.json"] == closed
