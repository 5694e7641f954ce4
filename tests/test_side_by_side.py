"""What `--side-by-side` promises whoever reads a run of the tests: nothing is lost, and a process that dies is one test's failure."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FILES = {
    "test_one.py": """
import pytest
@pytest.fixture(scope="module")
def shared(): return []
def test_a(shared): shared.append(1)
def test_b(shared): assert shared == [1]
def test_wrong(): print("said so"); assert 1 == 2
""",
    "test_three.py": """
import os
def test_before(): pass
def test_dies(): print("last words"); os._exit(3)
def test_after(tmp_path): assert tmp_path.is_dir()
""",
    "test_two.py": """
import pytest, warnings
def test_c(): warnings.warn("mind this")
@pytest.mark.skip(reason="not here")
def test_d(): pass
@pytest.mark.parametrize("number", range(5))
def test_e(number, tmp_path): (tmp_path / "new").mkdir()
""",
}


def test_nothing_is_lost_and_a_process_that_dies_is_the_failure_of_its_test(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.side_by_side", "-p", "no:cacheprovider", "--side-by-side", "2", "-q", "-rs"]
    given = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1, ran.stdout
    assert "2 failed, 10 passed, 1 skipped, 1 warning in" in ran.stdout, ran.stdout
    for said in ("test_dies", "the process that ran it ended with 3", "assert 1 == 2", "said so", "not here", "mind this"):
        assert said in ran.stdout, ran.stdout
