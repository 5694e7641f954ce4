"""docs/politeness.md: a row for each rule, and the test that it names is there."""

import re
from pathlib import Path

from aggregator.collect import rhythm

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "politeness.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (1\.\d+) \| .+ \| `(tests/[\w/.]+)::(\w+)` \|$", PAGE, re.MULTILINE)


def test_every_rule_has_a_row_and_its_test_exists() -> None:
    assert [number for number, _, _ in ROWS] == [f"1.{number}" for number in range(1, 33)]
    missing = [name for _, path, name in ROWS if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")]
    assert missing == []


def test_what_a_request_is_worth_is_what_the_page_says() -> None:
    assert f"{rhythm.REQUEST_WORTH * 3600:.0f} seconds of one entry's time" in PAGE
