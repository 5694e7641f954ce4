"""Which elements of podcasts and places are carried through from a publisher's entry into our outputs (carried.toml)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, cast

TEXT: Final = "text"
"""The name under which a rule has what stands inside the element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one element may hold: kinds by attribute (`TEXT`: what stands inside), those that it needs, and the elements inside it."""

    name: str
    kinds: Mapping[str, str]
    needs: frozenset[str]
    is_many: bool
    inside: Mapping[str, "Rule"]


@cache
def namespaces() -> Mapping[str, str]:
    """The namespaces of what is carried, by prefix."""
    return cast("Mapping[str, str]", _tables()["namespaces"])


@cache
def rules() -> Mapping[str, Rule]:
    """The rules of the elements of an entry, by their name in lower case: prefix, colon, local name.

    >>> rules()["itunes:episodetype"].name
    'itunes:episodeType'
    """
    inner = {name: _rule(name, table, {}) for name, table in _tables()["inner"].items()}
    made = [_rule(name, table, inner) for name, table in _tables()["elements"].items()]
    return {rule.name.lower(): rule for rule in made}


@cache
def is_many(name: str) -> bool:
    """Whether an entry may have several elements of this name."""
    found = rules().get(name.lower())
    return found is not None and found.is_many


def names(prefix: str) -> tuple[str, ...]:
    """The local names, in lower case, of all elements of a prefix, those that stand inside others included."""
    every = (*_tables()["elements"], *_tables()["inner"])
    return tuple(name.partition(":")[2].lower() for name in every if name.startswith(f"{prefix}:"))


def _rule(name: str, table: Mapping[str, object], inner: Mapping[str, Rule]) -> Rule:
    kinds = {key: kind for key, kind in table.items() if isinstance(kind, str)}
    within = cast("list[str]", table.get("inside", []))
    return Rule(
        name=name,
        kinds={key: kind.rstrip("!") for key, kind in kinds.items()},
        needs=frozenset(key for key, kind in kinds.items() if kind.endswith("!")),
        is_many=table.get("many") is True,
        inside={one.lower(): inner[one] for one in within},
    )


@cache
def _tables() -> dict[str, dict[str, dict[str, object]]]:
    return tomllib.loads((resources.files("aggregator.web") / "carried.toml").read_text("utf-8"))
