"""Editing feeds.yaml as text: feeds are added, removed and moved, and every byte that this does not mean to change stays.

A YAML library that writes a file back re-indents, unquotes and loses the editor's hand; here the parser only says where things
stand, and characters are cut and put in at those offsets. Each edit is read again before it is returned: what comes out holds the
feeds that it held, plus or minus the ones that were meant, or a ConfigError is raised and nothing has happened.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aggregator.config_address import address_key, shown
from aggregator.config_listing import Listed, chosen, listed, top_of, trouble
from aggregator.config_writing import quoted, scalar
from aggregator.config_yaml import ListNode, MapNode, ScalarNode, line_at
from aggregator.errors import ConfigError

_BY_HAND = "this file is written in a way that cannot be edited by a program: change it by hand"
_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFeed:
    """A feed to add: its address, and what its entry says beside it."""

    url: str
    name: str | None = None
    id: str | None = None
    tags: tuple[str, ...] = ()
    every: str | None = None


def add_feed(text: str, url: str, *, name: str | None = None, id: str | None = None, tags: Sequence[str] = ()) -> str:  # noqa: A002
    """Add one feed after the last one, indented as the others are.

    Raises: ConfigError when the file cannot be read, or has this feed already.
    """
    return add_feeds(text, [NewFeed(url=url.strip(), name=name, id=id, tags=tuple(tags))])


def add_feeds(text: str, feeds: Sequence[NewFeed]) -> str:
    """Add feeds after the last one, in their order and in one go.

    Raises: ConfigError when the file cannot be read, or has one of these feeds already.
    """
    if not feeds:
        return text
    before = listed(text)
    known = {address_key(entry.url): entry.node.line for entry in before}
    for feed in feeds:
        key = address_key(feed.url)
        if key in known:
            raise trouble(known[key], f"{shown(feed.url)} is listed here already")
        known[key] = 0
    return _checked(_inserted(text, feeds), [*(entry.url for entry in before), *(feed.url for feed in feeds)])


def remove_feed(text: str, id_or_url: str) -> str:
    """Take a feed out: its entry, with the comments inside and directly below it that are indented deeper than its dash.

    Comments above it stay, since they may head a group. A feed that is listed twice is taken out twice.

    Raises: ConfigError when the file cannot be read, or has no such feed.
    """
    entries = listed(text)
    going = chosen(entries, id_or_url)
    edited = text
    for entry in reversed(going):
        edited = _without(edited, entry)
    return _checked(edited, [entry.url for entry in entries if entry not in going])


def replace_url(text: str, old: str, new: str) -> str:
    """Give a feed another address, in the quotes that the old one has; everything else of its entry stays.

    Raises: ConfigError when the file cannot be read, has no such feed, or has it with a secret that the new address would lose.
    """
    entries = listed(text)
    going = chosen(entries, old)
    edited = text
    for entry in reversed(going):
        if entry.url not in (old, new) and (shown(entry.url) != entry.url or "${" in entry.url):
            raise trouble(entry.node.line, f"the address of {entry.id} holds a secret: change it by hand to {new}")
        edited = _with_address(edited, entry, new)
    return _checked(edited, [new if entry in going else entry.url for entry in entries])


def _checked(edited: str, urls: Sequence[str]) -> str:
    """The last word: does the edited text, read anew, list exactly these addresses?"""
    try:
        now = [entry.url for entry in listed(edited)]
    except ConfigError as error:
        raise trouble(0, f"it cannot be edited so: {error.problems[0].message}") from error
    if now != list(urls):
        raise trouble(0, _BY_HAND)
    return edited


# ── putting in ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _inserted(text: str, feeds: Sequence[NewFeed]) -> str:
    top = top_of(text)
    node = top.get("feeds") if top else None
    if top is None or node is None:
        return _with_key(text, top, feeds)
    if isinstance(node, ScalarNode):
        return _below_key(text, top, node, feeds)
    if not isinstance(node, ListNode):
        raise trouble(node.line, "feeds: a list is wanted: begin each line below it with '- '")
    if node.flow:
        return _into_flow(text, node, feeds)
    return _after_last(text, node, feeds)


def _with_key(text: str, top: MapNode | None, feeds: Sequence[NewFeed]) -> str:
    """A file without `feeds:` gets it at its end."""
    if top and top.flow:
        comma = ", " if top.pairs else ""
        at = top.pairs[-1][1].end if top.pairs else top.start + 1
        return text[:at] + f"{comma}feeds: [{', '.join(map(_flow_item, feeds))}]" + text[at:]
    newline = _newline(text)
    at = _line_end(text, top.end) if top else len(text)
    block = newline.join(["feeds:", *_lines(feeds, " " * 2, " ")])
    lead = " " * _column(text, top.start) if top else ""
    if lead:
        block = newline.join(lead + line for line in block.split(newline))
    before, after = text[:at], text[at:]
    if before and not before.endswith(("\n", "\r", "\ufeff")):
        return before + newline + block + after
    return before + block + newline + after


def _below_key(text: str, top: MapNode, node: ScalarNode, feeds: Sequence[NewFeed]) -> str:
    """`feeds:` with nothing behind it, or with a null written out."""
    if node.value() is not None:
        raise trouble(node.line, "feeds: a list is wanted: begin each line below it with '- '")
    if top.flow or node.end > node.start:
        colon = "" if node.end > node.start or text[node.end : node.end + 1] != ":" else ": "
        skip = node.end + 1 if colon else node.end
        return text[: node.start] + colon + f"[{', '.join(map(_flow_item, feeds))}]" + text[skip:]
    key = top.key("feeds")
    indent = " " * (_column(text, key.start) + 2 if key else 2)
    return _after_line(text, node.end, _lines(feeds, indent, " "))


def _into_flow(text: str, node: ListNode, feeds: Sequence[NewFeed]) -> str:
    made = ", ".join(map(_flow_item, feeds))
    if node.items:
        at = node.items[-1].end
        return text[:at] + ", " + made + text[at:]
    at = node.start + 1
    gap = "" if text[at : at + 1] in {"]", " ", "\t", "\n", "\r"} else " "
    return text[:at] + made + gap + text[at:]


def _after_last(text: str, node: ListNode, feeds: Sequence[NewFeed]) -> str:
    first = node.items[0].start
    gap = text[node.start + 1 : first]
    same_line = bool(gap) and not gap.strip(" ")
    column = _column(text, node.start)
    end = _with_deeper_comments(text, _line_end(text, node.end), column)
    return _after_line(text, end, _lines(feeds, " " * column, gap if same_line else " "))


def _after_line(text: str, offset: int, lines: Sequence[str]) -> str:
    """Put whole lines below the one in which an offset stands; a last line without its end stays without."""
    newline, at = _newline(text), _line_end(text, offset)
    block = newline.join(lines)
    if at and text[at - 1] not in "\r\n":
        return text[:at] + newline + block + text[at:]
    return text[:at] + block + newline + text[at:]


def _lines(feeds: Sequence[NewFeed], indent: str, gap: str) -> list[str]:
    return [line for feed in feeds for line in _item_lines(feed, indent, gap)]


def _item_lines(feed: NewFeed, indent: str, gap: str) -> list[str]:
    pairs = _pairs(feed)
    if len(pairs) == 1:
        return [f"{indent}-{gap}{pairs[0][1]}"]
    inner = indent + " " + " " * len(gap)
    first, *rest = [f"{key}: {value}" for key, value in pairs]
    return [f"{indent}-{gap}{first}", *(inner + line for line in rest)]


def _flow_item(feed: NewFeed) -> str:
    pairs = _pairs(feed)
    return pairs[0][1] if len(pairs) == 1 else "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"


def _pairs(feed: NewFeed) -> list[tuple[str, str]]:
    made = [("url", scalar(feed.url)), ("id", feed.id and scalar(feed.id)), ("name", feed.name and scalar(feed.name))]
    tags = f"[{', '.join(map(scalar, feed.tags))}]" if feed.tags else None
    return [(key, value) for key, value in (*made, ("tags", tags), ("every", feed.every)) if value]


# ── taking out ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _without(text: str, entry: Listed) -> str:
    return _out_of_flow(text, entry) if entry.siblings.flow else _out_of_block(text, entry)


def _out_of_block(text: str, entry: Listed) -> str:
    start = _line_start(text, _dash(text, entry))
    end = _with_deeper_comments(text, _line_end(text, entry.node.end), entry.siblings.column)
    if end == len(text) and not text.endswith(("\n", "\r")):  # a last line without its end: the one before becomes so
        start -= len(found[0]) if (found := re.search(r"(\r\n|\n|\r)$", text[:start])) else 0
    return text[:start] + text[end:]


def _dash(text: str, entry: Listed) -> int:
    """The offset of an item's dash, which must be the first thing on its line."""
    earlier = entry.siblings.items[entry.number - 1].end if entry.number else entry.siblings.start
    lines = re.compile(rf"(?:\A|(?<=[\r\n])){' ' * entry.siblings.column}-(?=[ \t\r\n])")
    found = [match for match in lines.finditer(text, _line_start(text, earlier), entry.node.start) if match.end() - 1 >= earlier]
    if not found:
        raise trouble(entry.node.line, "this entry does not begin on a line of its own: take it out by hand")
    return found[-1].start()


def _with_deeper_comments(text: str, end: int, column: int) -> int:
    """Comment lines directly below an entry and deeper than its dash belong to it (a key that was commented out)."""
    deeper = re.compile(rf"{' ' * (column + 1)} *#[^\r\n]*(?:\r\n|\n|\r|$)")
    while end < len(text) and (found := deeper.match(text, end)):
        end = found.end()
    return end


def _out_of_flow(text: str, entry: Listed) -> str:
    items, number = entry.siblings.items, entry.number
    start, end = items[number].start, items[number].end
    after = _comma(text, end)
    if after is not None:  # a comma may follow the last one too
        stop = after + 1
        while text[stop : stop + 1] in {" ", "\t"}:
            stop += 1
        return text[:start] + text[stop:]
    if number == 0:
        return text[:start] + text[end:]
    comma = _comma(text, items[number - 1].end)
    if comma is None:
        raise trouble(entry.node.line, _BY_HAND)
    between = text[comma + 1 : start]
    return text[:comma] + (between if between.strip() else "") + text[end:]


def _comma(text: str, offset: int) -> int | None:
    """The offset of the comma after an item of a flow; None if its bracket closes first."""
    found = re.compile(r"(?:\s|(?<=\s)#[^\r\n]*)*").match(text, offset)
    at = found.end() if found else offset
    return at if text[at : at + 1] == "," else None


# ── moving ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _with_address(text: str, entry: Listed, new: str) -> str:
    node = entry.address
    quote: Callable[[str], str] = scalar
    end = node.end
    if node.style == "'" and new.isprintable():
        quote = _single_quoted
    elif node.style == '"':
        quote = quoted
    elif node.style in {"|", ">"}:  # a block: its last line break, and what the parser counted beyond, stay
        end = node.start + len(text[node.start : node.end].rstrip())
    return text[: node.start] + quote(new) + text[end:]


def _single_quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# ── lines ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _newline(text: str) -> str:
    """The line end that the file uses first."""
    found = _BREAK.search(text)
    return found[0] if found else "\n"


def _line_start(text: str, offset: int) -> int:
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def _line_end(text: str, offset: int) -> int:
    """Just beyond the line in which an offset stands; the offset itself where it begins a line (the end of a block scalar)."""
    if offset and text[offset - 1] in "\r\n":
        return offset
    found = _BREAK.search(text, offset)
    return found.end() if found else len(text)


def _column(text: str, offset: int) -> int:
    return offset - _line_start(text, offset) - (1 if text.startswith("\ufeff") and line_at(text, offset) == 1 else 0)
