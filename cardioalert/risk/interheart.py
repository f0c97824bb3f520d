"""INTERHEART Modifiable Risk Score without laboratory values: points without blood pressure.

McGorrian et al., Eur Heart J 2011;32:581, doi:10.1093/eurheartj/ehq448. Every answer can only add
points, so questions left open are not guessed: they make the result a range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cardioalert.domain.patient import Sex
from cardioalert.tables import read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Points for one answer (1 = yes, 0 = no); `change` names what a person can do about it."""

    input: str
    answer: int
    points: int
    source: str
    change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """The score.

    Attributes
    ----------
    low, high : int
        Points if every open question turns out best, or worst, for the person.
    open : tuple of str
        Inputs that were not answered and could add points.
    """

    low: int
    high: int
    open: tuple[str, ...]


@cache
def _table() -> dict[str, Any]:
    """Return the whole table."""
    return read_toml("cardioalert.risk", "interheart.toml")


@cache
def items() -> tuple[Item, ...]:
    """Return the yes/no items."""
    return tuple(Item(**row) for row in _table()["item"])


@cache
def _scale(name: str) -> tuple[tuple[float, int], ...]:
    """Return (from, points) of a graded input, lowest first."""
    return tuple((r["from"], r["points"]) for r in _table()["scale"] if r["input"] == name)


@cache
def _age(sex: Sex) -> tuple[float, int]:
    """Return (from, points) for age."""
    row = next(r for r in _table()["age"] if r["sex"] == sex)
    return row["from"], row["points"]


def graded(name: str, value: float) -> int:
    """Return the points of a graded input.

    Examples
    --------
    >>> graded("cigarettes_per_day", 8), graded("waist_hip_ratio", 0.98)
    (4, 4)
    """
    return max((points for start, points in _scale(name) if value >= start), default=0)


def points(sex: Sex, x: Mapping[str, float]) -> Points:
    """Count the points; `x` holds `age`, `smoker` and whatever else was answered."""
    start, age_points = _age(sex)
    low = age_points if x["age"] >= start else 0
    high, still_open = low, []
    for name, least, most in (_smoking(x), _waist(x)):
        low += least
        high += most
        if most > least:
            still_open.append(name)
    smoker = x["smoker"]
    for item in items():
        answer = x.get(item.input)
        if item.input == "former_smoker" and smoker:
            continue
        if answer is None:
            high += item.points
            still_open.append(item.input)
        elif answer == item.answer:
            low += item.points
            high += item.points
    return Points(low=low, high=high, open=tuple(still_open))


_CIGARETTES: Final = "cigarettes_per_day"
_WAIST: Final = "waist_hip_ratio"


def _smoking(x: Mapping[str, float]) -> tuple[str, int, int]:
    """Return name, least and most points of smoking now."""
    if not x["smoker"]:
        return _CIGARETTES, 0, 0
    if x.get(_CIGARETTES, 0.0) > 0:
        found = graded(_CIGARETTES, max(x[_CIGARETTES], 1.0))
        return _CIGARETTES, found, found
    scale = _scale(_CIGARETTES)
    return _CIGARETTES, scale[0][1], scale[-1][1]


def _waist(x: Mapping[str, float]) -> tuple[str, int, int]:
    """Return name, least and most points of the waist-hip ratio."""
    if _WAIST not in x:
        return _WAIST, 0, _scale(_WAIST)[-1][1]
    found = graded(_WAIST, x[_WAIST])
    return _WAIST, found, found
