"""The elements of podcasts and places, made safe: what carried.toml allows, of the kinds that it says; anything else is left out."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from aggregator.model import Element, Enclosure, RawElement
from aggregator.refine import fields
from aggregator.web.carried import TEXT, Rule, rules
from aggregator.web.text import one_line
from aggregator.web.url import resource

_MAX_ELEMENTS: Final = 64
_MAX_LINE: Final = 500
_MAX_POINTS: Final = 2_000
_WORD: Final = re.compile(r"[\w:.,;=+*/-]{1,128}")
_COUNT: Final = re.compile(r"0*([0-9]{1,15})")
_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_DEGREES: Final = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,15})?")
_FLAGS: Final = {"yes": "true", "true": "true", "explicit": "true", "no": "false", "false": "false", "clean": "false"}
_PLAYED: Final = ("audio/", "video/")


def carried(
    raw: Iterable[RawElement], enclosures: Sequence[Enclosure], base: str | None, *, is_explicit: bool | None
) -> tuple[Element, ...]:
    """What is carried of an entry, in the order of the publisher; of an element that can stand once only the first counts.

    An episode that does not say whether it is explicit is what its podcast says (`is_explicit`).
    """
    found = [(rule, made) for one in raw if (rule := rules().get(one.name)) and (made := _element(one, rule, base))]
    kept: dict[str, Element] = {}
    for place, (rule, made) in enumerate(found):
        kept.setdefault(f"{made.name} {place if rule.is_many else ''}", made)
    is_episode = any(one.name.startswith(("itunes:", "podcast:")) for one in kept.values()) or any(map(is_played, enclosures))
    if is_explicit is not None and is_episode:
        kept.setdefault("itunes:explicit ", Element(name="itunes:explicit", text="true" if is_explicit else "false"))
    return tuple(kept.values())[:_MAX_ELEMENTS]


def flag(text: str | None) -> bool | None:
    """What a publisher means by yes or no; None where it says neither."""
    said = _FLAGS.get((text or "").strip().lower())
    return None if said is None else said == "true"


def is_played(enclosure: Enclosure) -> bool:
    """Whether a medium is sound or film."""
    return (enclosure.type or "").startswith(_PLAYED)


def timed(enclosures: tuple[Enclosure, ...], elements: Sequence[Element]) -> tuple[Enclosure, ...]:
    """Enclosures with the length in time that the episode has, where one of them is what is played."""
    said = next((fields.span_s(one.text) for one in elements if one.name == "itunes:duration"), None)
    if said is None or sum(map(is_played, enclosures)) != 1:
        return enclosures
    return tuple(replace(one, duration_s=one.duration_s or said) if is_played(one) else one for one in enclosures)


def _element(raw: RawElement, rule: Rule, base: str | None) -> Element | None:
    given = dict(raw.attributes) | ({TEXT: raw.text} if raw.text else {})
    parts = {name: made for name, kind in rule.kinds.items() if (made := _KINDS[kind](given.get(name.lower(), ""), base))}
    if not parts or not rule.needs <= parts.keys():
        return None
    text = parts.pop(TEXT, None)
    return Element(name=rule.name, text=text, attributes=tuple(parts.items()), children=tuple(_children(raw, rule, base)))


def _children(raw: RawElement, rule: Rule, base: str | None) -> Iterator[Element]:
    for child in raw.children:
        if (inner := rule.inside.get(child.name)) and (made := _element(child, inner, base)):
            yield made


# ── kinds: a text as written to what may be published of it, empty for nothing ──────────────────────────────────────────


def _address(text: str, base: str | None) -> str:
    return resource(text, base) or ""


def _media(text: str, base: str | None) -> str:
    return fields.media_type(text) or ""


def _language(text: str, base: str | None) -> str:
    return fields.language(text) or ""


def _span(text: str, base: str | None) -> str:
    return str(fields.span_s(text) or "")


def _count(text: str, base: str | None) -> str:
    found = _COUNT.fullmatch(text.strip())
    return found[1] if found else ""


def _number(text: str, base: str | None) -> str:
    return text.strip() if _NUMBER.fullmatch(text.strip()) else ""


def _flag(text: str, base: str | None) -> str:
    return _FLAGS.get(text.strip().lower(), "")


def _word(text: str, base: str | None) -> str:
    return text.strip() if _WORD.fullmatch(text.strip()) else ""


def _line(text: str, base: str | None) -> str:
    return one_line(text[: _MAX_LINE * 4])[:_MAX_LINE].strip()


def _points(text: str, base: str | None) -> str:
    numbers = text.replace(",", " ").split()[:_MAX_POINTS]
    is_whole = numbers and len(numbers) % 2 == 0 and all(map(_DEGREES.fullmatch, numbers))
    inside = is_whole and all(abs(float(one)) <= (180 if place % 2 else 90) for place, one in enumerate(numbers))
    return " ".join(numbers) if inside else ""


_KINDS: Final[Mapping[str, Callable[[str, str | None], str]]] = {
    "address": _address,
    "media": _media,
    "language": _language,
    "span": _span,
    "count": _count,
    "number": _number,
    "flag": _flag,
    "word": _word,
    "line": _line,
    "points": _points,
}
