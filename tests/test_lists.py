"""Lists of feeds on the web: they join and leave by themselves, and can do nothing else."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn, Self

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from aggregator.app import build
from aggregator.cli import asking, editing, holding, keeping, ledger, moving, running, status, stories  # noqa: F401 - they add the commands
from aggregator.cli.main import cli
from aggregator.config import load, load_text
from aggregator.errors import ConfigError, ParseError
from aggregator.listing import read, read_apart, refusal
from aggregator.lists import DAY, confirmed, grown, joined, refresh, report_lines, statuses, told
from aggregator.migrate import read_list
from aggregator.model import FeedState, JsonValue, ListState, ListStatus, Member
from aggregator.pipeline import poll, publish
from aggregator.publish.statuspage import Shown, status_page
from aggregator.refine.stories import same_story
from aggregator.rereading import reread
from aggregator.run.daemon import Daemon
from aggregator.run.poller import poll_due
from aggregator.status import overview
from aggregator.store.matching import Known, match
from tests.e2e.running import feed, lent
from tests.fakes import document
from tests.makers import NOON
from tests.wire import Wire, answer

HOUR = timedelta(hours=1)
ENTRIES = [f"Entry 1 of blog{number}" for number in range(4)]


# ── growth ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def named(*numbers: int) -> list[Member]:
    return [Member(url=f"https://blog{number}.example/feed") for number in numbers]


def listed(count: int) -> ListState:
    """A list that was taken up with so many feeds."""
    asked = FeedState(key="k", id="list", shown_url="https://list.example/opml", next_poll_at=NOON)
    return grown(ListState(asked=asked), named(*range(count)), NOON)


def in_force(state: ListState) -> list[int]:
    return sorted(int(member.url.partition("blog")[2].partition(".")[0]) for member in state.members)


@pytest.mark.parametrize(
    ("count", "more", "taken"), [(3, 1, True), (3, 2, False), (10, 2, True), (10, 3, False), (100, 20, True), (100, 21, False)]
)
def test_a_list_grows_by_a_fifth_a_day_and_by_one_in_any_case(count: int, more: int, taken: bool) -> None:
    after = grown(listed(count), named(*range(count + more)), NOON + HOUR)
    assert (len(after.members), len(after.held)) == ((count + more, 0) if taken else (count, more))


def test_what_is_new_within_a_day_counts_together_and_room_comes_with_time() -> None:
    first = grown(listed(10), named(*range(12)), NOON + HOUR)
    second = grown(first, named(*range(13)), NOON + 2 * HOUR)
    assert (in_force(second), len(second.held)) == ([*range(12)], 1)
    # The document is the same, so only what is held is looked at again.
    third = grown(second, (*second.members, *second.held), NOON + HOUR + DAY)
    assert (in_force(third), third.held, third.held_since) == ([*range(13)], (), None)


def test_a_list_cannot_be_exchanged_at_a_stroke_but_whoever_leaves_has_left() -> None:
    after = grown(listed(10), named(0, 1, *range(20, 28)), NOON + HOUR)
    assert (in_force(after), len(after.held)) == ([0, 1], 8)
    back = grown(after, named(*range(10)), NOON + 2 * HOUR)
    assert len(back.held) == 8, "who comes back is new again: it may be another's list by now"
    assert in_force(confirmed(back)) == [*range(10)]
    assert grown(confirmed(back), named(*range(12)), NOON + 3 * HOUR).held == (), "what was confirmed counts as having been there"


@given(st.lists(st.sets(st.integers(0, 30), min_size=1), min_size=1, max_size=8))
def test_whatever_a_list_names_it_never_takes_up_more_than_its_share(documents: list[set[int]]) -> None:
    state = listed(10)
    count = 0
    for hour, numbers in enumerate(documents, 1):
        before = set(in_force(state))
        state = grown(state, named(*numbers), NOON + hour * HOUR)
        now = set(in_force(state))
        assert now - before <= numbers
        assert now & before == numbers & before
        assert {member.url for member in state.held}.isdisjoint(member.url for member in state.members)
        count += len(now - before)
    assert count <= 2


# ── what a list can name ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/feed",
        "http://[::1]/feed",
        "http://2130706433/feed",
        "http://0x7f.1/feed",
        "http://10.1.2.3:8080/feed",
        "http://169.254.169.254/latest",
        "http://localhost/feed",
        "http://intranet/feed",
        "https://printer.local/feed",
        "https://me:word@blog.example/feed",
        "https://me@blog.example/feed",
        "http:\\\\me:word@blog.example/feed",
        "http:blog.example/feed",
        f"https://blog.example/{'x' * 2000}",
    ],
)
def test_an_address_that_is_private_or_holds_a_password_is_no_member(url: str) -> None:
    assert refusal(url)
    assert refusal("https://blog.example/~me@home/feed?x=@") is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!doctype html><title>Not found</title>", "is a web page"),
        (b"", "names no feed"),
        (b"<opml version='2.0'><body/></opml>", "names no feed"),
        (b"<opml version='2.0'><body><outline xmlUrl='https://a.example/feed'/>", "ends before its last tag"),
        (b"<rss version='2.0'><channel/></rss>", "is a feed itself"),
        (b"Service unavailable\nSee https://status.example/\nSorry\n", "most of its lines are no addresses"),
        (b'{"feeds": ["https://a.example/feed"]}', "is JSON"),
        (b"[Planet]\n[https://a.example/feed]\nname = A\n", "most of its lines are no addresses"),
        (b"GIF89a\0\0\0", "is not a text"),
        (b"https://a.example/\n" * 20_002, "more than 20,000 lines"),
        (b'https://a.example/ "' + b"a" * 1_000_000, "one of more than 4,096 characters"),
        (b"<opml>" + b" " * 2_100_000 + b"</opml>", "larger than 2 MiB"),
    ],
)
def test_what_is_no_list_is_an_error(body: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_list(body, "the list")
    assert said in raised.value.problems[0].message


def test_a_list_is_read_in_a_child_that_can_be_stopped() -> None:
    (one,) = load_text("lists: [https://l.example/]\n", Path("/srv/feeds.yaml"), {}).lists
    good = document('https://ann.example/feed "~Ann" blogs\nhttp://10.0.0.1/\n')
    assert read_apart(good, one) == read(good, one)
    assert [member.name for member in read(good, one).members] == ["Ann"]
    with pytest.raises(ParseError, match="is a web page"):
        read_apart(document("<html></html>"), one)


# ── in feeds.yaml ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_list_does_not_lend_its_feeds_what_feeds_yaml_allows_its_own() -> None:
    text = "defaults: { every: 1s, allow_private: true, republish: full }\n"
    text += "lists:\n  - { url: http://10.0.0.1/l, allow_private: true, tags: [x] }\n"
    (one,) = load_text(text, Path("/srv/feeds.yaml"), {}).lists
    assert (one.id, one.asked.allow_private, one.asked.every) == ("list-10-0-0-1-l", True, DAY)
    assert (one.member.allow_private, one.member.every, one.member.republish, one.member.tags) == (
        False,
        300 * timedelta(seconds=1),
        "full",
        ("x",),
    )


def test_the_feeds_of_a_list_with_a_secret_are_private_unless_it_says_otherwise() -> None:
    text = "lists:\n  - https://l.example/${KEY}\n  - { url: 'https://m.example/${KEY}', public: true }\n  - https://n.example/\n"
    assert [one.member.is_private for one in load_text(text, Path("/srv/feeds.yaml"), {"KEY": "hush"}).lists] == [True, False, False]


def test_a_member_takes_neither_the_name_nor_the_stored_entries_of_another_publisher() -> None:
    text = "feeds: [{ url: https://courier.example/, name: The Courier }]\nlists: [https://l.example/]\n"
    config = load_text(text, Path("/srv/feeds.yaml"), {})
    named = (Member(url="https://ann.example/feed", name="The  COURIER"), Member(url="https://bob.example.blog/feed", name="Bob"))
    asked = FeedState(key="k", id="l", shown_url="https://l.example/", next_poll_at=NOON)
    ann, bob = joined(config, {"https://l.example/": grown(ListState(asked=asked), named, NOON)}).feeds[1:]
    assert (ann.name, bob.name, bob.id) == (None, "Bob", "bob-example-blog")
    # Once there was https://bob.example/blog/feed, of which the same id was made.
    gone = Known(key="gone", id="bob-example-blog", address_key="https://bob.example/blog/feed")
    assert match([bob], [gone], {}) == {}
    moved = Known(key="moved", id="bob-example-blog", address_key="https://bob.example.blog/rss")
    assert match([bob], [moved], {}) == {bob.id: "moved"}
    assert match([replace(bob, listed_by=None)], [gone], {}) == {bob.id: "gone"}, "an editor may give a feed another address"


def test_every_mistake_of_lists_is_said_with_its_line() -> None:
    text = "feeds: [{ url: https://a.example/, id: friends }]\nlists:\n  - ./list.opml\n  - { url: https://l.example/, evry: 1d }\n"
    text += "  - { url: https://m.example/, every: 5m }\n  - { url: https://n.example/, id: friends }\n  - https://m.example/\n"
    with pytest.raises(ConfigError) as raised:
        load_text(text, Path("/srv/feeds.yaml"), {})
    found = [f"{problem.line}: {problem.message}" for problem in raised.value.problems]
    assert [line.partition(" (")[0] for line in found] == [
        "3: lists: './list.opml' is a file: one with 'feeds:' stands below 'include:', and 'import' reads all others",
        "4: unknown key 'evry'",
        "5: every: of a list at least 1h, since lists change rarely, and at most 30d",
        "6: id: 'friends' is taken already",
        "7: url: https://m.example/ is the list of line 5 again",
    ]


# ── the whole way ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Home:
    """A folder with a feeds.yaml whose one list is called friends, and an app in it whose clock goes on by hours."""

    def __init__(self, folder: Path, wire: Wire, more: str = "", defaults: str = "defaults: { allow_private: true }") -> None:
        self.folder = folder
        given = f"url: '{wire.url('/list')}', id: friends, allow_private: true, tags: [listed], {defaults}"
        (folder / "feeds.yaml").write_text(f"outputs: [feed.json]\nlists:\n  - {{ {given} }}\n{more}")
        self.now = datetime.now(UTC)
        made = build(load(folder / "feeds.yaml", {}), lambda: self.now)
        self.app = replace(made, ports=replace(made.ports, reader=reread))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.app.close()

    def asks(self) -> list[str]:
        """What asking the list anew comes to."""
        self.now += HOUR
        reports = refresh(self.app.ports, ["friends"], read)
        self.app = self.app.with_members()
        return [line for report in reports for line in report_lines(report)]

    def publishes(self) -> list[str]:
        """The titles of what is published after all members are polled."""
        for spec in self.app.config.feeds:
            self.now += HOUR
            ((state, lease),) = self.app.ports.store.lease(self.now, HOUR / 2, 1, feeds=[spec.id], ignore_holds=True)
            self.app.ports.store.record([poll(spec, state, lease, self.app.ports)[0]], same_story)
        publish(self.app.ports)
        return sorted(item["title"] for item in json.loads((self.folder / "public/feed.json").read_text())["items"])

    def statuses(self) -> tuple[ListStatus, ...]:
        return statuses(self.app.config, self.app.ports.store.lists.states(), self.now)

    def told(self) -> dict[str, JsonValue]:
        return told(self.statuses()[0])


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as made:
        for number in range(4):
            made.on(f"/blog{number}", answer(feed(f"blog{number}", f"Words of blog {number}."), "Content-Type: application/rss+xml"))
        yield made


def opml(wire: Wire, numbers: Iterable[int], more: str = "", etag: str = '"one"') -> bytes:
    outlines = "".join(f'<outline text="Blog {number}" xmlUrl="{wire.url(f"/blog{number}")}"/>' for number in numbers)
    body = f'<opml version="2.0"><body><outline text="Friends"><outline text="Near">{outlines}</outline></outline>{more}</body></opml>'
    return answer(body.encode(), f"ETag: {etag}")


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["-c", str(folder / "feeds.yaml"), *arguments], obj=lent)


def test_feeds_join_and_leave_with_the_list_and_an_error_of_it_changes_nothing(tmp_path: Path, wire: Wire) -> None:
    page = answer(b"<html><body>Moved</body></html>")
    odd = '<outline text="P" xmlUrl="file:///etc/passwd"/>'
    wire.on("/list", opml(wire, [0, 1, 2], odd), answer(status=304), page, answer(status=503), opml(wire, [0, 2, 3], etag='"two"'))
    own = f"feeds:\n  - {{ url: '{wire.url('/blog1')}', id: mine, allow_private: true }}\n"
    with Home(tmp_path, wire, own) as home:
        assert home.asks() == ["friends: 3 feeds joined, 0 left, 3 in all"]
        assert home.publishes() == ENTRIES[:3]
        assert wire.targets().count(b"/blog1") == 1, "feeds.yaml's own feed goes before the list's"
        assert (home.told()["members"], home.told()["refused_count"]) == (2, 1)

        assert home.asks() == []
        assert wire.field("If-None-Match") == b'"one"'
        for said in ("is a web page", "answered 503"):
            (line,) = home.asks()
            assert said in line
            assert (said in str(home.told()["trouble"]), home.told()["members"]) == (True, 2)
        assert "its last 3 feeds stay" in str(home.told()["trouble"])

        home.now += timedelta(days=1)
        assert home.asks() == ["friends: 1 feed joined, 1 left, 3 in all"]
        assert home.told()["trouble"] is None
        assert home.publishes() == ENTRIES, "1 is feeds.yaml's own"

    assert "a feed of the list friends" in run(tmp_path, "explain", wire.url("/blog2")).stdout
    member = json.loads(run(tmp_path, "config", wire.url("/blog2"), "--json").stdout)
    assert (member["name"], member["tags"]) == ("Blog 2", ["listed", "friends", "near"])
    where = member["sources"]
    assert (where["url"], where["allow_private"], where["every"]) == ("feeds.yaml:3, list friends", "feeds.yaml:3, defaults", "built in")
    refused = run(tmp_path, "remove", wire.url("/blog2"))
    assert (refused.exit_code, "named by the list friends" in refused.stderr) == (2, True)
    (tmp_path / "feeds.yaml").write_text(f"outputs: [feed.json]\n{own}")
    run(tmp_path, "publish")
    titles = [item["title"] for item in json.loads((tmp_path / "public/feed.json").read_text())["items"]]
    assert titles == ENTRIES[1:2], "a list that is gone takes its feeds along"


def test_a_list_of_which_the_asking_is_cut_short_is_due_at_the_next_start(tmp_path: Path, wire: Wire) -> None:
    def stopped(*asked: object) -> NoReturn:
        raise KeyboardInterrupt

    wire.on("/list", opml(wire, [0]))
    with Home(tmp_path, wire, "") as home:
        with pytest.raises(KeyboardInterrupt):
            refresh(home.app.ports, None, stopped)
        home.now += timedelta(seconds=3)
        (report,) = refresh(home.app.ports, None, read)
        assert (report.joined, report.error) == (1, None)


def test_many_at_once_are_held_shown_and_taken_up_by_one_command(tmp_path: Path, wire: Wire) -> None:
    wire.on("/list", opml(wire, [0]), opml(wire, range(4), etag='"two"'))
    with Home(tmp_path, wire) as home:
        home.asks()
        home.publishes()
        assert home.asks() == ["friends: 0 feeds joined, 0 left, 1 in all; 3 new feeds at once held: aggregator confirm friends"]
        daemon = Daemon(home.app, load=lambda: home.app.written, tell=print, report=print, serve=False)
        daemon._ask_lists()
        assert "`aggregator confirm friends`" in str(daemon.told_health()["lists"])
        page = status_page(replace(overview(home.app.ports.store, home.app.config, home.now), lists=home.statuses()), Shown(secret="s"))
        assert b"Take 3 new feeds" in page
        shown = run(tmp_path, "status").stdout.replace("\n", " ")
        assert "3 new feeds at once, beside 1: held for" in shown
        assert run(tmp_path, "confirm", "friends").stdout == "friends: 3 feeds taken up\n"
        daemon._ask_lists()
        assert (len(daemon.app.config.feeds), daemon.told_health()["lists"]) == (4, {})
        home.app = daemon.app
        assert home.publishes() == ENTRIES
    assert run(tmp_path, "confirm", "friends").exit_code == 2
    assert "Blog 3" in run(tmp_path, "export").stdout


def test_what_is_held_of_a_list_joins_with_time_though_the_list_is_as_it_was(tmp_path: Path, wire: Wire) -> None:
    documents = (opml(wire, range(number), etag=f'"{number}"') for number in (1, 2, 3))
    wire.on("/list", *documents, answer(b"", status=304))
    with Home(tmp_path, wire) as home:
        home.asks()
        assert home.asks() == ["friends: 1 feed joined, 0 left, 2 in all"]
        assert "1 new feed at once held" in home.asks()[0]
        home.now += DAY
        assert home.asks() == ["friends: 1 feed joined, 0 left, 3 in all"]


def test_a_private_address_is_neither_named_nor_dialed_though_the_list_itself_is_private(tmp_path: Path, wire: Wire) -> None:
    wire.on("/list", opml(wire, [0, 1], '<outline xmlUrl="http://blog.example.org/feed"/>'))
    with Home(tmp_path, wire, defaults="every: 2h") as home:
        home.asks()
        assert (home.told()["members"], home.told()["refused_count"]) == (1, 2)
        assert "is on this machine or in a private network" in str(home.told()["refused"])
        (spec,) = home.app.config.feeds
        assert (spec.allow_private, spec.listed_by) == (False, "friends"), "so the guard looks at whatever its name leads to"
    assert wire.targets() == [b"/list"]
    # What was left out by other rules is let in, though the document is the same.
    with Home(tmp_path, wire) as home:
        home.now += 2 * HOUR
        home.asks()
        assert (len(home.told()["held"]), wire.field("If-None-Match")) == (2, None)  # type: ignore[arg-type]


def test_a_list_whose_server_wants_a_pause_is_left_alone_with_its_feeds(tmp_path: Path, wire: Wire) -> None:
    wire.on("/list", opml(wire, [0]), answer(b"", "Retry-After: 7200", status=429))
    with Home(tmp_path, wire) as home:
        home.asks()
        home.asks()
        asked = len(wire.heads)
        assert home.asks() == []
        poll_due(lambda: home.app)
        assert len(wire.heads) == asked
