"""A newcomer's clock: an existing planet moves in, counted in commands and seconds.

    python -m bench.newcomer CONFIG.INI FOLDER

CONFIG.INI is the configuration of a planet (Planet, Venus, Planet 2). Each of its addresses is replaced by one of loopback, which serves
one of the documents in FOLDER; all else stays. Timed are the commands that somebody types: `git clone`, `import`, `update`. A fourth one
makes the environment (`make .venv/run.stamp`); it is counted and not timed, since a package index decides how long it takes. One JSON
object is printed; `feeds` must be `sections`, and `listed` what `max_entries` allows.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from aggregator.model import JsonValue
from bench.command import REPOSITORY
from bench.corpus import documents
from bench.loopback import LoopbackSite, Reply

_SECTION = re.compile(r"^\[(https?://[^\]\n]+)\]", re.MULTILINE)
# What a planet on the web does not need: loopback is private.
_PRIVATE = "defaults: { allow_private: true }\n"


def run(config: str, folder: Path, work: Path) -> dict[str, JsonValue]:
    """Move the planet in, with our real commands, from a fresh clone."""
    sections = _SECTION.findall(config)
    given = documents(folder)
    served = {f"n{number:05}": given[number % len(given)] for number in range(len(sections))}
    with LoopbackSite({name: Reply(body=one.body, content_type=one.content_type) for name, one in served.items()}) as site:
        addresses = iter([site.url(name) for name in served])
        (work / "config.ini").write_text(_SECTION.sub(lambda _: f"[{next(addresses)}]", config), encoding="utf-8")
        _, clone_s = _timed(["git", "clone", "--quiet", "--depth", "1", REPOSITORY.as_uri(), str(work / "clone")], work)
        planet = work / "planet"
        planet.mkdir()
        ours = [sys.executable, "-m", "aggregator", "-c", str(planet / "feeds.yaml")]
        imported, import_s = _timed([*ours, "import", "--json", str(work / "config.ini")], work / "clone")
        with (planet / "feeds.yaml").open("a", encoding="utf-8") as file:
            file.write(_PRIVATE)
        updated, update_s = _timed([*ours, "update", "--json"], work / "clone")
    added, report = json.loads(imported.stdout), json.loads(updated.stdout)
    polls, atom = report["polls"], next(one for one in report["outputs"] if one["path"] == "atom.xml")
    return {
        "sections": len(sections),
        "feeds": len(added["added"]),
        "not_carried_over": [*added["not_carried_over"], *added["settings_left"]],
        "commands": 4,
        "polled": len(polls),
        "failed": sum(one["outcome"] == "failed" for one in polls),
        "entries": sum(one["new"] for one in polls),
        "listed": atom["entries"],
        "seconds": {"clone": clone_s, "import": import_s, "update": update_s, "together": round(clone_s + import_s + update_s, 1)},
    }


def _timed(command: list[str], folder: Path, environ: Mapping[str, str] = os.environ) -> tuple[subprocess.CompletedProcess[str], float]:
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=dict(environ), capture_output=True, text=True, check=True)
    return done, round(time.monotonic() - began, 1)


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.newcomer", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("config", type=Path)
    options.add_argument("folder", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as work:
        print(json.dumps(run(given.config.read_text("utf-8"), given.folder, Path(work)), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
