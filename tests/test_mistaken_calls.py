"""Commands that are called by mistake, or with odd files: one plain line says what is wrong, and nothing is lost."""

import sqlite3
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aggregator.cli import asking, editing, holding, keeping, ledger, moving, running, status, stories  # noqa: F401 - they add the commands
from aggregator.cli.main import cli
from bench.loopback import LoopbackSite, Reply
from tests.e2e.running import feed, lent

FEEDS = "defaults: { allow_private: true }\nfeeds:\n  - ./garden.xml   # the first\n"


# Those of comments stand first in many themes.
FEEDS_OF_A_PAGE = (("comments", ""), ("posts", ' title="Ann’s posts"'))


class Terminal(BytesIO):
    """What somebody types."""

    def isatty(self) -> bool:
        return True


def run(folder: Path, *arguments: str, typed: BytesIO | None = None) -> Result:
    return CliRunner().invoke(cli, ["-c", str(folder / "feeds.yaml"), *arguments], obj=lent, input=typed, prog_name="aggregator")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "feeds.yaml").write_text(FEEDS)
    (tmp_path / "garden.xml").write_bytes(feed("garden", "First."))
    return tmp_path


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("remove gardn", "aggregator remove: feeds.yaml has no feed 'gardn' (did you mean 'garden'?)"),
        ("stauts", "aggregator: no such command 'stauts' (did you mean 'status'?)"),
        ("publish now", "aggregator publish: Got unexpected extra argument (now)"),
    ],
)
def test_a_wrong_name_is_told_in_one_line_with_the_one_that_was_meant(folder: Path, call: str, said: str) -> None:
    result = run(folder, *call.split())
    assert (result.exit_code, result.stderr) == (2, f"{said}\n")


@pytest.mark.parametrize("call", ["explain caf\udce9", "forget --yes caf\udce9", "split caf\udce9", "join caf\udce9 b"])
def test_bytes_that_are_no_text_are_nothing_that_is_known(folder: Path, call: str) -> None:
    result = run(folder, *call.split())
    assert not result.exception or isinstance(result.exception, SystemExit)
    assert "caf?" in result.output


def test_init_writes_nothing_that_check_would_refuse(tmp_path: Path) -> None:
    result = run(tmp_path, "init", "blog.example.net", "https://blog.example.net/feed")
    said, nothing = result.stderr.splitlines()
    assert said.startswith("url: 'blog.example.net' has no scheme: write https://blog.example.net")
    assert (result.exit_code, nothing) == (2, "nothing was written")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_replaces_copies_of_stores_and_nothing_else(folder: Path) -> None:
    updated = run(folder, "update")
    assert updated.exit_code == 0
    assert "no 'contact'" in updated.stderr, "what concerns the outputs and the polls is said there"
    assert run(folder, "status").stderr == "", "and not with everything else"
    result = run(folder, "backup", str(folder / "feeds.yaml"), "--replace")
    assert result.exit_code == 2
    assert "is no copy of a store" in result.stderr
    assert (folder / "feeds.yaml").read_text() == FEEDS
    copy = folder / "copy.db"
    copy.touch()
    for _ in range(2):
        assert run(folder, "backup", str(copy), "--replace").exit_code == 0
    with closing(sqlite3.connect(copy)) as opened:
        assert opened.execute("select count(*) from entry").fetchone() == (1,)


def test_of_a_page_with_several_feeds_add_asks_which_one(folder: Path) -> None:
    page = "<html><head>{}</head><p>Hello</html>".format(
        "".join(f'<link rel="alternate" type="application/rss+xml" href="/{name}"{title}>' for name, title in FEEDS_OF_A_PAGE)
    )
    with LoopbackSite({"blog": Reply(body=page.encode(), content_type="text/html")}) as site:
        address = site.url("blog")
        base = address.rsplit("/", 1)[0]
        result = run(folder, "add", address, typed=Terminal(b"2\n"))
        again = run(folder, "add", address)
    assert (result.exit_code, again.exit_code) == (0, 0)
    assert result.stdout == f"added {base}/comments\n"
    assert f"  1  {base}/posts  (Ann’s posts)\n  2  {base}/comments\n" in result.stderr
    assert result.stderr.count("it names") == 1
    assert (folder / "feeds.yaml").read_text() == f"{FEEDS}  - {base}/comments\n  - {base}/posts\n"


def outlines(*attributes: str) -> str:
    return "".join(f'<outline type="rss" {one}/>' for one in attributes)


OPML = '<?xml version="1.0"?><opml version="2.0"><body>{}</body></opml>'
TWO = OPML.format(outlines('text="Ann" xmlUrl="https://ann.example/f"', 'text="Bob" xmlUrl="https://bob.example/f"'))


@pytest.mark.parametrize(
    ("file", "added", "said"),
    [
        (TWO[: TWO.index("</body>")], 2, ["whatever followed: the file ends before its last tag"]),
        (TWO[: TWO.index("bob")], 1, ["1 feed: where the file is broken, or nested too deep", "whatever followed: the file ends before"]),
        (
            OPML.format('<outline text="x">' * 300 + outlines('xmlUrl="https://ann.example/f"') + "</outline>" * 300),
            0,
            ["1 feed: where the file is broken, or nested too deep"],
        ),
        (
            OPML.format(outlines('text="Ann" xmlUrl="https://ann:secret@ann.example/f"')),
            1,
            ["password (“Ann”): user name and password are not"],
        ),
    ],
)
def test_what_an_import_could_not_read_of_an_opml_file_is_said(folder: Path, file: str, added: int, said: list[str]) -> None:
    (folder / "list.opml").write_text(file)
    result = run(folder, "import", str(folder / "list.opml"))
    assert result.stdout.startswith(f"{added} feed{'' if added == 1 else 's'} added")
    for line in said:
        assert f"not carried over: {line}" in result.stderr
    assert "secret" not in result.output + (folder / "feeds.yaml").read_text()
