"""YAML as a configuration file needs it: a tree of nodes that know their lines and offsets, and every fault of the file at once.

Only the plain part of YAML 1.2 is read (mappings, lists, scalars of the core schema). Aliases, tags, directives and several documents
are refused: nothing in feeds.yaml needs them, and they are how small files become huge or mean something else than they show.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from aggregator.config_slips import first_slip
from aggregator.errors import Problem

MAX_BYTES = 1024 * 1024  # a planet of 5,000 feeds with names and tags is half of it
MAX_DEPTH = 20  # the deepest key of feeds.yaml stands at 5
MAX_NODES = 50_000  # 1 MiB of commas would take the parser seven seconds; 5,000 feeds with names and tags have 45,000

# Printable in YAML 1.2, without the characters that only some programs take for the end of a line: line numbers must be the editor's.
_MAX_ODD = 20
_ODD = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_BREAK = re.compile(r"\r\n|\n|\r")
_DIRECTIVE = re.compile(r"^%", re.MULTILINE)
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

_ADVICE = (
    ("mapping values are not allowed", "a ': ' where no key can stand: put the value in quotes, or check the indentation of this line"),
    ("character '\\t'", "a tab stands where only spaces may: put spaces in its place"),
    ("cannot start any token", "a value cannot begin with this character: put the value in quotes"),
    ("unknown escape", "a backslash inside double quotes begins an escape: put a pattern in single quotes"),
    ("unexpected end of stream", "a quote that is opened in line {context} is never closed"),
    ("'<stream end>'", "a bracket that is opened in line {context} is never closed"),
    ("expected <block end>", "this line does not fit the indentation of the block that begins in line {context}"),
    ("expected ',' or", "a comma or a closing bracket is missing in the list or mapping that begins in line {context}"),
    ("could not find expected ':'", "a key without its ':'"),
    ("expected '<document start>'", "this line is neither 'key: value' nor part of the value above it"),
)
# After these the parser names a line behind the one that is meant: it took that for the first of several lines of plain text.
_TOO_LATE = ("mapping values are not allowed", "could not find expected ':'")
_LINES_BEFORE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarNode:
    """One value or key. `text` is what it says, `quoted` whether quotes or a block style make it text whatever it looks like.

    `line` counts from 1; `text[start:end]` of the file is the scalar as written, with its quotes.
    """

    text: str
    line: int
    start: int
    end: int
    quoted: bool = False
    style: str = ""

    def value(self) -> str | int | float | bool | None:
        """What the YAML 1.2 core schema reads: `no`, `on` and `12:30` are text.

        >>> ScalarNode(text="no", line=1, start=0, end=2).value()
        'no'
        """
        if self.quoted:
            return self.text
        if self.text in _NULL:
            return None
        if self.text in _BOOLEAN:
            return _BOOLEAN[self.text]
        return _number(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNode:
    """A list; `column` is where its dashes stand (block style) or its bracket."""

    items: tuple["Node", ...]
    line: int
    start: int
    end: int
    column: int
    flow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MapNode:
    """A mapping in the order of the file. A key that stands twice is kept once, its first value; `Reading.problems` names both."""

    pairs: tuple[tuple[ScalarNode, "Node"], ...]
    line: int
    start: int
    end: int
    flow: bool

    def get(self, key: str) -> "Node | None":
        return next((value for name, value in self.pairs if name.text == key), None)

    def key(self, key: str) -> ScalarNode | None:
        return next((name for name, _ in self.pairs if name.text == key), None)


Node = ScalarNode | ListNode | MapNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file as read: its mapping, None where there is none to speak of, and what is wrong with it as YAML."""

    top: MapNode | None
    problems: tuple[Problem, ...] = ()


def read(data: bytes) -> Reading:
    """Read a file's bytes. All problems are reported, not the first one; never raises."""
    text, problem = _decoded(data)
    if problem:
        return Reading(top=None, problems=(problem,))
    return read_text(text)


def read_text(text: str) -> Reading:
    """Read a file's text; offsets of the nodes count its characters, a byte order mark included. Never raises."""
    odd = tuple(islice(_odd(text), _MAX_ODD))
    if odd:
        return Reading(top=None, problems=odd)
    builder = _Builder(text)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _TooMuch as stop:
        return Reading(top=None, problems=(*builder.problems, Problem(stop.line, stop.message)))
    except MarkedYAMLError as error:
        return Reading(top=None, problems=(*builder.problems, _syntax(error, text)))
    except (YAMLError, ValueError, OverflowError) as error:  # the latter two: an escape beyond Unicode, as in "\UFFFFFFFF"
        return Reading(top=None, problems=(*builder.problems, Problem(builder.line, f"not valid YAML: {error}")))
    return _reading(builder)


def line_at(text: str, offset: int) -> int:
    r"""The line, counted from 1, in which an offset stands.

    >>> line_at("a\r\nb\n", 3)
    2
    """
    return len(_BREAK.findall(text, 0, offset)) + 1


def line_of(top: Node, location: tuple[str | int, ...]) -> int:
    """The line of what a path of keys and positions leads to, or of the last part of the path that there is."""
    node, line = top, top.line
    for part in location:
        if isinstance(node, MapNode) and isinstance(part, str) and (key := node.key(part)):
            line, node = key.line, node.get(part) or node
        elif isinstance(node, ListNode) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            line = node.line
    return line


def scalars(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], ScalarNode]]:
    """Every value (not the keys) below a node, with its path."""
    if isinstance(node, ScalarNode):
        yield path, node
    elif isinstance(node, ListNode):
        for number, item in enumerate(node.items):
            yield from scalars(item, (*path, number))
    else:
        for key, value in node.pairs:
            yield from scalars(value, (*path, key.text))


def _number(text: str) -> str | int | float:
    if re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        return int(text)
    if re.fullmatch(r"0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}", text):
        return int(text, 0)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text


def _decoded(data: bytes) -> tuple[str, Problem | None]:
    if len(data) > MAX_BYTES:
        return "", Problem(0, f"the file is larger than {MAX_BYTES // 1024} KiB")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", Problem(1, "the file is saved as UTF-16: save it as UTF-8")
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        line = len(re.findall(rb"\r\n|\n|\r", data[: error.start])) + 1
        return "", Problem(line, f"byte 0x{data[error.start]:02x} is not UTF-8: save the file as UTF-8")


def _odd(text: str) -> Iterator[Problem]:
    """The first character of each line that no YAML holds. After a crash while it is saved, a file may be nothing else."""
    at = int(text.startswith("\ufeff"))
    while found := _ODD.search(text, at):
        line = line_at(text, found.start())
        yield Problem(line, f"the character U+{ord(found.group()):04X} cannot stand here (a stray control character?)")
        end = _BREAK.search(text, found.end())
        at = end.end() if end else len(text)


def _syntax(error: MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    said = str(error.problem or error.context or error)
    if mark and any(part in said for part in _TOO_LATE):
        first = max(mark.line - _LINES_BEFORE, 0)
        number, slip = first_slip(_BREAK.split(text)[first : mark.line + 1])
        if slip:
            return Problem(first + number + 1, slip)
    context = (error.context_mark.line if error.context_mark else mark.line if mark else 0) + 1
    advice = next((advice.format(context=context) for part, advice in _ADVICE if part in said), None)
    return Problem(mark.line + 1 if mark else 0, advice or f"not valid YAML: {said}")


def _reading(builder: "_Builder") -> Reading:
    top = builder.top
    if isinstance(top, MapNode):
        return Reading(top=top, problems=tuple(builder.problems))
    if top is None or (isinstance(top, ScalarNode) and top.value() is None):
        what = Problem(0, "the file is empty: it needs at least 'feeds:' with one address below it")
    elif isinstance(top, ListNode):
        what = Problem(top.line, "the file is a list: write 'feeds:' above it and indent the list below that")
    else:
        what = Problem(top.line, "the file has no keys: it needs at least 'feeds:' with one address below it")
    return Reading(top=None, problems=(*builder.problems, what))


class _TooMuch(Exception):
    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    event: Event
    children: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class _Builder:
    """Events to nodes without recursion, so that depth is our limit and not the interpreter's."""

    text: str
    top: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    line: int = 0
    _open: list[_Open] = field(default_factory=list)
    _nodes: int = 0
    _documents: int = 0

    def take(self, event: Event) -> None:
        self.line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            self._document(event)
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            self._close(event)
        elif isinstance(event, NodeEvent):
            self._node(event)

    def _document(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if (event.version or event.tags) and (found := _DIRECTIVE.search(self.text)):
            self.problems.append(
                Problem(line_at(self.text, found.start()), "a directive (a line that begins with %) is not read here: take it out")
            )
        if self._documents > 1:
            raise _TooMuch(self.line, "a second document begins here ('---'): keep everything in one")

    def _node(self, event: NodeEvent) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _TooMuch(self.line, f"the file has more than {MAX_NODES:,} values")
        if getattr(event, "tag", None):
            self._problem("a tag (a word that begins with !) is not read here: take it out, or put the value in quotes")
        if isinstance(event, AliasEvent):
            self._problem(f"an alias (*{event.anchor}) is not read here: write the value out, or put it in quotes")
            if not (self._open and isinstance(self._open[-1].event, SequenceStartEvent)):  # of a list, one item less says nothing wrong
                self._add(_blank(event))
        elif event.anchor:
            self._problem(f"an anchor (&{event.anchor}) is not read here: take it out, or put the value in quotes")
        if isinstance(event, ScalarEvent):
            self._add(_scalar(event))
        elif isinstance(event, SequenceStartEvent | MappingStartEvent):
            if len(self._open) >= MAX_DEPTH:
                raise _TooMuch(self.line, f"nested more than {MAX_DEPTH} deep")
            self._open.append(_Open(event))

    def _close(self, event: Event) -> None:
        opened = self._open.pop()
        start, flow = opened.event.start_mark, bool(getattr(opened.event, "flow_style", False))
        line = start.line + 1
        if isinstance(opened.event, SequenceStartEvent):
            items = tuple(opened.children)
            end = event.end_mark.index if flow or not items else items[-1].end
            self._add(ListNode(items=items, line=line, start=start.index, end=end, column=start.column, flow=flow))
        else:
            pairs = self._pairs(opened.children)
            end = event.end_mark.index if flow or not pairs else pairs[-1][1].end
            self._add(MapNode(pairs=pairs, line=line, start=start.index, end=end, flow=flow))

    def _pairs(self, children: list[Node]) -> tuple[tuple[ScalarNode, Node], ...]:
        seen: dict[str, ScalarNode] = {}
        pairs: list[tuple[ScalarNode, Node]] = []
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, ScalarNode):
                self.problems.append(Problem(key.line, "a list or a mapping cannot be a key"))
            elif key.text in seen:
                message = f"the key '{key.text}' stands a second time (first in line {seen[key.text].line}): keep one"
                self.problems.append(Problem(key.line, message))
            else:
                seen[key.text] = key
                pairs.append((key, _placed(key, value)))
        return tuple(pairs)

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.top = node

    def _problem(self, message: str) -> None:
        self.problems.append(Problem(self.line, message))


def _scalar(event: ScalarEvent) -> ScalarNode:
    mark, style = event.start_mark, event.style or ""
    end = event.end_mark.index
    return ScalarNode(text=event.value, line=mark.line + 1, start=mark.index, end=end, quoted=bool(style), style=style)


def _placed(key: ScalarNode, value: Node) -> Node:
    """A value that is not there stands, for the parser, at the next token, maybe lines below; for us, at the end of its key."""
    if isinstance(value, ScalarNode) and value.start == value.end:
        return replace(value, line=key.line, start=key.end, end=key.end)
    return value


def _blank(event: AliasEvent) -> ScalarNode:
    return ScalarNode(text="", line=event.start_mark.line + 1, start=event.start_mark.index, end=event.end_mark.index)
