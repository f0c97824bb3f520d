"""The calibration pulse: the printed proof of the gain."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.columns import Columns
from cardioalert.digitize.page import PAGE_PIXELS_PER_MM
from cardioalert.domain.imaging import InkMaps, RowTrace

GAINS: Final = (5.0, 10.0, 20.0)  # mm/mV; the pulse is 1 mV high
WIDTHS_MM: Final = (1.6, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)
SEARCHED_MM: Final = 25.0  # left and right of the traces
HEIGHT_TOLERANCE_MM: Final = 1.0
SEEN: Final = 0.45

Floats = NDArray[np.float32]


def pulse_gains(rows: tuple[RowTrace, ...], maps: InkMaps, columns: Columns) -> list[float]:
    """Return the gain (mm/mV) shown by the pulse of each row that has one."""
    ink = np.maximum(np.maximum(maps.trace, maps.marks), maps.centre)
    found = []
    for row in rows:
        scores = [_pulse_score(ink, row.baseline, gain, columns) for gain in GAINS]
        best = int(np.argmax(scores))
        if scores[best] > SEEN:
            found.append(GAINS[best])
    return found


def _pulse_score(ink: Floats, base: float, height_mm: float, columns: Columns) -> float:
    """Return how well the best rectangle of a height is drawn at the ends of a row (0-1)."""
    mm = PAGE_PIXELS_PER_MM
    slack = int(HEIGHT_TOLERANCE_MM * mm)
    top = int(base - height_mm * mm)
    if top - slack < 0 or int(base) >= len(ink):
        return 0.0
    end = columns.border(columns.count)
    best = 0.0
    for left, right in (
        (columns.start - SEARCHED_MM * mm, columns.start + 8.0 * mm),
        (end - 8.0 * mm, end + SEARCHED_MM * mm),
    ):
        part = ink[:, max(0, int(left)) : max(0, int(right))]
        if part.shape[1] < 16:
            continue
        roof = part[top - slack : top + slack + 1].max(axis=0)
        wide = cv2.dilate(part, np.ones((1, 3)))
        wall = wide[top + slack : int(base) - slack].mean(axis=0)
        above = wide[max(0, top - 4 * slack) : max(1, top - slack)].mean(axis=0)
        best = max(best, _best_rectangle(roof, np.clip(wall - above, 0.0, 1.0)))
    return best


def _best_rectangle(roof: Floats, wall: Floats) -> float:
    """Return the best minimum of roof, left wall and right wall over all positions and widths."""
    sums = np.concatenate([[0.0], np.cumsum(roof)])
    best = 0.0
    for width_mm in WIDTHS_MM:
        width = int(width_mm * PAGE_PIXELS_PER_MM)
        if width >= len(roof):
            continue
        mean_roof = (sums[width:] - sums[:-width]) / width
        left = wall[: len(mean_roof)]
        right = wall[width - 1 : width - 1 + len(mean_roof)]
        best = max(best, float(np.minimum(mean_roof, np.minimum(left, right)).max()))
    return best
