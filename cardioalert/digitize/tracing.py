"""Follow the printed curves: one continuous path per row, from the left of the page to the right.

A path is found by dynamic programming (Viterbi) over columns. Its cost is the absence of ink on
the centre line plus a price per pixel of climbing; both are known for every height at once, so a
column costs two running minima, whatever the slope of a QRS.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from cardioalert.digitize.page import PAGE_PIXELS_PER_MM
from cardioalert.domain.imaging import InkMaps, RowTrace
from cardioalert.errors import TraceNotFoundError
from cardioalert.i18n import translate as _

INK_FLOOR: Final = 0.02  # probability of the centre line where the network sees nothing
CLIMB_COST: Final = 0.02  # per pixel of height difference between neighboring columns
STRAY_COST: Final = 1.0  # at one row spacing from the base line
REACH: Final = 1.6  # row spacings above and below the base line a curve may go
TOUCHING: Final = 4  # px between two paths that follow the same ink
CROSSING: Final = 4  # columns two curves may share where they cross
UNTANGLE_ROUNDS: Final = 3
SEEN: Final = 0.2  # centre-line probability below which a column has no trace
INK_INSET: Final = 0.5  # px; the network's ink ends so far inside the printed stroke
STEEP: Final = 3.0  # px of ink beyond the stroke in a column where the curve is steep
SUSTAINED: Final = 40  # columns of ink that tell the width of the stroke
SHORT_GAP: Final = 8  # px, bridged
MIN_ROW_SPACING_MM: Final = 8.0
MIN_TRACE_MM: Final = 30.0
MIN_ROW_SHARE: Final = 0.3  # of the widest row: shorter rows are not rows

Floats = NDArray[np.float32]


def find_rows(maps: InkMaps) -> NDArray[np.float64]:
    """Return the base lines of the printed rows, from the top, in page pixels.

    Traces spend most of their time near their base line, so that the share of columns with ink at
    a height peaks there.

    Raises
    ------
    TraceNotFoundError
        No row shows at least 30 mm of trace.
    """
    strength = np.where(maps.centre > SEEN, maps.centre, 0.0).sum(axis=1)
    smooth = cv2.GaussianBlur(strength[:, None].astype(np.float64), (1, 0), 0, sigmaY=9.0)[:, 0]
    spacing = MIN_ROW_SPACING_MM * PAGE_PIXELS_PER_MM
    peaks, _about = find_peaks(smooth, distance=spacing, prominence=0.08 * smooth.max())
    mass = [_row_columns(maps.centre, peak, spacing) for peak in peaks]
    longest = max(mass, default=0)
    if longest < MIN_TRACE_MM * PAGE_PIXELS_PER_MM:
        raise TraceNotFoundError(
            _(
                "the longest trace on the page is {longest:.0f} mm long",
                longest=longest / PAGE_PIXELS_PER_MM,
            )
        )
    kept = [p for p, m in zip(peaks, mass, strict=True) if m >= MIN_ROW_SHARE * longest]
    return np.array(kept, dtype=np.float64)


def _row_columns(centre: Floats, peak: int, spacing: float) -> int:
    """Return in how many columns there is a trace near a height."""
    top, bottom = max(0, int(peak - spacing / 2)), int(peak + spacing / 2)
    return int((centre[top:bottom].max(axis=0) > SEEN).sum())


def trace_rows(maps: InkMaps, base_lines: NDArray[np.float64]) -> tuple[RowTrace, ...]:
    """Follow the curve of each row.

    Rows are first followed alone. Where two of them took the same ink for longer than a crossing
    lasts, it belongs to the row whose base line is nearer; the other row is followed again without
    it.

    Parameters
    ----------
    maps : InkMaps
    base_lines : float array, shape (rows,), page pixels, increasing
    """
    spacing = _row_spacing(base_lines, maps.centre.shape[0])
    bands = _bands(maps.centre, base_lines, spacing)
    ink = _bands(maps.trace, base_lines, spacing)
    tops = np.round(base_lines).astype(int) - bands.shape[2] // 2
    paths = _cheapest_paths(bands, spacing)
    for _round in range(UNTANGLE_ROUNDS):
        losers = _erase_shared_ink(bands, paths, tops, base_lines)
        if not losers:
            break
        paths[losers] = _cheapest_paths(bands[losers], spacing)
    return tuple(
        _finish_row(band, inked, path, int(top))
        for band, inked, path, top in zip(bands, ink, paths, tops, strict=True)
    )


def _row_spacing(base_lines: NDArray[np.float64], height: int) -> float:
    """Return the usual distance between rows, pixels."""
    if len(base_lines) < 2:
        return min(height / 2.0, 40.0 * PAGE_PIXELS_PER_MM)
    return float(np.median(np.diff(base_lines)))


def _bands(centre: Floats, base_lines: NDArray[np.float64], spacing: float) -> Floats:
    """Cut the surroundings of each row, shape (rows, columns, heights)."""
    half = int(REACH * spacing)
    padded = np.pad(centre, ((half, half), (0, 0)))
    tops = np.round(base_lines).astype(int)
    return np.stack([padded[top : top + 2 * half + 1].T for top in tops])


def _erase_shared_ink(
    bands: Floats,
    paths: NDArray[np.intp],
    tops: NDArray[np.intp],
    base_lines: NDArray[np.float64],
) -> list[int]:
    """Take shared ink from the row that strayed further; return the rows that lost some."""
    heights = paths + tops[:, None]
    losers = set()
    for upper in range(len(paths) - 1):
        for lower in range(upper + 1, min(upper + 3, len(paths))):
            shared = np.abs(heights[upper] - heights[lower]) <= TOUCHING
            for start, stop in runs(shared):
                if stop - start <= CROSSING:
                    continue
                y = heights[upper, start:stop].mean()
                loser = upper if abs(y - base_lines[upper]) > abs(y - base_lines[lower]) else lower
                _erase(bands[loser], paths[loser], start, stop)
                losers.add(loser)
    return sorted(losers)


def _erase(band: Floats, path: NDArray[np.intp], start: int, stop: int) -> None:
    """Remove the ink along a piece of a path from the band of one row."""
    for column in range(max(0, start - 2), min(len(band), stop + 2)):
        y = path[min(max(column, start), stop - 1)]
        band[column, max(0, y - 6) : y + 7] = 0.0


def runs(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the (start, stop) of each run of True."""
    padded = np.concatenate([[0], flags.astype(np.int8), [0]])
    return np.flatnonzero(np.diff(padded)).reshape(-1, 2)


def _cheapest_paths(bands: Floats, spacing: float) -> NDArray[np.intp]:
    """Return the cheapest height of each column, shape (rows, columns).

    Parameters
    ----------
    bands : array, shape (rows, columns, heights), probability of a centre line
    """
    rows, columns, heights = bands.shape
    index = np.arange(heights, dtype=np.int16)
    stray = STRAY_COST * ((index - np.float32(heights // 2)) / np.float32(spacing)) ** 2
    cost = -np.log(bands + np.float32(INK_FLOOR)) + stray.astype(np.float32)
    ramp = index.astype(np.float32) * np.float32(CLIMB_COST)
    total = cost[:, 0].copy()
    source = np.empty((columns, rows, heights), dtype=np.int16)
    for column in range(1, columns):
        up, from_up = _running_minimum(total - ramp, index)
        down, from_down = _running_minimum((total + ramp)[:, ::-1], index)
        up += ramp
        down = down[:, ::-1] - ramp
        climbs = up <= down
        source[column] = np.where(climbs, from_up, heights - 1 - from_down[:, ::-1])
        total = np.where(climbs, up, down) + cost[:, column]
    paths = np.empty((rows, columns), dtype=np.intp)
    paths[:, -1] = total.argmin(axis=1)
    every_row = np.arange(rows)
    for column in range(columns - 1, 0, -1):
        paths[:, column - 1] = source[column, every_row, paths[:, column]]
    return paths


def _running_minimum(values: Floats, index: NDArray[np.int16]) -> tuple[Floats, NDArray[np.int16]]:
    """Return the minimum so far along the last axis, and where it stands."""
    minimum = np.minimum.accumulate(values, axis=1)
    where = np.maximum.accumulate(np.where(values == minimum, index, np.int16(0)), axis=1)
    return minimum, where


def _finish_row(band: Floats, ink: Floats, path: NDArray[np.intp], top: int) -> RowTrace:
    """Turn a path into a curve: sub-pixel, true at its tips, with only short gaps bridged."""
    y, confidence = _refine(band.T, path)
    y = _reach_tips(y, *_ink_runs(ink, path))
    y, confidence = _bridge_gaps(y + np.float32(top), confidence)
    known = np.isfinite(y)
    baseline = float(np.median(y[known])) if known.any() else top + band.shape[1] / 2.0
    return RowTrace(y=y, confidence=confidence, baseline=baseline)


def _ink_runs(ink: Floats, path: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return the upper and lower edge of the ink the path runs through, per column.

    Edges lie where the probability crosses one half, to a fraction of a pixel; NaN without ink.
    """
    columns, heights = ink.shape
    index = np.arange(heights)
    at_path = np.arange(columns), path
    blank = ink < 0.5
    last_blank = np.maximum.accumulate(np.where(blank, index, -1), axis=1)[at_path]
    next_blank = np.minimum.accumulate(np.where(blank, index, heights)[:, ::-1], axis=1)[:, ::-1]
    next_blank = next_blank[at_path]
    inside = (last_blank >= 0) & (next_blank < heights) & ~blank[at_path]
    upper = _crossing(ink, last_blank, last_blank + 1)
    lower = _crossing(ink, next_blank, next_blank - 1)
    nowhere = np.float32(np.nan)
    return np.where(inside, upper, nowhere), np.where(inside, lower, nowhere)


def _crossing(ink: Floats, outside: NDArray[np.intp], inside: NDArray[np.intp]) -> Floats:
    """Return where ink crosses one half between two neighboring heights of each column."""
    columns, last = np.arange(len(ink)), ink.shape[1] - 1
    low = ink[columns, np.clip(outside, 0, last)]
    high = ink[columns, np.clip(inside, 0, last)]
    share = np.clip((0.5 - low) / np.maximum(high - low, 1e-3), 0.0, 1.0)
    height: Floats = (outside + share * (inside - outside)).astype(np.float32)
    return height


def _reach_tips(y: Floats, upper: Floats, lower: Floats) -> Floats:
    """Extend the curve to the tips of narrow waves.

    Where a wave is narrower than the pen, the ink of a column spans its whole flank; the tip of
    the ink, less half the width of the stroke, is where the pen turned.
    """
    thickness = lower - upper
    flat = thickness[np.isfinite(thickness)]
    if len(flat) < SUSTAINED:
        return y
    stroke = float(np.quantile(flat, 0.2))
    reach = stroke / 2.0 - INK_INSET
    y = y.copy()
    for start, stop in runs(thickness > stroke + STEEP):
        left, right = max(0, start - 1), min(len(y), stop + 1)
        _reach_one_tip(y, upper + reach, left, right, upward=True)
        _reach_one_tip(y, lower - reach, left, right, upward=False)
    return y


def _reach_one_tip(y: Floats, edge: Floats, left: int, right: int, *, upward: bool) -> None:
    """Move the middle of the furthest columns of a steep piece out to the edge of the ink."""
    sign = -1.0 if upward else 1.0
    reach = np.where(np.isfinite(edge[left:right]), sign * edge[left:right], -np.inf)
    furthest = np.flatnonzero(reach > reach.max() - 0.75)
    tip = left + int(np.round(furthest.mean()))
    if np.isfinite(edge[tip]) and sign * edge[tip] > sign * y[tip]:
        y[tip] = edge[tip]


def _refine(band: Floats, path: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return the sub-pixel height (centre of gravity within 3 px) and the probability there."""
    columns = np.arange(len(path))
    offsets = np.arange(-3, 4)
    rows = np.clip(path[:, None] + offsets[None, :], 0, band.shape[0] - 1)
    weight = band[rows, columns[:, None]]
    total = weight.sum(axis=1)
    center = (weight * rows).sum(axis=1) / np.maximum(total, 1e-6)
    confidence = weight.max(axis=1)
    y = np.where(confidence > SEEN, center, np.nan)
    return y.astype(np.float32), confidence.astype(np.float32)


def _bridge_gaps(y: Floats, confidence: Floats) -> tuple[Floats, Floats]:
    """Interpolate over gaps of at most SHORT_GAP columns; drop specks shorter than that."""
    y = y.copy()
    for start, stop in runs(np.isfinite(y)):
        if stop - start < SHORT_GAP:
            y[start:stop] = np.nan
    known = np.isfinite(y)
    if not known.any():
        return y, confidence
    columns = np.flatnonzero(known)
    gaps = np.flatnonzero(np.diff(columns) > 1)
    for gap in gaps:
        left, right = columns[gap], columns[gap + 1]
        if right - left - 1 <= SHORT_GAP:
            inner = np.arange(left + 1, right)
            y[inner] = np.interp(inner, [left, right], [y[left], y[right]])
    return y, np.where(np.isfinite(y), confidence, 0.0).astype(np.float32)
