"""Hold the flattened page against its own grid and tell how far each spot is from its place.

The page is flattened before anybody knows what on it is ink, and steep flanks, frames and text
pull the grid lines towards them. Once the networks have told the ink, what is left of the grid is
looked at again. All squares of 5 mm laid on top of each other show what the grid looks like,
whatever it is made of, and the slopes of that picture tell, around each spot, how far the grid
there is displaced (least squares; Lucas and Kanade, IJCAI 1981:674, with a picture that repeats).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cardioalert.digitize.grid import MAJOR_MM
from cardioalert.digitize.page import PAGE_PIXELS_PER_MM
from cardioalert.digitize.paper import paper_darkness
from cardioalert.digitize.surface import smooth_surface
from cardioalert.domain.imaging import InkMaps
from cardioalert.geometry import sample_lattice, upsample_lattice

HALF: Final = 2  # page px per pixel that is looked at: grid lines are as wide
PERIOD: Final = round(MAJOR_MM * PAGE_PIXELS_PER_MM / HALF)
CELL: Final = 16  # px, of the lattice of displacements
INKED: Final = 0.15  # probability of ink from which on a pixel is not of the grid
HIGHEST: Final = 3.0  # local standard deviations from the mean at which lines are clipped
HALO: Final = 7  # px, diameter of the blur of ink
NEAR_CELLS: Final = 1.0  # standard deviation of the surroundings that tell a displacement
FARTHEST: Final = 1.5  # px in one round: beyond, the neighboring line is as near
STIFFNESS: Final = 0.03  # of the surface of displacements: folds are sharp
KNOT_CELLS: Final = 3.0  # distance of its knots
ROUNDS: Final = 3
RIDGE: Final = 1e-3  # of the usual determinant, against lines of one direction only
NOTHING: Final = np.float32(1e-12)  # where all is ink, no displacement instead of 0 / 0
FAINTEST: Final = 0.1  # contrast of the grid, against that of the whole page

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Displacements:
    """How far what is seen on the page stands right of and below its place on the paper.

    Attributes
    ----------
    right, down : float arrays, shape (rows + 1, columns + 1), page pixels
        At the page pixels (i * step, j * step).
    step : float, page pixels
    """

    right: Doubles
    down: Doubles
    step: float

    def placed(self, x: Doubles, y: Doubles) -> tuple[Doubles, Doubles]:
        """Return where points of the page belong.

        Parameters
        ----------
        x, y : float arrays of one shape, page pixels

        Returns
        -------
        x, y : float arrays of that shape, page pixels
        """
        across, along = x / self.step, y / self.step
        return (
            x - sample_lattice(self.right, across, along),
            y - sample_lattice(self.down, across, along),
        )


def register_grid(pixels: NDArray[np.uint8], ink: InkMaps) -> Displacements:
    """Measure the displacements of a page.

    Parameters
    ----------
    pixels : uint8 array, shape (height, width, 3), RGB
        Of the page; its sides are multiples of 32.
    ink : InkMaps
        Of the same page.
    """
    size = (pixels.shape[1] // HALF, pixels.shape[0] // HALF)
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    inked = (np.maximum(ink.trace, ink.marks) > INKED).astype(np.uint8)
    halo = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (HALO, HALO))
    inked = np.asarray(cv2.resize(inked, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    darkness, paper = paper_darkness(small, cv2.dilate(inked, halo) > 0)
    wave = np.clip(darkness, -HIGHEST, HIGHEST) * paper
    shape = (size[1] // CELL + 1, size[0] // CELL + 1)
    right, down = np.zeros(shape), np.zeros(shape)
    moved, moved_paper = wave, paper
    for left in reversed(range(ROUNDS)):
        across, along = _errors(moved, moved_paper)
        right, down = right + _surface(*across), down + _surface(*along)
        if left:
            moved, moved_paper = _moved_back(wave, paper, right, down)
    return Displacements(right=HALF * right, down=HALF * down, step=float(HALF * CELL))


def _surface(errors: Floats, trust: Floats) -> Doubles:
    """Return displacements at the corners of cells."""
    return smooth_surface(errors, trust, stiffness=STIFFNESS, knot_cells=KNOT_CELLS)


def _errors(wave: Floats, paper: Floats) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return the displacement around each cell, right and down, each with its trust.

    The wave is taken for the mean grid times a local contrast, displaced; what is left of it after
    the grid in its place is, to first order, the displacement times the slopes of the grid.
    """
    grid, slope_x, slope_y = (_repeated(part, wave.shape) for part in _mean_grid(wave, paper))
    seen, seen_x, seen_y = grid * paper, slope_x * paper, slope_y * paper
    contrast = _around(wave * grid) / np.maximum(_around(seen * grid), np.float32(1e-6))
    xx, xy, yy = _around(seen_x * slope_x), _around(seen_x * slope_y), _around(seen_y * slope_y)
    left_x = _around(wave * slope_x) - contrast * _around(seen * slope_x)
    left_y = _around(wave * slope_y) - contrast * _around(seen * slope_y)
    least = np.float32(RIDGE) * np.median(xx * yy) + NOTHING  # a page may be inked all over
    scale = np.maximum(xx * yy - xy * xy, least) * np.maximum(contrast, np.float32(FAINTEST))
    right, down = (yy * left_x - xy * left_y) / scale, (xx * left_y - xy * left_x) / scale
    clear = np.maximum(contrast, np.float32(0.0)) ** 2
    return (
        (np.clip(-right, -FARTHEST, FARTHEST), clear * xx),
        (np.clip(-down, -FARTHEST, FARTHEST), clear * yy),
    )


def _mean_grid(wave: Floats, paper: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the mean of all squares of 5 mm and its slopes to the right and down, per pixel."""
    rows, columns = (side // PERIOD for side in wave.shape)
    sums, counts = (
        part[: rows * PERIOD, : columns * PERIOD]
        .reshape(rows, PERIOD, columns, PERIOD)
        .sum(axis=(0, 2), dtype=np.float64)
        for part in (wave, paper)
    )
    spectrum = np.fft.fft2(sums / np.maximum(counts, 1.0))
    spectrum[0, 0] = 0.0
    turns = np.fft.fftfreq(PERIOD)
    turns[PERIOD // 2] = 0.0  # the slope of the fastest wave is unknown
    slope = 2j * np.pi * turns
    grid, right, down = (
        np.fft.ifft2(part).real.astype(np.float32)
        for part in (spectrum, spectrum * slope[None, :], spectrum * slope[:, None])
    )
    return grid, right, down


def _repeated(square: Floats, shape: tuple[int, ...]) -> Floats:
    """Cover a page with a square, from its corner on."""
    times = [-(-side // PERIOD) for side in shape]
    return np.tile(square, times)[: shape[0], : shape[1]]


def _around(values: Floats) -> Floats:
    """Return means around the middles of cells; beyond the page there is nothing."""
    size = (values.shape[1] // CELL, values.shape[0] // CELL)
    means = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(means, (0, 0), NEAR_CELLS, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(smooth, dtype=np.float32)


def _moved_back(
    wave: Floats, paper: Floats, right: Doubles, down: Doubles
) -> tuple[Floats, Floats]:
    """Move what is displaced back to its place."""
    row, column = np.indices(wave.shape, dtype=np.float32)
    from_x = column + upsample_lattice(right, step=CELL, shape=wave.shape)
    from_y = row + upsample_lattice(down, step=CELL, shape=wave.shape)
    moved, moved_paper = (
        np.asarray(
            cv2.remap(part, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT),
            dtype=np.float32,
        )
        for part in (wave, paper)
    )
    return moved, moved_paper
