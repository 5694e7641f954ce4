"""Each block of shell in docs/operations.md and docs/migrating.md is run, and what stands under examples/ is tried.

Our own commands do what they do; what belongs to the machine (services, containers, other hosts) is only noted and looked at.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from aggregator.config import load_text
from aggregator.run.server import WebServer
from bench.loopback import LoopbackSite, Reply
from tests.e2e.running import feed, inside

ROOT = Path(__file__).resolve().parents[1]
# What belongs to the machine is noted, not done.
_STUBS = ("sudo", "systemctl", "docker", "scp", "git", "make")
_STUB = '#!/bin/sh\nprintf "%s " "$(basename "$0")" "$@" >> "$NOTED"\necho >> "$NOTED"\n'


def blocks(text: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def of_section(text: str, heading: str) -> list[str]:
    """The blocks below a heading, whatever its level."""
    return blocks(re.split(r"^##+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0])


MIGRATING = (ROOT / "docs/migrating.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")


class Shell:
    """Runs blocks line by line in a folder. `noted` are the commands that were only noted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stubs = folder / ".stubs"
        self._stubs.mkdir()
        for name in _STUBS:
            (self._stubs / name).write_text(_STUB)
            (self._stubs / name).chmod(0o755)
        (self._stubs / "python").symlink_to(sys.executable)
        (folder / "examples").symlink_to(ROOT / "examples")

    def run(self, block: str) -> list[str]:
        """What our own commands print, a text each."""
        return [out for line in block.replace("\\\n", " ").splitlines() if (out := self._line(line)) is not None]

    def _line(self, line: str) -> str | None:
        words = shlex.split(line)
        if words[0] != "aggregator":
            environ = {**os.environ, "PATH": f"{self._stubs}:{os.environ['PATH']}", "NOTED": str(self.folder / ".noted")}
            subprocess.run(["sh", "-eu", "-c", line], cwd=self.folder, env=environ, check=True)
            return None
        arguments, target = words[1:], None
        if ">" in arguments:
            *arguments, _, target = arguments
        done = inside(self.folder, *arguments)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        if target:
            (self.folder / target).write_text(done.stdout)
        return done.stdout

    def noted(self) -> list[str]:
        return (self.folder / ".noted").read_text().splitlines()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path)


def configured(folder: Path, feeds: Sequence[str], more: str = "") -> None:
    head = "contact: a@planet.example.org\nlink: https://planet.example.org/\noutputs: [atom.xml]\n"
    (folder / "feeds.yaml").write_text(f"{head}{more}feeds:\n" + "".join(f"  - {url}\n" for url in feeds))


# ── operations.md ──


def test_the_blocks_of_operations_do_what_they_say(shell: Shell) -> None:
    (shell.folder / "garden.xml").write_bytes(feed("garden", "First."))
    configured(shell.folder, ["./garden.xml"])
    told = [out for block in blocks(OPERATIONS) for out in shell.run(block)]

    assert (shell.folder / "aggregator-monday.db").is_file()
    assert "aggregator.db is what aggregator-monday.db held: 1 entry of 1 feed\n" in told
    assert "aggregator.db is what planet.db held: 1 entry of 1 feed\n" in told
    assert '"changed": true' in (shell.folder / "report.json").read_text()
    # Prune: first what would go, then that it went.
    assert "the texts of 0 entries and 0 earlier versions would be dropped: 0 kB\n" in told
    named = {word for line in shell.noted() for word in line.split() if word.startswith("examples/")}
    assert named == {"examples/systemd/aggregator.service", "examples/container/Containerfile"}
    assert all((ROOT / name).is_file() for name in named)
    targets = [line.split()[-1] for line in shell.noted() if " -C " in line or line.startswith("make ")]
    assert all(f"\n{target}:" in (ROOT / "Makefile").read_text() for target in targets)


# ── migrating.md ──


def names_listed(folder: Path) -> dict[str, int]:
    found = re.findall(r"<title[^>]*>Entry \d+ of (\w+)<", (folder / "public/atom.xml").read_text())
    return {name: found.count(name) for name in found}


def test_a_planet_that_moves_in_later_floods_nobody(shell: Shell) -> None:
    """The blocks of the first section, and what they say of the backlog: newcomer_entries holds."""
    six = [f"Text {number}." for number in range(6)]
    with LoopbackSite({"harbour": Reply(body=feed("harbour", *six))}) as site:
        (shell.folder / "garden.xml").write_bytes(feed("garden", *six))
        configured(shell.folder, ["./garden.xml"], "newcomer_entries: 2\ndefaults: { allow_private: true }\n")
        assert inside(shell.folder, "update").returncode == 0, "from now on there are subscribers"
        (shell.folder / "config.ini").write_text(f"[Planet]\nname = Other\n\n[{site.url('harbour')}]\nname = Harbour\n")
        told = [out for block in of_section(MIGRATING, "Planet, Venus, Planet 2") for out in shell.run(block)]
    assert told[0] == "1 feed added, 0 were there already, 0 not carried over\n"
    assert names_listed(shell.folder) == {"garden": 6, "harbour": 2}


OPML = '<opml version="2.0"><body><outline text="Blogs"><outline text="Ann" xmlUrl="https://ann.example/feed"/></outline></body></opml>'
FILES = {
    "planet.ini": "title = Planet: Garden\nurl = https://a.example/?x=1\n\n[ann]\n  title = Ann\n  feed = https://ann.example/feed\n",
    "feeds.opml.xml": OPML,
    "feeds.opml": OPML,
    "wp-links-opml.xml": OPML,
    "subscriptions.opml": OPML,
    "urls": 'https://bob.example/feed blogs "~Bob"\n',
}


def test_the_other_blocks_of_migrating_do_what_they_say(shell: Shell) -> None:
    for name, text in FILES.items():
        (shell.folder / name).write_text(text)
    rest = [block for block in blocks(MIGRATING) if block not in of_section(MIGRATING, "Planet, Venus, Planet 2")]
    assert len(rest) == 6
    told = [out for block in rest for out in shell.run(block)]

    assert told[0] == "title: Planet: Garden\n1 feed added, 0 were there already, 0 not carried over\n", "a first feeds.yaml has its title"
    assert "link:" not in told[0], "the one that cannot be used is left out"
    assert told.count("0 feeds added, 1 was there already, 0 not carried over\n") == 4, "the same feed, from four programs"
    assert 'xmlUrl="https://bob.example/feed"' in (shell.folder / "planet.opml").read_text()
    assert '"feed_url": "https://ann.example/feed"' in (shell.folder / "planet.json").read_text()


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", MIGRATING, re.DOTALL))
def test_every_yaml_of_migrating_loads(block: str) -> None:
    load_text(block, ROOT / "feeds.yaml", {})


# ── examples/ ──


def test_the_workflow_publishes_only_what_changed(shell: Shell) -> None:
    workflow = YAML(typ="safe", pure=True).load((ROOT / "examples/ci/planet.yml").read_text())
    steps = workflow["jobs"]["update"]["steps"]
    (script,) = [step["run"] for step in steps if step.get("id") == "update"]
    assert all("changed == 'true'" in step["if"] for step in (steps[-1], workflow["jobs"]["publish"]))
    ours, others = script.splitlines()
    (shell.folder / "report.json").write_text('{"polls": [], "outputs": [{"changed": false}, {"changed": true}]}')
    for answer in ("true", "false"):
        shell.run(others.replace("$GITHUB_OUTPUT", "told"))
        assert (shell.folder / "told").read_text().splitlines()[-1] == f"changed={answer}"
        (shell.folder / "report.json").write_text('{"polls": [], "outputs": [{"changed": false}]}')
    assert ours == "aggregator update --json > report.json"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_service_is_as_little_exposed_as_the_page_says() -> None:
    asked = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(ROOT / "examples/systemd/aggregator.service")]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    found = re.search(r"Overall exposure level for aggregator.service: ([\d.]+)", told)
    if found is None:
        pytest.skip("this systemd-analyze cannot rate a file")
    assert float(found[1]) < 2.0
    assert "exposure at 1.1" in OPERATIONS


@pytest.mark.parametrize("is_well", [True, False])
def test_the_container_asks_the_daemon_whether_it_is_well(tmp_path: Path, is_well: bool) -> None:
    text = (ROOT / "examples/container/Containerfile").read_text()
    (program,) = re.findall(r'CMD \["python", "-c", "(.*)"\]', text)
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"], "never root"
    server = WebServer(root=tmp_path, host="127.0.0.1", port=0, token=None, health=lambda: {"ok": is_well})
    server.start()
    try:
        code = program.replace("http://127.0.0.1:8080/", server.address)
        assert code != program
        if is_well:
            exec(code)
        else:
            with pytest.raises(OSError, match="503"):
                exec(code)
    finally:
        server.stop()
