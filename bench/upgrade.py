"""A store that the first release made, brought up to date: subscribers see nothing of it.

    python -m bench.upgrade [--work FOLDER]

`first_release.sql` is the whole store of the first release (revision 0001) after it had polled and published the three documents of
examples/feeds. It is brought up to date twice, at once and revision by revision, by the code that the program itself runs when it opens a
store; then the feeds are published, everything is refined by today's rules, and the documents are polled again and published. The last
line printed is one JSON object:

    revisions      how many steps the store was taken through
    ids, order     whether the outputs list the same ids in the same order as the first release did, after each of these
    rows           whether what subscribers were given (id, number, date, first listing) stands as it stood
    bytes          whether both ways give the same files, and publishing again changes none
    new            entries that the polls took for new
    as_new         whether the files are those of a store that today's program makes of the same documents (ids that are made of a feed's
                   key aside, which every store makes for itself)
"""

import argparse
import json
import re
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import create_engine

from aggregator import app as composition
from aggregator.config import load
from aggregator.pipeline import poll, publish
from aggregator.refine.stories import same_story
from aggregator.refine.succession import successors
from aggregator.reprocess import reprocess, work
from aggregator.rereading import reread
from aggregator.store import schema
from bench.command import REPOSITORY

DUMP = Path(__file__).with_name("first_release.sql")
LISTING = ("atom.xml", "rss.xml", "feed.json")
_GIVEN = (
    "SELECT o.path, p.sequence, p.published_id, p.sort_key, p.first_listed FROM publication p JOIN output o ON o.pk = p.output "
    "WHERE p.listed = 1 ORDER BY o.path, p.sort_key DESC, p.published_id"
)
_DAY = timedelta(days=1)


def feeds_yaml(folder: Path) -> str:
    names = sorted(path.stem for path in (REPOSITORY / "examples" / "feeds").glob("*.xml"))
    feeds = "".join(f"  - {{ id: {name}, url: {REPOSITORY}/examples/feeds/{name}.xml }}\n" for name in names)
    return (
        "title: Planet Example\nlink: https://planet.example.org/\ncontact: https://planet.example.org/about\nnewcomer_entries: 100\n"
        f"store: aggregator.db\nroot: public\ncompress: false\noutputs: [atom.xml, rss.xml, feed.json, opml.xml]\n"
        f"defaults: {{ republish: full }}\nfeeds:\n{feeds}"
    )


def first_release(folder: Path) -> list[tuple[Any, ...]]:
    """Make the first release's store in a folder; give what its subscribers were given."""
    folder.mkdir(parents=True)
    (folder / "feeds.yaml").write_text(feeds_yaml(folder), encoding="utf-8")
    with closing(sqlite3.connect(folder / "aggregator.db")) as conn:
        conn.executescript(DUMP.read_text(encoding="utf-8"))
        return given(conn)


def given(conn: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return conn.execute(_GIVEN).fetchall()


def stepwise(path: Path) -> int:
    """Take a store through all revisions, each in a transaction of its own; count them."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(REPOSITORY / "aggregator" / "store" / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    for revision in schema.REVISIONS[1:]:
        with engine.begin() as conn:
            config.attributes["connection"] = conn
            command.upgrade(config, revision)
    engine.dispose()
    return len(schema.REVISIONS) - 1


class Program:
    """Today's program on a folder with a feeds.yaml, at a time that stands still."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder, self.now = folder, now
        self.app = composition.build(load(folder / "feeds.yaml", {}), lambda: self.now)
        # In this process: the documents are our own, and children take seconds to start.
        self.ports = replace(self.app.ports, reader=reread)

    def files(self) -> dict[str, bytes]:
        """Publish; what stands in the folder of outputs then."""
        for report in publish(self.ports):
            assert report.error is None, report
        root = self.app.config.root
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    def refine_again(self) -> None:
        for todo in work(self.ports, everything=True):
            reprocess(todo, self.ports)

    def polls(self) -> int:
        """Poll every feed, though its document is the same; count what is new."""
        found = 0
        for spec in self.app.config.feeds:
            ((state, lease),) = self.ports.store.lease(self.now, _DAY, 1, feeds=[spec.id], ignore_holds=True)
            result, report = poll(spec, replace(state, body_hash=None), lease, self.ports)
            assert report.error is None, report
            found += self.ports.store.record([result], same_story, successors)[0][0]
        return found


def listed(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    """The ids that each output lists, in order."""
    found = {path: re.findall(rb"<(?:entry|item)>.*?<(?:id|guid)[^>]*>(.*?)<", files[path], re.DOTALL) for path in LISTING[:2]}
    return {path: [one.decode() for one in ids] for path, ids in found.items()} | {
        "feed.json": [item["id"] for item in json.loads(files["feed.json"])["items"]]
    }


def _without_uuids(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files without the ids that are made of a feed's key, which every store makes for itself."""
    return {path: re.sub(rb"urn:uuid:[0-9a-f-]{36}", b"", files[path]) for path in LISTING}


def upgraded(work_folder: Path) -> dict[str, Any]:
    """Upgrade, publish, refine, poll and compare; see the module."""
    before = first_release(work_folder / "at_once")
    first_release(work_folder / "stepwise")
    revisions = stepwise(work_folder / "stepwise" / "aggregator.db")
    wanted = {path: [name for where, _, name, *_ in before if where == path] for path in LISTING}
    now = schema.instant(max(row[4] for row in before)) + _DAY
    one, other = Program(work_folder / "at_once", now), Program(work_folder / "stepwise", now)
    files = one.files()
    stages = [files, other.files(), one.files()]
    one.refine_again()
    stages.append(one.files())
    new = one.polls()
    stages.append(one.files())
    with closing(sqlite3.connect(one.folder / "aggregator.db")) as conn:
        after = given(conn)
    (work_folder / "new").mkdir()
    (work_folder / "new" / "feeds.yaml").write_text(feeds_yaml(work_folder / "new"), encoding="utf-8")
    fresh = Program(work_folder / "new", schema.instant(min(row[4] for row in before)))
    fresh.polls()
    as_new = fresh.files()
    for program in (one, other, fresh):
        program.app.close()
    return {
        "revisions": revisions,
        "entries": len(wanted["atom.xml"]),
        "ids": all(set(listed(stage)[path]) == set(wanted[path]) for stage in stages for path in LISTING),
        "order": all(listed(stage) == wanted for stage in stages),
        "rows": after == before,
        "bytes": stages[0] == stages[1] == stages[2],
        "new": new,
        "as_new": _without_uuids(stages[-1]) == _without_uuids(as_new),
    }


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.upgrade", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--work", type=Path, help="where to leave the stores and outputs (must not exist yet)")
    given_options = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-upgrade-") as folder:
        print(json.dumps(upgraded(given_options.work or Path(folder) / "work")))


if __name__ == "__main__":
    main()
