"""Read the height of a curve to a fraction of a pixel, twice in each pixel column.

A path through the ink says roughly where a curve runs. On a steep flank a column holds many inky
pixels, and at a tip narrower than the pen the ink ends half a stroke beyond the signal; what the
pen did shows only in the columns around. A network of convolutions along time sees, column by
column, the ink above and below the path, and the stroke from side to side at a few heights: on a
flank the columns beside are looked at elsewhere, where their own path runs, and how the stroke
darkens and fades along a level line says to a fraction of a column when the signal passed. It
answers with the height of the signal a quarter of a column left and right of the middle, and how
sure it is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from cardioalert.networks.sessions import run_network

REACH: Final = 20  # px above and below the path that the network sees
STEPS: Final = 60.0  # px, longest step of the path or run of ink that it is told
SCALE: Final = 10.0  # px; heights are given and answered in these units
PAPER_REACH: Final = 10  # columns left and right in one of which paper is seen
NOTHING: Final = 0.1  # probability of ink up to which there is none
LEVELS: Final = (-12, -6, 0, 6, 12)  # px from the path where it sees the columns beside
SIDEWAYS: Final = 5  # so many columns left and right
STRIP: Final = 2 * REACH + 1
LEVEL_LINES: Final = len(LEVELS) * (2 * SIDEWAYS + 1)
FEATURES: Final = 3 * STRIP + 2 * LEVEL_LINES + 6

Floats = NDArray[np.float32]


def read_curves(features: Floats) -> tuple[Floats, Floats]:
    """Return how far above or below its path each curve runs, and how surely.

    Parameters
    ----------
    features : float32 array, shape (rows, FEATURES, columns), from `curve_features`

    Returns
    -------
    offsets : float32 array, shape (rows, 2 columns), pixels, downward
    confidence : float32 array, shape (rows, columns), probability that the offsets are right to
        two pixels; 0 where no centre line and no ink is in view, whatever shape the path has

    Raises
    ------
    ModelFileError
        The network's file is missing or damaged.
    """
    answer = run_network("curve_reader", features=features)
    offsets = answer[:, :2].transpose(0, 2, 1).reshape(len(answer), -1) * np.float32(SCALE)
    in_view = features[:, : 2 * STRIP].max(axis=1) > NOTHING
    return offsets, np.where(in_view, answer[:, 2], np.float32(0.0))


def curve_features(
    centre: Floats, ink: Floats, brightness: Floats, path: NDArray[np.intp]
) -> Floats:
    """Describe the surroundings of a path for the network.

    Parameters
    ----------
    centre, ink : float32 arrays, shape (columns, heights), probabilities
    brightness : float32 array of the same shape, 0-1
    path : int array, shape (columns,), the height of the path

    Returns
    -------
    float32 array, shape (FEATURES, columns)
    """
    columns, heights = ink.shape
    rows = path[:, None] + np.arange(-REACH, REACH + 1)[None, :]
    outside = (rows < 0) | (rows >= heights)
    rows = np.clip(rows, 0, heights - 1)
    strips = [part[np.arange(columns)[:, None], rows] for part in (centre, ink, brightness)]
    strips[0] = np.where(outside, np.float32(0.0), strips[0])
    strips[1] = np.where(outside, np.float32(0.0), strips[1])
    paper = _paper(strips[2])[:, None]
    strips[2] = np.clip((paper - strips[2]) * 2.0, -1.0, 2.0)
    lines = [_level_lines(part, path) for part in (centre, brightness)]
    lines[1] = np.clip((paper - lines[1]) * 2.0, -1.0, 2.0)
    upper, lower = ink_run(ink, path)
    at = path.astype(np.float32)
    step = np.diff(at, append=at[-1:])
    scalars = np.stack(
        [
            np.clip(step, -STEPS, STEPS) / SCALE,
            np.clip(np.roll(step, 1), -STEPS, STEPS) / SCALE,
            np.clip(np.nan_to_num(at - upper), 0.0, STEPS) / SCALE,
            np.clip(np.nan_to_num(lower - at), 0.0, STEPS) / SCALE,
            np.isfinite(upper).astype(np.float32),
            np.full(columns, _stroke_width(upper, lower), np.float32) / SCALE,
        ],
        axis=1,
    )
    described = np.concatenate([*strips, *lines, scalars], axis=1, dtype=np.float32)
    return np.ascontiguousarray(described.T)


def _paper(strip: Floats) -> Floats:
    """Return how bright the paper is along a strip; a flank may hide it in a whole column."""
    brightest = np.quantile(strip, 0.9, axis=1).astype(np.float32)
    paper: Floats = maximum_filter1d(brightest, 2 * PAPER_REACH + 1)
    return paper


def _level_lines(part: Floats, path: NDArray[np.intp]) -> Floats:
    """Cut what stands beside each column, at levels around its path; (columns, LEVEL_LINES)."""
    columns, heights = part.shape
    beside = np.arange(columns)[:, None] + np.arange(-SIDEWAYS, SIDEWAYS + 1)[None, :]
    rows = np.clip(path[:, None] + np.array(LEVELS)[None, :], 0, heights - 1)
    beside = np.clip(beside, 0, columns - 1)
    lines: Floats = part[beside[:, None, :], rows[:, :, None]].reshape(columns, LEVEL_LINES)
    return lines


def _stroke_width(upper: Floats, lower: Floats) -> float:
    """Return the thickness of the ink where the curve is flat, pixels; 0 if unknown."""
    thickness = (lower - upper)[np.isfinite(upper)]
    return float(np.quantile(thickness, 0.25)) if len(thickness) else 0.0


def ink_run(ink: Floats, path: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return the upper and lower edge of the ink the path runs through, per column.

    Edges lie where the probability crosses one half, to a fraction of a pixel; NaN without ink.

    Parameters
    ----------
    ink : float32 array, shape (columns, heights), probability
    path : int array, shape (columns,)
    """
    columns, heights = ink.shape
    inked = np.zeros((columns, heights + 2), dtype=np.bool_)  # with a blank end above and below
    np.greater_equal(ink, 0.5, out=inked[:, 1:-1])
    flat = inked.ravel()
    edges = np.append(np.flatnonzero(flat[1:] != flat[:-1]), flat.size)  # ink begins, ends, begins
    column_starts = np.arange(columns) * (heights + 2) + 1
    after = np.searchsorted(edges, column_starts + path)
    inside = after % 2 == 1
    last_blank = edges.take(after - 1, mode="clip") - column_starts
    next_blank = edges.take(after, mode="clip") + 1 - column_starts
    inside &= (last_blank >= 0) & (next_blank < heights)
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


def page_brightness(pixels: NDArray[np.uint8]) -> Floats:
    """Return the brightest color of each pixel, 0-1: colored grids fade, ink stays dark."""
    bright: Floats = brightest_color(pixels).astype(np.float32) / np.float32(255.0)
    return bright


def brightest_color(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the largest of the three colors of each pixel."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    brightest = np.maximum(np.maximum(red, green), blue)  # ten times as fast as `max(axis=2)`
    return np.asarray(brightest, dtype=np.uint8)
