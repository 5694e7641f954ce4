"""What `explain` tells of an entry, of an address that nobody has seen, and of what it was asked in other words."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from typing import get_args

import pytest

from aggregator.cli.show import as_json
from aggregator.errors import Unreachable
from aggregator.explain import explain
from aggregator.explanation import Explanation, SharedKind, StoryHistory
from aggregator.forget import forget, forgettable
from aggregator.model import ClaimKind, Limit, Match, SpeaksBy, Standing
from aggregator.telling import Line, tell
from tests.planet import HOUR, JSON, NOON, Planet, Post, atom, older, post, subscription

REAL = post("orig")
COPY = post("copy", text=f'<p>Other words.</p><p>This article originally appeared at <a href="{REAL.link}">The Orig</a>.</p>')


def asked(planet: Planet, query: str) -> Explanation:
    return explain(query, planet.store, planet.ports.config, planet.clock())


def story(planet: Planet, query: str) -> StoryHistory:
    (found,) = asked(planet, query).stories
    return found


def said(planet: Planet, query: str) -> list[Line]:
    return tell(asked(planet, query))


def under(lines: Sequence[Line], label: str, head: str | None = None) -> list[str]:
    """The texts of a label, those that go on with it included; of one part, where that is given."""
    texts, part, at = [], None, False
    for line in lines:
        if line.tone == "head":
            part = line.text
        at = line.label == label or (at and line.label == "")
        if at and (head is None or (part or "").startswith(head)):
            texts.append(line.text)
    return texts


def both(**fields: object) -> Planet:
    planet = Planet("orig", subscription("copy", **fields))
    planet.polls({"orig": atom("orig", [REAL]), "copy": atom("copy", [COPY])})
    return planet


# ── a story ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_whole_history_of_a_story_is_told_in_plain_words() -> None:
    planet = both()
    planet.publishes()
    lines = said(planet, COPY.link)
    assert lines[0].text == "“Post 1 of orig”"
    assert lines[1].text == "One story, seen in 2 feeds: orig, copy. It stands in feed.json."
    assert under(lines, "page") == [REAL.link, COPY.link]
    assert under(lines, "read as") == ["Atom", "Atom"]
    assert under(lines, "leads, since") == ["others name it, or lead to its page"]
    assert under(lines, "same story") == [f"it has the page {REAL.link} in common with orig"]
    assert under(lines, "origin", "In the feed copy") == ["The Orig (orig.example) → copy (confirmed, 99 % sure)"]
    assert under(lines, "claims") == [
        f"✓ A sentence (last block) names The Orig ({REAL.link}): believed and confirmed (the feed orig has that page).",
        "  “This article originally appeared at The Orig.”",
    ]
    assert under(lines, "feed.json") == [
        "at place 1 of 1, since 2026-11-01 12:00",
        f"as {REAL.id}, in the words of orig",
        "let in: it is in feed copy; in feed orig",
    ]
    assert under(lines, "orig")[0] == "last read 2026-11-01 12:00"
    assert under(lines, "orig")[1].startswith("next read 2026-11-0")


@pytest.mark.parametrize(
    ("table", "cases"), [("speaks_by", SpeaksBy), ("same_as", SharedKind), ("makers", ClaimKind), ("standings", Standing)]
)
def test_there_are_words_for_whatever_may_have_happened(table: str, cases: object) -> None:
    words = tomllib.loads((resources.files("aggregator") / "telling.toml").read_text("utf-8"))[table]
    assert words.keys() == set(get_args(cases))


def test_the_same_is_there_for_programs() -> None:
    planet = both()
    planet.publishes()
    told = json.loads(as_json(asked(planet, COPY.link)))
    (found,) = told["stories"]
    copy = next(entry for entry in found["entries"] if entry["feed"] == "copy")
    assert [entry["speaks_by"] for entry in found["entries"]] == ["named", None]
    assert copy["same_as"] == {"feed": "orig", "kind": "page", "value": REAL.link}
    assert copy["claims"][0]["standing"] == "confirmed"
    assert (copy["evidence"], copy["confidence"]) == (["phrase", "confirmed"], 0.99)
    assert found["places"][0]["place"] == 1
    assert {feed["feed"] for feed in found["feeds"]} == {"orig", "copy"}
    assert told["at"] == "2026-11-01T12:00:06+00:00"


def test_of_versions_on_one_page_the_page_is_told_as_people_write_it() -> None:
    page = "https://orig.example/packages/tool"
    versions = [
        post("orig", number, title=f"tool 1.{number}", link=page, text="<p>A tool.</p>", at=NOON - number * 24 * HOUR)
        for number in (1, 2, 3)
    ]
    copies = [replace(one, id=f"tag:copy.example,2026:{number}") for number, one in enumerate(versions)]
    planet = Planet("orig", "copy")
    planet.polls({"orig": atom("orig", versions), "copy": atom("copy", copies)})
    planet.publishes()
    assert under(said(planet, versions[0].id), "same story") == [f"it has the page {page} in common with orig"]


def test_what_only_the_end_of_its_address_tells_to_be_the_same_is_explained() -> None:
    planet = Planet("orig")
    planet.polls({"orig": atom("orig", [REAL])})
    words = "<p>Nothing of the kind is left on this page, for better or worse.</p>"
    moved = post("orig", 2, link="https://orig.example.net/2026/post-1", text=words, at=NOON + HOUR)
    planet.clock.forward(3 * HOUR)
    planet.polls({"orig": atom("orig", [moved])})
    planet.store.unite([pk for batch in planet.store.changed_stories("(nothing)", "(nothing)") for pk, _ in batch], planet.clock())
    (why,) = under(said(planet, moved.link), "same story")
    assert why.startswith("it and another entry of orig took each other's place")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"drop": Match(fields=(("title", ("Post",)),))}, "not there: dropped by `drop: title` of feed orig"),
        ({"keep": Match(fields=(("title", ("Cats",)),))}, "not there: not kept: nothing in `keep` of feed orig matches"),
        ({"opt_out": True}, "not there: feed orig has opted out"),
        ({"limit": Limit(per_day=0)}, "not there: held back: more than 0 entries of its feed on 2026-11-01"),
    ],
)
def test_what_keeps_an_entry_out_of_an_output_is_named(fields: dict[str, object], why: str) -> None:
    planet = Planet(subscription("orig", **fields))
    planet.polls({"orig": atom("orig", [REAL])})
    planet.publishes()
    assert under(said(planet, REAL.link), "feed.json") == [why]


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        ({"max_entries": 2}, "the 2 that `max_entries` has room for are newer, or were let in later"),
        ({"max_age": timedelta(days=2)}, "it is older than `max_age`"),
        ({"per_feed": 1}, "later ones of orig take all that `per_feed` gives a feed"),
    ],
)
def test_a_story_that_the_file_has_no_room_for_names_the_limit(limit: dict[str, object], why: str) -> None:
    planet = Planet("orig", outputs=(replace(JSON, **limit),))  # type: ignore[arg-type]
    planet.polls({"orig": atom("orig", older("orig", 4))})
    planet.publishes()
    lines = said(planet, older("orig", 4)[3].link)
    assert under(lines, "feed.json")[0] == f"let in since 2026-11-01 12:00, but not in the file: {why}"
    assert lines[1].text.endswith("It stands in no output.")


def test_a_feed_that_opted_out_is_not_called_gone_from_feeds_yaml() -> None:
    planet = Planet("orig")
    planet.polls({"orig": atom("orig", [REAL])})
    config = planet.ports.config
    planet.ports = replace(planet.ports, config=replace(config, feeds=(subscription("orig", opt_out=True),)))
    planet.store.sync([], planet.clock())
    lines = said(planet, REAL.link)
    assert "In the feed orig (it has opted out)" in [line.text for line in lines]
    assert not [line for line in lines if "no longer in feeds.yaml" in line.text]


def test_of_a_forgotten_entry_nothing_is_told_that_it_never_said() -> None:
    planet = Planet("orig")
    planet.polls({"orig": atom("orig", [REAL])})
    planet.publishes()
    what = forgettable(REAL.link, planet.store)
    assert what
    forget(what, planet.store, planet.clock(), "00" * 16)
    planet.publishes()
    lines = said(planet, REAL.id or "")
    assert lines[0].text == "An entry that was forgotten"
    assert under(lines, "id") == [f"published as {REAL.id}"]
    assert under(lines, "withdrawn")[0].startswith("forgotten on 2026-11-01: nothing else of it is kept")
    assert not [line for line in lines if "published never" in line.text or line.label in ("shown", "page", "origin")]


def test_outputs_in_which_it_stands_alike_are_told_once() -> None:
    planet = Planet("orig", outputs=(JSON, replace(JSON, path="other.json")))
    planet.polls({"orig": atom("orig", [REAL])})
    planet.publishes()
    lines = said(planet, REAL.link)
    assert under(lines, "other.json") == ["the same as in feed.json"]


def test_before_the_first_publish_nothing_is_judged() -> None:
    assert any(line.text == "No publish has judged it yet." for line in said(both(), REAL.link))


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ('<p>First published on <a href="https://copy.example/2026/x">The Copy</a>.</p>', "not an origin: that is the feed itself"),
        ("", "not believed: it only hints at an origin"),
    ],
)
def test_claims_that_lost_say_why(line: str, verdict: str) -> None:
    planet = Planet("copy")
    foreign = {} if line else {"link": "https://else.example/2026/a"}
    planet.polls({"copy": atom("copy", [post("copy", text=f"<p>Words.</p>{line}", **foreign), post("copy", 2), post("copy", 3)])})
    (told,) = [text for text in under(said(planet, post("copy").id or ""), "claims") if text.startswith("·")]
    assert verdict in told


def test_a_claim_that_another_one_beat_names_the_better_one() -> None:
    planet = Planet("copy")
    other = "<link rel='canonical' href='https://third.example/2026/a'/><published>"
    body = atom("copy", [replace(COPY, source="orig", text="<p>Words.</p>")]).replace(b"<published>", other.encode(), 1)
    planet.polls({"copy": body})
    texts = under(said(planet, COPY.link), "claims")
    assert any("third.example" in text and "its element <source> says it better" in text for text in texts)


def test_what_was_claimed_once_is_told_with_its_time() -> None:
    planet = both()
    planet.later()
    planet.polls({"copy": atom("copy", [replace(COPY, text="<p>Other words, and no source.</p>")])})
    assert under(said(planet, COPY.link), "once") == [
        f"A sentence (last block) named The Orig ({REAL.link}) from 2026-11-01 12:00 until 2026-11-01 14:00."
    ]
    (told,) = under(said(planet, COPY.link), "same story")
    assert told.endswith("by something that it has no longer, or by hand")


def test_a_borrowed_id_is_explained() -> None:
    planet = Planet("orig", "evil")
    planet.polls({"orig": atom("orig", older("orig")), "evil": atom("evil", [replace(post("evil"), id=REAL.id)])})
    planet.publishes()
    (told,) = under(said(planet, post("evil").link), "id")
    assert "it is another publisher's, who does not have this entry" in told


def test_trouble_of_its_feed_is_told() -> None:
    planet = both()
    planet.later(timedelta(days=1))
    planet.fails("copy", Unreachable("https://copy.example/feed.xml", "the name cannot be found"))
    texts = under(said(planet, COPY.link), "copy")
    assert texts[:2] == ["last read 2026-11-01 12:00", "last error: the name cannot be found"]


def test_a_loop_says_what_it_comes_from() -> None:
    planet = Planet("copy")
    line = '<p>Originally appeared at <a href="https://planet.example/feed.json">Us</a>.</p>'
    planet.polls({"copy": atom("copy", [replace(COPY, text=f"<p>Words.</p>{line}")])})
    assert "our own output" in under(said(planet, COPY.link), "dropped")[0]


# ── asked in other words ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "query",
    [
        REAL.link,
        "http://www.orig.example/2026/post-1/",
        "orig.example/2026/post-1",
        f"{REAL.link}?utm_source=x#comments",
        REAL.id or "",
        "tag:orig.example,2026:",
    ],
)
def test_an_entry_is_found_by_any_form_of_its_address_or_id(query: str) -> None:
    planet = Planet("orig")
    planet.polls({"orig": atom("orig", [REAL])})
    assert story(planet, query).entries[0].link == REAL.link


def test_a_uuid_may_be_cut_short_and_needs_no_urn() -> None:
    planet = Planet("orig")
    planet.polls({"orig": atom("orig", [replace(REAL, id="12345")])})
    ((_, (member,)),) = planet.store.find(REAL.link)
    uuid = member.entry.published_id.removeprefix("urn:uuid:")
    assert story(planet, uuid[:6]).entries[0].id == "12345"
    assert story(planet, member.entry.published_id[:15]).entries[0].id == "12345"


def test_a_beginning_of_several_ids_lists_them() -> None:
    planet = Planet("orig")
    planet.polls({"orig": atom("orig", [REAL, *older("orig", 2)])})
    told = asked(planet, "tag:orig")
    assert told.candidates == tuple(f"tag:orig.example,2026:{number}" for number in (1, 91, 92))
    assert tell(told)[0].text == "Several ids begin with “tag:orig”:"
    assert asked(planet, "tag").candidates == (), "too short to mean anything"


def test_a_feed_is_told_as_a_feed() -> None:
    planet = Planet("orig")
    for query in ("orig", "http://orig.example/feed.xml"):
        told = asked(planet, query)
        assert told.is_feed
        assert tell(told)[0].text == f"{query} is the feed orig."


def test_the_home_page_and_the_own_address_of_a_feed_are_told_as_what_they_are() -> None:
    local = subscription("copy", url="file:///srv/copy.xml", shown_url="./copy.xml", name="Copy, as we say")
    planet = Planet(local, "other")
    planet.polls({"copy": atom("copy", [COPY], home="https://copy.example/blog/"), "other": atom("other", [post("other")])})
    for query, what in {
        "copy.example/blog": "the home page of the feed copy",
        "http://copy.example/feed.xml": "the feed copy",
        "https://other.example/": "the home page of the feed other",
        "the OTHER": "the name of the feed other",
        "Copy, as we say": "the name of the feed copy",
    }.items():
        lines = said(planet, query)
        assert lines[0].text == f"{query} is {what}."
        assert under(lines, "reading")[1].startswith("next read 2026-11-0")
    assert said(planet, "https://copy.example/")[0].text.endswith("was never seen in a feed.")


# ── never seen ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_feed_that_should_have_had_an_address_is_the_one_whose_pages_begin_alike() -> None:
    planet = Planet("orig", subscription("tech", url="https://orig.example/tech.xml", shown_url="https://orig.example/tech.xml"), "other")
    pages: list[Post] = [
        replace(post("orig", number), id=f"t{number}", link=f"https://orig.example/tech/2026/{number}") for number in (1, 2)
    ]
    planet.polls({"orig": atom("orig", [REAL]), "tech": atom("orig", pages), "other": atom("other", [post("other")])})
    told = asked(planet, "www.orig.example/tech/2026/9")
    assert [feed.feed for feed in told.feeds] == ["tech", "orig"]
    lines = tell(told)
    assert lines[1].text == (
        "The feed tech should have had it: it is a feed of orig.example and has had 2 pages below https://www.orig.example/tech/2026/."
    )
    assert under(lines, "reading")[1].startswith("next read 2026-11-02 ")


def test_a_platforms_account_is_told_from_its_neighbours() -> None:
    url = "https://medium.com/feed/@ann"
    planet = Planet(
        subscription("ann", url=url, shown_url=url), subscription("bob", url=url.replace("ann", "bob"), shown_url=url.replace("ann", "bob"))
    )
    assert [feed.feed for feed in asked(planet, "https://medium.com/@bob/a-story").feeds] == ["bob"]


def test_who_only_carried_pages_of_a_site_is_named_for_that() -> None:
    planet = Planet("planet")
    planet.polls({"planet": atom("planet", [replace(REAL, source="orig")])})
    (feed,) = asked(planet, "https://orig.example/2026/post-7").feeds
    assert (feed.feed, feed.reason) == ("planet", "it has carried 1 page below https://orig.example/2026/")


def test_an_address_of_nobody_says_how_to_follow_it() -> None:
    told = asked(Planet("orig"), "https://nobody.example/1")
    assert told.feeds == ()
    assert [line.text for line in tell(told)][1:] == [
        "No feed of nobody.example is in feeds.yaml, and no other feed has carried a page of that site.",
        "To follow it: aggregator add ADDRESS",
    ]


def test_a_word_that_is_nothing_known_is_not_taken_for_a_site() -> None:
    told = asked(Planet("orig"), "gardening")
    assert told.site is None
    assert [line.text for line in tell(told)] == [
        "'gardening' was never seen in a feed.",
        "Entries are known by the address of their page and by their id; feeds by their id in feeds.yaml, name and address.",
    ]


def test_a_feed_that_fails_or_was_left_says_so() -> None:
    planet = both()
    config = planet.ports.config
    planet.ports = replace(planet.ports, config=replace(config, feeds=config.feeds[:1]))
    planet.store.sync(config.feeds[:1], planet.clock())
    planet.later(HOUR)
    texts = under(said(planet, "https://copy.example/never"), "reading")
    assert texts[-1] == "not read any more: it is no longer in feeds.yaml"


# ── what was edited ────────────────────────────────────────────────────────────────────────────────────────────────────

FIRE = "<p>A fire in the old harbour left 3 hurt, the <a href='https://orig.example/a'>brigade</a> says.</p>"


def edited(*versions: Post) -> Planet:
    """A planet that saw these versions of one post, two hours apart."""
    planet = Planet("orig")
    for version in versions:
        planet.polls({"orig": atom("orig", [version, *older("orig")])})
        planet.later()
    return planet


def test_the_words_that_an_edit_changed_are_told_and_nothing_else() -> None:
    first = post("orig", text=FIRE + "<p>3 views</p>")
    second = post("orig", text=FIRE.replace("3 hurt", "5 hurt").replace("/a'", "/b'") + "<p>9 views</p><p>The cause is not known.</p>")
    third = replace(second, title="Fire in the harbour")
    planet = edited(first, second, third)
    assert under(said(planet, first.link), "edited") == [
        "2026-11-01 16:00",
        "  title: “Post 1 of orig” became “Fire in the harbour”",
        "2026-11-01 14:00",
        "  words: “3” became “5”, in “old harbour left … hurt, the brigade”",
        "  words: “The cause is not known.” is new, behind “the brigade says.”",
        "  link: “https://orig.example/a” became “https://orig.example/b”",
    ]
    found = json.loads(as_json(asked(planet, first.link)))["stories"][0]["entries"][0]["edits"]
    assert found[1]["changes"] == [{"what": "title", "before": "Post 1 of orig", "after": "Fire in the harbour", "left": "", "right": ""}]
    assert [change["before"] for change in found[0]["changes"]] == ["3", None, "https://orig.example/a"]


def test_what_an_edit_only_struck_out_is_told() -> None:
    first, second = (post("orig", text=text) for text in (FIRE, FIRE.replace("3 hurt", "<del datetime='2026-11-02'>3 hurt</del>")))
    assert under(said(edited(first, second), first.link), "edited") == ["2026-11-01 14:00", "  struck out: “3 hurt” is new"]


def test_an_entry_that_was_never_edited_says_nothing_of_edits() -> None:
    assert under(said(edited(post("orig", text="<p>3 views</p>"), post("orig", text="<p>9 views</p>")), REAL.link), "edited") == []


def test_long_edits_are_cut_short_and_counted() -> None:
    words = [f"word{number}" for number in range(400)]
    scattered = [f"other{number}" if number % 20 == 0 else word for number, word in enumerate(words)]
    first, second, third = (post("orig", text=f"<p>{' '.join(some)}</p>") for some in (words, scattered, scattered + words))
    told = under(said(edited(first, second, third), first.link), "edited")
    assert told[1].endswith(
        "… (384 words) … word392 word393 word394 word395 word396 word397 word398 word399” is new, behind “word397 word398 word399”"
    )
    assert [len(told), told[-1]] == [12, "  and 12 more changes"]


def test_what_texts_without_spaces_changed_is_told_by_the_character() -> None:
    first, second = (post("orig", text=f"<p>港の火災で{number}人がけがをした。</p>") for number in ("三", "五"))
    assert under(said(edited(first, second), first.link), "edited")[1] == "  words: “三” became “五”, in “火災で … 人がけ”"
