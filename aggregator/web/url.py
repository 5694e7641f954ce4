"""Addresses: the only maker of `Url`, the canonical key that copies of one page share, and what is known of wrappers around them.

Everything here is pure, total (no input raises) and asks no server. Addresses are read as browsers read them (WHATWG URL).
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote

import ada_url

from aggregator.model import Url
from aggregator.web.host import hands_out_names, host_of
from aggregator.web.mirrors import MARKS, mirrored
from aggregator.web.platforms import PLATFORMS
from aggregator.web.tracking import only_tracks, tracks, untracked

_MAX_CHARS: Final = 4096
_MAX_BYTES: Final = 4096
_MAX_WRAPPERS: Final = 5

_HOST_PREFIXES: Final = frozenset({"www", "m", "mobile", "amp"})
_INDEX: Final = re.compile(r"/(?:index\.(?:html?|php\d?|shtml|xhtml|aspx?|jsp|cgi)|default\.(?:html?|aspx?))\Z", re.IGNORECASE)
_AMP_HEAD: Final = re.compile(r"\A(?:/amp)+(?=/[^/])", re.IGNORECASE)
_AMP_TAIL: Final = re.compile(r"(?<=[^/])(?:/amp|\.amp|/amp\.html?)\Z|(?<=[^/])\.amp(?=\.html?\Z)", re.IGNORECASE)
# Fragments that lead to a part which any page has.
_SAME_PAGE: Final = re.compile(
    r"(?:comments?|disqus_thread|respond|more(?:-\d+)?|top|main|content|main-content|article|post|share|rss|feed|_|!|/)", re.IGNORECASE
)
_AMP_PARAMETERS: Final = frozenset({"amp", "amp=", "amp=1", "amp=true", "outputtype=amp", "view=amp"})

# On any host: a last piece of the path that says "out of here", with a parameter that says where to.
_WAYS_OUT: Final = re.compile(
    r"/(?:away|click|deeplink|exit|external|go|goto|go-wild|jsredir|jump|l|leave|link|link2|out|outgoing|redir|redirect|redirector|toasturl|url)"
    r"(?:\.\w{2,4})?/?\Z",
    re.IGNORECASE,
)
# Hosts that are there for nothing else.
_EXITS: Final = frozenset({"away", "click", "exit", "go", "l", "link", "links", "out", "redirect"})
_WHERE_TO: Final = (
    *("url", "u", "to", "target", "dest", "destination", "goto", "href", "link", "out", "q", "r"),
    *("redirect", "redirect_url", "murl", "ued"),
)
# What carries an address in its path: known hosts, and on any host what stands behind "/*".
_CARRIERS: Final = (*PLATFORMS.carriers, ("", re.compile(r".*/\*(?P<url>https?:/.+)\Z")))
_CARRIER_MARKS: Final = (*(host for host, _ in _CARRIERS if host), "/*http", *MARKS)
_GOOGLE_NEWS: Final = re.compile(r"/(?:rss/|__i/rss/rd/)?articles/(?P<code>[\w-]{16,})")

_BARE_HOST: Final = re.compile(r"\s*www\.(?:[\w-]+\.)+(?!(?:html?|php|pdf|xml)\b)[a-z]{2,24}(?=[/?#]|\s*\Z)", re.IGNORECASE)
_ABSOLUTE: Final = re.compile(r"https?:/{1,2}(?=[^/])", re.IGNORECASE)
_ENCODED: Final = re.compile(r"https?%3a(?:%2f|/){2}", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"%([0-9a-fA-F]{2})")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_EDGES: Final = "".join(map(chr, range(0x21)))
# What a parser gives back as it is, unless there are dot segments in its path: lower-case names below a top-level domain of letters, and
# only characters that are escaped nowhere. Nearly all links are so, and reading them by ada-url would cost most of the time they take.
_NORMAL: Final = re.compile(
    r"https?://(?:[a-z0-9_-]+\.)+[a-z]{2,63}/[A-Za-z0-9_~!$&()*+,;=:@./%-]*+"
    r"(?:\?[A-Za-z0-9._~!$&()*+,;=:@/?%-]++)?(?:#[A-Za-z0-9._~!$&()*+,;=:@/?%-]++)?"
)
# Names that are checked letter by letter (IDNA), and what is or may be a dot segment.
_NOT_SO_NORMAL: Final = ("xn--", "/.", "%2")
# RFC 3987 section 2.2: a scheme, then what an IRI may hold. No space of any kind, no control, no private use, no noncharacter.
_TAG: Final = re.compile(
    r"(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*(?:#[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?"
)
_IRI: Final = re.compile(
    "[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\\[\\]_a-z~\xa1-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U0001fffd\U00020000-\U000efffd]+"
)
_USERINFO: Final = re.compile(r"(?<=//)[^/?#\s]*@")


class _Parts(NamedTuple):
    """A normalized address; `query` and `fragment` come with their mark, `host` with its port."""

    scheme: str
    host: str
    path: str
    query: str
    fragment: str


def link(text: str | None, base: str | None = None) -> Url | None:
    """Make an absolute http(s) address of what stands in a link; None if there is none in it.

    Relative text counts from `base`. Userinfo and tracking parameters are dropped, everything else of the query stays as it is; the
    fragment is kept unless it only tracks. At most 4,096 characters, ASCII, without controls. `link(link(x)) == link(x)`.

    >>> link("../b?p=1&utm_source=rss#more", "https://example.org/a/")
    'https://example.org/b?p=1#more'
    """
    normal = _normal(text, base)
    if normal is None or _has_only_a_path(normal):
        return Url(normal) if normal else None
    parts = _split(normal)
    fragment = "" if only_tracks(parts.fragment[1:]) else parts.fragment
    return _url(parts._replace(query=untracked(parts.query), fragment=fragment))


def schemed(text: str | None) -> str | None:
    """What stands in a link, with the scheme that was forgotten: no page of a site is called as the host of another.

    >>> schemed("www.example.org/a"), schemed("www.page.html")
    ('http://www.example.org/a', 'www.page.html')
    """
    return f"http://{text.strip()}" if text and _BARE_HOST.match(text) else text


def resource(text: str | None, base: str | None = None) -> Url | None:
    """As `link`, with the whole query: for images, enclosures and feeds, where any parameter may be a part of the name.

    >>> resource("/a.mp3?utm_source=feed", "https://example.org/")
    'https://example.org/a.mp3?utm_source=feed'
    """
    normal = _normal(text, base)
    if normal is None or _has_only_a_path(normal):
        return Url(normal) if normal else None
    return _url(_split(normal))


@lru_cache(maxsize=16384)
def link_key(url: str) -> str:
    """The form that all addresses of one page share, for comparing only. Idempotent; text that is no http(s) address stays as it is.

    Ignored: scheme, userinfo, default port, the host prefixes www, m, mobile and amp, AMP marks, index files, the trailing slash,
    tracking parameters, the order of parameters, how characters are escaped, and fragments that only scroll to what every page has
    ("#comments"). Redirectors are unwrapped. A parameter or fragment that may choose what is meant is never dropped: feeds of comments,
    of releases and of day pages tell their entries apart by nothing else.

    >>> link_key("http://www.example.org/post/index.html?b=2&a=1&utm_medium=feed#comments")
    'https://example.org/post?a=1&b=2'
    """
    normal = _normal(unwrap(url), None)
    if normal is None:
        return url
    parts = _split(normal)
    path = _page_path(_unescaped(parts.path))
    query = "&".join(sorted(_page_parameters(_unescaped(parts.query[1:]), path)))
    return f"https://{_page_host(parts.host)}{path}{'?' if query else ''}{query}{_page_fragment(parts.fragment)}"


@lru_cache(maxsize=4096)  # Each entry asks several times about its own few addresses.
def unwrap(url: str) -> Url | None:
    """The address that a redirector or a cache carries in its query or path; `link(url)` if it carries none.

    Wrappers within wrappers are taken off, too. What only the redirector's server knows stays wrapped.

    >>> unwrap("https://www.google.com/url?q=https://example.org/a%3Fp%3D1&sa=U")
    'https://example.org/a?p=1'
    """
    found = link(url)
    for _ in range(_MAX_WRAPPERS):
        inner = _carried(found) if found else None
        if inner is None or inner == found:
            break
        found = inner
    return found


def is_absolute_iri(text: str) -> bool:
    """Tell whether an id can be published as it is: an absolute IRI (RFC 3987) of at most 4,096 bytes, without spaces or controls.

    A `tag:` that has no authority or no date is none (RFC 4151 section 2.1): a feed that carried it would be refused by validators.

    >>> is_absolute_iri("tag:example.org,2005:1"), is_absolute_iri("12345"), is_absolute_iri("https://"), is_absolute_iri("tag:blog:1")
    (True, False, False, False)
    """
    if len(text) > _MAX_BYTES or not _IRI.fullmatch(text):
        return False
    if not text.isascii() and (any(map(str.isspace, text)) or len(text.encode()) > _MAX_BYTES):
        return False
    scheme, _, rest = text.partition(":")
    if scheme.lower() == "tag":
        return scheme == "tag" and _TAG.fullmatch(rest) is not None
    return scheme.lower() not in ("http", "https") or bool(re.match(r"//[^/?#]", rest))


@lru_cache(maxsize=8192)  # Each publish asks several times about the addresses of all feeds.
def feed_address_key(url: str) -> str:
    """The form under which a feed is found again: scheme, userinfo, default port, fragment and trailing slash aside; all else counts.

    >>> feed_address_key("http://me@example.org:80/Feed/?a=1#x")
    'https://example.org/Feed?a=1'
    """
    normal = _normal(url, None)
    if normal is None:
        return url
    parts = _split(normal)
    return f"https://{_without_default_port(parts.host)}{parts.path.rstrip('/') or '/'}{parts.query}"


def ascii_host(host: str) -> str:
    """A host as it is asked for in DNS and TLS (UTS 46, as browsers do it); empty where there is no such form.

    >>> ascii_host("Bücher.example"), ascii_host("blog.example")
    ('xn--bcher-kva.example', 'blog.example')
    """
    return host.lower() if host.isascii() else ada_url.idna_to_ascii(host).decode("ascii")


def shown(url: str) -> str:
    """An address for logs and messages: without userinfo, otherwise as it is.

    >>> shown("https://me:secret@example.org/feed")
    'https://example.org/feed'
    """
    return _USERINFO.sub("", url)


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _normal(text: str | None, base: str | None) -> str | None:
    """The address as browsers write it, if it is one of http(s)."""
    text = text.strip(_EDGES) if text else ""
    # Before it is remembered: a longer text is no address.
    return _written(text, base) if 0 < len(text) <= _MAX_CHARS else None


@lru_cache(maxsize=2048)  # Each entry asks several times about its own few addresses.
def _written(text: str, base: str | None) -> str | None:
    if _is_normal(text) and (not base or _is_base(base)):
        return text
    return _parsed(text, base)


def _is_normal(text: str) -> bool:
    """Whether an address is surely written as `_parsed` would write it; false where that is not plain to see."""
    return _NORMAL.fullmatch(text) is not None and not any(mark in text for mark in _NOT_SO_NORMAL)


@lru_cache(maxsize=1024)
def _is_base(base: str) -> bool:
    """Beside a base that is no address, even an absolute address is none."""
    return ada_url.check_url(base)


def _parsed(text: str, base: str | None) -> str | None:
    if _CONTROL.search(text):
        return None
    try:
        normal = ada_url.join_url(base, text) if base else ada_url.normalize_url(text)
    except ValueError:
        return None
    return normal if normal.startswith(("http://", "https://")) and len(normal) <= _MAX_CHARS else None


def _has_only_a_path(normal: str) -> bool:
    """Whether there is nothing in a normal address that could have to go: no query, no fragment, no userinfo."""
    return "?" not in normal and "#" not in normal and "@" not in normal


def _split(normal: str) -> _Parts:
    """Split what ada-url wrote: there, each delimiter that is not one is escaped."""
    rest, mark, fragment = normal.partition("#")
    rest, asked, query = rest.partition("?")
    scheme, _, rest = rest.partition("://")
    authority, _, path = rest.partition("/")
    return _Parts(scheme, authority.rpartition("@")[2], "/" + path, asked + query if query else "", mark + fragment if fragment else "")


def _url(parts: _Parts) -> Url | None:
    return Url(f"{parts.scheme}://{parts.host}{parts.path}{parts.query}{parts.fragment}") if parts.host else None


# ── the canonical key ──────────────────────────────────────────────────────────────────────────────────────────────────


def _page_host(host: str) -> str:
    host = _without_default_port(host)
    while True:
        first, _, rest = host.partition(".")
        # Where names are handed out (`m.github.io`), only www is a prefix rather than somebody's name.
        if first not in _HOST_PREFIXES or "." not in rest or (first != "www" and hands_out_names(rest)):
            return host
        host = rest


def _without_default_port(host: str) -> str:
    return host.removesuffix(":80").removesuffix(":443") if not host.endswith("]") else host


def _page_path(path: str) -> str:
    lowered = path.lower()
    if not ("amp" in lowered or "index." in lowered or "default." in lowered):
        return path.rstrip("/") or "/"
    while True:
        shorter = path.rstrip("/")
        for mark in (_INDEX, _AMP_TAIL, _AMP_HEAD):
            shorter = mark.sub("", shorter)
        if shorter == path:
            return path or "/"
        path = shorter


def _page_fragment(fragment: str) -> str:
    name = _unescaped(fragment[1:]).partition(":~:")[0]
    return f"#{name}" if name and not _SAME_PAGE.fullmatch(name) and not only_tracks(name) else ""


def _page_parameters(query: str, path: str) -> Iterator[str]:
    for parameter in query.split("&"):
        mobile = parameter == "m=1" and path.endswith(".html")
        if parameter and not mobile and parameter.lower() not in _AMP_PARAMETERS and not tracks(parameter):
            yield parameter


def _unescaped(text: str) -> str:
    """Decode what needs no escape and write the other escapes in capitals (RFC 3986 section 6.2.2)."""
    return _ESCAPE.sub(_plain_escape, text) if "%" in text else text


def _plain_escape(escape: re.Match[str]) -> str:
    char = chr(int(escape[1], 16))
    return char if char.isascii() and (char.isalnum() or char in "-._~") else escape[0].upper()


# ── wrappers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _carried(url: str) -> Url | None:
    # Without a query, only the few hosts that carry addresses in their path can hold one, and they say so.
    if "?" not in url and not any(mark in url for mark in _CARRIER_MARKS):
        return None
    parts = _split(url)
    host = host_of(url)
    shown_there = link(mirrored(host, parts.path, parts.query[1:]))
    return shown_there or _in_query(host, parts) or _in_path(host, parts) or _in_google_news(host, parts)


def _in_query(host: str, parts: _Parts) -> Url | None:
    query = parts.query[1:]
    if not query:
        return None
    if whole := _absolute(query):
        return whole
    values = dict(piece.partition("=")[::2] for piece in reversed(query.split("&")))
    for end, path, names in PLATFORMS.redirectors:
        if _ends(host, end) and (not path or parts.path == path):
            return next((found for name in names if (found := _absolute(unquote(values.get(name, ""))))), None)
    if not (_WAYS_OUT.search(parts.path) or (parts.path == "/" and host.partition(".")[0] in _EXITS)):
        return None
    return next((found for name in _WHERE_TO if (found := _absolute(unquote(values.get(name, ""))))), None)


def _in_path(host: str, parts: _Parts) -> Url | None:
    for end, pattern in _CARRIERS:
        found = pattern.match(parts.path) if _ends(host, end) else None
        if found is None:
            continue
        named = found.groupdict()
        if "page" in named:
            return link(f"{'https' if named['s'] else 'http'}://{named['page']}{parts.query}")
        # "__;" ends what one of them carries.
        return _absolute(named["url"] + ("" if _ENCODED.match(named["url"]) else parts.query.partition("__;")[0]))
    return None


def _in_google_news(host: str, parts: _Parts) -> Url | None:
    """Older article codes are a length-prefixed record that holds the address in plain bytes; newer ones are sealed."""
    found = _GOOGLE_NEWS.match(parts.path) if host == "news.google.com" else None
    if found is None:
        return None
    try:
        record = urlsafe_b64decode(found["code"] + "=" * (-len(found["code"]) % 4))
    except ValueError:
        return None
    inner = re.search(rb"https?://[!-~]+", record)
    return link(inner[0].decode("ascii")) if inner else None


def _ends(host: str, end: str) -> bool:
    return not end or host == end or host.endswith("." + end)


def _absolute(value: str) -> Url | None:
    """The http(s) address that stands in a path or is a whole query, escaped or not."""
    for _ in range(2):
        if _ENCODED.match(value):
            value = unquote(value)
    return link(_ABSOLUTE.sub(lambda scheme: scheme[0].rstrip("/") + "//", value, count=1)) if _ABSOLUTE.match(value) else None
