"""Moving in: another program's list becomes a planet, and its backlog floods nobody."""

import re
from pathlib import Path

from bench.loopback import LoopbackSite, Reply
from tests.e2e.running import feed, inside


def names_listed(folder: Path) -> dict[str, int]:
    found = re.findall(r"<title[^>]*>Entry \d+ of (\w+)<", (folder / "public/atom.xml").read_text())
    return {name: found.count(name) for name in found}


def test_the_backlog_of_feeds_that_move_in_later_is_held_to_newcomer_entries(tmp_path: Path) -> None:
    six = [f"Text {number}." for number in range(6)]
    replies = {name: Reply(body=feed(name, *six)) for name in ("garden", "harbour")}
    with LoopbackSite(replies) as site:
        head = "contact: a@planet.example.org\nnewcomer_entries: 2\noutputs: [atom.xml]\ndefaults: { allow_private: true }\n"
        (tmp_path / "feeds.yaml").write_text(f"{head}feeds:\n  - {site.url('garden')}\n")
        assert inside(tmp_path, "update").returncode == 0
        (tmp_path / "config.ini").write_text(f"[Planet]\nname = Other\n\n[{site.url('harbour')}]\nname = Harbour\n")
        moved = inside(tmp_path, "import", str(tmp_path / "config.ini"))
        assert moved.stdout.startswith("1 feeds added")
        assert "title: Other: feeds.yaml is there already" in moved.stderr
        assert inside(tmp_path, "update").returncode == 0
    assert names_listed(tmp_path) == {"garden": 6, "harbour": 2}


def test_a_first_feeds_yaml_takes_the_planets_own_settings_as_far_as_they_hold(tmp_path: Path) -> None:
    (tmp_path / "config.ini").write_text(
        "[Planet]\nname = Planet: Garden\nlink = https://a.example/?x=1\n\n[https://ann.example/feed]\nname = Ann\n"
    )
    moved = inside(tmp_path, "import", str(tmp_path / "config.ini"))
    assert moved.stdout == "title: Planet: Garden\n1 feeds added, 0 were there already, 0 not carried over\n"
    assert "not carried over: link: 'https://a.example/?x=1' has a query" in moved.stderr
    assert inside(tmp_path, "check").returncode == 0
    assert 'title: "Planet: Garden"\n# link:' in (tmp_path / "feeds.yaml").read_text()
