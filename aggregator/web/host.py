"""Two notions of host: `site`, the publisher, for provenance; `operator`, who runs the server, for politeness.

Both end at the registrable domain. They differ where a domain hands out names to others (`me.github.io`): there the name is a publisher
of its own, but the server is the same for all.
"""

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from tldextract import TLDExtract

# Hosts that give each account a name below theirs, and that the Public Suffix List does not have.
_ACCOUNT_SUFFIXES: Final = (
    "bandcamp.com",
    "bearblog.dev",
    "beehiiv.com",
    "blog.jp",
    "buttondown.email",
    "canalblog.com",
    "diaryland.com",
    "dreamwidth.org",
    "exblog.jp",
    "ghost.io",
    "hashnode.dev",
    "hateblo.jp",
    "hatenablog.com",
    "hatenablog.jp",
    "home.blog",
    "hypotheses.org",
    "itch.io",
    "libsyn.com",
    "livejournal.com",
    "mataroa.blog",
    "medium.com",
    "micro.blog",
    "microsoftcrmportals.com",
    "newgrounds.com",
    "over-blog.com",
    "pika.page",
    "podbean.com",
    "posthaven.com",
    "prose.sh",
    "quora.com",
    "seesaa.net",
    "skyrock.com",
    "soup.io",
    "substack.com",
    "svbtle.com",
    "tistory.com",
    "tumblr.com",
    "typepad.com",
    "wixsite.com",
    "wordpress.com",
    "write.as",
    "writeas.com",
)
_NOT_ACCOUNTS: Final = frozenset({"amp", "api", "blog", "feeds", "m", "mobile", "old", "rss", "www"})

_NAME: Final = r"[\w.+~-]+"
_AT_NAME: Final = re.compile(rf"(?:/feed)?/(@{_NAME})")
_FIRST: Final = re.compile(rf"(?:/feed)?/({_NAME})")
_REDDIT: Final = re.compile(rf"/((?:r|user|u)/{_NAME})")
_YOUTUBE: Final = re.compile(rf"/(@{_NAME}|(?:channel|c|user)/{_NAME})")
_LINKEDIN: Final = re.compile(rf"/((?:in|company|school)/{_NAME})")
_BLUESKY: Final = re.compile(r"/(profile/[\w.:-]+)")
_HOME_FOLDER: Final = re.compile(r"/(~[\w.+-]+)")
# Platforms where the account is in the path: registrable domain → the piece of the path that names the account.
_ACCOUNT_PATHS: Final = {
    "bitbucket.org": _FIRST,
    "bsky.app": _BLUESKY,
    "buttondown.com": _FIRST,
    "codeberg.org": _FIRST,
    "dev.to": _FIRST,
    "facebook.com": _FIRST,
    "flipboard.com": _AT_NAME,
    "github.com": _FIRST,
    "gitlab.com": _FIRST,
    "hackernoon.com": re.compile(rf"/(u/{_NAME})"),
    "instagram.com": _FIRST,
    "linkedin.com": _LINKEDIN,
    "mastodon.online": _AT_NAME,
    "mastodon.social": _AT_NAME,
    "medium.com": _AT_NAME,
    "note.com": _FIRST,
    "odysee.com": _AT_NAME,
    "patreon.com": _FIRST,
    "qiita.com": _FIRST,
    "reddit.com": _REDDIT,
    "soundcloud.com": _FIRST,
    "substack.com": _AT_NAME,
    "threads.net": _AT_NAME,
    "tiktok.com": _AT_NAME,
    "tumblr.com": _FIRST,
    "twitch.tv": _FIRST,
    "twitter.com": _FIRST,
    "vimeo.com": _FIRST,
    "vk.com": _FIRST,
    "write.as": _FIRST,
    "x.com": _FIRST,
    "youtube.com": _YOUTUBE,
    "zenn.dev": _FIRST,
}
# First pieces of a path that name a part of the platform, not an account.
_NOT_NAMES: Final = frozenset(
    """about api apps blog channels explore features feed feeds hashtag help home i login marketplace news orgs p pricing privacy
    publication reel rss search settings share sharer sharer.php site sponsors status tag tagged tags terms topics trending watch""".split()  # noqa: SIM905
)
_MAX_HOST_CHARS: Final = 253  # RFC 1035 section 2.3.4
# An address whose parts anybody reads alike: no port, no userinfo, no number for a host.
_PLAIN_ADDRESS: Final = re.compile(
    r"https?://(?P<host>(?:[a-z0-9_-]+\.)+[a-z]{2,63})(?P<path>/[!-\"$->@-~]*+)?+(?:\?(?P<query>[!-\"$-~]*+))?+(?:#[!-~]*+)?+"
)
_HOST: Final = re.compile(r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]+")


def host_of(url: str) -> str:
    """The host of an address in lower case and ASCII (punycode), without port, brackets and final dot; '' if there is none.

    A bare host, with or without a port, is taken as it is.

    >>> host_of("https://Blog.Example.ORG:8443/feed"), host_of("blog.example.org"), host_of("mailto:me@example.org")
    ('blog.example.org', 'blog.example.org', '')
    """
    return _split(url)[0]


@lru_cache(maxsize=16384)  # Asked several times an entry, of the same few addresses.
def site(url_or_host: str) -> str:
    """The publisher of an address: its registrable domain, private suffixes counted, or its account on a platform.

    Addresses and single labels stand for themselves; of an unknown suffix the last two labels count. '' without a host. Idempotent.

    >>> site("https://www.example.co.uk/a"), site("https://me.github.io/a"), site("https://medium.com/@me/a-post"), site("localhost")
    ('example.co.uk', 'me.github.io', 'medium.com/@me', 'localhost')
    """
    host, path, query = _split(url_or_host)
    if not host:
        return ""
    domain = _site_of_host(host)
    account = _account(domain, path, query)
    return f"{domain}/{account}" if account else domain


def operator(url_or_host: str) -> str:
    """Who runs the server of an address: its registrable domain, private suffixes not counted. Otherwise as `site`.

    >>> operator("https://me.github.io/a"), operator("http://127.0.0.1:8080/"), operator("http://a.b.lan/")
    ('github.io', '127.0.0.1', 'b.lan')
    """
    return _registrable(host_of(url_or_host), private=False)


def is_loopback(host: str) -> bool:
    """Tell whether a host, without port or brackets, can only be this machine: a loopback address, or `localhost` and names below it.

    RFC 6761 section 6.3: such names lead nowhere else.

    >>> [is_loopback(host) for host in ("127.8.0.1", "::1", "::ffff:127.0.0.1", "LocalHost.", "planet.localhost")]
    [True, True, True, True, True]
    >>> [is_loopback(host) for host in ("", "0.0.0.0", "::", "localhost.example", "notlocalhost", "127.1", "127.0.0.1.example", "[::1]")]
    [False, False, False, False, False, False, False, False]
    """
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def hands_out_names(host: str) -> bool:
    """Tell whether a host is a public or private suffix: names below it belong to others.

    >>> hands_out_names("github.io"), hands_out_names("example.org")
    (True, False)
    """
    found = _suffixes(private=True)(host)
    return bool(found.suffix) and not found.domain


@lru_cache(maxsize=65536)
def _split(url: str) -> tuple[str, str, str]:
    """(host, path, query) of an address or a bare host; host is '' where there is none."""
    plain = _PLAIN_ADDRESS.fullmatch(url)
    if plain and len(plain["host"]) <= _MAX_HOST_CHARS:
        return plain["host"], plain["path"] or "", plain["query"] or ""
    text = url.strip()
    if (address := _address(text.strip("[]"))) is not None:
        return address, "", ""
    try:
        parts = urlsplit(text if "//" in text.partition("?")[0][:64] else f"//{text}")
        raw = parts.hostname or ""
        if parts.scheme == "" and "@" in parts.netloc:  # an e-mail address or `mailto:`, no address of a page
            return "", "", ""
        _ = parts.port
    except ValueError:
        return "", "", ""
    return _plain(raw), parts.path, parts.query


def _plain(host: str) -> str:
    if (address := _address(host)) is not None:
        return address
    host = host.rstrip(".").lower()
    if len(host) > _MAX_HOST_CHARS:
        return ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return host if _HOST.fullmatch(host) else ""


def _address(host: str) -> str | None:
    if not (":" in host or host[-1:].isdigit()):
        return None
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _site_of_host(host: str) -> str:
    first, _, rest = host.partition(".")
    # `www.` before a suffix that hands out names is the platform itself, not an account called www.
    return rest if first in _NOT_ACCOUNTS and rest in _ACCOUNT_SUFFIXES else _registrable(host, private=True)


@lru_cache(maxsize=65536)
def _registrable(host: str, *, private: bool) -> str:
    if "." not in host or _address(host) is not None:
        return host
    found = _suffixes(private=private)(host)
    if found.domain and found.suffix:
        return f"{found.domain}.{found.suffix}"
    return host if found.suffix else ".".join(host.split(".")[-2:])


@cache
def _suffixes(*, private: bool) -> "TLDExtract":
    # Imported when a host is first asked for: it brings an HTTP client along, and a poll in which nothing changed asks for none.
    from tldextract import TLDExtract

    extra = _ACCOUNT_SUFFIXES if private else ()
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=private, extra_suffixes=extra)


def _account(domain: str, path: str, query: str) -> str | None:
    pattern = _ACCOUNT_PATHS.get(domain)
    found = pattern.match(unquote(path)) if pattern else _HOME_FOLDER.match(unquote(path))
    if found:
        return found[1].lower() if found[1].partition("/")[0].lower() not in _NOT_NAMES else None
    channel = dict(parse_qsl(query)).get("channel_id") if pattern is _YOUTUBE and query else None
    return f"channel/{channel}".lower() if channel and re.fullmatch(_NAME, channel) else None
