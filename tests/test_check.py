"""Reading an output back before it is published: a whole one passes, anything less is refused."""

import logging
from dataclasses import replace

import pytest

from aggregator.errors import PublishError
from aggregator.model import Edition, Format, SafeHtml, Url
from aggregator.publish.check import RENDERERS, checked
from tests import makers as make

FORMATS: list[Format] = list(RENDERERS)
EVIL = SafeHtml('<article class="h-entry"><a class="u-url">x</a></article></section><table><td><a href="https://x.example/">y</a>')


def whole() -> Edition:
    return make.edition(make.item(1), make.item(2, content=EVIL), make.bare_item(3))


@pytest.mark.parametrize("format_", FORMATS)
def test_what_was_written_reads_back(format_: Format) -> None:
    checked("x", format_, RENDERERS[format_](whole()), whole())


@pytest.mark.parametrize("format_", FORMATS)
def test_an_empty_edition_reads_back(format_: Format) -> None:
    empty = replace(whole(), items=(), subscriptions=())
    checked("x", format_, RENDERERS[format_](empty), empty)


@pytest.mark.parametrize("format_", FORMATS)
def test_half_a_file_is_refused(format_: Format) -> None:
    body = RENDERERS[format_](whole())
    with pytest.raises(PublishError, match="last good file stays"):
        checked("x", format_, body[: len(body) // 2], whole())


@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_is_refused(format_: Format) -> None:
    with pytest.raises(PublishError):
        checked("x", format_, b"", whole())


@pytest.mark.parametrize("format_", [each for each in FORMATS if each != "opml"])
def test_a_lost_doubled_moved_or_other_item_is_refused(format_: Format) -> None:
    edition = whole()
    one, two, three = edition.items
    for items in (
        (one, two),
        (one, one, two, three),
        (two, one, three),
        (one, replace(two, id="tag:x,2020:other"), three),
        (one, replace(two, link=Url("https://x.example/")), three),
        (),
    ):
        with pytest.raises(PublishError, match="does not read back"):
            checked("x", format_, RENDERERS[format_](replace(edition, items=items)), edition)


def test_a_lost_subscription_is_refused() -> None:
    edition = whole()
    with pytest.raises(PublishError):
        checked("x", "opml", RENDERERS["opml"](replace(edition, subscriptions=edition.subscriptions[:1])), edition)


@pytest.mark.parametrize("format_", ["atom", "rss"])
def test_an_item_that_its_writer_refuses_may_be_missing(format_: Format, caplog: pytest.LogCaptureFixture) -> None:
    edition = make.edition(make.item(1), make.item(2, id="no iri"), make.item(3))
    with caplog.at_level(logging.WARNING):
        checked("x", format_, RENDERERS[format_](edition), edition)
        assert "no iri" in caplog.text
        nothing = replace(edition, items=edition.items[1:2])
        with pytest.raises(PublishError):
            checked("x", format_, RENDERERS[format_](nothing), nothing)
