"""The values of feeds.yaml: readers that turn one YAML node into one Python value, or say in plain words what is wrong with it.

They are pydantic types, so that the same line names a key's type in the form and its pattern in the JSON Schema.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Literal

import regex
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from aggregator.config_yaml import ScalarNode
from aggregator.refine.filters import selector_trouble

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 365 * 86400}
_SPAN = re.compile(r"([0-9]{1,9})\s*([smhdwy])")
_LONGEST = timedelta(days=1000 * 365)  # counted back from any day of today, it ends in a year that a calendar has
_SIZE = re.compile(r"([0-9]{1,9})\s*(B|kB|KB|KiB|MB|MiB)?")
_SIZE_UNITS = {None: 1, "B": 1, "kB": 1000, "KB": 1000, "KiB": 1024, "MB": 1000_000, "MiB": 1024 * 1024}
_YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_HOST = re.compile(r"(?=.{1,253}$)[\w]([\w-]{0,61}[\w])?(\.[\w]([\w-]{0,61}[\w])?)*")


def refuse(message: str) -> PydanticCustomError:
    return PydanticCustomError("plain", "{message}", {"message": message})


def span(text: str) -> timedelta:
    """Read a span of time: a whole number and one unit of s, m, h, d, w, y (365 days).

    >>> span("90m")
    datetime.timedelta(seconds=5400)

    Raises: ValueError with words for the editor.
    """
    found = _SPAN.fullmatch(text.strip())
    if found and (seconds := int(found[1]) * _UNITS[found[2]]) <= _LONGEST.total_seconds():
        return timedelta(seconds=seconds)
    if found:
        raise ValueError(f"'{text}' is too long: 1000y is the most")
    if text.strip().isdigit():
        raise ValueError(f"'{text}' has no unit: write {text}m for minutes (or s, h, d, w, y)")
    raise ValueError(f"'{text}' is not a span of time: write a whole number and a unit, such as 30s, 60m, 2h, 90d, 1w or 2y")


def _text(value: object) -> str:
    if not isinstance(value, ScalarNode):
        raise refuse("a text is wanted here, not a list or a mapping (a value that begins with [ or { needs quotes)")
    text = value.text.strip()
    if not text:
        raise refuse("is empty: write something or take the key out")
    if _CONTROL.search(text):
        raise refuse("has a control character or half of a character in it (an escape in double quotes?)")
    return text


def _flag(value: object) -> bool:
    if isinstance(value, ScalarNode) and isinstance(value.value(), bool):
        return bool(value.value())
    text = _text(value)
    if text.lower() in {"true", "false"}:
        raise refuse(f"'{text}' in quotes is a text: write {text.lower()} without quotes")
    if text.lower() in _YES_NO:
        raise refuse(f"'{text}' is a text in YAML 1.2: write {_YES_NO[text.lower()]}")
    raise refuse(f"'{text}' is neither true nor false")


def _whole(value: object) -> int:
    if isinstance(value, ScalarNode) and isinstance(number := value.value(), int) and not isinstance(number, bool):
        return number
    raise refuse(f"'{_text(value)}' is not a whole number")


def _span(value: object) -> timedelta:
    try:
        return span(_text(value))
    except ValueError as error:
        raise refuse(str(error)) from error


def _size(value: object) -> int:
    found = _SIZE.fullmatch(_text(value))
    if not found:
        raise refuse(f"'{_text(value)}' is not a size: write a number of bytes, or 512 KiB, or 2 MiB")
    return int(found[1]) * _SIZE_UNITS[found[2]]


def _items(value: object) -> object:
    return [value] if isinstance(value, ScalarNode) else value


def _shaped(pattern: re.Pattern[str], wanted: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        text = _text(value)
        if not pattern.fullmatch(text):
            raise refuse(f"'{text}' is not {wanted}")
        return text

    return check


def _pattern(value: object) -> str:
    text = _text(value)
    try:
        regex.compile(text)
    except (regex.error, OverflowError, RecursionError) as error:
        raise refuse(f"the pattern '{text}' cannot be read: {error}") from error
    return text


def _strip_rule(value: object) -> str:
    text = _text(value)
    if text == "auto":
        return text
    if not text.startswith("css:"):
        return _pattern(value)
    if not text[4:].strip():
        raise refuse("'css:' needs a selector behind it, such as css:.share-buttons")
    if trouble := selector_trouble(text[4:]):
        raise refuse(f"the selector '{text[4:].strip()}' cannot be read: {trouble}")
    return text


Text = Annotated[str, BeforeValidator(_text)]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Count = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(_whole)]
CountOrNone = Annotated[int, Field(ge=0, le=1_000_000), BeforeValidator(_whole)]
Span = Annotated[timedelta, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9} ?[smhdwy]$"})]
Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]{1,9} ?(B|kB|KB|KiB|MB|MiB)?$"}]}),
]
Id = Annotated[
    str,
    BeforeValidator(_shaped(_ID, "an id: small letters, digits and '-', at most 64 of them")),
    WithJsonSchema({"type": "string", "pattern": f"^{_ID.pattern}$"}),
]
Language = Annotated[
    str,
    BeforeValidator(_shaped(_LANGUAGE, "a language tag such as en, de or pt-BR")),
    WithJsonSchema({"type": "string", "pattern": f"^{_LANGUAGE.pattern}$"}),
]
Host = Annotated[str, BeforeValidator(_shaped(_HOST, "a host name such as news.example.org (no https://, no path)"))]
_ONE_OR_MORE = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Texts = Annotated[tuple[Text, ...], BeforeValidator(_items), WithJsonSchema(_ONE_OR_MORE)]
Hosts = Annotated[tuple[Host, ...], BeforeValidator(_items), WithJsonSchema(_ONE_OR_MORE)]
Patterns = Annotated[tuple[Annotated[str, BeforeValidator(_pattern)], ...], BeforeValidator(_items), WithJsonSchema(_ONE_OR_MORE)]
StripRules = Annotated[tuple[Annotated[str, BeforeValidator(_strip_rule)], ...], BeforeValidator(_items), WithJsonSchema(_ONE_OR_MORE)]
Rights = Annotated[Literal["full", "excerpt", "link"], BeforeValidator(_text)]
Placing = Annotated[Literal["top", "bottom", "none"], BeforeValidator(_text)]
FormatName = Annotated[Literal["atom", "rss", "json", "html", "opml"], BeforeValidator(_text)]
ClientName = Annotated[Literal["requests", "curl"], BeforeValidator(_text)]
