"""Serialized entries are kept and joined: the bytes are those of the whole, and only what is new is made."""

import logging
from dataclasses import replace

import pytest

from aggregator.app import RENDERERS
from aggregator.errors import PublishError
from aggregator.model import Edition, Format, Kept, Title, Url
from aggregator.publish.check import checked_joined
from tests import makers as make

FEEDS: list[Format] = ["atom", "rss", "json"]
THREE = make.edition(make.item(1), make.item(2), make.bare_item(3))
CHANGES = {
    "nothing": (THREE, 0),
    "one more": (replace(THREE, items=(make.item(4), *THREE.items[:2])), 1),
    "another order": (replace(THREE, items=THREE.items[::-1]), 0),
    "one changed": (
        replace(THREE, items=(replace(THREE.items[0], title=Title(text="New"), line=THREE.items[1].line), *THREE.items[1:])),
        1,
    ),
    "one left": (replace(THREE, items=THREE.items[1:2]), 0),
    "none left": (replace(THREE, items=()), 0),
    "another head": (replace(THREE, title="Other", hub=None, self_url=None), 0),
    "another home": (replace(THREE, home=Url("https://other.example/")), 3),
    "another language": (replace(THREE, language="de"), 3),
}


def of(format_: Format, edition: Edition) -> Edition:
    return replace(edition, spec=replace(edition.spec, format=format_))


def kept(format_: Format, edition: Edition) -> Kept:
    written = RENDERERS[format_](of(format_, edition), None)
    return Kept(file=written.body, index=written.index)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("format_", FEEDS)
def test_what_is_joined_has_the_bytes_of_the_whole_and_only_what_is_new_is_made(format_: Format, change: str) -> None:
    edition, fresh = CHANGES[change]
    edition = of(format_, edition)
    written = RENDERERS[format_](edition, kept(format_, THREE))
    whole = RENDERERS[format_](edition, None)
    assert (written.body, written.index) == (whole.body, whole.index)
    assert len(written.fresh) == fresh
    checked_joined("x", format_, written, edition)


@pytest.mark.parametrize("format_", FEEDS)
def test_an_index_that_does_not_fit_its_file_is_never_published(format_: Format) -> None:
    edition, before = of(format_, CHANGES["one more"][0]), kept(format_, THREE)
    written = RENDERERS[format_](edition, Kept(file=before.file[5:], index=before.index))
    with pytest.raises(PublishError, match="does not read back"):
        checked_joined("x", format_, written, edition)
    for file, index in ((before.file[: len(before.file) // 2], before.index), (before.file, b"another form")):
        assert RENDERERS[format_](edition, Kept(file=file, index=index)).body == RENDERERS[format_](edition, None).body


def test_what_was_made_anew_must_read_back() -> None:
    edition = CHANGES["one more"][0]
    written = RENDERERS["atom"](edition, kept("atom", THREE))
    assert written.of_fresh is not None
    for of_fresh in (written.of_fresh.replace(b"2026:4", b"2026:5"), RENDERERS["atom"](replace(edition, items=()), None).body):
        with pytest.raises(PublishError, match="does not read back"):
            checked_joined("x", "atom", replace(written, of_fresh=of_fresh), edition)


def test_an_item_that_cannot_be_written_is_left_out_of_a_joined_file_too(caplog: pytest.LogCaptureFixture) -> None:
    edition = replace(THREE, items=(*THREE.items, make.item(4, id="no iri")))
    with caplog.at_level(logging.WARNING):
        written = RENDERERS["atom"](edition, kept("atom", THREE))
    checked_joined("x", "atom", written, edition)
    assert written.body == kept("atom", THREE).file
    assert "no iri" in caplog.text
