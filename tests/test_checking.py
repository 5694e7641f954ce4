"""`check --fetch` says of each feed what its editor should know, and `--fix` writes what is surely right and nothing else."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner, Result

from aggregator.checking import Finding, ask, findings, list_finding
from aggregator.cli import asking, editing, holding, keeping, ledger, moving, running, status, stories  # noqa: F401 - they add the commands
from aggregator.cli.main import cli
from aggregator.collect.parse import read
from aggregator.config import load_text
from aggregator.errors import ParseError, Unreachable
from aggregator.listing import read as read_named
from aggregator.model import FeedSpec, FeedState, Redirect
from bench.loopback import LoopbackSite, Reply
from tests.e2e.running import feed, lent
from tests.fakes import Answer, FakeFetcher, document
from tests.makers import spec, state

TODAY = datetime(2024, 6, 1, tzinfo=UTC)


def entries(host: str, *numbers: int, scheme: str = "https", year: int = 2024) -> str:
    items = "".join(f"<item><link>{scheme}://{host}/{n}</link><pubDate>Mon, 0{n} Jan {year} 10:00:00 GMT</pubDate></item>" for n in numbers)
    return f'<rss version="2.0"><channel><title>{host}</title>{items}</channel></rss>'


def found(answers: Mapping[str, Answer], *specs: FeedSpec, states: Mapping[str, FeedState] | None = None) -> list[Finding]:
    fetcher = FakeFetcher(answers)
    return findings(ask(specs, fetcher, read, pause=lambda: None, done=lambda: None), states or {}, TODAY)


def told(*arguments: Finding) -> list[tuple[str, str, str | None, bool]]:
    return [(one.spec.id, one.kind, one.proposal, one.is_safe) for one in arguments]


def moved_to(url: str, host: str = "blog.example") -> Answer:
    return document(entries(host, 1, 2, 3), url, redirects=(Redirect(status=301, target=url),))


def test_a_feed_that_moved_within_its_site_is_written_and_elsewhere_only_once_that_is_proved() -> None:
    near = moved_to("https://www.blog.example/new")
    assert told(*found({"blog": near}, spec())) == [("blog", "moved", "write https://www.blog.example/new", True)]
    far = moved_to("https://else.example/feed")
    assert told(*found({"blog": far}, spec())) == [("blog", "moved", "write https://else.example/feed", False)]
    seen = {"redirect_target": "https://else.example/feed", "redirect_since": TODAY - timedelta(days=30), "redirect_count": 9}
    assert found({"blog": far}, spec(), states={"blog": state("blog", **seen)})[0].is_safe
    assert not found({"blog": far}, spec(), states={"blog": state("blog", **{**seen, "redirect_count": 2})})[0].is_safe
    passing = document(entries("blog.example", 1), redirects=(Redirect(status=302, target="https://blog.example/x"),))
    assert found({"blog": passing}, spec()) == []


def test_a_page_leads_to_its_own_feed_and_names_the_others() -> None:
    choices = ("https://feeds.example/blog", "https://blog.example/feed", "https://blog.example/comments")
    (one,) = found({"blog": lambda asked: raised(ParseError("", "is a web page", found=choices))}, spec())
    assert told(one) == [("blog", "page", "write https://blog.example/feed", True)]
    assert (one.choices, "3 feeds" in one.message) == (choices, True)
    (elsewhere,) = found({"blog": lambda asked: raised(ParseError("", "is a web page", found=choices[:1]))}, spec())
    assert told(elsewhere) == [("blog", "page", "write https://feeds.example/blog", False)]


def raised(error: Exception) -> Answer:
    raise error


def test_a_page_that_repeats_a_secret_does_not_have_it_told() -> None:
    page = document('<html><link rel="alternate" type="application/rss+xml" href="/feed?key=s3cr3t-1"><body>x</body></html>')
    asked = spec(url="https://blog.example/?key=s3cr3t-1", shown_url="https://blog.example/?key=${KEY}")
    (one,) = found({"blog": page}, asked)
    assert one.kind == "page"
    assert "s3cr3t" not in f"{one.message} {one.proposal}"


def test_http_is_replaced_where_the_same_feed_answers_under_https() -> None:
    old = FeedSpec(id="blog", url="http://blog.example/feed", shown_url="http://blog.example/feed")
    plain = document(entries("blog.example", 1, 2, 3, 4, 5, scheme="http"), old.url)
    same = document(entries("blog.example", 2, 3, 4, 5, 6), "https://blog.example/feed")
    assert told(*found({old.url: plain, "https://blog.example/feed": same}, old)) == [
        ("blog", "better", "write https://blog.example/feed", True)
    ]
    other = document(entries("parking.example", 1, 2, 3), "https://blog.example/feed")
    assert found({old.url: plain, "https://blog.example/feed": other}, old) == []
    assert found({old.url: plain, "https://blog.example/feed": Unreachable("", "no TLS")}, old) == []


def test_two_addresses_of_one_feed_are_found_by_what_they_say() -> None:
    one, two, three = spec("one"), spec("two"), spec("three")
    body = entries("blog.example", 1, 2, 3)
    again = {"one": body, "two": body.replace("<title>", "<generator>x</generator><title>"), "three": entries("blog.example", 1, 2)}
    assert told(*found(again, one, two, three)) == [("two", "duplicate", "take it out", True)]
    old = {"one": moved_to("https://two.example/feed.xml"), "two": document(body, two.url)}
    assert told(*found(old, one, two)) == [("one", "duplicate", "take it out", True)], "the one that is not redirected stays"
    numbered = {name: entries(name, 1).replace(f"<link>https://{name}/1</link>", "<guid>1</guid>") * 1 for name in ("one", "two")}
    assert found(numbered, one, two) == []


def test_what_is_listed_already_is_not_written_twice() -> None:
    fetched = {"one": moved_to("https://one.example/new", "one.example"), "two": Unreachable("", "no such name")}
    two = FeedSpec(id="two", url="https://one.example/new", shown_url="https://one.example/new")
    assert told(*found(fetched, spec("one"), two))[0] == ("one", "moved", "write https://one.example/new", False)


def test_two_pages_that_name_one_feed_do_not_both_become_it() -> None:
    page = ParseError("", "an HTML page, not a feed", found=("https://one.example/feed",))
    said = told(
        *found(
            {"one": lambda asked: raised(page), "two": lambda asked: raised(page)}, spec("one"), spec("two", url="https://one.example/blog")
        )
    )
    assert said == [("one", "page", "write https://one.example/feed", True), ("two", "page", "write https://one.example/feed", False)]


def test_silence_and_a_wrong_type_are_remarks() -> None:
    old = document(entries("blog.example", 1, year=2009), content_type="text/html; charset=utf-8")
    stale, wrong = found({"blog": old}, spec())
    assert (stale.kind, stale.message, stale.is_remark) == ("stale", "its latest entry is of 2009-01-01", True)
    assert (wrong.kind, "served as text/html" in wrong.message, wrong.is_remark) == ("type", True, True)
    for media in ("application/rss+xml", "text/xml", "application/feed+json", "application/json; charset=utf-8", None):
        assert found({"blog": document(entries("blog.example", 1, year=2026), content_type=media)}, spec()) == []


def test_a_list_is_looked_at_too() -> None:
    (one,) = load_text("lists: [https://list.example/l]\n", Path("/srv/feeds.yaml"), {}).lists

    def said(answer: Answer) -> str | None:
        finding = list_finding(one, FakeFetcher({one.asked.url: answer}), read_named)
        return finding and f"{finding.kind}: {finding.message}"

    assert said("https://a.example/feed\n") is None
    assert said("https://a.example/feed\nhttp://10.0.0.1/\n") == (
        "list: names 1 feed; left out: http://10.0.0.1/: is on this machine or in a private network"
    )
    gone = document("https://a.example/feed\n", redirects=(Redirect(status=308, target="https://list.example/new"),))
    assert said(gone) == "list: has moved for good to https://list.example/new"
    assert said("<html></html>") == "failing: is a web page: 'aggregator add' takes its address and finds the feed"


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["-c", str(folder / "feeds.yaml"), *arguments], obj=lent)


def test_fixes_are_written_where_the_feeds_stand_and_no_other_byte_moves(tmp_path: Path) -> None:
    head = b"<html><head><link rel=alternate type=application/rss+xml href=/feed.xml></head></html>"
    body, html = Reply(body=feed("blog", "One.", "Two.", "Three.")), Reply(body=head, content_type="text/html")
    hosts = {"blog": body, "twin": body, "tagged": body, "page": {"/": html, "/feed.xml": Reply(body=feed("page", "Hello."))}, "gone": {}}
    with LoopbackSite(hosts) as site:
        texts = {
            "feeds.yaml": f"defaults: {{ allow_private: true }}\nfeeds:\n  - {site.url('blog')}   # Ann\n  # Bob\n  - {site.url('twin')}\n"
            f"  - {{ url: {site.url('tagged')}, tags: [x] }}\ninclude: [more.yaml]\n",
            "more.yaml": f"# more\nfeeds:\n  - url: '{site.url('page', '/')}'   # Eve\n    tags: [eve]\n  - {site.url('gone', '/feed')}\n",
        }
        for name, text in texts.items():
            (tmp_path / name).write_text(text)
        done = run(tmp_path, "check", "--fetch", "--fix", "--json")
        said = [one for one in json.loads(done.stdout) if one["kind"] != "stale"]
        assert [(one["kind"], Path(one["file"]).name, one["line"], one["is_written"]) for one in said] == [
            ("duplicate", "feeds.yaml", 5, True),
            ("duplicate", "feeds.yaml", 6, False),
            ("page", "more.yaml", 3, True),
            ("failing", "more.yaml", 5, False),
        ]
        assert "2 proposals written into feeds.yaml, more.yaml" in done.stderr
        assert done.exit_code == 1, "one cannot be read"
        assert (tmp_path / "feeds.yaml").read_text() == texts["feeds.yaml"].replace(f"  - {site.url('twin')}\n", "")
        assert (tmp_path / "more.yaml").read_text() == texts["more.yaml"].replace(site.url("page", "/"), site.url("page", "/feed.xml"))
