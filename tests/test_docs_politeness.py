"""docs/politeness.md: a row for each rule, the tests that it names are there, and `bench.faults` can try them."""

from pathlib import Path

from aggregator.collect import rhythm
from bench import faults

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "politeness.md").read_text(encoding="utf-8")


def test_every_rule_has_a_row_and_its_test_exists() -> None:
    rows = faults.tests_of_rules()
    assert [*rows] == [f"1.{number}" for number in range(1, 33)]
    named = [test.partition("::") for tests in rows.values() for test in tests]
    assert [name for path, _, name in named if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")] == []


def test_a_fault_is_there_for_every_rule_and_can_be_planted() -> None:
    assert {fault.rule for fault in faults.planned()} == {*faults.tests_of_rules()}
    assert [(fault.rule, fault.what, texts) for fault in faults.planned() if (texts := faults.stale(fault))] == [], (
        "bench/faults.toml has to follow the code"
    )


def test_what_a_request_is_worth_is_what_the_page_says() -> None:
    assert f"{rhythm.REQUEST_WORTH * 3600:.0f} seconds of one entry's time" in PAGE
