"""`strip: [auto]` over time: a feed's own footers go, and what a feed of few entries prints around them is learnt from what is stored."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from aggregator.explain import explain
from aggregator.model import MAX_PRINTED, Entry, FeedHead, FeedSpec, Printed, RawEntry, RawText
from aggregator.pipeline import publish
from aggregator.refine import normalize, rules
from aggregator.refine.footers import without_own_footers
from aggregator.reprocess import reprocess, work
from aggregator.telling import tell
from tests.e2e.running import feed
from tests.fakes import document
from tests.ledger import raws
from tests.makers import head, spec
from tests.test_pipeline import ATOM, GARDEN, JSON, Walk

AUTO = replace(GARDEN, strip=("auto",))
PLEA = "Support this garden with a coffee."
TEXT = "<p>Words of a text about hedgehogs, which are spiny.</p><p>More of them follow, and they end here.</p>"
HOME = "https://blog.example/"
HOP = '<a href="https://blog.example/2026/hedgehogs">Hedgehogs!</a>'


# ── a feed's own footers ──


def footers(html: str, title: str = "Hedgehogs!", of: FeedHead | None = None) -> tuple[str, tuple[str, ...]]:
    context = normalize.context(spec(strip=("auto",)), "key", of or head(), "https://blog.example/feed.xml")
    return without_own_footers(html, title, context)


@pytest.mark.parametrize(
    "footer",
    [
        f'<p>The post {HOP} appeared first on <a href="{HOME}">Blog</a>.</p>',
        f'<p>The post {HOP} first appeared on <a href="{HOME}">Blog</a>.</p>',
        f'<p>Der Beitrag {HOP} erschien zuerst auf <a href="{HOME}">Blog</a>.</p>',
        f'<p>L’article {HOP} est apparu en premier sur <a href="{HOME}">Blog</a>.</p>',
        f'<div><p>The post {HOP} appeared first on <a href="{HOME}">Blog</a>.</p></div>',
        f'<p>The post Hedgehogs! appeared first on <a href="{HOME}">Blog</a>.</p>',
    ],
)
def test_a_footer_that_names_the_feed_itself_goes(footer: str) -> None:
    rest, gone = footers(TEXT + footer)
    assert rest == TEXT
    assert len(gone) == 1


@pytest.mark.parametrize(
    "kept",
    [
        '<p>The post <a href="https://orig.example/1">Hedgehogs!</a> appeared first on <a href="https://orig.example/">Orig</a>.</p>',
        f'<p>The post {HOP} appeared first on <a href="{HOME}">Blog</a>. Hedgehogs sleep in winter, and so do we.</p>',
        f'<p>The post {HOP} appeared first on <a href="{HOME}">Blog</a>. © 2026 Blog</p>',
        f'<p>The post {HOP} appeared first on <a href="{HOME}">Blog</a>.<img src="https://count.example/1" width="1"></p>',
        f'<p>The post {HOP} appeared first on <a href="{HOME}">Blog</a> and is under CC BY 4.0.</p>',
        f'<p>I wrote <a href="{HOME}">here</a> about hedgehogs.</p>',
    ],
)
def test_what_says_anything_else_stays(kept: str) -> None:
    assert footers(TEXT + kept) == (TEXT + kept, ())


def test_a_text_that_would_show_nothing_else_keeps_it() -> None:
    footer = f'<p>The post {HOP} appeared first on <a href="{HOME}">Blog</a>.</p>'
    assert footers(footer) == (footer, ())


def test_explain_lists_what_went_and_only_where_it_was_asked_for() -> None:
    text = "Spiny words.</p><p>The post <a href='https://garden.example/1'>Entry 1 of garden</a> appeared first on <a href='https://garden.example/'>Garden</a>."
    for strip, told in ((("auto",), True), ((), False)):
        walk = Walk(replace(GARDEN, strip=strip), outputs=(JSON,))
        walk.answers(document(feed("garden", text.replace("<", "&lt;")), GARDEN.url))
        publish(walk.ports)
        lines = tell(explain("https://garden.example/1", walk.store, walk.ports.config, walk.clock()))
        gone = [line.text for line in lines if line.label == "taken out"]
        assert gone == (["auto: own footer: The post Entry 1 of garden appeared first on Garden."] if told else [])
        assert (b"appeared first" not in walk.folder.files["feed.json"]) is told


def test_explain_lists_a_sentence_of_origin_in_whose_place_our_line_stands() -> None:
    note = "Spiny words.</p><p>This article originally appeared at <a href='https://meadow.example/2026/spiny'>Meadow</a>."
    walk = Walk(GARDEN, outputs=(JSON,))
    walk.answers(document(feed("garden", note.replace("<", "&lt;")), GARDEN.url))
    publish(walk.ports)
    lines = tell(explain("https://garden.example/1", walk.store, walk.ports.config, walk.clock()))
    (gone,) = [line.text for line in lines if line.label == "taken out"]
    assert gone == "the line of origin, which ours replaces: This article originally appeared at Meadow."


def test_a_footer_that_went_is_no_change_of_the_text() -> None:
    def made(title: str, strip: Sequence[str]) -> Entry:
        footer = f'<p>The post <a href="{HOME}1">{title}</a> appeared first on <a href="{HOME}">Blog</a>.</p>'
        raw = RawEntry(id="1", title=RawText(value="T"), contents=(RawText(value=TEXT + footer, type="html"),))
        return normalize.entry(raw, normalize.context(spec(strip=tuple(strip)), "key", head(), "https://blog.example/feed.xml"))

    assert made("One", ("auto",)).content_hash == made("Two", ("auto",)).content_hash
    assert made("One", ()).content_hash != made("Two", ()).content_hash
    assert made("One", ("auto",)).text_hash == made("One", ()).text_hash


# ── learning from what is stored ──


def numbered(number: int, text: str | None = None, plea: str = PLEA) -> object:
    """A document with one entry only, which has words of its own."""
    words = text or f"The {number}. text says more than any plea does, about hedgehogs and number {number}."
    body = feed("garden", f"{words}&lt;/p&gt;&lt;p&gt;{plea}").replace(b"2026:1", f"2026:{number}".encode())
    body = body.replace(b"2026-10-01T", f"2026-{1 + number // 28:02}-{1 + number % 28:02}T".encode())
    return document(body.replace(b"example/1", f"example/{number}".encode()))


def with_plea(walk: Walk) -> list[str]:
    """The numbers of the stored entries that still have the plea, the oldest first."""
    found = [stored.entry for stored, _ in raws(walk.store)]
    return sorted(one.published_id.rpartition(":")[2] for one in found if PLEA in (one.content or ""))


def test_a_feed_of_one_entry_a_document_is_compared_with_what_is_stored() -> None:
    walk = Walk(AUTO)
    walk.answers(*(numbered(number) for number in range(1, 6)))
    assert with_plea(walk) == ["1", "2"], "three are enough to know it by"
    (todo,) = work(walk.ports)
    assert reprocess(todo, walk.ports).changed == 2
    assert with_plea(walk) == []
    (todo,) = work(walk.ports)
    assert reprocess(todo, walk.ports).refined == 0


def test_what_was_learnt_stays_when_entries_without_it_come() -> None:
    walk = Walk(AUTO, outputs=(ATOM,))
    walk.answers(*(numbered(number) for number in range(1, 4)))
    walk.answers(*(numbered(number, plea=f"Nothing is asked for in number {number}.") for number in range(4, 30)))
    walk.answers(numbered(3))
    assert with_plea(walk) == ["1", "2"]
    publish(walk.ports)
    before = walk.folder.files["atom.xml"]
    walk.answers(numbered(3))
    publish(walk.ports)
    assert walk.folder.files["atom.xml"] == before, "a poll after that moves nothing to and fro"


def test_a_feed_that_does_not_ask_learns_nothing() -> None:
    walk = Walk(GARDEN)
    state = walk.answers(*(numbered(number) for number in range(1, 6)))
    assert state.printed == ()
    assert walk.store.recent_edges(state.key, 20) == []


def test_reprocess_and_polls_agree_about_what_is_printed() -> None:
    """Pleas change over the years: those of old entries are learnt from one another, not from the latest."""
    old = "Join the club of gardeners today."
    walk = Walk(GARDEN)
    walk.answers(*(numbered(number, plea=old) for number in range(1, 21)), *(numbered(number) for number in range(21, 41)))
    walk.ports = replace(walk.ports, config=replace(walk.ports.config, feeds=(AUTO,)))
    (todo,) = work(walk.ports)
    assert reprocess(todo, walk.ports).changed == 40
    (todo,) = work(walk.ports)
    assert todo.stale == ()
    contents = {stored.pk: stored.entry for stored, _ in raws(walk.store)}
    assert not any(plea in (one.content or "") for one in contents.values() for plea in (old, PLEA))
    walk.answers(numbered(40))
    assert {stored.pk: stored.entry for stored, _ in raws(walk.store)} == contents


def test_marks_are_a_rule_only_where_they_are_used() -> None:
    assert rules.mark(AUTO, ("a", "b")) == rules.mark(AUTO, ("b", "a")) != rules.mark(AUTO)
    assert rules.mark(GARDEN, ("a",)) == rules.mark(GARDEN)


def test_of_very_many_marks_the_latest_are_remembered() -> None:
    found = Printed().and_also(map(str, range(MAX_PRINTED + 5))).marks
    assert (len(found), found[0], found[-1]) == (MAX_PRINTED, "5", str(MAX_PRINTED + 4))


def test_who_was_polled_first_decides_nothing() -> None:
    other = FeedSpec(id="other", url="https://other.example/feed.xml", shown_url="https://other.example/feed.xml", strip=("auto",))

    def polled(order: Sequence[str]) -> dict[str, str]:
        walk = Walk(AUTO, replace(other, republish="full"))
        for number in range(1, 6):
            for name in order:
                body = numbered(number).body.replace(b"garden", name.encode())  # type: ignore[attr-defined]
                walk.fetcher.answers[name] = document(body, f"https://{name}.example/feed.xml")
            for name in order:
                walk.answers(walk.fetcher.answers[name], id_=name)
        return {f"{one.feed_id} {one.entry.raw_key}": str(one.entry.content) for one, _ in raws(walk.store)}

    assert polled(["garden", "other"]) == polled(["other", "garden"])
