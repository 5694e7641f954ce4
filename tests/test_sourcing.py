"""`strip: [auto]` and credits: what may say that a text is another's stays, however often it is repeated; pleas, rules and shares go."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from aggregator.model import Hop, RawEntry, RawFeed, RawText
from aggregator.refine import normalize
from aggregator.refine.context import Context
from aggregator.web.services import is_channel, sharing
from aggregator.web.text import folded_name, visible_text
from tests.test_normalize import feed_context
from tests.test_repeated import body as words

CW = '<a href="https://claimed-wire.example/">Claimed Wire</a>'
PAGE = "https://blog.example/2026/{}/a-day"


def body(number: int) -> str:
    return words(number) * 3


def left(tails: Sequence[str], context: Context | None = None, heads: Sequence[str] = ("",) * 4) -> list[str]:
    """What is left behind the text of the first entry of a feed whose entries end in these blocks."""
    entries = tuple(
        RawEntry(
            id=f"urn:entry:{number}",
            link=PAGE.format(number),
            title=RawText(value=f"Post {number}"),
            contents=(RawText(value=head + body(number) + tail, type="html"),),
        )
        for number, (head, tail) in enumerate(zip(heads, tails, strict=True))
    )
    made = normalize.entries(RawFeed(version="rss20", entries=entries), context or feed_context(strip=("auto",)))
    content = str(made[0].content if made[0] else "")
    assert body(0) in content
    return [part for part in content.split(body(0)) if part.strip()]


def every(block: str) -> list[str]:
    """The same block in all entries; {page} is the entry's own address, {carried} that address within another one, {n} its number."""
    pages = [PAGE.format(number) for number in range(4)]
    carried = [page.replace(":", "%3A").replace("/", "%2F") for page in pages]
    return [
        block.replace("{page}", p).replace("{carried}", c).replace("{n}", str(n))
        for n, (p, c) in enumerate(zip(pages, carried, strict=True))
    ]


# ── what stays ──


@pytest.mark.parametrize(
    "credit",
    [
        "Source: {}",
        "Via {}",
        "Syndicated by {}",
        "Distributed by {}",
        "{}",
        "Story provided by {}.",
        "This article comes courtesy of {}.",
        "I wrote this for {} and am reposting it here.",
        "Originally at {}.",
        "A story of our partner {}.",
        "Support {}, whose story this is.",
        "Quelle: {}",
        "Mit Material von {}",
        "Ce texte est paru dans {} ; nous le reproduisons.",
        "Artículo cedido por {}.",
        "Zdroj: {}",
        "文章：{}",
    ],
)
def test_a_link_to_another_site_stays(credit: str) -> None:
    assert [visible_text(part) for part in left(every(f"<p>{credit.format(CW)}</p>"))] == [credit.format("Claimed Wire")]


# A line a language of sentences of origin: none of them is one.
SOURCES = """
Source: Talblatt|Quelle: Talblatt|Fuente: Talblatt|Source : Talblatt|Fonte: Talblatt|Bron: Talblatt
Font: Talblatt|Sursa: Talblatt|Källa: Talblatt|Kilde: Talblatt|Kjelde: Talblatt|Heimild: Talblatt
Lähde: Talblatt|Źródło: Talblatt|Zdroj: Talblatt|Forrás: Talblatt|Източник: Талблат|Источник: Талблат
Джерело: Талблат|Извор: Талблат|Izvor: Talblatt|Vir: Talblatt|Πηγή: Talblatt|Kaynak: Talblatt|المصدر: الوادي
מקור: העמק|منبع: روزنامه|स्रोत: घाटी|সূত্র: উপত্যকা|Sumber: Talblatt|Nguồn: Talblatt|ที่มา: หุบเขา|来源：谷报|來源：谷報
出典：谷の新聞|출처: 골짜기 신문|Iturria: Talblatt|Allikas: Talblatt|Avots: Talblatt|Šaltinis: Talblatt"""


@pytest.mark.parametrize("line", SOURCES.strip().splitlines())
def test_a_source_without_a_link_stays_in_any_language(line: str) -> None:
    lost = [credit for credit in line.split("|") if not left(every(f"<p>{credit}</p>"))]
    assert lost == []


@pytest.mark.parametrize(
    "credit",
    [
        "Reprinted from the Claimed Wire with thanks.",
        "Via Talblatt",
        "(via Talblatt)",
        "(Claimed Wire)",
        "— Claimed Wire",
        "Courtesy of Talblatt",
        "Via talblatt.example",
        "h/t Talblatt",
        "Story: Talblatt",
        "Thanks to Talblatt for this story",
        "The Claimed Wire, https://claimed-wire.example/",
        'The <a href="https://blog.example/out?to=https%3A%2F%2Fclaimed-wire.example%2F">Claimed Wire</a>',
        "originally posted on Talblatt in a thread of mine",
        "Syndicated column of Talblatt",
        "From the Claimed Wire",
        "Dieser Beitrag wurde vom Talblatt übernommen.",
        "Mit freundlicher Genehmigung des Talblatts",
        "Con permiso de La Voz.",
        "Repris de La Vallée avec son accord.",
        "Za zgodą Gazety Dolnej",
        "Перепечатано из Газеты",
        "转载自《谷报》",
        'Source: <a href="https://social.example/@wire">Claimed Wire</a>',
        'A story by <a href="https://www.facebook.com/wire">Claimed Wire</a>',
        'Via Talblatt. Support us on <a href="https://www.patreon.com/blog">Patreon</a>',
        "(Claimed Wire) —",
        "Claimed Wire / Zed",
        "Zpracováno podle ČTK",
        'Follow <a href="https://twitter.com/claimedwire">Claimed Wire</a>, who wrote this.',
        "All texts may be copied with credit to the author.",
        "This material may not be published, broadcast, rewritten or redistributed.",
    ],
)
def test_words_for_a_source_stay(credit: str) -> None:
    assert left(every(f"<p>{credit}</p>"))


@pytest.mark.parametrize("credit", [f"Source: {CW}", f"Originally at {CW}", "Source: Claimed Wire", "Text under CC BY 4.0."])
def test_no_row_of_buttons_goes_that_carries_a_credit_or_a_licence(credit: str) -> None:
    row = '<div class="sharedaddy"><p>{}</p><a href="https://twitter.com/share?url={{page}}">Tweet</a></div>'
    assert visible_text(credit) in visible_text("".join(left(every(row.format(credit)))))
    assert left(every(row.format("Share this:"))) == []
    assert (
        left(every('<div class="related-posts"><p>Related</p><ul><li><a href="https://blog.example/2">On hedges</a></li></ul></div>')) == []
    )


def test_the_name_of_a_known_publisher_stays_and_the_feeds_own_does_not() -> None:
    known = {folded_name("Claimed Wire"): Hop(name="Claimed Wire", site="claimed-wire.example")}
    context = replace(feed_context(strip=("auto",)), known=known)
    assert left(every("<p>Claimed Wire</p>"), context)
    assert not left(every("<p>Greetings from Blog, as ever</p>"), context)


# ── what goes ──


@pytest.mark.parametrize(
    "block",
    [
        "Support our newsroom: become a member today and read without ads.",
        "Please be kind in the comments; we delete insults.",
        "Thanks for reading! Subscribe for free to receive new posts.",
        "Reply via email",
        "Thanks to all who support us on Patreon.",
        "By us at blog.example, for https://blog.example/ and its readers",
        "Unterstütze uns mit einer Spende über PayPal.",
        "Bitte bleibt in den Kommentaren freundlich.",
        "Soutenez-nous par un don, les commentaires sont modérés.",
        "Apoya nuestro trabajo con una donación mensual.",
        "Поддержите нас и подпишитесь на рассылку.",
        "最後までお読みいただきありがとうございました。",
        "This site is open source; so are its comments.",
        'Support us on <a href="https://www.patreon.com/blog">Patreon</a> or <a href="https://ko-fi.com/blog">Ko-fi</a>.',
        'Give by <a href="https://paypal.me/blog">PayPal</a> or <a href="https://steadyhq.com/blog">Steady</a>.',
        'Follow us on <a href="https://social.example/@blog">Mastodon</a> and <a href="https://www.facebook.com/blog">Facebook</a>.',
        'Subscribe in <a href="https://podcasts.apple.com/podcast/id1">Apple Podcasts</a> or <a href="https://overcast.fm/itunes1">Overcast</a>.',
        'Find us on <a href="https://open.spotify.com/show/1">Spotify</a> and <a href="https://www.youtube.com/@blog">YouTube</a>.',
        'Get it by mail: <a href="https://blog.us1.list-manage.com/subscribe?u=1">newsletter</a>, or <a href="/feed.xml">by feed</a>.',
        'Write to <a href="mailto:us@blog.example?subject=Re:%20{n}">us at the blog</a>.',
    ],
)
def test_pleas_rules_and_ways_to_follow_go(block: str) -> None:
    assert left(every(f"<p>{block}</p>")) == []


@pytest.mark.parametrize(
    "row",
    [
        '<p>Share this: <a href="https://twitter.com/share?u={page}">Tweet</a> <a href="https://facebook.com/sharer?u={carried}">Share</a></p>',
        '<p>Share: <a href="https://x.com/share?text={n}&amp;url={carried}">X</a>, <a href="mailto:?subject={n}">mail</a></p>',
        '<p>Share “Post {n}” on <a href="https://x.com/share?url={page}">X</a></p>',
        '<p>Share: <a href="https://unheard-of.example/new?url={carried}">Unheard</a>, <a href="{page}">link to this post</a></p>',
        '<ul><li><a href="https://facebook.com/sharer?u={page}">Facebook</a></li><li><a href="https://x.com/share?url={page}">X</a></li></ul>',
    ],
)
def test_a_row_that_shares_the_entry_goes_whatever_it_carries(row: str) -> None:
    assert left(every(row)) == []


@pytest.mark.parametrize(
    "link",
    [
        '<p><a href="{page}">Read the whole story</a></p>',
        '<p><a href="https://blog.example/{n}.mp3">Download this episode</a></p>',
        '<p>Read it at <a href="https://claimed-wire.example/?ref={n}">Claimed Wire</a></p>',
        '<p>Is this new? Save <a href="https://claimed-wire.example/">Claimed Wire</a> | <a href="https://x.com/share?url={page}">Share</a></p>',
    ],
)
def test_other_links_make_no_share_row(link: str) -> None:
    assert left(every(link))


SIX = """<p>Support our newsroom: become a member today and read without ads.</p><p>Please be kind in the comments; we delete insults.</p>
<p>Follow us on <a href="https://social.example/@blog">Mastodon</a> and tell a friend.</p><p>Have a tip? Write to the desk.</p>
<p>Our journalism is funded by readers like you since 2004.</p><p>Advertise with us: ask for the rate card.</p>"""


def test_a_long_footer_goes_whole_and_a_credit_within_it_stays() -> None:
    assert left([SIX] * 4) == []
    assert left([""] * 4, heads=[SIX] * 4) == []
    (kept,) = left([SIX.replace("<p>Have", f"<p>Source: {CW}</p><p>Have")] * 4)
    assert visible_text(kept) == "Source: Claimed Wire"


def test_a_footer_is_not_followed_into_the_text() -> None:
    deep = "<p>Written with care, as always.</p>" + "".join(f"<p>Line {n} of this {{n}}. list says more.</p>" for n in range(4)) + SIX
    assert [part.count("<p>") for part in left(every(deep))] == [5]


def test_services_are_known_by_host_and_path() -> None:
    assert sharing("https://m.facebook.com/sharer/sharer.php?u=x") == "facebook.com/sharer"
    assert not any(map(sharing, ("https://notfacebook.com/sharer", "https://facebook.com/sharers-of-news")))
    asked = ("https://github.com/ann", "https://github.com/ann/project", "https://medium.com/@ann", "https://claimed-wire.example/")
    assert [*map(is_channel, asked)] == [True, False, False, False]
