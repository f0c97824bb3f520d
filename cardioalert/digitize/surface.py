"""Fit a smooth surface to a map of noisy, partly missing heights.

Penalized splines (Eilers and Marx, Stat Sci 1996;11:89): cubic B-splines on evenly spaced knots
in both directions, with a price on bending. Unlike a moving average they keep the slope at the
edges of what was seen, and continue straight where nothing was. Heights that fit nobody around
them count less with each round.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.linalg import solveh_banded

ROUNDS: Final = 3  # of fitting with new weights
BELIEVED: Final = 0.3  # of the usual trust: cells that tell how large errors are
HEAVIEST: Final = 1.5  # of the usual trust
OUTLYING: Final = 1.5  # standard deviations from which an error counts half
FINEST: Final = 0.02  # least standard deviation, in units of the heights
RIDGE: Final = 1e-9

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]


def smooth_surface(
    heights: Floats, trust: Floats, *, stiffness: float, knot_cells: float = 4.0
) -> Doubles:
    """Return a smooth surface at the corners of the cells whose middles it was measured in.

    Parameters
    ----------
    heights : float32 array, shape (rows, columns)
    trust : float32 array of the same shape, at least 0
        Weight of each height; only ratios matter.
    stiffness : float
        Price of bending, against the weight of the heights.
    knot_cells : float
        Distance of the knots of the splines, cells.

    Returns
    -------
    float array, shape (rows + 1, columns + 1)
    """
    if heights.shape[0] < heights.shape[1]:  # the band is as wide as a row of splines
        return smooth_surface(heights.T, trust.T, stiffness=stiffness, knot_cells=knot_cells).T
    splines = [_splines(length, knot_cells) for length in heights.shape]
    (by, at_y), (bx, at_x) = splines
    rows, columns = by.shape[1], bx.shape[1]
    penalty = stiffness * _bending(rows, columns)
    measured = heights.astype(np.float64)
    usual = np.minimum(trust / (np.quantile(trust, 0.9) + RIDGE), HEAVIEST).astype(np.float64)
    weight, solution = usual, np.zeros((rows, columns))
    for _round in range(ROUNDS):
        design = _banded_normal(by, bx, weight) + penalty
        target = (by.T @ (weight * measured) @ bx).ravel()
        solution = solveh_banded(design, target, lower=True).reshape(rows, columns)
        error = np.abs(measured - by @ solution @ bx.T)
        believed = error[usual > BELIEVED]
        spread = 1.48 * float(np.median(believed)) if len(believed) else 1.0
        weight = usual / (1.0 + (error / (OUTLYING * max(spread, FINEST))) ** 2)
    surface: Doubles = at_y @ solution @ at_x.T
    return surface


@lru_cache(maxsize=64)
def _splines(length: int, knot_cells: float) -> tuple[Doubles, Doubles]:
    """Return the splines (columns) at the middles and at the corners of `length` cells."""
    pieces = max(2, int(np.ceil(length / knot_cells)))
    knots = np.arange(-3, pieces + 4) * (length / pieces)
    middles = np.arange(length) + 0.5
    corners = np.minimum(np.arange(length + 1.0), length * (1.0 - RIDGE))
    at_middles, at_corners = (
        BSpline.design_matrix(at, knots, 3).toarray() for at in (middles, corners)
    )
    return at_middles, at_corners


@lru_cache(maxsize=64)
def _bending(rows: int, columns: int) -> Doubles:
    """Return the matrix of the bending energy, lower bands (see `_banded`)."""
    (one_y, two_y), (one_x, two_x) = (
        [np.diff(np.eye(count), order, axis=0) for order in (1, 2)] for count in (rows, columns)
    )
    energy = np.kron(two_y.T @ two_y, np.eye(columns)) + np.kron(np.eye(rows), two_x.T @ two_x)
    energy += 2.0 * np.kron(one_y.T @ one_y, one_x.T @ one_x)
    return _banded(energy + RIDGE * np.eye(rows * columns), 3 * columns + 3)


def _banded(matrix: Doubles, below: int) -> Doubles:
    """Return the diagonal of a symmetric matrix and `below` diagonals under it, as LAPACK does."""
    bands = np.zeros((below + 1, len(matrix)))
    for step in range(min(below + 1, len(matrix))):
        bands[step, : len(matrix) - step] = np.diagonal(matrix, -step)
    return bands


def _banded_normal(by: Doubles, bx: Doubles, weight: Doubles) -> Doubles:
    """Return the lower bands of the normal matrix: only near splines overlap.

    The sums over rows and over columns are separate (array regression; Currie, Durban and Eilers,
    J R Stat Soc B 2006;68:259).
    """
    rows, columns = by.shape[1], bx.shape[1]
    bands = np.zeros((3 * columns + 4, rows, columns))
    for down in range(min(4, rows)):
        over_rows = (by[:, : rows - down] * by[:, down:]).T @ weight
        for right in range(-3 if down else 0, 4):
            if abs(right) >= columns:
                continue
            left = bx[:, max(0, -right) : columns - max(0, right)]
            shifted = bx[:, max(0, right) : columns + min(0, right)]
            sums = over_rows @ (left * shifted)
            first = max(0, -right)
            bands[down * columns + right, : rows - down, first : first + sums.shape[1]] = sums
    return bands.reshape(3 * columns + 4, rows * columns)
