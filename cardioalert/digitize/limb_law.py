"""Einthoven's and Goldberger's laws on a page: rows that are simultaneous must obey them."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.columns import Columns
from cardioalert.digitize.layouts import PrintedLayout, named
from cardioalert.domain.imaging import RowTrace
from cardioalert.domain.record import Lead

LAW_HOLDS: Final = 0.35  # relative residual of Einthoven's law below which it confirms a layout
IN_STEP: Final = 0.25  # correlation of the steepness of rows printed at the same time
SMOOTHED: Final = 5  # px
OUT_OF_STEP: Final = 4  # px
FEWEST: Final = 100  # columns that tell


def law_residual(layout: PrintedLayout, rows: tuple[RowTrace, ...], columns: Columns) -> float:
    """Return the median relative residual of Einthoven's and Goldberger's laws.

    Only leads of the same column are simultaneous, and only if `in_step`. I - II + III = 0;
    aVR + aVL + aVF = 0; aVL - aVR = 1.5 I (for the Cabrera columns).
    """
    residuals = []
    for column in range(layout.columns):
        curves = {}
        for row, line in zip(rows, layout.grid, strict=True):
            lead, inverted = named(line[column])
            curves[lead] = _curve(row, columns, column) * (-1.0 if inverted else 1.0)
        for terms in _LAWS:
            if all(lead in curves for lead in terms):
                residuals.append(_relative_residual([curves[k] * w for k, w in terms.items()]))
    return float(np.median(residuals)) if residuals else float("nan")


def in_step(rows: tuple[RowTrace, ...]) -> bool:
    """Tell whether the rows were recorded at the same time: their QRS stand below each other.

    Recorders with few channels print the leads one after the other, and no law holds then.
    """
    steep = [_steepness(row) for row in rows]
    likeness = [
        float(np.corrcoef(first, second)[0, 1])
        for first, second in pairwise(steep)
        if first.std() > 0 and second.std() > 0
    ]
    return not likeness or float(np.median(likeness)) > IN_STEP


def _steepness(row: RowTrace) -> NDArray[np.float64]:
    """Return how steep a row is around each x, over about two millimeters, clipped."""
    y = row.y.astype(np.float64)
    slope = np.abs(np.diff(y, prepend=y[:1]))
    slope = np.where(np.isfinite(slope), slope, 0.0)
    limit = max(float(np.quantile(slope, 0.98)), 0.5)
    wide = np.convolve(np.minimum(slope, limit), np.ones(17) / 17.0, mode="same")
    return np.asarray(wide, dtype=np.float64)


_LAWS: Final[tuple[dict[Lead, float], ...]] = (
    {Lead.I: 1.0, Lead.II: -1.0, Lead.III: 1.0},
    {Lead.AVR: 1.0, Lead.AVL: 1.0, Lead.AVF: 1.0},
    {Lead.AVL: 1.0, Lead.AVR: -1.0, Lead.I: -1.5},
    {Lead.II: 1.0, Lead.III: 1.0, Lead.AVF: -2.0},
)


def _curve(row: RowTrace, columns: Columns, column: int) -> NDArray[np.float64]:
    """Return the upward deflection (px) of a row within one column, median removed."""
    left, right = int(columns.border(column)) + 8, int(columns.border(column + 1)) - 8
    y = -row.y[max(0, left) : max(left + 1, right)].astype(np.float64)
    known = np.isfinite(y)
    return y - np.median(y[known]) if known.any() else y


def _relative_residual(terms: list[NDArray[np.float64]]) -> float:
    """Return the size of a sum that should be zero against the size of its largest term.

    Rows of a bent sheet may be some pixels out of step; the best step within half a millimetre
    counts, and the curves are smoothed over as much. NaN with too few samples.
    """
    first, middle, last = (
        np.convolve(term, np.full(SMOOTHED, 1.0 / SMOOTHED), mode="same") for term in terms
    )
    inner = slice(OUT_OF_STEP, len(middle) - OUT_OF_STEP)
    steps = range(-OUT_OF_STEP, OUT_OF_STEP + 1, 2)
    firsts, lasts = (
        np.stack([np.roll(term, step)[inner] for step in steps]) for term in (first, last)
    )
    middles = middle[None, inner]
    known = np.logical_and.reduce(
        [np.isfinite(term).all(axis=0) for term in (firsts, middles, lasts)]
    )
    if known.sum() < FEWEST:
        return float("nan")
    firsts, middles, lasts = (
        term[:, known] - np.median(term[:, known], axis=1, keepdims=True)
        for term in (firsts, middles, lasts)
    )
    powers = [np.square(term).mean(axis=1) for term in (firsts, middles, lasts)]
    largest = np.maximum(np.maximum(powers[0][:, None], powers[1]), powers[2][None, :])
    sums = (firsts + middles) @ lasts.T * (2.0 / known.sum())
    sums += np.square(firsts + middles).mean(axis=1)[:, None] + powers[2][None, :]
    misfit = np.sqrt(np.maximum(sums, 0.0)) / np.maximum(np.sqrt(largest), 1.0)
    return float(misfit.min())
