"""What subscribers see of articles that say nearly the same: two, if they are two; one, if one is a copy of the other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.planet import NOON, Planet, Post, atom, older

_SYLLABLES = ("ba", "do", "ke", "li", "mu", "na", "ro", "si", "tu", "ve", "za", "po", "gi")


def words(seed: int, count: int) -> str:
    """Neutral words that nobody writes, other ones for every seed."""
    state, found = seed * 7919 + 17, []
    for _ in range(count):
        state = (state * 1_103_515_245 + 12_345) % 2**31
        found.append("".join(_SYLLABLES[(state >> shift) % len(_SYLLABLES)] for shift in (5, 11, 17)))
    return " ".join(found)


def paragraph(seed: int, count: int) -> str:
    return f"<p>{words(seed, count)}.</p>"


NOTES, ARTICLE = paragraph(1, 150), paragraph(2, 200)
DAY = timedelta(days=1)
Told = tuple[str, str, timedelta]
# What stands below every episode of a show, or instead of an article that only members may read.
STANDING = f"<p>{words(30, 20)}. Write letters, or listen to the archive with music by Ann Larch. {words(31, 40)}.</p>"


def told(title: str, text: str, ago: timedelta = timedelta(hours=1)) -> Told:
    return title, text, ago


# Scripts without capital letters, of which some do not part words either: place, person and number are filled in.
JOB = (
    "{0}分公司现招聘{1}一名，要求大专以上学历，两年以上工作经验，有责任心，沟通能力强。公司提供五险一金，"
    "带薪年假，节日福利。工作地点：{0}。有意者请将简历发送至人力资源部邮箱，合适者将电话通知面试。"
)
WEATHER = (
    "พยากรณ์อากาศวันนี้ {0} มีฝนฟ้าคะนองร้อยละ {1} ของพื้นที่ อุณหภูมิสูงสุด {2} องศา ลมตะวันตกเฉียงใต้ "
    "ความเร็ว 20 กิโลเมตรต่อชั่วโมง ขอให้ประชาชนระวังอันตรายจากฝนที่ตกหนัก"
)
NOTICE = (
    "انتقل إلى رحمة الله تعالى {0} عن عمر يناهز {1} عاما بعد صراع مع المرض وسيشيع جثمانه ظهر اليوم في مقبرة {2} "
    "وتقبل التعازي في منزل العائلة لمدة ثلاثة أيام للرجال والنساء"
)
LIBRARY = (
    "昨日，市中心的老图书馆经过三年的改造后重新开放。馆内新设了宽敞的儿童阅览室和安静的自习室。"
    "开馆仪式吸引了许多市民前来参观，馆长表示，希望这里成为书与人相遇的地方。"
)

TWO: dict[str, tuple[Told, Told]] = {
    "Chinese advertisements": (told("招聘启事", JOB.format("广州", "会计")), told("招聘启事", JOB.format("成都", "司机"))),
    "Thai weather": (told("พยากรณ์อากาศ", WEATHER.format("กรุงเทพ", 40, 33)), told("พยากรณ์อากาศ", WEATHER.format("เชียงใหม่", 60, 29))),
    "Arabic notices": (
        told("إعلان وفاة في العائلة", NOTICE.format("أحمد محمود", "ثمانين", "القاهرة")),
        told("إعلان وفاة في العائلة", NOTICE.format("خالد يوسف", "سبعين", "الإسكندرية")),
    ),
    "press releases with one notice below": (
        told("Cedar Group opens a plant", paragraph(3, 30) + paragraph(4, 110)),
        told("Cedar Group has a new chair", paragraph(5, 30) + paragraph(4, 110)),
    ),
    "press releases of one title": (
        told("Cedar Group news", paragraph(3, 30) + paragraph(4, 110)),
        told("Cedar Group news", paragraph(5, 30) + paragraph(4, 110)),
    ),
    "episodes with one text": (told("Ann Larch on lanterns", NOTES), told("Bob Fir on ridges", NOTES)),
    "one title again after a month": (told("Bonus episode", NOTES, 30 * DAY), told("Bonus episode", NOTES)),
    "one form with another place": (
        told("Baker wanted", paragraph(6, 120) + "<p>Place: Larchfield</p>"),
        told("Baker wanted", paragraph(6, 120) + "<p>Place: Fircombe</p>"),
    ),
    "the same title another year": (
        told("Call for papers", "<p>The meeting will be held in 2025.</p>" + paragraph(7, 80)),
        told("Call for papers", "<p>The meeting will be held in 2026.</p>" + paragraph(7, 80)),
    ),
    "the same title and text a year later": (
        told("Call for papers", paragraph(7, 80), 365 * DAY),
        told("Call for papers", paragraph(7, 80)),
    ),
    "days of the week": (told("Market report Monday", paragraph(8, 60)), told("Market report Tuesday", paragraph(8, 60))),
    "episodes whose titles have words of what stands below each": (told("Episode: Letters", STANDING), told("Episode: Music", STANDING)),
    "episodes of which one is named after who is thanked below each": (
        told("Ann Larch returns", STANDING),
        told("Clara Elm on ships", STANDING),
    ),
    "closed articles of two titles": (told("What winter teaches", STANDING), told("The archive of doubt", STANDING)),
    "letters of two weeks": (told("This week in letters", STANDING), told("This week in music", STANDING)),
    "channels of a program": (
        told("Alder stable update", paragraph(8, 60) + "<p>now 121.0.1</p>"),
        told("Alder beta update", paragraph(8, 60) + "<p>now 122.0.1</p>"),
    ),
}
MOVES = f"<p>The traders say that it moves. {words(9, 90)}.</p>"
WARNING = "<p>Snow in {} county. {} It falls from {} to {} inches deep, with winds of {} miles. {}</p>"
OBITUARY = "<p>{}, 84, of Larch, died at home. {}</p>"
FORMS: dict[str, tuple[Told, Told]] = {
    "warnings for two counties": (
        told("Storm watch for the weekend", WARNING.format("Larch", words(20, 80), 5, 9, 40, words(21, 80))),
        told("Storm watch for the weekend", WARNING.format("Fir", words(20, 80), 8, 14, 55, words(21, 80))),
    ),
    "results of two quarters": (
        told(
            "Cedar Group reports its quarterly results",
            f"<p>LARCH, Aug 5. {words(22, 90)} 412.3 {words(23, 90)} 31.2 million.</p>{paragraph(24, 40)}",
            88 * DAY,
        ),
        told(
            "Cedar Group reports its quarterly results",
            f"<p>LARCH, Nov 1. {words(22, 90)} 455.9 {words(23, 90)} 38.8 million.</p>{paragraph(24, 40)}",
        ),
    ),
    "a program's two holes": (
        told("Security update for Lantern", f"<p>No. 2026-1111. {words(25, 190)} Mended in 2.3.1.</p>", 20 * DAY),
        told("Security update for Lantern", f"<p>No. 2026-2222. {words(25, 190)} Mended in 2.3.4.</p>"),
    ),
    "obituaries of two people of one age": (
        told("Obituary notice from Larch", OBITUARY.format("Ann Baker", words(26, 70))),
        told("Obituary notice from Larch", OBITUARY.format("Bob Cooper", words(26, 70))),
    ),
}
TWO |= FORMS
ACROSS: dict[str, tuple[Told, Told]] = {
    "a default text": (told("Hello there!", paragraph(9, 16)), told("Hello there!", paragraph(9, 16))),
    "a version's usual notes": (told("v1.2.0", paragraph(9, 18)), told("v1.2.0", paragraph(9, 18))),
    "a default text with names": (
        told("Coming soon", f"<p>This is Alder, a new site by Ann. {words(10, 40)}.</p>"),
        told("Coming soon", f"<p>This is Birch, a new site by Bob. {words(10, 40)}.</p>"),
    ),
    "an answer around a quotation": (
        told("On harbours", ARTICLE),
        told("Against harbours", f"{paragraph(11, 60)}<p>They write: \u201c{words(2, 200)}.\u201d</p>{paragraph(12, 80)}"),
    ),
    "an answer around an unmarked quotation": (
        told("On harbours", ARTICLE),
        told("Against harbours", paragraph(11, 40) + ARTICLE + paragraph(12, 180)),
    ),
}
ONE: dict[str, tuple[Told, Told]] = {
    "a Chinese article, a word edited and a line added": (
        told("老图书馆重新开放", LIBRARY),
        told("老图书馆重新开放", LIBRARY.replace("许多", "大量") + "来源：桤木报"),
    ),
    "a copy with lines around it": (
        told("On harbours", ARTICLE),
        told("On harbours", paragraph(11, 30) + ARTICLE + paragraph(12, 40), timedelta(0)),
    ),
    "lines of each site below": (
        told("What the harbours are for", ARTICLE + paragraph(11, 40)),
        told("What the harbours are for", ARTICLE + paragraph(12, 50)),
    ),
    "a beginning": (told("On harbours", ARTICLE), told("On harbours", paragraph(2, 50))),
    "an edited copy under another title": (
        told(f"Why {words(2, 2)}", ARTICLE),
        told("All about it", ARTICLE.replace(words(2, 200).split()[90], "edited").replace(words(2, 200).split()[140], "again")),
    ),
    "an edited headline above few words": (
        told("Harbour market moves inland after storm", MOVES),
        told("Harbour market to move inland after the storm", MOVES),
    ),
    "a beginning that each site signs": (
        told("What the harbours are for", f"<p>{words(9, 90)}. The article appeared first on Alder Times.</p>"),
        told("What the harbours are for", f"<p>{words(9, 90)}. The article appeared first on Birch Post.</p>"),
    ),
    "figures and a name that were corrected": (
        told("What the harbours are for", f"<p>{words(9, 90)} 12 {words(10, 60)} Larch 1984 {words(11, 60)} 17 and 90.</p>"),
        told("What the harbours are for", f"<p>{words(9, 90)} 13 {words(10, 60)} Fircombe 1984 {words(11, 60)} 17 and 90.</p>"),
    ),
    "a short notice under its own title": (
        told("Harbour market moves inland", paragraph(9, 20)),
        told("Harbour market moves inland", paragraph(9, 20)),
    ),
    "speech that both have": (
        told("On harbours", f"{paragraph(11, 90)}<p>\u201c{words(12, 90)}\u201d</p>"),
        told("On harbours", f"{paragraph(11, 90)}<p>\u201c{words(12, 90)}\u201d</p>"),
    ),
}


def shown(one: Told, other: Told, pages: tuple[str, str], source: str | None = None) -> int:
    """How many of two articles subscribers see: one came in the feed `birch`, the other in `alder`."""
    planet = Planet("birch", "alder")
    first, second = (
        Post(title=title, link=page, text=text, at=NOON - ago) for (title, text, ago), page in zip((one, other), pages, strict=True)
    )
    rest = {feed: older(feed, 1) for feed in ("birch", "alder")}
    planet.polls(
        {"birch": atom("birch", [replace(first, source=source), *rest["birch"]]), "alder": atom("alder", [second, *rest["alder"]])}
    )
    return len(planet.publishes()) - 2


def test_articles_that_look_alike_are_shown_both() -> None:
    apart = ("https://birch.example/a/one", "https://alder.example/a/two")
    hidden = [name for name, (one, other) in (TWO | ACROSS).items() if shown(one, other, apart) != 2]
    assert not hidden, f"of two articles of two sites one is hidden: {', '.join(hidden)}"


def test_two_pages_of_one_publisher_are_shown_both_though_one_came_through_a_planet() -> None:
    pages = ("https://alder.example/a/one", "https://alder.example/a/two")
    hidden = [
        f"{name} ({'with' if source else 'without'} atom:source)"
        for name, (one, other) in TWO.items()
        for source in (None, "alder")
        if shown(one, other, pages, source) != 2
    ]
    named = told(f"On {words(2, 1)}", ARTICLE), told("On ridges", ARTICLE)
    hidden += ["one text under two titles"] if shown(*named, pages) != 2 else []
    assert not hidden, f"of two articles of one publisher one is hidden: {', '.join(hidden)}"


def test_copies_are_shown_once() -> None:
    apart = ("https://birch.example/a/one", "https://alder.example/a/two")
    twice = [name for name, (one, other) in ONE.items() if shown(one, other, apart) != 1]
    assert not twice, f"an article is shown beside its copy: {', '.join(twice)}"


def test_an_article_under_two_addresses_of_its_publisher_is_shown_once() -> None:
    article = told("On harbours", ARTICLE)
    assert shown(article, article, ("https://alder.example/old/7", "https://alder.example/on-harbours"), "alder") == 1


def test_a_comment_on_a_page_is_not_that_page() -> None:
    page = "https://alder.example/ridges"
    assert shown(told("Comment on Ridges by Ann", paragraph(13, 12)), told("Ridges", ARTICLE), (page, page)) == 2


@pytest.mark.parametrize("picked", [1, 2])
@pytest.mark.parametrize("own_id", [False, True])
def test_two_posts_on_one_page_stay_two_when_a_planet_takes_one_of_them_up(picked: int, own_id: bool) -> None:
    """Without words, as comments and events come: only ids and titles tell them apart, and whose copy it is."""
    page, planet = "https://alder.example/events", Planet("alder", "planet")
    both = [Post(title=f"The {name} of {name} street", link=page, id=f"tag:alder.example,2026:{name}") for name in ("fair", "market")]
    planet.polls({"alder": atom("alder", [*both, *older("alder", 1)]), "planet": atom("planet", older("planet", 1))})
    given = {item["id"]: item["title"] for item in planet.publishes()}
    planet.later()
    of = both[picked - 1]
    copy = replace(of, source="alder", **({"id": "tag:planet.example,2026:1", "title": f"Alder: {of.title}"} if own_id else {}))
    planet.polls({"planet": atom("planet", [copy, *older("planet", 1)])})
    assert {item["id"]: item["title"] for item in planet.publishes()} == given
    ((_, members),) = [found for found in planet.store.find(page) if len(found[1]) > 1]
    assert {member.entry.title.text.removeprefix("Alder: ") for member in members if member.entry.title} == {of.title}
