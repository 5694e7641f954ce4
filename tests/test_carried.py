"""What podcasts and places are made of comes through: from a publisher's feed into all three formats, and out of them again."""

import pytest

from aggregator.collect.parse import read
from aggregator.model import Element, Enclosure, Entry
from aggregator.publish.jsonfeed import json_feed
from aggregator.publish.syndication import atom, rss
from aggregator.refine import normalize
from aggregator.web.url import link
from tests import makers as make
from tests.fakes import document

PODCAST = """<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0"
 xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#" xmlns:georss="http://www.georss.org/georss" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Harbour Talk</title><link>https://blog.example/</link><itunes:image href="https://blog.example/cover.jpg"/>
<itunes:explicit>false</itunes:explicit>{}</channel></rss>"""
EPISODE = """<item><guid isPermaLink="false">tag:blog.example,2026:1</guid><link>https://blog.example/1</link><title>One</title>
<dc:contributor>Bo Sand</dc:contributor><comments>https://blog.example/1/talk</comments>
<enclosure url="https://blog.example/1.mp3" length="1234567" type="audio/mpeg"/>
<itunes:duration>1:02:03</itunes:duration><itunes:season>2</itunes:season><itunes:episode>07</itunes:episode>
<itunes:episodeType>full</itunes:episodeType>
<podcast:transcript url="/1.vtt" type="text/vtt" language="en"/><podcast:transcript url="/1.srt" type="application/srt"/>
<podcast:chapters url="/1.json" type="application/json+chapters"/>
<podcast:person role="guest" img="https://blog.example/jo.jpg">Jo Roe</podcast:person><podcast:person>Al Fen</podcast:person>
<podcast:alternateEnclosure type="audio/opus" length="9" default="true"><podcast:source uri="https://blog.example/1.opus"/>
<podcast:integrity type="sri" value="sha384-abc="/></podcast:alternateEnclosure>
<geo:lat>59.9</geo:lat><geo:long>10.75</geo:long><description>Words.</description></item>"""


def entries(body: str | bytes) -> list[Entry]:
    found = document(body)
    raw = read(found)
    head = normalize.head(raw, found.url)
    context = normalize.context(make.spec(), "key-blog", head, found.url)
    return [entry for entry in normalize.entries(raw, context) if entry]


def episode(inner: str) -> Entry:
    (entry,) = entries(PODCAST.format(f"<item><guid>tag:blog.example,2026:1</guid><title>One</title>{inner}</item>"))
    return entry


def texts(entry: Entry) -> dict[str, str | None]:
    return {element.name: element.text for element in entry.carried}


@pytest.mark.parametrize("write", [atom, rss, json_feed])
def test_an_episode_comes_through_whole_and_is_read_back_the_same(write: object) -> None:
    (entry,) = entries(PODCAST.format(EPISODE))
    names = [element.name.partition(":")[2] for element in entry.carried]
    assert names == (
        "duration season episode episodeType transcript transcript chapters person person alternateEnclosure point explicit".split()  # noqa: SIM905
    )
    assert entry.carried[4] == Element(
        name="podcast:transcript", attributes=(("url", "https://blog.example/1.vtt"), ("type", "text/vtt"), ("language", "en"))
    )
    item = make.item(
        carried=entry.carried,
        enclosures=entry.enclosures,
        thumbnail=entry.thumbnail,
        contributors=entry.contributors,
        comments=entry.comments,
    )
    (back,) = entries(write(make.edition(item)))  # type: ignore[operator]
    assert sorted(map(repr, back.carried)) == sorted(map(repr, entry.carried))
    assert [one.name for one in back.contributors] == ["Bo Sand"]
    assert (back.thumbnail, back.comments) == (entry.thumbnail, entry.comments)
    assert back.enclosures == entry.enclosures
    assert entry.enclosures[0].duration_s == 3723


def test_an_episode_without_its_own_has_the_picture_and_the_rating_of_its_podcast() -> None:
    sound = '<enclosure url="https://blog.example/1.mp3" length="1" type="audio/mpeg"/>'
    assert episode(sound).thumbnail == "https://blog.example/cover.jpg"
    assert texts(episode(sound)) == {"itunes:explicit": "false"}
    assert texts(episode(f"{sound}<itunes:explicit>yes</itunes:explicit>")) == {"itunes:explicit": "true"}
    assert (episode("").thumbnail, episode("").carried) == (None, ())


def test_what_is_no_address_no_number_or_not_to_be_carried_is_left_out() -> None:
    inner = """<podcast:chapters url="javascript:alert(1)" type="application/json"/><podcast:transcript url="https://blog.example/1.vtt"/>
    <podcast:person href="data:text/html,x">Jo Roe</podcast:person><itunes:duration>an hour</itunes:duration>
    <podcast:value type="lightning"><podcast:valueRecipient address="somebody" split="100"/></podcast:value>
    <georss:point>95 10</georss:point><itunes:episode>-1</itunes:episode><podcast:person>Jo <b>Roe</b></podcast:person>"""
    assert episode(inner).carried[0] == Element(name="podcast:person", text="Jo Roe")
    assert {element.name for element in episode(inner).carried} <= {"podcast:person", "itunes:explicit"}


@pytest.mark.parametrize(
    "place",
    [
        "<georss:point>59.9 10.75</georss:point>",
        "<georss:point>59.9, 10.75</georss:point>",
        "<geo:Point><geo:lat>59.9</geo:lat><geo:long>10.75</geo:long></geo:Point>",
        '<georss:where xmlns:gml="http://www.opengis.net/gml"><gml:Point><gml:pos>59.9 10.75</gml:pos></gml:Point></georss:where>',
    ],
)
def test_a_place_is_told_in_one_form_whatever_form_it_came_in(place: str) -> None:
    assert texts(episode(place)) == {"georss:point": "59.9 10.75"}


def test_what_plays_is_the_one_enclosure_that_players_take_whatever_stands_before_it() -> None:
    picture = Enclosure(url=link("https://blog.example/1.png"), type="image/png", length=7)
    sound = Enclosure(url=link("https://blog.example/1.mp3"), type="audio/mpeg", length=9)
    body = rss(make.edition(make.item(enclosures=(picture, sound)))).decode()  # type: ignore[arg-type]
    assert '<enclosure url="https://blog.example/1.mp3" length="9" type="audio/mpeg"/>' in body
    assert '<media:content url="https://blog.example/1.png" type="image/png" fileSize="7"/>' in body


def test_a_merged_podcast_says_what_players_ask_of_it_and_keeps_directories_away() -> None:
    (entry,) = entries(PODCAST.format(EPISODE))
    item = make.item(carried=entry.carried, enclosures=entry.enclosures)
    body = rss(make.edition(item, spec=make.output("rss.xml", image="https://planet.example.org/cover.png"))).decode()
    channel = body.partition("<item>")[0]
    assert "<itunes:explicit>false</itunes:explicit>" in channel
    assert "<itunes:block>yes</itunes:block>" in channel
    assert '<itunes:image href="https://planet.example.org/cover.png"/>' in channel
    assert "itunes:block" not in rss(make.edition(item, noindex=False)).decode()
    assert "<itunes:" not in rss(make.edition(make.bare_item())).decode()
