"""Where an entry first appeared: claims, hops, and what is never believed."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.model import FeedHead, FeedSpec, Hop, Person, RawEntry, RawLink, RawPerson, RawSource, RawText, Url
from aggregator.refine.context import Context
from aggregator.refine.provenance import Trace, trace
from aggregator.web.host import site
from aggregator.web.url import link_key
from tests.pace import some

HERE = "https://copy.example/2020/a-day"
PAGE = "https://orig.example/2020/a-day"
BODY = "<p>One plain paragraph.</p>\n<p>And a second one.</p>\n<p>And a third.</p>\n<p>And a fourth.</p>\n<p>And a fifth.</p>"
NOTE = f'<p>This article originally appeared at <a href="{PAGE}">Orig</a>.</p>'


def context(**changes: object) -> Context:
    spec = FeedSpec(id="copy", url="https://copy.example/feed", shown_url="https://copy.example/feed")
    made = Context(
        spec=spec,
        feed_key="k",
        base="https://copy.example/feed",
        site="copy.example",
        own_sites=frozenset({"copy.example"}),
        head=FeedHead(title="Copy Shop", home=Url("https://copy.example/")),
    )
    return replace(made, **changes)


def spec(**changes: object) -> Context:
    return context(spec=replace(context().spec, **changes))


def entry(**changes: object) -> RawEntry:
    made = RawEntry(id="https://copy.example/?p=1", link=HERE, title=RawText(value="A day"))
    return replace(made, **changes)


def read(html: str | None = BODY, where: Context | None = None, **changes: object) -> Trace:
    return trace(entry(**changes), html, where or context())


def sites(found: Trace) -> list[str | None]:
    return [hop.site for hop in found.origin.chain]


def test_a_title_is_no_name_of_a_place() -> None:
    note = (
        '<p>This is a cross-post from the blog <a href="https://ann.example/lake-of-data-part-2/">Building a lake of data: Part 2</a></p>'
    )
    found = read(note + BODY, title=RawText(value="Building a lake of data"))
    assert [(hop.name, hop.page) for hop in found.origin.chain] == [("ann.example", "https://ann.example/lake-of-data-part-2/")]
    courier = '<p>This article originally appeared at <a href="https://courier.example/2026/a-b-c">The Harbour Courier</a>.</p>'
    assert read(courier + BODY, title=RawText(value="Harbour")).origin.chain[0].name == "The Harbour Courier"


def atom_source(**changes: object) -> RawSource:
    made = RawSource(
        kind="atom", id="https://orig.example/feed", title="Orig", link="https://orig.example/", self_url="https://orig.example/feed"
    )
    return replace(made, **changes)


# ── no claim ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_without_claims_is_its_feeds_own() -> None:
    found = read()
    assert found.origin.chain == ()
    assert found.origin.confidence == 1.0
    assert found.link == HERE
    assert found.html == BODY
    assert found.loop is None


def test_an_entry_without_text_or_link_is_read_all_the_same() -> None:
    assert read(None, link=None, id=None, title=None).link is None


# ── markup ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_atom_source_of_another_site_is_the_origin_with_the_permalink_as_its_page() -> None:
    found = read(link=PAGE, source=atom_source(), id="tag:orig.example,2020:1")
    (hop,) = found.origin.chain
    assert (hop.name, hop.page, hop.home, hop.feed_url, hop.feed_id) == (
        "Orig",
        PAGE,
        "https://orig.example/",
        "https://orig.example/feed",
        "https://orig.example/feed",
    )
    assert found.origin.confidence > 0.9
    assert found.link == PAGE


def test_an_atom_source_tells_all_that_its_feed_says_of_itself() -> None:
    told = atom_source(
        authors=(RawPerson(name="Ann", uri="https://orig.example/ann"),),
        rights="© <b>Orig</b>",
        license="https://orig.example/terms",
        updated="2020-02-02T00:00:00Z",
        updated_s=1580601600,
    )
    for named in (told, replace(told, link=None, self_url=None, id="urn:x:orig")):
        (hop,) = read(link=PAGE, source=named).origin.chain
        assert hop.authors == (Person(name="Ann", uri=Url("https://orig.example/ann")),)
        assert (hop.rights, hop.license, hop.updated) == ("© Orig", "https://orig.example/terms", datetime(2020, 2, 2, tzinfo=UTC))


def test_an_atom_source_that_nothing_else_bears_out_is_kept_with_less_confidence() -> None:
    assert read(source=atom_source()).origin.confidence < read(link=PAGE, source=atom_source()).origin.confidence
    assert sites(read(source=atom_source())) == ["orig.example"]


def test_the_id_of_a_source_is_its_home_unless_it_is_its_feed() -> None:
    (hop,) = read(source=atom_source(link=None, id="https://orig.example/")).origin.chain
    assert hop.home == "https://orig.example/"
    (hop,) = read(source=atom_source(link=None)).origin.chain
    assert (hop.name, hop.site, hop.home, hop.feed_url) == ("Orig", "orig.example", None, "https://orig.example/feed")


def test_an_atom_source_of_the_feeds_own_site_is_no_origin() -> None:
    found = read(source=atom_source(id="https://copy.example/tag", link="https://www.copy.example/", self_url=None))
    assert found.origin.chain == ()
    assert [claim.standing for claim in found.claims] == ["self"]


@pytest.mark.parametrize(
    "changes",
    [
        {"links": (RawLink(href=PAGE, rel="via"),)},
        {"links": (RawLink(href=PAGE, rel="canonical"),)},
        {"dcterms_source": PAGE},
        {"dc_source": f" {PAGE} "},
        {"source": RawSource(kind="rss", title="Orig", self_url="https://orig.example/rss")},
        {"link": "http://feeds.example.net/~r/copy/~3/Xy/", "feedburner_origlink": PAGE},
        {"source": atom_source()},
    ],
)
def test_every_kind_of_markup_names_an_origin(changes: dict[str, object]) -> None:
    assert sites(read(**changes)) == ["orig.example"]


def test_the_same_hop_is_told_by_the_claim_of_the_highest_rank() -> None:
    found = read(source=atom_source(), dcterms_source="https://other.example/2020/a-day")
    assert sites(found) == ["orig.example"]
    assert {claim.kind: claim.standing for claim in found.claims} == {"atom:source": "chosen", "dcterms:source": "outranked"}


def test_several_vias_are_a_chain_of_their_own_the_original_first() -> None:
    vias = (RawLink(href=PAGE, rel="via", title="Orig"), RawLink(href="https://repub.example/2020/a-day", rel="via", title="Repub"))
    assert [hop.name for hop in read(links=vias).origin.chain] == ["Orig", "Repub"]


def test_the_editors_origin_comes_first() -> None:
    found = read(link=PAGE, source=atom_source(link="https://other.example/"), where=spec(origin="https://orig.example/"))
    assert sites(found) == ["orig.example"]
    assert found.origin.evidence[0] == "feeds.yaml"


def test_a_redirector_in_markup_is_taken_out() -> None:
    assert sites(read(dcterms_source=f"https://www.google.com/url?q={PAGE}")) == ["orig.example"]


def test_what_feedburner_wrapped_is_the_entrys_own_link() -> None:
    found = read(link="http://feedproxy.example.net/~r/copy/~3/Xy/", feedburner_origlink=HERE)
    assert found.link == HERE
    assert found.origin.chain == ()


def test_a_guid_that_is_a_permalink_stands_in_for_a_missing_link() -> None:
    assert read(link=None, id=HERE).link == HERE
    assert read(link=None, id=HERE, id_is_link=False).link is None


# ── weak claims ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_link_blogs_permalink_is_what_it_talks_about() -> None:
    found = read(link=PAGE)
    assert found.origin.chain == ()
    assert found.related == PAGE
    assert found.link == "https://copy.example/?p=1"
    assert read(link=PAGE, id="17").link == PAGE


def test_an_id_that_repeats_the_foreign_link_is_no_second_sign() -> None:
    assert read(link=PAGE, id=PAGE).origin.chain == ()


def test_an_id_of_the_permalinks_site_is_a_second_sign() -> None:
    found = read(link=PAGE, id="https://orig.example/?p=10")
    assert sites(found) == ["orig.example"]
    assert found.related is None


def test_a_declared_republisher_is_a_second_sign() -> None:
    assert sites(read(link=PAGE, where=spec(republisher=True))) == ["orig.example"]
    assert sites(read(external_url=PAGE, where=spec(republisher=True))) == ["orig.example"]


def test_an_external_url_is_related_and_no_origin() -> None:
    found = read(external_url=PAGE)
    assert (found.origin.chain, found.related) == ((), PAGE)


def test_a_page_of_which_the_key_was_taken_out_leads_nowhere_and_is_none() -> None:
    page = "https://letters.example/feeds/redacted/entries/1.html"
    assert read(where=spec(is_private=True), link=page, id="urn:x:1").link is None
    assert read(link=page, id="urn:x:1").link == page


def passed_on(link: str, author: str, home: str = "https://bridge.example/ann") -> Trace:
    where = context(
        base=f"{home}/rss", site="bridge.example", own_sites=frozenset({"bridge.example"}), head=FeedHead(title="Ann", home=Url(home))
    )
    return read("<p>High tide at noon</p>", where, id=link, link=link, authors=(RawPerson(name=author),))


def test_what_an_account_on_a_bridge_passes_on_is_of_whom_its_address_and_its_author_name() -> None:
    found = passed_on("https://bridge.example/Bob/status/12#m", "@bob")
    (hop,) = found.origin.chain
    assert (hop.name, hop.site, hop.page) == ("@bob", "bridge.example/bob", "https://bridge.example/Bob/status/12#m")
    assert passed_on("https://bridge.example/bob/status/12", "Bob Reed (@bob)").origin.chain[0].name == "Bob Reed (@bob)"


@pytest.mark.parametrize(
    ("link", "author", "home"),
    [
        ("https://bridge.example/ann/status/12", "@ann", "https://bridge.example/ann"),
        ("https://bridge.example/Ann/status/12", "Bob (@bob)", "https://bridge.example/ann"),
        ("https://bridge.example/politics/2026/a-day", "Bob", "https://bridge.example/world"),
        ("https://bridge.example/politics/2026/a-day", "Politics", "https://bridge.example/world"),
        ("https://bridge.example/bob/status/12", "@bob, for @ann", "https://bridge.example/ann"),
        ("https://bridge.example/bob/status/12", "@bob", "https://bridge.example/"),
        ("https://bridge.example/bob/status/12", "@bob", "https://bridge.example/ann/lists/1"),
        ("https://bridge.example/bob", "@bob", "https://bridge.example/ann"),
        ("https://bridge.example/bob/status/12", "", "https://bridge.example/ann"),
    ],
)
def test_any_other_page_on_the_feeds_own_host_is_its_own(link: str, author: str, home: str) -> None:
    assert passed_on(link, author, home).origin.chain == ()


def test_a_footer_with_a_bare_name_may_mean_the_foreign_permalink() -> None:
    found = read(BODY + "<p>The post A day appeared first on Orig Weekly.</p>", link=PAGE)
    (hop,) = found.origin.chain
    assert (hop.name, hop.page) == ("Orig Weekly", PAGE)


def test_a_footer_with_an_unknown_bare_name_alone_is_too_little() -> None:
    found = read(BODY + "<p>The post A day appeared first on Ann Bell Pictures.</p>")
    assert found.origin.chain == ()
    assert [claim.standing for claim in found.claims] == ["weak"]


# ── sentences and hops ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sentence_names_the_origin_and_its_page() -> None:
    (hop,) = read(NOTE + BODY).origin.chain
    assert (hop.name, hop.page, hop.site) == ("Orig", PAGE, "orig.example")


def test_markup_says_where_it_was_taken_from_and_a_sentence_is_one_hop_further() -> None:
    found = read(BODY + NOTE, source=atom_source(id="https://repub.example/f", link="https://repub.example/", self_url=None, title="Repub"))
    assert [hop.name for hop in found.origin.chain] == ["Orig", "Repub"]
    assert set(found.origin.evidence) == {"phrase", "atom:source"}


def test_a_members_own_footer_in_a_planet_is_one_hop_with_its_markup() -> None:
    footer = f'<p>The post <a href="{PAGE}">A day</a> appeared first on <a href="https://orig.example/">Orig Blog</a>.</p>'
    found = read(BODY + footer, link=PAGE, source=atom_source())
    assert sites(found) == ["orig.example"]
    assert found.origin.chain[0].page == PAGE


def test_a_note_is_further_back_than_a_footer() -> None:
    footer = (
        '<p>The post <a href="https://repub.example/2020/a-day">A day</a> appeared first on <a href="https://repub.example/">Repub</a>.</p>'
    )
    assert [hop.name for hop in read(NOTE + BODY + footer).origin.chain] == ["Orig", "Repub"]


def test_a_footer_that_names_the_feed_itself_is_never_an_origin() -> None:
    for name in ('<a href="https://www.copy.example/">Anything</a>', "Copy Shop", "The Copy Shop"):
        found = read(f"{BODY}<p>The post A day appeared first on {name}.</p>")
        assert found.origin.chain == ()
        assert [claim.standing for claim in found.claims] == ["self"]


def test_a_footer_with_the_feeds_own_title_is_its_own_wherever_it_links_unless_the_entry_is_there_too() -> None:
    footer = '<p>The post <a href="https://old.example/1">A day</a> appeared first on <a href="https://old.example/">{}</a>.</p>'
    found = read(BODY + footer.format("The Copy Shop"))
    assert (found.origin.chain, [claim.standing for claim in found.claims]) == ((), ["self"])
    assert sites(read(BODY + footer.format("Copy Shop"), link="https://old.example/1")) == ["old.example"]
    assert sites(read(BODY + footer.format("Copy"))) == ["old.example"]
    assert sites(read(BODY + NOTE.replace("Orig<", "Copy Shop<"))) == ["orig.example"]


def test_a_foreign_note_wins_over_a_footer_about_itself() -> None:
    assert sites(read(NOTE + BODY + "<p>The post A day appeared first on Copy Shop.</p>")) == ["orig.example"]


def test_a_declared_alias_is_the_feed_itself() -> None:
    where = context(own_sites=frozenset({"copy.example", "orig.example"}))
    assert read(NOTE + BODY, where).origin.chain == ()


def test_a_name_without_a_link_is_resolved_against_the_feeds_we_know() -> None:
    known = Hop(name="Orig", site="orig.example", home=Url("https://orig.example/"), feed_url=Url("https://orig.example/feed"))
    for name in ("Orig", "the Orig", "The Orig"):
        found = read(f"<p>This article originally appeared in {name}.</p>" + BODY, context(known={"orig": known}))
        (hop,) = found.origin.chain
        assert (hop.site, hop.home, hop.feed_url) == ("orig.example", "https://orig.example/", "https://orig.example/feed")


def test_an_unknown_name_in_a_full_sentence_is_shown_as_a_name() -> None:
    (hop,) = read("<p>This article originally appeared in Orig Quarterly.</p>" + BODY).origin.chain
    assert (hop.name, hop.site, hop.page) == ("Orig Quarterly", None, None)


def test_a_book_has_no_page() -> None:
    html = '<p>This essay was first published in the book <a href="https://shop.example/item/12345">Long Days</a>.</p>'
    assert all(hop.page is None and hop.site is None for hop in read(html + BODY).origin.chain)


def test_every_claim_is_kept_with_its_evidence() -> None:
    note = NOTE.replace("article", "essay")
    claim = next(claim for claim in read(note + BODY).claims if claim.kind == "phrase")
    assert claim.evidence == "This essay originally appeared at Orig."
    assert claim.where == "first block"
    assert claim.rule == "en:first published at"
    assert claim.standing == "chosen"


def test_two_independent_signs_give_more_confidence_than_one() -> None:
    assert read(NOTE + BODY, dcterms_source=PAGE).origin.confidence > read(NOTE + BODY).origin.confidence


def test_accounts_on_one_platform_are_publishers_of_their_own() -> None:
    where = context(site="me.github.io", own_sites=frozenset({"me.github.io"}))
    html = '<p>Originally published at <a href="https://you.github.io/2020/a-day">You</a>.</p>'
    assert sites(read(BODY + html, where, link="https://me.github.io/2020/a-day", id="tag:me.github.io,2020:1")) == ["you.github.io"]


# ── our own line ───────────────────────────────────────────────────────────────────────────────────────────────────────

LINE = f'This article originally appeared at <a href="{PAGE}">Orig</a>, via <a href="https://repub.example/2020/a-day">Repub</a>.'


@pytest.mark.parametrize("line", [f'<p class="aggregator-origin">{LINE}</p>', f"<p>{LINE}</p>", f"<div><p>{LINE}</p></div>"])
def test_our_visible_line_is_read_as_a_claim_and_taken_out(line: str) -> None:
    for html in (line + BODY, BODY + line):
        found = read(html)
        assert [hop.name for hop in found.origin.chain] == ["Orig", "Repub"]
        assert found.html is not None
        assert found.html.replace("<div></div>", "") == BODY


@pytest.mark.parametrize(
    "words",
    [
        "Dieser Artikel erschien ursprünglich bei {}, über {}.",
        "Este artículo apareció originalmente en {}, vía {}.",
        "Cet article est paru à l’origine sur {}, via {}.",
    ],
)
def test_our_line_is_known_in_other_languages(words: str) -> None:
    line = words.format(f'<a href="{PAGE}">Orig</a>', '<a href="https://repub.example/2020/a-day">Repub</a>')
    found = read(f"<p>{line}</p>{BODY}")
    assert [hop.name for hop in found.origin.chain] == ["Orig", "Repub"]
    assert found.html == BODY


def test_the_also_line_goes_with_it_and_is_no_claim() -> None:
    found = read(f'<p>{LINE}</p>{BODY}<p>Also appeared at <a href="https://a.example/x">A</a>, <a href="https://b.example/y">B</a>.</p>')
    assert found.html == BODY
    assert [hop.name for hop in found.origin.chain] == ["Orig", "Repub"]


def test_from_alone_is_ours_only_where_the_markup_says_so_too() -> None:
    line = '<p>From <a href="https://orig.example/">Orig</a>.</p>'
    assert read(line + BODY, source=atom_source()).html == BODY
    speaking = line + BODY + NOTE.replace("article", "essay")
    assert read(speaking).html == speaking
    assert read(line + BODY).html == line + BODY


def test_reading_our_output_twice_stacks_nothing() -> None:
    once = read(f'<p class="aggregator-origin">{LINE}</p>{BODY}')
    twice = read(once.html)
    assert twice.html == once.html == BODY


def test_a_sentence_with_more_to_say_stays_where_it_is() -> None:
    html = NOTE.replace(".</p>", " and is shown here with permission.</p>") + BODY
    found = read(html)
    assert found.html == html
    assert sites(found) == ["orig.example"]


# ── loops ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_that_comes_from_our_own_output_is_a_loop() -> None:
    ours = "https://planet.example/atom.xml"
    where = context(ours=frozenset({ours, link_key(ours)}))
    for changes in (
        {"source": atom_source(id=ours)},
        {"source": atom_source(self_url="http://www.planet.example/atom.xml")},
        {"links": (RawLink(href=ours, rel="via"),)},
    ):
        found = read(where=where, **changes)
        assert found.loop is not None
        assert "our own output" in found.loop
        assert "loop" in [claim.standing for claim in found.claims]


def test_a_chain_that_names_our_home_page_is_a_loop() -> None:
    where = context(ours=frozenset({"https://planet.example/atom.xml"}), our_home="https://planet.example/")
    vias = (RawLink(href=PAGE, rel="via", title="Orig"), RawLink(href="http://www.planet.example", rel="via", title="Planet"))
    assert read(where=where, links=vias).loop == "its rel=via names our own output http://www.planet.example/"
    line = '<p>This article originally appeared at <a href="https://orig.example/2020/a-day">Orig</a>, via <a href="https://planet.example/">Us</a>.</p>'
    assert read(line + BODY, where).loop is not None


def test_a_neighbour_on_our_host_and_a_remark_about_us_are_no_loops() -> None:
    where = context(ours=frozenset({"https://planet.example/atom.xml"}), our_home="https://planet.example/")
    blog = atom_source(id="tag:planet.example,2020:blog", link="https://planet.example/", self_url="https://planet.example/blog.xml")
    assert read(where=where, source=blog).loop is None
    named = RawLink(href="https://planet.example/2020/a-day", rel="via", title="A Neighbour")
    assert read(where=where, links=(named,)).loop is None
    known = {"a neighbour": Hop(name="A Neighbour", site="planet.example", feed_url=Url("https://planet.example/blog.xml"))}
    assert read(where=replace(where, known=known), links=(replace(named, title=None),)).loop is None
    assert read(where=replace(where, spec=replace(where.spec, origin="https://planet.example/blog/"))).loop is None
    assert read(where=where, external_url="https://planet.example/atom.xml").loop is None


def test_our_name_without_a_link_and_a_page_of_ours_about_a_story_are_loops() -> None:
    ours = {"ours": frozenset({"https://planet.example/atom.xml"}), "our_home": "https://planet.example/"}
    where = context(**ours, our_names=frozenset({"our planet"}), our_stories=frozenset({"https://planet.example/story/"}))
    line = "<p>This article originally appeared at {}.</p>"
    page = "https://planet.example/story/{}.html"
    assert read(line.format("Our Planet") + BODY, where).loop == "its phrase names our own output Our Planet"
    assert read(line.format(f'<a href="{page.format("0123456789abcdef")}">Our Planet</a>') + BODY, where).loop is not None
    for other in ("Planet", f'<a href="{page.format("a-day")}">A Neighbour</a>', '<a href="https://orig.example/">Our Planet</a>'):
        assert read(line.format(other) + BODY, where).loop is None, other


@pytest.mark.parametrize(
    ("changes", "html"),
    [
        ({"source": RawSource(kind="rss", title="Our Planet", self_url="https://planet.example/old/rss.xml")}, ""),
        ({"source": RawSource(kind="rss", self_url="https://www.planet.example/old/rss.xml")}, ""),
        ({"source": atom_source(title="Our Planet", link="https://planet.example/", self_url="http://planet.example/feed.xml")}, ""),
        ({"links": (RawLink(href="https://planet.example/gone.html", rel="via"),)}, ""),
        (
            {},
            f'<p>This article originally appeared at <a href="{PAGE}">A</a>, via <a href="https://planet.example/tag">Our Planet</a>.</p>',
        ),
    ],
)
def test_an_address_of_ours_that_is_no_more_is_a_loop(changes: dict[str, object], html: str) -> None:
    here = {"ours": frozenset({"https://planet.example/atom.xml"}), "our_home": "https://planet.example/"}
    found = read(f"{BODY}{html}", context(**here, our_names=frozenset({"our planet"})), **changes)
    assert "names our own output http" in (found.loop or "")
    deeper = context(**here | {"our_home": "https://planet.example/deeper"}, our_names=frozenset({"our planet"}))
    assert read(f"{BODY}{html}", deeper, **changes).loop is None


def test_our_name_as_a_later_stop_without_a_link_is_a_loop() -> None:
    where = context(ours=frozenset({"https://planet.example/atom.xml"}), our_names=frozenset({"our planet"}))
    for line in (
        "This article originally appeared at Orig Paper, via {}.",
        f'This article originally appeared at <a href="{PAGE}">Orig Paper</a>, via The Reader, {{}}.',
        "Dieser Artikel erschien ursprünglich bei Orig Paper, über {}.",
        "From {}.",
    ):
        assert read(f"{BODY}<p>{line.format('Our Planet')}</p>", where).loop == "its phrase names our own output Our Planet", line
        found = read(f"{BODY}<p>{line.format('Their Planet')}</p>", where)
        assert found.loop is None, line
        assert "self" not in [claim.standing for claim in found.claims]
    assert read(f"{BODY}<p>Greetings from Our Planet.</p>", where).loop is None
    assert read(f"<p>From Our Planet to theirs it is a long way.</p>{BODY}", where).loop is None


@pytest.mark.parametrize(
    "feed", [{"base": "http://planet.example/atom.xml"}, {"head": FeedHead(self_url=Url("https://planet.example/atom.xml"))}]
)
def test_all_entries_of_our_own_output_are_loops(feed: dict[str, object]) -> None:
    assert read(where=context(ours=frozenset({"https://planet.example/atom.xml"}), **feed)).loop is not None


# ── the labelled set ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_on_the_labelled_set_false_origins_stay_rare_and_most_origins_are_found(shared: object) -> None:
    from bench.provenance import prediction

    path = shared / "eval" / "provenance.jsonl"  # type: ignore[operator]
    lines = [json.loads(line) for line in some(path.read_text(encoding="utf-8").splitlines(), 10) if line.strip()]
    clear = [(line["expect"], prediction(line)) for line in lines if not line.get("ambiguous")]
    false = sum(made["claim"] == "foreign" for want, made in clear if want["claim"] != "foreign")
    assert false <= 0.002 * len(clear)
    named = [(want, made) for want, made in clear if want["claim"] == "foreign" and want["origin_site"]]
    found = sum((made["origin_site"] or "").removeprefix("www.").endswith(want["origin_site"]) for want, made in named)
    assert found >= 0.95 * len(named)


@pytest.mark.parametrize("url", ["https://t.co/Xyz", "https://bit.ly/x1", "https://feedproxy.google.com/~r/loud/~3/x/"])
@pytest.mark.parametrize(("words", "name"), [("Loud Street", "Loud Street"), ("the site", None), ("t.co", None)])
def test_a_link_that_leads_to_an_unknown_place_names_no_publisher(url: str, words: str, name: str | None) -> None:
    found = read(f'{BODY}<p>This article originally appeared at <a href="{url}">{words}</a>.</p>')
    assert [(hop.name, hop.site, hop.page, hop.home) for hop in found.origin.chain] == ([(name, None, None, None)] if name else [])
    via = read(links=(RawLink(rel="via", href=url, title=words),))
    assert [(hop.name, hop.site) for hop in via.origin.chain] == ([(name, None)] if name else [])


@pytest.mark.parametrize(
    ("home", "href", "origin"),
    [
        ("https://ann.blogspot.com/", "https://ann.blogspot.com.br/2020/1.html", None),
        ("https://ann.blogspot.de/", "https://bert.blogspot.de/2020/1.html", "bert.blogspot.com"),
        ("https://social.example/@ann", "https://social.example/users/bert/statuses/1199", "social.example/@bert"),
        ("https://social.example/@ann", "https://social.example/users/ann/statuses/1199", None),
    ],
)
def test_accounts_are_known_by_each_of_their_addresses(home: str, href: str, origin: str | None) -> None:
    where = context(site=site(home), own_sites=frozenset({site(home)}))
    found = read(f'{BODY}<p>This article was first published at <a href="{href}">the old place</a>.</p>', where, link=home)
    assert sites(found) == ([origin] if origin else [])


@pytest.mark.parametrize("words", ["This article originally appeared at {}.", "This piece was first published on {} in May."])
@pytest.mark.parametrize(
    ("href", "is_page"),
    [
        ("https://orig.example/ferry", True),
        ("https://orig.example/n3", True),
        ("https://orig.example/", False),
        ("https://orig.example/magazine/", False),
        ("https://orig.example/pt-br/", False),
        ("https://social.example/users/orig", False),
        ("https://github.com/my-orig", False),
    ],
)
def test_a_name_linked_to_a_page_of_one_word_names_that_page(words: str, href: str, is_page: bool) -> None:
    linked = f'<a href="{href}">Orig</a>'
    (hop,) = read(f"{BODY}<p>{words.format(linked)}</p>").origin.chain
    assert (hop.page, hop.home) == ((href, None) if is_page else (None, href))


def test_what_a_feed_calls_its_home_is_no_page_of_an_article() -> None:
    home = "https://orig.example/physics"
    said = f'<p>This article originally appeared at <a href="{home}">Orig</a>.</p>'
    (hop,) = read(BODY + said, source=atom_source(link=home)).origin.chain
    assert (hop.page, hop.home) == (None, home)
    known = context(known={"orig": Hop(name="Orig", site="orig.example", home=Url(home))})
    (hop,) = read(BODY + said, known).origin.chain
    assert (hop.page, hop.home) == (None, home)


@pytest.mark.parametrize(
    ("name", "authors", "is_shown"),
    [
        ("Loud Street Journal", ("Ann Bell",), True),
        ("Loud Street Journal", (), True),
        ("Ann Bell", ("Ann Bell",), False),
        ("Ann Bell", ("Carl Dee", "Ann M. Bell"), False),
    ],
)
def test_who_published_it_first_is_shown_by_name_unless_that_is_an_author(name: str, authors: tuple[str, ...], is_shown: bool) -> None:
    said = f"{BODY}<p>This piece was first published by {name} on 3 March 2026.</p>"
    found = read(said, authors=tuple(RawPerson(name=author) for author in authors))
    assert [(hop.name, hop.site, hop.home) for hop in found.origin.chain] == ([(name, None, None)] if is_shown else [])
