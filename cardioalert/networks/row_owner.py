"""Tell whose ink it is where the curves of neighboring rows run into each other.

A tall QRS reaches the rows above and below its own, and there its ink looks like theirs. A network
of convolutions sees the whole neighborhood, with the base lines of the rows, and answers for each
pixel whether it belongs to the first or second row above it or below it. Where curves cross, a
pixel belongs to both.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cardioalert.domain.imaging import InkMaps
from cardioalert.networks.planes import page_map
from cardioalert.networks.sessions import run_network

ANSWERS: Final = (0, -1, 1, 2)
"""Of which row each map tells, counted downward from the last base line above the pixel."""
FAR: Final = 3.0  # row spacings to the next base line that are told to the network, at most
SPACING_UNIT: Final = 200.0  # px
PLANES: Final = 11
MULTIPLE: Final = 32  # px; the network halves its input five times

Floats = NDArray[np.float32]


def row_owners(maps: InkMaps, base_lines: NDArray[np.float64], spacing: float) -> Floats:
    """Return how probably each pixel belongs to the rows around it.

    Parameters
    ----------
    maps : InkMaps
    base_lines : float array, shape (rows,), page pixels, increasing
    spacing : float, page pixels
        Between the rows.

    Returns
    -------
    float32 array, shape (4, height, width)
        One map for each of `ANSWERS`.

    Raises
    ------
    ModelFileError
        The network's file is missing or damaged.
    """
    height, width = maps.trace.shape
    planes = owner_planes(maps.centre, maps.trace, base_lines, spacing)
    answer = run_network("row_owner", planes=planes[None])[0]
    return np.stack(
        [page_map(answer[4 * k : 4 * k + 4])[:height, :width] for k in range(len(ANSWERS))]
    )


def owner_planes(
    centre: Floats, trace: Floats, base_lines: NDArray[np.float64], spacing: float
) -> Floats:
    """Return what the network sees.

    Parameters
    ----------
    centre, trace : float32 arrays, shape (height, width), probabilities
    base_lines : float array, shape (rows,), pixels, increasing
    spacing : float, pixels

    Returns
    -------
    float32 array, shape (PLANES, rows, columns), half as large and padded to whole squares
        Two by two pixels of both maps; distances to the base lines above and below in spacings;
        the spacing in units of 200 px.
    """
    padding = tuple((0, -side % MULTIPLE) for side in trace.shape)
    parts = [
        np.pad(part, padding)[row::2, column::2]
        for part in (centre, trace)
        for row in (0, 1)
        for column in (0, 1)
    ]
    rows, columns = parts[0].shape
    y = 2.0 * np.arange(rows) + 0.5
    edged = np.concatenate([[-np.inf], base_lines, [np.inf]])
    after = np.searchsorted(base_lines, y, side="right")
    for distance in (y - edged[after], edged[after + 1] - y):
        near = np.minimum(distance / spacing, FAR).astype(np.float32)
        parts.append(np.broadcast_to(near[:, None], (rows, columns)))
    parts.append(np.full((rows, columns), spacing / SPACING_UNIT, np.float32))
    return np.stack(parts).astype(np.float32, copy=False)
