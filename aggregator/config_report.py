"""What is wrong with feeds.yaml and the files that it includes, gathered: all problems and warnings, in words, each with its line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from aggregator.config_hints import suggestion, unknown_key
from aggregator.config_model import Form, form_at, keys_of
from aggregator.config_yaml import ListNode, MapNode, Node, ScalarNode, line_of
from aggregator.errors import ConfigError, Problem

_F = TypeVar("_F", bound=Form)
# Of a message that quotes a value: the longest of our own words alone has 300 characters, and a value may have a million.
_MAX_CHARACTERS = 600


class Report:
    """Collects while one file is read; the reading goes on after each problem, so that an editor sees them all at once.

    `whole` is the report of the file that includes this one: what is found is gathered there.
    """

    def __init__(self, path: Path, whole: "Report | None" = None) -> None:
        self.path = path
        self._file = str(path) if whole else ""
        self.problems: list[Problem] = whole.problems if whole else []
        self._warnings: list[Problem] = whole._warnings if whole else []

    def problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(line, _short(message), self._file))

    def warning(self, line: int, message: str) -> None:
        self._warnings.append(Problem(line, _short(message), self._file))

    def warnings(self) -> tuple[str, ...]:
        """`feeds.yaml:3: …`, file by file, in the order of their lines."""
        return tuple(ConfigError(self.path, self._warnings).lines()) if self._warnings else ()

    def place(self, line: int) -> str:
        """Where a line stands, in the words of who reads several files: `more.yaml:3`."""
        return f"{self.path.name}:{line}"

    def form(self, form: type[_F], node: Node, label: str) -> _F | None:
        """Read a node in a form. Keys that are wrong are reported and left out; None when nothing can be made of the rest."""
        try:
            return form.model_validate(_data(node))
        except ValidationError as error:
            faults = error.errors(include_url=False)
        for fault in faults:
            location = tuple(fault["loc"])
            self.problem(line_of(node, location), _words(form, location, fault, label))
        return _rest(form, node, [tuple(fault["loc"]) for fault in faults])


def _short(message: str) -> str:
    """A message without the middle of what it quotes: what is wrong stands before it, what to do behind it."""
    half = _MAX_CHARACTERS // 2
    return message if len(message) <= _MAX_CHARACTERS else f"{message[:half]} … {message[-half:]}"


def _rest(form: type[_F], node: Node, wrong: list[tuple[int | str, ...]]) -> _F | None:
    data = _data(node)
    if not isinstance(data, dict):
        return None
    for location in wrong:
        _take_out(data, location)
    try:
        return form.model_validate(data)
    except ValidationError:  # a key that must be there is missing or wrong, which is reported already
        return None


def _take_out(data: dict[str, object], location: tuple[int | str, ...]) -> None:
    """Take the innermost key on the way out, a whole list with a wrong item."""
    for part, following in zip(location, (*location[1:], None), strict=True):
        inner = data.get(str(part))
        if not isinstance(inner, dict) or not isinstance(following, str):
            data.pop(str(part), None)
            return
        data = inner


def _data(node: Node) -> object:
    if isinstance(node, MapNode):
        return _mapping(node)
    return [_data(item) for item in node.items] if isinstance(node, ListNode) else node


def _mapping(node: MapNode) -> dict[str, object]:
    """A key with nothing behind it counts as not written."""
    return {key.text: _data(value) for key, value in node.pairs if not (isinstance(value, ScalarNode) and value.value() is None)}


def _words(form: type[BaseModel], location: tuple[int | str, ...], fault: Mapping[str, Any], label: str) -> str:
    key = next((part for part in reversed(location) if isinstance(part, str)), label)
    context: Mapping[str, Any] = fault.get("ctx") or {}
    if fault["type"] == "extra_forbidden":
        return unknown_key(str(key), keys_of(form_at(form, location[:-1])))
    if fault["type"] == "missing":
        return f"{label}: '{key}' is missing"
    if fault["type"] == "literal_error":
        choices = [choice.strip("' ") for choice in str(context["expected"]).replace(" or ", ", ").split(",")]
        return f"{key}: '{fault['input']}' is none of {', '.join(choices)}{suggestion(str(fault['input']), choices)}"
    return f"{key}: {_SAID.get(fault['type'], '{message}').format(message=fault['msg'], **_bounds(context))}"


def _bounds(context: Mapping[str, Any]) -> dict[str, object]:
    return {name: context[name] for name in ("ge", "le") if name in context}


_SAID = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "tuple_type": "a list is wanted here: [one, two], or one line each after '- '",
    "list_type": "a list is wanted here: [one, two], or one line each after '- '",
    "dict_type": "keys are wanted here, each as 'key: value'",
}
