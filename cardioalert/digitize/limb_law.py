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


def law_residual(layout: PrintedLayout, rows: tuple[RowTrace, ...], columns: Columns) -> float:
    """Return the median relative residual of Einthoven's and Goldberger's laws.

    Only leads of the same column are simultaneous. I - II + III = 0; aVR + aVL + aVF = 0;
    aVL - aVR = 1.5 I (for the Cabrera columns).
    """
    residuals = []
    if not in_step(rows):
        return float("nan")
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
    """Return the size of a sum that should be zero against the size of its terms.

    Rows of a bent sheet may be some pixels out of step; the best step within half a millimetre
    counts, and the curves are smoothed over as much.
    """
    smooth = [np.convolve(term, np.full(SMOOTHED, 1.0 / SMOOTHED), mode="same") for term in terms]
    shifts = range(-OUT_OF_STEP, OUT_OF_STEP + 1, 2)
    firsts, lasts = ([np.roll(smooth[term], shift) for shift in shifts] for term in (0, 2))
    return min(_misfit(np.stack([first, smooth[1], last])) for first in firsts for last in lasts)


def _misfit(terms: NDArray[np.float64]) -> float:
    """Return RMS of the sum over the RMS of the largest term, NaN with too few samples."""
    known = np.isfinite(terms).all(axis=0)
    if known.sum() < 100:
        return float("nan")
    seen = terms[:, known]
    seen -= np.median(seen, axis=1, keepdims=True)
    largest = max(float(term @ term) for term in seen)
    both = seen.sum(axis=0)
    return float(np.sqrt(both @ both / len(both)) / max(np.sqrt(largest / len(both)), 1.0))
