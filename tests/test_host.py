"""Two notions of host: who publishes, and who runs the server."""

import pytest

from aggregator.web.host import hands_out_names, host_of, operator, site


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://Blog.Example.ORG:8443/feed?x#y", "blog.example.org"),
        ("https://me:pw@example.org/", "example.org"),
        ("//example.org/a", "example.org"),
        ("example.org", "example.org"),
        ("example.org:8080", "example.org"),
        ("example.org.", "example.org"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("http://[2001:DB8::1]:80/", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("localhost", "localhost"),
        ("mailto:me@example.org", ""),
        ("me@example.org", ""),
        ("tag:example.org,2005:1", ""),
        ("urn:uuid:1", ""),
        ("", ""),
        ("http://", ""),
        ("http://[", ""),
        ("http://a b/", ""),
        ("http://ex\0ample/", ""),
    ],
)
def test_the_host_of_an_address(text: str, host: str) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize(
    ("address", "publisher", "server"),
    [
        ("https://www.example.co.uk/a", "example.co.uk", "example.co.uk"),
        ("https://a.b.example.org/", "example.org", "example.org"),
        ("https://me.github.io/blog/", "me.github.io", "github.io"),
        ("https://me.blogspot.com/feeds", "me.blogspot.com", "blogspot.com"),
        ("https://me.wordpress.com/feed/", "me.wordpress.com", "wordpress.com"),
        ("https://me.substack.com/feed", "me.substack.com", "substack.com"),
        ("https://www.substack.com/", "substack.com", "substack.com"),
        ("https://vimeo.com/ann/videos", "vimeo.com/ann", "vimeo.com"),
        ("https://vimeo.com/112345", "vimeo.com", "vimeo.com"),
        ("https://github.com/Ann.atom", "github.com/ann", "github.com"),
        ("https://buttondown.email/ann/rss", "buttondown.com/ann", "buttondown.email"),
        ("https://feeds.feedburner.com/Ann", "feedburner.com/ann", "feedburner.com"),
        ("https://feed.press/ann", "feedpress.me/ann", "feed.press"),
        ("https://medium.com/@Me/a-post", "medium.com/@me", "medium.com"),
        ("https://medium.com/feed/@me", "medium.com/@me", "medium.com"),
        ("https://medium.com/a-publication/a-post", "medium.com/a-publication", "medium.com"),
        ("https://medium.com/p/abc", "medium.com", "medium.com"),
        ("https://me.medium.com/a-post", "medium.com/@me", "medium.com"),
        ("https://open.substack.com/pub/me/p/a-post", "me.substack.com", "substack.com"),
        ("https://www.tumblr.com/me/123/a-post", "me.tumblr.com", "tumblr.com"),
        ("https://www.tumblr.com/blog/view/me/123", "me.tumblr.com", "tumblr.com"),
        ("https://social.example.org/@Me/112233", "example.org/@me", "example.org"),
        ("https://social.example.org/@me.rss", "example.org/@me", "example.org"),
        ("https://mastodon.social/@me", "mastodon.social/@me", "mastodon.social"),
        ("https://sites.google.com/view/me/home", "google.com/view/me", "google.com"),
        ("https://open.spotify.com/show/1Ab", "spotify.com/show/1ab", "spotify.com"),
        ("https://dev.to/me/a-post-1a2b", "dev.to/me", "dev.to"),
        ("https://dev.to/feed/me", "dev.to/me", "dev.to"),
        ("https://me.weebly.com/blog", "me.weebly.com", "weebly.com"),
        ("https://me.livejournal.com/1.html", "me.livejournal.com", "livejournal.com"),
        ("https://me.wixsite.com/site", "me.wixsite.com", "wixsite.com"),
        ("https://habr.com/en/users/me/posts/", "habr.com/users/me", "habr.com"),
        ("https://habr.com/ru/rss/users/me/", "habr.com/users/me", "habr.com"),
        ("https://habr.com/ru/companies/we/articles/1/", "habr.com/companies/we", "habr.com"),
        ("https://habr.com/ru/articles/1/", "habr.com", "habr.com"),
        ("https://vc.ru/rss/u/me", "vc.ru/u/me", "vc.ru"),
        ("https://vc.ru/u/me/1-a-post", "vc.ru/u/me", "vc.ru"),
        ("https://vc.ru/tech/1-a-post", "vc.ru", "vc.ru"),
        ("https://blog.csdn.net/me/article/details/1", "blog.csdn.net/me", "csdn.net"),
        ("https://me_1.blog.csdn.net/article/details/1", "blog.csdn.net/me_1", "csdn.net"),
        ("https://www.csdn.net/article/1", "csdn.net", "csdn.net"),
        ("https://rss.blog.naver.com/me.xml", "blog.naver.com/me", "naver.com"),
        ("https://m.blog.naver.com/me/1", "blog.naver.com/me", "naver.com"),
        ("https://blog.naver.com/PostView.naver?blogId=me&logNo=1", "blog.naver.com", "naver.com"),
        ("http://[2001:db8::1]/@me", "2001:db8::1", "2001:db8::1"),
        ("https://bsky.app/profile/me.example/post/1", "bsky.app/profile/me.example", "bsky.app"),
        ("https://lemmy.world/c/gardens", "lemmy.world/c/gardens", "lemmy.world"),
        ("https://www.youtube.com/channel/UC1_a/videos", "youtube.com/channel/uc1_a", "youtube.com"),
        ("https://www.youtube.com/feeds/videos.xml?channel_id=UC1_a", "youtube.com/channel/uc1_a", "youtube.com"),
        ("https://www.youtube.com/watch?v=1", "youtube.com", "youtube.com"),
        ("https://github.com/me/project/releases.atom", "github.com/me", "github.com"),
        ("https://github.com/features", "github.com", "github.com"),
        ("https://www.reddit.com/r/python/.rss", "reddit.com/r/python", "reddit.com"),
        ("https://me.blogspot.de/2020/01/a.html", "me.blogspot.com", "blogspot.de"),
        ("https://me.blogspot.co.uk/", "me.blogspot.com", "blogspot.co.uk"),
        ("https://me.neocities.org/a", "me.neocities.org", "neocities.org"),
        ("https://social.example.org/users/Me/statuses/1199", "example.org/@me", "example.org"),
        ("https://social.example.org/users/me.rss", "example.org/@me", "example.org"),
        ("https://social.example.org/web/@me/12", "example.org/@me", "example.org"),
        ("https://social.example.org/@me@other.example/12", "other.example/@me", "example.org"),
        ("https://forum.example.org/users/sign_in", "example.org", "example.org"),
        ("https://people.example.edu/~me/feed", "example.edu/~me", "example.edu"),
        ("http://127.0.0.1:8000/", "127.0.0.1", "127.0.0.1"),
        ("http://[::1]/", "::1", "::1"),
        ("http://localhost/", "localhost", "localhost"),
        ("http://intranet/", "intranet", "intranet"),
        ("http://a.b.lan/", "b.lan", "b.lan"),
        ("http://x.planet.test/", "planet.test", "planet.test"),
        ("https://github.io/", "github.io", "github.io"),
        ("https://co.uk/", "co.uk", "co.uk"),
        ("", "", ""),
        ("not an address", "", ""),
    ],
)
def test_the_publisher_and_the_server_of_an_address(address: str, publisher: str, server: str) -> None:
    assert site(address) == publisher
    assert operator(address) == server
    assert site(publisher) == publisher
    assert operator(server) == server


def test_hosts_of_unknown_suffixes_are_not_all_one_publisher() -> None:
    assert len({site(host) for host in ("a.lan", "b.lan", "localhost", "127.0.0.1", "127.0.0.2", "box")}) == 6


def test_a_suffix_hands_out_names() -> None:
    assert hands_out_names("co.uk")
    assert hands_out_names("github.io")
    assert not hands_out_names("example.org")
    assert not hands_out_names("localhost")
