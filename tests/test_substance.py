"""What moves `updated` and what does not: counters, ages, advertisements and passing parameters are no change, a corrected word is one.

Where nothing but that has moved, files stay as they are, byte for byte.
"""

from html import escape

import pytest

from aggregator.changes import edits
from aggregator.refine.identity import noticed
from aggregator.refine.markup import clean_html
from aggregator.refine.passing import compared
from aggregator.refine.substance import settled, without_advertisements
from tests.planet import JSON, Planet, atom, older, post

TEXT = "<p>A fire in the old harbour left 3 hurt on 3 May, the brigade says.</p>"

# What pages print below one text, now and later.
COUNTERS = {
    "English": ("1,204 views", "1,207 views"),
    "English, behind": ("Comments (12)", "Comments (13)"),
    "English, thousands": ("1.2k views", "1.3k views"),
    "English, the first": ("No comments", "1 comment"),
    "English, shares": ("Facebook 12 Twitter 3", "Facebook 14 Twitter 3"),
    "English, in one line": ("Views: 312", "Views: 318"),
    "German": ("12 Kommentare", "Keine Kommentare"),
    "French": ("1&nbsp;204 vues", "1&nbsp;207 vues"),
    "Spanish": ("12 comentarios", "13 comentarios"),
    "Spanish, thousands behind": ("Vistas: 3 mil", "Vistas: 4 mil"),
    "Italian": ("12 commenti", "13 commenti"),
    "Portuguese": ("12 visualizações", "13 visualizações"),
    "Dutch": ("12 reacties", "13 reacties"),
    "Swedish": ("12 kommentarer", "13 kommentarer"),
    "Finnish": ("12 kommenttia", "13 kommenttia"),
    "Polish": ("12 komentarzy", "13 komentarzy"),
    "Czech": ("12 komentářů", "13 komentářů"),
    "Russian": ("12 просмотров", "13 просмотров"),
    "Turkish": ("12 yorum", "13 yorum"),
    "Arabic": ("12 تعليق", "13 تعليق"),
    "Japanese": ("1207回視聴", "1208回視聴"),
    "Chinese": ("浏览 1207", "浏览 1208"),
    "Korean": ("댓글 12", "댓글 13"),
    "Vietnamese": ("12 bình luận", "13 bình luận"),
    "of a post": ("Post Views: 1,204", "Post Views: 1,207"),
    "of visits": ("(Visited 12 times, 1 visits today)", "(Visited 19 times, 2 visits today)"),
    "of times": ("Read 12 times", "Read 15 times"),
    "of people": ("12 people like this", "19 people like this"),
    "in a sentence of its own": ("This post has been viewed 1,204 times.", "This post has been viewed 1,310 times."),
    "of readers' stars": ("Rating: 4.5/5 (120 votes)", "Rating: 4.6/5 (128 votes)"),
    "of a link forum": ("12 points | 3 comments", "15 points | 4 comments"),
    "of a link forum, in lines": ("Points: 12</p><p># Comments: 3", "Points: 15</p><p># Comments: 4"),
    "of a forum": ("1 post - 1 participant", "19 posts - 11 participants"),
    "of a forum, German": ("4 Beiträge - 1 Teilnehmer", "9 Beiträge - 3 Teilnehmer"),
    "in pictures": ("❤️ 12 💬 3 🔁 5 👍 7", "❤️ 13 💬 4 🔁 5 👍 9"),
}
AGES = {
    "English": ("Posted 3 hours ago", "Posted 2 days ago"),
    "English, the first": ("Just now", "An hour ago"),
    "German": ("vor 3 Stunden", "vor einem Tag"),
    "French": ("il y a 3 heures", "il y a 4 heures"),
    "Spanish": ("hace 3 días", "hace 4 días"),
    "Italian": ("3 ore fa", "4 ore fa"),
    "Portuguese": ("há 3 horas", "há 4 horas"),
    "Dutch": ("3 uur geleden", "4 uur geleden"),
    "Swedish": ("för 3 timmar sedan", "för 4 timmar sedan"),
    "Finnish": ("3 tuntia sitten", "4 tuntia sitten"),
    "Polish": ("3 godziny temu", "4 godziny temu"),
    "Russian": ("3 часа назад", "4 часа назад"),
    "Turkish": ("3 saat önce", "4 saat önce"),
    "Greek": ("πριν από 3 ώρες", "πριν από 4 ώρες"),
    "Arabic": ("منذ 3 ساعات", "منذ 4 ساعات"),
    "Japanese": ("3時間前", "4時間前"),
    "Chinese": ("3小时前", "4小时前"),
    "Korean": ("3시간 전", "4시간 전"),
    "Vietnamese": ("3 giờ trước", "4 giờ trước"),
}
BESIDE = {
    "an age and a person": ("Posted 3 hours ago by Ann", "Posted 4 hours ago by Ann"),
    "a person and an age": ("By Ann, 3 hours ago", "By Ann, 4 hours ago"),
    "a board's statistics": (
        "Statistics: Posted by Ann — Fri Nov 27, 2026 9:00 am — Replies 3 — Views 20",
        "Statistics: Posted by Ann — Fri Nov 27, 2026 9:00 am — Replies 4 — Views 33",
    ),
    "several": ("By Ann · 1.2k views | 3 hours ago", "By Ann · 1.3k views | 4 hours ago"),
}

# What stands around one text, now and later. Of the first, files keep their bytes; of the others they take up what a reader needs.
NOTHING = {
    "a counter": ("<p>1,204 views</p>", "<p>1,207 views</p>"),
    "a counter's link": (
        "<p><a href='https://alder.example/c'>1 comment</a></p>",
        "<p><a href='https://alder.example/c?n=2'>2 comments</a></p>",
    ),
    "an age": ("<p>Posted <b>3 hours</b> ago</p>", "<p>Posted <b>5 hours</b> ago</p>"),
    "an advertisement": (
        "<div class='ad'><a href='https://ads.example/?c=9'>Buy lamps</a></div>",
        '<div class="box ad-slot"><p>Ladders</p></div>',
    ),
    "an advertiser's banner": (
        "<p><a href='https://ad.doubleclick.net/1'><img src='https://ad.doubleclick.net/1.png'></a></p>",
        "<p><a href='https://ad.doubleclick.net/2'><img src='https://ad.doubleclick.net/2.png'></a></p>",
    ),
    "a picture's size": ("<img src='https://alder.example/i.jpg?w=300'>", "<img src='https://alder.example/i.jpg?w=640&v=12'>"),
    "a picture's variant": ("<img src='https://alder.example/i-300x200.jpg'>", "<img src='https://alder.example/i-1024x683.jpg'>"),
    "a picture's cache": ("<img src='https://alder.example/i.jpg?cb=1'>", "<img src='https://alder.example/i.jpg?cb=2'>"),
    "a link's token": (
        "<a href='https://alder.example/r?id=1&token=a'>Reply</a>",
        "<a href='https://alder.example/r?id=1&token=b'>Reply</a>",
    ),
    "a link's nonce": ("<a href='https://alder.example/r?_wpnonce=a'>Like</a>", "<a href='https://alder.example/r?_wpnonce=b'>Like</a>"),
}
NOTHING |= {
    "other posts below": (
        "<h3>Related Posts</h3><ul><li><a href='https://alder.example/b'>Boats</a></li></ul><p>12 views</p>",
        "<h3>Related Posts</h3><ul><li><a href='https://alder.example/c'>Mills</a></li><li><a href='/d'>Ice</a></li></ul><p>15 views</p>",
    ),
    "other posts below, in a line": (
        "<p><b>Ähnliche Beiträge:</b> <a href='https://alder.example/b'>Boats</a></p>",
        "<p><b>Ähnliche Beiträge:</b> <a href='https://alder.example/c'>Mills</a>, <a href='https://alder.example/d'>Ice</a></p>",
    ),
    "a hidden mail address": (
        "<p><a href='/cdn-cgi/l/email-protection#a1b2c3'>[email protected]</a></p>",
        "<p><a href='/cdn-cgi/l/email-protection#99887766'>[email protected]</a></p>",
    ),
    "a session in a path": (
        "<a href='https://alder.example/more;jsessionid=A1?n=2'>More</a>",
        "<a href='https://alder.example/more;jsessionid=B2?n=2'>More</a>",
    ),
    "a note's name": ("<sup><a href='#fn-1a2b'>1</a></sup>", "<sup><a href='#fn-9z8y'>1</a></sup>"),
    "a picture's host": (
        "<img src='https://i0.wp.com/alder.example/a.jpg?w=300&ssl=1'>",
        "<img src='https://i2.wp.com/alder.example/a.jpg?w=300&ssl=1'>",
    ),
    "a sponsor's links": (
        "<div class='sponsored'><a href='https://ads.example/1'>Buy lamps</a></div>",
        "<div class='sponsored'><a href='https://ads.example/2'>Buy ladders</a></div>",
    ),
}
TAKEN_UP = {
    "a space that does not break": ("<p>Ann Larch</p>", "<p>Ann&nbsp;Larch</p>"),
    "a soft hyphen": ("<p>lanternmaker</p>", "<p>lantern&shy;maker</p>"),
    "a picture's scheme": ("<img src='http://alder.example/i.jpg'>", "<img src='https://alder.example/i.jpg'>"),
    "a link's last slash": ("<a href='https://alder.example/a'>a</a>", "<a href='https://alder.example/a/'>a</a>"),
    "a signature": ("<img src='https://alder.example/i.jpg?sig=a&expires=1'>", "<img src='https://alder.example/i.jpg?sig=b&expires=2'>"),
    "a picture's token": ("<img src='https://alder.example/i.jpg?token=a'>", "<img src='https://alder.example/i.jpg?token=b'>"),
    "markup": ("<p>a word</p>", "<p>a <b>word</b></p>"),
}
REAL = {
    "a word": ("old", "new"),
    "a number in a sentence": ("3 hurt", "5 hurt"),
    "a date": ("3 May", "4 May"),
    "an added paragraph": ("</p>", "</p><p>The cause is not known.</p>"),
    "another page": ("</p>", " <a href='https://alder.example/r?id=2'>Reply</a></p>"),
    "another picture": ("</p>", "<img src='https://alder.example/j.jpg?w=300'></p>"),
    "a row of numbers": ("</p>", "</p><table><tr><td>Monday</td><td>12 views</td></tr></table>"),
    "a sentence that counts": ("</p>", "</p><p>12 comments were deleted.</p>"),
    "a sentence of a time": ("</p>", "</p><p>The pier burnt 3 years ago.</p>"),
}
CHANGED = {
    "words about other posts": (
        "<h3>Related posts</h3><p>I like <a href='https://alder.example/b'>this</a>.</p>",
        "<h3>Related posts</h3><p>I hate <a href='https://alder.example/b'>this</a>.</p>",
    ),
    "what stands below other posts": (
        "<h3>Related posts</h3><p><a href='https://alder.example/b'>Boats</a></p><p>It rains.</p>",
        "<h3>Related posts</h3><p><a href='https://alder.example/c'>Mills</a></p><p>It snows.</p>",
    ),
    "a list of posts that is the text": (
        "<h3>Latest posts</h3><p><a href='https://alder.example/b'>All of the boats in the harbour, one by one, and their owners</a></p>",
        "<h3>Latest posts</h3><p><a href='https://alder.example/c'>All of the mills on the river, one by one, and their owners</a></p>",
    ),
    "a link's page": ("<a href='https://alder.example/a'>more</a>", "<a href='https://alder.example/b'>more</a>"),
    "a link's place on a page": ("<a href='https://alder.example/a#rules'>more</a>", "<a href='https://alder.example/a#prizes'>more</a>"),
    "a rating": ("<p>Rating: 4/5</p>", "<p>Rating: 2/5</p>"),
    "a link's choice": ("<a href='https://alder.example/a?sid=1'>more</a>", "<a href='https://alder.example/a?sid=2'>more</a>"),
    "a picture's path": ("<img src='https://alder.example/a.jpg'>", "<img src='https://alder.example/b.jpg'>"),
    "a picture's choice": ("<img src='https://alder.example/plot?id=1'>", "<img src='https://alder.example/plot?id=2'>"),
    "a number in a table": ("<table><tr><td>May</td><td>12</td></tr></table>", "<table><tr><td>May</td><td>13</td></tr></table>"),
    "a number that counts nothing": ("<p>12</p>", "<p>13</p>"),
    "words beside an advertiser's link": (
        "<p>I like <a href='https://ad.doubleclick.net/1'>it</a>.</p>",
        "<p>I hate <a href='https://ad.doubleclick.net/1'>it</a>.</p>",
    ),
    "votes of an election": ("<h3>Bob</h3><p>Votes: 988</p>", "<h3>Bob</h3><p>Votes: 1,988</p>"),
    "votes in German": ("<ul><li>Stimmen: 12.040</li></ul>", "<ul><li>Stimmen: 12.940</li></ul>"),
    "points of a league": ("<ul><li>12 points</li></ul>", "<ul><li>15 points</li></ul>"),
    "points of a game, above what was said of it": (
        "<p>Points: 12</p><p>Well played.</p><p>3 comments</p>",
        "<p>Points: 15</p><p>Well played.</p><p>3 comments</p>",
    ),
    "hits of a game": ("<ul><li>7 hits</li></ul>", "<ul><li>9 hits</li></ul>"),
    "visits of a museum": ("<p>Visits: 12,000</p>", "<p>Visits: 20,000</p>"),
    "a classified advertisement": ("<div id='ad'>Red bike, call Ann</div>", "<div id='ad'>Red bike, call Bob</div>"),
    "a classified advertisement's price": (
        "<div class='anzeige'><a href='https://alder.example/7'>Rad, 50 Euro</a></div>",
        "<div class='anzeige'><a href='https://alder.example/7'>Rad, 80 Euro</a></div>",
    ),
    "what a sentence counts behind a dash": ("<p>He sold all — 12 shares of his firm</p>", "<p>He sold all — 14 shares of his firm</p>"),
    "a letter between marks": ("<p>| A 12 |</p>", "<p>| a 12 |</p>"),
    "a picture's folder": ("<img src='https://alder.example/s01/a.jpg'>", "<img src='https://alder.example/s02/a.jpg'>"),
    "a time that somebody took": ("<p>Run in 3 hours</p>", "<p>Run in 4 hours</p>"),
}


def said(text: str) -> str:
    return noticed(compared(settled(clean_html(text))))


@pytest.mark.parametrize("pair", [*COUNTERS.values(), *AGES.values()], ids=[*COUNTERS, *(f"{name}, age" for name in AGES)])
def test_counters_and_ages_are_nothing_of_a_text(pair):
    assert {said(f"{TEXT}<p>{line}</p>") for line in pair} == {said(TEXT)}


@pytest.mark.parametrize("pair", BESIDE.values(), ids=list(BESIDE))
def test_what_stands_beside_them_is_something(pair):
    assert said(f"<p>{pair[0]}</p>") == said(f"<p>{pair[1]}</p>") != said("")
    assert said(f"<p>{pair[0]}</p>") != said(f"<p>{pair[1].replace('Ann', 'Bob')}</p>")


class Reader:
    """Reads one planet's JSON Feed: what it says of one entry whose text changes, and its bytes."""

    def __init__(self) -> None:
        self.planet = Planet("alder")

    def sees(self, text: str, more: str = "", **fields: object) -> tuple[object, bytes]:
        body = atom("alder", [post("alder", text=text, **fields), *older("alder")])
        return self.reads(body.replace(b"</entry>", f"{more}</entry>".encode(), 1))

    def reads(self, body: bytes) -> tuple[object, bytes]:
        self.planet.polls({"alder": body})
        (found,) = (item.get("date_modified") for item in self.planet.publishes() if "post-1" in str(item["url"]))
        self.planet.later()
        return found, self.planet.folder.files[JSON.path]


@pytest.mark.parametrize("pair", NOTHING.values(), ids=list(NOTHING))
def test_what_moves_by_itself_moves_neither_the_date_nor_a_byte(pair):
    reader = Reader()
    assert len({reader.sees(TEXT + part) for part in (*pair, *pair)}) == 1


@pytest.mark.parametrize("pair", TAKEN_UP.values(), ids=list(TAKEN_UP))
def test_what_a_reader_needs_is_taken_up_without_being_a_change(pair):
    reader = Reader()
    before, after = (reader.sees(TEXT + part) for part in pair)
    assert before[0] == after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize("edit", REAL.values(), ids=list(REAL))
def test_an_edit_moves_the_date_of_the_change(edit):
    reader = Reader()
    assert reader.sees(TEXT + "<p>3 views</p>")[0] != reader.sees(TEXT.replace(*edit) + "<p>5 views</p>")[0]


@pytest.mark.parametrize("pair", CHANGED.values(), ids=list(CHANGED))
def test_another_page_picture_or_number_moves_it(pair):
    reader = Reader()
    assert reader.sees(TEXT + pair[0])[0] != reader.sees(TEXT + pair[1])[0]


def test_a_passage_that_is_struck_out_or_no_more_moves_it():
    reader = Reader()
    said, taken_back = (TEXT.replace("3 hurt", words) for words in ("3 hurt", "<s>3 hurt</s>"))
    dates = [reader.sees(text)[0] for text in (said, taken_back, said)]
    assert len(set(dates)) == 3


def test_another_title_moves_it():
    reader = Reader()
    assert reader.sees(TEXT)[0] != reader.sees(TEXT, title="Post 1 of alder, corrected")[0]


def test_another_file_moves_it_and_another_token_of_it_does_not():
    reader, file = Reader(), "<link rel='enclosure' type='audio/mpeg' href='https://alder.example/{}.mp3?token={}'/>"
    first, second, third = (reader.sees(TEXT, more) for more in ("", file.format("a", 1), file.format("a", 2)))
    assert first[0] != second[0] == third[0]
    assert second[1] != third[1], "who downloads it needs the new one"
    counted = file.replace("https://", "http://count.example/redirect.mp3/")
    fourth = reader.sees(TEXT, counted.format("a", 2))
    assert fourth[0] == third[0], "who counts its downloads is no other file"
    assert fourth[1] != third[1]
    assert reader.sees(TEXT, counted.format("b", 2))[0] != third[0]


def test_an_edit_brings_the_counter_of_its_day_along():
    reader = Reader()
    reader.sees(TEXT + "<p>3 views</p>")
    assert b"5 views" not in reader.sees(TEXT + "<p>5 views</p>")[1]
    assert b"9 views" in reader.sees(TEXT.replace("3 hurt", "5 hurt") + "<p>9 views</p>")[1]


def test_an_advertisement_that_holds_the_text_hides_no_edit_of_it():
    wrapped = f"<div class='ad-container'>{TEXT}</div>"
    assert without_advertisements(wrapped) == wrapped
    reader = Reader()
    assert reader.sees(wrapped)[0] != reader.sees(wrapped.replace("3 hurt", "5 hurt"))[0]


EXCERPT = "<p>A fire in the old harbour left […]</p><p><a href='https://alder.example/2026/post-1'>Continue reading</a></p>"


def as_rss(text: str, described: str = "") -> bytes:
    """What `Reader.sees` reads as Atom, as RSS: its text as the description, or beside one."""
    one = post("alder")
    content = f"<content:encoded>{escape(text)}</content:encoded>" if described else ""
    return (
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>The Alder</title>"
        f"<link>https://alder.example/</link><item><title>{one.title}</title><link>{one.link}</link><guid>{one.id}</guid>"
        "<pubDate>Sun, 01 Nov 2026 11:00:00 GMT</pubDate>"
        f"<description>{escape(described or text)}</description>{content}</item></channel></rss>"
    ).encode()


def test_words_that_change_their_place_with_the_format_are_no_change():
    reader = Reader()
    whole = f"<summary type='html'>{escape(EXCERPT)}</summary>"
    seen = [reader.sees(TEXT), reader.reads(as_rss(TEXT)), reader.reads(as_rss(TEXT, EXCERPT)), reader.sees(TEXT, whole), reader.sees(TEXT)]
    assert len({date for date, _ in seen}) == 1
    ((_, (told,)),) = reader.planet.store.find(post("alder").link)
    assert len(reader.planet.store.versions(told.pk)) == 1


def test_a_change_of_words_moves_the_date_wherever_they_stand():
    reader = Reader()
    corrected = TEXT.replace("3 hurt", "5 hurt")
    teaser = "<p>Who let the lamps burn? An inquiry.</p>"
    seen = [reader.sees(TEXT), reader.reads(as_rss(corrected)), reader.reads(as_rss(corrected, teaser)), reader.reads(as_rss(EXCERPT))]
    assert len({date for date, _ in seen}) == 4
    ((_, (told,)),) = reader.planet.store.find(post("alder").link)
    found = [[(one.before, one.after) for one in edit.changes] for edit in edits(reader.planet.store.versions(told.pk))]
    assert found[0] == [("3", "5")]
    assert found[1] == [(None, "Who let the lamps burn? An inquiry.")]
