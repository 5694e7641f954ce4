"""`include:` → the feeds of several files: each file is read once, and what is wrong in it is said with its own name and line."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.config_address import FROM_HOME, is_from_home, is_local
from aggregator.config_feeds import Group, Layer, check_attribution
from aggregator.config_hints import unknown_key
from aggregator.config_model import DefaultsForm, FileForm, IncludeForm, keys_of
from aggregator.config_report import Report
from aggregator.config_slips import slip
from aggregator.config_yaml import MAX_BYTES, ListNode, MapNode, Node, Reading, ScalarNode, line_of, read, read_text, scalars

MAX_FILES = 200
_KEYS = ["feeds", "defaults", "include"]
_WEB = ("http://", "https://")


def absolute(path: Path) -> Path:
    """The absolute path; unlike `resolve()`, it follows no link, since links are swapped at each deployment."""
    return Path(os.path.abspath(path))  # noqa: PTH100


class Unreadable(Exception):
    """Why a file cannot be read, in words."""

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        self.is_missing = is_missing
        super().__init__(message)


class Files:
    """The files of one configuration. `wanted` are all that were asked for, by absolute path; `instead` replaces what stands in some."""

    def __init__(self, instead: Mapping[Path, str]) -> None:
        self._instead = instead
        self.wanted: list[Path] = []

    def read(self, path: Path) -> Reading:
        """Read a file as YAML. Raises `Unreadable`."""
        path = absolute(path)
        self.wanted.append(path)
        text = self._instead.get(path)
        return read(_bytes(path)) if text is None else read_text(text)


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise Unreadable("is a folder: name the file in it")
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise Unreadable("there is no such file", is_missing=True) from error
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class _Inherited:
    """What the feeds of a file have from those that include it."""

    layers: tuple[Layer, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def layer(defaults: DefaultsForm | None, node: Node | None, report: Report) -> tuple[Layer, ...]:
    """What a `defaults:` says, checked, to be laid over other layers; none where there is none."""
    if defaults is None or node is None:
        return ()
    if defaults.attribution and isinstance(node, MapNode):
        check_attribution(defaults.attribution, node.get("attribution") or node, report)
    return (Layer(defaults, node, report),)


def items(top: MapNode, key: str, report: Report) -> Sequence[Node]:
    """The items of a list; what stands there instead of one is told to `report`."""
    node = top.get(key)
    if isinstance(node, ListNode):
        return node.items
    first = node.pairs[0][0] if isinstance(node, MapNode) and node.pairs else node
    if isinstance(first, ScalarNode) and (said := slip(first.text)):
        report.problem(first.line, f"{key}: {said}")
    elif isinstance(node, MapNode) or (node is not None and node.value() is not None):
        report.problem(line_of(top, (key,)), f"{key}: a list is wanted: begin each line below it with '- '")
    return ()


def groups(top: MapNode, defaults: DefaultsForm | None, report: Report, files: Files) -> list[Group]:
    """The feeds of feeds.yaml, then those of each file that it includes, and of those that these include."""
    return list(_groups(top, defaults, report, files, _Inherited()))


def _groups(top: MapNode, defaults: DefaultsForm | None, report: Report, files: Files, above: _Inherited) -> Iterator[Group]:
    layers = (*above.layers, *layer(defaults, top.get("defaults"), report))
    yield Group(items(top, "feeds", report), layers, above.tags, report)
    for item in items(top, "include", report):
        yield from _included(item, report, files, _Inherited(layers, above.tags))


def _included(item: Node, report: Report, files: Files, above: _Inherited) -> Iterator[Group]:
    form = report.form(IncludeForm, item, "include")
    if form is None:
        return
    inner = _opened(form.file, line_of(item, ("file",)), report, files)
    if inner is None:
        return
    top, below = inner
    own = layer(form.defaults, item.get("defaults") if isinstance(item, MapNode) else None, report)
    place = report.place(line_of(item, ("tags",)))
    tags = {**above.tags, **{tag: place for tag in form.tags or () if tag not in above.tags}}
    yield from _groups(top, _defaults(top, below), below, files, _Inherited((*above.layers, *own), tags))


def _opened(text: str, line: int, report: Report, files: Files) -> tuple[MapNode, Report] | None:
    """A file that is included, and its report."""
    path = absolute(report.path.parent / text)
    refusal = _refusal(text, path, files)
    if refusal:
        report.problem(line, f"include: {refusal}")
        return None
    below = Report(path, report)
    try:
        reading = files.read(path)
    except Unreadable as error:
        report.problem(line, f"include: {text}: {error}")
        return None
    for problem in reading.problems:
        below.problem(problem.line, problem.message)
    if reading.top is None:
        return None
    _check_keys(reading.top, below)
    check_slots(reading.top, below)
    return reading.top, below


def _refusal(text: str, path: Path, files: Files) -> str | None:
    if text.startswith(_WEB):
        return f"'{text}' is not a file: a list of feeds on the web stands below 'lists:'"
    if "://" in text or (is_local(text) and text.startswith("file:")):
        return f"'{text}' is not the path of a file"
    if is_from_home(text):
        return f"'{text}' {FROM_HOME}"
    if path in files.wanted:
        return f"{text} is read already: each file is included once, and none includes itself"
    return f"more than {MAX_FILES} files" if len(files.wanted) > MAX_FILES else None


def _check_keys(top: MapNode, report: Report) -> None:
    for key, _ in top.pairs:
        if key.text not in _KEYS:
            belongs = key.text in keys_of(FileForm)
            report.problem(key.line, f"'{key.text}' stands in the file that includes this one" if belongs else unknown_key(key.text, _KEYS))


def _defaults(top: MapNode, report: Report) -> DefaultsForm | None:
    node = top.get("defaults")
    if node is None or (isinstance(node, ScalarNode) and node.value() is None):
        return None
    return report.form(DefaultsForm, node, "defaults")


def check_slots(top: MapNode, report: Report) -> None:
    """`${NAME}` anywhere but in an address and headers would be taken literally: nobody means that."""
    for location, value in scalars(top):
        in_address = len(location) >= 2 and location[0] in {"feeds", "lists"}
        if "${" in value.text and not (in_address and (len(location) == 2 or location[2] in {"url", "headers"})):
            key = next((part for part in reversed(location) if isinstance(part, str)), "")
            report.problem(value.line, f"{key}: ${{NAME}} is replaced in a feed's url and headers only, not here")
