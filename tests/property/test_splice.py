"""Whatever feeds.yaml looks like: an edit changes the feed that was meant, and not one other byte."""

from dataclasses import dataclass
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import load_text
from aggregator.splice import NewFeed, add_feed, add_feeds, remove_feed, replace_url
from tests.pace import examples

HERE = Path("/nowhere/feeds.yaml")
NEW = "https://new.example/feed?a=1&b=[2]#x"


@dataclass(frozen=True)
class Written:
    """A feeds.yaml, and the addresses in it."""

    text: str
    urls: tuple[str, ...]


def loaded(text: str) -> list[str]:
    return [feed.url for feed in load_text(text, HERE, {}).feeds]


def shared(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def untouched(before: str, after: str) -> int:
    """How many characters the two have in common at the beginning and at the end, at most the shorter one's length."""
    start = shared(before, after)
    return min(start + shared(before[::-1], after[::-1]), len(before), len(after))


comments = st.sampled_from(["", "", " # why", "   # - not: [a, list"])
quotes = st.sampled_from(["{}", "'{}'", '"{}"'])
above = st.sampled_from(["", "# Planet\n", "---\n", "# a\n\n# b: c\n", "title: 'a: b' # t\n", "defaults:\n    every: 2h\n\n"])
below = st.sampled_from(
    ["", "\n", "\n# - https://off.example/\n", "outputs:\n- atom.xml\n", "title: >\n  folded\n  text\n\n", "# end\n...\n"]
)


@st.composite
def addresses(draw: st.DrawFn) -> list[str]:
    count = draw(st.integers(1, 5))
    paths = draw(st.lists(st.sampled_from(["feed", "feed.xml", "?a=b&c=d", "a%20b#x", "~me/rss"]), min_size=count, max_size=count))
    return [f"https://h{number}.example/{path}" for number, path in enumerate(paths)]


@st.composite
def block_item(draw: st.DrawFn, url: str, indent: str) -> str:
    gap = draw(st.sampled_from([" ", "   "]))
    inner, quoted, comment = indent + " " + " " * len(gap), draw(quotes).format(url), draw(comments)
    shape = draw(st.integers(0, 5))
    if shape == 0:
        item = f"{indent}-{gap}url: {quoted}{comment}\n{inner}name: Name, of\n{inner}  two lines{comment}\n"
    elif shape == 1:
        item = f"{indent}-{gap}{{url: {quoted}, tags: [a,\n{inner}b]}}{comment}\n"
    elif shape == 2:
        item = f"{indent}-{gap}name: |\n{inner}  Text\n\n{inner}# here\n{inner}url: {quoted}\n"
    elif shape == 3:
        item = f"{indent}-{comment}\n{inner}url: {quoted}\n{inner}origin: >-\n{inner}  Folded\n{inner}  text\n"
    else:
        item = f"{indent}-{gap}{quoted}{comment}\n"
    above, below = ["", "", "\n", f"{indent}# Friends\n", "# x: [\n"], ["", "", f"{inner}# every: 2h\n", f"{inner}# a\n{inner} # b\n"]
    return draw(st.sampled_from(above)) + item + draw(st.sampled_from(below))


@st.composite
def flow_list(draw: st.DrawFn, urls: list[str]) -> str:
    comma = draw(st.sampled_from([", ", ",", " , ", ",\n  ", ", # c\n  "]))
    items = [draw(st.sampled_from(['"{}"', "'{}'", f"{{{{url: '{{}}', id: x{number}}}}}"])).format(url) for number, url in enumerate(urls)]
    inside = draw(st.sampled_from(["{}", " {} ", "\n  {}\n  ", "{}, ", "{} # c\n  "])).format(comma.join(items))
    return f"feeds: [{inside}]{draw(comments)}\n"


@st.composite
def files(draw: st.DrawFn) -> Written:
    urls = draw(addresses())
    if draw(st.integers(0, 3)) == 0:
        middle = draw(flow_list(urls))
    else:
        indent = draw(st.sampled_from(["", "  ", "    "]))
        middle = f"feeds:{draw(comments)}\n" + "".join(draw(block_item(url, indent)) for url in urls)
    head, tail = draw(above), draw(below)
    text = head + middle + (tail if not (tail.startswith("title") and "title" in head) else "")
    text = text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])))
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    return Written(draw(st.sampled_from(["", "\ufeff"])) + text, tuple(urls))


@examples(20)
@given(files(), st.sampled_from([None, "Name: of, a feed", "yes", "Ünïcode \U0001f33f"]), st.sampled_from([(), ("a", "b: c")]))
def test_adding_a_feed_only_puts_characters_in(file: Written, name: str | None, tags: tuple[str, ...]) -> None:
    added = add_feed(file.text, NEW, name=name, tags=tags)

    assert loaded(added) == [*file.urls, NEW]
    assert untouched(file.text, added) == len(file.text)
    fresh = load_text(added, HERE, {}).feeds[-1]
    assert (fresh.name, fresh.tags) == (name, tags)


@examples(20)
@given(files(), st.data())
def test_removing_a_feed_only_takes_its_own_lines_out(file: Written, data: st.DataObject) -> None:
    going = data.draw(st.sampled_from(file.urls))
    removed = remove_feed(file.text, going)

    left = [url for url in file.urls if url != going]
    assert (loaded(removed) if left else left) == left
    assert going not in removed
    assert all(note in removed for note in ("# Friends", "# - https://off.example/", "# Planet", "# end") if note in file.text)
    gone = len(file.text) - len(removed)
    between = 1 if "[" in file.text else 0  # of a list in brackets, a comma goes too, and what stands between them may stay
    assert untouched(file.text, removed) >= len(removed) - between * 20
    assert gone < len(file.text)


@examples(20)
@given(files())
def test_removing_what_was_added_gives_the_same_bytes_again(file: Written) -> None:
    assert remove_feed(add_feed(file.text, NEW, tags=("t",)), NEW) == file.text


@examples(20)
@given(files(), st.data())
def test_moving_a_feed_changes_its_address_and_nothing_else(file: Written, data: st.DataObject) -> None:
    old = data.draw(st.sampled_from(file.urls))
    moved = replace_url(file.text, old, NEW)

    assert loaded(moved) == [NEW if url == old else url for url in file.urls]
    assert replace_url(moved, NEW, old).replace(f'"{old}"', old) == file.text.replace(f'"{old}"', old)


@examples(12)
@given(files(), st.integers(1, 4))
def test_many_feeds_are_added_as_one_by_one(file: Written, count: int) -> None:
    urls = [f"https://n{number}.example/feed" for number in range(count)]
    one_by_one = file.text
    for url in urls:
        one_by_one = add_feed(one_by_one, url)

    assert add_feeds(file.text, [NewFeed(url=url) for url in urls]) == one_by_one
