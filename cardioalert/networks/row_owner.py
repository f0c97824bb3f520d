"""Tell whose ink it is where the curves of neighboring rows run into each other.

A tall QRS reaches the rows above and below its own, and there its ink looks like theirs. A network
of convolutions sees the whole neighborhood, with the base lines of the rows, and answers for each
pixel whether it belongs to the first or second row above it or below it. Where curves cross, a
pixel belongs to both.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowOwners:
    """The answer of the network for a page.

    Attributes
    ----------
    answer : float32 array, shape (16, height / 2, width / 2), probabilities
        Two by two pixels for each of `ANSWERS`, padded to whole squares.
    base_lines : float array, shape (rows,), page pixels
    width : int, page pixels
    """

    answer: Floats
    base_lines: NDArray[np.float64]
    width: int

    def share(self, row: int, *, top: int, heights: int) -> Floats:
        """Return how much of the ink around a row it may claim.

        Only what surely belongs to another row is denied to it: ink that the network cannot tell,
        such as that of a kind it never saw, stays everybody's.

        Returns
        -------
        float32 array, shape (width, heights), 0-1
            From `top` downward; 1 beyond the page.
        """
        below = 2 * self.answer.shape[1]
        first, last = max(top, 0), min(top + heights, below)
        part = self.answer[:, first // 2 : (last + 1) // 2]
        maps = np.stack([page_map(part[4 * k : 4 * k + 4]) for k in range(len(ANSWERS))])
        maps = maps[:, first % 2 : first % 2 + last - first, : self.width]
        above = np.searchsorted(self.base_lines, np.arange(first, last), side="right") - 1
        own = np.zeros(maps.shape[1:], np.float32)
        for answer, step in zip(maps, ANSWERS, strict=True):
            here = above + step == row
            own[here] = answer[here]
        claimed = np.ones((self.width, heights), np.float32)
        claimed[:, first - top : last - top] -= (maps.max(axis=0) - own).T
        return claimed


def row_owners(maps: InkMaps, base_lines: NDArray[np.float64], spacing: float) -> RowOwners:
    """Tell whose ink each pixel is.

    Parameters
    ----------
    maps : InkMaps
    base_lines : float array, shape (rows,), page pixels, increasing
    spacing : float, page pixels
        Between the rows.

    Raises
    ------
    ModelFileError
        The network's file is missing or damaged.
    """
    planes = owner_planes(maps.centre, maps.trace, base_lines, spacing)
    answer = run_network("row_owner", planes=planes[None])[0]
    return RowOwners(answer=answer, base_lines=base_lines, width=maps.trace.shape[1])


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
