"""Smooth maps between two planes, stored as values at the corners of square cells."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

MOST_TURNED: Final = 20  # regions of a phase that are turned after all, one after the other
LEAST_GAIN: Final = 2.0  # pairs of well seen cells that must agree more then

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def upsample_lattice(
    lattice: NDArray[np.floating], *, step: float, shape: tuple[int, ...]
) -> Floats:
    """Interpolate values at cell corners to every pixel.

    Parameters
    ----------
    lattice : array, shape (rows + 1, columns + 1)
        Value (i, j) belongs to pixel (i * step, j * step).
    step : float, pixels
    shape : (height, width) of the result
    """
    values = cv2.warpAffine(
        np.asarray(lattice, dtype=np.float32),
        np.array([[1.0 / step, 0.0, 0.0], [0.0, 1.0 / step, 0.0]]),
        (shape[1], shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(values, dtype=np.float32)


def sample_lattice(lattice: NDArray[np.floating], x: Doubles, y: Doubles) -> Doubles:
    """Interpolate a lattice at fractional (column x, row y) positions of any common shape."""
    shape = np.broadcast(x, y).shape
    values = cv2.remap(
        np.asarray(lattice, dtype=np.float32),
        np.atleast_2d(np.asarray(x, dtype=np.float32)),
        np.atleast_2d(np.asarray(y, dtype=np.float32)),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(values, dtype=np.float64).reshape(shape)


def extrapolate_lattice(lattice: NDArray[np.floating], cells: int) -> Doubles:
    """Continue a lattice by `cells` on each side, mirrored through its edge values."""
    padded: Doubles = np.pad(
        np.asarray(lattice, dtype=np.float64), cells, mode="reflect", reflect_type="odd"
    )
    return padded


def invert_lattices(
    u: NDArray[np.floating],
    v: NDArray[np.floating],
    target_u: Doubles,
    target_v: Doubles,
    *,
    rounds: int = 12,
) -> tuple[Doubles, Doubles]:
    """Find the (column, row) positions where two smooth lattices take wanted values.

    Newton's method from the best affine guess; positions outside the lattices are returned as they
    come out of its linear continuation.

    Parameters
    ----------
    u, v : arrays, shape (rows, columns)
    target_u, target_v : arrays of a common shape
    """
    margin = max(1, min(min(u.shape) - 1, 24))
    wide_u, wide_v = extrapolate_lattice(u, margin), extrapolate_lattice(v, margin)
    row, column = np.mgrid[0 : wide_u.shape[0], 0 : wide_u.shape[1]].astype(np.float64)
    design = np.stack([wide_u.ravel(), wide_v.ravel(), np.ones(wide_u.size)], axis=1)
    guess = np.linalg.lstsq(design, np.stack([column.ravel(), row.ravel()], axis=1), rcond=None)[0]
    x = guess[0, 0] * target_u + guess[1, 0] * target_v + guess[2, 0]
    y = guess[0, 1] * target_u + guess[1, 1] * target_v + guess[2, 1]
    slopes: list[Doubles] = [*np.gradient(wide_u), *np.gradient(wide_v)]
    u_y, u_x, v_y, v_x = slopes
    base_u, base_v = float(wide_u.mean()), float(wide_v.mean())
    for _ in range(rounds):
        inside_x = np.clip(x, 0, wide_u.shape[1] - 1)
        inside_y = np.clip(y, 0, wide_u.shape[0] - 1)
        a, b, c, d = (sample_lattice(part, inside_x, inside_y) for part in (u_x, u_y, v_x, v_y))
        miss_u = target_u - base_u - sample_lattice(wide_u - base_u, inside_x, inside_y)
        miss_v = target_v - base_v - sample_lattice(wide_v - base_v, inside_x, inside_y)
        miss_u -= a * (x - inside_x) + b * (y - inside_y)
        miss_v -= c * (x - inside_x) + d * (y - inside_y)
        determinant = a * d - b * c
        determinant = np.where(np.abs(determinant) < 1e-9, 1e-9, determinant)
        x = x + np.clip((d * miss_u - b * miss_v) / determinant, -20, 20)
        y = y + np.clip((a * miss_v - c * miss_u) / determinant, -20, 20)
    return x - margin, y - margin


def unwrap_from_best(phase: Floats, support: Floats, *, period: float) -> Floats:
    """Remove the jumps of a wrapped map, spreading from the best supported cell.

    Neighbors are compared along the spanning tree of the best supported pairs, so that a jump can
    only hide where nothing was seen. What the tree says is then held against all other pairs: at
    the shadow of a fold the phase may seem to turn once in the few rows where the tree crosses it.

    Parameters
    ----------
    phase : array, shape (rows, columns), wrapped to +-period / 2
    support : array of the same shape
    """
    cells = np.arange(phase.size).reshape(phase.shape)
    sides = [(cells[:, :-1], cells[:, 1:]), (cells[:-1], cells[1:])]
    pairs = np.stack([np.concatenate([side[end].ravel() for side in sides]) for end in (0, 1)])
    weight = support.ravel()[pairs].min(axis=0).astype(np.float64)
    cost = float(support.max()) - weight + 1e-6
    graph = coo_array((cost, (pairs[0], pairs[1])), shape=(phase.size, phase.size)).tocsr()
    tree = minimum_spanning_tree(graph)
    seed = int(np.argmax(cv2.GaussianBlur(support, (0, 0), 3.0)))
    _order, parent = breadth_first_order(tree, seed, directed=False)
    parent = np.where(parent < 0, seed, parent)
    flat = phase.ravel().astype(np.float64)
    turns = np.round((flat - flat[parent]) / period)
    while (parent != seed).any():  # each round sums over twice as many steps of the way back
        turns = turns + turns[parent]
        parent = parent[parent]
    apart = np.round((flat[pairs[0]] - flat[pairs[1]]) / period)
    turns = _agreed(turns.reshape(phase.shape), pairs, apart, weight)
    unwrapped = (flat - period * turns.ravel()).astype(np.float32)
    return np.asarray(unwrapped.reshape(phase.shape), dtype=np.float32)


def _agreed(turns: Doubles, pairs: NDArray[np.intp], apart: Doubles, weight: Doubles) -> Doubles:
    """Turn whole regions once more or less, as long as more of their border then agrees.

    Parameters
    ----------
    turns : array, shape (rows, columns), whole numbers
    pairs : int array, shape (2, pairs), cells beside each other
    apart : array, shape (pairs,)
        By how many turns the first of two cells should differ from the second.
    weight : array, shape (pairs,)
    """
    for _round in range(MOST_TURNED):
        region = np.zeros(turns.shape, np.int32)
        for turn in np.unique(turns):
            there = turns == turn
            _count, found = cv2.connectedComponents(there.astype(np.uint8), connectivity=4)
            region[there] = found[there] + region.max()
        border = region.ravel()[pairs[0]] != region.ravel()[pairs[1]]
        sides = region.ravel()[pairs[:, border]]
        wrong = apart[border] - (turns.ravel()[pairs[0, border]] - turns.ravel()[pairs[1, border]])
        gains = np.stack(
            [
                sum(
                    np.bincount(
                        side, weight[border] * (np.abs(off) - np.abs(off - step)), region.max() + 1
                    )
                    for side, off in zip(sides, (wrong, -wrong), strict=True)
                )
                for step in (1.0, -1.0)
            ]
        )
        step, turned = np.unravel_index(int(np.argmax(gains)), gains.shape)
        if gains[step, turned] <= LEAST_GAIN * weight.max():
            break
        turns = turns + np.where(region == turned, (1.0, -1.0)[step], 0.0)
    return turns
