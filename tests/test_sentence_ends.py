"""Where sentences end, in any script, and where they only seem to."""

import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.rights import first_sentences
from aggregator.web.sentences import ends, examples
from tests.pace import LONGER, within


@pytest.mark.parametrize(("text", "first"), examples().items())
def test_every_example_ends_its_first_sentence_where_it_says(text: str, first: str) -> None:
    assert text[: next(ends(text))] == first


def test_a_language_has_its_own_abbreviations_and_those_of_all() -> None:
    text = "Vgl. Bild 3. Danach Dr. Roe."
    assert next(ends(text, "de-AT")) == len(text)
    assert next(ends(text, "en")) == 4


def test_an_excerpt_is_never_cut_within_an_abbreviation() -> None:
    text = "The first sentence has some words in it. " + "A longer one was written by Prof. J. R. Example and nobody knows why it goes on."
    assert first_sentences(text, 80) == "The first sentence has some words in it."


def test_what_stands_behind_the_cut_is_looked_at() -> None:
    assert first_sentences("It was a long day. It cost 3.14 euros and more than that.", 31) == "It was a long day."


def test_abbreviations_are_small_letters_without_their_last_dot() -> None:
    lists = tomllib.loads((resources.files("aggregator.web") / "sentences.toml").read_text("utf-8"))
    words = [word for name, found in lists.items() if name != "examples" for word in found]
    assert [word for word in words if word != word.casefold() or word.endswith(".") or not word.strip()] == []


@given(st.text())
def test_ends_lie_in_the_text_and_in_order(text: str) -> None:
    found = list(ends(text))
    assert found == sorted(set(found))
    assert all(0 < end <= len(text) for end in found)


@pytest.mark.parametrize("worst", [". ", "a.", "... ", ".”", "e.g. ", "。", "1. ", "\n", "   .", "! "])
def test_looking_for_ends_takes_linear_time(worst: str) -> None:
    with within(0.7 * LONGER):
        list(ends(worst * (35_000 * LONGER // len(worst))))
