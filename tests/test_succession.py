"""Entries of a feed that come back under other ids, pages and dates are known again; what only looks like them is not."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Enclosure, Person, SafeHtml, StoredEntry, Title, Url
from aggregator.refine import stories
from aggregator.refine.succession import successors
from aggregator.web.forms import page_path
from tests.ledger import sqlite_store
from tests.pace import examples
from tests.planet import HOUR, JSON, Planet, Post, atom, older, post
from tests.test_stories import NOON, stored

WORDS = (
    "We took the {0} path down to the {1} river and counted {2} boats before the {3} rain set in over the {4} hills, so we stayed in "
    "the {0} mill with the {1} miller who told us of {2} winters and {3} floods and of the {4} bridge that nobody had ever seen again"
)
TEXTS = [WORDS.format(*(f"{word}{number}" for word in ("old", "wide", "seven", "late", "blue"))) for number in range(12)]
MONTHS = timedelta(days=30)


def entry(pk: int, title: str | None, text: str = "", link: str | None = None, at: datetime | None = NOON, **fields: object) -> StoredEntry:
    made = stored(pk, link=link, title=title, text=text[:200].casefold(), raw_id=f"id-{pk}", published=at)
    html = SafeHtml(f"<p>{text}</p>") if text else None
    keys = (*made.entry.keys, *stories.text_keys(html))
    return replace(made, entry=replace(made.entry, content=html, keys=keys, **fields), sort_key=at or NOON)  # type: ignore[arg-type]


def old(number: int, **fields: object) -> StoredEntry:
    """Entry `number` of a blog as it was."""
    at = NOON - number * MONTHS
    said = {
        "title": f"Notes from a mill, {number}",
        "text": TEXTS[number],
        "link": f"https://old.example/2019/05/the-mill-{number}.html",
        "at": at,
    }
    return entry(number, **{**said, **fields})  # type: ignore[arg-type]


def new(number: int, **fields: object) -> StoredEntry:
    """The same as `old`, under another id."""
    made = old(number, **fields)
    return replace(made, pk=100 + number, entry=replace(made.entry, raw_id=f"other-{number}", raw_key=f"other-{number}"))


def found(news: list[StoredEntry], olds: list[StoredEntry]) -> dict[int, int]:
    return successors(news, [(1000 + one.pk, one) for one in olds])


ALL = {100 + number: number for number in range(1, 6)}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"link": "https://new.example/2019/05/the-mill-{}/"},
        {"link": "https://new.example/posts/the-mill-{}"},
        {"link": "https://new.example/?p={}"},
        {"link": None},
        {"at": NOON},
        {"at": None, "link": "https://old.example/the-mill-{}"},
        {"at": NOON, "link": "https://new.example/posts/the-mill-{}/"},
        {"text": "", "link": "https://new.example/?p={}"},
        {"text": "A summary.", "at": NOON, "link": "https://old.example/2019/05/the-mill-{}"},
        {"title": None},
        # Another platform that gives no texts, or how they begin, and dates them all at its import.
        {"text": "", "at": NOON, "link": "https://new.example/?p={}"},
        {"text": "We took the old{} path down…", "at": NOON, "link": "https://new.example/?p={}"},
        {"text": "", "at": None, "link": "https://new.example/?p={}"},
        {"text": "", "at": NOON, "link": "https://new.example/?p={}", "title": "NOTES from à mill - {}"},
    ],
)
def test_a_feed_that_comes_back_otherwise_is_known_again(changes: dict[str, object]) -> None:
    given = [{key: value.format(number) if isinstance(value, str) else value for key, value in changes.items()} for number in range(1, 6)]
    news = [new(number, **fields) for number, fields in enumerate(given, 1)]
    assert found(news, [old(number) for number in range(1, 6)]) == ALL


def now(number: int, **fields: object) -> StoredEntry:
    """Entry `number` on another platform, where all was written just now."""
    return new(number, **{"at": NOON + timedelta(seconds=number), "link": f"https://new.example/node/{number}", **fields})


@pytest.mark.parametrize("fields", [{}, {"text": ""}, {"at": None, "text": ""}])
def test_an_archive_that_comes_along_hides_no_move(fields: dict[str, object]) -> None:
    archive = [now(number % 7, title=f"An old tale, {'abcdefghi'[number // 7] * (number % 7 + 1)}", text="") for number in range(60)]
    archive = [replace(one, pk=1000 + number) for number, one in enumerate(archive)]
    assert found([*(now(number, **fields) for number in range(1, 6)), *archive], [old(number) for number in range(1, 6)]) == ALL


def moved(number: int, **fields: object) -> StoredEntry:
    """Entry `number` on another platform, word for word, with the date of its last edit and another kind of address and id."""
    made = now(number, **{"at": NOON - number * MONTHS + timedelta(days=1 + number * number % 7, minutes=number), **fields})
    return replace(made, entry=replace(made.entry, raw_id=f"{5000 + number} at https://new.example"))


LONG = [f"{text} and {text} again" for text in TEXTS]


@pytest.mark.parametrize(
    "days",
    [[1, 4, 2, 7, 3], [1.5] * 5, [-365] * 5, [200] * 5],
)
def test_a_platform_that_dates_all_otherwise_floods_nobody(days: list[float]) -> None:
    news = [moved(number, at=NOON + timedelta(days=days[number - 1]) - number * MONTHS) for number in range(1, 6)]
    assert found(news, [old(number) for number in range(1, 6)]) == ALL
    # Half of the titles edited on the way.
    assert (
        found([*(moved(n, title=f"NOTES FROM the mill, {n}") for n in (1, 2)), *news[2:]], [old(number) for number in range(1, 6)]) == ALL
    )


def test_of_few_entries_a_long_text_is_known_again_on_another_platform() -> None:
    for many in (1, 2, 4):
        olds = [old(number, text=LONG[number]) for number in range(1, many + 1)]
        assert len(found([moved(number, text=LONG[number]) for number in range(1, many + 1)], olds)) == many
        assert found([moved(number, text=LONG[number + 5]) for number in range(1, many + 1)], olds) == {}


def test_a_day_that_is_read_as_midnight_of_another_zone_is_that_day() -> None:
    said = {"title": "Thanks", "text": TEXTS[1][:60], "at": NOON.replace(hour=0)}
    was = old(1, link="https://old.example/private/2019/05/thanks-to-the-mill", **said)
    moved = {"link": "https://old.example/post/thanks-to-the-mill", **said}
    for hours, is_known in ((1, True), (24, False)):
        is_ = new(1, **{**moved, "at": NOON.replace(hour=0) + timedelta(hours=hours)})
        assert bool(found([is_], [was])) is is_known


def test_what_is_dated_anew_as_its_feed_moves_is_known_with_the_others_and_not_alone() -> None:
    link = "https://old.example/2020/06/the-mill-{}.html"
    news = [new(number, link=link.format(number)) for number in range(1, 6)]
    news[2] = new(3, link=link.format(3), at=NOON + timedelta(days=9))
    olds = [replace(old(number), last_seen=NOON) for number in range(1, 6)]
    assert found(news, olds) == ALL
    assert found([news[2]], [olds[2]]) == {}, "a notice that comes again word for word is shown again"


def test_where_addresses_stay_as_they_were_dates_among_the_old_ones_tell_a_move() -> None:
    olds = [old(n, text=LONG[n], at=NOON - timedelta(days=n)) for n in range(1, 6)]
    page = "https://old.example/2019/06/{}.html"
    edited = [new(n, text=LONG[n], at=NOON + timedelta(hours=37) - timedelta(days=n), link=page.format(n)) for n in range(1, 6)]
    assert found(edited, olds) == ALL
    # The events of the next week, and one of the last that was put off; they stand where those of this week stood.
    weekly = [new(n, text=LONG[n], at=NOON + timedelta(days=7 - n), link=page.format(n)) for n in range(1, 6)]
    assert found(weekly, olds) == {}
    assert found(weekly, [*olds[:4], old(5, text=LONG[5], at=NOON + MONTHS)]) == {}


def test_one_text_below_several_titles_tells_nothing_of_them() -> None:
    olds = [old(n, text=LONG[0]) for n in range(1, 6)]
    assert found([moved(n, text=LONG[0]) for n in range(1, 6)], olds) == {}
    # Two kinds of address that stood beside each other before.
    mixed = [old(1, text=LONG[1]), old(2, link="https://old.example/node/2")]
    assert found([moved(1, text=LONG[1])], mixed) == {}


def test_photographs_are_known_again_by_their_pictures() -> None:
    def photo(made: StoredEntry, number: int, at: datetime, where: str = "https://old.example/i/") -> StoredEntry:
        html = SafeHtml(f'<img alt="" src="{where}{number}.jpg{"" if made.pk < 100 else "?w=640"}">')
        return replace(made, entry=replace(made.entry, content=html, published=at), sort_key=at)

    olds = [photo(old(number, title="Photo", text=""), number, NOON - number * MONTHS) for number in range(1, 6)]
    assert found([photo(now(number, title="Photo", text=""), number, NOON) for number in range(1, 6)], olds) == ALL
    # Another folder, and no titles: the names of the files are left.
    was, is_ = (
        [photo(make(n, title=None, text=""), n, NOON - n * MONTHS, f"{where}/harbour") for n in range(1, 6)]
        for make, where in ((old, "https://old.example/i"), (now, "https://cdn.example/w8"))
    )
    assert found(is_, was) == ALL
    # A camera that overwrites its pictures every day.
    olds = [photo(one, one.pk, NOON - timedelta(hours=24 + one.pk)) for one in olds]
    assert found([photo(now(number, title="Photo", text=""), number, NOON - timedelta(hours=number)) for number in range(1, 6)], olds) == {}


def test_the_first_words_of_a_text_tell_notes_without_titles_apart() -> None:
    cut = [now(number, title=None, text=" ".join(TEXTS[number].split()[:9]) + "…") for number in range(1, 6)]
    olds = [old(number, title=None, text=" ".join(TEXTS[number].split()[:15])) for number in range(1, 6)]
    assert found(cut, olds) == ALL


@pytest.mark.parametrize("words", [9, 0])
def test_a_newspaper_whose_day_comes_again_at_once_without_its_texts_is_known_again(words: int) -> None:
    """It was written within a day; where how its texts begin is left, in whatever order."""
    olds = [old(number, at=NOON - timedelta(hours=2 * number)) for number in range(1, 6)]
    news = [now(number, text=" ".join(TEXTS[number].split()[:words])) for number in range(1, 6)]
    assert found(news, olds) == ALL
    jumbled = [replace(one, pk=100 + place) for one, place in zip(news, [3, 1, 5, 2, 4], strict=True)]
    assert found(jumbled, olds) == ({103: 1, 101: 2, 105: 3, 102: 4, 104: 5} if words else {})
    # The same columns the next morning, in a paper that never has texts.
    without = [replace(one, entry=replace(one.entry, content=None, text_start="", keys=())) for one in olds]
    assert words or found(news, without) == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Written as those before were: over the days of a week, or all in one morning.
        ({"at": [-7, -6, -5, -4, -3]}, {"at": [0, 1, 2, 3, 4]}),
        ({"at": [-1] * 5}, {"at": [0] * 5}),
        ({"at": [None] * 5}, {"at": [0] * 5}),
        # In any order, under titles that come again, with other texts.
        ({}, {"at": [0] * 5, "order": [3, 1, 5, 2, 4]}),
        ({"titles": ["Links", "Letters", "Sport", "Quiz", "Menu"]}, {"at": [0] * 5}),
        ({}, {"at": [0] * 5, "texts": TEXTS[6:]}),
    ],
)
def test_titles_alone_need_a_document_that_says_that_its_feed_moved(
    before: dict[str, list[object]], after: dict[str, list[object]]
) -> None:
    names = before.get("titles") or [f"A column of the {word}" for word in ("town", "river", "mill", "road", "hills")]

    def day(said: dict[str, list[object]], number: int) -> datetime | None:
        days = said.get("at") or [-40, -30, -20, -10, -5]
        return None if days[number - 1] is None else NOON + timedelta(days=float(str(days[number - 1])), minutes=number)

    olds = [
        old(n, title=names[n - 1], at=day(before, n), link=f"https://old.example/a/{n}", text=TEXTS[n] if "texts" in after else "")
        for n in range(1, 6)
    ]
    order = after.get("order") or range(1, 6)
    news = [now(n, title=names[n - 1], at=day(after, n), text=str(after.get("texts", [""] * 6)[n])) for n in range(1, 6)]
    news = [replace(one, pk=100 + int(str(place))) for one, place in zip(news, order, strict=True)]
    assert found(news, olds) == {}


def test_podcasts_are_known_again_by_their_files() -> None:
    def episode(pk: int, host: str, at: datetime, text: str) -> StoredEntry:
        file = Enclosure(url=Url(f"https://{host}/audio/{pk % 100:03}.mp3"), type="audio/mpeg")
        return entry(pk, f"Episode {pk % 100}", text, "https://show.example/", at, enclosures=(file,))

    olds = [episode(number, "a.example", NOON - number * MONTHS, "") for number in range(1, 4)]
    assert found([episode(100 + number, "b.example", NOON, "Other notes.") for number in range(1, 4)], olds) == {101: 1, 102: 2, 103: 3}


def test_a_new_entry_among_old_ones_is_new() -> None:
    news = [*(new(number) for number in range(1, 6)), new(9)]
    assert found(news, [old(number) for number in range(1, 6)]) == ALL


def test_titles_alone_never_match() -> None:
    news = [new(number, title="Weekly update", text=TEXTS[number + 5], link=f"https://old.example/{number + 50}") for number in range(1, 6)]
    olds = [old(number, title="Weekly update", at=NOON - (number + 12) * MONTHS) for number in range(1, 6)]
    assert found(news, olds) == {}


@pytest.mark.parametrize(
    ("is_", "was"),
    [
        # One page for all of them.
        (
            new(1, title="Release 1.3", link="https://old.example/download"),
            old(1, title="Release 1.2", link="https://old.example/download"),
        ),
        # A planet: all were asked to write about one thing.
        (
            new(1, title="The mill", text=TEXTS[2], link="https://a.example/the-mill", authors=(Person(name="A"),)),
            old(1, title="The mill", link="https://b.example/the-mill", authors=(Person(name="B"),)),
        ),
        # A forum: its replies have the title of what they answer.
        (
            new(1, title="Re: The mill", text=TEXTS[2], link="https://old.example/viewtopic.php?p=2"),
            old(1, title="Re: The mill", link="https://old.example/viewtopic.php?p=1"),
        ),
        # A series: one title, one name, one way to begin.
        (
            new(1, title="Meetings", link="https://old.example/2020/06/meetings"),
            old(1, title="Meetings", at=NOON - 3 * MONTHS, link="https://old.example/2020/03/meetings"),
        ),
        # A column of every day: nearly a day later, on a page of the same name.
        (
            new(
                1,
                title="Morning briefing",
                text=TEXTS[2],
                at=NOON + timedelta(hours=23, minutes=59),
                link="https://old.example/11/02/briefing",
            ),
            old(1, title="Morning briefing", at=NOON, link="https://old.example/11/01/briefing"),
        ),
        # The same words every day, at the same hour.
        (
            new(1, title="Pool open today", at=NOON + timedelta(days=1), link="https://old.example/101"),
            old(1, title="Pool open today", at=NOON, link="https://old.example/100"),
        ),
        # An agency's advertisement, the same afternoon for another town.
        (
            new(1, title="Warehouse worker", at=NOON + timedelta(hours=4), link="https://old.example/jobs/larch/9"),
            old(1, title="Warehouse worker", at=NOON, link="https://old.example/jobs/birch/3"),
        ),
        # The same title another year.
        (
            new(1, title="Happy new year", text=TEXTS[2], at=NOON, link="https://old.example/2020/year"),
            old(1, title="Happy new year", at=NOON - 12 * MONTHS),
        ),
    ],
)
def test_what_only_looks_alike_stays_apart(is_: StoredEntry, was: StoredEntry) -> None:
    assert found([is_], [was]) == {}


def test_the_columns_of_a_day_are_not_those_of_the_day_before() -> None:
    olds = [old(n, title=f"Column {'abcdef'[n]}", at=NOON, link=f"https://old.example/1/{n}") for n in range(1, 6)]
    for hours in (12, 24):
        at = NOON + timedelta(hours=hours)
        news = [new(n, title=f"Column {'abcdef'[n]}", text=TEXTS[n + 5], at=at, link=f"https://old.example/2/{n}") for n in range(1, 6)]
        assert found(news, olds) == {}, hours


def test_several_that_say_the_same_take_one_place_each() -> None:
    same = [replace(old(1), pk=number) for number in range(1, 5)]
    again = found([replace(new(1), pk=100 + one.pk) for one in same], same)
    assert sorted(again) == [101, 102, 103, 104]
    assert sorted(again.values()) == [1, 2, 3, 4]


def test_what_keys_have_found_counts_as_known_again() -> None:
    """A front page is no key; that all dates are those of an import, the others show."""
    moved, was = new(1, link="https://old.example/", at=NOON), old(1, link="https://old.example/")
    assert successors([moved], [(1000, was)]) == {}
    assert successors([moved], [(1000, was)], [new(number, at=NOON) for number in range(2, 9)]) == {101: 1}
    assert successors([moved], [(1000, was)], [new(number) for number in range(2, 9)]) == {}


def test_an_undated_page_among_dated_posts_is_known_again() -> None:
    moved, was = (
        new(1, title="About", link="https://old.example/posts/about", at=None),
        old(1, title="About", link="https://old.example/about", at=None),
    )
    assert successors([moved], [(1000, was)], [new(number) for number in range(2, 9)]) == {101: 1}


def test_of_one_story_one_place_is_taken() -> None:
    assert len(successors([new(1), replace(new(1), pk=201)], [(7, old(1)), (7, replace(old(1), pk=2))])) == 1


@given(st.permutations(range(1, 6)), st.permutations(range(1, 6)))
@examples(10)
def test_the_order_of_a_document_does_not_matter(ours: list[int], theirs: list[int]) -> None:
    news = [new(number, link=f"https://new.example/posts/the-mill-{number}", at=NOON) for number in ours]
    assert found(news, [old(number) for number in theirs]) == ALL


CHANGES = {
    "link": [None, "https://old.example/2019/05/the-mill-{}", "https://new.example/posts/the-mill-{}/", "https://new.example/?p={}"],
    "at": ["kept", "an import", "five hours off", "none"],
    "text": ["kept", "cut", "an excerpt", "none"],
    "title": ["Notes from a mill, {}", "NOTES FROM A MILL \u2013 {}"],
    "order": [1, -1],
    "archive": [0, 60],
}


def came(number: int, how: dict[str, object]) -> dict[str, object]:
    """What becomes of entry `number` of the blog."""
    words, was = TEXTS[number].split(), NOON - number * MONTHS
    dates = {"kept": was, "an import": NOON + timedelta(seconds=number), "five hours off": was + timedelta(hours=5), "none": None}
    texts = {"kept": TEXTS[number], "cut": " ".join(words[:9]) + "…", "an excerpt": " ".join(words[:25]) + " […]", "none": ""}
    told = {name: str(how[name]).format(number) if how[name] else None for name in ("link", "title")}
    return {**told, "at": dates[str(how["at"])], "text": texts[str(how["text"])]}


@given(st.fixed_dictionaries({name: st.sampled_from(ways) for name, ways in CHANGES.items()}), st.integers(0, 3))
@examples()
def test_whatever_else_a_move_changes_what_was_known_is_known_again_and_news_are_new(how: dict[str, object], news: int) -> None:
    fields = [came(number, how) for number in range(1, 9)]
    moved = [replace(new(number, **fields[number - 1]), pk=100 + int(str(how["order"])) * number) for number in range(1, 9)]
    fresh = [entry(300 + n, f"What the ferry brought, {n}", f"news {n} " * 20, f"https://new.example/x/{n}", NOON) for n in range(news)]
    archive = [
        entry(400 + n, f"An old tale of the {n}th winter", f"tale {n} " * 20, f"https://new.example/y/{n}", moved[0].entry.published)
        for n in range(int(str(how["archive"])))
    ]
    assert found([*fresh, *moved, *archive], [old(number) for number in range(1, 9)]) == {
        one.pk: number for number, one in enumerate(moved, 1)
    }


@given(st.integers(1, 100), st.permutations(range(1, 6)), st.sampled_from(["kept", "cut"]))
@examples(15)
def test_the_next_number_of_each_column_takes_no_place(hours: int, order: list[int], text: str) -> None:
    titles = [f"The {word} of the town this morning" for word in ("weather", "letters", "prices", "roads", "ferries")]
    olds = [old(n, title=titles[n - 1], at=NOON + timedelta(minutes=n), link=f"https://old.example/1/{n}") for n in range(1, 6)]
    words = {n: TEXTS[n + 5] if text == "kept" else " ".join(TEXTS[n + 5].split()[:9]) for n in order}
    at = NOON + timedelta(hours=hours)
    news = [new(n, title=titles[n - 1], text=words[n], at=at, link=f"https://old.example/2/{n}") for n in order]
    assert found(news, olds) == {}


def test_a_path_is_compared_without_what_a_move_changes() -> None:
    assert page_path("http://www.old.example/Blog/a-day/index.html") == page_path("https://new.example/blog/a-day.php") == "/blog/a-day"
    assert page_path("https://new.example/?p=12") != page_path("https://new.example/?p=13")
    assert page_path("https://new.example/") == page_path(None) == ""


# ── the next of its kind, in a document that rolls over ────────────────────────────────────────────────────────────────

_FORM = "We are looking for a reliable worker for our client. You will load trucks, pick orders and keep the hall tidy for a fair wage."
_DAY = NOON.replace(hour=0)


def _next_of_its_kind(kind: str, number: int) -> Post:
    own = " ".join(f"{word}{number}" for word in TEXTS[number].split())
    made = {
        "weather": ("Weather forecast", f"{number}/weather-forecast", own, _DAY),
        "advertisements": ("Warehouse worker", f"jobs/4{number}1", _FORM, _DAY),
        "notices": ("Death notice", f"notices/{number}", f"{_FORM} Name{number} Family{number}, 8{number}.", _DAY),
        "photographs": ("Photo", f"p/{number}", f'<img src="https://blog.example/i/{number * 37}.jpg">', _DAY),
        "legal notices": ("Legal notice", f"notices/{number}", LONG[1], _DAY + number * timedelta(days=7)),
        "quotations": ("Quote of the day", "quote", own, _DAY + number * timedelta(days=1)),
        "bulletins": ("Traffic", f"{number}/traffic-now", own, _DAY + number * timedelta(hours=6)),
        "agendas": (f"Agenda of the {('council', 'board')[number % 2]}", f"docs/{number}/agenda-packet", "", _DAY),
        "an outage": ("Elevated errors", "incidents/7", own, NOON + number * timedelta(minutes=40)),
        "versions of a program": (f"tool 1.{number}-1", "packages/tool", _FORM, NOON + number * timedelta(hours=6)),
        "results as they come": ("Election night: live", "live", own, NOON),
    }
    title, path, text, at = made[kind]
    return Post(title=title, link=f"https://blog.example/{path}", id=f"tag:blog.example,2026:{number}", text=f"<p>{text}</p>", at=at)


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("weather", 3),
        ("advertisements", 3),
        ("notices", 2),
        ("photographs", 1),
        ("photographs", 3),
        ("legal notices", 1),
        ("quotations", 1),
        ("bulletins", 1),
        ("agendas", 2),
        ("an outage", 1),
        ("results as they come", 4),
        ("versions of a program", 1),
        ("versions of a program", 3),
    ],
)
def test_the_next_of_its_kind_is_shown_though_title_and_date_are_those_of_the_last(kind: str, size: int) -> None:
    planet = Planet("blog")
    for turn in range(2):
        planet.polls({"blog": atom("blog", [_next_of_its_kind(kind, 1 + turn * size + number) for number in range(size)])})
        shown = planet.publishes()
        planet.later()
    assert len(shown) == 2 * size


@pytest.mark.parametrize(("name", "taken"), [("", 4), ("Tools: ", 4), ("", 1)])
def test_a_planet_shows_no_version_of_a_program_again_though_all_have_one_page(name: str, taken: int) -> None:
    planet, shown = Planet("blog", "planet"), []
    for turn in range(2):
        versions = [_next_of_its_kind("versions of a program", turn + number) for number in range(1, 5)]
        copies = [replace(one, title=f"{name}{one.title}", id=f"tag:planet.example,2026:{one.id}") for one in versions]
        planet.polls({"blog": atom("blog", versions), "planet": atom("planet", copies[-taken:])})
        shown.append(len(planet.publishes()))
        planet.later()
    assert shown == [4, 5]


@pytest.mark.parametrize("mark", ["#", "?v="])
def test_an_id_that_counts_the_edits_of_a_page_makes_no_new_entry_of_a_new_number_in_its_title(mark: str) -> None:
    planet = Planet("blog")
    for turn in range(2):
        page = "https://blog.example/storm"
        story = Post(title=f"Storm: {turn + 3} dead", link=page, id=f"{page}{mark}{turn}", text=f"<p>{_FORM}</p>", at=NOON + turn * HOUR)
        planet.polls({"blog": atom("blog", [story, *(_next_of_its_kind("weather", number) for number in (1, 2))])})
        shown = planet.publishes()
        planet.later()
    assert len(shown) == 3


@pytest.mark.parametrize("mark", ["#", "?v="])
def test_an_id_that_counts_the_edits_of_a_page_makes_no_new_entry_of_one_that_leaves_nothing(mark: str) -> None:
    planet, page = Planet("blog"), "https://blog.example/storm"
    for turn in range(3):
        story = Post(
            title=f"{WORDS.split()[turn]} storm", link=page, id=f"{page}{mark}{turn}", text=f"<p>{TEXTS[turn]}</p>", at=NOON + turn * HOUR
        )
        planet.polls({"blog": atom("blog", [story, *older("blog")])})
        shown = planet.publishes()
        planet.later()
    assert len(shown) == 5
    assert [item["id"] for item in shown if item["title"] == "the storm"] == [f"{page}{mark}0"]


def test_what_one_page_brings_each_day_under_a_counted_id_is_shown_each_day() -> None:
    planet, page = Planet("blog"), "https://blog.example/quote"
    for turn in range(2):
        quote = Post(
            title="Quote of the day", link=page, id=f"{page}#{turn}", text=f"<p>{TEXTS[turn]}</p>", at=NOON + turn * timedelta(days=1)
        )
        planet.polls({"blog": atom("blog", [quote])})
        shown = planet.publishes()
        planet.later(timedelta(days=1))
    assert len(shown) == 2


def test_bulletins_that_all_have_the_page_of_their_show_are_told_apart_by_their_files() -> None:
    planet, heard = Planet("blog"), []
    for turn in range(3):
        numbers = range(turn, turn + 3)
        entries = [
            Post(title="The news", link="https://blog.example/shows/news", id=f"n{n}", text=f"<p>{_FORM}</p>", at=_DAY + n * HOUR)
            for n in numbers
        ]
        body = atom("blog", entries)
        for n in numbers:
            file = f"<id>n{n}</id><link rel='enclosure' href='https://media.example/{n}.mp3'/>"
            body = body.replace(f"<id>n{n}</id>".encode(), file.encode())
        planet.polls({"blog": body})
        heard.append(len(planet.publishes()))
        planet.later(HOUR)
    assert heard == [3, 4, 5]


def _weather(town: str, degrees: int, at: datetime) -> Post:
    text = f"<p>Rain is to be expected in {town} all day at {degrees} degrees, with wind from the west.</p>"
    return Post(title=f"Weather for {town}", link=f"https://blog.example/weather/{town}", id=f"{town}-{at:%d}", text=text, at=at)


@pytest.mark.parametrize("kept", [0, 2])
def test_what_is_filled_in_anew_at_one_address_each_day_is_shown_each_day(kept: int) -> None:
    planet, stand = Planet("blog"), list[Post]()
    for day in (1, 2):
        stand = [_weather(town, 10 * day + at, planet.clock() - HOUR) for at, town in enumerate(("Larch", "Fir"))] + stand[:kept]
        planet.polls({"blog": atom("blog", stand)})
        shown = planet.publishes()
        planet.later(24 * HOUR)
    assert len(shown) == 4
    flipped = [replace(one, id=f"again-{one.id}") for one in stand]
    planet.polls({"blog": atom("blog", flipped)})
    assert len(planet.publishes()) == 4, "the same words under another id are not"


def test_a_bulletin_that_is_dated_after_the_last_one_was_seen_is_another_one() -> None:
    planet = Planet("blog")
    subjects = ("Traffic", "Weather", "Sport", "Stocks", "Pollen")
    for turn in (1, 2):
        at = planet.clock().replace(minute=0, second=0)
        bulletins = [Post(title=title, link=f"https://blog.example/{title}/{turn}", id=f"{title}-{turn}", at=at) for title in subjects]
        planet.polls({"blog": atom("blog", bulletins)})
        shown = planet.publishes()
        planet.later(timedelta(hours=6))
    assert len(shown) == 10


def test_episodes_that_all_have_one_file_are_told_apart_by_their_titles() -> None:
    file, notes = Enclosure(url=Url("https://old.example/latest.mp3")), f"{TEXTS[1]} {TEXTS[2]}"
    was, is_ = (replace(made, entry=replace(made.entry, enclosures=(file,))) for made in (old(1, text=notes), new(2, text=notes)))
    was, is_ = (
        replace(one, entry=replace(one.entry, title=Title(text=f"The show with {name}"))) for one, name in ((was, "Ann"), (is_, "Bob"))
    )
    assert found([is_], [was]) == {}
    assert found([replace(is_, entry=replace(is_.entry, published=was.entry.published))], [was]) == {is_.pk: was.pk}


def test_few_undated_pages_are_known_by_their_words_and_the_last_part_of_their_paths() -> None:
    olds = [old(number, link=f"https://old.example/2026/05/mill-{'abc'[number]}-again", at=None) for number in (1, 2)]
    news = [new(number, link=f"https://old.example/mill-{'abc'[number]}-again.html", at=None) for number in (1, 2)]
    assert found(news, olds) == {101: 1, 102: 2}
    other = [new(number, text=TEXTS[number + 5], link=one.entry.link, at=None) for number, one in zip((1, 2), news, strict=True)]
    assert found(other, olds) == {}


def test_a_headline_of_which_page_and_id_are_made_is_rewritten() -> None:
    """One entry among many, an hour after it was published; what only has its second, or only its words, is shown."""
    _rewrites_a_headline(Planet("blog"))
    with sqlite_store() as store:
        _rewrites_a_headline(Planet("blog", store=store))


def _rewrites_a_headline(planet: Planet) -> None:
    posts = [post("blog", number, at=NOON - number * MONTHS, text=f"<p>{TEXTS[number]}</p>") for number in range(1, 9)]
    first = post("blog", 9, id="https://blog.example/first", link="https://blog.example/first", text=f"<p>{TEXTS[9]}</p>")
    anew = replace(first, title="Another headline", id="https://blog.example/anew", link="https://blog.example/anew")
    planet.polls({"blog": atom("blog", [first, *posts])})
    (before,) = (item["id"] for item in planet.publishes() if item["url"] == first.link)
    for one, size in ((anew, 9), (replace(anew, link=f"{anew.link}-2", id="2", text=f"<p>{TEXTS[10]}</p>"), 10)):
        planet.later()
        planet.polls({"blog": atom("blog", [one, *posts])})
        assert len(planet.publishes()) == size
    assert [item["url"] for item in planet.publishes() if item["id"] == before] == [anew.link]


def test_what_an_output_did_not_ask_for_stays_held_back_when_its_ids_flip() -> None:
    """An edit lets a feed in that has been polled for long; then it moves."""
    planet = Planet("blog", "other", outputs=(replace(JSON, feeds=("other",)),))
    posts = [post("blog", number, at=NOON - (9 - number) * MONTHS) for number in range(1, 9)]
    planet.polls({"other": atom("other", [post("other")]), "blog": atom("blog", posts[:4])})
    planet.later()
    planet.polls({"blog": atom("blog", posts)})
    assert len(planet.publishes()) == 1
    planet.later(timedelta(days=9))
    planet.ports = replace(planet.ports, config=replace(planet.ports.config, outputs=(JSON,), newcomer_entries=2))
    assert len(planet.publishes()) == 3
    planet.later()
    planet.polls({"blog": atom("blog", [replace(one, id=f"urn:flipped:{one.id}") for one in posts])})
    assert len(planet.publishes()) == 3
