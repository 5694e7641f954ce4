"""What addresses become, and which of them are one page."""

from base64 import urlsafe_b64encode

import pytest

from aggregator.web.url import feed_address_key, is_absolute_iri, link, link_key, resource, shown, unwrap

BASE = "https://example.org/a/b?c#d"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HTTP://Example.ORG:80/a b", "http://example.org/a%20b"),
        (" \n https://example.org/\t ", "https://example.org/"),
        ("https://exam\nple.org/", "https://example.org/"),
        ("https://me:secret@example.org/a", "https://example.org/a"),
        ("../x", "https://example.org/x"),
        ("?p=1", "https://example.org/a/b?p=1"),
        ("#top", "https://example.org/a/b?c#top"),
        ("//other.example/x", "https://other.example/x"),
        ("https://bücher.example/ü?q=ü", "https://xn--bcher-kva.example/%C3%BC?q=%C3%BC"),
        ("https:\\\\example.org\\a", "https://example.org/a"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443/"),
    ],
)
def test_a_link_becomes_absolute_as_browsers_make_it(text: str, expected: str) -> None:
    assert link(text, BASE) == resource(text, BASE) == expected


NO_LINKS = [
    None, "", "   ", "javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "mailto:me@example.org", "file:///etc/passwd",
    "tag:example.org,2005:1", "urn:uuid:1", "http://", "https://a b/", "http://[", "http://[::1", "http://exa\0mple.org/",
    "http://example.org/\x07a", "http://example.org/\x85", "http://example.org/\ud800", "http://256.256.256.256/", "http://a..b%/",
    "https://example.org/" + "a" * 4096, "https://example.org/" + "ü" * 1000, "feed:https://example.org/", "about:blank", "ftp://a.example/",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_LINKS)
def test_what_is_no_web_address_is_no_link(text: str | None) -> None:
    assert link(text) is None
    assert resource(text) is None


def test_a_relative_link_without_a_base_is_none() -> None:
    assert link("/a") is None
    assert link("example.org/a") is None
    assert link("/a", "tag:x,2005:y") is None
    assert link("/a", "nonsense") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("?utm_source=rss&utm_medium=feed", ""),
        ("?p=334&utm_source=rss", "?p=334"),
        ("?fbclid=1&b=%2f&a=+x&&gclid=2", "?b=%2f&a=+x&"),
        ("?a=1&amp;utm_source=x&amp;b=2", "?a=1&amp;b=2"),
        ("?UTM_Source=x&Fbclid=y", ""),
        ("?ref=example.com", ""),
        ("?ref=1234", "?ref=1234"),
        ("?source=rss-abc---4", ""),
        ("?source=nature&id=rss", "?source=nature&id=rss"),
        ("?b=2&a=1&a=3", "?b=2&a=1&a=3"),
        ("?", "?"),
        ("#utm_source=rss&utm_medium=x", ""),
        ("#section", "#section"),
        ("#a=b", "#a=b"),
    ],
)
def test_tracking_goes_and_every_other_byte_of_the_query_stays(text: str, expected: str) -> None:
    found = link(f"https://example.org/{text}")
    assert found is not None
    assert found.removeprefix("https://example.org/") in {expected, expected.rstrip("?")}


def test_a_resource_keeps_its_whole_query() -> None:
    assert (
        resource("https://example.org/a.mp3?utm_source=feed&ref=example.com") == "https://example.org/a.mp3?utm_source=feed&ref=example.com"
    )


SAME = [
    ("http://example.org/post", "https://www.example.org/post/"),
    ("https://example.org/post", "https://me:pw@example.org:443/post"),
    ("https://example.org/post", "https://example.org/post/index.html"),
    ("https://example.org/post", "https://example.org/post/index.php?utm_source=x"),
    ("https://example.org/post", "https://m.example.org/post"),
    ("https://example.org/post", "https://amp.example.org/post/amp/"),
    ("https://example.org/post", "https://example.org/amp/post?amp=1"),
    ("https://example.org/post.html", "https://example.org/post.amp.html"),
    ("https://example.org/post.html", "https://example.org/post.html?m=1"),
    ("https://example.org/post", "https://example.org/post?outputType=amp"),
    ("https://example.org/post?a=1&b=2", "https://example.org/post?b=2&a=1"),
    ("https://example.org/~me/%C3%BC", "https://example.org/%7eme/%c3%bc"),
    ("https://example.org/post", "https://example.org/post#comments"),
    ("https://example.org/post", "https://example.org/post#more-123"),
    ("https://example.org/post", "https://example.org/post#:~:text=words"),
    ("https://example.org/", "http://EXAMPLE.org"),
    ("https://example.org/?p=334", "http://www.example.org/index.php?p=334"),
    ("https://example.org/a?b=1", "https://www.google.com/url?q=https://example.org/a%3Fb%3D1&sa=U&usg=x"),
    ("https://example.org/a", "https://www-example-org.cdn.ampproject.org/c/s/www.example.org/a/amp"),
]
DIFFERENT = [
    ("https://example.org/?p=334", "https://example.org/?p=335"),
    ("https://example.org/?p=334", "https://other.example/?p=334"),
    ("https://example.org/a", "https://example.org/A"),
    ("https://example.org:8080/", "https://example.org/"),
    ("https://m.github.io/", "https://github.io/"),
    ("https://example.org/changes#v1.2", "https://example.org/changes#v1.3"),
    ("https://example.org/post#comment-6", "https://example.org/post#comment-9"),
    ("https://example.org/#/post/1", "https://example.org/#/post/2"),
    ("https://example.org/#!post-1", "https://example.org/#!post-2"),
    ("https://example.org/a?m=1", "https://example.org/a?m=2"),
    ("https://example.org/amp", "https://example.org/"),
    ("https://example.org/a?id=1&id=2", "https://example.org/a?id=1"),
    ("https://example.org/viewtopic.php?t=1", "https://example.org/viewtopic.php?t=2"),
    ("https://blog.example.org/a", "https://news.example.org/a"),
    ("https://example.org/a%2Fb", "https://example.org/a/b"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_addresses_of_one_page_share_a_key(one: str, other: str) -> None:
    assert link_key(one) == link_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_addresses_of_different_pages_do_not(one: str, other: str) -> None:
    assert link_key(one) != link_key(other)


def google_news(url: str) -> str:
    record = b"\x08\x13\x22" + bytes([len(url)]) + url.encode() + b"\xd2\x01\x00"
    return f"https://news.google.com/rss/articles/{urlsafe_b64encode(record).decode().rstrip('=')}?oc=5"


@pytest.mark.parametrize(
    "wrapper",
    [
        "https://www.google.com/url?rct=j&sa=t&url=https://example.org/a%3Fp%3D1&ct=ga",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1%26fbclid%3Dx&h=AT0",
        "https://out.reddit.com/t3_x?url=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1&token=y",
        "https://nam.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1&data=z",
        "https://t.umblr.com/redirect?z=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1&t=x",
        "https://getpocket.com/redirect?url=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1",
        "https://href.li/?https://example.org/a?p=1",
        "https://steamcommunity.com/linkfilter/?u=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1",
        "https://vk.com/away.php?to=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1&post=1",
        "https://slack-redir.net/link?url=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1&v=3",
        "https://l.instagram.com/?u=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1&e=x",
        "https://link.zhihu.com/?target=https%3A//example.org/a%3Fp%3D1",
        "https://exit.sc/?url=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1",
        "https://disq.us/url?url=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1&cuid=1",
        "https://translate.google.com/translate?hl=en&sl=de&u=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1",
        "https://urldefense.com/v3/__https://example.org/a?p=1__;!!Abc!Def$",
        "https://12ft.io/https://example.org/a?p=1",
        "https://any.example/out.php?id=7&url=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1",
        "https://any.example/redirect?to=https://example.org/a?p=1",
        "https://anonymous.example/?https://example.org/a?p=1",
        "https://redir.example/online/rss091/*https://example.org/a?p=1",
        "https://web.archive.org/web/20201123101500/https://example.org/a?p=1",
        "https://web.archive.org/web/2020id_/https://example.org/a?p=1",
        "https://www.google.com/amp/s/example.org/a?p=1",
        "https://example-org.translate.goog/a?p=1&_x_tr_sl=de&_x_tr_tl=en&_x_tr_hl=en",
        "https://webcache.googleusercontent.com/search?q=cache:AbCdEfGhIjKl:https://example.org/a%3Fp%3D1+kettle&hl=en",
        "https://archive.ph/2024.01.02-030405/https://example.org/a?p=1",
        "https://archive.today/newest/https://example.org/a?p=1",
        "https://medium.com/m/global-identity?redirectUrl=https%3A%2F%2Fexample.org%2Fa%3Fp%3D1",
        google_news("https://example.org/a?p=1"),
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttps%253A%252F%252Fexample.org%252Fa%253Fp%253D1",
    ],
)
def test_a_wrapper_that_carries_the_address_is_taken_off(wrapper: str) -> None:
    assert unwrap(wrapper) == "https://example.org/a?p=1"


@pytest.mark.parametrize(
    "plain",
    [
        "https://example.org/a?p=1",
        "https://feedproxy.google.com/~r/feed/~3/abc/",
        "https://news.google.com/rss/articles/CBMiSEFVX3lxTE1abcdefghijkl",
        "https://example.org/login?redirect=https://example.org/",
        "https://example.org/share?url=https://other.example/",
        "https://example.org/review?u=https://other.example/",
        "https://example.org/out?url=javascript:alert(1)",
        "https://example.org/out?url=/relative",
        "https://github.com/user/link",
        "https://archive.ph/AbC12",
        "https://webcache.googleusercontent.com/search?q=cache:",
        "https://.translate.goog/",
    ],
)
def test_what_is_no_wrapper_stays(plain: str) -> None:
    assert unwrap(plain) == link(plain) == plain


def test_wrappers_without_end_come_to_an_end() -> None:
    assert unwrap("https://a.example/?" * 100 + "https://example.org/") is not None
    assert unwrap("not an address") is None


IDS = ["tag:example.org,2005:1", "urn:uuid:1225c695", "https://example.org/?p=1", "http://example.org/ü", "x:y", "doi:10.1/(2)"]
NO_IDS = [
    "12345", "/a", "http:", "http://", "https:///a", "x:", ":x", "1a:b", "http://a/<b>", "",
    "a b:c", "tag:a b", "urn:a\n", "a:\x00", "a:\ud800", "a:\ue000", "a:\ufffe", "urn:" + "a" * 4096, "urn:" + "ü" * 2500, "a:b\u2028",
    "a:\u00a0b",
]  # fmt: skip


@pytest.mark.parametrize("text", IDS)
def test_an_absolute_iri_can_be_published_as_an_id(text: str) -> None:
    assert is_absolute_iri(text)


@pytest.mark.parametrize("text", NO_IDS)
def test_what_is_no_absolute_iri_cannot(text: str) -> None:
    assert not is_absolute_iri(text)


def test_a_feed_is_found_by_any_way_of_writing_its_address() -> None:
    key = feed_address_key("https://example.org/Feed?a=1&utm_source=x")
    for same in ("http://EXAMPLE.org:80/Feed/?a=1&utm_source=x", "https://me:pw@example.org/Feed?a=1&utm_source=x#top"):
        assert feed_address_key(same) == key
    for other in (
        "https://example.org/feed?a=1&utm_source=x",
        "https://example.org/Feed?a=1",
        "https://www.example.org/Feed?a=1&utm_source=x",
    ):
        assert feed_address_key(other) != key
    assert feed_address_key("file:///feeds/a.xml") == "file:///feeds/a.xml"


def test_an_address_is_shown_without_userinfo() -> None:
    assert shown("https://me:se@cr/et@example.org/") == "https://cr/et@example.org/"
    assert shown("https://me:secret@example.org/a@b?c@d") == "https://example.org/a@b?c@d"
    assert shown("https://example.org/@me") == "https://example.org/@me"
