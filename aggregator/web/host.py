"""Two notions of host: `site`, the publisher, for provenance; `operator`, who runs the server, for politeness.

Both end at the registrable domain. They differ where a domain hands out names to others (`me.github.io`): there the name is a publisher
of its own, but the server is the same for all.
"""

import re
from collections.abc import Collection
from functools import cache, lru_cache
from ipaddress import ip_address
from threading import Lock
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from tldextract import TLDExtract

from aggregator.web.platforms import PLATFORMS

_NAME: Final = r"[\w.+-]+"
_ANYWHERE: Final = re.compile(rf"(?:/web)?/(@{_NAME}|~{_NAME})")
# A copy of an account that another server holds, and how servers call theirs between them (ActivityPub).
_REMOTE: Final = re.compile(rf"(?:/web)?/(@{_NAME})@((?:[\w-]+\.)+[^\W\d_]{{2,63}})(?=/|\Z)")
_ACTOR: Final = re.compile(
    rf"/users/(?!sign_)({_NAME}?)(?:\.(?:rss|atom|json))?(?:/(?:statuses/\d+|inbox|outbox|followers|following))?/?\Z"
)
# An account's feed is often called so.
_FEED: Final = re.compile(r"(?<=.)\.(?:rss|atom|json)\Z")
_MAX_HOST_CHARS: Final = 253  # RFC 1035 section 2.3.4
# An address whose parts anybody reads alike: no port, no userinfo, no number for a host.
_PLAIN_ADDRESS: Final = re.compile(
    r"https?://(?P<host>(?:[a-z0-9_-]+\.)+[a-z]{2,63})(?P<path>/[!-\"$->@-~]*+)?+(?:\?(?P<query>[!-\"$-~]*+))?+(?:#[!-~]*+)?+"
)
_HOST: Final = re.compile(r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]+")
_INSIDE: Final = tuple(f".{end}" for end in PLATFORMS.inside)
_BUILDING: Final = Lock()


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
    if "@" in path and (remote := _REMOTE.match(unquote(path))):
        return site(f"{remote[2]}/{remote[1]}")
    domain = _site_of_host(host)
    # Behind an address of many colons an account could not be told from it again.
    account = None if ":" in domain else _account(domain, path, query)
    return _same(f"{domain}/{account}" if account else domain)


def is_of(found: str, publishers: Collection[str]) -> bool:
    """Whether a site is one of these publishers', as far as can be told: a platform's address that names no account may be anybody's.

    >>> is_of(site("https://www.youtube.com/watch?v=1"), {"youtube.com/channel/a"}), is_of("youtube.com/@b", {"youtube.com/channel/a"})
    (True, False)
    """
    return found in publishers or any(publisher.startswith(f"{found}/") for publisher in publishers)


def is_below(found: str, platform: str) -> bool:
    """Whether a site is an account on a platform, and the other one is that platform, no account there.

    >>> is_below("ann.simplecast.com", "simplecast.com"), is_below("vimeo.com/ann", "vimeo.com"), is_below("bob.github.io", "ann.github.io")
    (True, True, False)
    """
    return found.startswith(f"{platform}/") or (platform in PLATFORMS.below and found.endswith(f".{platform}"))


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


def is_redirecting(url: str) -> bool:
    """Tell whether only the server behind an address knows where it leads, so that it names no publisher: a shortener, a feed's redirector.

    >>> [is_redirecting(url) for url in ("http://feeds.example.com/~r/blog/~3/Xyz/", "https://t.co/Xyz", "https://a.example/~ann/")]
    [True, True, False]
    """
    if "/~r/" in url or "/~3/" in url:
        return True
    host = host_of(url).removeprefix("www.")
    return host in PLATFORMS.shorteners or any(host == place and _split(url)[1].startswith(path) for place, path in PLATFORMS.shortening)


def is_inside(url_or_host: str) -> bool:
    """Tell whether a host means nothing outside of one machine or network, so that its name is no publisher's to anybody else.

    >>> [is_inside(url) for url in ("http://10.0.0.5/a", "http://localhost:4000/", "http://backend/a", "http://cms.lan/", "https://a.example/")]
    [True, True, True, True, False]
    """
    host = host_of(url_or_host)
    if (address := _address(host)) is not None:
        return not ip_address(address).is_global
    return bool(host) and ("." not in host or host.endswith(_INSIDE))


def is_resolving(url: str) -> bool:
    """Tell whether an address is a name that lasts: it leads to whoever has the page today, and names no publisher either.

    >>> is_resolving("https://doi.org/10.1000/1"), is_resolving("https://journal.example/10.1000/1")
    (True, False)
    """
    return host_of(url).removeprefix("www.") in PLATFORMS.resolvers


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
    return rest if first in PLATFORMS.platform and rest in PLATFORMS.below else _registrable(host, private=True)


@lru_cache(maxsize=65536)
def _registrable(host: str, *, private: bool) -> str:
    if "." not in host or _address(host) is not None:
        return host
    found = _suffixes(private=private)(host)
    if found.domain and found.suffix:
        return f"{found.domain}.{found.suffix}"
    return host if found.suffix else ".".join(host.split(".")[-2:])


def _suffixes(*, private: bool) -> "TLDExtract":
    with _BUILDING:  # or each of the threads that ask at the start of a poll would build a list of its own
        return _built(private=private)


@cache
def _built(*, private: bool) -> "TLDExtract":
    # Imported when a host is first asked for: it brings an HTTP client along, and a poll in which nothing changed asks for none.
    from tldextract import TLDExtract

    extra = PLATFORMS.below if private else ()
    found = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=private, extra_suffixes=extra)
    found("example.org")  # reads the list, which it otherwise does at the first question
    return found


def _account(domain: str, path: str, query: str) -> str | None:
    pattern = PLATFORMS.accounts.get(domain, _ANYWHERE)
    found = pattern.match(unquote(path))
    if pattern is _ANYWHERE and found is None and (actor := _ACTOR.match(unquote(path))):
        return f"@{actor[1]}".lower()
    if found:
        account = _FEED.sub("", found[1].lower())
        is_item = account.isdigit() and domain in PLATFORMS.numbered
        return account if account not in PLATFORMS.parts and not is_item else None
    channel = dict(parse_qsl(query)).get("channel_id") if "channel_id=" in query and pattern is not _ANYWHERE else None
    return f"channel/{channel}".lower() if channel and re.fullmatch(_NAME, channel) else None


def _same(publisher: str) -> str:
    """The one name of an account that has several."""
    for pattern, name in PLATFORMS.same:
        if found := pattern.fullmatch(publisher):
            return name.format(*found.groups())
    return publisher
