"""Thin vertical strokes of ink beside the curve: on paper, a pacemaker's pulse looks like that.

A pulse lasts less than the pen is wide. The segmenter takes its stroke for a mark (as it does with
separators and calibration pulses), and the curve passes it by. What is found here is only ink; the
criteria ask whether it stands before the QRS complexes, at the same time in several leads.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from cardioalert.digitize.columns import Columns
from cardioalert.digitize.following import runs
from cardioalert.domain.imaging import Grid, InkMaps, LeadTrace
from cardioalert.domain.record import Stroke

MARK: Final = 0.4  # probability of a mark from which a pixel counts
BESIDE: Final = 3  # columns whose curve may explain the ink of a column
GAP: Final = 4  # px of paper that a stroke may jump over, such as a dotted grid line
SHORTEST_MM: Final = 1.0
TALLEST_MM: Final = 15.0
WIDEST_MM: Final = 1.1
BORDER_S: Final = 0.03  # beside a border of columns, where separators stand

Floats = NDArray[np.float32]


def find_strokes(
    traces: Iterable[LeadTrace], ink: InkMaps, columns: Columns, grid: Grid
) -> tuple[Stroke, ...]:
    """Find the strokes that rise from, or hang on, the curve of each lead.

    Parameters
    ----------
    traces : the leads as they were cut
    ink : InkMaps
    columns : Columns
        Strokes at their borders are separators.
    grid : Grid
    """
    borders = np.array([columns.border(index) for index in range(columns.count + 1)])
    near = BORDER_S * grid.pixels_per_second
    found = []
    for trace in traces:
        for at, height in _strokes_of(trace.y, ink.marks, grid.pixels_per_mm):
            if np.abs(borders - at).min() > near:
                time = trace.start_time + grid.seconds(at - trace.start_x)
                size = grid.millivolts(height, trace.lead)
                found.append(Stroke(lead=trace.lead, time=time, height=size))
    return tuple(sorted(found, key=lambda stroke: stroke.time))


def _strokes_of(y: Floats, marks: Floats, pixels_per_mm: float) -> list[tuple[float, float]]:
    """Return column and height, in pixels, of each stroke at one curve.

    Parameters
    ----------
    y : float32 array, shape (columns,), page pixels, NaN where there is no curve
    marks : float32 array, shape (heights, columns), probability of a mark
    """
    reach = round(TALLEST_MM * pixels_per_mm)
    top = minimum_filter1d(np.where(np.isfinite(y), y, np.inf), 2 * BESIDE + 1)
    bottom = maximum_filter1d(np.where(np.isfinite(y), y, -np.inf), 2 * BESIDE + 1)
    known = np.isfinite(top)
    heights = np.zeros(len(y), dtype=np.intp)
    for edge, step in ((top, -1), (bottom, 1)):
        start = np.round(np.where(known, edge, 0.0)).astype(np.intp)
        columns = np.flatnonzero(known)
        columns = columns[_inky(marks, columns, start[columns], step, GAP + 1).any(axis=1)]
        inky = _inky(marks, columns, start[columns], step, reach)
        heights[columns] = np.maximum(heights[columns], _connected(inky))
    tall = heights >= SHORTEST_MM * pixels_per_mm
    return [
        ((start + stop - 1) / 2.0, float(heights[start:stop].max()))
        for start, stop in runs(tall)
        if stop - start <= WIDEST_MM * pixels_per_mm
    ]


def _inky(
    marks: Floats, columns: NDArray[np.intp], start: NDArray[np.intp], step: int, reach: int
) -> NDArray[np.bool_]:
    """Tell where marks are above (step -1) or below (step 1) a height, shape (columns, reach)."""
    rows = start[:, None] + step * np.arange(1, reach + 1)
    inside = (rows >= 0) & (rows < marks.shape[0])
    there = marks[np.clip(rows, 0, marks.shape[0] - 1), columns[:, None]] > MARK
    return np.asarray(there & inside, dtype=np.bool_)


def _connected(inky: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return how far ink goes on from the first column, across gaps of a few pixels.

    Parameters
    ----------
    inky : bool array, shape (columns, pixels away from the curve)
    """
    away = np.arange(inky.shape[1])
    last = np.maximum.accumulate(np.where(inky, away, -1), axis=1)
    torn = away - last > GAP
    end = np.where(torn.any(axis=1), torn.argmax(axis=1), inky.shape[1])
    reached = last[np.arange(len(inky)), np.maximum(end - 1, 0)]
    return np.asarray(reached + 1, dtype=np.intp)


__all__ = ["find_strokes"]
