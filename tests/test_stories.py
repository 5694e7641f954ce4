"""Which entries are one story, and who speaks for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model import Claim, ClaimKind, Entry, Hop, Origin, Person, SafeHtml, StoredEntry, Title, Url
from aggregator.refine.leading import as_good, forms, is_likelier, last_changed, lead, place, why
from aggregator.refine.stories import keys, same_story
from aggregator.web.host import site

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
PAGE = Url("https://orig.example/2020/a-day")
TEXT = "it was a bright cold day in the valley and all the clocks of the little town were wrong by an hour or more, as ever since the flood"


def stored(
    pk: int = 1,
    feed: str = "orig.example",
    link: str | None = PAGE,
    title: str | None = "A day",
    text: str = TEXT,
    raw_id: str | None = None,
    chain: tuple[Hop, ...] = (),
    published: datetime | None = NOON,
) -> StoredEntry:
    origin = Origin(chain=chain)
    entry = Entry(
        raw_key=f"{pk:02x}",
        raw_id=raw_id,
        id_from="id",
        published_id=raw_id or f"urn:uuid:{pk}",
        site=site(feed),
        link=Url(link) if link else None,
        title=Title(text=title) if title else None,
        text_start=text,
        published=published,
        origin=origin,
        keys=keys(Url(link) if link else None, origin, raw_id),
    )
    return StoredEntry(
        pk=pk, feed_key=feed, feed_id=feed, entry=entry, first_seen=NOON, last_seen=NOON, sort_key=published or NOON, public_updated=NOON
    )


def claimed(page: str = PAGE) -> tuple[Hop, ...]:
    return (Hop(name="Orig", site=site(page), page=Url(page)),)


# ── keys ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_copies_of_one_page_share_a_key_however_it_is_written() -> None:
    (a,) = keys(PAGE, Origin(), None)
    (b,) = keys(Url("http://www.orig.example/2020/a-day/?utm_source=feed"), Origin(), "17")
    assert a == b


def test_the_page_that_a_copy_claims_to_come_from_is_a_key_of_it() -> None:
    values = [key.value for key in keys(Url("https://copy.example/2020/x"), Origin(chain=claimed()), None)]
    assert values == ["https://copy.example/2020/x", "https://orig.example/2020/a-day"]


def test_a_front_page_is_no_key() -> None:
    assert keys(Url("https://orig.example/"), Origin(chain=claimed("https://orig.example")), None) == ()
    assert len(keys(Url("https://orig.example/?p=334"), Origin(), None)) == 1


def test_only_absolute_ids_are_keys() -> None:
    assert [key.kind for key in keys(None, Origin(), "tag:orig.example,2020:1")] == ["id"]
    assert keys(None, Origin(), "12345") == ()


# ── the same story ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_claimed_origin_joins_the_original_whatever_its_headline() -> None:
    copy = stored(2, "copy.example", "https://copy.example/x", "What happened next", "other words", chain=claimed())
    assert same_story(stored(), copy, "link")


ENGLISH = "the old ferry will stop this winter because the last ferryman is old and nobody in the two villages will take his place on it"
SPANISH = "la vieja barca dejará de cruzar este invierno porque el último barquero es muy mayor y nadie en los dos pueblos quiere su puesto"
GERMAN = "die alte Fähre wird in diesem Winter nicht mehr fahren denn der letzte Fährmann ist alt und niemand in den Dörfern will sie haben"


def said(one: StoredEntry, text: str, kind: ClaimKind = "phrase", whom: str = "orig.example") -> StoredEntry:
    claim = Claim(kind=kind, site=whom, where="", rule=kind, evidence="", confidence=0.8, standing="chosen")
    return replace(one, entry=replace(one.entry, content=SafeHtml(f"<p>{text}</p>"), text_start=text, claims=(claim,)))


@pytest.mark.parametrize("kind", ["link", "third", "alike"])
def test_a_translation_that_names_the_original_is_a_text_of_its_own(kind: str) -> None:
    original = said(stored(title="The last ferryman"), ENGLISH)
    spanish = said(stored(2, "rio.example", "https://rio.example/x", "El último barquero", chain=claimed()), SPANISH)
    german = said(stored(3, "fluss.example", "https://fluss.example/x", "Der letzte Fährmann", chain=claimed()), GERMAN)
    for one, other in ((original, spanish), (original, german), (spanish, german)):
        assert not same_story(one, other, kind)
        assert not same_story(other, one, kind)


def test_what_names_the_original_is_a_copy_where_no_two_languages_are_told() -> None:
    original = said(stored(title="The last ferryman"), ENGLISH)
    copy = stored(2, "rio.example", "https://rio.example/x", "What the river lost", chain=claimed())
    told_anew = said(
        copy, "for a hundred years a man has been rowing across, and this was the year in which they said that it was the last"
    )
    assert same_story(original, told_anew, "link"), "in other words, but of its language"
    assert same_story(original, said(copy, "Foto: Ana Ruiz"), "link"), "too few words to tell"
    assert same_story(original, said(copy, f"{SPANISH} {ENGLISH}"), "link"), "both"
    assert same_story(original, said(copy, SPANISH, "rss:source"), "link"), "a program copied it"
    assert not same_story(original, said(copy, SPANISH, "rss:source", "rio.example"), "link"), "it copied the translation"
    planets = said(stored(3, "planet.example", title="The last ferryman"), SPANISH)
    assert same_story(original, planets, "link"), "on the very page"


def test_two_feeds_of_one_site_that_link_to_one_page_are_one_story() -> None:
    assert same_story(stored(), stored(2, "www.orig.example", title="Edited", text="edited"), "link")


def test_a_planets_copy_joins_by_link_and_title() -> None:
    assert same_story(stored(), stored(2, "planet.example", text=""), "link")
    assert same_story(stored(title="A long day"), stored(2, "planet.example", title="Orig: A long day", text=""), "link")


def test_a_planets_copy_of_a_note_or_a_picture_without_a_title_joins_by_link_and_what_it_shows() -> None:
    def note(feed: str, html: str, title: str | None = None) -> StoredEntry:
        made = stored(1 if feed == "orig.example" else 2, feed, title=title, text="")
        return replace(made, entry=replace(made.entry, content=SafeHtml(html)))

    fog, picture = "<p>Fog.</p>", '<p><img alt="" src="https://orig.example/i/fog.jpg"></p>'
    assert same_story(note("orig.example", fog), note("planet.example", fog, "Orig"), "link")
    assert same_story(note("orig.example", picture), note("planet.example", picture), "link")
    assert not same_story(note("orig.example", picture), note("planet.example", picture.replace("fog", "sun")), "link")
    assert not same_story(note("orig.example", fog), note("planet.example", "<p>Nice.</p>"), "link")
    assert not same_story(note("links.example", fog), note("planet.example", fog), "link"), "two remarks on somebody's page"


def test_a_channels_name_may_stand_before_a_short_title_where_no_words_tell_two_entries_of_one_page_apart() -> None:
    original, copy = stored(title="GoTTY", text=""), stored(2, "planet.example", title="The Orig Notes: GoTTY", text="")
    assert same_story(original, copy, "link")
    assert same_story(copy, original, "link")
    assert not same_story(original, stored(2, "planet.example", title="The Orig Notes: TTY", text=""), "link")
    assert not same_story(stored(title="GoTTY"), stored(2, "planet.example", title="Notes: GoTTY", text="some remark " * 20), "link")


def test_a_link_blogs_remark_on_a_page_is_not_that_page() -> None:
    assert not same_story(stored(), stored(2, "links.example", title="Worth a read", text="some remark " * 20), "link")


def test_two_remarks_on_one_page_are_two_stories() -> None:
    assert not same_story(stored(1, "a.example", title="One", text="x"), stored(2, "b.example", title="Two", text="y"), "link")


def test_entries_of_one_feed_that_share_a_page_stay_apart_unless_they_say_the_same() -> None:
    assert not same_story(stored(1, title="Part one", text="a"), stored(2, title="Part two", text="b"), "link")
    assert same_story(stored(1, title="Part one"), stored(2, title="Part 1"), "link")


def test_an_equal_id_alone_is_not_enough() -> None:
    shared = "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"
    mine = stored(1, raw_id=shared)
    assert not same_story(mine, stored(2, "other.example", "https://other.example/1", "Else", "else", shared), "id")
    assert not same_story(mine, stored(2, "other.example", "https://other.example/1", "A day", "else", shared), "id")
    assert same_story(mine, stored(2, "other.example", "https://other.example/1", raw_id=shared), "id")


def test_an_equal_id_on_one_site_needs_one_thing_more() -> None:
    shared = "tag:orig.example,2020:1"
    mine = stored(1, raw_id=shared)
    assert same_story(mine, stored(2, "www.orig.example", "https://orig.example/other", "A day", "changed", shared), "id")
    assert not same_story(mine, stored(2, "www.orig.example", "https://orig.example/other", "Another", "changed", shared), "id")


@pytest.mark.parametrize("kind", ["link", "id"])
def test_a_feed_that_repeats_one_id_loses_no_entry(kind: str) -> None:
    assert not same_story(stored(1, raw_id="urn:x:1", title="One", text="a"), stored(2, raw_id="urn:x:1", title="Two", text="b"), kind)


# ── who leads ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_original_leads_before_the_copy_that_names_it_even_if_the_copy_came_first() -> None:
    original = stored(2, published=NOON.replace(hour=20))
    copy = stored(1, "copy.example", "https://copy.example/x", chain=claimed())
    assert lead([copy, original]) is original


def test_a_blog_leads_before_the_planet_that_links_to_it() -> None:
    planet = stored(1, "planet.example", published=NOON.replace(hour=1))
    assert lead([planet, stored(2)]).pk == 2
    assert why(stored(2), [planet, stored(2)], {}) == "named"
    elsewhere = stored(1, "planet.example", "https://copy.example/x")
    assert why(stored(2), [elsewhere, stored(2)], {}) == "home"
    assert why(planet, [planet, stored(2)], {}) is None, "only an output that does not ask for the blog is told in its words"
    assert why(planet, [planet], {}) is None


def test_a_republisher_that_names_the_origin_leads_before_a_planet_that_does_not() -> None:
    planet = stored(1, "planet.example", "https://copy.example/x")
    copy = stored(2, "copy.example", "https://copy.example/x", chain=claimed())
    assert lead([planet, copy]) is copy
    assert why(copy, [planet, copy], {}) == "names"


def test_of_two_that_name_the_origin_the_one_that_was_published_first_leads_on_whatever_page() -> None:
    """A planet has the blog's own words; a newsroom that takes them up days later has no better claim."""
    planet = stored(1, "planet.example", chain=claimed())
    room = stored(2, "copy.example", "https://copy.example/x", chain=claimed(), published=NOON + timedelta(days=3))
    assert lead([planet, room]) is planet
    assert lead([stored(1, "planet.example", chain=claimed(), published=NOON + timedelta(days=5)), room]) is room


def test_of_twins_that_nothing_tells_apart_the_feed_of_the_whole_site_gives_the_name() -> None:
    section, whole = (
        replace(stored(pk, "orig.example"), feed_key=feed, feed_id=feed) for pk, feed in ((1, "orig-example-posts"), (2, "orig-example"))
    )
    assert lead([section, whole]) == lead([whole, section]) == whole
    assert as_good([section, whole], {}) == {1, 2}, "who leads already leads on"


def test_of_two_twins_the_one_that_leads_leads_on_under_other_ids() -> None:
    one, other = (stored(pk, link=page) for pk, page in ((1, PAGE), (2, "https://orig.example/twin")))
    again = replace(stored(3, link="https://orig.example/3"), first_seen=NOON + timedelta(days=1))
    assert as_good([one, other], {}) == {1, 2}, "a name is no reason"
    assert as_good([one, again], {}) == {3}
    assert forms(again, [one, again]) == {1, 3}, "who led as the one leads as the other"


def test_a_blog_that_many_copy_leads_before_who_copies_it_alone_and_a_planet_does_not_lead_what_has_one_date() -> None:
    blog, copy = stored(1), stored(2, feed="copy.example", link="https://copy.example/a", published=NOON + timedelta(minutes=40))
    assert lead([blog, copy], {"orig.example": 9, "copy.example": 1}) is blog
    planet = replace(copy, entry=replace(copy.entry, published=NOON, published_id="a"), sort_key=NOON)
    assert lead([blog, planet], {"orig.example": 1, "copy.example": 9}) is blog
    assert lead([blog, planet], {"orig.example": 9, "copy.example": 1}) is planet


def test_a_forger_who_took_anothers_id_cannot_lead_by_an_early_date() -> None:
    forged = stored(1, "evil.example", "https://evil.example/x", raw_id="tag:orig.example,2020:1", published=NOON.replace(year=1999))
    original = stored(2, raw_id="tag:orig.example,2020:1")
    assert lead([forged, original]) is original


def test_a_copy_that_is_dated_back_takes_nobodys_place() -> None:
    """Its feed was read since the day that it names, and did not have it; what stood in a first document may be as old as it says."""
    original = stored(1, published=NOON)
    before = stored(2, feed="copy.example", link="https://copy.example/x", published=NOON - timedelta(days=3))
    copy = replace(before, first_seen=original.first_seen + timedelta(hours=30))
    assert lead([original, copy]) is original
    assert lead([original, replace(copy, is_backlog=True)]).pk == 2


def test_ties_go_to_the_earliest_published_and_undated_come_last() -> None:
    early, late, undated = (stored(pk, published=when) for pk, when in ((3, NOON), (2, NOON.replace(hour=13)), (1, None)))
    assert lead([undated, late, early]) is early


def test_a_copy_that_came_hours_later_does_not_lead_by_an_author_or_more_words() -> None:
    first = stored(1, published=NOON)
    copy = stored(2, feed="copy.example", link="https://copy.example/a", text=TEXT * 2, published=NOON + timedelta(hours=4))
    copy = replace(copy, entry=replace(copy.entry, authors=(Person(name="Ann"),)))
    assert lead([first, copy]) == lead([copy, first]) == first


ORIGINAL = stored(1, published=NOON)
COPY = stored(2, feed="copy.example", link="https://copy.example/a", text=f"{TEXT} and some more of it, as those who copy like to add")
COPY = replace(COPY, entry=replace(COPY.entry, authors=(Person(name="Ann"),)))


def dated(member: StoredEntry, at: datetime | None, seen: timedelta | None = None) -> StoredEntry:
    """A member with another date, seen so long after noon; in a first document, if nothing is said of that."""
    first_seen = member.first_seen + (seen or timedelta())
    entry = replace(member.entry, published=at)
    return replace(member, entry=entry, first_seen=first_seen, sort_key=at or first_seen, is_backlog=seen is None)


MIDNIGHT = NOON.replace(hour=0)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("original", "copy"),
    [
        # It came half an hour later.
        (dated(ORIGINAL, NOON), dated(COPY, NOON + HOUR / 2)),
        # One of them is dated by its day: who names an author and says more says nothing of which was first.
        (dated(ORIGINAL, NOON), dated(COPY, MIDNIGHT)),
        (dated(ORIGINAL, MIDNIGHT), dated(COPY, NOON)),
        (dated(ORIGINAL, NOON, HOUR), dated(COPY, MIDNIGHT, 3 * HOUR)),
        (dated(ORIGINAL, MIDNIGHT), dated(COPY, MIDNIGHT + timedelta(days=1))),
        # One has no date: it was there when it was seen, or nobody knows.
        (dated(ORIGINAL, None, HOUR), dated(COPY, NOON + 3 * HOUR, 3 * HOUR)),
        (dated(ORIGINAL, None), dated(COPY, NOON)),
    ],
)
def test_who_came_first_leads_before_who_names_an_author_and_says_more(original: StoredEntry, copy: StoredEntry) -> None:
    assert lead([original, copy]) == lead([copy, original]) == original


EXCERPT, WHOLE = (
    replace(one, entry=replace(one.entry, content=SafeHtml(f"<p>{TEXT * count}</p>"))) for one, count in ((ORIGINAL, 1), (COPY, 4))
)


@pytest.mark.parametrize("day", [None, MIDNIGHT])
@pytest.mark.parametrize("later", [HOUR, 6 * HOUR, 20 * HOUR, timedelta(days=2), timedelta(days=5)])
def test_what_a_first_document_held_leads_before_copies_that_are_dated_after_it_was_read(day: datetime | None, later: timedelta) -> None:
    original, copy = dated(EXCERPT, day), dated(WHOLE, NOON + later, later)
    assert lead([original, copy]) == lead([copy, original]) == original
    assert is_likelier(original, copy, []) or later < timedelta(days=2)
    assert not is_likelier(copy, original, [])
    dated_back = dated(WHOLE, NOON - timedelta(days=3), later)
    assert later < timedelta(days=2) or lead([original, dated_back]) == original


def test_what_was_there_before_that_may_be_the_original_still() -> None:
    original, excerpt = dated(WHOLE, NOON - HOUR), dated(EXCERPT, None)
    assert lead([original, excerpt]) == lead([excerpt, original]) == original
    next_day = dated(WHOLE, MIDNIGHT + timedelta(days=1))
    assert lead([next_day, dated(EXCERPT, MIDNIGHT)]) == next_day, "it may have begun east of here"


@pytest.mark.parametrize("later", [HOUR, timedelta(days=5)])
def test_an_original_that_is_dated_anew_leads_on_before_copies(later: timedelta) -> None:
    original = replace(ORIGINAL, entry=replace(ORIGINAL.entry, published=NOON + later))
    copy = dated(COPY, NOON + HOUR / 2, HOUR / 2)
    assert lead([original, copy]) == lead([copy, original]) == original


def test_a_copy_that_kept_the_very_date_lost_the_author() -> None:
    assert lead([ORIGINAL, COPY]) is COPY


def test_a_copy_that_is_dated_back_by_days_shows_by_its_links_whom_it_copied() -> None:
    html = SafeHtml(f"<p>{TEXT} <a href='https://orig.example/old'>as before</a></p>".replace("'", '"'))
    original, copy = (replace(one, entry=replace(one.entry, content=html)) for one in (ORIGINAL, COPY))
    assert lead([original, dated(copy, NOON - timedelta(days=2))]) is original
    assert lead([original, dated(copy, NOON - timedelta(days=9))]).pk == 2, "who links to somebody else's pages may be quoted there later"
    assert lead([ORIGINAL, dated(COPY, NOON - timedelta(days=2))]).pk == 2


@pytest.mark.parametrize("more", ["", " <a href='https://copy.example/a'>Read more</a>", " <img src='https://copy.example/logo.png'>"])
@pytest.mark.parametrize("later", [HOUR, timedelta()])
def test_a_copy_leads_neither_by_what_leads_to_its_own_site_nor_by_the_first_id_of_the_alphabet(more: str, later: timedelta) -> None:
    html = SafeHtml(f"<p>{TEXT}{more}</p>".replace("'", '"'))
    entry = replace(COPY.entry, content=html, authors=(), published_id="https://copy.example/?p=1")
    copy = dated(replace(COPY, entry=entry), NOON + later, 3 * HOUR)
    original = replace(ORIGINAL, entry=replace(ORIGINAL.entry, content=SafeHtml(f"<p>{TEXT}</p>")))
    assert lead([original, copy]) == lead([copy, original]) == original


def test_what_took_anothers_place_leads_and_a_copy_in_the_same_planet_does_not() -> None:
    old = stored(1, "planet.example", "https://old.example/a-day")
    new = replace(stored(2, "planet.example", "https://new.example/a-day"), first_seen=NOON + timedelta(days=9))
    assert lead([old, new]) is new
    copy = replace(stored(3, "orig.example", "https://copy.example/x", title="Else", chain=claimed()), first_seen=NOON + timedelta(days=9))
    original = stored(4)
    assert lead([original, copy]) is original


def test_the_original_leads_on_when_its_id_or_page_is_another_one_though_its_copy_was_seen_before_that() -> None:
    copy = replace(dated(COPY, NOON + 4 * HOUR), first_seen=NOON + 5 * HOUR)
    again = replace(stored(3, link="https://orig.example/posts/a-day", raw_id="new"), first_seen=NOON + timedelta(days=3))
    assert lead([ORIGINAL, copy, again]) is again
    redated = replace(again, entry=replace(again.entry, published=NOON + timedelta(days=3)), sort_key=NOON + timedelta(days=3))
    assert lead([ORIGINAL, copy, redated]) is redated
    assert place(redated, [ORIGINAL, copy, redated]) == ORIGINAL.sort_key


def test_to_come_back_under_another_id_is_no_change_and_to_say_something_else_is() -> None:
    days, html = timedelta(days=3), SafeHtml(f"<p>{TEXT}</p>")
    old = replace(ORIGINAL, entry=replace(ORIGINAL.entry, content=html))
    again = replace(old, pk=3, first_seen=NOON + days, public_updated=NOON + days)
    cut, other = (replace(again, entry=replace(again.entry, content=SafeHtml(text))) for text in (f"<p>{TEXT[:90]} …</p>", "<p>Else.</p>"))
    edited = replace(again, public_updated=NOON + 2 * days)
    assert [last_changed(one, [old, one]) - NOON for one in (again, cut, other, edited)] == [timedelta(0), timedelta(0), days, 2 * days]
    once_more = [replace(again, pk=pk, first_seen=NOON + pk * days, public_updated=NOON + pk * days) for pk in range(4, 40)]
    assert {last_changed(one, [old, again, *once_more]) for one in once_more} == {NOON}
    assert {last_changed(one, [old, edited, *once_more]) for one in once_more} == {NOON + 2 * days}


def test_an_original_that_is_found_later_has_not_changed_where_a_copy_says_the_same() -> None:
    html = SafeHtml(f"<p>{TEXT}</p>")
    copy, original = (replace(one, entry=replace(one.entry, content=html)) for one in (COPY, ORIGINAL))
    later = replace(original, first_seen=NOON + 24 * HOUR, public_updated=NOON + 2 * HOUR)
    other = replace(copy, entry=replace(copy.entry, content=SafeHtml("<p>What stood there before that.</p>")))
    edited = replace(later, public_updated=NOON + 25 * HOUR)
    old = replace(copy, public_updated=NOON - 999 * HOUR)
    told = [last_changed(one, [one, *others]) - NOON for one, *others in ((later, copy), (later, other), (edited, copy), (later, old))]
    assert told == [timedelta(0), 2 * HOUR, 25 * HOUR, -999 * HOUR]
    twin = replace(edited, pk=9, public_updated=NOON + 24.5 * HOUR)
    titled = replace(twin, entry=replace(twin.entry, content_hash="other"))
    late = replace(edited, public_updated=NOON + 99 * HOUR)
    assert [last_changed(edited, [edited, other]) - NOON for other in (twin, titled)] == [24.5 * HOUR] * 2
    assert [last_changed(late, [late, other]) - NOON for other in (twin, titled)] == [24.5 * HOUR, 99 * HOUR]
