"""Our visible line in what we read: known in every language with and without its class, read as a claim, and never stacked."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from aggregator.collect.parse import read as parse
from aggregator.collect.parse_json import read_json
from aggregator.model import (
    Attribution,
    Document,
    Edition,
    Entry,
    FeedHead,
    FeedSpec,
    RawEntry,
    RawFeed,
    RawLink,
    RawPerson,
    RawSource,
    RawText,
    Surroundings,
    Url,
    Validators,
)
from aggregator.publish.attribution import Linked, languages, line
from aggregator.publish.edition import compose
from aggregator.publish.jsonfeed import json_feed
from aggregator.publish.syndication import atom, rss
from aggregator.refine import normalize
from aggregator.refine.leading import lead
from aggregator.web.text import visible_text
from aggregator.web.url import link_key
from tests.fakes import document
from tests.makers import config, feeds_of, output, published, stored
from tests.pace import some
from tests.test_provenance import BODY, NOTE, PAGE, read, sites

ORIG = Linked("Orig & Söhne, Inc.", Url(PAGE))
REPUB = Linked("Repub", Url("https://repub.example/2020/a-day"))
THIRD = Linked("Third", Url("https://third.example/2020/a-day"))
UNLINKED = Linked("Paper Weekly")

ALSO = ((), (THIRD,), (THIRD, UNLINKED), (UNLINKED, THIRD))
VIA = ((), (REPUB,), (REPUB, THIRD), (REPUB, UNLINKED))


def without_class(html: str) -> str:
    return html.replace(' class="aggregator-origin"', "")


def line_of(language: str, origin: Linked | None, via: tuple[Linked, ...] = (), also: tuple[Linked, ...] = ()) -> str:
    return line(Attribution(), language, origin=origin, via=via, also=also)


@pytest.mark.parametrize("change", [str, without_class])
def test_where_the_line_stands_is_told_of_a_short_text_too(change: Callable[[str], str]) -> None:
    ours = change(line_of("en", ORIG))
    for html, where in ((ours + BODY, "first block"), (BODY + ours, "last block"), ("<p>One word.</p>" + ours, "last block")):
        assert [claim.where for claim in read(html).claims] == [where]


# ── every language, every form ─────────────────────────────────────────────────────────────────────────────────────────


# With its class and without, above a text and below it.
FORMS = [(change, is_first) for change in (str, without_class) for is_first in (True, False)]


@pytest.mark.parametrize("language", languages())
def test_every_form_is_taken_out_and_its_claims_name_the_origin_and_the_way(language: str) -> None:
    ways = list(product(VIA, ALSO))
    for (via, also), (change, is_first) in some([(way, form) for way in ways for form in FORMS], 7):
        ours = change(line_of(language, ORIG, via, also))
        found = read(ours + BODY if is_first else BODY + ours)
        assert found.html == BODY, ours
        assert found.origin.chain[0].page == PAGE, ours
        assert [hop.name for hop in found.origin.chain] == [ORIG.text, *(hop.text for hop in via if hop.url)], ours
        assert not any(claim.site == "third.example" for claim in found.claims if THIRD not in via), ours


@pytest.mark.parametrize("language", languages())
def test_a_line_that_only_says_from_whom_is_taken_out_and_claims_nothing(language: str) -> None:
    said = RawSource(kind="atom", id="https://repub.example/feed", title="Repub", link="https://repub.example/")
    for also, (change, is_first) in some(list(product(ALSO, FORMS)), 5):
        ours = change(line_of(language, None, (REPUB,), also))
        found = read(ours + BODY if is_first else BODY + ours, source=said)
        assert found.html == BODY, ours
        assert [claim.kind for claim in found.claims] == ["atom:source"], ours


@pytest.mark.parametrize("language", languages())
def test_an_origin_that_has_no_page_is_read_by_its_name(language: str) -> None:
    for change, origin in product((str, without_class), (UNLINKED, Linked("Orig", Url("https://orig.example/")))):
        found = read(change(line_of(language, origin)) + BODY)
        assert found.html == BODY
        (hop,) = found.origin.chain
        assert (hop.name, hop.page) == (origin.text, None)


@pytest.mark.parametrize(
    ("wording", "way"),
    [
        ("Эта статья впервые опубликована на {}, получено через {}.", ["Orig", "Repub"]),
        ("이 글은 {}에 처음 게재되었으며, {}를 거쳤습니다.", ["Orig", "Repub"]),
        ("Το άρθρο αυτό δημοσιεύθηκε αρχικά στο {}, μέσω {}.", ["Orig", "Repub"]),
        ("Von {1}.", []),
        ("出典：{1}", []),
    ],
)
def test_what_it_once_said_is_known_still(wording: str, way: list[str]) -> None:
    links = [f'<a href="{link.url}">{name}</a>' for link, name in ((ORIG, "Orig"), (REPUB, "Repub"))]
    said = RawSource(kind="atom", id="https://repub.example/feed", title="Repub", link="https://repub.example/")
    found = read(f"<p>{wording.format(*links)}</p>{BODY}", source=said)
    assert found.html == BODY
    assert [hop.name for hop in found.origin.chain if hop.page] == way


# ── by its class ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("inner", "names"),
    [
        (f'Zuerst da: <a href="{PAGE}">Orig</a>!', ["Orig"]),
        (f'First in <a href="{PAGE}">Orig</a>; seen in <a href="{REPUB.url}">Repub</a>.', ["Orig", "Repub"]),
        (f'First in <a href="{PAGE}">Orig</a>. Also appeared at <a href="{THIRD.url}">Third</a>, Paper.', ["Orig"]),
        (f'<a href="{PAGE}">Orig</a> より <a href="{THIRD.url}">Third</a> にも掲載されています。', ["Orig"]),
        ("Words without any link.", []),
    ],
)
def test_whatever_it_says_a_marked_line_is_taken_out_and_its_links_are_the_way(inner: str, names: list[str]) -> None:
    ours = f'<p class="x aggregator-origin">{inner}</p>'
    for html in (ours + BODY, BODY + ours, f"<p>Hello.</p><p>Hello again.</p><p>And again.</p>{ours}{BODY}"):
        found = read(html)
        assert found.html == html.replace(ours, "")
        assert [hop.name for hop in found.origin.chain] == names


def test_a_marked_line_goes_even_in_the_middle_of_a_long_text() -> None:
    long = "<p>One more paragraph, and not a short one.</p>" * 2000
    assert read(f"{long}{line_of('en', ORIG)}{long}").html == long + long


def test_a_marked_line_goes_even_if_it_names_the_feed_itself() -> None:
    found = read(line_of("en", Linked("Copy", Url("https://copy.example/2020/a-day"))) + BODY)
    assert found.html == BODY
    assert found.origin.chain == ()


def test_lines_that_were_stacked_go_together() -> None:
    html = line_of("de", ORIG, (REPUB,)) + line_of("en", ORIG) + without_class(line_of("en", ORIG)) + BODY
    found = read(html)
    assert found.html == BODY
    assert [hop.name for hop in found.origin.chain] == [ORIG.text, "Repub"]


# ── by its words ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "html",
    [
        without_class(line_of("en", Linked("Copy", Url("https://copy.example/2020/a-day")))),
        without_class(line_of("en", Linked("Copy Shop"))),
        without_class(line_of("en", None, (REPUB,))),
        "<p>This article originally appeared at the congress in May 2019.</p>",
        f'<p>Also appeared at <a href="{PAGE}">Orig</a>.</p>',
    ],
)
def test_a_publishers_own_sentence_stays_where_it_names_no_origin_that_is_believed(html: str) -> None:
    assert read(html + BODY).html == html + BODY


def test_words_like_ours_are_left_alone_inside_a_text() -> None:
    html = "<p>One.</p><p>Two.</p>" + NOTE + BODY
    found = read(html)
    assert found.html == html
    assert sites(found) == ["orig.example"]


def test_what_is_outranked_for_its_hop_is_not_taken_out() -> None:
    first, second = line_of("en", ORIG), without_class(line_of("en", Linked("Else", Url("https://else.example/2020/a-day"))))
    found = read(first + BODY + second)
    assert found.html == BODY + second
    assert sites(found) == ["orig.example"]


# ── round trips ────────────────────────────────────────────────────────────────────────────────────────────────────────

FORMATS = {"atom.xml": (atom, parse), "rss.xml": (rss, parse), "feed.json": (json_feed, read_json)}
COPIED = RawEntry(
    id="https://repub.example/?p=7",
    link="https://repub.example/2020/a-day",
    title=RawText(value="A day"),
    contents=(RawText(value=f'<p>First published in <a href="{PAGE}">Orig</a>.</p>{BODY}', type="html"),),
)
REPUB_FEED = RawFeed(version="rss20", title=RawText(value="Repub"), link="https://repub.example/", entries=(COPIED,))


def refined(
    raw: RawFeed,
    name: str,
    url: str,
    *,
    republisher: bool = False,
    around: Surroundings = Surroundings(),  # noqa: B008
) -> tuple[FeedSpec, FeedHead, Entry]:
    """What an instance makes of a feed with one entry."""
    asked = FeedSpec(id=name, url=url, shown_url=url, republish="full", republisher=republisher)
    found = normalize.head(raw, url)
    (made,) = normalize.entries(raw, normalize.context(asked, f"key-{name}", found, url, around))
    assert made is not None
    return asked, found, made


def outputs(
    name: str, path: str, polled: tuple[FeedSpec, FeedHead, Entry], language: str = "en", style: Attribution | None = None
) -> tuple[Edition, RawFeed]:
    """The edition that the planet of that name makes of one polled entry, and how a parser reads its output."""
    asked, found, made = polled
    listing = [published(replace(stored(1, asked.id), entry=made))]
    set_up = config(title=name.title(), link=Url(f"https://{name}.example/"), language=language)
    edition = compose(output(path, attribution=style), set_up, listing, *feeds_of(asked, heads=[found]))
    write, parsed = FORMATS[path]
    got = Document(url=f"https://{name}.example/{path}", body=write(edition), content_type=None, validators=Validators(), body_hash="")
    return edition, parsed(got)


def bare(raw: RawFeed) -> RawFeed:
    """The same as it comes out of a sanitizer that eats classes."""
    (one,) = raw.entries
    contents = tuple(replace(text, value=without_class(text.value)) for text in one.contents)
    return replace(raw, entries=(replace(one, contents=contents),))


@pytest.mark.parametrize("path", FORMATS)
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("change", [lambda raw: raw, bare], ids=["marked", "bare"])
def test_after_three_instances_the_origin_is_the_same_and_there_is_one_line(path: str, language: str, change) -> None:
    polled = refined(REPUB_FEED, "repub", "https://repub.example/feed")
    copied, ways = polled[2], []
    for name in ("planet-one", "planet-two", "planet-three"):
        edition, raw = outputs(name, path, polled, language)
        (item,) = edition.items
        assert item.original == PAGE
        polled = refined(change(raw), name, f"https://{name}.example/{path}")
        made = polled[2]
        assert made.loop is None
        assert (made.origin.chain[0].site, made.origin.chain[0].page) == ("orig.example", PAGE)
        assert made.content == copied.content
        ways.append([hop.name for hop in made.origin.chain])
    assert ways == [["Orig", "Repub"], ["Orig", "Repub", "Planet-One"], ["Orig", "Repub", "Planet-One", "Planet-Two"]]


@pytest.mark.parametrize("path", FORMATS)
def test_an_english_text_stays_english_through_planets_of_other_languages(path: str) -> None:
    polled = refined(replace(REPUB_FEED, entries=(replace(COPIED, language="en"),)), "repub", "https://repub.example/feed")
    for name, language in (("planet-one", "de"), ("planet-two", "ja"), ("planet-three", "en")):
        _, raw = outputs(name, path, polled, language)
        polled = refined(raw, name, f"https://{name}.example/{path}")
        assert polled[2].language == "en", name


@pytest.mark.parametrize("path", FORMATS)
@pytest.mark.parametrize(
    "style",
    [
        Attribution(place="none"),
        Attribution(text="Brought by {origin} with love.", via="Brought by {origin} with love, found at {via}."),
        Attribution(text="{origin} — Thanks!", via="Thanks to {via}: {origin}!", place="bottom"),
    ],
    ids=["no line", "own words", "own order"],
)
@pytest.mark.parametrize("change", [lambda raw: raw, bare], ids=["marked", "bare"])
def test_without_a_line_that_is_known_the_markup_tells_the_same_way_in_the_same_order(path: str, style: Attribution, change) -> None:
    noted = replace(COPIED, contents=(RawText(value=BODY + NOTE, type="html"),))
    polled = refined(replace(REPUB_FEED, entries=(noted,)), "repub", "https://repub.example/feed")
    copied, names = polled[2], ["Orig", "Repub"]
    for name in ("planet-one", "planet-two", "planet-three"):
        edition, raw = outputs(name, path, polled, style=style)
        assert [hop.name for hop in edition.items[0].via] == names
        polled = refined(change(raw), name, f"https://{name}.example/{path}")
        assert [hop.name for hop in polled[2].origin.chain] == names
        assert polled[2].content == copied.content
        names = [*names, name.title()]


BY_ND = "https://creativecommons.org/licenses/by-nd/4.0/"


@pytest.mark.parametrize("change", [lambda raw: raw, bare], ids=["marked", "bare"])
@pytest.mark.parametrize("path", FORMATS)
@pytest.mark.parametrize("note", [NOTE, ""], ids=["own sentence", "nothing said"])
def test_a_text_that_must_stay_as_it_is_keeps_its_own_sentence_and_loses_what_an_aggregator_printed(note: str, path: str, change) -> None:
    noted = replace(COPIED, license=BY_ND, contents=(RawText(value=BODY + note, type="html"),))
    polled = refined(replace(REPUB_FEED, entries=(noted,)), "repub", "https://repub.example/feed")
    copied = visible_text(polled[2].content or "")
    assert copied == visible_text(BODY + note)
    assert polled[2].lines == ()
    for name in ("planet-one", "planet-two", "planet-three"):
        edition, raw = outputs(name, path, polled)
        polled = refined(change(raw), name, f"https://{name}.example/{path}")
        assert visible_text(polled[2].content or "").startswith(copied)
        assert polled[2].origin.chain[0].page == (PAGE if note else COPIED.link)
        (told,) = polled[2].lines
        assert visible_text(edition.items[0].line).startswith(told.rstrip("…")), "what was taken out is told"


def test_a_sentence_like_ours_that_is_taken_out_is_told() -> None:
    noted = replace(COPIED, contents=(RawText(value=BODY + NOTE, type="html"),))
    assert refined(replace(REPUB_FEED, entries=(noted,)), "repub", "https://repub.example/feed")[2].lines == (visible_text(NOTE),)


def test_a_paragraph_that_links_to_the_pages_of_the_way_is_text() -> None:
    links = tuple(RawLink(href=str(one.url), rel="via") for one in (ORIG, REPUB))
    told = f'<p>Both <a href="{ORIG.url}">the first report</a> and <a href="{REPUB.url}">what followed</a> leave {"open much " * 15}.</p>'
    for html in (told + BODY, f'<p>Thanks to <a href="{REPUB.url}">Repub</a>!</p>{BODY}'):
        assert read(html, links=links).html == html


def test_our_atom_names_the_nearest_known_feed_and_the_original_page() -> None:
    _, raw = outputs("planet-one", "atom.xml", refined(REPUB_FEED, "repub", "https://repub.example/feed"))
    (one,) = raw.entries
    assert one.source is not None
    assert (one.source.title, one.source.self_url) == ("Repub", "https://repub.example/feed")
    assert one.dcterms_source == PAGE
    assert one.link == PAGE


def test_a_source_that_came_in_survives_a_planet_and_two_of_us() -> None:
    source = RawSource(
        kind="atom",
        id="tag:orig.example,2001:feed",
        title="Orig",
        link="https://orig.example/",
        self_url="https://orig.example/feed",
        updated="2026-01-02T03:04:05+00:00",
        updated_s=1767323045,
        rights="© Orig",
        license="https://orig.example/terms",
        authors=(RawPerson(name="Ann", email="ann@orig.example", uri="https://orig.example/ann"),),
    )
    copied = replace(COPIED, id="tag:orig.example,2001:1", link=PAGE, contents=(RawText(value=BODY, type="html"),), source=source)
    raw = replace(REPUB_FEED, version="atom10", entries=(copied,), authors=(RawPerson(name="Planet keeper"),), rights="© Planet")
    for name in ("planet-one", "planet-two", "planet-three"):
        polled = refined(raw, name, f"https://{name}.example/feed")
        _, raw = outputs(name, "atom.xml", polled)
        assert raw.entries[0].source == source
        for path in ("rss.xml", "feed.json"):
            _, other = outputs(name, path, polled)
            assert [person.name for person in other.entries[0].authors] == ["Ann"]
            assert (other.entries[0].rights, other.entries[0].license) == ("© Orig", "https://orig.example/terms")


@pytest.mark.parametrize("path", FORMATS)
@pytest.mark.parametrize("change", [lambda raw: raw, bare], ids=["marked", "bare"])
def test_an_origin_that_is_only_a_name_gets_no_page_on_the_way(path: str, change) -> None:
    printed = replace(COPIED, contents=(RawText(value=f"<p>This article originally appeared in Orig Quarterly.</p>{BODY}", type="html"),))
    polled = refined(replace(REPUB_FEED, entries=(printed,)), "repub", "https://repub.example/feed")
    for name in ("planet-one", "planet-two", "planet-three"):
        edition, raw = outputs(name, path, polled)
        (item,) = edition.items
        assert (item.original, item.link, item.via[0].name, item.via[0].page) == (None, COPIED.link, "Orig Quarterly", None)
        polled = refined(change(raw), name, f"https://{name}.example/{path}")
        assert [(hop.name, hop.page, hop.site) for hop in polled[2].origin.chain[:2]] == [
            ("Orig Quarterly", None, None),
            ("Repub", COPIED.link, "repub.example"),
        ]
        assert polled[2].content == edition.items[0].content


def test_our_json_names_an_origin_without_a_line_too() -> None:
    item = {"title": "Orig Quarterly"}
    provenance = {"original": item, "via": [item, {"url": "https://repub.example/2020/a-day", "title": "Repub"}]}
    (raw,) = parse(
        document(
            json.dumps(
                {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": COPIED.link, "_provenance": provenance}]}
            )
        )
    ).entries
    found = read(BODY, link=raw.link, links=raw.links, source=raw.source)
    assert [(hop.name, hop.page) for hop in found.origin.chain] == [("Orig Quarterly", None), ("Repub", COPIED.link)]


@pytest.mark.parametrize("path", FORMATS)
@pytest.mark.parametrize("declared", [False, True])
def test_what_a_link_blog_is_about_stays_so_through_two_of_us(path: str, declared: bool) -> None:
    about, guid = "https://maker.example/2026/a-thing", "https://repub.example/2026/remark"
    remark = replace(COPIED, id=guid, link=about, contents=(RawText(value=BODY, type="html"),))
    polled = refined(replace(REPUB_FEED, entries=(remark,)), "repub", "https://repub.example/feed")
    for name in ("planet-one", "planet-two"):
        edition, raw = outputs(name, path, polled)
        assert (edition.items[0].link, edition.items[0].related) == (guid, about)
        polled = refined(raw, name, f"https://{name}.example/{path}", republisher=declared)
    assert [hop.site for hop in polled[2].origin.chain] == ["repub.example", "planet-one.example"]
    assert polled[2].related == about


@pytest.mark.parametrize("path", FORMATS)
def test_who_only_republished_is_not_called_the_origin_two_of_us_later(path: str) -> None:
    plain = replace(REPUB_FEED, entries=(replace(COPIED, contents=(RawText(value=BODY, type="html"),)),))
    asked, found, made = refined(plain, "repub", "https://repub.example/feed")
    polled, way = (asked, replace(found, permalinks_foreign=True), made), ["Repub"]
    for name in ("planet-one", "planet-two", "planet-three"):
        edition, raw = outputs(name, path, polled)
        (item,) = edition.items
        assert (visible_text(item.line), item.original, item.link) == (f"From {', '.join(way)}.", None, COPIED.link)
        polled = refined(raw, name, f"https://{name}.example/{path}")
        assert polled[2].content == made.content
        way.append(name.title())


@pytest.mark.parametrize("path", FORMATS)
def test_a_bookmark_that_comes_back_is_dropped_and_no_place_on_its_way_is_said_to_have_the_page_it_is_about(path: str) -> None:
    about = "https://maker.example/2026/a-thing"
    mark = replace(COPIED, id="tag:repub.example,2026:mark", link=about, contents=(RawText(value="<p>Look at this.</p>", type="html"),))
    asked, found, kept = refined(replace(REPUB_FEED, entries=(mark,)), "repub", "https://repub.example/feed")
    polled = (asked, found, kept)
    for name in ("planet-one", "planet-two"):
        edition, raw = outputs(name, path, polled)
        polled = refined(raw, name, f"https://{name}.example/{path}")
    assert [(hop.name, hop.page) for hop in edition.items[0].via] == [("Repub", None), ("Planet-One", None)]
    home = link_key("https://planet-one.example/")
    ours = Surroundings(ours=frozenset({f"{home}/{path}"}), our_home=home)
    assert refined(raw, "planet-two", f"https://planet-two.example/{path}", around=ours)[2].loop
    copy = replace(stored(1, "planet-two"), entry=polled[2])
    assert lead([copy, replace(stored(2, "repub"), entry=kept)]).entry == kept, "who is named as the origin leads"


def test_a_republishers_entry_without_a_known_origin_is_never_called_the_planets() -> None:
    plain = replace(REPUB_FEED, entries=(replace(COPIED, contents=(RawText(value=BODY, type="html"),)),))
    asked, found, made = refined(plain, "repub", "https://repub.example/feed")
    for change in (lambda raw: raw, bare):
        _, raw = outputs("planet-one", "atom.xml", (replace(asked, republisher=True), found, made))
        assert "From " in raw.entries[0].contents[0].value
        again = refined(change(raw), "planet-one", "https://planet-one.example/atom.xml")[2]
        assert [hop.site for hop in again.origin.chain] == ["repub.example"]
        assert again.content == made.content
