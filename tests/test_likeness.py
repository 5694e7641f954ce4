"""Copies by their words alone: what is one story although nothing else agrees, and what only looks like it."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Entry, Person, SafeHtml, StoredEntry, Title, Url
from aggregator.refine.closings import unclosed
from aggregator.refine.leading import lead, why
from aggregator.refine.likeness import first_words, likeness, sketch, words
from aggregator.refine.stories import same_story, text_keys
from tests.pace import within

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
ARTICLE = (
    "The ferry to the northern islands stopped running on Monday after the harbour office found cracks in both of its ramps. "
    "Islanders now wait for a replacement vessel that was promised for the spring and has not left the yard yet. "
    "The baker of the smallest island bakes twice a week since flour comes by fishing boat, and the school counts eleven pupils "
    "where there were nineteen. Nobody at the ministry would say who pays for the repairs, or whether anybody had looked at the ramps "
    "since they were built. A meeting with the mayor is planned for Friday evening in the old net loft."
)
RELEASE = (
    "We are happy to announce that version {v} of the press is out. It mends {n} faults that you reported and needs no change of your "
    "settings. Download it from the usual place, read the notes for packagers, and tell us on the list what breaks. Thanks to all who "
    "tested the candidates, who wrote the documentation anew and who answered questions through the whole of last month."
)

PLACEHOLDER = (
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. Ut enim "
    "ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat. Duis aute irure dolor in "
    "reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur."
)

# Paragraphs of all sorts: clean HTML with quotations in both manners, one of them never closed.
PIECES = (
    '<p>The <a href="https://a.example/?a>b" title="a > b">ferry</a> to the islands stopped running on Monday.</p>',
    "<p>Tom &amp; Ann waited, cafe\u0301 open &lt;late&gt;.<br>&gt; they said, and left<br>Nobody came.</p>",
    "<blockquote><p>Somebody else said so, and more than once.</p></blockquote>",
    "<blockquote>Never closed. ",
    "<pre>&gt; It rained.\nSo what\n&gt; Much</pre>",
    "<p>港湾事務所が両方の</p>",
)


def entry(
    feed: str = "orig.example", text: str = ARTICLE, title: str | None = "No ferry to the islands", pk: int = 1, **fields: object
) -> StoredEntry:
    html = SafeHtml(f"<p>{text}</p>")
    made = Entry(
        raw_key=f"{pk:02x}",
        raw_id=None,
        id_from="link",
        published_id=f"urn:uuid:{pk}",
        site=feed,
        link=Url(f"https://{feed}/{pk}"),
        title=Title(text=title) if title else None,
        content=html,
        published=NOON,
        keys=text_keys(html),
    )
    made = replace(made, **fields)  # type: ignore[arg-type]
    return StoredEntry(pk=pk, feed_key=feed, feed_id=feed, entry=made, first_seen=NOON, last_seen=NOON, sort_key=NOON, public_updated=NOON)


def meets(a: StoredEntry, b: StoredEntry) -> bool:
    """Whether two entries find each other, and are one story then."""
    shared = {key.value for key in a.entry.keys} & {key.value for key in b.entry.keys}
    assert same_story(a, b, "text") == same_story(b, a, "text")
    return len(shared) > 1 and same_story(a, b, "text")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (ARTICLE, "Islands cut off"),
        (ARTICLE[:260] + "…", "No ferry to the islands"),
        ("Published with kind permission of the Courier. " + ARTICLE + " Like what you read? Become a member and support our work.", "X"),
        (ARTICLE.replace("Monday", "Tuesday").replace("eleven", "twelve").replace("promised", "announced").replace("old ", ""), "Ferry"),
        (ARTICLE.replace(". ", ".</p><div><p>").replace("ferry", "<b>ferry</b>"), "No ferry to the islands: what you should know"),
    ],
    ids=["another headline", "cut", "lines above and below", "edited", "other markup"],
)
def test_a_copy_elsewhere_is_the_same_story(text: str, title: str) -> None:
    assert meets(entry(), entry("copy.example", text, title, pk=2))


NOTE = (
    "The ferry to the northern islands stopped running on Monday after the harbour office found cracks in both of its ramps. The baker "
    "of the smallest island bakes twice a week since flour comes by fishing boat, says Ann Larch of the Fircombe"
)
CLOSINGS = {
    "none, cut within a name": "",
    "a line": "<p>Read more</p>",
    "a link": "<p><a href='https://copy.example/2'>Continue reading →</a></p>",
    "in brackets": " [Weiterlesen]",
    "with the title": "<p><a href='https://copy.example/2'>Lire la suite « No ferry to the islands »</a></p>",
    "in another script": "<p>続きを読む</p>",
    "a link that no list has": "<p><a href='https://copy.example/2'>Discover the rest at The Copy</a></p>",
}


@pytest.mark.parametrize("closing", CLOSINGS.values(), ids=list(CLOSINGS))
def test_an_excerpt_beside_a_longer_one_is_the_same_story_however_it_ends(closing: str) -> None:
    cut = NOTE.removesuffix("combe")
    assert meets(entry(text=NOTE + " Council Board…"), entry("copy.example", f"{cut}… {closing}", pk=2))


@pytest.mark.parametrize("name", ["| Channel 9", "- Channel 9 News", "(Channel 9)"])
def test_a_number_in_a_publishers_name_counts_nothing(name: str) -> None:
    later = NOON + timedelta(hours=1)
    copies = [entry(feed, title=f"No ferry to the islands {name}", pk=2, published=later) for feed in ("channel9.example", "other.example")]
    assert [meets(entry(), copy) for copy in copies] == [True, False]
    assert not meets(entry(), entry("channel9.example", title=f"No ferry to the islands, part 2 {name}", pk=2, published=later))


def test_a_publishers_name_behind_the_title_of_a_few_words_makes_no_other_title() -> None:
    few = "The ferry stays in port until the pier is mended. The council says that this takes all winter, as the piles are rotten."
    behind = [" – The Herald", " | herald", " – part 2", " of March"]
    copies = [entry("copy.example", few, f"No ferry to the islands{name}", pk=2, published=NOON + timedelta(hours=1)) for name in behind]
    assert [meets(entry(text=few), copy) for copy in copies] == [True, True, False, False]
    assert not meets(entry(text=few), replace(copies[0], entry=replace(copies[0].entry, content=SafeHtml(f"<p>{few} Not so.</p>"))))


def test_a_word_that_is_not_cut_is_another_though_it_begins_alike() -> None:
    ends = ("meets again on May 1.", "meets again on May 12.")
    one, other = (f"{NOTE} Council, which {end}" for end in ends)
    assert not meets(entry(text=one), entry("copy.example", other, pk=2))


def test_the_lines_of_our_own_excerpts_are_no_words_of_a_text() -> None:
    lines = tomllib.loads(resources.files("aggregator.publish").joinpath("lines.toml").read_text(encoding="utf-8"))
    more = [language["more"] for language in lines.values() if "more" in language]
    assert len(more) > 40
    assert {unclosed(f"<p>It rains.</p><p><a href='https://a.example/'>{line}</a></p>") for line in more} == {"<p>It rains."}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Press 4.1", RELEASE.format(v="4.1", n=12)), ("Press 4.2", RELEASE.format(v="4.2", n=17))),
        (("The walk, part I", ARTICLE), ("The walk, part II", ARTICLE.replace("Monday", "Friday"))),
        (
            ("The Acme lamp", "The Acme lamp is in our shop now. " + RELEASE),
            ("The Bolt chair", "The Bolt chair is in our shop now. " + RELEASE),
        ),
        (("Weekly update", "All is well here, thank you for asking."), ("Weekly update", "Nothing happened this week but rain.")),
        (("Hello World", "Welcome to my new site."), ("Hello World", "Welcome to my new site.")),
        (
            ("No ferry to the islands", ARTICLE),
            ("Worth reading", f"So it goes.</p><blockquote><p>{ARTICLE}</p></blockquote><p>They should know."),
        ),
        (("Our services", PLACEHOLDER), ("A first post", PLACEHOLDER)),
    ],
    ids=["versions", "parts", "one template", "one title", "too short", "a quotation", "a placeholder"],
)
def test_what_only_looks_alike_stays_apart(one: tuple[str, str], other: tuple[str, str]) -> None:
    a, b = entry("a.example", one[1], one[0], pk=1), entry("b.example", other[1], other[0], pk=2)
    assert not meets(a, b)


def test_words_alone_never_join_entries_of_one_feed() -> None:
    assert not meets(entry(), entry(pk=2, title="Islands cut off"))


def test_of_two_feeds_of_one_publisher_the_titles_must_agree() -> None:
    def other(title: str) -> StoredEntry:
        return replace(entry(pk=2, title=title), feed_key="the tag's own feed")

    assert meets(entry(), other("No ferry to the islands"))
    assert not meets(entry(), other("Islands cut off"))


def test_an_article_under_two_addresses_of_a_paper_is_one_though_one_is_cut_within_a_word() -> None:
    cut = replace(entry(text=ARTICLE[:175] + "…", pk=2), feed_key="the section's own feed")
    assert meets(entry(), cut)
    assert not meets(entry(), replace(cut, entry=replace(cut.entry, published=NOON + timedelta(hours=1))))
    day = NOON.replace(hour=0)
    notices = (replace(one, entry=replace(one.entry, published=day)) for one in (entry(), cut))
    assert not meets(*notices), "a day alone is that of many, as of notices of two offices"


QUOTED = "\n".join(f"&gt; {line}" for line in ARTICLE.split(". "))
ANSWERS = {
    "below a line": f"<p>Thank you, well said.</p><p>On Monday, Ann wrote:</p><pre>{QUOTED}</pre>",
    "within its lines": "<br>".join(f"&gt; {line}<br>I would add that this is not all of it." for line in ARTICLE.split(". ")),
    "within its paragraphs": "".join(f"<p>&gt; {line}</p><p>So do I, and so would everybody else.</p>" for line in ARTICLE.split(". ")),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_a_mail_is_not_the_one_that_it_answers_whose_lines_it_repeats(answer: str) -> None:
    html = SafeHtml(answer)
    assert not meets(entry(), entry("list.example", title="Re: No ferry to the islands", pk=2, content=html, keys=text_keys(html)))


def test_an_episode_is_one_in_the_feeds_of_its_show_and_of_its_network_of_which_one_numbers_it() -> None:
    show, network = entry(title="#12: Cut off"), entry("network.example", title="Cut off", pk=2)
    assert meets(show, network)
    assert not meets(show, entry("network.example", title="#13: Cut off", pk=2))
    assert not meets(show, entry("network.example", title="Cut off", pk=2, published=NOON + timedelta(days=7)))


def test_a_note_without_a_title_that_was_posted_in_two_places_at_once_is_one() -> None:
    text = "Walked along the harbour this morning and counted eleven herons on the old pier, two more than last winter."
    note, again = (entry(feed, text, pk=pk, title=None) for pk, feed in enumerate(("a.example", "b.example"), 1))
    assert meets(note, again)
    assert not meets(note, entry("b.example", text, pk=2, title=None, published=NOON + timedelta(days=1)))
    tags = "<a href='https://{0}/tags/pier'>#<span>pier</span></a> #harbour"
    link = "<a href='https://{0}/1'><span>https://</span><span>{0}/</span><span>1</span></a>"
    assert meets(note, entry("b.example", f"{text} {tags} {link}".format("a.example"), pk=2, title=None))
    bots = (entry(feed, f"{text} {link} {tags}".format(feed), pk=pk, title=None) for pk, feed in enumerate(("a.example", "b.example"), 1))
    assert not meets(*bots)
    assert not meets(note, entry("b.example", text.replace("eleven", "twelve"), pk=2, title=None))
    begun = " ".join(text.split()[:15]) + " mo…"
    assert meets(note, entry("b.example", begun, pk=2, title=None)), "a portal shows how it begins"
    assert not meets(note, entry("b.example", begun, pk=2, title=None, published=NOON + timedelta(seconds=1)))


def test_it_does_not_matter_whether_an_accent_is_a_sign_of_its_own() -> None:
    text, title = ARTICLE.replace("e", "é").replace("a", "å"), "Plus de bac vers les îles"
    assert meets(entry(text=text, title=title), entry("copy.example", normalize("NFD", text)[:300] + "…", normalize("NFD", title), pk=2))


def test_words_are_found_in_scripts_that_do_not_part_them() -> None:
    text = "北の島々へのフェリーは月曜日に運航を止めた。港湾事務所が両方の傾斜路に亀裂を見つけたためである。"
    text += "島民は春に約束された代わりの船を待っている。"
    assert meets(entry(text=text), entry("copy.example", text[:40], pk=2))


# ── who leads ──


def test_the_earliest_leads_and_within_a_day_whose_site_the_copies_link_to() -> None:
    early = entry("early.example", pk=2, published=NOON - timedelta(days=3))
    assert lead([entry(), early]) == early
    assert why(early, [entry(), early], {}) == "earlier"
    linked = SafeHtml(f'<p>{ARTICLE} <a href="https://orig.example/about">About</a></p>')
    copy = entry("copy.example", pk=2, published=NOON - timedelta(hours=1), content=linked)
    assert lead([copy, entry()]).feed_id == "orig.example"
    assert why(entry(), [copy, entry()], {}) == "linked"
    assert why(copy, [copy, entry()], {}) == "kept", "it led before the other came"


def test_a_feed_that_tells_the_stories_of_many_others_is_hardly_their_origin() -> None:
    members = [entry(), entry("copy.example", pk=2)]
    assert lead(members, {"copy.example": 40, "orig.example": 1}).feed_id == "orig.example"
    assert lead(members, {"orig.example": 40, "copy.example": 1}).feed_id == "copy.example"
    assert why(members[0], members, {"copy.example": 40, "orig.example": 1}) == "fewer"


def test_who_names_the_author_and_says_more_goes_before() -> None:
    signed = entry("signed.example", pk=2, authors=(Person(name="Ann"),))
    assert lead([entry(), signed]) == signed
    assert why(signed, [entry(), signed], {}) == "author"
    longer = entry("whole.example", ARTICLE, pk=2)
    assert lead([entry(text=ARTICLE[:200]), longer]) == longer
    assert why(longer, [entry(text=ARTICLE[:200]), longer], {}) == "longer"


# ── laws ──


@given(st.text(), st.text())
def test_likeness_is_symmetric_and_between_nothing_and_all(one: str, other: str) -> None:
    found = likeness(words(one), words(other))
    assert found == likeness(words(other), words(one))
    assert 0 <= found.common <= found.held <= 1


@given(st.text())
def test_the_same_text_has_the_same_keys_and_few(text: str) -> None:
    assert sketch(words(text)) == sketch(words(text))
    assert len(sketch(words(text))) <= 12


@pytest.mark.parametrize("cut", [20, 24, 30])
def test_an_excerpt_of_twenty_words_shares_two_keys_with_its_original(cut: int) -> None:
    texts = [[f"{letter}{number * number}words" for number in range(200)] for letter in "abcdefghijklmnopqrst"]
    assert all(len({*sketch(text)} & {*sketch(text[:cut])}) >= 2 for text in texts)


@pytest.mark.parametrize(
    "paragraph", ["<p>One two three four five.</p>", '<p title="a > b">So <i>it</i> goes &amp; goes.</p>', "<p>港湾事務所が両方の</p>"]
)
@pytest.mark.parametrize("start", ["", "<blockquote>Somebody else said so.</blockquote>", f"<p>{'a' * 4_000}</p>"])
def test_a_long_text_has_the_keys_of_all_its_words(paragraph: str, start: str) -> None:
    text = start + paragraph * 400
    assert sketch(first_words(text)) == sketch(words(text))


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), st.integers(1, 60))
def test_a_text_that_quotes_has_the_keys_of_all_its_words_however_long_it_is(text: str, times: int) -> None:
    assert sketch(first_words(text * times)) == sketch(words(text * times))


def test_a_title_of_nothing_but_tags_that_never_end_costs_no_time() -> None:
    with within(1.0):
        assert unclosed("<p>It rains.</p><p>Read more</p>", "<a " * 30_000) == "<p>It rains."
