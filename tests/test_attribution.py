"""The visible line: its wording, its one form in HTML, and what nobody can smuggle into it."""

import re
from dataclasses import fields
from datetime import date

import pytest
from lxml import html

from aggregator.model import Attribution, Url
from aggregator.publish.attribution import LINE_CLASS, Linked, Wording, languages, line, paragraph, wording
from aggregator.refine import phrasebook
from aggregator.refine.blocks import edges
from aggregator.refine.sentences import statements
from aggregator.web.text import visible_text

ORIG = Linked("Orig", Url("https://orig.example/1"))
REPUB = Linked("Repub", Url("https://repub.example/1"))


def test_a_known_origin_and_who_republished_it_are_named_and_linked() -> None:
    markup = line(Attribution(), "en", origin=ORIG, via=[REPUB])
    assert markup == (
        '<p class="aggregator-origin">This article originally appeared at <a href="https://orig.example/1">Orig</a>, '
        'via <a href="https://repub.example/1">Repub</a>.</p>'
    )
    assert visible_text(markup) == "This article originally appeared at Orig, via Repub."


def test_an_origin_alone_is_named_without_via() -> None:
    assert visible_text(line(Attribution(), "en", origin=ORIG)) == "This article originally appeared at Orig."


def test_a_republisher_whose_origin_is_unknown_is_never_called_the_origin() -> None:
    markup = line(Attribution(), "en", origin=None, via=[REPUB])
    assert visible_text(markup) == "From Repub."
    assert "originally" not in markup


def test_other_places_follow_in_the_same_paragraph() -> None:
    markup = line(Attribution(), "en", origin=ORIG, also=[REPUB, Linked("Third")])
    assert markup.count("<p ") == 1
    assert markup.endswith(' Also appeared at <a href="https://repub.example/1">Repub</a>, Third.</p>')
    assert visible_text(markup) == "This article originally appeared at Orig. Also appeared at Repub, Third."


def test_several_who_passed_it_on_are_named_in_their_order() -> None:
    assert visible_text(line(Attribution(), "en", origin=ORIG, via=[Linked("A"), Linked("B")])).endswith("Orig, via A, B.")


@pytest.mark.parametrize(("language", "named"), [("fa", "A، B"), ("ja", "A、B")])
def test_they_are_joined_as_the_language_joins_words(language: str, named: str) -> None:
    names = [Linked("A"), Linked("B")]
    text = visible_text(line(Attribution(), language, origin=ORIG, via=names, also=names))
    assert text.count(named) == 2


def test_an_editor_may_word_it_otherwise() -> None:
    style = Attribution(text="First in {origin}.", via="First in {origin}; seen in {via}.", from_="Seen in {via}.")
    assert visible_text(line(style, "de", origin=ORIG)) == "First in Orig."
    assert visible_text(line(style, "de", origin=ORIG, via=[REPUB])) == "First in Orig; seen in Repub."
    assert visible_text(line(style, "de", origin=None, via=[REPUB])) == "Seen in Repub."


def test_an_editors_text_never_leaves_out_by_whom_an_article_came() -> None:
    alone = Attribution(text="By {origin}.")
    assert visible_text(line(alone, "en", origin=ORIG)) == "By Orig."
    assert visible_text(line(alone, "en", origin=ORIG, via=[REPUB])) == "This article originally appeared at Orig, via Repub."
    both = Attribution(text="By {origin}, through {via}.")
    assert visible_text(line(both, "en", origin=ORIG, via=[REPUB])) == "By Orig, through Repub."
    assert visible_text(line(both, "en", origin=ORIG)) == "This article originally appeared at Orig."


def test_braces_that_are_no_slots_stay_as_they_are() -> None:
    assert (
        visible_text(line(Attribution(text="{x} {origin.__class__} {0} {origin}"), "en", origin=ORIG)) == "{x} {origin.__class__} {0} Orig"
    )


def test_a_line_that_is_turned_off_is_empty() -> None:
    assert line(Attribution(place="none"), "en", origin=ORIG) == ""


def test_nothing_in_a_name_or_template_becomes_markup() -> None:
    evil = Linked('<script>"&\x00\ud800', Url("https://a.example/?a=1&b='\">"))
    markup = line(Attribution(text="<b>{origin}</b>"), "en", origin=evil)
    parsed = html.fragment_fromstring(markup)
    assert [element.tag for element in parsed.iter()] == ["p", "a"]
    assert parsed.text_content() == '<b><script>"&\ufffd</b>'
    assert parsed[0].attrib == {"href": "https://a.example/?a=1&b='\">"}


@pytest.mark.parametrize("language", languages())
def test_every_language_says_all_of_it(language: str) -> None:
    words = wording(language)
    for field in fields(Wording):
        assert getattr(words, field.name), field.name
    assert (len(words.weekdays), len(words.months)) == (7, 12)
    slots = {name: sorted(re.findall(r"\{(\w+)\}", getattr(words, name))) for name in ("origin", "via", "from_", "also")}
    assert slots == {"origin": ["origin"], "via": ["origin", "via"], "from_": ["via"], "also": ["places"]}
    text = visible_text(line(Attribution(), language, origin=ORIG, via=[REPUB], also=[Linked("Third")]))
    assert all(name in text for name in ("Orig", "Repub", "Third"))
    assert "{" not in text


@pytest.mark.parametrize("language", languages())
def test_no_language_calls_a_mere_republisher_the_source(language: str) -> None:
    words = wording(language)
    assert words.sources[:4].casefold() not in words.from_.casefold()
    assert not words.from_.startswith("{"), "whoever reads it finds it by its first words"
    text = line(Attribution(), language, origin=None, via=[REPUB])
    assert statements(edges(text.replace(LINE_CLASS, "x") + "<p>One plain paragraph of a text.</p>"), None) == ()


@pytest.mark.parametrize(
    ("language", "day", "heading"),
    [
        ("fr", date(2026, 3, 1), "Dimanche 1er mars 2026"),
        ("fr", date(2026, 3, 11), "Mercredi 11 mars 2026"),
        ("it", date(2026, 3, 1), "Domenica 1º marzo 2026"),
        ("ca", date(2026, 4, 1), "Dimecres, 1 d’abril de 2026"),
        ("eu", date(2025, 3, 2), "2025(e)ko martxoaren 2(a), igandea"),
        ("bn", date(2026, 3, 1), "রবিবার, ১ মার্চ ২০২৬"),
        ("fa", date(2026, 3, 12), "پنجشنبه ۱۲ مارس ۲۰۲۶"),
    ],
)
def test_days_are_written_as_the_language_writes_them(language: str, day: date, heading: str) -> None:
    assert wording(language).day_name(day) == heading


def test_a_line_in_a_script_from_right_to_left_runs_that_way_in_whatever_reader() -> None:
    assert line(Attribution(), "fa-IR", origin=ORIG).startswith('<p class="aggregator-origin" dir="auto">')
    assert line(Attribution(), "fr", origin=ORIG).startswith('<p class="aggregator-origin">')


def test_every_language_whose_sentences_are_read_is_written_too() -> None:
    assert {language.code for language in phrasebook.languages()} <= set(languages())


@pytest.mark.parametrize(
    ("tag", "same_as"),
    [
        ("de-AT", "de"),
        ("PT_br", "pt"),
        ("zh-Hant-TW", "zh-HK"),
        ("zh-CN", "zh"),
        ("sh", "sr-Latn"),
        ("mo", "ro"),
        ("tlh", "en"),
        ("", "en"),
    ],
)
def test_a_tag_falls_back_to_its_language_then_to_english(tag: str, same_as: str) -> None:
    assert wording(tag) == wording(same_as)


def test_the_class_by_which_other_readers_know_the_line_stays() -> None:
    assert LINE_CLASS == "aggregator-origin"


def test_no_pieces_make_no_paragraph() -> None:
    assert paragraph([]) == ""
