"""No feed reaches an address that is not public, whatever it is dressed up as."""

import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from aggregator.collect.addresses import is_public, literal_address
from aggregator.errors import Blocked, Unreachable
from aggregator.model import Document, FeedSpec, Validators
from tests.conftest import OpenFetcher
from tests.wire import Wire, answer

NONE = Validators()

NOT_PUBLIC = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.1.2.3 168.63.129.16 169.254.169.254
    172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1
    224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::10.0.0.1
    64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 64:ff9b:1::808:808 2002:7f00:1:: 2002:a00:1::1 2002:c0a8:101:: 2001::1 2001:0:7f00:1::
    2001:0:808:808:0:0:80ff:fffe 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 3fff::1 5f00::1 100::1 100:0:0:1::1 fc00::1 fd00::1
    fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 feff::1 ff02::1 ff0e::1 4000::1 8000::1 not-an-address
""".split()  # noqa: SIM905
PUBLIC = """
    1.1.1.1 8.8.8.8 93.184.215.14
    100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 192.167.0.1 198.17.0.1 198.20.0.1 223.255.255.255
    2606:4700:4700::1111 2a00:1450:4001::1 2001:4860:4860::8888 2001:200::1 2620:fe::fe ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1
""".split()  # noqa: SIM905

# Ways to write a private address into a feed's own address.
LITERALS = """
    127.0.0.1 127.1 127.0.1 0 0.0.0.0 2130706433 0x7f000001 0x7f.1 0x7F.0.0.1 0177.0.0.1 0177.1 017700000001 10.1 0xa9fea9fe 2852039166
    169.254.169.254 192.168.1.1 3232235777 [::] [::1] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1]
    [2002:7f00:1::] [2001::1] [fec0::1] [fe80::1] [fd00::1] [ff02::1] [5f00::1] 127.0.0.1. 255.255.255.255 224.0.0.1 100.64.0.1
    ①②⑦.0.0.1 １２７.1 127。0。0。1
""".split()  # noqa: SIM905


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_global_unicast_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_global_unicast_address_is_public(address: str) -> None:
    assert is_public(address)


def spec(url: str, *, allow_private: bool = False) -> FeedSpec:
    return FeedSpec(id="feed", url=url, shown_url=url, allow_private=allow_private)


class Names:
    """A resolver with a script: each look-up takes the next list of addresses, the last one repeats."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as running:
        running.on("/", answer(b"<rss/>"))
        yield running


@pytest.mark.parametrize("host", LITERALS)
def test_no_way_of_writing_a_private_address_gets_through(wire: Wire, host: str, open_fetcher: OpenFetcher) -> None:
    fetcher = open_fetcher()
    with pytest.raises(Blocked, match="not a public address"):
        fetcher.fetch(spec(f"http://{host}:{wire.port}/"), NONE, None)
    assert wire.connections == 0


@pytest.mark.parametrize("address", [address for address in NOT_PUBLIC if address != "not-an-address"])
def test_no_name_for_a_private_address_gets_through(wire: Wire, address: str, open_fetcher: OpenFetcher) -> None:
    fetcher = open_fetcher(resolver=Names([address]))
    with pytest.raises(Blocked):
        fetcher.fetch(spec(f"http://feed.example:{wire.port}/"), NONE, None)
    assert wire.connections == 0


def test_one_private_address_among_public_ones_is_enough_to_refuse(wire: Wire, open_fetcher: OpenFetcher) -> None:
    fetcher = open_fetcher(resolver=Names(["93.184.215.14", "127.0.0.1"]))
    with pytest.raises(Blocked):
        fetcher.fetch(spec(wire.url(host="feed.example")), NONE, None)


def test_a_name_is_looked_up_once_and_its_checked_address_dialed(wire: Wire, open_fetcher: OpenFetcher) -> None:
    names = Names(["127.0.0.1"], ["192.0.2.1"])
    got = open_fetcher(resolver=names).fetch(spec(wire.url(host="feed.example"), allow_private=True), NONE, None)
    assert isinstance(got, Document)
    assert names.asked == ["feed.example"]
    assert wire.field("Host") == f"feed.example:{wire.port}".encode()


@pytest.mark.parametrize("host", ["127.1", "0x7f.0.0.1", "feed.example."])
def test_the_server_is_told_the_host_as_it_is_written(wire: Wire, open_fetcher: OpenFetcher, host: str) -> None:
    open_fetcher(resolver=Names(["127.0.0.1"])).fetch(spec(wire.url(host=host), allow_private=True), NONE, None)
    assert wire.field("Host") == f"{host.rstrip('.')}:{wire.port}".encode()


def test_names_at_one_address_do_not_share_a_connection(wire: Wire, open_fetcher: OpenFetcher) -> None:
    fetcher = open_fetcher(resolver=Names(["127.0.0.1"]))
    for host in ("a.example", "b.example", "A.example"):
        fetcher.fetch(spec(wire.url(host=host), allow_private=True), NONE, None)
    assert wire.connections == 2
    assert [wire.field("Host", at) for at in range(3)] == [f"{host}.example:{wire.port}".encode() for host in "aba"]


def test_a_connection_that_replaces_another_is_checked_as_any(wire: Wire, open_fetcher: OpenFetcher) -> None:
    names = Names(["127.0.0.1"], [])
    fetcher = open_fetcher(resolver=names)
    feed = spec(wire.url(host="feed.example"), allow_private=True)
    fetcher.fetch(feed, NONE, None)
    wire.on("/", lambda connection: connection.close())
    with pytest.raises(Unreachable, match=r"the name feed\.example cannot be found"):
        fetcher.fetch(feed, NONE, None)
    assert names.asked == ["feed.example", "feed.example"]
    assert wire.connections == 1


def test_a_name_beyond_ascii_is_looked_up_in_its_ascii_form_and_shown_as_written(wire: Wire, open_fetcher: OpenFetcher) -> None:
    names = Names(["127.0.0.1"], [])
    fetcher = open_fetcher(resolver=names)
    got = fetcher.fetch(spec(wire.url(host="Bücher.example"), allow_private=True), NONE, None)
    assert isinstance(got, Document)
    assert wire.field("Host") == f"xn--bcher-kva.example:{wire.port}".encode()
    with pytest.raises(Unreachable, match=r"the name straße\.example cannot be found"):
        fetcher.fetch(spec("http://straße.example/", allow_private=True), NONE, None)
    assert names.asked == ["xn--bcher-kva.example", "xn--strae-oqa.example"]


def test_no_redirect_leads_to_a_private_address_however_it_is_written(wire: Wire, open_fetcher: OpenFetcher) -> None:
    """The first hop is reached through a proxy, the one thing on loopback that a strict feed may be led to."""
    targets = [f"http://{host}/" for host in LITERALS if host.isascii()] + ["http://localhost/", "//169.254.169.254/latest/"]
    fetcher = open_fetcher(proxy=wire.url().rstrip("/"))
    for number, target in enumerate(targets):
        wire.on(f"http://feed.example/{number}", answer(b"", f"Location: {target}", status=302))
        with pytest.raises(Blocked, match="not a public address"):
            fetcher.fetch(spec(f"http://feed.example/{number}"), NONE, None)
    assert wire.targets() == [f"http://feed.example/{number}".encode() for number in range(len(targets))]


def test_a_connection_made_for_a_trusted_feed_is_not_lent_to_others(wire: Wire, open_fetcher: OpenFetcher) -> None:
    fetcher = open_fetcher(resolver=Names(["127.0.0.1"]))
    url = wire.url(host="feed.example")
    for _ in range(2):
        fetcher.fetch(spec(url, allow_private=True), NONE, None)
    assert wire.connections == 1
    with pytest.raises(Blocked):
        fetcher.fetch(spec(url), NONE, None)
    assert len(wire.heads) == 2


def test_a_dead_address_is_followed_by_the_next_one(wire: Wire, open_fetcher: OpenFetcher) -> None:
    fetcher = open_fetcher(resolver=Names(["127.0.0.2", "::1", "127.0.0.1"]))
    assert isinstance(fetcher.fetch(spec(wire.url(host="feed.example"), allow_private=True), NONE, None), Document)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost", "127.1", "[::1]", "0x7f000001", "10.0.0.1"])
def test_a_proxy_is_not_asked_for_what_is_private_by_name(wire: Wire, host: str, open_fetcher: OpenFetcher) -> None:
    fetcher = open_fetcher(proxy=wire.url().rstrip("/"))
    with pytest.raises(Blocked):
        fetcher.fetch(spec(f"http://{host}/feed"), NONE, None)
    assert wire.connections == 0


def test_a_proxy_is_dialed_and_asked_for_the_whole_address(wire: Wire, open_fetcher: OpenFetcher) -> None:
    wire.on("http://feed.example:8000/%7efeed", answer(b"<rss/>"))
    names = Names(["127.0.0.1"])
    fetcher = open_fetcher(proxy=f"http://proxy.example:{wire.port}", resolver=names)
    got = fetcher.fetch(spec("http://feed.example:8000/%7efeed?q=%7e"), NONE, None)
    assert isinstance(got, Document)
    assert names.asked == ["proxy.example"]
    assert wire.targets() == [b"http://feed.example:8000/%7efeed?q=%7e"]
    assert wire.field("Host") == b"feed.example:8000"


def test_many_feeds_at_once_through_one_proxy_keep_their_connections_and_warn_nobody(
    wire: Wire, open_fetcher: OpenFetcher, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"http://feed{number}.example/" for number in range(6)]
    together = threading.Barrier(len(names))

    def when_all_are_here(host: str, port: int) -> Sequence[str]:
        if wire.connections < len(names):
            together.wait(5)
        return ["127.0.0.1"]

    fetcher = open_fetcher(proxy=f"http://proxy.example:{wire.port}", resolver=when_all_are_here, timeout_s=6.0)
    for name in names:
        wire.on(name, answer(b"<rss/>"))
    with ThreadPoolExecutor(len(names)) as threads:
        for _ in range(3):
            assert all(isinstance(got, Document) for got in threads.map(lambda name: fetcher.fetch(spec(name), NONE, None), names))
    assert [record.getMessage() for record in caplog.records] == []
    assert wire.connections == len(names), "none is dialled twice"


def test_a_proxy_is_asked_for_a_name_beyond_ascii_in_its_ascii_form(wire: Wire, open_fetcher: OpenFetcher) -> None:
    wire.on("http://xn--bcher-kva.example/", answer(b"<rss/>"))
    open_fetcher(proxy=wire.url().rstrip("/")).fetch(spec("http://bücher.example"), NONE, None)
    assert wire.targets() == [b"http://xn--bcher-kva.example/"]


def test_a_proxy_is_told_its_login_and_nothing_that_was_not_configured(
    wire: Wire, open_fetcher: OpenFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    wire.on("http://feed.example/", answer(b"<rss/>"))
    open_fetcher(proxy=f"http://me:p%40ss@127.0.0.1:{wire.port}").fetch(spec("http://feed.example/"), NONE, None)
    assert wire.field("Proxy-Authorization") == b"Basic bWU6cEBzcw=="
    names = {line.partition(b":")[0].lower() for line in wire.heads[0].split(b"\r\n")[1:]}
    assert names == {b"host", b"proxy-authorization", b"user-agent", b"accept", b"accept-encoding"}


def test_a_proxy_that_is_not_there_is_said_so(open_fetcher: OpenFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for scheme in ("http", "https"):
        with pytest.raises(Unreachable, match=r"feed\.example: the proxy cannot be reached: the connection was refused"):
            open_fetcher(proxy=f"http://127.0.0.1:{port}").fetch(spec(f"{scheme}://feed.example/"), NONE, None)
    with pytest.raises(Unreachable, match=r"feed\.example: the name of the proxy cannot be found"):
        open_fetcher(proxy="http://proxy.example:3128", resolver=Names([])).fetch(spec("http://feed.example/"), NONE, None)


def test_a_proxy_may_have_a_name_and_a_login_beyond_ascii(wire: Wire, open_fetcher: OpenFetcher) -> None:
    names = Names(["127.0.0.1"])
    wire.on("http://feed.example/", answer(b"<rss/>"))
    fetcher = open_fetcher(proxy=f"http://zo%C3%AB:ü@bücher.example:{wire.port}", resolver=names)
    assert isinstance(fetcher.fetch(spec("http://feed.example/"), NONE, None), Document)
    assert names.asked == ["xn--bcher-kva.example"]


def test_a_proxy_that_refuses_a_tunnel_is_said_so(wire: Wire, open_fetcher: OpenFetcher) -> None:
    wire.on("feed.example:443", answer(b"", status=403))
    fetcher = open_fetcher(proxy=wire.url().rstrip("/"))
    with pytest.raises(Unreachable, match="the proxy lets no connection through"):
        fetcher.fetch(spec("https://feed.example/"), NONE, None)


@pytest.mark.parametrize(("host", "address"), [("127.1", "127.0.0.1"), ("0", "0.0.0.0"), ("[::1]", "::1"), ("1e100.net", None), ("", None)])
def test_what_the_system_would_read_as_an_address_is_one(host: str, address: str | None) -> None:
    assert literal_address(host) == address
