"""Risk categories: bands of percent or points, versioned rows of `tables/thresholds.csv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from cardioalert.tables import read_csv


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One band; it holds from `at_least` on, for ages from `age_from` on."""

    scheme: str
    version: str
    age_from: float
    at_least: float
    category: str
    advice: str
    source: str


@cache
def _bands(scheme: str, start: float) -> tuple[Category, ...]:
    """Return the bands of the ages from `start` on, highest value first."""
    return tuple(reversed([b for b in categories(scheme) if b.age_from == start]))


@cache
def _starts(scheme: str) -> tuple[float, ...]:
    """Return the ages at which other bands begin to hold, highest first."""
    return tuple(sorted({band.age_from for band in categories(scheme)}, reverse=True))


@cache
def categories(scheme: str) -> tuple[Category, ...]:
    """Return the bands of one scheme, lowest age and value first."""
    rows = (r for r in read_csv("cardioalert.risk", "thresholds.csv") if r["scheme"] == scheme)
    return tuple(
        Category(**{**r, "age_from": float(r["age_from"]), "at_least": float(r["at_least"])})  # type: ignore[arg-type]
        for r in rows
    )


def category_of(scheme: str, value: float, *, age: float) -> Category:
    """Return the band an unrounded value (or a chart cell) lies in.

    Examples
    --------
    >>> category_of("moh-uz", 23, age=55).category
    'high'
    >>> category_of("esc-2021", 7.4, age=49).category, category_of("esc-2021", 7.4, age=50).category
    ('high', 'high')
    """
    start = next(start for start in _starts(scheme) if start <= age)
    return next(band for band in _bands(scheme, start) if band.at_least <= value)
