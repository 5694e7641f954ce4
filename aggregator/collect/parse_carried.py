"""The elements of podcasts, which feedparser flattens: their attributes, their order, and what stands inside them.

What is collected stands under `x_carried` beside feedparser's own keys; only `parse_mapping` reads it.
"""

from dataclasses import dataclass, field
from functools import partialmethod
from typing import ClassVar, Final

from feedparser.mixin import _FeedParserMixin

from aggregator.collect.limits import MAX_CARRIED, MAX_URL_CHARS
from aggregator.model import RawElement
from aggregator.web.carried import names, namespaces

_MAX_ATTRIBUTES: Final = 16
# The repository in which the namespace was first written down; many feeds still name it so.
_EARLIER: Final = "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"


@dataclass(slots=True)
class _Open:
    """An element that is being read."""

    name: str
    attributes: tuple[tuple[str, str], ...]
    children: list[RawElement] = field(default_factory=list)


class CarriedElements(_FeedParserMixin):  # type: ignore[misc]  # feedparser has no types
    """Collects the elements that carried.toml names."""

    namespaces: ClassVar[dict[str, str]] = {**_FeedParserMixin.namespaces, namespaces()["podcast"]: "podcast", _EARLIER: "podcast"}

    # A table of its own: feedparser shares and fills one for all its parsers.
    _matchnamespaces: ClassVar[dict[str, str]] = {}

    def __init__(self, base: str, *details: object) -> None:
        self._open: list[_Open] = []
        super().__init__(base, *details)

    def _start_item(self, attrs_d: dict[str, str]) -> None:
        self._open = []
        super()._start_item(attrs_d)

    def _begin(self, name: str, attrs_d: dict[str, str]) -> None:
        given = [(key, value) for key, value in attrs_d.items() if value and len(value) <= MAX_URL_CHARS]
        self._open.append(_Open(name, tuple(given[:_MAX_ATTRIBUTES])))
        self.push("carried", 1)

    def _end(self, name: str) -> None:
        text = self.pop("carried")
        self._get_context().pop("carried", None)
        if not self._open or self._open[-1].name != name:
            return
        ended = self._open.pop()
        made = RawElement(name=name, text=text or None, attributes=ended.attributes, children=tuple(ended.children))
        found = self._open[-1].children if self._open else self._get_context().setdefault("x_carried", [])
        if len(found) < MAX_CARRIED:
            found.append(made)
        else:
            self.feeddata["x_more_carried"] = self.feeddata.get("x_more_carried", 0) + 1


for _prefix in ("podcast", "itunes"):
    for _name in names(_prefix):
        setattr(CarriedElements, f"_start_{_prefix}_{_name}", partialmethod(CarriedElements._begin, f"{_prefix}:{_name}"))
        setattr(CarriedElements, f"_end_{_prefix}_{_name}", partialmethod(CarriedElements._end, f"{_prefix}:{_name}"))
