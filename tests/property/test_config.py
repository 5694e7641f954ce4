"""Whatever stands in feeds.yaml: a Config or a ConfigError with lines of the file, never anything else."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import load_text
from aggregator.config_address import derived_ids, shown
from aggregator.config_yaml import read
from aggregator.errors import ConfigError

_WORDS = st.sampled_from(["feeds", "url", "every", "keep", "headers", "outputs", "path", "defaults", "tags", "http", "listen", "store"])
_VALUES = st.sampled_from(["null", "true", "60m", "a.xml", "https://a.example/", "${A}", "./x.xml", "é", "\U0001f33f", "\\x", "\\uD800"])
_MARKS = st.sampled_from([*"?~|>[]{},#'\"\\\ufeff\t", "---", "...", "%YAML", "!tag", "&a", "*a", "<<"])
_SPACES = st.sampled_from([": ", "- ", " # ", "\n", "\n  ", "\n    ", "\r\n"])
yaml_like = st.lists(st.one_of(_WORDS, _VALUES, _MARKS, _SPACES, _SPACES), max_size=40).map("".join)


def wrong_lines(text: str) -> list[int]:
    """The lines that are complained about, nothing for a file that loads."""
    try:
        load_text(text, Path("/nowhere/feeds.yaml"), {"A": "b"})
    except ConfigError as error:
        return [problem.line for problem in error.problems] or [-1]
    return []


@given(st.one_of(yaml_like, st.text(max_size=40)))
def test_any_text_loads_or_says_where_it_is_wrong(text: str) -> None:
    lines = text.count("\n") + text.count("\r") + 1
    assert all(0 <= line <= lines for line in wrong_lines(text))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    reading = read(data)
    assert reading.top is not None or reading.problems


@given(st.lists(st.text("abFx/.:-%?=@$~ é", max_size=20).map("https://".__add__), max_size=8, unique=True), st.integers(0, 8))
def test_ids_are_unique_and_do_not_change_when_feeds_are_added_at_the_end(urls: list[str], count: int) -> None:
    ids = derived_ids([None] * len(urls), [shown(url) for url in urls])

    assert len(set(ids)) == len(ids)
    assert derived_ids([None] * len(urls[:count]), [shown(url) for url in urls[:count]]) == ids[:count]
    assert all(name.strip("-") == name and name.replace("-", "").isalnum() and len(name) <= 64 for name in ids)
