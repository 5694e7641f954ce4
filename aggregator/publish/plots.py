"""Numbers to pictures (pure): bars that stand on one another, with scales, ready for a template to draw as SVG.

Everything is in the units of the picture, whose origin is the upper left corner. A picture never stands alone: it has a title, a sentence
that says what it shows, and its numbers as a table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 380
HEIGHT: Final = 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 50.0, 8.0, 10.0, 24.0
_GAP: Final = 0.24
"""The share of a bar's place that stays empty."""

_STEPS: Final = (1, 2, 5)
_MAX_TICKS: Final = 4
_THINNEST: Final = 1.5
"""What is not nothing is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One kind of thing that is counted. `tone` is the name of its colour."""

    name: str
    tone: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The pieces of one bar, from the bottom up, and what is said of it where it is pointed at."""

    pieces: tuple[Piece, ...]
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on a scale."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A picture of bars. `rows` are its numbers: a label and a value for each of `columns`."""

    name: str
    title: str
    summary: str
    bars: tuple[Bar, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    legend: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_empty: bool

    width: int = WIDTH
    height: int = HEIGHT
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    floor: float = HEIGHT - _BOTTOM


def bars(
    *,
    name: str,
    title: str,
    summary: str,
    labels: Sequence[str],
    series: Sequence[Series],
    marks: Sequence[tuple[int, str]],
    unit: Callable[[float], str] = lambda value: f"{value:,.0f}",
    column: str = "",
) -> Plot:
    """Draw a bar for each label; `marks` are the texts below some of them, by position. `unit` writes a value.

    `column` heads the labels where the numbers are shown as a table.
    """
    top = scale_top(max((sum(values) for values in zip(*(one.values for one in series), strict=True)), default=0))
    place = (WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    per_unit = (HEIGHT - _TOP - _BOTTOM) / top
    return Plot(
        name=name,
        title=title,
        summary=summary,
        bars=tuple(_bar(position, label, series, place, per_unit, unit) for position, label in enumerate(labels)),
        x_ticks=tuple(Tick(at=_round(_LEFT + place * (position + 0.5)), text=text) for position, text in marks),
        y_ticks=tuple(Tick(at=_round(HEIGHT - _BOTTOM - value * per_unit), text=unit(value)) for value in ticks(top)),
        legend=tuple((one.name, one.tone) for one in series) if len(series) > 1 else (),
        columns=(column, *(one.name for one in series)),
        rows=tuple(
            (label, *(unit(one.values[position]) for one in series))
            for position, label in enumerate(labels)
            if any(one.values[position] for one in series)
        ),
        is_empty=not any(any(one.values) for one in series),
    )


def scale_top(highest: float) -> float:
    """Where a scale ends that has to reach so high: on a round number, 1 at least.

    >>> scale_top(0), scale_top(7), scale_top(12), scale_top(3456)
    (1, 8, 15, 4000)
    """
    step = _step(highest)
    return max(1, step * -int(-highest // step))


def ticks(top: float) -> list[float]:
    """The round numbers on a scale, without 0.

    >>> ticks(8), ticks(15), ticks(1)
    ([2, 4, 6, 8], [5, 10, 15], [1])
    """
    step = _step(top)
    return [step * count for count in range(1, int(top / step) + 1)]


def _step(highest: float) -> int:
    """The smallest of 1, 2, 5, 10, 20 … of which few reach so high."""
    power = 1
    while True:
        for step in _STEPS:
            if highest <= step * power * _MAX_TICKS:
                return step * power
        power *= 10


def _bar(position: int, label: str, series: Sequence[Series], place: float, per_unit: float, unit: Callable[[float], str]) -> Bar:
    x, width = _LEFT + place * (position + _GAP / 2), place * (1 - _GAP)
    floor = HEIGHT - _BOTTOM
    pieces, said = [], []
    for one in series:
        value = one.values[position]
        if value <= 0:
            continue
        height = max(_THINNEST, value * per_unit)
        floor -= height
        pieces.append(Piece(x=_round(x), y=_round(floor), width=_round(width), height=_round(height), tone=one.tone))
        said.append(f"{unit(value)} {one.name}" if len(series) > 1 else unit(value))
    return Bar(pieces=tuple(pieces), hint=f"{label}: {', '.join(said)}" if said else label)


def _round(value: float) -> float:
    return round(value, 1)
