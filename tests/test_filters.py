"""What editors leave out, and what they are told about it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.model import Category, Entry, FeedSpec, Hop, Match, Origin, OutputSpec, Person, SafeHtml, StoredEntry, Title
from aggregator.refine.filters import eligible, is_withdrawn, matches, strip
from aggregator.refine.optout import OptedOut
from aggregator.web.text import visible_text
from aggregator.web.url import link
from tests.pace import LONGER, within

NOW = datetime(2025, 1, 6, tzinfo=UTC)
OUTPUT = OutputSpec(path="atom.xml", format="atom")


def entry(**more) -> Entry:
    given = {"raw_key": "k", "raw_id": "1", "id_from": "id", "published_id": "urn:x:1", "site": "blog.example", **more}
    return Entry(**given)


def spec(name: str, **more) -> FeedSpec:
    return FeedSpec(id=name, url=f"https://{name}.example/feed", shown_url=f"https://{name}.example/feed", **more)


def member(feed: str = "blog", pk: int = 1, withdrawn: str | None = None, **more) -> StoredEntry:
    return StoredEntry(
        pk=pk,
        feed_key=f"key-{feed}",
        feed_id=feed,
        entry=entry(**{"site": f"{feed}.example", **more}),
        first_seen=NOW,
        last_seen=NOW,
        sort_key=NOW,
        public_updated=NOW,
        withdrawn=withdrawn,
    )


def specs(*given: FeedSpec) -> dict[str, FeedSpec]:
    return {f"key-{one.id}": one for one in given}


# ── strip ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


POST = (
    '<p>Text &amp; more.</p>\n<div class="Post share-buttons"><a href="x">Tweet</a></div><p>Support <b>us</b>, go ad-free!</p> tail <br/>'
)


def test_html_that_no_rule_matches_comes_back_byte_for_byte():
    for html in ("", "plain & text", "<P>odd<p Class=x>markup</div>", POST):
        assert strip(html, ("css:.none", "No such block")) == (html, ())
        assert strip(html, ()) == (html, ())


def test_a_well_known_share_bar_goes_automatically():
    rest, gone = strip(POST, ("auto",))
    assert "Tweet" not in rest
    assert "Text &amp; more." in rest
    assert rest.endswith("tail <br>")
    assert gone == ("auto: share-buttons",)


def test_a_whole_article_in_a_share_bar_stays():
    html = f'<div class="social-share"><p>{"Many words. " * 80}</p></div>'
    assert strip(html, ("auto",)) == (html, ())


def test_a_selector_takes_out_elements():
    rest, gone = strip(POST, ("css:div.share-buttons > a",))
    assert "Tweet" not in rest
    assert gone == ("css:div.share-buttons > a",)


def test_a_pattern_must_match_the_whole_visible_text_of_a_block():
    rest, gone = strip(POST, ("Support .* ad-free!",))
    assert "Support" not in rest
    assert gone == ("Support .* ad-free!: Support us, go ad-free!",)
    assert strip(POST, ("Support",)) == (POST, ())


def test_a_pattern_never_takes_out_an_element_that_holds_more_than_one_block():
    for html in (
        "<p>Support us: now.</p><p>The article.</p>",
        "<div><p>Support us: now.</p><p>The article.</p></div>",
        "<div>Support us: now.<p>The article.</p></div>",
        "<div>Support us: now.</div>The article.",
        "<table><tr><td>Support us: now.</td><td>The article.</td></tr></table>",
        "<ul><li>Support us: now.<li>The article.</ul>",
        "<p>Support us: now.<p>The article.",
        "<section><blockquote><p>Support us: now.</p></blockquote><div><div>The article.</div></div></section>",
        "Support us: now.<br><br>The article.",
    ):
        rest, gone = strip(html, ("Support us: .*",))
        assert visible_text(rest) == "The article.", html
        assert gone == ("Support us: .*: Support us: now.",)


def test_what_a_block_leaves_empty_goes_with_it():
    for around in ("<div>{}</div>", "<div class='box'>\n<em>{}</em> </div>", "<ul>{}</ul>", "<blockquote><div>{}</div></blockquote>"):
        html = "<p>a</p>" + around.format("<p>Support us</p><p>Support us</p>") + "<p>b</p>"
        assert strip(html, ("Support us",))[0] == "<p>a</p><p>b</p>"


def test_an_element_that_shows_something_else_stays():
    html = "<div><img src=x><p>Support us</p></div>"
    assert strip(html, ("Support us",))[0] == "<div><img src=x></div>"


def test_a_row_keeps_its_cells():
    assert strip("<tr><td>Support us</td><td>b</td></tr>", ("Support us",))[0] == "<tr><td></td><td>b</td></tr>"


def test_a_selector_names_elements_of_the_text_only():
    assert strip("<p>a</p>", ("css:div", "css:body", "css:html", "css:div > p")) == ("<p>a</p>", ())
    assert strip("<p>a</p>tail", ("css:*",))[0] == "tail"


def test_text_behind_the_end_of_a_document_stays():
    rest, _ = strip("<html><body><p class=x>a</p></body></html><p>b</p>", ("css:.x",))
    assert rest == "<p>b</p>"


def test_many_blocks_that_match_cost_linear_time():
    many = 7_000 * LONGER
    with within(1.0 * LONGER):
        assert strip("<p>a</p>" * many + "<p>b</p>", ("a",))[0] == "<p>b</p>"
        assert strip("<body " * many, ("css:p",))[1] == ()


def test_a_rule_that_cannot_be_read_matches_nothing():
    for rule in ("(", "css:p[", "css:", "css:p::nothing("):
        assert strip("<p>a</p>", (rule,)) == ("<p>a</p>", ())


def test_a_pattern_that_runs_away_is_stopped():
    html = "".join(f"<p>{'a' * 1500}{n}</p>" for n in range(200))
    with within(2.0):
        assert strip(html, ("(a|a)+(a|aa)+b",)) == (html, ())


def test_deep_markup_is_no_trouble():
    html = "<div>" * 20_000 + "x"
    assert strip(html, ("auto", "css:.x", "y+")) == (html, ())


# ── keep and drop ──────────────────────────────────────────────────────────────────────────────────────────────────────


FULL = entry(
    title=Title(text="Sponsored: a talk"),
    content=SafeHtml("<p>Some <b>visible</b> words</p>"),
    authors=(Person(name="Jane Roe"), Person(name="Jo Doe")),
    link=link("https://blog.example/podcast/1"),
    categories=(Category(term="Python"), Category(term="c", label="Rust News")),
    language="en-GB",
)


@pytest.mark.parametrize(
    ("name", "wanted", "is_match"),
    [
        ("title", "(?i)^sponsored", True),
        ("title", "^sponsored", False),
        ("text", "Some visible words", True),
        ("text", "<b>", False),
        ("author", "^Jo Doe$", True),
        ("link", "/podcast/", True),
        ("category", "PYTHON", True),
        ("category", "rust news", True),
        ("category", "pyth", False),
        ("language", "en", True),
        ("language", "EN-gb", True),
        ("language", "e", False),
        ("title", "(", False),
        ("unheard-of", ".*", False),
    ],
)
def test_a_field_matches_as_documented(name, wanted, is_match):
    assert matches(FULL, Match(fields=((name, (wanted,)),))) == (name if is_match else None)


def test_fields_are_alternatives_and_the_first_that_matches_is_named():
    match = Match(fields=(("title", ("nothing",)), ("author", ("nobody", "Jane")), ("link", ("podcast",))))
    assert matches(FULL, match) == "author"
    assert matches(entry(), match) is None


def test_a_search_that_runs_away_is_no_match():
    with within(1.0):
        assert matches(entry(title=Title(text="a" * 1000)), Match(fields=(("title", ("(a|a)+(a|aa)+b",)),))) is None


# ── who may stand in an output ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_plain_entry_is_listed_and_says_where():
    one = member()
    assert eligible([one], specs(spec("blog")), OUTPUT) == ((one,), "listed: in feed blog")


@pytest.mark.parametrize(
    ("feed", "more", "output", "why"),
    [
        (None, {}, {}, "feed blog is no longer in feeds.yaml"),
        ({"opt_out": True}, {}, {}, "feed blog has opted out"),
        ({"tags": ("a",)}, {}, {"tags": ("b",)}, "feed blog is not one of those that atom.xml asks for"),
        ({}, {}, {"feeds": ("other",)}, "feed blog is not one of those that atom.xml asks for"),
        ({}, {"withdrawn": "forget"}, {}, "withdrawn: forget"),
        ({}, {"loop": "it names atom.xml"}, {}, "a copy of our own output: it names atom.xml"),
        ({"drop": Match(fields=(("title", ("Ad",)),))}, {"title": Title(text="An Ad")}, {}, "dropped by `drop: title` of feed blog"),
        ({"keep": Match(fields=(("title", ("Ad",)),))}, {}, {}, "not kept: nothing in `keep` of feed blog matches"),
        ({}, {"title": Title(text="Ad")}, {"drop": Match(fields=(("title", ("Ad",)),))}, "dropped by `drop: title` of output atom.xml"),
        ({}, {}, {"keep": Match(fields=(("title", ("Ad",)),))}, "not kept: nothing in `keep` of output atom.xml matches"),
    ],
)
def test_what_is_not_listed_says_why(feed, more, output, why):
    given = specs(spec("blog", **feed)) if feed is not None else {}
    assert eligible([member(**more)], given, replace(OUTPUT, **output)) == ((), f"not listed: {why}")


def test_drop_beats_keep():
    match = Match(fields=(("title", ("Ad",)),))
    standing, why = eligible([member(title=Title(text="Ad"))], specs(spec("blog", keep=match, drop=match)), OUTPUT)
    assert not standing
    assert "drop" in why


def test_a_feed_is_asked_for_by_tag_or_by_name():
    one = member()
    for output in (replace(OUTPUT, tags=("b", "a")), replace(OUTPUT, feeds=("blog",)), replace(OUTPUT, tags=("z",), feeds=("blog",))):
        assert eligible([one], specs(spec("blog", tags=("a",))), output)[0] == (one,)


def test_one_member_may_stand_where_another_may_not():
    first, second = member("blog", 1), member("planet", 2)
    standing, why = eligible([first, second], specs(spec("blog", drop=Match(fields=(("language", ("en",)),))), spec("planet")), OUTPUT)
    assert standing == (first, second)
    assert why == "listed: in feed blog; in feed planet"
    standing, why = eligible([first, second], specs(spec("planet")), OUTPUT)
    assert standing == (second,)
    assert why == "listed: in feed planet"


def test_a_copy_does_not_stand_in_for_a_publisher_who_opted_out_or_withdrew():
    copy = member("planet", 2, origin=Origin(chain=(Hop(name="Blog", site="blog.example"),)))
    out = OptedOut(sites=frozenset({"blog.example"}))
    standing, why = eligible([copy], specs(spec("blog", opt_out=True), spec("planet")), OUTPUT, out)
    assert (standing, why) == ((), "not listed: its original publisher blog.example has opted out")
    linked = member("planet", 2, link=link("https://blog.example/1"))
    assert eligible([linked], specs(spec("planet")), OUTPUT, out)[0] == (), "it claims nothing, but its page is theirs"
    remark = member("planet", 2, link=link("https://planet.example/1"), related=link("https://blog.example/1"))
    assert eligible([remark], specs(spec("planet")), OUTPUT, out)[0] == (remark,)
    both = [member("blog", 1, withdrawn="deleted by its publisher"), copy]
    standing, why = eligible(both, specs(spec("blog"), spec("planet")), OUTPUT)
    assert not standing
    assert "its original publisher blog.example has withdrawn it" in why


@pytest.mark.parametrize(
    ("members", "given", "is_wish"),
    [
        ([member("blog")], [spec("blog", opt_out=True)], True),
        ([member("blog", withdrawn="forgotten on 2026-03-01")], [spec("blog")], True),
        ([member("blog", loop="our own output")], [spec("blog")], False),
        ([member("blog")], [], False),
        ([member("blog")], [spec("blog", drop=Match(fields=(("title", (".*",)),)))], False),
        ([member("blog"), member("planet", 2)], [spec("blog", opt_out=True), spec("planet", tags=("other",))], True),
    ],
)
def test_what_a_publisher_took_back_is_told_from_what_an_editor_left_out(members, given, is_wish):
    assert is_withdrawn(members, specs(*given)) is is_wish


def test_a_planet_that_opts_out_takes_only_its_own_copies():
    own = member("blog", 1)
    copy = member("planet", 2, origin=Origin(chain=(Hop(name="Blog", site="blog.example"),)))
    assert eligible([own, copy], specs(spec("blog"), spec("planet", opt_out=True)), OUTPUT)[0] == (own,)
