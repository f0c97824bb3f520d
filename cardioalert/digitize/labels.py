"""Which row a printed lead name belongs to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.imaging import PrintedLabel, RowTrace


def label_shifts(rows: tuple[RowTrace, ...]) -> NDArray[np.float64]:
    """Return the distances (px) between names and base lines to try, above and below."""
    spacing = np.median(np.diff([row.baseline for row in rows])) if len(rows) > 1 else 200.0
    shifts: NDArray[np.float64] = np.linspace(-0.5, 0.5, 11) * spacing
    return shifts[np.argsort(np.abs(shifts))]


def label_row(label: PrintedLabel, rows: tuple[RowTrace, ...], shift: float) -> int:
    """Return the row a lead name belongs to when names stand `shift` below the base lines."""
    middle = middle_of(label)
    return int(np.argmin([abs(middle - row.baseline - shift) for row in rows]))


def label_rows(
    labels: tuple[PrintedLabel, ...], rows: tuple[RowTrace, ...], shifts: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return the row each lead name belongs to at each shift, shape (shifts, labels)."""
    middles = np.array([middle_of(label) for label in labels])
    above = middles[:, None] - [row.baseline for row in rows]
    away = np.abs(above - shifts[:, None, None])
    return np.asarray(away.argmin(axis=2), dtype=np.intp)


def middle_of(label: PrintedLabel) -> float:
    """Return the height of the middle of a name."""
    return (label.top + label.bottom) / 2.0
