"""One fault planted for each rule of polite fetching: does the rule's test turn red?

    python -m bench.faults [RULE…]

Each fault replaces text in a copy of the repository, in which the tests that docs/politeness.md names for the rule are run; at least one of
them must fail, and none of them may without the fault. A text that is not there any more, or stands there twice, is an error: the
table (faults.toml) has to follow the code. Prints one JSON object; `green` (faults that no test noticed) and `stale` must be empty.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]
_COPIED: Final = (
    "aggregator",
    "bench",
    "docs",
    "examples",
    "tests",
    "pyproject.toml",
    "README.md",
    "feeds.yaml",
    "feeds.schema.json",
    "Makefile",
)
_TABLE: Final = Path(__file__).with_name("faults.toml")
_ROW: Final = re.compile(r"^\| (1\.\d+) \| .+ \| (`tests/.+`) \|$", re.MULTILINE)
_TEST: Final = re.compile(r"`(tests/[\w/.]+::\w+)`")
_FAILED: Final = 1  # pytest: tests ran, and some failed; a fault that is no Python would be 2


@dataclass(frozen=True, slots=True)
class Fault:
    """What somebody might do to the code without thinking of the rule: pairs of what stands there and what would."""

    rule: str
    what: str
    file: str
    edits: tuple[tuple[str, str], ...]


def planned() -> list[Fault]:
    """The faults of the table."""
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["fault"]
    return [Fault(row["rule"], row["what"], row["file"], tuple((old, new) for old, new in row["edits"])) for row in table]


def tests_of_rules() -> dict[str, list[str]]:
    """The tests of each rule, as docs/politeness.md names them."""
    page = (REPOSITORY / "docs" / "politeness.md").read_text(encoding="utf-8")
    return {rule: _TEST.findall(cell) for rule, cell in _ROW.findall(page)}


def stale(fault: Fault, root: Path = REPOSITORY) -> list[str]:
    """The texts of a fault that do not stand in its file just once."""
    text = (root / fault.file).read_text(encoding="utf-8")
    return [old for old, _ in fault.edits if text.count(old) != 1]


@contextmanager
def planted(fault: Fault, root: Path) -> Iterator[None]:
    """The fault, for a while, in a copy."""
    path = root / fault.file
    before = text = path.read_text(encoding="utf-8")
    for old, new in fault.edits:
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


def outcome(tests: Sequence[str], root: Path) -> tuple[int, str]:
    """How pytest ends for these tests in a copy, and what it says at last."""
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600)
    return ran.returncode, "\n".join((ran.stdout + ran.stderr).splitlines()[-12:])


def tried(faults: Sequence[Fault], rules: Mapping[str, Sequence[str]], root: Path) -> dict[str, object]:
    """Plant each fault in the copy at `root`."""
    wanted = [*dict.fromkeys(test for fault in faults for test in rules[fault.rule])]
    code, said = outcome(wanted, root)
    if code:
        return {"faults": len(faults), "red": 0, "green": [], "stale": [], "broken": said}
    green, odd, red = [], [], 0
    for fault in faults:
        if missing := stale(fault, root):
            odd.append(f"{fault.rule} {fault.what}: {fault.file} has not just one {missing[0]!r}")
            continue
        with planted(fault, root):
            code, said = outcome(rules[fault.rule], root)
        print(f"{fault.rule:5} {fault.what}: {'red' if code == _FAILED else said}", file=sys.stderr, flush=True)
        red += code == _FAILED
        green += [f"{fault.rule} {fault.what}"] if code == 0 else []
        odd += [f"{fault.rule} {fault.what}: {said}"] if code not in (0, _FAILED) else []
    return {"faults": len(faults), "red": red, "green": green, "stale": odd}


def main() -> None:
    """Run from the command line."""
    options = argparse.ArgumentParser(prog="python -m bench.faults", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("rules", nargs="*", metavar="RULE", help="such as 1.13; all of them if none is named")
    given = options.parse_args()
    rules = tests_of_rules()
    faults = [fault for fault in planned() if not given.rules or fault.rule in given.rules]
    with tempfile.TemporaryDirectory(prefix="bench-faults-") as folder:
        root = Path(folder) / "copy"
        root.mkdir()
        for name in _COPIED:
            source = REPOSITORY / name
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, root / name)
        found = tried(faults, rules, root)
    print(
        json.dumps(
            {"rules": len(rules), "without": sorted(rules.keys() - {fault.rule for fault in planned()}), **found}, ensure_ascii=False
        )
    )
    sys.exit(1 if found["green"] or found["stale"] or found.get("broken") else 0)


if __name__ == "__main__":
    main()
