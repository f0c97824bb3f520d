"""From ink to curves: where the rows are, and one sub-pixel curve for each of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d
from scipy.signal import find_peaks

from cardioalert.digitize.following import COVER, FollowedRow, runs
from cardioalert.digitize.page import PAGE_PIXELS_PER_MM
from cardioalert.digitize.pen import redraw, was_printed
from cardioalert.digitize.waves import ReadRow, Waves, read_row_waves, take_waves
from cardioalert.domain.imaging import InkMaps, RowTrace
from cardioalert.errors import TraceNotFoundError
from cardioalert.i18n import translate as _
from cardioalert.networks.curve_reader import (
    FEATURES,
    curve_features,
    ink_run,
    page_brightness,
    read_curves,
)

SEEN: Final = 0.2  # centre-line probability below which a column has no trace
SURE: Final = 0.15  # confidence of the curve reader below which a column has no trace
SHORT_GAP: Final = 12  # px, bridged: a blank of 8, beside which nobody is sure for some more
FAR_PIECE: Final = 60  # columns; shorter ones at an end, farther away than long, are none of a row
SPECK: Final = 8  # px, shorter pieces of curve are none
STEEP: Final = 3.0  # px of ink beyond the stroke in a column where the curve is steep
SUSTAINED: Final = 40  # columns of ink that tell the width of the stroke
BARE: Final = 0.1  # probability of trace or mark below which a pixel is paper or grid
GRID_SHARE: Final = 0.97  # quantile of the darkness of paper and grid: a dark line of the grid
DARKER: Final = 0.25  # that ink must be darker than the grid, 0-1, to be told from it by darkness
DARK_SHARE: Final = 0.9  # of the columns of a gap that are dark
LEVEL_MM: Final = 1.0
FANCIED: Final = 0.6  # confidence from which on a curve needs no ink to be believed
FANCY_WINDOW: Final = 31  # columns in which there is next to nothing:
FAINT: Final = 0.3  # probability of ink, that counts,
FANCY_SHARE: Final = 0.2  # of them reach it,
CONTRAST: Final = 0.04  # and they are no darker, in the mean, than the paper beside,
BESIDE: Final = 10  # px above and below
INKED_GAP: Final = 24  # columns; a steep flank in a block of ink is no longer
INKED_SHARE: Final = 0.8  # of the columns of a gap whose path runs through ink
LEAP_MM: Final = 1.5  # between the ends of a gap that is not bridged
CUT_TIP: Final = 4.0  # px that a curve ends short of its ink where it has lost its tip
LONGEST_TIP: Final = (32.0, 10.0)  # px; the latter where the ink goes on as that of another row
TOUCHING: Final = 1.0  # px between the ends of the own ink and of all ink
SLACK: Final = 2  # px from a curve where its ink may begin
TIP_COLUMNS: Final = 2  # between the tip of the ink and the turn of its curve
FLANK: Final = 5  # columns beside a path that its stroke may cover
LOST_INK: Final = 16  # px of a column that no curve explains
LOST_REACH: Final = 0.75  # row spacings from the base line, where such ink counts for a row
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


def trace_rows(
    maps: InkMaps, rows: tuple[FollowedRow, ...], pixels: NDArray[np.uint8]
) -> tuple[RowTrace, ...]:
    """Read the curve of each row.

    Parameters
    ----------
    maps : InkMaps
    rows : from `follow_rows`, all rows of the page
    pixels : uint8 array, shape (height, width, 3), RGB
        The page that the maps describe.
    """
    brightness = page_brightness(pixels)
    offsets, confidence = read_curves(_described(rows, brightness))
    grid = grid_darkness(brightness, maps)
    curves = tuple(
        ReadRow(
            row=row,
            heights=offset.reshape(-1, 2) + (row.path + row.top)[:, None].astype(np.float32),
            confidence=sure,
        )
        for row, offset, sure in zip(rows, offsets, confidence, strict=True)
    )
    lost = lost_ink(maps.trace, rows, [curve.heights for curve in curves])
    darkness = 1.0 - brightness
    printed = [was_printed(row.cut(darkness), grid) for row in rows]
    waves = read_row_waves(curves, maps, brightness, lost, printed)
    read = [
        _read_row(curve, wave, maps, curve.row.cut(darkness), grid)
        for curve, wave in zip(curves, waves, strict=True)
    ]
    lost = lost_ink(maps.trace, rows, [fine for fine, _guessed in read])
    return tuple(
        _finish_row(row, fine, sure, guessed | (count > LOST_INK))
        for row, (fine, guessed), sure, count in zip(rows, read, confidence, lost, strict=True)
    )


def _described(rows: tuple[FollowedRow, ...], brightness: Floats) -> Floats:
    """Return what the curve reader is told of all rows; see `curve_features`."""
    features = np.empty((len(rows), FEATURES, brightness.shape[1]), np.float32)
    for row, described in zip(rows, features, strict=True):
        described[:] = curve_features(row.centre, row.ink, row.cut(brightness), row.path)
    return features


def grid_darkness(brightness: Floats, maps: InkMaps) -> float:
    """Return how dark the darkest lines of the grid are, 0-1, where no curve and no text is."""
    plain = (maps.trace < BARE) & (maps.marks < BARE)
    dark = 1.0 - brightness[plain]
    return float(np.quantile(dark[::7], GRID_SHARE)) if len(dark) > SUSTAINED else 1.0


def _read_row(
    read: ReadRow, waves: Waves, maps: InkMaps, darkness: Floats, grid: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Turn a path and what was read around it into a curve with only short gaps bridged.

    Returns
    -------
    fine : float32 array, shape (columns, 2), page pixels, NaN where nothing is known
    guessed : bool array, shape (columns,)
        See `_inked_gaps`.
    """
    row = read.row
    own = np.where(row.others, np.float32(0.0), row.ink)
    upper, lower = (edge + np.float32(row.top) for edge in ink_run(own, row.path))
    fine = _reach_tips(read.heights, upper, lower, _tip_limits(row, upper, lower))
    sure = (read.confidence > SURE) & ~_fancied(read, darkness)
    fine, proven = take_waves(fine, waves)
    fine = _back_to_ink(fine, row, maps)
    sure |= proven
    sure |= _dark_gaps(sure, _at_height(darkness, fine.mean(axis=1) - row.top), fine, grid)
    inked = np.isfinite(upper)
    guessed = _inked_gaps(sure, inked)
    known = _known_parts(fine, sure | guessed, inked=inked)
    return redraw(known, darkness, row.others, top=row.top, grid=grid), guessed


def _fancied(read: ReadRow, darkness: Floats) -> NDArray[np.bool_]:
    """Find long parts that the curve reader only supposes: nothing is there, as under a finger.

    Parameters
    ----------
    read : ReadRow
    darkness : float32 array, shape (columns, heights), 0-1
    """
    heights = read.heights.mean(axis=1) - read.row.top
    inked = (_at_height(read.row.ink, heights) > FAINT).astype(np.float32)
    paper = np.maximum(*(_at_height(darkness, heights + away) for away in (-BESIDE, BESIDE)))
    darker = _at_height(darkness, heights) - paper
    most_ink, most_contrast = (
        maximum_filter1d(uniform_filter1d(part, FANCY_WINDOW), FLANK) for part in (inked, darker)
    )
    nothing: NDArray[np.bool_] = (most_ink < FANCY_SHARE) & (most_contrast < CONTRAST)
    return nothing & (read.confidence < FANCIED)


def _finish_row(
    row: FollowedRow, fine: Floats, confidence: Floats, doubtful: NDArray[np.bool_]
) -> RowTrace:
    """Put together what is known of a row."""
    y = fine.mean(axis=1)
    known = np.isfinite(y)
    return RowTrace(
        y=y,
        fine=fine.reshape(-1),
        confidence=np.where(known, confidence, np.float32(0.0)),
        baseline=float(np.median(y[known])) if known.any() else row.base,
        tangled=row.crossed | doubtful,
    )


def _tip_limits(row: FollowedRow, upper: Floats, lower: Floats) -> tuple[Floats, Floats]:
    """Return how far a curve may be extended to the upper and lower edges of its own ink, px.

    Where the ink goes on as that of another row, nobody knows how far the own wave reaches.
    """
    ends = ink_run(row.ink, row.path)
    above, below = (
        np.where(np.abs(own - row.top - end) < TOUCHING, *LONGEST_TIP).astype(np.float32)
        for own, end in zip((upper, lower), ends, strict=True)
    )
    return above, below


def lost_ink(
    trace: Floats, rows: tuple[FollowedRow, ...], curves: list[Floats]
) -> list[NDArray[np.intp]]:
    """Count, around each row, the inky pixels of a column that no curve passes over.

    Parameters
    ----------
    trace : float32 array, shape (height, width), probability of ink of a curve
    rows : of the whole page
    curves : float32 array, shape (width, 2), page pixels, for each row
        They may reach tips that the paths fell short of.

    Returns
    -------
    int array, shape (width,), for each row
        Ink close to a neighboring base line counts for that one only.
    """
    height, width = trace.shape
    steps = np.zeros((height + 1, width), dtype=np.int8)  # of the count of curves, from the top
    column = np.arange(width)
    for row, fine in zip(rows, curves, strict=True):
        low, high = (edge.astype(np.float32) + row.top for edge in row.passed)
        low = minimum_filter1d(np.fmin(low, fine.min(axis=1) - COVER), 2 * FLANK + 1)
        high = maximum_filter1d(np.fmax(high, fine.max(axis=1) + COVER), 2 * FLANK + 1)
        steps[np.clip(low, 0, height).astype(int), column] += 1
        steps[np.clip(high + 1, 0, height).astype(int), column] -= 1
    lost = (trace > 0.5) & (np.cumsum(steps[:-1], axis=0, dtype=np.int8) == 0)
    counts = []
    for row in rows:
        reach = LOST_REACH * row.spacing
        counts.append(
            np.count_nonzero(lost[max(0, int(row.base - reach)) : int(row.base + reach)], axis=0)
        )
    return counts


def _reach_tips(
    fine: Floats, upper: Floats, lower: Floats, limits: tuple[Floats, Floats]
) -> Floats:
    """Extend a curve to the tips of tall narrow waves that its path ended far short of.

    Where a wave is narrower than the pen, the ink of a column spans its whole flank; the tip of
    the ink, less half the width of the stroke, is where the pen turned.

    Parameters
    ----------
    fine : float32 array, shape (columns, 2)
    upper, lower : float32 arrays, shape (columns,), edges of the ink, NaN without ink
    limits : two float32 arrays, shape (columns,), px
        The farthest that the curve may be moved up and down.
    """
    thickness = lower - upper
    flat = thickness[np.isfinite(thickness)]
    if len(flat) < SUSTAINED:
        return fine
    stroke = float(np.quantile(flat, 0.2))
    fine = fine.copy()
    for start, stop in runs(thickness > stroke + STEEP):
        piece = slice(max(0, start - 1), min(len(fine), stop + 1))
        above, below = (limit[piece] for limit in limits)
        _reach_one_tip(fine[piece], upper[piece] + stroke / 2.0, above, sign=-1.0)
        _reach_one_tip(fine[piece], lower[piece] - stroke / 2.0, below, sign=1.0)
    return fine


def _back_to_ink(fine: Floats, row: FollowedRow, maps: InkMaps) -> Floats:
    """Pull tips back that were supposed where there is no ink at all, to where the ink ends.

    Parameters
    ----------
    fine : float32 array, shape (columns, 2), page pixels
    row : FollowedRow
    maps : InkMaps
    """
    fine = fine.copy()
    path = row.path + row.top
    last = fine.shape[0] - 1
    for column, half in zip(*np.nonzero(np.abs(fine - path[:, None]) > CUT_TIP), strict=True):
        height, beside = fine[column, half], slice(max(0, column - 1), min(last, column + 1) + 1)
        ends = sorted((height, path[column]))
        piece = slice(max(0, round(ends[0]) - SLACK), max(0, round(ends[1]) + SLACK + 1))
        ink = np.maximum(maps.trace[piece, beside], maps.marks[piece, beside]).max(axis=1) > FAINT
        if height > path[column]:
            ink = ink[::-1]
        if len(ink) and not ink[: 2 * SLACK + 1].any() and ink.any():
            beyond = float(np.argmax(ink) - SLACK)
            if beyond > CUT_TIP:
                fine[column, half] -= np.sign(height - path[column]) * beyond
    return fine


def _reach_one_tip(fine: Floats, edge: Floats, limit: Floats, *, sign: float) -> None:
    """Move the middle of the furthest columns of a steep piece out to the ink, in place."""
    reach = np.where(np.isfinite(edge), sign * edge, -np.inf)
    furthest = np.flatnonzero(reach > reach.max() - 0.75)
    tip = int(np.round(furthest.mean()))
    short = reach[tip] - (sign * fine).max()
    turn = int(np.argmax((sign * fine).max(axis=1)))
    near = abs(tip - turn) <= TIP_COLUMNS  # farther on, the ink is the tip of another row's wave
    if np.isfinite(edge[tip]) and near and CUT_TIP < short < limit[tip]:
        fine[tip] = edge[tip]


def _at_height(band: Floats, heights: Floats) -> Floats:
    """Return the most of a band within a pixel of a height in each column."""
    rows = np.clip(np.round(heights).astype(int)[:, None] + (-1, 0, 1), 0, band.shape[1] - 1)
    most: Floats = band[np.arange(len(band))[:, None], rows].max(axis=1)
    return most


def _dark_gaps(
    sure: NDArray[np.bool_], darkness: Floats, fine: Floats, grid: float
) -> NDArray[np.bool_]:
    """Find gaps that the curve crosses level and as dark as elsewhere, darker than any grid line.

    A level curve on a grid line is taken for the grid by the segmenter; its ink is not.

    Parameters
    ----------
    sure : bool array, shape (columns,)
    darkness : float32 array, shape (columns,), 0-1, at the curve
    fine : float32 array, shape (columns, 2), page pixels
    grid : float, 0-1, darkness of the grid's darkest lines
    """
    dark = np.zeros_like(sure)
    if not sure.any():
        return dark
    ink = float(np.median(darkness[sure]))
    if ink - grid < DARKER:
        return dark
    for start, stop in runs(~sure):
        inside = start > 0 and stop < len(sure)
        piece = slice(max(0, start - 1), min(len(sure), stop + 1))
        level = float(np.ptp(fine[piece])) < LEVEL_MM * PAGE_PIXELS_PER_MM
        if inside and level and np.mean(darkness[start:stop] > (ink + grid) / 2.0) > DARK_SHARE:
            dark[start:stop] = True
    return dark


def _inked_gaps(sure: NDArray[np.bool_], inked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find short gaps whose path runs through ink.

    Where flanks of two rows share a block of ink nobody is sure to two pixels, but to leave a tall
    wave out is a larger error than to place it a little wrong; these columns count as tangled.

    Parameters
    ----------
    sure, inked : bool arrays, shape (columns,)
    """
    guessed = np.zeros_like(sure)
    for start, stop in runs(~sure):
        inside = start > 0 and stop < len(sure)
        if inside and stop - start <= INKED_GAP and inked[start:stop].mean() >= INKED_SHARE:
            guessed[start:stop] = True
    return guessed


def _forget_far_ends(sure: NDArray[np.bool_]) -> None:
    """Drop short pieces far beyond the ends of a row, in place: the table, or another sheet."""
    for inward in (sure, sure[::-1]):
        for (start, stop), (following, _end) in pairwise(runs(inward).tolist()):
            if stop - start >= FAR_PIECE or following - stop <= stop - start:
                break
            inward[start:stop] = False


def _known_parts(fine: Floats, sure: NDArray[np.bool_], *, inked: NDArray[np.bool_]) -> Floats:
    """Keep what was read surely; interpolate over short gaps, drop specks as short.

    A gap across which the curve leaps may be the border of two leads: only what lies on ink is kept
    of it.

    Parameters
    ----------
    fine : float32 array, shape (columns, 2)
    sure, inked : bool arrays, shape (columns,)
    """
    sure = sure.copy()
    for start, stop in runs(sure):
        if stop - start < SPECK:
            sure[start:stop] = False
    _forget_far_ends(sure)
    kept = np.where(sure[:, None], fine, np.float32(np.nan))
    for start, stop in runs(~sure):
        if start > 0 and stop < len(sure) and stop - start <= SHORT_GAP:
            ends = [kept[start - 1, 1], kept[stop, 0]]
            if abs(ends[1] - ends[0]) > LEAP_MM * PAGE_PIXELS_PER_MM:
                piece = slice(start, stop)
                kept[piece] = np.where(inked[piece, None], fine[piece], np.float32(np.nan))
                continue
            gap = np.arange(1, 2 * (stop - start) + 1)
            kept[start:stop] = np.interp(gap, [0, gap[-1] + 1], ends).reshape(-1, 2)
    return kept
