"""Players in frames lead to the pages of what they play."""

import pytest

from aggregator.model import SafeHtml
from aggregator.refine.markup import clean_html, outward
from aggregator.web.players import page_of

PLAYERS = [
    ("https://www.youtube.com/embed/aqz-KE_bpKQ?feature=oembed", "https://www.youtube.com/watch?v=aqz-KE_bpKQ"),
    ("https://www.youtube-nocookie.com/embed/aqz-KE_bpKQ?rel=0&start=75", "https://www.youtube.com/watch?v=aqz-KE_bpKQ&t=75s"),
    ("http://www.youtube.com/v/aqz-KE_bpKQ&hl=en&fs=1", "https://www.youtube.com/watch?v=aqz-KE_bpKQ"),
    ("https://www.youtube.com/embed/videoseries?list=PLx1", "https://www.youtube.com/playlist?list=PLx1"),
    ("https://player.vimeo.com/video/76979871?dnt=1&app_id=122963", "https://vimeo.com/76979871"),
    ("https://player.vimeo.com/video/76979871?h=8272103f6e&dnt=1", "https://vimeo.com/76979871/8272103f6e"),
    ("https://geo.dailymotion.com/player/xb1.html?video=x8abc", "https://www.dailymotion.com/video/x8abc"),
    (
        "https://w.soundcloud.com/player/?visual=true&url=https%3A%2F%2Fsoundcloud.com%2Fharbour%2Fwaves&color=ff5500",
        "https://soundcloud.com/harbour/waves",
    ),
    (
        "https://open.spotify.com/embed/episode/4rOoJ6Egrf8K2IrywzwOMk?utm_source=oembed",
        "https://open.spotify.com/episode/4rOoJ6Egrf8K2IrywzwOMk",
    ),
    (
        "https://open.spotify.com/embed/user/harbour/playlist/37i9dQZF1DX4sWSpwq3LiO",
        "https://open.spotify.com/playlist/37i9dQZF1DX4sWSpwq3LiO",
    ),
    (
        "https://embed.podcasts.apple.com/us/podcast/tides/id1?i=1000&theme=light",
        "https://podcasts.apple.com/us/podcast/tides/id1?i=1000",
    ),
    (
        "https://www.facebook.com/plugins/video.php?height=314&href=https%3A%2F%2Fwww.facebook.com%2Fharbour%2Fvideos%2F1%2F&show_text=false",
        "https://www.facebook.com/harbour/videos/1/",
    ),
    ("https://www.mixcloud.com/widget/iframe/?hide_cover=1&feed=%2Fharbour%2Fwaves%2F", "https://www.mixcloud.com/harbour/waves/"),
    ("https://w.soundcloud.com/player/?url=https%3A//soundcloud.com/harbour/waves", "https://soundcloud.com/harbour/waves"),
    ("https://player.twitch.tv/?video=v123&parent=blog.example", "https://www.twitch.tv/videos/123"),
    (
        "https://town.example/media/oembed?url=https%3A//www.youtube.com/watch%3Fv%3Daqz-KE_bpKQ&max_width=0&hash=x",
        "https://www.youtube.com/watch?v=aqz-KE_bpKQ",
    ),
    ("https://archive.org/embed/tide-tables-1901", "https://archive.org/details/tide-tables-1901"),
    ("https://player.bilibili.com/player.html?isOutside=true&aid=1&bvid=BV1xx411c7mD&p=1", "https://www.bilibili.com/video/BV1xx411c7mD"),
    (
        "https://www.google.com/maps/embed?pb=!1m18!1m12!1m3!1d2483.5!2d-0.1276!3d51.5072!2m3!1f0!2f0!3f0",
        "https://www.google.com/maps?ll=51.5072,-0.1276",
    ),
]


@pytest.mark.parametrize(("player", "page"), PLAYERS)
def test_a_framed_player_leads_to_the_page_of_what_it_plays(player: str, page: str) -> None:
    html = clean_html(f'<iframe src="{player}"></iframe>')
    assert f'<a href="{page.replace("&", "&amp;")}"' in outward(html)
    assert "/embed" not in outward(html), "nor do the words of the link name the player"


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/watch?v=aqz-KE_bpKQ",
        "https://www.youtube.com/embed/",
        "https://www.youtube.com/embed/videoseries?autoplay=1&start=3",
        "https://www.youtube.com/embed/live_stream",
        "https://open.spotify.com/embed/user/harbour",
        "https://player.vimeo.com/",
        "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/1",
        "https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Felsewhere.example%2F",
        "https://blog.example/www.youtube.com/embed/aqz-KE_bpKQ",
        "https://video.example/embed/1",
    ],
)
def test_any_other_address_stays(address: str) -> None:
    assert page_of(address) is None
    html = clean_html(f'<p><a href="{address}">words</a></p>')
    assert outward(html) == html


def test_a_player_keeps_its_title_and_its_picture() -> None:
    html = clean_html('<iframe src="https://www.youtube.com/embed/aqz-KE_bpKQ" title="Ten boats &amp; a quay"></iframe>')
    assert outward(html) == (
        '<p><a href="https://www.youtube.com/watch?v=aqz-KE_bpKQ" rel="noopener noreferrer">Ten boats &amp; a quay</a></p>'
    )
    linked = SafeHtml(
        '<a href="https://www.youtube.com/embed/aqz-KE_bpKQ" rel="noopener noreferrer"><img src="https://a.example/p.jpg"></a>'
    )
    assert outward(linked) == linked.replace("embed/", "watch?v=")
