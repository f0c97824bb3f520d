"""Read the steep parts of a curve: QRS complexes, tall waves, and where rows run into each other.

The curve reader sees 2.5 mm above and below a path. A QRS is often taller than that, its flanks are
merged into one block of ink, and the wave of another row or a lead name stands in the way. This
network of convolutions sees a whole wave at once, with the base lines of the rows and the paths
that were found, and answers for each column and height how probably the curve runs below. The sum
of these probabilities is the expected height of the curve: no height of a flank is looked for, and
where nobody can know, the answer is the mean of what may be true.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.networks.sessions import run_network

COLUMNS: Final = 48  # of a window
MARGIN: Final = 8  # columns at both ends of a window that it sees only
BIN: Final = 4  # px of height that are told and answered as one
PACKED: Final = 2  # such bins that become channels
SIZES: Final = (32, 64, 96)  # packed bins of a window: 16 to 48 mm above and below a base line
FAR: Final = 3.0  # row spacings to a base line that are told, at most
SPACING_UNIT: Final = 200.0  # px
STROKE_UNIT: Final = 10.0  # px
BRIGHTNESS: Final = 2  # its place among the maps; there it becomes the darkness
OUTSIDE: Final = -1.0  # brightness where there is no page
PAPER: Final = 0.9  # quantile of the brightness of a column
MAPS: Final = 6
SAME: Final = 5  # planes that are the same for all columns
CHANNELS: Final = PACKED * (MAPS + 2) + 1 + SAME
AT_ONCE: Final = 16  # windows

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surroundings:
    """What lies around the path of a row.

    Attributes
    ----------
    page : four float32 arrays, shape (height, width), 0-1
        Centre line, ink of traces, brightness and marks of the whole page.
    others : bool array, shape (width, heights)
        What the paths of other rows pass over, from `top` on.
    passed : two int arrays, shape (width,), heights below `top`
        Between which the path of this row passes.
    top, base : int, page pixels
        The base line is that of this row.
    above, below : float
        Row spacings to the base lines above and below, `FAR` where there is none.
    spacing, stroke : float, px
        Between the rows; the width of the pen.
    """

    page: tuple[Floats, ...]
    others: NDArray[np.bool_]
    passed: tuple[NDArray[np.intp], NDArray[np.intp]]
    top: int
    base: int
    above: float
    below: float
    spacing: float
    stroke: float


def window_maps(around: Surroundings, first: int, bins: int, shift: int = 0) -> Floats:
    """Cut a window out of the surroundings of a row, shape (MAPS, COLUMNS, PACKED bins).

    Parameters
    ----------
    first : int, column
        The window may begin before the first column of the page and end after the last.
    bins : int, one of `SIZES`, or what else is a multiple of eight
    shift : int, px
        Of the base line from the middle of the window, downward.
    """
    half = bins * BIN * PACKED // 2
    top = around.base - half - shift
    height, width = around.page[0].shape
    left, right = max(0, first), min(width, first + COLUMNS)
    low, high = max(0, top), min(height, top + 2 * half)
    window = np.zeros((MAPS, COLUMNS, 2 * half), np.float32)
    window[BRIGHTNESS] = OUTSIDE
    inside = np.s_[left - first : right - first, low - top : high - top]
    for target, map_ in zip(window, around.page, strict=False):
        target[inside] = map_[low:high, left:right].T
    low = max(low, around.top)
    high = min(high, around.top + around.others.shape[1])
    window[-2, left - first : right - first, low - top : high - top] = around.others[
        left:right, low - around.top : high - around.top
    ]
    heights = np.arange(2 * half) + top - around.top
    lowest, highest = (edge[left:right, None] for edge in around.passed)
    window[-1, left - first : right - first] = (heights >= lowest) & (heights <= highest)
    pooled: Floats = window.reshape(MAPS, COLUMNS, bins * PACKED, BIN).mean(axis=3)
    bright = pooled[BRIGHTNESS]
    paper = np.sort(bright, axis=1)[:, int(PAPER * bright.shape[1]), None]
    pooled[BRIGHTNESS] = np.where(bright < 0.0, 0.0, np.clip(2.0 * (paper - bright), 0.0, 2.0))
    return pooled


def window_planes(maps: Floats, read: Floats, sure: Floats, same: Floats) -> Floats:
    """Pack a window for the network, shape (CHANNELS, COLUMNS, bins).

    Parameters
    ----------
    maps : from `window_maps`
    read : float32 array, shape (COLUMNS, 2), px below the middle of the window
        What the curve reader makes of the curve.
    sure : float32 array, shape (COLUMNS,), 0-1, its confidence
    same : from `same_planes`
    """
    bins = maps.shape[2] // PACKED
    planes = np.empty((CHANNELS, COLUMNS, bins), np.float32)
    told = PACKED * (MAPS + 2)
    tops = np.arange(-bins, bins, dtype=np.float32)  # of the bins, from the middle
    below = np.clip(read.T[:, :, None] / np.float32(BIN) - tops, 0.0, 1.0)
    halves = np.concatenate([maps, below])
    planes[:told] = (
        halves.reshape(MAPS + 2, COLUMNS, bins, PACKED)
        .transpose(0, 3, 1, 2)
        .reshape(told, COLUMNS, bins)
    )
    planes[told] = sure[:, None]
    planes[told + 1 :] = same[:, None]
    return planes


def same_planes(around: Surroundings, bins: int, shift: int = 0) -> Floats:
    """Return what is the same for all columns of a window, shape (SAME, bins).

    Heights are told in row spacings from the base line of the row and from its neighbors'.
    """
    away = ((np.arange(bins) + 0.5 - bins / 2.0) * BIN * PACKED - shift) / around.spacing
    planes = np.empty((SAME, bins), np.float32)
    planes[0] = away
    planes[1] = np.minimum(away + around.above, FAR)
    planes[2] = np.minimum(around.below - away, FAR)
    planes[3] = around.spacing / SPACING_UNIT
    planes[4] = around.stroke / STROKE_UNIT
    return planes


def read_waves(planes: Floats) -> tuple[Floats, Floats]:
    """Return how far from the base line a curve runs in each window, and how sure that is.

    Parameters
    ----------
    planes : float32 array, shape (windows, CHANNELS, COLUMNS, bins)

    Returns
    -------
    heights, spread : float32 arrays, shape (windows, COLUMNS, 2), px, downward
        A quarter of a column left and right of the middle; the spread is what the height may be
        off by.
    """
    parts = [
        run_network("wave_reader", planes=planes[first : first + AT_ONCE])
        for first in range(0, len(planes), AT_ONCE)
    ]
    answer = np.concatenate(parts)
    half = planes.shape[3] * BIN * PACKED / 2.0
    return answer[:, 0] * np.float32(BIN) - np.float32(half), answer[:, 1] * np.float32(BIN)
